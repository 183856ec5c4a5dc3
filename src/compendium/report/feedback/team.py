"""The report of one team: profile, spread, a sheet to agree on, and a guide for whoever leads the talk."""

from __future__ import annotations

from collections.abc import Sequence

from compendium.report.feedback.blocks import (
    Block,
    Chart,
    Document,
    Fields,
    Line,
    Points,
    ReportSection,
    Text,
    TextTable,
)
from compendium.report.feedback.setting import Setting, change_table
from compendium.steps.feedback.evidence import Evidence
from compendium.steps.feedback.teams import TeamFindings, TeamRow
from compendium.wording import number

GUIDE = ((("before", 4), ("steps", 6), ("after", 3)), (("numbers", 5), ("ask", 4), ("hard", 5)))
STEP = {"steps": "step"}


def team_report(setting: Setting, evidence: Evidence, found: TeamFindings, name: str = "") -> Document:
    """Return the report of one team; ``name`` stands in place of "Team ...", as for a specimen."""
    report = _Report(setting, evidence, found)
    title = setting.texts.team_title or setting.words("team-title")
    subtitle = f"{name or setting.words('team-of', team=found.team)}, {setting.subtitle}"
    sections = [section for section in report.sections() if section.blocks]
    return Document(title, subtitle, setting.notices, sections, setting.look)


class _Report:
    """The sections of one report."""

    def __init__(self, setting: Setting, evidence: Evidence, found: TeamFindings) -> None:
        self.setting, self.evidence, self.found, self.words = setting, evidence, found, setting.words
        self.needed = int(evidence.plan.disclosure.minimum_team.value)
        self.shown = [row for row in found.rows if row.mean is not None]

    def sections(self) -> list[ReportSection]:
        """Return every section."""
        w = self.words
        return [
            ReportSection(w("in-short"), [Points(self._short(), framed=True)]),
            ReportSection(w("how-to"), [Points(self._how())]),
            ReportSection(w("profile"), self._profile(), new_page=True),
            ReportSection(w("team-agree"), self._agreement(), new_page=True),
            ReportSection(w("change", date=self.setting.earlier), self._change()),
            ReportSection(w("team-peers"), self._peers()),
            ReportSection(w("sheet"), self._sheet(), new_page=True),
            ReportSection(
                w("team-talk"), [Points([w(f"team-talk-{name}") for name in ("know", "keep", "next")])], new_page=True
            ),
            ReportSection(w("team-plan"), self._plan()),
            ReportSection(w("limits"), [Points(self._limits()), Text(self.setting.contact_line())]),
            ReportSection(w("guide"), [Text(w("guide-intro"), lead=True), *self._guide(0)], new_page=True),
            ReportSection(w("guide-more"), self._guide(1), new_page=True),
            ReportSection(w("ready"), self._ready(), new_page=True),
        ]

    def _named(self, key: str, names: Sequence[str]) -> list[str]:
        """Return a sentence about competencies, none without one."""
        return [self.words(key, names=self.setting.listed(names))] if names else []

    def _short(self) -> list[str]:
        """Return the report in a few lines."""
        found, w = self.found, self.words
        sentences = [w("team-short-n", n=found.members)]
        named = self._named("team-short-strengths", found.strengths)
        named += self._named("team-short-priorities", found.priorities)
        sentences += named or [w("team-short-apart" if found.apart else "team-short-even")]
        above, below = ([row.competency for row in self.shown if row.place == side] for side in ("above", "below"))
        compared = self._named("team-short-above", above) + self._named("team-short-below", below)
        if not any(row.place for row in self.shown):
            return [*sentences, w("team-short-no-compare")]
        return sentences + (compared or [w("team-short-alike")])

    def _how(self) -> list[str]:
        """Say how to read the report."""
        w, scale = self.words, self.evidence.framework.scale
        ends = {"low_label": scale.labels[scale.minimum].lower(), "high_label": scale.labels[scale.maximum].lower()}
        score = w("team-how-score", low=str(scale.minimum), high=str(scale.maximum), **ends)
        sentences = [w("team-how-purpose"), score, w("team-how-range"), w("team-how-spread"), w("team-how-rounded")]
        return [*sentences, w("team-how-small", needed=self.needed), self._response()]

    def _response(self) -> str:
        """Say how many were asked; nothing where the roster and the answers tell different teams."""
        invited = (self.evidence.invited or {}).get(self.found.team, 0)
        if invited < self.found.members:
            return self.words("team-response")
        share = self.found.members / invited
        return self.words("team-response-known", n=self.found.members, invited=invited, share=share)

    def _profile(self) -> list[Block]:
        """Return the chart of the competencies."""
        scale, w = self.evidence.framework.scale, self.words
        keys = [("dot", w("key-team")), ("band", w("key-spread"))]
        keys += [("square", w("key-rest"))] if any(row.cohort is not None for row in self.found.rows) else []
        return [Chart(scale.minimum, scale.maximum, [self._line(row) for row in self.found.rows], keys)]

    def _line(self, row: TeamRow) -> Line:
        """Return one row of the chart."""
        (label, definition), w = self.setting.about(row.competency), self.words
        if row.mean is None:
            note = w("team-missing", n=row.members, needed=self.needed)
            return Line(label, definition, [], None, w("profile-alt", label=label, parts=note), note)
        marks = [self.setting.mark("dot", "alt-team", row.mean, row.lower, row.upper)]
        if row.cohort is not None:
            marks.append(self.setting.mark("square", "alt-rest", row.cohort, None, None))
        parts = ". ".join(mark.text for mark in marks)
        return Line(label, definition, marks, self._spread(row), w("profile-alt", label=label, parts=parts))

    def _spread(self, row: TeamRow) -> tuple[float, float] | None:
        """Return where about two thirds of the members are."""
        if row.mean is None or row.spread is None:
            return None
        scale = self.evidence.framework.scale
        return max(float(scale.minimum), row.mean - row.spread), min(float(scale.maximum), row.mean + row.spread)

    def _agreement(self) -> list[Block]:
        """Return how alike the members' views are, and how the team compares."""
        w = self.words
        if not self.shown:
            return []
        labels = self.evidence.framework.labels
        rows = [
            (
                labels[row.competency],
                w(f"team-{row.place.replace('_', '-')}") if row.place else w("team-not-compared"),
                number(row.agreement, 1),
                number(row.deviation, 1),
            )
            for row in self.shown
        ]
        header = (w("competency"), w("team-compare-head"), w("team-agree-head"), w("team-deviation-head"))
        return [Text(w("team-agree-intro")), TextTable(header, rows, (4, 3, 2, 2))]

    def _change(self) -> list[Block]:
        """Return the change since an earlier wave, or why it is not shown; nothing without one."""
        w, found = self.words, self.found.change
        if self.evidence.team_changes is None:
            return []
        if found is None:
            return [Text(w("team-change-none", needed=self.needed))]
        intro = Text(w("team-change-intro", before=found.n_before, now=found.n_now))
        return [intro, change_table(self.setting, found.rows), Text(w("change-rules"))]

    def _peers(self) -> list[Block]:
        """Return colleagues' view of the members, or why it is not shown."""
        w, rated = self.words, self.found.rated
        if rated is None:
            return [Text(w("team-peers-not-asked"))]
        if all(row.peers is None for row in self.found.rows):
            return [Text(w("team-peers-why", needed=self.needed, n=rated))]
        labels = self.evidence.framework.labels
        rows = [
            (labels[row.competency], number(row.peers, 1) if row.peers is not None else w("team-peers-none"))
            for row in self.found.rows
        ]
        return [Text(w("team-peers-intro", n=rated)), TextTable((w("competency"), w("colleagues")), rows, (3, 2))]

    def _sheet(self) -> list[Block]:
        """Return the sheet on which a workshop goes from single views to a shared one; widest apart first."""
        w = self.words
        order = sorted(self.found.rows, key=lambda row: -(row.deviation if row.deviation is not None else -1.0))
        wide = self._named("sheet-wide", self.found.talk_first)
        rows = [(self.evidence.framework.labels[row.competency], self._range(row), "", "", "") for row in order]
        scale = self.evidence.framework.scale
        mine = w("sheet-mine", low=str(scale.minimum), high=str(scale.maximum))
        header = (w("competency"), w("sheet-apart"), mine, w("sheet-ours"), w("sheet-why"))
        return [
            Text(w("sheet-intro")),
            *[Text(sentence, lead=True) for sentence in wide],
            TextTable(header, rows, (4, 3, 2, 3, 4), tall=True),
        ]

    def _range(self, row: TeamRow) -> str:
        """Return the range of the members' answers."""
        spread = self._spread(row)
        if row.mean is None or spread is None:
            return self.words("sheet-none")
        return self.words("sheet-range", mean=row.mean, low=spread[0], high=spread[1])

    def _ready(self) -> list[Block]:
        """Return the readiness questions of the framework."""
        themes = self.setting.texts.readiness
        if not themes:
            return []
        return [Text(self.words("ready-intro")), *[Points(theme.questions, theme.theme) for theme in themes]]

    def _plan(self) -> list[Block]:
        """Return a page to write on."""
        return [Fields([(self.words(f"team-plan-{name}"), 3) for name in ("keep", "try", "partners", "know")])]

    def _limits(self) -> list[str]:
        """Describe the limits of the report."""
        return [self.words(name) for name in ("limits-once", "team-limits-self", "team-limits-use")]

    def _guide(self, page: int) -> list[Block]:
        """Return one page of the guide for whoever leads the talk."""
        w = self.words
        return [
            Points([w(f"guide-{STEP.get(part, part)}-{place}") for place in range(1, count + 1)], w(f"guide-{part}"))
            for part, count in GUIDE[page]
        ]
