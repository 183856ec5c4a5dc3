"""The report of one person: findings in words, nothing said that this person's data do not carry."""

from __future__ import annotations

from collections.abc import Sequence

from compendium.report.feedback.blocks import (
    Block,
    Boxes,
    Chart,
    Document,
    Fields,
    Line,
    Mark,
    Points,
    ReportSection,
    Statement,
    StatementBlock,
    Text,
    TextTable,
)
from compendium.report.feedback.setting import Setting, change_table
from compendium.steps.feedback import Evidence, ItemRow, PersonFindings, ProfileRow, RaterBlock

# Lines to write on: a long answer, a short one.
LONG, SHORT = 3, 2


def individual_report(setting: Setting, evidence: Evidence, found: PersonFindings) -> Document:
    """Return the report of one person."""
    report = _Report(setting, evidence, found)
    title = setting.texts.individual_title or setting.words("individual-title")
    subtitle = f"{found.person}, {setting.subtitle}"
    sections = [section for section in report.sections() if section.blocks]
    return Document(title, subtitle, setting.notices, sections, setting.look)


class _Report:
    """The sections of one report."""

    def __init__(self, setting: Setting, evidence: Evidence, found: PersonFindings) -> None:
        self.setting, self.evidence, self.found = setting, evidence, found
        self.words = setting.words
        self.needed = int(evidence.plan.disclosure.minimum_raters.value)
        self.peers_shown = any(row.peers.value is not None for row in found.rows)

    def sections(self) -> list[ReportSection]:
        """Return every section; those without blocks have nothing to say about this person."""
        w = self.words
        return [
            ReportSection(w("in-short"), [Points(self._short(), framed=True)]),
            ReportSection(w("how-to"), [Points(self._how())]),
            ReportSection(w("who"), [Points(self._who())]),
            ReportSection(w("profile"), self._profile(), new_page=True),
            ReportSection(w("views"), self._views(), new_page=True) if self.found.compared else self._alone(),
            ReportSection(w("groups"), self._groups()),
            ReportSection(w("items"), self._items()),
            ReportSection(w("unseen"), self._unseen()),
            ReportSection(w("importance"), self._importance()),
            ReportSection(w("change", date=self.setting.earlier), self._change()),
            ReportSection(w("comments"), self._comments()),
            ReportSection(w("talk"), [Points(self._talk())]),
            ReportSection(w("ideas"), self._ideas(), new_page=True),
            ReportSection(w("plan"), self._plan(), new_page=True),
            ReportSection(w("limits"), [Points(self._limits()), Text(self.setting.contact_line())]),
        ]

    # What the first page says

    def _short(self) -> list[str]:
        """Return the report in a few lines."""
        found, w = self.found, self.words
        sentences = self._named("short-strengths", found.strengths) + self._named("short-priorities", found.priorities)
        sentences += self._named("short-hidden", found.having("hidden_strength"))
        sentences += self._named("short-blind", found.having("blind_spot"))
        if found.compared and not sentences:
            sentences.append(w("short-views-alike"))
        elif not sentences and found.errors_known:
            even = "short-apart" if found.apart else "short-nothing"
            sentences.append(w("short-high") if found.high_throughout else w(even))
        elif not sentences:
            sentences.append(w("how-range-unknown"))
        if not self.peers_shown:
            sentences.append(w("short-no-peers", why=self._why_no_peers()))
        return sentences

    def _named(self, key: str, names: Sequence[str]) -> list[str]:
        """Return a sentence about competencies, none without one."""
        return [self.words(key, names=self.setting.listed(names))] if names else []

    def _how(self) -> list[str]:
        """Say how to read the report."""
        w, scale = self.words, self.evidence.framework.scale
        ends = {"low_label": scale.labels[scale.minimum].lower(), "high_label": scale.labels[scale.maximum].lower()}
        score = w("how-score", low=str(scale.minimum), high=str(scale.maximum), **ends)
        sentences = [w("how-purpose"), w("how-who"), score]
        sentences += [w("how-range"), w("how-named")] if self.found.errors_known else [w("how-range-unknown")]
        if self.peers_shown:
            sentences.append(w("how-peers"))
        return [*sentences, self._band_note()]

    def _band_note(self) -> str:
        """Say what the band is, and from when."""
        if all(row.band is None for row in self.found.rows):
            return self.words("how-band-hidden")
        if self.setting.dates is None:
            return self.words("how-band-undated")
        return self.words("how-band", start=self.setting.dates[0], end=self.setting.dates[1])

    def _who(self) -> list[str]:
        """State who answered."""
        answers, w = self.evidence.own.answers_of[self.found.person], self.words
        answered = sum(answer == answer for answer in answers.values())
        sentences = [w("who-self", answered=answered, asked=len(answers))]
        if not self.found.raters or self.found.raters < self.needed:
            return [*sentences, self._why_no_peers()]
        asked = None if self.evidence.asked is None else self.evidence.asked.get(self.found.person)
        if asked is None or asked < self.found.raters:
            return [*sentences, w("who-peers", n=self.found.raters), w("who-unknown"), self._who_groups()]
        return [*sentences, w("who-asked", n=self.found.raters, asked=asked), self._who_groups()]

    def _who_groups(self) -> str:
        """State how many colleagues of each group answered, as far as groups are shown apart."""
        w, blocks = self.words, self.found.blocks
        if blocks is None:
            return w("who-teams")
        if not blocks:
            return w("who-groups-few", needed=self.needed)
        return w("who-groups", groups="; ".join(self._block(block) for block in blocks))

    def _block(self, block: RaterBlock) -> str:
        """Return the groups of a block, and how many colleagues they are."""
        labels = [label or self.words("who-group-unsaid") for label in block.groups]
        return self.words("who-group", label=self.words.listed(labels), n=block.raters)

    def _why_no_peers(self) -> str:
        """Say why colleagues' view is not shown."""
        raters = self.found.raters
        if raters is None:
            return self.words("who-not-asked")
        if raters == 0:
            return self.words("who-nobody")
        return self.words("who-too-few", needed=self.needed)

    # The profile

    def _profile(self) -> list[Block]:
        """Return the chart of the competencies."""
        scale, w = self.evidence.framework.scale, self.words
        keys = [("dot", w("key-own"))] + ([("diamond", w("key-peers"))] if self.peers_shown else [])
        keys += [("band", w("key-band"))] if any(row.band for row in self.found.rows) else []
        return [Chart(scale.minimum, scale.maximum, [self._line(row) for row in self.found.rows], keys)]

    def _groups(self) -> list[Block]:
        """Return what each group of colleagues says, where groups are shown apart."""
        w, blocks = self.words, self.found.blocks or ()
        if not any(block.means for block in blocks):
            return []
        labels, few = self.evidence.framework.labels, w("groups-few")
        rows = [
            (
                labels[name],
                *(w("groups-mean", value=each.means[name]) if name in each.means else few for each in blocks),
            )
            for name in self.evidence.scales
        ]
        header = (w("competency"), *map(self._block, blocks))
        return [Text(w("groups-intro", needed=self.needed)), TextTable(header, rows, (3, *[2] * len(blocks)))]

    def _line(self, row: ProfileRow) -> Line:
        """Return one row of the chart, with all of it in words."""
        (label, definition), w = self.setting.about(row.competency), self.words
        marks: list[Mark] = []
        if row.own.value is not None:
            marks.append(self.setting.mark("dot", "alt-own", row.own.value, row.own.lower, row.own.upper))
        if row.peers.value is not None:
            marks.append(self.setting.mark("diamond", "alt-peers", row.peers.value, row.peers.lower, row.peers.upper))
        notes = [w("no-own")] if row.own.value is None else []
        notes += [w("no-peers-here")] if self.peers_shown and row.peers.value is None else []
        band = [] if row.band is None else [w("alt-band", lower=row.band[0], upper=row.band[1])]
        words = w("profile-alt", label=label, parts=". ".join([mark.text for mark in marks] + band) or notes[0])
        return Line(label, definition, marks, row.band, words, " ".join(notes))

    # Where views meet

    def _views(self) -> list[Block]:
        """Return where own and colleagues' views meet and differ."""
        w, found, n = self.words, self.found, self.found.compared
        boxes = [self._box(view) for view in ("shared-strength", "hidden-strength", "blind-spot", "shared-development")]
        alike = found.having("no_clear_difference")
        intro = Text(w("views-one-intro") if n == 1 else w("views-intro", n=n))
        if len(alike) == n:
            return [intro, Text(w("views-alike-all"), lead=True)]
        rest = [Text(w("views-alike", names=self.setting.listed(alike)))] if alike else []
        return [intro, Boxes(boxes), *rest, Text(w("views-high", high=self.evidence.high))]

    def _box(self, view: str) -> Points:
        """Return one quadrant."""
        w, names = self.words, self.found.having(view.replace("-", "_"))  # type: ignore[arg-type]
        points = self.setting.labels(names) or [w("view-none")]
        return Points(points, w(f"view-{view}"), w(f"view-{view}-why"), framed=True)

    def _alone(self) -> ReportSection:
        """Return the section for a person without a peer view."""
        return ReportSection(self.words("own-only"), self._own_only(), new_page=True)

    def _own_only(self) -> list[Block]:
        """Return the highest and lowest of the person's own scores when there is no peer view."""
        w, found = self.words, self.found
        if not found.errors_known:
            return [Text(w("how-range-unknown"))]
        sentences = self._named("own-strengths", found.strengths) + self._named("own-priorities", found.priorities)
        if found.high_throughout:
            sentences.append(w("own-high", high=self.evidence.high))
        blocks: list[Block] = (
            [Points(sentences)] if sentences else [Text(w("short-apart" if found.apart else "own-even"), lead=True)]
        )
        why = w("no-peers-here") if self.found.raters and self.found.raters >= self.needed else self._why_no_peers()
        return [*blocks, Text(w("views-cannot", why=why))]

    # Single statements

    def _items(self) -> list[Block]:
        """Return the statements that stand out."""
        w, found = self.words, self.found
        parts = {
            "items-own-high": found.high_items, "items-own-low": found.low_items,
            "items-peer-high": found.peer_high_items, "items-peer-low": found.peer_low_items,
        }  # fmt: skip
        if not found.errors_known:
            return []
        if not any(parts.values()):
            return [Text(w("items-none"))]
        labels = self.evidence.framework.scale.labels
        ends = (labels[min(labels)].lower(), labels[max(labels)].lower())
        shown = [StatementBlock(w(key), [self._item(row) for row in rows]) for key, rows in parts.items() if rows]
        barred = any(row.cohort for rows in parts.values() for row in rows)
        key = [Text(w("items-key", low=ends[0], high=ends[1]))] if barred else []
        return [Text(w("items-intro")), *key, *shown]

    def _item(self, row: ItemRow) -> Statement:
        """Return a statement, and who answers what; bars run from the lowest answer as it was read to the highest."""
        (wording, reverse, _), scale = self.setting.statements[row.item], self.evidence.framework.scale
        turned = f" {self.words('items-turned')}" if reverse else ""
        own = self._label(row.item, row.own)
        sentences = [self.words("item-own", label=own) if own else self.words("item-own-none"), *self._colleagues(row)]
        codes = list(range(scale.minimum, scale.maximum + 1))
        shares = list(zip(row.cohort, codes, strict=True)) if row.cohort else []
        told = [self.words("item-share", share=share, label=self._label(row.item, code)) for share, code in shares]
        words = self.words("item-cohort", shares=", ".join(told)) if told else ""
        mark = None if row.own is None else int(row.own) - scale.minimum
        bars = [share for share, _ in shares]
        if reverse:
            bars, mark = bars[::-1], None if mark is None else len(codes) - 1 - mark
        return Statement(f"{wording}{turned}", sentences, bars, mark, words)

    def _colleagues(self, row: ItemRow) -> list[str]:
        """Say how colleagues answer, as far as it may be shown."""
        if not self.peers_shown:
            return []
        if row.bands:
            told = [self.words("item-band", n=n, low=str(low), high=str(high)) for low, high, n in row.bands if n]
            return [self.words("item-bands", bands=", ".join(told))]
        if row.peers is None:
            return [self.words("item-peers-none")]
        return [self.words("item-peers", value=row.peers)]

    def _label(self, item: str, answer: float | None) -> str:
        """Return the words of an answer as the person read them; a keyed answer of a reversed item is turned back."""
        if answer is None:
            return ""
        whole, (_, reverse, scale) = self.evidence.framework.scale, self.setting.statements[item]
        share = (answer - whole.minimum) / (whole.maximum - whole.minimum)
        code = scale.minimum + share * (scale.maximum - scale.minimum)
        if reverse:
            code = scale.minimum + scale.maximum - code
        return scale.labels.get(int(code + 0.5), str(int(code + 0.5))).lower()

    def _unseen(self) -> list[Block]:
        """Return the statements that colleagues did not rate."""
        known = self.setting.statements
        rows = [
            self.words("unseen-row", wording=known[item][0].rstrip("."), n=n, raters=raters)
            for item, n, raters in self.found.unseen
        ]
        return [Text(self.words("unseen-intro")), Points(rows)] if rows else []

    # What only some cohorts collect

    def _importance(self) -> list[Block]:
        """Return how important the person finds each competency, where that was asked."""
        importance, w = self.found.importance, self.words
        if importance is None:
            return []
        texts = {name: w("importance-value", value=importance[name]) if name in importance else w("importance-none")
                for name in self.evidence.scales}  # fmt: skip
        rows = [(self.evidence.framework.labels[name], text) for name, text in texts.items()]
        return [Text(w("importance-intro")), TextTable((w("competency"), w("importance-head")), rows, (3, 1))]

    def _change(self) -> list[Block]:
        """Return the change since an earlier wave, where there was one."""
        w, changes = self.words, self.found.changes
        if not self.setting.earlier:
            return []
        if changes is None:
            return [Text(w("change-none", date=self.setting.earlier))]
        return [Text(w("change-intro")), change_table(self.setting, changes), Text(w("change-rules"))]

    def _comments(self) -> list[Block]:
        """Return what colleagues wrote, where that was collected."""
        if self.setting.comments is None:
            return []
        written = self.setting.comments.get(self.found.person)
        if not written:
            needed = int(self.evidence.plan.feedback.comments_from.value)
            return [Text(self.words("comments-too-few", needed=needed))]
        return [Text(self.words("comments-intro")), Points(list(written))]

    # What to do with it

    def _ideas(self) -> list[Block]:
        """Return ideas and questions for each competency; where something is named, that is where to start."""
        w, texts = self.words, self.setting.texts.competencies
        first = [*self.found.priorities, *self.found.having("blind_spot")]
        known = [name for name in self.evidence.scales if name in texts]
        if not known:
            return [Text(w("ideas-none"))]
        labels = self.evidence.framework.labels
        start = [Text(w("ideas-first", names=self.setting.listed(first)), lead=True)] if first else []
        boxes = [Points([*texts[name].suggestions, *texts[name].questions], labels[name]) for name in known]
        return [Text(w("ideas-intro")), *start, Boxes(boxes)]

    def _talk(self) -> list[str]:
        """Return questions for a talk, chosen by what the report shows."""
        found, w = self.found, self.words
        if not self.peers_shown or not found.compared:
            about = w("talk-self")
        elif found.having("hidden_strength") or found.having("blind_spot"):
            about = w("talk-differ")
        else:
            about = w("talk-alike")
        return [w("talk-remember"), about, w("talk-next")]

    def _plan(self) -> list[Block]:
        """Return a page to write on."""
        lines = {"strength": LONG, "change": LONG, "when": SHORT, "help": SHORT, "know": SHORT, "review": 1}
        fields = [(self.words(f"plan-{name}"), count) for name, count in lines.items()]
        return [Text(self.words("plan-intro")), Fields(fields)]

    def _limits(self) -> list[str]:
        """Describe the limits of the report."""
        w = self.words
        sentences = [w("limits-once"), w("limits-use")]
        sentences += [w("limits-few", n=self.found.raters or 0)] if self.peers_shown else []
        return sentences + ([w("limits-chance")] if self.found.errors_known else [])
