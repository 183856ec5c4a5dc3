"""Chi-square difference tests of nested models, with the correction that each estimator needs."""

from __future__ import annotations

from dataclasses import asdict, dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.linalg import cho_factor, cho_solve
from scipy.special import chdtrc

from psychometrics.errors import ModelError
from psychometrics.sem._jacobian import Jacobian
from psychometrics.sem._moments import Stacked, scaled_shifted
from psychometrics.sem._spread import pairs_of
from psychometrics.sem.fit_measures import FitMeasures
from psychometrics.sem.result import CfaResult

Array = NDArray[np.float64]


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

    See Also
    --------
    fit_cfa : fit the models.
    measurement_invariance : such tests, level by level.

    Examples
    --------
    >>> import numpy as np, pandas as pd
    >>> from psychometrics.sem import CfaModel, difference_test, fit_cfa
    >>> draw = np.random.default_rng(1)
    >>> factors = draw.multivariate_normal([0, 0], [[1, 0.3], [0.3, 1]], 500, method="cholesky")
    >>> items = pd.DataFrame(factors[:, [0, 0, 0, 1, 1, 1]] + draw.standard_normal((500, 6)), columns=list("abcdef"))
    >>> two = fit_cfa(CfaModel.correlated({"x": list("abc"), "y": list("def")}), items, "ML")
    >>> one = fit_cfa(CfaModel.single(list("abcdef")), items, "ML")
    >>> test = difference_test(two, one)
    >>> test.df, test.p_value < 0.001, test.method
    (1, True, 'likelihood ratio')
    """
    _check_comparable(general, nested)
    df = nested.fit.df - general.fit.df
    difference = nested.fit.chi_square - general.fit.chi_square
    samples = general.estimation.problem.samples
    if isinstance(samples, Stacked):
        statistic, method = _satorra(general, nested, difference, df), "Satorra 2000, scaled and shifted"
    elif samples.robust:
        statistic, method = _satorra_bentler(general.fit, nested.fit, difference, df), "Satorra-Bentler 2001"
    else:
        statistic, method = difference, "likelihood ratio"
    problems = tuple(
        f"{name}: {text}" for name, result in (("general", general), ("nested", nested)) for text in result.problems
    )
    return DifferenceTest(statistic, df, float(chdtrc(df, max(statistic, 0.0))), difference, method, problems)


def _check_comparable(general: CfaResult, nested: CfaResult) -> None:
    """Refuse results that do not describe the same responses; the baseline's statistic stands for these."""
    one, other = (
        (sorted(result.model.items), result.groups, result.estimator, result.missing, tuple(result.group_sizes))
        for result in (general, nested)
    )
    same = one == other and general.estimation.unit_variances == nested.estimation.unit_variances
    if not same or not np.isclose(general.fit.baseline_chi_square, nested.fit.baseline_chi_square):
        raise ModelError(
            "The two models must be fitted to the same items and persons in the same groups, with the same reference "
            "group, estimator and missing rule."
        )
    if nested.fit.df <= general.fit.df:
        raise ModelError(
            f"The second model must be nested in the first and have more degrees of freedom; they are "
            f"{general.fit.df} and {nested.fit.df}."
        )


def _satorra_bentler(general: FitMeasures, nested: FitMeasures, difference: float, df: int) -> float:
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
    stacked, wide, narrow = general.estimation.problem.samples, general.estimation.jacobian, nested.estimation.jacobian
    assert isinstance(stacked, Stacked)
    assert wide is not None
    assert narrow is not None
    trace, square = _restriction_traces(stacked, wide, narrow.rows(_same_moments(general, nested)))
    return scaled_shifted(difference, df, trace, square)[0]


def _same_moments(general: CfaResult, nested: CfaResult) -> list[NDArray[np.intp]]:
    """Rows of the nested model's moments in the general model's order of items, by group."""
    stacked = nested.estimation.problem.samples
    assert isinstance(stacked, Stacked)
    items, found = list(nested.model.items), []
    order = np.array([items.index(item) for item in general.model.items])
    first, second = pairs_of(len(items))
    number = np.zeros((len(items), len(items)), dtype=np.intp)
    number[first, second] = number[second, first] = np.arange(len(first))
    for group in stacked.groups:
        rows = [group.n_thresholds + number[order[first], order[second]]]
        if group.n_thresholds:
            of_item = group.estimates.threshold_places[0]
            rows = [np.flatnonzero(of_item == item) for item in order] + rows
        found.append(np.concatenate(rows))
    return found


def _restriction_traces(stacked: Stacked, wide: Jacobian, narrow: Jacobian) -> tuple[float, float]:
    """Traces of U Gamma and of its square, for the U of the restriction (Satorra 2000, delta method).

    With E the inverse information of the general model and ``narrow = wide M`` by least squares, U is
    ``W D (E - M (M' E^-1 M)^-1 M') D' W``: what the general model's derivatives D have beyond the nested model's. That
    is Satorra's ``W D E A' (A E A')^-1 A E D' W`` for an A that spans what is orthogonal to M.
    """
    information = wide.square(stacked.weights)
    solver, own = information.solver(), wide.square([np.ones(len(part)) for part in wide.parts]).solver()
    if solver is None or own is None:
        raise ModelError("The general model is not identified; there is nothing to compare.")
    mapping = own.solve(wide.across(narrow))
    inner = cho_factor(mapping.T @ information.times(mapping), check_finite=False)

    def beyond(matrix: Array) -> Array:
        return np.asarray(solver.solve(matrix) - mapping @ cho_solve(inner, mapping.T @ matrix, check_finite=False))

    return stacked.sums(wide.weighted(stacked.weights)).traces(beyond)
