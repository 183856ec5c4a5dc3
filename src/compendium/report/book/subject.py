"""What the pages of the book speak of: the results of a cohort, its framework, its description, the plan."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import pandas as pd

from compendium import wording
from compendium.framework import Framework
from compendium.plan import StudyPlan
from compendium.report.book.headings import WORDS
from compendium.report.book.saved import SavedResults
from compendium.report.final_framework import final_items

if TYPE_CHECKING:
    from compendium.cohort import CohortSettings


DECISIONS = "item_decisions"


@dataclass(frozen=True)
class Subject:
    """Everything a page can speak of."""

    saved: SavedResults
    framework: Framework
    settings: CohortSettings
    plan: StudyPlan
    pages: frozenset[str] = frozenset()

    @property
    def labels(self) -> dict[str, str]:
        """Labels of competencies, outcome scales, claims, groupings and rules."""
        groups = {name: group.label for name, group in self.settings.groups.items()}
        claims = {name: claim.short for name, claim in self.plan.claims.published.items()}
        return {**WORDS, **groups, **claims, **self.framework.labels}

    @cached_property
    def final_items(self) -> pd.DataFrame:
        """The items of the final framework: those that were kept, or all where nothing was decided."""
        decided = DECISIONS in self.saved.tables
        return final_items(self.framework, self.saved.table(DECISIONS).frame if decided else None)

    def in_words(self, text: Any) -> str:
        """Return a saved text for a reader: findings in words, several as sentences one after the other."""
        return wording.running_text(text, self.labels)
