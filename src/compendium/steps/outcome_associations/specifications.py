"""The same association estimated in other ways, and what a common source adds to it (notebook 08)."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np
import pandas as pd

from compendium.plan import StudyPlan
from compendium.steps.outcome_associations.claims import OVERALL_SCORE, THE_OUTCOME, Material, collected_outcome
from psychometrics.association import (
    correlation_interval,
    correlation_matrix,
    cross_source_table,
    disattenuate,
    equivalence_test,
    marker_adjusted,
    multiple_imputation,
    partial_correlations,
    pool_estimates,
    random_intercept,
    split_group_correlation,
)
from psychometrics.errors import PsychometricsError
from psychometrics.reliability import cronbach_alpha

NESTS = ("agency", "unit", "team")
IMPUTATIONS, SPLITS, SPLIT_RESAMPLES = 20, 100, 200
Row = dict[str, Any]


def tested_outcomes(material: Material, plan: StudyPlan) -> dict[str, str]:
    """Return the claims about own outcomes that this cohort can test, with the scale that tests each."""
    found = {
        name: collected_outcome(claim, list(material.own.columns))[0]
        for name, claim in plan.claims.published.items()
        if claim.kind == "own_outcome"
    }
    return {name: scale for name, scale in found.items() if scale is not None}


def estimates_by_way(
    material: Material, items: pd.DataFrame, outcome_items: Mapping[str, pd.DataFrame], plan: StudyPlan
) -> pd.DataFrame:
    """Estimate every tested association by each method; a method that cannot be used has the reason in ``note``.

    Parameters
    ----------
    items
        Kept items of the competencies, for the reliability of the overall score.
    outcome_items
        Items of each outcome scale.
    """
    marker, filled = smallest_correlation(material), imputed(material, plan)
    partial_for = ", ".join(_covariates(material, plan)) or "nothing collected"
    rows: list[Row] = []
    for claim, scale in tested_outcomes(material, plan).items():
        x, y, answers = material.overall, material.own[scale], outcome_items[scale]
        ways: dict[str, Callable[[], Row]] = {
            "Spearman": partial(_plain, x, y, "spearman", plan),
            "Pearson": partial(_plain, x, y, "pearson", plan),
            "Pearson, corrected for unreliability": partial(_corrected, x, y, items, answers, plan),
            f"Spearman, partial for {partial_for}": partial(_partial, material, y, plan),
            "random intercepts for agency and team": partial(_nested, material, y, plan),
            "Pearson, multiple imputation": partial(_imputed, material, scale, filled, plan),
            "Pearson, marker taken out": partial(_marked, x, y, marker, plan),
            "teams, one half against the other": partial(_halves, material, y, plan),
        }
        for way, estimate in ways.items():
            try:
                rows.append({"claim": claim, "outcome": scale, "way": way, **estimate()})
            except PsychometricsError as error:
                rows.append({"claim": claim, "outcome": scale, "way": way, "note": str(error)})
    return pd.DataFrame(rows).reindex(columns=["claim", "outcome", "way", "estimate", "lower", "upper", "n", "note"])


def _plain(x: pd.Series[float], y: pd.Series[float], method: str, plan: StudyPlan) -> Row:
    """Correlate by one coefficient, persons taken as independent."""
    both = x.to_frame(OVERALL_SCORE), y.to_frame(THE_OUTCOME)
    table = correlation_matrix(*both, plan.confidence.value, method).to_frame()  # type: ignore[arg-type]
    row = table.iloc[0]
    return {"estimate": row.iloc[3], "lower": row["lower"], "upper": row["upper"], "n": row["n"], "note": row["note"]}


def _corrected(
    x: pd.Series[float], y: pd.Series[float], items: pd.DataFrame, answers: pd.DataFrame, plan: StudyPlan
) -> Row:
    """Correct Pearson's r for the unreliability of both scores (alpha); a single item has none that can be known."""
    if answers.shape[1] < 2:
        return {"note": "a single item: its reliability is not known"}
    row = _plain(x, y, "pearson", plan)
    if row["note"]:
        return row
    reliable = cronbach_alpha(items).raw, cronbach_alpha(answers).raw
    found = disattenuate(row["estimate"], *reliable, row["lower"], row["upper"])
    return row | {"estimate": found.corrected, "lower": found.lower, "upper": found.upper}


def _covariates(material: Material, plan: StudyPlan) -> list[str]:
    """Return the covariates of the plan that this cohort collected."""
    return [name for name in plan.claims.covariates if name in material.people]


def _partial(material: Material, y: pd.Series[float], plan: StudyPlan) -> Row:
    """Hold the covariates constant."""
    names = _covariates(material, plan)
    if not names:
        return {"note": f"none of {', '.join(plan.claims.covariates)} was collected"}
    found = partial_correlations(
        material.overall.to_frame(OVERALL_SCORE),
        y.to_frame(THE_OUTCOME),
        material.people[names],
        "spearman",
        plan.confidence.value,
    )
    row = found.to_frame().iloc[0]
    return {"estimate": row["rho"], "lower": row["lower"], "upper": row["upper"], "n": row["n"], "note": row["note"]}


def _nested(material: Material, y: pd.Series[float], plan: StudyPlan) -> Row:
    """Let agencies and teams differ by random intercepts."""
    names = [name for name in NESTS if name in material.people]
    if not names:
        return {"note": "neither agency nor team was collected"}
    groups = material.people[names]
    fit = random_intercept(y, material.overall.to_frame("x"), groups, plan.confidence.value)
    row = fit.coefficients.iloc[1]
    parts = zip(fit.variance_components["component"], fit.variance_components["share"], strict=True)
    shares = "; ".join(f"{name}: {100 * share:.1f} % of variance" for name, share in parts if name != "residual")
    ends = {"lower": row["standardised_lower"], "upper": row["standardised_upper"]}
    return {"estimate": row["standardised"], **ends, "n": fit.n, "note": shares}


def imputed(material: Material, plan: StudyPlan) -> list[pd.DataFrame]:
    """Fill missing scores several times from all competencies and outcomes; nothing where nothing is missing."""
    table = pd.concat([material.scores, material.own], axis=1)
    known = table[table.notna().any(axis=1)]
    varied = known.loc[:, known.max() > known.min()]
    if varied.shape[1] < 2 or not varied.isna().to_numpy().any():
        return []
    return multiple_imputation(varied, IMPUTATIONS, 5, plan.seed)


def _imputed(material: Material, scale: str, filled: list[pd.DataFrame], plan: StudyPlan) -> Row:
    """Pool Fisher's z over the imputed tables."""
    names = list(material.scores.columns)
    if not filled or scale not in filled[0] or not set(names) <= set(filled[0].columns):
        return {"note": "nothing is missing, or a score does not vary"}
    n = len(filled[0])
    each = [float(np.arctanh(one[names].mean(axis=1).corr(one[scale]))) for one in filled]
    pooled = pool_estimates(each, [1 / (n - 3)] * len(each), n - 2, plan.confidence.value)
    ends = {name: math.tanh(getattr(pooled, name)) for name in ("estimate", "lower", "upper")}
    return ends | {"n": n, "note": f"{IMPUTATIONS} imputations"}


def smallest_correlation(material: Material) -> float:
    """Return the marker: the smallest correlation, zero or above, of any competency with any own outcome.

    No marker was asked, so the smallest correlation of the table stands in for one (Lindell and Whitney 2001, p. 118).
    NaN where there is none.
    """
    if material.own.shape[1] == 0 or not material.own.notna().to_numpy().any():
        return math.nan
    table = correlation_matrix(material.scores, material.own, 0.95, "pearson").to_frame()["r"].dropna()
    return float(table.clip(lower=0).min()) if len(table) else math.nan


def _marked(x: pd.Series[float], y: pd.Series[float], marker: float, plan: StudyPlan) -> Row:
    """Take the marker's share out of Pearson's r."""
    row = _plain(x, y, "pearson", plan)
    if row["note"] or not marker < 1:
        return {"n": row["n"], "note": row["note"] or "no marker"}
    found = marker_adjusted(float(row["estimate"]), marker, int(row["n"]), plan.confidence.value).iloc[0]
    ends = {"estimate": found["adjusted"], "lower": found["lower"], "upper": found["upper"]}
    return ends | {"n": row["n"], "note": "marker: the smallest correlation in the table"}


def _halves(material: Material, y: pd.Series[float], plan: StudyPlan) -> Row:
    """Correlate, over teams, the competencies of one half with the outcome of the other."""
    if "team" not in material.people:
        return {"note": "team: not collected in this cohort"}
    found = split_group_correlation(
        material.overall, y, material.people["team"], SPLITS, SPLIT_RESAMPLES, plan.seed, plan.confidence.value
    )
    note = f"{found.n_groups} teams; the same people on both sides give {found.same_source:.2f}"
    return {
        "estimate": found.cross_source, "lower": found.lower, "upper": found.upper, "n": found.n_persons,
        "note": "; ".join((note, *found.notes)),
    }  # fmt: skip


def by_source(material: Material, plan: StudyPlan) -> pd.DataFrame:
    """Set same-source and cross-source estimates of every claim about own outcomes side by side, on the same people.

    Returns
    -------
    DataFrame
        ``claim``, ``outcome``, ``n``, ``same_source``, ``cross_source``, ``difference`` with their bounds, ``p``,
        ``cross_corrected`` (for the reliability of the peers) and ``words``.
    """
    tested = tested_outcomes(material, plan)
    scales = list(dict.fromkeys(tested.values()))
    if not scales:
        return pd.DataFrame(columns=["claim", "outcome", "n", "words"])
    both = cross_source_table(
        material.overall.to_frame("overall"), material.peer_overall.to_frame("overall"), material.own[scales],
        "spearman", plan.confidence.value,
    ).set_index("outcome")  # fmt: skip
    table = both.loc[list(tested.values())].reset_index().drop(columns="competency")
    table.insert(0, "claim", list(tested))
    reliability = material.peer_reliability
    table["cross_corrected"] = table["cross_source"] / math.sqrt(reliability) if reliability > 0 else math.nan
    return table.assign(words=[_overstated(row) for row in table.to_dict("records")])


def _overstated(row: Mapping[Any, Any]) -> str:
    """Say what the same-source figure may overstate."""
    if row["note"]:
        return str(row["note"])
    at_most, after = row["difference"], row["same_source"] - row["cross_corrected"]
    if row["difference_lower"] <= 0:
        return "The two do not differ beyond chance"
    rest = f", {after:.2f} once the unreliability of few peers is allowed for" if math.isfinite(after) else ""
    return f"The same-source figure is up to {at_most:.2f} too high{rest}"


def equivalence(material: Material, plan: StudyPlan) -> pd.DataFrame:
    """Test for each claim whether the association is shown to be smaller than the smallest effect of interest."""
    rows: list[Row] = []
    for claim, scale in tested_outcomes(material, plan).items():
        smallest = plan.claims.published[claim].smallest_effect.value
        for source, x in (("same source", material.overall), ("peers", material.peer_overall)):
            row = _plain(x, material.own[scale], "spearman", plan)
            if row["note"]:
                rows.append({"claim": claim, "source": source, "n": row["n"], "note": row["note"]})
                continue
            found = equivalence_test(float(row["estimate"]), int(row["n"]), smallest, plan.alpha_level.value)
            rows.append({"claim": claim, "source": source, "note": ""} | _row(found.to_frame()))
    columns = ["claim", "source", "estimate", "lower", "upper", "smallest_effect", "p", "equivalent", "n", "note"]
    return pd.DataFrame(rows).reindex(columns=columns)


def _row(table: pd.DataFrame) -> Row:
    """Return the one row of a table."""
    return {str(key): value for key, value in table.iloc[0].items()}


def composite_polychoric(
    items: pd.DataFrame, outcome_items: Mapping[str, pd.DataFrame], scales: Sequence[str], confidence: float
) -> pd.DataFrame:
    r"""Correlate the sums of the variables that underlie the answers, from their polychoric correlations.

    .. math:: r = \mathbf 1'R_{xy}\mathbf 1 / \sqrt{\mathbf 1'R_{xx}\mathbf 1\;\mathbf 1'R_{yy}\mathbf 1}

    The interval is Fisher's, as if the polychoric correlations were Pearson's, and so a little too narrow.
    """
    from psychometrics.ordinal import polychoric

    rows: list[Row] = []
    wanted = {scale: outcome_items[scale] for scale in scales}
    try:
        whole = pd.concat([items, *wanted.values()], axis=1)
        found = polychoric(whole.loc[:, whole.max() > whole.min()], missing="pairwise").correlations
    except PsychometricsError as error:
        return pd.DataFrame([{"outcome": scale, "note": str(error)} for scale in scales])
    x = [item for item in items.columns if item in found]
    for scale, answers in wanted.items():
        y = [item for item in answers.columns if item in found]
        n = int((items.notna().any(axis=1) & answers.notna().any(axis=1)).sum())
        if not y:
            rows.append({"outcome": scale, "n": n, "note": "does not vary"})
            continue
        sums = [found.loc[a, b].to_numpy().sum() for a, b in ((x, y), (x, x), (y, y))]
        r = float(sums[0] / math.sqrt(sums[1] * sums[2]))
        lower, upper = correlation_interval(r, n, confidence, "pearson")
        rows.append({"outcome": scale, "estimate": r, "lower": lower, "upper": upper, "n": n, "note": ""})
    return pd.DataFrame(rows)
