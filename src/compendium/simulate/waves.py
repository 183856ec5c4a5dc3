"""A synthetic cohort asked more than once: known change, known reliability, and drop-out that goes with the scores."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import yaml

from compendium.files import write_text
from compendium.framework import Framework, load_framework
from compendium.simulate.forms import answer, skip_answers
from compendium.simulate.people import draw_people
from compendium.simulate.plan import Quality, SimulationPlan
from compendium.simulate.population import competency_items, trait_correlations
from compendium.simulate.streams import stream

GROUPS = {
    "agency": {"column": "agency", "label": "Agency", "kind": "nominal"},
    "occupation": {"column": "occupation", "label": "Occupational group", "kind": "nominal"},
    "team": {"column": "team", "label": "Team", "kind": "nominal"},
}
DATES = (("2024-01-15", "2024-02-16"), ("2025-01-13", "2025-02-14"), ("2026-01-12", "2026-02-13"))
LABELS = ("First survey (January 2024)", "Second survey (January 2025)", "Third survey (January 2026)")
ANCHOR_COLUMN, ANCHOR_LIMITS = "changed", (-3, 3)


@dataclass(frozen=True)
class WavesPlan:
    """What a cohort of several waves is made of.

    Attributes
    ----------
    base
        The people and the items; its outcomes and peers are left out.
    changes
        For each competency, or ``others`` of them, its mean change from wave to wave in latent standard deviations.
    change_spread
        Standard deviation of each person's own change from wave to wave, beside the mean.
    change_shared
        Share of its variance that all competencies of a person have in common.
    stay
        Chance of staying from one wave to the next for a person at the mean.
    stay_by_score
        Change of its log odds for one standard deviation more of the person's mean latent level.
    anchor_error
        Standard deviation of what people say of their change beside their true one, in standard deviations of it.
    waves
    """

    base: SimulationPlan = field(
        default_factory=lambda: SimulationPlan(
            n=260, invited=380, agencies=6, outcomes=(), peers=None, team_sizes=(14, 24), seed=20240107,
            quality=Quality(drop_out=0.0, careless=0.0),
        )
    )  # fmt: skip
    changes: dict[str, float] = field(default_factory=lambda: {"communication": 0.35, "teamwork": 0.20, "others": 0.0})
    change_spread: float = 0.30
    change_shared: float = 0.6
    stay: float = 0.78
    stay_by_score: float = 0.5
    anchor_error: float = 0.7
    waves: int = 3


DEMO_WAVES = WavesPlan()


@dataclass(frozen=True)
class SimulatedWaves:
    """Answers of all waves, one row a person and wave, raw codes; the latent levels; the truth."""

    answers: pd.DataFrame
    levels: dict[int, pd.DataFrame]
    truth: dict[str, Any]


def simulate_waves(plan: WavesPlan, framework: Framework | None = None) -> SimulatedWaves:
    """Simulate a cohort of several waves; the same for the same plan and framework."""
    framework = framework or load_framework(plan.base.framework)
    people = draw_people(plan.base, framework)
    there = people.started
    frame, traits = people.frame[there], people.traits.loc[there]
    competencies = list(framework.competencies.index)
    items, correlations = competency_items(plan.base, framework), trait_correlations(plan.base, framework)
    levels, present = {1: traits[competencies]}, {1: np.ones(len(frame), dtype=bool)}
    for wave in range(2, plan.waves + 1):
        levels[wave] = _moved(plan, levels[wave - 1], wave)
        present[wave] = present[wave - 1] & _stays(plan, levels[wave - 1], wave)
    parts = []
    for wave, level in levels.items():
        codes = answer(
            items,
            traits.assign(**{name: level[name] for name in competencies}),
            correlations,
            frame.get("sector", frame["agency"]).to_numpy(),
            plan.base.seed,
            f"wave {wave}",
            people.positivity[there],
        )
        form, missing = f"wave {wave}", framework.scale.not_applicable
        codes = skip_answers(codes, plan.base.quality, plan.base.seed, form, missing, codes.shape[1])
        part = pd.concat([frame[list(GROUPS)], codes], axis=1)
        part.insert(0, "wave", wave)
        part[ANCHOR_COLUMN] = _anchor(plan, levels, wave)
        parts.append(part[present[wave]])
    answers = pd.concat(parts).rename_axis("person_id").reset_index()
    return SimulatedWaves(answers, levels, _truth(plan, levels, present))


def _moved(plan: WavesPlan, before: pd.DataFrame, wave: int) -> pd.DataFrame:
    """Move everybody by the mean change and by a change of their own."""
    means = [plan.changes.get(name, plan.changes.get("others", 0.0)) for name in map(str, before.columns)]
    draw = stream(plan.base.seed, f"change {wave}")
    own = np.sqrt(1 - plan.change_shared) * draw.standard_normal(before.shape)
    own += np.sqrt(plan.change_shared) * draw.standard_normal((len(before), 1))
    return pd.DataFrame(before + np.array(means) + plan.change_spread * own).round(9)


def _stays(plan: WavesPlan, before: pd.DataFrame, wave: int) -> np.ndarray:
    """Draw who stays until a wave, by the level in the wave before."""
    level = before.mean(axis=1).to_numpy()
    odds = np.log(plan.stay / (1 - plan.stay)) + plan.stay_by_score * (level - level.mean()) / level.std()
    stays: np.ndarray = stream(plan.base.seed, f"stays {wave}").random(len(level)) < 1 / (1 + np.exp(-odds))
    return stays


def _anchor(plan: WavesPlan, levels: dict[int, pd.DataFrame], wave: int) -> pd.Series:
    """Draw what people say of their change since the wave before; nobody is asked in the first wave."""
    index = levels[wave].index
    if wave == 1:
        return pd.Series(pd.NA, index=index, dtype="Int64")
    change = (levels[wave] - levels[wave - 1]).mean(axis=1)
    error = plan.anchor_error * stream(plan.base.seed, f"anchor {wave}").standard_normal(len(index))
    spread = float(change.std())
    judgement = np.clip(np.rint((change / spread if spread > 0 else 0.0 * change) + error), *ANCHOR_LIMITS)
    return pd.Series(judgement, index=index).astype("Int64")


def _truth(plan: WavesPlan, levels: dict[int, pd.DataFrame], present: dict[int, np.ndarray]) -> dict[str, Any]:
    """Collect the true values that a study of the cohort can be compared with."""
    pairs = [(wave, wave + 1) for wave in range(1, plan.waves)]
    return {
        "notice": "Synthetic: no answer was given by a person. Dedicated to the public domain (CC0 1.0).",
        "plan": asdict(plan),
        "n": {str(wave): int(here.sum()) for wave, here in present.items()},
        "latent_change": {
            f"{one}-{two}": {str(k): round(float(v), 4) for k, v in (levels[two] - levels[one]).mean().items()}
            for one, two in pairs
        },
        "latent_stability": {
            f"{one}-{two}": {
                str(k): round(float(np.corrcoef(levels[one][k], levels[two][k])[0, 1]), 4) for k in levels[one]
            }
            for one, two in pairs
        },
    }


def write_waves(folder: Path, plan: WavesPlan, framework: Framework | None = None) -> Path:
    """Write a cohort of several waves as a folder that the pipeline reads: one self file with a column of waves."""
    framework = framework or load_framework(plan.base.framework)
    found = simulate_waves(plan, framework)
    folder.mkdir(parents=True, exist_ok=True)
    whole = found.answers.select_dtypes("number").columns
    answers = found.answers.astype(dict.fromkeys(whole, "Int64"))
    write_text(folder / "self.csv", answers.to_csv(index=False, lineterminator="\n"))
    write_text(folder / "truth.json", json.dumps(found.truth, indent=1, ensure_ascii=False) + "\n")
    write_text(folder / "cohort.yaml", _description(folder.name, plan, framework))
    write_text(folder / "README.md", NOTE.format(seed=plan.base.seed, **_told(plan)))
    return folder


def _told(plan: WavesPlan) -> dict[str, Any]:
    """Return what the note says of the plan."""
    named = ", ".join(f"`{name}` {size:g}" for name, size in plan.changes.items() if name != "others")
    return {"changes": named, "spread": plan.change_spread, "stay": plan.stay, "by_score": plan.stay_by_score}


def _description(name: str, plan: WavesPlan, framework: Framework) -> str:
    """Return the text of ``cohort.yaml``."""
    waves: dict[str, dict[str, object]] = {
        str(wave): {"label": LABELS[wave - 1], "fieldwork": dict(zip(("start", "end"), DATES[wave - 1], strict=True))}
        for wave in range(1, plan.waves + 1)
    }
    waves["1"]["invited"] = plan.base.invited
    low, high = ANCHOR_LIMITS
    anchor = {"column": ANCHOR_COLUMN, "minimum": low, "maximum": high, "unchanged": 0, "smallest": [1]}
    content: dict[str, Any] = {
        "id": name,
        "title": "Demonstration cohort of three waves (synthetic)",
        "kind": "synthetic",
        "framework": plan.base.framework,
        "items": plan.base.items,
        "description": "Synthetic answers of the same people in three waves, drawn from a stated model, so that what "
        "the study says of change can be compared with a known truth. Nobody gave these answers.",
        "provenance": "Synthetic data: no finding about real people.",
        "files": {"self": "self.csv"},
        "person_id": "person_id",
        "missing": [""],
        "not_applicable": [framework.scale.not_applicable],
        "groups": GROUPS,
        "fieldwork": waves[str(plan.waves)]["fieldwork"],
        "waves": {"column": "wave", "in_order": waves, "anchor": anchor},
    }
    header = "# A synthetic cohort, written by compendium.simulate; `make demo-data` writes the committed ones again.\n"
    return header + yaml.safe_dump(content, sort_keys=False, allow_unicode=True, width=110)


NOTE = """# Demonstration cohort of three waves (synthetic)

**Synthetic.** Nobody gave these answers. They are drawn from the model below, so that what the study says of change can
be compared with what was put in. They say nothing about real staff or services. Dedicated to the public domain under
[CC0 1.0](https://creativecommons.org/publicdomain/zero/1.0/).

Written by `compendium.simulate` with seed {seed}: the same plan gives the same bytes. `make demo-data` writes it again.

| file | what |
|---|---|
| `cohort.yaml` | description of the cohort, with its waves and the anchor |
| `self.csv` | one row a person and wave: groups, items, what people say of their own change |
| `truth.json` | what was put in; no step of the study reads it |

People and items are drawn as in the other synthetic cohorts. From wave to wave these competencies change on average by
so many latent standard deviations, the others not at all: {changes}. Beside that everybody has a change of their own
with a standard deviation of {spread}. A person at the mean stays with a chance of {stay}; one standard deviation more
of the mean latent level adds {by_score} to its log odds. What people say of their change, -3 to 3, goes with their true
change and an error. Items work alike in all waves, and their errors are new in each.
"""
