"""How much of a total score is a general factor: omega hierarchical and explained common variance."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

import numpy as np
import pandas as pd

from psychometrics._checks import Scales, numeric_table, scales_of
from psychometrics._responses import Correlation, Missing
from psychometrics.errors import InputShapeError, ModelError


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
    """

    omega_hierarchical: float
    omega_total: float
    explained_common_variance: float
    groups: pd.DataFrame
    loadings: pd.DataFrame
    model: str
    n_persons: int
    notes: tuple[str, ...] = field(default_factory=tuple)

    def to_frame(self) -> pd.DataFrame:
        """Return one row with the three coefficients and the model."""
        keys = ("omega_hierarchical", "omega_total", "explained_common_variance", "model", "n_persons")
        return pd.DataFrame([{key: getattr(self, key) for key in keys}])


def omega_hierarchical(
    responses: pd.DataFrame,
    n_factors: int | None = None,
    scales: Scales | None = None,
    correlation: Correlation = "pearson",
    missing: Missing = "listwise",
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

    References
    ----------
    Zinbarg, R. E., Revelle, W., Yovel, I., & Li, W. (2005). Cronbach's alpha, Revelle's beta, and McDonald's omega h.
    Psychometrika, 70, 123-133, eq. 7. Reise, S. P. (2012). The rediscovery of bifactor measurement models.
    Multivariate Behavioral Research, 47, 667-696 (explained common variance).

    Notes
    -----
    Validated against ``psych::omega`` (exploratory), and the confirmatory loadings against ``lavaan::cfa``.
    """
    if (n_factors is None) == (scales is None):
        raise ModelError("give either n_factors (exploratory) or scales (confirmatory bifactor model)")
    if scales is not None:
        return _confirmatory(responses, scales, correlation, missing)
    from psychometrics.efa import fit_efa, schmid_leiman

    transformed = schmid_leiman(fit_efa(responses, n_factors or 0, correlation, "minres", "oblimin", missing))
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

    References
    ----------
    Zinbarg, R. E., Revelle, W., Yovel, I., & Li, W. (2005). Psychometrika, 70, 123-133, eq. 7. Rodriguez, A., Reise,
    S. P., & Haviland, M. G. (2016). Evaluating bifactor models. Psychological Methods, 21, 137-150, eq. 3 to 6.

    Notes
    -----
    Validated against ``psych::omega``.
    """
    if list(general.index) != list(group.index):
        raise InputShapeError("general and group loadings must have the same items in the same order")
    g, k = general.to_numpy(dtype=float), group.to_numpy(dtype=float)
    unique = 1 - g**2 - np.sum(k**2, axis=1) if uniquenesses is None else uniquenesses.loc[general.index].to_numpy()
    implied = np.outer(g, g) + k @ k.T + np.diag(unique)
    matrix = implied if correlations is None else correlations.loc[general.index, general.index].to_numpy()
    variance = float(matrix.sum())
    return HierarchicalOmega(
        omega_hierarchical=float(g.sum() ** 2 / variance),
        omega_total=float(1 - unique.sum() / variance),
        explained_common_variance=float(np.sum(g**2) / (np.sum(g**2) + np.sum(k**2))),
        groups=_group_omegas(g, k, unique, matrix, list(group.columns)),
        loadings=pd.concat([general.rename("general"), group], axis=1),
        model=model,
        n_persons=n_persons,
        notes=notes,
    )


def _confirmatory(
    responses: pd.DataFrame, scales: Scales, correlation: Correlation, missing: Missing
) -> HierarchicalOmega:
    """Return the coefficients of a confirmatory bifactor model."""
    from psychometrics.sem import CfaModel, fit_cfa

    if correlation == "spearman":
        raise ModelError("the confirmatory bifactor model takes 'pearson' (ML) or 'polychoric' (WLSMV)")
    frame = numeric_table(responses, minimum_columns=2, minimum_rows=2)
    estimator: Literal["ML", "WLSMV"] = "ML" if correlation == "pearson" else "WLSMV"
    fit = fit_cfa(CfaModel.bifactor(scales_of(frame, scales)), frame, estimator=estimator, missing=missing)
    loadings = fit.loading_matrix()
    spread = np.sqrt(np.diag(fit.sample))
    general = loadings.iloc[:, 0]
    return bifactor_omega(
        general,
        loadings.iloc[:, 1:],
        correlations=fit.sample.div(spread, axis=0).div(spread, axis=1),
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
        variance = matrix[np.ix_(own, own)].sum() if own.any() else np.nan
        rows.append(
            (
                int(own.sum()),
                1 - unique[own].sum() / variance,
                general[own].sum() ** 2 / variance,
                group[own, factor].sum() ** 2 / variance,
            )
        )
    return pd.DataFrame(rows, index=names, columns=["n_items", "omega", "omega_hierarchical", "omega_specific"])
