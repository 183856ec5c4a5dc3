"""Differences between groups of people, and how scores go with tenure (notebook 06)."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any

import pandas as pd
from scipy.stats import norm

from compendium.cohort import CohortSettings
from compendium.disclosure import (
    NOT_STATED,
    OTHER_GROUPS,
    SUPPRESSED,
    hidden_groups,
    pool_hidden_groups,
    rounded_to,
    step_for,
)
from compendium.findings import Finding, found
from compendium.plan import StudyPlan
from compendium.steps.group_names import compared_groups
from compendium.study.nesting import Level, Nesting
from psychometrics.association import (
    SplineRegression,
    adjust_p,
    correlation_matrix,
    random_intercept,
    spline_regression,
)
from psychometrics.errors import PsychometricsError
from psychometrics.groups import compare_groups, dunn, rank_effect_interval

NOT_COMPARED = ("team",)
FEWEST_GROUPS = 2
TOO_FEW_SHOWN = found("too_few_shown").encoded
EFFECT = ("eta_squared", "eta_lower", "eta_upper")
NESTING = ("n_clusters", "design_effect", "effective_n")
TEST_COLUMNS = (
    "grouping", "competency", "n", "n_groups", "H", "df", "p", "p_holm", "p_bh", "epsilon_squared", *EFFECT,
    "clusters", *NESTING,
)  # fmt: skip
PAIR_COLUMNS = (
    "grouping", "competency", "group_a", "group_b", "n_a", "n_b", "difference", "z", "p", "p_holm",
    "probability_of_superiority", "differ",
)  # fmt: skip
MIXED_COLUMNS = ("grouping", "competency", "n", "n_groups", "epsilon_squared", "icc1", "lower", "upper", "note")
SPLINE_COLUMNS = (
    "competency", "n", "knots", "r_squared_linear", "r_squared", "f_overall", "p_overall", "f_nonlinear",
    "df_nonlinear", "df_residual", "p_nonlinear", "p_holm", "note",
)  # fmt: skip
CURVE_COLUMNS = ("competency", "tenure", "estimate", "lower", "upper")


def groupings(settings: CohortSettings) -> dict[str, str]:
    """Return the groupings that are compared, with their labels."""
    return {
        name: group.label
        for name, group in settings.groups.items()
        if group.kind != "number" and name not in NOT_COMPARED
    }


def shown_groups(
    score: pd.Series[float], people: pd.DataFrame, too_small: Mapping[str, frozenset[str]], minimum: float
) -> dict[str, pd.Series[str]]:
    """Return the group of each person, missing where the group may not be shown for this score.

    Hidden are the groups of each grouping in ``gone`` (see :func:`compendium.disclosure.hidden_groups`), and those that
    are hidden among the people who have this score.
    """
    hidden = _hidden_here(score, people, too_small, minimum)
    return {name: people[name].mask(people[name].isin(hidden[name])) for name in too_small}


def _hidden_here(
    score: pd.Series[float], people: pd.DataFrame, too_small: Mapping[str, frozenset[str]], minimum: float
) -> dict[str, frozenset[str]]:
    """Return the groups that may not be shown for this score."""
    known = people.loc[score.notna(), list(too_small)].fillna(NOT_STATED)
    here = hidden_groups(known.mask(_in_any(known, too_small), OTHER_GROUPS), list(too_small), minimum)
    return {name: too_small[name] | here[name] for name in too_small}


def _in_any(people: pd.DataFrame, too_small: Mapping[str, frozenset[str]]) -> pd.DataFrame:
    """Say whose group is hidden, grouping by grouping."""
    return pd.DataFrame({name: people[name].isin(too_small[name]) for name in people.columns}, index=people.index)


def _each(
    scores: pd.DataFrame, people: pd.DataFrame, settings: CohortSettings, minimum: float
) -> Iterator[tuple[str, str, pd.Series[str]]]:
    """Yield every grouping's label with every competency and the groups that may be shown for it."""
    labels = groupings(settings)
    too_small = hidden_groups(people, list(labels), minimum)
    # Competencies that the same people answered show the same groups.
    answered = {name: scores[name].notna().to_numpy().tobytes() for name in scores.columns}
    first = {pattern: name for name, pattern in answered.items()}
    shown = {pattern: shown_groups(scores[name], people, too_small, minimum) for pattern, name in first.items()}
    for name, label in labels.items():
        for competency in scores.columns:
            yield label, str(competency), shown[answered[competency]][name]


def rank_effect(H: float, df: float, n: float, confidence: float, design_effect: float = math.nan) -> dict[str, float]:
    """Return the share of the variance of ranks that lies between groups, chance taken out, and its interval.

    An estimate below zero, of groups more alike than chance makes them, is shown as zero, like its lower bound. Where
    people are nested, H and n are divided by the design effect (the first-order correction of Rao and Scott 1981).
    """
    if not H >= 0:
        return dict.fromkeys(EFFECT, float("nan"))
    cost = max(1.0, design_effect) if math.isfinite(design_effect) else 1.0
    estimate, lower, upper = rank_effect_interval(float(H) / cost, int(df), int(n / cost), confidence)
    return dict(zip(EFFECT, (max(estimate, 0.0), lower, upper), strict=True))


def group_tests(
    scores: pd.DataFrame,
    people: pd.DataFrame,
    settings: CohortSettings,
    minimum: float,
    confidence: float,
    nesting: Nesting | None = None,
) -> pd.DataFrame:
    """Test every competency over every grouping (Kruskal-Wallis), adjusted over the whole family (Holm, BH).

    Hidden groups (below the disclosure threshold, or hidden to protect such a group) are left out of the tests, so
    that neither a result nor its n speaks of them. Where people are nested, p allows for the clusters named in
    ``clusters``; where the groups are the clusters themselves, for those nested in them.
    """
    rows = []
    for label, competency, members in _each(scores, people, settings, minimum):
        known = members.where(scores[competency].notna())
        level = nesting.between(known) if nesting is not None else Level("", None)
        clusters = None if level.clusters is None else level.clusters.reindex(scores.index)
        test = compare_groups(scores[[competency]], members, adjustment="holm", clusters=clusters).tests.iloc[0]
        if known.nunique() < FEWEST_GROUPS:
            test["note"] = TOO_FEW_SHOWN
        elif not level.enough:
            test = test.drop("p").reindex(test.index)
            test["note"] = found("groups_too_few_clusters", groups=known.nunique()).encoded
        effect = rank_effect(test["H"], test["df"], test["n"], confidence, test.get("design_effect", math.nan))
        named = {"grouping": label, "competency": competency, "clusters": level.name}
        rows.append({**test.drop(["score", "p_adjusted"]), **effect, **named})
    table = pd.DataFrame(rows).reindex(columns=[*TEST_COLUMNS, "note"])
    return table.assign(**{f"p_{how}": adjust_p(table["p"].astype(float), how) for how in ("holm", "bh")})


def group_pairs(
    scores: pd.DataFrame,
    people: pd.DataFrame,
    settings: CohortSettings,
    minimum: float,
    alpha: float,
    tests: pd.DataFrame | None = None,
    most: float = math.inf,
) -> pd.DataFrame:
    """Compare every pair of shown groups after each Kruskal-Wallis test (Dunn, Holm over the pairs of the test).

    Of more than `most` groups the largest are compared (see :func:`groups_beyond`): the pairs of 860 agencies are
    370,000.

    ``probability_of_superiority`` is that of a member of group a scoring above a member of group b, ties counted half,
    rounded so that one member more or less would be within the rounding: two releases do not give that member's rank.
    A test that could not be made has no pairs. Where the test allows for clusters, z is divided by the root of its
    design effect.
    """
    tables = []
    costs = {} if tests is None else tests.set_index(["grouping", "competency"])["design_effect"].to_dict()
    for label, competency, members in _each(scores, people, settings, minimum):
        members = members.where(~members.isin(compared_groups(members, scores[[competency]], 1, most).beyond))
        try:
            table = dunn(scores[competency], members, "holm").to_frame()
        except PsychometricsError:
            continue
        cost = costs.get((label, competency), math.nan)
        table = _nested_pairs(table, cost) if cost > 1 else table
        tables.append(table.assign(grouping=label, competency=competency))
    pairs = pd.concat(tables, ignore_index=True) if tables else pd.DataFrame()
    pairs = pairs.rename(columns={"p_adjusted": "p_holm"}).reindex(columns=list(PAIR_COLUMNS))
    # One of n members moves the probability by 1/n at most.
    steps = pairs[["n_a", "n_b"]].min(axis="columns").map(lambda n: step_for(n, sums=1))
    superiority = rounded_to(pairs["probability_of_superiority"], steps)
    return pairs.assign(probability_of_superiority=superiority, differ=pairs["p_holm"].astype(float) < alpha)


def groups_beyond(people: pd.DataFrame, settings: CohortSettings, minimum: float, most: float) -> tuple[Finding, ...]:
    """Return of which groupings the largest groups alone are compared in pairs, and how many groups are shown."""
    labels = groupings(settings)
    too_small = hidden_groups(people, list(labels), minimum)
    shown = {name: people[name].mask(people[name].isin(too_small[name])).to_frame() for name in labels}
    compared = {name: compared_groups(members[name], members, 1, most) for name, members in shown.items()}
    return tuple(each.finding(labels[name]) for name, each in compared.items() if each.beyond)


def _nested_pairs(pairs: pd.DataFrame, design_effect: float) -> pd.DataFrame:
    """Return the pairs of one test with z and p based on the effective number of independent people."""
    z = pairs["z"] / math.sqrt(design_effect)
    p = pd.Series(2 * norm.sf(z.abs()), pairs.index)
    return pairs.assign(z=z, p=p, p_adjusted=adjust_p(p, "holm"))


def group_variances(
    scores: pd.DataFrame,
    people: pd.DataFrame,
    settings: CohortSettings,
    tests: pd.DataFrame,
    plan: StudyPlan,
) -> pd.DataFrame:
    """Estimate by a mixed model how much of each score's variance lies between groups: ICC(1), profile interval.

    Each grouping of enough shown groups has a random intercept of its own. ``epsilon_squared`` of the test stands
    beside it; the two agree when the difference does not hang on the method.
    """
    fewest, minimum = int(plan.groups.fewest_for_variance.value), plan.disclosure.minimum_group.value
    effects = tests.set_index(["grouping", "competency"])["epsilon_squared"].to_dict()
    rows = []
    for label, competency, members in _each(scores, people, settings, minimum):
        row = {"grouping": label, "competency": competency, "epsilon_squared": effects.get((label, competency))}
        rows.append(row | _variance(scores[competency], members, fewest, plan.confidence.value))
    return pd.DataFrame(rows).reindex(columns=list(MIXED_COLUMNS))


def _variance(score: pd.Series[float], members: pd.Series[str], fewest: int, confidence: float) -> dict[str, object]:
    """Return ICC(1) of one score over one grouping, or why there is none."""
    known = score.notna() & members.notna()
    count = {"n": int(known.sum()), "n_groups": int(members[known].nunique())}
    if count["n_groups"] < FEWEST_GROUPS:
        return count | {"note": TOO_FEW_SHOWN}
    if count["n_groups"] < fewest:
        return count | {"note": found("groups_for_variance", limit=fewest).encoded}
    try:
        model = random_intercept(score, None, members.astype(object), confidence)
    except PsychometricsError as error:
        return count | {"note": str(error)}
    ends = {"lower": model.icc1_lower, "upper": model.icc1_upper}
    return count | {"icc1": model.icc1, **ends, "note": "; ".join(model.notes)}


def largest_variance(variances: pd.DataFrame) -> pd.Series[Any]:
    """Return the row with the largest ICC(1); without any, a row of blanks with the reason in ``note``."""
    known = variances.dropna(subset=["icc1"]).astype({"icc1": float})
    if known.empty:
        reason = variances["note"].iloc[0] if len(variances) else found("no_grouping").encoded
        return pd.Series({"note": reason}).reindex(list(MIXED_COLUMNS))
    return known.sort_values("icc1", ascending=False, kind="stable").iloc[0]


def group_means(scores: pd.DataFrame, people: pd.DataFrame, settings: CohortSettings, minimum: float) -> pd.DataFrame:
    """Return mean and standard deviation of every competency in every group; small groups are joined."""
    tables = []
    too_small = hidden_groups(people, list(groupings(settings)), minimum)
    for competency in scores.columns:
        hidden = _hidden_here(scores[competency], people, too_small, minimum)
        for name, label in groupings(settings).items():
            members = people[name].fillna(NOT_STATED) if NOT_STATED in hidden[name] else people[name]
            described = _described(scores[competency], pool_hidden_groups(members, hidden[name]), minimum)
            tables.append(described.assign(grouping=label, competency=competency))
    columns = ["grouping", "group", "competency", "n", "mean", "sd", SUPPRESSED]
    if not tables:
        return pd.DataFrame(columns=columns)
    order = {label: place for place, label in enumerate(groupings(settings).values())}
    table = pd.concat(tables, ignore_index=True)[columns]
    return table.sort_values("grouping", key=lambda label: label.map(order), kind="stable", ignore_index=True)


def _described(score: pd.Series[float], members: pd.Series[str], minimum: float) -> pd.DataFrame:
    """Return n, mean and standard deviation of a score in each group, other groups last; blank where they are few."""
    table = score.groupby(members, sort=True).agg(["count", "mean", "std"])
    table = table.rename(columns={"count": "n", "std": "sd"}).rename_axis("group").reset_index()
    table[SUPPRESSED] = table["group"] == OTHER_GROUPS
    few = table["n"] < minimum
    table = table.assign(**{name: table[name].mask(few) for name in ("n", "mean", "sd")})
    return table.sort_values(SUPPRESSED, kind="stable", ignore_index=True)


def tenure_correlations(
    scores: pd.DataFrame,
    people: pd.DataFrame,
    settings: CohortSettings,
    confidence: float,
    clusters: pd.Series[str] | None = None,
) -> pd.DataFrame:
    """Correlate every competency with tenure (Spearman); tenure in bands counts by the order of its bands.

    With clusters, intervals and p allow for members of one cluster being alike.
    """
    tenure = people["tenure"]
    if settings.groups["tenure"].kind != "number":
        order = list(settings.groups["tenure"].levels.values()) or sorted(tenure.dropna().unique())
        tenure = tenure.map({level: rank for rank, level in enumerate(order)})
    years = tenure.astype(float).to_frame("tenure")
    table = correlation_matrix(scores, years, confidence, "spearman", clusters).to_frame()
    table = table.rename(columns={"x": "competency"}).drop(columns=["y"])
    return table.assign(p_holm=adjust_p(table["p"], "holm"))


def tenure_curves(
    scores: pd.DataFrame,
    people: pd.DataFrame,
    settings: CohortSettings,
    plan: StudyPlan,
    clusters: pd.Series[str] | None = None,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Regress every competency on tenure as a curve: a restricted cubic spline of four knots.

    Errors allow for members of one cluster being alike; without clusters they are HC3.

    Returns
    -------
    tuple of DataFrame
        The tests: whether the score goes with tenure at all, and whether it bends (p adjusted over competencies,
        Holm), or why there is no curve. The curves between the outer knots, with pointwise intervals; at least as
        many people as a shown group needs lie beyond each end.
    """
    tests, curves = [], []
    for competency in scores.columns:
        try:
            fit = _tenure_curve(scores[competency], people["tenure"], settings, plan, clusters)
        except PsychometricsError as error:
            tests.append(pd.DataFrame([{"competency": competency, "note": str(error)}]))
            continue
        if isinstance(fit, Finding):
            tests.append(pd.DataFrame([{"competency": competency, "note": fit.encoded}]))
            continue
        tests.append(fit.to_frame().assign(competency=competency, note=""))
        curves.append(fit.curve.rename(columns={"x": "tenure"}).assign(competency=competency))
    table = pd.concat(tests, ignore_index=True).reindex(columns=list(SPLINE_COLUMNS))
    curve = pd.concat(curves, ignore_index=True) if curves else pd.DataFrame()
    return table.assign(p_holm=adjust_p(table["p_nonlinear"].astype(float), "holm")), curve.reindex(
        columns=list(CURVE_COLUMNS)
    )


def _tenure_curve(
    score: pd.Series[float],
    tenure: pd.Series[Any],
    settings: CohortSettings,
    plan: StudyPlan,
    clusters: pd.Series[str] | None,
) -> SplineRegression | Finding:
    """Fit the curve of one competency, or return why it cannot be drawn."""
    if settings.groups["tenure"].kind != "number":
        return found("tenure_in_bands")
    known = tenure[score.notna() & tenure.notna()].astype(float)
    gate = plan.gates["association"]
    if len(known) < gate.minimum_n:
        return found("gate_closed", n=len(known), counts=gate.counts, needed=gate.minimum_n)
    first, *inner, last = plan.curves.knots.value
    beyond = plan.disclosure.minimum_group.value / len(known)
    knots = known.quantile([max(first, beyond), *inner, min(last, 1 - beyond)])
    covariance = "HC3" if clusters is None else "cluster"
    level = plan.confidence.value
    return spline_regression(score, tenure.astype(float), list(knots), covariance, level, clusters=clusters)


def effect_matrix(tests: pd.DataFrame, labels: dict[str, str]) -> pd.DataFrame:
    """Lay epsilon squared out with groupings down and competencies across."""
    order = list(dict.fromkeys(tests["competency"]))
    matrix = tests.pivot(index="grouping", columns="competency", values="epsilon_squared")
    return matrix.reindex(index=list(dict.fromkeys(tests["grouping"])), columns=order).rename(columns=labels)
