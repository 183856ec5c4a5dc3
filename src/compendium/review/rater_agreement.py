"""How far the passes agree, at screening and at coding, with what makes a coefficient hard to read beside it."""

from __future__ import annotations

from collections.abc import Callable
from itertools import combinations
from typing import TYPE_CHECKING

import pandas as pd

from compendium.review.loading import Review
from compendium.review.protocol import EXCLUDE

if TYPE_CHECKING:
    from psychometrics.agreement import AgreementCoefficient

COLUMNS = (
    "n",
    "observed",
    "observed_lower",
    "observed_upper",
    "kappa",
    "kappa_lower",
    "kappa_upper",
    "ac1",
    "ac1_lower",
    "ac1_upper",
    "alpha",
    "alpha_lower",
    "alpha_upper",
    "prevalence_index",
    "bias_index",
    "note",
)


def screening_agreement(review: Review, *, seed: int, resamples: int, confidence: float = 0.95) -> pd.DataFrame:
    """Agreement on inclusion, for every stage and pair of reviewers; ``unsure`` counts as inclusion.

    Returns
    -------
    DataFrame
        ``stage first second`` and the columns of :func:`agreement_of_two`.
    """
    rows = []
    for stage in review.protocol.stage_ids:
        wide = decisions(review, stage)
        for first, second in combinations([name for name in review.protocol.reviewers if name in wide], 2):
            figures = agreement_of_two(wide[first], wide[second], seed=seed, resamples=resamples, confidence=confidence)
            rows.append({"stage": stage, "first": first, "second": second, **figures})
    return pd.DataFrame(rows, columns=["stage", "first", "second", *COLUMNS])


def decisions(review: Review, stage: str) -> pd.DataFrame:
    """Return who kept what at a stage: one row a record, one column a reviewer, 1 kept, 0 excluded, NaN not seen."""
    screening = review.files["screening"]
    decisions = screening[screening["stage"] == stage]
    kept = decisions.assign(kept=(decisions["decision"] != EXCLUDE).astype(float))
    return kept.pivot_table(index="record", columns="reviewer", values="kept", aggfunc="first")


def coding_agreement(review: Review, *, seed: int, resamples: int, confidence: float = 0.95) -> pd.DataFrame:
    """Agreement on every code that either coder used, for every pair of coders.

    Returns
    -------
    DataFrame
        ``facet code label first second`` and the columns of :func:`agreement_of_two`.
    """
    rows = []
    for first, second in combinations(coders(review), 2):
        left, right = applied(review, first), applied(review, second)
        both = left.index.intersection(right.index)
        for code, described in review.frame.iterrows():
            one, other = left.loc[both, str(code)], right.loc[both, str(code)]
            if one.any() or other.any():
                figures = agreement_of_two(one, other, seed=seed, resamples=resamples, confidence=confidence)
                names = {"facet": described["facet"], "code": code, "label": described["label"]}
                rows.append({**names, "first": first, "second": second, **figures})
    return pd.DataFrame(rows, columns=["facet", "code", "label", "first", "second", *COLUMNS])


def facet_agreement(review: Review, *, seed: int, resamples: int, confidence: float = 0.95) -> pd.DataFrame:
    """Agreement on each facet as a whole: its codes by record for the multi-label ones, its one code otherwise.

    Returns
    -------
    DataFrame
        ``facet unit first second`` and the columns of :func:`agreement_of_two`; ``unit`` is what was compared.
    """
    rows = []
    for first, second in combinations(coders(review), 2):
        for facet, codes in review.frame.groupby("facet", sort=False):
            multiple = bool((codes["multiple"] == "yes").all())
            one, other = (_facet_ratings(review, coder, list(codes.index), multiple) for coder in (first, second))
            both = one.index.intersection(other.index)
            figures = agreement_of_two(
                one.loc[both], other.loc[both], seed=seed, resamples=resamples, confidence=confidence
            )
            unit = "record and code" if multiple else "record"
            rows.append({"facet": facet, "unit": unit, "first": first, "second": second, **figures})
    return pd.DataFrame(rows, columns=["facet", "unit", "first", "second", *COLUMNS])


def _facet_ratings(review: Review, coder: str, codes: list[str], multiple: bool) -> pd.Series:
    """Return a coder's ratings of a facet: yes or no by record and code, or the one code chosen."""
    table = applied(review, coder)[codes]
    if not multiple:
        return table.idxmax(axis=1)
    long = table.reset_index().melt(id_vars="record", var_name="code", value_name="applied")
    return long.set_index(["record", "code"])["applied"].astype(float)


def coders(review: Review) -> list[str]:
    """Return who coded, in the protocol's order."""
    used = set(review.files["coding"]["coder"])
    return [name for name in review.protocol.reviewers if name in used]


def applied(review: Review, coder: str) -> pd.DataFrame:
    """Return one coder's sheet: one row a record, one column a code, True where applied."""
    coding = review.files["coding"]
    own = coding[coding["coder"] == coder]
    table = pd.crosstab(own["record"], own["code"]) > 0
    return table.reindex(columns=list(review.frame.index), fill_value=False)


def agreement_of_two(
    first: pd.Series, second: pd.Series, *, seed: int, resamples: int, confidence: float = 0.95
) -> dict[str, object]:
    r"""Agreement of two raters with the indices that explain it.

    Observed agreement with Wilson's interval; Cohen's kappa; Gwet's AC1; Krippendorff's alpha (nominal, bootstrap
    over records); and for two categories the prevalence index :math:`|a-d|/n` and the bias index :math:`|b-c|/n` of
    the 2 x 2 table (kappa falls with the first and rises with the second).

    Parameters
    ----------
    first, second : Series
        Ratings, indexed alike; records that either left out do not enter.
    seed, resamples
        Of the bootstrap of alpha.

    Returns
    -------
    dict
        The keys of ``COLUMNS``; a coefficient that is not defined (one category only) is NaN and ``note`` says so.
        ``note`` also names the bound where all agree.

    References
    ----------
    Byrt, T., Bishop, J., & Carlin, J. B. (1993). Bias, prevalence and kappa. Journal of Clinical Epidemiology, 46,
    423-429, equations for PI and BI.

    Notes
    -----
    The coefficients are those of :mod:`psychometrics.agreement`, validated there against psych, irr and irrCAC.
    """
    from psychometrics.agreement import cohen_kappa, gwet_ac1, krippendorff_alpha, wilson_interval
    from psychometrics.errors import PsychometricsError

    both = first.notna() & second.notna()
    one, other = first[both], second[both]
    figures: dict[str, object] = dict.fromkeys(COLUMNS, float("nan")) | {"n": len(one), "note": ""}
    if not len(one):
        return figures | {"note": "no record was seen by both"}
    share = float((one == other).mean())
    lower, upper = wilson_interval(share, len(one), confidence)
    figures |= {"observed": share, "observed_lower": lower, "observed_upper": upper, **_indices(one, other)}
    ratings = pd.DataFrame({"first": one, "second": other})
    coefficients: dict[str, Callable[[], AgreementCoefficient]] = {
        "kappa": lambda: cohen_kappa(one, other, confidence=confidence),
        "ac1": lambda: gwet_ac1(ratings, confidence=confidence),
        "alpha": lambda: krippendorff_alpha(
            ratings, "nominal", confidence=confidence, n_resamples=resamples, seed=seed
        ),
    }
    notes: dict[str, None] = {}
    for name, estimate in coefficients.items():
        try:
            found = estimate()
        except PsychometricsError:
            notes[_undefined(ratings)] = None
            continue
        figures |= {name: found.estimate, f"{name}_lower": found.lower, f"{name}_upper": found.upper}
        notes |= dict.fromkeys(found.notes)
    return figures | {"note": "; ".join(notes)}


def _undefined(ratings: pd.DataFrame) -> str:
    """Say why coefficients that correct for chance are not defined: one category in use, or too few records."""
    used = pd.unique(ratings.to_numpy().ravel())
    if len(used) == 1:
        return "one category in use: agreement beyond chance is not defined"
    return f"agreement beyond chance is not defined on {len(ratings)} records"


def _indices(one: pd.Series, other: pd.Series) -> dict[str, float]:
    """Return the prevalence and bias index where there are two categories."""
    values = sorted(set(one) | set(other))
    if len(values) != 2:
        return {}
    yes = values[1]
    a, d = ((one == yes) & (other == yes)).mean(), ((one != yes) & (other != yes)).mean()
    b, c = ((one == yes) & (other != yes)).mean(), ((one != yes) & (other == yes)).mean()
    return {"prevalence_index": float(abs(a - d)), "bias_index": float(abs(b - c))}
