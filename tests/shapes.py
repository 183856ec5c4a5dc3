"""Cohorts of many shapes, each with its own framework beside it: what people really bring, made up."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import yaml

from compendium.framework import load_framework

# Resamples say nothing about whether a cohort runs.
QUICK: dict[str, Any] = {
    "resampling": {"bootstrap": {"value": 20, "source": "a test"}},
    "claims": {"resamples": {"value": 50, "source": "a test"}},
    "dimensionality": {"iterations": {"value": 20, "source": "a test"}},
    "imputation": {"tables": {"value": 3, "source": "a test"}},
    "halves": {"splits": {"value": 4, "source": "a test"}, "resamples": {"value": 20, "source": "a test"}},
    "selection": {"resamples": {"value": 20, "source": "a test"}, "splits": {"value": 2, "source": "a test"}},
    "structure": {
        "resamples": {"value": 10, "source": "a test"},
        "cutoff_replications": {"value": 8, "source": "a test"},
        "misfit_levels": {"value": 1, "source": "a test"},
    },
    "multiverse": {"correlation": ["spearman"], "covariates": [[], ["tenure"]]},
    # A model that draws for minutes has tests of its own (test_bayesian.py, test_small_sample.py).
    "gates": {"bayesian_factors": {"minimum_n": 100_000, "source": "a test"}},
    "planning": {"replications": {"value": 5, "source": "a test"}, "sizes": {"value": [100, 200], "source": "a test"}},
}
# A cohort that answered four items of each competency: a third of the work, and every step has something to do.
_ASKED = load_framework("integrated-care").select("final").items.index
_LATER = [str(item) for item in _ASKED if int(str(item)[-2:]) > 4]
SHORT_FORM: dict[str, Any] = {"drop": _LATER, "ignore": _LATER}
NAMES = (
    "Tact", "Drive", "Craft", "Nerve", "Humour", "Order", "Pace", "Voice", "Sense", "Warmth", "Thrift", "Poise",
    "Reach", "Focus", "Grace",
)  # fmt: skip


OWN_EASE = {
    "scale": "ease", "label": "Ease", "wording": "Work goes with ease.", "minimum": 1, "maximum": 5, "reverse": "false",
    "respondent": "rater", "licence": "CC0", "source": "made up",
}  # fmt: skip


@dataclass(frozen=True)
class Shape:
    """What a made-up cohort looks like.

    ``item`` is how an item is called, by competency and number. ``groupings`` maps the name of a grouping to its
    labels, of which those in ``ordered`` have an order that is not the alphabet's; ``numbers`` are groupings that
    are amounts. ``peers`` is how many colleagues rate each person, and ``peer_outcome`` whether these answer an
    outcome scale of their own. ``languages`` are those the form was filled in. ``labels`` are the competencies' own
    labels where they are no plain words, and ``directions`` say in turn what a higher score of them means, and
    ``scored`` how answers make a score; so many of their last items are ``candidates``. ``claims`` are the kinds of
    claim that are declared.
    """

    name: str
    item: str = "{}_{}"
    people: int = 120
    competencies: int = 2
    items: int = 4
    candidates: int = 0
    low: int = 1
    high: int = 5
    kind: str = "published"
    groupings: tuple[tuple[str, tuple[str, ...]], ...] = (("house", ("North", "South")),)
    peers: int = 0
    outcomes: int = 1
    team_size: int = 0
    reverse: bool = True
    whole: str = "mean"
    missing: float = 0.03
    other_scale: bool = False
    drop: bool = False
    peer_outcome: bool = False
    ordered: tuple[str, ...] = ()
    numbers: tuple[str, ...] = ()
    languages: tuple[str, ...] = ()
    weights: bool = False
    labels: tuple[str, ...] = ()
    directions: tuple[str, ...] = ("better",)
    scored: str = "mean"
    claims: tuple[str, ...] = ("own_outcome",)
    seed: int = 1


PUBLISHED = Shape(
    "published", people=130, competencies=3, items=4, low=1, high=7, peers=3, team_size=26, outcomes=2, seed=3,
    groupings=(("ward", ("NA", "007", "Ward: \"3\"")),),
)  # fmt: skip
SHORT_SCALE = Shape(
    "four_points", people=110, competencies=2, items=3, low=1, high=4, kind="instrument", outcomes=2, seed=5,
    groupings=(("sex", ("f", "m")), ("grade", ("Junior", "Senior", "Chief"))), ordered=("grade",), numbers=("age",),
    whole="none",
)  # fmt: skip
WIDE_SCALE = Shape(
    "eleven_points", people=100, competencies=1, items=5, low=0, high=10, kind="instrument", seed=7, reverse=False,
    groupings=(), drop=True,
)  # fmt: skip
IN_EVERY_TEST = (PUBLISHED,)
MORE = (
    SHORT_SCALE,
    WIDE_SCALE,
    Shape(
        "no_total", people=160, competencies=3, items=4, peers=3, outcomes=2, whole="none", peer_outcome=True, seed=9
    ),
    Shape(
        "languages", people=220, competencies=2, items=4, outcomes=1, languages=("en-GB", "cy"), weights=True, seed=15
    ),
    Shape("own_peer_outcome", people=140, competencies=2, items=4, peers=3, peer_outcome=True, team_size=14, seed=21),
    Shape("two_points", people=200, competencies=2, items=5, low=0, high=1, seed=11),
    Shape("few_people", people=30, competencies=2, items=3, peers=2, seed=13),
    Shape("ten_competencies", people=150, competencies=10, items=2, low=1, high=6, outcomes=3, seed=17),
    Shape("mixed_scales", people=120, competencies=2, items=4, other_scale=True, seed=19),
    Shape("half_missing", people=150, competencies=2, items=4, missing=0.4, seed=23),
    Shape(
        "labels_to_quote",
        item="{}.{}",
        people=130,
        seed=29,
        groupings=(("größe & ort", ("a, b", "c|d", "<e>", "it's")), ("unit", ("NA", "None", "1e5", "null"))),
    ),
    Shape(
        "worse_is_more",
        people=160,
        competencies=1,
        items=6,
        low=0,
        high=1,
        directions=("worse",),
        scored="sum",
        whole="sum",
        peers=3,
        team_size=20,
        peer_outcome=True,
        claims=("own_outcome", "colleagues"),
        seed=33,
    ),
    Shape(
        "fifteen_welsh",
        people=240,
        competencies=15,
        items=2,
        low=0,
        high=10,
        seed=35,
        team_size=24,
        numbers=("age",),
        labels=tuple(f'Gŵr {number}, a\'i dŷ: "{number}"' for number in range(15)),
        claims=("own_outcome", "groups"),
        groupings=(("ardal, a'r fro", ("Caerdydd, a'r Fro", "Ynys Môn")), ("gradd", ("Is", "Canol", "Uwch"))),
        ordered=("gradd",),
    ),
    Shape(
        "every_direction",
        people=200,
        competencies=3,
        items=4,
        directions=("better", "worse", "neither"),
        whole="none",
        peers=3,
        peer_outcome=True,
        other_scale=True,
        weights=True,
        languages=("en-GB", "cy"),
        seed=37,
        claims=("own_outcome", "colleagues"),
    ),
    Shape("many_companies", people=240, groupings=(("company", tuple(f"Company {n}" for n in range(24))),), seed=31),
)


def write_shape(shape: Shape, root: Path) -> Path:
    """Write the framework and the cohort of a shape; return the cohort's folder."""
    folder = root / shape.name
    home = folder / "framework"
    home.mkdir(parents=True)
    items = _items(shape)
    _write_framework(shape, home, items)
    draw = np.random.default_rng(shape.seed)
    traits = draw.normal(size=(shape.people, shape.competencies)) * 0.7 + draw.normal(size=(shape.people, 1)) * 0.7
    own = pd.DataFrame({"person_id": [f"q{number:04d}" for number in range(shape.people)]})
    for name, labels in shape.groupings:
        own[name] = [labels[number % len(labels)] for number in range(shape.people)]
    for name in shape.numbers:
        own[name] = draw.integers(20, 65, shape.people)
    if shape.languages:
        own["form"] = [shape.languages[number % len(shape.languages)] for number in range(shape.people)]
    if shape.weights:
        own["weight"] = draw.uniform(0.5, 2, shape.people).round(3)
    if shape.team_size:
        own["team"] = [f"T{number // shape.team_size}" for number in range(shape.people)]
    asked = items.iloc[:-1] if shape.drop else items
    own = own.assign(**_answers(shape, asked, traits, draw))
    overall = traits.mean(axis=1)
    for number in range(shape.outcomes):
        for part in (1, 2):
            level = 0.4 * overall + draw.normal(size=shape.people)
            own[f"gain{number}_{part}"] = np.clip(np.rint(3 + level), 1, 5).astype(int)
    own.to_csv(folder / "self.csv", index=False)
    if shape.peers:
        _peers(shape, asked, traits, own["person_id"], draw).to_csv(folder / "peer.csv", index=False)
    text = yaml.safe_dump(_settings(shape, items), sort_keys=False, allow_unicode=True)
    (folder / "cohort.yaml").write_text(text, encoding="utf-8")
    return folder


def _items(shape: Shape) -> pd.DataFrame:
    """Return the items of a shape: their competency, direction and answer scale."""
    rows = [
        {
            "item": shape.item.format(NAMES[place].lower(), number),
            "competency": NAMES[place].lower(),
            "theme": "",
            "self_wording": f"I show {NAMES[place].lower()}, way {number}.",
            "peer_wording": f"They show {NAMES[place].lower()}, way {number}." if shape.peers else "",
            "reverse": "true" if shape.reverse and number == 2 else "false",
            "evidence": "",
            "status": "candidate" if number > shape.items - shape.candidates else "final",
            "answer_scale": "other" if shape.other_scale and number == 1 else "",
            **{f"wording.{language}": f"Ffordd {number}." for language in shape.languages[1:]},
        }
        for place in range(shape.competencies)
        for number in range(1, shape.items + 1)
    ]
    return pd.DataFrame(rows)


def _write_framework(shape: Shape, home: Path, items: pd.DataFrame) -> None:
    """Write the folder of the framework."""
    labels = {code: f"Step {code}" for code in range(shape.low, shape.high + 1)}
    description = {
        "id": f"{shape.name}-framework",
        "title": f"The {shape.name} framework",
        "version": "1.0.0",
        "kind": shape.kind,
        "notice": "Made up for tests.",
        "language": "en-GB",
        "licence": "CC0",
        "source": "made up",
        "response_scale": {"minimum": shape.low, "maximum": shape.high, "labels": labels},
        "answer_scales": {
            "other": {"minimum": 0, "maximum": 10, "labels": {code: f"{code} of 10" for code in range(11)}}
        },
        "whole": {"total": shape.whole, "label": "All in all", "higher_is": shape.directions[0]},
    }
    (home / "framework.yaml").write_text(yaml.safe_dump(description, sort_keys=False), encoding="utf-8")
    rows = [
        {"competency": name.lower(), "label": shape.labels[place] if shape.labels else name, "themes": "",
         "definition": f"What {name} is.", "total": shape.scored,
         "higher_is": shape.directions[place % len(shape.directions)]}
        for place, name in enumerate(NAMES[: shape.competencies])
    ]  # fmt: skip
    pd.DataFrame(rows).to_csv(home / "competencies.csv", index=False)
    items.to_csv(home / "items.csv", index=False)
    outcomes = [
        {"scale": f"gain{number}", "label": f"Gain {number}", "item": f"gain{number}_{part}", "wording": "I gain.",
         "minimum": 1, "maximum": 5, "reverse": "false", "respondent": "self", "licence": "CC0", "source": "made up"}
        for number in range(shape.outcomes) for part in (1, 2)
    ]  # fmt: skip
    if shape.peer_outcome:
        outcomes += [{**OWN_EASE, "item": f"ease_{part}"} for part in (1, 2)]
    columns = ["scale", "label", "item", "wording", "minimum", "maximum", "reverse", "respondent", "licence", "source"]
    pd.DataFrame(outcomes, columns=columns).to_csv(home / "outcomes.csv", index=False)


def _answers(shape: Shape, items: pd.DataFrame, traits: np.ndarray, draw: np.random.Generator) -> dict[str, Any]:
    """Return raw answers to every item, some of them missing."""
    order = [name.lower() for name in NAMES]
    answers: dict[str, Any] = {}
    for _, item in items.iterrows():
        low, high = (0, 10) if item["answer_scale"] else (shape.low, shape.high)
        level = traits[:, order.index(item["competency"])] + draw.normal(0, 0.7, len(traits))
        codes = np.clip(np.rint((low + high) / 2 + level * (high - low) / 4), low, high).astype(int)
        codes = low + high - codes if item["reverse"] == "true" else codes
        answers[item["item"]] = pd.Series(codes).astype(object).mask(draw.random(len(codes)) < shape.missing, "")
    return answers


def _peers(
    shape: Shape, items: pd.DataFrame, traits: np.ndarray, ids: pd.Series[str], draw: np.random.Generator
) -> pd.DataFrame:
    """Return ratings by the people who come next in the file."""
    rated = np.repeat(np.arange(shape.people), shape.peers)
    raters = (rated + np.tile(np.arange(1, shape.peers + 1), shape.people)) % shape.people
    seen = 0.7 * traits[rated] + draw.normal(0, 0.5, (len(rated), traits.shape[1]))
    table = pd.DataFrame({"person_id": ids.to_numpy()[rated], "rater_id": ids.to_numpy()[raters]})
    if shape.peer_outcome:
        mood = 3 + 0.5 * traits[rated].mean(axis=1) + draw.normal(size=shape.people)[raters]
        for part in (1, 2):
            table[f"ease_{part}"] = np.clip(np.rint(mood + draw.normal(0, 0.5, len(rated))), 1, 5).astype(int)
    return table.assign(**_answers(shape, items, seen, draw))


def _settings(shape: Shape, items: pd.DataFrame) -> dict[str, Any]:
    """Return the description of the cohort."""
    groups: dict[str, Any] = {
        name: {"column": name, "label": name.capitalize(), "kind": "nominal", "levels": {}}
        for name, _ in shape.groupings
    }
    for name, labels in shape.groupings:
        if name in shape.ordered:
            groups[name] |= {"kind": "ordered", "levels": {label: label for label in labels}}
    for name in shape.numbers:
        groups[name] = {"column": name, "label": name.capitalize(), "kind": "number", "levels": {}}
    if shape.languages:
        form = {"column": "form", "label": "Form", "kind": "nominal", "levels": {}, "role": "language"}
        groups["form"] = form | {"levels": {name: name for name in shape.languages}}
    if shape.team_size:
        groups["team"] = {"column": "team", "label": "Team", "kind": "nominal", "levels": {}}
    files = {"self": "self.csv", **({"peer": "peer.csv"} if shape.peers else {})}
    more = {"weight": {"column": "weight", "source": "made up"}} if shape.weights else {}
    return {
        "id": shape.name,
        "title": f"Cohort {shape.name}",
        "kind": "synthetic",
        "framework": "framework",
        "drop": {str(items["item"].iloc[-1]): "was not asked"} if shape.drop else {},
        "files": files,
        "missing": [""],
        "groups": groups,
        "outcomes": [f"gain{number}" for number in range(shape.outcomes)],
        "peer_outcomes": ["ease"] if shape.peer_outcome else [],
        **more,
        "claims": {kind: _claim(kind, shape) for kind in shape.claims} if shape.outcomes else {},
        "study": QUICK,
    }


def _claim(kind: str, shape: Shape) -> dict[str, Any]:
    """Return a claim of a kind: about the whole where there is one, else about the first competency."""
    about = {
        "own_outcome": {"outcomes": ["gain0"], "direction": "positive"},
        "colleagues": {"outcomes": ["ease"], "direction": "positive"},
        "groups": {"grouping": shape.groupings[0][0] if shape.groupings else "", "direction": "any"},
    }[kind]
    competency = {"competency": NAMES[0].lower()} if shape.whole == "none" else {}
    said = {"short": f"More of {kind}", "statement": f"People who show more of it gain more ({kind})"}
    smallest = {"value": 0.1, "source": "a test"}
    return {**said, "evidence": ["this test"], "kind": kind, **about, **competency, "smallest_effect": smallest}
