"""What ``cohort.yaml`` may say about waves: the same people asked more than once."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from pydantic import Field

from compendium.cohort.keys import Code, Fieldwork
from compendium.cohort.reports import Source
from compendium.faults import Fault, suggest
from compendium.inputs import Label, Strict, yaml_fault

ROW_NUMBER = "@row"
# Ratings of change have fifteen steps at most in use; each code is listed when the answers are checked.
AnchorCode = Annotated[int, Field(ge=-100, le=100)]


class Wave(Strict):
    """One wave: its label, when people answered, how many were invited, and its self file where it has one."""

    label: Label
    fieldwork: Fieldwork | None = None
    invited: Annotated[int, Field(gt=0, le=10_000_000)] | None = None
    self_form: Source | Annotated[list[Source], Field(min_length=1)] | None = Field(default=None, alias="self")

    @property
    def files(self) -> list[str]:
        """The self files of the wave that are not those of the cohort."""
        return [] if self.self_form is None else [self.self_form] if isinstance(self.self_form, str) else self.self_form


class Anchor(Strict):
    """A question of the studied wave that asks people themselves whether they have changed.

    Higher codes mean more improvement; ``unchanged`` is the code for no change and ``smallest`` the codes that people
    give who find the smallest change worth having.
    """

    column: Code
    minimum: AnchorCode
    maximum: AnchorCode
    unchanged: int = 0
    smallest: Annotated[list[int], Field(min_length=1)]


class Waves(Strict):
    """Waves in order of time.

    Each stands in ``column`` of the response files under its key, or has files of its own; then the files of the
    cohort are those of the wave that the study is about. ``studied`` is that wave, the last one where nothing is said.
    """

    column: Code | None = None
    studied: Code | None = None
    in_order: Annotated[dict[Code, Wave], Field(min_length=1)]
    anchor: Anchor | None = None

    @property
    def main(self) -> str:
        """The key of the wave that the study is about; the last one, too, where the key that is given is none."""
        return self.studied if self.studied in self.in_order else list(self.in_order)[-1]

    @property
    def sources(self) -> list[str]:
        """Files of waves that the study is not about."""
        return [name for wave in self.in_order.values() for name in wave.files]


def wave_contradictions(
    path: Path, waves: Waves | None, person_id: str, self_ratings: bool, earlier: bool
) -> list[Fault]:
    """Name settings of the waves that cannot be true; ``earlier`` says that the reports take scores from a file."""
    if waves is None:
        return []
    faults: list[Fault] = []

    def tell(*keys: str, problem: str, action: str, value: str | None = None) -> None:
        faults.append(yaml_fault(path, "waves", *keys, problem=problem, action=action, value=value))

    if len(waves.in_order) < 2:
        tell("in_order", problem="one wave is no change", action="list two waves or more, or leave waves out")
        return faults
    if waves.studied is not None and waves.studied not in waves.in_order:
        action = suggest(waves.studied, waves.in_order)
        tell("studied", problem="no wave has this key", action=action, value=waves.studied)
        return faults
    faults += _file_contradictions(path, waves)
    labels = [wave.label.casefold().strip() for wave in waves.in_order.values()]
    if len(set(labels)) < len(labels):
        tell("in_order", problem="two waves have the same label", action="give each wave a label of its own")
    starts = [wave.fieldwork.start for wave in waves.in_order.values() if wave.fieldwork is not None]
    if starts != sorted(starts):
        tell(
            "in_order", problem="the waves do not stand in the order of their dates", action="list the first one first"
        )
    if person_id == ROW_NUMBER:
        tell(problem="a row number does not follow a person", action="name the column of the ids under person_id")
    if not self_ratings:
        tell(problem="people did not rate themselves", action="leave waves out: change is that of own answers")
    if earlier:
        action = "leave feedback.earlier out: the reports take the waves"
        tell(problem="earlier scores are declared twice", action=action)
    return faults + _anchor_contradictions(path, waves)


def _file_contradictions(path: Path, waves: Waves) -> list[Fault]:
    """Name waves that stand in a column and in files, or in neither."""
    faults = []
    for name, wave in waves.in_order.items():
        has_file = bool(wave.files)
        if waves.column is not None and has_file:
            problem, action = "the wave stands in a column and in a file of its own", "leave one of them out"
        elif waves.column is None and name == waves.main and has_file:
            problem = "this is the wave that the study is about"
            action = "its file is files.self: leave it out here"
        elif waves.column is None and name != waves.main and not has_file:
            problem, action = "the wave has no file", "name it under self, or name the column that tells the waves"
        else:
            continue
        faults.append(yaml_fault(path, "waves", "in_order", name, problem=problem, action=action))
    twice = len(set(waves.sources)) < len(waves.sources)
    problem, action = "two waves have the same file", "name the column that tells the waves, under column"
    return faults + ([yaml_fault(path, "waves", "in_order", problem=problem, action=action)] if twice else [])


def _anchor_contradictions(path: Path, waves: Waves) -> list[Fault]:
    """Name codes of the anchor that it cannot have."""
    anchor = waves.anchor
    if anchor is None:
        return []
    codes = {"unchanged": [anchor.unchanged], "smallest": anchor.smallest}
    wrong = [
        (key, code) for key, listed in codes.items() for code in listed if not anchor.minimum <= code <= anchor.maximum
    ]
    wrong += [("smallest", code) for code in anchor.smallest if code <= anchor.unchanged]
    problem = "the anchor has no such code, or it means no improvement"
    action = "higher codes mean more improvement: mend it"
    return [
        yaml_fault(path, "waves", "anchor", key, problem=problem, action=action, value=str(code))
        for key, code in dict(wrong).items()
    ]
