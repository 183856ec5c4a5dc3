"""How many reports say what, and how many lack what: counted over everybody, so that nothing is hidden."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence

import pandas as pd

from compendium.findings import Finding
from compendium.steps.feedback.evidence import Evidence
from compendium.steps.feedback.people import PersonFindings, better_up
from compendium.steps.feedback.standing import normal_limit

# Counts of people: the gate leaves small ones blank.
PEOPLE = "people"
OF_REPORTS = "feedback_"
# How many colleagues' means count as their top.
TOP = 2
# Pairs of own and colleagues' score that are judged, and those called different.
JUDGED, DIFFERENT = "judged", "different"
COVERAGE = (
    "feedback_individual_report", "feedback_no_individual_report", "feedback_own_score_missing", "feedback_with_peers",
    "feedback_peers_not_asked", "feedback_peers_nobody", "feedback_peers_too_few", "feedback_peers_in_part",
)  # fmt: skip
STATEMENTS = (
    "feedback_names_strength", "feedback_names_priority", "feedback_names_hidden_strength",
    "feedback_names_blind_spot", "feedback_names_statement", "feedback_names_nothing", "feedback_high_throughout",
    "feedback_fault_not_told_apart", "feedback_fault_high_called_low", "feedback_fault_against_peers",
    "feedback_fault_compared_without_peers",
)  # fmt: skip


def tally(evidence: Evidence, people: Iterable[PersonFindings]) -> Counter[str]:
    """Count the reports by what they hold, name and lack, one report after the other: a million are never in memory.

    The ``feedback_fault_...`` are those that a report must not have, looked for in the finished findings. Beside the
    reports: pairs of own and colleagues' score that are judged, and those that are called different.
    """
    checks = _checks(evidence)
    counts: Counter[str] = Counter()
    for found in people:
        counts.update(name for name, check in checks.items() if check(found))
        views = [row.view for row in found.rows if row.view is not None]
        counts[JUDGED] += len(views)
        counts[DIFFERENT] += sum(view in ("hidden_strength", "blind_spot") for view in views)
    return counts


def _checks(evidence: Evidence) -> dict[str, Callable[[PersonFindings], bool]]:
    """Return what is counted of a report."""
    return {
        "feedback_individual_report": lambda found: True,
        "feedback_own_score_missing": lambda found: any(row.own.value is None for row in found.rows),
        "feedback_with_peers": _has_peers,
        "feedback_peers_not_asked": lambda found: _lacks(found, "not_asked"),
        "feedback_peers_nobody": lambda found: _lacks(found, "nobody"),
        "feedback_peers_too_few": lambda found: _lacks(found, "too_few_raters") or _lacks(found, "too_few_here"),
        "feedback_peers_in_part": lambda found: (
            _has_peers(found) and any(row.peers.value is None for row in found.rows)
        ),
        "feedback_names_strength": lambda found: bool(found.strengths),
        "feedback_names_priority": lambda found: bool(found.priorities),
        "feedback_names_hidden_strength": lambda found: bool(found.having("hidden_strength")),
        "feedback_names_blind_spot": lambda found: bool(found.having("blind_spot")),
        "feedback_names_statement": lambda found: bool(found.high_items or found.low_items),
        "feedback_names_nothing": _names_nothing,
        "feedback_high_throughout": lambda found: found.high_throughout,
        "feedback_fault_not_told_apart": lambda found: not _told_apart(evidence, found),
        "feedback_fault_high_called_low": lambda found: _high_called_low(evidence, found),
        "feedback_fault_against_peers": _against_peers,
        "feedback_fault_compared_without_peers": lambda found: bool(found.compared) and not _has_peers(found),
    }


def coverage(evidence: Evidence, counts: Mapping[str, int]) -> pd.DataFrame:
    """Return how many individual reports are made, and how many lack colleagues' scores, by reason."""
    made = counts.get("feedback_individual_report", 0)
    known = {"feedback_no_individual_report": len(evidence.own.scores) - made, **counts}
    return counted([(name, known.get(name, 0)) for name in COVERAGE], PEOPLE)


def statements(counts: Mapping[str, int]) -> pd.DataFrame:
    """Return how many reports name what, and how many go beyond what the numbers support."""
    return counted([(name, counts.get(name, 0)) for name in STATEMENTS], PEOPLE)


def counted(rows: Sequence[tuple[str, int]], column: str) -> pd.DataFrame:
    """Return counts with what each counts: a name for programs, and a finding that is worded where it is shown."""
    kinds = [kind for kind, _ in rows]
    told = {"what": [kind.removeprefix(OF_REPORTS) for kind in kinds], column: [count for _, count in rows]}
    return pd.DataFrame(told | {"finding": [Finding(kind).encoded for kind in kinds]})


def different_views(counts: Mapping[str, int]) -> float:
    """Return the share of pairs of own and colleagues' score that are called different; NaN without pairs."""
    judged = counts.get(JUDGED, 0)
    return counts.get(DIFFERENT, 0) / judged if judged else float("nan")


def _lacks(found: PersonFindings, reason: str) -> bool:
    """Say whether all of colleagues' means are missing for a reason."""
    return all(row.peers.reason == reason for row in found.rows)


def _has_peers(found: PersonFindings) -> bool:
    """Say whether any of colleagues' means is shown."""
    return any(row.peers.value is not None for row in found.rows)


def _names_nothing(found: PersonFindings) -> bool:
    """Say whether a report names no competency at all."""
    return not (found.strengths or found.priorities or found.having("hidden_strength") or found.having("blind_spot"))


def _told_apart(evidence: Evidence, found: PersonFindings) -> bool:
    """Say whether own scores named without colleagues clearly differ from every score that is not named.

    The bound is the easiest one: the smallest error of all competencies for both. What colleagues agree to rests on
    both views and is left to them.
    """
    if found.compared:
        return True
    scores = {row.competency: row.own.value for row in found.rows if row.own.value is not None}
    least = normal_limit(evidence.confidence) * math.sqrt(2) * min(evidence.own_errors.values())
    named = {*found.strengths, *found.priorities}
    return all(
        abs(scores[name] - other) > least for name in named for rest, other in scores.items() if rest not in named
    )


def _high_called_low(evidence: Evidence, found: PersonFindings) -> bool:
    """Say whether a score so high that it is no room to grow, own or colleagues', stands behind what is called that."""
    named = [row for row in found.rows if row.competency in found.priorities]
    scores = [(row.competency, view.value) for row in named for view in (row.own, row.peers) if view.value is not None]
    return any(better_up(evidence, {name: score})[name] >= evidence.high for name, score in scores)


def _against_peers(found: PersonFindings) -> bool:
    """Say whether a competency that colleagues rate among the highest is called room to grow."""
    theirs = {row.competency: row.peers.value for row in found.rows if row.peers.value is not None}
    if len(theirs) <= TOP:
        return False
    border = sorted(theirs.values(), reverse=True)[TOP - 1]
    return any(theirs.get(name, -1.0) >= border for name in found.priorities)
