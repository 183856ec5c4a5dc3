"""Curves between two measures: against R's Hmisc and sandwich, identities, refusals."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from psychometrics.association import regression, restricted_cubic_basis, spline_regression
from psychometrics.errors import InputShapeError, PsychometricsError, TooFewPersonsError

REFERENCE = Path(__file__).parent / "reference"
CLOSED_FORM = 1e-8
KNOTS = (1, 4, 8, 20)


@pytest.fixture(scope="module")
def r() -> dict[str, Any]:
    results = json.loads((REFERENCE / "spline.json").read_text())["results"]
    return {name: entry["value"] for name, entry in results.items()}


@pytest.fixture(scope="module")
def scores() -> pd.DataFrame:
    tenure = pd.read_csv(REFERENCE / "data" / "sim52.csv")[["id", "tenure"]]
    return pd.read_csv(REFERENCE / "data" / "sim52_scores.csv").merge(tenure, on="id").sort_values("id")


def test_basis_matches_hmisc(scores: pd.DataFrame, r: dict[str, Any]) -> None:
    tenure = scores["tenure"].dropna().head(25)
    np.testing.assert_allclose(restricted_cubic_basis(tenure, KNOTS), r["basis"], rtol=CLOSED_FORM, atol=CLOSED_FORM)


@pytest.mark.parametrize(("covariance", "outcome"), [("HC3", "C1"), ("classical", "C5"), ("cluster", "C1")])
def test_tests_and_curve_match_lm_with_sandwich(
    covariance: str, outcome: str, scores: pd.DataFrame, r: dict[str, Any]
) -> None:
    expected = r[covariance]
    teams = scores["team"] if covariance == "cluster" else None
    fit = spline_regression(scores[outcome], scores["tenure"], KNOTS, covariance, points=20, clusters=teams)
    got = [fit.f_overall, fit.p_overall, fit.f_nonlinear, fit.p_nonlinear, fit.r_squared, fit.r_squared_linear]
    wanted = [
        expected["overall"]["f"],
        expected["overall"]["p"],
        expected["nonlinear"]["f"],
        expected["nonlinear"]["p"],
    ]
    np.testing.assert_allclose(got, [*wanted, expected["r_squared"], expected["linear"]], rtol=CLOSED_FORM)
    assert (fit.n, fit.df_residual) == (expected["n"], expected["df"])
    at = fit.curve.set_index("x").loc[[1.0, 5.0, 20.0]]
    for name in ("estimate", "lower", "upper"):
        np.testing.assert_allclose(at[name], expected[name], rtol=CLOSED_FORM)


def test_nothing_but_a_line_is_left_beyond_the_outer_knots() -> None:
    beyond = restricted_cubic_basis(np.array([20.0, 30.0, 40.0, 50.0]), KNOTS)
    np.testing.assert_allclose(np.diff(beyond, 2, axis=0), 0, atol=CLOSED_FORM)
    assert (restricted_cubic_basis(np.array([-3.0, 1.0]), KNOTS)[:, 1:] == 0).all()


def test_a_straight_line_has_no_bend_and_the_slope_of_a_regression() -> None:
    draw = np.random.default_rng(2)
    x = pd.Series(draw.uniform(0, 25, 400), name="tenure")
    y = pd.Series(3 - 0.05 * x + draw.normal(0, 1e-6, 400), name="score")
    fit = spline_regression(y, x, KNOTS)
    line = regression(y, x.to_frame()).coefficients
    expected = line["estimate"].iloc[0] + line["estimate"].iloc[1] * fit.curve["x"]
    np.testing.assert_allclose(fit.curve["estimate"], expected, atol=1e-6)
    bent = spline_regression(y + 0.02 * (x - 12) ** 2, x, KNOTS)
    assert bent.p_nonlinear < 1e-6
    assert bent.r_squared > bent.r_squared_linear


def test_missing_rows_are_left_out_and_counted() -> None:
    draw = np.random.default_rng(3)
    x = pd.Series(draw.uniform(0, 25, 100))
    y = pd.Series(draw.normal(size=100)).where(x > 5)
    fit = spline_regression(y, x, KNOTS)
    assert (fit.n, fit.n_dropped) == (int((x > 5).sum()), int((x <= 5).sum()))
    assert fit.to_frame()["knots"].item() == "1, 4, 8, 20"


def test_knots_covariance_and_people_are_checked() -> None:
    x, y = pd.Series([1.0, 2.0, 3.0, 4.0]), pd.Series([1.0, 3.0, 2.0, 5.0])
    with pytest.raises(InputShapeError, match="increasing knots"):
        spline_regression(y, x, (1, 4, 4))
    with pytest.raises(InputShapeError, match="three or more"):
        spline_regression(y, x, (1, 4))
    with pytest.raises(PsychometricsError, match="covariance"):
        spline_regression(y, x, (1, 2, 3), covariance="cluster")
    with pytest.raises(InputShapeError, match="2 clusters are too few"):
        teams = pd.Series([0, 1] * 20)
        spline_regression(
            teams + np.arange(40) % 7, pd.Series(np.arange(40) % 9), (1, 2, 3, 4), "cluster", clusters=teams
        )
    with pytest.raises(TooFewPersonsError):
        spline_regression(y, x, (1, 2, 3, 4))
