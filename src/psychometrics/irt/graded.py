"""Samejima's graded response model, fitted by marginal maximum likelihood."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from psychometrics._checks import Label, label_index, labelled_parts, listed
from psychometrics.errors import InputShapeError
from psychometrics.irt._curves import Array, ItemCurve, information
from psychometrics.irt._marginal import Solution, maximise, quadrature
from psychometrics.irt._start import Unused, as_positions, checked_codes, start, used_categories

LOGISTIC_TO_NORMAL = 1.702
_FEWEST_POINTS = 15
_STEEP = 6.0


@dataclass(frozen=True)
class GradedResponse:
    """A fitted graded response model of one scale.

    The latent trait theta is standard normal. ``b1`` is the trait level (in standard deviations) at which half the
    people reach the second-lowest code of the scale, ``b2`` the third-lowest, and so on; a code that an item does not
    have in use leaves NaN.

    Attributes
    ----------
    discrimination, discrimination_se : Series of shape (n_items,)
        Slopes on the logistic metric (no 1.702) and their standard errors.
    thresholds, thresholds_se : DataFrame of shape (n_items, n_codes - 1)
        Columns ``b1``, ``b2`` ...; standard errors by the delta method.
    intercepts, intercepts_se : DataFrame of shape (n_items, n_codes - 1)
        Columns ``d1``, ``d2`` ..., with d = -a b.
    loadings : Series of shape (n_items,)
        Standardised loadings a / sqrt(a^2 + 1.702^2).
    covariance : DataFrame of shape (n_parameters, n_parameters)
        Of slopes and intercepts, indexed by item and parameter; NaN when the search did not converge.
    log_likelihood, aic, bic : float
        Of the marginal likelihood.
    n_persons, n_items, n_parameters : int
        Persons with at least one answer, items, and free parameters.
    converged : bool
        Whether the search ended at a maximum.
    iterations : int
        Newton steps after the start.
    categories : dict of str to tuple of int
        Codes in use of each item.
    quadrature_points : int
        Equally spaced points on [-6, 6].
    method, missing : str
        Estimator and missing rule.
    notes : tuple of str
        What a reader has to know.
    """

    discrimination: pd.Series
    discrimination_se: pd.Series
    thresholds: pd.DataFrame
    thresholds_se: pd.DataFrame
    intercepts: pd.DataFrame
    intercepts_se: pd.DataFrame
    loadings: pd.Series
    covariance: pd.DataFrame
    log_likelihood: float
    aic: float
    bic: float
    n_persons: int
    n_items: int
    n_parameters: int
    converged: bool
    iterations: int
    categories: dict[Label, tuple[int, ...]]
    quadrature_points: int
    method: str
    missing: str
    notes: tuple[str, ...] = field(default_factory=tuple)

    @property
    def items(self) -> list[Label]:
        """Names of the items in column order."""
        return list(self.categories)

    def to_frame(self) -> pd.DataFrame:
        """Return one row an item: discrimination, loading, thresholds, each with its standard error."""
        table = pd.DataFrame(
            {"a": self.discrimination, "a_se": self.discrimination_se, "loading": self.loadings}
        ).rename_axis("item")
        for step in self.thresholds.columns:
            table[step] = self.thresholds[step]
            table[f"{step}_se"] = self.thresholds_se[step]
        return table.reset_index()

    def expected_information(self) -> pd.Series:
        r"""Information of each item averaged over the people, :math:`\int I_i(\theta)\phi(\theta)d\theta`.

        A merit for choosing items: large where an item tells apart the people there are.
        """
        theta, weights = self.grid()
        values = [weights @ information(curve, theta) for curve in self.curves()]
        return pd.Series(values, label_index(self.items), name="expected_information", dtype=float)

    def grid(self) -> tuple[Array, Array]:
        """Return the quadrature points and their normal weights, which add to one."""
        theta, log_weights = quadrature(self.quadrature_points)
        return theta, np.exp(log_weights)

    def curves(self) -> list[ItemCurve]:
        """Return the items as curves, in column order."""
        return [
            ItemCurve(float(slope), row[~np.isnan(row)])
            for slope, row in zip(self.discrimination, self.intercepts.to_numpy(dtype=float), strict=True)
        ]


def fit_graded_response(
    responses: pd.DataFrame, quadrature_points: int = 61, unused: Unused = "refuse"
) -> GradedResponse:
    r"""Fit the graded response model to one scale.

    .. math:: P(X_i \ge k \mid \theta) = \frac{1}{1 + \exp[-a_i(\theta - b_{ik})]}, \qquad \theta \sim N(0, 1)

    The marginal likelihood over the answered items is maximised: the PyPI package ``mirt`` finds the neighbourhood by
    EM, Newton steps with the exact observed information (Louis's identity) find the maximum on equally spaced points.
    Without the second part discriminations could not be negative, thresholds would stay within the package's bounds,
    and estimates would carry the error of its stopping rule.

    Parameters
    ----------
    responses : DataFrame of shape (n_persons, n_items)
        Whole-number codes of at least three items, NaN missing. Every answer is used; persons without any are left
        out. Items need not be keyed alike: one that runs against the others gets a negative discrimination.
    quadrature_points : int
        Equally spaced points on [-6, 6], at least 15.
    unused : {"refuse", "collapse"}
        What to do with a code that nobody gave to an item while codes on both sides of it were given: refuse, or leave
        the code out. A code missing at an end is left out always. Both are noted.

    Returns
    -------
    GradedResponse

    Raises
    ------
    InputShapeError
        Fewer than three items, repeated items, or too few quadrature points.
    CodingError
        Answers that are not whole numbers, or an unused code between used ones.
    ConstantItemError
        An item with fewer than two codes in use.
    TooFewPersonsError
        Nobody answered.

    References
    ----------
    Samejima, F. (1969). Estimation of latent ability using a response pattern of graded scores. Psychometrika
    Monograph 17. Bock, R. D., & Aitkin, M. (1981). Marginal maximum likelihood estimation of item parameters.
    Psychometrika, 46, 443-459. Louis, T. A. (1982). Finding the observed information matrix when using the EM
    algorithm. Journal of the Royal Statistical Society B, 44, 226-233, eq. 3.1.

    Notes
    -----
    Validated against R's ``mirt::mirt(itemtype = "graded", SE.type = "Oakes")`` (61 points, TOL 1e-6): estimates,
    standard errors, loadings and log-likelihood. Oakes' standard errors are the same observed information, found there
    by numerical differences.

    See Also
    --------
    psychometrics.irt.item_fit : Whether the model fits.
    psychometrics.irt.person_scores : Scores of people.

    Examples
    --------
    >>> import numpy as np, pandas as pd
    >>> rng = np.random.default_rng(3)
    >>> trait = rng.normal(size=(400, 1))
    >>> answers = pd.DataFrame(np.digitize(trait + rng.normal(size=(400, 5)), [-1.2, 0, 1.2]), columns=list("abcde"))
    >>> model = fit_graded_response(answers)
    >>> model.converged, model.discrimination.round(1).tolist()
    (True, [1.8, 1.7, 1.6, 2.0, 1.7])
    """
    if quadrature_points < _FEWEST_POINTS:
        raise InputShapeError(f"quadrature_points must be at least {_FEWEST_POINTS}, not {quadrature_points}")
    if unused not in ("refuse", "collapse"):
        raise InputShapeError(f"unused must be 'refuse' or 'collapse', not {unused!r}")
    frame = checked_codes(responses, minimum_items=3)
    categories, notes = used_categories(frame, unused)
    codes = as_positions(frame, categories)
    solution = maximise(start(codes), codes, quadrature_points)
    return _result(solution, categories, len(frame), quadrature_points, notes)


def fit_scales(
    responses: pd.DataFrame,
    scales: Mapping[Label, Sequence[Label]],
    quadrature_points: int = 61,
    unused: Unused = "refuse",
) -> dict[Label, GradedResponse]:
    """Fit one graded response model for each scale.

    Parameters
    ----------
    responses : DataFrame of shape (n_persons, n_items)
        Whole-number codes, NaN missing.
    scales : mapping of str to sequence of str
        Items of each scale.
    quadrature_points, unused
        As in :func:`fit_graded_response`.

    Returns
    -------
    dict of str to GradedResponse
        In the order of `scales`.

    Raises
    ------
    InputShapeError
        A scale names items that the responses lack, or has fewer than three.
    CodingError, ConstantItemError, TooFewPersonsError
        As :func:`fit_graded_response`.

    References
    ----------
    Samejima, F. (1969). Psychometrika Monograph 17.

    Notes
    -----
    Validated by identity with :func:`fit_graded_response`.

    See Also
    --------
    fit_graded_response : One scale.

    Examples
    --------
    >>> import numpy as np, pandas as pd
    >>> rng = np.random.default_rng(3)
    >>> trait = rng.normal(size=(400, 1))
    >>> answers = pd.DataFrame(np.digitize(trait + rng.normal(size=(400, 5)), [-1.2, 0, 1.2]), columns=list("abcde"))
    >>> models = fit_scales(answers, {"one": ["a", "b", "c"], "two": ["c", "d", "e"]})
    >>> list(models), models["one"].n_items
    (['one', 'two'], 3)
    """
    unknown = [item for items in scales.values() for item in items if item not in responses.columns]
    if unknown:
        raise InputShapeError(f"scales name unknown items: {listed(unknown)}; the responses lack them")
    import joblib

    fit = joblib.delayed(fit_graded_response)
    fitted = joblib.Parallel()(fit(responses[list(items)], quadrature_points, unused) for items in scales.values())
    return dict(zip(scales, fitted, strict=True))


def _result(
    solution: Solution,
    categories: dict[Label, tuple[int, ...]],
    n_persons: int,
    quadrature_points: int,
    notes: tuple[str, ...],
) -> GradedResponse:
    """Label the solution."""
    n_parameters = len(solution.information)
    items, steps = label_index(categories), _steps(categories)
    slopes = pd.Series([curve.slope for curve in solution.curves], items, name="discrimination")
    intercepts = _spread({item: curve.intercepts for item, curve in zip(items, solution.curves, strict=True)}, steps)
    covariance = _covariance(solution, steps)
    slopes_se, intercepts_se, thresholds_se = _standard_errors(slopes, intercepts, covariance)
    deviance = -2 * solution.log_likelihood
    return GradedResponse(
        discrimination=slopes,
        discrimination_se=slopes_se,
        thresholds=intercepts.div(-slopes, axis=0).rename(columns=_as_threshold),
        thresholds_se=thresholds_se.rename(columns=_as_threshold),
        intercepts=intercepts,
        intercepts_se=intercepts_se,
        loadings=(slopes / np.sqrt(slopes**2 + LOGISTIC_TO_NORMAL**2)).rename("loading"),
        covariance=covariance,
        log_likelihood=solution.log_likelihood,
        aic=deviance + 2 * n_parameters,
        bic=deviance + float(np.log(n_persons)) * n_parameters,
        n_persons=n_persons,
        n_items=len(items),
        n_parameters=n_parameters,
        converged=solution.converged,
        iterations=solution.steps,
        categories=categories,
        quadrature_points=quadrature_points,
        method="graded response, marginal maximum likelihood",
        missing="all answers given",
        notes=notes + _warnings(solution, slopes),
    )


def _steps(categories: dict[Label, tuple[int, ...]]) -> dict[Label, list[str]]:
    """Return the names of each item's intercepts, counted from the lowest code of the scale."""
    lowest = min(codes[0] for codes in categories.values())
    return {item: [f"d{code - lowest}" for code in codes[1:]] for item, codes in categories.items()}


def _as_threshold(step: str) -> str:
    """Return the name of the threshold that goes with an intercept."""
    return f"b{step[1:]}"


def _spread(values: Mapping[Label, Array], steps: dict[Label, list[str]]) -> pd.DataFrame:
    """Lay values of each item's steps out in one table, NaN where an item has no such step."""
    columns = sorted({step for names in steps.values() for step in names}, key=lambda step: int(step[1:]))
    rows = [dict(zip(steps[item], row, strict=True)) for item, row in values.items()]
    return pd.DataFrame(rows, columns=columns, dtype=float).set_axis(label_index(values), axis=0)


def _covariance(solution: Solution, steps: dict[Label, list[str]]) -> pd.DataFrame:
    """Return the inverse of the observed information, labelled; NaN unless it is that of a maximum."""
    rows = [(place, name) for place, names in enumerate(steps.values()) for name in ["a", *names]]
    by = labelled_parts(steps, [place for place, _ in rows], [name for _, name in rows], ("item", "parameter"))
    information = solution.information
    values = np.linalg.inv(information) if solution.converged else np.full_like(information, np.nan)
    return pd.DataFrame(values, by, by)


def _standard_errors(
    slopes: pd.Series, intercepts: pd.DataFrame, covariance: pd.DataFrame
) -> tuple[pd.Series, pd.DataFrame, pd.DataFrame]:
    """Return standard errors of slopes, intercepts and (delta method) thresholds."""
    values, names = covariance.to_numpy(), covariance.index.get_level_values("parameter")
    errors = np.sqrt(np.diag(values))
    starts = np.flatnonzero(names == "a")
    slopes_se = pd.Series(errors[starts], slopes.index, name="discrimination_se")
    intercepts_se, thresholds_se = (np.full(intercepts.shape, np.nan) for _ in range(2))
    for row, (first, end) in enumerate(itertools.pairwise([*starts, len(names)])):
        slope = slopes.iloc[row]
        own, columns = np.arange(first + 1, end), intercepts.columns.get_indexer(names[first + 1 : end])
        thresholds = -intercepts.to_numpy()[row, columns] / slope
        spread = np.diag(values)[own] + thresholds**2 * values[first, first] + 2 * thresholds * values[first, own]
        intercepts_se[row, columns], thresholds_se[row, columns] = errors[own], np.sqrt(spread) / abs(slope)
    found = [pd.DataFrame(each, intercepts.index, intercepts.columns) for each in (intercepts_se, thresholds_se)]
    return slopes_se, found[0], found[1]


def _warnings(solution: Solution, slopes: pd.Series) -> tuple[str, ...]:
    """Say what is doubtful about the solution."""
    notes = []
    if not solution.converged:
        notes.append(f"no maximum found in {solution.steps} Newton steps, so there are no standard errors")
    against = slopes.index[slopes < 0]
    if len(against):
        notes.append(f"negative discrimination: {listed(against)}; check the key")
    steep = slopes.index[slopes.abs() > _STEEP]
    if len(steep):
        notes.append(f"discrimination above {_STEEP:g}: {listed(steep)}; look for items that repeat one another")
    return tuple(notes)
