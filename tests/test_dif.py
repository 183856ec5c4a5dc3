"""Ordinal logistic DIF against polr and sandwich: models and tests, identities, recovery of planted items, refusals."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from psychometrics.dif import DifRule, _trait, ordinal_dif
from psychometrics.dif._cumulative import fit_cumulative
from psychometrics.dif._trait import expected_traits
from psychometrics.errors import CodingError, ConvergenceError, InputShapeError, TooFewPersonsError

REFERENCE = Path(__file__).parent / "reference"
# Both sides search for a maximum; where they end differs in the last digits only.
LIKELIHOOD = 1e-8
ITERATIVE = 1e-4
ONCE = DifRule(maximum_rounds=1)
TESTS = ("uniform", "non_uniform", "total")
LOADINGS = np.linspace(0.5, 0.8, 7)
CUTS = np.array([-2.0, -1.2, -0.4, 0.8])


@pytest.fixture(scope="module")
def r_values() -> dict[str, Any]:
    results = json.loads((REFERENCE / "dif.json").read_text())["results"]
    return {name: entry["value"] for name, entry in results.items()}


@pytest.fixture(scope="module")
def bfi() -> pd.DataFrame:
    frame = pd.read_csv(REFERENCE / "data" / "bfi.csv")
    return frame.assign(A1=7 - frame["A1"])


@pytest.fixture(scope="module")
def sim52() -> pd.DataFrame:
    return pd.read_csv(REFERENCE / "data" / "sim52_full.csv")


def draw(
    seed: int, sizes: tuple[int, ...] = (300, 300), impact: float = 0.0, shift: dict[str, float] | None = None
) -> tuple[pd.DataFrame, pd.Series]:
    """Seven items of one trait; the last group has its mean at impact and thresholds raised by shift."""
    rng = np.random.default_rng(seed)
    groups = np.repeat(np.arange(len(sizes)), sizes)
    last = groups == len(sizes) - 1
    trait = rng.normal(size=len(groups)) + impact * last
    answers = {}
    for place, loading in enumerate(LOADINGS):
        name = f"q{place + 1}"
        latent = loading * trait + np.sqrt(1 - loading**2) * rng.normal(size=len(groups))
        latent = latent - (shift or {}).get(name, 0.0) * last
        answers[name] = 1.0 + np.searchsorted(CUTS + rng.uniform(-0.3, 0.3), latent)
    return pd.DataFrame(answers), pd.Series([f"g{group}" for group in groups], name="group")


def columns(table: pd.DataFrame, key: str) -> np.ndarray:
    return table[[f"{key}_{test}" for test in TESTS]].to_numpy()


def close(values: Any, expected: Any, tolerance: float) -> None:
    np.testing.assert_allclose(np.asarray(values, float), np.asarray(expected, float), rtol=tolerance, atol=tolerance)


# Reference


@pytest.mark.parametrize("name", ["agree_gender", "c1_sector", "c6_sector"])
def test_models_match_polr(bfi: pd.DataFrame, sim52: pd.DataFrame, r_values: dict[str, Any], name: str) -> None:
    items, groups, reference = {
        "agree_gender": (bfi[["A1", "A2", "A3", "A4", "A5"]], bfi["gender"], "1"),
        "c1_sector": (sim52.filter(regex="^C1_"), sim52["sector"], "health"),
        "c6_sector": (sim52.filter(regex="^C6_"), sim52["sector"], "health"),
    }[name]
    result = ordinal_dif(items, groups, matching="rest", reference=reference, rule=ONCE)
    expected = [r_values[name][item] for item in items]
    for key in ("statistic", "df", "p", "mcfadden", "nagelkerke"):
        close(columns(result.table, key), [row[key] for row in expected], LIKELIHOOD)
    close(result.table["slope_change"], [row["slope_change"] for row in expected], 1e-6)
    assert result.table["n"].tolist() == [row["n"] for row in expected]
    log_likelihoods = [[fit.log_likelihood for fit in models.fits] for models in result._models.values()]
    close(log_likelihoods, [row["log_likelihood"] for row in expected], LIKELIHOOD)


@pytest.mark.parametrize("name", ["c1", "c6"])
def test_clustered_wald_matches_sandwich(sim52: pd.DataFrame, r_values: dict[str, Any], name: str) -> None:
    items = sim52.filter(regex=f"^{name.upper()}_")
    result = ordinal_dif(items, sim52["sector"], matching="rest", clusters=sim52["team"], reference="health", rule=ONCE)
    expected = [r_values[f"{name}_sector"][item] for item in items]
    close(columns(result.table, "statistic"), [row["wald"] for row in expected], ITERATIVE)
    close(columns(result.table, "p"), [row["wald_p"] for row in expected], ITERATIVE)
    assert result.test == "cluster-robust Wald"
    assert result.n_clusters == sim52["team"].nunique()


def test_adjusted_p_matches_r(bfi: pd.DataFrame, sim52: pd.DataFrame, r_values: dict[str, Any]) -> None:
    agree = ordinal_dif(bfi[["A1", "A2", "A3", "A4", "A5"]], bfi["gender"], matching="rest", rule=ONCE)
    close(agree.table["p_adjusted_total"], r_values["agree_adjusted"], LIKELIHOOD)
    c1 = ordinal_dif(sim52.filter(regex="^C1_"), sim52["sector"], matching="rest", rule=ONCE)
    close(c1.table["p_adjusted_total"], r_values["c1_adjusted"], LIKELIHOOD)


def test_maximiser_matches_statsmodels() -> None:
    from statsmodels.miscmodels.ordinal_model import OrderedModel

    rng = np.random.default_rng(4)
    x = rng.normal(size=(400, 4))
    codes = np.searchsorted([-2.0, -0.5, 1.0], x @ [1.2, 0.4, 0.0, -0.3] + rng.logistic(size=400))
    ours = fit_cumulative(codes, x)
    theirs = OrderedModel(codes, x, distr="logit").fit(method="bfgs", disp=False, gtol=1e-9)
    close(ours.coefficients, theirs.params[:4], ITERATIVE)
    close(ours.log_likelihood, theirs.llf, LIKELIHOOD)
    close(np.sqrt(np.diag(np.linalg.inv(ours.information)))[3:], theirs.bse[:4], ITERATIVE)


# Identities


@pytest.mark.parametrize(("matching", "tolerance"), [("rest", LIKELIHOOD), ("total", LIKELIHOOD), ("trait", 1e-6)])
def test_direction_of_codes_order_of_persons_and_names_do_not_matter(matching: Any, tolerance: float) -> None:
    items, groups = draw(1, (200, 150, 100), impact=0.5, shift={"q3": 0.8})
    plain = ordinal_dif(items, groups, matching=matching).table
    turned = ordinal_dif(6 - items, groups, matching=matching).table
    shuffled = np.random.default_rng(0).permutation(len(items))
    mixed = ordinal_dif(items.iloc[shuffled], groups.iloc[shuffled], matching=matching).table
    renamed = ordinal_dif(items, groups.map({"g0": "z", "g1": "b", "g2": "c"}), matching=matching, reference="c").table
    for other in (turned, mixed, renamed):
        for key in ("statistic", "mcfadden", "nagelkerke"):
            close(columns(other, key), columns(plain, key), tolerance)
        assert other["flagged"].tolist() == plain["flagged"].tolist()


def test_tests_of_two_steps_add_up_to_the_total() -> None:
    table = ordinal_dif(*draw(2, (200, 150, 100))).table
    for key in ("statistic", "df", "mcfadden", "nagelkerke"):
        close(table[f"{key}_uniform"] + table[f"{key}_non_uniform"], table[f"{key}_total"], 1e-10)


def test_repeated_rows_of_a_person_add_nothing_with_clusters() -> None:
    items, groups = draw(3, (120, 120))
    persons = pd.Series(range(len(items)))
    once = ordinal_dif(items, groups, matching="rest", clusters=persons).table
    twice = [pd.concat([part, part], ignore_index=True) for part in (items, groups, persons)]
    double = ordinal_dif(twice[0], twice[1], matching="rest", clusters=twice[2]).table
    close(columns(double, "p"), columns(once, "p"), 1e-6)
    ignored = ordinal_dif(twice[0], twice[1], matching="rest").table
    close(ignored["statistic_total"], 2 * ordinal_dif(items, groups, matching="rest").table["statistic_total"], 1e-6)


def test_expected_trait_recovers_the_impact_between_groups() -> None:
    items, groups = draw(4, (1500, 1500), impact=0.7)
    traits, steep = expected_traits(items, (groups == "g1").to_numpy().astype(int), list(items))
    means = pd.DataFrame(traits).groupby(groups.to_numpy()).mean()
    # Standard error of a difference of means over 1500 persons each: .037.
    close(means.loc["g1"] - means.loc["g0"], 0.7, 0.11)
    assert steep == ()


def test_expected_traits_are_the_same_in_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(3)
    groups = rng.integers(0, 3, 200)
    latent = rng.normal(size=(200, 1)) + rng.normal(size=(200, 4))
    answers = pd.DataFrame(np.digitize(latent, [-1, 0, 1]).astype(float), columns=list("abcd"))
    answers = answers.mask(rng.random(answers.shape) < 0.05)
    whole, _ = expected_traits(answers, groups, list("abc"))
    monkeypatch.setattr(_trait, "AT_ONCE", 60)
    close(expected_traits(answers, groups, list("abc"))[0], whole, 1e-10)


def test_effects_follow_from_the_curves() -> None:
    items, groups = draw(5, (300, 300), shift={"q2": 0.8, "q5": 0.8})
    result = ordinal_dif(items, groups)
    assert result.flagged == ("q2", "q5")
    own = result.effects[result.effects["item"].isin(result.flagged)]
    [scale] = result.scale_effects.loc[result.scale_effects["group"] == "g1"].to_dict("records")
    close(scale["signed"], own["signed"].sum() / 7, 1e-10)
    close(scale["adjusted_mean"], items[groups == "g1"].mean(axis=1).mean() - scale["signed"], 1e-10)
    assert (result.effects["unsigned"] >= result.effects["signed"].abs() - 1e-12).all()
    reference = result.scale_effects[result.scale_effects["group"] == result.reference]
    close(reference[["signed", "unsigned"]], 0, 1e-12)


def test_curve_of_an_item_without_groups_effect_is_its_model() -> None:
    items, groups = draw(6)
    result = ordinal_dif(items, groups)
    curves = result.expected_scores("q1", points=11)
    assert len(curves) == 22
    assert curves["expected"].between(1, 5).all()
    assert curves.groupby("group")["expected"].apply(lambda part: part.is_monotonic_increasing).all()


# Recovery


def test_planted_item_is_found_in_its_size_and_no_other() -> None:
    items, groups = draw(7, (800, 400), impact=0.5, shift={"q4": 0.7})
    result = ordinal_dif(items, groups)
    assert result.flagged == ("q4",)
    assert result.table.loc["q4", ["kind", "anchor"]].tolist() == ["uniform", False]
    assert result.stable
    assert result.rounds["n_flagged"].tolist() == [1, 1]
    rng = np.random.default_rng(0)
    latent = LOADINGS[3] * (rng.normal(size=200_000) + 0.5) + np.sqrt(1 - LOADINGS[3] ** 2) * rng.normal(size=200_000)
    truth = np.searchsorted(CUTS, latent - 0.7).mean() - np.searchsorted(CUTS, latent).mean()
    [effect] = result.effects.loc[result.effects["item"] == "q4", "signed"]
    # The item's own thresholds are moved at random by up to .3; the effect hardly changes with them.
    assert effect == pytest.approx(truth, abs=0.12)


def test_non_uniform_item_is_called_so() -> None:
    items, groups = draw(8, (600, 600))
    rng = np.random.default_rng(8)
    items["q6"] = np.where(groups == "g1", rng.choice(items["q6"], len(items)), items["q6"])
    result = ordinal_dif(items, groups)
    assert result.table.loc["q6", ["flagged", "kind"]].tolist() == [True, "non-uniform"]


@pytest.mark.repeated
def test_type_i_error_is_nominal_when_traits_differ() -> None:
    """Binomial .999 bound on 56 tests; sums as matching score break it by far."""
    p_trait, p_rest = [], []
    for seed in range(8):
        items, groups = draw(100 + seed, (400, 400), impact=1.0)
        p_trait.extend(ordinal_dif(items, groups, rule=ONCE).table["p_total"])
        p_rest.extend(ordinal_dif(items, groups, matching="rest", rule=ONCE).table["p_total"])
    assert (np.array(p_trait) < 0.05).sum() <= 9
    assert (np.array(p_rest) < 0.05).sum() > 20


@pytest.mark.repeated
def test_type_i_error_is_nominal_for_dependent_forms() -> None:
    """One self and two peer forms a person, with views of single items in common; bound for 42 tests."""
    p_values = []
    for seed in range(6):
        rng = np.random.default_rng(seed)
        person, form = np.repeat(np.arange(150), 3), pd.Series(np.tile(["self", "peer", "peer"], 150))
        trait = 0.6 * rng.normal(size=150)[person] + 0.8 * rng.normal(size=450) + 0.4 * (form == "self").to_numpy()
        unique = 0.7 * rng.normal(size=(150, 7))[person] + 0.7 * rng.normal(size=(450, 7))
        latent = LOADINGS * trait[:, None] + np.sqrt(1 - LOADINGS**2) * unique
        items = pd.DataFrame(np.searchsorted(CUTS, latent) + 1.0).rename(columns=str)
        p_values.extend(ordinal_dif(items, form, clusters=pd.Series(person), rule=ONCE).table["p_total"])
    assert (np.array(p_values) < 0.05).sum() <= 7


# What cannot be tested is named


def test_category_that_a_group_never_uses_is_no_obstacle() -> None:
    items, groups = draw(9)
    items.loc[(groups == "g1") & (items["q1"] == 1), "q1"] = 2
    result = ordinal_dif(items, groups)
    assert result.untested == ()
    assert np.isfinite(columns(result.table, "statistic")).all()


def test_category_used_by_nobody_of_a_group_but_one_is_tested_and_flagged() -> None:
    items, groups = draw(10)
    items.loc[groups == "g1", "q1"] = 5
    result = ordinal_dif(items, groups, matching="rest", rule=ONCE)
    row = result.table.loc["q1"]
    assert row[["status", "estimation", "flagged"]].tolist() == ["flagged", "penalised likelihood", True]
    assert row["note"] == "every answer of g1 is the same"
    assert np.isfinite(columns(result.table, "statistic")).all()
    effect = result.effects.set_index("item").loc["q1"]
    assert 0 < effect["lower"] < effect["signed"] < effect["upper"]


def test_nothing_to_match_on_leaves_every_item_untested_with_the_reason() -> None:
    items, groups = draw(10)
    items.loc[groups == "g1"] = 5
    result = ordinal_dif(items, groups, matching="rest")
    assert result.untested == tuple(items.columns)
    assert (result.table["status"] == "untested").all()
    assert (result.table["reason"] == "constant score").all()
    assert not result.table["anchor"].any()
    assert result.power.empty


def test_separation_by_the_score_is_refused_by_the_maximiser() -> None:
    with pytest.raises(ConvergenceError, match="separates the categories"):
        fit_cumulative(np.array([0, 0, 0, 1, 1, 1]), np.array([[1.0], [2], [3], [4], [5], [6]]))


def test_constant_item_is_named_and_no_anchor() -> None:
    items, groups = draw(11)
    result = ordinal_dif(items.assign(q1=4), groups)
    assert result.untested == ("q1",)
    assert result.table.loc["q1", ["status", "reason", "flagged", "anchor"]].tolist() == [
        "untested", "constant", False, False,
    ]  # fmt: skip
    with pytest.raises(InputShapeError, match="no curves for item q1"):
        result.expected_scores("q1")


def test_repeated_item_is_named() -> None:
    items, groups = draw(12)
    result = ordinal_dif(items.assign(q1=items["q2"]), groups, rule=ONCE)
    assert any("q1, q2 all but determine" in note for note in result.notes)


def test_small_groups_and_missing_groups_are_left_out_with_a_note() -> None:
    items, groups = draw(13, (200, 200, 20))
    groups.iloc[:5] = np.nan
    result = ordinal_dif(items, groups)
    assert result.notes[:2] == (
        "5 persons without a group or without answers left out",
        "groups of fewer than 50 persons left out: g2",
    )
    assert result.groups.to_dict() == {"g1": 200, "g0": 195}
    assert result.n_persons == 395


def test_too_few_anchors_stop_the_purification_and_say_so() -> None:
    items, groups = draw(14, (600, 600), shift={"q1": 1.0, "q2": 1.0})
    result = ordinal_dif(items, groups, rule=DifRule(minimum_anchors=6))
    assert {"q1", "q2"} <= set(result.flagged)
    assert result.table["anchor"].all()
    assert any("not purified further and keeps q1" in note for note in result.notes)


def test_rounds_end_at_the_cap_and_say_so() -> None:
    items, groups = draw(15, (600, 600), shift={"q1": 1.0})
    result = ordinal_dif(items, groups, rule=DifRule(maximum_rounds=1))
    assert not result.stable
    capped = ordinal_dif(items, groups, rule=DifRule(maximum_rounds=2))
    assert capped.stable
    assert len(capped.rounds) == 2


def test_given_scores_are_used_and_not_purified() -> None:
    items, groups = draw(16, shift={"q1": 1.0})
    scores = items.mean(axis=1)
    given = ordinal_dif(items, groups, matching=scores)
    total = ordinal_dif(items, groups, matching="total", rule=ONCE)
    close(columns(given.table, "statistic"), columns(total.table, "statistic"), LIKELIHOOD)
    assert given.matching == "given"
    assert given.table["anchor"].all()
    assert any("were given" in note for note in given.notes)


def test_scales_are_matched_each_on_its_own_items() -> None:
    one, groups = draw(17)
    two = draw(18)[0].rename(columns=lambda name: f"r{name}")
    both = ordinal_dif(pd.concat([one, two], axis=1), groups, {item: item[0] for item in [*one, *two]}, rule=ONCE)
    alone = ordinal_dif(two, groups, rule=ONCE)
    close(columns(both.table.loc[two.columns], "p"), columns(alone.table, "p"), LIKELIHOOD)
    assert both.to_frame()["scale"].tolist() == ["q"] * 7 + ["r"] * 7


def test_size_follows_nagelkerke() -> None:
    rule = DifRule()
    assert [rule.classify(change) for change in (0.034, 0.035, 0.07, np.nan)] == ["negligible", "moderate", "large", ""]


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"matching": "mean"}, InputShapeError, "matching must be one of trait, rest, total"),
        ({"reference": "x"}, InputShapeError, "reference 'x' is no group in use; these are: g0 300, g1 300"),
        ({"rule": DifRule(minimum_size=400)}, TooFewPersonsError, "fewer than two groups have 400 persons"),
        ({"rule": DifRule(minimum_anchors=7)}, InputShapeError, r"too few items that vary: all \(7\)"),
        ({"clusters": pd.Series([1, 2] * 300)}, TooFewPersonsError, "2 clusters"),
        ({"clusters": pd.Series([1, 2])}, InputShapeError, "clusters must have the index of the responses"),
        ({"matching": pd.DataFrame({"x": [1.0]})}, InputShapeError, "lack the scales all"),
        ({"scales": {"q1": "a"}}, InputShapeError, "items without a scale"),
    ],
)
def test_bad_input_is_refused(arguments: dict[str, Any], error: type[Exception], message: str) -> None:
    items, groups = draw(19)
    with pytest.raises(error, match=message):
        ordinal_dif(items, groups, **arguments)


def test_other_rows_and_text_are_refused() -> None:
    items, groups = draw(20)
    with pytest.raises(InputShapeError, match="groups must have the index"):
        ordinal_dif(items, groups.iloc[::-1])
    with pytest.raises(CodingError, match="q1"):
        ordinal_dif(items.astype(object).assign(q1="often"), groups)


@pytest.mark.parametrize("rule", [{"alpha": 2}, {"moderate": 0.5, "large": 0.1}, {"minimum_size": 0}])
def test_senseless_rules_are_refused(rule: dict[str, float]) -> None:
    with pytest.raises(InputShapeError):
        DifRule(**rule)  # type: ignore[arg-type]
