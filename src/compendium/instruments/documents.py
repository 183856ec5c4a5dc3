"""Questionnaires and frameworks as documents: Word, paper, a booklet, and a page on which people score themselves."""

from __future__ import annotations

import html
import io
import json
import re
from importlib.resources import files
from pathlib import Path
from typing import Any

from compendium.disclosure.text import document_property, script_data
from compendium.faults import Fault, InvalidInput
from compendium.instruments.questionnaire import FormSection, Questionnaire
from compendium.instruments.words import Words

LETTERS = "abcdefghijklmnop"
RIGHT_TO_LEFT = ("ar", "dv", "fa", "he", "ku", "ps", "sd", "ug", "ur", "yi")
#: What the self-score page says after the answers, by its name in the texts.
SELF_SCORE_TEXTS = (
    "show", "profile", "competency", "score", "range", "on_the_scale", "too_few", "not_known", "from_to",
    "range_of_cohort", "range_of_answers", "range_of_both", "print",
)  # fmt: skip


def _document(title: str, notice: str, language: str) -> Any:
    """Return an empty Word document with its title, language and notice."""
    import docx

    document = docx.Document()
    document.core_properties.title, document.core_properties.language = document_property(title), language
    for set_in in document.styles.element.xpath("//w:rPrDefault//w:lang"):
        set_in.set(f"{{{set_in.nsmap['w']}}}val", language)
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
            document.add_paragraph(section.text).paragraph_format.keep_with_next = True
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
    sections = [_printed(section) for section in form.sections]
    shown = {
        "title": form.title,
        "notice": form.notice,
        "information": form.information,
        "thanks": form.thanks,
        "language": form.language.split("-")[0],
        "size": 18 if large else 10,
        "sections": sections,
    }
    return _typeset("paper.typ", {"form": json.dumps(shown)})


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


def booklet_word(words: Words) -> bytes:
    """Return the framework in Word: competencies, what they mean, and the items by which they show."""
    told = _told(words)
    document = _document(told["title"], told["notice"], words.language)
    for each in told["competencies"]:
        document.add_heading(each["label"], level=1)
        document.add_paragraph(each["definition"])
        for item in each["items"]:
            document.add_paragraph(item, style="List Bullet")
    document.add_paragraph(told["licence"])
    return _bytes(document)


def booklet_pdf(words: Words) -> bytes:
    """Return the framework as a tagged PDF."""
    return _typeset("booklet.typ", {"framework": json.dumps(_told(words))})


def booklet_html(words: Words) -> str:
    """Return the framework as one web page that prints well."""
    told = _told(words)
    parts = [
        f"<section><h2>{html.escape(each['label'])}</h2><p>{html.escape(each['definition'])}</p><ul>"
        + "".join(f"<li>{html.escape(item)}</li>" for item in each["items"])
        + "</ul></section>"
        for each in told["competencies"]
    ]
    parts.append(f"<p><small>{html.escape(told['licence'])}</small></p>")
    return _page("booklet.html", told["title"], told["notice"], words.language, body="\n".join(parts))


def self_score(words: Words, errors: dict[str, float] | None = None) -> str:
    """Return one page on which a person answers the items and sees a profile; it stores and sends nothing.

    Parameters
    ----------
    words
        Of the framework, in the language of the page.
    errors
        Standard error of measurement of each competency, where a cohort is large enough to know it; without them the
        page shows the spread of the person's own answers and says so.
    """
    framework, title = words.framework, words.text("title")
    scales = [
        {
            "label": words.label(name),
            "error": (errors or {}).get(name),
            "items": [_scored(words, item) for item in items],
        }
        for name, items in framework.scales().items()
    ]
    said = {place: words.text(f"self_score.{place}") for place in SELF_SCORE_TEXTS}
    data = {"scales": scales, "minimum": framework.scale.minimum, "maximum": framework.scale.maximum, "words": said}
    return _page(
        "self_score.html",
        words.text("self_score.title").format(title=title),
        _notice(words),
        words.language,
        privacy=html.escape(words.text("self_score.privacy")),
        instructions=html.escape(words.text("instructions.self")),
        use=html.escape(words.text("self_score.use")),
        **{place: html.escape(text) for place, text in said.items()},
        data=script_data(data),
    )


def _scored(words: Words, item: str) -> dict[str, Any]:
    """Return an item as the self-score page asks and scores it."""
    scale = words.framework.scale_of(item)
    return {
        "wording": words.wording(item, "self"),
        "options": words.options(item),
        "reverse": bool(words.framework.items.loc[item, "reverse"]),
        "ends": [scale.minimum, scale.maximum],
        "none": None if scale.not_applicable is None else str(scale.not_applicable),
    }


def _typeset(template: str, inputs: dict[str, str]) -> bytes:
    """Return a tagged PDF in fonts of the libraries: the same on every machine.

    Raises
    ------
    InvalidInput
        When a sign stands in none of these fonts: it would be printed as an empty box.
    """
    import matplotlib
    import typst

    fonts = Path(matplotlib.get_data_path()) / "fonts" / "ttf"
    _require_signs(fonts / "DejaVuSans.ttf", *inputs.values())
    source = files(__package__).joinpath(template).read_bytes()
    paths: list[Any] = [fonts]
    page: bytes = typst.compile(source, sys_inputs=inputs, ignore_system_fonts=True, font_paths=paths)
    return page


def _require_signs(font: Path, *texts: str) -> None:
    """Refuse signs that the widest of the fonts does not have."""
    from matplotlib.ft2font import FT2Font

    known = FT2Font(str(font)).get_charmap()
    signs = {sign for text in texts for sign in json.dumps(json.loads(text), ensure_ascii=False)}
    unknown = sorted(sign for sign in signs if ord(sign) not in known and not sign.isspace())
    if unknown:
        problem = f"the fonts of the PDF lack {len(unknown)} of its signs, such as {' '.join(unknown[:8])}"
        action = "write it for Word (--for word), and make the PDF there"
        raise InvalidInput([Fault(font.name, problem, action)])


def _page(template: str, title: str, notice: str, language: str, **fills: str) -> str:
    """Fill the slots of a page, each written as ``{{name}}``; values are HTML, title and notice plain text."""
    page = files(__package__).joinpath(template).read_text(encoding="utf-8")
    direction = "rtl" if language.split("-")[0] in RIGHT_TO_LEFT else "ltr"
    fills |= {"title": html.escape(title), "language": html.escape(language), "direction": direction}
    fills |= {"notice": f"<p class=notice>{html.escape(notice)}</p>" if notice else ""}
    slots = re.compile(r"\{\{(\w+)\}\}")
    return slots.sub(lambda slot: fills[slot[1]], page)


def _notice(words: Words) -> str:
    """Return what has to be said of a placeholder."""
    return words.text("notice") if words.framework.is_placeholder else ""


def _told(words: Words) -> dict[str, Any]:
    """Return the framework as its booklet tells it."""
    return {
        "title": words.text("title"),
        "notice": _notice(words),
        "language": words.language.split("-")[0],
        "licence": words.text("licence_line").format(licence=words.text("licence")),
        "competencies": [
            {
                "label": words.label(name),
                "definition": words.text(f"competencies.{name}.definition"),
                "items": [words.wording(item, "self") for item in items],
            }
            for name, items in words.framework.scales().items()
        ],
    }
