"""Score tests of equalities: which item would improve the model most if its parameters were freed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import sparse
from scipy.special import chdtrc

from psychometrics.cfa import _normal as normal
from psychometrics.cfa._normal import Directions
from psychometrics.invariance import _normal as continuous
from psychometrics.invariance import _ordinal as ordinal
from psychometrics.invariance._sharing import Equal, Sharing
from psychometrics.invariance.groups import GroupModel

Array = NDArray[np.float64]
_CELL: dict[Equal, str] = {
    "thresholds": "threshold",
    "loadings": "loading",
    "intercepts": "intercept",
    "residuals": "residual_covariance",
}
# Directions that the free parameters leave less than this share of carry no test.
_LEFT = 1e-6


class _Candidate(NamedTuple):
    """One cell of one group beside the reference."""

    item: str
    group: int
    cell: int


class _Score(NamedTuple):
    """Score in all candidate directions, its covariance, and the covariance before the model was fitted out."""

    score: Array
    covariance: Array
    whole: Array
    n: int


def release_tests(fitted: GroupModel, kind: Equal) -> pd.DataFrame:
    """Generalised score test of each item's equal parameters of one kind.

    The score in the item's own parameters of every group but the reference, with the estimated parameters' share
    taken out, over its sandwich covariance: ``N s' (Z' W Gamma W Z)^- s``, chi-square with as many degrees of
    freedom as directions are left (White 1982; Satorra 1989). With plain ML the covariance is the information.

    Parameters
    ----------
    fitted : GroupModel
    kind : {"thresholds", "loadings", "intercepts", "residuals"}
        A kind that is equal in the model.

    Returns
    -------
    DataFrame
        item, statistic, df, p_value, largest statistic for its df (smallest p) first; items already freed are left
        out, and items whose equality has no testable direction (three categories: equal thresholds).

    References
    ----------
    Satorra, A. (1989). Alternative test criteria in covariance structure analysis: A unified approach.
    Psychometrika, 54, 131-151.
    """
    sharing = fitted.solution.problem.sharing
    freed = {item for what, item in fitted.freed if what == kind}
    items = [item for item in fitted.model.items if item not in freed]
    candidates = _candidates(sharing, kind, items, len(fitted.groups))
    if isinstance(fitted.solution, ordinal.OrdinalFit):
        found = _ordinal_score(fitted.solution, candidates)
    else:
        found = _normal_score(fitted.solution, candidates)
    rows = [_tested(item, found, candidates) for item in items]
    table = pd.DataFrame([row for row in rows if row is not None], columns=["item", "statistic", "df", "p_value"])
    # Far in the tail p is zero for several items; the statistic then decides.
    order = table.sort_values(["p_value", "statistic"], ascending=[True, False], kind="stable")
    return order.reset_index(drop=True)


def _candidates(sharing: Sharing, kind: Equal, items: Sequence[str], n_groups: int) -> list[_Candidate]:
    """Cells of the items in every group but the reference."""
    cells = sharing.layout.cells
    chosen = [
        k
        for k, cell in enumerate(cells)
        if cell.kind == _CELL[kind] and cell.row in items and (kind != "residuals" or cell.row == cell.column)
    ]
    return [_Candidate(cells[k].row, group, k) for group in range(1, n_groups) for k in chosen]


def _ordinal_score(fitted: ordinal.OrdinalFit, candidates: Sequence[_Candidate]) -> _Score:
    """Score of the least-squares discrepancy with its sandwich covariance."""
    problem, values, stacked = fitted.problem, fitted.solution.values, fitted.problem.stacked
    new = sparse.csr_array(
        sparse.vstack(
            [
                problem.implied(values, g).derivative @ _chosen(candidates, g, problem)
                for g in range(len(stacked.groups))
            ]
        )
    )
    weight = sparse.diags_array(stacked.weight)
    old_weighted, new_weighted = (sparse.csr_array(weight @ part) for part in (fitted.derivative, new))
    within, across = (fitted.derivative.T @ old_weighted).toarray(), (fitted.derivative.T @ new_weighted).toarray()
    reach = np.linalg.solve(within, across)
    residuals = problem.residuals(values)
    score = new_weighted.T @ residuals - reach.T @ (old_weighted.T @ residuals)
    whole = stacked.sandwiched(new_weighted, new_weighted)
    mixed = reach.T @ stacked.sandwiched(old_weighted, new_weighted)
    known = reach.T @ stacked.sandwiched(old_weighted, old_weighted) @ reach
    return _Score(score, whole - mixed - mixed.T + known, whole, stacked.n_persons)


def _chosen(candidates: Sequence[_Candidate], group: int, problem: ordinal.OrdinalProblem) -> ordinal.Sparse:
    """Matrix that picks the candidate directions of one group among its cells."""
    places = [place for place, candidate in enumerate(candidates) if candidate.group == group]
    cells = [candidates[place].cell for place in places]
    shape = (len(problem.sharing.layout.cells), len(candidates))
    return sparse.csr_array((np.ones(len(places)), (cells, places)), shape=shape)


def _normal_score(fitted: continuous.NormalFit, candidates: Sequence[_Candidate]) -> _Score:
    """Score of the likelihood; its covariance from persons' scores (MLR) or from the information (ML)."""
    problem, values, samples = fitted.problem, fitted.solution.values, fitted.problem.samples
    sharing, size = problem.sharing, len(candidates)
    score, own = np.zeros(size), np.zeros((size, size))
    across, within = np.zeros((size, sharing.size)), problem.information(values)
    for group, share in enumerate(samples.shares):
        structure, expected = problem.at(values, group)
        directions, data = Directions.of(structure), samples.groups[group]
        exact = samples.robust or bool(data.blocks)
        information = (
            normal.hessian(structure, directions, expected, data)
            if exact
            else normal.information(directions, expected.inverse)
        )
        rows = [place for place, candidate in enumerate(candidates) if candidate.group == group]
        cells = [candidates[place].cell for place in rows]
        score[rows] = -share * normal.gradient(directions, expected)[cells]
        own[np.ix_(rows, rows)] = share * information[np.ix_(cells, cells)]
        across[rows] = sharing.fold(group, share * information[cells])
    reach = np.linalg.solve(within, across.T).T
    if not samples.robust:
        return _Score(score, own - reach @ across.T, own, samples.n_persons)
    outer, whole = np.zeros((size, size)), np.zeros((size, size))
    for group, scores in enumerate(problem.scores(values)):
        new = np.zeros((len(scores), size))
        for place, candidate in enumerate(candidates):
            if candidate.group == group:
                new[:, place] = scores[:, candidate.cell]
        left = new - sharing.fold(group, scores) @ reach.T
        outer += left.T @ left / samples.n_persons
        whole += new.T @ new / samples.n_persons
    return _Score(score, outer, whole, samples.n_persons)


def _tested(item: str, found: _Score, candidates: Sequence[_Candidate]) -> tuple[str, float, int, float] | None:
    """Test one item's directions; None where the model leaves none."""
    rows = [place for place, candidate in enumerate(candidates) if candidate.item == item]
    spread = np.sqrt(np.diag(found.whole)[rows])
    covariance = found.covariance[np.ix_(rows, rows)] / np.outer(spread, spread)
    values, vectors = np.linalg.eigh(covariance)
    real = values > _LEFT
    if not real.any():
        return None
    turned = vectors[:, real].T @ (found.score[rows] / spread)
    statistic, df = float(found.n * np.sum(turned**2 / values[real])), int(real.sum())
    return item, statistic, df, float(chdtrc(df, statistic))
