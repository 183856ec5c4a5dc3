"""Change since an earlier wave, of persons and of teams: by two rules, and only what both say counts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pandas as pd

from compendium.disclosure import rater_step, rounded_to
from compendium.disclosure.membership import shown_both_times
from compendium.steps import change
from compendium.steps.feedback.evidence import Evidence, Moved, TeamChange, Verdict
from compendium.steps.feedback.supplements import earlier_wave, read_earlier
from compendium.study import Study
from psychometrics.change import (
    DETERIORATED,
    IMPROVED,
    UNCHANGED,
    UNKNOWN,
    ReliableChange,
    regressed_change,
    reliable_change,
)
from psychometrics.errors import PsychometricsError
from psychometrics.group_change import reliable_group_change, wave_components

VERDICTS: Mapping[str, Verdict] = {
    IMPROVED: "improved", UNCHANGED: "unchanged", DETERIORATED: "deteriorated", UNKNOWN: "unknown",
}  # fmt: skip
SCALAR = "scalar"


def both_say(plain: str, model: str) -> Verdict:
    """Return the verdict of both rules; where only one of them counts a change, that is said."""
    return VERDICTS[plain] if plain == model else "one_rule"


def person_changes(study: Study, evidence: Evidence) -> Mapping[str, Mapping[str, Moved]] | None:
    """Return each person's change since an earlier wave, None where no earlier wave is declared.

    Where the cohort declares waves, that is the wave before the studied one, with the rules, items and errors of the
    step on change; a competency whose items are known not to mean the same in both, or were other ones, is not
    compared. Scores of a file are held against the errors of this wave.
    """
    apart: dict[str, Verdict] = {}
    wave = earlier_wave(study)
    if wave is None and study.settings.feedback.earlier is None:
        return None
    if wave is not None and study.settings.waves is not None:
        pair = (wave, study.settings.waves.main)
        first, second = change.both(study, pair)
        found = change.persons(study, pair)
        names = (change.JACOBSON_TRUAX, change.TRUE_SCORE)
        rules: dict[str, tuple[ReliableChange | None, ...]] = {
            name: tuple(found.get((name, rule)) for rule in names) for name in map(str, first)
        }
        whys = {name: _not_compared(study, pair, name, name in first) for name in evidence.scales}
        apart = {name: why for name, why in whys.items() if why is not None and why != "not_tested"}
    else:
        first = read_earlier(study, evidence)
        second = evidence.own.scores.reindex(first.index)
        rules = {name: _rules(study, name, first[name], second[name]) for name in map(str, first)}
    changes: dict[str, dict[str, Moved]] = {}
    for name in dict.fromkeys([*evidence.scales, *rules]):
        if name in apart:
            told = {str(person): Moved(None, None, apart[name]) for person in first.dropna(how="all").index}
        elif name in rules:
            told = _moved(second[name] - first[name], rules[name])
        else:
            continue
        for person, moved in told.items():
            changes.setdefault(person, {})[name] = moved
    return changes


def _not_compared(study: Study, pair: change.Pair, name: str, asked: bool) -> Verdict | None:
    """Say why a competency is not compared between two waves: other items, items not tested or not alike; None else."""
    if not asked:
        return "not_asked"
    labels = change.labels(study)
    held = study.prepared.wave_levels["holds"].get((labels[pair[0]], labels[pair[1]], name))
    if not isinstance(held, str):
        return "not_tested"
    return None if held == SCALAR else "not_alike"


def _moved(moved: pd.Series, rules: Sequence[ReliableChange | None]) -> dict[str, Moved]:
    """Return each person's change with its verdict; without an error it cannot be judged."""
    known, of_person = [rule for rule in rules if rule is not None], moved.dropna().to_dict()
    if len(known) < len(rules):
        return {str(person): Moved(float(points), None, "unknown") for person, points in of_person.items()}
    plain, model = (rule.persons["verdict"].to_dict() for rule in known)
    limit = known[0].threshold
    return {
        str(person): Moved(float(points), limit, both_say(plain[person], model[person]))
        for person, points in of_person.items()
    }


def _rules(study: Study, name: str, first: pd.Series, second: pd.Series) -> tuple[ReliableChange | None, ...]:
    """Return both rules with the spread and mean of the earlier scores and this wave's coefficient alpha."""
    confidence = study.plan.confidence.value
    try:
        alpha = float(study.prepared.reliability["alpha"].astype(float)[name])
        plain = reliable_change(first, second, float(first.std()), alpha, confidence)
        return plain, regressed_change(first, second, float(first.std()), alpha, float(first.mean()), confidence)
    except (PsychometricsError, KeyError):
        return None, None


def team_changes(study: Study, evidence: Evidence) -> Mapping[str, TeamChange] | None:
    """Return the change of each team that may be told, None without an earlier wave or without teams.

    Means of all members in either wave, rounded as in the reports; what is decided, is decided on the rounded means. A
    competency whose items do not mean the same in both waves is not compared.
    """
    wave, waves = earlier_wave(study), study.settings.waves
    if wave is None or waves is None or evidence.teams is None:
        return None
    pair, needed = (wave, waves.main), evidence.plan.disclosure.minimum_team.value
    scores = [change.of_wave(study.prepared.wave_scores, each).dropna(how="all") for each in pair]
    teams = [
        change.of_wave(study.prepared.wave_people, each)["team"].reindex(table.index)
        for each, table in zip(pair, scores, strict=True)
    ]
    told = shown_both_times(teams[0], teams[1], needed)
    rows: dict[str, dict[str, Moved]] = {team: {} for team in told}
    for name in evidence.scales:
        why = _not_compared(study, pair, name, name in scores[0])
        judged = _judged(scores, teams, name, list(told), evidence) if why is None else {}
        for team in told:
            rows[team][name] = judged.get(team, Moved(None, None, why or "too_few"))
    return {team: TeamChange(before, now, rows[team]) for team, (before, now, _) in told.items()}


def _judged(
    scores: list[pd.DataFrame], teams: list[pd.Series], name: str, told: list[str], evidence: Evidence
) -> dict[str, Moved]:
    """Return the change of one competency of each team in which enough members have it in both waves."""
    needed, confidence = evidence.plan.disclosure.minimum_team.value, evidence.confidence
    known = [table[name].dropna() for table in scores]
    groups = [team.reindex(each.index) for team, each in zip(teams, known, strict=True)]
    counts = [each.value_counts().reindex(told, fill_value=0) for each in groups]
    both = known[0].index.intersection(known[1].index)
    stayed = groups[0].loc[both][groups[0].loc[both] == groups[1].loc[both]].value_counts()
    table = pd.DataFrame({"n_before": counts[0], "n_after": counts[1]}).assign(
        n_both=stayed.reindex(told, fill_value=0)
    )
    table = table[(table[["n_before", "n_after"]] >= needed).all(axis=1)]
    steps = [table[column].map(rater_step) for column in ("n_before", "n_after")]
    for column, each, group, step in zip(("before", "after"), known, groups, steps, strict=True):
        table[column] = rounded_to(each.groupby(group).mean().reindex(table.index), step)
    try:
        parts = wave_components(known[0], known[1], groups[0], groups[1])
        found = reliable_group_change(table, parts, pd.concat(steps, axis=1).max(axis=1), confidence).table
    except PsychometricsError:
        return {}
    verdicts = map(both_say, found["verdict"], found["expected_verdict"])
    rows = zip(found.index, found["change"], found["threshold"], verdicts, strict=True)
    return {str(team): Moved(float(moved), float(limit), verdict) for team, moved, limit, verdict in rows}
