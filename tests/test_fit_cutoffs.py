"""Cut-offs for one model: the misfit as published, the refits as the engine's, right and wrong models told apart."""

from __future__ import annotations

from functools import cache
from typing import Any

import joblib
import numpy as np
import pandas as pd
import pytest
from contract_cases import Case, cases
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from psychometrics.errors import InputShapeError, ModelError, PsychometricsError
from psychometrics.sem import CfaModel, CfaResult, dynamic_cutoffs, fit_cfa
from psychometrics.sem._misspecification import ROOM, Population, largest_cross_loading, omissions_of
from psychometrics.sem._replication import Replicator

# Loadings and factor correlations that the vignette of the R package dynamic (2021) prints for Holzinger and
# Swineford's nine tests, and the cut-offs that it prints for n = 301.
VIGNETTE = {"visual": [0.772, 0.424, 0.581], "textual": [0.852, 0.855, 0.838], "speed": [0.570, 0.723, 0.665]}
BETWEEN = [[1, 0.459, 0.471], [0.459, 1, 0.283], [0.471, 0.283, 1]]
PRINTED = {"srmr": 0.040, "rmsea": 0.044, "cfi": 0.984}


def answers(
    loadings: dict[str, list[float]], between: Any, n: int, seed: int, cuts: Any = None, exact: bool = False
) -> tuple[CfaModel, pd.DataFrame]:
    """Answers of a population of correlated factors, with exactly its correlations if wanted."""
    sizes = [len(own) for own in loadings.values()]
    pattern = np.zeros((sum(sizes), len(sizes)))
    pattern[np.arange(sum(sizes)), np.repeat(np.arange(len(sizes)), sizes)] = np.concatenate(list(loadings.values()))
    target = pattern @ np.array(between) @ pattern.T
    np.fill_diagonal(target, 1.0)
    drawn = np.random.default_rng(seed).standard_normal((n, len(target)))
    if exact:
        drawn -= drawn.mean(axis=0)
        drawn = np.linalg.solve(np.linalg.cholesky(drawn.T @ drawn / n), drawn.T).T
    drawn = drawn @ np.linalg.cholesky(target).T
    names = [f"{factor}{k}" for factor, own in loadings.items() for k in range(len(own))]
    table = pd.DataFrame(drawn if cuts is None else np.digitize(drawn, cuts) + 1, columns=names)
    members = {factor: [name for name in names if name.startswith(factor)] for factor in loadings}
    return (CfaModel.correlated(members) if len(members) > 1 else CfaModel.single(names)), table


@cache
def ordered(n: int = 300, gaps: bool = True) -> CfaResult:
    """Two factors of ordered answers, some of them missing."""
    loadings = {"a": [0.5, 0.6, 0.7, 0.8], "b": [0.55, 0.65, 0.75, 0.6]}
    model, table = answers(loadings, [[1, 0.4], [0.4, 1]], n, seed=3, cuts=[-1, 0, 1])
    if gaps:
        table = table.mask(np.random.default_rng(4).random(table.shape) < 0.03)
    return fit_cfa(model, table, "WLSMV", "pairwise")


@cache
def one_factor(n_items: int) -> CfaResult:
    """One factor of normal answers that has exactly these loadings."""
    model, table = answers({"a": list(np.linspace(0.8, 0.4, n_items))}, [[1.0]], 200, seed=5, exact=True)
    return fit_cfa(model, table, "ML")


def test_published_size_of_a_cross_loading_leaves_room_for_the_residual() -> None:
    for loading, correlation in [(0.4, 0.3), (0.8, 0.5), (0.6, -0.2)]:
        whole = largest_cross_loading(loading, correlation) / ROOM
        assert loading**2 + whole**2 + 2 * loading * whole * correlation == pytest.approx(1.0, abs=1e-12)


def test_published_rule_for_several_factors() -> None:
    """Weakest item of the weakest factors first, onto the factor with the largest H, no two factors twice."""
    model, table = answers(VIGNETTE, BETWEEN, 301, seed=0, exact=True)
    population = Population.of(fit_cfa(model, table, "ML"))
    found, levels = omissions_of(population)
    named = [(population.items[one.item], population.factors[one.other], round(one.size, 3)) for one in found]
    assert named == [("visual1", "textual", 0.424), ("speed0", "textual", 0.570)]
    assert levels == (1, 2)


@pytest.mark.parametrize(
    ("n_items", "levels"), [(4, (1,)), (5, (1, 2)), (6, (1, 2, 3)), (12, (2, 4, 6)), (13, (2, 4, 6))]
)
def test_published_rule_for_one_factor(n_items: int, levels: tuple[int, ...]) -> None:
    population = Population.of(one_factor(n_items))
    found, counts = omissions_of(population)
    assert counts == levels
    weakest = [(n_items - 1, n_items - 2), (n_items - 3, n_items - 4)]
    assert [(one.item, one.other) for one in found][:2] == weakest[: len(found)]
    item, other = weakest[0]
    gained = population.correlations(found)[item, other] - population.correlations()[item, other]
    unique = 1 - population.loadings[[item, other], 0] ** 2
    assert gained == pytest.approx(0.3 * np.sqrt(unique.prod()), abs=1e-8)


@pytest.mark.slow
def test_published_cutoffs_of_the_r_package_dynamic() -> None:
    """Within three standard errors of a quantile over 100 draws (about a fifth of the indices' deviation each)."""
    model, table = answers(VIGNETTE, BETWEEN, 301, seed=0, exact=True)
    found = dynamic_cutoffs(fit_cfa(model, table, "ML"), 100, seed=2)
    spread = found.replications.query("level == 1")[list(PRINTED)].std()
    for index, printed in PRINTED.items():
        assert abs(found.at(1)[index] - printed) < 3 * 0.2 * spread[index]


@pytest.mark.parametrize(("n", "gaps"), [(300, True), (60, False)])
def test_identity_of_a_refit_with_fit_cfa(n: int, gaps: bool) -> None:
    """More persons than moments, and fewer: the two ways to the scaled test."""
    if gaps:
        fit = ordered(n)
    else:
        loadings = {"a": [0.7] * 7, "b": [0.7] * 7}
        model, table = answers(loadings, [[1, 0.4], [0.4, 1]], n, seed=6, cuts=[-0.5, 0.5])
        fit = fit_cfa(model, table, "WLSMV", "pairwise")
    replicator = Replicator.of(fit, (Population.of(fit).correlations(),), "scaled")
    stream = np.random.SeedSequence(9)
    quick = replicator(stream)[0]
    normal = np.random.default_rng(stream).standard_normal((n, len(fit.model.items)))
    fitter = replicator._fitter(normal @ np.linalg.cholesky(replicator.populations[0]).T)
    codes = fitter.data.coded[0]
    table = pd.DataFrame(codes.codes, columns=list(codes.items), dtype=float)
    table = table.mask(codes.codes == codes.n_categories.max())
    assert bool(table.isna().to_numpy().any()) is gaps
    whole = fit_cfa(fit.model, table, "WLSMV", "pairwise").fit
    np.testing.assert_allclose(quick, [whole.srmr, whole.rmsea_scaled, whole.cfi_scaled], atol=1e-5)


@pytest.mark.parametrize("estimator", ["ULSMV", "MLR"])
def test_identity_of_other_estimators_with_fit_cfa(estimator: Any) -> None:
    loadings = {"a": [0.5, 0.6, 0.7], "b": [0.55, 0.65, 0.75]}
    cuts = [-1, 0, 1] if estimator == "ULSMV" else None
    model, table = answers(loadings, [[1, 0.4], [0.4, 1]], 200, seed=3, cuts=cuts)
    fit = fit_cfa(model, table, estimator)
    reading: Any = "robust" if estimator == "MLR" else "scaled"
    replicator = Replicator.of(fit, (Population.of(fit).correlations(),), reading)
    stream = np.random.SeedSequence(1)
    normal = np.random.default_rng(stream).standard_normal(table.shape)
    data = replicator._fitter(normal @ np.linalg.cholesky(replicator.populations[0]).T).data
    drawn = pd.DataFrame(data.values[0] if data.values else data.coded[0].codes, columns=table.columns)
    whole = fit_cfa(model, drawn, estimator).fit
    expected = [whole.srmr, getattr(whole, f"rmsea_{reading}"), getattr(whole, f"cfi_{reading}")]
    np.testing.assert_allclose(replicator(stream)[0], expected, atol=1e-5)


def test_identity_over_workers_and_of_a_seed() -> None:
    alone = dynamic_cutoffs(ordered(), 20, seed=1, n_jobs=1)
    seen = []

    def watch(done: Any, total: int) -> Any:
        for batch in done:
            seen.append(total)
            yield batch

    with joblib.parallel_config(backend="threading"):
        together = dynamic_cutoffs(ordered(), 20, seed=1, n_jobs=2, progress=watch)
    pd.testing.assert_frame_equal(alone.replications, together.replications)
    assert seen == [20] * 20
    assert not alone.replications.equals(dynamic_cutoffs(ordered(), 20, seed=2, n_jobs=1).replications)


def test_identity_of_the_cutoffs_with_the_shares_they_promise() -> None:
    found = dynamic_cutoffs(ordered(), 60, seed=1)
    for row in found.cutoffs.dropna(subset="cutoff").itertuples():
        sign = -1 if row.index == "cfi" else 1
        right, wrong = (
            sign * found.replications.loc[found.replications["level"] == level, row.index] for level in (0, row.level)
        )
        assert (right <= sign * row.cutoff).mean() >= row.share - 0.02
        assert (wrong >= sign * row.cutoff).mean() >= row.share - 0.02
    assert found.n_failed.tolist() == [0, 0]
    assert found.to_frame()["met"].dropna().isin([True, False]).all()


def test_no_cutoff_where_right_and_wrong_cannot_be_told_apart() -> None:
    model, table = answers({"a": [0.5] * 4}, [[1.0]], 120, seed=8, cuts=[-0.5, 0.5])
    found = dynamic_cutoffs(fit_cfa(model, table, "WLSMV"), 40, seed=1, n_jobs=1)
    assert found.cutoffs["cutoff"].isna().any()
    assert found.to_frame().loc[found.cutoffs["cutoff"].isna(), "met"].isna().all()


def test_of_very_many_people_no_more_are_drawn_and_the_cutoffs_keep_their_promise() -> None:
    fit = ordered(3000)
    few, all_ = (dynamic_cutoffs(fit, n_replications=40, most_persons=most) for most in (750, None))
    assert (few.n_persons, all_.n_persons) == (750, fit.n_used)
    # What scatters less lies inside: of the draws of all people at least as many are let in, and kept out.
    drawn = all_.replications
    for row in few.cutoffs.dropna().itertuples():
        side = -1.0 if row.index == "cfi" else 1.0
        right, wrong = (drawn.loc[drawn["level"] == level, row.index] for level in (0, row.level))
        assert (side * right <= side * row.cutoff).mean() >= row.share
        assert (side * wrong > side * row.cutoff).mean() >= row.share - 0.05
    assert len(few.cutoffs.dropna())


def test_levels_are_thinned_to_the_last_published_one() -> None:
    loadings = {name: [0.6, 0.7, 0.8] for name in "abcde"}
    model, table = answers(loadings, np.eye(5) * 0.7 + 0.3, 300, seed=3, exact=True)
    found = dynamic_cutoffs(fit_cfa(model, table, "ML"), 20, most_levels=2, n_jobs=1)
    assert found.cutoffs.groupby("level")["omitted"].first().tolist() == [2, 4]
    assert found.omissions["level"].tolist() == [1, 1, 2, 2]


def test_refusals_name_what_has_no_cutoffs() -> None:
    fit = ordered()
    with pytest.raises(InputShapeError, match="n_replications"):
        dynamic_cutoffs(fit, 5)
    with pytest.raises(InputShapeError, match="reading"):
        dynamic_cutoffs(fit, 20, reading="best")  # type: ignore[arg-type]
    with pytest.raises(ModelError, match="not defined for this model with ML"):
        dynamic_cutoffs(one_factor(6), 20, reading="robust")
    with pytest.raises(ModelError, match="no degree of freedom"):
        dynamic_cutoffs(one_factor(3), 20)
    loadings = {name: [0.6, 0.7, 0.8] for name in "abcd"}
    _, table = answers(loadings, np.eye(4) * 0.7 + 0.3, 300, seed=3)
    members = {name: [item for item in table if item.startswith(name)] for name in loadings}
    with pytest.raises(ModelError, match="second-order"):
        dynamic_cutoffs(fit_cfa(CfaModel.second_order(members), table, "ML"), 20)
    with pytest.raises(ModelError, match="several groups"):
        dynamic_cutoffs(fit_cfa(CfaModel.single(members["a"]), table, "ML", group=["x", "y"] * 150), 20)


def test_clusters_are_said_to_be_left_out() -> None:
    model, table = answers({"a": [0.6, 0.7, 0.8, 0.5]}, [[1.0]], 200, seed=3, cuts=[-1, 0, 1])
    fit = fit_cfa(model, table, "WLSMV", cluster=np.repeat(np.arange(20), 10))
    assert "nested" in dynamic_cutoffs(fit, 20, n_jobs=1).notes[0]


@settings(max_examples=15, derandomize=True, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data())
def test_contract_a_number_a_named_error_or_none_with_a_reason(data: st.DataObject) -> None:
    case: Case = data.draw(cases())
    named = case.answers.set_axis([f"i{k}" for k in range(case.answers.shape[1])], axis=1)
    try:
        fit = fit_cfa(CfaModel.single(list(named)), named, "WLSMV", "pairwise")
        found = dynamic_cutoffs(fit, 20, seed=1, n_jobs=1)
    except PsychometricsError:
        return
    assert found.cutoffs["cutoff"].dropna().between(-1e-9, 1 + 1e-9).all()
    assert found.cutoffs["share"].isna().equals(found.cutoffs["cutoff"].isna())
