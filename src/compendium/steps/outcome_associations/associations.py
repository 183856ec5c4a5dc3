"""What goes with the competencies, own and colleagues', and what a common source adds (notebook 08)."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
from scipy import stats

from psychometrics.association import (
    adjust_p,
    correlation_matrix,
    dominance_analysis,
    ordinal_regression,
    random_intercept,
    regression,
    relative_weights,
)
from psychometrics.errors import PsychometricsError

OVERALL = "overall"
ESTIMATE = ("estimate", "standard_error", "df", "t", "p", "lower", "upper")
STANDARDISED = ("standardised", "standardised_lower", "standardised_upper")
COLLEAGUES_PREDICTORS = {
    "own_rating": "the colleague's own rating of the person (same source)",
    "self_score": "the person's self score (cross-source)",
    "other_peers": "the other peers' mean (cross-source)",
}


def associations(
    scores: pd.DataFrame, outcomes: pd.DataFrame, confidence: float, clusters: pd.Series[str] | None = None
) -> pd.DataFrame:
    """Correlate every competency with every outcome (Spearman), adjusted over the whole family (Holm, BH).

    With clusters, intervals and p allow for members of one cluster being alike; ``design_effect`` says how many times
    that multiplies the variance, ``effective_n`` how many independent people are left.
    """
    table = correlation_matrix(scores, outcomes, confidence, "spearman", clusters).to_frame()
    table = table.rename(columns={"x": "competency", "y": "outcome"})
    table["p_holm"], table["p_bh"] = adjust_p(table["p"], "holm"), adjust_p(table["p"], "bh")
    return table


def as_matrix(table: pd.DataFrame) -> pd.DataFrame:
    """Lay the correlations out with competencies down and outcomes across."""
    order = list(dict.fromkeys(table["outcome"]))
    return table.pivot(index="competency", columns="outcome", values="rho").reindex(
        index=list(dict.fromkeys(table["competency"])), columns=order
    )


def regressions(
    scores: pd.DataFrame, outcomes: pd.DataFrame, confidence: float, clusters: pd.Series[str] | None = None
) -> pd.DataFrame:
    """Regress every outcome on all competencies at once (OLS, t reference): HC3 errors, or errors by cluster.

    An outcome that cannot be regressed, such as one that nobody varies on, has one row with the reason in ``note``.
    """
    tables, errors = [], "HC3" if clusters is None else "cluster"
    for name in outcomes.columns:
        try:
            fit = regression(outcomes[name], scores, errors, confidence, clusters)
        except PsychometricsError as error:
            n = int(scores.assign(outcome=outcomes[name]).dropna().shape[0])
            tables.append(pd.DataFrame([{"outcome": name, "n": n, "note": str(error)}]))
            continue
        tables.append(fit.to_frame().assign(note=""))
    return pd.concat(tables, ignore_index=True).reindex(
        columns=["outcome", "term", *ESTIMATE, *STANDARDISED, "n", "r_squared", "note"]
    )


def regression_fit(coefficients: pd.DataFrame) -> pd.DataFrame:
    """Return n and R squared of each regression, or why there is none."""
    return coefficients.drop_duplicates("outcome")[["outcome", "n", "r_squared", "note"]].reset_index(drop=True)


def overall(scores: pd.DataFrame, total: str = "mean") -> pd.Series[float]:
    """Return the overall score of every person whose competencies are all known, as the framework declares it.

    ``total`` is ``mean`` or ``sum``; with ``none`` the competencies make no overall score, and nobody has one.
    """
    if total == "none":
        return pd.Series(np.nan, scores.index, dtype=float, name=OVERALL)
    joined = scores.sum if total == "sum" else scores.mean
    return joined(axis="columns", skipna=False).rename(OVERALL)


def composite(scores: pd.DataFrame, total: str, competency: str = "") -> pd.Series[float]:
    """Return the score of one competency, or the overall score."""
    return scores[competency] if competency else overall(scores, total)


def colleagues_rows(own: pd.Series[float], ratings: pd.Series[float], outcome: pd.Series[float]) -> pd.DataFrame:
    """Bring together, for each rating, the colleague's own outcome and three views of the rated person.

    Parameters
    ----------
    own
        Score that each rated person gives themselves.
    given
        Score given by each peer, indexed by (person, rater).
    outcome
        The peers' own outcome, indexed alike.
    """
    person = ratings.index.get_level_values("person")
    total, count = ratings.groupby(level="person").transform("sum"), ratings.groupby(level="person").transform("count")
    others = ((total - ratings) / (count - 1)).where(count > 1)
    seen = own.reindex(person).to_numpy()
    rows = pd.DataFrame({"own_rating": ratings, "self_score": seen, "other_peers": others, "outcome": outcome})
    return rows.assign(person=person)


def rating_groups(rows: pd.DataFrame, several: float) -> pd.DataFrame:
    """Return the groupings of ratings: the rated person, crossed with the rater where that can be told apart.

    Raters count as crossed where they rated several people and their outcome differs between ratings. An outcome
    answered once by each rater is the rater's own: a random intercept for the rater would swallow it whole.
    ``several`` is the share of raters that must differ.
    """
    groups = pd.DataFrame({"rated person": rows["person"].to_numpy()}, index=rows.index)
    if "rater" not in rows.index.names:
        return groups
    rater = pd.Series(rows.index.get_level_values("rater"), index=rows.index)
    by_rater = rows["outcome"].groupby(rater.to_numpy())
    varies = (by_rater.max() > by_rater.min()).mean() > several
    return groups.assign(rater=rater) if varies else groups


def rating_networks(rows: pd.DataFrame) -> pd.Series[int]:
    """Return the network of each rating: no rater and no rated person is in two networks."""
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    names = pd.concat([rows["person"].astype(str), pd.Series(rows.index.get_level_values("rater"), rows.index)])
    codes = pd.factorize(names)[0].reshape(2, -1)
    size = int(codes.max()) + 1 if codes.size else 0
    ties = coo_array((np.ones(codes.shape[1]), (codes[0], codes[1])), shape=(size, size))
    member = connected_components(ties, directed=False)[1]
    return pd.Series(member[codes[0]], rows.index, name="network")


def colleagues_robust(rows: pd.DataFrame, confidence: float) -> pd.DataFrame:
    """Regress colleagues' own outcome on each view, with errors that allow for every tie between ratings.

    Raters who rated several people bring the same outcome to each; errors are therefore clustered over networks of
    people tied by ratings. Each row is a rating.
    """
    tables = []
    for predictor, meaning in COLLEAGUES_PREDICTORS.items():
        known = rows[["outcome", predictor, "person"]].dropna()
        try:
            networks = rating_networks(known)
            fit = regression(known["outcome"], known[[predictor]], "cluster", confidence, networks)
        except PsychometricsError as error:
            tables.append(pd.DataFrame([{"predictor": meaning, "n": len(known), "note": str(error)}]))
            continue
        chosen = fit.to_frame().iloc[[1]].drop(columns=["outcome"])
        tables.append(chosen.assign(predictor=meaning, networks=networks.nunique(), note=""))
    more = ["n", "networks", "note"]
    return pd.concat(tables, ignore_index=True).reindex(columns=["predictor", *STANDARDISED, *ESTIMATE, *more])


def colleagues_models(rows: pd.DataFrame, confidence: float, several: float) -> pd.DataFrame:
    """Regress colleagues' own outcome on each view of the rated person, with random intercepts.

    There is one for the rated person, and a crossed one for the rater where :func:`rating_groups` says so.

    A model that cannot be fitted, such as one of an outcome that nobody varies on, has the reason in ``note``.
    """
    tables = []
    for predictor, meaning in COLLEAGUES_PREDICTORS.items():
        known = rows[["outcome", predictor, "person"]].dropna()
        try:
            fit = random_intercept(known["outcome"], known[[predictor]], rating_groups(known, several), confidence)
        except PsychometricsError as error:
            tables.append(pd.DataFrame([{"predictor": meaning, "n": len(known), "note": str(error)}]))
            continue
        table = fit.to_frame()
        chosen = table[table["term"] == predictor].drop(columns=["outcome"])
        tables.append(chosen.assign(predictor=meaning, singular=fit.singular, note=""))
    table = pd.concat(tables, ignore_index=True)
    more = ["n", "n_groups", "icc1", "singular", "note"]
    return table.reindex(columns=["predictor", *STANDARDISED, *ESTIMATE, *more])


def same_and_cross_source(
    own: pd.Series[float],
    peers: pd.Series[float],
    outcomes: pd.DataFrame,
    confidence: float,
    clusters: pd.Series[str] | None = None,
) -> pd.DataFrame:
    """Correlate own outcomes with the overall score as the person sees it and as peers see it.

    Both estimates rest on the same people, those with a self score and a peer mean.
    """
    both = pd.DataFrame({"self (same source)": own, "peers (cross-source)": peers}).dropna()
    kin = None if clusters is None else clusters.reindex(both.index)
    table = correlation_matrix(both, outcomes.reindex(both.index), confidence, "spearman", kin).to_frame()
    return table.rename(columns={"x": "source", "y": "outcome"})


def importance(
    scores: pd.DataFrame,
    outcomes: pd.DataFrame,
    resamples: int,
    seed: int,
    confidence: float,
    clusters: pd.Series[str] | None,
) -> pd.DataFrame:
    """Divide R squared of every outcome among the competencies by general dominance and by relative weights.

    An outcome for which that cannot be done has one row with the reason in ``note``.
    """
    tables = []
    for name in outcomes.columns:
        try:
            found = dominance_analysis(outcomes[name], scores, resamples, seed, confidence, clusters).to_frame()
            weights = relative_weights(outcomes[name], scores).table["importance"]
        except PsychometricsError as error:
            tables.append(pd.DataFrame([{"outcome": name, "note": str(error)}]))
            continue
        tables.append(found.assign(relative_weight=weights, note=""))
    table = pd.concat(tables, ignore_index=True).rename(columns={"predictor": "competency"})
    columns = ["outcome", "competency", "importance", "lower", "upper", "share", "rank", "relative_weight"]
    return table.reindex(columns=[*columns, "n", "r_squared", "note"])


def single_items(items: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """Return the outcomes that were asked by one item, one column each."""
    alone = {name: answers.iloc[:, 0] for name, answers in items.items() if answers.shape[1] == 1}
    return pd.DataFrame(alone)


def ordinal_models(
    score: pd.Series[float], single: pd.DataFrame, confidence: float, clusters: pd.Series[str] | None = None
) -> pd.DataFrame:
    """Regress every single-item outcome on the overall score by a proportional-odds model.

    With clusters, intervals and p allow for members of one cluster being alike.
    """
    tables = []
    for name in single.columns:
        try:
            fit = ordinal_regression(single[name], score.to_frame(), confidence, clusters)
        except PsychometricsError as error:
            tables.append(pd.DataFrame([{"outcome": name, "note": str(error)}]))
            continue
        tables.append(fit.to_frame().assign(mcfadden_r_squared=fit.mcfadden_r_squared, note=""))
    columns = ["outcome", "odds_ratio", "odds_ratio_lower", "odds_ratio_upper", "z", "p", "mcfadden_r_squared", "n"]
    table = pd.concat(tables, ignore_index=True) if tables else pd.DataFrame()
    return table.reindex(columns=[*columns, "note"])


def teams_caterpillar(
    score: pd.Series[float], teams: pd.Series[str], minimum: float, confidence: float
) -> pd.DataFrame:
    """Return the mean overall score of every team that is large enough, in order and without its name.

    Smaller teams are left out; how many is in the column ``left_out``.
    """
    by_team = score.dropna().groupby(teams)
    table = by_team.agg(n="count", mean="mean", sd="std").reset_index(drop=True)
    shown = table[table["n"] >= minimum].sort_values("mean").reset_index(drop=True)
    margin = stats.t.ppf((1 + confidence) / 2, shown["n"] - 1) * shown["sd"] / np.sqrt(shown["n"])
    places = [f"team {place + 1}" for place in shown.index]
    ends = {"lower": shown["mean"] - margin, "upper": shown["mean"] + margin}
    drawn: pd.DataFrame = shown.assign(team=places, **ends, left_out=len(table) - len(shown))
    return drawn
