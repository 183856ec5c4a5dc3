"""Coefficients of rater agreement against irr, irrCAC, psych and vcd, published examples, identities, refusals."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from agreement_data import close, rating_tables, read, reference_values
from hypothesis import given, settings
from hypothesis import strategies as st

from psychometrics import agreement
from psychometrics.errors import CodingError, ConstantItemError, InputShapeError, PsychometricsError

PRINTED = 6e-6  # irrCAC rounds coefficient and standard error to five digits


@pytest.fixture(scope="module")
def r() -> dict[str, Any]:
    return reference_values()


@pytest.fixture(scope="module")
def anxiety() -> pd.DataFrame:
    return read("irr_anxiety")


@pytest.fixture(scope="module")
def diagnoses() -> pd.DataFrame:
    return read("irr_diagnoses")


@pytest.fixture(scope="module")
def units() -> pd.DataFrame:
    return read("krippendorff_units")


@pytest.fixture(scope="module")
def tables() -> dict[str, pd.DataFrame]:
    return rating_tables()


# Kappas


@pytest.mark.parametrize(("weights", "irr"), [("none", "unweighted"), ("linear", "equal"), ("quadratic", "squared")])
def test_cohen_kappa_matches_irr_and_vcd(weights: Any, irr: str, anxiety: pd.DataFrame, r: dict[str, Any]) -> None:
    result = agreement.cohen_kappa(anxiety["rater1"], anxiety["rater2"], weights)
    close(result.estimate, r[f"kappa2_{irr}"])
    close([result.estimate, result.standard_error], r["kappa_ci_vcd"][weights])
    close(result.upper - result.estimate, 1.959963984540054 * result.standard_error)


def test_cohen_kappa_of_text_matches_psych(diagnoses: pd.DataFrame, r: dict[str, Any]) -> None:
    close(agreement.cohen_kappa(diagnoses["rater1"], diagnoses["rater2"]).estimate, r["kappa_dia"])


def test_cohen_kappa_is_cohens_1960_example() -> None:
    """Cohen (1960), table 2: proportions .44 .07 .09 / .05 .20 .05 / .01 .03 .06, p_o = .70, p_e = .41, n = 200."""
    cells = {(1, 1): 88, (1, 2): 14, (1, 3): 18, (2, 1): 10, (2, 2): 40, (2, 3): 10, (3, 1): 2, (3, 2): 6, (3, 3): 12}
    rows = [pair for pair, count in cells.items() for _ in range(count)]
    table = pd.DataFrame(rows, columns=["a", "b"])
    result = agreement.cohen_kappa(table["a"], table["b"])
    assert round(result.estimate, 3) == 0.492
    assert (result.observed, round(result.expected, 2)) == (pytest.approx(0.70), 0.41)


def test_cohen_kappa_drops_and_counts_half_rated_subjects(anxiety: pd.DataFrame) -> None:
    holed = anxiety["rater1"].mask(anxiety.index < 3)
    result = agreement.cohen_kappa(holed, anxiety["rater2"], categories=[1, 2, 3, 4, 5, 6])
    assert result.n_subjects == 17
    assert result.notes == ("3 subjects without both ratings left out",)


def test_fleiss_kappa_matches_irr(diagnoses: pd.DataFrame, anxiety: pd.DataFrame, r: dict[str, Any]) -> None:
    close(agreement.fleiss_kappa(diagnoses).estimate, r["fleiss_dia"])
    close(agreement.fleiss_kappa(anxiety).estimate, r["fleiss_anx"])


def test_fleiss_kappa_is_fleiss_1971_example(diagnoses: pd.DataFrame) -> None:
    result = agreement.fleiss_kappa(diagnoses)
    assert (round(result.observed, 3), round(result.expected, 3), round(result.estimate, 3)) == (0.556, 0.220, 0.430)


def test_conger_kappa_matches_irr(diagnoses: pd.DataFrame, r: dict[str, Any]) -> None:
    close(agreement.conger_kappa(diagnoses).estimate, r["conger_dia"])


@pytest.mark.parametrize("weights", ["none", "linear", "quadratic"])
def test_conger_of_two_raters_is_cohen(weights: Any, anxiety: pd.DataFrame) -> None:
    two = anxiety[["rater1", "rater2"]]
    cohen = agreement.cohen_kappa(two["rater1"], two["rater2"], weights)
    close(agreement.conger_kappa(two, weights).estimate, cohen.estimate)


@pytest.mark.parametrize("table", ["krippendorff", "anxiety", "peers"])
@pytest.mark.parametrize("weights", ["none", "linear", "quadratic", "ordinal"])
def test_gwet_fleiss_and_agreement_match_irrcac(
    weights: Any, table: str, tables: dict[str, pd.DataFrame], r: dict[str, Any]
) -> None:
    functions = {
        "gwet": agreement.gwet_ac2, "fleiss": agreement.fleiss_kappa, "pa": agreement.percent_agreement,
    }  # fmt: skip
    for name, function in functions.items():
        result = function(tables[table], weights)
        expected = r[f"cac_{name}_{'unweighted' if weights == 'none' else weights}_{table}"]
        close([result.observed, result.expected], [expected["pa"], expected["pe"]])
        close([result.estimate, result.standard_error], [expected["coeff.val"], expected["coeff.se"]], PRINTED)


def test_ac1_is_ac2_without_weights(units: pd.DataFrame) -> None:
    close(agreement.gwet_ac1(units).estimate, agreement.gwet_ac2(units, "none").estimate)


def test_ac1_survives_the_kappa_paradox() -> None:
    """Feinstein & Cicchetti (1990): 118 agree on yes, 5 and 2 disagree, none agree on no."""
    pairs = [("yes", "yes")] * 118 + [("yes", "no")] * 5 + [("no", "yes")] * 2
    table = pd.DataFrame(pairs, columns=["a", "b"])
    assert round(agreement.cohen_kappa(table["a"], table["b"]).estimate, 3) == -0.023
    assert round(agreement.gwet_ac1(table).estimate, 2) == 0.94


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10_000))
def test_raters_may_change_places_and_categories_may_be_renamed(seed: int) -> None:
    x = pd.DataFrame(np.random.default_rng(seed).integers(1, 5, (12, 4)))
    renamed = x.replace({1: "w", 2: "x", 3: "y", 4: "z"})
    for function in (agreement.fleiss_kappa, agreement.gwet_ac1, agreement.conger_kappa):
        value = function(x).estimate
        close(function(x[[3, 1, 0, 2]]).estimate, value)
        close(function(renamed).estimate, value)


def test_full_agreement_is_one() -> None:
    table = pd.DataFrame({"a": [1, 2, 3, 1], "b": [1, 2, 3, 1], "c": [1, 2, np.nan, 1]})
    for function in (agreement.fleiss_kappa, agreement.gwet_ac1, agreement.conger_kappa, agreement.percent_agreement):
        close(function(table).estimate, 1)


def test_unused_categories_change_gwet_but_not_fleiss(anxiety: pd.DataFrame) -> None:
    wider = list(range(1, 8))
    assert agreement.gwet_ac1(anxiety, wider).estimate != pytest.approx(agreement.gwet_ac1(anxiety).estimate)
    close(agreement.fleiss_kappa(anxiety, categories=wider).estimate, agreement.fleiss_kappa(anxiety).estimate)


def test_kappa_refusals(anxiety: pd.DataFrame) -> None:
    with pytest.raises(InputShapeError, match="at least two raters"):
        agreement.fleiss_kappa(anxiety[["rater1"]])
    with pytest.raises(ConstantItemError, match="every rating is 4"):
        agreement.fleiss_kappa(anxiety * 0 + 4)
    with pytest.raises(CodingError, match="ratings 6 are not among the categories 1, 2"):
        agreement.gwet_ac1(anxiety, [1, 2, 3, 4, 5])
    with pytest.raises(InputShapeError, match="no subject has two ratings"):
        agreement.fleiss_kappa(pd.DataFrame({"a": [1, np.nan], "b": [np.nan, 2]}))
    with pytest.raises(PsychometricsError, match="'cubic' are not known"):
        agreement.agreement_weights([1, 2, 3], "cubic")  # type: ignore[arg-type]
    with pytest.raises(PsychometricsError, match="symmetric"):
        agreement.agreement_weights([1, 2], np.array([[1, 0.5], [0, 1]]))
    with pytest.raises(PsychometricsError, match=r"must be \(3, 3\)"):
        agreement.agreement_weights([1, 2, 3], np.eye(2))
    with pytest.raises(ConstantItemError, match="one and the same category"):
        agreement.cohen_kappa(anxiety["rater1"] * 0 + 2, anxiety["rater2"] * 0 + 2, categories=[1, 2])
    with pytest.raises(InputShapeError, match="same index"):
        agreement.cohen_kappa(anxiety["rater1"], anxiety["rater2"][::-1])
    with pytest.raises(InputShapeError, match="rater 2"):
        agreement.conger_kappa(anxiety.assign(rater2=np.nan))


# Krippendorff


@pytest.mark.parametrize("metric", ["nominal", "ordinal", "interval", "ratio"])
def test_krippendorff_matches_irr_on_incomplete_ratings(
    metric: Any, tables: dict[str, pd.DataFrame], r: dict[str, Any]
) -> None:
    for table in ("krippendorff", "peers"):
        if (expected := r.get(f"kripp_{metric}_{table}")) is not None:
            close(agreement.krippendorff_alpha(tables[table], metric, n_resamples=0).estimate, expected)


@pytest.mark.parametrize(
    ("metric", "printed"), [("nominal", 0.743), ("ordinal", 0.815), ("interval", 0.849), ("ratio", 0.797)]
)
def test_krippendorff_is_the_2011_example(metric: Any, printed: float, units: pd.DataFrame) -> None:
    assert round(agreement.krippendorff_alpha(units, metric, n_resamples=0).estimate, 3) == printed


def test_krippendorff_interval_is_reproducible_and_holds_the_estimate(units: pd.DataFrame) -> None:
    first = agreement.krippendorff_alpha(units, seed=5, n_resamples=300)
    again = agreement.krippendorff_alpha(units, seed=5, n_resamples=300)
    assert first == again or (first.lower, first.upper) == (again.lower, again.upper)
    assert first.lower < first.estimate < first.upper


def test_krippendorff_interval_covers_the_value_of_many_subjects() -> None:
    generator, draws = np.random.default_rng(8), 40

    def sample(n: int) -> pd.DataFrame:
        true = generator.standard_normal((n, 1))
        return pd.DataFrame(np.clip(np.round(true + generator.standard_normal((n, 3)) + 3), 1, 5))

    target = agreement.krippendorff_alpha(sample(40_000), "interval", n_resamples=0).estimate
    hits = 0
    for _ in range(draws):
        result = agreement.krippendorff_alpha(sample(80), "interval", n_resamples=200)
        hits += result.lower <= target <= result.upper
    # The percentile bootstrap is somewhat liberal at n = 80: three standard errors below .93.
    assert hits / draws > 0.93 - 3 * np.sqrt(0.93 * 0.07 / draws)


def test_krippendorff_refusals(diagnoses: pd.DataFrame, units: pd.DataFrame) -> None:
    with pytest.raises(PsychometricsError, match="interval metric needs numeric"):
        agreement.krippendorff_alpha(diagnoses, "interval")
    with pytest.raises(PsychometricsError, match="categories in order"):
        agreement.krippendorff_alpha(diagnoses, "ordinal")
    with pytest.raises(PsychometricsError, match="'circular' is not known"):
        agreement.krippendorff_alpha(units, "circular")  # type: ignore[arg-type]
