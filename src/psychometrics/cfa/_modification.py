"""Modification indices: score tests of the parameters a model fixes at zero."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from psychometrics.cfa import _least_squares as least_squares
from psychometrics.cfa import _normal as normal
from psychometrics.cfa._estimation import Estimation
from psychometrics.cfa._model import Cell, CfaModel, Kind
from psychometrics.cfa._normal import Directions
from psychometrics.cfa._structure import Layout, Structure

Array = NDArray[np.float64]


class _Score(NamedTuple):
    """Gradient of the discrepancy in the candidates, and the information blocks."""

    gradient: Array
    own: Array
    across: Array
    within: Array
    n: int


def modification_table(model: CfaModel, estimation: Estimation) -> pd.DataFrame:
    """Index, expected change and standardised expected change of each candidate."""
    candidates = _candidates(model, estimation)
    layout = estimation.structure.layout
    extended = Layout(layout.items, layout.factors, layout.cells + candidates, _fixed_elsewhere(layout, candidates))
    values = np.concatenate([estimation.solution.values, np.zeros(len(candidates))])
    structure = extended.at(values)
    score = _ordinal_score(estimation, structure) if estimation.ordinal else _normal_score(estimation, structure)
    remaining = _remaining(score)
    change = -score.gradient / remaining
    frame = pd.DataFrame(
        {
            "kind": [_candidate_kind(cell) for cell in candidates],
            "left": [cell.column if cell.kind == "loading" else cell.row for cell in candidates],
            "right": [cell.row if cell.kind == "loading" else cell.column for cell in candidates],
            "modification_index": score.n * score.gradient**2 / remaining,
            "expected_change": change,
            "standardised_change": change * _units(estimation, candidates),
        }
    )
    return frame.sort_values("modification_index", ascending=False, ignore_index=True, kind="stable")


def _fixed_elsewhere(layout: Layout, candidates: tuple[Cell, ...]) -> tuple[Cell, ...]:
    """Keep the fixed cells that are not among the candidates."""
    freed = {(cell.kind, cell.row, cell.column) for cell in candidates}
    return tuple(cell for cell in layout.fixed if (cell.kind, cell.row, cell.column) not in freed)


def _candidates(model: CfaModel, estimation: Estimation) -> tuple[Cell, ...]:
    """Cross-loadings, residual covariances and factor covariances that the model holds at zero."""
    taken = {(cell.kind, cell.row, cell.column) for cell in model.cells(ordered=estimation.ordinal)}
    taken |= {(kind, column, row) for kind, row, column in taken if kind.endswith("covariance")}
    lower = [name for name in model.latent if model.form != "second_order" or name != model.general]
    found = [Cell("loading", item, factor) for factor in model.latent for item in model.items]
    found += _pairs("residual_covariance", model.items)
    found += _pairs("factor_covariance", lower)
    return tuple(cell for cell in found if (cell.kind, cell.row, cell.column) not in taken)


def _pairs(kind: Kind, names: Sequence[str]) -> list[Cell]:
    """All covariances of some variables."""
    found = [(one, other) for place, one in enumerate(names) for other in names[place + 1 :]]
    return [Cell(kind, one, other) for one, other in found]


def _candidate_kind(cell: Cell) -> str:
    """Plain name of a candidate."""
    return "loading" if cell.kind == "loading" else cell.kind.replace("_", " ")


def _ordinal_score(estimation: Estimation, structure: Structure) -> _Score:
    """Score of the least-squares discrepancy."""
    moments, size = estimation.moments, estimation.structure.layout.size
    assert moments is not None
    pairs = least_squares.pairs_of(len(structure.layout.items))
    derivative = least_squares.jacobian(structure, pairs) * moments.root[:, None]
    residual = (moments.observed - structure.covariance[pairs]) * moments.root
    new, old = derivative[:, size:], derivative[:, :size]
    own = np.einsum("mc,mc->c", new, new)
    return _Score(-new.T @ residual, own, new.T @ old, old.T @ old, moments.n_persons - 1)


def _normal_score(estimation: Estimation, structure: Structure) -> _Score:
    """Score of the likelihood, with the expected information of the observed items."""
    data, size = estimation.data, estimation.structure.layout.size
    assert data is not None
    mean = structure.intercepts if estimation.means else estimation.sample_mean
    expected = normal.expect(data, mean, structure.covariance)
    directions = Directions.of(structure)
    old, new = (
        Directions(*(part[:, where] for part in (directions.U, directions.V, directions.M)))
        for where in (slice(None, size), slice(size, None))
    )
    patterns = normal.patterns(data, expected.inverse)
    return _Score(
        normal.gradient(new, expected),
        sum((share * normal.own_information(new, Q) for share, Q in patterns), np.zeros(new.U.shape[1])),
        sum((share * normal.cross_information(new, old, Q) for share, Q in patterns), np.zeros(())),
        sum((share * normal.information(old, Q) for share, Q in patterns), np.zeros(())),
        data.n_persons,
    )


def _remaining(score: _Score) -> Array:
    """Information of each candidate that the free parameters leave over; NaN where none is left."""
    try:
        explained = np.einsum("ca,ac->c", score.across, np.linalg.solve(score.within, score.across.T))
    except np.linalg.LinAlgError:
        return np.full_like(score.own, np.nan)
    remaining = score.own - explained
    return np.where(remaining > 1e-8 * np.maximum(score.own, 1e-300), remaining, np.nan)


def _units(estimation: Estimation, candidates: tuple[Cell, ...]) -> Array:
    """Find what turns a change into standardised units."""
    layout = estimation.structure.layout
    factor = dict(zip(layout.factors, np.sqrt(np.diag(estimation.structure.factor_covariance)), strict=True))
    # A covariance of disturbances is in units of the disturbances, which are the factors where nothing explains them.
    disturbances = np.diag(estimation.structure.factor_residuals)
    part = dict(zip(layout.factors, np.sqrt(np.where(disturbances > 0, disturbances, np.nan)), strict=True))
    item = dict(zip(layout.items, np.sqrt(np.diag(estimation.implied_covariance)), strict=True))
    rest = dict(zip(layout.items, np.sqrt(np.maximum(estimation.residual_variances, 0.0)), strict=True))
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
