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
    rows = [
        {"item": item, "scale": scale_of[item], "group": study.names[group], **_item_effect(study, fitted, group)}
        for item, fitted in models.items()
        for group in range(1, len(study.names))
    ]
    return pd.DataFrame(rows, columns=columns)


def scale_effects(study: DifData, models: Mapping[Label, ItemModels], flagged: set[Label]) -> pd.DataFrame:
    """Return what the flagged items do to the mean of each scale for each group."""
    rows = []
    for scale, items in study.scales.items():
        answers = study.answers[items]
        moving = {item: models[item] for item in items if item in flagged}
        means = answers.mean(axis=1).where(answers.notna().mean(axis=1) >= study.rule.minimum_answered)
        for group, name in enumerate(study.names):
            effect = _scale_effect(study, moving, group, means[study.groups == group], len(items))
            rows.append(
                {"scale": scale, "group": name, **effect, "n_untested": sum(item not in models for item in items)}
            )
    return pd.DataFrame(rows)


def _item_effect(study: DifData, models: ItemModels, group: int) -> dict[str, float]:
    """Return n, signed, unsigned and standardised difference (Meade 2010: SIDS, UIDS, ESSD)."""
    score = _scores(models)[models.data.groups == group]
    own, reference = models.expected(score, group), models.expected(score, 0)
    spread = np.sqrt((own.var(ddof=1) + reference.var(ddof=1)) / 2) if len(score) > 1 else np.nan
    signed = float((own - reference).mean())
    lower, upper = _interval(study, signed, _influence(models, group))
    return {
        "n": len(score),
        "signed": signed,
        "lower": lower,
        "upper": upper,
        "unsigned": float(np.abs(own - reference).mean()),
        "standardised": float((own - reference).mean() / spread) if spread > 0 else np.nan,
    }


def _scale_effect(
    study: DifData, models: Mapping[Label, ItemModels], group: int, means: pd.Series, n_items: int
) -> dict[str, float]:
    """Return the effect on the scale mean of one group, over its persons with a matching score for each item."""
    members, together = study.groups == group, np.zeros(len(study.groups))
    influence = np.zeros(len(study.groups))
    for fitted in models.values():
        gap = np.full(len(members), np.nan)
        score = _scores(fitted)
        gap[fitted.data.rows] = fitted.expected(score, group) - fitted.expected(score, 0)
        together = together + gap / n_items
        if group:
            influence += _influence(fitted, group) / n_items
    own = together[members & np.isfinite(together)]
    signed = float(own.mean()) if len(own) else np.nan
    lower, upper = _interval(study, signed, influence) if group and models else (np.nan, np.nan)
    return {
        "n": int(means.notna().sum()),
        "n_items": n_items,
        "n_flagged": len(models),
        "mean": float(means.mean()),
        "signed": signed,
        "lower": lower,
        "upper": upper,
        "unsigned": float(np.abs(own).mean()) if len(own) else np.nan,
        "standardised": float(signed / means.std()) if means.std() > 0 else np.nan,
        "adjusted_mean": float(means.mean() - signed),
    }


def _scores(models: ItemModels) -> np.ndarray:
    """Return the matching scores in their own units."""
    return np.asarray(models.data.centre + models.data.spread * models.data.score)


def _influence(models: ItemModels, group: int) -> np.ndarray:
    """Return what each person of the study adds to the error of the signed effect of one item on one group.

    The gradient of the effect in the parameters, times the inverse information, times the person's score (delta
    method and sandwich); zero for persons whom the item's models do not use.
    """
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
    model = CumulativeModel(data.codes, models.design)
    found = np.zeros(len(data.rows))
    found[data.rows] = model.scores(fit.parameters) @ np.linalg.solve(fit.information, gradient)
    return found


def _interval(study: DifData, estimate: float, influence: np.ndarray) -> tuple[float, float]:
    """Return the interval from persons' (or clusters') influences; normal, or t with clusters minus one."""
    sums = cluster_sums(influence[:, None], study.clusters)[:, 0]
    error = float(np.sqrt((sums**2).sum() * len(sums) / (len(sums) - 1)))
    tail = (1 + study.rule.confidence) / 2
    quantile = stats.norm.ppf(tail) if study.clusters is None else stats.t.ppf(tail, len(sums) - 1)
    if not error > 0:
        return np.nan, np.nan
    return float(estimate - quantile * error), float(estimate + quantile * error)
