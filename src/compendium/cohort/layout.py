"""Which column of a response file holds what, and which columns should not be there."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from compendium.cohort.schema import RATER_GROUP, ROW_NUMBER, CohortSettings
from compendium.faults import Fault, suggest
from compendium.framework import Framework
from compendium.framework.translations import answer_labels, not_applicable_labels, outcome_answer_labels
from compendium.inputs import yaml_fault

Form = Literal["self", "peer"]


@dataclass(frozen=True)
class Question:
    """An item or outcome item of a form: where it stands in the file, its codes, their labels and its direction."""

    item: str
    column: str
    scale: str
    minimum: int
    maximum: int
    reverse: bool
    outcome: bool
    labels: Mapping[str, int] = field(default_factory=dict)

    @property
    def codes(self) -> range:
        """The codes that are answers."""
        return range(self.minimum, self.maximum + 1)


@dataclass(frozen=True)
class Layout:
    """What a response file should hold: the columns of its ids, its groups and its questions."""

    form: Form
    ids: tuple[str, ...]
    groups: tuple[str, ...]
    questions: tuple[Question, ...]
    group_names: Mapping[str, str] = field(default_factory=dict)

    @property
    def columns(self) -> list[str]:
        """Every column the file should have."""
        return [*self.ids, *self.groups, *(question.column for question in self.questions)]

    @property
    def meaning(self) -> dict[str, tuple[str, str]]:
        """What each column is read as, and the kind of thing that is."""
        ids = dict.fromkeys(self.ids, ("", "code of a person or rater"))
        groups = {column: (self.group_names.get(column, ""), "grouping") for column in self.groups}
        questions = {
            each.column: (each.item, "question on an outcome" if each.outcome else "question")
            for each in self.questions
        }
        return ids | groups | questions


def forms_of(settings: CohortSettings) -> list[Form]:
    """Return the forms that the cohort declares a file for."""
    return ["self"] if settings.files.peer_form is None else ["self", "peer"]


def layout_of(settings: CohortSettings, framework: Framework, form: Form) -> Layout:
    """Say what the self or the peer file of a cohort should hold."""
    own = form == "self"
    ids = [settings.person_id, *([] if own else [settings.rater_id])]
    groups = [group.column for group in settings.groups_of(form)]
    groups += [settings.weight.column] if own and settings.weight is not None else []
    rated = settings.self_ratings or not own
    competencies = _competency_questions(settings, framework) if rated else []
    groups += [settings.waves.anchor.column] if own and settings.waves and settings.waves.anchor else []
    questions = [*competencies, *_outcome_questions(settings, framework, form)]
    names = {group.column: name for name, group in settings.groups.items()} if own else {}
    names |= {settings.rater_group.column: RATER_GROUP} if settings.rater_group is not None and not own else {}
    names |= {} if settings.weight is None else {settings.weight.column: "weight"}
    names |= {settings.waves.anchor.column: "anchor"} if settings.waves and settings.waves.anchor else {}
    id_columns = tuple(column for column in ids if column != ROW_NUMBER)
    return Layout(form, id_columns, tuple(groups), tuple(questions), names)


def _competency_questions(settings: CohortSettings, framework: Framework) -> list[Question]:
    """Return the questions on the items asked."""
    return [
        Question(
            item=str(item),
            column=settings.columns.get(str(item), str(item)),
            scale=str(row["competency"]),
            minimum=int(row["minimum"]),
            maximum=int(row["maximum"]),
            reverse=bool(row["reverse"]),
            outcome=False,
            labels=_competency_labels(settings, framework, str(item)),
        )
        for item, row in framework.items.iterrows()
    ]


def _competency_labels(settings: CohortSettings, framework: Framework, item: str) -> dict[str, int]:
    """Return what people may have ticked, with its code: the framework's labels and those that the cohort declares."""
    scale, labels = framework.scale_of(item), answer_labels(framework, item)
    if settings.not_applicable:
        declared = settings.not_applicable
        code = scale.not_applicable if scale.not_applicable in declared else declared[0]
        labels |= dict.fromkeys(not_applicable_labels(framework, item), code)
    return labels | dict(settings.files.answers)


def _outcome_labels(settings: CohortSettings, framework: Framework, scale: str) -> dict[str, int]:
    """Return the labels of an outcome scale, where the framework or the cohort gives them."""
    return outcome_answer_labels(framework, scale) | dict(settings.files.answers)


def _outcome_questions(settings: CohortSettings, framework: Framework, form: Form) -> list[Question]:
    """Return the questions on the declared outcomes, which raters answer about themselves."""
    own = form == "self"
    declared = settings.outcomes if own else settings.peer_outcomes
    scales = framework.outcome_scales("self" if own else "rater", declared)
    rows = framework.outcomes.loc[[item for items in scales.values() for item in items]]
    return [
        Question(
            item=str(item),
            column=settings.columns.get(str(item), str(item)),
            scale=str(row["scale"]),
            minimum=int(row["minimum"]),
            maximum=int(row["maximum"]),
            reverse=bool(row["reverse"]),
            outcome=True,
            labels=_outcome_labels(settings, framework, str(row["scale"])),
        )
        for item, row in rows.iterrows()
    ]


def declaration_faults(settings: CohortSettings, framework: Framework, known: Iterable[str], path: Path) -> list[Fault]:
    """Name what ``cohort.yaml`` declares and the framework contradicts."""
    layouts = [layout_of(settings, framework, form) for form in forms_of(settings)]
    return [
        *_mapping_faults(settings, sorted(known), path),
        *(fault for layout in layouts for fault in _twice_faults(layout, path)),
        *_outcome_faults(settings, framework, path),
        *_code_faults(settings, framework, path),
    ]


def _mapping_faults(settings: CohortSettings, known: list[str], path: Path) -> list[Fault]:
    """Name mapped items that the framework lacks."""
    problem = "the framework has no such item"
    return [
        yaml_fault(path, "columns", item, problem=problem, action=suggest(item, known))
        for item in settings.columns
        if item not in known
    ]


def _twice_faults(layout: Layout, path: Path) -> list[Fault]:
    """Name columns that would be read as two things."""
    twice = [column for column, count in Counter(layout.columns).items() if count > 1]
    problem, action = f"a column of the {layout.form} file is declared twice", "let each column hold one thing"
    return [yaml_fault(path, problem=problem, action=action, value=column) for column in twice]


def _code_faults(settings: CohortSettings, framework: Framework, path: Path) -> list[Fault]:
    """Name codes for not applicable, and texts for missing, that are answers."""
    ends = zip(framework.items["minimum"], framework.items["maximum"], strict=True)
    ranges = [set(range(low, high + 1)) for low, high in dict.fromkeys(ends)]
    everywhere: set[int] = set.intersection(*ranges) if ranges else set()
    taken = [str(code) for code in (*sorted(set().union(*ranges)), *settings.not_applicable)]
    wrong = [("not_applicable", str(code)) for code in settings.not_applicable if code in everywhere]
    wrong += [("missing", text) for text in settings.missing if text in taken]
    problem, action = "this code has another meaning already", "leave it out here, or there"
    return [yaml_fault(path, key, problem=problem, action=action, value=value) for key, value in wrong]


def _outcome_faults(settings: CohortSettings, framework: Framework, path: Path) -> list[Fault]:
    """Name declared outcomes that the framework lacks, or does not ask of this respondent."""
    asked = framework.outcomes.assign(respondent=framework.outcomes["respondent"].str.split(";")).explode("respondent")
    faults = []
    for key, respondent in (("outcomes", "self"), ("peer_outcomes", "rater")):
        known = list(dict.fromkeys(asked.loc[asked["respondent"] == respondent, "scale"]))
        problem = f"the framework has no such outcome for this respondent ({respondent})"
        faults += [
            yaml_fault(path, key, problem=problem, action=suggest(name, known), value=name)
            for name in getattr(settings, key)
            if name not in known
        ]
    return faults
