"""Reliability of every competency score: observed, of latent responses, and under the models (notebook 05)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from compendium.findings import encode, found
from compendium.steps.factor_structure.models import Rivals
from psychometrics.errors import PsychometricsError
from psychometrics.ordinal import polychoric
from psychometrics.reliability import (
    HierarchicalOmega,
    alpha_of_matrix,
    average_variance_extracted,
    bifactor_omega,
    composite_reliability,
    cronbach_alpha,
    omega_categorical,
)
from psychometrics.resampling import bootstrap_interval

Scales = Mapping[str, Sequence[str]]
# A one-factor model is identified from three items on.
SMALLEST_OMEGA = 3
RELIABILITY_COLUMNS = (
    "competency", "items", "n", "alpha", "lower", "upper", "standardised", "mean_inter_item", "score_error",
    "alpha_pingouin",
)  # fmt: skip


def reliability_table(answers: pd.DataFrame, scales: Mapping[str, Sequence[str]], confidence: float) -> pd.DataFrame:
    """Return coefficient alpha with its interval for each competency, beside what pingouin says of the same rows.

    ``score_error`` is the standard error of measurement of the mean score: that of the sum divided by the number of
    items. Where alpha is not defined, its row is blank.
    """
    rows: list[dict[str, object]] = []
    for competency, items in scales.items():
        if len(items) < 2:
            continue
        try:
            result = cronbach_alpha(answers[list(items)], confidence=confidence)
        except PsychometricsError:
            rows.append({"competency": competency, "items": len(items)})
            continue
        rows.append(
            {
                "competency": competency,
                "items": result.n_items,
                "n": result.n_persons,
                "alpha": result.raw,
                "lower": result.lower,
                "upper": result.upper,
                "standardised": result.standardised,
                "mean_inter_item": result.mean_inter_item,
                "score_error": result.standard_error_of_measurement / result.n_items,
                "alpha_pingouin": _pingouin_alpha(answers[list(items)]),
            }
        )
    return pd.DataFrame(rows).reindex(columns=list(RELIABILITY_COLUMNS))


def latent_reliability(
    answers: pd.DataFrame, scales: Scales, n_resamples: int, seed: int, confidence: float
) -> pd.DataFrame:
    """Return ordinal alpha with its bootstrap interval and categorical omega of each competency.

    Correlations are pairwise polychoric ones. One matrix of all items is estimated in every resample and serves all
    competencies. What is not defined for these answers is NaN, with the reason in ``note``.

    Parameters
    ----------
    answers
        Keyed answers, one column an item.
    scales
        Items of each competency; those of one item are left out.
    n_resamples, seed, confidence
        Of the percentile bootstrap over people.

    Returns
    -------
    DataFrame
        ``competency``, ``ordinal_alpha``, ``ordinal_lower``, ``ordinal_upper``, ``omega_categorical``, ``note``.
    """
    members = {name: tuple(items) for name, items in scales.items() if len(items) > 1}
    alphas, problem = _ordinal_alphas(answers, members, n_resamples, seed, confidence)
    rows = []
    for name, items in members.items():
        omega, note = _categorical_omega(answers[list(items)])
        rows.append({"competency": name, **alphas.loc[name], "omega_categorical": omega, "note": note or problem})
    columns = ["competency", *alphas.columns, "omega_categorical", "note"]
    return pd.DataFrame(rows, columns=columns)


def hierarchical_omega(rivals: Rivals) -> tuple[HierarchicalOmega | None, str]:
    """Return omega hierarchical and explained common variance of a proper bifactor model, or None and why not."""
    fit = rivals.fits.get("bifactor")
    if fit is None:
        return None, rivals.unfitted["bifactor"].encoded
    if not fit.proper:
        return None, encode(found("said_by_method", text=text) for text in fit.problems)
    loadings = fit.loading_matrix()
    return bifactor_omega(loadings.iloc[:, 0], loadings.iloc[:, 1:], correlations=fit.sample, n_persons=fit.n_used), ""


def model_reliability(rivals: Rivals) -> pd.DataFrame:
    """Return what the models say about the score of each competency.

    ``composite`` and ``ave`` come from the standardised loadings of the correlated model (latent responses);
    ``omega_general`` and ``omega_specific`` are the shares of a score's variance that the bifactor model gives to the
    general and to the competency's own factor, NaN when that model is not proper.
    """
    columns = ["competency", "items", "composite", "ave", "omega_general", "omega_specific"]
    fit = rivals.main
    if fit is None:
        return pd.DataFrame(columns=columns)
    loadings = fit.loading_matrix()
    table = pd.DataFrame({"composite": composite_reliability(loadings), "ave": average_variance_extracted(loadings)})
    table.insert(0, "items", (loadings.abs() > 0).sum())
    omega, _ = hierarchical_omega(rivals)
    shares = pd.DataFrame(index=table.index, columns=["omega_hierarchical", "omega_specific"], dtype=float)
    shares = shares if omega is None else omega.groups[list(shares.columns)]
    table = table.join(shares.rename(columns={"omega_hierarchical": "omega_general"}))
    return table.rename_axis("competency").reset_index()[columns]


def _ordinal_alphas(
    answers: pd.DataFrame, members: dict[str, tuple[str, ...]], n_resamples: int, seed: int, confidence: float
) -> tuple[pd.DataFrame, str]:
    """Return ordinal alphas with their intervals, or NaN and the reason."""
    empty = pd.DataFrame(np.nan, index=list(members), columns=["ordinal_alpha", "ordinal_lower", "ordinal_upper"])
    items = list(dict.fromkeys(item for own in members.values() for item in own))
    try:
        drawn = bootstrap_interval(_OrdinalAlphas(members), answers[items], n_resamples, seed, confidence)
    except PsychometricsError as problem:
        return empty, str(problem)
    found = drawn.to_frame()[["estimate", "lower", "upper"]].set_axis(empty.columns, axis="columns")
    return found, ""


@dataclass(frozen=True)
class _OrdinalAlphas:
    """Picklable statistic of the bootstrap: ordinal alpha of every competency from one matrix."""

    members: dict[str, tuple[str, ...]]

    def __call__(self, sample: pd.DataFrame) -> pd.Series[float]:
        """Return the alphas of one resample."""
        matrix = polychoric(sample, missing="pairwise").correlations
        alphas = {
            name: alpha_of_matrix(matrix.loc[list(items), list(items)].to_numpy())
            for name, items in self.members.items()
        }
        return pd.Series(alphas)


def _categorical_omega(items: pd.DataFrame) -> tuple[float, str]:
    """Return categorical omega, or NaN and the reason."""
    if items.shape[1] < SMALLEST_OMEGA:
        return float("nan"), f"omega needs {SMALLEST_OMEGA} items"
    try:
        result = omega_categorical(items, missing="pairwise")
    except PsychometricsError as problem:
        return float("nan"), str(problem)
    return result.omega, " ".join(result.notes)


def _pingouin_alpha(items: pd.DataFrame) -> float:
    """Return pingouin's alpha of the complete rows, as an independent check."""
    import pingouin

    return float(pingouin.cronbach_alpha(data=items.dropna())[0])
