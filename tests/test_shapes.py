"""Cohorts of many shapes go through every step and every page, and the pages speak of them alone.

``make test`` runs a few; ``make shapes`` runs the others too.
"""

from __future__ import annotations

import json
import os
import re
from pathlib import Path

import pandas as pd
import pytest
from recomputed import sentences
from shapes import IN_EVERY_TEST, MORE, PUBLISHED, Shape, write_shape
from walked_study import page_texts, walk

from compendium.cohort import examine
from compendium.framework import load_framework
from compendium.outputs.saving import read_values
from compendium.outputs.step import Step
from compendium.run.prediction import predict

pytestmark = pytest.mark.slow
RUN = (*IN_EVERY_TEST, *(MORE if os.environ.get("SHAPES") == "all" else ()))
# Facts about the published study, and formulas, stand in every book.
FACTS = {"article", "licences", "methods", "references", "your_cohort", "limitations", "data_dictionary"}

# Columns of any table that a gate of the plan guards.
GUARDED = {
    "item_rule": ("item_rest_spearman", "item_total"),
    "reliability": ("alpha", "alpha_if_dropped", "score_error", "reliability_self"),
    "association": ("same_source", "cross_source"),
}


@pytest.mark.parametrize("shape", RUN, ids=lambda shape: shape.name)
def test_every_shape_goes_through_every_step_and_every_page(shape: Shape, tmp_path: Path) -> None:
    folder = write_shape(shape, tmp_path)
    assert examine(folder).faults == ()
    step = walk(folder, tmp_path / "results")
    texts = page_texts(step)
    _keeps_what_was_predicted(predict(str(folder)), step, texts)
    assert not [name for name, text in texts.items() if re.search(r"\bnan\b|\"kind\":", text)]
    assert not [run for text in texts.values() for run in re.findall(r"[a-z)`}]{2}\.[A-Z][a-z]+ [a-z]+", text)]
    assert not [part for text in texts.values() for part in re.findall(r"not defined to not.{20}|\[, .\]", text)]
    assert not [part for text in texts.values() for part in re.findall(r".{40}[a-z]:\s*\n\s*(?=##|\Z)", text)]
    _speaks_of_no_other_framework(texts)
    _has_the_parts_that_were_collected(shape, texts)
    _prints_nothing_below_a_gate(step, texts)
    _keeps_every_label(shape, step)
    _says_what_the_files_say(folder, step, texts["summary"])
    for path in step.folders.values.glob("*.json"):
        for name, saved in json.loads(path.read_text()).items():
            assert saved["value"] is not None or saved["note"], (path.name, name)


def _says_what_the_files_say(folder: Path, step: Step, summary: str) -> None:
    """Three sentences hold the numbers that the files give, worked out without the study's own code."""
    kept = {name: saved["value"] for name, saved in read_values(step.folders).items()}
    supported = {name.removeprefix("supported_") for name, value in kept.items() if value is True}
    decisions = step.folders.tables / "item_decisions.csv"
    judged = pd.read_csv(decisions) if decisions.is_file() else step.framework.items.reset_index()[["item"]]
    items = set(judged.loc[judged["decision"] == "keep", "item"] if "decision" in judged else judged["item"])
    said = re.sub(r"<[^>]*>", "", summary.replace("\N{NO-BREAK SPACE}", " "))
    for sentence in sentences(folder, items, supported):
        assert sentence in said, sentence


def _speaks_of_no_other_framework(texts: dict[str, str]) -> None:
    """No label of the shipped framework's competencies stands on a page about this cohort."""
    foreign = [str(label) for label in load_framework("integrated-care").competencies["label"]]
    for name, text in texts.items():
        if name not in FACTS:
            assert not [label for label in foreign if label in text], name


def _prints_nothing_below_a_gate(step: Step, texts: dict[str, str]) -> None:
    """What a closed gate guards stands in no table and on no page."""
    values = read_values(step.folders)
    closed = [gate for gate in GUARDED if values[f"supported_{gate}"]["value"] is False]
    for path in step.folders.tables.glob("*.csv"):
        table = pd.read_csv(path)
        told = [name for gate in closed for name in GUARDED[gate] if name in table and table[name].notna().any()]
        assert not told, path.name
    if "association" in closed:
        assert not {"same_and_cross_source.csv", "associations.csv"} & {p.name for p in step.folders.tables.iterdir()}
    if "reliability" in closed:
        assert not [name for name, text in texts.items() if re.search(r"lowest alpha \S*\d", text)]


def _keeps_every_label(shape: Shape, step: Step) -> None:
    """A label comes out of every table letter for letter, and none goes missing on the way."""
    groupings = {name.capitalize(): set(labels) for name, labels in shape.groupings}
    whole = {"sample": 0, "group_means": 0}
    for path in step.folders.tables.glob("*.csv"):
        table = pd.read_csv(path, dtype=str, keep_default_na=False)
        assert len(table.columns), path.name
        if not {"grouping", "group"} <= set(table):
            continue
        for name, labels in groupings.items():
            found = set(table.loc[table["grouping"] == name, "group"])
            assert found <= labels | {"other groups", ""}, path.name
            whole[path.stem] = whole.get(path.stem, 0) + (found == labels)
    assert whole["sample"] == len(groupings)
    assert whole["group_means"] == len(groupings)


def _keeps_what_was_predicted(prediction: pd.DataFrame, step: Step, texts: dict[str, str]) -> None:
    """Gates, pages and claims came out as validation had said."""
    said = {part: dict(zip(rows["name"], rows["expected"], strict=True)) for part, rows in prediction.groupby("part")}
    values = read_values(step.folders)
    assert said["gate"] == {gate: values[f"supported_{gate}"]["value"] for gate in said["gate"]}
    assert {name for name, there in said["page"].items() if there} == set(texts)
    tested = step.folders.tables / "claims.csv"
    if "claim" in said and tested.is_file():
        verdicts = pd.read_csv(tested).set_index("claim")["verdict"]
        assert said["claim"] == (verdicts != "not collected").to_dict()


def _has_the_parts_that_were_collected(shape: Shape, texts: dict[str, str]) -> None:
    """Feedback is there for every framework that asks for it; a review and a consultation are not."""
    assert "feedback" in texts
    assert not {"evidence", "consultation"} & set(texts)
    assert ("rater_agreement" in texts) is bool(shape.peers)


@pytest.mark.parametrize("shape", [*IN_EVERY_TEST, *MORE], ids=lambda shape: shape.name)
def test_every_shape_is_sound(shape: Shape, tmp_path: Path) -> None:
    found = examine(write_shape(shape, tmp_path))
    assert found.faults == ()
    assert found.framework is not None
    assert len(found.framework.scales()) == shape.competencies


def test_the_published_shape_has_reports_for_people_and_teams(tmp_path: Path) -> None:
    shape = PUBLISHED
    made = load_framework(str(write_shape(shape, tmp_path) / "framework"))
    assert (made.description.kind, made.scale.minimum, made.scale.maximum) == ("published", 1, 7)
    assert made.description.feedback
