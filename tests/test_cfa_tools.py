"""Modification indices, difference tests, residuals and factor scores against lavaan."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from cfa_reference import FIVE, fitted, lavaan, responses, table

from psychometrics.errors import CodingError, ModelError
from psychometrics.sem import CfaModel, difference_test, fit_cfa

ITERATIVE = 1e-4
SCORE_TEST = 1e-3  # relative
SMALL_SCORE_TEST = 5e-3  # absolute: lavaan's ULS solution stops where small indices still move in the third digit

MODIFIED = [
    "bfi.correlated.ML",
    "bfi.correlated.MLR",
    "bfi.correlated.WLSMV",
    "bfi.correlated.ULSMV",
    "bfi.second_order.ML",
    "bfi.bifactor.WLSMV",
    "bfi.correlated.FIML_MLR",
]


def by_name(frame: pd.DataFrame) -> dict[tuple[str, str, str], Any]:
    """Our modification indices under lavaan's names."""
    found = {}
    for row in frame.itertuples():
        if row.kind == "loading":
            found[row.left, "=~", row.right] = row
        else:
            found[row.left, "~~", row.right] = found[row.right, "~~", row.left] = row
    return found


@pytest.mark.parametrize("name", MODIFIED)
def test_modification_indices_match_lavaan(name: str) -> None:
    ours = by_name(fitted(name).modification_indices())
    reference = table(lavaan()[f"modification.{name}"])
    assert len(reference) >= 400
    for row in reference.itertuples():
        mine = ours[row.lhs, row.op, row.rhs]
        assert mine.modification_index == pytest.approx(row.mi, rel=SCORE_TEST, abs=SMALL_SCORE_TEST), row
        assert mine.expected_change == pytest.approx(row.epc, rel=SCORE_TEST, abs=ITERATIVE), row
        assert mine.standardised_change == pytest.approx(row.sepc_all, rel=SCORE_TEST, abs=ITERATIVE), row


@pytest.mark.parametrize(
    ("form", "how"),
    [
        *(("second_order", how) for how in ("ML", "MLR", "WLSMV", "FIML_MLR")),
        *(("one", how) for how in ("ML", "MLR", "WLSMV")),
    ],
)
def test_difference_test_matches_lavaan(form: str, how: str) -> None:
    reference = lavaan()[f"compare.{form}.{how}"]
    found = difference_test(fitted(f"bfi.correlated.{how}"), fitted(f"bfi.{form}.{how}"))
    assert found.df == reference["df"]
    assert found.statistic == pytest.approx(reference["statistic"], rel=1e-4)
    assert found.p_value == pytest.approx(reference["p"], abs=1e-8)


def test_difference_test_of_bifactor_and_second_order_matches_lavaan() -> None:
    reference = lavaan()["compare.bifactor.WLSMV"]
    found = difference_test(fitted("bfi.bifactor.WLSMV"), fitted("bfi.second_order.WLSMV"))
    assert found.df == reference["df"]
    assert found.statistic == pytest.approx(reference["statistic"], rel=1e-4)


def test_difference_test_ignores_the_order_of_items() -> None:
    items = responses("bfi").columns
    turned = fit_cfa(CfaModel.single(list(items[::-1])), responses("bfi"))
    plain = difference_test(fitted("bfi.correlated.WLSMV"), fitted("bfi.one.WLSMV"))
    other = difference_test(fitted("bfi.correlated.WLSMV"), turned)
    assert other.statistic == pytest.approx(plain.statistic, rel=1e-5)


@pytest.mark.parametrize("name", ["bfi.correlated.ML", "bfi.correlated.WLSMV", "bfi.correlated.FIML_MLR"])
def test_residual_correlations_match_lavaan(name: str) -> None:
    residuals = fitted(name).residuals.to_numpy()
    upper = residuals[np.triu_indices(len(residuals), 1)]
    np.testing.assert_allclose(upper, lavaan()[f"residuals.{name}"], atol=ITERATIVE)


@pytest.mark.parametrize("method", ["regression", "Bartlett"])
def test_factor_scores_match_lavaan(method: Any) -> None:
    people = responses("bfi").dropna().head(40)
    scores = fitted("bfi.correlated.ML").factor_scores(people, method)
    np.testing.assert_allclose(scores, lavaan()[f"scores.{method}"], atol=ITERATIVE)


def test_factor_scores_with_missing_responses_match_lavaan() -> None:
    scores = fitted("bfi.correlated.FIML_MLR").factor_scores(responses("bfi").head(60))
    np.testing.assert_allclose(scores, lavaan()["scores.fiml"], atol=ITERATIVE)


def test_ordinal_factor_scores_match_lavaan() -> None:
    people = responses("bfi").dropna().head(40)
    scores = fitted("bfi.correlated.WLSMV").factor_scores(people)
    np.testing.assert_allclose(scores, lavaan()["scores.EBM"], atol=ITERATIVE)


def test_ordinal_factor_scores_take_missing_responses_and_give_nan_to_silence() -> None:
    people = responses("bfi").dropna().head(4).copy()
    people.iloc[0] = np.nan
    people.iloc[1, 0] = np.nan
    scores = fitted("bfi.correlated.WLSMV").factor_scores(people)
    assert scores.iloc[0].isna().all()
    assert scores.iloc[1:].notna().all().all()


def test_second_order_scores_follow_the_factor_correlations() -> None:
    result = fitted("bfi.second_order.WLSMV")
    scores = result.factor_scores(responses("bfi").dropna().head(30))
    C = result.factor_covariances.to_numpy()
    expected = scores.to_numpy()[:, :5] @ np.linalg.solve(C[:5, :5], C[:5, 5])
    np.testing.assert_allclose(scores["g"], expected, atol=1e-8)


def test_scores_refuse_what_they_cannot_use() -> None:
    result = fitted("bfi.correlated.WLSMV")
    people = responses("bfi").dropna().head(3)
    with pytest.raises(ModelError, match="lack items of the model: A1"):
        result.factor_scores(people.drop(columns="A1"))
    with pytest.raises(ModelError, match="Bartlett scores need continuous items"):
        result.factor_scores(people, "Bartlett")
    with pytest.raises(ModelError, match="unknown"):
        result.factor_scores(people, "median")  # type: ignore[arg-type]
    with pytest.raises(CodingError, match="A2 holds code 9"):
        result.factor_scores(people.assign(A2=9))


def test_difference_test_refuses_models_that_cannot_be_compared() -> None:
    with pytest.raises(ModelError, match="same items and persons"):
        difference_test(fitted("bfi.correlated.WLSMV"), fitted("bfi.one.ML"))
    with pytest.raises(ModelError, match="more degrees of freedom"):
        difference_test(fitted("bfi.one.ML"), fitted("bfi.correlated.ML"))
    fewer = fit_cfa(CfaModel.single(FIVE["Af"]), responses("bfi"), "ML")
    with pytest.raises(ModelError, match="same items"):
        difference_test(fitted("bfi.correlated.ML"), fewer)
