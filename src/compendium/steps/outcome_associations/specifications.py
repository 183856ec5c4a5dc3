"""The same association estimated in other ways, and what a common source adds to it (notebook 08)."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import pandas as pd

from compendium.findings import Finding, encode, found
from compendium.plan import StudyPlan
from compendium.steps.outcome_associations.claims import (
    OVERALL_SCORE,
    THE_OUTCOME,
    ClaimData,
    below_gate,
    collected_outcome,
)
from compendium.steps.outcome_associations.people_needed import LOST_BY_FISHER
from compendium.steps.scores import OVERALL
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

Row = dict[str, Any]
UNDERLYING_COLUMNS = ("outcome", "estimate", "lower", "upper", "n", "note")


@dataclass(frozen=True)
class Association:
    """A score and an own outcome that are set beside each other, in several ways.

    Attributes
    ----------
    scale
        The outcome scale.
    competency
        The competency; empty for the overall score.
    smallest
        Smallest effect of interest; NaN where no claim declares one.
    direction
        Of the claim; ``any`` where nothing is claimed.
    """

    scale: str
    competency: str = ""
    smallest: float = math.nan
    direction: str = "any"

    @property
    def ends(self) -> tuple[float, ...]:
        """Where the smallest effect of interest lies on the claimed side of zero; nowhere where none is declared."""
        if math.isnan(self.smallest):
            return ()
        return {"positive": (self.smallest,), "negative": (-self.smallest,)}.get(
            self.direction, (-self.smallest, self.smallest)
        )


def tested_outcomes(data: ClaimData, plan: StudyPlan) -> dict[str, Association]:
    """Return the associations with own outcomes that this cohort can estimate, by name.

    These are the claims about an own outcome, by the name of the claim, and every other own outcome with the overall
    score, by the name of its scale. A framework without an overall score has those of its claims alone.
    """
    tested: dict[str, Association] = {}
    for name, claim in plan.claims.published.items():
        scale = collected_outcome(claim, list(data.own.columns))[0] if claim.kind == "own_outcome" else None
        if scale is not None:
            tested[name] = Association(scale, claim.competency, claim.smallest_effect.value, claim.direction)
    claimed = {one.scale for one in tested.values()}
    others = [str(scale) for scale in data.own.columns if scale not in claimed] if data.total != "none" else []
    return tested | {scale: Association(scale) for scale in others}


def colleagues_outcome(data: ClaimData, plan: StudyPlan) -> str:
    """Return the colleagues' own outcome that is modelled: the one that a claim names, else the first collected."""
    collected = list(data.colleagues.columns)
    claimed = [claim for claim in plan.claims.published.values() if claim.kind == "colleagues"]
    named = [collected_outcome(claim, collected)[0] for claim in claimed]
    return next((name for name in named if name is not None), str(collected[0]))


def estimates_by_method(data: ClaimData, plan: StudyPlan) -> pd.DataFrame:
    """Estimate every tested association by each method; a method that cannot be used has the reason in ``note``."""
    marker, filled = smallest_correlation(data, plan), imputed(data, plan)
    held, nests, kin = _covariates(data, plan), _nests(data), data.nesting.of(data.overall.index)
    rows: list[Row] = []
    for claim, one in tested_outcomes(data, plan).items():
        scale = one.scale
        x, y = data.seen_by_self(one.competency), data.own[scale]
        methods: list[tuple[Finding, Callable[[], Row]]] = [
            (found("by_spearman"), partial(_plain, x, y, "spearman", plan, kin)),
            (found("by_pearson"), partial(_plain, x, y, "pearson", plan, kin)),
            (found("by_pearson_corrected"), partial(_corrected, data, one, plan)),
            (found("by_partial" if held else "by_partial_nothing", other=held), partial(_partial, data, x, y, plan)),
            (
                found("by_intercepts" if nests else "by_intercepts_nothing", other=nests),
                partial(_nested, data, x, y, plan),
            ),
            (found("by_imputation"), partial(_imputed, data, one, filled, plan)),
            (found("by_marker"), partial(_marked, x, y, marker, plan)),
            (found("by_halves"), partial(_halves, data, x, y, plan)),
        ]
        for method, estimate in methods:
            row: Row = {"claim": claim, "outcome": scale, "kind": method.kind, "method": method.encoded}
            try:
                rows.append(row | estimate())
            except PsychometricsError as error:
                rows.append(row | {"note": str(error)})
    columns = ["claim", "outcome", "kind", "method", "estimate", "lower", "upper", "n", "note"]
    return pd.DataFrame(rows).reindex(columns=columns)


def _plain(
    x: pd.Series[float], y: pd.Series[float], method: str, plan: StudyPlan, clusters: pd.Series[str] | None
) -> Row:
    """Correlate by one coefficient; intervals allow for clusters."""
    both = x.to_frame(OVERALL_SCORE), y.to_frame(THE_OUTCOME)
    table = correlation_matrix(*both, plan.confidence.value, method, clusters).to_frame()  # type: ignore[arg-type]
    row = table.rename(columns={"rho": "estimate", "r": "estimate"}).iloc[0]
    return {
        "estimate": row["estimate"],
        "lower": row["lower"],
        "upper": row["upper"],
        "n": row["n"],
        "effective_n": row.get("effective_n", row["n"]),
        "note": row["note"],
    }


def _corrected(data: ClaimData, one: Association, plan: StudyPlan) -> Row:
    """Correct Pearson's r for the unreliability of both scores (alpha); a single item has none that can be known."""
    nothing = math.nan
    reliable = (
        data.reliability.get(one.competency or OVERALL, nothing),
        data.outcome_reliability.get(one.scale, nothing),
    )
    if not all(value > 0 for value in reliable):
        return {"note": found("reliability_unknown").encoded}
    x = data.seen_by_self(one.competency)
    row = _plain(x, data.own[one.scale], "pearson", plan, data.nesting.of(x.index))
    if row["note"]:
        return row
    true = disattenuate(row["estimate"], *reliable, row["lower"], row["upper"])
    return row | {"estimate": true.corrected, "lower": true.lower, "upper": true.upper}


def _covariates(data: ClaimData, plan: StudyPlan) -> list[str]:
    """Return the covariates of the plan that this cohort collected."""
    return [name for name in plan.claims.covariates if name in data.people]


def _partial(data: ClaimData, x: pd.Series[float], y: pd.Series[float], plan: StudyPlan) -> Row:
    """Hold the covariates constant."""
    names = _covariates(data, plan)
    if not names:
        return {"note": found("no_covariate", either=plan.claims.covariates).encoded}
    held = partial_correlations(
        x.to_frame(OVERALL_SCORE),
        y.to_frame(THE_OUTCOME),
        data.people[names],
        "spearman",
        plan.confidence.value,
        data.nesting.of(data.overall.index),
    )
    row = held.to_frame().iloc[0]
    return {"estimate": row["rho"], "lower": row["lower"], "upper": row["upper"], "n": row["n"], "note": row["note"]}


def _nests(data: ClaimData) -> list[str]:
    """Return the groupings that people are nested in, as far as the cohort collected them."""
    return data.nesting.names


def _nested(data: ClaimData, x: pd.Series[float], y: pd.Series[float], plan: StudyPlan) -> Row:
    """Let the groups that people are nested in differ by random intercepts."""
    names = _nests(data)
    if not names:
        return {"note": found("no_nesting").encoded}
    fit = random_intercept(y, x.to_frame("x"), data.people[names], plan.confidence.value)
    slope = fit.coefficients[fit.coefficients["term"] == "x"].iloc[0]
    parts = zip(fit.variance_components["component"], fit.variance_components["share"], strict=True)
    shares = [found("variance_share", other=str(name), value=share) for name, share in parts if name != "residual"]
    ends = {"lower": slope["standardised_lower"], "upper": slope["standardised_upper"]}
    return {"estimate": slope["standardised"], **ends, "n": fit.n, "note": encode(shares)}


def imputed(data: ClaimData, plan: StudyPlan) -> list[pd.DataFrame]:
    """Fill missing scores several times from all competencies and outcomes; nothing where nothing is missing."""
    table = pd.concat([data.scores, data.own], axis=1)
    known = table[table.notna().any(axis=1)]
    varied = known.loc[:, known.max() > known.min()]
    if varied.shape[1] < 2 or not varied.isna().to_numpy().any():
        return []
    rule = plan.imputation
    return multiple_imputation(varied, int(rule.tables.value), int(rule.sweeps.value), plan.seed)


def _imputed(data: ClaimData, one: Association, filled: list[pd.DataFrame], plan: StudyPlan) -> Row:
    """Pool Fisher's z over the imputed tables."""
    names, scale = [one.competency] if one.competency else list(data.scores.columns), one.scale
    if not filled or scale not in filled[0] or not set(names) <= set(filled[0].columns):
        return {"note": found("nothing_to_impute").encoded}
    n = len(filled[0])
    each = [float(np.arctanh(table[names].mean(axis=1).corr(table[scale]))) for table in filled]
    pooled = pool_estimates(each, [1 / (n - LOST_BY_FISHER)] * len(each), n - 2, plan.confidence.value)
    ends = {name: math.tanh(getattr(pooled, name)) for name in ("estimate", "lower", "upper")}
    return ends | {"n": n, "note": found("imputations", value=len(filled)).encoded}


def smallest_correlation(data: ClaimData, plan: StudyPlan) -> float:
    """Return the marker: the smallest correlation, zero or above, of any competency with any own outcome.

    No marker was asked, so the smallest correlation of the table stands in for one (Lindell and Whitney 2001, p. 118).
    NaN where there is none.
    """
    if data.own.shape[1] == 0 or not data.own.notna().to_numpy().any():
        return math.nan
    table = correlation_matrix(data.scores, data.own, plan.confidence.value, "pearson").to_frame()["r"].dropna()
    return float(table.clip(lower=0).min()) if len(table) else math.nan


def _marked(x: pd.Series[float], y: pd.Series[float], marker: float, plan: StudyPlan) -> Row:
    """Correct Pearson's r by the marker variable."""
    row = _plain(x, y, "pearson", plan, None)
    if row["note"] or not marker < 1:
        return {"n": row["n"], "note": row["note"] or found("no_marker").encoded}
    adjusted = marker_adjusted(float(row["estimate"]), marker, int(row["n"]), plan.confidence.value).iloc[0]
    ends = {"estimate": adjusted["adjusted"], "lower": adjusted["lower"], "upper": adjusted["upper"]}
    return ends | {"n": row["n"], "note": found("marker_is_smallest", value=marker).encoded}


def _halves(data: ClaimData, x: pd.Series[float], y: pd.Series[float], plan: StudyPlan) -> Row:
    """Correlate, over teams, the competencies of one half with the outcome of the other."""
    if "team" not in data.people:
        return {"note": found("not_collected", what="team").encoded}
    rule = plan.halves
    split = split_group_correlation(
        x, y, data.people["team"], int(rule.splits.value), int(rule.resamples.value), plan.seed,
        plan.confidence.value,
    )  # fmt: skip
    notes = [found("halves_of_teams", groups=split.n_groups, value=split.same_source)]
    notes += [found("said_by_method", text=text) for text in split.notes]
    ends = {"estimate": split.cross_source, "lower": split.lower, "upper": split.upper}
    return ends | {"n": split.n_persons, "note": encode(notes)}


def by_source(data: ClaimData, plan: StudyPlan) -> pd.DataFrame:
    """Compare same-source and cross-source estimates of every claim about own outcomes on the same people.

    Returns
    -------
    DataFrame
        ``claim``, ``outcome``, ``n``, ``same_source``, ``cross_source``, ``difference`` with their bounds, ``p``,
        ``cross_corrected`` (for the reliability of the peers) and ``finding``.
    """
    tables = []
    for claim, one in tested_outcomes(data, plan).items():
        own, peers = data.seen_by_self(one.competency), data.seen_by_peers(one.competency)
        both = cross_source_table(
            own.to_frame("score"), peers.to_frame("score"), data.own[[one.scale]], "spearman", plan.confidence.value
        ).drop(columns="competency")
        reliability = data.reliability_of_peers(plan.confidence.value, one.competency).value
        both["cross_corrected"] = both["cross_source"] / math.sqrt(reliability) if reliability > 0 else math.nan
        both.insert(0, "claim", claim)
        tables.append(both)
    if not tables:
        return pd.DataFrame(columns=["claim", "outcome", "n", "finding"])
    table = pd.concat(tables, ignore_index=True)
    return table.assign(finding=[_overstated(row).encoded for row in table.to_dict("records")])


def inflation(table: pd.DataFrame) -> pd.Series[float]:
    """Return by how much each same-source estimate lies further from zero, in its own direction, than the other."""
    turned: pd.Series[float] = table["difference"] * np.sign(table["same_source"].astype(float))
    return turned


def _overstated(row: Mapping[Any, Any]) -> Finding:
    """Return how much the same-source estimate may overstate the association."""
    if row["note"]:
        return found("said_by_method", text=str(row["note"]))
    sign = math.copysign(1, row["same_source"])
    after = sign * (row["same_source"] - row["cross_corrected"])
    if min(sign * row["difference_lower"], sign * row["difference_upper"]) <= 0:
        return found("sources_alike")
    if math.isfinite(after):
        return found("overstated_corrected", value=sign * row["difference"], after=after)
    return found("overstated", value=sign * row["difference"])


def equivalence(data: ClaimData, plan: StudyPlan) -> pd.DataFrame:
    """Test for each claim whether the association is shown to be smaller than the smallest effect of interest."""
    rows: list[Row] = []
    claimed = {name: one for name, one in tested_outcomes(data, plan).items() if not math.isnan(one.smallest)}
    for claim, one in claimed.items():
        views = [("same source", data.seen_by_self(one.competency))]
        views += [("peers", data.seen_by_peers(one.competency))] if data.has_peers else []
        for source, x in views:
            row = _plain(x, data.own[one.scale], "spearman", plan, data.nesting.of(x.index))
            if why := row["note"] or below_gate(row["n"], plan):
                rows.append({"claim": claim, "source": source, "n": row["n"], "note": why})
                continue
            test = equivalence_test(float(row["estimate"]), _independent(row), one.smallest, plan.alpha_level.value)
            rows.append({"claim": claim, "source": source, "note": ""} | _row(test.to_frame()) | {"n": row["n"]})
    columns = ["claim", "source", "estimate", "lower", "upper", "smallest_effect", "p", "equivalent", "n", "note"]
    return pd.DataFrame(rows).reindex(columns=columns)


def _independent(row: Row) -> int:
    """Return how many independent people a correlation is worth, no more than there are."""
    effective = row["effective_n"]
    return int(min(row["n"], effective)) if effective == effective else int(row["n"])


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
    rows: list[Row] = []
    wanted: dict[str, pd.DataFrame] = {}
    # A scale that is refused, such as an amount with too many values, does not cost the others their estimate.
    some = items.loc[:, items.max() > items.min()].iloc[:, :2]
    for scale in scales:
        try:
            _varying_polychoric(pd.concat([some, outcome_items[scale]], axis=1))
        except PsychometricsError as error:
            rows.append({"outcome": scale, "note": str(error)})
        else:
            wanted[scale] = outcome_items[scale]
    try:
        latent = _varying_polychoric(pd.concat([items, *wanted.values()], axis=1))
    except PsychometricsError as error:
        rows += [{"outcome": scale, "note": str(error)} for scale in wanted]
        return pd.DataFrame(rows, columns=list(UNDERLYING_COLUMNS))
    x = [item for item in items.columns if item in latent]
    for scale, answers in wanted.items():
        y = [item for item in answers.columns if item in latent]
        n = int((items.notna().any(axis=1) & answers.notna().any(axis=1)).sum())
        if not y:
            rows.append({"outcome": scale, "n": n, "note": found("does_not_vary").encoded})
            continue
        sums = [latent.loc[a, b].to_numpy().sum() for a, b in ((x, y), (x, x), (y, y))]
        r = float(sums[0] / math.sqrt(sums[1] * sums[2]))
        lower, upper = correlation_interval(r, n, confidence, "pearson")
        rows.append({"outcome": scale, "estimate": r, "lower": lower, "upper": upper, "n": n, "note": ""})
    return pd.DataFrame(rows, columns=list(UNDERLYING_COLUMNS))


def _varying_polychoric(answers: pd.DataFrame) -> pd.DataFrame:
    """Return the polychoric correlations of the items on which people differ."""
    from psychometrics.ordinal import polychoric

    varying = answers.loc[:, answers.max() > answers.min()]
    return polychoric(varying, missing="pairwise").correlations
