"""Questionnaires as the tables that survey tools import: XLSForm, REDCap, LimeSurvey, Qualtrics.

Layouts: XLSForm reference (xlsform.org, pyxform), REDCap "Data Dictionary" (18 columns), LimeSurvey manual "Tab
Separated Value survey structure", Qualtrics "Import and export surveys: advanced format TXT".
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Sequence

from compendium.instruments.questionnaire import FormQuestion, FormSection, Option, Questionnaire

#: What the peer form puts before the code of an item in REDCap, where a project names a field once.
PEER_PREFIX = "p_"
DICTIONARY = (
    "Variable / Field Name", "Form Name", "Section Header", "Field Type", "Field Label",
    "Choices, Calculations, OR Slider Labels", "Field Note", "Text Validation Type OR Show Slider Number",
    "Text Validation Min", "Text Validation Max", "Identifier?",
    "Branching Logic (Show field only if...)", "Required Field?", "Custom Alignment", "Question Number (surveys only)",
    "Matrix Group Name", "Matrix Ranking?", "Field Annotation",
)  # fmt: skip
LIMESURVEY = (
    "id", "related_id", "class", "type/scale", "name", "relevance", "text", "help", "language", "validation",
    "mandatory", "other", "default", "same_default",
)  # fmt: skip
#: Languages that LimeSurvey tells apart by region or script (its list of languages, ``getLanguageData``).
LIMESURVEY_REGIONS = (
    "ca-valencia", "es-AR", "es-CL", "es-CO", "es-MX", "pt-BR", "sr-Latn", "zh-Hans", "zh-Hant-HK", "zh-Hant-TW",
)  # fmt: skip


def xlsform(forms: Sequence[Questionnaire]) -> bytes:
    """Return an XLSForm workbook of one form, its languages side by side."""
    import openpyxl

    first = forms[0]
    labels = [f"label::{form.language}" if len(forms) > 1 else "label" for form in forms]
    book = openpyxl.Workbook()
    survey, choices, settings = book.worksheets[0], book.create_sheet("choices"), book.create_sheet("settings")
    survey.title = "survey"
    survey.append(["type", "name", *labels, "required", "relevant", "appearance"])
    choices.append(["list_name", "name", *labels])
    lists: dict[tuple[str, ...], str] = {}
    for start in ("start", "end"):
        survey.append([start, start])
    for place, section in enumerate(first.sections):
        same = [form.sections[place] for form in forms]
        agreed = "${consent} = '1'" if place else ""
        survey.append(["begin_group", section.name, *(each.title for each in same), "", agreed, ""])
        if section.text:
            survey.append(["note", f"{section.name}_text", *(each.text for each in same)])
        for number, question in enumerate(section.questions):
            worded = [each.questions[number] for each in same]
            kind = _xlsform_type(worded, lists, choices)
            required = "yes" if question.required else ""
            survey.append([kind, question.code, *(each.wording for each in worded), required])
        survey.append(["end_group"])
    settings.append(["form_title", "form_id", "default_language"])
    settings.append([first.form_title, f"competencies_{first.form}", first.language])
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()


def _xlsform_type(worded: Sequence[FormQuestion], lists: dict[tuple[str, ...], str], choices: object) -> str:
    """Return the type of a question; a list of choices is written once."""
    question = worded[0]
    if not question.options:
        return "decimal" if question.kind == "number" else "text"
    key = tuple(option.code + option.label for each in worded for option in each.options)
    if key not in lists:
        lists[key] = f"answers_{len(lists) + 1}"
        for place, option in enumerate(question.options):
            labels = [each.options[place].label for each in worded]
            choices.append([lists[key], option.code, *labels])  # type: ignore[attr-defined]
    return f"select_one {lists[key]}"


def redcap(forms: Sequence[Questionnaire]) -> str:
    """Return a REDCap data dictionary: the self form, and the peer form to be set as repeating instrument."""
    rows: list[list[str]] = []
    for form in forms:
        name = "self_assessment" if form.form == "self" else "peer_assessment"
        prefix = PEER_PREFIX if form.form == "peer" else ""
        for section in form.sections:
            rows += _redcap_section(section, name, prefix, first_form=form is forms[0])
    return _as_csv([list(DICTIONARY), *rows])


def _redcap_section(section: FormSection, form: str, prefix: str, *, first_form: bool) -> list[list[str]]:
    """Return one row a question; questions with shared answers make a matrix."""
    matrix = f"{prefix}{section.name}"[:60] if section.shared_options else ""
    header = f"{section.title}. {section.text}".removesuffix(". ") if section.text else section.title
    rows = []
    questions = [each for each in section.questions if not (prefix and each.code == "person_id")]
    if first_form and not prefix:
        questions = sorted(questions, key=lambda each: each.code != "person_id")
    for place, question in enumerate(questions):
        code = "record_id" if question.code == "person_id" else question.code
        code = f"{prefix}{code}" if prefix and code not in ("rater_id",) else code
        row = dict.fromkeys(DICTIONARY, "")
        row |= {"Variable / Field Name": redcap_name(code), "Form Name": form, "Field Label": question.wording}
        row |= {"Section Header": header if place == (1 if code == "record_id" else 0) else ""}
        row |= {"Field Type": "radio" if question.options else "text"}
        row |= {"Choices, Calculations, OR Slider Labels": " | ".join(_choice(each) for each in question.options)}
        row |= {"Required Field?": "y" if question.required else "", "Matrix Group Name": redcap_name(matrix)}
        row |= {"Text Validation Type OR Show Slider Number": "number" if question.kind == "number" else ""}
        rows.append(list(row.values()))
    return rows


def _choice(option: Option) -> str:
    """Return an answer as a data dictionary writes it; a bar would end it."""
    return f"{option.code}, {option.label.replace('|', '/')}"


def redcap_name(code: str) -> str:
    """Return a code as a REDCap field name: lower case, digits, underscores, a letter first."""
    return re.sub(r"[^a-z0-9_]", "_", code.lower())


def limesurvey(forms: Sequence[Questionnaire]) -> str:
    """Return LimeSurvey's structure of one form, languages appended, UTF-8 with a byte-order mark."""
    first = forms[0]
    rows = [_lime("S", name="language", text=lime_language(first.language))]
    rows += [_lime("S", name="additional_languages", text=" ".join(lime_language(form.language) for form in forms[1:]))]
    rows += [_lime("S", name=name, text=value) for name, value in (("format", "G"), ("anonymized", "N"))]
    for form in forms:
        told = (("surveyls_title", form.form_title), ("surveyls_welcometext", form.information),
                ("surveyls_endtext", form.thanks))  # fmt: skip
        rows += [_lime("SL", name=name, text=text, language=lime_language(form.language)) for name, text in told]
    for form in forms:
        for number, section in enumerate(form.sections, 1):
            rows += _lime_section(number, section, lime_language(form.language))
    return "\ufeff" + _as_csv([list(LIMESURVEY), *rows], "\t")


def _lime_section(number: int, section: FormSection, language: str) -> list[list[str]]:
    """Return a group with its questions; questions with shared answers are the rows of an array."""
    rows = [_lime("G", str(number), name=section.title, text=section.text, language=language)]
    if section.shared_options:
        rows.append(_lime("Q", "F", name=f"G{number}", text=section.title, language=language))
        parts = [_lime("SQ", "0", lime_name(each.code), each.wording, language) for each in section.questions]
        answers = [_lime("A", "0", each.code, each.label, language) for each in section.shared_options]
        return [*rows, *parts, *answers]
    for question in section.questions:
        kind = "L" if question.options else "N" if question.kind == "number" else "S"
        mandatory = "Y" if question.required else ""
        rows.append(_lime("Q", kind, lime_name(question.code), question.wording, language, mandatory))
        rows += [_lime("A", "0", each.code, each.label, language) for each in question.options]
    return rows


def lime_language(language: str) -> str:
    """Return a language as LimeSurvey calls it: it knows few regions and no ``en-GB``."""
    return language if language in LIMESURVEY_REGIONS else language.split("-")[0]


def lime_name(code: str) -> str:
    """Return a code as LimeSurvey takes it: letters and digits only."""
    return re.sub(r"[^A-Za-z0-9]", "", code)


def _lime(
    kind: str, scale: str = "", name: str = "", text: str = "", language: str = "", mandatory: str = ""
) -> list[str]:
    """Return one line of the structure."""
    known = {"class": kind, "type/scale": scale, "name": name, "text": text, "language": language}
    known |= {"mandatory": mandatory, "relevance": "1" if kind in ("G", "Q") else ""}
    return [known.get(column, "") for column in LIMESURVEY]


def qualtrics(form: Questionnaire) -> str:
    """Return Qualtrics' advanced text: one question an item, its code as export tag, codes as recoded values."""
    lines = ["[[AdvancedFormat]]", ""]
    for section in form.sections:
        lines += [f"[[Block:{section.title}]]", ""]
        if section.text:
            lines += ["[[Question:DB]]", section.text, ""]
        for question in section.questions:
            kind = "MC:SingleAnswer:Horizontal" if question.options else "TE:SingleLine"
            lines += [f"[[Question:{kind}]]", f"[[ID:{question.code}]]", question.wording]
            if question.options:
                lines.append("[[AdvancedChoices]]")
                lines += [line for each in question.options for line in (f"[[Choice:{each.code}]]", each.label)]
            lines.append("")
        lines += ["[[PageBreak]]", ""]
    return "\n".join(lines)


def _as_csv(rows: Sequence[Sequence[str]], delimiter: str = ",") -> str:
    """Return rows as text."""
    stream = io.StringIO()
    csv.writer(stream, delimiter=delimiter, lineterminator="\n").writerows(rows)
    return stream.getvalue()
