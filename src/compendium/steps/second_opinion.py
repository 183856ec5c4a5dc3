"""Two programs, one number: statistics of the study beside the same ones from pingouin (notebook 05)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import pandas as pd

from psychometrics.association import spearman_matrix
from psychometrics.errors import PsychometricsError
from psychometrics.reliability import cronbach_alpha

COLUMNS = ("quantity", "of", "here", "pingouin", "difference", "tolerance")
# Closed forms: what is left is the rounding of the last digits.
TOLERANCE = 1e-10
# A correlation needs that many pairs to be compared at all.
FEWEST_PAIRS = 4


class ProgramsDisagreeError(Exception):
    """Two programs give different values for one number, so one of them is wrong."""


def two_programs(
    answers: pd.DataFrame, scales: Mapping[str, Sequence[str]], scores: pd.DataFrame, outcomes: pd.DataFrame
) -> pd.DataFrame:
    """Return coefficient alpha of each competency and Spearman's rho of competencies with outcomes, by two programs.

    Parameters
    ----------
    answers
        Keyed answers, one column an item.
    scales
        Items of each competency.
    scores, outcomes
        Scores of the same people; outcomes may be empty.
    """
    rows = [*_alphas(answers, scales), *_correlations(scores, outcomes)]
    frame = pd.DataFrame(rows, columns=["quantity", "of", "here", "pingouin"])
    frame["difference"] = (frame["here"] - frame["pingouin"]).abs()
    return frame.assign(tolerance=TOLERANCE)[list(COLUMNS)]


def agreed(table: pd.DataFrame) -> pd.DataFrame:
    """Return the table when both programs agree on every number.

    Raises
    ------
    ProgramsDisagreeError
        When a difference is larger than its tolerance, or is not a number; every such row is named.
    """
    apart = table[~((table["here"] - table["pingouin"]).abs() <= table["tolerance"])]
    if not apart.empty:
        named = "; ".join(
            f"{row.quantity} of {row.of}: {row.here!r} here, {row.pingouin!r} in pingouin" for row in apart.itertuples()
        )
        raise ProgramsDisagreeError(named)
    return table


def _alphas(answers: pd.DataFrame, scales: Mapping[str, Sequence[str]]) -> Iterator[tuple[str, str, float, float]]:
    """Yield coefficient alpha of the people who answered every item of a competency, where it is defined."""
    import pingouin

    for competency, items in scales.items():
        if len(items) < 2:
            continue
        try:
            here = cronbach_alpha(answers[list(items)]).raw
        except PsychometricsError:
            continue
        there = pingouin.cronbach_alpha(data=answers[list(items)].dropna())[0]
        yield "coefficient alpha", competency, float(here), float(there)


def _correlations(scores: pd.DataFrame, outcomes: pd.DataFrame) -> Iterator[tuple[str, str, float, float]]:
    """Yield Spearman's rho of each competency with each outcome, where it is defined."""
    import pingouin

    for competency in scores.columns:
        for outcome in outcomes.columns:
            both = pd.concat([scores[competency], outcomes[outcome]], axis="columns", keys=["x", "y"]).dropna()
            if len(both) < FEWEST_PAIRS or both.nunique().min() < 2:
                continue
            here = spearman_matrix(both).to_frame()["rho"].iloc[0]
            there = pingouin.corr(both["x"], both["y"], method="spearman")["r"].iloc[0]
            yield "Spearman's rho", f"{competency} with {outcome}", float(here), float(there)
