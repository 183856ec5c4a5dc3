"""What a small sample can tell of the structure: sides of the limits, no number without a fit, where the cells run."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest

from compendium.findings import decode
from compendium.paths import NOTEBOOKS
from compendium.plan import judge, load_plan
from compendium.steps.factor_structure import SmallSampleModel, small_sample_model
from compendium.wording import sentence
from psychometrics.bayesian import BayesianCfa, Priors

LIMITS = {"loadings": 0.32, "omega": 0.7, "correlations": 0.9, "p_value": 0.05}


def made_up() -> SmallSampleModel:
    """A posterior of two competencies with one quantity on each side of its limit."""
    loadings = pd.DataFrame({"item": ["a", "b", "c"], "scale": ["x", "x", "y"], "loading": [0.7, 0.1, 0.4]})
    loadings = loadings.assign(lower=[0.5, -0.1, 0.2], upper=[0.8, 0.3, 0.6])
    omega = pd.DataFrame({"scale": ["x", "y"], "items": [2, 1], "omega": [0.8, 0.6]})
    omega = omega.assign(lower=[0.72, 0.4], upper=[0.9, 0.8])
    between = pd.DataFrame({"first": ["x"], "second": ["y"], "correlation": [0.6], "lower": [0.4], "upper": [0.8]})
    checks = pd.DataFrame({"scale": ["x", "y", None], "pairs": [1, 0, 3], "p_value": [0.01, 0.5, 0.4]})
    checks = checks.assign(smallest_seen=0.2, outside=[1, 0, 1], expected=[0.05, 0.0, 0.15])
    nothing = pd.DataFrame()
    fit = BayesianCfa(loadings, omega, between, nothing, checks, 91, 4, 2000, 0.95, Priors(), 1)
    return SmallSampleModel(fit, (), LIMITS)


def test_an_interval_is_above_below_or_open():
    model = made_up()
    kinds = [finding.kind for encoded in model.loadings["tells"] for finding in decode(encoded)]
    assert kinds == ["small_above", "small_below", "small_open"]
    said = model.values
    assert [said[f"small_loadings_{side}"] for side in ("above", "below", "open")] == [1, 1, 1]
    assert [said[f"small_omega_{side}"] for side in ("above", "below", "open")] == [1, 0, 1]
    assert said["small_correlations_below"] == said["small_correlations_all"] == 1
    assert said["small_loadings_half_width"] == pytest.approx(0.2)
    assert (said["small_fit_misfits"], said["small_fit_p"], said["small_fit_unseen"]) == (1, 0.4, 0.2)


def test_what_an_interval_tells_is_said_with_its_limit():
    first = decode(made_up().loadings["tells"].iloc[2])[0]
    assert sentence(first) == "open: the interval holds 0.32"


def test_a_model_that_cannot_be_fitted_shows_no_number_and_says_why():
    answers = pd.DataFrame({"a": [1.0, 1.0, 1.0, 1.0], "b": [1.0, 2.0, 1.0, 2.0]})
    model = small_sample_model(answers, {"x": ["a", "b"]}, load_plan(), nested=False)
    assert model.fit is None
    assert "No number is shown of this model" in sentence(model.status[0])
    assert model.loadings.empty and model.omega.empty and model.correlations.empty and model.checks.empty
    assert model.values["small_fit_p"] is None
    assert model.values["small_loadings_half_width"] is None


def test_published_sample_is_large_enough_and_fewer_people_are_not():
    plan = load_plan()
    assert judge(plan, "bayesian_factors", 91, 52).supported
    assert not judge(plan, "bayesian_factors", 60, 8).supported


def test_cells_run_below_the_gate_of_the_confirmatory_model_only():
    cells = json.loads((NOTEBOOKS / "05_factor_structure.ipynb").read_text(encoding="utf-8"))["cells"]
    small = [cell for cell in cells if "requires:gate_bayesian_factors" in cell["metadata"].get("tags", [])]
    assert len(small) == 10
    assert all("lacks:gate_factor_analysis" in cell["metadata"]["tags"] for cell in small)
    assert np.all([cell["id"].removeprefix("about-").startswith("small") for cell in small])
