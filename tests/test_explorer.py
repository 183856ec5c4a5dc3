"""The explorer: answers by group as far as they may be shown, and a page that holds all that can be picked."""

from __future__ import annotations

import json
import re
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from made_up_book import FULL

from compendium.cohort import CohortSettings
from compendium.disclosure import Gate
from compendium.framework import load_framework
from compendium.outputs import catalogue
from compendium.outputs.saving import Origin, Results
from compendium.paths import ResultFolders
from compendium.plan import load_plan
from compendium.report.book import explorer
from compendium.report.book.prose import Prose
from compendium.report.book.saved import SavedResults
from compendium.report.book.subject import Subject
from compendium.steps.item_analysis.answers import answers_by_group
from compendium.study import Prepared

ORIGIN = Origin("compendium.steps.item_analysis.answers.answers_by_group", (), "item-answers")
SIZES = {"acute": 150, "care": 120, "small": 60, "tiny": 4}
FRAMEWORK = load_framework("integrated-care")
ITEMS = list(FRAMEWORK.items.index[:3])


@pytest.fixture(scope="module")
def table() -> pd.DataFrame:
    draw, sectors = np.random.default_rng(4), [name for name, size in SIZES.items() for _ in range(size)]
    persons = pd.Index([f"P{number}" for number in range(len(sectors))], name="person")
    answers = pd.DataFrame(draw.integers(1, 6, (len(persons), 3)).astype(float), index=persons, columns=ITEMS)
    answers.iloc[:5, 0] = np.nan
    ratings = pd.MultiIndex.from_product([persons[:20], ["R1", "R2"]], names=["person", "rater"])
    peers = pd.DataFrame(draw.integers(3, 6, (40, 3)).astype(float), index=ratings, columns=ITEMS)
    people = pd.DataFrame({"agency": "one", "sector": sectors, "occupation": "nurse"}, index=persons)
    asked = {name: group for name, group in FULL["groups"].items() if name in people}
    settings = CohortSettings.model_validate({**FULL, "groups": asked})
    step = SimpleNamespace(
        prepared=Prepared.of(people=people, answers=answers, peers=peers), settings=settings, plan=load_plan(),
        framework=FRAMEWORK, collected=lambda what: what == "peers",
    )  # fmt: skip
    kinds = catalogue.entries("04_item_analysis").tables["item_answers"].kinds
    return Gate("04_item_analysis", len(persons), 10).table("item_answers", answers_by_group(step), kinds)  # type: ignore[arg-type]


def test_groups_that_may_not_be_shown_or_are_too_small_to_compare_are_not_there(table: pd.DataFrame) -> None:
    assert set(table.loc[table["grouping"] == "Sector", "group"]) == {"acute", "care"}
    assert table["n"].min() >= 20 and set(table["source"]) == {"self", "peers"}


def test_ratings_count_the_people_who_were_rated(table: pd.DataFrame) -> None:
    assert set(table.loc[table["source"] == "peers", "n"]) == {20}


def test_shares_add_up_but_for_rounding_that_hides_single_answers(table: pd.DataFrame) -> None:
    shares = table.filter(like="answer_")
    everybody = table["group"].eq("everybody") & table["source"].eq("self")
    np.testing.assert_allclose(shares[everybody].sum(axis=1), 1, atol=0.06)
    counts = shares[everybody].mul(table.loc[everybody, "n"], axis=0)
    assert (np.abs(counts - counts.round()) > 1e-9).any(axis=None)


def test_the_page_holds_every_item_source_and_group_as_plain_numbers(table: pd.DataFrame, tmp_path: Path) -> None:
    folders = ResultFolders(tmp_path / "made")
    folders.root.mkdir()
    save = Results(folders, "04_item_analysis")
    passports = pd.DataFrame({
        "item": ITEMS, "competency": list(FRAMEWORK.items.loc[ITEMS, "competency"]), "decision": "keep", "reasons": "",
        "self_wording": "I </script> <img src=x> ask & listen", "peer_wording": None, "n": 300,
        "item_rest_spearman": [0.5, 0.25, np.nan],
    })  # fmt: skip
    models = pd.DataFrame({"item": ITEMS[:1], "a": [1.5], "b1": [-1.0], "b2": [0.5], "b1_se": [0.1]})
    for name, frame in (("item_answers", table), ("item_passports", passports), ("irt_parameters", models)):
        save.table(name, frame, caption=name, note="", origin=ORIGIN)
    page = explorer.as_html(Subject(SavedResults(folders), FRAMEWORK, CohortSettings.model_validate(FULL), load_plan()))
    (text,) = re.findall(r'<script type="application/json" id="explorer-data">(.*?)</script>', page, re.DOTALL)
    items = json.loads(text)["items"]
    assert "<" not in text and items[0]["wording"].startswith("I </script> <img src=x>")
    assert [item["item"] for item in items] == ITEMS and "http" not in page
    assert items[0]["b"] == [-1.0, 0.5] and items[1]["a"] is None and items[0]["n"] == 300
    assert {(who["source"], who["group"]) for who in items[0]["who"]} == {
        ("self", "everybody"), ("self", "Sector: acute"), ("self", "Sector: care"), ("peers", "everybody"),
        ("self", "Agency: one"), ("self", "Occupation: nurse"),
    }  # fmt: skip
    assert "NaN" not in page and all(len(who["shares"]) == 5 for item in items for who in item["who"])


def test_the_tables_beside_the_explorer_hold_everybody_the_groups_and_the_peers(table: pd.DataFrame) -> None:
    study = SimpleNamespace(
        saved=SimpleNamespace(tables={explorer.ANSWERS: SimpleNamespace(frame=table)}), framework=FRAMEWORK, labels={}
    )
    [(_, shown)] = explorer.means(study)  # type: ignore[arg-type]
    assert list(shown.columns) == ["answers of", *(item.rpartition("_")[2] for item in ITEMS)]
    groups = {"Sector: acute", "Sector: care", "Agency: one", "Occupation: nurse"}
    assert set(shown["answers of"]) == {"everybody, of themselves", "peers", *groups}


def test_of_very_many_groups_the_largest_can_be_picked_and_the_page_says_so(
    table: pd.DataFrame, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(explorer, "MOST_GROUPS", 1)
    study = SimpleNamespace(
        saved=SimpleNamespace(tables={explorer.ANSWERS: SimpleNamespace(frame=table)}), framework=FRAMEWORK, labels={}
    )
    assert explorer.left_out(study) == [("Sector", 1, 2)]  # type: ignore[arg-type]
    assert Prose(study).groups_to_pick().startswith("Of 2 groups of Sector the 1 largest can be picked")  # type: ignore[arg-type]
    shown = explorer.answers_shown(study)  # type: ignore[arg-type]
    assert set(shown["group"]) == {"everybody", "acute", "one", "nurse"}
