"""Pictures of the review read well, to the eye and to a screen reader."""

from __future__ import annotations

import xml.etree.ElementTree as ElementTree
from pathlib import Path

from review_rows import (
    NO_BOOTSTRAP,
    the_real_review,
)

from compendium import review as evidence
from compendium.report.figures import evidence as pictures
from compendium.report.figures.prisma import describe_flow, flow_diagram


def test_the_flow_diagram_reads_well_to_a_screen_reader(tmp_path: Path) -> None:
    review = the_real_review()
    flow = evidence.prisma_flow(review)
    diagram = flow_diagram(flow, review)
    path = tmp_path / "flow.svg"
    with path.open("wb") as stream:
        diagram.savefig(stream, format="svg", metadata={"Title": "Flow", "Description": "In words"})
    root = ElementTree.fromstring(path.read_text(encoding="utf-8"))
    space = "{http://www.w3.org/2000/svg}"
    assert root.get("role") == "graphics-document document"
    assert root.get("aria-labelledby") == "flow-title flow-description"
    assert [root.findtext(f"{space}{tag}") for tag in ("title", "desc")] == ["Flow", "In words"]
    spoken = [group.get("aria-label", "") for group in root.iter(f"{space}g") if "img" in (group.get("role") or "")]
    assert spoken[0].startswith(f"Identification: Reports identified: {flow.n('identified')}")
    assert spoken[-1].startswith(f"Included: Records included: {flow.n('included')}")
    texts = [node.text or "" for node in root.iter(f"{space}text")]
    assert any(f"Excluded on title and listing: {flow.n('title_excluded')}" in text for text in texts)
    assert not list(root.iter(f"{space}path"))  # text stays text


def test_boxes_of_the_flow_diagram_do_not_overlap_and_lines_fit() -> None:
    review = the_real_review()
    boxes = flow_diagram(evidence.prisma_flow(review), review).boxes  # type: ignore[attr-defined]
    for number, box in enumerate(boxes):
        assert all(len(line) <= 54 for line in box.lines)
        for other in boxes[number + 1 :]:
            apart = box.top + box.height < other.top or other.top + other.height < box.top
            assert box.column != other.column or apart


def test_the_flow_in_words_names_every_number() -> None:
    review = the_real_review()
    flow = evidence.prisma_flow(review)
    said = describe_flow(flow, review)
    for box in (
        "identified",
        "duplicates",
        "title_judged",
        "title_excluded",
        "facts_judged",
        "facts_excluded",
        "included",
    ):
        assert str(flow.n(box)) in said


def test_pictures_are_drawn_from_the_tables_as_they_come() -> None:
    review = the_real_review()
    labels = review.frame["label"].to_dict()
    agreement = evidence.coding_agreement(review, **NO_BOOTSTRAP)
    figures = [
        pictures.evidence_map_bubbles(evidence.evidence_map(review), labels),
        pictures.evidence_map_bubbles(
            evidence.evidence_map(review, evidence.appraisal_by_record(review)["yes_share"]), labels
        ),
        pictures.saturation_curve(evidence.saturation(review)),
        pictures.stopping_curve(evidence.inclusion_by_order(review, "title")),
        pictures.agreement_intervals(agreement, list(agreement["label"])),
        pictures.appraisal_bars(evidence.appraisal_summary(review)),
        pictures.yes_no_matrix(evidence.code_matrix(review, "study-framework"), labels),
    ]
    for figure in figures:
        figure.canvas.draw()
        assert all(axes.get_xlabel() for axes in figure.axes if axes.get_label() != "<colorbar>")
