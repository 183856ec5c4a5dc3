"""What a notebook opens first: the study of a cohort, and the way to keep results."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from functools import cached_property
from string import Formatter
from typing import TYPE_CHECKING, Any, Literal, TypeVar

import pandas as pd

from compendium.disclosure import ABOUT_NOBODY, Gate
from compendium.files import checksum, checksum_of
from compendium.outputs import catalogue
from compendium.outputs.notebook import Shown, ShownValues, show_in_notebooks
from compendium.outputs.runs import add_inputs, record_run
from compendium.outputs.saving import Noted, Origin, ResultError, Results, read_values
from compendium.outputs.sections import ABOUT_ANSWERS, OpenNotebook
from compendium.outputs.trail import Trail, open_trail
from compendium.paths import ResultFolders
from compendium.plan import Verdict, checksums
from compendium.plan_values import values_read
from compendium.study import Study, open_study

if TYPE_CHECKING:
    from types import FrameType

    from matplotlib.figure import Figure

    from compendium.framework import Framework

E = TypeVar("E", catalogue.Table, catalogue.Figure, catalogue.Value)

# Parts of the framework that a step reads beside the plan, the framework's tables and the cohort.
READ_BESIDE: dict[str, tuple[Literal["evidence", "consultation", "feedback"], ...]] = {
    "01_evidence_review": ("evidence",),
    "02_consultation": ("consultation",),
    "04_item_analysis": ("evidence", "consultation"),
    "09_feedback": ("feedback",),
}
# The word in captions that stands for the confidence of the plan's intervals.
CONFIDENCE = "confidence"
# What stands before the name of a value of the plan, and of one that a step kept, among the inputs of a run.
PLAN, VALUE = "study.yaml/", "values/"
# The step that reads the responses as they were handed in; later ones read what it prepared.
READS_RESPONSES = "03_cohort_quality"
# The steps that say how items are worded, or hold it against the wordings that were agreed; the others are not told, so
# that no other wording makes them stale.
SAYS_WORDINGS = ("02_consultation", "04_item_analysis", "09_feedback")


@dataclass(frozen=True)
class Step(Study):
    """An open step of the study for one cohort."""

    name: str

    @cached_property
    def people(self) -> int | None:
        """People in the self file; a step about their answers takes what the step that reads them has counted."""
        if self.name in ABOUT_ANSWERS and self.prepared.has("sheets"):
            return int(self.prepared.sheets["people"]["self"])
        return super().people

    @cached_property
    def whole_framework(self) -> Framework:
        """The framework with every item, worded where the step says wordings."""
        return _as_told(self.name, super().whole_framework)

    @cached_property
    def results(self) -> Results:
        """Where the step writes."""
        people = None if self.name in ABOUT_NOBODY else self.people
        gate = Gate(self.name, people, int(self.plan.disclosure.minimum_group.value))
        return Results(self.folders, self.name, gate)

    @property
    def entries(self) -> catalogue.Entries:
        """What the catalogue says of the results of this step."""
        return catalogue.entries(self.name)

    @cached_property
    def trail(self) -> Trail:
        """The trail of this run."""
        return open_trail()

    @cached_property
    def notebook(self) -> OpenNotebook:
        """The notebook that the step is run from."""
        return OpenNotebook(self.name, self)

    def keep(self, name: str, result: Any, *, note: str = "", **facts: Any) -> Any:
        """Keep a table, a figure or a rendered picture under its name in the catalogue.

        Parameters
        ----------
        result
            A table, a result with ``to_frame()``, a figure, or the bytes of a picture by ending.
        note
            What a reader of the table must know.
        facts
            What placeholders of the caption stand for; ``result`` is there as well.

        Returns
        -------
        Shown or Figure
            What the notebook shows.

        Raises
        ------
        ResultError
            When the catalogue has no entry, the name is taken, or no function of the study is behind the result.
        """
        origin = self._origin(name, result, sys._getframe(1))
        facts |= {"result": result, "plan": self.plan, "name": name}
        if hasattr(result, "savefig") or isinstance(result, Mapping):
            return self._keep_figure(name, result, origin, facts)
        entry = self._entry("tables", name, catalogue.Table)
        frame = result if isinstance(result, pd.DataFrame) else result.to_frame()
        caption, note = self._filled(entry.caption, facts), note or self._filled(entry.note, facts)
        written = self.results.table(
            name, frame, caption=caption, note=note, index=entry.index, origin=origin, kinds=entry.kinds
        )
        return Shown(written, entry.decimals, self.framework.labels, f"tables/{name}.csv")

    def _keep_figure(
        self, name: str, figure: Figure | Mapping[str, bytes], origin: Origin, facts: Mapping[str, Any]
    ) -> Figure | None:
        """Keep a figure, or a picture rendered elsewhere."""
        entry = self._entry("figures", name, catalogue.Figure)
        words = {"caption": self._filled(entry.caption, facts), "alt": self._filled(entry.alt, facts)}
        if isinstance(figure, Mapping):
            self.results.picture(name, figure, **words, origin=origin)
            return None
        return self.results.figure(name, figure, **words, origin=origin, endings=entry.endings)

    def keep_values(self, **values: Any) -> ShownValues:
        """Keep named values: numbers, texts, truth values, or :class:`Noted` with a note.

        What is not finite or not known is kept as None, with the reason in its note or "not defined".
        """
        frame = sys._getframe(1)
        return ShownValues({name: self._keep_value(name, value, frame) for name, value in values.items()})

    def keep_verdicts(self, verdicts: Mapping[str, Verdict]) -> ShownValues:
        """Keep what every gate said of this sample, one value a gate."""
        frame = sys._getframe(1)
        kept = {f"supported_{gate}": Noted(each.supported, each.finding.encoded) for gate, each in verdicts.items()}
        return ShownValues({name: self._keep_value(name, value, frame, verdicts) for name, value in kept.items()})

    def _keep_value(self, name: str, value: Any, frame: FrameType, made_from: Any = None) -> Noted:
        """Keep one value."""
        entry = self._entry("values", name, catalogue.Value)
        noted = value if isinstance(value, Noted) else Noted(value, "")
        origin = self._origin(name, made_from, frame)
        self.results.value(name, noted.value, note=noted.note, origin=origin, of_people=entry.of_people)
        return noted

    def _entry(self, kind: catalogue.Kind, name: str, of: type[E]) -> E:
        """Return the entry of a result, or refuse a result without one."""
        try:
            entry = self.entries.find(kind, name)
        except KeyError as error:
            raise ResultError(error.args[0]) from None
        assert isinstance(entry, of)
        return entry

    def _filled(self, words: str, facts: Mapping[str, Any]) -> str:
        """Fill the placeholders of a caption, a note or an alternative text."""
        if "{" not in words:
            return words
        known = {name: entry["value"] for name, entry in read_values(self.folders).items()}
        asked = {name.partition(".")[0] for _, name, _, _ in Formatter().parse(words) if name}
        if CONFIDENCE in asked:
            facts = {CONFIDENCE: f"{100 * self.plan.confidence.value:g} %", **facts}
        self._values_read.update(asked & known.keys() - facts.keys() - self.results.values.keys())
        try:
            return words.format(**{**known, **facts})
        except (KeyError, AttributeError, IndexError) as error:
            raise ResultError(
                f"the catalogue says {words!r} of {facts['name']!r}; {error} is not known here"
            ) from error

    @property
    def read(self) -> dict[str, str]:
        """The checksum of what was read so far: inputs, values of the plan, prepared tables, values of other steps."""
        plan = {f"{PLAN}{name}": total for name, total in checksums(values_read()).items()}
        values = value_checksums(self.folders, self._values_read)
        return {**plan, **self.inputs, **self.prepared.inputs(), **values}

    def note_run(self, *_: Any) -> None:
        """Record with what the step was run, and what it has read so far."""
        record_run(self.folders, self.name, self.read)

    def note_reading(self) -> None:
        """Record which sections of the notebook this cohort has."""
        add_inputs(self.folders, self.name, self.read)

    @cached_property
    def _values_read(self) -> set[str]:
        """Names of the values of other steps that stand in captions."""
        return set()

    @cached_property
    def inputs(self) -> dict[str, str]:
        """The checksum of what every result of the step rests on, beside the plan and what other steps made.

        The description of the cohort, the framework and what lies beside it; for the step that reads them as they were
        handed in, the responses.
        """
        framework = self.framework
        tables = {name: getattr(framework, name) for name in ("competencies", "items", "outcomes")}
        read = {"cohort.yaml": checksum_of(self.folder / "cohort.yaml")}
        read |= {f"framework/{name}": checksum(table.to_csv()) for name, table in tables.items()}
        read["framework/description"] = checksum(repr(framework.description))
        for part in READ_BESIDE.get(self.name, ()):
            folder = framework.part(part)
            files = sorted(path for path in folder.rglob("*") if path.is_file()) if folder else []
            read |= {f"framework/{part}/{path.relative_to(folder or path)}": checksum_of(path) for path in files}
        if self.name == READS_RESPONSES:
            asked = self.settings.files
            waves = [] if self.settings.waves is None else self.settings.waves.sources
            named = dict.fromkeys([*asked.sources("self"), *asked.sources("peer"), *waves, *asked.beside])
            responses = [name for name in named if (self.data / name).is_file()]
            read |= {f"responses/{name}": checksum_of(self.data / name) for name in responses}
        if "feedback" in READ_BESIDE.get(self.name, ()):
            beside = [self.data / name for name in self.settings.feedback.sources]
            beside += [self.folder / self.settings.feedback.logo] if self.settings.feedback.logo else []
            read |= {f"reports/{path.name}": checksum_of(path) for path in beside if path.is_file()}
        return read

    def _origin(self, name: str, result: Any, frame: FrameType) -> Origin:
        """Say where a result comes from, by the trail of the run."""
        self.trail.watch()
        names = self.notebook.written.get(name, frozenset(frame.f_code.co_names))
        calls = self.trail.behind(result, names, frame.f_globals, self.notebook.assigned)
        if not calls:
            raise ResultError(f"{name!r}: no function of the study is behind this; keep what one returned")
        statistics = {each for call in calls for each in call.statistics}
        self.note_run()
        return Origin(calls[-1].function, tuple(sorted(statistics)), self.notebook.cell)


def value_checksums(folders: ResultFolders, names: Iterable[str]) -> dict[str, str]:
    """Return the checksum of values of a cohort, as they stand among the inputs of a run."""
    saved = read_values(folders) if names else {}
    return {f"{VALUE}{name}": checksum(repr(saved.get(name, {}).get("value"))) for name in sorted(names)}


def _as_told(name: str, framework: Framework) -> Framework:
    """Return a framework as a step is told it: without wordings where it says none."""
    return framework if name in SAYS_WORDINGS else framework.without_wordings()


def open_step(name: str, *, cohort: str, data: str = "", results: str = "results") -> Step:
    """Open a step of the study.

    Parameters
    ----------
    name
        Name of the notebook without its ending.
    cohort, data, results
        As for :func:`compendium.study.open_study`.
    """
    show_in_notebooks()
    step = step_of(open_study(cohort, data, results), name)
    step.trail.watch()
    step.notebook.follow(step.note_run)
    return step


def step_of(study: Study, name: str) -> Step:
    """Return a step of an open study, to be asked and not run; steps of one study share its prepared tables."""
    given = {field.name: getattr(study, field.name) for field in fields(Study)}
    step = Step(**given | {"framework": _as_told(name, study.framework)}, name=name)
    vars(step)["prepared"] = study.prepared
    return step
