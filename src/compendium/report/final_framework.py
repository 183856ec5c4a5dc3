"""The final framework as a reader wants it: wording first, then what stands behind each item; as CSV, Word and PDF."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pandas as pd

from compendium.disclosure.text import document_property
from compendium.files import undated
from compendium.framework import Framework

TEMPLATE = Path(__file__).with_suffix(".typ")
COLUMNS = ("competency", "item", "wording", "peer_wording", "reversed", "evidence", "decision")


def final_items(framework: Framework, decisions: pd.DataFrame | None) -> pd.DataFrame:
    """Return the items of the final framework in the order of the competencies.

    Parameters
    ----------
    framework
        What was asked.
    decisions
        Columns ``item decision``; without them every item that was asked counts.

    Returns
    -------
    DataFrame
        One row an item with the columns of :data:`COLUMNS`; ``competency`` is its label.
    """
    items = framework.items
    decided = None if decisions is None else dict(zip(decisions["item"], decisions["decision"], strict=True))
    frame = pd.DataFrame(
        {
            "competency": [framework.labels.get(name, name) for name in items["competency"]],
            "item": list(items.index),
            "wording": list(items["self_wording"].fillna("")),
            "peer_wording": list(items["peer_wording"].fillna("")),
            "reversed": ["yes" if reverse else "" for reverse in items["reverse"]],
            "evidence": list(items["evidence"].fillna("").str.replace(";", ", ")),
            "decision": "asked" if decided is None else [decided.get(item, "") for item in items.index],
        }
    )
    kept = frame if decided is None else frame[frame["decision"] == "keep"]
    order = {framework.labels.get(name, name): place for place, name in enumerate(framework.competencies.index)}
    return kept.sort_values("competency", key=lambda column: column.map(order), kind="stable").reset_index(drop=True)


def documents(framework: Framework, items: pd.DataFrame, title: str) -> dict[str, bytes]:
    """Return the final framework as files, one entry an ending: ``csv``, ``docx``, ``pdf``."""
    notice = framework.description.notice if framework.is_placeholder else ""
    return {
        "csv": items.to_csv(index=False, lineterminator="\n").encode(),
        "docx": _word(framework, items, title, notice),
        "pdf": _pdf(framework, items, title, notice),
    }


def _word(framework: Framework, items: pd.DataFrame, title: str, notice: str) -> bytes:
    """Return the items as a Word document without dates."""
    from docx import Document

    document = Document()
    document.core_properties.author, document.core_properties.title = "", document_property(title)
    document.add_heading(title, level=0)
    if notice:
        document.add_paragraph(notice)
    for competency, rows in items.groupby("competency", sort=False):
        document.add_heading(str(competency), level=1)
        document.add_paragraph(_definition(framework, str(competency)))
        for wording, reverse in zip(rows["wording"], rows["reversed"], strict=True):
            document.add_paragraph(f"{wording}{' (reversed)' if reverse else ''}", style="List Bullet")
    stream = io.BytesIO()
    document.save(stream)
    return undated(stream.getvalue())


def _pdf(framework: Framework, items: pd.DataFrame, title: str, notice: str) -> bytes:
    """Return the items as a PDF."""
    import typst

    parts = [
        {
            "label": str(competency),
            "definition": _definition(framework, str(competency)),
            "items": rows[["item", "wording", "reversed"]].to_dict("records"),
        }
        for competency, rows in items.groupby("competency", sort=False)
    ]
    content = json.dumps({"title": title, "notice": notice, "parts": parts}, ensure_ascii=False)
    pdf: bytes = typst.compile(TEMPLATE, sys_inputs={"framework": content}, ignore_system_fonts=True)
    return pdf


def _definition(framework: Framework, label: str) -> str:
    """Return the definition of a competency by its label."""
    found = framework.competencies[framework.competencies["label"] == label]
    return str(found["definition"].iloc[0]) if len(found) else ""
