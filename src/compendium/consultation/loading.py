"""A consultation as files: what focus groups said, how raters judged the items, how the wording changed."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal, Self

import pandas as pd
from pydantic import Field, model_validator

from compendium.faults import raise_if_any
from compendium.framework import Framework
from compendium.inputs import Label, Sentence, Strict, load_model, read_table, read_yaml
from compendium.review.checks import CheckedFile, columns

RATING_COLUMNS = ("rater", "item", "relevance", "clarity")
COMMENT_COLUMNS = ("group", "item", "type", "comment", "change")
CHANGE_COLUMNS = ("item", "version", "wording", "reason", "group")
NO_CHANGE = "none"


class RatingScale(Strict):
    """A rating scale: its labels, and the rating from which an item counts as relevant, or as essential."""

    labels: Annotated[dict[int, Label], Field(min_length=2)]
    positive_from: int
    essential_from: int | None = None

    @model_validator(mode="after")
    def _within_its_labels(self) -> Self:
        """Refuse a limit that is no rating of the scale."""
        for limit in (self.positive_from, self.essential_from):
            if limit is not None and limit not in self.labels:
                raise ValueError(f"{limit} is no rating of the scale: {', '.join(map(str, self.labels))}")
        return self


class ConsultationDescription(Strict):
    """What ``consultation.yaml`` holds."""

    title: Sentence
    kind: Literal["real", "synthetic"]
    notice: Sentence
    framework: Label
    relevance: RatingScale
    clarity: RatingScale
    groups: dict[str, Label]
    comment_types: dict[str, Label]
    changes: dict[str, Label]


@dataclass(frozen=True)
class Consultation:
    """A consultation read and checked.

    ``comments`` and ``changes`` are as in their files; ``ratings`` has numbers, NaN where a rater left a blank.
    """

    description: ConsultationDescription
    ratings: pd.DataFrame
    comments: pd.DataFrame
    changes: pd.DataFrame

    def matrix(self, aspect: Literal["relevance", "clarity"]) -> pd.DataFrame:
        """Return ratings with one row an item, in the order of the file, and one column a rater."""
        wide = self.ratings.pivot(index="item", columns="rater", values=aspect)
        return wide.reindex(self.ratings["item"].unique())


def load_consultation(framework: Framework, folder: Path | None = None) -> Consultation:
    """Read and check the consultation of a framework, which lies in its folder unless another one is given.

    Raises
    ------
    InvalidInput
        With every fault: unknown items, groups or types, ratings out of range, a rater who rated an item twice, a
        history of wordings that does not end with the wording in the framework.
    """
    folder = folder or framework.home / "consultation"
    path = folder / "consultation.yaml"
    description = load_model(ConsultationDescription, read_yaml(path), path)
    expected = {"relevance": RATING_COLUMNS, "focus_groups": COMMENT_COLUMNS, "changes": CHANGE_COLUMNS}
    files = {name: read_table(folder / f"{name}.csv") for name in expected}
    raise_if_any([fault for name in expected for fault in columns(folder, name, files[name], expected[name])])
    sheets = {name: CheckedFile(folder, name, frame) for name, frame in files.items()}
    _check_ratings(sheets["relevance"], description, framework)
    _check_comments(sheets["focus_groups"], description, framework)
    _check_changes(sheets["changes"], description, framework)
    raise_if_any([fault for sheet in sheets.values() for fault in sheet.faults])
    numbers = {name: pd.to_numeric(files["relevance"][name].replace("", None)) for name in ("relevance", "clarity")}
    return Consultation(description, files["relevance"].assign(**numbers), files["focus_groups"], files["changes"])


def _check_ratings(sheet: CheckedFile, description: ConsultationDescription, framework: Framework) -> None:
    """Known items, each rated once by a rater, ratings on the scale or blank."""
    sheet.among("item", framework.items.index, "unknown item")
    sheet.filled("rater", "a rating without a rater")
    sheet.once(["rater", "item"], "the rater rated the item twice")
    for aspect, scale in (("relevance", description.relevance), ("clarity", description.clarity)):
        allowed = ["", *map(str, scale.labels)]
        wrong = ~sheet.frame[aspect].isin(allowed)
        sheet.flag(wrong, aspect, "not a rating", "mend it, or leave it blank", ", ".join(map(str, scale.labels)))


def _check_comments(sheet: CheckedFile, description: ConsultationDescription, framework: Framework) -> None:
    """Known groups, items, types and changes."""
    sheet.among("group", description.groups, "unknown group")
    sheet.among("item", framework.items.index, "unknown item")
    sheet.filled("comment", "a comment without words")
    sheet.among("type", description.comment_types, "not a type of comment")
    sheet.among("change", description.changes, "not a kind of change")


def _check_changes(sheet: CheckedFile, description: ConsultationDescription, framework: Framework) -> None:
    """Known items and groups; versions counted 1, 2, ...; the last wording is the one in the framework."""
    frame = sheet.frame
    sheet.among("item", framework.items.index, "unknown item")
    sheet.filled("wording", "a version without words")
    sheet.among("group", ["", *description.groups], "unknown group")
    expected = (frame.groupby("item").cumcount() + 1).astype(str)
    sheet.flag(frame["version"] != expected, "version", "versions are not counted 1, 2, ...", "number them in order")
    last = ~frame.duplicated("item", keep="last")
    current = frame["item"].map(framework.items["self_wording"])
    stale = last & (frame["wording"] != current) & current.notna()
    sheet.flag(stale, "wording", "the last wording is not the one in the framework", "add the change that led to it")


def comment_counts(consultation: Consultation) -> pd.DataFrame:
    """Count comments by group and type."""
    comments = consultation.comments
    table = pd.crosstab(comments["group"], comments["type"])
    order = [name for name in consultation.description.comment_types if name in table.columns]
    return table.reindex(index=list(consultation.description.groups), columns=order, fill_value=0)


def change_log(consultation: Consultation) -> pd.DataFrame:
    """Return each change of wording as before and after.

    Returns
    -------
    DataFrame
        ``item version before after reason group``.
    """
    frame = consultation.changes
    before = frame.groupby("item")["wording"].shift()
    changed = frame.assign(before=before)[before.notna()].rename(columns={"wording": "after"})
    return changed[["item", "version", "before", "after", "reason", "group"]].reset_index(drop=True)
