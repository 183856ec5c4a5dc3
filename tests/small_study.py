"""A framework and a cohort small enough to read, for tests that spoil one thing at a time."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import yaml

from compendium.cohort import Cohort, load_cohort
from compendium.faults import Fault, InvalidInput
from compendium.study import validate

FRAMEWORK = {
    "id": "mini",
    "title": "A framework for tests",
    "version": "1",
    "kind": "placeholder",
    "notice": "for tests",
    "language": "en-GB",
    "licence": "CC0",
    "source": "written for the tests",
    "response_scale": {
        "minimum": 1,
        "maximum": 5,
        "labels": {1: "never", 2: "seldom", 3: "at times", 4: "often", 5: "always"},
        "not_applicable": 9,
        "not_applicable_label": "does not apply",
    },
}
COMPETENCIES = "competency,label,definition,themes\nlisten,Listening,to listen,\nshare,Sharing,to share,\n"
ITEMS = """item,competency,theme,self_wording,peer_wording,reverse,evidence,status
listen_1,listen,,I listen.,They listen.,false,,final
listen_2,listen,,I hear people out.,They hear people out.,false,,final
listen_3,listen,,I interrupt.,They interrupt.,true,,final
share_1,share,,I share.,They share.,false,,final
share_2,share,,I pass news on.,They pass news on.,false,,final
share_3,share,,I write things down.,They write things down.,false,,candidate
"""
OUTCOMES = """scale,label,item,wording,minimum,maximum,reverse,respondent,licence,source
engagement,Engagement,engaged_1,I am absorbed.,1,5,false,self;rater,CC0,tests
engagement,Engagement,engaged_2,I am bored.,1,5,true,self;rater,CC0,tests
satisfaction,Satisfaction,satisfied,All in all.,0,10,false,self,CC0,tests
"""
SETTINGS: dict[str, Any] = {
    "id": "pilot",
    "title": "Pilot",
    "kind": "synthetic",
    "framework": "mini",
    "files": {"self": "self.csv", "peer": "peer.csv"},
    "not_applicable": [9],
    "groups": {
        "agency": {"column": "agency", "label": "Agency", "kind": "nominal"},
        "grade": {"column": "grade", "label": "Grade", "kind": "ordered", "levels": {1: "Low", 2: "High"}},
        "tenure": {"column": "tenure", "label": "Tenure (years)", "kind": "number"},
    },
    "outcomes": ["engagement", "satisfaction"],
    "peer_outcomes": ["engagement"],
}
N_PEOPLE, N_RATED, SEED = 60, 20, 7


def _codes(trait: np.ndarray, draw: np.random.Generator, low: int = 1, high: int = 5) -> np.ndarray:
    """Return answers of one item that go with the trait."""
    middle, spread = (low + high) / 2, (high - low) / 4
    return np.clip(np.rint(middle + spread * (trait + draw.normal(0, 0.5, len(trait)))), low, high).astype(int)


def _answers(n: int, draw: np.random.Generator) -> dict[str, np.ndarray]:
    """Return raw answers to the competency items and to engagement."""
    traits = {name: draw.normal(size=n) for name in ("listen", "share", "engaged")}
    turned = {"listen_3", "engaged_2"}
    items = ("listen_1", "listen_2", "listen_3", "share_1", "share_2", "share_3", "engaged_1", "engaged_2")
    raw = {item: _codes(traits[item.split("_")[0]], draw) for item in items}
    return {item: 6 - codes if item in turned else codes for item, codes in raw.items()}


@dataclass
class SmallStudy:
    """A cohort folder with its framework; change ``settings``, ``own`` and ``peers``, then ask."""

    root: Path
    settings: dict[str, Any]
    own: pd.DataFrame
    peers: pd.DataFrame

    @property
    def folder(self) -> Path:
        return self.root / "pilot"

    @property
    def frameworks(self) -> Path:
        return self.root / "frameworks"

    def write(self) -> None:
        """Write everything as it stands now."""
        self.folder.mkdir(exist_ok=True)
        text = yaml.safe_dump(self.settings, sort_keys=False, allow_unicode=True)
        (self.folder / "cohort.yaml").write_text(text, encoding="utf-8")
        self.own.to_csv(self.folder / "self.csv", index=False)
        self.peers.to_csv(self.folder / "peer.csv", index=False)

    def faults(self, *, write: bool = True) -> tuple[Fault, ...]:
        """Return every fault, none when the cohort is sound."""
        if write:
            self.write()
        try:
            validate(self.folder, frameworks=self.frameworks)
        except InvalidInput as error:
            return error.faults
        return ()

    def only_fault(self, *, write: bool = True) -> Fault:
        """Return the one fault there is."""
        faults = self.faults(write=write)
        assert len(faults) == 1, [str(fault) for fault in faults]
        return faults[0]

    def load(self) -> Cohort:
        """Load the cohort as it stands now."""
        self.write()
        return load_cohort(self.folder, frameworks=self.frameworks)


def write_framework(home: Path) -> None:
    """Write the small framework."""
    home.mkdir(parents=True)
    (home / "framework.yaml").write_text(yaml.safe_dump(FRAMEWORK, sort_keys=False))
    for name, text in (("competencies", COMPETENCIES), ("items", ITEMS), ("outcomes", OUTCOMES)):
        (home / f"{name}.csv").write_text(text)


def small_study(root: Path) -> SmallStudy:
    """Return a sound cohort of 60 people, 20 of them rated by two colleagues each."""
    draw = np.random.default_rng(SEED)
    write_framework(root / "frameworks" / "mini")
    ids = [f"p{number:02d}" for number in range(1, N_PEOPLE + 1)]
    groups = {"agency": ["North", "South"] * (N_PEOPLE // 2), "grade": [1, 2] * (N_PEOPLE // 2)}
    own = {"person_id": ids, **groups, "tenure": draw.integers(0, 30, N_PEOPLE), **_answers(N_PEOPLE, draw)}
    own["satisfied"] = _codes(draw.normal(size=N_PEOPLE), draw, 0, 10)
    pairs = [(ids[rated], ids[(rated + step) % N_PEOPLE]) for rated in range(N_RATED) for step in (1, 2)]
    peers = {"person_id": [pair[0] for pair in pairs], "rater_id": [pair[1] for pair in pairs]}
    settings = yaml.safe_load(yaml.safe_dump(SETTINGS))
    tables = [pd.DataFrame(table, dtype=object) for table in (own, {**peers, **_answers(len(pairs), draw)})]
    return SmallStudy(root, settings, *tables)
