"""Content validity against the printed tables of its sources, and refusals."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from psychometrics import content_validity
from psychometrics.errors import CodingError, InputShapeError

CLOSED_FORM = 1e-10
# The tables print two or three digits, the last of them not always rounded the same way.
PRINTED_TWO, PRINTED_THREE = 0.011, 0.0005

# Polit, Beck & Owen 2007, table 4: raters, raters who call the item relevant, I-CVI, chance agreement, modified kappa.
POLIT = [
    (3, 3, 1.00, 0.125, 1.00),
    (3, 2, 0.67, 0.375, 0.47),
    (4, 4, 1.00, 0.063, 1.00),
    (4, 3, 0.75, 0.25, 0.67),
    (5, 5, 1.00, 0.041, 1.00),
    (5, 4, 0.80, 0.156, 0.76),
    (6, 6, 1.00, 0.016, 1.00),
    (6, 5, 0.83, 0.094, 0.81),
    (7, 7, 1.00, 0.008, 1.00),
    (7, 6, 0.86, 0.055, 0.85),
    (8, 8, 1.00, 0.004, 1.00),
    (8, 7, 0.88, 0.031, 0.87),
    (8, 6, 0.75, 0.109, 0.72),
    (9, 9, 1.00, 0.002, 1.00),
    (9, 8, 0.89, 0.018, 0.89),
    (9, 7, 0.78, 0.070, 0.76),
]
# Ayre & Scally 2014, table 2: critical ratio by number of raters, one-tailed .05, exact binomial.
AYRE_AND_SCALLY = {5: 1.0, 6: 1.0, 7: 1.0, 8: 0.75, 9: 0.778, 10: 0.8, 11: 0.636, 12: 0.667, 15: 0.6, 20: 0.5, 40: 0.3}


def _ratings(positive: int, raters: int, high: int = 4) -> pd.DataFrame:
    return pd.DataFrame([[high] * positive + [1] * (raters - positive)], index=["item"], dtype=float)


@pytest.mark.parametrize(("raters", "positive", "i_cvi", "chance", "kappa"), POLIT)
def test_content_validity_matches_polit_beck_and_owen(
    raters: int, positive: int, i_cvi: float, chance: float, kappa: float
) -> None:
    found = content_validity.item_content_validity(_ratings(positive, raters)).loc["item"]
    assert found["i_cvi"] == pytest.approx(i_cvi, abs=PRINTED_TWO)
    assert found["chance_agreement"] == pytest.approx(chance, abs=PRINTED_TWO)
    assert found["modified_kappa"] == pytest.approx(kappa, abs=PRINTED_TWO)


@pytest.mark.parametrize(("raters", "critical"), AYRE_AND_SCALLY.items())
def test_critical_ratios_match_ayre_and_scally(raters: int, critical: float) -> None:
    assert content_validity.critical_content_validity_ratio(raters) == pytest.approx(critical, abs=PRINTED_THREE)


def test_too_few_raters_have_no_critical_ratio() -> None:
    assert np.isnan(content_validity.critical_content_validity_ratio(4))


@pytest.mark.parametrize(("essential", "ratio"), [(0, -1.0), (5, 0.0), (8, 0.6), (10, 1.0)])
def test_content_validity_ratio_follows_lawshe(essential: int, ratio: float) -> None:
    found = content_validity.content_validity_ratio(_ratings(essential, 10)).loc["item"]
    assert found["cvr"] == pytest.approx(ratio, abs=CLOSED_FORM)
    assert found["reached"] == (essential >= 9)


@given(raters=st.integers(2, 40), share=st.floats(0, 1))
def test_the_ratio_is_twice_the_index_less_one(raters: int, share: float) -> None:
    ratings = _ratings(round(share * raters), raters)
    index = content_validity.item_content_validity(ratings, positive_from=4)["i_cvi"]
    ratio = content_validity.content_validity_ratio(ratings, essential_from=4)["cvr"]
    assert ratio["item"] == pytest.approx(2 * index["item"] - 1, abs=CLOSED_FORM)


def test_the_interval_is_wilsons() -> None:
    found = content_validity.item_content_validity(_ratings(7, 9)).loc["item"]
    z, n, p = 1.959963984540054, 9, 7 / 9
    centre, reach = p + z**2 / (2 * n), z * np.sqrt(p * (1 - p) / n + z**2 / (4 * n**2))
    bounds = [(centre - reach) / (1 + z**2 / n), (centre + reach) / (1 + z**2 / n)]
    assert [found["lower"], found["upper"]] == pytest.approx(bounds, abs=CLOSED_FORM)


def test_blank_ratings_leave_the_item_with_fewer_raters() -> None:
    ratings = pd.DataFrame([[4, 4, np.nan], [4, 1, 1]], index=["a", "b"])
    found = content_validity.item_content_validity(ratings)
    assert found["raters"].tolist() == [2, 3]
    assert found["i_cvi"].tolist() == pytest.approx([1, 1 / 3])


def test_an_item_without_ratings_is_refused_by_name() -> None:
    with pytest.raises(ValueError, match="no rating of b"):
        content_validity.item_content_validity(pd.DataFrame([[4.0], [np.nan]], index=["a", "b"]))


def test_scale_indices_are_mean_and_share_of_unanimous_items() -> None:
    items = content_validity.item_content_validity(pd.DataFrame([[4, 4, 3], [4, 1, 4], [4, 4, 4], [1, 1, 1]]))
    whole = content_validity.scale_content_validity(items)
    assert whole.average == pytest.approx((1 + 2 / 3 + 1 + 0) / 4, abs=CLOSED_FORM)
    assert whole.universal_agreement == 0.5


def test_text_and_unknown_levels_are_refused() -> None:
    with pytest.raises(CodingError, match="rater one holds values that are not numbers"):
        content_validity.item_content_validity(pd.DataFrame({"one": ["relevant"]}))
    with pytest.raises(InputShapeError, match="confidence must lie between"):
        content_validity.item_content_validity(_ratings(3, 5), confidence=95)
    with pytest.raises(InputShapeError, match="alpha_level must lie between"):
        content_validity.content_validity_ratio(_ratings(3, 5), alpha_level=5)
