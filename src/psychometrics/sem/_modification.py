"""Modification indices: score tests of the parameters that a model fixes at zero, in every group."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from psychometrics.sem import _normal as normal
from psychometrics.sem._bordered import Bordered, Solver
from psychometrics.sem._cells import Cell, Kind
from psychometrics.sem._continuous import NormalProblem
from psychometrics.sem._estimation import Estimation
from psychometrics.sem._input import Sorted
from psychometrics.sem._normal import Directions
from psychometrics.sem._ordinal import OrdinalProblem
from psychometrics.sem._problems import deviations_of
from psychometrics.sem.model import CfaModel

Array = NDArray[np.float64]


class _Score(NamedTuple):
    """Gradient of the discrepancy in a group's candidates, their information, and that shared with the parameters."""

    gradient: Array
    own: Array
    across: Array


def modification_table(data: Sorted, estimation: Estimation) -> pd.DataFrame:
    """Index, expected change and standardised expected change of each candidate in each group."""
    candidates = _candidates(data.model, estimation)
    sharing = estimation.sharing.extended(candidates)
    problem, values = estimation.problem, estimation.solution.values
    old, frames = estimation.sharing.layout.size, []
    within = _within(estimation).solver()
    for group, name in enumerate(data.names):
        if isinstance(problem, OrdinalProblem):
            score = _ordinal_score(OrdinalProblem(problem.samples, sharing, problem.delta), values, group, old)
        else:
            score = _normal_score(NormalProblem(problem.samples, sharing), values, group, old)
        remaining = _remaining(score, within)
        change = -score.gradient / remaining
        frame = pd.DataFrame(
            {
                "kind": ["loading" if cell.kind == "loading" else cell.kind.replace("_", " ") for cell in candidates],
                "left": [cell.column if cell.kind == "loading" else cell.row for cell in candidates],
                "right": [cell.row if cell.kind == "loading" else cell.column for cell in candidates],
                "modification_index": problem.samples.n_persons * score.gradient**2 / remaining,
                "expected_change": change,
                "standardised_change": change * _units(estimation, group, candidates),
            }
        )
        if data.several:
            frame.insert(0, "group", name)
        frames.append(frame)
    table = pd.concat(frames, ignore_index=True)
    return table.sort_values("modification_index", ascending=False, ignore_index=True, kind="stable")


def _candidates(model: CfaModel, estimation: Estimation) -> tuple[Cell, ...]:
    """Cross-loadings, residual covariances and factor covariances that the model holds at zero."""
    taken = {(cell.kind, cell.row, cell.column) for cell in estimation.sharing.layout.cells}
    taken |= {(kind, column, row) for kind, row, column in taken if kind.endswith("covariance")}
    lower = [name for name in model.latent if model.form != "second_order" or name != model.general]
    found = [Cell("loading", item, factor) for factor in model.latent for item in model.items]
    found += _pairs("residual_covariance", model.items)
    found += _pairs("factor_covariance", lower)
    return tuple(cell for cell in found if (cell.kind, cell.row, cell.column) not in taken)


def _within(estimation: Estimation) -> Bordered:
    """Information of the parameters: expected, that of the observed items where responses are missing."""
    problem, values = estimation.problem, estimation.solution.values
    if isinstance(problem, OrdinalProblem):
        return problem.evaluate(values)[2]
    squares = []
    for group, part in enumerate(problem.samples.shares):
        structure, expected = problem.at(values, group)
        directions = Directions.of(structure)
        patterns = normal.patterns(problem.samples.groups[group], expected.inverse)
        squares.append(sum(part * share * normal.information(directions, Q) for share, Q in patterns))
    return problem.sharing.summed(squares)


def _ordinal_score(problem: OrdinalProblem, values: Array, group: int, old: int) -> _Score:
    """Score of the least-squares discrepancy, with the Gauss-Newton information."""
    moments = problem.samples.groups[group]
    implied = problem.implied(values, group)
    share = (moments.n_persons - 1) / problem.samples.n_persons
    derivative = implied.derivative
    new = derivative[:, old:]
    weighted = new * (share * moments.weight)[:, None]
    own = np.sum(new * weighted, axis=0)
    across = weighted.T @ derivative
    residual = moments.observed - implied.moments
    return _Score(-(weighted.T @ residual), own, problem.sharing.fold(group, across))


def _normal_score(problem: NormalProblem, values: Array, group: int, old: int) -> _Score:
    """Score of the likelihood, with the expected information of the observed items."""
    structure, expected = problem.at(values, group)
    every = Directions.of(structure)
    new = Directions(every.U[:, old:], every.V[:, old:], every.M[:, old:])
    share = problem.samples.shares[group]
    own, across = np.zeros(new.U.shape[1]), np.zeros((new.U.shape[1], every.U.shape[1]))
    for part, Q in normal.patterns(problem.samples.groups[group], expected.inverse):
        own += share * part * normal.own_information(new, Q)
        across += share * part * normal.cross_information(new, every, Q)
    return _Score(share * normal.gradient(new, expected), own, problem.sharing.fold(group, across))


def _pairs(kind: Kind, names: Sequence[str]) -> list[Cell]:
    """All covariances of some variables."""
    found = [(one, other) for place, one in enumerate(names) for other in names[place + 1 :]]
    return [Cell(kind, one, other) for one, other in found]


def _remaining(score: _Score, within: Solver | None) -> Array:
    """Information of each candidate that the free parameters leave over; NaN where none is left."""
    if within is None:
        return np.full_like(score.own, np.nan)
    explained = np.einsum("ca,ac->c", score.across, within.solve(score.across.T))
    remaining = score.own - explained
    return np.where(remaining > 1e-8 * np.maximum(score.own, 1e-300), remaining, np.nan)


def _units(estimation: Estimation, group: int, candidates: tuple[Cell, ...]) -> Array:
    """Return the factors that standardise a change."""
    structure = estimation.structures[group]
    layout = structure.layout
    factor = dict(zip(layout.factors, deviations_of(structure.factor_covariance), strict=True))
    # A covariance of disturbances is in units of the disturbances, which are the factors where nothing explains them.
    part = dict(zip(layout.factors, deviations_of(structure.factor_residuals), strict=True))
    item = dict(zip(layout.items, np.sqrt(estimation.item_variances(group)), strict=True))
    rest = dict(zip(layout.items, np.sqrt(np.maximum(estimation.residual_variances(group), 0.0)), strict=True))
    units = np.empty(len(candidates))
    for k, cell in enumerate(candidates):
        if cell.kind == "loading":
            units[k] = factor[cell.column] / item[cell.row]
        elif cell.kind == "factor_covariance":
            units[k] = 1.0 / (part[cell.row] * part[cell.column])
        else:
            spread = rest[cell.row] * rest[cell.column]
            units[k] = 1.0 / spread if spread > 0 else np.nan
    return units
