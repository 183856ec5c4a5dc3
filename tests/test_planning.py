"""Planning the next sample: closed forms, identities, monotone in what is asked, recovery, refusals."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from psychometrics import planning
from psychometrics.agreement.rater_number import raters_needed
from psychometrics.association import persons_for_correlation
from psychometrics.errors import ConstantItemError, InputShapeError, ModelError, PsychometricsError, UndefinedError
from psychometrics.planning import FactorPopulation
from psychometrics.planning.correlations import _power
from psychometrics.planning.groups import noncentrality_for
from psychometrics.planning.raters import interval_half_width
from psychometrics.reliability import omega_of_loadings
from psychometrics.reliability.formulas import feldt_interval

CLOSED_FORM = 1e-10
CENTRAL = stats.norm.ppf(0.975)


def population(loadings: list[float], cuts: list[float], intraclass: float = 0.0, size: int = 1) -> FactorPopulation:
    weights = pd.Series(loadings, index=[f"q{place}" for place in range(len(loadings))])
    steps = pd.Series(cuts, index=range(1, len(cuts) + 1))
    return FactorPopulation(weights, pd.concat(dict.fromkeys(weights.index, steps)), intraclass, size)


ALIKE = population([0.7] * 6, [-1.6, -0.8, -0.2, 0.2, 0.8, 1.6])


# Correlations


@given(st.floats(0.03, 0.9), st.floats(0.5, 0.95))
@settings(max_examples=25)
def test_people_for_a_correlation_match_the_closed_form_where_nothing_is_uncertain(rho: float, power: float) -> None:
    n = 10_000_000
    plan = planning.persons_for_corrected_correlation(rho, n, 1 / math.sqrt(n - 3), power=power)
    # the closed form counts n - 3 pairs, and both tails
    assert plan.n == pytest.approx(persons_for_correlation(rho, power, method="pearson") - 3, abs=1.5, rel=1e-4)
    assert plan.n_expected == pytest.approx(plan.n, abs=1.5, rel=1e-4)
    assert math.isnan(plan.n_fewest)


@given(st.floats(0.05, 0.5), st.floats(0.3, 0.7), st.floats(0.02, 0.2), st.sampled_from([12.0, 40.0, math.inf]))
@settings(max_examples=10)
def test_people_for_a_correlation_follow_what_is_asked(
    rho: float, reliability: float, margin: float, df: float
) -> None:
    def planned(correlation: float, share: float, power: float = 0.8) -> planning.CorrelationPlan:
        bounds = share, share - margin, share + margin
        return planning.persons_for_corrected_correlation(correlation, 300, 0.07, df, *bounds, power=power)

    plan = planned(rho, reliability)
    assert plan.n_fewest < plan.n < plan.n_most
    assert planned(rho + 0.05, reliability).n < plan.n
    assert planned(rho, reliability + 0.05).n < plan.n
    assert planned(rho, reliability, 0.9).n_expected > plan.n_expected
    assert plan.expected_power(plan.n_expected - 1) < 0.8 + 1e-6 <= plan.expected_power(plan.n_expected) + 2e-6
    assert plan.expected_power(2 * plan.n) > plan.expected_power(plan.n)


def test_uncertain_reliability_and_few_clusters_ask_for_more_people_than_when_they_count_as_known() -> None:
    known = planning.persons_for_corrected_correlation(0.1, 537, 0.055, reliability=0.66)
    few = planning.persons_for_corrected_correlation(0.1, 537, 0.055, 12, 0.66, 0.45, 0.78)
    assert few.n > known.n
    assert few.n_expected > known.n_expected
    assert few.n_most > few.n_expected > few.n > few.n_fewest


# R 4.2.2: power.t.test(delta = d, sd = 1, sig.level = a, power = p, type = "one.sample", strict = TRUE)$n
@pytest.mark.parametrize(
    ("delta", "alpha", "power", "n"),
    [
        (0.5, 0.05, 0.8, 33.36713),
        (0.2, 0.05, 0.8, 198.15082),
        (1.2, 0.01, 0.9, 13.78123),
        (0.1, 0.002, 0.8, 1550.72227),
    ],
)
def test_people_for_a_correlation_are_those_of_the_t_test_of_as_many_clusters_in_r(
    delta: float, alpha: float, power: float, n: float
) -> None:
    # one person a cluster, so that the df are the people minus one; the unit error is one, the effect delta
    plan = planning.persons_for_corrected_correlation(math.tanh(delta), 1e6, 1e-3, 1e6 - 1, power=power, alpha=alpha)
    assert plan.n == math.ceil(n)
    twenty = planning.persons_for_corrected_correlation(
        math.tanh(delta / math.sqrt(20)), 2e7, 1 / math.sqrt(2e7), 1e6 - 1, power=power, alpha=alpha
    )
    assert twenty.n == math.ceil(20 * n - 1e-3)


@given(st.floats(1, 60), st.floats(1e-4, 0.2), st.floats(0.0, 7.0))
@settings(max_examples=100)
def test_power_is_a_share_whatever_the_effect_the_clusters_and_the_people(
    size: float, alpha: float, log_n: float
) -> None:
    effects = np.linspace(0, 2, 500)
    few, many = (_power(effects, people, size, alpha) for people in (10**log_n, 10 ** (log_n + 1)))
    assert ((few >= 0) & (few <= 1 + CLOSED_FORM)).all()
    assert (few <= many + 1e-4).all()  # t becomes normal at 100,000 degrees of freedom


def test_people_whose_interval_leaves_out_a_distance_have_an_interval_as_wide() -> None:
    plan = planning.persons_for_corrected_correlation(0.3, 300, 0.07, 14)
    n = plan.persons_for_distance(0.1)

    def margin(people: float) -> float:
        return float(stats.t.ppf(0.975, people / 20 - 1)) * 0.07 * math.sqrt(300 / people)

    assert margin(n) <= 0.1 < margin(n - 1)


def test_half_width_of_a_correlation_is_fishers_where_nothing_is_uncertain() -> None:
    plan = planning.persons_for_corrected_correlation(0.3, 103, 0.1)
    n, fewest, most = plan.persons_for_half_width(0.1)
    unit = 0.1 * math.sqrt(103)

    def fisher(people: float) -> float:
        ends = np.tanh(math.atanh(0.3) + np.array([-1, 1]) * CENTRAL * unit / math.sqrt(people))
        return float(ends[1] - ends[0]) / 2

    assert fisher(n) <= 0.1 < fisher(n - 1)
    assert fewest == most == n
    uncertain = planning.persons_for_corrected_correlation(0.3, 103, 0.1, 20, 0.6, 0.5, 0.7)
    n, fewest, most = uncertain.persons_for_half_width(0.1)
    assert fewest < n < most


@given(st.floats(-0.7, 0.7), st.floats(0.02, 0.2), st.floats(0.3, 0.9))
@settings(max_examples=25)
def test_corrected_interval_is_the_divided_one_where_the_reliability_is_known(r: float, m: float, share: float) -> None:
    found = planning.corrected_interval(r, r - m, r + m, share)
    assert found == pytest.approx(((r - m) / math.sqrt(share), (r + m) / math.sqrt(share)), abs=CLOSED_FORM)
    lower, upper = planning.corrected_interval(r, r - m, r + m, share, share, share)
    assert (lower, upper) == pytest.approx(found, abs=1e-8)
    wider = planning.corrected_interval(r, r - m, r + m, share, share - 0.15, share + 0.08)
    assert wider[0] <= found[0] + CLOSED_FORM and wider[1] >= found[1] - CLOSED_FORM
    mirrored = planning.corrected_interval(-r, -r - m, -r + m, share, share - 0.15, share + 0.08)
    assert (-mirrored[1], -mirrored[0]) == pytest.approx(wider, abs=1e-8)


@pytest.mark.repeated
def test_corrected_interval_covers_the_correlation_behind_two_estimates() -> None:
    draw, rho, share, n, repeats = np.random.default_rng(1), 0.4, 0.6, 120, 800
    k, covered, divided = 3, 0, 0
    for _ in range(repeats):
        z = draw.normal(np.arctanh(rho * math.sqrt(share)), 1 / math.sqrt(n - 3))
        bounds = np.tanh(z + np.array([0, -1, 1]) * CENTRAL / math.sqrt(n - 3))
        ratio = draw.chisquare(n - 1) / (n - 1) / (draw.chisquare(n * (k - 1)) / (n * (k - 1))) / (1 - share)
        ends = stats.f.ppf([0.5, 0.975, 0.025], n - 1, n * (k - 1))
        reliable = 1 - np.array([1.0, ends[1], ends[2]]) / ratio
        lower, upper = planning.corrected_interval(*bounds, reliable[0], reliable[1], reliable[2])
        covered += lower <= rho <= upper
        divided += bounds[1] / math.sqrt(reliable[0]) <= rho <= bounds[2] / math.sqrt(reliable[0])
    assert abs(covered / repeats - 0.95) < 3 * math.sqrt(0.95 * 0.05 / repeats)
    assert covered >= divided


def test_a_reliability_that_could_be_zero_gives_no_interval() -> None:
    assert np.isnan(planning.corrected_interval(0.2, 0.1, 0.3, 0.3, 0.0, 0.6)).all()


# Raters


@pytest.mark.parametrize(("single", "k", "n"), [(0.3, 4, 30), (0.5, 2, 80), (0.2, 6, 200)])
def test_half_width_of_a_mean_matches_mean_squares_drawn_from_their_distributions(
    single: float, k: int, n: int
) -> None:
    draw, mean = np.random.default_rng(2), k * single / (1 + (k - 1) * single)
    first, second = n - 1, n * (k - 1)
    ratio = draw.chisquare(first, 200_000) / first / (draw.chisquare(second, 200_000) / second) / (1 - mean)
    ends = stats.f.ppf([0.975, 0.025], first, second)
    widths = (ends[0] - ends[1]) / ratio / 2
    error = widths.std() / math.sqrt(len(widths))
    assert interval_half_width(mean, n, k) == pytest.approx(widths.mean(), abs=4 * error)


@given(st.floats(0.15, 0.6), st.sampled_from([0.6, 0.7, 0.8, 0.9]), st.floats(0.01, 0.03))
@settings(max_examples=25)
def test_rated_people_meet_bonetts_approximation_in_large_samples(single: float, target: float, half: float) -> None:
    plan = planning.rater_plan(single, single - 0.05, single + 0.05, target, half)
    k = plan.n_raters
    reached = k * single / (1 + (k - 1) * single)
    bonett = 2 + 2 * k / (k - 1) * (CENTRAL * (1 - reached) / half) ** 2
    # Bonett's interval is symmetric in the logarithm; the difference is one of order one over n
    assert plan.n_persons == pytest.approx(bonett, rel=0.05, abs=12)
    assert plan.n_raters == max(raters_needed(single, target), 2)
    assert plan.n_raters_fewest <= plan.n_raters <= plan.n_raters_most
    assert plan.curve([50, 100, 400])["half_width"].is_monotonic_decreasing


def test_raters_without_reliability_are_never_enough_and_the_plan_says_so() -> None:
    plan = planning.rater_plan(-0.05, -0.2, 0.1)
    assert math.isnan(plan.n_raters) and math.isnan(plan.n_persons) and plan.notes
    perhaps = planning.rater_plan(0.2, -0.02, 0.4)
    assert math.isnan(perhaps.n_raters_most) and perhaps.notes


def test_clusters_ask_for_more_rated_people() -> None:
    plain, nested = (planning.rater_plan(0.35, 0.3, 0.4, design_effect=effect) for effect in (1.0, 2.0))
    assert nested.n_persons == pytest.approx(2 * plain.n_persons, rel=0.03)


# The population behind a scale


def test_population_is_recovered_with_its_clusters() -> None:
    truth = population([0.5, 0.6, 0.7, 0.8], [-1.5, -0.5, 0.7], intraclass=0.2, size=20)
    answers, clusters = truth.draw(6000, np.random.default_rng(3))
    found = planning.factor_population(answers, clusters)
    assert found.loadings.to_numpy() == pytest.approx(truth.loadings.to_numpy(), abs=0.05)
    # three hundred clusters: their share of the variance has a standard error of about .02
    assert found.intraclass == pytest.approx(0.2, abs=0.06)
    assert found.cluster_size == 20
    assert found.omega == pytest.approx(truth.omega, abs=0.02)


def test_weights_of_a_population_are_those_of_the_weighted_sum() -> None:
    """An item that counts ten times as much decides: omega nears what that one item, with a loading of .5, says."""
    truth = population([0.5, 0.6, 0.7, 0.8], [-1.5, -0.5, 0.7])
    answers = truth.draw(3000, np.random.default_rng(4))[0]
    plain, equal = (planning.factor_population(answers, weights=w) for w in (None, pd.Series(2.0, answers.columns)))
    assert equal.omega == pytest.approx(plain.omega, abs=1e-10)
    heavy = planning.factor_population(
        answers, weights=pd.Series(1.0, answers.columns).where(answers.columns != "q0", 10.0)
    )
    assert heavy.omega < 0.4 < plain.omega
    with pytest.raises(InputShapeError, match="a number above zero"):
        planning.factor_population(answers, weights=pd.Series({"q0": 1.0}))


def test_omega_of_many_categories_nears_that_of_continuous_items() -> None:
    fine = population([0.5, 0.6, 0.7], list(np.linspace(-3, 3, 60)))
    assert fine.omega == pytest.approx(omega_of_loadings(fine.loadings.to_numpy()), abs=0.01)


@given(st.floats(0.2, 0.9))
@settings(max_examples=10)
def test_loadings_are_moved_to_a_wanted_omega(omega: float) -> None:
    moved = ALIKE.with_omega(omega)
    assert moved.omega == pytest.approx(omega, abs=1e-4)
    assert np.ptp(moved.loadings) == 0


def test_no_omega_is_out_of_reach_but_the_nearest_is_taken() -> None:
    assert ALIKE.with_omega(0.9999).omega < 1
    assert 0 < ALIKE.with_omega(0.0).omega < 0.05


# Omega and loadings


@pytest.fixture(scope="module")
def precise() -> planning.PrecisionPlan:
    return planning.precision_plan(ALIKE, sizes=(100, 200), n_replications=24, seed=5)


def test_people_for_omega_match_feldts_interval_of_alpha_with_equal_loadings(precise: planning.PrecisionPlan) -> None:
    lower, upper = feldt_interval(ALIKE.omega, 200, 6)
    error = precise.omega_unit_error / math.sqrt(200)
    assert precise.omega_half_width(200) == pytest.approx((upper - lower) / 2, abs=3 * error)


def test_narrower_intervals_take_more_people(precise: planning.PrecisionPlan) -> None:
    for persons, width in (
        (precise.persons_for_omega, precise.omega_half_width),
        (precise.persons_for_loading, precise.loading_half_width),
    ):
        wanted = [0.12, 0.09, 0.06, 0.03]
        sizes = [persons(half) for half in wanted]
        assert sizes == sorted(sizes) and len(set(sizes)) == 4
        for half, n in zip(wanted, sizes, strict=True):
            assert width(n) <= half + 1e-9
            assert width(n - 1) > half - 1e-9
    assert list(precise.to_frame()["n"]) == [100, 200]


def test_people_of_a_cluster_who_are_alike_widen_the_intervals() -> None:
    nested = population([0.7] * 4, [-1.0, 0.0, 1.0], intraclass=0.5, size=30)
    plan = planning.precision_plan(nested, sizes=(120, 240), n_replications=8, seed=2)
    assert plan.loading_inflation > 1.2


def test_the_same_seed_gives_the_same_plan(precise: planning.PrecisionPlan) -> None:
    again = [planning.precision_plan(ALIKE, (60, 90), 5, seed=seed).omega_unit for seed in (5, 5, 6)]
    assert again[0] == again[1] != again[2]


# Groups


@pytest.fixture(scope="module")
def unfair() -> planning.GroupPlan:
    return planning.dif_plan(ALIKE, 0.5, n=150, n_replications=2, seed=1, alpha=0.05 / 6)


def test_power_at_the_planned_number_is_the_wanted_one(unfair: planning.GroupPlan) -> None:
    scalar = planning.invariance_plan(ALIKE, 0.5, n=150, n_replications=4, seed=1)
    assert scalar.df == 5
    for plan in (unfair, scalar):
        for power in (0.5, 0.8, 0.95):
            n = plan.persons(power)
            assert plan.power(n) >= power > plan.power(n - 1)


def test_half_the_difference_takes_four_times_the_people(unfair: planning.GroupPlan) -> None:
    half = planning.dif_plan(ALIKE, 0.25, n=150, n_replications=2, seed=1, alpha=0.05 / 6)
    assert half.persons(0.8) == pytest.approx(4 * unfair.persons(0.8), abs=4)


@pytest.mark.parametrize(("df", "alpha", "power"), [(1, 0.05, 0.8), (2, 0.01, 0.9), (7, 0.05, 0.5)])
def test_noncentrality_gives_the_power_back(df: float, alpha: float, power: float) -> None:
    found = noncentrality_for(power, df, alpha)
    assert stats.ncx2.sf(stats.chi2.isf(alpha, df), df, found) == pytest.approx(power, abs=1e-8)
    if df == 1:
        reach = stats.norm.ppf(1 - alpha / 2) + stats.norm.ppf(power)
        assert found == pytest.approx(reach**2, rel=1e-4)


# Refusals


@pytest.mark.parametrize(
    ("call", "error"),
    [
        (lambda: population([0.5, 0.6], [0.0, 1.0]), InputShapeError),
        (lambda: population([0.5, 0.6, 1.0], [0.0, 1.0]), InputShapeError),
        (lambda: population([0.5, 0.6, 0.7], [0.0], 1.0, 5), InputShapeError),
        (lambda: planning.precision_plan(ALIKE, sizes=(200,)), InputShapeError),
        (lambda: planning.precision_plan(ALIKE, n_replications=2), PsychometricsError),
        (lambda: planning.precision_plan(population([0.3] * 3, [2.9, 3.2]), (50, 60), 5), UndefinedError),
        (lambda: planning.dif_plan(ALIKE, 0.0), PsychometricsError),
        (lambda: planning.invariance_plan(ALIKE, n=20), PsychometricsError),
        (lambda: planning.rater_plan(1.0, 0.9, 1.0), PsychometricsError),
        (lambda: planning.rater_plan(0.4, 0.3, 0.5, design_effect=0.5), PsychometricsError),
        (lambda: planning.persons_for_corrected_correlation(0.0, 100, 0.1), PsychometricsError),
        (lambda: planning.persons_for_corrected_correlation(0.1, 100, 0.0), PsychometricsError),
        (lambda: planning.persons_for_corrected_correlation(0.1, 100, 0.1, reliability=0.5, reliability_lower=0.6,
                                                            reliability_upper=0.7), PsychometricsError),
        (lambda: planning.corrected_interval(0.3, 0.1, 0.5, 0.0), PsychometricsError),
        (lambda: planning.corrected_interval(0.3, 0.4, 0.5, 0.6), PsychometricsError),
        (lambda: noncentrality_for(0.04, 2, 0.05), PsychometricsError),
    ],
)  # fmt: skip
def test_what_cannot_be_planned_is_refused(call, error: type[Exception]) -> None:
    with pytest.raises(error):
        call()


def test_answers_without_one_direction_are_refused() -> None:
    answers, _ = ALIKE.draw(300, np.random.default_rng(1))
    with pytest.raises(ModelError, match="both directions"):
        planning.factor_population(answers.assign(q0=8 - answers["q0"]))
    with pytest.raises(ConstantItemError):
        planning.factor_population(answers.assign(q0=1))
