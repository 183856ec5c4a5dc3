"""Score tests of equalities: which item would improve the model most if its parameters were freed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import sparse
from scipy.special import chdtrc, fdtrc

from psychometrics.errors import ModelError
from psychometrics.sem import _normal as normal
from psychometrics.sem._clusters import Clusters
from psychometrics.sem._continuous import NormalProblem
from psychometrics.sem._equal_parameters import KINDS, Equal, Rules, Sharing
from psychometrics.sem._estimation import Estimation
from psychometrics.sem._input import Sorted
from psychometrics.sem._moments import Sparse
from psychometrics.sem._normal import Directions
from psychometrics.sem._ordinal import OrdinalProblem, scaled_rows

Array = NDArray[np.float64]
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


def release_tests(data: Sorted, rules: Rules, estimation: Estimation, kind: Equal) -> pd.DataFrame:
    """Test each item's equal parameters of one kind; see :meth:`psychometrics.sem.CfaResult.release_tests`."""
    if kind not in rules.equal:
        raise ModelError(f"{kind!r} is not among the equal parameters: {', '.join(sorted(rules.equal)) or 'nothing'}.")
    freed = {item for what, item in rules.freed if what == kind}
    names = [name for name, _ in data.model.factors] if kind == "regressions" else data.model.items
    items = [item for item in names if item not in freed]
    candidates = _candidates(estimation.sharing, kind, items)
    if isinstance(estimation.problem, OrdinalProblem):
        found = _ordinal_score(estimation.problem, estimation, candidates)
    else:
        found = _normal_score(estimation.problem, estimation, candidates)
    free = None if data.clusters is None else _free_clusters(data.clusters)
    rows = [_tested(item, found, candidates, free) for item in items]
    table = pd.DataFrame([row for row in rows if row is not None], columns=["item", "statistic", "df", "p_value"])
    # Far in the tail p is zero for several items; the statistic then decides.
    order = table.sort_values(["p_value", "statistic"], ascending=[True, False], kind="stable")
    return order.reset_index(drop=True)


def _candidates(sharing: Sharing, kind: Equal, items: Sequence[str]) -> list[_Candidate]:
    """Cells of the items in every group but the reference."""
    cells = sharing.layout.cells
    chosen = [
        k
        for k, cell in enumerate(cells)
        if KINDS.get(cell.kind) == kind and cell.row in items and (kind != "residuals" or cell.row == cell.column)
    ]
    return [_Candidate(cells[k].row, group, k) for group in range(1, sharing.n_groups) for k in chosen]


def _ordinal_score(problem: OrdinalProblem, estimation: Estimation, candidates: Sequence[_Candidate]) -> _Score:
    """Score of the least-squares discrepancy with its sandwich covariance."""
    values, stacked, derivative = estimation.solution.values, problem.samples, estimation.derivative
    new = sparse.csr_array(
        sparse.vstack(
            [
                problem.implied(values, g).derivative @ _chosen(candidates, g, problem)
                for g in range(len(stacked.groups))
            ]
        )
    )
    old_weighted, new_weighted = (scaled_rows(part, stacked.weight) for part in (derivative, new))
    within, across = (derivative.T @ old_weighted).toarray(), (derivative.T @ new_weighted).toarray()
    reach = np.linalg.solve(within, across)
    residuals = problem.residuals(values)
    score = new_weighted.T @ residuals - reach.T @ (old_weighted.T @ residuals)
    whole = stacked.sandwiched(new_weighted, new_weighted)
    mixed = reach.T @ stacked.sandwiched(old_weighted, new_weighted)
    known = reach.T @ stacked.sandwiched(old_weighted, old_weighted) @ reach
    return _Score(score, whole - mixed - mixed.T + known, whole, stacked.n_persons)


def _chosen(candidates: Sequence[_Candidate], group: int, problem: OrdinalProblem) -> Sparse:
    """Matrix that picks the candidate directions of one group among its cells."""
    places = [place for place, candidate in enumerate(candidates) if candidate.group == group]
    cells = [candidates[place].cell for place in places]
    shape = (len(problem.sharing.layout.cells), len(candidates))
    return sparse.csr_array((np.ones(len(places)), (cells, places)), shape=shape)


def _normal_score(problem: NormalProblem, estimation: Estimation, candidates: Sequence[_Candidate]) -> _Score:
    """Score of the likelihood; its covariance from persons' scores (MLR) or from the information (ML)."""
    values, samples = estimation.solution.values, problem.samples
    sharing, size = problem.sharing, len(candidates)
    score, own = np.zeros(size), np.zeros((size, size))
    across, within = np.zeros((size, sharing.size)), problem.information(values)
    for group, share in enumerate(samples.shares):
        structure, expected = problem.at(values, group)
        information = problem.cell_information(values, group)
        rows = [place for place, candidate in enumerate(candidates) if candidate.group == group]
        cells = [candidates[place].cell for place in rows]
        score[rows] = -share * normal.gradient(Directions.of(structure), expected)[cells]
        own[np.ix_(rows, rows)] = share * information[np.ix_(cells, cells)]
        across[rows] = sharing.fold(group, share * information[cells])
    reach = np.linalg.solve(within, across.T).T
    if not samples.robust:
        return _Score(score, own - reach @ across.T, own, samples.n_persons)
    left, whole = [], []
    for group, scores in enumerate(problem.scores(values)):
        new = np.zeros((len(scores), size))
        for place, candidate in enumerate(candidates):
            if candidate.group == group:
                new[:, place] = scores[:, candidate.cell]
        left.append(new - sharing.fold(group, scores) @ reach.T)
        whole.append(new)
    return _Score(score, samples.outer(left), samples.outer(whole), samples.n_persons)


def _free_clusters(clusters: Clusters) -> int:
    """Return clusters less one; less the number of groups where every cluster lies in one group (its stratum)."""
    present = [np.unique(codes) for codes in clusters.codes]
    apart = sum(map(len, present)) == clusters.number
    return clusters.number - (len(present) if apart else 1)


def _tested(
    item: str, found: _Score, candidates: Sequence[_Candidate], free: int | None
) -> tuple[str, float, int, float] | None:
    """Test one item's directions; None where the model leaves none.

    With clusters the p is that of Hotelling's F on their degrees of freedom, NaN where these do not suffice: the
    chi-square would reject far too often with few of them.
    """
    rows = [place for place, candidate in enumerate(candidates) if candidate.item == item]
    spread = np.sqrt(np.diag(found.whole)[rows])
    covariance = found.covariance[np.ix_(rows, rows)] / np.outer(spread, spread)
    values, vectors = np.linalg.eigh(covariance)
    real = values > _LEFT
    if not real.any():
        return None
    turned = vectors[:, real].T @ (found.score[rows] / spread)
    statistic, df = float(found.n * np.sum(turned**2 / values[real])), int(real.sum())
    if free is None:
        return item, statistic, df, float(chdtrc(df, statistic))
    rest = free - df + 1
    return item, statistic, df, float(fdtrc(df, rest, statistic * rest / (df * free))) if rest > 0 else float("nan")
