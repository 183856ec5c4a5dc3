"""Where things live. The only module that knows the folder names of the project."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

STUDY_FILE = "study.yaml"


def _project() -> Path:
    """Return the compendium's folder: the checkout this file lies in, or that of the working folder.

    Installed as a wheel, the program works on the compendium that ``compendium init`` laid out: the nearest folder
    above the working folder that holds ``study.yaml`` and ``notebooks``.
    """
    checkout, here = Path(__file__).resolve().parents[2], Path.cwd()
    above = (folder for folder in (checkout, here, *here.parents) if (folder / STUDY_FILE).is_file())
    return next((folder for folder in above if (folder / "notebooks").is_dir()), here)


PROJECT = _project()
STUDY_PLAN = PROJECT / STUDY_FILE
FRAMEWORKS = PROJECT / "data" / "frameworks"
COHORTS = PROJECT / "data" / "cohorts"
SHIPPED_FRAMEWORK = FRAMEWORKS / "integrated-care"
EVIDENCE = SHIPPED_FRAMEWORK / "evidence"
CONSULTATION = SHIPPED_FRAMEWORK / "consultation"
NOTEBOOKS = PROJECT / "notebooks"
BOOK = PROJECT / "book"
RESULTS = PROJECT / "results"
COMPARISON, COMPARISONS, SHELF = "comparison", "comparisons", "index.html"
COMPARISON_NOTEBOOK = NOTEBOOKS / COMPARISON / f"{COMPARISON}.ipynb"
REPORT_TEXTS = Path(__file__).parent / "report" / "feedback" / "texts"
REFERENCE_COHORT = "demo"
REFERENCE_RESULTS = RESULTS / "reference"


def cohort_folder(cohort: str) -> Path:
    """Return the folder of a cohort given by name (under ``data/cohorts``) or by path."""
    named = COHORTS / cohort
    return named if "/" not in cohort and named.is_dir() else Path(cohort).expanduser().resolve()


def framework_folder(name: str, beside: Path, shipped: Path = FRAMEWORKS) -> Path:
    """Return the folder of a framework that ``cohort.yaml`` names by id or by path.

    A name that the project ships is an id; anything else, and whatever holds a slash, is a path that counts from the
    folder of ``cohort.yaml`` when there is such a folder.
    """
    folder = (beside / Path(name).expanduser()).resolve()
    is_path = "/" in name or "\\" in name or name in (".", "..")
    return folder if is_path or (folder.is_dir() and not (shipped / name).is_dir()) else shipped / name


def reference_folder(cohort_id: str, results: Path) -> Path:
    """Return where the accepted results of a cohort lie: of the reference cohort in the project, of others beside."""
    return REFERENCE_RESULTS if cohort_id == REFERENCE_COHORT else results / "accepted" / cohort_id


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
    def runs(self) -> Path:
        """One JSON file a step: versions, system, commit and the checksum of every input. Never compared."""
        return self.root / "runs"

    @property
    def manifest(self) -> Path:
        """The index of every result with its origin and checksum."""
        return self.root / "manifest.json"


def result_folders(cohort_id: str, results: str | Path = RESULTS) -> ResultFolders:
    """Return the result folders of a cohort below ``results`` (relative paths count from the project)."""
    return ResultFolders((PROJECT / results) / cohort_id)
