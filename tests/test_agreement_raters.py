"""Agreement within groups and reliability of raters against multilevel, psych and lme4, identities, refusals."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from agreement_data import ITEMS, close, peer_ratings, rating_tables, read, reference_values
from hypothesis import given, settings
from hypothesis import strategies as st

from psychometrics import agreement
from psychometrics.errors import ConstantItemError, InputShapeError, PsychometricsError

MIXED = 1e-6  # mixed models are held to 1e-4; lme4 leaves about 1e-8


@pytest.fixture(scope="module")
def r() -> dict[str, Any]:
    return reference_values()


@pytest.fixture(scope="module")
def anxiety() -> pd.DataFrame:
    return read("irr_anxiety")


@pytest.fixture(scope="module")
def peers() -> pd.DataFrame:
    return peer_ratings()


@pytest.fixture(scope="module")
def tables() -> dict[str, pd.DataFrame]:
    return rating_tables()


# Within-group agreement


@pytest.fixture(scope="module")
def complete(peers: pd.DataFrame) -> pd.DataFrame:
    return peers.dropna(subset=ITEMS)


def check_groups(result: agreement.WithinGroupAgreement, column: str, theirs: dict[str, Any], name: str) -> None:
    table = result.to_frame()
    assert table["group"].astype(str).tolist() == [str(g) for g in theirs["grpid"]]
    expected = np.array([np.nan if v is None else v for v in theirs[name]], dtype=float)
    close(table[column].where(table["n"] > 1), np.where(table["n"] > 1, expected, np.nan))


@pytest.mark.parametrize(("null", "name"), [("uniform", "rwg_j"), ("slight_skew", "rwg_j_skew")])
def test_rwg_j_matches_multilevel(null: str, name: str, peers: pd.DataFrame, r: dict[str, Any]) -> None:
    result = agreement.rwg_j(peers[ITEMS], peers["ratee"], 5, null)
    check_groups(result, "rwg_j", r[name], "rwg.j")
    assert result.n_dropped == peers[ITEMS].isna().any(axis=1).sum()
    assert result.n_single + result.n_groups == len(result.table) == 299


def test_r_star_matches_multilevel(peers: pd.DataFrame, r: dict[str, Any]) -> None:
    check_groups(agreement.rwg_j(peers[ITEMS], peers["ratee"], 5), "r_star_wg", r["r_star"], "rwg.lindell")


def test_rwg_matches_multilevel(complete: pd.DataFrame, r: dict[str, Any]) -> None:
    check_groups(agreement.rwg(complete["C1_01"], complete["ratee"], 5), "rwg", r["rwg"], "rwg")


@pytest.mark.parametrize("about", ["mean", "median"])
def test_average_deviation_matches_multilevel(about: Any, peers: pd.DataFrame, r: dict[str, Any]) -> None:
    result = agreement.average_deviation(peers[ITEMS], peers["ratee"], about)
    check_groups(result, "average_deviation", r[f"ad_{about}"], "AD.M")


def test_null_variances_are_the_printed_ones() -> None:
    """LeBreton & Senter (2008), table 2."""
    names = {"uniform": 2.00, "slight_skew": 1.34, "moderate_skew": 0.90, "heavy_skew": 0.44}
    for name, printed in names.items():
        close(agreement.null_variance(5, name), printed)
    close(agreement.null_variance(7), 4.0)
    close(agreement.null_variance(3, [0.25, 0.5, 0.25]), 0.5)


def test_rwg_j_grows_with_items_and_r_star_does_not() -> None:
    one = pd.DataFrame({"a": [1, 2, 4, 5, 3, 3]})
    many = pd.concat([one["a"]] * 12, axis=1, keys=[f"i{k}" for k in range(12)])
    group = pd.Series([1, 1, 1, 2, 2, 2])
    short, long = (agreement.rwg_j(x, group, 5, negative="keep").to_frame() for x in (one, many))
    close(short["r_star_wg"], long["r_star_wg"])
    assert short["rwg_j"].iloc[1] < 0.4 and long["rwg_j"].iloc[1] > 0.85


def test_resets_are_counted_and_may_be_refused() -> None:
    values, group = pd.Series([1, 5, 1, 5, 3, 3.0]), pd.Series(["x", "x", "x", "x", "y", "y"])
    reset = agreement.rwg(values, group, 5)
    kept = agreement.rwg(values, group, 5, negative="keep")
    assert (reset.n_reset, kept.n_reset) == (1, 0)
    close([reset.table["rwg"][0], kept.table["rwg"][0]], [0, 1 - (16 / 3) / 2])
    assert "set to 0" in reset.notes[0]


def test_one_rater_each_is_said() -> None:
    result = agreement.rwg(pd.Series([1.0, 2, 3]), pd.Series(["a", "b", "c"]), 5)
    assert result.n_groups == 0
    assert np.isnan(result.mean)
    assert "no group has two raters" in result.notes[0]


def test_within_group_refusals(peers: pd.DataFrame) -> None:
    with pytest.raises(PsychometricsError, match="slight_skew' with 7 categories"):
        agreement.null_variance(7, "slight_skew")
    with pytest.raises(PsychometricsError, match="add up to 1"):
        agreement.null_variance(3, [0.5, 0.5, 0.5])
    with pytest.raises(PsychometricsError, match="above zero"):
        agreement.null_variance(5, 0.0)
    with pytest.raises(PsychometricsError, match="'mode'"):
        agreement.average_deviation(peers[ITEMS], peers["ratee"], "mode")  # type: ignore[arg-type]
    with pytest.raises(InputShapeError, match="complete on every item"):
        agreement.rwg_j(peers[ITEMS] * np.nan, peers["ratee"], 5)


# Intraclass correlations


@pytest.mark.parametrize(("name", "file"), [("sf", "shrout_fleiss"), ("anx", "irr_anxiety"), ("vid", "irr_video")])
def test_icc_matches_psych(name: str, file: str, r: dict[str, Any]) -> None:
    table, expected = agreement.icc(read(file)).to_frame(), r[f"icc_{name}"]
    assert table["form"].tolist() == expected["type"]
    theirs = ["ICC", "lower bound", "upper bound", "F", "df1", "df2", "p"]
    close(table[["estimate", "lower", "upper", "F", "df1", "df2", "p"]], np.transpose([expected[n] for n in theirs]))


def test_icc_is_shrout_and_fleiss_printed_example() -> None:
    """Shrout & Fleiss (1979), table 4."""
    result = agreement.icc(read("shrout_fleiss"))
    assert result.table["estimate"].round(2).tolist() == [0.17, 0.29, 0.71, 0.44, 0.62, 0.91]


def test_icc_mixed_equals_anova_on_complete_ratings(anxiety: pd.DataFrame) -> None:
    close(agreement.icc(anxiety, "mixed").table["estimate"], agreement.icc(anxiety).table["estimate"], MIXED)


@pytest.mark.parametrize("holes", [False, True])
def test_icc_components_match_lmer(holes: bool, anxiety: pd.DataFrame, r: dict[str, Any]) -> None:
    ratings = anxiety.astype(float)
    if holes:
        for row, column in [(0, 0), (4, 1), (8, 2), (8, 0), (13, 1)]:
            ratings.iloc[row, column] = np.nan
    result = agreement.icc(ratings, "mixed")
    expected = r["crossed_anx_missing" if holes else "crossed_anx"]
    close(result.variance_components["variance"], [expected["s"], expected["r"], expected["Residual"]], MIXED)
    assert result.n_subjects == 20


def test_icc_keeps_people_that_listwise_deletion_loses(tables: dict[str, pd.DataFrame]) -> None:
    whole = agreement.icc(tables["peers"], "mixed")
    few = agreement.icc(tables["peers"], missing="drop")
    assert (whole.n_subjects, whole.n_dropped) == (300, 0)
    assert few.n_subjects < 150
    assert few.notes[-1] == f"{few.n_dropped} incomplete subjects left out"


def test_icc_negative_components_are_kept_and_noted() -> None:
    result = agreement.icc(pd.DataFrame([[1, 5, 3], [5, 1, 3], [3, 3, 2.0], [2, 4, 3]]))
    assert result.estimate("ICC3") < 0
    assert "subject: negative variance component" in result.notes


def test_icc_refusals(anxiety: pd.DataFrame) -> None:
    holed = anxiety.astype(float).mask(anxiety == 6)
    with pytest.raises(InputShapeError, match="lack a rating; use method='mixed'"):
        agreement.icc(holed)
    with pytest.raises(ConstantItemError, match="all ratings are alike"):
        agreement.icc(anxiety * 0 + 2)
    with pytest.raises(ConstantItemError, match="agree on every subject exactly"):
        agreement.icc(pd.DataFrame({"a": [1, 2, 3], "b": [1, 2, 3]}))
    with pytest.raises(InputShapeError, match="needs two of each"):
        agreement.icc(anxiety[["rater1"]])


def test_icc1_by_mean_size_matches_multilevel(peers: pd.DataFrame, r: dict[str, Any]) -> None:
    result = agreement.icc1(peers["C1"], peers["ratee"], "anova_mean_size")
    expected = r["icc_groups_aov"]
    close([result.icc1, result.icc2], [expected["ICC1"], expected["ICC2"]])
    close([result.between, result.within], expected["ms"])


def test_icc1_mixed_matches_lmer_and_its_profile(peers: pd.DataFrame, r: dict[str, Any]) -> None:
    result = agreement.icc1(peers["C1"], peers["ratee"], "mixed")
    expected, profile = r["icc_groups_lmer"], r["icc_groups_profile"]
    close([result.between, result.within], [expected["tau00"], expected["sigma2"]], MIXED)
    close([result.icc1_lower, result.icc1_upper], [profile["lower"], profile["upper"]], MIXED)


def test_the_three_icc1_agree_on_equal_groups() -> None:
    generator = np.random.default_rng(2)
    group = pd.Series(np.repeat(np.arange(30), 4))
    y = pd.Series(generator.standard_normal(30)[group] + generator.standard_normal(120))
    results = [agreement.icc1(y, group, m) for m in ("anova_mean_size", "anova_n0", "mixed")]
    close([x.icc1 for x in results], [results[0].icc1] * 3, MIXED)
    close([x.icc2 for x in results], [results[0].icc2] * 3, MIXED)
    wide = pd.DataFrame(y.to_numpy().reshape(30, 4))
    one_way = agreement.icc(wide).table.set_index("form").loc["ICC1", ["estimate", "lower", "upper"]]
    close([results[0].icc1, results[0].icc1_lower, results[0].icc1_upper], one_way)


@pytest.mark.parametrize("method", ["anova_n0", "mixed"])
@pytest.mark.repeated
def test_icc1_interval_covers_at_the_nominal_rate_with_unequal_groups(method: Any) -> None:
    """One peer's reliability .37 (Conway & Huffcutt 1997), two to six peers each."""
    generator, draws, hits = np.random.default_rng(4), 150, 0
    group = pd.Series(np.repeat(np.arange(80), generator.integers(2, 7, 80)))
    for _ in range(draws):
        person = generator.standard_normal(80)[group]
        y = pd.Series(np.sqrt(0.37) * person + np.sqrt(0.63) * generator.standard_normal(len(group)))
        result = agreement.icc1(y, group, method)
        hits += result.icc1_lower <= 0.37 <= result.icc1_upper
    assert abs(hits / draws - 0.95) < 3 * np.sqrt(0.95 * 0.05 / draws)


def test_icc1_says_when_groups_do_not_differ() -> None:
    y, group = pd.Series([1, 5, 2, 4, 3, 3.0]), pd.Series(["a", "a", "b", "b", "c", "c"])
    assert agreement.icc1(y, group, "anova_n0").icc1 == pytest.approx(-1)
    assert "negative" in agreement.icc1(y, group, "anova_n0").notes[0]
    assert agreement.icc1(y, group, "mixed").icc1 == 0
    assert "singular fit" in agreement.icc1(y, group, "mixed").notes[0]


def test_icc1_refusals(peers: pd.DataFrame) -> None:
    with pytest.raises(InputShapeError, match="a group with two members"):
        agreement.icc1(peers["C1"], pd.Series(peers.index, peers.index))
    with pytest.raises(ConstantItemError, match="does not vary"):
        agreement.icc1(peers["C1"] * 0, peers["ratee"])
    with pytest.raises(ConstantItemError, match="never differ"):
        agreement.icc1(pd.Series([1, 1, 2, 2.0]), pd.Series([1, 1, 2, 2]))
    with pytest.raises(PsychometricsError, match="'lmer' is not known"):
        agreement.icc1(peers["C1"], peers["ratee"], "lmer")  # type: ignore[arg-type]


# Number of raters


def test_decision_study_follows_spearman_brown() -> None:
    result = agreement.decision_study(0.37, 0.30, 0.44, n_raters=[1, 4, 15])
    close(result.curve["reliability"], [0.37, 4 * 0.37 / (1 + 3 * 0.37), 15 * 0.37 / (1 + 14 * 0.37)])
    assert result.needed["n_raters"].tolist() == [4, 7]
    assert result.needed["n_raters_lower"].tolist() == [3, 6]
    assert result.needed["n_raters_upper"].tolist() == [6, 10]


@settings(max_examples=50, deadline=None)
@given(st.floats(0.02, 0.95), st.floats(0.5, 0.95))
def test_raters_needed_is_the_first_that_reaches_the_target(single: float, target: float) -> None:
    k = agreement.decision_study(single, targets=[target], n_raters=[1]).needed["n_raters"].item()
    curve = agreement.decision_study(single, n_raters=[max(int(k) - 1, 1), int(k)]).curve["reliability"]
    assert curve[1] >= target - 1e-9
    assert k == 1 or curve[0] < target


def test_unreliable_raters_never_suffice() -> None:
    result = agreement.decision_study(0.2, -0.05, 0.4)
    assert result.needed["n_raters_upper"].isna().all()
    never = agreement.decision_study(-0.1).needed
    assert never["n_raters"].isna().all()
    assert (never["note"] == "no number of raters reaches it").all()
    assert np.isnan(agreement.decision_study(0.2).needed["n_raters_upper"]).all()
    with pytest.raises(PsychometricsError, match="must be below 1"):
        agreement.decision_study(1.0)


# Generalisability


def nested(
    generator: np.random.Generator, n_raters: np.ndarray, variances: dict[str, float]
) -> tuple[pd.DataFrame, pd.Series]:
    """Ratings of persons by their own raters on six items, with known variance components."""
    person = np.repeat(np.arange(len(n_raters)), n_raters)
    items, n = 6, len(person)
    draw = {name: np.sqrt(value) for name, value in variances.items()}
    x = draw["person"] * generator.standard_normal(len(n_raters))[person][:, None]
    x = x + draw["rater"] * generator.standard_normal((n, 1)) + draw["item"] * generator.standard_normal((1, items))
    x = x + draw["both"] * generator.standard_normal((len(n_raters), items))[person]
    x = x + draw["residual"] * generator.standard_normal((n, items))
    return pd.DataFrame(x), pd.Series(person)


def test_generalisability_matches_lmer_on_balanced_ratings(complete: pd.DataFrame, r: dict[str, Any]) -> None:
    place = complete.groupby("ratee").cumcount()
    enough = complete.groupby("ratee")["rater"].transform("size") >= 3
    balanced = complete[(place < 3) & enough]
    result = agreement.generalisability_study(balanced[ITEMS], balanced["ratee"])
    expected = [r["generalisability_balanced"][name] for name in ("p", "r", "i", "p:i", "Residual")]
    close(result.components["variance"], expected, MIXED)
    assert (result.mean_raters, result.effective_raters) == (3, 3)


def test_generalisability_recovers_known_components_with_unequal_raters() -> None:
    generator = np.random.default_rng(12)
    truth = {"person": 0.30, "rater": 0.20, "item": 0.05, "both": 0.06, "residual": 0.40}
    draws = []
    for _ in range(60):
        ratings, persons = nested(generator, generator.integers(1, 7, 150), truth)
        draws.append(agreement.generalisability_study(ratings, persons).components["variance"].to_numpy())
    mean, error = np.mean(draws, axis=0), np.std(draws, axis=0, ddof=1) / np.sqrt(60)
    assert (np.abs(mean - list(truth.values())) < 3.5 * error).all()


def test_one_item_mean_generalises_as_icc1_says(complete: pd.DataFrame) -> None:
    """With items fixed, the reliability of one rater's scale mean is ICC(1) of that mean."""
    study = agreement.generalisability_study(complete[ITEMS], complete["ratee"])
    single = study.decision_study([1])["reliability"].item()
    close(single, agreement.icc1(complete[ITEMS].mean(axis=1), complete["ratee"], "anova_n0").icc1)
    needed = study.raters_needed([0.7, 0.8])["n_raters"].tolist()
    assert needed == agreement.decision_study(single).needed["n_raters"].tolist()


def test_random_items_set_a_ceiling_that_raters_cannot_lift() -> None:
    truth = {"person": 0.1, "rater": 0.1, "item": 0.1, "both": 0.8, "residual": 0.1}
    study = agreement.generalisability_study(*nested(np.random.default_rng(1), np.full(300, 4), truth))
    needed = study.raters_needed([0.8], items="random").iloc[0]
    assert np.isnan(needed["n_raters"])
    assert needed["note"] == "no number of raters reaches it"
    assert np.isfinite(study.raters_needed([0.8], items="fixed")["n_raters"].item())


def test_generalisability_bootstrap_is_reproducible_and_holds_the_estimate(complete: pd.DataFrame) -> None:
    first, again = (
        agreement.generalisability_study(complete[ITEMS], complete["ratee"], n_resamples=200, seed=3).components
        for _ in range(2)
    )
    pd.testing.assert_frame_equal(first, again)
    assert ((first["lower"] < first["variance"]) & (first["variance"] < first["upper"])).all()


def test_generalisability_refusals(complete: pd.DataFrame) -> None:
    with pytest.raises(InputShapeError, match="no person has two complete raters"):
        agreement.generalisability_study(complete[ITEMS], pd.Series(complete.index, complete.index))
    with pytest.raises(InputShapeError, match="two of each are needed"):
        agreement.generalisability_study(complete[ITEMS[:1]], complete["ratee"])
    with pytest.raises(ConstantItemError, match="all ratings are alike"):
        agreement.generalisability_study(complete[ITEMS] * 0 + 4, complete["ratee"])
    study = agreement.generalisability_study(complete[ITEMS], complete["ratee"])
    with pytest.raises(PsychometricsError, match="'fixed' or 'random'"):
        study.decision_study(items="mixed")
