"""Clusters, and models of several groups, against lavaan: every estimate, error, standardised value and measure."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from psychometrics.sem import CfaModel, CfaResult, difference_test, fit_cfa

FOLDER = Path(__file__).parent / "reference"
ESTIMATE = 1e-4
STANDARD_ERROR = 1e-3  # relative
CHI_SQUARE = 1e-3  # relative
FIT_INDEX = 1e-3
LIKELIHOOD = 1e-2
SCORE_TEST = 1e-3  # relative
# In the score tests of ordered groups lavaan's information has n where its discrepancy has n - 1.
ORDERED_SCORE_TEST = 1e-3 + 1.5 / 862
# The robust discrepancy of ordered items is the sum over the groups here and not in lavaan's baseline, see
# test_invariance_reference.py.
ROBUST_COMPARATIVE = 2e-3

FIVE = {f"{letter}f": [f"{letter}{number}" for number in range(1, 6)] for letter in "ACENO"}
TWO = {name: FIVE[name] for name in ("Nf", "Ef")}
REVERSED = ["A1", "C4", "C5", "E1", "E2", "O2", "O5"]
EQUAL: dict[str, dict[str, list[str]]] = {
    "MLR": {"configural": [], "metric": ["loadings"], "scalar": ["loadings", "intercepts"]},
    "WLSMV": {"configural": [], "scalar": ["thresholds", "loadings", "intercepts"]},
}


@cache
def results() -> dict[str, Any]:
    entries = json.loads((FOLDER / "sem.json").read_text())["results"]
    return {name: entry["value"] for name, entry in entries.items()}


@cache
def bfi() -> pd.DataFrame:
    answers = pd.read_csv(FOLDER / "data" / "bfi.csv").astype({"gender": str})
    answers = answers.assign(**{item: 7 - answers[item] for item in REVERSED})
    return answers.assign(within=answers["gender"] + " " + answers["age"].astype(str))


@cache
def sim() -> pd.DataFrame:
    return pd.read_csv(FOLDER / "data" / "sim52_full.csv")


def model_of(form: str) -> CfaModel:
    if form == "teams":
        return CfaModel.correlated({f"FC{k}": list(sim().filter(regex=f"^C{k}_").columns) for k in (1, 2, 3)})
    factors = TWO if form in ("correlated", "groups") else FIVE
    return getattr(CfaModel, form.replace("groups", "correlated"))(factors)


@cache
def fitted(name: str) -> CfaResult:
    """Our fit of an entry such as `cluster.groups.MLR.metric` or `groups.bifactor.MLR.configural`."""
    kind, form, how, *level = name.split(".")
    missing, estimator = ("fiml" if how.startswith("FIML") else "listwise"), how.split("_")[-1]
    if kind == "one":
        return fit_cfa(CfaModel.correlated(FIVE), bfi(), parameterization="theta")
    if kind == "cluster" and not level:
        model = CfaModel.correlated(FIVE) if form == "correlated" else model_of(form)
        data, cluster = (sim(), "team") if form == "teams" else (bfi(), "age")
        return fit_cfa(model, data, estimator, missing, cluster=cluster)  # type: ignore[arg-type]
    equal = EQUAL["MLR" if estimator.startswith("ML") else "WLSMV"][level[0]]
    if form == "second_order" and "loadings" in equal:
        equal = [*equal, "regressions"]
    model = (
        CfaModel.bifactor({name: FIVE[name] for name in ("Cf", "Ef", "Nf")}) if form == "bifactor" else model_of(form)
    )
    return fit_cfa(
        model,
        bfi(),
        estimator,  # type: ignore[arg-type]
        missing,  # type: ignore[arg-type]
        "gender",
        equal=equal,  # type: ignore[arg-type]
        reference=results()[name]["groups"][0],
        cluster="within" if kind == "cluster" else None,
    )


def named(result: CfaResult) -> dict[tuple[Any, ...], Any]:
    """Our parameters under lavaan's names."""
    found: dict[tuple[Any, ...], Any] = {}
    row: Any
    for row in result.parameters.itertuples():
        group = result.groups.index(row.group) + 1 if result.groups else 1
        if "loading" in row.kind:
            found[group, row.left, "=~", row.right] = row
        elif row.kind == "threshold":
            found[group, row.left, "|", f"t{row.right}"] = row
        elif row.kind in ("intercept", "factor mean"):
            found[group, row.left, "~1", ""] = row
        else:
            found[group, row.left, "~~", row.right] = found[group, row.right, "~~", row.left] = row
    return found


NAMES = [
    name for name, entry in json.loads((FOLDER / "sem.json").read_text())["results"].items() if "fit" in entry["value"]
]
FITS = {
    "chi_square": ("chisq", CHI_SQUARE),
    "chi_square_scaled": ("chisq.scaled", CHI_SQUARE),
    "scaling_factor": ("chisq.scaling.factor", CHI_SQUARE),
    "baseline_chi_square": ("baseline.chisq", CHI_SQUARE),
    "baseline_chi_square_scaled": ("baseline.chisq.scaled", CHI_SQUARE),
    "baseline_scaling_factor": ("baseline.chisq.scaling.factor", CHI_SQUARE),
}
INDICES = ["cfi", "tli", "rmsea"]


@pytest.mark.parametrize("name", NAMES)
def test_estimates_and_errors_match_lavaan(name: str) -> None:
    ours, compared = named(fitted(name)), 0
    row: Any
    for row in pd.DataFrame(results()[name]["estimates"]).itertuples():
        mine = ours.get((row.group, row.lhs, row.op, row.rhs))
        if mine is None:
            # lavaan also lists intercepts, covariances and means that are zero by definition.
            assert row.op in ("~1", "~~")
            assert row.se == 0.0
            continue
        compared += 1
        assert mine.estimate == pytest.approx(row.est, abs=ESTIMATE), row
        if mine.free:
            assert mine.standard_error == pytest.approx(row.se, rel=STANDARD_ERROR), row
    assert compared == len(fitted(name).parameters)


@pytest.mark.parametrize("name", NAMES)
def test_standardised_solution_matches_lavaan(name: str) -> None:
    ours = named(fitted(name))
    row: Any
    for row in pd.DataFrame(results()[name]["standardised"]).rename(columns={"est.std": "value"}).itertuples():
        mine = ours.get((row.group, row.lhs, row.op, row.rhs))
        if mine is None:
            continue
        assert mine.standardised == pytest.approx(row.value, abs=ESTIMATE), row
        if row.se > 1e-8:
            assert mine.standardised_error == pytest.approx(row.se, rel=STANDARD_ERROR, abs=1e-6), row


@pytest.mark.parametrize("name", NAMES)
def test_fit_matches_lavaan(name: str) -> None:
    entry, ours = results()[name], fitted(name)
    reference = {key: value for key, value in entry["fit"].items() if value is not None}
    fit = ours.fit
    assert ours.converged
    assert ours.group_sizes.tolist() == np.atleast_1d(entry["nobs"]).tolist()
    assert fit.df == reference["df"]
    assert fit.srmr == pytest.approx(reference["srmr"], abs=FIT_INDEX)
    for field, (theirs, tolerance) in FITS.items():
        if theirs in reference:
            assert getattr(fit, field) == pytest.approx(reference[theirs], rel=tolerance), field
    robust = ours.estimator in ("ML", "MLR") or not ours.equal
    for version in ("", "_scaled", *(["_robust"] if robust else [])):
        for field in INDICES:
            key = field + version.replace("_", ".")
            tolerance = ROBUST_COMPARATIVE if version == "_robust" and ours.groups else FIT_INDEX
            if key in reference:
                assert getattr(fit, field + version) == pytest.approx(reference[key], abs=tolerance), key
    if "logl" in reference:
        assert fit.log_likelihood == pytest.approx(reference["logl"], abs=LIKELIHOOD)


def test_differences_of_clustered_models_match_lavaan() -> None:
    entry = results()["cluster.groups.MLR.difference"]
    models = [fitted(f"cluster.groups.MLR.{level}") for level in ("configural", "metric", "scalar")]
    for place in (1, 2):
        test = difference_test(models[place - 1], models[place])
        assert test.df == entry["df"][place]
        assert test.statistic == pytest.approx(entry["statistic"][place], rel=CHI_SQUARE)


@pytest.mark.parametrize(
    ("name", "estimator", "equal"),
    [
        ("modification.groups.ML.configural", "ML", []),
        ("modification.groups.ML.metric", "ML", ["loadings"]),
        ("modification.groups.WLSMV.configural", "WLSMV", []),
    ],
)
def test_modification_indices_of_groups_match_lavaan(name: str, estimator: Any, equal: Any) -> None:
    result = fit_cfa(CfaModel.correlated(TWO), bfi(), estimator, group="gender", equal=equal, reference="1")
    ours: dict[tuple[Any, ...], Any] = {}
    row: Any
    for row in result.modification_indices().itertuples():
        operator = "=~" if row.kind == "loading" else "~~"
        ours[row.group, row.left, operator, row.right] = row
        if operator == "~~":
            ours[row.group, row.right, operator, row.left] = row
    compared, tolerance = 0, ORDERED_SCORE_TEST if estimator == "WLSMV" else SCORE_TEST
    for row in pd.DataFrame(results()[name]).rename(columns={"sepc.all": "standard"}).itertuples():
        mine = ours.get((result.groups[row.group - 1], row.lhs, row.op, row.rhs))
        if mine is None:
            continue
        compared += 1
        assert mine.modification_index == pytest.approx(row.mi, rel=tolerance, abs=1e-4), row
        assert mine.expected_change == pytest.approx(row.epc, rel=tolerance, abs=ESTIMATE), row
        assert mine.standardised_change == pytest.approx(row.standard, rel=tolerance, abs=ESTIMATE), row
    assert compared == len(result.modification_indices())


def test_factor_scores_of_groups_match_lavaan() -> None:
    equal: Any = ["loadings", "intercepts"]
    result = fit_cfa(CfaModel.correlated(TWO), bfi(), "ML", group="gender", equal=equal, reference="1")
    assert_scores(result, "scores.groups.ML.scalar")


def test_factor_scores_of_ordered_groups_match_lavaan_in_each_group_alone() -> None:
    result = fit_cfa(CfaModel.correlated(TWO), bfi(), group="gender")
    assert_scores(result, "scores.groups.WLSMV.alone")


def assert_scores(result: CfaResult, name: str) -> None:
    people = bfi().dropna(subset=[item for items in TWO.values() for item in items])
    scores = result.factor_scores(people, group="gender")
    for group, theirs in results()[name].items():
        np.testing.assert_allclose(scores[people["gender"] == group].head(30), theirs, atol=ESTIMATE)
