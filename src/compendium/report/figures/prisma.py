"""The PRISMA 2020 flow diagram of a review."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from compendium.report.figures.flow import FlowRow, flow_of, in_words
from compendium.review.loading import Review
from compendium.review.protocol import SOURCE_KINDS
from compendium.review.screening import Flow

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def flow_diagram(flow: Flow, review: Review) -> Figure:
    """Draw the flow diagram.

    Parameters
    ----------
    flow
        Counts of every box, as :func:`compendium.review.prisma_flow` returns them.
    review
        Names the stages and the reasons.

    References
    ----------
    Page, M. J., et al. (2021). The PRISMA 2020 statement. BMJ, 372, n71.
    """
    diagram = flow_of(_rows(flow, review), "Flow of records through the review", describe_flow(flow, review))
    return cast("Figure", diagram)


def describe_flow(flow: Flow, review: Review) -> str:
    """Return the diagram in words, for those who do not see it."""
    return in_words(_rows(flow, review))


def _rows(flow: Flow, review: Review) -> list[FlowRow]:
    """Return the text of the main box and of the box beside it, row by row."""
    kinds = [f"   {label}: {flow.n(f'identified_{kind}')}" for kind, label in SOURCE_KINDS.items()]
    identified = [f"Reports identified: {flow.n('identified')}", *kinds]
    rows = [FlowRow("Identification", identified, [f"Duplicates joined: {flow.n('duplicates')}"])]
    for stage in review.protocol.stages:
        reasons = flow.reasons[flow.reasons["stage"] == stage.id]
        side = [f"{stage.excluded}: {flow.n(f'{stage.id}_excluded')}"]
        side += [f"   {label}: {n}" for label, n in zip(reasons["label"], reasons["n"], strict=True)]
        side += [
            f"{label}: {flow.n(f'{stage.id}_{box}')}"
            for box, label in (
                ("conflict", "Conflict not yet settled"),
                ("awaiting", "Awaiting decisions"),
                ("not_retrieved", "Reports not retrieved"),
            )
            if (flow.boxes["box"] == f"{stage.id}_{box}").any() and flow.n(f"{stage.id}_{box}")
        ]
        rows.append(FlowRow("Screening", [f"{stage.label}: {flow.n(f'{stage.id}_judged')}"], side))
    included = [f"Records included: {flow.n('included')}", f"   Reports of them: {flow.n('included_reports')}"]
    return [*rows, FlowRow("Included", included)]
