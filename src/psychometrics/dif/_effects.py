"""What DIF does to scores: expected answers of a group under its own curves and under the reference's."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
from scipy import stats
from scipy.special import expit

from psychometrics._checks import Label
from psychometrics.dif._models import ItemModels
from psychometrics.dif._persons import DifData
from psychometrics.dif._sample import Sample


def item_effects(study: DifData, models: Mapping[Label, ItemModels], scale_of: Mapping[Label, Label]) -> pd.DataFrame:
    """Return the expected difference in each item for each focal group, in points of the answer scale."""
    columns = ["item", "scale", "group", "n", "signed", "lower", "upper", "unsigned", "standardised"]
    rows = []
    for item, fitted in models.items():
        influence = _influence(fitted)
        for group in range(1, len(study.names)):
            effect = _item_effect(study, fitted, group, influence[:, group - 1])
            rows.append({"item": item, "scale": scale_of[item], "group": study.names[group], **effect})
    return pd.DataFrame(rows, columns=columns)


def scale_effects(study: DifData, models: Mapping[Label, ItemModels], flagged: set[Label]) -> pd.DataFrame:
    """Return what the flagged items do to the mean of each scale for each group."""
    rows = []
    for scale, items in study.scales.items():
        sample = study.samples[scale]
        answers = sample.answers
        moving = [models[item] for item in items if item in flagged]
        means = answers.mean(axis=1).where(answers.notna().mean(axis=1) >= study.rule.minimum_answered).to_numpy()
        influence = np.sum([_influence(fitted) for fitted in moving], axis=0) / len(items) if moving else None
        for group, name in enumerate(study.names):
            pull = influence[:, group - 1] if influence is not None and group else None
            effect = _scale_effect(study, sample, moving, group, means, pull)
            rows.append(
                {"scale": scale, "group": name, **effect, "n_untested": sum(item not in models for item in items)}
            )
    return pd.DataFrame(rows)


def _item_effect(study: DifData, models: ItemModels, group: int, influence: np.ndarray) -> dict[str, float]:
    """Return n, signed, unsigned and standardised difference (Meade 2010: SIDS, UIDS, ESSD)."""
    members = models.data.groups == group
    score, weights = _scores(models)[members], models.data.weights[members]
    own, reference = models.expected(score, group), models.expected(score, 0)
    spread = np.sqrt((_deviation(own, weights) ** 2 + _deviation(reference, weights) ** 2) / 2)
    signed = float(np.average(own - reference, weights=weights))
    lower, upper = _interval(study, models.data.sample, signed, influence)
    return {
        "n": int(weights.sum()),
        "signed": signed,
        "lower": lower,
        "upper": upper,
        "unsigned": float(np.average(np.abs(own - reference), weights=weights)),
        "standardised": signed / float(spread) if spread > 0 else np.nan,
    }


def _scale_effect(
    study: DifData,
    sample: Sample,
    models: list[ItemModels],
    group: int,
    means: np.ndarray,
    influence: np.ndarray | None,
) -> dict[str, float]:
    """Return the effect on the scale mean of one group, over its persons with a matching score for each item."""
    members, n_items = np.flatnonzero(sample.groups == group), sample.answers.shape[1]
    together = np.zeros(len(members))
    for fitted in models:
        gap = np.full(len(sample.groups), np.nan)
        own = fitted.data.groups == group
        score = _scores(fitted)[own]
        gap[np.flatnonzero(fitted.data.rows)[own]] = fitted.expected(score, group) - fitted.expected(score, 0)
        together = together + gap[members] / n_items
    whole, scored = np.isfinite(together), np.isfinite(means[members])
    together, shares = together[whole], sample.weights[members][whole]
    means, weights = means[members][scored], sample.weights[members][scored]
    signed = float(np.average(together, weights=shares)) if len(together) else np.nan
    lower, upper = (np.nan, np.nan) if influence is None else _interval(study, sample, signed, influence)
    mean = float(np.average(means, weights=weights)) if len(means) else np.nan
    return {
        "n": int(weights.sum()),
        "n_items": n_items,
        "n_flagged": len(models),
        "mean": mean,
        "signed": signed,
        "lower": lower,
        "upper": upper,
        "unsigned": float(np.average(np.abs(together), weights=shares)) if len(together) else np.nan,
        "standardised": signed / spread if (spread := _deviation(means, weights)) > 0 else np.nan,
        "adjusted_mean": mean - signed,
    }


def _deviation(values: np.ndarray, weights: np.ndarray) -> float:
    """Return the standard deviation of persons, NaN of fewer than two."""
    n = weights.sum()
    if n < 2:
        return np.nan
    away = values - np.average(values, weights=weights)
    return float(np.sqrt(weights @ away**2 / (n - 1)))


def _scores(models: ItemModels) -> np.ndarray:
    """Return the matching scores in their own units."""
    return np.asarray(models.data.centre + models.data.spread * models.data.score)


def _influence(models: ItemModels) -> np.ndarray:
    """Return what one person of each row (or each cluster) adds to the error of the signed effects, a column a group.

    The gradient of the effect in the parameters, times the inverse information, times the person's score (delta
    method and sandwich); zero for rows that the item's models do not use.
    """
    data, fit = models.data, models.fits[2]
    gradients = np.column_stack([_gradient(models, group) for group in range(1, models.n_groups)])
    found = np.zeros((len(data.rows), gradients.shape[1]))
    found[data.rows] = models.model().scores(fit.parameters) @ np.linalg.solve(fit.information, gradients)
    return found if data.sample.clusters is None else np.asarray(data.sample.clusters @ found)


def _gradient(models: ItemModels, group: int) -> np.ndarray:
    """Return the gradient of the signed effect on one group in the parameters."""
    data, fit, others = models.data, models.fits[2], models.n_groups - 1
    members = data.groups == group
    m, score, persons = len(fit.thresholds), data.score[members], data.weights[members] / data.weights[members].sum()
    gradient = np.zeros(len(fit.parameters))
    for which, sign in ((group, 1.0), (0, -1.0)):
        shift = fit.coefficients[which] if which else 0.0
        slope = fit.coefficients[0] + (fit.coefficients[others + which] if which else 0.0)
        above = expit((shift + slope * score)[:, None] - fit.thresholds)
        weight = above * (1 - above) * np.diff(data.values)
        total = weight.sum(axis=1)
        gradient[:m] -= sign * (persons @ weight)
        gradient[m] += sign * (persons @ (total * score))
        if which:
            gradient[m + which] += persons @ total
            gradient[m + others + which] += persons @ (total * score)
    return gradient


def _interval(study: DifData, sample: Sample, estimate: float, influence: np.ndarray) -> tuple[float, float]:
    """Return the interval from persons' (or clusters') influences; normal, or t with clusters minus one."""
    units = sample.weights if study.clusters is None else np.ones(len(influence))
    n = units.sum()
    error = float(np.sqrt(units @ influence**2 * n / (n - 1)))
    tail = (1 + study.rule.confidence) / 2
    quantile = stats.norm.ppf(tail) if study.clusters is None else stats.t.ppf(tail, n - 1)
    if not error > 0:
        return np.nan, np.nan
    return float(estimate - quantile * error), float(estimate + quantile * error)
