"""Polychoric correlations against lavaan, published values, identities and refusals."""

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
from scipy.integrate import quad
from scipy.stats import norm

from psychometrics import ordinal
from psychometrics.errors import CodingError, ConstantItemError, InputShapeError, TooFewPersonsError
from psychometrics.ordinal import _bivariate as bivariate
from psychometrics.ordinal.clusters import ClusteredResponses

REFERENCE = Path(__file__).parent / "reference"
CLOSED_FORM = 1e-10
ITERATIVE = 1e-6  # the issue allows 1e-4; lavaan's own stopping rule leaves about 1e-7


@pytest.fixture(scope="module")
def lavaan() -> dict[str, Any]:
    results = json.loads((REFERENCE / "ordinal.json").read_text())["results"]
    return {name: entry["value"] for name, entry in results.items()}


@pytest.fixture(scope="module")
def bfi() -> pd.DataFrame:
    return pd.read_csv(REFERENCE / "data" / "bfi.csv").iloc[:, :25]


@pytest.fixture(scope="module")
def sim52() -> pd.DataFrame:
    return pd.read_csv(REFERENCE / "data" / "sim52_full.csv").filter(regex=r"^C\d_")


@pytest.fixture(scope="module")
def mixed(bfi: pd.DataFrame) -> pd.DataFrame:
    items = bfi[["A2", "A3", "C1", "E4", "N2"]].copy()
    items["N2"] = (items["N2"] > 3).astype(float).where(items["N2"].notna())
    items["E4"] = items["E4"].clip(upper=4)
    return items


@pytest.fixture(scope="module")
def sparse() -> pd.DataFrame:
    table = np.array([[12, 3, 0, 0], [5, 20, 6, 0], [0, 7, 25, 4], [0, 0, 3, 15]])
    return people(table)


def people(table: np.ndarray) -> pd.DataFrame:
    """One row a person from a two-way table."""
    rows, columns = np.indices(table.shape)
    return pd.DataFrame({"a": rows.ravel().repeat(table.ravel()), "b": columns.ravel().repeat(table.ravel())})


def above(result: ordinal.Polychoric) -> np.ndarray:
    return result.correlations.to_numpy()[np.triu_indices(len(result.correlations), 1)]


def listed(thresholds: pd.Series) -> dict[str, float]:
    return {f"{item}|t{number}": value for (item, number), value in thresholds.items()}


@pytest.mark.parametrize(("missing", "suffix", "persons"), [("listwise", "", 2436), ("pairwise", "_pairwise", 2800)])
def test_polychoric_and_thresholds_match_lavaan_on_bfi(
    bfi: pd.DataFrame, lavaan: dict[str, Any], missing: Any, suffix: str, persons: int
) -> None:
    result = ordinal.polychoric(bfi, missing=missing)
    assert result.n_used == persons
    np.testing.assert_allclose(above(result), lavaan[f"polychoric_bfi{suffix}"], atol=ITERATIVE)
    expected = lavaan[f"thresholds_bfi{suffix}"]
    assert listed(result.thresholds) == pytest.approx(expected, abs=CLOSED_FORM)


def test_polychoric_matches_lavaan_on_52_sparse_items(sim52: pd.DataFrame, lavaan: dict[str, Any]) -> None:
    result = ordinal.polychoric(sim52)
    np.testing.assert_allclose(above(result), lavaan["polychoric_sim52"], atol=ITERATIVE)


def test_polychoric_matches_lavaan_on_a_sparse_table(sparse: pd.DataFrame, lavaan: dict[str, Any]) -> None:
    assert above(ordinal.polychoric(sparse))[0] == pytest.approx(lavaan["polychoric_sparse"], abs=1e-5)


def test_empty_cell_of_a_fourfold_table_matches_lavaan(lavaan: dict[str, Any]) -> None:
    result = ordinal.polychoric(people(np.array([[30, 12], [0, 18]])))
    assert above(result)[0] == pytest.approx(lavaan["tetrachoric_empty_cell"], abs=ITERATIVE)


@pytest.mark.parametrize(("missing", "suffix"), [("listwise", ""), ("pairwise", "_pairwise")])
def test_asymptotic_covariance_matches_lavaan(
    mixed: pd.DataFrame, lavaan: dict[str, Any], missing: Any, suffix: str
) -> None:
    expected = lavaan[f"gamma_mixed{suffix}"]
    covariance = ordinal.polychoric(mixed, missing=missing, covariance=True).asymptotic_covariance
    assert covariance is not None
    assert list(covariance.index) == expected["names"]
    size = len(covariance)
    entries = covariance.to_numpy()[np.triu_indices(size)]
    np.testing.assert_allclose(entries, expected["lower"], atol=ITERATIVE)


def test_tetrachoric_of_median_splits_is_the_sine_formula() -> None:
    # Sheppard (1899): with both thresholds at zero, rho = sin(2 pi (p11 - 1/4)).
    result = ordinal.polychoric(people(np.array([[40, 10], [10, 40]])))
    assert above(result)[0] == pytest.approx(np.sin(2 * np.pi * (0.4 - 0.25)), abs=CLOSED_FORM)


@pytest.mark.parametrize("rho", [-0.995, -0.8, -0.2, 0.0, 0.5, 0.92, 0.985, 0.9999])
def test_bivariate_normal_matches_adaptive_integration(rho: float) -> None:
    grid = np.array([[-2.4, -0.7, 0.1, 1.9, bivariate.BEYOND]])
    found = bivariate.distribution(grid, grid, np.array([rho]))[0]
    for row, a in enumerate(grid[0]):
        for column, b in enumerate(grid[0]):
            edge = min(a, 9.0)
            expected, _ = quad(
                lambda x, b=b: norm.pdf(x) * norm.cdf((b - rho * x) / np.sqrt(1 - rho**2)),
                -9.0,
                edge,
                epsabs=1e-13,
                limit=400,
                points=[p for p in (b / rho if rho else 0.0,) if -9.0 < p < edge],
            )
            assert found[row, column] == pytest.approx(expected, abs=1e-9)


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10_000))
def test_reversing_an_item_reverses_its_correlations(seed: int) -> None:
    generator = np.random.default_rng(seed)
    latent = correlated_normals(generator, 0.5 * np.eye(3) + 0.5, 150)
    codes = pd.DataFrame(np.digitize(latent, [-1.0, -0.2, 0.6]), columns=["a", "b", "c"])
    plain = ordinal.polychoric(codes).correlations
    turned = ordinal.polychoric(codes.assign(b=3 - codes["b"])).correlations
    sign = np.array([1.0, -1.0, 1.0])
    np.testing.assert_allclose(turned, plain * np.outer(sign, sign), atol=1e-8)


def test_order_of_items_and_persons_does_not_matter(bfi: pd.DataFrame) -> None:
    items = bfi.iloc[:400, :6]
    plain = ordinal.polychoric(items, missing="pairwise").correlations
    moved = ordinal.polychoric(items.sample(frac=1, random_state=1)[items.columns[::-1]], missing="pairwise")
    np.testing.assert_allclose(moved.correlations.loc[plain.index, plain.columns], plain, atol=1e-9)


def test_pairwise_equals_listwise_on_complete_data(bfi: pd.DataFrame) -> None:
    complete = bfi.dropna().iloc[:300, :5]
    one = ordinal.polychoric(complete, missing="listwise", covariance=True)
    other = ordinal.polychoric(complete, missing="pairwise", covariance=True)
    np.testing.assert_array_equal(one.correlations, other.correlations)
    np.testing.assert_array_equal(one.asymptotic_covariance, other.asymptotic_covariance)


@pytest.mark.repeated
def test_standard_errors_cover_the_simulated_truth() -> None:
    # Variance over samples against the mean estimated variance: chi-square on 199 df, 99.9 % limits.
    generator = np.random.default_rng(7)
    found = []
    for _ in range(200):
        latent = correlated_normals(generator, [[1.0, 0.5], [0.5, 1.0]], 400)
        codes = pd.DataFrame(np.digitize(latent, [-0.8, 0.3, 1.0]), columns=["a", "b"])
        frame = ordinal.polychoric(codes, covariance=True).to_frame()
        found.append((frame["correlation"][0], frame["standard_error"][0]))
    estimates, errors = np.array(found).T
    assert abs(estimates.mean() - 0.5) < 4 * errors.mean() / np.sqrt(200)
    assert 0.70 < estimates.var(ddof=1) / np.mean(errors**2) < 1.37


def test_tables_report_empty_cells_and_unused_categories() -> None:
    codes = people(np.array([[12, 3, 0], [5, 20, 6], [0, 7, 25]])).assign(c=lambda x: x["a"] * 2)
    result = ordinal.polychoric(codes + 1)
    pair = result.tables.set_index(["item_1", "item_2"]).loc[("a", "b")]
    assert (pair["n"], pair["empty_cells"]) == (78, 2)
    assert result.tables["at_limit"].tolist() == [False, True, False]
    assert "c never received category 2; its thresholds skip it." in result.notes
    assert any("a and c is at its limit" in note for note in result.notes)


def test_smoothing_happens_on_request_only_and_is_said() -> None:
    generator = np.random.default_rng(3)
    codes = pd.DataFrame(generator.integers(0, 2, size=(9, 8)), columns=list("abcdefgh"))
    plain = ordinal.polychoric(codes)
    assert plain.smallest_eigenvalue < 0 and not plain.smoothed
    assert "left as estimated" in plain.notes[-1]
    smooth = ordinal.polychoric(codes, smooth=True)
    assert smooth.smoothed and "smoothed" in smooth.notes[-1]
    assert np.linalg.eigvalsh(smooth.correlations)[0] > 0
    np.testing.assert_allclose(np.diag(smooth.correlations), 1.0)


def test_nearest_correlation_matches_higham() -> None:
    # Higham (2002), section 4: the matrix with ones beside the diagonal and zeros in the corners.
    matrix = np.array([[1.0, 1.0, 0.0], [1.0, 1.0, 1.0], [0.0, 1.0, 1.0]])
    nearest = ordinal.nearest_correlation(matrix, smallest=0.0)
    expected = [[1.0, 0.7607, 0.1573], [0.7607, 1.0, 0.7607], [0.1573, 0.7607, 1.0]]
    np.testing.assert_allclose(nearest, expected, atol=5e-5)


@pytest.mark.parametrize(
    ("frame", "error", "says"),
    [
        (pd.DataFrame({"a": [1, 2, 1], "b": [3, 3, 3]}), ConstantItemError, "b"),
        (pd.DataFrame({"a": [1, 2.5, 1], "b": [1, 2, 3]}), CodingError, "no whole numbers: a"),
        (
            pd.DataFrame({"a": ["x", "y", "x"], "b": [1, 2, 3]}),
            CodingError,
            "item a holds values that are not numbers",
        ),
        (pd.DataFrame({"a": range(30), "b": [1, 2] * 15}), CodingError, "more than 20 categories: a"),
        (pd.DataFrame({"a": [1, 2, 3]}), InputShapeError, "at least 2 items"),
        (pd.DataFrame([[1, 2], [2, 1]], columns=["a", "a"]), InputShapeError, "repeated items: a"),
        (pd.DataFrame({"a": [1, np.nan], "b": [np.nan, 2]}), TooFewPersonsError, "0 of 2"),
    ],
)
def test_bad_responses_are_refused_by_name(frame: pd.DataFrame, error: type[Exception], says: str) -> None:
    with pytest.raises(error, match=says):
        ordinal.polychoric(frame)


def test_items_never_answered_together_are_refused() -> None:
    apart = pd.DataFrame({"a": [1, 2, 1, 2, np.nan, np.nan], "b": [np.nan] * 4 + [1, 2], "c": [1, 2, 2, 1, 1, 2]})
    with pytest.raises(TooFewPersonsError, match="a and b"):
        ordinal.polychoric(apart, missing="pairwise")


def test_unknown_missing_rule_is_refused(bfi: pd.DataFrame) -> None:
    with pytest.raises(CodingError, match="'listwise' or 'pairwise'"):
        ordinal.polychoric(bfi, missing="fiml")  # type: ignore[arg-type]


# Resampled clusters


def test_matrices_of_drawn_clusters_are_those_of_their_rows() -> None:
    rng = np.random.default_rng(8)
    latent = rng.normal(size=(160, 1)) + rng.normal(size=(160, 4))
    answers = pd.DataFrame(np.digitize(latent, [-1, 0, 1]).astype(float), columns=list("abcd"))
    answers = answers.mask(rng.random(answers.shape) < 0.1)
    clusters = pd.Series(np.repeat(list("uvwxyz"), [30, 40, 20, 30, 39, 1]))
    answers.iloc[159] = np.nan
    # A category that one cluster alone uses, and an item on which another cluster does not vary.
    answers.loc[clusters == "u", "a"] = answers.loc[clusters == "u", "a"].replace({1.0: 7.0})
    answers.loc[clusters == "v", "b"] = 2.0
    tables = ClusteredResponses.of(answers, clusters)
    drawn = np.vstack(
        [np.ones(6), [0, 1, 1, 2, 1, 1], [2, 0, 0, 1, 0, 3], [0, 2, 0, 0, 0, 4], rng.integers(0, 3, (6, 6))]
    )
    for counts, matrix in zip(drawn, tables.correlations(drawn), strict=True):
        numbers = counts.astype(int)[pd.factorize(clusters)[0]]
        rows = answers.loc[answers.index.repeat(numbers)].reset_index(drop=True)
        if counts.tolist() == [0, 2, 0, 0, 0, 4]:
            assert matrix is None
            with pytest.raises(ConstantItemError):
                ordinal.polychoric(rows, missing="pairwise")
            continue
        np.testing.assert_allclose(matrix, ordinal.polychoric(rows, missing="pairwise").correlations, atol=1e-10)
