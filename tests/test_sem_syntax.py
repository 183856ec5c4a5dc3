"""Models in lavaan's syntax: read, written, fitted, refused."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from test_sem_clusters import teams
from test_sem_reference import FIVE, bfi

from psychometrics.errors import ModelError
from psychometrics.sem import CfaModel, fit_cfa

FOLDER = Path(__file__).parent / "reference"
NAMES = st.from_regex(r"[A-Za-z.][A-Za-z0-9._]{0,6}", fullmatch=True).filter(lambda name: name != "NA")


@st.composite
def models(draw: st.DrawFn) -> CfaModel:
    """Models of every form with their options."""
    names = draw(st.lists(NAMES, min_size=16, max_size=16, unique=True))
    labels, items = names[:4], names[4:]
    factors = {labels[k]: items[3 * k : 3 * k + 3] for k in range(3)}
    pairs = draw(st.lists(st.sampled_from([(items[0], items[4]), (items[1], items[7])]), unique=True))
    scale: Any = draw(st.sampled_from(["marker", "variance"]))
    form = draw(st.sampled_from(["correlated", "orthogonal", "crossed", "single", "second_order", "bifactor"]))
    if form == "single":
        pairs = [pair for pair in pairs if set(pair) <= set(items[:5])]
        return CfaModel.single(items[:5], labels[0], scale=scale, residual_covariances=pairs)
    if form == "second_order":
        return CfaModel.second_order(factors, labels[3], scale=scale, residual_covariances=pairs)
    if form == "bifactor":
        return CfaModel.bifactor(factors, labels[3], residual_covariances=pairs)
    if form == "crossed":
        factors[labels[1]] = [*factors[labels[1]], items[0]]
    orthogonal = form == "orthogonal"
    return CfaModel.correlated(factors, scale=scale, orthogonal=orthogonal, residual_covariances=pairs)


@settings(max_examples=200, deadline=None)
@given(models())
def test_identity_a_written_model_is_read_back(model: CfaModel) -> None:
    assert CfaModel.from_syntax(model.to_syntax()) == model


CHANGED = [
    "f =~ NA*a + b + c\ng =~ d + e + f1\nf ~~ 1*f",
    "f =~ a + 0.5*b + c\ng =~ d + e + f1",
    "f =~ a + x*b + x*c\ng =~ d + x*e + f1",
    "f =~ NA*a + x*a + x*b + c\ng =~ d + e + f1\nf ~~ 1*f",
    "f =~ a + b + c\ng =~ d + e + f1\nf ~~ 0.3*g",
    "f =~ a + b + c\ng =~ d + e + f1\na ~~ 0.1*b\nd ~~ v*d\ne ~~ v*e",
    "f =~ a + b + c\ng =~ d + e + f1\nf ~~ v*f\ng ~~ v*g",
    "f =~ a + b + c\ng =~ d + e + f1\nh =~ i + j + k\nf ~~ 0*g",
    "p =~ a + b + c\nq =~ d + e + f1\nr =~ i + j + k\nz =~ p + q + 0.8*r\np ~~ q",
    "f =~ 1e-2*a + -0.5*b + c\ng =~ d + e + f1",
]


@pytest.mark.parametrize("text", CHANGED)
def test_identity_values_labels_and_freed_parameters_are_written_as_they_were_read(text: str) -> None:
    model = CfaModel.from_syntax(text)
    assert model.changes
    assert CfaModel.from_syntax(model.to_syntax()) == model


def test_comments_continued_lines_and_semicolons_are_read() -> None:
    text = """
    # the first factor
    calm =~ a +   ! and on
            b
          + c ; open =~ d + e
    open =~ f
    a + b ~~ d
    """
    plain = CfaModel.correlated(
        {"calm": list("abc"), "open": list("def")}, residual_covariances=[("a", "d"), ("b", "d")]
    )
    assert CfaModel.from_syntax(text) == plain
    assert CfaModel.from_syntax("f =~ a+b+c").form == "single"
    assert CfaModel.from_syntax("f =~ a + b + c", scale="variance") == CfaModel.single(
        list("abc"), "f", scale="variance"
    )


@pytest.mark.parametrize("estimator", ["WLSMV", "MLR"])
@pytest.mark.parametrize("form", ["correlated", "second_order", "bifactor"])
def test_identity_the_written_model_fits_as_the_built_one(form: str, estimator: Any) -> None:
    model = getattr(CfaModel, form)({name: FIVE[name] for name in ("Nf", "Ef", "Cf")})
    built, written = (fit_cfa(each, bfi(), estimator) for each in (model, CfaModel.from_syntax(model.to_syntax())))
    pd.testing.assert_frame_equal(written.parameters, built.parameters)


def test_values_and_labels_hold_in_the_solution_and_cost_degrees_of_freedom() -> None:
    text = "one =~ a + x*b + x*c\ntwo =~ d + 0.9*e + f\none ~~ 0.4*two"
    sample = teams(1)
    free = fit_cfa(CfaModel.correlated({"one": list("abc"), "two": list("def")}), sample, "ML")
    held = fit_cfa(CfaModel.from_syntax(text), sample, "ML")
    loadings = held.loadings.set_index("item")["estimate"]
    assert loadings["b"] == loadings["c"]
    assert loadings["e"] == 0.9
    assert not held.loadings.set_index("item").loc["e", "free"]
    covariance = held.parameters.query("kind == 'factor covariance'").iloc[0]
    assert covariance["estimate"] == 0.4
    assert held.fit.df == free.fit.df + 3
    assert held.fit.chi_square > free.fit.chi_square
    residual = CfaModel.from_syntax("one =~ a + b + c + d\na ~~ 0.5*a\nb ~~ v*b\nc ~~ v*c")
    fixed = fit_cfa(residual, sample, "ML").residual_variances
    assert fixed["a"] == 0.5
    assert fixed["b"] == pytest.approx(fixed["c"], abs=1e-12)


@pytest.mark.parametrize("estimator", ["WLSMV", "ML"])
def test_labels_are_equal_in_all_groups(estimator: Any) -> None:
    sample = teams(1)
    half = np.where(sample["team"] < 20, "one", "two")
    result = fit_cfa(CfaModel.from_syntax("f =~ x*a + x*b + c + d", scale="variance"), sample, estimator, group=half)
    loadings = result.loadings.query("item in ['a', 'b']")
    assert len(set(loadings["estimate"])) == 1


def test_labels_and_values_match_lavaan() -> None:
    entry = json.loads((FOLDER / "sem.json").read_text())["results"]["syntax.ML"]["value"]
    result = fit_cfa(CfaModel.from_syntax(entry["syntax"]), bfi(), "ML")
    assert result.fit.df == entry["df"]
    assert result.fit.chi_square == pytest.approx(entry["chisq"], rel=1e-6)
    ours: dict[tuple[str, str, str], Any] = {}
    row: Any
    for row in result.parameters.itertuples():
        operator = "=~" if row.kind == "loading" else "~~"
        ours[row.left, operator, row.right] = row
        if operator == "~~":
            ours[row.right, operator, row.left] = row
    for row in pd.DataFrame(entry["estimates"]).itertuples():
        mine = ours[row.lhs, row.op, row.rhs]
        assert mine.estimate == pytest.approx(row.est, abs=1e-4), row
        if row.se > 0:
            assert mine.standard_error == pytest.approx(row.se, rel=1e-3), row


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("f =~ a + b + c\nf ~ a", "Line 2: '~' .regressions and intercepts. is not supported"),
        ("f =~ a + b + c\na ~ 1", "regressions and intercepts"),
        ("f =~ a + b + c\na | t1", "thresholds"),
        ("f =~ a + b + c\nx := 2*y", "defined parameters"),
        ("f =~ a + x*b + y*c\nx == y", "constraints other than a common label"),
        ("f =~ a + c(1, 1)*b + d", "Line 1: Values for each group"),
        ("f =~ a + start(0.5)*b + c", "start.., equal.. and other functions are not supported"),
        ("f =~ a + b*c*d", "'b.c.d' is not supported"),
        ("f =~ a + b +", "Line 1"),
        ("f a b", "needs one operator"),
        ("f =~ a + b =~ c", "needs one operator"),
        ("2f =~ a + b + c", "'2f' is no name"),
        ("a ~~ b", "names no factor"),
        ("", "names no factor"),
        ("f =~ x*a + b + c", "write NA.a . x.a to free it"),
        ("f =~ a + NA*b + 1*b + c", "both fixed and freed"),
        ("f =~ a + b + c\nf ~~ a", "a factor and an item cannot covary"),
        ("f =~ a + b + c\na ~~ z", "residual covariance a with z"),
        ("f =~ a + b + c\na ~~ 2*z", "z is neither a factor nor an item"),
        ("f =~ a + b\ng =~ f + c", "one second-order factor is supported"),
        ("f =~ a", "1 item"),
    ],
)
def test_what_is_not_supported_is_refused_by_line(text: str, says: str) -> None:
    with pytest.raises(ModelError, match=says):
        CfaModel.from_syntax(text)


def test_names_that_the_syntax_cannot_hold_are_refused() -> None:
    with pytest.raises(ModelError, match="'item 1' cannot be written"):
        CfaModel.single(["item 1", "b", "c"]).to_syntax()
    with pytest.raises(ModelError, match="scale='unit' is unknown"):
        CfaModel.from_syntax("f =~ a + b + c", scale="unit")  # type: ignore[arg-type]
    with pytest.raises(ModelError, match="no residual variance to fix or label: a"):
        fit_cfa(CfaModel.from_syntax("f =~ a + b + c + d\na ~~ 0.5*a"), teams(1))
