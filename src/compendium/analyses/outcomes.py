"""What goes with the competencies, own and colleagues', and what a common source adds (notebook 08)."""

from __future__ import annotations

import pandas as pd

from psychometrics.association import adjust_p, random_intercept, regression, spearman_matrix
from psychometrics.errors import PsychometricsError

OVERALL = "overall"
ESTIMATE = ("estimate", "standard_error", "df", "t", "p", "lower", "upper")
STANDARDISED = ("standardised", "standardised_lower", "standardised_upper")
COLLEAGUES_PREDICTORS = {
    "own_rating": "the colleague's own rating of the person (same source)",
    "self_score": "the person's self score (cross-source)",
    "other_peers": "the other peers' mean (cross-source)",
}


def associations(scores: pd.DataFrame, outcomes: pd.DataFrame, confidence: float) -> pd.DataFrame:
    """Correlate every competency with every outcome (Spearman), adjusted over the whole family (Holm, BH)."""
    table = spearman_matrix(scores, outcomes, confidence).to_frame()
    table = table.rename(columns={"x": "competency", "y": "outcome"})
    table["p_holm"], table["p_bh"] = adjust_p(table["p"], "holm"), adjust_p(table["p"], "bh")
    return table


def as_matrix(table: pd.DataFrame) -> pd.DataFrame:
    """Lay the correlations out with competencies down and outcomes across."""
    order = list(dict.fromkeys(table["outcome"]))
    return table.pivot(index="competency", columns="outcome", values="rho").reindex(
        index=list(dict.fromkeys(table["competency"])), columns=order
    )


def regressions(scores: pd.DataFrame, outcomes: pd.DataFrame, confidence: float) -> pd.DataFrame:
    """Regress every outcome on all competencies at once (OLS, HC3 errors, t reference).

    An outcome that cannot be regressed, such as one that nobody varies on, has one row with the reason in ``note``.
    """
    tables = []
    for name in outcomes.columns:
        try:
            fit = regression(outcomes[name], scores, covariance="HC3", confidence=confidence)
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


def overall(scores: pd.DataFrame) -> pd.Series[float]:
    """Return the mean over competencies, where all are known."""
    return scores.mean(axis="columns", skipna=False).rename(OVERALL)


def colleagues_rows(scores: pd.DataFrame, peer_scores: pd.DataFrame, engagement: pd.Series[float]) -> pd.DataFrame:
    """Bring together, for each rating, the colleague's own engagement and three views of the rated person.

    Parameters
    ----------
    scores
        Self scores of the rated people.
    peer_scores
        Scores given by peers, indexed by (person, rater).
    engagement
        The peers' own engagement, indexed alike.
    """
    given = overall(peer_scores)
    person = given.index.get_level_values("person")
    total, count = given.groupby(level="person").transform("sum"), given.groupby(level="person").transform("count")
    others = ((total - given) / (count - 1)).where(count > 1)
    own = overall(scores).reindex(person).to_numpy()
    rows = pd.DataFrame({"own_rating": given, "self_score": own, "other_peers": others, "engagement": engagement})
    return rows.assign(person=person)


def colleagues_models(rows: pd.DataFrame, confidence: float) -> pd.DataFrame:
    """Regress colleagues' own engagement on each view of the rated person, with a random intercept for the person.

    A model that cannot be fitted, such as one of an outcome that nobody varies on, has the reason in ``note``.
    """
    tables = []
    for predictor, meaning in COLLEAGUES_PREDICTORS.items():
        known = rows[["engagement", predictor, "person"]].dropna()
        try:
            fit = random_intercept(known["engagement"], known[[predictor]], known["person"], confidence)
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
    scores: pd.DataFrame, peer_mean: pd.DataFrame, outcomes: pd.DataFrame, confidence: float
) -> pd.DataFrame:
    """Correlate own outcomes with the overall competency as the person sees it and as peers see it.

    Both estimates rest on the same people, those with a self score and a peer mean.
    """
    both = pd.DataFrame({"self (same source)": overall(scores), "peers (cross-source)": overall(peer_mean)}).dropna()
    table = spearman_matrix(both, outcomes.reindex(both.index), confidence).to_frame()
    return table.rename(columns={"x": "source", "y": "outcome"})
