### English (Project Fluent). One message for each kind of finding; the facts are named where it is made.
### FIXED writes a number with decimals, P a p value with its sign, PERCENT a share, WORD a small number as a word.

number_words = no one two three four five six seven eight nine ten eleven twelve
as_word = { WORD($value) }
and_more = { $n } more

## Gates and what was collected

gate_open = supported at n = { $n } { $counts } (needs { $needed })
gate_closed = not supported at n = { $n } { $counts }, would need { $needed }
gate_not_possible = not possible, since { $lacking ->
    [self_ratings] people did not rate themselves
    [peers] no ratings by colleagues were collected
    [outcomes] no outcome of people's own was collected
    [outcome_items] every outcome collected is a single question or an amount
    [clusters] no grouping says which people belong together
   *[other] what it needs was not collected
} in this cohort
not_collected = { $what }: not collected in this cohort

## Why there is no rate of participation

rate_no_invited = how many were invited is not known
rate_no_visits = visits to the page of the survey are in no export
rate_no_consent = the files hold no question of consent
rate_no_end = the files do not say who reached the end
rate_submitted_only = the survey tool keeps sheets that were sent off only
rate_no_roster = how many ratings were asked for is not known: no roster was given

## Why an item is kept or not (psychometrics.selection gives these kinds, and the checks of the study)

item_rest_low = item-total correlation { FIXED($value) }, not above { FIXED($limit) }
item_total_low = item-total correlation { FIXED($value) }, not above { FIXED($limit) }
unanswered = nobody answered it
constant = everybody gave the same answer
too_few_answers = too few people answered it for a correlation
redundant = inter-item correlation { FIXED($value) } with { $other }, above { FIXED($limit) }; the other item goes better with its competency
key_contradicted = answers contradict the declared direction
below_minimum = { $check ->
    [loading] standardised loading { FIXED($value) }, under { FIXED($limit) }
    [item_fit_p] adjusted p of S-X2 { P($value) }, under { FIXED($limit) }
    [supporting] { $value ->
        [0] no coded record supports it
        [one] one coded record supports it, { FIXED($limit, 0) } wanted
       *[other] { FIXED($value, 0) } coded records support it, { FIXED($limit, 0) } wanted
    }
   *[other] { $check } { FIXED($value) }, under { FIXED($limit) }
 }
above_maximum = { $check ->
    [most_frequent_answer] { PERCENT($value) } give the commonest answer, more than { PERCENT($limit) }
    [missing_share] { PERCENT($value) } do not answer it, more than { PERCENT($limit) }
   *[other] { $check } { FIXED($value) }, over { FIXED($limit) }
 }
low_loading = largest loading { FIXED($value) }, under { FIXED($limit) }
cross_loading = loads on two factors ({ $other })
would_load = would load { FIXED($value) } on { $other } as well
answered_differently = answered differently at the same level by { $other } (R2 grows by { FIXED($value, 3) })
too_few_find_relevant = { FIXED($value) } of raters find it relevant, { FIXED($limit) } wanted
untested = { $check ->
    [loading] its loading could not be tested
    [item_fit_p] its fit could not be tested
    [fairness_r2] whether groups answer it differently could not be tested ({ $other })
   *[other] { $check } could not be tested
 }
flagged = { $check }: flagged
chosen = chosen
excluded = may not be chosen
redundant_with_chosen = shares too much with { $other }, which was chosen
outranked = others serve better within the constraints
too_few_left = too few items of its competency passed
not_judged = not judged. { $why }

## What kind of reason that is, for counts

about_key_contradicted = keyed the wrong way
about_item_rest_low = goes too little with its competency
about_item_total_low = goes too little with its competency
about_unanswered = nobody answered it
about_constant = everybody gave the same answer
about_too_few_answers = too few answers
about_redundant = repeats another item
about_would_load = speaks for another competency as well
about_cross_loading = speaks for another competency as well
about_answered_differently = groups answer it differently at the same level
about_most_frequent_answer = nearly everyone gives the same answer
about_outranked = sound, but others serve better within the constraints
about_redundant_with_chosen = sound, but shares too much with a chosen item
about_too_few_left = too few items of its competency are left
about_missing_share = too often left unanswered
about_loading = loads too little on its competency
about_low_loading = loads too little on its competency
about_item_fit_p = answers do not follow the response model
about_too_few_find_relevant = too few raters find it relevant
about_supporting = too little evidence behind it
about_untested = a check could not be carried out
about_other = another reason

## The choice of items

choice_kept_all = Every constraint of the plan could be kept.
choice_theme_uncovered = No item is left that speaks to the theme { $other }.
choice_too_few = Fewer than { $limit } items deserve a place; all that do were taken.
choice_scale_left_out = { $other } has fewer than { $limit } items left and is left out.
choice_scale_short = { $other } has fewer than { $limit } items left.
constraint_size = { $value ->
    [one] one item in all
   *[other] { $value } items in all
 }
constraint_scale_minimum = { $value ->
    [one] at least one item of { $other }
   *[other] at least { $value } items of { $other }
 }
constraint_scale_maximum = { $value ->
    [one] at most one item of { $other }
   *[other] at most { $value } items of { $other }
 }
constraint_redundant_pair = not both of { $other }
constraint_coverage = { $value ->
    [one] one theme of the evidence, covered by an item that a record supports
   *[other] { $value } themes of the evidence, each covered by an item that a record supports
 }
constraint_excluded = { $other }: { $why }

## Whether groups answer items differently

groups_all_compared = Every grouping was compared.
groups_not_in_plan = Not compared, by the plan or by the role that the cohort declares: { $other }.
groups_none_collected = This cohort collected no grouping.
groups_too_few = { $other }: fewer than two groups have { $limit } people.
groups_small = { $other }: too small to compare: { $groups }.
groups_beyond = { $other }: the { $limit } largest groups are compared, of { $value } that are large enough.
groups_in_one_cluster = { $other }: left out, because a group within a single cluster cannot be told from that cluster: { $groups }.
groups_few_clusters = { $other }: there are too few clusters to compare so many groups.
groups_too_few_clusters = too few clusters to compare { $groups } groups
scales_not_compared = Too short to be compared item by item: { $other }.
groups_short_scales = No competency has the four items or more that a comparison takes.
forms_short_scales = Not tested: no competency has the four items or more that a comparison takes.
forms_too_few = Not tested: a form has fewer than { $limit } answers, or too few people were rated.

## The verdict on the factor structure

structure_supported = The { WORD($competencies) }-{ $noun ->
    [scale] scale
   *[other] competency
 } model is supported here: { $support }.
structure_reserved = The { WORD($competencies) }-{ $noun ->
    [scale] scale
   *[other] competency
 } model is supported here, with reservations: { $reservations }.
structure_not_supported = The { WORD($competencies) }-{ $noun ->
    [scale] scale
   *[other] competency
 } model is not supported here, because { $against }.
structure_support = For it speaks that { $support }.
structure_no_support = Nothing speaks for it.
question_proper = Is the solution proper?
question_fit = Does it fit?
question_one_factor = Would one factor do?
question_distinct = Can the factors be told apart?
question_dimensions = Are there as many dimensions?
question_sorted = Do the items sort as designed?
question_loads = Does every item load on its own factor?
question_stays = Do items stay with one factor?
question_reliable = Are the scores reliable?
question_specific = Do the scores say more than a total?
improper = its solution is not proper ({ $problems })
proper = its solution is proper
fit_poor = it does not fit (SRMR { FIXED($srmr, 3) }, { $reading } RMSEA { FIXED($rmsea, 3) }, { $reading } CFI { FIXED($cfi, 3) })
fit_mixed = its fit is mixed, as the { $reading } { $index ->
    [rmsea] RMSEA
   *[cfi] CFI
 } misses its cut-off and the others do not (SRMR { FIXED($srmr, 3) }, { $reading } RMSEA { FIXED($rmsea, 3) }, { $reading } CFI { FIXED($cfi, 3) })
fit_acceptable = it fits acceptably (SRMR { FIXED($srmr, 3) }, { $reading } RMSEA { FIXED($rmsea, 3) }, { $reading } CFI { FIXED($cfi, 3) })
fit_good = it fits well (SRMR { FIXED($srmr, 3) }, { $reading } RMSEA { FIXED($rmsea, 3) }, { $reading } CFI { FIXED($cfi, 3) })
fit_close = it fits better than models with { $misfit } (SRMR { FIXED($srmr, 3) }, { $reading } RMSEA { FIXED($rmsea, 3) }, { $reading } CFI { FIXED($cfi, 3) }; cut-offs for this model)
fit_not_close = it fits better than models with { $misfit }, but { $because ->
    [missed] no better than models with { $smaller }
   *[untold] models with { $smaller } cannot be told from right ones with so many people
 } (SRMR { FIXED($srmr, 3) }, { $reading } RMSEA { FIXED($rmsea, 3) }, { $reading } CFI { FIXED($cfi, 3) }; cut-offs for this model)
fit_no_better = it fits no better than models with { $misfit } (SRMR { FIXED($srmr, 3) }, { $reading } RMSEA { FIXED($rmsea, 3) }, { $reading } CFI { FIXED($cfi, 3) }; cut-offs for this model)
misfit_loadings = { $value ->
    [one] one second loading left out
   *[other] { WORD($value) } second loadings left out
 }
misfit_residuals = { $value ->
    [one] one residual correlation left out
   *[other] { WORD($value) } residual correlations left out
 }
cutoff_met = better than the cut-off
cutoff_missed = no better than the cut-off
cutoff_absent = cannot be told
cutoffs_found = Cut-offs for this model come from { $value } draws of { $n } people for the right model and as many for each misfit.
cutoffs_nested = People are drawn as independent, while those who answered are nested, which makes the cut-offs a little strict.
cutoffs_none = In { $value } draws of { $n } people no index tells the right model from any misfit that was tried; the conventional cut-offs decide.
cutoffs_improper = There are no cut-offs for this model, as nothing can be drawn from a solution that is not proper; the conventional ones decide.
cutoffs_few = There are no cut-offs for this model, as { $value } draws were asked for and { $needed } are the fewest that say anything; the conventional ones decide.
cutoffs_impossible = There are no cut-offs for this model ({ $why }); the conventional ones decide.
small_above = above { FIXED($limit) }
small_below = below { FIXED($limit) }
small_open = open: the interval holds { FIXED($limit) }
small_found = The model rests on { $n } people and on { $value } chains of { $other } draws, which have mixed.
small_nested = People are drawn as independent, while those who answered are nested, which makes the intervals a little narrow.
small_impossible = No number is shown of this model: { $why }.
one_factor_no_worse = one factor fits no worse (p of the difference { P($value) })
one_factor_acceptable = one factor fits worse (p { P($value) }), yet acceptably
one_factor_worse = one factor fits worse (p { P($value) }), and not acceptably
factors_alike = { $other } correlate { FIXED($value) }, so that they cannot be told apart
factors_perhaps_alike = { $other } correlate { FIXED($value) }, and the interval reaches { FIXED($upper) }
factors_distinct = the strongest factor correlation is { FIXED($value) } in size ({ $other })
dimensions_fewer = { $value ->
    [one] no criterion finds more than one dimension in the answers
   *[other] no criterion finds more than { WORD($value) } dimensions in the answers
 }
dimensions_agree = { $value } of { $votes } criteria suggest { $limit ->
    [one] one dimension
   *[other] { $limit } dimensions
 }
dimensions_differ = most criteria suggest { $either } dimensions rather than { WORD($limit) }
items_sorted = { $value } of { $items } items load highest on their own exploratory factor
items_unsorted = only { $value } of { $items } items load highest on their own exploratory factor
loadings_salient = every item has a salient loading
loadings_weak = { $other_count ->
    [one] { $other } hardly loads on its factor
   *[other] { $other } hardly load on their factor
 }
items_stay = no item would load strongly on a second factor
items_cross = { $other_count ->
    [one] one item would load on a second factor ({ $other })
   *[other] { WORD($other_count) } items would load on a second factor ({ $other })
 }
omega_low = categorical omega falls to { FIXED($value) } ({ $other })
omega_unknown = categorical omega could not be estimated for { $other }
omega_impossible = categorical omega of { FIXED($value) } ({ $other }) is above 1, which no reliability is: it counts for nothing
omega_enough = categorical omega is at least { FIXED($value) } ({ $other })
general_large = one general factor carries { PERCENT($value, 1) } of the common variance
general_small = a general factor carries only { PERCENT($value, 1) } of the common variance

## Rival models

models_proper = Every fitted model converged to a proper solution.
model_problem = { $other }: { $why }
models_equivalent = With three competencies the second-order model is the correlated one in other words: just identified, same fit.
models_fitted = { $value ->
    [0] No model could be fitted to these answers.
    [one] One model was fitted: { $other }.
   *[other] { CAPITAL(WORD($value)) } models were fitted to the same answers: { $other }.
 }
scales_left_out = Left out, with fewer than two kept items: { $other }.
scales_of_two = With two items only, and so identified by the other competencies alone: { $other }.
scales_complete = Every competency has three or more kept items and is in the models.
unidentified_few = not fitted: it needs three competencies, there { $value ->
    [0] are none
    [one] is one
   *[other] are { WORD($value) }
 }
unidentified_short = not fitted: a specific factor needs three items; too few: { $other }
unfitted = not fitted: { $why }
same_model = With three competencies, the correlated model in other words: its fit has to be the same.
nothing_to_test = The two models are the same in other words: there is nothing to test.
untested_difference = Not tested: { $why }
change_loading = { $item } also measures { $other }
change_residual = { $item } and { $other } share more than their competency
change_residual_across = { $item } and { $other } share more than their competencies do

## Dimensions and exploratory factors

retention = { CAPITAL($verdict) } (parallel analysis: { $iterations } permutations, { $percentile }th percentile, seed { $seed }).
factors_matched = No factor is left without a competency.
factor_empty = Factor { $factor } belongs to no competency and holds no item.
factor_unmatched = Factor { $factor } belongs to no competency; it holds { $value ->
    [one] one item
   *[other] { WORD($value) } items
 } from { $competencies ->
    [one] one competency
   *[other] { WORD($competencies) } competencies
 } ({ $other }).
factor_reversed = Factor { $factor } belongs to no competency; it holds { $value ->
    [one] one item
   *[other] { WORD($value) } items
 } from { $competencies ->
    [one] one competency
   *[other] { WORD($competencies) } competencies
 } ({ $other }), { $reversed ->
    [all] all
   *[other] { $reversed }
 } of them reverse-keyed: wording or careless answers, rather than a competency.

## Measurement invariance

invariance_untested = { $other }: not tested. { $why }
invariance_no_solution = { $other }: the model has no solution without equalities; means may not be compared.
invariance_poor_fit = { $other }: { $level } invariance is not rejected, but the model itself fits poorly in these groups, so that this says little; means may not be compared.
invariance_means = { $other }: { $level } invariance holds; means may be compared, the items mean the same.
invariance_means_partial = { $other }: { $level } invariance holds; means may be compared, the items mean the same for most items.
invariance_no_means = { $other }: { $level } invariance holds; means may not be compared.
invariance_no_grouping = No grouping has two groups large enough to compare the measurement model.
items_left_out = Left out, fewer than three answers in use in some group: { $other }.
scales_short = Left out, fewer than three items left: { $other }.
said_by_method = { $text }

## Differences between groups

too_few_shown = fewer than two groups are large enough to be shown
groups_for_variance = a variance between groups needs { $limit } of them or more
no_grouping = no grouping was collected
tenure_in_bands = tenure was asked in bands; a curve needs it as a number

## Competencies and outcomes as factors

single_item = a single item cannot show how much of it is error
an_amount = answered in more than { $limit } steps, an amount rather than ordered answers
too_few_kept = fewer than { WORD($limit) } kept items
no_factors = no competency or no outcome has items enough for a factor
factors_left_out = Not in the model: { $left_out }.
factor_left_out = { $other } ({ $why })
factors_complete = Every competency and every outcome is in the model.

## The same association by several methods

by_spearman = Spearman
by_pearson = Pearson
by_pearson_corrected = Pearson, corrected for unreliability
by_partial = Spearman, partial for { $other }
by_partial_nothing = Spearman, partial for covariates
by_intercepts = random intercepts for { $other }
by_intercepts_nothing = random intercepts
by_imputation = Pearson, multiple imputation
by_marker = Pearson, marker taken out
by_halves = teams, one half against the other
reliability_unknown = a single item: its reliability is not known
no_covariate = { $either }: not collected in this cohort
no_nesting = no grouping that nests people was collected
variance_share = { $other }: { PERCENT($value, 1) } of variance
nothing_to_impute = nothing is missing, or a score does not vary
imputations = { $value } imputations
no_marker = no marker
marker_is_smallest = marker: the smallest correlation in the table
halves_of_teams = { $groups } teams; the same people on both sides give { FIXED($value) }
sources_alike = The two do not differ beyond chance
overstated = The same-source figure is up to { FIXED($value) } too high
overstated_corrected = The same-source figure is up to { FIXED($value) } too high, { FIXED($after) } once the unreliability of few peers is allowed for
does_not_vary = does not vary
other_answer_scales = its items are answered on different scales, for which answers without any pattern are not defined
few_flagged = not shown: fewer than { $needed } people are flagged, and the difference would tell of them alone

## Claims

none_collected = { $either }: not collected in this cohort
tested_by_outcome = { $other }; competencies rated by { $source ->
    [peers] peers
   *[same] the same person
 }
tested_by_stand_in = { $other } (stands in for the outcome); competencies rated by { $source ->
    [peers] peers
   *[same] the same person
 }
tested_by_grouping = { $other }
tested_by_colleagues = { $other } of the rater (another source)
tested_by_groups = { $value } groups of { $limit } people or more
method_spearman_persons = Spearman's rho, bootstrap of persons
method_spearman_clusters = Spearman's rho, bootstrap of { $value } clusters ({ $other })
method_corrected = corrected for the reliability of peers
method_crossed_intercepts = standardised slope, crossed random intercepts for rated people and raters
method_networks = standardised slope, errors over { $value } networks of ratings
method_rank_effect = eta squared of ranks (Kruskal-Wallis)
method_rank_effect_clusters = eta squared of ranks (Kruskal-Wallis), allowing for { $value } clusters ({ $other })
not_corrected = not corrected: the reliability of the peers is not known
n_counts_ratings = n counts ratings
groups_alike = groups no further apart than chance brings them: shown as zero
claims_none_declared = No claims are declared for this framework.
claims_untestable = { $n ->
    [one] The one claim could not be tested: what it takes was not collected.
   *[other] None of the { $n } claims could be tested: what they take was not collected.
 }
claim_alone = The one claim is { $verdict }.
claims_counted = Of { $n } claims, { $verdicts }.
count_supported = { $n ->
    [one] one is supported
   *[other] { $n } are supported
 }
count_not_supported = { $n ->
    [one] one is not supported
   *[other] { $n } are not supported
 }
count_undetermined = { $n ->
    [one] one is undetermined at this n
   *[other] { $n } are undetermined at this n
 }
count_not_collected = { $n ->
    [one] one could not be tested, since what it takes was not collected
   *[other] { $n } could not be tested, since what they take was not collected
 }
verdict_supported = supported
verdict_not_supported = not supported
verdict_undetermined = undetermined at this n
verdict_undetermined_needs = undetermined at this n, would need { FIXED($needed, 0) }
verdict_undetermined_between = undetermined at this n, would need about { FIXED($needed, 0) } ({ FIXED($low, 0) } to { FIXED($high, 0) })
verdict_not_collected = not collected
verdict_cannot = cannot be estimated

## Planning the next cohort

plan_omega = omega, half-width of its interval
plan_loading = every loading, half-width of its interval
plan_dif = one unfair item found by the item test, power
plan_scalar = one unfair item found by the test of equal intercepts, power
plan_claim = smallest effect of interest found, power
plan_correlation = half-width of the interval
plan_peer_mean = reliability of the peers' mean, half-width of its interval
plan_unit_people = people
plan_unit_in_each_group = people in each of two groups
plan_unit_ratings = ratings by colleagues
plan_unit_rated = rated people
plan_no_population = one factor gives no model of any competency that answers could be drawn from
plan_no_claim = no claim has an estimate with an error to plan from
plan_no_peers = the peers agree too little, or too much, for a reliability to plan from

## Reports of feedback, counted

feedback_individual_report = have an individual report
feedback_no_individual_report = answered too little for any score, and have none
feedback_own_score_missing = lack an own score on some competency; the report says so
feedback_with_peers = see colleagues' scores in it
feedback_peers_not_asked = see none, since colleagues were not asked
feedback_peers_nobody = see none, since no colleague answered about them
feedback_peers_too_few = see none, since too few colleagues answered about them
feedback_peers_in_part = see them on some competencies only
feedback_names_strength = name a clear strength
feedback_names_priority = name clear room to grow
feedback_names_hidden_strength = name what colleagues rate clearly higher
feedback_names_blind_spot = name what colleagues rate clearly lower
feedback_names_statement = show single statements that stand out
feedback_names_nothing = name no competency, and say that this is a full result
feedback_high_throughout = have high scores throughout, and no room to grow is named
feedback_fault_not_told_apart = fault: name a score that cannot be told from one that is not named
feedback_fault_high_called_low = fault: call a high score room to grow
feedback_fault_against_peers = fault: call room to grow what colleagues put among their top two
feedback_fault_compared_without_peers = fault: compare views without colleagues' scores
feedback_team_report = teams have a report
feedback_no_team_report = teams are too small, or would give a small one away, and have none
feedback_team_with_peers = team reports show colleagues' scores
feedback_team_with_change = team reports show the change since the wave before
feedback_team_score_missing = team reports lack a score, since too few members have one; the report says so
feedback_team_names_something = team reports name a strength or room to grow

## The brief: effects in words that a person can picture

brief_verdict_supported = these data bear it out
brief_verdict_not_supported = these data do not bear it out
brief_verdict_too_small = these data do not bear it out: there is something of it, but less than the plan counts
brief_verdict_undetermined = undetermined: these people are too few to say
brief_verdict_undetermined_needs = undetermined: these people are too few to say; it would take about { FIXED($needed, 0) }
brief_verdict_undetermined_between = undetermined: these people are too few to say; it would take about { FIXED($needed, 0) }, and anything from { FIXED($low, 0) } to { FIXED($high, 0) } is possible
brief_verdict_not_collected = not tested, since what it takes was not asked
brief_verdict_cannot = cannot be said from these data
brief_own_outcome = Of 100 pairs of people, the one { $source ->
    [peers] whom colleagues rate higher on { $named ->
        [no] the competencies
       *[yes] { $about }
     }
   *[other] who { $named ->
        [no] describes more of the competencies
       *[yes] scores higher on { $about }
     }
 } reports more of it in about { $pairs_estimate } pairs; by chance it would be 50. The data allow anything from { $pairs_lower } to { $pairs_upper }. (Rank correlation { FIXED($estimate) }, { PERCENT($confidence, 0) } interval { FIXED($lower) } to { FIXED($upper) }, { $n } people.)
brief_tenure = Of 100 pairs of people, the one who has been in the job longer { $named ->
    [no] shows more of the competencies
   *[yes] scores higher on { $about }
 } in about { $pairs_estimate } pairs; by chance it would be 50. The data allow anything from { $pairs_lower } to { $pairs_upper }. (Rank correlation { FIXED($estimate) }, { PERCENT($confidence, 0) } interval { FIXED($lower) } to { FIXED($upper) }, { $n } people.)
brief_groups = Which group people belong to accounts for about { PERCENT($estimate, 0) } of the differences between them; the data allow { PERCENT($lower, 0) } to { PERCENT($upper, 0) }. (Share of the differences in ranks, eta squared { FIXED($estimate) }, { PERCENT($confidence, 0) } interval { FIXED($lower) } to { FIXED($upper) }, { $n } people.)
brief_colleagues = Between a person in the middle and one whom about five in six people do not exceed, their colleagues' own answers differ by { FIXED($estimate) } of the usual distance between colleagues; the data allow { FIXED($lower) } to { FIXED($upper) }. (Standardised slope, { $n } ratings.)

## Validity in COSMIN's words

property_content = Content validity
property_structural = Structural validity
property_consistency = Internal consistency
property_invariance = Cross-cultural validity and measurement invariance
property_retest = Reliability: test and retest
property_raters = Reliability: between raters
property_error = Measurement error
property_criterion = Criterion validity
property_hypotheses = Hypotheses testing for construct validity
property_responsiveness = Responsiveness
property_interpretability = Interpretability: floor and ceiling
cosmin_not_collected = not collected in this design
cosmin_consultation = Raters judge whether each item is relevant.
cosmin_relevant = { $value } raters judged whether each of { $n } items is relevant.
cosmin_consultation_synthetic = { $value } synthetic raters judged { $n } items: nobody was asked.
cosmin_share_relevant = { PERCENT($value) } of the items found relevant; mean content validity index { FIXED($other) }
cosmin_cfa = A model of correlated competencies was compared with its rivals.
cosmin_cfa_alone = A model of one factor was fitted.
cosmin_cfa_wanted = A model of the competencies as factors is fitted.
cosmin_no_cfa = no model could be fitted to this sample
cosmin_fit = CFI { FIXED($cfi, 3) }, RMSEA { FIXED($rmsea, 3) } (both { $reading }), SRMR { FIXED($srmr, 3) }
cosmin_fit_against = { $fit }; the stricter rule of this study does not support the model
cosmin_alpha = Coefficient alpha of each competency score.
cosmin_lowest_alpha = lowest alpha { FIXED($value) } [{ FIXED($lower) }, { FIXED($upper) }] ({ $other })
cosmin_groups = The measurement model and single items were compared between groups.
cosmin_groups_wanted = The measurement model and single items are compared between groups.
cosmin_no_groups = no groups were large enough to be compared
cosmin_compared = the model differs, or could not be tested, in { $limit } of { $value } comparisons; of the items that are kept { $unfair } differ between groups and { $untested } could not be tested
cosmin_compared_items = the model was not compared; of the items that are kept { $unfair } differ between groups and { $untested } could not be tested
cosmin_retest = The same people answer twice, while nothing changes.
cosmin_raters = Several peers rate one person.
cosmin_icc = reliability { FIXED($value) } of one peer and { FIXED($other) } of the mean of the peers a person has
cosmin_error = Standard error of measurement and smallest detectable change, from internal consistency at one time.
cosmin_sem = standard error up to { FIXED($value) } points, smallest detectable change of one person up to { FIXED($limit) } points
cosmin_criterion = Scores are compared with a gold standard; there is none for these competencies.
cosmin_claims = Claims declared beside the framework or the cohort, each with the smallest effect of interest.
cosmin_confirmed = { $value } of { $n } tested claims confirmed ({ PERCENT($share) }); this sample cannot settle { $open }
cosmin_responsiveness = Scores follow a change that is known to have happened.
cosmin_ends = The share of people at the lowest or highest possible score.
cosmin_at_end = { PERCENT($value) } have the { $end } possible score of { $other }
cosmin_few_at_ends = fewer than { PERCENT($limit) } at either end of any score
rule_content = at least { PERCENT($limit) } of the items relevant
rule_structural = CFI above { FIXED($cfi) }, RMSEA below { FIXED($rmsea) } or SRMR below { FIXED($srmr) }
rule_alpha = alpha of at least { FIXED($limit) } for each score, and a sufficient structure
rule_invariance = no important difference between groups in the model or in an item
rule_icc = intraclass correlation of at least { FIXED($limit) }
rule_error = smallest detectable change below the smallest important change, which nobody knows here
rule_criterion = correlation of at least { FIXED($limit) } with a gold standard
rule_hypotheses = at least { PERCENT($limit) } of the hypotheses confirmed
rule_none = results in accordance with hypotheses about change
rule_ends = no more than { PERCENT($limit) } at either end

## Waves of the same people

wave_items_all = Every wave asked every kept item.
wave_items_some = Of { $limit } kept items, { $value } { $value ->
    [one] was
   *[other] were
 } asked in every wave; the waves are compared over these alone.
wave_items_fewer = The { $n ->
    [one] score
   *[other] scores
 } of { $other } { $n ->
    [one] rests
   *[other] rest
 } on fewer items here than elsewhere in this book.
wave_items_none = { $other } { $n ->
    [one] shares no item and is
   *[other] share no item and are
 } not compared.
wave_change_hidden = So few people stayed, left or came between { $first } and { $other } that what changed would tell of them: nothing is shown of the change of everybody between these two.

## Several cohorts

cohorts_all_real = All cohorts are of real people.
cohorts_all_synthetic = All cohorts are synthetic: what is pooled here is evidence about the program and about nobody.
cohorts_mixed = Real cohorts ({ $value }) stand beside synthetic ones ({ $other }). What is pooled is pooled of each kind alone: invented people are no evidence about real ones.
cohorts_share_people = Some people are in { $first } and { $other }, by their ids, at most { PERCENT($limit) } of the smaller: the two are taken as independent all the same.
cohorts_same_ids = Ids that occur in several cohorts are of different people, it was said: { $why }
cohort_left_out = { $other } is left out ({ $why }).
cohort_small = { $other } is left out: fewer than { $limit } of its people answered.
cohorts_few = Fewer than two cohorts are large enough.
congruence_all = Between the cohorts that are large enough every competency has a congruence of { FIXED($limit) } or more: the structure is the same by this measure.
congruence_some = Not every competency is congruent between the cohorts ({ FIXED($limit) } or more): the lowest is { FIXED($value) }, { $other }.
congruence_none = No two cohorts are large enough for an exploratory solution of their own.
not_aligned_thresholds = Thresholds differ between the cohorts, so that their loadings and intercepts have no common unit and cannot be aligned.
every_competency = every competency
cohort_means_untested = Whether the cohorts answer the items alike could not be tested, so their means are not compared.
cohort_means_exact = Means of { $other } may be compared, by scalar invariance.
cohort_means_partial = Means of { $other } may be compared, by partial scalar invariance.
cohort_means_aligned = Means of { $other } are comparable approximately, by alignment: no exact equality holds, and few parameters differ.
cohort_means_intervals = The intervals are those of each comparison by itself.
cohort_means_none = Means of { $other } are not compared: what differs may lie in the items as well as in the people.
not_pooled_error = its standard error is not known, so that it is not pooled
not_pooled_share = a share of variance has no sign and is not pooled
one_cohort = one cohort alone
item_not_asked_of_all = not asked of every cohort
