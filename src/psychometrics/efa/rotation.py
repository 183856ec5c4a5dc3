"""Rotation of loadings, and one fixed order and sign of factors."""

from __future__ import annotations

from typing import Literal, cast

import numpy as np
import pandas as pd

from psychometrics._checks import listed
from psychometrics.errors import ModelError

Rotation = Literal["oblimin", "promax", "quartimin", "geomin", "varimax", "quartimax", "none"]

# R's GPArotation and varimax stop at this gradient or relative change too; a tighter rule moves loadings on
# bfi by up to 2e-5 (oblimin) and 8e-4 (varimax) away from what psych reports
_TOLERANCE = 1e-5
_STEPS = 1000
_ROTATORS = {
    "oblimin": "oblimin",
    "promax": "promax",
    "quartimin": "quartimin",
    "geomin": "geomin_obl",
    "varimax": "varimax",
    "quartimax": "quartimax",
}


def rotate(loadings: np.ndarray, rotation: Rotation) -> tuple[np.ndarray, np.ndarray]:
    """Return rotated loadings and factor correlations, in the fixed order and sign."""
    if rotation != "none" and rotation not in _ROTATORS:
        raise ModelError(f"rotation must be one of {', '.join([*_ROTATORS, 'none'])}, not {rotation!r}")
    if rotation == "none" or loadings.shape[1] == 1:
        return in_fixed_order(loadings, np.eye(loadings.shape[1]))
    from factor_analyzer import Rotator

    rotator = Rotator(
        method=_ROTATORS[rotation], normalize=True, power=4, gamma=0, delta=0.01, max_iter=_STEPS, tol=_TOLERANCE
    )
    rotated = rotator.fit_transform(loadings)
    correlations = np.eye(loadings.shape[1]) if rotator.phi_ is None else rotator.phi_
    return in_fixed_order(rotated, correlations)


def in_fixed_order(pattern: np.ndarray, correlations: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Order factors by the variance they account for, largest first, and point each at a positive sum."""
    accounted = np.diag(correlations @ pattern.T @ pattern)
    order = np.argsort(-accounted, kind="stable")
    pattern, correlations = pattern[:, order], correlations[np.ix_(order, order)]
    signs = np.where(pattern.sum(axis=0) < 0, -1.0, 1.0)
    return pattern * signs, correlations * np.outer(signs, signs)


def tucker_congruence(loadings: pd.DataFrame, other: pd.DataFrame) -> pd.DataFrame:
    r"""Tucker's congruence of every factor of one solution with every factor of another.

    .. math:: \phi_{jk} = \frac{\sum_i \lambda_{ij}\mu_{ik}}{\sqrt{\sum_i \lambda_{ij}^2 \sum_i \mu_{ik}^2}}

    Values of .85 to .94 are called fair, .95 and more equal (Lorenzo-Seva & ten Berge 2006).

    Parameters
    ----------
    loadings, other : DataFrame of shape (n_items, n_factors)
        Patterns over the same items in any order.

    Returns
    -------
    DataFrame of shape (n_factors, n_other_factors)

    Raises
    ------
    ModelError
        The items differ, or a factor has no loadings.

    References
    ----------
    Lorenzo-Seva, U., & ten Berge, J. M. F. (2006). Tucker's congruence coefficient as a meaningful index of
    factor similarity. Methodology, 2, 57-64, eq. 1.

    Notes
    -----
    Validated against ``psych::factor.congruence``.

    See Also
    --------
    align_factors : bring two solutions into one order.

    Examples
    --------
    >>> import pandas as pd
    >>> from psychometrics.efa import tucker_congruence
    >>> one = pd.DataFrame({"x": [0.8, 0.7, 0.6]}, index=list("abc"))
    >>> tucker_congruence(one, 0.5 * one).round(6).loc["x", "x"].item()  # size does not matter
    1.0
    """
    if set(loadings.index) != set(other.index):
        raise ModelError("the two solutions have different items; fit both to the same ones")
    first, second = loadings.to_numpy(), other.loc[loadings.index].to_numpy()
    for solution, values in ((loadings, first), (other, second)):
        empty = solution.columns[~np.any(values, axis=0)]
        if len(empty):
            raise ModelError(f"no loading of {listed(empty)} differs from zero, so no congruence with it is defined")
    lengths = np.sqrt(np.outer(np.sum(first**2, axis=0), np.sum(second**2, axis=0)))
    return pd.DataFrame(first.T @ second / lengths, index=loadings.columns, columns=other.columns)


def align_factors(loadings: pd.DataFrame, target: pd.DataFrame) -> tuple[pd.DataFrame, pd.Series]:
    """Reorder and reflect factors so that they match those of a target solution.

    Factors are paired one to one so that the sum of absolute congruences is as large as it can be.

    Parameters
    ----------
    loadings, target : DataFrame of shape (n_items, n_factors)
        Patterns over the same items with the same number of factors.

    Returns
    -------
    tuple of DataFrame and Series
        The loadings under the target's factor names, and the congruence of each pair.

    Raises
    ------
    ModelError
        Different items or different numbers of factors, or a factor without loadings.

    References
    ----------
    Lorenzo-Seva, U., & ten Berge, J. M. F. (2006). Methodology, 2, 57-64.

    Notes
    -----
    Validated by identity: a permuted and reflected solution comes back unchanged.

    See Also
    --------
    tucker_congruence : how alike factors are.

    Examples
    --------
    >>> import pandas as pd
    >>> from psychometrics.efa import align_factors
    >>> target = pd.DataFrame({"x": [0.8, 0.7, 0.0, 0.1], "y": [0.0, 0.1, 0.6, 0.9]}, index=list("abcd"))
    >>> turned = pd.DataFrame({"first": -target["y"], "second": target["x"]})
    >>> aligned, congruence = align_factors(turned, target)
    >>> aligned.equals(target), congruence.round(6).tolist()
    (True, [1.0, 1.0])
    """
    from scipy.optimize import linear_sum_assignment

    if loadings.shape[1] != target.shape[1]:
        raise ModelError(f"{loadings.shape[1]} factors cannot be matched with {target.shape[1]}")
    congruence = tucker_congruence(target, loadings).to_numpy()
    rows, columns = linear_sum_assignment(-np.abs(congruence))
    matched = congruence[rows, columns]
    signs = np.where(matched < 0, -1.0, 1.0)
    aligned = loadings.loc[target.index].to_numpy()[:, columns] * signs
    return (
        pd.DataFrame(aligned, index=target.index, columns=target.columns),
        pd.Series(cast("np.ndarray", np.abs(matched)), index=target.columns, name="congruence"),
    )
