"""Reliability of every competency score: observed, of latent responses, and under the models (notebook 05)."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import joblib
import numpy as np
import pandas as pd
from scipy.stats import norm

from compendium.findings import encode, found
from compendium.steps.factor_structure.models import Rivals
from compendium.study.nesting import Nesting
from compendium.study.workers import spread
from psychometrics.errors import PsychometricsError
from psychometrics.ordinal import polychoric
from psychometrics.ordinal.clusters import ClusteredResponses
from psychometrics.reliability import (
    HierarchicalOmega,
    alpha_of_matrix,
    average_variance_extracted,
    bifactor_omega,
    composite_reliability,
    cronbach_alpha,
    omega_categorical,
    two_level_reliability,
)
from psychometrics.resampling import BootstrapInterval, bootstrap_from_counts, bootstrap_interval

Scales = Mapping[str, Sequence[str]]
# A one-factor model is identified from three items on.
SMALLEST_OMEGA = 3
RELIABILITY_COLUMNS = (
    "competency", "items", "n", "alpha", "lower", "upper", "standardised", "mean_inter_item", "score_error",
    "smallest_change", "interval", "n_clusters", "lost_share", "alpha_pingouin",
)  # fmt: skip
LATENT_COLUMNS = (
    "competency", "ordinal_alpha", "ordinal_lower", "ordinal_upper", "omega_categorical", "omega_lower", "omega_upper",
    "omega_observed", "latent_lost_share", "note",
)  # fmt: skip
TWO_LEVEL_COLUMNS = (
    "competency", "n", "clusters", "n_clusters", "cluster_size", "coefficient", "estimate", "lower", "upper",
    "lost_share", "design_effect", "effective_n", "note",
)  # fmt: skip


@dataclass(frozen=True)
class Draws:
    """Resamples behind an interval: how many, from which seed, with which confidence, of which clusters."""

    n_resamples: int
    seed: int
    confidence: float
    clusters: pd.Series[str] | None = None

    def of(self, nesting: Nesting, ratings: pd.DataFrame) -> Draws:
        """Return the same settings with clusters for other rows, such as the rated person of each rating."""
        return replace(self, clusters=nesting.of(ratings.index))


def reliability_table(
    answers: pd.DataFrame, scales: Mapping[str, Sequence[str]], confidence: float, draws: Draws | None = None
) -> pd.DataFrame:
    r"""Return coefficient alpha with its interval for each competency, and pingouin's alpha of the same rows.

    The interval is Feldt's, which takes people as independent; with clusters it is the percentile bootstrap of whole
    clusters. ``score_error`` is the standard error of measurement of the mean score: that of the sum divided by the
    number of items; ``smallest_change`` is the smallest change of one person's score that is larger than error
    (:math:`z \sqrt 2` times it). Where alpha is not defined, its row is blank.
    """
    kin = None if draws is None or draws.clusters is None else draws.clusters
    options: dict[str, Any] = {"confidence": confidence}
    if draws is not None and kin is not None:
        options |= {"interval": "bootstrap", "n_resamples": draws.n_resamples, "seed": draws.seed, "clusters": kin}
    rows: list[dict[str, object]] = []
    for competency, items in scales.items():
        if len(items) < 2:
            continue
        try:
            result = cronbach_alpha(answers[list(items)], **options)
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
                "smallest_change": smallest_change(result.standard_error_of_measurement / result.n_items, confidence),
                "interval": result.interval,
                "n_clusters": result.n_clusters or None,
                "lost_share": result.lost_share,
                "alpha_pingouin": _pingouin_alpha(answers[list(items)]),
            }
        )
    return pd.DataFrame(rows).reindex(columns=list(RELIABILITY_COLUMNS))


def smallest_change(error: float, confidence: float) -> float:
    """Return the smallest detectable change of one person from the standard error of measurement of a score."""
    return float(norm.ppf((1 + confidence) / 2) * math.sqrt(2) * error)


def latent_reliability(
    answers: pd.DataFrame, scales: Scales, draws: Draws, weights: pd.Series[float] | None = None
) -> pd.DataFrame:
    """Return ordinal alpha and categorical omega of each competency with their bootstrap intervals.

    Correlations are pairwise polychoric ones. One matrix of all items is estimated in every resample and serves the
    ordinal alphas of all competencies. ``omega_categorical`` divides by the variance of the sum that the model implies
    and cannot exceed 1; ``omega_observed`` divides by the variance observed, and above 1 it is no evidence of
    reliability. What is not defined for these answers is NaN, with the reason in ``note``.

    Parameters
    ----------
    answers
        Keyed answers, one column an item.
    scales
        Items of each competency; those of one item are left out.
    draws
        Of the percentile bootstrap over people, or over whole clusters.
    weights
        How far one code of each item moves its score, for omega; 1 unless given.

    Returns
    -------
    DataFrame
        Columns as in :data:`LATENT_COLUMNS`; ``latent_lost_share`` is the larger share of resamples in which one of
        the two was not defined.
    """
    members = {name: tuple(items) for name, items in scales.items() if len(items) > 1}
    with spread():
        alphas, lost, problem = _ordinal_alphas(answers, members, draws)
        tasks = [joblib.delayed(_categorical_omega)(answers[list(own)], draws, weights) for own in members.values()]
        omegas = dict(zip(members, joblib.Parallel()(tasks), strict=True))
    rows: list[dict[str, object]] = []
    for name, omega in omegas.items():
        omega["latent_lost_share"] = max(lost, float(str(omega["latent_lost_share"])))
        omega["note"] = omega["note"] or problem
        rows.append({"competency": name, **alphas.loc[name], **omega})
    return pd.DataFrame(rows, columns=list(LATENT_COLUMNS))


def two_level(answers: pd.DataFrame, scales: Scales, draws: Draws, fewest: int) -> pd.DataFrame:
    """Return the reliability of differences within and between clusters, one row a competency and coefficient.

    ``icc`` is the share of the score's variance between clusters; ``design_effect`` says how many times clusters
    multiply the variance of a mean, ``effective_n`` how many independent people are left.
    """
    tables = []
    for name, items in scales.items():
        if len(items) < SMALLEST_OMEGA or draws.clusters is None:
            continue
        try:
            found = two_level_reliability(
                answers[list(items)],
                draws.clusters,
                fewest,
                confidence=draws.confidence,
                n_resamples=draws.n_resamples,
                seed=draws.seed,
            )
        except PsychometricsError as problem:
            tables.append(pd.DataFrame([{"competency": name, "note": str(problem)}]))
            continue
        table = found.to_frame().reset_index()
        table = table.assign(
            competency=name,
            n=found.n_persons,
            clusters=str(draws.clusters.name),
            n_clusters=found.n_clusters,
            cluster_size=found.cluster_size,
            design_effect=found.design_effect,
            effective_n=found.effective_n,
        )
        tables.append(table.assign(lost_share=table["n_failed"] / draws.n_resamples))
    whole = pd.concat(tables, ignore_index=True) if tables else pd.DataFrame()
    return whole.reindex(columns=list(TWO_LEVEL_COLUMNS))


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
    answers: pd.DataFrame, members: dict[str, tuple[str, ...]], draws: Draws
) -> tuple[pd.DataFrame, float, str]:
    """Return ordinal alphas with their intervals and the share of resamples lost, or NaN and the reason."""
    empty = pd.DataFrame(np.nan, index=list(members), columns=["ordinal_alpha", "ordinal_lower", "ordinal_upper"])
    items = list(dict.fromkeys(item for own in members.values() for item in own))
    try:
        drawn = _drawn_alphas(answers[items], members, draws)
    except PsychometricsError as problem:
        return empty, 0.0, str(problem)
    found = drawn.to_frame()[["estimate", "lower", "upper"]].set_axis(empty.columns, axis="columns")
    return found, drawn.n_failed / drawn.n_resamples, ""


def _drawn_alphas(answers: pd.DataFrame, members: dict[str, tuple[str, ...]], draws: Draws) -> BootstrapInterval:
    """Resample people, or clusters, whose tables add up."""
    settings = (draws.n_resamples, draws.seed, draws.confidence)
    if draws.clusters is None:
        return bootstrap_interval(_OrdinalAlphas(members), answers, *settings)
    tables = ClusteredResponses.of(answers, draws.clusters)
    statistic = _AlphasOfClusters(tables, [answers.columns.get_indexer(pd.Index(items)) for items in members.values()])
    return bootstrap_from_counts(statistic, tables.n_clusters, *settings, names=list(members))


@dataclass(frozen=True)
class _AlphasOfClusters:
    """Statistic of the bootstrap: ordinal alpha of every competency from how often each cluster is drawn."""

    tables: ClusteredResponses
    members: list[np.ndarray]

    def __call__(self, drawn: np.ndarray) -> np.ndarray:
        """Return the alphas of each resample, NaN where they are not defined."""
        found = np.full((len(drawn), len(self.members)), np.nan)
        for place, matrix in enumerate(self.tables.correlations(drawn)):
            if matrix is not None:
                found[place] = [alpha_of_matrix(matrix[np.ix_(items, items)]) for items in self.members]
        return found


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


def _categorical_omega(items: pd.DataFrame, draws: Draws, weights: pd.Series[float] | None) -> dict[str, object]:
    """Return categorical omega with its interval, or NaN and the reason."""
    names = ("omega_categorical", "omega_lower", "omega_upper", "omega_observed")
    nothing: dict[str, object] = {**dict.fromkeys(names, float("nan")), "latent_lost_share": 0.0}
    if items.shape[1] < SMALLEST_OMEGA:
        return nothing | {"note": f"omega needs {SMALLEST_OMEGA} items"}
    try:
        result = omega_categorical(
            items, draws.confidence, "bootstrap", "pairwise", draws.n_resamples, draws.seed, draws.clusters, weights
        )
    except PsychometricsError as problem:
        return nothing | {"note": str(problem)}
    figures = (result.omega, result.lower, result.upper, result.omega_observed)
    return dict(zip(names, figures, strict=True)) | {
        "latent_lost_share": result.lost_share,
        "note": " ".join(result.notes),
    }


def _pingouin_alpha(items: pd.DataFrame) -> float:
    """Return pingouin's alpha of the complete rows, as an independent check."""
    import pingouin

    return float(pingouin.cronbach_alpha(data=items.dropna())[0])
