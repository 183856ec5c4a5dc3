"""Score tests of equalities: which item would improve the model most if its parameters were freed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import chdtrc, fdtrc

from psychometrics.errors import ModelError
from psychometrics.sem import _normal as normal
from psychometrics.sem._bordered import Partition
from psychometrics.sem._clusters import Clusters
from psychometrics.sem._continuous import NormalProblem
from psychometrics.sem._equal_parameters import KINDS, Equal, Rules, Sharing
from psychometrics.sem._estimation import Estimation
from psychometrics.sem._input import Sorted
from psychometrics.sem._jacobian import Jacobian
from psychometrics.sem._normal import Directions
from psychometrics.sem._ordinal import OrdinalProblem

Array = NDArray[np.float64]
# Directions that the free parameters leave less than this share of carry no test.
_LEFT = 1e-6


class _Candidate(NamedTuple):
    """One cell of one group beside the reference."""

    item: str
    group: int
    cell: int


class _Score(NamedTuple):
    """Score in an item's directions, its covariance, and the variances before the model was fitted out."""

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
        scores = _ordinal_scores(estimation.problem, estimation, candidates, items)
    else:
        scores = _normal_scores(estimation.problem, estimation, candidates, items)
    free = None if data.clusters is None else _free_clusters(data.clusters)
    rows = [(item, *tested) for item, score in scores if (tested := _tested(score, free)) is not None]
    table = pd.DataFrame(rows, columns=["item", "statistic", "df", "p_value"])
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


def _rows(candidates: Sequence[_Candidate], item: str) -> list[int]:
    """Places of an item among the candidates."""
    return [place for place, candidate in enumerate(candidates) if candidate.item == item]


def _ordinal_scores(
    problem: OrdinalProblem, estimation: Estimation, candidates: Sequence[_Candidate], items: Sequence[str]
) -> Iterator[tuple[str, _Score]]:
    """Yield each item's score of the least-squares discrepancy with its sandwich covariance.

    Beside the parameters, the candidates are directions of their own; an item's score is that of its candidates less
    what the parameters explain of it.
    """
    old = estimation.jacobian
    assert old is not None
    values, stacked, size = estimation.solution.values, problem.samples, old.size
    columns, parts = [], []
    for group, (place, part) in enumerate(zip(old.partition.columns, old.parts, strict=True)):
        here = [k for k, candidate in enumerate(candidates) if candidate.group == group]
        cells = [candidates[k].cell for k in here]
        columns.append(np.concatenate([place, size + np.array(here, np.intp)]))
        parts.append(np.hstack([part, problem.implied(values, group).derivative[:, cells]]))
    every = Jacobian(Partition(tuple(columns), size + len(candidates)), tuple(parts))
    weighted = every.weighted(stacked.weights)
    slope, sums = weighted.sums(problem.residuals(values)), stacked.sums(weighted)
    solver, whole = old.square(stacked.weights).solver(), sums.diagonal
    if solver is None:
        return
    for item in items:
        rows = size + np.array(_rows(candidates, item), np.intp)
        across = np.zeros((size, rows.size))
        for place, part, by in zip(columns, parts, weighted.parts, strict=True):
            _, own, at = np.intersect1d(place, rows, return_indices=True)
            known = place < size
            across[np.ix_(place[known], at)] += by[:, known].T @ part[:, own]
        chosen = np.zeros((every.size, rows.size))
        chosen[:size], chosen[rows, np.arange(rows.size)] = -solver.solve(across), 1.0
        yield item, _Score(chosen.T @ slope, sums.quadratic(chosen), whole[rows], stacked.n_persons)


def _normal_scores(
    problem: NormalProblem, estimation: Estimation, candidates: Sequence[_Candidate], items: Sequence[str]
) -> Iterator[tuple[str, _Score]]:
    """Yield each item's score of the likelihood; its covariance from persons' scores (MLR) or the information (ML)."""
    values, samples = estimation.solution.values, problem.samples
    sharing, size = problem.sharing, len(candidates)
    score, own = np.zeros(size), np.zeros((size, size))
    across, solver = np.zeros((size, sharing.size)), problem.information(values).solver()
    if solver is None:
        return
    for group, share in enumerate(samples.shares):
        structure, expected = problem.at(values, group)
        information = problem.cell_information(values, group)
        rows = [place for place, candidate in enumerate(candidates) if candidate.group == group]
        cells = [candidates[place].cell for place in rows]
        score[rows] = -share * normal.gradient(Directions.of(structure), expected)[cells]
        own[np.ix_(rows, rows)] = share * information[np.ix_(cells, cells)]
        across[rows] = sharing.fold(group, share * information[cells])
    reach = solver.solve(across.T).T
    whole, covariance = own, own - reach @ across.T
    if samples.robust:
        whole, covariance = _outer(problem, values, candidates, reach)
    for item in items:
        rows = _rows(candidates, item)
        place = np.ix_(rows, rows)
        yield item, _Score(score[rows], covariance[place], np.diag(whole)[rows], samples.n_persons)


def _outer(
    problem: NormalProblem, values: Array, candidates: Sequence[_Candidate], reach: Array
) -> tuple[Array, Array]:
    """Mean outer product of persons' scores in the candidates, and of what the parameters leave of them."""
    left, whole = [], []
    for group, scores in enumerate(problem.scores(values)):
        new = np.zeros((len(scores), len(candidates)))
        for place, candidate in enumerate(candidates):
            if candidate.group == group:
                new[:, place] = scores[:, candidate.cell]
        left.append(new - problem.sharing.fold(group, scores) @ reach.T)
        whole.append(new)
    return problem.samples.outer(whole), problem.samples.outer(left)


def _free_clusters(clusters: Clusters) -> int:
    """Return clusters less one; less the number of groups where every cluster lies in one group (its stratum)."""
    present = [np.unique(codes) for codes in clusters.codes]
    apart = sum(map(len, present)) == clusters.number
    return clusters.number - (len(present) if apart else 1)


def _tested(found: _Score, free: int | None) -> tuple[float, int, float] | None:
    """Test one item's directions; None where the model leaves none.

    With clusters the p is that of Hotelling's F on their degrees of freedom, NaN where these do not suffice: the
    chi-square would reject far too often with few of them.
    """
    spread = np.sqrt(found.whole)
    values, vectors = np.linalg.eigh(found.covariance / np.outer(spread, spread))
    real = values > _LEFT
    if not real.any():
        return None
    turned = vectors[:, real].T @ (found.score / spread)
    statistic, df = float(found.n * np.sum(turned**2 / values[real])), int(real.sum())
    if free is None:
        return statistic, df, float(chdtrc(df, statistic))
    rest = free - df + 1
    return statistic, df, float(fdtrc(df, rest, statistic * rest / (df * free))) if rest > 0 else float("nan")
