"""The prepared tables of people as labelled files, for the private folder and whoever may see it."""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd

from compendium.cohort.schema import RATER_GROUP
from compendium.framework import Framework
from compendium.report.deliver.data_files import DataFile
from compendium.study import Study

# Prepared tables that analyses start from, and what each holds.
HANDED_OVER = {
    "people": "People: groups they belong to",
    "answers": "Answers of the people to the items, reversed items turned",
    "scores": "Scores of the people on the competencies, from the kept items",
    "outcomes": "Answers of the people to the outcome items, reversed items turned",
    "outcome_scores": "Scores of the people on the outcomes",
    "peers": "Answers of peers about the people, reversed items turned",
    "peer_scores": "Scores that peers give the people, from the kept items",
    "rater_groups": "How each rater works with the person",
    "peer_outcomes": "Answers of peers to the outcome items about themselves, reversed items turned",
    "peer_outcome_scores": "Scores of peers on their own outcomes",
    "careless": "Rules of careless answering",
}
# A competency may be called "person": keys have names of their own.
KEYS = {"person": "person_id", "rater": "rater_id"}
PSEUDONYMS = {"person_id": "Pseudonym of the person", "rater_id": "Pseudonym of the rater"}


def prepared_files(study: Study) -> Iterator[DataFile]:
    """Yield the prepared tables that the cohort has, with labels of columns and codes."""
    framework = study.framework
    for name, about in HANDED_OVER.items():
        if not study.prepared.has(name):
            continue
        table = getattr(study.prepared, name)
        if table.shape[1] == 0 or table.empty:
            continue
        frame = table.reset_index(names=[KEYS[str(name)] for name in table.index.names])
        labels = {str(column): _label(framework, study, str(column)) for column in frame.columns}
        codes = {item: _codes(framework, item) for item in map(str, frame.columns) if item in framework.items.index}
        yield DataFile(name, frame, about, labels, codes)


def pseudonyms(study: Study) -> set[str]:
    """Return the pseudonym of every person and rater in the prepared tables."""
    tables = [getattr(study.prepared, name) for name in ("people", "peers") if study.prepared.has(name)]
    return {str(key) for table in tables for level in table.index.names for key in table.index.get_level_values(level)}


def items_file(study: Study) -> DataFile:
    """Return the items with their competency and whether they were kept, which the R script reads."""
    rows = study.framework.items
    kept = set(study.kept_items)
    frame = pd.DataFrame(
        {
            "item": list(rows.index),
            "competency": list(rows["competency"]),
            "reverse": [bool(each) for each in rows["reverse"]],
            "kept": [item in kept for item in rows.index],
        }
    )
    labels = {"item": "Item", "competency": "Competency", "reverse": "Reversed", "kept": "Kept by the item analysis"}
    return DataFile("items", frame, "Items of the cohort", labels)


def _label(framework: Framework, study: Study, column: str) -> str:
    """Say what a column holds."""
    if column in PSEUDONYMS:
        return PSEUDONYMS[column]
    if column in framework.items.index:
        turned = " (turned)" if bool(framework.items.loc[column, "reverse"]) else ""
        return f"{framework.items.loc[column, 'self_wording']!s}{turned}"
    if column in framework.outcomes.index:
        row = framework.outcomes.loc[column].to_dict()
        wording = "wording restricted" if row["wording"] == "restricted" else row["wording"]
        return f"{row['label']!s}: {wording!s}{' (turned)' if bool(row['reverse']) else ''}"
    known = {**study.group_labels, **framework.labels}
    known |= {} if study.settings.rater_group is None else {RATER_GROUP: study.settings.rater_group.label}
    return known.get(column, column.replace("_", " "))


def _codes(framework: Framework, item: str) -> dict[float, str]:
    """Return the words of the answers to an item; of a turned item the codes are turned too."""
    scale = framework.scale_of(item)
    turned = bool(framework.items.loc[item, "reverse"])
    return {
        float(scale.minimum + scale.maximum - code if turned else code): label
        for code, label in sorted(scale.labels.items())
        if scale.minimum <= code <= scale.maximum
    }
