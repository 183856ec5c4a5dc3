"""Multitrait-multisource matrix: do self and peers agree more on the same competency than on different ones."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from psychometrics._checks import numeric_table, require_same_rows
from psychometrics.association.correlation import CorrelationMethod, correlation_matrix
from psychometrics.errors import InputShapeError

Bounds = dict[tuple[str, str], tuple[float, float]]


@dataclass(frozen=True)
class MultitraitMultisource:
    """Correlations within and between sources; see :func:`multitrait_multisource`.

    Attributes
    ----------
    matrix : DataFrame
        Correlations of all self and peer scores, labelled ``self: name`` and ``peer: name``.
    summary : DataFrame
        ``block`` (same competency, other source; other competency, same source by source; other competency, other
        source), ``n_correlations``, ``mean``, ``minimum``, ``maximum``.
    criteria : DataFrame
        One row a competency: ``competency``, ``validity`` (same competency, other source), ``lower``, ``upper``,
        ``exceeds_other_source`` and ``exceeds_same_source``: in how many of the comparisons that Campbell and Fiske
        ask for the validity is the larger, with ``comparisons_other_source`` and ``comparisons_same_source``.
    method : str
    confidence : float
    """

    matrix: pd.DataFrame
    summary: pd.DataFrame
    criteria: pd.DataFrame
    method: str
    confidence: float

    def to_frame(self) -> pd.DataFrame:
        """Return a copy of the criteria by competency."""
        return self.criteria.copy()


def multitrait_multisource(
    self_scores: pd.DataFrame,
    peer_means: pd.DataFrame,
    method: CorrelationMethod = "spearman",
    confidence: float = 0.95,
) -> MultitraitMultisource:
    """Set out the multitrait-multisource matrix of self scores and peer means.

    Convergence: the correlation of self and peers on one competency. Discrimination: that correlation against those
    of different competencies between sources, and within a source, where a general impression inflates them.

    Parameters
    ----------
    self_scores, peer_means : DataFrame, shape (n_persons, n_competencies)
        Same index, at least two competencies in common; missing values pairwise.
    method : {"spearman", "pearson", "kendall"}
    confidence : float

    Returns
    -------
    MultitraitMultisource

    Raises
    ------
    InputShapeError
        Different rows, or fewer than two competencies in common.
    CodingError
        Text or infinite values.

    References
    ----------
    Campbell, D. T., & Fiske, D. W. (1959). Convergent and discriminant validation by the multitrait-multimethod
    matrix. Psychological Bulletin, 56, 81-105, p. 82.

    Notes
    -----
    Validated by identities with :func:`psychometrics.association.correlation_matrix`.

    See Also
    --------
    psychometrics.self_other.compare : One competency at a time.

    Examples
    --------
    >>> import numpy as np, pandas as pd
    >>> rng = np.random.default_rng(2)
    >>> peers = pd.DataFrame(3.8 + 0.5 * rng.normal(size=(40, 2)), columns=["share", "listen"])
    >>> own = 0.3 * peers + 2.5 + 0.5 * rng.normal(size=(40, 2))
    >>> multitrait_multisource(own, peers).criteria[["competency", "comparisons_other_source"]].to_numpy().tolist()
    [['share', 2], ['listen', 2]]
    """
    own, peers = (
        numeric_table(self_scores, "self scores", noun="column"),
        numeric_table(peer_means, "peer means", noun="column"),
    )
    require_same_rows(own.index, peers.index, "self scores and peer means")
    names = [name for name in own.columns if name in peers.columns]
    if len(names) < 2:
        raise InputShapeError(f"{len(names)} competencies in common; the matrix needs two")
    table = pd.concat([own[names].add_prefix("self: "), peers[names].add_prefix("peer: ")], axis=1)
    long = correlation_matrix(table, None, confidence, method).to_frame()
    coefficient = long.columns[3]
    matrix = pd.DataFrame(np.eye(table.shape[1]), table.columns, table.columns)
    for row in long.to_dict("records"):
        matrix.loc[row["x"], row["y"]] = matrix.loc[row["y"], row["x"]] = row[coefficient]
    intervals = {(row["x"], row["y"]): (row["lower"], row["upper"]) for row in long.to_dict("records")}
    criteria = pd.DataFrame([_criteria(name, names, matrix, intervals) for name in names])
    return MultitraitMultisource(matrix, _summary(matrix, len(names)), criteria, method, confidence)


def _criteria(name: str, names: list[str], matrix: pd.DataFrame, intervals: Bounds) -> dict[str, object]:
    """Return Campbell and Fiske's comparisons of one competency."""
    own, peer = f"self: {name}", f"peer: {name}"
    validity = matrix.loc[own, peer]
    others = [other for other in names if other != name]
    between = [matrix.loc[own, f"peer: {other}"] for other in others]
    between += [matrix.loc[f"self: {other}", peer] for other in others]
    within = [matrix.loc[own, f"self: {other}"] for other in others]
    within += [matrix.loc[peer, f"peer: {other}"] for other in others]
    lower, upper = intervals[own, peer]
    return {
        "competency": name,
        "validity": validity,
        "lower": lower,
        "upper": upper,
        "exceeds_other_source": int(np.sum(validity > np.array(between, float))),
        "comparisons_other_source": len(between),
        "exceeds_same_source": int(np.sum(validity > np.array(within, float))),
        "comparisons_same_source": len(within),
    }


def _summary(matrix: pd.DataFrame, k: int) -> pd.DataFrame:
    """Summarise the four blocks of the matrix."""
    values = matrix.to_numpy()
    between, off = values[:k, k:], ~np.eye(k, dtype=bool)
    upper = np.triu(np.ones((k, k), dtype=bool), 1)
    blocks = {
        "same competency, other source": np.diag(between),
        "other competency, same source (self)": values[:k, :k][upper],
        "other competency, same source (peers)": values[k:, k:][upper],
        "other competency, other source": between[off],
    }
    rows = [
        {"block": name, "n_correlations": len(x), "mean": x.mean(), "minimum": x.min(), "maximum": x.max()}
        for name, x in blocks.items()
    ]
    return pd.DataFrame(rows)
