"""How factors and competencies match, and what a factor without a competency holds (notebook 05)."""

from __future__ import annotations

import numpy as np
import pandas as pd

from compendium.findings import Finding, found
from compendium.study import Study
from compendium.study.workers import spread
from psychometrics.dimensionality import RetainFactors, retain_factors


def retained_dimensions(study: Study, answers: pd.DataFrame) -> RetainFactors:
    """Ask every criterion for the number of dimensions; the reference data of parallel analysis are spread."""
    settings = study.plan.dimensionality
    with spread():
        return retain_factors(
            answers,
            correlation="polychoric",
            n_iterations=int(settings.iterations.value),
            percentile=settings.percentile.value,
            missing="pairwise",
            seed=study.plan.seed,
        )


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


def retention(votes: RetainFactors) -> Finding:
    """Return what the criteria for the number of dimensions suggest, and how parallel analysis was run."""
    parallel = votes.components
    run = {"iterations": parallel.n_iterations, "percentile": f"{parallel.percentile:g}", "seed": str(parallel.seed)}
    return found("retention", verdict=votes.verdict, **run)


def nearest_suggestion(suggested: tuple[int, ...], modelled: int) -> int:
    """Return the number of dimensions that most criteria name; of several the one nearest to the framework's."""
    return min(suggested, key=lambda number: (abs(number - modelled), number))


def salient_table(
    salient: pd.DataFrame, competency_of: pd.Series[str], communalities: pd.Series[float]
) -> pd.DataFrame:
    """Return one row an item: its strongest factor, the next, and how many loadings count as salient."""
    table = salient.rename_axis("item").reset_index()
    table.insert(1, "competency", competency_of.reindex(table["item"]).to_numpy())
    return table.assign(communality=communalities.reindex(table["item"]).to_numpy())


def factor_contents(pattern: pd.DataFrame, competency_of: pd.Series[str], reverse: pd.Series[bool]) -> pd.DataFrame:
    """Return what each factor holds: the items that load highest on it, whose they are, and how they are worded.

    Parameters
    ----------
    pattern
        Pattern matrix, items in rows.
    competency_of, reverse
        Competency of each item, and whether it is reverse-keyed.

    Returns
    -------
    DataFrame
        One row a factor: ``factor``, ``items``, ``competency`` it is matched with (none for one too many),
        ``from_it``, ``competencies`` its items come from, ``reversed`` items, ``members``.
    """
    primary = pattern.abs().idxmax(axis="columns")
    matched = factor_match(pattern, competency_of).set_index("factor")["competency"].to_dict()
    rows = []
    for factor in pattern.columns:
        members = list(primary.index[primary == factor])
        own = competency_of.reindex(members)
        rows.append(
            {
                "factor": factor,
                "items": len(members),
                "competency": matched.get(factor, "none"),
                "from_it": int((own == matched.get(factor)).sum()),
                "competencies": own.nunique(),
                "reversed": int(reverse.reindex(members).sum()),
                "members": ", ".join(members),
            }
        )
    return pd.DataFrame(rows)


def unmatched_factors(contents: pd.DataFrame) -> tuple[Finding, ...]:
    """Describe the factors without a competency when more are extracted than there are competencies."""
    extra = contents[contents["competency"] == "none"]
    if extra.empty:
        return (found("factors_matched"),)
    return tuple(_unmatched(dict(row)) for _, row in extra.iterrows())


def _unmatched(row: dict[str, int | str]) -> Finding:
    """Describe a factor without a competency; one of mostly reversed items points to wording or carelessness."""
    items, reverse = int(row["items"]), int(row["reversed"])
    if not items:
        return found("factor_empty", factor=str(row["factor"]))
    facts: dict[str, object] = {"factor": str(row["factor"]), "value": items, "competencies": int(row["competencies"])}
    facts["other"] = str(row["members"]).split(", ")
    if 2 * reverse > items:
        return found("factor_reversed", **facts, reversed="all" if reverse == items else str(reverse))
    return found("factor_unmatched", **facts)
