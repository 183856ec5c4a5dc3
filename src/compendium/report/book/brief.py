"""The claims for someone who knows no statistics: each with its kind of effect, pictured, with n and interval."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from compendium import wording
from compendium.findings import Finding, decode, found, is_encoded
from compendium.report.book import markdown

if TYPE_CHECKING:
    from compendium.report.book.subject import Subject

TABLE = "claims"
# Of so many pairs of people it is said in how many the one who has more of one thing has more of the other.
PAIRS = 100
# The message that pictures the effect of a claim, by what the claim is about; verdicts in plain words, by their kind.
PICTURES = {
    "own_outcome": "brief_own_outcome",
    "tenure": "brief_tenure",
    "groups": "brief_groups",
    "colleagues": "brief_colleagues",
}
VERDICTS = {
    "verdict_supported": "brief_verdict_supported",
    "verdict_not_supported": "brief_verdict_not_supported",
    "verdict_undetermined": "brief_verdict_undetermined",
    "verdict_undetermined_needs": "brief_verdict_undetermined_needs",
    "verdict_undetermined_between": "brief_verdict_undetermined_between",
    "verdict_not_collected": "brief_verdict_not_collected",
    "verdict_cannot": "brief_verdict_cannot",
}
# An effect that is there, but smaller than the smallest that counts: a verdict of its own only here.
TOO_SMALL = "brief_verdict_too_small"


def claims(study: Subject, address: str) -> str:
    """Write the claims as a list, each with its verdict first.

    Parameters
    ----------
    study
        Results and plan.
    address
        Where the trail of the table of claims begins.
    """
    frame = study.saved.table(TABLE).frame
    entries = [_entry({str(key): value for key, value in row.items()}, study) for row in frame.to_dict("records")]
    lines = [f"- {entry}{markdown.trail_mark(address)}" for entry in entries]
    return "\n".join(lines)


def pairs(correlation: float) -> float:
    r"""Return in how many of 100 pairs of people the one who has more of one thing has more of the other.

    For normal scores with Spearman correlation :math:`\rho` it is
    :math:`100 (1/2 + \arcsin(2 \sin(\pi \rho / 6)) / \pi)` (Dunlap 1994, Psychological Bulletin 116, 509-511, with
    Pearson's correlation behind rho); 50 is chance.

    Examples
    --------
    >>> round(pairs(0.0)), round(pairs(1.0))
    (50, 100)
    """
    pearson = 2 * math.sin(math.pi * max(-1.0, min(1.0, correlation)) / 6)
    return PAIRS * (0.5 + math.asin(max(-1.0, min(1.0, pearson))) / math.pi)


def _entry(row: dict[str, Any], study: Subject) -> str:
    """Write one claim: what it says, the verdict, what was found and how sure it is."""
    verdict = wording.capital(_verdict(row, study))
    claim = f"**{markdown.escape(row['statement'])}.** {markdown.escape(verdict)}."
    seen = _pictured(row, study)
    return f"{claim} {markdown.escape(wording.sentence(seen, study.labels))}" if seen else claim


def _verdict(row: dict[str, Any], study: Subject) -> str:
    """Write a verdict in plain words."""
    finding = decode(row["finding"])[0] if is_encoded(row["finding"]) else found("verdict_cannot")
    small = finding.kind == "verdict_not_supported" and _is_there(row, study)
    return wording.sentence(Finding(TOO_SMALL if small else VERDICTS[finding.kind], finding.facts), study.labels)


def _is_there(row: dict[str, Any], study: Subject) -> bool:
    """Return whether chance is out, all claims allowed for, and the interval on the claimed side from end to end."""
    if not _number(row.get("p_holm")) < study.plan.alpha_level.value:
        return False
    claim = study.plan.claims.published.get(str(row["claim"]))
    lower, upper = _number(row.get("lower")), _number(row.get("upper"))
    return upper < 0 if claim and claim.direction == "negative" else lower > 0


def _pictured(row: dict[str, Any], study: Subject) -> Finding | None:
    """Return the effect of one claim in words that a person can picture; None where there is no estimate."""
    numbers = {key: _number(row.get(key)) for key in ("estimate", "lower", "upper", "n")}
    if any(math.isnan(value) for value in numbers.values()):
        return None
    claim = study.plan.claims.published.get(str(row["claim"]))
    about = claim.kind if claim else "own_outcome"
    facts: dict[str, Any] = {**numbers, "n": int(numbers["n"]), "source": str(row.get("source") or "same")}
    facts["confidence"] = float(study.plan.confidence.value)
    facts |= {"named": "yes" if claim and claim.competency else "no", "about": claim.competency if claim else ""}
    if about in ("own_outcome", "tenure"):
        facts |= {f"pairs_{key}": round(pairs(numbers[key])) for key in ("estimate", "lower", "upper")}
    return Finding(PICTURES[about], facts)


def _number(value: Any) -> float:
    """Return a number of a table, NaN for a blank."""
    try:
        return float(value)
    except (TypeError, ValueError):
        return math.nan
