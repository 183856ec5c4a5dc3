"""Competencies and outcomes as factors of one model, free of the items' errors of measurement (notebook 08)."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pandas as pd
from scipy import stats

from compendium.findings import Finding, found
from compendium.framework import Framework
from psychometrics.association import adjust_p, disattenuate
from psychometrics.errors import PsychometricsError
from psychometrics.sem import CfaModel, CfaResult, fit_cfa

SMALLEST_FACTOR = 2
SINGLE = found("single_item")
ALONE = found("too_few_kept", limit=SMALLEST_FACTOR)
NO_FACTORS = found("no_factors")
COLUMNS = ("competency", "outcome", "n", "latent", "lower", "upper", "p", "p_holm", "spearman", "disattenuated", "note")
FIT_COLUMNS = (
    "n", "items", "factors", "parameters", "chi_square_scaled", "df", "p_scaled", "srmr",
    "rmsea_robust", "rmsea_lower", "rmsea_upper", "cfi_scaled", "cfi_robust", "tli_robust", "note",
)  # fmt: skip


@dataclass(frozen=True)
class LatentModel:
    """Correlated factors of competencies and outcomes.

    Attributes
    ----------
    competencies, outcomes
        Scales in the model, with their items.
    left_out
        Scales that cannot be factors here, each with the reason.
    fit
        The fitted model, None when it could not be fitted.
    why_not
        Why there is nothing to read; None when there is.
    """

    competencies: dict[str, list[str]]
    outcomes: dict[str, list[str]]
    left_out: dict[str, Finding]
    fit: CfaResult | None
    why_not: Finding | None

    @property
    def reason(self) -> str:
        """Why there is nothing to read, encoded; empty when there is."""
        return "" if self.why_not is None else self.why_not.encoded

    @property
    def completeness(self) -> Finding:
        """Which scales are not in the model, and why."""
        if not self.left_out:
            return found("factors_complete")
        by_reason: dict[str, list[str]] = {}
        for name, reason in self.left_out.items():
            by_reason.setdefault(reason.kind, []).append(name)
        reasons = {reason.kind: reason for reason in self.left_out.values()}
        parts = [found("factor_left_out", other=names, why=reasons[kind]) for kind, names in by_reason.items()]
        return found("factors_left_out", left_out=parts)


def factor_outcomes(
    framework: Framework, names: Sequence[str], most_steps: float
) -> tuple[dict[str, list[str]], dict[str, Finding]]:
    """Return the outcome scales that can be factors, with their items, and why the others cannot.

    A scale of one item is no factor. Codes in very many steps are left out too: the model is one of ordered answers,
    and the correlation of scores says about amounts what there is to say.
    """
    asked = framework.outcome_scales("self", list(names))
    steps = framework.outcomes["maximum"] - framework.outcomes["minimum"] + 1
    left_out = {name: SINGLE for name, items in asked.items() if len(items) < SMALLEST_FACTOR}
    amount = found("an_amount", limit=int(most_steps))
    left_out |= {name: amount for name, items in asked.items() if (steps[items] > most_steps).any()}
    return {name: items for name, items in asked.items() if name not in left_out}, left_out


def latent_model(
    answers: pd.DataFrame,
    scales: Mapping[str, Sequence[str]],
    outcome_answers: pd.DataFrame,
    framework: Framework,
    names: Sequence[str],
    most_steps: float,
    clusters: pd.Series[str] | None = None,
) -> LatentModel:
    """Fit one model of correlated factors, a factor for each competency and each outcome (WLSMV, pairwise).

    Parameters
    ----------
    answers
        Keyed answers, one column an item.
    scales
        Kept items of each competency; those of a single item are left out.
    outcome_answers
        Keyed answers to the outcome items, same rows.
    framework
        Which says how the outcomes are answered.
    names
        Outcome scales that the cohort collected.
    most_steps
        Outcomes in more steps are amounts and stay out.
    clusters
        Cluster of each person; standard errors and scaled tests then allow for it.
    """
    factors = {name: list(items) for name, items in scales.items() if len(items) >= SMALLEST_FACTOR}
    outcomes, reasons = factor_outcomes(framework, names, most_steps)
    left_out = {name: ALONE for name in scales if name not in factors} | reasons
    everything = pd.concat([answers, outcome_answers], axis="columns")
    if not factors or not outcomes:
        return LatentModel(factors, outcomes, left_out, None, NO_FACTORS)
    try:
        fit = fit_cfa(CfaModel.correlated({**factors, **outcomes}), everything, "WLSMV", "pairwise", cluster=clusters)
    except PsychometricsError as error:
        return LatentModel(factors, outcomes, left_out, None, found("said_by_method", text=str(error)))
    unreadable = not fit.converged or fit.parameters["standard_error"].isna().any()
    why_not = found("said_by_method", text=" ".join(fit.problems)) if unreadable and fit.problems else None
    return LatentModel(factors, outcomes, left_out, fit, why_not)


def latent_associations(
    model: LatentModel,
    found: pd.DataFrame,
    answers: pd.DataFrame,
    outcome_answers: pd.DataFrame,
    reliable: Mapping[str, float],
) -> pd.DataFrame:
    """Lay the latent correlations beside Spearman's rho of the scores, as observed and corrected for unreliability.

    Parameters
    ----------
    model
        The fitted model.
    found
        Spearman correlations of the scores: columns ``competency``, ``outcome`` and ``rho``.
    answers, outcome_answers
        The answers behind the model.
    reliable
        Coefficient alpha of each competency and outcome score.

    Returns
    -------
    DataFrame
        One row a competency and outcome. ``n`` is the smallest number of people behind any correlation of their
        items; p is adjusted over the table (Holm). Without a model to read, ``note`` says why.
    """
    observed = found.set_index(["competency", "outcome"])["rho"]
    latent = _correlations(model)
    rows = []
    for competency, items in model.competencies.items():
        for outcome, others in model.outcomes.items():
            rho = float(observed.get((competency, outcome), math.nan))
            row: dict[str, object] = {"competency": competency, "outcome": outcome, "note": model.reason}
            row["n"] = _people_behind(answers[items], outcome_answers[others])
            row |= {
                "spearman": rho,
                "disattenuated": _corrected(rho, *(reliable.get(name, math.nan) for name in (competency, outcome))),
            }
            rows.append(row | latent.get(frozenset((competency, outcome)), {}))
    table = pd.DataFrame(rows).reindex(columns=list(COLUMNS))
    return table.assign(p_holm=adjust_p(table["p"].astype(float), "holm"))


def latent_fit(model: LatentModel) -> pd.DataFrame:
    """Return one row with the size and the fit of the model, or why there is none."""
    if model.fit is None or model.why_not:
        return pd.DataFrame([{"note": model.reason}]).reindex(columns=list(FIT_COLUMNS))
    fit, measures = model.fit, model.fit.fit
    row = {
        "n": fit.n_used,
        "items": len(fit.model.items),
        "factors": len(fit.model.latent),
        "parameters": measures.n_parameters,
        "p_scaled": measures.p_value_scaled,
        "rmsea_lower": measures.rmsea_lower_robust,
        "rmsea_upper": measures.rmsea_upper_robust,
        "note": " ".join(fit.problems),
    }
    same = ("chi_square_scaled", "df", "srmr", "rmsea_robust", "cfi_scaled", "cfi_robust", "tli_robust")
    return pd.DataFrame([row | {name: getattr(measures, name) for name in same}]).reindex(columns=list(FIT_COLUMNS))


def _correlations(model: LatentModel) -> dict[frozenset[str], dict[str, float]]:
    """Return the standardised covariances of the factors with interval and p; none when they cannot be read."""
    if model.fit is None or model.why_not:
        return {}
    rows = model.fit.parameters[model.fit.parameters["kind"] == "factor covariance"]
    p = 2 * stats.norm.sf((rows["standardised"] / rows["standardised_error"]).abs())
    rows = rows.assign(p=p)[["left", "right", "standardised", "standardised_lower", "standardised_upper", "p"]]
    return {
        frozenset((str(left), str(right))): {"latent": value, "lower": lower, "upper": upper, "p": p}
        for left, right, value, lower, upper, p in rows.itertuples(index=False)
    }


def _people_behind(items: pd.DataFrame, others: pd.DataFrame) -> int:
    """Return the smallest number of people who answered both an item of one scale and an item of the other."""
    both = items.notna().astype(int).T.to_numpy() @ others.notna().astype(int).to_numpy()
    return int(both.min())


def _corrected(rho: float, one: float, other: float) -> float:
    """Return a correlation corrected for unreliability, NaN where a reliability is not known or not above zero."""
    return disattenuate(rho, one, other).corrected if rho == rho and one > 0 and other > 0 else math.nan
