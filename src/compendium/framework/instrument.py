"""A framework read and checked, as the study asks it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Literal

import numpy as np
import pandas as pd

from compendium.framework.schema import FrameworkDescription, ResponseScale
from compendium.plan import Claim

# Columns that hold how items are worded, in any language.
WORDING = re.compile(r"((self|peer)_)?wording(\..+)?")


@dataclass(frozen=True)
class Framework:
    """A framework read and checked.

    Attributes
    ----------
    description : FrameworkDescription
    competencies : DataFrame
        Index ``competency``: label, definition, themes, ``higher_is`` and ``total``.
    items : DataFrame
        Index ``item``: competency, wordings, direction; ``minimum`` and ``maximum`` are the ends of its own answer
        scale, ``answer_scale`` the name of that scale (empty: the framework's).
    outcomes : DataFrame
        Index outcome item.
    home : Path
        The folder; its optional parts ``evidence``, ``consultation`` and ``feedback`` lie in it.
    claims : dict
        Its claims by name.
    translations : dict
        By language, what a questionnaire says in it beside the wording of items, each text by its place.
    """

    description: FrameworkDescription
    competencies: pd.DataFrame
    items: pd.DataFrame
    outcomes: pd.DataFrame
    home: Path = Path()
    claims: dict[str, Claim] = field(default_factory=dict)
    translations: dict[str, Mapping[str, str]] = field(default_factory=dict)

    @property
    def is_placeholder(self) -> bool:
        """Whether the framework is a placeholder, to be said wherever it shows."""
        return self.description.kind == "placeholder"

    @property
    def scale(self) -> ResponseScale:
        """The answer scale of the competency items that name no other."""
        return self.description.response_scale

    def scale_of(self, item: str) -> ResponseScale:
        """Return the answer scale of a competency item."""
        return self.description.answer_scales.get(str(self.items.loc[item, "answer_scale"]), self.scale)

    def part(self, name: Literal["evidence", "consultation", "feedback"]) -> Path | None:
        """Return the folder of an optional part, or None where the framework has none."""
        folder = self.home / name
        return folder if folder.is_dir() else None

    @property
    def total(self) -> Literal["mean", "sum", "none"]:
        """How the competencies make one overall score: as mean, as sum, or not at all."""
        return self.description.whole.total

    @cached_property
    def higher_is(self) -> Mapping[str, str]:
        """Whether a higher score of each competency and outcome scale is better, worse or neither."""
        return self._of_scales("higher_is")

    @cached_property
    def totals(self) -> Mapping[str, str]:
        """Whether each competency and outcome scale is scored as mean, as sum, or not at all."""
        return self._of_scales("total")

    @cached_property
    def labels(self) -> dict[str, str]:
        """Label of each competency and each outcome scale."""
        return self._of_scales("label")

    @property
    def languages(self) -> list[str]:
        """The language of the framework, and the others in which its items are worded or its questionnaire speaks."""
        own = self.description.language
        worded = [name.split(".", 1)[1] for name in map(str, self.items) if name.startswith("wording.")]
        others = [language for language in (*worded, *self.translations) if language != own.split("-")[0]]
        return list(dict.fromkeys((own, *others)))

    def select(self, which: Literal["all", "final"]) -> Framework:
        """Return the framework with every item, or with the final items only."""
        kept = self.items if which == "all" else self.items[self.items["status"] == "final"]
        return replace(self, items=kept)

    def without(self, items: list[str]) -> Framework:
        """Return the framework without some of its competency items and outcome items."""
        rest = {name: getattr(self, name).drop(index=items, errors="ignore") for name in ("items", "outcomes")}
        return replace(self, **rest)

    def without_wordings(self) -> Framework:
        """Return the framework without how its items are worded: few steps say it, and no other reads it."""
        tables = {name: getattr(self, name) for name in ("items", "outcomes")}
        return replace(self, **{name: table.loc[:, ~_says_wording(table)] for name, table in tables.items()})

    def scales(self, items: list[str] | None = None) -> dict[str, list[str]]:
        """Return the items of each competency, in framework order."""
        rows = self.items if items is None else self.items[self.items.index.isin(items)]
        groups = {
            competency: list(rows.index[rows["competency"] == competency]) for competency in self.competencies.index
        }
        return {competency: members for competency, members in groups.items() if members}

    def outcome_scales(self, respondent: Literal["self", "rater"], names: list[str]) -> dict[str, list[str]]:
        """Return the items of the named outcome scales that this respondent answers."""
        asked = self.outcomes[self.outcomes["respondent"].str.contains(respondent)]
        groups = {name: list(asked.index[asked["scale"] == name]) for name in names}
        return {name: members for name, members in groups.items() if members}

    @property
    def code_weights(self) -> pd.Series[float]:
        """How far one code of each item moves a score: 1 on the framework's own answer scale."""
        return (self.scale.maximum - self.scale.minimum) / (self.items["maximum"] - self.items["minimum"])

    def on_one_scale(self, answers: pd.DataFrame) -> pd.DataFrame:
        r"""Return keyed answers with every competency item on the framework's own answer scale.

        An item with another range is moved linearly, so that items can be averaged:

        .. math:: x' = m + (x - a)\,\frac{M - m}{b - a}

        for an item from :math:`a` to :math:`b` and a framework's scale from :math:`m` to :math:`M`. This is the
        percentage of the possible maximum in other units (Cohen, P., Cohen, J., Aiken, L. S., & West, S. G. (1999).
        The problem of units and the circumstance for POMP. Multivariate Behavioral Research, 34, 315-346).
        """
        low, ratio = (part.reindex(answers.columns) for part in (self.items["minimum"], self.code_weights))
        other = low.index[low.notna() & ((low != self.scale.minimum) | (ratio != 1))]
        if other.empty:
            return answers
        moved = (answers[other] - low[other]) * ratio[other] + self.scale.minimum
        return answers.assign(**{str(item): moved[item] for item in other})

    def _of_scales(self, column: str) -> dict[str, str]:
        """Return a column of the competencies and the outcome scales together."""
        outcomes = self.outcomes.drop_duplicates("scale").set_index("scale")
        return {str(name): str(value) for part in (self.competencies, outcomes) for name, value in part[column].items()}


def _says_wording(table: pd.DataFrame) -> np.ndarray:
    """Say of each column of a table whether it holds how items are worded."""
    return np.array([WORDING.fullmatch(str(column)) is not None for column in table.columns], dtype=bool)
