"""What the pages of the book speak of: the results of a cohort, its framework, its description, the plan."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from compendium.framework import Framework
from compendium.plan import StudyPlan
from compendium.report import wording
from compendium.report.book.headings import WORDS
from compendium.report.book.saved import SavedResults

if TYPE_CHECKING:
    from compendium.cohort import CohortSettings


@dataclass(frozen=True)
class Study:
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

    def in_words(self, text: Any) -> str:
        """Return a saved text for a reader: findings in words, several as sentences one after the other."""
        return wording.running_text(text, self.labels)
