"""How much of a total score is a general factor: omega hierarchical and explained common variance."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal

import numpy as np
import pandas as pd

from psychometrics._checks import Scales, label_index, listed, numeric_table, one_of, scales_of, share, text_names
from psychometrics._correlations import Correlation, Missing
from psychometrics.errors import InputShapeError, ModelError
from psychometrics.reliability._resampled import clusters_of_kept, ends_of, n_clusters_of
from psychometrics.reliability.formulas import ratio
from psychometrics.reliability.omega import Interval


@dataclass(frozen=True)
class HierarchicalOmega:
    """How much of a total score is a general factor.

    Attributes
    ----------
    omega_hierarchical : float
        Share of the total score's variance due to the general factor.
    omega_total : float
        Share due to all common factors.
    explained_common_variance : float
        Share of the common variance due to the general factor.
    groups : DataFrame, one row a group factor
        ``n_items`` assigned to it, ``omega`` of their sum, ``omega_hierarchical`` (general factor alone) and
        ``omega_specific`` (group factor alone).
    loadings : DataFrame of shape (n_items, 1 + n_factors)
        General and group loadings.
    model : str
        ``Schmid-Leiman of ...`` or ``bifactor ...``: the coefficient depends on it.
    n_persons : int
        Persons after deletion.
    notes : tuple of str
        What a reader has to know.
    lower, upper : float
        Bootstrap interval of omega hierarchical; NaN without one.
    confidence : float
        Nominal coverage.
    n_resamples, n_failed : int
        Resamples behind the interval, and those in which the model was not defined or did not converge; 0 without one.
    n_clusters : int
        Clusters that were resampled; 0 when persons were.
    """

    omega_hierarchical: float
    omega_total: float
    explained_common_variance: float
    groups: pd.DataFrame
    loadings: pd.DataFrame
    model: str
    n_persons: int
    notes: tuple[str, ...] = field(default_factory=tuple)
    lower: float = float("nan")
    upper: float = float("nan")
    confidence: float = 0.95
    n_resamples: int = 0
    n_failed: int = 0
    n_clusters: int = 0

    @property
    def lost_share(self) -> float:
        """Share of the resamples that were lost, 0 to 1."""
        return self.n_failed / self.n_resamples if self.n_resamples else 0.0

    def to_frame(self) -> pd.DataFrame:
        """Return one row with the three coefficients, the interval of the first, and the model."""
        keys = (
            "omega_hierarchical", "lower", "upper", "omega_total", "explained_common_variance", "model", "n_persons",
            "n_resamples", "n_failed", "lost_share",
        )  # fmt: skip
        return pd.DataFrame([{key: getattr(self, key) for key in keys}])


def omega_hierarchical(
    responses: pd.DataFrame,
    n_factors: int | None = None,
    scales: Scales | None = None,
    correlation: Correlation = "pearson",
    missing: Missing = "listwise",
    confidence: float = 0.95,
    interval: Interval = "none",
    n_resamples: int = 200,
    seed: int = 0,
    clusters: pd.Series | None = None,
    n_jobs: int | None = None,
) -> HierarchicalOmega:
    """Omega hierarchical and explained common variance of a total score.

    With ``n_factors``, from a Schmid-Leiman transformed exploratory solution (minres, oblimin). With ``scales``, from
    a confirmatory bifactor model with one group factor a scale: maximum likelihood for Pearson correlations, WLSMV
    for polychoric ones. The result names the model, because the coefficient depends on it.

    Parameters
    ----------
    responses : DataFrame of shape (n_persons, n_items)
        Answers after keying, NaN missing.
    n_factors : int, optional
        Group factors of the exploratory solution, at least two; three or more for an identified general factor.
    scales : Series or mapping, optional
        Item to competency, for the confirmatory model.
    correlation : {"pearson", "spearman", "polychoric"}
        Matrix analysed; polychoric speaks of the sum of the latent responses. Spearman is exploratory only.
    missing : {"listwise", "pairwise"}
        Persons with every answer, or pairs over the persons who answered both (exploratory or WLSMV).
    confidence : float
        Nominal coverage.
    interval : {"none", "bootstrap"}
        Percentile bootstrap of omega hierarchical: the model is fitted to every resample.
    n_resamples, seed, n_jobs
        Of the bootstrap.
    clusters : Series of shape (n_persons,), optional
        Cluster of each person, in the order of the rows: the bootstrap then draws whole clusters.

    Returns
    -------
    HierarchicalOmega
        Items of an exploratory solution belong to the group factor they load on most.

    Raises
    ------
    ModelError
        Both or neither of ``n_factors`` and ``scales``; a model that is not identified.
    ConvergenceError, InputShapeError, CodingError, ConstantItemError, TooFewPersonsError, SingularMatrixError
        As :func:`psychometrics.efa.fit_efa`, :func:`psychometrics.efa.schmid_leiman` and
        :func:`psychometrics.sem.fit_cfa`.

    See Also
    --------
    bifactor_omega, omega_total

    References
    ----------
    Zinbarg, R. E., Revelle, W., Yovel, I., & Li, W. (2005). Cronbach's alpha, Revelle's beta, and McDonald's omega h.
    Psychometrika, 70, 123-133, eq. 7. Reise, S. P. (2012). The rediscovery of bifactor measurement models.
    Multivariate Behavioral Research, 47, 667-696 (explained common variance).

    Notes
    -----
    Validated against ``psych::omega`` (exploratory), and the confirmatory loadings against ``lavaan::cfa``.

    Examples
    --------
    >>> import numpy as np
    >>> import pandas as pd
    >>> draw = np.random.default_rng(1)
    >>> trait = draw.normal(size=(200, 1))
    >>> codes = np.clip(np.rint(3 + trait + draw.normal(size=(200, 6))), 1, 5)
    >>> answers = pd.DataFrame(codes, columns=list("abcdef"))
    >>> from psychometrics.reliability import omega_hierarchical
    >>> result = omega_hierarchical(answers, n_factors=2)
    >>> result.model
    'Schmid-Leiman of 2 factors (minres, oblimin, pearson)'
    """
    if (n_factors is None) == (scales is None):
        raise ModelError("give either n_factors (exploratory) or scales (confirmatory bifactor model)")
    one_of(interval, ("none", "bootstrap"), "interval")
    share(confidence)
    statistic = _Hierarchical(n_factors, None if scales is None else dict(scales), correlation, missing)
    result = statistic.fit(responses)
    if interval == "none":
        return replace(result, confidence=confidence)
    from psychometrics.resampling import bootstrap_interval

    checked = numeric_table(responses, minimum_columns=2, minimum_rows=2)
    kept = clusters_of_kept(clusters, checked, missing)
    rows = checked if missing == "pairwise" else checked.dropna()
    drawn = bootstrap_interval(statistic, rows, n_resamples, seed, confidence, clusters=kept, n_jobs=n_jobs)
    ends = ends_of(drawn, n_clusters_of(kept))
    return replace(
        result,
        lower=ends.lower,
        upper=ends.upper,
        confidence=confidence,
        n_resamples=ends.n_resamples,
        n_failed=ends.n_failed,
        n_clusters=ends.n_clusters,
        notes=(*result.notes, *ends.notes),
    )


@dataclass(frozen=True)
class _Hierarchical:
    """Picklable statistic of the bootstrap: omega hierarchical of a model."""

    n_factors: int | None
    scales: Mapping[Any, Any] | None
    correlation: Correlation
    missing: Missing

    def fit(self, responses: pd.DataFrame) -> HierarchicalOmega:
        """Fit the model and return its coefficients."""
        if self.scales is not None:
            return _confirmatory(responses, self.scales, self.correlation, self.missing)
        return _exploratory(responses, self.n_factors or 0, self.correlation, self.missing)

    def __call__(self, sample: pd.DataFrame) -> float:
        """Return omega hierarchical of one resample."""
        return self.fit(sample).omega_hierarchical


def _exploratory(
    responses: pd.DataFrame, n_factors: int, correlation: Correlation, missing: Missing
) -> HierarchicalOmega:
    """Return the coefficients of a Schmid-Leiman transformed solution."""
    from psychometrics.efa import fit_efa, schmid_leiman

    transformed = schmid_leiman(fit_efa(responses, n_factors, correlation, "minres", "oblimin", missing))
    return bifactor_omega(
        transformed.general,
        transformed.group,
        uniquenesses=transformed.uniquenesses,
        correlations=transformed.correlations,
        n_persons=transformed.n_persons,
        model=f"Schmid-Leiman of {n_factors} factors (minres, oblimin, {correlation})",
        notes=transformed.notes,
    )


def bifactor_omega(
    general: pd.Series,
    group: pd.DataFrame,
    uniquenesses: pd.Series | None = None,
    correlations: pd.DataFrame | None = None,
    n_persons: int = 0,
    model: str = "bifactor",
    notes: tuple[str, ...] = (),
) -> HierarchicalOmega:
    r"""Omega hierarchical, omega total and explained common variance from bifactor loadings.

    .. math:: \omega_h = \frac{(\sum_i \lambda_{ig})^2}{V},\quad
       \omega_t = 1 - \frac{\sum_i u_i^2}{V},\quad
       ECV = \frac{\sum_i \lambda_{ig}^2}{\sum_i \lambda_{ig}^2 + \sum_{ik} \lambda_{ik}^2}

    with V the sum of ``correlations``, or of the correlations the loadings imply.

    Parameters
    ----------
    general : Series of shape (n_items,)
        Standardised general loadings.
    group : DataFrame of shape (n_items, n_factors)
        Standardised loadings on orthogonal group factors, zero where an item is not measured by one.
    uniquenesses : Series, optional
        One minus the communalities when left out.
    correlations : DataFrame, optional
        Of the items; implied ones when left out.
    n_persons, model, notes
        Passed on to the result.

    Returns
    -------
    HierarchicalOmega

    Raises
    ------
    InputShapeError
        Items that differ between the arguments.

    See Also
    --------
    omega_hierarchical

    References
    ----------
    Zinbarg, R. E., Revelle, W., Yovel, I., & Li, W. (2005). Psychometrika, 70, 123-133, eq. 7. Rodriguez, A., Reise,
    S. P., & Haviland, M. G. (2016). Evaluating bifactor models. Psychological Methods, 21, 137-150, eq. 3 to 6.

    Notes
    -----
    Validated against ``psych::omega``.

    Examples
    --------
    >>> from psychometrics.reliability import bifactor_omega
    >>> import pandas as pd
    >>> general = pd.Series(0.6, list("abcd"))
    >>> group = pd.DataFrame({"x": [0.4, 0.4, 0, 0], "y": [0, 0, 0.4, 0.4]}, list("abcd"))
    >>> round(bifactor_omega(general, group).omega_hierarchical, 3)
    0.643
    """
    if list(general.index) != list(group.index):
        raise InputShapeError("general and group loadings must have the same items in the same order")
    g, k = general.to_numpy(dtype=float), group.to_numpy(dtype=float)
    unique = 1 - g**2 - np.sum(k**2, axis=1) if uniquenesses is None else uniquenesses.loc[general.index].to_numpy()
    implied = np.outer(g, g) + k @ k.T + np.diag(unique)
    matrix = implied if correlations is None else correlations.loc[general.index, general.index].to_numpy()
    variance = float(matrix.sum())
    hierarchical = ratio(float(g.sum() ** 2), variance)
    total = 1 - ratio(float(unique.sum()), variance)
    return HierarchicalOmega(
        omega_hierarchical=hierarchical,
        omega_total=total,
        explained_common_variance=ratio(float(np.sum(g**2)), float(np.sum(g**2) + np.sum(k**2))),
        groups=_group_omegas(g, k, unique, matrix, list(group.columns)),
        loadings=pd.concat([general.rename("general"), group], axis=1),
        model=model,
        n_persons=n_persons,
        notes=(*notes, *_improper_notes(hierarchical, total, pd.Series(unique, general.index))),
    )


def _improper_notes(hierarchical: float, total: float, unique: pd.Series) -> tuple[str, ...]:
    """Name what makes the coefficients no evidence: negative uniquenesses, values above 1, a sum without variance."""
    notes = []
    negative = unique.index[unique < 0]
    if len(negative):
        notes.append(f"negative uniquenesses: {listed(negative)}; the solution is not proper")
    if hierarchical > 1 or total > 1:
        notes.append("a coefficient above 1 is no evidence: the model implies more common variance than the sum has")
    if np.isnan(hierarchical):
        notes.append("the sum of the items does not vary, so that the coefficients are not defined")
    return tuple(notes)


def _confirmatory(
    responses: pd.DataFrame, scales: Scales, correlation: Correlation, missing: Missing
) -> HierarchicalOmega:
    """Return the coefficients of a confirmatory bifactor model."""
    from psychometrics.sem import CfaModel, fit_cfa

    if correlation == "spearman":
        raise ModelError("the confirmatory bifactor model takes 'pearson' (ML) or 'polychoric' (WLSMV)")
    frame = numeric_table(responses, minimum_columns=2, minimum_rows=2)
    estimator: Literal["ML", "WLSMV"] = "ML" if correlation == "pearson" else "WLSMV"
    named = frame.set_axis(text_names(frame.columns), axis="columns")
    to_text = dict(zip(frame.columns, named.columns, strict=True))
    members = scales_of(frame, scales)
    texts = [[to_text[item] for item in items] for items in members.values()]
    groups = dict(zip(text_names(members), texts, strict=True))
    fit = fit_cfa(CfaModel.bifactor(groups), named, estimator=estimator, missing=missing)
    loadings = fit.loading_matrix()
    from_text = {text: item for item, text in to_text.items()}
    back = label_index(from_text[text] for text in loadings.index)
    sample = fit.sample.loc[loadings.index, loadings.index].to_numpy()
    spread = np.sqrt(np.diag(sample))
    matrix = sample / np.outer(spread, spread)
    labelled = loadings.set_axis(back, axis="index")
    return bifactor_omega(
        labelled.iloc[:, 0],
        labelled.iloc[:, 1:],
        correlations=pd.DataFrame(matrix, back, back),
        n_persons=fit.n_used,
        model=f"bifactor model ({estimator}, {correlation})",
        notes=(*fit.problems, *fit.notes),
    )


def _group_omegas(
    general: np.ndarray, group: np.ndarray, unique: np.ndarray, matrix: np.ndarray, names: list[str]
) -> pd.DataFrame:
    """Return the coefficients of the sum of each group factor's items."""
    owner = np.argmax(np.abs(group), axis=1)
    rows = []
    for factor, _ in enumerate(names):
        own = owner == factor
        variance = float(matrix[np.ix_(own, own)].sum())
        rows.append(
            (
                int(own.sum()),
                1 - ratio(float(unique[own].sum()), variance),
                ratio(float(general[own].sum() ** 2), variance),
                ratio(float(group[own, factor].sum() ** 2), variance),
            )
        )
    return pd.DataFrame(rows, index=names, columns=["n_items", "omega", "omega_hierarchical", "omega_specific"])
