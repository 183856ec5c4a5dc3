"""The open study: what is asked, of whom, what was collected, and what the sample supports."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from compendium.cohort import Cohort, CohortSettings, load_cohort, load_settings, study_plan, tailored
from compendium.cohort.forms import read_form
from compendium.cohort.schema import NOT_GROUPS, WELL_KNOWN_GROUPS, compared_groupings
from compendium.faults import Fault, InvalidInput, NotYet, suggest
from compendium.framework import Framework, load_framework, locate_framework
from compendium.paths import ResultFolders, cohort_folder, reference_folder, result_folders
from compendium.plan import GATES, StudyPlan, judge
from compendium.review import Review, facets_and_codes, has_appraised, has_coded, load_review
from compendium.review.protocol import FRAMEWORK_CODE, SETTING_FACET, TYPE_FACET
from compendium.study.nesting import Nesting, nesting_of
from compendium.study.prepared import Prepared
from compendium.wording import sentence, shown
from psychometrics.scoring import scale_scores

if TYPE_CHECKING:
    import pandas as pd

# Optional parts of a framework's folder, and what is said where it has none.
OF_A_FRAMEWORK = {
    "review": "The framework of this cohort comes without an evidence review.",
    "consultation": "The framework of this cohort comes without a consultation.",
    "feedback": "The framework of this cohort asks for no feedback reports.",
}
# What a review may show, and what is said where its files have nothing for it.
OF_A_REVIEW = {
    "review_frameworks": "The coding frame of this review does not tell frameworks from other records.",
    "review_types": "The coding frame of this review does not sort records by type of source.",
    "review_settings": "The coding frame of this review does not sort records by setting.",
    "review_appraisal": "No record of this review was appraised.",
}
NAMED_IN_FRAME = {"review_frameworks": FRAMEWORK_CODE, "review_types": TYPE_FACET, "review_settings": SETTING_FACET}
UNCODED = "The evidence review of this framework has no record yet that two people have coded: nothing to report."
# Something to choose from: items that are no final ones.
CANDIDATES = "candidates"
# One score over all competencies; and a score with an own outcome, to be estimated in several ways.
OVERALL, ASSOCIATIONS = "overall", "associations"
# Two competencies or more with a score, so that one can be set against another.
SEVERAL = "several_competencies"
NO_SCORE = {
    SEVERAL: "Several competencies: the framework of this cohort has a single score, with no other to set against it.",
    OVERALL: "Overall score: the framework of this cohort declares none.",
    ASSOCIATIONS: "Associations: there is no overall score, and no claim names a competency and an outcome.",
}
# Groupings in which two groups are large enough to compare how they answer.
COMPARABLE = "comparable_groups"


@dataclass(frozen=True)
class Study:
    """The study of one cohort, open to be worked on.

    Attributes
    ----------
    framework
        With the items that this cohort was asked.
    folders
        Where the results of the cohort lie.
    folder, data
        Where the cohort's description and its response files lie.
    """

    settings: CohortSettings
    plan: StudyPlan
    framework: Framework
    folders: ResultFolders
    folder: Path
    data: Path

    @cached_property
    def people(self) -> int | None:
        """People in the self file, None where it cannot be read."""
        try:
            return len(read_form(self.settings, "self", self.data).table)
        except InvalidInput:
            return None

    @property
    def too_few(self) -> str | None:
        """Why nothing is shown of what the people of this cohort answered, or None: they are too few to be unknown."""
        minimum = int(self.plan.disclosure.minimum_group.value)
        if self.people is None or self.people >= minimum:
            return None
        return f"Not shown: the cohort has fewer than {minimum} people, so that their answers could be recognised."

    @property
    def accepted(self) -> Path:
        """Where the accepted results of this cohort lie, if there are any."""
        return reference_folder(self.settings.id, self.folders.root.parent)

    def load_cohort(self) -> Cohort:
        """Read and check the raw responses."""
        cohort = load_cohort(self.folder, self.data, private=self.folders.private)
        self.count(cohort)
        return cohort

    def count(self, cohort: Cohort) -> None:
        """Take from a cohort that was read how many people there are, so that the self file is not read again."""
        vars(self)["people"] = len(cohort.people)

    @cached_property
    def whole_framework(self) -> Framework:
        """The framework with every item, also those that this cohort was not asked."""
        return load_framework(locate_framework(self.settings.framework, self.folder))

    @cached_property
    def review(self) -> Review | None:
        """The evidence review of the framework, read once; None where it has none, or too little is coded yet."""
        folder = self.framework.part("evidence")
        return None if folder is None or not has_coded(folder) else load_review(folder)

    @cached_property
    def prepared(self) -> Prepared:
        """The tables that earlier steps prepared for later ones."""
        return Prepared(self.folders.private)

    def collected(self, what: str) -> bool:
        """Whether the cohort has ``peers``, ``outcomes``, ``teams`` and the like, or a group.

        ``review``, ``consultation`` and ``feedback`` belong to a competency framework, not to any other instrument;
        ``candidates`` are items to choose from.
        """
        if what == CANDIDATES:
            return bool((self.framework.items["status"] == "candidate").any())
        return carries(what, self.settings, self.framework, self.plan)

    @cached_property
    def nesting(self) -> Nesting:
        """What people are nested in; intervals and tests follow it."""
        return nesting_of(self.prepared.people, self.settings.groups, self.plan)

    @property
    def group_labels(self) -> dict[str, str]:
        """Label of each grouping."""
        return {name: group.label for name, group in self.settings.groups.items()}

    def comparable(self, restriction: Sequence[str] | None, minimum: float) -> list[str]:
        """Return the groupings that may be compared and in which two groups or more have the minimum size."""
        people = self.prepared.people
        known = compared_groupings(self.settings.groups, restriction)
        return [name for name in known if int((people[name].value_counts() >= minimum).sum()) >= 2]

    def lacks(self, requirement: str) -> str | None:
        """Say in a sentence why a requirement (``peers``, ``gate_factor_analysis`` ...) is not met, or None.

        Raises
        ------
        InvalidInput
            When nothing has this name: a misspelt tag would drop its section without a word.
        NotYet
            When a step that has to be run first says so.
        """
        self._require_known(requirement)
        if requirement not in (*OF_A_FRAMEWORK, *OF_A_REVIEW, CANDIDATES) and self.too_few is not None:
            return self.too_few
        if requirement.startswith("gate_"):
            return self._closed_gate(requirement.removeprefix("gate_"))
        if self.collected(requirement):
            return None
        if requirement == COMPARABLE:
            return self._incomparable()
        if requirement == CANDIDATES:
            return "The items of this cohort are final already: they are confirmed, not chosen."
        if requirement in NO_SCORE:
            return NO_SCORE[requirement]
        if requirement == "review" and self.framework.part("evidence") is not None:
            return UNCODED
        if requirement in OF_A_REVIEW and self.collected("review"):
            return OF_A_REVIEW[requirement]
        if requirement in OF_A_REVIEW:
            return self.lacks("review")
        if requirement in OF_A_FRAMEWORK:
            return OF_A_FRAMEWORK[requirement]
        return f"{_capital(requirement)}: not collected in this cohort."

    def _incomparable(self) -> str | None:
        """Say that no grouping has two groups of the size that comparisons need, or return None."""
        minimum = self.plan.fairness.smallest_group.value
        restrictions = (self.plan.fairness.groupings, self.plan.invariance.groupings)
        if any(self.comparable(restriction, minimum) for restriction in restrictions):
            return None
        return f"Comparable groups: no grouping that may be compared has two groups of {minimum:.0f} people or more."

    def _require_known(self, requirement: str) -> None:
        """Refuse a requirement that is neither a gate, nor collected data, nor a group."""
        gates = [f"gate_{gate}" for gate in GATES]
        known = [*known_parts(self.settings), *gates]
        known += [CANDIDATES, COMPARABLE]
        if requirement not in known:
            problem = f"the step asks for {requirement!r}, which is not known"
            raise InvalidInput([Fault(self.settings.id, problem, suggest(requirement, known))])

    def _closed_gate(self, gate: str) -> str | None:
        """Say why a gate is closed, or return None; a gate that counts items needs no answers to be asked."""
        if self.plan.gates[gate].counts == "items":
            own = self.collected("self_ratings")
            verdict = judge(self.plan, gate, len(self.framework.items) if own else None, lacking="self_ratings")
            return None if verdict.supported else f"{_capital(gate)}: {sentence(verdict.finding)}."
        answers = self.prepared.gates
        if gate not in answers.index:
            raise NotYet("03_cohort_quality", self.settings.id)
        supported, reason = answers.loc[gate, ["supported", "reason"]]
        return None if supported == "yes" else f"{_capital(gate)}: {shown(reason)}."

    @cached_property
    def kept_items(self) -> list[str]:
        """The items that 04_item_analysis kept, in framework order; those under review are set aside.

        Without self ratings there is nothing to judge items by, and all are kept.
        """
        if not self.collected("self_ratings"):
            return list(self.framework.items.index)
        decisions = self.prepared.decisions["decision"]
        return [item for item in self.framework.items.index if decisions[item] == "keep"]

    @cached_property
    def scales(self) -> dict[str, list[str]]:
        """The kept items of each competency."""
        return self.framework.scales(self.kept_items)

    @property
    def score_bounds(self) -> dict[str, tuple[float, float]]:
        """The lowest and the highest score that each competency can have; a sum grows with its kept items."""
        scale, totals = self.framework.scale, self.framework.totals
        sizes = {name: len(items) if totals[name] == "sum" else 1 for name, items in self.scales.items()}
        return {name: (scale.minimum * size, scale.maximum * size) for name, size in sizes.items()}

    def scores(self, answers: pd.DataFrame) -> pd.DataFrame:
        """Competency scores from the kept items."""
        return self.scored(answers, self.scales, self.plan.scoring.minimum_answered.value)

    def scored(self, answers: pd.DataFrame, scales: Mapping[str, Sequence[str]], minimum: float) -> pd.DataFrame:
        """Score competencies from the items named; ``minimum`` is the share of a scale that has to be answered."""
        return self._totals(scale_scores(self.framework.on_one_scale(answers), scales, minimum), scales)

    def outcome_scores(self, answers: pd.DataFrame, respondent: Literal["self", "rater"] = "self") -> pd.DataFrame:
        """Scores of the outcome scales that this cohort collected."""
        names = self.settings.outcomes if respondent == "self" else self.settings.peer_outcomes
        scales = self.framework.outcome_scales(respondent, list(names))
        return self._totals(scale_scores(answers, scales, self.plan.scoring.minimum_answered.value), scales)

    def _totals(self, means: pd.DataFrame, scales: Mapping[str, Sequence[str]]) -> pd.DataFrame:
        """Turn means into sums, or leave a scale out, as the framework declares; a sum fills gaps with the mean."""
        totals = self.framework.totals
        scored = [name for name in scales if totals[name] != "none"]
        return means[scored] * [len(scales[name]) if totals[name] == "sum" else 1 for name in scored]


def open_study(cohort: str, data: str = "", results: str = "results") -> Study:
    """Open the study of a cohort.

    Parameters
    ----------
    cohort
        A folder under ``data/cohorts``, or the path of a cohort folder.
    data
        Folder of the response files, when they do not lie beside ``cohort.yaml``.
    results
        Folder below which the cohort's results go.
    """
    folder = cohort_folder(cohort)
    settings = load_settings(folder)
    framework = tailored(load_framework(locate_framework(settings.framework, folder)), settings, folder)
    plan = study_plan(settings, framework)
    folders = result_folders(settings.id, results)
    return Study(settings, plan, framework, folders, folder, Path(data).resolve() if data else folder)


def known_parts(settings: CohortSettings) -> list[str]:
    """Return everything that a cohort, or its framework, may carry or not."""
    return [*NOT_GROUPS, *WELL_KNOWN_GROUPS, *OF_A_FRAMEWORK, *OF_A_REVIEW, *NO_SCORE, *settings.groups]


def carries(what: str, settings: CohortSettings, framework: Framework, plan: StudyPlan) -> bool:
    """Say whether a cohort carries one of :func:`known_parts`.

    ``overall`` is one score over all competencies; ``several_competencies`` are two scores or more; ``associations`` is
    a score with an own outcome, which a claim about one competency brings where there is no overall score.
    """
    if what in OF_A_FRAMEWORK or what in OF_A_REVIEW:
        return has_part(framework, what)
    if what == SEVERAL:
        return int((framework.competencies["total"] != "none").sum()) > 1
    if what == OVERALL:
        return framework.total != "none"
    if what == ASSOCIATIONS:
        asked = set(settings.outcomes)
        about_one = [
            claim for claim in plan.claims.published.values() if claim.kind == "own_outcome" and claim.competency
        ]
        claimed = any(asked & {*claim.outcomes, *claim.stand_ins} for claim in about_one)
        return bool(asked) and (framework.total != "none" or claimed)
    return what in settings.collected


def has_part(framework: Framework, what: str) -> bool:
    """Say whether a framework has a ``review`` to report or a part of one, a ``consultation``, ``feedback`` to give."""
    if what == "feedback":
        return framework.description.feedback
    if what == "consultation":
        return framework.part("consultation") is not None
    folder = framework.part("evidence")
    if folder is None or not has_coded(folder):
        return False
    if what == "review_appraisal":
        return has_appraised(folder)
    return what == "review" or NAMED_IN_FRAME[what] in facets_and_codes(folder)


def _capital(name: str) -> str:
    """Turn a name into the start of a sentence."""
    return name.replace("_", " ").capitalize()
