"""What DIF does to scores: expected answers of a group under its own curves and under the reference's."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
from scipy import stats
from scipy.special import expit

from psychometrics._checks import Label
from psychometrics.dif._cumulative import CumulativeModel
from psychometrics.dif._models import ItemModels, cluster_sums
from psychometrics.dif._persons import DifData


def item_effects(study: DifData, models: Mapping[Label, ItemModels], scale_of: Mapping[Label, Label]) -> pd.DataFrame:
    """Return the expected difference in each item for each focal group, in points of the answer scale."""
    columns = ["item", "scale", "group", "n", "signed", "lower", "upper", "unsigned", "standardised"]
    rows = []
    for item, fitted in models.items():
        influence = _influence(study, fitted)
        for group in range(1, len(study.names)):
            effect = _item_effect(study, fitted, group, influence[:, group - 1])
            rows.append({"item": item, "scale": scale_of[item], "group": study.names[group], **effect})
    return pd.DataFrame(rows, columns=columns)


def scale_effects(study: DifData, models: Mapping[Label, ItemModels], flagged: set[Label]) -> pd.DataFrame:
    """Return what the flagged items do to the mean of each scale for each group."""
    rows = []
    for scale, items in study.scales.items():
        answers = study.answers[items]
        moving = [models[item] for item in items if item in flagged]
        means = answers.mean(axis=1).where(answers.notna().mean(axis=1) >= study.rule.minimum_answered)
        influence = np.sum([_influence(study, fitted) for fitted in moving], axis=0) / len(items) if moving else None
        for group, name in enumerate(study.names):
            pull = influence[:, group - 1] if influence is not None and group else None
            effect = _scale_effect(study, moving, group, means[study.groups == group], len(items), pull)
            rows.append(
                {"scale": scale, "group": name, **effect, "n_untested": sum(item not in models for item in items)}
            )
    return pd.DataFrame(rows)


def _item_effect(study: DifData, models: ItemModels, group: int, influence: np.ndarray) -> dict[str, float]:
    """Return n, signed, unsigned and standardised difference (Meade 2010: SIDS, UIDS, ESSD)."""
    score = _scores(models)[models.data.groups == group]
    own, reference = models.expected(score, group), models.expected(score, 0)
    spread = np.sqrt((own.var(ddof=1) + reference.var(ddof=1)) / 2) if len(score) > 1 else np.nan
    signed = float((own - reference).mean())
    lower, upper = _interval(study, signed, influence)
    return {
        "n": len(score),
        "signed": signed,
        "lower": lower,
        "upper": upper,
        "unsigned": float(np.abs(own - reference).mean()),
        "standardised": float((own - reference).mean() / spread) if spread > 0 else np.nan,
    }


def _scale_effect(
    study: DifData, models: list[ItemModels], group: int, means: pd.Series, n_items: int, influence: np.ndarray | None
) -> dict[str, float]:
    """Return the effect on the scale mean of one group, over its persons with a matching score for each item."""
    members = np.flatnonzero(study.groups == group)
    together = np.zeros(len(members))
    for fitted in models:
        gap = np.full(len(study.groups), np.nan)
        own = fitted.data.groups == group
        score = _scores(fitted)[own]
        gap[np.flatnonzero(fitted.data.rows)[own]] = fitted.expected(score, group) - fitted.expected(score, 0)
        together = together + gap[members] / n_items
    together = together[np.isfinite(together)]
    signed = float(together.mean()) if len(together) else np.nan
    lower, upper = (np.nan, np.nan) if influence is None else _interval(study, signed, influence)
    return {
        "n": int(means.notna().sum()),
        "n_items": n_items,
        "n_flagged": len(models),
        "mean": float(means.mean()),
        "signed": signed,
        "lower": lower,
        "upper": upper,
        "unsigned": float(np.abs(together).mean()) if len(together) else np.nan,
        "standardised": float(signed / means.std()) if means.std() > 0 else np.nan,
        "adjusted_mean": float(means.mean() - signed),
    }


def _scores(models: ItemModels) -> np.ndarray:
    """Return the matching scores in their own units."""
    return np.asarray(models.data.centre + models.data.spread * models.data.score)


def _influence(study: DifData, models: ItemModels) -> np.ndarray:
    """Return what each person (or cluster) adds to the error of the signed effects of one item, a column a group.

    The gradient of the effect in the parameters, times the inverse information, times the person's score (delta
    method and sandwich); zero for persons whom the item's models do not use.
    """
    data, parameters = models.data, models.fits[2].parameters
    scores = CumulativeModel(data.codes, models.design).scores(parameters)
    gradients = np.column_stack([_gradient(models, group) for group in range(1, models.n_groups)])
    pulls = np.linalg.solve(models.fits[2].information, gradients)
    if study.clusters is None:
        found = np.zeros((len(data.rows), pulls.shape[1]))
        found[data.rows] = scores @ pulls
        return found
    known, places = np.unique(study.clusters, return_inverse=True)
    found = np.zeros((len(known), pulls.shape[1]))
    found[np.unique(places[data.rows])] = cluster_sums(scores, places[data.rows]) @ pulls
    return found


def _gradient(models: ItemModels, group: int) -> np.ndarray:
    """Return the gradient of the signed effect on one group in the parameters."""
    data, fit, others = models.data, models.fits[2], models.n_groups - 1
    m, score = len(fit.thresholds), data.score[data.groups == group]
    gradient = np.zeros(len(fit.parameters))
    for which, sign in ((group, 1.0), (0, -1.0)):
        shift = fit.coefficients[which] if which else 0.0
        slope = fit.coefficients[0] + (fit.coefficients[others + which] if which else 0.0)
        above = expit((shift + slope * score)[:, None] - fit.thresholds)
        weight = above * (1 - above) * np.diff(data.values)
        total = weight.sum(axis=1)
        gradient[:m] -= sign * weight.mean(axis=0)
        gradient[m] += sign * (total * score).mean()
        if which:
            gradient[m + which] += total.mean()
            gradient[m + others + which] += (total * score).mean()
    return gradient


def _interval(study: DifData, estimate: float, sums: np.ndarray) -> tuple[float, float]:
    """Return the interval from persons' (or clusters') influences; normal, or t with clusters minus one."""
    error = float(np.sqrt((sums**2).sum() * len(sums) / (len(sums) - 1)))
    tail = (1 + study.rule.confidence) / 2
    quantile = stats.norm.ppf(tail) if study.clusters is None else stats.t.ppf(tail, len(sums) - 1)
    if not error > 0:
        return np.nan, np.nan
    return float(estimate - quantile * error), float(estimate + quantile * error)
