"""How far people and their peers agree about the person (notebook 07)."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from compendium.disclosure import guarded_edges, merged_bins
from psychometrics.association import disattenuate
from psychometrics.errors import PsychometricsError
from psychometrics.self_other import (
    ResponseSurface,
    agreement_profiles,
    bland_altman,
    peer_standard_error,
    response_surface,
)

# Points along each side of a drawn surface, and the quantiles of both scores between which it is drawn.
GRID, MIDDLE = 41, (0.05, 0.95)
SHARES = ("share_self_higher", "share_no_clear_difference", "share_self_lower")


def corrected_correlations(compared: pd.DataFrame, alpha: pd.Series[float], icc: pd.DataFrame) -> pd.DataFrame:
    """Correct the self-peer correlations for the unreliability of both views.

    Parameters
    ----------
    compared
        Table of :func:`psychometrics.self_other.compare`.
    alpha
        Reliability of the self scores.
    icc
        Table of ``peer_icc``; its ``icc1_k`` is the reliability of the peer means.
    """
    rows: list[dict[Hashable, Any]] = []
    for row in compared.to_dict("records"):
        name = row["competency"]
        of_peers = icc.set_index("competency")["icc1_k"].get(name, np.nan)
        rows.append({"competency": name, "n": row["n"], **_corrected(row, alpha.get(name, np.nan), of_peers)})
    columns = ["competency", "n", "observed", "corrected", "lower", "upper", "reliability_x", "reliability_y", "note"]
    table = pd.DataFrame(rows).reindex(columns=columns)
    return table.rename(columns={"reliability_x": "reliability_self", "reliability_y": "reliability_peers"})


def _corrected(row: Mapping[Hashable, Any], of_self: float, of_peers: float) -> dict[Hashable, Any]:
    """Correct one correlation, or say why it cannot be."""
    try:
        found = disattenuate(row["pearson"], of_self, of_peers, row["pearson_lower"], row["pearson_upper"])
    except PsychometricsError as error:
        return {"observed": row["pearson"], "note": str(error)}
    return found.to_frame().iloc[0].to_dict()


def profiles(
    own: pd.DataFrame, peer_scores: pd.DataFrame, alpha: pd.Series[float], minimum: float, confidence: float
) -> pd.DataFrame:
    """Return the shares of people who see themselves clearly higher or lower than their peers do.

    A difference is clear when it exceeds what the errors of both views leave. Shares only: a competency with fewer
    than ``minimum`` people compared is blank but for its name.
    """
    means = peer_scores.groupby(level="person").mean().reindex(own.index)
    rated = pd.Series(peer_scores.index.get_level_values("person"), index=peer_scores.index)
    kept = ["competency", "n", *SHARES, "expected_by_chance"]
    try:
        errors = peer_standard_error(peer_scores, rated, own.index)
        own_errors = own.std() * np.sqrt(1 - alpha.reindex(own.columns))
        found = agreement_profiles(own, means, own_errors, errors, confidence).to_frame()
    except PsychometricsError as error:
        found = pd.DataFrame({"competency": own.columns, "note": str(error)})
    table = found.reindex(columns=[*kept, "note"]).astype({"n": float})
    few = table["n"] < minimum
    table.loc[few, kept[1:]] = np.nan
    table["note"] = table["note"].astype(object).fillna("").mask(few, f"fewer than {minimum:g} people: suppressed")
    return table.rename(columns={share: f"{share.removeprefix('share_')}_share" for share in SHARES})


def limits_of_agreement(
    own: pd.DataFrame, means: pd.DataFrame, confidence: float, clusters: pd.Series[str] | None = None
) -> pd.DataFrame:
    """Return bias and limits of agreement of self and peers for each competency, without any person's point."""
    rows: list[dict[Hashable, Any]] = []
    for competency in own.columns:
        try:
            found = bland_altman(own[competency], means[competency], confidence, clusters)
            rows.append({"competency": competency, **found.to_frame().iloc[0].to_dict(), "note": ""})
        except PsychometricsError as error:
            rows.append({"competency": competency, "note": str(error)})
    columns = ["competency", "n", "bias", "bias_lower", "bias_upper"]
    columns += [f"{limit}{end}" for limit in ("lower_limit", "upper_limit") for end in ("", "_lower", "_upper")]
    columns += ["slope", "slope_lower", "slope_upper", "slope_p", "note"]
    return pd.DataFrame(rows).reindex(columns=columns)


def binned(values: pd.Series[float], width: float, minimum: float) -> pd.DataFrame:
    """Count values in bins of one width; a bin with fewer than ``minimum`` people joins the next one.

    Returns
    -------
    DataFrame
        ``lower``, ``upper``, ``people``, ``share``; empty when all the values together are too few. The outermost bins
        hold everybody beyond them, so that no edge stands at one person's value.
    """
    known = values.dropna().to_numpy(dtype=float)
    if len(known) < minimum:
        return pd.DataFrame(columns=["lower", "upper", "people", "share"])
    edges, people = merged_bins(known, guarded_edges(known, minimum, width=width), minimum)
    counts = people.astype(int)
    return pd.DataFrame({"lower": edges[:-1], "upper": edges[1:], "people": counts, "share": counts / len(known)})


def middle(bounds: Sequence[tuple[float, float]]) -> float:
    """Return the middle of the possible scores, the mean over the competencies."""
    return float(np.mean(bounds))


def surfaces(
    outcomes: pd.DataFrame,
    own: pd.Series[float],
    peers: pd.Series[float],
    centre: float,
    confidence: float,
    clusters: pd.Series[str] | None = None,
) -> dict[str, ResponseSurface | str]:
    """Fit the response surface of each outcome on self and peer scores; the reason in words where it cannot be."""
    covariance = "HC3" if clusters is None else "cluster"
    found: dict[str, ResponseSurface | str] = {}
    for name in outcomes.columns:
        try:
            found[str(name)] = response_surface(outcomes[name], own, peers, centre, covariance, confidence, clusters)
        except PsychometricsError as error:
            found[str(name)] = str(error)
    return found


def surface_tables(surfaces: Mapping[str, ResponseSurface | str]) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the parameters a1 to a5 of every surface, and what its curvature adds."""
    parameters: list[pd.DataFrame] = []
    fits: list[dict[str, object]] = []
    for name, one in surfaces.items():
        if isinstance(one, str):
            fits.append({"outcome": name, "note": one})
            continue
        parameters.append(one.to_frame())
        part = {key: getattr(one, key) for key in ("n", "r_squared_linear", "r_squared")}
        test = {"increment_f": one.increment_f, "df1": one.increment_df1, "df2": one.increment_df2}
        fits.append({"outcome": name, **part, **test, "p": one.increment_p, "note": ""})
    columns = ["outcome", "parameter", "estimate", "lower", "upper", "standard_error", "t", "p", "meaning", "n"]
    table = pd.concat(parameters, ignore_index=True) if parameters else pd.DataFrame()
    fit_columns = ["outcome", "n", "r_squared_linear", "r_squared", "increment_f", "df1", "df2", "p", "note"]
    return table.reindex(columns=columns), pd.DataFrame(fits).reindex(columns=fit_columns)


def surface_grid(
    surfaces: Mapping[str, ResponseSurface | str], own: pd.Series[float], peers: pd.Series[float], points: int = GRID
) -> pd.DataFrame:
    """Return the fitted surfaces over the middle 90 per cent of self and peer scores."""
    both = pd.DataFrame({"self": own, "peers": peers}).dropna()
    low, high = both.quantile(MIDDLE[0]), both.quantile(MIDDLE[1])
    self_axis = np.linspace(low["self"], high["self"], points)
    peer_axis = np.linspace(low["peers"], high["peers"], points)
    x, y = np.meshgrid(self_axis, peer_axis)
    tables = [
        pd.DataFrame({"outcome": name, "self": x.ravel(), "peers": y.ravel(), "fitted": one.predict(x, y).ravel()})
        for name, one in surfaces.items()
        if not isinstance(one, str)
    ]
    return pd.concat(tables, ignore_index=True) if tables else pd.DataFrame(
        columns=["outcome", "self", "peers", "fitted"]
    )  # fmt: skip
