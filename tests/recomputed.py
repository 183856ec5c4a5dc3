"""Numbers of a made-up cohort worked out again from its files, by nothing of the study's own."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import yaml
from scipy.stats import spearmanr

HALF = 0.5


def keyed(folder: Path, kept: set[str]) -> tuple[pd.DataFrame, dict[str, list[str]]]:
    """Return the kept items' own answers, turned and on one scale, and the items of each competency."""
    description = yaml.safe_load((folder / "framework" / "framework.yaml").read_text(encoding="utf-8"))
    ends = {name: (one["minimum"], one["maximum"]) for name, one in description["answer_scales"].items()}
    low, high = (description["response_scale"][end] for end in ("minimum", "maximum"))
    items = pd.read_csv(folder / "framework" / "items.csv", keep_default_na=False, dtype=str)
    own = pd.read_csv(folder / "self.csv", dtype=str)
    answers, scales = {}, dict[str, list[str]]()
    for row in items.to_dict("records"):
        if row["item"] in kept and row["item"] in own:
            a, b = ends.get(row["answer_scale"], (low, high))
            given = own[row["item"]].astype(float)
            turned = a + b - given if row["reverse"] == "true" else given
            answers[row["item"]] = low + (turned - a) * (high - low) / (b - a)
            scales.setdefault(row["competency"], []).append(row["item"])
    return pd.DataFrame(answers), scales


def alpha(answers: pd.DataFrame) -> float:
    """Return coefficient alpha of the complete rows, by its definition."""
    complete = answers.dropna().to_numpy()
    k = complete.shape[1]
    return float(k / (k - 1) * (1 - complete.var(axis=0, ddof=1).sum() / complete.sum(axis=1).var(ddof=1)))


def sentences(folder: Path, kept: set[str], supported: set[str]) -> Iterator[str]:
    """Yield what three sentences of the summary have to say, as a pattern with the numbers in it."""
    answers, scales = keyed(folder, kept)
    asked = answers if len(answers.columns) else pd.DataFrame()
    completed = int((asked.notna().mean(axis=1) >= HALF).sum())
    yield f"{completed:,} of {len(answers):,} people ({100 * completed / len(answers):.1f} %)"
    if "reliability" in supported:
        found = sorted(alpha(answers[members]) for members in scales.values())
        yield f"scores lies between {found[0]:.2f} and {found[-1]:.2f}"
    if "association" in supported:
        own = pd.read_csv(folder / "self.csv", dtype=str)
        means = {
            name: answers[members].mean(axis=1).where(answers[members].notna().mean(axis=1) >= HALF)
            for name, members in scales.items()
        }
        gains = sorted({name.rpartition("_")[0] for name in own if name.startswith("gain")})
        outcomes = [own[[f"{gain}_1", f"{gain}_2"]].astype(float).mean(axis=1) for gain in gains]
        rho = [
            float(spearmanr(score, outcome, nan_policy="omit").statistic)
            for score in means.values()
            for outcome in outcomes
        ]
        low, high = np.min(rho), np.max(rho)
        yield f"they run from {low:.2f} to {high:.2f}".replace("-", "\N{MINUS SIGN}")
