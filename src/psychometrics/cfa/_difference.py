"""Chi-square difference tests of nested models, with the correction that each estimator needs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any, TypeAlias

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import sparse
from scipy.linalg import qr
from scipy.special import chdtrc

from psychometrics.cfa import _least_squares as least_squares
from psychometrics.cfa._estimation import Estimation
from psychometrics.cfa._fit import FitMeasures
from psychometrics.cfa._result import CfaResult
from psychometrics.errors import ModelError

Array = NDArray[np.float64]
# Plain or sparse, for which scipy has no types.
Derivative: TypeAlias = Any


@dataclass(frozen=True)
class DifferenceTest:
    """Test of a model against a more general one that it is nested in.

    Attributes
    ----------
    statistic, df, p_value : float, int, float
        Corrected statistic.
    difference : float
        Uncorrected difference of the chi-squares.
    method : str
    problems : tuple of str
        Improper solutions among the two models.
    """

    statistic: float
    df: int
    p_value: float
    difference: float
    method: str
    problems: tuple[str, ...]

    def to_frame(self) -> pd.DataFrame:
        """One row."""
        return pd.DataFrame([asdict(self)])


def difference_test(general: CfaResult, nested: CfaResult) -> DifferenceTest:
    """Compare two nested models fitted to the same responses.

    ML: the difference of the likelihood ratios. MLR: the difference over ``(df0 c0 - df1 c1) / (df0 - df1)`` (Satorra
    & Bentler 2001). WLSMV, ULSMV: scaled-shifted difference from the restriction that takes one model to the
    other (Satorra 2000; Asparouhov & Muthén 2010).

    Parameters
    ----------
    general : CfaResult
        The model with more parameters.
    nested : CfaResult
        The restricted model.

    Returns
    -------
    DifferenceTest

    Raises
    ------
    ModelError
        Different items, persons, estimator or missing rule, or no difference in degrees of freedom; also a negative
        correction in MLR.

    References
    ----------
    Satorra, A. (2000). Scaled and adjusted restricted tests in multi-sample analysis of moment structures. In
    Heijmans, Pollock & Satorra (Eds.), Innovations in multivariate statistical analysis (pp. 233-247).
    Satorra, A., & Bentler, P. M. (2001). A scaled difference chi-square test statistic for moment structure
    analysis. Psychometrika, 66, 507-514.
    Asparouhov, T., & Muthén, B. (2010). Simple second order chi-square correction. Mplus technical appendix.

    Notes
    -----
    Validated against lavaan 0.6-14 ``lavTestLRT``.
    """
    _check_comparable(general, nested)
    df = nested.fit.df - general.fit.df
    difference = nested.fit.chi_square - general.fit.chi_square
    if general.estimator == "ML":
        statistic, method = difference, "likelihood ratio"
    elif general.estimator == "MLR":
        statistic, method = satorra_bentler(general.fit, nested.fit, difference, df), "Satorra-Bentler 2001"
    else:
        statistic, method = _satorra(general, nested, difference, df), "Satorra 2000, scaled and shifted"
    problems = tuple(
        f"{name}: {text}" for name, result in (("general", general), ("nested", nested)) for text in result.problems
    )
    return DifferenceTest(statistic, df, float(chdtrc(df, statistic)), difference, method, problems)


def _check_comparable(general: CfaResult, nested: CfaResult) -> None:
    """Refuse results that do not describe the same responses."""
    same = (
        sorted(general.model.items) == sorted(nested.model.items)
        and (general.estimator, general.missing, general.n_used) == (nested.estimator, nested.missing, nested.n_used)
        and np.allclose(nested.sample, general.sample.loc[nested.sample.index, nested.sample.columns])
    )
    if not same:
        raise ModelError(
            "The two models must be fitted to the same items and persons with the same estimator and missing rule."
        )
    if nested.fit.df <= general.fit.df:
        raise ModelError(
            f"The second model must be nested in the first and have more degrees of freedom; they are "
            f"{general.fit.df} and {nested.fit.df}."
        )


def satorra_bentler(general: FitMeasures, nested: FitMeasures, difference: float, df: int) -> float:
    """Difference over the difference of the scaling corrections (Satorra & Bentler 2001)."""
    correction = nested.df * nested.scaling_factor - general.df * (general.scaling_factor if general.df else 0.0)
    if correction <= 0:
        raise ModelError(
            "The scaling correction of the difference is not positive (Satorra & Bentler 2010 describe when): compare "
            "the models with estimator='ML', or by their robust fit."
        )
    return float(difference * df / correction)


def _satorra(general: CfaResult, nested: CfaResult, difference: float, df: int) -> float:
    """Scaled-shifted difference."""
    moments = general.estimation.moments
    assert moments is not None
    covariance = moments.covariance
    wide = _derivative(general.estimation)
    narrow = _derivative(nested.estimation)[_same_pairs(general, nested)]
    trace, square = restriction_traces(moments.weight, lambda matrix: covariance @ matrix, wide, narrow)
    return least_squares.scaled_shifted(difference, df, trace, square)[0]


def _derivative(estimation: Estimation) -> Array:
    """Differentiate the correlations at the solution."""
    pairs = least_squares.pairs_of(len(estimation.structure.layout.items))
    return least_squares.jacobian(estimation.structure, pairs)


def _same_pairs(general: CfaResult, nested: CfaResult) -> NDArray[np.intp]:
    """Rows of the nested model's correlations in the general model's order of items."""
    first, second = least_squares.pairs_of(len(general.model.items))
    size = len(nested.model.items)
    number = np.zeros((size, size), dtype=np.intp)
    own = least_squares.pairs_of(size)
    number[own] = np.arange(len(own[0]))
    number = np.maximum(number, number.T)
    place = np.array([nested.model.items.index(item) for item in general.model.items])
    return np.asarray(number[place[first], place[second]])


def restriction_traces(
    weight: Array, covariance_times: Callable[[Array], Array], wide: Derivative, narrow: Derivative
) -> tuple[float, float]:
    """Traces of U Gamma and of its square, for the U of the restriction A (Satorra 2000, delta method).

    A spans what the general model's derivatives (wide) have beyond the nested model's (narrow);
    ``U = W D E A' (A E A')^-1 A E D' W`` with E the inverse information of the general model. Gamma enters as the
    function that multiplies it, since it need not be held in one piece.
    """
    mapping = _least_squares(_dense(wide.T @ wide), _dense(wide.T @ narrow))
    restriction = qr(mapping)[0][:, narrow.shape[1] :].T
    weighted = sparse.diags_array(weight) @ wide
    inverse = np.linalg.inv(_dense(wide.T @ weighted))
    reach = (weighted @ (restriction @ inverse).T).T
    inner = np.linalg.inv(restriction @ inverse @ restriction.T)
    product = inner @ (reach @ covariance_times(reach.T))
    return float(np.trace(product)), float(np.sum(product * product.T))


def _dense(matrix: Derivative) -> Array:
    """Return a product of derivatives as a plain array."""
    return np.asarray(matrix.toarray() if sparse.issparse(matrix) else matrix)


def _least_squares(square: Array, across: Array) -> Array:
    """Solve the normal equations in units that give the square a unit diagonal."""
    scale = np.sqrt(np.diag(square))
    solved = np.linalg.solve(square / np.outer(scale, scale), across / scale[:, None])
    return np.asarray(solved / scale[:, None])
