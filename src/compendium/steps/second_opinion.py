"""Two programs, one number: statistics of the study beside the same ones from other people's programs (notebook 05)."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from compendium.disclosure import hidden_groups
from compendium.steps.invariance.group_differences import groupings, shown_groups
from psychometrics.agreement import icc
from psychometrics.association import correlation_interval, partial_correlations, spearman_matrix
from psychometrics.efa import EfaResult, align_factors
from psychometrics.errors import PsychometricsError
from psychometrics.groups import games_howell
from psychometrics.reliability import cronbach_alpha
from psychometrics.screening import henze_zirkler

if TYPE_CHECKING:
    from compendium.study import Study

COLUMNS = ("quantity", "of", "here", "there", "program", "apart", "tolerance")
SUMMARY_COLUMNS = ("quantity", "program", "compared", "apart", "tolerance")
PINGOUIN, FACTOR_ANALYZER, STATSMODELS = "pingouin", "factor_analyzer", "statsmodels"
# Closed forms: what is left is the rounding of the last digits. pingouin rounds intervals of alpha to three decimals;
# the studentized range is integrated; extractions stop where their own rule says.
TOLERANCE, ROUNDED, INTEGRATED, ITERATED = 1e-10, 5.1e-4, 1e-8, 1e-3
# At which confidence, and to how many decimals, the other program is asked for an interval of rho.
COMPARED_AT, DECIMALS = 0.95, 12
# Ranks whose correlation matrix has a smaller singular value follow from each other.
SMALLEST_SINGULAR = 1e-6
# A correlation needs that many pairs to be compared at all; quadratic statistics take no more people than this.
FEWEST_PAIRS, MOST_PEOPLE = 5, 2000
FEWEST_RATERS = 2
# Every two of so many groups: the studentized range takes its time.
MOST_GROUPS = 8
# Above this communality an item is all factor, and the two searches may stop at different places.
LARGEST_COMMUNALITY = 0.99
ALL = "all competencies"
# Of groups only how far the programs are apart is shown: an exact t gives the sums behind rounded means back.
OF_GROUPS = ("Games-Howell t", "Games-Howell p")
Row = tuple[str, str, float, float, str, float]


class ProgramsDisagreeError(Exception):
    """Two programs give different values for one number, so one of them is wrong."""


def two_programs(
    answers: pd.DataFrame,
    scales: Mapping[str, Sequence[str]],
    scores: pd.DataFrame,
    outcomes: pd.DataFrame,
    peer_scores: pd.DataFrame,
    groups: Mapping[str, pd.Series[str]],
) -> pd.DataFrame:
    """Return statistics of the study beside pingouin's from the same data.

    Coefficient alpha and its interval, the six intraclass correlations, Spearman's rho with an interval, partial
    correlations, pairs of groups (Games and Howell) and the joint normality of the scores (Henze and Zirkler). What
    cannot be computed from these data is not compared.

    Parameters
    ----------
    answers
        Keyed answers, one column an item.
    scales
        Items of each competency.
    scores, outcomes
        Scores of the same people; outcomes may be empty.
    peer_scores
        Scores that raters give, by person and rater; may be empty. Then the items of a competency stand for raters.
    groups
        Groups of the people, grouping by grouping, without those that may not be shown.
    """
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", module="pingouin")
        rows = [
            *_alphas(answers, scales),
            *_intraclass(_ratings(answers, scales, scores, peer_scores)),
            *_correlations(scores, outcomes),
            *_partial(scores, outcomes),
            *_group_pairs(scores, groups),
            *_normality(scores),
        ]
    return _table(rows)


def shown_members(step: Study) -> dict[str, pd.Series[str]]:
    """Return each person's group in every grouping, missing where the group may not be shown.

    Groupings of very many groups are left out.
    """
    people, labels = step.prepared.people, groupings(step.settings)
    minimum = step.plan.disclosure.minimum_group.value
    everything = step.prepared.scores.mean(axis="columns", skipna=False)
    shown = shown_groups(everything, people, hidden_groups(people, list(labels), minimum), minimum)
    return {labels[name]: members for name, members in shown.items() if members.nunique() <= MOST_GROUPS}


def factoring(solution: EfaResult) -> pd.DataFrame:
    """Return an exploratory solution beside factor_analyzer's extraction and statsmodels' rotation of it.

    Communalities come from factor_analyzer's minimum residuals of the same correlations, and the strongest loading of
    each item from its loadings after statsmodels' rotation. Not compared where a communality reaches the bound of the
    search or factor_analyzer gives up.
    """
    from factor_analyzer import FactorAnalyzer
    from statsmodels.multivariate.factor_rotation import rotate_factors

    items, n_factors = list(solution.pattern.index), solution.pattern.shape[1]
    if not solution.communalities.max() < LARGEST_COMMUNALITY or n_factors < 2:
        return _table([])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            model = FactorAnalyzer(n_factors, rotation=None, method="minres", is_corr_matrix=True)
            extracted = model.fit(solution.correlations.loc[items, items].to_numpy()).loadings_
            rotated, _ = rotate_factors(extracted, "quartimin")
        except (ValueError, np.linalg.LinAlgError):
            return _table([])
    aligned, _ = align_factors(pd.DataFrame(rotated, index=items, columns=solution.pattern.columns), solution.pattern)
    communality = pd.Series((extracted**2).sum(axis=1), index=items)
    rows: list[Row] = [
        ("communality (minres)", item, float(solution.communalities[item]), float(communality[item]), FACTOR_ANALYZER,
         ITERATED)
        for item in items
    ]  # fmt: skip
    strongest = solution.pattern.abs().idxmax(axis="columns")
    programs = f"{FACTOR_ANALYZER}, {STATSMODELS}"
    rows += [
        ("strongest loading (oblimin)", item, float(solution.pattern[factor][item]),
         float(aligned[factor][item]), programs, ITERATED)
        for item, factor in zip(items, strongest.astype(str), strict=True)
    ]  # fmt: skip
    return _table(rows)


def together(tables: Sequence[pd.DataFrame]) -> pd.DataFrame:
    """Return several comparisons as one table."""
    return pd.concat([table for table in tables if not table.empty] or [_table([])], ignore_index=True)


def agreed(table: pd.DataFrame) -> pd.DataFrame:
    """Return the table when both programs agree on every number.

    Raises
    ------
    ProgramsDisagreeError
        When a difference is larger than its tolerance, or is not a number; every such row is named.
    """
    apart = table[~((table["here"] - table["there"]).abs() <= table["tolerance"])]
    if not apart.empty:
        named = "; ".join(
            f"{row.quantity} of {row.of}: {row.here!r} here, {row.there!r} in {row.program}"
            for row in apart.itertuples()
        )
        raise ProgramsDisagreeError(named)
    return table


def public(table: pd.DataFrame) -> pd.DataFrame:
    """Return the table without the numbers of groups, which the gate shows rounded or not at all."""
    return table.assign(**{side: table[side].mask(table["quantity"].isin(OF_GROUPS)) for side in ("here", "there")})


def summary(table: pd.DataFrame) -> pd.DataFrame:
    """Return for each quantity how many numbers were compared and the largest difference."""
    grouped = table.groupby(["quantity", "program"], sort=False)
    counted = grouped.agg(compared=("of", "size"), apart=("apart", "max"), tolerance=("tolerance", "max"))
    return counted.reset_index()[list(SUMMARY_COLUMNS)]


def _table(rows: Sequence[Row]) -> pd.DataFrame:
    """Return rows as a table with the difference of the two numbers."""
    frame = pd.DataFrame(rows, columns=["quantity", "of", "here", "there", "program", "tolerance"])
    frame["apart"] = (frame["here"].astype(float) - frame["there"].astype(float)).abs()
    return frame[list(COLUMNS)]


def _alphas(answers: pd.DataFrame, scales: Mapping[str, Sequence[str]]) -> Iterator[Row]:
    """Yield coefficient alpha of the people who answered every item of a competency, with Feldt's interval."""
    import pingouin

    for competency, items in scales.items():
        if len(items) < 2:
            continue
        try:
            here = cronbach_alpha(answers[list(items)])
        except PsychometricsError:
            continue
        there, ends = pingouin.cronbach_alpha(data=answers[list(items)].dropna())
        yield "coefficient alpha", competency, float(here.raw), float(there), PINGOUIN, TOLERANCE
        for name, mine, theirs in zip(("lower", "upper"), (here.lower, here.upper), ends, strict=True):
            if np.isfinite(mine) and np.isfinite(theirs):
                yield f"alpha, {name} end (Feldt)", competency, float(mine), float(theirs), PINGOUIN, ROUNDED


def _ratings(
    answers: pd.DataFrame, scales: Mapping[str, Sequence[str]], scores: pd.DataFrame, peer_scores: pd.DataFrame
) -> Iterator[tuple[str, pd.DataFrame]]:
    """Yield complete ratings of each competency: as many peers as most people have, or the items instead."""
    if peer_scores.empty:
        for competency, items in scales.items():
            if len(items) >= FEWEST_RATERS:
                yield competency, answers[list(items)].dropna()
        return
    for competency in scores.columns.intersection(peer_scores.columns):
        known = peer_scores[competency].dropna()
        place = known.groupby(level=0).cumcount()
        sizes = known.groupby(level=0).size()
        wanted = int(sizes[sizes >= FEWEST_RATERS].mode().min()) if (sizes >= FEWEST_RATERS).any() else FEWEST_RATERS
        wide = known.droplevel(1).to_frame().set_index(place.rename("rater").to_numpy(), append=True)[competency]
        yield str(competency), wide.unstack().reindex(columns=range(wanted)).dropna()


def _intraclass(ratings: Iterator[tuple[str, pd.DataFrame]]) -> Iterator[Row]:
    """Yield the six intraclass correlations of every competency."""
    import pingouin

    for competency, wide in ratings:
        if len(wide) < FEWEST_PAIRS:
            continue
        try:
            here = icc(wide.iloc[:MOST_PEOPLE])
        except PsychometricsError:
            continue
        long = wide.iloc[:MOST_PEOPLE].rename_axis("target").reset_index()
        long = long.melt("target", var_name="rater", value_name="rating")
        with np.errstate(all="ignore"):
            there = pingouin.intraclass_corr(long, "target", "rater", "rating")
        for mine, theirs in zip(here.table.to_dict("records"), there.to_dict("records"), strict=True):
            if np.isfinite(mine["estimate"]):
                quantity = f"intraclass correlation {theirs['Type']}"
                yield quantity, competency, float(mine["estimate"]), float(theirs["ICC"]), PINGOUIN, TOLERANCE


def _correlations(scores: pd.DataFrame, outcomes: pd.DataFrame) -> Iterator[Row]:
    """Yield Spearman's rho of each competency with each outcome, and its interval by Fisher's formula."""
    import pingouin

    for competency, outcome, both in _pairs(scores, outcomes):
        here = float(spearman_matrix(both).to_frame()["rho"].iloc[0])
        there = pingouin.corr(both["x"], both["y"], method="spearman")
        of = f"{competency} with {outcome}"
        yield "Spearman's rho", of, here, float(there["r"].iloc[0]), PINGOUIN, TOLERANCE
        if abs(here) < 1:
            ends = correlation_interval(here, len(both), COMPARED_AT, "pearson")
            theirs = pingouin.compute_esci(
                stat=here, nx=len(both), ny=len(both), eftype="r", confidence=COMPARED_AT, decimals=DECIMALS
            )
            for name, mine, other in zip(("lower", "upper"), ends, theirs, strict=True):
                yield f"rho, {name} end (Fisher)", of, float(mine), float(other), PINGOUIN, TOLERANCE


def _partial(scores: pd.DataFrame, outcomes: pd.DataFrame) -> Iterator[Row]:
    """Yield Spearman's rho of each competency with each outcome, the next competency held constant."""
    import pingouin

    for competency, outcome, _ in _pairs(scores, outcomes):
        names = [str(name) for name in scores.columns]
        held = names[(names.index(competency) + 1) % len(names)]
        if held in (competency, outcome):
            continue
        data = pd.concat(
            [scores[competency], outcomes[outcome] if outcome in outcomes else scores[outcome], scores[held]],
            axis="columns", keys=["x", "y", "held"],
        ).dropna()  # fmt: skip
        if len(data) < FEWEST_PAIRS or data.nunique().min() < 2 or _rank_deficient(data):
            continue
        here = partial_correlations(data[["x"]], data[["y"]], data[["held"]], "spearman").table.iloc[0]
        there = pingouin.partial_corr(data, "x", "y", "held", method="spearman")
        if np.isfinite(here["rho"]):
            of = f"{competency} with {outcome}, {held} held constant"
            yield "partial rho", of, float(here["rho"]), float(there["r"].iloc[0]), PINGOUIN, TOLERANCE


def _rank_deficient(data: pd.DataFrame) -> bool:
    """Say whether the ranks of a variable follow from those of the others."""
    return int(np.linalg.matrix_rank(data.rank().corr().to_numpy(), tol=SMALLEST_SINGULAR)) < data.shape[1]


def _pairs(scores: pd.DataFrame, outcomes: pd.DataFrame) -> Iterator[tuple[str, str, pd.DataFrame]]:
    """Yield competencies with outcomes, or with the first competency where there are none, and who has both."""
    others = outcomes if outcomes.shape[1] else scores.iloc[:, :1]
    for competency in scores.columns:
        for outcome in others.columns:
            both = pd.concat([scores[competency], others[outcome]], axis="columns", keys=["x", "y"]).dropna()
            if competency != outcome and len(both) >= FEWEST_PAIRS and both.nunique().min() > 1:
                yield str(competency), str(outcome), both


def _group_pairs(scores: pd.DataFrame, groups: Mapping[str, pd.Series[str]]) -> Iterator[Row]:
    """Yield the comparison of the mean of all competencies between every two groups, grouping by grouping."""
    import pingouin

    everything = scores.mean(axis="columns", skipna=False).rename("score")
    for grouping, members in groups.items():
        data = pd.DataFrame({"score": everything, "group": members.astype(object)}).dropna()
        try:
            here = games_howell(data["score"], data["group"]).to_frame()
        except PsychometricsError:
            continue
        there = pingouin.pairwise_gameshowell(data, "score", "group").set_index(["A", "B"])
        for row in here.to_dict("records"):
            a, b = row["group_a"], row["group_b"]
            theirs, of = there.loc[(a, b)], f"{grouping}: {a} and {b}"
            for quantity, mine, other in zip(OF_GROUPS, (row["t"], row["p"]), theirs[["T", "pval"]], strict=True):
                yield quantity, of, float(mine), float(other), PINGOUIN, INTEGRATED


def _normality(scores: pd.DataFrame) -> Iterator[Row]:
    """Yield Henze and Zirkler's test of the competency scores together."""
    import pingouin

    complete = scores.dropna().iloc[:MOST_PEOPLE]
    try:
        here = henze_zirkler(complete)
    except PsychometricsError:
        return
    there = pingouin.multivariate_normality(complete)
    yield "Henze-Zirkler statistic", ALL, here.statistic, float(there.hz), PINGOUIN, INTEGRATED
    yield "Henze-Zirkler p", ALL, here.p, float(there.pval), PINGOUIN, INTEGRATED
