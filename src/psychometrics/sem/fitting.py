"""Fit a factor model: check the request, choose the estimator, hand the solution over."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from psychometrics.errors import ModelError
from psychometrics.sem import _continuous as continuous
from psychometrics.sem import _moments as ordered
from psychometrics.sem import _ordinal as ordinal
from psychometrics.sem._equal_parameters import Equal, Freed, Rules, Scheme, Sharing, share
from psychometrics.sem._estimation import Estimation
from psychometrics.sem._input import Estimator, Labels, Missing, Sorted, check_same_categories, labels
from psychometrics.sem._solve import minimise
from psychometrics.sem._start import GroupStart, starting_values
from psychometrics.sem.fit_measures import Likelihood, ModelTest
from psychometrics.sem.model import CfaModel
from psychometrics.sem.result import CfaResult

if TYPE_CHECKING:
    from typing import Literal

Array = NDArray[np.float64]


def fit_cfa(
    model: CfaModel,
    responses: pd.DataFrame,
    estimator: Estimator = "WLSMV",
    missing: Missing = "listwise",
    group: Labels | None = None,
    *,
    equal: Iterable[Equal] = (),
    freed: Iterable[Freed] = (),
    reference: str | None = None,
    cluster: Labels | None = None,
    parameterization: Literal["delta", "theta"] | None = None,
) -> CfaResult:
    """Fit a confirmatory factor model to everyone, or to several groups with some kinds of parameters equal.

    WLSMV minimises ``sum_g (n_g - 1) sum w (s - sigma)^2`` over the polychoric correlations s (and the thresholds, with
    the theta parameterisation), with w their inverse asymptotic variances (ULSMV: w = 1); standard errors are the
    sandwich of that weight and the full asymptotic covariance, and the chi-square is scaled and shifted. ML maximises
    the normal likelihood with divisor n; MLR gives the same estimates with Huber-White standard errors from the
    observed information and the Yuan-Bentler chi-square.

    One group takes the units of its factors from the model. Of several groups the reference sets them, by factor
    variances of 1 and means of 0; what another group frees in return for equalities follows Wu & Estabrook (2016):
    intercepts and residual variances with equal thresholds, factor variances with equal loadings, factor means with
    equal intercepts.

    Parameters
    ----------
    model : CfaModel
    responses : DataFrame, (n_persons, n_columns)
        Columns for the model's items at least; others are ignored. NaN missing. Whole-number codes for WLSMV and
        ULSMV. The direction of the codes is taken as it is.
    estimator : {"WLSMV", "ULSMV", "ML", "MLR"}
    missing : {"listwise", "pairwise", "fiml"}
        "listwise" keeps persons who answered every item of the model; "pairwise" (WLSMV, ULSMV) takes each correlation
        from everyone who answered both items; "fiml" (ML, MLR) maximises the likelihood of whatever each person
        answered.
    group : column name, Series or array, (n_persons,), optional
        Group of each person; persons without a group are left out. Ordered items need the same three categories or
        more in every group (:func:`psychometrics.sem.merge_categories`).
    equal : iterable of {"thresholds", "loadings", "regressions", "intercepts", "residuals"}
        What is equal in all groups; nothing in the configural model. "regressions" are second-order loadings.
    freed : iterable of (kind, item)
        Exceptions from `equal`.
    reference : str, optional
        The reference group; the largest by default. Fit does not depend on it.
    cluster : column name, Series or array, (n_persons,), optional
        Persons of one cluster (a team, an agency) are dependent, within and across groups. Scores and influences are
        summed over clusters before they are squared. ML then reports the standard errors and the scaled test of MLR.
    parameterization : {"delta", "theta"}, optional
        Ordered items: unit variance ("delta", the default for one group) or unit residual variance ("theta", the
        default for several groups, and the one that takes equalities).

    Returns
    -------
    CfaResult

    Raises
    ------
    ModelError
        Unknown items, kinds or groups, fewer degrees of freedom than none, categories that differ between groups, or a
        missing rule that the estimator does not have.
    CodingError, ConstantItemError, InputShapeError
        See :func:`psychometrics.ordinal.encode`.
    TooFewPersonsError
        No more persons than items, in a group; two items that nobody answered together; a group of one cluster.
    SingularMatrixError
        Linearly dependent items (ML, MLR), or two items that are one (WLSMV, ULSMV).

    References
    ----------
    Muthén, B., du Toit, S. H. C., & Spisic, D. (1997). Robust inference using weighted least squares and quadratic
    estimating equations in latent variable modeling with categorical and continuous outcomes (WLSMV).
    Muthén, B., & Asparouhov, T. (2002). Latent variable analysis with categorical outcomes: multiple-group and growth
    modeling in Mplus. Mplus Web Notes 4.
    Asparouhov, T., & Muthén, B. (2010). Simple second order chi-square correction. Mplus technical appendix.
    Yuan, K.-H., & Bentler, P. M. (2000). Three likelihood-based methods for mean and covariance structure analysis
    with nonnormal missing data. Sociological Methodology, 30, 165-200.
    Wu, H., & Estabrook, R. (2016). Identification of confirmatory factor analysis models of different levels of
    invariance for ordered categorical outcomes. Psychometrika, 81, 1014-1045.
    Muthén, B., & Satorra, A. (1995). Complex sample data in structural equation modeling. Sociological Methodology,
    25, 267-316 (clusters).
    Savalei, V. (2021). Improving fit indices in structural equation modeling with categorical data. Multivariate
    Behavioral Research, 56, 390-407.
    Brosseau-Liard, P. E., & Savalei, V. (2014). Adjusting incremental fit indices for nonnormality. Multivariate
    Behavioral Research, 49, 460-470.
    Zhang, X., & Savalei, V. (2022). New computations for RMSEA and CFI following FIML and TS estimation with missing
    data. Psychological Methods, 28, 263-283.

    See Also
    --------
    difference_test : compare two nested models.
    measurement_invariance : equal kinds of parameters, level by level.

    Notes
    -----
    Validated against lavaan 0.6-14 ``cfa()``: estimates, standard errors, standardised solution and fit measures of
    every model form and estimator, listwise, pairwise and full information, in one group and by ``group =``; clusters
    by ``cluster =`` for ML and MLR, and by simulation for WLSMV and ULSMV. Equalities of ordered items against semTools
    0.5-6 ``measEq.syntax(ID.cat = "Wu.Estabrook.2016", parameterization = "theta")``.

    Examples
    --------
    >>> import numpy as np, pandas as pd
    >>> from psychometrics.sem import CfaModel, fit_cfa
    >>> draw = np.random.default_rng(1)
    >>> trait = draw.standard_normal((500, 1))
    >>> latent = 0.7 * trait + 0.7 * draw.standard_normal((500, 4))
    >>> items = pd.DataFrame(np.digitize(latent, [-1, 0, 1]) + 1, columns=list("abcd"))
    >>> result = fit_cfa(CfaModel.single(["a", "b", "c", "d"]), items)
    >>> result.converged, result.fit.df
    (True, 2)
    >>> result.loadings["standardised"].round(1).tolist()
    [0.7, 0.7, 0.6, 0.7]

    Two groups with equal thresholds and loadings:

    >>> sites = np.repeat(["north", "south"], 250)
    >>> metric = fit_cfa(CfaModel.single(list("abcd")), items, group=sites, equal=["thresholds", "loadings"])
    >>> metric.groups
    ('north', 'south')
    """
    groups, clusters = labels(group, responses, "group"), labels(cluster, responses, "cluster")
    data = Sorted.of(model, responses, groups, clusters, estimator, missing, reference)
    return Fitter.of(data, parameterization).fit(_kinds(equal, data), freed)


def fit_counted(
    model: CfaModel, rows: pd.DataFrame, persons: NDArray[np.float64], missing: Missing = "listwise"
) -> CfaResult:
    """Fit a model to ordered answers of which each row stands for so many persons (WLSMV).

    What rests on the answers alone is computed once for all who gave the same ones.

    Parameters
    ----------
    model : CfaModel
    rows : DataFrame, shape (n_rows, n_items)
        Whole-number codes, NaN missing.
    persons : ndarray, shape (n_rows,)
        Persons behind each row, above 0.
    missing : {"listwise", "pairwise"}
        As in :func:`fit_cfa`.

    Returns
    -------
    CfaResult

    Raises
    ------
    ModelError, InputShapeError, CodingError, ConstantItemError, TooFewPersonsError
        As :func:`fit_cfa`.

    References
    ----------
    Muthén, B. (1984). A general structural equation model with dichotomous, ordered categorical, and continuous
    latent variable indicators. Psychometrika, 49, 115-132.

    Notes
    -----
    Validated by identity with :func:`fit_cfa` of the same persons row by row.

    See Also
    --------
    fit_cfa

    Examples
    --------
    >>> import pandas as pd
    >>> from psychometrics.sem import CfaModel
    >>> from psychometrics.sem.fitting import fit_counted
    >>> rows = pd.DataFrame([[1, 1, 1], [1, 2, 1], [2, 2, 1], [2, 1, 2], [2, 2, 2], [1, 1, 2]], columns=list("abc"))
    >>> found = fit_counted(CfaModel.single(list("abc")), rows, np.array([40.0, 9, 12, 8, 35, 10]))
    >>> found.n_used, found.converged
    (114, True)
    """
    return Fitter.of(Sorted.counted(model, rows, persons, missing)).fit()


class Fitter:
    """The moments of every group, which all sets of equalities share."""

    def __init__(self, data: Sorted, scheme: Scheme) -> None:
        self.data, self.scheme = data, scheme
        # Thresholds are free in every group with delta, and leave nothing to fit.
        self.with_thresholds = scheme == "theta"
        # Beside clusters the means are part of the model, as in lavaan: their scores count in the scaled test.
        beyond = not data.ordered and (data.missing == "fiml" or data.clusters is not None)
        self.means = scheme != "delta" and (data.several or beyond)

    @classmethod
    def of(cls, data: Sorted, parameterization: Literal["delta", "theta"] | None = None) -> Fitter:
        """Choose the parameterisation."""
        if parameterization not in (None, "delta", "theta"):
            raise ModelError(f"parameterization={parameterization!r} is unknown; use 'delta' or 'theta'.")
        if not data.ordered:
            return cls(data, "continuous")
        fitter = cls(data, parameterization or ("theta" if data.several else "delta"))
        if data.several and fitter.scheme == "theta":
            check_same_categories(data.coded, data.names)
        return fitter

    @cached_property
    def samples(self) -> ordered.Stacked | continuous.Samples:
        """Moments of every group."""
        data = self.data
        if data.ordered:
            return ordered.stack(
                data.coded,
                weighted=data.estimator == "WLSMV",
                thresholds=self.with_thresholds,
                clusters=data.clusters,
            )
        robust = data.estimator == "MLR" or data.clusters is not None
        return continuous.sample(data.model.items, data.values, robust=robust, means=self.means, clusters=data.clusters)

    def rules(self, equal: frozenset[Equal] = frozenset(), freed: frozenset[Freed] = frozenset()) -> Rules:
        """Rules of the model under equalities."""
        if equal and self.scheme == "delta":
            raise ModelError("The delta parameterisation takes no equalities; use parameterization='theta'.")
        return Rules(self.data.model, self.scheme, self.data.several, self.means, equal, freed)

    def fit(self, equal: frozenset[Equal] = frozenset(), freed: Iterable[Freed] = ()) -> CfaResult:
        """Fit under equalities from scratch."""
        return self.fit_rules(self.rules(equal, _exceptions(freed, equal, self.data.model)))

    def fit_rules(self, rules: Rules, start: Sequence[Array] | None = None) -> CfaResult:
        """Fit under rules, from the cells of another solution (one array a group) where they are given."""
        sharing = share(rules, self._thresholds(), len(self.data.names))
        _check_parameters(sharing, self._n_moments())
        samples = self.samples
        values = self.start(rules, sharing) if start is None else sharing.gather(start)
        if isinstance(samples, ordered.Stacked):
            estimation = _fit_ordered(samples, rules, sharing, values)
        else:
            estimation = _fit_normal(samples, rules, sharing, values)
        return CfaResult(self.data, rules, estimation)

    def _thresholds(self) -> list[tuple[str, int]]:
        """Item and number of every threshold among the parameters."""
        if not self.with_thresholds:
            return []
        first = self.data.coded[0]
        return [
            (item, k + 1)
            for item, codes in zip(first.items, first.categories, strict=True)
            for k in range(len(codes) - 1)
        ]

    def _n_moments(self) -> int:
        """Moments of all groups, which parameters must not outnumber."""
        p, groups = len(self.data.model.items), len(self.data.names)
        if self.data.ordered:
            return groups * (p * (p - 1) // 2 + len(self._thresholds()))
        return groups * (p * (p + 1) // 2 + self.means * p)

    def start(self, rules: Rules, sharing: Sharing) -> Array:
        """Parameter vector to start from."""
        samples, parts = self.samples, []
        for k in range(len(self.data.names)):
            if isinstance(samples, ordered.Stacked):
                group = samples.groups[k]
                blank = np.zeros(len(sharing.layout.items))
                parts.append(GroupStart(group.matrix, blank, group.observed[: group.n_thresholds]))
            else:
                found = samples.saturated[k]
                parts.append(GroupStart(found.covariance, found.mean, np.zeros(0)))
        return starting_values(rules.model, sharing, parts, samples.shares, theta=rules.scheme == "theta")


def _fit_ordered(samples: ordered.Stacked, rules: Rules, sharing: Sharing, start: Array) -> Estimation:
    """Least squares on thresholds and correlations."""
    problem = ordinal.OrdinalProblem(samples, sharing, rules.scheme == "delta")
    solution = minimise(problem.evaluate, problem.value, start)
    covariance, test, jacobian = ordinal.assess(problem, solution)
    if not rules.equal:
        behind = ordinal.likelihood_discrepancy(problem, solution.values, test.df)
        test = ModelTest(test.statistic, test.df, test.scaled, test.factor, test.shift, *behind)
    return Estimation(problem, solution, covariance, test, Likelihood(), jacobian)


def _fit_normal(samples: continuous.Samples, rules: Rules, sharing: Sharing, start: Array) -> Estimation:
    """Maximum likelihood."""
    problem = continuous.NormalProblem(samples, sharing)
    solution = minimise(problem.evaluate, problem.value, start)
    found = continuous.assess(problem, solution.values)
    return Estimation(problem, solution, found.covariance, found.test, found.likelihood)


def _check_parameters(sharing: Sharing, moments: int) -> None:
    """Refuse more parameters than moments."""
    if sharing.size > moments:
        raise ModelError(
            f"The model has {sharing.size} parameters for {moments} correlations and variances: it is not identified. "
            "Add items or fix parameters."
        )


def _kinds(equal: Iterable[Equal], data: Sorted) -> frozenset[Equal]:
    """Check the kinds of equalities."""
    allowed: Sequence[Equal] = ("thresholds", "loadings", "regressions", "intercepts", "residuals")
    kinds = frozenset(equal)
    unknown = sorted(set(kinds) - set(allowed))
    if unknown:
        raise ModelError(f"equal={unknown[0]!r} is unknown; use {', '.join(allowed)}.")
    if kinds and not data.several:
        raise ModelError("equal names parameters that groups share; give group as well.")
    if "thresholds" in kinds and not data.ordered:
        raise ModelError(
            f"{data.estimator} takes items as continuous, which have no thresholds; leave them out of equal."
        )
    return kinds


def _exceptions(freed: Iterable[Freed], kinds: frozenset[Equal], model: CfaModel) -> frozenset[Freed]:
    """Check the exceptions."""
    exceptions = frozenset(freed)
    idle = sorted({kind for kind, _ in exceptions} - kinds)
    if idle:
        raise ModelError(f"freed names {idle[0]!r}, which is not among equal: {', '.join(sorted(kinds)) or 'nothing'}.")
    unknown = sorted({item for _, item in exceptions} - set(model.items) - set(model.latent))
    if unknown:
        raise ModelError(f"freed names {', '.join(unknown)}, which is no item of the model.")
    return exceptions
