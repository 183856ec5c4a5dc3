"""DIF where it is worst, nested or cannot be tested: penalised likelihood, clusters, power, effects with intervals."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import joblib
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import minimize

from benchmarks.recover_fairness import nested_cohort, one_unfair_item
from psychometrics.dif import DifRule, _sample, ordinal_dif
from psychometrics.dif._cumulative import CumulativeModel
from psychometrics.dif._penalised import fit_penalised
from psychometrics.errors import InputShapeError, PsychometricsError, TooFewPersonsError

REFERENCE = Path(__file__).parent / "reference"
# Two searches for one maximum.
ITERATIVE = 1e-4
ONCE = DifRule(maximum_rounds=1)


@pytest.fixture(scope="module")
def r_values() -> dict[str, Any]:
    results = json.loads((REFERENCE / "dif.json").read_text())["results"]
    return {name: entry["value"] for name, entry in results.items()}


@pytest.fixture(scope="module")
def separated() -> pd.DataFrame:
    return pd.read_csv(REFERENCE / "data" / "separated.csv")


def predictors(table: pd.DataFrame) -> np.ndarray:
    member = (table["group"] == "b").astype(float)
    return np.column_stack([table["score"], member, table["score"] * member])


# Penalised likelihood


def test_penalised_logit_of_two_categories_matches_brglm2(separated: pd.DataFrame, r_values: dict[str, Any]) -> None:
    expected = r_values["separated_two"]
    found = fit_penalised(separated["high"].to_numpy(), predictors(separated)).fit
    # brglm2 models the upper category: its intercept is minus our threshold.
    signed = np.concatenate([-found.thresholds, found.coefficients])
    np.testing.assert_allclose(signed, expected["coefficients"], atol=1e-6)
    assert found.log_likelihood == pytest.approx(expected["log_likelihood"], abs=1e-6)


@pytest.mark.parametrize(("entry", "free"), [("all", 3), ("score_only", 1)])
def test_penalised_logit_of_five_categories_matches_optim(
    separated: pd.DataFrame, r_values: dict[str, Any], entry: str, free: int
) -> None:
    expected = r_values["separated_five"][entry]
    x = predictors(separated)
    found = fit_penalised(separated["answer"].to_numpy() - 1, x, free)
    np.testing.assert_allclose(found.fit.thresholds, expected["thresholds"], atol=ITERATIVE)
    np.testing.assert_allclose(found.fit.coefficients[:free], np.ravel(expected["coefficients"]), atol=ITERATIVE)
    assert found.penalised == pytest.approx(expected["penalised"], abs=1e-6)


def test_penalised_estimate_of_an_item_without_predictors_is_that_of_jeffreys_prior() -> None:
    """For a binomial share, Jeffreys' prior adds half an answer to each category (Firth 1993)."""
    codes = np.repeat([0, 1], [3, 17])
    found = fit_penalised(codes, np.empty((20, 0)))
    share = 1 / (1 + np.exp(-found.fit.thresholds[0]))
    assert share == pytest.approx((3 + 0.5) / 21, abs=1e-7)


@settings(max_examples=10, deadline=None)
@given(st.integers(0, 10_000))
def test_no_other_search_finds_a_higher_penalised_likelihood(seed: int) -> None:
    rng = np.random.default_rng(seed)
    x = np.column_stack([rng.normal(size=80), np.arange(80) < 30])
    codes = np.unique(np.where(x[:, 1] == 1, 3, rng.integers(0, 4, 80)), return_inverse=True)[1]
    found = fit_penalised(codes, x)
    model = CumulativeModel(codes, x)

    def loss(parameters: np.ndarray) -> float:
        if not model.ordered(parameters):
            return 1e10
        information = expected_information(model, parameters)
        return -model.derivatives(parameters).log_likelihood - np.linalg.slogdet(information)[1] / 2

    other = minimize(loss, found.fit.parameters, method="Nelder-Mead", options={"maxiter": 2000, "fatol": 1e-9})
    assert found.penalised >= -other.fun - 1e-6
    assert found.penalised == pytest.approx(-loss(found.fit.parameters), abs=1e-9)


def expected_information(model: CumulativeModel, parameters: np.ndarray) -> np.ndarray:
    """Sum over categories of the probability times the outer product of the scores, person by person."""
    m = model.n_thresholds
    total = np.zeros((len(parameters), len(parameters)))
    for category in range(m + 1):
        codes = np.append(np.full(len(model.codes), category), m)
        one = CumulativeModel(codes, np.vstack([model.x, np.zeros(model.x.shape[1])]))
        scores = one.scores(parameters)[:-1]
        eta = model.x @ parameters[m:]
        bounds = np.concatenate([[-np.inf], parameters[:m], [np.inf]])
        upper, lower = (1 / (1 + np.exp(-(bounds[category + one] - eta))) for one in (1, 0))
        total += (scores * (upper - lower)[:, None]).T @ scores
    return total


# The worst unfairness is seen


@pytest.mark.parametrize("size", [1.0, 2.5, 3.0])
@pytest.mark.parametrize("direction", [1, -1])
def test_large_dif_in_a_group_of_a_hundred_is_flagged(size: float, direction: int) -> None:
    found = [one_unfair_item(size, seed, direction) for seed in range(4)]
    assert all("q1" in result.flagged for result in found)
    assert not any(result.table.loc["q1", "anchor"] for result in found)


def test_growing_dif_never_gets_a_weaker_verdict() -> None:
    statistics = [one_unfair_item(size, 3).table.loc["q1", "statistic_total"] for size in (0, 1, 2, 3, 4, 6)]
    assert (np.diff(statistics[:4]) > 0).all()
    assert min(statistics[3:]) > 50


@settings(max_examples=10, deadline=None)
@given(st.integers(0, 10_000), st.integers(2, 11), st.sampled_from(["trait", "rest", "total"]), st.booleans())
def test_every_item_has_a_verdict_or_a_reason(seed: int, n_categories: int, matching: Any, integers: bool) -> None:
    """Any number of categories, constant items, unanimous groups, blocks of missing answers, ties."""
    rng = np.random.default_rng(seed)
    trait = rng.normal(size=150)
    cuts = np.sort(rng.normal(size=n_categories - 1))
    items = pd.DataFrame(np.searchsorted(cuts, trait[:, None] + rng.normal(size=(150, 6)))).astype(float)
    groups = pd.Series(rng.permutation(np.repeat(["a", "b"], [90, 60])))
    fault = rng.integers(0, 4)
    if fault == 1:
        items.loc[groups == "b", 0] = items[0].max()
    elif fault == 2:
        items[1] = 3.0
    elif fault == 3:
        items.loc[groups == "a", 2] = np.nan
    items.columns = pd.Index(range(6)) if integers else pd.Index(["a b", "ü", "1e5", "None", "q,1", "'"])
    try:
        result = ordinal_dif(items, groups, matching=matching)
    except PsychometricsError as refusal:
        assert len(str(refusal)) > 20
        return
    table = result.table
    tested = table["status"] != "untested"
    assert table.loc[tested, ["p_total", "statistic_total", "mcfadden_total"]].notna().all(axis=None)
    assert (table.loc[~tested, "reason"] != "").all()
    assert (table.loc[~tested, "note"] != "").all()
    assert not table.loc[~tested, "anchor"].any()
    assert not np.isinf(table.select_dtypes(float)).any(axis=None)
    bounds = result.effects.dropna(subset="lower")
    assert (bounds["upper"] > bounds["lower"]).all()


# Clusters


@pytest.mark.repeated
def test_fair_items_in_thirteen_agencies_pass_with_clusters_and_not_without() -> None:
    """Bound for 84 tests that are dependent within a cohort: three standard errors of a binomial above .05."""
    p = {"people": [], "agencies": []}
    for seed in range(12):
        items, sector, agency = nested_cohort(seed)
        p["people"].extend(ordinal_dif(items, sector, rule=ONCE).table["p_total"])
        p["agencies"].extend(ordinal_dif(items, sector, clusters=agency, rule=ONCE).table["p_total"])
    rates = {name: np.mean(np.array(values) < 0.05) for name, values in p.items()}
    assert rates["people"] > 0.2
    assert rates["agencies"] < 0.05 + 3 * np.sqrt(0.05 * 0.95 / 84)


def test_large_dif_is_flagged_with_clusters_even_where_the_group_separates() -> None:
    items, sector, agency = nested_cohort(5)
    items.loc[sector == "care", "q1"] = 5
    result = ordinal_dif(items, sector, clusters=agency)
    assert result.table.loc["q1", ["status", "estimation"]].tolist() == ["flagged", "penalised likelihood"]


def test_group_within_one_cluster_is_left_out_with_a_note() -> None:
    items, sector, agency = nested_cohort(6)
    alone = sector.mask(agency == 12, "alone")
    result = ordinal_dif(items, alone, clusters=agency, rule=DifRule(minimum_size=5))
    assert "alone" not in result.groups.index
    assert "groups within a single cluster left out: alone" in result.notes
    with pytest.raises(TooFewPersonsError, match="have people in 2 clusters"):
        two = items[(agency == 12) | (agency % 2 == 1)]
        ordinal_dif(two, alone[two.index], clusters=agency[two.index], rule=DifRule(minimum_size=5))


# Power and effects


@pytest.mark.repeated
def test_stated_power_is_the_share_of_cohorts_in_which_the_item_is_flagged() -> None:
    """One item of loading .65 (place 4) a planned 1.2 SD of the trait harder; 25 cohorts, bound of two errors."""
    rule, flagged, stated, tested = DifRule(planned_difference=1.2), [], [], []
    for seed in range(25):
        rng = np.random.default_rng(seed)
        small = np.arange(500) >= 380
        trait = rng.normal(size=500)
        loadings = np.full(7, 0.65)
        latent = loadings * trait[:, None] + np.sqrt(1 - loadings**2) * rng.normal(size=(500, 7))
        latent[small, 3] -= 0.65 * 1.2
        items = pd.DataFrame(np.searchsorted([-2.0, -1.2, -0.4, 0.8], latent) + 1.0).rename(columns=str)
        result = ordinal_dif(items, pd.Series(np.where(small, "s", "l")), matching="rest", rule=rule)
        flagged.append("3" in result.flagged)
        tested.append(result.table.loc["3", "p_total"] < 0.05)
        row = result.power.set_index("item").loc["3"]
        stated.append((row["power"], row["power_test"]))
    power, of_test = np.mean(stated, axis=0)
    assert np.mean(tested) == pytest.approx(of_test, abs=0.2)
    assert np.mean(flagged) == pytest.approx(power, abs=0.2)


def test_power_grows_with_the_group_and_the_detectable_size_shrinks() -> None:
    small, large = one_unfair_item(0, 1), nested_cohort(1)
    big = ordinal_dif(large[0], large[1], rule=ONCE)
    assert big.power["power_test"].median() > small.power["power_test"].median()
    assert big.power["detectable"].median() < small.power["detectable"].median()
    summary = big.power_by_group()
    assert summary[["group", "n_items"]].to_numpy().tolist() == [["care", 7]]


@pytest.mark.repeated
def test_interval_of_the_scale_effect_covers_what_was_planted() -> None:
    """Expected loss of the scale mean, by a large sample; 20 cohorts, at least 16 of the 95 per cent intervals."""
    draw = np.random.default_rng(9).normal(size=(200_000, 2))
    latent = 0.5 * draw[:, 0] + np.sqrt(0.75) * draw[:, 1]
    cuts = [-2.0, -1.2, -0.4, 0.8]
    truth = (np.searchsorted(cuts, latent + 1.0) - np.searchsorted(cuts, latent)).mean() / 7
    covered = 0
    for seed in range(20):
        effects = one_unfair_item(1.0, 400 + seed).scale_effects.set_index("group").loc["small"]
        covered += effects["lower"] < truth < effects["upper"]
    assert covered >= 16


def test_scale_without_flagged_items_has_no_interval_and_counts_the_untested() -> None:
    items, sector, _ = nested_cohort(2, spread=0.0)
    effects = ordinal_dif(items.assign(q2=3.0), sector).scale_effects.set_index("group")
    assert effects["n_untested"].tolist() == [1, 1]
    assert effects["lower"].isna().all()


def test_settings_of_power_are_refused_outside_their_range() -> None:
    with pytest.raises(InputShapeError, match="planned_difference is positive"):
        DifRule(planned_difference=0)


# Persons who gave the same answers are one row


def few_answers(shift: float) -> tuple[pd.DataFrame, pd.Series, pd.Series]:
    """Four items of three answers, so that most persons are like another; one item is easier for a group."""
    rng = np.random.default_rng(5)
    group = np.repeat([0, 1, 2], [200, 120, 80])
    latent = rng.normal(size=(400, 1)) + rng.normal(size=(400, 4))
    latent[group == 2, 0] += shift
    items = pd.DataFrame(np.digitize(latent, [-0.5, 0.5]).astype(float), columns=list("wxyz"))
    return items.mask(rng.random(items.shape) < 0.05), pd.Series(group).astype(str), pd.Series(np.arange(400) % 40)


@pytest.mark.parametrize("clustered", [False, True])
@pytest.mark.parametrize("shift", [1.0, 12.0])
def test_persons_in_one_row_tell_what_each_alone_tells(
    shift: float, clustered: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    items, groups, clusters = few_answers(shift)

    def tables() -> list[pd.DataFrame]:
        found = ordinal_dif(items, groups, clusters=clusters if clustered else None)
        curves = pd.concat([found.expected_scores(item) for item in items])
        return [found.table, found.effects, found.scale_effects, found.power, curves]

    together = tables()
    assert ("penalised likelihood" in together[0]["estimation"].tolist()) == (shift > 10)
    monkeypatch.setattr(_sample, "distinct_rows", lambda table: (np.arange(len(table)),) * 2)
    for one, alone in zip(together, tables(), strict=True):
        pd.testing.assert_frame_equal(one, alone, rtol=1e-5, atol=1e-7)


def test_scales_tested_by_two_workers_give_the_same_digits() -> None:
    items, groups, _ = few_answers(1.0)
    both = items.join(items.rename(columns=str.upper))
    scales = pd.Series({item: item.isupper() for item in both})
    alone = ordinal_dif(both, groups, scales)
    with joblib.parallel_config(n_jobs=2):
        spread = ordinal_dif(both, groups, scales)
    pd.testing.assert_frame_equal(spread.table, alone.table, check_exact=True)
    pd.testing.assert_frame_equal(spread.effects, alone.effects, check_exact=True)
