"""Who answered, what is missing, and what this sample can support (notebook 03)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from compendium.cohort import Cohort, CohortSettings, Group
from compendium.disclosure import NOT_STATED, OTHER_GROUPS, SUPPRESSED, hidden_groups, pool_hidden_groups
from compendium.disclosure.suppression import tells_of_a_few
from compendium.framework import Framework
from compendium.plan import Verdict, judge
from compendium.steps.outcome_associations.latent_model import factor_outcomes
from compendium.study import Study, nesting_of
from psychometrics.errors import PsychometricsError
from psychometrics.screening import CarelessFlags, CarelessRules, flag_careless, little_mcar_test

# Quartiles.
QUARTILES = [0.25, 0.5, 0.75]
QUARTILE_NAMES = ("lower_quartile", "median", "upper_quartile")
# Teams are many and small; they are counted, never listed.
NOT_LISTED = ("team",)


def prepare(step: Study, cohort: Cohort) -> None:
    """Prepare the tables that every later step reads: keyed and pseudonymised, outcomes scored, nobody flagged yet."""
    prepare_people(step, cohort)
    for name in ("answers", "outcomes", "peers", "peer_outcomes", "rater_groups"):
        step.prepared.write(name, getattr(cohort, name))
    step.prepared.write("outcome_scores", step.outcome_scores(cohort.outcomes))
    step.prepared.write("peer_outcome_scores", step.outcome_scores(cohort.peer_outcomes, "rater"))
    if cohort.waves:
        _prepare_waves(step, cohort)
    step.prepared.write("careless", pd.DataFrame({"flagged": pd.Series(dtype=bool)}).rename_axis("person"))


def prepare_people(step: Study, cohort: Cohort) -> None:
    """Prepare how many people there are, and their groups."""
    step.prepared.write("sheets", pd.DataFrame({"people": [step.people]}, index=pd.Index(["self"], name="form")))
    step.prepared.write("people", cohort.people)


def _prepare_waves(step: Study, cohort: Cohort) -> None:
    """Prepare people and answers of every wave, in order of time, and what people say of their own change."""
    assert cohort.settings.waves is not None
    waves = {name: cohort.waves.get(name, cohort) for name in cohort.settings.waves.in_order}
    for table in ("people", "answers"):
        whole = pd.concat({name: getattr(wave, table) for name, wave in waves.items()}, names=["wave", "person"])
        step.prepared.write(f"wave_{table}", whole.swaplevel())
    step.prepared.write("anchor", cohort.anchor.to_frame("anchor").rename_axis("person"))


def completers(step: Study, answers: pd.DataFrame) -> pd.Series[bool]:
    """Return who answered enough of the items for a score."""
    asked = answers.shape[1]
    share = (asked - np.count_nonzero(np.isnan(answers.to_numpy(dtype=float)), axis=1)) / max(1, asked)
    return pd.Series(share >= step.plan.scoring.minimum_answered.value, index=answers.index)


def sample(people: pd.DataFrame, settings: CohortSettings, minimum: float) -> pd.DataFrame:
    """Count people by group; small groups, and those hidden to protect them, are joined as other groups."""
    listed = [name for name, group in settings.groups.items() if group.kind != "number" and name not in NOT_LISTED]
    hidden = hidden_groups(people, listed, minimum)
    tables = [_counts(people[name], settings.groups[name], hidden[name], minimum) for name in listed]
    columns = ["grouping", "group", "n", "share", "of", SUPPRESSED]
    return pd.concat(tables, ignore_index=True)[columns] if tables else pd.DataFrame(columns=columns)


def _counts(members: pd.Series[str], group: Group, hidden: frozenset[str], minimum: float) -> pd.DataFrame:
    """Count the members of each group; hidden groups are joined, last and without their names."""
    counts = pool_hidden_groups(members.fillna(NOT_STATED), hidden).value_counts(sort=False)
    order = _in_declared_order(list(counts.index.drop(OTHER_GROUPS, errors="ignore")), list(group.levels.values()))
    counts = counts.reindex([*order, *counts.index.intersection([OTHER_GROUPS])])
    table = counts.astype("Int64").rename("n").rename_axis("group").reset_index()
    table = table.assign(grouping=group.label, share=table["n"] / len(members), of=len(members))
    table[SUPPRESSED] = table["group"] == OTHER_GROUPS
    few = table["n"] < minimum  # where nothing can be shown, the hidden groups together may be few
    return table.assign(**{name: table[name].mask(few) for name in ("n", "share")})


def number_groups(people: pd.DataFrame, settings: CohortSettings, minimum: float) -> pd.DataFrame:
    """Describe groupings that are numbers, such as tenure in years, where enough people gave one."""
    rows = []
    for name, group in settings.groups.items():
        values = people[name].dropna()
        if group.kind == "number" and len(values) >= minimum:
            quartiles = values.quantile(QUARTILES)
            rows.append({"grouping": group.label, "n": len(values), "mean": values.mean(), "sd": values.std()})
            rows[-1] |= dict(zip(QUARTILE_NAMES, quartiles, strict=True))
    return pd.DataFrame(rows, columns=["grouping", "n", "mean", "sd", *QUARTILE_NAMES])


def missing_by_item(answers: pd.DataFrame, not_applicable: pd.Series[int]) -> pd.DataFrame:
    """Count blanks and not-applicable answers for each item."""
    never = not_applicable.reindex(answers.columns).fillna(0).astype(int)
    blank = answers.isna().sum() - never
    table = pd.DataFrame({"n": answers.notna().sum(), "blank": blank, "not_applicable": never})
    return table.assign(
        blank_share=blank / len(answers), not_applicable_share=never / len(answers)
    ).rename_axis("item").reset_index()  # fmt: skip


def mcar_by_competency(answers: pd.DataFrame, scales: Mapping[str, Sequence[str]]) -> pd.DataFrame:
    """Test each competency's items for answers missing completely at random; say why where it cannot be done."""
    rows: list[dict[str, object]] = []
    for competency, items in scales.items():
        try:
            test = little_mcar_test(answers[list(items)])
        except PsychometricsError as error:
            rows.append({"competency": competency, "note": str(error)})
            continue
        known = {"chi_square": test.chi_square, "df": test.df, "p": test.p_value}
        note = "" if test.df else "nothing is missing"
        rows.append({"competency": competency, "n": test.n_persons, "patterns": test.n_patterns, **known, "note": note})
    return pd.DataFrame(rows, columns=["competency", "n", "patterns", "chi_square", "df", "p", "note"])


def careless_picture(flags: CarelessFlags, items: int) -> tuple[pd.DataFrame, dict[str, float], dict[str, str]]:
    """Return the indices that are drawn, where their rules begin to count, and what they measure."""
    units = {
        "longstring": "Longest run of\none answer (items)",
        "intra_individual_variability": "Variability of a person's\nanswers (SD)",
        "even_odd_consistency": "Even-odd consistency\n(correlation)",
    }
    shown = {name: unit for name, unit in units.items() if name in flags.indices}
    fences = {"longstring": (flags.rules.longstring_share or 0) * items}
    fences["even_odd_consistency"] = flags.rules.even_odd_below or 0
    if "intra_individual_variability" in shown:
        lower, upper = flags.indices["intra_individual_variability"].quantile([QUARTILES[0], QUARTILES[-1]])
        fences["intra_individual_variability"] = lower - (flags.rules.variability_fence or 0) * (upper - lower)
    return flags.indices[list(shown)], {name: fences[name] for name in shown}, shown


def as_given(answers: pd.DataFrame, framework: Framework) -> pd.DataFrame:
    """Undo the keying, since careless respondents repeat the position that they tick."""
    reverse = [item for item in answers.columns if framework.items.loc[item, "reverse"]]
    raw = answers.copy()
    raw[reverse] = framework.scale.minimum + framework.scale.maximum - answers[reverse]
    return raw


def flagged_share(flags: CarelessFlags, minimum: int) -> float:
    """Return the share of people flagged, NaN where it would say how many of a few there are."""
    flagged = int(flags.flags["flagged"].sum())
    return float("nan") if tells_of_a_few(flagged, minimum) else float(flags.shares["flagged"])


def careless(step: Study, answers: pd.DataFrame, seconds: pd.Series[float] | None = None) -> CarelessFlags:
    """Flag careless answering among those who answered enough items, and prepare the flags for later steps.

    ``seconds`` are those that each person took for an answered question, where the survey tool took the time.
    """
    rules = step.plan.careless
    found = flag_careless(
        as_given(answers, step.framework),
        step.framework.items["competency"].reindex(answers.columns),
        CarelessRules(
            longstring_share=rules.longstring_share.value,
            variability_fence=rules.variability_fence.value,
            mahalanobis_p=rules.mahalanobis_p.value,
            even_odd_below=rules.even_odd_below.value,
            straight_line_share=rules.straight_line_share.value,
            missing_share=None,  # unanswered is drop-out, which participation reports
            seconds_per_item=rules.seconds_per_item.value,
            minimum_rules=int(rules.rules_to_flag.value),
        ),
        keyed=answers,
        seconds=seconds,
    )
    step.prepared.write("careless", found.flags.rename_axis("person"))
    return found


def gate_table(verdicts: Mapping[str, Verdict]) -> pd.DataFrame:
    """Return the answer of every gate for this sample."""
    rows = [
        {
            "analysis": name.replace("_", " "),
            "n": each.n,
            "counts": each.counts,
            "needed": each.needed,
            "supported": each.supported,
            "reason": each.source,
        }
        for name, each in verdicts.items()
    ]
    return pd.DataFrame(rows).astype({"n": "Int64"})


def judge_all(step: Study, cohort: Cohort) -> dict[str, Verdict]:
    """Compare every gate of the plan with the n that counts for it, and prepare the answers for later steps."""
    own = step.collected("self_ratings")
    n = int(completers(step, cohort.answers).sum()) if own else None
    items, competencies = cohort.answers.shape[1], len(step.framework.scales())
    rated = cohort.peers.groupby(level="person").size() if step.collected("peers") else None
    factors = factor_outcomes(step.framework, step.settings.outcomes, step.plan.associations.most_steps.value)[0]
    of_factors = sum(len(members) for members in factors.values())
    with_outcomes = int(cohort.outcomes.notna().any(axis="columns").sum())
    answered = min(n, with_outcomes) if n is not None and step.collected("outcomes") else None
    lacking = "outcomes" if own else "self_ratings"
    both = None if rated is None or answered is None else _rated_with_outcome(step, cohort)
    asked: dict[str, tuple[int | None, int, str]] = {
        "careless": (items if own else None, 0, "self_ratings"),
        "item_rule": (n, 0, "self_ratings"),
        "reliability": (n, 0, "self_ratings"),
        "factor_analysis": (n, items, "self_ratings"),
        "bayesian_factors": (n, 0, "self_ratings"),
        "item_response": (n, 0, "self_ratings"),
        "invariance": (n, 0, "self_ratings"),
        "association": (answered, 0, lacking),
        "cross_source": (both, 0, lacking if answered is None else "peers"),
        "regression": (answered, competencies, lacking),
        "rater_agreement": (None if rated is None else int((rated >= 2).sum()), 0, "peers"),
        "mixed_model": (None if rated is None else len(rated), 0, "peers"),
        "latent_outcomes": (
            answered if of_factors else None,
            items + of_factors,
            lacking if answered is None else "outcome_items",
        ),
        "two_level": (most_clusters(step, cohort) if own else None, 0, "clusters" if own else "self_ratings"),
    }
    verdicts = {gate: judge(step.plan, gate, *sizes) for gate, sizes in asked.items()}
    # Why a gate is open concerns no later step: another limit that it passes as well makes none of them stale.
    rows = {gate: ("yes", "") if each.supported else ("no", each.finding.encoded) for gate, each in verdicts.items()}
    answers = pd.DataFrame.from_dict(rows, orient="index", columns=["supported", "reason"]).rename_axis("gate")
    step.prepared.write("gates", answers)
    return verdicts


def _rated_with_outcome(step: Study, cohort: Cohort) -> int:
    """Return how many people answered enough items and an outcome, and were rated by a peer."""
    answered = completers(step, cohort.answers) & cohort.outcomes.notna().any(axis="columns")
    rated = cohort.peers.index.get_level_values("person")
    return int(answered[answered.index.isin(rated)].sum())


def most_clusters(step: Study, cohort: Cohort) -> int | None:
    """Return the number of groups in the finest grouping that people are nested in; None without one."""
    levels = nesting_of(cohort.people, step.settings.groups, step.plan).levels
    return max((clusters.nunique() for clusters in levels.values()), default=None)


def _in_declared_order(found: list[str], declared: list[str]) -> list[str]:
    """Order groups as the cohort declares them, the others after."""
    known = [name for name in declared if name in found]
    return known + sorted(name for name in found if name not in known)
