"""The files of a questionnaire: one call a tool, all files or none."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from compendium.cohort.schema import CohortSettings
from compendium.faults import Fault, InvalidInput, display_path
from compendium.files import write_bytes
from compendium.framework import Framework
from compendium.instruments import documents, tables
from compendium.instruments.questionnaire import Form, Order, Questionnaire, questionnaire

Files = dict[str, bytes]


@dataclass(frozen=True)
class _Work:
    """What a tool's writer needs: the framework, and each form in each language."""

    framework: Framework
    forms: dict[Form, list[Questionnaire]]
    errors: dict[str, float]


def _xlsform(work: _Work) -> Files:
    return {f"{form}.xlsx": tables.xlsform(languages) for form, languages in work.forms.items()}


def _redcap(work: _Work) -> Files:
    """One dictionary for both forms, since peers are a repeating instrument of the same project."""
    return {"data_dictionary.csv": tables.redcap([languages[0] for languages in work.forms.values()]).encode()}


def _limesurvey(work: _Work) -> Files:
    return {f"{form}.txt": tables.limesurvey(languages).encode() for form, languages in work.forms.items()}


def _each(suffix: str, write: Callable[[Questionnaire], str | bytes]) -> Callable[[_Work], Files]:
    """Return a writer of one file a form and language."""

    def written(work: _Work) -> Files:
        made: Files = {}
        for form, languages in work.forms.items():
            for each in languages:
                mark = f"-{each.language}" if len(languages) > 1 else ""
                content = write(each)
                made[f"{form}{mark}{suffix}"] = content.encode() if isinstance(content, str) else content
        return made

    return written


def _booklet(work: _Work) -> Files:
    return {
        "framework.pdf": documents.booklet_pdf(work.framework),
        "framework.docx": documents.booklet_word(work.framework),
        "framework.html": documents.booklet_html(work.framework).encode(),
    }


def _paper(work: _Work) -> Files:
    small = _each(".pdf", documents.paper)(work)
    return small | _each("-large-print.pdf", lambda form: documents.paper(form, large=True))(work)


def _self_score(work: _Work) -> Files:
    form = work.forms["self"][0]
    return {"self_score.html": documents.self_score(form, work.framework, work.errors).encode()}


TOOLS: dict[str, Callable[[_Work], Files]] = {
    "xlsform": _xlsform,
    "redcap": _redcap,
    "limesurvey": _limesurvey,
    "qualtrics": _each(".txt", tables.qualtrics),
    "word": _each(".docx", documents.word),
    "paper": _paper,
    "booklet": _booklet,
    "self-score": _self_score,
}
NOTES = {
    "redcap": "Upload data_dictionary.csv, then set peer_assessment as a repeating instrument.",
    "limesurvey": "Import each file under Create survey, Import. Export answers with question codes and answer codes.",
    "qualtrics": "Import each file under Tools, Import survey. Export as CSV with values and all header rows.",
    "xlsform": "Upload each workbook to ODK Central or KoboToolbox. Export with XML values and headers.",
    "word": "In Microsoft Forms choose Quick import. The export has the wording as headings and is read by it.",
}


def errors_of_scores(results: Path, framework: Framework) -> dict[str, float]:
    """Return the standard error of measurement of each competency that a cohort could estimate.

    A competency whose score rests on another number of items there, or whose error the cohort was too small to
    estimate, has none.

    Raises
    ------
    InvalidInput
        When the folder holds no table of reliabilities.
    """
    path = results / "tables" / "reliability.csv"
    if not path.is_file():
        action = "build the cohort first (make all COHORT=...), then name results/COHORT"
        raise InvalidInput([Fault(display_path(path), "these results hold no reliabilities", action)])
    table = pd.read_csv(path).drop_duplicates("competency").set_index("competency")
    counts = {name: len(items) for name, items in framework.scales().items()}
    known = table[table["items"] == table.index.map(counts)]["score_error"].dropna()
    return {str(name): float(error) for name, error in known.items() if name in counts and error > 0}


def write_instrument(
    framework: Framework,
    tool: str,
    folder: Path,
    *,
    forms: Sequence[Form] = ("self", "peer"),
    languages: Sequence[str] = (),
    settings: CohortSettings | None = None,
    order: Order = "framework",
    seed: int = 0,
    results: Path | None = None,
) -> list[Path]:
    """Write the files of a questionnaire for a tool.

    Parameters
    ----------
    framework
        With the items to be asked.
    tool
        A key of :data:`TOOLS`.
    folder
        Where the files go; it is made where it is missing.
    forms, languages, settings, order, seed
        As :func:`~compendium.instruments.questionnaire.questionnaire` takes them.
    results
        The results folder of a cohort, from which the self-score page takes the error of each score.

    Raises
    ------
    InvalidInput
        When the results hold no reliabilities, a file of another making would be overwritten, or there is no wording.
    """
    asked = [form for form in forms if form == "self" or framework.items["peer_wording"].astype(bool).all()]
    spoken = list(languages) or [framework.description.language]
    made = {
        form: [
            questionnaire(framework, form, settings=settings, language=language, order=order, seed=seed)
            for language in spoken
        ]
        for form in asked
    }
    content = TOOLS[tool](_Work(framework, made, errors_of_scores(results, framework) if results else {}))
    if tool in NOTES:
        content["README.txt"] = (NOTES[tool] + "\n").encode()
    if folder.exists() and not folder.is_dir():
        raise InvalidInput([Fault(display_path(folder), "this is a file", "name a folder")])
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in content.items():
        write_bytes(folder / name, text)
    return [folder / name for name in content]
