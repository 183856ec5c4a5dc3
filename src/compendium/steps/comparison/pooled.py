"""What the cohorts say together: each claim and each item, pooled over cohorts by random effects."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any, Literal

import numpy as np
import pandas as pd
from scipy import stats

from compendium.findings import Finding, decode, encode, found
from compendium.plan import Claim
from compendium.steps.comparison.matching import IN_SOME, SAME
from compendium.study.members import Member
from psychometrics.association import adjust_p, verdict
from psychometrics.errors import PsychometricsError
from psychometrics.items import item_rest_correlation
from psychometrics.pooling import RandomEffects, random_effects

REAL, SYNTHETIC = "real", "synthetic"
# Fisher's z is not finite at one.
NEARLY_ONE = 1 - 1e-12
# Variance of Fisher's z of a Spearman correlation: (1 + r²/2) / (n - 3); Bonett & Wright 2000, Psychometrika 65:23-28.
SPEARMAN_HALF, LOST_BY_FISHER = 0.5, 3
# A shared estimate and its error are those of this kind of claim; shares of variance have neither sign nor error.
AS_CORRELATION, AS_SLOPE = ("own_outcome", "tenure"), ("colleagues",)
KEEP = "keep"
ESTIMATE_COLUMNS = ["claim", "short", "cohort", "evidence_of", "source", "estimate", "lower", "upper", "n", "verdict",
                    "pooled_with", "note"]  # fmt: skip
POOLED_COLUMNS = ["claim", "short", "evidence_of", "source", "cohorts", "average", "average_lower", "average_upper",
                  "estimate", "lower", "upper", "prediction_lower", "prediction_upper", "tau", "i_squared", "p_same",
                  "p_holm", "n", "smallest_effect", "says_of_these", "says", "note"]  # fmt: skip
ITEM_COLUMNS = ["item", "competency", "evidence_of", "asked_in", "kept_in", "dropped_in", "review_in", "cohorts", "n",
                "average", "average_lower", "average_upper", "estimate", "lower", "upper", "prediction_lower",
                "prediction_upper", "i_squared", "note"]  # fmt: skip


def claim_estimates(members: Sequence[Member]) -> pd.DataFrame:
    """Return the kept estimate of every claim in every cohort, with what it is pooled with.

    Estimates are pooled with others of the same kind only: of real people or of invented ones, from the same source,
    of the outcome itself or of one that stands in for it, corrected for few peers or not.

    Returns
    -------
    DataFrame
        :data:`ESTIMATE_COLUMNS` beside ``scale`` (``z``, ``slope`` or empty: not pooled) and ``error`` on that scale.
    """
    rows = []
    for member in members:
        published = member.study.plan.claims.published
        for row in member.table("claims").to_dict("records"):
            claim = published.get(str(row["claim"]))
            rows.append(_estimate(member, {str(key): value for key, value in row.items()}, claim))
    return pd.DataFrame(rows, columns=[*ESTIMATE_COLUMNS, "scale", "error"])


def _estimate(member: Member, row: dict[str, Any], claim: Claim | None) -> dict[str, Any]:
    """Return one cohort's estimate of one claim."""
    kind = "" if claim is None else claim.kind
    scale = "z" if kind in AS_CORRELATION else "slope" if kind in AS_SLOPE else ""
    known = [isinstance(row[name], float) and math.isfinite(row[name]) for name in ("estimate", "fisher_error")]
    usable = bool(scale) and all(known) and row["fisher_error"] > 0
    tested_by = decode(row["tested_by"]) if isinstance(row["tested_by"], str) else ()
    methods = {each.kind for each in (decode(row["method"]) if isinstance(row["method"], str) else ())}
    like = "; ".join([each.kind for each in tested_by] + (["corrected"] if "method_corrected" in methods else []))
    apart = [found("not_pooled_error" if scale else "not_pooled_share")] if known[0] and not usable else []
    note = encode([*(decode(row["note"])), *apart])
    kept = {name: row[name] for name in ("claim", "short", "estimate", "lower", "upper", "n", "verdict")}
    source = row["source"] if isinstance(row["source"], str) else ""
    of = {"cohort": member.name, "evidence_of": evidence_of(member), "source": source, "pooled_with": like}
    return kept | of | {"note": note, "scale": scale if usable else "", "error": row["fisher_error"]}


def evidence_of(member: Member) -> str:
    """Say whether a cohort holds real people."""
    return SYNTHETIC if member.synthetic else REAL


def pooled_claims(estimates: pd.DataFrame, members: Sequence[Member], confidence: float, alpha: float) -> pd.DataFrame:
    """Pool the estimates of every claim that two cohorts or more have in one kind, by random effects.

    Correlations are pooled as Fisher's z and turned back. ``says`` judges the claim as within one cohort
    (:func:`psychometrics.association.verdict`), by the mean over cohorts like these, ``says_of_these`` by the average
    of these and no others; p is adjusted over the claims (Holm).
    ``p_same`` tests that all cohorts share one effect. What was corrected for few peers takes their reliability
    as known.

    Returns
    -------
    DataFrame
        :data:`POOLED_COLUMNS`, one row a claim and kind of evidence.
    """
    claims = {name: claim for each in members for name, claim in each.study.plan.claims.published.items()}
    rows: list[dict[str, Any]] = []
    for (name, of, source, _), part in estimates[estimates["scale"] != ""].groupby(
        ["claim", "evidence_of", "source", "pooled_with"], sort=False
    ):
        about = {"claim": name, "short": part["short"].iloc[0], "evidence_of": of, "source": source}
        claim = claims[str(name)]
        about |= {"cohorts": len(part), "n": part["n"].sum(), "smallest_effect": claim.smallest_effect.value}
        if len(part) == 1:
            rows.append(about | {"note": found("one_cohort").encoded})
            continue
        pooled = _pooled(part, confidence)
        rows.append(about | pooled | {"note": encode([*_of_all(part["note"]), *decode(pooled["note"])])})
    table = pd.DataFrame(rows).reindex(columns=[*POOLED_COLUMNS, "p", "average_p"])
    for name in ("p", "average_p"):
        adjusted = table.groupby("evidence_of")[name].transform(lambda p: adjust_p(p.astype(float), "holm"))
        table[f"{name}_holm"] = adjusted
    judged = [(row, claims[str(row["claim"])]) for row in table.to_dict("records")]
    table["says"] = [_says(row, claim, alpha) for row, claim in judged]
    table["says_of_these"] = [_says(row, claim, alpha, "average_") for row, claim in judged]
    return table[POOLED_COLUMNS]


def _of_all(notes: pd.Series[str]) -> list[Finding]:
    """Return what is noted on every estimate that is pooled, such as that n counts ratings."""
    first, *others = (decode(note) for note in notes)
    return [each for each in first if all(each in other for other in others)]


def _pooled(part: pd.DataFrame, confidence: float) -> dict[str, Any]:
    """Pool one claim."""
    as_z = part["scale"].iloc[0] == "z"
    values = np.arctanh(part["estimate"].clip(-NEARLY_ONE, NEARLY_ONE)) if as_z else part["estimate"]
    fitted = random_effects(values.astype(float), part["error"].astype(float), confidence)
    p = 2 * float(stats.t.sf(abs(fitted.estimate) / fitted.standard_error, fitted.n_studies - 1))
    error = (fitted.average_upper - fitted.average_lower) / (2 * stats.norm.ppf((1 + confidence) / 2))
    average_p = 2 * float(stats.norm.sf(abs(fitted.average) / error))
    return _back(fitted, as_z) | {"p": p, "average_p": average_p, "note": _notes(fitted)}


def _back(fitted: RandomEffects, as_z: bool) -> dict[str, float]:
    """Return the pooled figures in the unit of the estimates."""
    ends = ("average", "average_lower", "average_upper", "estimate", "lower", "upper", "prediction_lower",
            "prediction_upper")  # fmt: skip
    found_ = {name: float(np.tanh(getattr(fitted, name))) if as_z else getattr(fitted, name) for name in ends}
    return found_ | {"tau": math.sqrt(fitted.tau_squared), "i_squared": fitted.i_squared, "p_same": fitted.p}


def _says(row: Mapping[Any, Any], claim: Claim, alpha: float, of: str = "") -> str:
    """Return the verdict on the claim from the pooled estimate; none from a single cohort."""
    if not row["cohorts"] > 1:
        return ""
    direction: Literal[1, -1] = -1 if claim.direction == "negative" else 1
    estimate, lower, upper = row[of.rstrip("_") or "estimate"], row[f"{of}lower"], row[f"{of}upper"]
    return verdict(estimate, lower, upper, row[f"{of}p_holm"], claim.smallest_effect.value, direction, alpha)


def _notes(fitted: RandomEffects) -> str:
    """Return the notes of the pooling, encoded."""
    return encode(found("said_by_method", text=text) for text in fitted.notes)


def pooled_items(members: Sequence[Member], matched: pd.DataFrame, confidence: float) -> pd.DataFrame:
    """Return for each item in how many cohorts it was kept and dropped, and its pooled item-rest correlation.

    The correlation of the item with the rest of its competency (Spearman) is taken over the items that all cohorts were
    asked, so that the rest is the same one; it is pooled as Fisher's z. A cohort in which fewer people answered than
    may be shown is left out. Items that were reworded, moved or answered otherwise are other questions under one id,
    and are left out.

    Returns
    -------
    DataFrame
        :data:`ITEM_COLUMNS`, one row an item and kind of evidence.
    """
    listed = matched[matched["match"].isin((SAME, IN_SOME))]
    same = matched[matched["match"] == SAME]
    scales = {str(name): list(items) for name, items in same.groupby("competency", sort=False)["item"]}
    # The average of two cohorts, less the one that is known, is the other one's.
    fewest = max(member.study.plan.disclosure.minimum_group.value for member in members)
    decided = {member.name: member.study.prepared.decisions["decision"] for member in members}
    rows = []
    for of in dict.fromkeys(evidence_of(member) for member in members):
        rest_of = set(same["item"])
        group = [member for member in members if evidence_of(member) == of]
        rest = {member.name: _item_rest(member, scales, fewest) for member in group}
        for item, competency in zip(listed["item"], listed["competency"], strict=True):
            decisions = [decided[each.name][item] for each in group if item in decided[each.name].index]
            about = {"item": item, "competency": competency, "evidence_of": of, "asked_in": len(decisions)}
            about |= {f"{word}_in": decisions.count(decision) for word, decision in
                      (("kept", KEEP), ("dropped", "drop"), ("review", "review"))}  # fmt: skip
            if item not in rest_of:
                rows.append(about | {"note": found("item_not_asked_of_all").encoded})
                continue
            rows.append(about | _pooled_rest([rest[member.name].get(item) for member in group], confidence))
    return pd.DataFrame(rows, columns=ITEM_COLUMNS)


def _item_rest(member: Member, scales: dict[str, list[str]], fewest: float) -> dict[str, tuple[float, int]]:
    """Return correlation with the rest of the competency and n of each item, where enough people answered both."""
    known: dict[str, tuple[float, int]] = {}
    for items in scales.values():
        if len(items) < 2:
            continue
        try:
            table = item_rest_correlation(member.study.framework.on_one_scale(member.answers[items]), "spearman")
        except PsychometricsError:
            continue
        known |= {
            str(item): (float(r), int(n))
            for item, r, n in zip(table.index, table["correlation"], table["n"], strict=True)
            if math.isfinite(r) and n >= max(fewest, LOST_BY_FISHER + 1)
        }
    return known


def _pooled_rest(found_: Sequence[tuple[float, int] | None], confidence: float) -> dict[str, Any]:
    """Pool the correlations of one item."""
    known = [each for each in found_ if each is not None]
    about = {"cohorts": len(known), "n": sum(n for _, n in known)}
    if len(known) < 2:
        return about | {"note": found("one_cohort").encoded}
    r = np.clip([value for value, _ in known], -NEARLY_ONE, NEARLY_ONE)
    n = np.array([size for _, size in known], dtype=float)
    errors = np.sqrt((1 + SPEARMAN_HALF * r**2) / (n - LOST_BY_FISHER))
    figures = random_effects(np.arctanh(r), errors, confidence)
    return about | _back(figures, as_z=True) | {"note": _notes(figures)}
