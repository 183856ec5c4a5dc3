"""Competency factors and outcome factors in one model, against lavaan."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from psychometrics.sem import CfaModel, CfaResult, fit_cfa

FOLDER = Path(__file__).parent / "reference"
ESTIMATE = 1e-4
STANDARD_ERROR = 1e-3  # relative
CHI_SQUARE = 1e-3  # relative
FIT_INDEX = 1e-3
STATISTICS = {
    "chi_square": "chisq",
    "chi_square_scaled": "chisq.scaled",
    "scaling_factor": "chisq.scaling.factor",
}
INDICES = {
    "cfi": "cfi",
    "tli": "tli",
    "rmsea": "rmsea",
    "srmr": "srmr",
    "cfi_scaled": "cfi.scaled",
    "tli_scaled": "tli.scaled",
    "rmsea_scaled": "rmsea.scaled",
    "rmsea_lower_scaled": "rmsea.ci.lower.scaled",
    "rmsea_upper_scaled": "rmsea.ci.upper.scaled",
    "cfi_robust": "cfi.robust",
    "tli_robust": "tli.robust",
    "rmsea_robust": "rmsea.robust",
    "rmsea_lower_robust": "rmsea.ci.lower.robust",
    "rmsea_upper_robust": "rmsea.ci.upper.robust",
}


@cache
def lavaan() -> dict[str, Any]:
    entry = json.loads((FOLDER / "cfa_outcomes.json").read_text())["results"]["sim52.latent_outcomes.WLSMV"]
    return entry["value"]


@cache
def fitted() -> CfaResult:
    responses = pd.read_csv(FOLDER / "data" / "sim52_full.csv").filter(regex=r"^(C\d|ENG|SAT|MEA|SUP)_")
    factors: dict[str, list[str]] = {}
    for item in responses.columns:
        factors.setdefault(item.split("_")[0], []).append(item)
    return fit_cfa(CfaModel.correlated(factors), responses, "WLSMV")


def test_correlations_of_competencies_and_outcomes_match_lavaan():
    covariances = fitted().parameters.query("kind == 'factor covariance'")
    ours = {frozenset((row.left, row.right)): row for row in covariances.itertuples()}
    theirs = pd.DataFrame(lavaan()["correlations"])
    assert len(theirs) == 8 * 4
    for row in theirs.itertuples():
        found = ours[frozenset((row.competency, row.outcome))]
        assert found.standardised == pytest.approx(row.estimate, abs=ESTIMATE)
        assert found.standardised_error == pytest.approx(row.standard_error, rel=STANDARD_ERROR)


def test_fit_with_outcomes_matches_lavaan():
    fit, theirs = fitted().fit, lavaan()["fit"]
    assert (fitted().n_used, fit.df, fit.n_parameters) == (lavaan()["nobs"], theirs["df"], lavaan()["npar"])
    for ours, name in STATISTICS.items():
        assert getattr(fit, ours) == pytest.approx(theirs[name], rel=CHI_SQUARE), name
    for ours, name in INDICES.items():
        assert getattr(fit, ours) == pytest.approx(theirs[name], abs=FIT_INDEX), name
