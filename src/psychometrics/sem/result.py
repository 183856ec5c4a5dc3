"""A fitted factor model as a result for people: labelled tables, fit, and what is improper about it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from psychometrics.sem import _score_tests, _scores
from psychometrics.sem._equal_parameters import Equal, Freed, Rules
from psychometrics.sem._estimation import Estimation
from psychometrics.sem._input import Estimator, Labels, Missing, Sorted
from psychometrics.sem._modification import modification_table
from psychometrics.sem._moments import Stacked
from psychometrics.sem._parameters import parameter_covariance, parameter_table, threshold_estimates
from psychometrics.sem._problems import correlations_of, deviations_of, notes_of, problems_of
from psychometrics.sem.fit_measures import FitMeasures, fit_measures
from psychometrics.sem.model import CfaModel

Array = NDArray[np.float64]


@dataclass(frozen=True)
class CfaResult:
    """A fitted confirmatory factor model of one group or several.

    With several groups the tables below have the group as their outer index, and `loadings`, `thresholds` and
    `parameters` have the columns `group` and `shared` (equal in all groups) besides.

    Attributes
    ----------
    model : CfaModel
    estimator : {"WLSMV", "ULSMV", "ML", "MLR"}
    missing : {"listwise", "pairwise", "fiml"}
    groups : tuple of str
        Empty when everyone is one group; else the first one is the reference: its factors have mean 0 and variance 1.
    n_used : int
        Persons after the missing rule.
    group_sizes : Series of int
        The same by group.
    equal : tuple of str
        Kinds of parameters that are equal in all groups.
    freed : tuple of (str, str)
        Kind and item excepted from that.
    converged : bool
    iterations : int
    proper : bool
        Whether `problems` is empty.
    problems : tuple of str
        What is improper: not converged, a negative variance, a correlation beyond one, not identified.
    notes : tuple of str
        What a reader must know that is no fault of the solution.
    parameters : DataFrame
        One row a parameter: kind, left, right, free, estimate, standard_error (NaN where not free), z, p_value, lower,
        upper (95 %), standardised, standardised_error, standardised_lower, standardised_upper.
    parameter_covariance : ndarray, (n_rows, n_rows)
        Covariance of the raw estimates in the rows of `parameters`: zero for what is fixed, NaN for what follows from
        others.
    fit : FitMeasures
    factor_correlations, factor_covariances : DataFrame, (n_factors, n_factors)
    residual_variances : Series
        Of each item; with the delta parameterisation one minus the communality.
    residuals : DataFrame, (n_items, n_items)
        Sample correlation less implied correlation.
    implied : DataFrame, (n_items, n_items)
        Implied covariance (correlation for ordinal items).
    sample : DataFrame, (n_items, n_items)
        Sample covariance: complete, saturated (full information) or polychoric.
    data, rules, estimation
        The request and the raw solution, for further statistics.
    """

    data: Sorted = field(repr=False)
    rules: Rules = field(repr=False)
    estimation: Estimation = field(repr=False)

    @property
    def model(self) -> CfaModel:
        """The model."""
        return self.data.model

    @property
    def estimator(self) -> Estimator:
        """The estimator."""
        return self.data.estimator

    @property
    def missing(self) -> Missing:
        """The missing rule."""
        return self.data.missing

    @property
    def groups(self) -> tuple[str, ...]:
        """Names of the groups, the reference first; empty when everyone is one group."""
        return self.data.names if self.data.several else ()

    @property
    def n_used(self) -> int:
        """Persons after the missing rule."""
        return int(self.data.sizes.sum())

    @property
    def group_sizes(self) -> pd.Series[int]:
        """Persons of each group after the missing rule."""
        return self.data.sizes

    @property
    def equal(self) -> tuple[Equal, ...]:
        """Kinds of parameters that are equal in all groups."""
        return tuple(sorted(self.rules.equal))

    @property
    def freed(self) -> tuple[Freed, ...]:
        """Kind and item excepted from the equalities."""
        return tuple(sorted(self.rules.freed))

    @property
    def converged(self) -> bool:
        """Whether the iterations reached the minimum."""
        return self.estimation.solution.converged

    @property
    def iterations(self) -> int:
        """Number of iterations."""
        return self.estimation.solution.iterations

    @property
    def proper(self) -> bool:
        """Whether nothing about the solution is improper."""
        return not self.problems

    @cached_property
    def problems(self) -> tuple[str, ...]:
        """What is improper about the solution."""
        return problems_of(self.data, self.estimation)

    @cached_property
    def notes(self) -> tuple[str, ...]:
        """What a reader must know that is no fault of the solution."""
        return notes_of(self.data, self.estimation, bool(self.rules.equal))

    @cached_property
    def parameters(self) -> pd.DataFrame:
        """One row a parameter (and group)."""
        return parameter_table(self.data, self.estimation)

    @cached_property
    def parameter_covariance(self) -> Array:
        """Covariance of the raw estimates in the rows of `parameters`."""
        return parameter_covariance(self.data, self.estimation)

    @cached_property
    def fit(self) -> FitMeasures:
        """Fit measures."""
        return _measures(self.data, self.estimation)

    @property
    def factor_covariances(self) -> pd.DataFrame:
        """Covariances of the factors."""
        return self._square(lambda k: self.estimation.structures[k].factor_covariance, self.model.latent)

    @property
    def factor_correlations(self) -> pd.DataFrame:
        """Correlations of the factors; NaN beside a variance that is not positive."""
        return self._square(
            lambda k: correlations_of(self.estimation.structures[k].factor_covariance), self.model.latent
        )

    @property
    def residual_variances(self) -> pd.Series[float]:
        """Residual variance of each item."""
        items, found = list(self.model.items), self.estimation.residual_variances
        parts = [pd.Series(found(k), index=items, name="residual_variance") for k in range(len(self.data.names))]
        return parts[0] if not self.groups else pd.concat(dict(zip(self.groups, parts, strict=True)), names=["group"])

    @property
    def residuals(self) -> pd.DataFrame:
        """Sample correlation less implied correlation (Bollen 1989)."""
        found = self.estimation
        return self._square(
            lambda k: correlations_of(found.sample_covariance(k)) - correlations_of(found.implied_covariance(k)),
            self.model.items,
        )

    @property
    def implied(self) -> pd.DataFrame:
        """Implied covariance of the items."""
        return self._square(self.estimation.implied_covariance, self.model.items)

    @property
    def sample(self) -> pd.DataFrame:
        """Sample covariance of the items."""
        return self._square(self.estimation.sample_covariance, self.model.items)

    @property
    def loadings(self) -> pd.DataFrame:
        """Loadings of the items, one row each: factor, item and the columns of `parameters`."""
        return self._of_kind("loading").rename(columns={"left": "factor", "right": "item"})

    @property
    def second_order_loadings(self) -> pd.DataFrame:
        """Loadings of the factors on the second-order factor; empty for other models."""
        return self._of_kind("second-order loading").rename(columns={"left": "general", "right": "factor"})

    @property
    def thresholds(self) -> pd.DataFrame:
        """Thresholds of the items; empty for normal-theory estimators."""
        return self._of_kind("threshold").rename(columns={"left": "item", "right": "threshold"})

    @property
    def threshold_estimates(self) -> pd.Series[float]:
        """Estimates of `thresholds` alone, by item and threshold (and group before them), without their errors."""
        parts = [threshold_estimates(self.estimation, k) for k in range(len(self.data.names))]
        return parts[0] if not self.groups else pd.concat(dict(zip(self.groups, parts, strict=True)), names=["group"])

    @property
    def factor_means(self) -> pd.DataFrame:
        """Mean of each factor in each group, in standard deviations of the reference group, with 95 % interval.

        Columns group, factor, mean, standard_error, z, p_value, lower, upper; the reference group is 0 throughout.
        Empty for one group.
        """
        names = ["left", "estimate", "standard_error", "z", "p_value", "lower", "upper"]
        rows = self.parameters[self.parameters["kind"] == "factor mean"].reindex(columns=["group", *names])
        fixed = rows["group"] == (self.groups[0] if self.groups else "")
        rows.loc[fixed, ["standard_error", "lower", "upper"]] = 0.0
        return rows.rename(columns={"left": "factor", "estimate": "mean"}).reset_index(drop=True)

    def loading_matrix(self, standardised: bool = True) -> pd.DataFrame:
        """Lay out the loadings as items by factors, zero where the model has none.

        Parameters
        ----------
        standardised : bool
            Divide by the standard deviations of items and multiply by those of the factors; NaN where a factor's
            variance is not positive, which the problems then say.

        Returns
        -------
        DataFrame, (n_items, n_factors)

        Examples
        --------
        >>> import numpy as np, pandas as pd
        >>> from psychometrics.sem import CfaModel, fit_cfa
        >>> draw = np.random.default_rng(1)
        >>> items = pd.DataFrame(draw.standard_normal((300, 1)) + draw.standard_normal((300, 3)), columns=list("abc"))
        >>> fit_cfa(CfaModel.single(list("abc")), items, "ML").loading_matrix().shape
        (3, 1)
        """

        def laid(group: int) -> Array:
            structure = self.estimation.structures[group]
            if not standardised:
                return structure.loadings
            spread = deviations_of(structure.factor_covariance)
            return np.asarray(structure.loadings * spread / np.sqrt(self.estimation.item_variances(group))[:, None])

        return self._tables(laid, self.model.items, self.model.latent)

    def modification_indices(self) -> pd.DataFrame:
        """Score tests of the parameters that the model fixes at zero.

        Returns
        -------
        DataFrame
            kind, left, right, modification_index, expected_change, standardised_change (and group); largest index
            first. The index is the fall in the uncorrected chi-square if the parameter were freed; NaN where the
            information left for it is singular.

        References
        ----------
        Sörbom, D. (1989). Model modification. Psychometrika, 54, 371-384.
        Saris, W. E., Satorra, A., & Sörbom, D. (1987). The detection and correction of specification errors in
        structural equation models. Sociological Methodology, 17, 105-129 (expected change).

        Examples
        --------
        >>> import numpy as np, pandas as pd
        >>> from psychometrics.sem import CfaModel, fit_cfa
        >>> draw = np.random.default_rng(1)
        >>> values = draw.standard_normal((400, 1)) + draw.standard_normal((400, 4))
        >>> values[:, 1] += 0.8 * (values[:, 0] - values[:, 2])  # a and b share more than the factor
        >>> items = pd.DataFrame(values, columns=list("abcd"))
        >>> top = fit_cfa(CfaModel.single(list("abcd")), items, "ML").modification_indices().iloc[0]
        >>> top["kind"]
        'residual covariance'
        """
        return modification_table(self.data, self.estimation)

    def release_tests(self, kind: Equal) -> pd.DataFrame:
        """Generalised score test of each item's equal parameters of one kind.

        The score in the item's own parameters of every group but the reference, with the estimated parameters' share
        taken out, over its sandwich covariance: ``N s' (Z' W Gamma W Z)^- s``, chi-square with as many degrees of
        freedom as directions are left (White 1982; Satorra 1989). With plain ML the covariance is the information.

        Parameters
        ----------
        kind : {"thresholds", "loadings", "regressions", "intercepts", "residuals"}
            A kind that is equal in the model.

        Returns
        -------
        DataFrame
            item, statistic, df, p_value, largest statistic for its df (smallest p) first; items already freed are left
            out, and items whose equality has no testable direction (three categories: equal thresholds).

        References
        ----------
        Satorra, A. (1989). Alternative test criteria in covariance structure analysis: A unified approach.
        Psychometrika, 54, 131-151.

        Notes
        -----
        Validated against lavaan 0.6-14 ``lavTestScore`` (ML).

        Examples
        --------
        >>> import numpy as np, pandas as pd
        >>> from psychometrics.sem import CfaModel, fit_cfa
        >>> draw = np.random.default_rng(1)
        >>> values = draw.standard_normal((400, 1)) + draw.standard_normal((400, 4))
        >>> values[200:, 2] += 1.0  # c is easier in the second group
        >>> items = pd.DataFrame(values, columns=list("abcd"))
        >>> scalar = fit_cfa(
        ...     CfaModel.single(list("abcd")), items, "ML", group=["one"] * 200 + ["two"] * 200,
        ...     equal=["loadings", "intercepts"],
        ... )
        >>> scalar.release_tests("intercepts").loc[0, "item"]
        'c'
        """
        return _score_tests.release_tests(self.data, self.rules, self.estimation, kind)

    def factor_scores(
        self,
        responses: pd.DataFrame,
        method: Literal["regression", "Bartlett"] = "regression",
        group: Labels | None = None,
    ) -> pd.DataFrame:
        """Factor scores of persons.

        Parameters
        ----------
        responses : DataFrame, (n_persons, n_items)
            Columns for the model's items at least.
        method : {"regression", "Bartlett"}
            For ordinal items "regression" is the mode of the posterior given the response categories (empirical
            Bayes modal); "Bartlett" is for continuous, complete items only.
        group : column name, Series or array, (n_persons,), optional
            Group of each person, for a model of several groups.

        Returns
        -------
        DataFrame, (n_persons, n_factors)
            NaN for persons with missing responses where the method needs all, and for persons of other groups.

        Examples
        --------
        >>> import numpy as np, pandas as pd
        >>> from psychometrics.sem import CfaModel, fit_cfa
        >>> draw = np.random.default_rng(1)
        >>> items = pd.DataFrame(draw.standard_normal((300, 1)) + draw.standard_normal((300, 3)), columns=list("abc"))
        >>> result = fit_cfa(CfaModel.single(list("abc")), items, "ML")
        >>> result.factor_scores(items).shape
        (300, 1)
        """
        return _scores.factor_scores(self.data, self.estimation, responses, method, group)

    def to_frame(self) -> pd.DataFrame:
        """One row a parameter (and group)."""
        return self.parameters.copy()

    def _of_kind(self, kind: str) -> pd.DataFrame:
        """Rows of one kind of parameter, without the kind."""
        rows = self.parameters[self.parameters["kind"] == kind]
        return rows.drop(columns="kind").reset_index(drop=True)

    def _square(self, matrix: Callable[[int], Array], names: tuple[str, ...]) -> pd.DataFrame:
        """Label a symmetric matrix of each group."""
        return self._tables(matrix, names, names)

    def _tables(self, matrix: Callable[[int], Array], rows: tuple[str, ...], columns: tuple[str, ...]) -> pd.DataFrame:
        """Label a matrix of each group; groups become the outer index."""
        numbers = range(len(self.data.names))
        parts = [pd.DataFrame(matrix(k), index=list(rows), columns=list(columns)) for k in numbers]
        return parts[0] if not self.groups else pd.concat(dict(zip(self.groups, parts, strict=True)), names=["group"])


def _measures(data: Sorted, estimation: Estimation) -> FitMeasures:
    """Fit measures of an estimation."""
    samples, groups = estimation.problem.samples, len(data.names)
    n, saturated = samples.n_persons, 0
    if isinstance(samples, Stacked):
        saturated = sum(group.estimates.threshold_places[0].size - group.n_thresholds for group in samples.groups)
    return fit_measures(
        estimation.test,
        estimation.baseline,
        n_rmsea=(n - groups if data.ordered else n) / groups,
        n_persons=n,
        n_parameters=estimation.sharing.size + saturated,
        srmr=float(samples.shares @ [_srmr(estimation, group) for group in range(groups)]),
        likelihood=estimation.likelihood,
    )


def _srmr(estimation: Estimation, group: int) -> float:
    """Root mean squared residual of a group in units of the sample's standard deviations (Bentler 1995)."""
    sample = estimation.sample_covariance(group)
    deviations = np.sqrt(np.diag(sample))
    gap = (sample - estimation.implied_covariance(group)) / np.outer(deviations, deviations)
    parts = gap[np.tril_indices(len(gap))]
    shift = estimation.mean_residuals(group)
    if shift is not None:
        parts = np.concatenate([parts, shift / deviations])
    return float(np.sqrt(np.mean(parts**2)))
