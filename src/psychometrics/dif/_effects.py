"""What DIF does to scores: expected answers of a group under its own curves and under the reference's."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from psychometrics.dif._models import ItemModels


def item_effects(models: Mapping[str, ItemModels], scale_of: Mapping[str, str], names: list[str]) -> pd.DataFrame:
    """Return the expected difference in each item for each focal group, in points of the answer scale."""
    rows = [
        {"item": item, "scale": scale_of[item], "group": names[group], **_item_effect(fitted, group)}
        for item, fitted in models.items()
        for group in range(1, len(names))
    ]
    return pd.DataFrame(rows, columns=["item", "scale", "group", "n", "signed", "unsigned", "standardised"])


def scale_effects(
    answers: pd.DataFrame,
    scales: Mapping[str, list[str]],
    groups: np.ndarray,
    names: list[str],
    models: Mapping[str, ItemModels],
    flagged: set[str],
    minimum_answered: float,
) -> pd.DataFrame:
    """Return what the flagged items do to the mean of each scale for each group."""
    rows = []
    for scale, items in scales.items():
        moving = {item: models[item] for item in items if item in flagged}
        means = answers[items].mean(axis=1).where(answers[items].notna().mean(axis=1) >= minimum_answered)
        for group, name in enumerate(names):
            members = groups == group
            effect = _scale_effect(moving, members, group, means[members], len(items))
            rows.append({"scale": scale, "group": name, **effect})
    return pd.DataFrame(rows)


def _item_effect(models: ItemModels, group: int) -> dict[str, float]:
    """Return n, signed, unsigned and standardised difference (Meade 2010: SIDS, UIDS, ESSD)."""
    score = _scores(models)[models.data.groups == group]
    own, reference = models.expected(score, group), models.expected(score, 0)
    spread = np.sqrt((own.var(ddof=1) + reference.var(ddof=1)) / 2)
    return {
        "n": len(score),
        "signed": float((own - reference).mean()),
        "unsigned": float(np.abs(own - reference).mean()),
        "standardised": float((own - reference).mean() / spread) if spread > 0 else np.nan,
    }


def _scale_effect(
    models: Mapping[str, ItemModels], members: np.ndarray, group: int, means: pd.Series, n_items: int
) -> dict[str, float]:
    """Return the effect on the scale mean of one group, over its persons with a matching score for each item."""
    together = np.zeros(len(members))
    for fitted in models.values():
        gap = np.full(len(members), np.nan)
        score = _scores(fitted)
        gap[fitted.data.rows] = fitted.expected(score, group) - fitted.expected(score, 0)
        together = together + gap / n_items
    own = together[members & np.isfinite(together)]
    signed = float(own.mean()) if len(own) else np.nan
    return {
        "n": int(means.notna().sum()),
        "n_items": n_items,
        "n_flagged": len(models),
        "mean": float(means.mean()),
        "signed": signed,
        "unsigned": float(np.abs(own).mean()) if len(own) else np.nan,
        "standardised": float(signed / means.std()) if means.std() > 0 else np.nan,
        "adjusted_mean": float(means.mean() - signed),
    }


def _scores(models: ItemModels) -> np.ndarray:
    """Return the matching scores in their own units."""
    return np.asarray(models.data.centre + models.data.spread * models.data.score)
