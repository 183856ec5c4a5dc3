"""Pictures of differential item functioning show what the tables hold."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure

from compendium.report.figures import dif, theme

CHANGES = pd.DataFrame(
    {
        "grouping": ["sector", "sector", "sector", "gender"],
        "item": ["a", "b", "c", "a"],
        "scale": ["listen", "listen", "share", "listen"],
        "mcfadden_total": [0.001, 0.05, np.nan, 0.002],
        "flagged": [False, True, False, False],
    }
)
CURVES = pd.DataFrame(
    {
        "item": ["a"] * 4 + ["b"] * 4,
        "group": ["east", "east", "west", "west"] * 2,
        "score": [-1.0, 1.0] * 4,
        "expected": [3.0, 4.0, 2.5, 3.5, 2.0, 4.5, 2.0, 4.5],
    }
)


def shown(figure: Figure) -> list:
    return [axes for axes in figure.axes if axes.get_visible()]


def test_a_panel_shows_the_tested_items_of_a_grouping_and_names_the_flagged() -> None:
    sector, gender = shown(dif.change_by_item(CHANGES, 0.02))
    assert sector.get_title(loc="left") == "sector"
    drawn = sorted(x for line in sector.lines[:2] for x in line.get_xdata())
    assert drawn == [0.001, 0.05]
    assert [text.get_text() for text in sector.texts] == ["b"]
    assert len(gender.texts) == 0
    assert sector.lines[2].get_xdata()[0] == 0.02


def test_panels_share_their_range() -> None:
    sector, gender = shown(dif.change_by_item(CHANGES, 0.02))
    assert sector.get_xlim() == gender.get_xlim()
    assert sector.get_xlim()[1] > 0.05


def test_curves_have_a_line_for_each_group_in_its_own_style() -> None:
    figure = dif.expected_scores(CURVES)
    first, second = shown(figure)
    assert [axes.get_title(loc="left") for axes in (first, second)] == ["a", "b"]
    assert len({(line.get_color(), line.get_linestyle()) for line in first.lines}) == 2
    np.testing.assert_allclose(first.lines[1].get_ydata(), [2.5, 3.5])
    [legend] = figure.legends
    assert [text.get_text() for text in legend.get_texts()] == ["east", "west"]


def test_panels_with_other_groups_name_their_own() -> None:
    others = CURVES[CURVES["item"] == "a"].replace({"item": {"a": "c"}, "group": {"east": "women", "west": "men"}})
    figure = dif.expected_scores(pd.concat([CURVES, others], ignore_index=True))
    assert figure.legends == []
    named = [{text.get_text() for text in axes.get_legend().get_texts()} for axes in shown(figure)]
    assert named == [{"east", "west"}, {"east", "west"}, {"women", "men"}]


@pytest.mark.parametrize("items", [1, 3])
def test_odd_numbers_of_panels_leave_none_empty(items: int) -> None:
    curves = pd.concat([CURVES[CURVES["item"] == "a"].assign(item=f"i{place}") for place in range(items)])
    assert len(shown(dif.expected_scores(curves))) == items


@pytest.mark.parametrize(
    "figure",
    [dif.change_by_item(CHANGES.iloc[:0], 0.02), dif.expected_scores(CURVES.iloc[:0])],
    ids=["change", "curves"],
)
def test_nothing_to_draw_draws_nothing(figure: Figure) -> None:
    assert all(not axes.lines for axes in figure.axes)


@pytest.mark.parametrize(
    "figure", [dif.change_by_item(CHANGES, 0.02), dif.expected_scores(CURVES)], ids=["change", "curves"]
)
def test_axes_say_what_they_are(figure: Figure) -> None:
    assert all(axes.get_xlabel() for axes in shown(figure))
    assert shown(figure)[0].get_ylabel()
    colours = {line.get_color() for axes in shown(figure) for line in axes.lines}
    assert colours <= {*theme.PALETTE, theme.INK}
