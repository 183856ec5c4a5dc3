### Feedback reports in English (Project Fluent). A further language is one more file beside this one, with the same messages.
### Short sentences and everyday words: a test holds the reading age near twelve. FIXED writes decimals, WORD a small number as a word.

locale = en-GB
unreviewed = { "" }
number-words = no one two three four five six seven eight nine ten
colleagues = Colleagues
competency = Competency

## Titles and notices

individual-title = Your feedback
team-title = Feedback for your team
organisation-title = Summary for the board
of-cohort = { $title }, { $start } to { $end }
made-up = Synthetic data: made by a program to show the method. No such person or team exists.
specimen = Specimen: made up by a program to show the report. No such person or team exists.
page = Page

## One person

in-short = In short
short-strengths = Clear strengths: { $names }.
short-priorities = Clearest room to grow: { $names }.
short-hidden = Your colleagues rate you higher than you rate yourself on: { $names }.
short-blind = You rate yourself higher than your colleagues do on: { $names }.
short-views-alike = Your view and your colleagues' view do not clearly differ on anything. That is a full result.
short-nothing = No score stands out clearly from your other scores. That is a full result: the gaps between them may well be chance.
short-apart = Your highest and your lowest score clearly differ. But the steps between them are small, so no few scores stand apart from all the others.
short-high = All your scores are high. There is no clear room to grow in these scores. You may like to think about how you can help others.
short-no-peers = This report rests on your own answers only. { $why }

how-to = How to read this report
how-purpose = This report is for you, to help you think about how you work and what you want to learn.
how-who = It is meant for you alone. You choose who else sees it.
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
who-unknown = How many were asked was not recorded.
who-asked = { $n } of the { $asked } colleagues who were asked answered about you.
who-teams = How they work with you was not asked.
who-groups = By how they work with you: { $groups }.
who-group = { $label } ({ $n })
who-group-unsaid = not said
who-groups-few = Too few of them work with you in the same way. So we show all of them together.

profile = Your profile
profile-alt = { $label }. { $parts }
alt-own = You: { FIXED($value, 1) }
alt-peers = Colleagues: { FIXED($value, 1) }
alt-team = Team: { FIXED($value, 1) }
alt-range = , likely range { FIXED($lower, 1) } to { FIXED($upper, 1) }
alt-band = Middle half of the group: { FIXED($lower, 1) } to { FIXED($upper, 1) }
alt-cohort = Whole group: { FIXED($value, 1) }
alt-rest = Rest of the group: { FIXED($value, 1) }
key-own = you, with the likely range
key-peers = your colleagues, with the likely range
key-band = middle half of the group
key-team = your team, with the likely range
key-spread = where about two thirds of the members are
key-rest = rest of the group
no-own = Too few answers for a score of your own.
no-peers-here = Too few colleagues could answer on this.

views = Where views meet and where they differ
views-intro = We compare your view and your colleagues' view on { WORD($n) } of the competencies. We call them different only when the gap is wider than both ranges allow.
views-one-intro = We compare your view and your colleagues' view on one competency. We call them different only when the gap is wider than both ranges allow.
view-shared-strength = Shared strengths
view-shared-strength-why = Your view and your colleagues' view together put this clearly above the rest.
view-hidden-strength = Hidden strengths
view-hidden-strength-why = Your colleagues see more of this than you do.
view-blind-spot = Possible blind spots
view-blind-spot-why = You see more of this than your colleagues do. They may see other parts of your work.
view-shared-development = Shared room to grow
view-shared-development-why = Your view and your colleagues' view together put this clearly below the rest.
view-none = Nothing clear here.
views-alike = No clear difference on: { $names }.
views-alike-all = There is no clear difference on any of them. That is a full answer, not a gap in the report.
views-cannot = We cannot compare views: { $why }
views-high = A competency on which your score is { FIXED($high, 1) } or more is never called room to grow.

own-only = What stands out in your answers
own-strengths = Clearly above your other scores: { $names }.
own-priorities = Clearly below your other scores: { $names }.
own-even = No score is clearly above or below the others. That is a full answer: the gaps between them may well be chance.
own-high = Every score is { FIXED($high, 1) } or more. So nothing is called room to grow.

groups = What each group of colleagues sees
groups-intro = Here is the average of each group of colleagues. A group is shown alone from { WORD($needed) } people on. Smaller groups are put together.
groups-mean = { FIXED($value, 1) }
groups-few = too few

items = Statements that stand out
items-intro = These answers are further from the rest than chance alone would explain. One answer can still be a slip. Use them as a start for a talk.
items-key = Bars: how the whole group answers about itself, from { $low } on the left to { $high } on the right. The dark bar with the arrow is your answer.
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
change-intro = A change counts only when two rules both find it larger than chance explains. About one in twenty counts by chance alone. A change that does not count is not a failure.
change-rules = The rules are the reliable change of Jacobson and Truax, and the rule of the true score.
change-improved = clearly higher
change-unchanged = no clear change
change-deteriorated = clearly lower
change-unknown = cannot be compared
change-one-rule = may be chance: only one rule counts it
change-not-asked = not compared: other statements were asked then
change-not-tested = not compared: whether the statements were read alike both times is not known
change-not-alike = not compared: the statements were not read alike both times
change-too-few = not compared: too few members
change-none = You have no scores from { $date }, so there is nothing to compare.
change-head = Change
change-limit = Counts from
change-meaning = What it means

comments = What colleagues wrote
comments-intro = These are the words of your colleagues, in a random order. Read them twice, and look for what comes up more than once.
comments-too-few = Comments are shown from { WORD($needed) } people on. Fewer than that wrote one.

ideas = Ideas to try
ideas-intro = Pick one. Small steps that you repeat do more than big plans.
ideas-first = Start here: { $names }.
ideas-none = This set of competencies comes with no ideas of its own. Ask your contact for ideas that fit your work.

talk = To talk about with someone you trust
talk-remember = Which of these results fits something that you remember well?
talk-differ = Where do your view and your colleagues' view differ? What may they have seen?
talk-alike = Your view and your colleagues' view do not clearly differ. Does that fit what you know of your work?
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
limits-chance = Now and then chance alone makes a score stand out. Trust a result more when it fits what you know.
contact = Questions? { $contact }
contact-none = Questions? Ask the person who sent you this report.

## One team

team-of = Team { $team }
team-short-n = { $n } members answered. No member is named here, and none can be ranked.
team-short-strengths = Clear strengths of the team: { $names }.
team-short-priorities = Clearest room to grow: { $names }.
team-short-even = No score stands out clearly from the others. That is a full result: the gaps between them may well be chance.
team-short-apart = The highest and the lowest score clearly differ. But the steps between them are small, so no few scores stand apart from all the others.
team-short-above = Clearly above the rest of the group on: { $names }.
team-short-below = Clearly below the rest of the group on: { $names }.
team-short-alike = The team does not clearly differ from the rest of the group on anything.
team-short-no-compare = The rest of the group is too small to compare with.
team-how-purpose = This report is for the team. It helps you to talk about how you work with others.
team-how-score = A score is the average of how members see themselves. It runs from { $low } ({ $low_label }) to { $high } ({ $high_label }).
team-how-range = The line around each dot shows the range in which the team's true score may well lie.
team-how-spread = The grey bar shows where about two thirds of the members are. A wide bar means that views differ.
team-how-rounded = Scores are rounded, so that nobody can work out what one member said.
team-how-small = Teams of fewer than { WORD($needed) } get no report, and a score needs as many members.
team-missing = Only { $n } members have a score here. { CAPITAL(WORD($needed)) } are needed.
team-peers = Colleagues' view of the members
team-peers-none = too few members were rated
team-peers-not-asked = Colleagues were not asked in this group.
team-peers-why = We show colleagues' view from { WORD($needed) } members with enough ratings on. This team has { $n }.
team-peers-intro = This is how colleagues see the members on average. { $n } members were rated by enough colleagues.
team-change-intro = { $before } members had a score then, { $now } have one now. They need not be the same people. A change counts only when two rules both find it larger than comings, goings and chance explain.
team-change-none = A team's change is shown when { WORD($needed) } members or more had a score both times, and when nobody in another team can be worked out from it. That is not so here.
team-response-known = { $n } of the { $invited } people who were asked in this team have a score ({ PERCENT($share) }).
team-response = How many were asked in this team was not recorded.
team-agree = How alike the views are
team-agree-intro = Members who see things the same way can act at once. Where views differ, talk first. Agreement runs from 0 (none) to 1 (full). The last column shows how far members lie from the team's average, in points.
team-agree-head = Agreement (rwg)
team-deviation-head = Distance (points)
team-compare-head = Beside the rest of the group
team-above = clearly above
team-below = clearly below
team-no-clear-difference = no clear difference
team-not-compared = not compared
sheet = Consensus sheet
sheet-intro = First each member fills in the second column alone. Then talk, and agree on the third. Begin at the top: there the answers lie furthest apart.
sheet-wide = On these the answers lie far apart, so begin with them: { $names }.
sheet-apart = Answers
sheet-mine = My view ({ $low } to { $high })
sheet-ours = What we agree on
sheet-why = What we saw that shows it
sheet-range = { FIXED($mean, 1) }, most from { FIXED($low, 1) } to { FIXED($high, 1) }
sheet-none = not shown
ready = Are we ready to work as one?
ready-intro = Ask these with your partners in the room. Mark each one: yes, partly, or not yet.
team-talk = To talk about in the team
team-talk-know = Which result do we know well, and which one is new to us?
team-talk-keep = What helps us to work with others now, and how do we keep it?
team-talk-next = What is one thing we could try next month? How will we know that it worked?
guide = Guide for the person who leads the talk
guide-intro = You need ninety minutes, a quiet room and a copy for each member. You need not know the answers. Your job is that all are heard.
guide-more = Guide, second page: to have at hand
guide-before = Before you meet
guide-before-1 = Read the report twice. Note what is not shown and why.
guide-before-2 = Ask the team if they want to do this now. If trust is low, talk about that first.
guide-before-3 = Agree the rules: we talk about work, not about people. We do not guess who said what.
guide-before-4 = If you are the manager of the team, think of asking someone else to lead.
guide-steps = The ninety minutes
guide-step-1 = 0 to 10 minutes. Say why you meet and who will see what comes out of it.
guide-step-2 = 10 to 25 minutes. Read the profile in silence. Each person notes one thing they know and one that is new.
guide-step-3 = 25 to 55 minutes. Fill in the consensus sheet, first alone and then together. Start where the views lie furthest apart.
guide-step-4 = 55 to 75 minutes. Pick one thing to keep and one thing to try. Ask what would get in the way.
guide-step-5 = 75 to 85 minutes. Write down who does what, by when, and how you will know.
guide-step-6 = 85 to 90 minutes. Each person says in one sentence what they take with them.
guide-hard = When it gets hard
guide-numbers = How to explain the numbers
guide-numbers-1 = The dot is the average of the team. The line says how sure we can be. If two lines overlap a lot, treat the two scores as alike.
guide-numbers-2 = The grey bar is where most members are. A wide bar is not bad. It means that people see different things, and that is worth a talk.
guide-numbers-3 = Agreement near 1 means that members answer alike. It does not mean that they are right.
guide-numbers-4 = Not shown is not zero. It means that too few answered to keep each person safe.
guide-numbers-5 = The rest of the group is no target. Another team does other work with other people.
guide-ask = Questions that open the talk
guide-ask-1 = When did we work well with another service? What made that work?
guide-ask-2 = What would a person who needs three of our services say about us?
guide-ask-3 = Which result would our partners not agree with?
guide-ask-4 = What are we proud of that this report does not show?
guide-hard-1 = Someone asks who gave a low answer. Say that the report cannot tell, and that you will not guess. Ask what would help.
guide-hard-2 = The team says that the numbers are wrong. They may be. Look at the ranges, and ask what members have seen themselves.
guide-hard-3 = Nothing stands out. That is a result. Choose by what matters most to the people you support.
guide-hard-4 = Two people speak and the rest are still. Go round the table, and let each person speak once before anyone speaks twice.
guide-hard-5 = Someone is upset. Take a break. Talk with them alone, and tell them who can help.
guide-after = Afterwards
guide-after-1 = Send the plan to all within two days. Do not send notes of who said what.
guide-after-2 = Look at the plan again after six weeks. Keep what works and drop the rest.
guide-after-3 = Measure again after a year at the earliest. Small changes will not show before.
team-plan-keep = What we keep
team-plan-try = What we will try, who does it, and by when
team-plan-partners = Which partners we ask to join
team-plan-know = How we will know that it worked
team-plan = Our plan
team-limits-use = It is for learning. Do not use it to compare teams, for pay, or for choosing staff.
team-limits-self = It shows how members see themselves. People who use the services may see it in another way.

## The board

board-short = In short
board-people = { $n } people answered.
board-response = { $n } of { $invited } people who were asked answered ({ PERCENT($share) }).
board-response-unknown = How many were asked was not recorded.
board-peers = { $n } of them were rated by enough colleagues to show that view.
board-peers-not-asked = Colleagues were not asked.
board-teams = { $reported } of { $teams } teams are large enough for a report of their own. The others are in the totals only.
board-teams-not-asked = Teams were not recorded.
board-how = How to read this
board-how-1 = Scores are how staff see themselves, from { $low } to { $high }. They say nothing about the quality of care by themselves.
board-how-2 = There is no list of teams. Differences between teams are small beside the differences within them, and a ranking would mislead.
board-how-3 = A team counts as clearly above or below only when the gap is larger than chance allows. A few may still be counted by chance.
board-whole = The whole group
board-key = whole group, with the likely range
board-key-teams = middle half of the teams
board-teams-alt = Middle half of the teams: { FIXED($lower, 1) } to { FIXED($upper, 1) }
board-teams-few = Too few teams for a spread.
board-too-few = Too few people to show.
board-spread = Teams beside the rest
board-above = Clearly above
board-below = Clearly below
board-no-difference = No clear difference
board-questions = Questions for the board
board-question-1 = What do we do that makes it easier, or harder, for staff to work across services?
board-question-2 = Where staff see room to grow, what time and support do they have for it?
board-question-3 = Who was not asked, or did not answer, and what may they have said?
board-limits = What this cannot tell you
board-limits-1 = It shows one moment and rests on what staff say about themselves.
board-limits-2 = It is no ground for rewards, targets or a ranking of teams.
