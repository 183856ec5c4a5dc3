"""Exploratory factor analysis against psych, factor_analyzer, identities, recovery and refusals."""

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

from psychometrics import efa
from psychometrics.errors import (
    ConstantItemError,
    InputShapeError,
    ModelError,
    SingularMatrixError,
    TooFewPersonsError,
)

REFERENCE = Path(__file__).parent / "reference"
CLOSED_FORM = 1e-10
ITERATIVE = 1e-4
FIT_INDEX = 1e-3

ROTATIONS = {"geominQ": "geomin"}
SOLUTIONS = [
    *[("bfi", "minres", r) for r in ("none", "oblimin", "promax", "varimax", "geominQ", "quartimin")],
    *[("bfi", "ml", r) for r in ("none", "oblimin", "promax", "varimax", "geominQ")],
    *[("sim52", "minres", r) for r in ("none", "oblimin", "promax", "varimax")],
    *[("sim52", "ml", r) for r in ("oblimin", "geominQ")],
]


@pytest.fixture(scope="module")
def psych() -> dict[str, Any]:
    results = json.loads((REFERENCE / "efa.json").read_text())["results"]
    return {name: entry["value"] for name, entry in results.items()}


@pytest.fixture(scope="module")
def data() -> dict[str, pd.DataFrame]:
    bfi = pd.read_csv(REFERENCE / "data" / "bfi.csv").iloc[:, :25].dropna()
    return {"bfi": bfi, "sim52": pd.read_csv(REFERENCE / "data" / "sim52_full.csv").filter(regex=r"^C\d_")}


def close(values: Any, expected: Any, tolerance: float) -> None:
    np.testing.assert_allclose(np.asarray(values, float), np.asarray(expected, float), atol=tolerance, rtol=0)


def target(reference: dict[str, Any], part: str = "loadings") -> pd.DataFrame:
    return pd.DataFrame(reference[part], index=reference["items"], dtype=float)


def order_and_sign(solution: efa.EfaResult, reference: dict[str, Any]) -> tuple[list[int], np.ndarray]:
    """Which factor of the solution is which of the reference's, and its sign."""
    congruence = efa.tucker_congruence(target(reference), solution.pattern).to_numpy()
    order = np.argmax(np.abs(congruence), axis=1)
    assert sorted(order) == list(range(solution.n_factors))
    return order.tolist(), np.sign(congruence[np.arange(len(order)), order])


def compare_everything(solution: efa.EfaResult, reference: dict[str, Any], tolerance: float = ITERATIVE) -> None:
    order, signs = order_and_sign(solution, reference)
    close(solution.pattern.to_numpy()[:, order] * signs, reference["loadings"], tolerance)
    close(solution.structure.to_numpy()[:, order] * signs, reference["structure"], tolerance)
    phi = solution.factor_correlations.to_numpy()[np.ix_(order, order)]
    close(phi * np.outer(signs, signs), reference["phi"], tolerance)
    close(solution.communalities, reference["communality"], tolerance)
    close(np.sort(solution.variance_explained["sum_of_squares"]), np.sort(reference["sum_of_squares"]), 10 * tolerance)


@pytest.mark.parametrize(("name", "extraction", "rotation"), SOLUTIONS)
def test_solution_matches_psych(
    data: dict[str, pd.DataFrame], psych: dict[str, Any], name: str, extraction: Any, rotation: str
) -> None:
    n_factors = {"bfi": 5, "sim52": 8}[name]
    solution = efa.fit_efa(data[name], n_factors, "pearson", extraction, ROTATIONS.get(rotation, rotation))
    compare_everything(solution, psych[f"{name}.{extraction}.{rotation}"])
    assert solution.converged
    assert solution.notes == ()


@pytest.mark.parametrize(
    ("name", "extraction"), [("bfi", "minres"), ("bfi", "ml"), ("sim52", "minres"), ("sim52", "ml")]
)
def test_fit_matches_psych(data: dict[str, pd.DataFrame], psych: dict[str, Any], name: str, extraction: Any) -> None:
    fit = efa.fit_efa(data[name], {"bfi": 5, "sim52": 8}[name], "pearson", extraction, "oblimin").fit
    expected = psych[f"{name}.{extraction}.oblimin"]["fit"]
    assert fit.df == expected["df"]
    assert fit.chi_square == pytest.approx(expected["chi_square"], rel=1e-5)
    assert fit.null_chi_square == pytest.approx(expected["null_chi_square"], rel=CLOSED_FORM)
    assert fit.bic == pytest.approx(expected["bic"], abs=0.01)
    for index in ("rmsr", "rmsr_corrected"):
        close(getattr(fit, index), expected[index], 1e-6)
    for index in ("rmsea", "rmsea_lower", "rmsea_upper", "tli"):
        close(getattr(fit, index), expected[index], FIT_INDEX)


@pytest.mark.parametrize("name", ["bfi", "sim52"])
def test_complexity_matches_psych(data: dict[str, pd.DataFrame], psych: dict[str, Any], name: str) -> None:
    solution = efa.fit_efa(data[name], {"bfi": 5, "sim52": 8}[name], "pearson")
    close(solution.complexity, psych[f"{name}.minres.oblimin"]["complexity"], 1e-3)


@pytest.mark.parametrize("name", ["bfi", "sim52"])
def test_polychoric_solution_matches_psych_on_lavaan_correlations(
    data: dict[str, pd.DataFrame], psych: dict[str, Any], name: str
) -> None:
    solution = efa.fit_efa(data[name], {"bfi": 5, "sim52": 8}[name])
    compare_everything(solution, psych[f"{name}.polychoric"])
    assert any("descriptive" in note for note in solution.notes)


@pytest.mark.filterwarnings("ignore:'force_all_finite' was renamed:FutureWarning")
@pytest.mark.parametrize("extraction", ["minres", "ml"])
def test_unrotated_loadings_match_factor_analyzer(data: dict[str, pd.DataFrame], extraction: Any) -> None:
    from factor_analyzer import FactorAnalyzer

    solution = efa.fit_efa(data["sim52"], 8, "pearson", extraction, "none")
    model = FactorAnalyzer(8, rotation=None, method=extraction, is_corr_matrix=True)
    theirs = pd.DataFrame(model.fit(data["sim52"].corr().to_numpy()).loadings_, index=solution.pattern.index)
    aligned, _ = efa.align_factors(theirs, solution.pattern)
    close(solution.pattern, aligned, ITERATIVE)


def test_principal_axis_matches_psych(data: dict[str, pd.DataFrame], psych: dict[str, Any]) -> None:
    solution = efa.fit_efa(data["bfi"], 5, "pearson", "principal_axis")
    compare_everything(solution, psych["bfi.pa.oblimin"])


def test_principal_components_match_psych(data: dict[str, pd.DataFrame], psych: dict[str, Any]) -> None:
    solution = efa.fit_efa(data["bfi"], 5, "pearson", "principal", "none")
    reference = psych["bfi.principal.none"]
    order, signs = order_and_sign(solution, reference)
    close(solution.pattern.to_numpy()[:, order] * signs, reference["loadings"], 1e-8)


def test_congruence_matches_psych(psych: dict[str, Any]) -> None:
    reference = psych["congruence"]
    close(
        efa.tucker_congruence(target(reference, "first"), target(reference, "second")), reference["congruence"], 1e-10
    )


def test_schmid_leiman_matches_psych(data: dict[str, pd.DataFrame], psych: dict[str, Any]) -> None:
    transformed = efa.schmid_leiman(efa.fit_efa(data["sim52"], 8, "pearson"))
    reference = psych["schmid_sim52"]
    close(transformed.general, reference["general"], ITERATIVE)
    aligned, _ = efa.align_factors(transformed.group, target(reference, "group"))
    close(aligned, reference["group"], ITERATIVE)
    close(1 - transformed.uniquenesses, reference["communality"], ITERATIVE)


def test_communalities_honour_factor_correlations(data: dict[str, pd.DataFrame]) -> None:
    solution = efa.fit_efa(data["bfi"], 5, "pearson")
    pattern, phi = solution.pattern.to_numpy(), solution.factor_correlations.to_numpy()
    close(solution.communalities, np.diag(pattern @ phi @ pattern.T), CLOSED_FORM)
    # the sum of squared pattern loadings, which factor_analyzer reports, is another number after oblique rotation
    assert np.abs(solution.communalities - (pattern**2).sum(axis=1)).max() > 0.05


@pytest.mark.parametrize("rotation", ["oblimin", "promax", "geomin", "varimax", "quartimax"])
def test_rotation_keeps_what_the_factors_reproduce(data: dict[str, pd.DataFrame], rotation: Any) -> None:
    rotated = efa.fit_efa(data["bfi"], 5, "pearson", "minres", rotation)
    unrotated = efa.fit_efa(data["bfi"], 5, "pearson", "minres", "none")
    close(rotated.residuals, unrotated.residuals, CLOSED_FORM)
    close(rotated.variance_explained["sum_of_squares"].sum(), rotated.communalities.sum(), CLOSED_FORM)
    close(rotated.structure, rotated.pattern @ rotated.factor_correlations, CLOSED_FORM)


def test_factors_have_one_order_and_sign(data: dict[str, pd.DataFrame]) -> None:
    solution = efa.fit_efa(data["bfi"], 5, "pearson")
    assert list(solution.pattern.columns) == ["F1", "F2", "F3", "F4", "F5"]
    assert (solution.pattern.sum() >= 0).all()
    assert solution.variance_explained["sum_of_squares"].is_monotonic_decreasing
    shuffled = efa.fit_efa(data["bfi"].sample(frac=1, axis=1, random_state=3), 5, "pearson")
    close(shuffled.pattern.loc[solution.pattern.index], solution.pattern, ITERATIVE)


@settings(max_examples=30, deadline=None)
@given(st.permutations(range(4)), st.lists(st.sampled_from([-1.0, 1.0]), min_size=4, max_size=4), st.integers(0, 999))
def test_alignment_undoes_permutation_and_reflection(order: list[int], signs: list[float], seed: int) -> None:
    values = np.random.default_rng(seed).normal(size=(12, 4))
    loadings = pd.DataFrame(values, index=[f"i{k}" for k in range(12)])
    moved = loadings[list(order)] * np.array(signs)
    aligned, congruence = efa.align_factors(moved.sample(frac=1, random_state=1), loadings)
    close(aligned, loadings, CLOSED_FORM)
    close(congruence, 1.0, CLOSED_FORM)


def test_salient_table_names_weak_simple_and_crossing_items() -> None:
    generator = np.random.default_rng(5)
    factors = generator.normal(size=(3000, 2))
    noise = generator.normal(size=(3000, 8))
    weights = np.array([[0.8, 0.0]] * 3 + [[0.0, 0.8]] * 3 + [[0.6, 0.6], [0.1, 0.0]])
    frame = pd.DataFrame(factors @ weights.T + 0.5 * noise, columns=[f"i{k}" for k in range(8)])
    frame["i7"] = 0.1 * factors[:, 0] + noise[:, 7]
    table = efa.fit_efa(frame, 2, "pearson").salient(0.4)
    assert table.loc["i6", "salient"] == "cross"
    assert table.loc["i7", "salient"] == "weak"
    assert (table.loc[["i0", "i1", "i2", "i3", "i4", "i5"], "salient"] == "simple").all()
    assert table.loc["i0", "factor"] == table.loc["i1", "factor"] != table.loc["i3", "factor"]
    assert sorted(table["n_salient"]) == [0, 1, 1, 1, 1, 1, 1, 2]


def test_simulated_structure_is_recovered() -> None:
    generator = np.random.default_rng(11)
    phi = np.array([[1.0, 0.4, 0.3], [0.4, 1.0, 0.2], [0.3, 0.2, 1.0]])
    truth = np.kron(np.eye(3), np.full((5, 1), 0.7))
    factors = correlated_normals(generator, phi, 4000)
    answers = factors @ truth.T + np.sqrt(1 - 0.49) * generator.normal(size=(4000, 15))
    names = [f"i{k}" for k in range(15)]
    solution = efa.fit_efa(pd.DataFrame(answers, columns=names), 3, "pearson")
    aligned, congruence = efa.align_factors(solution.pattern, pd.DataFrame(truth, index=names))
    # standard errors of the loadings are about .013 at n = 4,000; four of them for the largest of 45 entries
    close(aligned, truth, 0.055)
    assert congruence.min() > 0.995
    assert (
        np.abs(np.sort(solution.factor_correlations.to_numpy()[np.triu_indices(3, 1)]) - [0.2, 0.3, 0.4]).max() < 0.07
    )
    assert solution.fit.rmsea < 0.02


def test_solutions_that_must_agree_do() -> None:
    frame = pd.read_csv(REFERENCE / "data" / "bfi.csv").iloc[:, :25].dropna()
    agreement = efa.compare_solutions(frame, 5, ("minres",), ("oblimin", "quartimin", "promax"), "pearson")
    table = agreement.to_frame().set_index(["first", "second"])
    close(table.loc[("minres, oblimin", "minres, quartimin"), "lowest"], 1.0, 1e-8)
    assert agreement.lowest == table["lowest"].min() < 0.999
    assert len(agreement.solutions) == 3


def test_heywood_case_is_named() -> None:
    generator = np.random.default_rng(2)
    base = generator.normal(size=(200, 2))
    frame = pd.DataFrame(
        {
            "a": base[:, 0],
            "twin": base[:, 0] + 0.01 * generator.normal(size=200),
            "c": base[:, 1] + generator.normal(size=200),
            "d": base[:, 1] + generator.normal(size=200),
            "e": base[:, 1] + generator.normal(size=200),
        }
    )
    notes = efa.fit_efa(frame, 2, "pearson").notes
    assert any(note.startswith("Heywood case") and ("a" in note or "twin" in note) for note in notes)


def test_one_factor_needs_no_rotation(data: dict[str, pd.DataFrame]) -> None:
    solution = efa.fit_efa(data["bfi"].iloc[:, 15:20], 1, "pearson", "minres", "oblimin")
    assert solution.rotation == "none"
    assert solution.salient()["second_factor"].isna().all()
    close(solution.factor_correlations, [[1.0]], CLOSED_FORM)


@pytest.mark.parametrize(
    ("n_factors", "options", "message"),
    [
        (0, {}, "0 factors of 25 items are not identified"),
        (19, {}, "19 factors of 25 items are not identified"),
        (5, {"extraction": "alpha"}, "extraction must be one of minres"),
        (5, {"rotation": "procrustes"}, "rotation must be one of oblimin"),
    ],
)
def test_impossible_models_are_refused(
    data: dict[str, pd.DataFrame], n_factors: int, options: dict[str, Any], message: str
) -> None:
    with pytest.raises(ModelError, match=message):
        efa.fit_efa(data["bfi"], n_factors, "pearson", **options)


def test_unknown_correlation_is_refused(data: dict[str, pd.DataFrame]) -> None:
    with pytest.raises(InputShapeError, match="correlation must be 'pearson', 'spearman' or 'polychoric'"):
        efa.fit_efa(data["bfi"], 5, "kendall")  # type: ignore[arg-type]


def test_more_items_than_persons_are_refused(data: dict[str, pd.DataFrame]) -> None:
    with pytest.raises(TooFewPersonsError, match="20 persons answered 25 items"):
        efa.fit_efa(data["bfi"].head(20), 2, "pearson")


def test_repeated_information_is_refused_with_the_items(data: dict[str, pd.DataFrame]) -> None:
    frame = data["bfi"].iloc[:, :5].assign(total=data["bfi"].iloc[:, :5].sum(axis=1))
    with pytest.raises(SingularMatrixError, match=r"items most involved: .*total"):
        efa.fit_efa(frame, 1, "pearson")


def test_constant_item_is_refused(data: dict[str, pd.DataFrame]) -> None:
    with pytest.raises(ConstantItemError, match="constant items: A1"):
        efa.fit_efa(data["bfi"].assign(A1=3), 5, "pearson")


def test_congruence_of_different_items_is_refused() -> None:
    with pytest.raises(ModelError, match="different items"):
        efa.tucker_congruence(pd.DataFrame({"F1": [1.0]}, index=["a"]), pd.DataFrame({"F1": [1.0]}, index=["b"]))


def test_general_factor_of_orthogonal_factors_is_refused(data: dict[str, pd.DataFrame]) -> None:
    with pytest.raises(ModelError, match="use an oblique rotation"):
        efa.schmid_leiman(efa.fit_efa(data["bfi"], 5, "pearson", "minres", "varimax"))
