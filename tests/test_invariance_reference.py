"""Measurement invariance against lavaan and semTools: fit, estimates, errors, differences and score tests."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import pytest

from psychometrics.sem import (
    CfaModel,
    CfaResult,
    difference_test,
    fit_cfa,
    measurement_invariance,
    merge_categories,
)

ESTIMATE = 1e-4
STANDARD_ERROR = 2e-4  # relative
CHI_SQUARE = 1e-4  # relative; most agree to 1e-6
FIT_INDEX = 1e-4
# The robust discrepancy of ordered items is the sum over the groups here, for the model and for its baseline; lavaan's
# baseline is not, though its model and each group alone agree (test_invariance.py shows the sum).
ROBUST_COMPARATIVE = 2e-3
# lavaan's interval of the scaled RMSEA takes the unscaled statistic with the degrees of freedom times the scaling
# factor; here it takes the scaled statistic with the degrees of freedom.
SCALED_INTERVAL = 1e-3
LIKELIHOOD = 1e-3
SCORE_TEST = 1e-3  # relative

FOLDER = Path(__file__).parent / "reference"
N, E = [f"N{k}" for k in range(1, 6)], [f"E{k}" for k in range(1, 6)]
FIVE = {letter: [f"{letter}{number}" for number in range(1, 6)] for letter in "ACENO"}


class Case(NamedTuple):
    """The request behind the entries of one prefix."""

    model: CfaModel
    data: pd.DataFrame
    group: str
    estimator: str
    missing: str = "listwise"


@cache
def results() -> dict[str, Any]:
    entries = json.loads((FOLDER / "invariance.json").read_text())["results"]
    return {name: entry["value"] for name, entry in entries.items()}


@cache
def bfi() -> pd.DataFrame:
    answers = pd.read_csv(FOLDER / "data" / "bfi.csv").astype({"gender": str})
    return answers.assign(E1=7 - answers["E1"], E2=7 - answers["E2"])


@cache
def sim() -> pd.DataFrame:
    return pd.read_csv(FOLDER / "data" / "sim52_full.csv")


def sim_factors() -> dict[str, list[str]]:
    items = sim().filter(regex=r"^C\d_").columns
    return {f"C{k}": [item for item in items if item.startswith(f"C{k}_")] for k in range(1, 9)}


def joined() -> pd.DataFrame:
    items = sim().filter(regex=r"^C\d_").columns
    return sim().assign(**{item: sim()[item].clip(lower=2) for item in items})


def case(prefix: str) -> Case:
    """Our request for an entry such as `bfi_NE.FIML_MLR`."""
    source, how = prefix.split(".")
    missing = "fiml" if how.startswith("FIML") else "pairwise" if how.endswith("pairwise") else "listwise"
    estimator = how.removeprefix("FIML_").removesuffix("_pairwise").replace("marker", "WLSMV")
    both = CfaModel.correlated({"N": N, "E": E})
    three = bfi().assign(**{item: np.ceil(bfi()[item] / 2) for item in N})
    first = {name: items for name, items in sim_factors().items() if name in ("C1", "C2")}
    model, data, group = {
        "bfi_N": (CfaModel.single(N, "N"), bfi(), "gender"),
        "bfi_N3": (CfaModel.single(N, "N"), three, "gender"),
        "bfi_NE": (both, bfi(), "gender"),
        "bfi25": (CfaModel.correlated(FIVE), bfi(), "gender"),
        "sim52_C1": (CfaModel.single(first["C1"], "C1"), sim() if estimator == "ML" else joined(), "sector"),
        "sim52_C1C2": (CfaModel.correlated(first), joined(), "sector"),
        "sim52": (CfaModel.correlated(sim_factors()), sim(), "sector"),
    }[source]
    return Case(model, data, group, estimator, missing)


def equal_of(level: str, estimator: str) -> tuple[str, ...]:
    """Equalities of a level, named as in the script."""
    kinds = ("loadings", "intercepts", "residuals")
    first = ("thresholds",) if estimator == "WLSMV" else ()
    return {
        "configural": (),
        "thresholds": first,
        "metric": (*first, *kinds[:1]),
        "scalar": (*first, *kinds[:2]),
        "strict": (*first, *kinds),
        "partial_intercept": (*first, *kinds[:2]),
        "partial_loading": (*first, *kinds[:1]),
        "residuals": kinds[:2],
        "loadings": kinds[:1],
    }[level]


@cache
def fitted(name: str) -> CfaResult:
    """Our fit of an entry such as `bfi_N.WLSMV.scalar`, with lavaan's first group as the reference."""
    prefix, level = name.rsplit(".", 1)
    request = case(prefix)
    marker: dict[str, tuple[str, ...]] = {
        # lavaan holds the intercepts of ordered items at zero in every group, so equal thresholds come with them.
        "thresholds": ("thresholds", "intercepts"),
        "thresholds_loadings": ("thresholds", "intercepts", "loadings"),
        "loadings_thresholds": ("thresholds", "intercepts", "loadings"),
    }
    own = prefix.endswith(".marker") and level in marker
    equal = marker[level] if own else equal_of(level, request.estimator)
    freed = {"partial_intercept": [("intercepts", "N4")], "partial_loading": [("loadings", "N4")]}.get(level, [])
    model = CfaModel.correlated({"N": N, "E": E}, residual_covariances=[("N1", "N2")])
    return fit_cfa(
        model if level == "residuals" else request.model,
        request.data,
        request.estimator,  # type: ignore[arg-type]
        request.missing,  # type: ignore[arg-type]
        request.group,
        equal=equal,  # type: ignore[arg-type]
        freed=freed,  # type: ignore[arg-type]
        reference=results()[name]["groups"][0],
    )


def fitted_names() -> list[str]:
    entries = json.loads((FOLDER / "invariance.json").read_text())["results"]
    return [name for name, entry in entries.items() if "fit" in entry["value"]]


NAMES = fitted_names()
DIFFERENCES = sorted({name.rsplit(".", 1)[0] for name in NAMES})
STATISTICS = {
    "chi_square": "chisq",
    "chi_square_scaled": "chisq.scaled",
    "scaling_factor": "chisq.scaling.factor",
    "baseline_chi_square": "baseline.chisq",
    "baseline_chi_square_scaled": "baseline.chisq.scaled",
}
INDICES = {
    "cfi": "cfi",
    "tli": "tli",
    "rmsea": "rmsea",
    "rmsea_lower": "rmsea.ci.lower",
    "rmsea_upper": "rmsea.ci.upper",
}
LIKELIHOODS = {
    "log_likelihood": "logl",
    "saturated_log_likelihood": "unrestricted.logl",
    "aic": "aic",
    "bic": "bic",
}


def named(model: CfaResult) -> dict[tuple[str, str, str, str], Any]:
    """Our parameters under lavaan's names."""
    found = {}
    row: Any
    for row in model.parameters.itertuples():
        if row.kind == "loading":
            found[row.group, row.left, "=~", row.right] = row
        elif row.kind == "threshold":
            found[row.group, row.left, "|", f"t{row.right}"] = row
        elif row.kind in ("intercept", "factor mean"):
            found[row.group, row.left, "~1", ""] = row
        else:
            found[row.group, row.left, "~~", row.right] = found[row.group, row.right, "~~", row.left] = row
    return found


def has_robust(model: CfaResult) -> bool:
    """Robust indices are left undefined for ordered items under equalities."""
    return model.estimator != "WLSMV" or not model.equal


def tolerance_of(field: str, version: str, estimator: str) -> float:
    if version == "_scaled" and field in ("rmsea_lower", "rmsea_upper") and estimator == "MLR":
        return SCALED_INTERVAL
    if version == "_robust" and field in ("cfi", "tli") and estimator == "WLSMV":
        return ROBUST_COMPARATIVE
    return FIT_INDEX


@pytest.mark.parametrize("name", NAMES)
def test_fit_matches_lavaan(name: str) -> None:
    ours, entry = fitted(name), results()[name]
    reference = {key: value for key, value in entry["fit"].items() if value is not None}
    fit = ours.fit
    assert ours.converged
    assert ours.group_sizes.to_dict() == dict(zip(entry["groups"], entry["nobs"], strict=True))
    assert (fit.df, fit.n_parameters) == (reference["df"], reference["npar"])
    assert fit.srmr == pytest.approx(reference["srmr"], abs=FIT_INDEX)
    for field, theirs in STATISTICS.items():
        if theirs in reference:
            assert getattr(fit, field) == pytest.approx(reference[theirs], rel=CHI_SQUARE), field
    for version in ("", "_scaled", "_robust"):
        for field, theirs in INDICES.items():
            key = theirs + version.replace("_", ".")
            if key in reference and (version != "_robust" or has_robust(ours)):
                tolerance = tolerance_of(field, version, ours.estimator)
                assert getattr(fit, field + version) == pytest.approx(reference[key], abs=tolerance), key
    for field, theirs in LIKELIHOODS.items():
        if theirs in reference:
            assert getattr(fit, field) == pytest.approx(reference[theirs], abs=LIKELIHOOD), field


@pytest.mark.parametrize("name", [name for name in NAMES if "estimates" in results()[name]])
def test_estimates_and_standard_errors_match_lavaan(name: str) -> None:
    entry = results()[name]
    ours = named(fitted(name))
    reference = pd.DataFrame(entry["estimates"])
    row: Any
    for row in reference.itertuples():
        mine = ours[entry["groups"][row.group - 1], row.lhs, row.op, row.rhs]
        assert mine.estimate == pytest.approx(row.est, abs=ESTIMATE), row
        assert mine.free == (row.se > 0), row
        if mine.free:
            assert mine.standard_error == pytest.approx(row.se, rel=STANDARD_ERROR, abs=1e-12), row
        else:
            assert np.isnan(mine.standard_error), row
    assert len(reference) == len(fitted(name).parameters)


@pytest.mark.parametrize("prefix", DIFFERENCES)
def test_difference_tests_match_lavaan(prefix: str) -> None:
    entry = results()[f"{prefix}.difference"]
    models = [fitted(f"{prefix}.{level}") for level in entry["levels"]]
    for place in range(1, len(models)):
        test = difference_test(models[place - 1], models[place])
        assert test.df == entry["df"][place]
        assert test.statistic == pytest.approx(entry["statistic"][place], rel=CHI_SQUARE)
        assert test.p_value == pytest.approx(entry["p"][place], rel=1e-2, abs=1e-12)


@pytest.mark.parametrize(
    ("name", "level", "kind"),
    [
        ("bfi_NE.ML.release_loadings", "metric", "loadings"),
        ("bfi_NE.ML.release_intercepts", "scalar", "intercepts"),
        ("sim52_C1.ML.release_loadings", "metric", "loadings"),
    ],
)
def test_score_tests_match_lavaan(name: str, level: str, kind: Any) -> None:
    request = case(name.rsplit(".", 1)[0])
    model = fit_cfa(
        request.model,
        request.data,
        "ML",
        group=request.group,
        equal=equal_of(level, "ML"),  # type: ignore[arg-type]
    )
    ours = model.release_tests(kind).set_index("item")
    assert set(ours.index) == set(results()[name])
    for item, theirs in results()[name].items():
        assert ours.loc[item, "df"] == theirs["df"]
        assert ours.loc[item, "statistic"] == pytest.approx(theirs["statistic"], rel=SCORE_TEST), item


def test_the_table_of_levels_matches_lavaan() -> None:
    request = case("bfi_N.WLSMV")
    table = measurement_invariance(request.model, request.data, request.data["gender"], reference="1").table
    table = table.set_index("level")
    for level in ("configural", "thresholds", "metric", "scalar"):
        reference = results()[f"bfi_N.WLSMV.{level}"]["fit"]
        assert table.loc[level, "chi_square"] == pytest.approx(reference["chisq.scaled"], rel=CHI_SQUARE)
        assert table.loc[level, "cfi"] == pytest.approx(reference["cfi.scaled"], abs=FIT_INDEX)
    difference = results()["bfi_N.WLSMV.difference"]
    for place, level in enumerate(difference["levels"][1:4], start=1):
        assert table.loc[level, "chi_square_difference"] == pytest.approx(
            difference["statistic"][place], rel=CHI_SQUARE
        )
        assert table.loc[level, "df_difference"] == difference["df"][place]


def test_counts_of_answers_by_group_match_r() -> None:
    for item, counts in results()["bfi_N.counts"].items():
        ours = pd.crosstab(bfi()["gender"], bfi()[item])
        assert ours.to_numpy().tolist() == counts


def test_merging_joins_just_the_items_with_an_empty_cell_in_r() -> None:
    items = list(sim().filter(regex=r"^C\d_").columns)
    merged = merge_categories(sim()[items], sim()["sector"])
    assert sorted(merged.log["item"].unique()) == sorted(results()["sim52.empty"])
    assert results()["sim52.empty_joined"] == []
    assert merge_categories(joined()[items], sim()["sector"]).log.empty
