"""The view for a board: two pages, no team by name, no rank."""

from __future__ import annotations

from compendium.report.feedback.blocks import Block, Chart, Document, Line, Points, ReportSection, Text, TextTable
from compendium.report.feedback.setting import Setting
from compendium.steps.feedback.evidence import Evidence
from compendium.steps.feedback.organisation import WholeFindings, WholeRow


def board_report(setting: Setting, evidence: Evidence, found: WholeFindings) -> Document:
    """Return the view for a board."""
    w, scale = setting.words, evidence.framework.scale
    how = [w("board-how-1", low=str(scale.minimum), high=str(scale.maximum)), w("board-how-2"), w("board-how-3")]
    sections = [
        ReportSection(w("board-short"), [Points(_short(setting, found), framed=True)]),
        ReportSection(w("board-how"), [Points(how)]),
        ReportSection(w("board-whole"), [_chart(setting, evidence, found)]),
        ReportSection(w("board-spread"), _spread(setting, evidence, found), new_page=True),
        ReportSection(w("board-questions"), [Points([w(f"board-question-{place}") for place in (1, 2, 3)])]),
        ReportSection(
            w("board-limits"), [Points([w("board-limits-1"), w("board-limits-2")]), Text(setting.contact_line())]
        ),
    ]
    return Document(w("organisation-title"), setting.subtitle, setting.notices, sections, setting.look)


def _short(setting: Setting, found: WholeFindings) -> list[str]:
    """Return coverage and response."""
    w = setting.words
    if found.invited is None:
        sentences = [w("board-people", n=found.people), w("board-response-unknown")]
    else:
        sentences = [w("board-response", n=found.people, invited=found.invited, share=found.people / found.invited)]
    peers = w("board-peers-not-asked") if found.with_peers is None else w("board-peers", n=found.with_peers)
    if found.teams is None or found.reported is None:
        return [*sentences, peers, w("board-teams-not-asked")]
    return [*sentences, peers, w("board-teams", reported=found.reported, teams=found.teams)]


def _chart(setting: Setting, evidence: Evidence, found: WholeFindings) -> Chart:
    """Return the chart of the whole group."""
    w, scale = setting.words, evidence.framework.scale
    keys = [("dot", w("board-key"))]
    keys += [("band", w("board-key-teams"))] if any(row.teams for row in found.rows) else []
    return Chart(scale.minimum, scale.maximum, [_line(setting, evidence, row) for row in found.rows], keys)


def _line(setting: Setting, evidence: Evidence, row: WholeRow) -> Line:
    """Return one row of the chart."""
    label, w = evidence.framework.labels[row.competency], setting.words
    marks = [] if row.mean is None else [setting.mark("dot", "alt-cohort", row.mean, row.lower, row.upper)]
    if row.teams is None:
        spread = [] if evidence.teams is None else [w("board-teams-few")]
    else:
        spread = [w("board-teams-alt", lower=row.teams[0], upper=row.teams[1])]
    notes = ([w("board-too-few")] if row.mean is None else []) + (spread if row.teams is None else [])
    parts = ". ".join([mark.text for mark in marks] + spread) or w("board-too-few")
    return Line(label, "", marks, row.teams, w("profile-alt", label=label, parts=parts), " ".join(notes))


def _spread(setting: Setting, evidence: Evidence, found: WholeFindings) -> list[Block]:
    """Return how many teams lie where, in no order and without a name."""
    w = setting.words
    if found.reported is None:
        return [Text(w("board-teams-not-asked"))]
    if found.reported < evidence.plan.feedback.fewest_teams.value:
        return [Text(w("board-teams-few"))]
    rows = [
        (
            evidence.framework.labels[row.competency],
            str(row.above),
            str(found.reported - row.above - row.below),
            str(row.below),
        )
        for row in found.rows
    ]
    header = (w("competency"), w("board-above"), w("board-no-difference"), w("board-below"))
    return [TextTable(header, rows, (4, 2, 2, 2))]
