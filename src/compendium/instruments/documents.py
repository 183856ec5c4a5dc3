"""Questionnaires and frameworks as documents: Word, paper, a booklet, and a page on which people score themselves."""

from __future__ import annotations

import html
import io
import json
from importlib.resources import files
from typing import Any

from compendium.framework import Framework
from compendium.instruments.questionnaire import FormSection, Questionnaire

LETTERS = "abcdefghijklmnop"


def _document(title: str, notice: str, language: str) -> Any:
    """Return an empty Word document with its title, language and notice."""
    import docx

    document = docx.Document()
    document.core_properties.title, document.core_properties.language = title, language
    document.core_properties.author = ""
    document.add_heading(title, level=0)
    if notice:
        document.add_paragraph(notice, style="Intense Quote")
    return document


def _bytes(document: Any) -> bytes:
    """Return a Word document as bytes."""
    stream = io.BytesIO()
    document.save(stream)
    return stream.getvalue()


def word(form: Questionnaire) -> bytes:
    """Return the form in Word: numbered questions with lettered answers, as Microsoft Forms imports them."""
    document = _document(form.title, form.notice, form.language)
    document.add_paragraph(form.information)
    number = 0
    for section in form.sections:
        document.add_heading(section.title, level=1)
        if section.text and section.text != form.information:
            document.add_paragraph(section.text)
        for question in section.questions:
            number += 1
            lines = [f"{letter}. {option.label}" for letter, option in zip(LETTERS, question.options, strict=False)]
            _together(document, [f"{number}. {question.wording}", *(lines or ["_" * 40])])
    document.add_paragraph(form.thanks)
    return _bytes(document)


def _together(document: Any, lines: list[str]) -> None:
    """Add lines close to each other, which no end of a page takes apart."""
    from docx.shared import Pt

    for place, line in enumerate(lines, 1):
        spacing = document.add_paragraph(line).paragraph_format
        last = place == len(lines)
        spacing.keep_with_next, spacing.space_after = not last, Pt(10 if last else 1)


def paper(form: Questionnaire, *, large: bool = False) -> bytes:
    """Return the form as a tagged PDF to print, in large print where asked."""
    import typst

    sections = [_printed(section) for section in form.sections]
    shown = {
        "title": form.title,
        "form": form.form,
        "notice": form.notice,
        "information": form.information,
        "thanks": form.thanks,
        "language": form.language.split("-")[0],
        "size": 18 if large else 10,
        "sections": sections,
    }
    template = files(__package__).joinpath("paper.typ").read_bytes()
    page = typst.compile(template, sys_inputs={"form": json.dumps(shown)}, ignore_system_fonts=True)
    assert isinstance(page, bytes)
    return page


def _printed(section: FormSection) -> dict[str, Any]:
    """Return a section as the template prints it: a grid where the answers are shared."""
    shared = section.shared_options
    return {
        "title": section.title,
        "text": section.text,
        "options": [option.label for option in shared],
        "questions": [
            {"wording": each.wording, "options": [] if shared else [option.label for option in each.options]}
            for each in section.questions
        ],
    }


def booklet_word(framework: Framework) -> bytes:
    """Return the framework in Word: competencies, what they mean, and the items by which they show."""
    document = _document(framework.description.title, _notice(framework), framework.description.language)
    for name, items in framework.scales().items():
        document.add_heading(framework.labels[name], level=1)
        document.add_paragraph(str(framework.competencies.loc[name, "definition"]))
        for item in items:
            document.add_paragraph(str(framework.items.loc[item, "self_wording"]), style="List Bullet")
    document.add_paragraph(f"Licence: {framework.description.licence}")
    return _bytes(document)


def booklet_pdf(framework: Framework) -> bytes:
    """Return the framework as a tagged PDF."""
    import typst

    template = files(__package__).joinpath("booklet.typ").read_bytes()
    page = typst.compile(template, sys_inputs={"framework": json.dumps(_told(framework))}, ignore_system_fonts=True)
    assert isinstance(page, bytes)
    return page


def booklet_html(framework: Framework) -> str:
    """Return the framework as one web page that prints well."""
    told = _told(framework)
    parts = [
        f"<section><h2>{html.escape(each['label'])}</h2><p>{html.escape(each['definition'])}</p><ul>"
        + "".join(f"<li>{html.escape(item)}</li>" for item in each["items"])
        + "</ul></section>"
        for each in told["competencies"]
    ]
    page = files(__package__).joinpath("booklet.html").read_text(encoding="utf-8")
    fills = {"title": html.escape(told["title"]), "language": html.escape(told["language"])}
    fills |= {"notice": f"<p class=notice>{html.escape(told['notice'])}</p>" if told["notice"] else ""}
    parts.append(f"<p><small>Licence: {html.escape(told['licence'])}</small></p>")
    return _filled(page, fills | {"body": "\n".join(parts)})


def self_score(form: Questionnaire, framework: Framework, errors: dict[str, float] | None = None) -> str:
    """Return one page on which a person answers the items and sees a profile; it stores and sends nothing.

    Parameters
    ----------
    form
        The self form.
    framework
        With the direction of each item.
    errors
        Standard error of measurement of each competency, where a cohort is large enough to know it; without them the
        page shows the spread of the person's own answers and says so.
    """
    asked = {question.code: question for question in form.questions}
    scales = [
        {
            "label": framework.labels[name],
            "error": (errors or {}).get(name),
            "items": [_scored(framework, item, asked) for item in items],
        }
        for name, items in framework.scales().items()
    ]
    data = {"scales": scales, "minimum": framework.scale.minimum, "maximum": framework.scale.maximum}
    page = files(__package__).joinpath("self_score.html").read_text(encoding="utf-8")
    fills = {"title": html.escape(form.title), "language": html.escape(form.language)}
    fills |= {"notice": f"<p class=notice>{html.escape(form.notice)}</p>" if form.notice else ""}
    text = next(section.text for section in form.sections if section.name != "about")
    fills |= {"instructions": html.escape(text), "data": json.dumps(data).replace("</", "<\\/")}
    return _filled(page, fills)


def _scored(framework: Framework, item: str, asked: dict[str, Any]) -> dict[str, Any]:
    """Return an item as the self-score page asks and scores it."""
    scale, none = framework.scale_of(item), framework.scale_of(item).not_applicable
    return {
        "wording": asked[item].wording,
        "options": [[option.code, option.label] for option in asked[item].options],
        "reverse": bool(framework.items.loc[item, "reverse"]),
        "ends": [scale.minimum, scale.maximum],
        "none": None if none is None else str(none),
    }


def _filled(page: str, fills: dict[str, str]) -> str:
    """Fill the slots of a page, each written as ``{{name}}``."""
    for name, text in fills.items():
        page = page.replace(f"{{{{{name}}}}}", text)
    return page


def _notice(framework: Framework) -> str:
    """Return what has to be said of a placeholder."""
    return framework.description.notice if framework.is_placeholder else ""


def _told(framework: Framework) -> dict[str, Any]:
    """Return the framework as its booklet tells it."""
    return {
        "title": framework.description.title,
        "notice": _notice(framework),
        "language": framework.description.language.split("-")[0],
        "licence": framework.description.licence,
        "competencies": [
            {
                "label": framework.labels[name],
                "definition": str(framework.competencies.loc[name, "definition"]),
                "items": [str(framework.items.loc[item, "self_wording"]) for item in items],
            }
            for name, items in framework.scales().items()
        ],
    }
