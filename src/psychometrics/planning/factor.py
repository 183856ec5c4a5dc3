"""The population that people of the next sample are drawn from: one factor behind ordered items, and clusters."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from scipy import optimize

from psychometrics._checks import cluster_codes, label_index, numeric_table, refuse_constant
from psychometrics.agreement import icc1
from psychometrics.errors import InputShapeError, ModelError, UndefinedError
from psychometrics.reliability.formulas import green_yang

# No population has items without error.
LARGEST_LOADING = 0.98
# Nor a factor that clusters determine altogether.
LARGEST_INTRACLASS = 0.9
FEWEST_ITEMS = 3


@dataclass(frozen=True)
class FactorPopulation:
    """One normal factor behind ordered items; people may lie in clusters of equal size.

    Attributes
    ----------
    loadings : Series of shape (n_items,)
        Standardised loadings of the latent responses.
    thresholds : Series
        Indexed by item and threshold number.
    intraclass : float
        Share of the factor's variance between clusters.
    cluster_size : int
        People in a cluster; 1 where people are nested in nothing.
    weights : Series of shape (n_items,), optional
        How far one code of each item moves the sum, where ranges differ; 1 otherwise.
    """

    loadings: pd.Series
    thresholds: pd.Series
    intraclass: float = 0.0
    cluster_size: int = 1
    weights: pd.Series | None = None

    def __post_init__(self) -> None:
        """Refuse what nobody could be drawn from."""
        if len(self.loadings) < FEWEST_ITEMS or not (self.loadings.abs() < 1).all():
            raise InputShapeError("a population needs three items or more, with loadings between -1 and 1")
        if set(self.loadings.index) != set(self.thresholds.index.get_level_values(0)):
            raise InputShapeError("loadings and thresholds must be about the same items")
        if self.weights is not None and set(self.weights.index) != set(self.loadings.index):
            raise InputShapeError("weights must be about the same items as the loadings")
        if not 0 <= self.intraclass < 1 or self.cluster_size < 1:
            raise InputShapeError(
                "the intraclass correlation lies between 0 and 1, and a cluster holds one person at least"
            )

    @property
    def omega(self) -> float:
        """Reliability of the weighted sum of the ordered items (Green & Yang), with the variance the model implies."""
        loaded = self.loadings.to_numpy(dtype=float)
        implied = pd.DataFrame(np.outer(loaded, loaded), self.loadings.index, self.loadings.index)
        return green_yang(self.loadings, self.thresholds, implied, self.weights)

    @property
    def clustered(self) -> bool:
        """Whether people of one cluster are alike."""
        return self.intraclass > 0 and self.cluster_size > 1

    def with_omega(self, omega: float) -> FactorPopulation:
        """Return the population whose loadings are all multiplied so that the sum has this reliability.

        The least and the largest omega that such a factor can have stand in for what lies beyond them.
        """
        largest = LARGEST_LOADING / float(self.loadings.abs().max())

        def missing(factor: float) -> float:
            return replace(self, loadings=self.loadings * factor).omega - omega

        ends = 0.05, max(largest, 0.06)
        if missing(ends[0]) >= 0:
            return replace(self, loadings=self.loadings * ends[0])
        if missing(ends[1]) <= 0:
            return replace(self, loadings=self.loadings * ends[1])
        return replace(self, loadings=self.loadings * float(optimize.brentq(missing, *ends, xtol=1e-6)))

    def draw(
        self, n: int, generator: np.random.Generator, shift: pd.Series | None = None
    ) -> tuple[pd.DataFrame, pd.Series]:
        """Draw the answers of n people, coded from 1, and their clusters.

        Parameters
        ----------
        shift
            Taken from the latent response of each item, by item: how much harder the items are for these people.
        """
        members = np.arange(n) // self.cluster_size
        shared = generator.standard_normal(members[-1] + 1)[members]
        own = generator.standard_normal(n)
        factor = np.sqrt(self.intraclass) * shared + np.sqrt(1 - self.intraclass) * own
        weights = self.loadings.to_numpy(dtype=float)
        latent = factor[:, None] * weights + generator.standard_normal((n, len(weights))) * np.sqrt(1 - weights**2)
        if shift is not None:
            latent = latent - shift.reindex(self.loadings.index).fillna(0.0).to_numpy(dtype=float)
        codes = {
            item: 1.0 + np.searchsorted(np.sort(self.thresholds.loc[item].to_numpy(dtype=float)), latent[:, place])
            for place, item in enumerate(self.loadings.index)
        }
        return pd.DataFrame(codes), pd.Series(members, name="cluster")


def factor_population(
    responses: pd.DataFrame, clusters: pd.Series | None = None, weights: pd.Series | None = None
) -> FactorPopulation:
    r"""Estimate the population behind the answers to one scale.

    Loadings and thresholds are those of a one-factor model (WLSMV, pairwise). With clusters the share of the factor's
    variance between them is :math:`ICC(1) / \omega`, ICC(1) of the mean of the weighted answers by analysis of
    variance (negative values count as zero), since error dilutes it; the cluster size is n0.

    Parameters
    ----------
    responses : DataFrame of shape (n_persons, n_items)
        Integer codes of three items or more after keying, NaN missing.
    clusters : Series of shape (n_persons,), optional
        Cluster of each person, in the order of the rows.
    weights : Series of shape (n_items,), optional
        How far one code of each item moves the sum or mean that is planned for; 1 without it.

    Returns
    -------
    FactorPopulation

    Raises
    ------
    InputShapeError, CodingError, ConstantItemError, TooFewPersonsError, SingularMatrixError, ConvergenceError
        Responses that no factor model is defined for.
    ModelError
        A solution that is improper or that items load on in both directions.
    UndefinedError
        Clusters that no intraclass correlation is defined for.

    See Also
    --------
    precision_plan, dif_plan, invariance_plan : What is planned from it.
    psychometrics.reliability.omega_categorical : The reliability that it implies.

    References
    ----------
    Muthén, B. (1984). Psychometrika, 49, 115-132. Green, S. B., & Yang, Y. (2009). Psychometrika, 74, 155-167.

    Notes
    -----
    Validated by recovery of the loadings, thresholds and intraclass correlation that answers were drawn from.

    Examples
    --------
    >>> import numpy as np
    >>> import pandas as pd
    >>> from psychometrics.planning import factor_population
    >>> draw = np.random.default_rng(1)
    >>> codes = np.clip(np.rint(3 + draw.normal(size=(300, 1)) + draw.normal(size=(300, 5))), 1, 5)
    >>> found = factor_population(pd.DataFrame(codes, columns=list("abcde")))
    >>> round(found.omega, 2), found.cluster_size
    (0.79, 1)
    """
    from psychometrics.sem import CfaModel, fit_cfa

    answers = numeric_table(responses, minimum_columns=FEWEST_ITEMS, minimum_rows=FEWEST_ITEMS)
    refuse_constant(answers)
    named = answers.set_axis([f"item{place}" for place in range(answers.shape[1])], axis="columns")
    fit = fit_cfa(CfaModel.single(list(named.columns)), named, estimator="WLSMV", missing="pairwise")
    loadings = fit.loading_matrix().iloc[:, 0]
    if not fit.proper or not (loadings.abs() < 1).all():
        raise ModelError(f"one factor gives no population to draw from: {'; '.join(fit.problems)}")
    if (loadings <= 0).any():
        raise ModelError("items load in both directions: key them alike first")
    own = dict(zip(named.columns, answers.columns, strict=True))
    thresholds = fit.thresholds.set_index(["item", "threshold"])["estimate"]
    # set by position: a name of a column may be anything
    moved = _weights_of(weights, answers)
    renamed = None if moved is None else moved.set_axis(named.columns)
    found = FactorPopulation(loadings.rename("loading"), thresholds, weights=renamed)
    weighted = answers
    if moved is not None and (moved != moved.iloc[0]).any():
        # centred, so that an unanswered item with another range does not shift a person's mean
        weighted = (answers - answers.mean()) * moved
    intraclass, size = (0.0, 1) if clusters is None else _nesting(weighted, clusters, found.omega)
    labelled = [(own[item], number) for item, number in thresholds.index]
    index = pd.MultiIndex.from_tuples(labelled, names=["item", "threshold"])
    items = label_index(own[item] for item in loadings.index)
    own_loadings, own_thresholds = loadings.rename("loading").set_axis(items), thresholds.set_axis(index)
    return FactorPopulation(own_loadings, own_thresholds, intraclass, size, moved)


def _weights_of(weights: pd.Series | None, answers: pd.DataFrame) -> pd.Series | None:
    """Return the weights in the order of the items; refuse an item without one."""
    if weights is None:
        return None
    found = weights.reindex(answers.columns).astype(float)
    if not (found > 0).all():
        raise InputShapeError("weights must give each item a number above zero")
    return found


def _nesting(answers: pd.DataFrame, clusters: pd.Series, omega: float) -> tuple[float, int]:
    """Return the share of the factor's variance between clusters, and their average size."""
    codes = pd.Series(cluster_codes(clusters, len(answers)), index=answers.index)
    found = icc1(answers.mean(axis=1), codes)
    if not np.isfinite(found.icc1):
        raise UndefinedError("the clusters give no intraclass correlation")
    share = min(max(found.icc1, 0.0) / omega, LARGEST_INTRACLASS)
    return float(share), max(round(found.group_size), 1)
