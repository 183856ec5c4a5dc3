"""The files of a questionnaire: one call a tool, all files or none."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from compendium.cohort.schema import CohortSettings
from compendium.faults import Fault, InvalidInput, display_path, raise_if_any
from compendium.files import write_bytes
from compendium.framework import Framework
from compendium.instruments import documents, tables
from compendium.instruments.questionnaire import Form, Order, Questionnaire, form_in
from compendium.instruments.words import Missing, Words, missing_faults, require_language

Files = dict[str, bytes]


@dataclass(frozen=True)
class _Work:
    """What a tool's writer needs: the words of each language, each form in each language, the errors of scores."""

    words: list[Words]
    forms: dict[Form, list[Questionnaire]]
    errors: dict[str, float]

    def by_language(self) -> Iterator[tuple[str, Words]]:
        """Yield the words of each language with what marks its files, nothing where there is one language."""
        for words in self.words:
            yield _mark(words.language, self.words), words


@dataclass(frozen=True)
class Written:
    """The files of a questionnaire, and the texts in them that are not in the language that was asked for."""

    paths: list[Path]
    untranslated: list[Missing]


def _mark(language: str, languages: Sequence[object]) -> str:
    """Return what tells the files of a language from those of the others."""
    return f"-{language}" if len(languages) > 1 else ""


def _xlsform(work: _Work) -> Files:
    return {f"{form}.xlsx": tables.xlsform(languages) for form, languages in work.forms.items()}


def _redcap(work: _Work) -> Files:
    """One dictionary a language for both forms, since peers are a repeating instrument of the same project."""
    return {
        f"data_dictionary{mark}.csv": tables.redcap([forms[place] for forms in work.forms.values()]).encode()
        for place, (mark, _) in enumerate(work.by_language())
    }


def _limesurvey(work: _Work) -> Files:
    return {f"{form}.txt": tables.limesurvey(languages).encode() for form, languages in work.forms.items()}


def _each(suffix: str, write: Callable[[Questionnaire], str | bytes]) -> Callable[[_Work], Files]:
    """Return a writer of one file a form and language."""

    def written(work: _Work) -> Files:
        made: Files = {}
        for form, languages in work.forms.items():
            for each in languages:
                content = write(each)
                name = f"{form}{_mark(each.language, languages)}{suffix}"
                made[name] = content.encode() if isinstance(content, str) else content
        return made

    return written


def _booklet(work: _Work) -> Files:
    made: Files = {}
    for mark, words in work.by_language():
        made[f"framework{mark}.pdf"] = documents.booklet_pdf(words)
        made[f"framework{mark}.docx"] = documents.booklet_word(words)
        made[f"framework{mark}.html"] = documents.booklet_html(words).encode()
    return made


def _paper(work: _Work) -> Files:
    small = _each(".pdf", documents.paper)(work)
    return small | _each("-large-print.pdf", lambda form: documents.paper(form, large=True))(work)


def _self_score(work: _Work) -> Files:
    return {
        f"self_score{mark}.html": documents.self_score(words, work.errors).encode()
        for mark, words in work.by_language()
    }


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
WITHOUT_FORMS = ("booklet", "self-score")
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
    keep_untranslated: bool = False,
) -> Written:
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
    keep_untranslated
        Whether texts that are not there in a language stay in the framework's own, or in English.

    Raises
    ------
    InvalidInput
        When a text of these files is not there in a language, the results hold no reliabilities, the fonts lack a
        sign, or the folder is a file. Nothing is written then.
    """
    asked = [form for form in forms if form == "self" or framework.items["peer_wording"].astype(bool).all()]
    spoken = [require_language(framework, language) for language in languages or ("",)]
    words = [Words(framework, language) for language in dict.fromkeys(spoken)]
    made = {form: [form_in(each, form, settings, order, seed) for each in words] for form in asked}
    if tool in WITHOUT_FORMS:  # these say less than a form does, and may lack less
        words = [Words(framework, each.language) for each in words]
    content = TOOLS[tool](_Work(words, made, errors_of_scores(results, framework) if results else {}))
    missing = [each for part in words for each in part.missing.values()]
    if not keep_untranslated:
        raise_if_any(missing_faults(missing))
    if tool in NOTES:
        content["README.txt"] = (NOTES[tool] + "\n").encode()
    if folder.exists() and not folder.is_dir():
        raise InvalidInput([Fault(display_path(folder), "this is a file", "name a folder")])
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in content.items():
        write_bytes(folder / name, text)
    return Written([folder / name for name in content], missing)
