"""One factor model in several groups, with some kinds of parameters equal across them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import chdtrc, ndtr, ndtri

from psychometrics.cfa._categorical import fit_ordinal
from psychometrics.cfa._difference import DifferenceTest, restriction_traces, satorra_bentler
from psychometrics.cfa._fit import FitMeasures, Likelihood, ModelTest, fit_measures
from psychometrics.cfa._least_squares import scaled_shifted
from psychometrics.cfa._model import Cell, CfaModel
from psychometrics.errors import ModelError
from psychometrics.invariance import _normal as normal
from psychometrics.invariance import _ordinal as ordinal
from psychometrics.invariance._input import Grouped
from psychometrics.invariance._sharing import Equal, Freed, Rules

Array = NDArray[np.float64]
Estimator = Literal["WLSMV", "ML", "MLR"]
Missing = Literal["listwise", "pairwise", "fiml"]
CONFIDENCE = 0.95

_NAMES = {
    "threshold": "threshold",
    "loading": "loading",
    "factor_mean": "factor mean",
    "intercept": "intercept",
}


@dataclass(frozen=True)
class GroupModel:
    """A factor model fitted to several groups at once.

    Attributes
    ----------
    model : CfaModel
    estimator : {"WLSMV", "ML", "MLR"}
    missing : {"listwise", "pairwise", "fiml"}
    groups : tuple of str
        The first one is the reference: its factors have mean 0 and variance 1.
    n_used : Series of int, (n_groups,)
        Persons of each group after the missing rule.
    equal : tuple of str
        Kinds of parameters that are equal: thresholds, loadings, intercepts, residuals.
    freed : tuple of (str, str)
        Kind and item excepted from that.
    converged : bool
    problems : tuple of str
        What is improper about the solution.
    parameters : DataFrame
        One row a parameter and group: group, kind, left, right, free, shared, estimate, standard_error, z, p_value,
        lower, upper (95 %). Ordered items are in units of the reference group's residual standard deviation (theta
        parameterisation).
    fit : FitMeasures
        The robust indices are NaN for ordered items under equalities, where none are defined.
    solution : OrdinalFit or NormalFit
        The raw solution, for further statistics.
    """

    model: CfaModel
    estimator: Estimator
    missing: Missing
    groups: tuple[str, ...]
    n_used: pd.Series[int]
    equal: tuple[Equal, ...]
    freed: tuple[Freed, ...]
    converged: bool
    problems: tuple[str, ...]
    parameters: pd.DataFrame
    fit: FitMeasures
    solution: ordinal.OrdinalFit | normal.NormalFit = field(repr=False)

    @property
    def factor_means(self) -> pd.DataFrame:
        """Mean of each factor in each group, in standard deviations of the reference group, with 95 % interval.

        Columns group, factor, mean, standard_error, z, p_value, lower, upper; the reference group is 0 throughout.
        """
        rows = self.parameters[self.parameters["kind"] == "factor mean"]
        kept = ["group", "left", "estimate", "standard_error", "z", "p_value", "lower", "upper"]
        return rows[kept].rename(columns={"left": "factor", "estimate": "mean"}).reset_index(drop=True)

    def to_frame(self) -> pd.DataFrame:
        """One row a parameter and group."""
        return self.parameters.copy()


def fit_groups(
    model: CfaModel,
    responses: pd.DataFrame,
    groups: pd.Series,
    estimator: Estimator = "WLSMV",
    missing: Missing = "listwise",
    *,
    equal: Iterable[Equal] = (),
    freed: Iterable[Freed] = (),
    reference: str | None = None,
    clusters: pd.Series | None = None,
) -> GroupModel:
    """Fit one factor model to several groups with some kinds of parameters equal.

    WLSMV: thresholds and polychoric correlations of every group, diagonally weighted, in the theta parameterisation;
    the discrepancy is ``sum_g (n_g - 1) sum w (s - sigma)^2``, standard errors and the scaled-shifted chi-square come
    from the full asymptotic covariance of all moments. ML and MLR: the normal likelihood of means and covariances.
    Factors are identified by variance 1 and mean 0 in the reference group; what another group frees in return for
    equalities follows Wu & Estabrook (2016): intercepts and residual variances with equal thresholds, factor variances
    with equal loadings, factor means with equal intercepts.

    Parameters
    ----------
    model : CfaModel
        Correlated, single or bifactor.
    responses : DataFrame, (n_persons, n_columns)
        Columns for the model's items at least; NaN missing. Whole-number codes for WLSMV, where every item needs the
        same categories in every group (:func:`psychometrics.invariance.merge_categories`).
    groups : Series, (n_persons,)
        Group of each row of `responses`, same index; missing groups are left out.
    estimator : {"WLSMV", "ML", "MLR"}
    missing : {"listwise", "pairwise", "fiml"}
        "pairwise" for WLSMV, "fiml" for ML and MLR.
    equal : iterable of {"thresholds", "loadings", "intercepts", "residuals"}
        None of them: the configural model.
    freed : iterable of (kind, item)
        Exceptions from `equal`.
    reference : str, optional
        The reference group; the largest by default. Fit does not depend on it.
    clusters : Series, (n_persons,), optional
        Rows of one cluster are dependent, within and across groups, as when a person rates and is rated; the
        covariance of the moments is then summed over clusters (WLSMV only).

    Returns
    -------
    GroupModel

    Raises
    ------
    ModelError
        A second-order model, fewer than two groups, unknown items or kinds, categories that differ between groups,
        or items with two categories, whose thresholds alone carry no test (Wu & Estabrook 2016).
    TooFewPersonsError
        A group with no more persons than items.
    CodingError, ConstantItemError, SingularMatrixError
        As in :func:`psychometrics.cfa.fit_cfa`.

    References
    ----------
    Wu, H., & Estabrook, R. (2016). Identification of confirmatory factor analysis models of different levels of
    invariance for ordered categorical outcomes. Psychometrika, 81, 1014-1045.
    Muthén, B., & Asparouhov, T. (2002). Latent variable analysis with categorical outcomes: multiple-group and growth
    modeling in Mplus. Mplus Web Notes 4.
    Millsap, R. E. (2011). Statistical approaches to measurement invariance. Routledge.

    Notes
    -----
    Validated against lavaan 0.6-14 with semTools 0.5-6 ``measEq.syntax(ID.cat = "Wu.Estabrook.2016",
    parameterization = "theta")`` and against ``cfa(group.equal = ...)`` for MLR and ML.
    """
    grouped = Grouped.of(model, responses, groups, estimator, missing, reference, clusters)
    kinds = _kinds(equal, estimator)
    rules = Rules(estimator == "WLSMV", kinds, _freed(freed, kinds, model))
    return fit_rules(grouped, moments_of(grouped), rules)


Moments = ordinal.Stacked | normal.Samples


def moments_of(grouped: Grouped) -> Moments:
    """Moments of every group, which all levels of equality share."""
    if grouped.estimator == "WLSMV":
        return ordinal.stack(grouped.coded, grouped.cluster_codes)
    return normal.sample(grouped.model.items, grouped.values, robust=grouped.estimator == "MLR")


def fit_rules(grouped: Grouped, moments: Moments, rules: Rules, start: GroupModel | None = None) -> GroupModel:
    """Fit under rules, from the solution of another fit where one is given."""
    cells = None if start is None else cells_of(start)
    solution: ordinal.OrdinalFit | normal.NormalFit
    if isinstance(moments, ordinal.Stacked):
        solution = ordinal.fit(grouped.model, moments, rules, cells)
        base, likelihood = ordinal.baseline(moments), Likelihood()
        test = _with_robust(solution.test, grouped) if not rules.equal else solution.test
        base = _baseline_with_robust(base, grouped) if not rules.equal else base
    else:
        solution = normal.fit(grouped.model, moments, rules, cells)
        base, likelihood, test = normal.baseline(moments), solution.likelihood, solution.test
    n, number = moments.n_persons, len(grouped.names)
    return GroupModel(
        model=grouped.model,
        estimator=grouped.estimator,
        missing=grouped.missing,
        groups=grouped.names,
        n_used=grouped.sizes,
        equal=tuple(sorted(rules.equal)),
        freed=tuple(sorted(rules.freed)),
        converged=solution.solution.converged,
        problems=_problems(grouped, solution),
        parameters=_parameters(grouped, solution),
        fit=fit_measures(
            test,
            base,
            n_rmsea=(n - number if rules.ordinal else n) / number,
            n_persons=n,
            n_parameters=solution.problem.sharing.size,
            srmr=_srmr(moments, solution),
            likelihood=likelihood,
        ),
        solution=solution,
    )


def cells_of(fitted: GroupModel) -> list[Array]:
    """Cell values of each group at a solution."""
    sharing, values = fitted.solution.problem.sharing, fitted.solution.solution.values
    return [sharing.cells(values, group) for group in range(len(fitted.groups))]


def difference_between(general: GroupModel, nested: GroupModel) -> DifferenceTest:
    """Test equalities: the nested model against the general one, fitted to the same moments.

    ML: likelihood ratio. MLR: Satorra & Bentler (2001). WLSMV: the scaled-shifted difference of Satorra (2000) with
    the delta method.

    Raises
    ------
    ModelError
        The models differ in more than their equalities, or the second has no more degrees of freedom.
    """
    _check_comparable(general, nested)
    df = nested.fit.df - general.fit.df
    difference = nested.fit.chi_square - general.fit.chi_square
    one, other = general.solution, nested.solution
    if isinstance(one, ordinal.OrdinalFit) and isinstance(other, ordinal.OrdinalFit):
        stacked = one.problem.stacked
        traces = restriction_traces(stacked.weight, stacked.times, one.derivative, other.derivative)
        statistic, method = scaled_shifted(difference, df, *traces)[0], "Satorra 2000, scaled and shifted"
    elif general.estimator == "MLR":
        statistic, method = satorra_bentler(general.fit, nested.fit, difference, df), "Satorra-Bentler 2001"
    else:
        statistic, method = difference, "likelihood ratio"
    problems = (*general.problems, *nested.problems)
    return DifferenceTest(statistic, df, float(chdtrc(df, max(statistic, 0.0))), difference, method, problems)


def _check_comparable(general: GroupModel, nested: GroupModel) -> None:
    """Refuse models of other items, groups or responses; the baseline's statistic stands for the responses."""
    one, other = (
        (fitted.model.items, fitted.groups, fitted.estimator, fitted.missing, tuple(fitted.n_used))
        for fitted in (general, nested)
    )
    if one != other or not np.isclose(general.fit.baseline_chi_square, nested.fit.baseline_chi_square):
        raise ModelError(
            "The two models must be fitted to the same items and persons in the same groups, with the same reference "
            "group, estimator and missing rule."
        )
    if nested.fit.df <= general.fit.df:
        raise ModelError(
            f"The second model must be nested in the first and have more degrees of freedom; they are {general.fit.df} "
            f"and {nested.fit.df}."
        )


def _kinds(equal: Iterable[Equal], estimator: str) -> frozenset[Equal]:
    """Check the kinds of equalities."""
    allowed = ("thresholds", "loadings", "intercepts", "residuals")
    kinds = frozenset(equal)
    unknown = sorted(set(kinds) - set(allowed))
    if unknown:
        raise ModelError(f"equal={unknown[0]!r} is unknown; use {', '.join(allowed)}.")
    if "thresholds" in kinds and estimator != "WLSMV":
        raise ModelError(f"{estimator} takes items as continuous, which have no thresholds; leave them out of equal.")
    return kinds


def _freed(freed: Iterable[Freed], kinds: frozenset[Equal], model: CfaModel) -> frozenset[Freed]:
    """Check the exceptions."""
    exceptions = frozenset(freed)
    idle = sorted({kind for kind, _ in exceptions} - kinds)
    if idle:
        raise ModelError(f"freed names {idle[0]!r}, which is not among equal: {', '.join(sorted(kinds)) or 'nothing'}.")
    unknown = sorted({item for _, item in exceptions} - set(model.items))
    if unknown:
        raise ModelError(f"freed names {', '.join(unknown)}, which is no item of the model.")
    return exceptions


def _with_robust(test: ModelTest, grouped: Grouped) -> ModelTest:
    """Sum the groups' own discrepancies, behind the robust indices of the configural model."""
    parts = _own_tests(grouped)
    return test if parts is None else _summed(test, [own for own, _ in parts])


def _baseline_with_robust(base: ModelTest, grouped: Grouped) -> ModelTest:
    """Sum of the groups' own baselines."""
    parts = _own_tests(grouped)
    return base if parts is None else _summed(base, [own for _, own in parts])


def _own_tests(grouped: Grouped) -> list[tuple[ModelTest, ModelTest]] | None:
    """Test and baseline of each group alone; None where rows are clustered."""
    if grouped.cluster_codes is not None:
        return None
    fits = [fit_ordinal(grouped.model, coded, weighted=True) for coded in grouped.coded]
    return [(part.test, part.baseline) for part in fits]


def _summed(test: ModelTest, parts: Sequence[ModelTest]) -> ModelTest:
    """Put the summed likelihood discrepancy of the parts into a test."""
    statistic = sum(part.robust_statistic for part in parts)
    factor = sum(part.robust_factor * part.df for part in parts) / max(sum(part.df for part in parts), 1)
    return ModelTest(test.statistic, test.df, test.scaled, test.factor, test.shift, statistic, factor)


def _srmr(moments: Moments, solution: ordinal.OrdinalFit | normal.NormalFit) -> float:
    """Standardised root mean squared residual, averaged over the groups by their size (lavaan's definition)."""
    values = solution.solution.values
    parts = []
    if isinstance(solution, ordinal.OrdinalFit):
        for k, group in enumerate(solution.problem.stacked.groups):
            gap = (group.observed - solution.problem.implied(values, k).moments)[group.n_thresholds :]
            p = len(solution.layout.items)
            parts.append(np.sqrt(np.sum(gap**2) / (p * (p + 1) / 2)))
    else:
        for k, found in enumerate(solution.problem.samples.saturated):
            structure, _ = solution.problem.at(values, k)
            deviation = np.sqrt(np.diag(found.covariance))
            gap = (found.covariance - structure.covariance) / np.outer(deviation, deviation)
            lower = gap[np.tril_indices(len(gap))]
            parts.append(np.sqrt(np.mean(np.concatenate([lower, (found.mean - structure.means) / deviation]) ** 2)))
    return float(moments.shares @ parts)


def _parameters(grouped: Grouped, solution: ordinal.OrdinalFit | normal.NormalFit) -> pd.DataFrame:
    """All cells of all groups with their errors."""
    sharing, values = solution.problem.sharing, solution.solution.values
    error = np.sqrt(np.maximum(np.diag(solution.covariance), 0.0))
    frames = []
    for group, name in enumerate(grouped.names):
        place = sharing.place[group]
        free = place >= 0
        shared = free & (np.sum(sharing.place == place, axis=0) == len(grouped.names))
        frame = pd.DataFrame([_label(cell) for cell in sharing.layout.cells], columns=["kind", "left", "right"])
        frame.insert(0, "group", name)
        frame["free"], frame["shared"] = free, shared
        frame["estimate"] = sharing.cells(values, group)
        frame["standard_error"] = np.where(free, error[place], 0.0)
        frames.append(frame)
    table = pd.concat(frames, ignore_index=True)
    spread = table["standard_error"].where(table["free"] & (table["standard_error"] > 0))
    table["z"] = table["estimate"] / spread
    table["p_value"] = 2.0 * ndtr(-table["z"].abs())
    width = ndtri(0.5 + CONFIDENCE / 2.0) * table["standard_error"]
    return table.assign(lower=table["estimate"] - width, upper=table["estimate"] + width)


def _label(cell: Cell) -> tuple[str, str, str]:
    """Kind and the two names of a parameter, in the order of a one-group result."""
    if cell.kind == "loading":
        return "loading", cell.column, cell.row
    if cell.kind in _NAMES:
        return _NAMES[cell.kind], cell.row, cell.column
    what = "factor" if cell.kind == "factor_covariance" else "residual"
    return f"{what} {'variance' if cell.row == cell.column else 'covariance'}", cell.row, cell.column


def _problems(grouped: Grouped, solution: ordinal.OrdinalFit | normal.NormalFit) -> tuple[str, ...]:
    """Say what is improper about the solution."""
    found, sharing = [], solution.problem.sharing
    if not solution.solution.converged:
        found.append(f"Not converged after {solution.solution.iterations} iterations; do not interpret the estimates.")
    for group, name in enumerate(grouped.names):
        structure = sharing.layout.at(sharing.cells(solution.solution.values, group))
        residuals = zip(sharing.layout.items, np.diag(structure.residuals), strict=True)
        found += [f"{item} has a negative residual variance in {name}." for item, value in residuals if value < 0]
        variance = np.diag(structure.factor_covariance)
        factors = zip(sharing.layout.factors, variance, strict=True)
        found += [f"Factor {factor} has a negative variance in {name}." for factor, value in factors if value < 0]
        if (variance > 0).all():
            beyond = np.abs(structure.factor_covariance) / np.sqrt(np.outer(variance, variance)) > 1.0 + 1e-9
            if np.triu(beyond, 1).any():
                found.append(f"A correlation of factors is beyond one in {name}.")
    if np.isnan(solution.covariance).any():
        found.append("The information matrix is singular: standard errors are not available.")
    return tuple(found)
