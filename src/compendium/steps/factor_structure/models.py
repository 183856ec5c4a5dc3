"""Rival factor models of the kept items, fitted side by side (notebook 05)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
import pandas as pd

from compendium.disclosure.suppression import tells_of_a_few
from compendium.findings import Finding, encode, found
from psychometrics.dimensionality import empirical_kaiser
from psychometrics.errors import PsychometricsError
from psychometrics.reliability import htmt
from psychometrics.sem import CfaModel, CfaResult, difference_test, fit_cfa

FORMS = ("single", "correlated", "second_order", "bifactor")
WITHOUT_CARELESS = "without those flagged as careless"
MODEL_NAMES = {
    "single": "One factor",
    "correlated": "Correlated competencies",
    "second_order": "Second-order",
    "bifactor": "Bifactor",
}
# Each general model with a model nested in it.
NESTED = (
    ("correlated", "single"),
    ("second_order", "single"),
    ("correlated", "second_order"),
    ("bifactor", "second_order"),
)
VERSIONS = {"naive": "", "scaled": "_scaled", "robust": "_robust"}
# What identifies a model: two items a factor beside others, three a specific factor; of three competencies the
# second-order model is the correlated one.
SMALLEST_FACTOR, SMALLEST_SPECIFIC, EQUIVALENT_AT = 2, 3, 3
PAIR_COLUMNS = ("competency", "other", "correlation", "lower", "upper", "htmt2")


@dataclass(frozen=True)
class Rivals:
    """Rival models of the same answers.

    Attributes
    ----------
    scales
        Competencies in the models, with their items.
    left_out
        Competencies with too few kept items to be a factor.
    fits
        Fitted models by form, improper ones included.
    unfitted
        Forms that could not be fitted, each with the reason.
    clusters
        Cluster of each person, which standard errors and scaled tests allow for.
    """

    scales: dict[str, list[str]]
    left_out: dict[str, list[str]]
    fits: dict[str, CfaResult]
    unfitted: dict[str, Finding]
    clusters: pd.Series[str] | None = None

    @property
    def nested_in(self) -> str:
        """What the clusters are; empty where people count as independent."""
        return "" if self.clusters is None else str(self.clusters.name)

    @property
    def n_clusters(self) -> int:
        """How many clusters there are, 0 where people count as independent."""
        return 0 if self.clusters is None else int(self.clusters.nunique())

    @property
    def main(self) -> CfaResult | None:
        """The model of correlated competencies."""
        return self.fits.get("correlated")

    @property
    def items(self) -> list[str]:
        """The items in the models."""
        return [item for items in self.scales.values() for item in items]

    @property
    def problems(self) -> tuple[Finding, ...]:
        """What is wrong with the model of correlated competencies."""
        return (self.unfitted["correlated"],) if self.main is None else _from_method(self.main.problems)

    @property
    def fitted(self) -> Finding:
        """How many models were fitted, and which; one whose search did not end was not."""
        converged = {form for form, fit in self.fits.items() if fit.converged}
        names = [MODEL_NAMES[form].lower() for form in FORMS if form in converged]
        return found("models_fitted", value=len(names), other=names)

    @property
    def soundness(self) -> tuple[Finding, ...]:
        """Which models are improper, could not be fitted, or are the same."""
        faults = {form: _from_method(fit.problems) for form, fit in self.fits.items() if not fit.proper}
        faults |= {form: (why,) for form, why in self.unfitted.items()}
        findings = [found("model_problem", other=MODEL_NAMES[form], why=why) for form, why in faults.items()]
        findings = findings or [found("models_proper")]
        return tuple([*findings, found("models_equivalent")] if _equivalent(self) else findings)

    @property
    def completeness(self) -> tuple[Finding, ...]:
        """Which competencies are in no model, and which rest on two items."""
        pairs = [name for name, items in self.scales.items() if len(items) == SMALLEST_FACTOR]
        findings = [found("scales_left_out", other=list(self.left_out))] if self.left_out else []
        findings += [found("scales_of_two", other=pairs)] if pairs else []
        return tuple(findings) or (found("scales_complete"),)


def fit_rivals(
    answers: pd.DataFrame,
    scales: Mapping[str, Sequence[str]],
    forms: Sequence[str] = FORMS,
    clusters: pd.Series[str] | None = None,
) -> Rivals:
    """Fit one factor, correlated competencies, a second-order and a bifactor model (WLSMV, pairwise).

    A model that is not identified for these competencies is named with the reason; an improper solution is kept.

    Parameters
    ----------
    answers
        Keyed answers, one column an item.
    scales
        Items of each competency; those of a single item are left out.
    forms
        The models to fit, all four when left out.
    clusters
        Cluster of each person; standard errors and scaled tests then allow for it.
    """
    usable = {name: list(items) for name, items in scales.items() if len(items) >= SMALLEST_FACTOR}
    left_out = {name: list(items) for name, items in scales.items() if name not in usable}
    fits: dict[str, CfaResult] = {}
    unfitted: dict[str, Finding] = {}
    for form in forms:
        unidentified = _unidentified(form, usable)
        if unidentified is not None:
            unfitted[form] = unidentified
            continue
        try:
            fits[form] = fit_cfa(_model(form, usable), answers, "WLSMV", "pairwise", cluster=clusters)
        except PsychometricsError as problem:
            unfitted[form] = found("unfitted", why=str(problem))
    return Rivals(usable, left_out, fits, unfitted, clusters)


def rival_models(scales: Mapping[str, Sequence[str]]) -> dict[str, CfaModel]:
    """Return the rival models that these competencies identify, by form, without fitting them."""
    usable = {name: list(items) for name, items in scales.items() if len(items) >= SMALLEST_FACTOR}
    if not usable:
        return {}
    return {form: _model(form, usable) for form in FORMS if _unidentified(form, usable) is None}


def model_fit_table(rivals: Rivals) -> pd.DataFrame:
    """Return one row a model: chi-square, CFI, TLI and RMSEA as they are, scaled and robust, SRMR, what is improper.

    A model that could not be fitted keeps its row; ``note`` says why.
    """
    rows = []
    for form in FORMS:
        fit = rivals.fits.get(form)
        row: dict[str, object] = {"model": MODEL_NAMES[form]}
        if fit is not None:
            row |= {"n": fit.n_used, "converged": fit.converged, "proper": fit.proper, **_measures(fit)}
        rows.append(row | {"note": _note(rivals, form)})
    return pd.DataFrame(rows).astype({"n": "Int64", "df": "Int64", "parameters": "Int64"}, errors="ignore")


def careless_comparison(rivals: Rivals, answers: pd.DataFrame, flagged: pd.Series[bool], minimum: int) -> pd.DataFrame:
    """Fit the model of correlated competencies again without the people whose answers look careless.

    Parameters
    ----------
    rivals
        The models of everyone.
    answers
        Keyed answers of everyone.
    flagged
        Whether a person's answers look careless; people without an entry are kept.
    minimum
        Fewest people who may be told apart: where fewer are flagged, the model without them would tell of them alone.

    Returns
    -------
    DataFrame
        One row a group of people: ``people``, ``n``, SRMR, robust CFI and RMSEA, and the dimensions that the
        empirical Kaiser criterion suggests.
    """
    attentive = answers.drop(index=flagged.index[flagged])
    if tells_of_a_few(len(answers) - len(attentive), minimum):
        rest = {"people": WITHOUT_CARELESS, "note": found("few_flagged", needed=minimum).encoded}
        return pd.DataFrame([{"people": "everyone", **_group_row(rivals, answers)}, rest])
    kin = None if rivals.clusters is None else rivals.clusters.reindex(attentive.index)
    without = fit_rivals(attentive, rivals.scales, ("correlated",), kin)
    groups = {"everyone": (rivals, answers), WITHOUT_CARELESS: (without, attentive)}
    return pd.DataFrame([{"people": who, **_group_row(*group)} for who, group in groups.items()])


def difference_table(rivals: Rivals) -> pd.DataFrame:
    """Test each model against the more general one that it is nested in (scaled and shifted difference)."""
    rows = [_difference(rivals, general, nested) for general, nested in NESTED]
    columns = ["general", "nested", "difference", "statistic", "df", "p_value", "note"]
    return pd.DataFrame(rows, columns=columns).astype({"df": "Int64"})


def p_of_one_factor(differences: pd.DataFrame) -> float:
    """Return the p value of the test of one factor against the correlated competencies, NaN where there is none."""
    names = (differences["general"] == MODEL_NAMES["correlated"]) & (differences["nested"] == MODEL_NAMES["single"])
    return float(differences.loc[names, "p_value"].iloc[0])


def loading_table(rivals: Rivals) -> pd.DataFrame:
    """Return standardised loadings with 95 % intervals and the share of each item's variance that they explain."""
    if rivals.main is None:
        return pd.DataFrame(columns=["competency", "item", "loading", "lower", "upper", "explained"])
    table = rivals.main.loadings
    return pd.DataFrame(
        {
            "competency": table["factor"],
            "item": table["item"],
            "loading": table["standardised"],
            "lower": table["standardised_lower"],
            "upper": table["standardised_upper"],
            "explained": table["standardised"] ** 2,
        }
    )


def second_order_table(rivals: Rivals) -> pd.DataFrame:
    """Return standardised loadings of the competencies on the second-order factor, with intervals; none if improper."""
    fit = rivals.fits.get("second_order")
    if fit is None or not fit.proper:
        return pd.DataFrame(columns=["competency", "loading", "lower", "upper"])
    table = fit.second_order_loadings
    columns = {"factor": "competency", "standardised": "loading"}
    limits = {"standardised_lower": "lower", "standardised_upper": "upper"}
    return table[[*columns, *limits]].rename(columns={**columns, **limits})


def competency_pairs(rivals: Rivals, answers: pd.DataFrame) -> pd.DataFrame:
    """Return factor correlations with 95 % intervals, the ratio HTMT2 beside each; strongest first."""
    fit = rivals.main
    if fit is None or len(rivals.scales) < 2:
        return pd.DataFrame(columns=list(PAIR_COLUMNS))
    rows = fit.parameters[fit.parameters["kind"] == "factor covariance"]
    names = ["competency", "other", "correlation", "lower", "upper"]
    found = rows[["left", "right", "standardised", "standardised_lower", "standardised_upper"]].set_axis(names, axis=1)
    owner = {item: name for name, items in rivals.scales.items() for item in items}
    ratios = htmt(answers[rivals.items], owner, correlation="polychoric", missing="pairwise").ratios
    found["htmt2"] = [ratios.loc[one, other] for one, other in zip(found["competency"], found["other"], strict=True)]
    order = found["correlation"].abs().sort_values(ascending=False, kind="stable").index
    return found.loc[order].reset_index(drop=True)


def residual_matrix(rivals: Rivals) -> pd.DataFrame:
    """Return residual correlations of the model of correlated competencies, the diagonal left empty."""
    if rivals.main is None:
        return pd.DataFrame()
    matrix = rivals.main.residuals.copy()
    values = matrix.to_numpy(copy=True)
    np.fill_diagonal(values, np.nan)
    return pd.DataFrame(values, index=matrix.index, columns=matrix.columns)


def large_residuals(residuals: pd.DataFrame, limit: float) -> pd.DataFrame:
    """Return the pairs of items whose residual correlation exceeds the limit in size; largest first."""
    pairs = list(combinations(residuals.columns, 2))
    table = pd.DataFrame(pairs, columns=["item", "other"])
    values = residuals.to_numpy(dtype=float)
    table["residual"] = values[np.triu_indices(len(values), 1)]
    large = table[table["residual"].abs() > limit]
    return large.loc[large["residual"].abs().sort_values(ascending=False, kind="stable").index].reset_index(drop=True)


def residual_share(residuals: pd.DataFrame, limit: float) -> float:
    """Return the share of residual correlations that exceed the limit in size."""
    pairs = len(residuals) * (len(residuals) - 1) / 2
    return len(large_residuals(residuals, limit)) / pairs if pairs else float("nan")


def modification_table(rivals: Rivals, competency_of: pd.Series[str]) -> pd.DataFrame:
    """Return modification indices of the model of correlated competencies, each change as a finding; largest first.

    ``standardised_change`` is the loading or the correlation of two residuals that the change would bring.
    """
    columns = ["change", "kind", "left", "right", "modification_index", "standardised_change"]
    if rivals.main is None:
        return pd.DataFrame(columns=columns)
    table = rivals.main.modification_indices()
    same = table["left"].map(competency_of) == table["right"].map(competency_of)
    table["change"] = [
        _change(str(kind), str(left), str(right), alike).encoded
        for kind, left, right, alike in zip(table["kind"], table["left"], table["right"], same, strict=True)
    ]
    return table[columns]


def crossing_items(changes: pd.DataFrame, cut: float) -> list[str]:
    """Name items that would load on a second competency by at least the cut, in order of the index."""
    large = (changes["kind"] == "loading") & (changes["standardised_change"].abs() >= cut)
    return list(dict.fromkeys(changes.loc[large, "right"]))


def _change(kind: str, left: str, right: str, alike: bool) -> Finding:
    """Return what one change of the model would say."""
    if kind == "loading":
        return found("change_loading", item=right, other=left)
    return found("change_residual" if alike else "change_residual_across", item=left, other=right)


def _unidentified(form: str, scales: dict[str, list[str]]) -> Finding | None:
    """Return why no model can be fitted to these competencies, or None."""
    if form in ("second_order", "bifactor") and len(scales) < EQUIVALENT_AT:
        return found("unidentified_few", value=len(scales), limit=EQUIVALENT_AT)
    small = [name for name, items in scales.items() if len(items) < SMALLEST_SPECIFIC]
    return found("unidentified_short", limit=SMALLEST_SPECIFIC, other=small) if form == "bifactor" and small else None


def _model(form: str, scales: dict[str, list[str]]) -> CfaModel:
    """Build a model."""
    items = [item for members in scales.values() for item in members]
    build: dict[str, Callable[[], CfaModel]] = {
        "single": lambda: CfaModel.single(items, "general"),
        "correlated": lambda: CfaModel.correlated(scales),
        "second_order": lambda: CfaModel.second_order(scales, "general"),
        "bifactor": lambda: CfaModel.bifactor(scales, "general"),
    }
    return build[form]()


def _equivalent(rivals: Rivals) -> bool:
    """Say whether the second-order model has as many parameters as there are factor correlations."""
    return "second_order" in rivals.fits and len(rivals.scales) == EQUIVALENT_AT


def _from_method(texts: Sequence[str]) -> tuple[Finding, ...]:
    """Return the estimator's notes on its own result."""
    return tuple(found("said_by_method", text=text) for text in texts)


def _measures(fit: CfaResult) -> dict[str, object]:
    """Return the fit of one model, each index as it is, scaled and robust."""
    measures = fit.fit
    indices: dict[str, object] = {
        "parameters": measures.n_parameters,
        "chi_square": measures.chi_square,
        "df": measures.df,
        "chi_square_scaled": measures.chi_square_scaled,
        "p_scaled": measures.p_value_scaled,
    }
    for index in ("cfi", "tli", "rmsea"):
        indices |= {f"{index}_{name}": getattr(measures, index + ending) for name, ending in VERSIONS.items()}
    indices |= {"rmsea_lower": measures.rmsea_lower_robust, "rmsea_upper": measures.rmsea_upper_robust}
    return indices | {"srmr": measures.srmr}


def _group_row(rivals: Rivals, answers: pd.DataFrame) -> dict[str, object]:
    """Return fit and dimensions in one group of people."""
    row: dict[str, object] = {"n": len(answers)}
    if rivals.main is not None:
        fit = rivals.main.fit
        row |= {"srmr": fit.srmr, "rmsea_robust": fit.rmsea_robust, "cfi_robust": fit.cfi_robust}
    try:
        dimensions = empirical_kaiser(answers[rivals.items], "polychoric", "pairwise").n_factors
    except PsychometricsError as problem:
        return row | {"note": str(problem)}
    return row | {"dimensions": dimensions, "note": encode(rivals.problems)}


def _note(rivals: Rivals, form: str) -> str:
    """Return what a reader must know about one model, encoded."""
    if form in rivals.unfitted:
        return rivals.unfitted[form].encoded
    if form not in rivals.fits:
        return ""
    fit = rivals.fits[form]
    equivalent = form == "second_order" and len(rivals.scales) == EQUIVALENT_AT
    same = (found("same_model"),) if equivalent else ()
    return encode((*_from_method((*fit.problems, *fit.notes)), *same))


def _difference(rivals: Rivals, general: str, nested: str) -> dict[str, object]:
    """Test one pair of models."""
    row: dict[str, object] = {"general": MODEL_NAMES[general], "nested": MODEL_NAMES[nested]}
    missing = [form for form in (general, nested) if form in rivals.unfitted]
    if missing:
        problem = found("model_problem", other=MODEL_NAMES[missing[0]], why=rivals.unfitted[missing[0]])
        return row | {"note": problem.encoded}
    first, second = rivals.fits[general], rivals.fits[nested]
    if first.fit.df == second.fit.df:
        return row | {"note": found("nothing_to_test").encoded}
    try:
        test = difference_test(first, second)
    except (PsychometricsError, np.linalg.LinAlgError) as error:
        return row | {"note": found("untested_difference", why=str(error)).encoded}
    figures = {"difference": test.difference, "statistic": test.statistic, "df": test.df, "p_value": test.p_value}
    return row | figures | {"note": encode(_from_method(test.problems))}
