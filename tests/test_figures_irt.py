"""Pictures of the graded response model show what they are given, with units, in the house palette."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

import numpy as np
import pandas as pd
import pytest
from matplotlib.colors import to_hex
from matplotlib.figure import Figure

from compendium.report.figures import irt, theme

THETA = pd.Index(np.linspace(-4, 4, 41), name="theta")
CUTS = [-2.0, -0.5, 1.0, 2.0]
REACHED = np.column_stack([np.ones(41), *(1 / (1 + np.exp(-1.5 * (THETA - cut))) for cut in CUTS), np.zeros(41)])
PROBABILITIES = pd.DataFrame(-np.diff(REACHED, axis=1), THETA, [1, 2, 3, 4, 5])
INFORMATION = pd.Series(np.exp(-(THETA.to_numpy() ** 2)), THETA)
PRECISION = pd.DataFrame({"information": 8 * INFORMATION + 0.5, "standard_error": (8 * INFORMATION + 0.5) ** -0.5})
ITEMS = pd.DataFrame({f"item_{number}": INFORMATION * number for number in range(1, 11)})
FIGURES: dict[str, Callable[[], Figure]] = {
    "precision": lambda: irt.scale_precision({"listen": PRECISION, "share": PRECISION, "learn": PRECISION * 2}),
    "one scale": lambda: irt.scale_precision({"listen": PRECISION}),
    "items": lambda: irt.item_information_curves({"listen": ITEMS, "share": ITEMS[["item_1"]], "learn": ITEMS}),
}


@pytest.fixture(params=FIGURES, ids=str)
def drawn(request: pytest.FixtureRequest) -> tuple[str, Figure]:
    return request.param, FIGURES[request.param]()


def in_use(figure: Figure) -> list:
    return [axes for axes in figure.axes if axes.axison]


def test_axes_carry_units(drawn):
    _, figure = drawn
    assert all("SD" in axes.get_ylabel() or "Probability" in axes.get_ylabel() for axes in in_use(figure))
    named = [axes.get_xlabel() for axes in in_use(figure) if "Standard error" not in axes.get_ylabel()]
    assert set(named) == {"Latent trait θ (SD)"}


def test_figure_is_the_same_each_time(drawn):
    name, figure = drawn
    figure.canvas.draw()
    again = FIGURES[name]()
    again.canvas.draw()
    np.testing.assert_array_equal(np.asarray(figure.canvas.buffer_rgba()), np.asarray(again.canvas.buffer_rgba()))


def test_lines_are_drawn_in_house_colours(drawn):
    _, figure = drawn
    used = {to_hex(line.get_color()).upper() for axes in figure.axes for line in axes.lines}
    assert used <= {colour.upper() for colour in (*theme.PALETTE, *theme.LIKERT, theme.INK)}


def test_every_answer_has_its_curve_and_its_word():
    _, [answers, amount] = theme.subplots(columns=2)
    irt.draw_answers(answers, PROBABILITIES, {1: "never", 5: "always"})
    irt.draw_information(amount, INFORMATION)
    np.testing.assert_allclose([line.get_ydata() for line in answers.lines], PROBABILITIES.T)
    assert [line.get_label() for line in answers.lines] == ["never", "2", "3", "4", "always"]
    np.testing.assert_allclose(amount.lines[0].get_ydata(), INFORMATION)


def test_curves_of_answers_are_told_apart_without_colour():
    _, [axes] = theme.subplots()
    irt.draw_answers(axes, PROBABILITIES)
    lines = axes.lines
    assert all(one.get_linestyle() != two.get_linestyle() for one, two in pairwise(lines))


def test_line_of_wanted_precision_is_where_the_reliability_is():
    error = next(axes for axes in FIGURES["one scale"]().axes if "Standard error" in axes.get_ylabel())
    at = error.lines[1].get_ydata()[0]
    assert 1 / (1 + at**2) == pytest.approx(0.7)
    np.testing.assert_allclose(error.lines[0].get_ydata(), PRECISION["standard_error"])


def test_scales_share_one_information_axis():
    limits = {axes.get_ylim() for axes in in_use(FIGURES["precision"]()) if "Information" in axes.get_ylabel()}
    assert len(limits) == 1


def test_every_item_is_named_and_looks_different():
    axes = FIGURES["items"]().axes[0]
    assert [text.get_text() for text in axes.get_legend().get_texts()] == list(ITEMS.columns)
    looks = {(line.get_color(), line.get_linestyle()) for line in axes.lines}
    assert len(looks) == len(ITEMS.columns)
