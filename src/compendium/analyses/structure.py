"""Reliability of every competency, and how factors and competencies match (notebook 05)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from psychometrics.reliability import cronbach_alpha


def reliability_table(
    answers: pd.DataFrame, scales: Mapping[str, Sequence[str]], confidence: float = 0.95
) -> pd.DataFrame:
    """Return coefficient alpha with its interval for each competency, beside what pingouin says of the same rows.

    ``score_error`` is the standard error of measurement of the mean score: that of the sum divided by the number of
    items.
    """
    rows = []
    for competency, items in scales.items():
        if len(items) < 2:
            continue
        result = cronbach_alpha(answers[list(items)], confidence=confidence)
        rows.append(
            {
                "competency": competency,
                "items": result.n_items,
                "n": result.n_persons,
                "alpha": result.raw,
                "lower": result.lower,
                "upper": result.upper,
                "standardised": result.standardised,
                "mean_inter_item": result.mean_inter_item,
                "score_error": result.standard_error_of_measurement / result.n_items,
                "alpha_pingouin": _pingouin_alpha(answers[list(items)]),
            }
        )
    return pd.DataFrame(rows)


def factor_match(pattern: pd.DataFrame, competency_of: pd.Series[str]) -> pd.DataFrame:
    """Match factors to competencies so that as many items as possible load highest on their own factor.

    Parameters
    ----------
    pattern
        Pattern matrix, items in rows.
    competency_of
        Competency of each item.

    Returns
    -------
    DataFrame
        One row a competency: its factor, its items, and how many of them load highest there.
    """
    from scipy.optimize import linear_sum_assignment

    primary = pattern.abs().idxmax(axis="columns")
    counts = pd.crosstab(competency_of.reindex(pattern.index), primary).reindex(columns=pattern.columns, fill_value=0)
    rows, columns = linear_sum_assignment(-counts.to_numpy())
    matched = dict(zip(counts.index[rows], counts.columns[columns], strict=True))
    return pd.DataFrame(
        {
            "competency": counts.index,
            "factor": [matched.get(name) for name in counts.index],
            "items": counts.sum(axis="columns").to_numpy(),
            "on_own_factor": [counts.loc[name, matched[name]] if name in matched else 0 for name in counts.index],
        }
    )


def cross_loading_items(pattern: pd.DataFrame, margin: float) -> list[str]:
    """Name items whose largest loading leads the next by less than the margin."""
    ranked = np.sort(np.abs(pattern.to_numpy()), axis=1)[:, ::-1]
    return list(pattern.index[ranked[:, 0] - ranked[:, 1] < margin]) if pattern.shape[1] > 1 else []


def verdict(suggested: int, modelled: int, own: int, items: int) -> str:
    """Say in words whether the exploratory structure goes with the competency model."""
    share = own / items
    components = f"{suggested} component{'' if suggested == 1 else 's'}"
    found = f"parallel analysis suggests {components} where the framework has {modelled} competencies"
    placed = f"{own} of {items} items load highest on their own competency's factor"
    if suggested == modelled and share >= 0.9:
        return f"The exploratory structure goes with the framework: {found}, and {placed}."
    if share >= 0.9:
        return f"The items sort as the framework says, but the dimensions are not clearly separate: {found}; {placed}."
    return f"The {modelled}-competency structure is not supported here: {found}, and only {placed}."


def _pingouin_alpha(items: pd.DataFrame) -> float:
    """Return pingouin's alpha of the complete rows, as an independent check."""
    import pingouin

    return float(pingouin.cronbach_alpha(data=items.dropna())[0])
