"""Reliability against psych, lavaan and semTools; identities, recovery and refusals."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from draws import correlated_normals
from hypothesis import given, settings
from hypothesis import strategies as st

from psychometrics import reliability
from psychometrics.errors import (
    CodingError,
    ConstantItemError,
    InputShapeError,
    ModelError,
    TooFewPersonsError,
)

REFERENCE = Path(__file__).parent / "reference"
CLOSED_FORM = 1e-10
ITERATIVE = 1e-4
# lavaan stops its search at about 1e-6 of a loading, this package's at less
ESTIMATED = 1e-5
SETS = ["agree", "neuroticism", "c1"]


@pytest.fixture(scope="module")
def r_values() -> dict[str, Any]:
    results = json.loads((REFERENCE / "reliability.json").read_text())["results"]
    return {name: entry["value"] for name, entry in results.items()}


@pytest.fixture(scope="module")
def bfi() -> pd.DataFrame:
    return pd.read_csv(REFERENCE / "data" / "bfi.csv").iloc[:, :25]


@pytest.fixture(scope="module")
def scales(bfi: pd.DataFrame) -> dict[str, pd.DataFrame]:
    sim = pd.read_csv(REFERENCE / "data" / "sim52.csv")
    return {
        "agree": bfi.iloc[:, :5].assign(A1=7 - bfi["A1"]),
        "neuroticism": bfi.iloc[:, 15:20],
        "c1": sim.filter(regex="^C1_"),
    }


@pytest.fixture(scope="module")
def whole(bfi: pd.DataFrame) -> dict[str, pd.DataFrame]:
    reversed_items = ["A1", "C4", "C5", "E1", "E2", "O2", "O5"]
    keyed = bfi.assign(**{item: 7 - bfi[item] for item in reversed_items}).dropna()
    return {"bfi": keyed, "sim52": pd.read_csv(REFERENCE / "data" / "sim52_full.csv").filter(regex=r"^C\d_")}


def competency(frame: pd.DataFrame) -> dict[str, str]:
    return {item: item.split("_")[0] if "_" in item else item[0] for item in frame}


def close(values: Any, expected: Any, tolerance: float = CLOSED_FORM) -> None:
    np.testing.assert_allclose(np.asarray(values, float), np.asarray(expected, float), atol=tolerance, rtol=0)


@pytest.mark.parametrize("name", SETS)
def test_alpha_matches_psych(scales: dict[str, pd.DataFrame], r_values: dict[str, Any], name: str) -> None:
    result, expected = reliability.cronbach_alpha(scales[name]), r_values[f"alpha_{name}"]
    close(result.raw, expected["raw"])
    close(result.standardised, expected["standardised"])
    close(result.mean_inter_item, expected["mean_r"])
    close([result.lower, result.upper], [expected["lower"], expected["upper"]])
    close(reliability.alpha_if_dropped(scales[name]), expected["dropped"])
    assert result.n_persons == len(scales[name].dropna())


@pytest.mark.parametrize("name", SETS)
def test_pairwise_alpha_matches_psych(scales: dict[str, pd.DataFrame], r_values: dict[str, Any], name: str) -> None:
    frame, expected = scales[name], r_values[f"alpha_pairwise_{name}"]
    result = reliability.cronbach_alpha(frame, missing="pairwise")
    close(result.raw, expected["raw"])
    close(result.standardised, expected["standardised"])
    close(reliability.alpha_if_dropped(frame, missing="pairwise"), expected["dropped"])
    # psych's interval takes all rows as n; this package's the smallest number who answered both items of a pair
    close(reliability.feldt_interval(result.raw, len(frame), frame.shape[1]), [expected["lower"], expected["upper"]])
    assert len(frame.dropna()) < result.n_persons < len(frame)


@pytest.mark.parametrize("name", SETS)
def test_ordinal_alpha_matches_psych_on_lavaan_correlations(
    scales: dict[str, pd.DataFrame], r_values: dict[str, Any], name: str
) -> None:
    close(reliability.ordinal_alpha(scales[name]).raw, r_values[f"ordinal_alpha_{name}"], 1e-7)


def test_feldt_interval_counts_complete_rows_only() -> None:
    # 12 rows of which 9 are complete: the interval that belongs to n = 9, not to n = 12
    generator = np.random.default_rng(4)
    frame = pd.DataFrame(generator.normal(size=(12, 1)) + generator.normal(size=(12, 4)))
    frame.iloc[[1, 5, 7], [0, 2, 3]] = np.nan
    result = reliability.cronbach_alpha(frame)
    assert result.n_persons == 9
    close([result.lower, result.upper], reliability.feldt_interval(result.raw, 9, 4))
    with_all_rows = reliability.feldt_interval(result.raw, 12, 4)
    assert result.lower < with_all_rows[0]


@pytest.mark.parametrize("name", SETS)
def test_omega_matches_semtools(scales: dict[str, pd.DataFrame], r_values: dict[str, Any], name: str) -> None:
    result, expected = reliability.omega_total(scales[name]), r_values[f"omega_{name}"]
    close(result.omega, expected["table"]["omega"], ESTIMATED)
    close(result.omega_observed, expected["table"]["omega3"], ESTIMATED)
    close(result.loadings, list(expected["loadings"].values()), ESTIMATED)


@pytest.mark.parametrize("name", SETS)
def test_categorical_omega_matches_semtools(
    scales: dict[str, pd.DataFrame], r_values: dict[str, Any], name: str
) -> None:
    result, expected = reliability.omega_categorical(scales[name]), r_values[f"omega_categorical_{name}"]
    close(result.omega, expected["ordinal_scale_implied"], 1e-6)
    close(result.omega_observed, expected["ordinal_scale"], 1e-6)
    close(result.omega_latent, expected["latent_scale"], 1e-6)
    close(result.loadings, list(expected["loadings"].values()), ESTIMATED)
    close(reliability.average_variance_extracted(result.loadings), expected["ave"], 1e-6)


@pytest.mark.parametrize("name", ["bfi", "sim52"])
def test_composite_reliability_and_ave_match_semtools(
    whole: dict[str, pd.DataFrame], r_values: dict[str, Any], name: str
) -> None:
    frame, expected = whole[name], r_values[f"composite_{name}"]
    members = competency(frame)
    loadings = pd.DataFrame(0.0, index=frame.columns, columns=expected["latent"])
    for item, scale in members.items():
        spread = np.sqrt(expected["factor_variances"][f"f{scale}"])
        loadings.loc[item, f"f{scale}"] = expected["unstandardised"][item] * spread
    residuals = pd.Series(expected["residuals"])
    covariances = frame.cov() * (len(frame) - 1) / len(frame)
    close(reliability.composite_reliability(loadings, residuals, covariances), expected["omega"], 1e-8)
    # lavaan's search ends before the implied variances of the items equal the observed ones
    close(reliability.average_variance_extracted(loadings, residuals), expected["ave"], ESTIMATED)


@pytest.mark.parametrize("name", ["bfi", "sim52"])
@pytest.mark.parametrize(("version", "key"), [(2, "htmt2"), (1, "htmt")])
def test_htmt_matches_semtools(
    whole: dict[str, pd.DataFrame], r_values: dict[str, Any], name: str, version: Any, key: str
) -> None:
    result = reliability.htmt(whole[name], competency(whole[name]), version)
    close(result.to_frame()["ratio"], r_values[f"{key}_{name}"]["lower"])


def test_omega_hierarchical_matches_psych(r_values: dict[str, Any]) -> None:
    sim = pd.read_csv(REFERENCE / "data" / "sim52.csv").filter(regex=r"^C\d_")
    result, expected = reliability.omega_hierarchical(sim, 8, missing="pairwise"), r_values["hierarchical_sim52"]
    close(result.omega_hierarchical, expected["omega_h"], ITERATIVE)
    close(result.omega_total, expected["omega_total"], ITERATIVE)
    close(result.explained_common_variance, expected["ecv"], ITERATIVE)
    close(result.loadings["general"], expected["general"], ITERATIVE)


def test_omega_hierarchical_matches_psych_after_its_reversals(
    whole: dict[str, pd.DataFrame], r_values: dict[str, Any]
) -> None:
    expected = r_values["hierarchical_bfi"]
    turned = [item.rstrip("-") for item in expected["items"] if item.endswith("-")]
    frame = whole["bfi"].assign(**{item: 7 - whole["bfi"][item] for item in turned})
    result = reliability.omega_hierarchical(frame, 5)
    close(result.omega_hierarchical, expected["omega_h"], ITERATIVE)
    close(result.omega_total, expected["omega_total"], ITERATIVE)
    close(result.explained_common_variance, expected["ecv"], ITERATIVE)


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(2, 7), st.floats(0.5, 20), st.floats(-5, 5))
def test_alpha_ignores_order_and_common_scale(seed: int, n_items: int, factor: float, shift: float) -> None:
    generator = np.random.default_rng(seed)
    frame = pd.DataFrame(generator.normal(size=(40, 1)) + generator.normal(size=(40, n_items)))
    straight = reliability.cronbach_alpha(frame)
    changed = reliability.cronbach_alpha((frame * factor + shift)[frame.columns[::-1]])
    close(changed.raw, straight.raw)
    close(changed.standardised, straight.standardised)
    close(changed.standard_error_of_measurement, factor * straight.standard_error_of_measurement, 1e-8)


def test_alpha_of_standard_scores_is_standardised_alpha(scales: dict[str, pd.DataFrame]) -> None:
    frame = scales["agree"].dropna()
    standard = (frame - frame.mean()) / frame.std()
    close(reliability.cronbach_alpha(standard).raw, reliability.cronbach_alpha(frame).standardised)


def test_omega_equals_alpha_for_equal_loadings_and_exceeds_it_otherwise() -> None:
    equal = np.full(5, 0.6)
    close(reliability.omega_of_loadings(equal), reliability.alpha_of_matrix(np.full((5, 5), 0.36) + 0.64 * np.eye(5)))
    unequal = np.array([0.3, 0.5, 0.6, 0.8, 0.9])
    matrix = np.outer(unequal, unequal)
    np.fill_diagonal(matrix, 1.0)
    assert reliability.omega_of_loadings(unequal) > reliability.alpha_of_matrix(matrix)


def test_omega_of_unstandardised_items_weights_by_their_spread() -> None:
    loadings, spread = np.array([0.5, 0.6, 0.7]), np.array([1.0, 2.0, 3.0])
    raw, residual = loadings * spread, (1 - loadings**2) * spread**2
    expected = raw.sum() ** 2 / (raw.sum() ** 2 + residual.sum())
    close(reliability.omega_of_loadings(loadings, spread), expected)


def test_omega_if_dropped_equals_omega_of_the_others(scales: dict[str, pd.DataFrame]) -> None:
    frame = scales["agree"].dropna()
    dropped = reliability.omega_if_dropped(frame)
    close(dropped["A2"], reliability.omega_total(frame.drop(columns="A2")).omega)
    close(dropped["A5"], reliability.omega_total(frame.drop(columns="A5")).omega)


def test_standard_error_of_measurement_is_the_error_part_of_the_sum(scales: dict[str, pd.DataFrame]) -> None:
    frame = scales["neuroticism"].dropna()
    result = reliability.cronbach_alpha(frame)
    total = frame.sum(axis=1)
    expected = reliability.standard_error_of_measurement(float(total.std(ddof=1)), result.raw)
    close(result.standard_error_of_measurement, expected)


@pytest.mark.parametrize("weights", [None, pd.Series({"a": 1.0, "b": 0.4, "c": 2.5})], ids=["a sum", "a weighted sum"])
def test_green_yang_of_two_categories_matches_simulation(weights: pd.Series | None) -> None:
    loadings = pd.Series([0.5, 0.7, 0.8], index=list("abc"))
    cuts = {"a": [-0.5], "b": [0.0, 1.0], "c": [-1.0, 0.2]}
    thresholds = pd.concat({item: pd.Series(values) for item, values in cuts.items()})
    implied = pd.DataFrame(np.outer(loadings, loadings), index=list("abc"), columns=list("abc"))
    implied = implied.where(~np.eye(3, dtype=bool), 1.0)
    coefficient = reliability.green_yang(loadings, thresholds, implied, weights)
    step = np.ones(3) if weights is None else weights.to_numpy()
    generator = np.random.default_rng(1)
    factor = generator.normal(size=(400_000, 1))
    # two parallel forms that share the factor only: their correlation is the reliability
    forms = []
    for _ in range(2):
        latent = factor * loadings.to_numpy() + np.sqrt(1 - loadings.to_numpy() ** 2) * generator.normal(
            size=(400_000, 3)
        )
        codes = [step[k] * np.digitize(latent[:, k], cuts[item]) for k, item in enumerate("abc")]
        forms.append(np.sum(codes, axis=0))
    # standard error of the correlation is about .001
    assert coefficient == pytest.approx(np.corrcoef(*forms)[0, 1], abs=0.004)


def test_bifactor_omega_of_known_loadings() -> None:
    general = pd.Series([0.6, 0.6, 0.5, 0.5], index=list("abcd"))
    group = pd.DataFrame({"x": [0.4, 0.4, 0, 0], "y": [0, 0, 0.5, 0.5]}, index=list("abcd"))
    result = reliability.bifactor_omega(general, group)
    unique = 2 * (1 - 0.36 - 0.16) + 2 * (1 - 0.25 - 0.25)
    variance = 2.2**2 + 0.8**2 + 1.0**2 + unique
    close(result.omega_hierarchical, 2.2**2 / variance)
    close(result.omega_total, 1 - unique / variance)
    close(result.explained_common_variance, 1.22 / (1.22 + 0.32 + 0.5))
    own = 1.2**2 + 0.8**2 + 2 * 0.48
    close(result.groups.loc["x"], [2, 1 - 0.96 / own, 1.44 / own, 0.64 / own])


def test_confirmatory_and_exploratory_hierarchical_omega_agree_on_a_clean_structure(
    whole: dict[str, pd.DataFrame],
) -> None:
    frame = whole["sim52"]
    exploratory = reliability.omega_hierarchical(frame, 8)
    confirmatory = reliability.omega_hierarchical(frame, scales=competency(frame))
    assert exploratory.model.startswith("Schmid-Leiman")
    assert confirmatory.model.startswith("bifactor model (ML")
    assert confirmatory.omega_total == pytest.approx(exploratory.omega_total, abs=0.01)
    assert confirmatory.omega_hierarchical == pytest.approx(exploratory.omega_hierarchical, abs=0.05)
    assert confirmatory.groups["n_items"].tolist() == [7, 7, 7, 7, 6, 6, 6, 6]


def test_htmt_estimates_the_correlation_of_congeneric_constructs() -> None:
    generator = np.random.default_rng(12)
    factors = correlated_normals(generator, [[1, 0.5], [0.5, 1]], 3000)
    weights = np.array([0.5, 0.6, 0.7, 0.8])
    latent = np.hstack([factors[:, [k]] * weights for k in range(2)])
    frame = pd.DataFrame(latent + np.sqrt(1 - np.tile(weights, 2) ** 2) * generator.normal(size=(3000, 8)))
    frame.columns = [f"{scale}{k}" for scale in "xy" for k in range(4)]
    result = reliability.htmt(frame, {item: item[0] for item in frame}, interval="bootstrap", n_resamples=100, seed=3)
    row = result.to_frame().iloc[0]
    # half a 95 % interval is about two standard errors: the truth lies within four of them
    assert abs(row["ratio"] - 0.5) < row["upper"] - row["lower"] < 0.15
    assert row["lower"] < row["ratio"] < row["upper"]


@pytest.mark.repeated
def test_feldt_interval_covers_at_its_nominal_rate() -> None:
    covered = 0
    truth = reliability.alpha_of_matrix(np.full((5, 5), 0.36) + 0.64 * np.eye(5))
    for seed in range(300):
        generator = np.random.default_rng(seed)
        frame = pd.DataFrame(0.6 * generator.normal(size=(60, 1)) + 0.8 * generator.normal(size=(60, 5)))
        result = reliability.cronbach_alpha(frame)
        covered += result.lower <= truth <= result.upper
    # 285 of 300 expected with standard error 3.8
    assert 270 <= covered <= 297


def test_bootstrap_interval_of_alpha_lies_near_feldts(scales: dict[str, pd.DataFrame]) -> None:
    frame = scales["agree"].dropna().head(400)
    feldt = reliability.cronbach_alpha(frame)
    drawn = reliability.cronbach_alpha(frame, interval="bootstrap", n_resamples=300, seed=1)
    close([drawn.lower, drawn.upper], [feldt.lower, feldt.upper], 0.03)
    assert drawn.interval == "bootstrap"
    omega = reliability.omega_total(frame, interval="bootstrap", n_resamples=60, seed=1)
    assert omega.lower < omega.omega < omega.upper
    ordinal = reliability.ordinal_alpha(frame, interval="bootstrap", n_resamples=40, seed=1)
    assert ordinal.lower < ordinal.raw < ordinal.upper


def test_bootstrap_interval_matches_psych(scales: dict[str, pd.DataFrame], r_values: dict[str, Any]) -> None:
    result = reliability.cronbach_alpha(
        scales["agree"], interval="bootstrap", missing="pairwise", n_resamples=400, seed=5
    )
    lower, _, upper = r_values["bootstrap_agree"]
    # tail quantiles of 400 and 1,000 resamples with standard deviation .010: standard error about .0015
    close([result.lower, result.upper], [lower, upper], 0.005)


def test_negative_loading_is_noted(bfi: pd.DataFrame) -> None:
    assert reliability.omega_total(bfi.iloc[:, :5]).notes == ("negative loadings: A1; check their keys",)


@pytest.mark.parametrize(
    ("frame", "error", "message"),
    [
        (pd.DataFrame({"a": [1, 2, 3]}), InputShapeError, "at least 2 items"),
        (pd.DataFrame({"a": [1, 2, 3], "b": [2, 2, 2]}), ConstantItemError, "constant items: b"),
        (pd.DataFrame({"a": [1, 2, 3], "b": ["x", "y", "z"]}), CodingError, "item b"),
        (pd.DataFrame({"a": [1, np.nan, 3], "b": [np.nan, 1, 2]}), TooFewPersonsError, "1 of 3 persons"),
        ([[1, 2], [3, 4]], InputShapeError, "must be a DataFrame"),
    ],
)
def test_alpha_refuses_what_it_cannot_use(frame: Any, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        reliability.cronbach_alpha(frame)


@pytest.mark.parametrize("option", [{"interval": "fisher"}, {"missing": "mean"}, {"confidence": 2.0}])
def test_unknown_options_are_refused(scales: dict[str, pd.DataFrame], option: dict[str, Any]) -> None:
    with pytest.raises(InputShapeError):
        reliability.cronbach_alpha(scales["agree"], **option)


def test_cross_loadings_and_empty_factors_are_refused() -> None:
    crossing = pd.DataFrame({"x": [0.5, 0.6, 0.1], "y": [0.0, 0.0, 0.7]}, index=list("abc"))
    with pytest.raises(ModelError, match="load on several factors: c"):
        reliability.composite_reliability(crossing)
    with pytest.raises(ModelError, match="factors without items: y"):
        reliability.average_variance_extracted(pd.DataFrame({"x": [0.5], "y": [0.0]}, index=["a"]))


def test_htmt_refuses_scales_of_one_item(bfi: pd.DataFrame) -> None:
    members = {"A1": "x", "A2": "x", "A3": "x", "A4": "y"}
    with pytest.raises(ModelError, match="scales of one item: y"):
        reliability.htmt(bfi[list(members)], members)


def test_hierarchical_omega_wants_one_model(bfi: pd.DataFrame) -> None:
    with pytest.raises(ModelError, match="either n_factors"):
        reliability.omega_hierarchical(bfi)


def test_impossible_reliability_is_refused() -> None:
    with pytest.raises(InputShapeError, match="is impossible"):
        reliability.standard_error_of_measurement(1.0, 1.2)


def test_omega_of_a_weighted_sum_goes_by_the_ratio_of_the_weights(scales: dict[str, pd.DataFrame]) -> None:
    """Weights all alike change nothing, and an item of weight 0 is not in the sum."""
    frame = scales["neuroticism"].dropna().iloc[:400]
    weights = pd.Series(1.0, frame.columns)
    weights.iloc[0] = 0.0
    without = reliability.omega_categorical(frame, weights=weights)
    whole, equal = reliability.omega_categorical(frame), reliability.omega_categorical(frame, weights=weights * 0 + 3.0)
    close(equal.omega, whole.omega)
    assert without.omega < whole.omega
