### Feedback reports in English (Project Fluent). A further language is one more file beside this one, with the same messages.
### Short sentences and everyday words: a test holds the reading age near twelve. FIXED writes decimals, WORD a small number as a word.

locale = en-GB
unreviewed = { "" }
number-words = no one two three four five six seven eight nine ten
you = You
colleagues = Colleagues
team-word = Team
cohort-word = Cohort
competency = Competency
score = score

## Titles and notices

individual-title = Your feedback
team-title = Feedback for your team
organisation-title = Summary for the board
of-cohort = { $title }, { $start } to { $end }
made-up = Synthetic data: made by a program to show the method. No such person or team exists.
specimen = Specimen: nobody's answers.
page = Page

## One person

in-short = In short
short-strengths = Clear strengths: { $names }.
short-priorities = Clearest room to grow: { $names }.
short-hidden = Your colleagues rate you higher than you rate yourself on: { $names }.
short-blind = You rate yourself higher than your colleagues do on: { $names }.
short-views-alike = Your view and your colleagues' view do not clearly differ on anything. That is a full result: you see your work much as they do.
short-nothing = No score stands out clearly from your other scores. That is a full result: your answers show an even picture.
short-high = All your scores are high. There is no clear room to grow in these scores. You may like to think about how you can help others.
short-no-peers = This report rests on your own answers only. { $why }

how-to = How to read this report
how-purpose = This report is for you, to help you think about how you work and what you want to learn.
how-who = You are the first to see it. You choose who else does. Your manager does not get it from us.
how-score = A score is the average of your answers to a group of statements. It runs from { $low } ({ $low_label }) to { $high } ({ $high_label }).
how-range = No score is exact. The line around each dot shows the range in which your true score may well lie. When two lines overlap a lot, do not read much into the gap.
how-range-unknown = How exact the scores are is not known for this group. So this report names no strengths and no room to grow.
how-peers = The diamond shows the average of your colleagues' answers. It is rounded, so that nobody can work out what one colleague said.
how-band = The grey bar shows where the middle half of the people in this group see themselves ({ $start } to { $end }). It is not a target.
how-band-undated = The grey bar shows where the middle half of the people in this group see themselves. It is not a target.
how-band-hidden = The group is too small to show where others stand.
how-named = We name a strength, or room to grow, only when it is further from your other scores than chance alone would explain.

who = Who answered
who-self = You answered { $answered } of { $asked } statements.
who-peers = { $n ->
    [one] One colleague answered about you.
   *[other] { CAPITAL(WORD($n)) } colleagues answered about you.
 }
who-not-asked = Colleagues were not asked in this group.
who-nobody = No colleague answered about you.
who-too-few = Fewer than { WORD($needed) } colleagues answered about you. We show their view from { WORD($needed) } people on, so that nobody can be picked out.
who-unknown = How many were asked, and which teams they come from, was not recorded.

profile = Your profile
profile-alt = { $label }. { $parts }
alt-own = You: { FIXED($value, 1) }
alt-peers = Colleagues: { FIXED($value, 1) }
alt-team = Team: { FIXED($value, 1) }
alt-range = , likely range { FIXED($lower, 1) } to { FIXED($upper, 1) }
alt-band = Middle half of the group: { FIXED($lower, 1) } to { FIXED($upper, 1) }
alt-cohort = Whole group: { FIXED($value, 1) }
key-own = you, with the likely range
key-peers = your colleagues, with the likely range
key-band = middle half of the group
key-team = your team, with the likely range
key-spread = where about two thirds of the members are
key-cohort = whole group
no-own = Too few answers for a score of your own.
no-peers-here = Too few colleagues could answer on this.
error-unknown = not known how exact

views = Where views meet and where they differ
views-intro = We compare your view and your colleagues' view on { WORD($n) } of the competencies. We call them different only when the gap is wider than both ranges allow.
views-one-intro = We compare your view and your colleagues' view on one competency. We call them different only when the gap is wider than both ranges allow.
view-shared-strength = Shared strengths
view-shared-strength-why = You and your colleagues both see this as clearly strong.
view-hidden-strength = Hidden strengths
view-hidden-strength-why = Your colleagues see more of this than you do.
view-blind-spot = Possible blind spots
view-blind-spot-why = You see more of this than your colleagues do. They may see other parts of your work.
view-shared-development = Shared room to grow
view-shared-development-why = You and your colleagues both see this as clearly less strong than the rest.
view-none = Nothing clear here.
views-alike = No clear difference on: { $names }.
views-alike-all = There is no clear difference on any of them. That is a full answer, not a gap in the report.
views-cannot = We cannot compare views: { $why }
views-high = A competency on which your score is { FIXED($high, 1) } or more is never called room to grow.

own-only = What stands out in your answers
own-strengths = Clearly above your other scores: { $names }.
own-priorities = Clearly below your other scores: { $names }.
own-even = No score is clearly above or below the others. That is a full answer: your scores are close together.
own-high = Every score is { FIXED($high, 1) } or more. So nothing is called room to grow.

items = Statements that stand out
items-intro = These answers are further from the rest than chance alone would explain. One answer can still be a slip. Use them as a start for a talk.
items-key = Bars: how the whole group answers about itself. The dark bar with the arrow is your answer.
items-none = No single statement stands out clearly from your other answers.
items-own-high = Your highest answers
items-own-low = Your lowest answers
items-peer-high = Highest answers of your colleagues
items-peer-low = Lowest answers of your colleagues
items-turned = (asked the other way round: rarely is good)
item-own = You: { $label }
item-own-none = You: no answer
item-peers = Colleagues: { FIXED($value, 1) } on average
item-peers-none = Colleagues: too few to show
item-bands = Colleagues: { $bands }
item-band = { $n } from { $low } to { $high }
item-cohort = How the whole group answers about itself: { $shares }
item-share = { PERCENT($share) } { $label }

unseen = What colleagues did not see
unseen-intro = Half or more of your colleagues gave no answer to these statements. They may not see this part of your work. That says nothing about how well you do it.
unseen-row = { $wording } ({ $n } of { $raters } gave no answer)

importance = What matters in your work
importance-intro = This is how important you said each one is for your work. Think first about what matters most to you.
importance-value = { FIXED($value, 0) }
importance-head = Importance
importance-none = not answered

change = Change since { $date }
change-intro = A change counts only when it is larger than the scores are exact. A change that does not count is not a failure.
change-improved = clearly higher
change-unchanged = no clear change
change-deteriorated = clearly lower
change-unknown = cannot be compared
change-none = You have no scores from { $date }, so there is nothing to compare.
change-head = Change
change-meaning = What it means

comments = What colleagues wrote
comments-intro = These are the words of your colleagues, in a random order. Read them twice, and look for what comes up more than once.
comments-too-few = Comments are shown from { WORD($needed) } people on. Fewer than that wrote one.

ideas = Ideas to try
ideas-intro = Pick one. Small steps that you repeat do more than big plans.
ideas-first = Start here: { $names }.
ideas-do = Things to try
ideas-ask = Questions to ask yourself
ideas-none = This set of competencies comes with no ideas of its own. Ask your contact for ideas that fit your work.

talk = To talk about with someone you trust
talk-remember = Which of these results fits something that you remember well?
talk-differ = Where do your view and your colleagues' view differ? What may they have seen?
talk-alike = You and your colleagues see much the same. What helps you to see your work as they do?
talk-self = Who could tell you how they see this part of your work?
talk-next = What is one thing you could do in a new way next month? Who could help you?

plan = My plan
plan-intro = Write here, or type in the web page. Keep it short.
plan-strength = What I do well and want to keep
plan-change = One thing I will try
plan-when = When and with whom
plan-help = What help I need
plan-know = How I will know that it worked
plan-review = I will look at this again on

limits = What this report cannot tell you
limits-once = It shows one moment. Ask again in a year and the scores will differ a little, even if you do not.
limits-use = It is for learning. Do not use it for pay, for choosing staff, or to judge how well someone does their job.
limits-few = Your colleagues' view rests on { WORD($n) } people.
limits-chance = Of a hundred people with an even picture, up to five will still see something named by chance.
contact = Questions? { $contact }
contact-none = Questions? Ask the person who sent you this report.
