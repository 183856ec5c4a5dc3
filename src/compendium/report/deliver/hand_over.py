"""Everything a study hands over, built in a temporary folder and put in place by one rename."""

from __future__ import annotations

import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path
from typing import Any

from compendium.disclosure import ABOUT_NOBODY
from compendium.disclosure.scan import faults_in_folder
from compendium.faults import Fault, InvalidInput, display_path, raise_if_any
from compendium.files import write_text
from compendium.outputs.runs import PROJECT_NAME
from compendium.plan import GATES
from compendium.report.book.builder import banner_sentences, cohort_title
from compendium.report.book.saved import SavedResults
from compendium.report.book.subject import Subject
from compendium.report.deliver import crate, data_files, papers, prepared_data, r_check, run_log
from compendium.report.deliver.tables import public_tables
from compendium.report.deliver.workbook import write_workbook
from compendium.study import Study
from compendium.wording import running_text

DELIVER, DEPOSIT = "deliver", "deposit"
WORK_PREFIX = ".deliver-"
# Folders of a deposit that are looked through.
SEARCHED = ("data", "figures", "scripts")
DOCUMENTS = {
    "manuscript.docx": "Manuscript, to be completed by the authors",
    "manuscript.pdf": "Manuscript as PDF",
    "board_brief.docx": "Brief of two pages for a board",
    "workbook.xlsx": "All public tables in one workbook",
    "workbook.ods": "The same workbook as OpenDocument spreadsheet",
}
PRIVATE_README = """# Data of single people

Pseudonymised answers, for whoever is allowed to see them; never part of a deposit. CSV and SPSS files with
`codebook.csv`. `Rscript reproduce.R` repeats the main analyses on them and shows each value beside the one that the
study printed.
"""


@dataclass
class Clock:
    """Seconds that each part took."""

    seconds: dict[str, float] = field(default_factory=dict)

    @contextmanager
    def part(self, name: str) -> Iterator[None]:
        """Time one part."""
        begun = time.perf_counter()
        yield
        self.seconds[name] = time.perf_counter() - begun


def deliver(study: Study) -> Path:
    """Build everything that the study hands over and return its folder.

    Raises
    ------
    InvalidInput
        When nothing is built yet, or the deposit would give somebody away. What was there before stays as it was
        whenever something fails.
    """
    folders = study.folders
    if not folders.manifest.is_file():
        raise InvalidInput([Fault(display_path(folders.root), "nothing is built there", "run make all first")])
    subject = Subject(SavedResults(folders), study.framework, study.settings, study.plan)
    places = (folders.root / DELIVER, folders.private / DELIVER)
    for home in (folders.root, folders.private):
        for leftover in home.glob(f"{WORK_PREFIX}*"):
            shutil.rmtree(leftover, ignore_errors=True)
    works = [Path(tempfile.mkdtemp(dir=place.parent, prefix=WORK_PREFIX)) for place in places]
    try:
        clock = Clock()
        public, private = (work / DELIVER for work in works)
        for folder in (public, private):
            folder.mkdir()
        private.chmod(0o700)
        with clock.part("private data"):
            _write_private(study, subject, private)
        _write_public(study, subject, public, clock)
        with clock.part("search for people"):
            raise_if_any(given_away(study, subject, public / DEPOSIT))
        with clock.part("archive"):
            crate.zipped(public / DEPOSIT, public / f"{study.settings.id}-deposit.zip")
        words = {gate: _why(subject, gate) for gate in GATES}
        run_log.write_run_log(subject, clock.seconds, public, words)
        for built, place, work in zip((private, public), reversed(places), reversed(works), strict=True):
            if place.exists():
                place.rename(work / "previous")
            built.rename(place)
    finally:
        for work in works:
            shutil.rmtree(work, ignore_errors=True)
    return places[0]


def _write_public(study: Study, subject: Subject, folder: Path, clock: Clock) -> None:
    """Write the documents, the workbook, the deposit and its archive."""
    with clock.part("manuscript"):
        papers.manuscript(subject, folder)
    with clock.part("brief"):
        papers.brief(subject, folder)
    with clock.part("workbook"):
        write_workbook(subject, public_tables(subject, labels=True), folder)
    with clock.part("deposit"):
        _write_deposit(study, subject, folder / DEPOSIT, folder)


def given_away(study: Study, subject: Subject, deposit: Path) -> list[Fault]:
    """Return what a deposit gives away about people: pseudonyms, and rows about fewer of them than the limit.

    Documents and SPSS files hold the same tables once more and are not looked through again.
    """
    tables = subject.saved.tables.items()
    about_nobody = {
        data_files.file_name(name) for name, table in tables if table.origin.notebook.startswith(ABOUT_NOBODY)
    }
    limit = int(study.plan.disclosure.minimum_group.value)
    names = prepared_data.pseudonyms(study)
    return [
        fault
        for folder in SEARCHED
        for fault in faults_in_folder(deposit / folder, names, limit, about_nobody=about_nobody)
    ]


def _write_deposit(study: Study, subject: Subject, folder: Path, documents: Path) -> None:
    """Write the public data, figures, scripts and documents with what describes them."""
    for name in ("data", "spss", "figures", "scripts", "documents"):
        (folder / name).mkdir(parents=True)
    about = _about(study, subject)
    found: dict[str, str] = {"README.md": "What lies here", "LICENSE": "Licence of the deposit"}
    for name, what in DOCUMENTS.items():
        shutil.copyfile(documents / name, folder / "documents" / name)
        found[f"documents/{name}"] = what
    files = [data_files.of_table(table) for table in public_tables(subject, labels=False)]
    for file in files:
        found[f"data/{data_files.write_csv(file, folder / 'data').name}"] = file.about
        found[f"spss/{data_files.write_sav(file, folder / 'spss').name}"] = f"{file.about} (SPSS, labelled)"
    for figure in subject.saved.figures.values():
        for path in (figure.path, figure.path.with_suffix(".png")):
            if path.is_file():
                shutil.copyfile(path, folder / "figures" / path.name)
                found[f"figures/{path.name}"] = figure.caption
    for path in r_check.write_script(study, subject.saved, folder / "scripts"):
        found[path.relative_to(folder).as_posix()] = _of_script(path)
    found |= _describe_data(files, about, folder)
    short, _, words = crate.LICENCES[about["licence"]]
    address = "" if about["licence"] == crate.NOT_CHOSEN else f"{about['licence']}\n"
    write_text(folder / "LICENSE", f"{short}\n{words}\n{address}")
    described = crate.About(
        study.settings.id,
        about["title"],
        about["description"],
        about["licence"],
        about["date"],
        about["version"],
        found,
    )
    told = "\n\n".join([f"# {about['title']}", about["description"], crate.listed(list(found.items()))])
    write_text(folder / "README.md", told + "\n")
    crate.write_descriptions(described, folder)


def _describe_data(files: list[data_files.DataFile], about: dict[str, str], folder: Path) -> dict[str, str]:
    """Write codebook, data dictionary and data package, and say what they are."""
    book = data_files.codebook(files)
    write_text(folder / "codebook.csv", book.to_csv(index=False, lineterminator="\n"))
    shared = {"name": about["title"], "description": about["description"]}
    short, _, words = crate.LICENCES[about["licence"]]
    free = about["licence"] != crate.NOT_CHOSEN
    described = {**shared, "license": about["licence"] if free else words, "datePublished": about["date"]}
    data_files.write_json(folder / "dataset_description.json", data_files.dataset_description(files, described))
    package: dict[str, Any] = {"name": about["name"], "title": about["title"], "description": about["description"]}
    package |= {"licenses": [{"name": short, "path": about["licence"]}]} if free else {}
    data_files.write_json(folder / "datapackage.json", data_files.data_package(files, package))
    return {
        "codebook.csv": "Every column of every data file: label, type, codes, empty cells",
        "dataset_description.json": "Data dictionary as schema.org describes a data set (Psych-DS)",
        "datapackage.json": "Description of the data files as a Frictionless data package",
    }


def _write_private(study: Study, subject: Subject, folder: Path) -> None:
    """Write the prepared data of people, labelled, with the R script that reads them."""
    files = [*prepared_data.prepared_files(study), prepared_data.items_file(study)]
    for file in files:
        data_files.write_csv(file, folder)
        data_files.write_sav(file, folder)
    write_text(folder / "codebook.csv", data_files.codebook(files).to_csv(index=False, lineterminator="\n"))
    r_check.write_script(study, subject.saved, folder)
    write_text(folder / "README.md", PRIVATE_README)
    for path in folder.rglob("*"):
        path.chmod(0o700 if path.is_dir() else 0o600)


def _about(study: Study, subject: Subject) -> dict[str, str]:
    """Return what every description says."""
    synthetic = study.settings.kind == "synthetic"
    told = " ".join(banner_sentences(subject))
    sentence = f"Tables, figures, scripts and documents of one run of the study in {cohort_title(subject)}."
    return {
        "name": crate.plain_name(study.settings.id),
        "title": f"Results of {cohort_title(subject)}",
        "description": f"{sentence} {told}".strip(),
        "licence": crate.CC0 if synthetic else crate.NOT_CHOSEN,
        "date": datetime.now(UTC).date().isoformat(),
        "version": metadata.version(PROJECT_NAME),
    }


def _of_script(path: Path) -> str:
    """Say what a script or a model is."""
    if path.suffix == ".lav":
        return f"Model in lavaan's syntax: {path.stem.replace('_', ' ')}"
    return "Values that the script must show" if path.suffix == ".csv" else "R script that repeats the main analyses"


def _why(subject: Subject, gate: str) -> str:
    """Say in words what a gate found, where it was asked."""
    known = subject.saved.values.get(f"supported_{gate}")
    return "" if known is None else running_text(known.note, subject.labels)
