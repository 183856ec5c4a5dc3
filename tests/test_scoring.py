"""A score is the mean of the answered items, where enough were answered."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from psychometrics.errors import InputShapeError
from psychometrics.scoring import scale_scores

CLOSED_FORM = 1e-12
codes = arrays(float, st.tuples(st.integers(1, 8), st.just(4)), elements=st.sampled_from([1.0, 2.0, 3.0, 4.0, 5.0]))


def answers(values: np.ndarray) -> pd.DataFrame:
    return pd.DataFrame(values, columns=list("abcd"))


@settings(deadline=None)
@given(codes)
def test_complete_answers_score_as_numpy_means(values):
    scores = scale_scores(answers(values), {"first": ["a", "b", "c"], "second": ["d"]})
    np.testing.assert_allclose(scores["first"], values[:, :3].mean(axis=1), rtol=CLOSED_FORM)
    np.testing.assert_array_equal(scores["second"], values[:, 3])


@settings(deadline=None)
@given(codes, st.permutations(list("abcd")))
def test_order_of_items_does_not_matter(values, order):
    one, two = (scale_scores(answers(values), {"s": items}) for items in (list("abcd"), list(order)))
    np.testing.assert_allclose(one, two, rtol=CLOSED_FORM)


@settings(deadline=None)
@given(codes, st.permutations(list("abcd")))
def test_answers_moved_from_another_scale_tie_whatever_their_order(values, order):
    """An 11-point answer on a scale of 1 to 5 is a fraction: sums of the same ones differ in their last digits."""
    moved = answers(1 + 0.4 * values)
    one, two = (scale_scores(moved, {"s": items}) for items in (list("abcd"), list(order)))
    pd.testing.assert_frame_equal(one, two, check_exact=True)


@settings(deadline=None)
@given(codes)
def test_reversing_every_item_reverses_the_score(values):
    scales = {"s": list("abcd")}
    turned = scale_scores(answers(6 - values), scales)
    np.testing.assert_allclose(turned, 6 - scale_scores(answers(values), scales), rtol=CLOSED_FORM)


@pytest.mark.parametrize(
    ("row", "minimum", "score"),
    [
        ([1, 5, np.nan, np.nan], 0.5, 3.0),
        ([1, np.nan, np.nan, np.nan], 0.5, np.nan),
        ([1, np.nan, np.nan, np.nan], 0.25, 1.0),
        ([1, 5, 3, np.nan], 1.0, np.nan),
        ([np.nan] * 4, 0.0, np.nan),
    ],
)
def test_half_scale_rule_holds_at_its_boundary(row, minimum, score):
    found = scale_scores(answers(np.array([row])), {"s": list("abcd")}, minimum)["s"].item()
    np.testing.assert_equal(found, score)


def test_people_stay_in_place():
    frame = answers(np.ones((2, 4))).set_axis(["p2", "p1"])
    assert list(scale_scores(frame, {"s": ["a"]}).index) == ["p2", "p1"]


@pytest.mark.parametrize("scales", [{"s": []}, {"s": ["a", "z"]}])
def test_scale_without_items_or_with_unknown_ones_is_refused(scales):
    with pytest.raises(InputShapeError, match="scale 's' has no items or names unknown ones"):
        scale_scores(answers(np.ones((2, 4))), scales)
