"""Adequacy and criteria for the number of factors against psych, glasso, igraph; recovery and refusals."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import joblib
import numpy as np
import pandas as pd
import pytest
from draws import correlated_normals

from psychometrics import dimensionality
from psychometrics.dimensionality import parallel
from psychometrics.dimensionality.criteria import _on_hull
from psychometrics.dimensionality.network import _block_diagonal, _equal_block_inverse, _graphical_lasso, _modularity
from psychometrics.dimensionality.parallel import _permuted_pearson, _structureless
from psychometrics.errors import (
    ConstantItemError,
    InputShapeError,
    ModelError,
    SingularMatrixError,
    TooFewPersonsError,
)
from psychometrics.ordinal import encode

REFERENCE = Path(__file__).parent / "reference"
CLOSED_FORM = 1e-10
ITERATIVE = 1e-4


@pytest.fixture(scope="module")
def r_values() -> dict[str, Any]:
    results = json.loads((REFERENCE / "dimensionality.json").read_text())["results"]
    return {name: entry["value"] for name, entry in results.items()}


@pytest.fixture(scope="module")
def data() -> dict[str, pd.DataFrame]:
    bfi = pd.read_csv(REFERENCE / "data" / "bfi.csv").iloc[:, :25].dropna()
    return {"bfi": bfi, "sim52": pd.read_csv(REFERENCE / "data" / "sim52_full.csv").filter(regex=r"^C\d_")}


def close(values: Any, expected: Any, tolerance: float = CLOSED_FORM) -> None:
    np.testing.assert_allclose(np.asarray(values, float), np.asarray(expected, float), atol=tolerance, rtol=0)


def symmetric(lower: list[float]) -> np.ndarray:
    """The matrix whose lower triangle, column by column, is given; zero diagonal."""
    size = int((1 + np.sqrt(1 + 8 * len(lower))) / 2)
    matrix = np.zeros((size, size))
    matrix.T[np.triu_indices(size, k=1)] = lower
    return matrix + matrix.T


def simulated(seed: int, n_factors: int, n_persons: int = 400, items_each: int = 5) -> pd.DataFrame:
    """Five-point items of correlated factors (.3) with loadings of .7."""
    generator = np.random.default_rng(seed)
    phi = np.full((n_factors, n_factors), 0.3) + 0.7 * np.eye(n_factors)
    factors = correlated_normals(generator, phi, n_persons)
    latent = 0.7 * np.repeat(factors, items_each, axis=1)
    latent = latent + np.sqrt(0.51) * generator.normal(size=latent.shape)
    codes = np.digitize(latent, [-1.5, -0.6, 0.3, 1.2]) + 1
    return pd.DataFrame(codes, columns=[f"i{k:02d}" for k in range(codes.shape[1])])


@pytest.mark.parametrize("name", ["bfi", "sim52"])
def test_kmo_matches_psych(data: dict[str, pd.DataFrame], r_values: dict[str, Any], name: str) -> None:
    result, expected = dimensionality.kmo(data[name]), r_values[f"kmo_{name}"]
    close(result.overall, expected["overall"])
    close(result.items, list(expected["items"].values()))
    close(result.to_frame()["kmo"].iloc[-1], expected["overall"])


def test_pairwise_kmo_matches_psych(r_values: dict[str, Any]) -> None:
    frame = pd.read_csv(REFERENCE / "data" / "bfi.csv").iloc[:, :25]
    result, expected = dimensionality.kmo(frame, missing="pairwise"), r_values["kmo_pairwise_bfi"]
    close(result.overall, expected["overall"])
    close(result.items, list(expected["items"].values()))
    assert len(frame.dropna()) < result.n_persons < len(frame)


@pytest.mark.parametrize("name", ["bfi", "sim52"])
def test_bartlett_matches_psych(data: dict[str, pd.DataFrame], r_values: dict[str, Any], name: str) -> None:
    result, expected = dimensionality.bartlett_sphericity(data[name]), r_values[f"bartlett_{name}"]
    assert result.chi_square == pytest.approx(expected["chisq"], rel=CLOSED_FORM)
    assert result.df == expected["df"]


@pytest.mark.parametrize("name", ["bfi", "sim52"])
def test_minimum_average_partial_matches_psych(
    data: dict[str, pd.DataFrame], r_values: dict[str, Any], name: str
) -> None:
    result = dimensionality.minimum_average_partial(data[name])
    expected = r_values[f"map_{name}"]["map"]
    close(result.squared.loc[1 : len(expected)], expected)
    assert result.n_factors == int(np.argmin(expected)) + 1
    correlations = data[name].corr().to_numpy()
    pairs = correlations[np.triu_indices(len(correlations), k=1)]
    close(result.squared.loc[0], np.mean(pairs**2))
    close(result.fourth_power.loc[0], np.mean(pairs**4))


@pytest.mark.parametrize(
    ("name", "method", "key"), [("bfi", "components", "pc"), ("bfi", "factors", "fa"), ("sim52", "components", "pc")]
)
def test_parallel_analysis_matches_psych(
    data: dict[str, pd.DataFrame], r_values: dict[str, Any], name: str, method: Any, key: str
) -> None:
    result = dimensionality.parallel_analysis(data[name], 60, method=method, permute=False, seed=1)
    expected = r_values[f"parallel_{name}"]
    close(result.observed, expected[key], ITERATIVE)
    assert result.n_factors == expected["ncomp" if key == "pc" else "nfact"]
    # the first reduced eigenvalue of random data varies by about .08, every other one by at most .02
    spread = np.full(len(result.mean), 0.02)
    spread[0] = 0.08 if key == "fa" else 0.02
    difference = np.abs(result.mean - np.array(expected[f"{key}_mean"]))
    assert (difference < 4 * spread * np.sqrt(1 / 60 + 1 / 100)).all()


def test_permutation_and_normal_data_agree_on_five_point_items(data: dict[str, pd.DataFrame]) -> None:
    normal = dimensionality.parallel_analysis(data["bfi"], 60, permute=False)
    permuted = dimensionality.parallel_analysis(data["bfi"], 60, permute=True)
    close(normal.mean, permuted.mean, 0.015)
    assert normal.n_factors == permuted.n_factors == 5


def test_parallel_analysis_does_not_depend_on_the_workers() -> None:
    frame = simulated(1, 2, 150)
    alone = dimensionality.parallel_analysis(frame, 20, seed=4)
    with joblib.parallel_config(backend="threading", n_jobs=3):
        spread = dimensionality.parallel_analysis(frame, 20, seed=4)
    pd.testing.assert_series_equal(alone.reference, spread.reference)
    other = dimensionality.parallel_analysis(frame, 20, seed=5)
    assert (alone.reference != other.reference).any()


def test_parallel_analysis_of_polychorics_keeps_missing_answers_pairwise() -> None:
    frame = simulated(3, 2, 300).astype(float)
    frame = frame.mask(np.random.default_rng(1).random(frame.shape) < 0.05)
    result = dimensionality.parallel_analysis(frame, 15, method="factors", correlation="polychoric", missing="pairwise")
    assert result.n_factors == 2
    assert result.n_failed == 0
    assert result.n_persons < 300


def test_empirical_kaiser_matches_the_formula_by_hand() -> None:
    frame = simulated(2, 2, 200, 3)
    result = dimensionality.empirical_kaiser(frame)
    roots = np.sort(np.linalg.eigvalsh(frame.corr()))[::-1]
    bound = (1 + np.sqrt(6 / 200)) ** 2
    close(result.reference.loc[1], bound)
    close(result.reference.loc[2], max((6 - roots[0]) / 5 * bound, 1))
    close(result.reference.loc[3], max((6 - roots[0] - roots[1]) / 4 * bound, 1))


def test_hull_without_factors_is_one_minus_kmo(data: dict[str, pd.DataFrame]) -> None:
    result = dimensionality.hull(data["bfi"], max_factors=3)
    close(result.table.loc[0, "fit"], 1 - dimensionality.kmo(data["bfi"]).overall)
    assert result.table["n_parameters"].tolist() == [25, 50, 74, 97]


def test_hull_keeps_the_upper_boundary_and_its_sharpest_elbow() -> None:
    table = pd.DataFrame({"fit": [0.0, 0.5, 0.55, 0.9, 0.89, 0.95], "n_parameters": [0, 10, 20, 30, 40, 50]})
    marked = _on_hull(table)
    assert marked["on_hull"].tolist() == [True, True, False, True, False, True]
    close(marked["st"], [np.nan, (0.5 / 10) / (0.4 / 20), np.nan, (0.4 / 20) / (0.05 / 20), np.nan, np.nan])


@pytest.mark.parametrize("name", ["bfi", "sim52"])
def test_graphical_lasso_matches_glasso(data: dict[str, pd.DataFrame], r_values: dict[str, Any], name: str) -> None:
    precision = _graphical_lasso(data[name].corr().to_numpy(), 0.1)
    assert precision is not None
    scale = np.sqrt(np.diag(precision))
    network = -precision / np.outer(scale, scale)
    np.fill_diagonal(network, 0.0)
    expected = symmetric(r_values[f"network_{name}"])
    close(network, expected, ITERATIVE)
    assert ((np.abs(network) > 1e-8) == (np.abs(expected) > 1e-8)).all()


@pytest.mark.parametrize("name", ["bfi", "sim52", "random"])
def test_walktrap_matches_igraph(r_values: dict[str, Any], name: str) -> None:
    expected = r_values[f"walktrap_{name}"]
    weights = symmetric(expected["weights"]) if name == "random" else np.abs(symmetric(r_values[f"network_{name}"]))
    labels = dimensionality.walktrap(weights)
    pairs = set(zip(labels.tolist(), expected["membership"], strict=True))
    assert len(pairs) == len(set(labels.tolist())) == len(set(expected["membership"]))
    close(_modularity(weights, labels), expected["modularity"])


def test_added_block_has_the_graphical_lasso_of_its_own() -> None:
    matrix = simulated(1, 1, 300).corr().to_numpy()
    block = np.full((4, 4), 0.5) + 0.5 * np.eye(4)
    alone = _graphical_lasso(matrix, 0.08)
    together = _graphical_lasso(_block_diagonal(matrix, block), 0.08)
    assert alone is not None
    close(_block_diagonal(alone, _equal_block_inverse(0.08)), together, ITERATIVE)


def test_exploratory_graph_analysis_finds_the_scales_of_bfi(data: dict[str, pd.DataFrame]) -> None:
    result = dimensionality.exploratory_graph_analysis(data["bfi"])
    assert result.n_factors == 5
    assert [group.nunique() for _, group in result.communities.groupby(lambda item: item[0])] == [1] * 5
    assert not result.unidimensional
    close(result.network, result.network.T)
    alone = dimensionality.exploratory_graph_analysis(data["bfi"].iloc[:, 15:20])
    assert (alone.n_factors, alone.unidimensional) == (1, True)


@pytest.mark.parametrize("n_factors", [1, 3])
def test_criteria_recover_simulated_dimensions(n_factors: int) -> None:
    missed: list[str] = []
    for seed in range(2):
        frame = simulated(seed, n_factors, 500, 6)
        table = dimensionality.retain_factors(frame, "pearson", n_iterations=20, seed=seed).to_frame()
        votes = table[table["settings"] != "no vote"]["n_factors"]
        assert len(votes) == 8
        missed.extend(votes.index[votes != n_factors])
    # parallel analysis of factors overextracts now and then (Auerswald & Moshagen 2019)
    assert len(missed) <= 2
    assert len(set(missed)) == len(missed)


def test_products_of_permuted_columns_give_the_eigenvalues_of_permuted_tables() -> None:
    frame = simulated(3, 2, 120).astype(float)
    streams = np.random.SeedSequence(4).spawn(3)
    quick = _permuted_pearson(frame.to_numpy(), ("components",), streams)
    for (roots,), stream in zip(quick, np.random.SeedSequence(4).spawn(3), strict=True):
        matrix = _structureless(frame, np.random.default_rng(stream), True).corr()
        close(roots, np.linalg.eigvalsh(matrix)[::-1])


def test_hull_prefers_the_solution_that_no_larger_one_betters() -> None:
    table = pd.DataFrame({"fit": [0.0, 0.4, 1.0, 1.0, 1.0], "n_parameters": [0, 10, 19, 27, 34]})
    marked = _on_hull(table)
    assert marked["unbeaten"].tolist() == [False, False, True, False, False]
    assert not marked["on_hull"].iloc[3:].any()


def test_structureless_data_have_no_component() -> None:
    frame = pd.DataFrame(np.random.default_rng(8).normal(size=(500, 10)))
    assert dimensionality.parallel_analysis(frame, 40).n_factors == 0
    assert dimensionality.empirical_kaiser(frame).n_factors == 0
    assert dimensionality.bartlett_sphericity(frame).p_value > 0.01


def test_retain_factors_equals_the_single_criteria() -> None:
    frame = simulated(6, 2, 300)
    result = dimensionality.retain_factors(frame, "polychoric", n_iterations=10, seed=2)
    table = result.to_frame()["n_factors"]
    single = dimensionality.parallel_analysis(frame, 10, seed=2, method="factors", correlation="polychoric")
    assert table["parallel analysis, factors"] == single.n_factors
    pd.testing.assert_series_equal(result.factors.reference, single.reference)
    partial = dimensionality.minimum_average_partial(frame, "polychoric")
    assert table["minimum average partial"] == partial.n_factors
    assert table["minimum average partial, revised"] == partial.n_factors_fourth
    largest = max(int(np.argmin(result.components.observed > result.components.mean)) + 1, 3)
    found = dimensionality.hull(frame, "polychoric", max_factors=largest).n_factors
    assert table["Hull, common part accounted for"] == found
    votes = table.drop("eigenvalues above one")
    assert (result.lowest, result.highest) == (votes.min(), votes.max())
    assert result.agree == (votes.min() == votes.max())


def test_disagreement_is_put_into_words(data: dict[str, pd.DataFrame]) -> None:
    result = dimensionality.retain_factors(data["bfi"], "pearson", n_iterations=10)
    assert not result.agree
    assert result.suggested == (5,)
    assert result.verdict.startswith("the criteria disagree, from 1 to 6; 5 of 8 suggest 5")


def test_criterion_without_solution_is_listed_with_its_problem() -> None:
    frame = simulated(1, 1, 200, 3)
    table = dimensionality.retain_factors(frame, "pearson", n_iterations=10).to_frame()
    assert pd.isna(table.loc["Hull, common part accounted for", "n_factors"])
    assert "items can carry" in table.loc["Hull, common part accounted for", "problem"]


def test_singular_matrix_is_refused_with_the_items(data: dict[str, pd.DataFrame]) -> None:
    frame = data["bfi"].iloc[:, :4].assign(total=data["bfi"].iloc[:, :4].sum(axis=1))
    for criterion in (
        dimensionality.kmo,
        dimensionality.bartlett_sphericity,
        dimensionality.minimum_average_partial,
        dimensionality.exploratory_graph_analysis,
    ):
        with pytest.raises(SingularMatrixError, match=r"items most involved: .*total"):
            criterion(frame)


def test_fewer_persons_than_items_are_refused(data: dict[str, pd.DataFrame]) -> None:
    with pytest.raises(SingularMatrixError, match="use more persons"):
        dimensionality.kmo(data["sim52"].head(40))


@pytest.mark.parametrize(
    "options",
    [
        {"n_iterations": 0},
        {"percentile": 101.0},
        {"method": "clusters"},
        {"correlation": "polychoric", "permute": False},
    ],
)
def test_impossible_parallel_settings_are_refused(data: dict[str, pd.DataFrame], options: dict[str, Any]) -> None:
    with pytest.raises(InputShapeError):
        dimensionality.parallel_analysis(data["bfi"], **options)


def test_impossible_hull_settings_are_refused(data: dict[str, pd.DataFrame]) -> None:
    with pytest.raises(ModelError, match="1 was asked for"):
        dimensionality.hull(data["bfi"], max_factors=1)
    with pytest.raises(InputShapeError, match="index must be"):
        dimensionality.hull(data["bfi"], index="rmsea")  # type: ignore[arg-type]


def test_constant_item_and_empty_listwise_data_are_refused(data: dict[str, pd.DataFrame]) -> None:
    with pytest.raises(ConstantItemError, match="constant items: A2"):
        dimensionality.kmo(data["bfi"].assign(A2=1))
    gaps = data["bfi"].head(4).astype(float)
    gaps.iloc[[0, 1, 2, 3], [0, 1, 2, 3]] = np.nan
    with pytest.raises(TooFewPersonsError, match="0 of 4 persons answered all 25 items"):
        dimensionality.parallel_analysis(gaps)


@pytest.mark.parametrize("missing", ["listwise", "pairwise"])
def test_permuted_categories_give_what_permuted_answers_give(missing: parallel.Missing) -> None:
    rng = np.random.default_rng(4)
    answers = pd.DataFrame(rng.integers(1, 6, (120, 5)).astype(float), columns=list("abcde"))
    answers["e"] = answers["e"].where(answers["e"] > 2, 2)
    answers = answers.mask(rng.random(answers.shape) < 0.1)
    used, _ = parallel.by_missing_rule(answers, missing, minimum_persons=3)
    streams = np.random.SeedSequence(7).spawn(3)
    methods: tuple[parallel.Reduction, ...] = ("components", "factors")
    slow = [
        parallel._eigenvalues(_structureless(used, np.random.default_rng(stream), True), "polychoric", missing, methods)
        for stream in streams
    ]
    quick = parallel._permuted_polychoric(encode(used, missing), methods, streams)
    np.testing.assert_array_equal(quick, slow)
