"""The words a page may use in double braces: values, tables, figures and questions about the cohort.

Each is a method of :class:`Prose` without leading underscore, and a page calls it by that name. Every number, table and
figure carries a link to its trail.
"""

from __future__ import annotations

import datetime
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from typing import Any

import pandas as pd

from compendium import rounding as tables
from compendium.disclosure import SUPPRESSED
from compendium.faults import suggest
from compendium.plan import GATES
from compendium.report.book import brief, checklists, explorer, listings, markdown, passports
from compendium.report.book.faults import BookError
from compendium.report.book.reference.inventory import STATISTICS, read_inventory
from compendium.report.book.saved import SavedValue
from compendium.report.book.shortened import shortened
from compendium.report.book.subject import Subject
from compendium.report.book.trail import address

# What the builder puts in the place of these.
RESULTS_MARK = "<!-- every result -->"
FUNCTIONS_MARK = "<!-- every function -->"
GLOSSARY_MARK = "<!-- glossary -->"
EXPLORER_MARK = "<!-- explorer -->"
MARKS = (RESULTS_MARK, FUNCTIONS_MARK, GLOSSARY_MARK, EXPLORER_MARK)
NO_BREAK = "\N{NO-BREAK SPACE}"


@dataclass
class Prose:
    """The functions of one page."""

    study: Subject

    def value(self, name: str, decimals: int = 2) -> str:
        """Write a saved number; one that is not defined is said in words."""
        return self._linked(name, lambda content: tables.number(content, decimals))

    def percent(self, name: str, decimals: int = 0) -> str:
        """Write a saved share as a percentage."""
        return self._linked(name, lambda content: tables.percent(content, decimals).replace(" ", NO_BREAK))

    def counted(self, name: str, one: str, many: str) -> str:
        """Write a saved count with the words that follow it, for one and for any other number."""
        return f"{self.value(name, 0)} {one if self.raw(name) == 1 else many}"

    def share(self, number: float) -> str:
        """Write a share that stands in the plan as a percentage."""
        return tables.percent(number).replace(" ", NO_BREAK)

    def day(self, date: datetime.date) -> str:
        """Write a day as in a sentence."""
        return f"{date.day} {date:%B %Y}".replace(" ", NO_BREAK)

    def p(self, name: str) -> str:
        """Write a saved p value with its sign, as in ``= .032`` or ``< .001``."""
        return self._linked(name, lambda content: _with_sign(tables.p_value(content)))

    def text(self, name: str) -> str:
        """Write a saved text, with a mark that leads to its trail; groupings are written as their labels."""
        return self._marked(name, self._written(name, self._named))

    def raw(self, name: str) -> Any:
        """Return a saved value for a question in the page, such as whether it is above zero."""
        return self.study.saved.value(name).content

    def table(
        self,
        name: str,
        decimals: int = 2,
        columns: Sequence[str] | None = None,
        rows: int | None = None,
        labels: bool = False,
        where: Mapping[str, Any] | None = None,
        headings: Mapping[str, str] | None = None,
        intervals: Mapping[str, Sequence[str]] | None = None,
        folded: str = "",
        part: str = "",
    ) -> str:
        """Show a saved table with its caption and origin.

        Parameters
        ----------
        name
            Name under which a step saved it.
        decimals
            Decimals of its numbers.
        columns
            Columns to show, in this order, of those that have an entry; all of these when left out. ``b[0-9]`` stands
            for b1, b2 and so on, as many as there are.
        rows
            The first so many rows only.
        labels
            Whether ids of competencies and scales are written as their labels.
        where
            Column and the value, or list of values, that a shown row has in it.
        headings
            Column name to the heading shown.
        intervals
            Column of an estimate to the columns of its lower and upper limit, which are then written behind it.
        folded
            Words behind which a long table is folded away.
        part
            What is shown of it, where a page shows it in several parts; the caption says so.
        """
        saved = self.study.saved.table(name)
        limits = [bound for pair in (intervals or {}).values() for bound in pair]
        frame = selected(saved.frame, name, [*columns, *limits] if columns else None, rows, where)
        if frame.empty:
            return ""
        kept, left_out = shortened(saved.frame.loc[frame.index])
        frame = frame.loc[kept]
        intervals = {of: pair for of, pair in (intervals or {}).items() if {of, *pair} <= set(frame)}
        known = [bound for pair in intervals.values() for bound in pair]
        frame = frame.drop(columns=[bound for bound in limits if bound in frame and bound not in known])
        words = self.study.labels if labels else None
        body = markdown.pipe_table(frame, decimals=decimals, labels=words, headings=headings, intervals=intervals)
        origin = markdown.origin_line(address("table", name, saved.origin), f"files/tables/{name}.csv")
        caption = f"{saved.caption}: {part}" if part else saved.caption
        note = " ".join(filter(None, (self.study.in_words(saved.note), left_out)))
        about = replace(saved, caption=caption, note=note)
        shown = markdown.saved_table(about, body, origin, len(frame.columns) - len(known))
        return markdown.folded(folded, shown) if folded else shown

    def told(self, name: str, column: str) -> bool:
        """Say whether a saved table has an entry in a column: without one a figure of it would be empty."""
        return _says_something(self.study.saved.table(name).frame[column])

    def figure(self, name: str) -> str:
        """Show a saved figure with its caption, alternative text and origin."""
        saved = self.study.saved.figure(name)
        origin = markdown.origin_line(address("figure", name, saved.origin))
        return markdown.figure(saved, f"/figures/{name}.svg", origin)

    def document(self, name: str, words: str) -> str:
        """Link to a saved document."""
        self.study.saved.figure(name)
        return f'<a href="files/figures/{name}.pdf">{words}</a>'

    def claims_in_brief(self) -> str:
        """List the claims for someone who knows no statistics."""
        origin = self.study.saved.table(brief.TABLE).origin
        return brief.claims(self.study, address("table", brief.TABLE, origin))

    def final_framework(self) -> str:
        """List the items of the final framework, wording first, each with the way to its passport."""
        items = self.study.final_items
        parts = []
        for competency, rows in items.groupby("competency", sort=False):
            lines = [
                f"- {markdown.escape(row['wording'])} {passports.link(row['item'], self.study)}"
                for row in rows.to_dict("records")
            ]
            parts.append("\n".join([f"**{markdown.escape(competency)}**\n", *lines]))
        return "\n\n".join(parts)

    def passports(self) -> str:
        """Show the passport of every item, one competency after the other."""
        return passports.written(self.study, self.figure)

    def listing(self, name: str, **about: Any) -> str:
        """Show a table of what went in (framework, plan, cohort settings), with the file it comes from."""
        listing = listings.listing(name, self.study, **about)
        if listing.frame.empty:
            return ""
        body = markdown.pipe_table(listing.frame)
        shown = markdown.captioned_table(body, listing.caption)
        return f"{shown}\n\n{markdown.aside(f'From {listing.origin}', 'origin')}"

    def collected(self, what: str) -> bool:
        """Say whether the cohort collected ``peers``, ``outcomes``, ``teams``, a group, or can have ``feedback``."""
        from compendium.study import carries, known_parts

        study, known = self.study, set(known_parts(self.study.settings))
        if what not in known:
            raise BookError(f"nothing called {what!r} can be collected; {suggest(what, sorted(known))}")
        return carries(what, study.settings, study.framework, study.plan)

    def outcomes_point_one_way(self) -> bool:
        """Say whether more of every own outcome is better, or worse: correlations with them can then be averaged."""
        outcomes = self.study.framework.outcomes
        asked = outcomes[outcomes["scale"].isin(self.study.settings.outcomes)]
        return len(set(asked["scale"])) == 1 or set(asked["higher_is"]) in ({"better"}, {"worse"})

    def supported(self, gate: str) -> bool:
        """Say whether this sample carries an analysis."""
        return self.study.saved.value(self._gate(gate)).content is True

    def used(self, statistic: str, step: str = "") -> bool:
        """Say whether a result of this cohort, or of one of its steps, rests on a statistic: ``irt.item_fit``."""
        name = f"{STATISTICS}.{statistic}"
        if read_inventory().find(name) is None:
            raise BookError(f"there is no public statistic {name!r}")
        found = self.study.saved.statistics
        return name in (found.get(step, frozenset()) if step else frozenset().union(*found.values()))

    def reason(self, gate: str) -> str:
        """Say in words what the gate of an analysis found."""
        name = self._gate(gate)
        return self._marked(name, markdown.escape(self.study.in_words(self.study.saved.value(name).note)))

    def page(self, name: str, words: str) -> str:
        """Link to a page, or write the words alone where this book leaves the page out."""
        return f"[{words}]({name}.md)" if name in self.study.pages else words

    def notebook(self, name: str) -> str:
        """Link to an executed notebook, or name it where it was not run."""
        appendix = self._appendix(name)
        return f"{{doc}}`{name} </{appendix}>`" if appendix else f"`{name}`"

    def plain(self, words: Any) -> str:
        """Write text that did not come from a page so that Markdown leaves it alone."""
        return markdown.escape(words)

    def checklist(self, name: str) -> str:
        """Show a reporting checklist, each row with the way to its answer or the reason why there is none."""
        return checklists.written(name, self)

    def every_result(self) -> str:
        """List every result of the cohort with a link to its trail; the builder puts the list in."""
        return RESULTS_MARK

    def every_function(self) -> str:
        """List every page of functions; the builder puts the list in."""
        return FUNCTIONS_MARK

    def explorer(self) -> str:
        """Let readers pick an item, a source and a group; the builder puts it in."""
        return EXPLORER_MARK

    def groups_to_pick(self) -> str:
        """Say of which groupings the explorer holds the largest groups only; nothing where it holds all."""
        counted = explorer.left_out(self.study)
        said = [f"Of {every:,} groups of {markdown.escape(name)} the {kept:,} largest" for name, kept, every in counted]
        return f"{'; '.join(said)} can be picked and stand below; the file has all." if said else ""

    def answers_by_group(self) -> str:
        """Show what the explorer shows of groups as tables, one a competency."""
        saved = self.study.saved.table(explorer.ANSWERS)
        origin = markdown.origin_line(address("table", saved.name, saved.origin), f"files/tables/{saved.name}.csv")
        parts = []
        for name, frame in explorer.means(self.study):
            about = replace(saved, caption=f"Mean answers by group: {name}", note="")
            parts.append(markdown.saved_table(about, markdown.pipe_table(frame), origin, len(frame.columns)))
        return markdown.folded("Mean answers by group, as tables", "\n\n".join(parts))

    def glossary(self) -> str:
        """List every term with its meaning; the builder puts the list in."""
        return GLOSSARY_MARK

    def _written(self, name: str, write: Any) -> str:
        """Write a value; say the note where there is none."""
        saved = self.study.saved.value(name)
        text = self.study.in_words(saved.note) or "not defined" if saved.content is None else _apply(write, saved)
        return markdown.escape(text) if isinstance(saved.content, str) or saved.content is None else text

    def _named(self, text: Any) -> str:
        """Write a text in words, or the labels of the groupings that it lists."""
        listed, groups = str(text).split(", "), self.study.settings.groups
        return (
            ", ".join(groups[each].label for each in listed)
            if set(listed) <= set(groups)
            else self.study.in_words(text)
        )

    def _linked(self, name: str, write: Any) -> str:
        """Write a number as a link to its trail."""
        origin = self.study.saved.value(name).origin
        return markdown.trail_link(address("value", name, origin), self._written(name, write))

    def _marked(self, name: str, words: str) -> str:
        """Write words with a mark behind them that leads to their trail."""
        return f"{words}{markdown.trail_mark(address('value', name, self.study.saved.value(name).origin))}"

    def _gate(self, gate: str) -> str:
        """Return the name of the value that holds a gate's answer."""
        if gate not in GATES:
            raise BookError(f"the plan has no gate {gate!r}; {suggest(gate, GATES)}")
        return f"supported_{gate}"

    def _appendix(self, notebook: str) -> str | None:
        """Return the book's page of an executed notebook."""
        return f"notebooks/{notebook}" if self.study.saved.notebook(notebook) else None


def _apply(write: Any, saved: SavedValue) -> str:
    """Write a value, or say that its type does not fit."""
    try:
        return str(write(saved.content))
    except (TypeError, ValueError) as error:
        raise BookError(f"value {saved.name!r} is {saved.content!r} and cannot be written so") from error


def _with_sign(p_value: str) -> str:
    """Put an equals sign before a p value that has no sign of its own."""
    return p_value.replace(" ", NO_BREAK) if p_value.startswith("<") else f"={NO_BREAK}{p_value}"


def selected(
    frame: pd.DataFrame,
    name: str,
    columns: Sequence[str] | None,
    rows: int | None,
    where: Mapping[str, Any] | None,
) -> pd.DataFrame:
    """Return the rows and columns of a saved table that are asked for."""
    columns = None if columns is None else [each for column in columns for each in _matching(column, frame)]
    for column in (*(columns or ()), *(where or {})):
        if column not in frame.columns:
            raise BookError(f"table {name!r} has no column {column!r}; {suggest(column, frame.columns)}")
    for column, wanted in (where or {}).items():
        frame = frame[frame[column].isin(wanted if isinstance(wanted, list) else [wanted])]
    asked = list(columns or frame.columns)
    chosen = [column for column in asked if _says_something(frame[column])]
    return frame[chosen or asked].head(len(frame) if rows is None else rows)


def _matching(column: str, frame: pd.DataFrame) -> list[str]:
    """Return the columns that a pattern such as ``b[0-9]`` stands for; a plain name stands for itself."""
    return [name for name in map(str, frame) if fnmatchcase(name, column)] if "[" in column else [column]


def _says_something(column: pd.Series[Any]) -> bool:
    """Say whether a column has an entry at all; that nothing is suppressed is none."""
    if column.name == SUPPRESSED and not column.empty:
        return bool(column.isin([True]).any())
    return bool((column.notna() & (column.astype(object) != "")).any()) or column.empty
