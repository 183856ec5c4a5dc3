"""Where things live. The only module that knows the folder names of the project."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[2]
STUDY_PLAN = PROJECT / "study.yaml"
FRAMEWORKS = PROJECT / "data" / "frameworks"
COHORTS = PROJECT / "data" / "cohorts"
SHIPPED_FRAMEWORK = FRAMEWORKS / "integrated-care"
EVIDENCE = SHIPPED_FRAMEWORK / "evidence"
CONSULTATION = SHIPPED_FRAMEWORK / "consultation"
NOTEBOOKS = PROJECT / "notebooks"
BOOK = PROJECT / "book"
RESULTS = PROJECT / "results"
REFERENCE_COHORT = "demo"
REFERENCE_RESULTS = RESULTS / "reference"


def cohort_folder(cohort: str) -> Path:
    """Return the folder of a cohort given by name (under ``data/cohorts``) or by path."""
    named = COHORTS / cohort
    return named if "/" not in cohort and named.is_dir() else Path(cohort).expanduser().resolve()


@dataclass(frozen=True)
class ResultFolders:
    """The folders below ``results/<cohort>``."""

    root: Path

    @property
    def tables(self) -> Path:
        """Tables as CSV at full precision, each with a metadata file beside it."""
        return self.root / "tables"

    @property
    def values(self) -> Path:
        """One JSON file of named values for each step."""
        return self.root / "values"

    @property
    def figures(self) -> Path:
        """Figures as SVG and PNG, each with a metadata file beside it."""
        return self.root / "figures"

    @property
    def notebooks(self) -> Path:
        """Executed notebooks."""
        return self.root / "notebooks"

    @property
    def book(self) -> Path:
        """The rendered book."""
        return self.root / "book"

    @property
    def private(self) -> Path:
        """Person-level files: mode 700, never committed, never shown in the book."""
        return self.root / "private"

    @property
    def disclosure(self) -> Path:
        """What each step withheld and why, without what it was."""
        return self.root / "disclosure"

    @property
    def manifest(self) -> Path:
        """The index of every result with its origin and checksum."""
        return self.root / "manifest.json"


def result_folders(cohort_id: str, results: str | Path = RESULTS) -> ResultFolders:
    """Return the result folders of a cohort below ``results`` (relative paths count from the project)."""
    return ResultFolders((PROJECT / results) / cohort_id)
