"""Every figure says what its axes are, in colours that colour-blind readers tell apart."""

from __future__ import annotations

from collections.abc import Callable
from itertools import combinations

import numpy as np
import pandas as pd
import pytest
from matplotlib.colors import to_hex, to_rgb
from matplotlib.figure import Figure

from compendium.report.figures import (
    evidence,
    forest,
    groups,
    heat,
    items,
    passports,
    quality,
    raters,
    structure,
    theme,
)

DRAW = np.random.default_rng(5)
NAMES = ["listen", "share", "learn"]
OKABE_ITO = {"#0072B2", "#D55E00", "#009E73", "#CC79A7", "#56B4E9", "#E69F00", "#000000"}
LEAST_DIFFERENCE = 15.0  # CIE76; about six times a just noticeable difference
# Machado, Oliveira & Fernandes 2009, IEEE TVCG 15:1291-1298, severity 1.0, on linear RGB.
DICHROMACY = {
    "protanopia": [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]],
    "deuteranopia": [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]],
}


def estimates(group: bool = False) -> pd.DataFrame:
    rho = np.array([0.1, 0.3, np.nan])
    frame = pd.DataFrame({"competency": NAMES, "rho": rho, "lower": rho - 0.1, "upper": rho + 0.1})
    if not group:
        return frame
    return pd.concat([frame.assign(outcome=name) for name in ("engagement", "satisfaction")])


def evidence_cells() -> pd.DataFrame:
    cells = pd.DataFrame({"competency": np.repeat(NAMES, 2), "facet_code": ["report", "article"] * 3})
    return cells.assign(n=[0, 1, 4, 2, 0, 3], quality=[np.nan, 0.5, np.nan, 1.0, np.nan, 0.0])


def agreement() -> pd.DataFrame:
    kinds = ("kappa", "ac1", "alpha")
    columns = {f"{kind}{end}": [0.5 + step, 0.7 + step] for kind in kinds for end, step in ENDS.items()}
    return pd.DataFrame(columns)


ENDS = {"": 0.0, "_lower": -0.1, "_upper": 0.1}
DECISIONS = pd.DataFrame(
    {
        "item": ["a", "b", "c"],
        "competency": ["listen", "share", "share"],
        "item_rest": [0.5, 0.1, 0.25],
        "decision": ["keep", "drop", "review"],
    }
)
SHARES = pd.DataFrame([[0.1, 0.2, 0.3, 0.2, 0.2], [0.0, 0.0, 1.0, 0.0, 0.0]], index=["a", "b"], columns=[1, 2, 3, 4, 5])
CHOICE = pd.DataFrame(
    {"item": list("abc"), "chosen": [True, False, True], "share": [0.98, 0.1, 0.75], "lower": 0.0, "upper": 1.0}
)
COMPETENCY = pd.Series(["listen", "listen", "share"], index=list("abc"))
INFORMATION = pd.Series([0.2, 0.9, 0.3], index=[-3.0, 0.0, 3.0])
CHANCES = pd.DataFrame({1: 1 - INFORMATION / 10, 2: INFORMATION / 10})
ANSWERS = pd.DataFrame(DRAW.integers(1, 6, (30, 4)).astype(float)).where(DRAW.random((30, 4)) > 0.2)
CURVE = pd.DataFrame(
    {"records": [1, 2], "expected": [1.5, 2], "found": [1, 2], "pairs_expected": [2.5, 4], "pairs_found": [2, 4]}
)
APPRAISAL = pd.DataFrame(
    {"tool": ["MMAT", "AACODS"], "label": ["Is it clear?", "Who wrote it?"], "yes": [3, 1], "no": [1, 2]}
)
CURVES = pd.DataFrame({"competency": np.repeat(NAMES, 2), "tenure": [1.0, 9.0] * 3, "estimate": [4.0, 3.8] * 3}).assign(
    lower=3.6, upper=4.2
)
MISSING = pd.DataFrame({"blank_share": [0.0, 0.1], "not_applicable_share": [0.05, 0.0]})
FIGURES: dict[str, Callable[[], Figure]] = {
    "forest": lambda: forest.forest(estimates(), row="competency", estimate="rho", x="rho", y="Competency"),
    "forest by group": lambda: forest.forest(
        estimates(group=True), row="competency", estimate="rho", group="outcome", x="rho", y="Competency"
    ),
    "heat map": lambda: heat.heat_map(
        pd.DataFrame([[0.1, -0.5], [np.nan, 1.0]], index=["a", "b"], columns=["c", "d"]), x="x", y="y", colour="rho"
    ),
    "heat map without numbers": lambda: heat.heat_map(pd.DataFrame(np.eye(4)), x="x", y="y", colour="rho", write=False),
    "heat map without cells": lambda: heat.heat_map(pd.DataFrame(columns=NAMES), x="x", y="y", colour="rho"),
    "answers": lambda: items.answers_likert(SHARES, {1: "never", 5: "always"}),
    "item-total": lambda: items.item_total(DECISIONS, 0.2),
    "selection": lambda: items.selection_shares(CHOICE, COMPETENCY, {"listen": "Listening"}),
    "all chosen": lambda: items.selection_shares(CHOICE.assign(chosen=True), COMPETENCY, {}),
    "passport": lambda: passports.passport(SHARES.loc["a"], {1: "never", 5: "always"}, CHANCES, INFORMATION),
    "passport without a model": lambda: passports.passport(SHARES.loc["a"], {1: "never", 5: "always"}),
    "missing": lambda: quality.missing_by_position(MISSING),
    "nothing missing": lambda: quality.missing_by_position(0 * MISSING),
    "missing withheld": lambda: quality.missing_by_position(np.nan * MISSING),
    "careless": lambda: quality.careless_indices(
        pd.DataFrame({"longstring": [1.0, 2, 3], "other": [1.0, 2, 3]}),
        {"longstring": 2.0},
        {"longstring": "Items"},
        10,
    ),
    "self and peers": lambda: raters.self_peer_profile(
        pd.DataFrame({"competency": NAMES, "self_mean": [3.0, 4, 5], "peer_mean": [3.5, 3, 4]}), ends=[(1, 5)]
    ),
    "raters needed": lambda: raters.raters_needed(
        pd.DataFrame({"competency": np.repeat(NAMES, 2), "peers": [1, 2] * 3, "reliability": [0.2, 0.4] * 3}), (0.7,)
    ),
    "tenure": lambda: groups.tenure_curves(CURVES, x="Tenure (years)", y="Mean score"),
    "no tenure": lambda: groups.tenure_curves(CURVES.head(0), x="Tenure (years)", y="Mean score"),
    "scree": lambda: structure.scree(
        pd.DataFrame({"number": [1, 2, 3], "observed": [2.0, 0.6, 0.4], "random": [1.2, 1.0, 0.8]}), percentile=95
    ),
    "evidence map": lambda: evidence.evidence_map_bubbles(evidence_cells(), {"listen": "Listening"}),
    "evidence map without appraisal": lambda: evidence.evidence_map_bubbles(
        evidence_cells().assign(quality=np.nan), {}
    ),
    "saturation": lambda: evidence.saturation_curve(CURVE),
    "agreement": lambda: evidence.agreement_intervals(agreement(), ["first", "second"]),
    "appraisal": lambda: evidence.appraisal_bars(APPRAISAL),
    "yes and no": lambda: evidence.yes_no_matrix(
        pd.DataFrame([[True, False], [False, True]], index=["A", "B"], columns=["listen", "share"]), {}
    ),
    "content validity": lambda: evidence.content_validity_dots(
        pd.DataFrame({"relevance": [1.0, 0.5], "clarity": [0.8, 0.9]}, index=["a", "b"]),
        pd.Series(["listen", "share"], index=["a", "b"]),
        0.78,
        {},
    ),
}
LABELLED_BY_ROWS = {"agreement", "appraisal"}


def panels(figure: Figure) -> list:
    return [axes for axes in figure.axes if axes.get_label() != "<colorbar>"]


@pytest.fixture(params=FIGURES, ids=str)
def drawn(request: pytest.FixtureRequest) -> tuple[str, Figure]:
    return request.param, FIGURES[request.param]()


def test_figure_says_what_its_axes_are(drawn):
    name, figure = drawn
    assert isinstance(figure, Figure)
    assert all(axes.get_xlabel() for axes in panels(figure))
    # Rows of names speak for themselves where they are of different kinds.
    first = panels(figure)[0]
    assert first.get_ylabel() or (name in LABELLED_BY_ROWS and [text.get_text() for text in first.get_yticklabels()])


def test_figure_can_be_drawn_and_is_the_same_each_time(drawn):
    name, figure = drawn
    figure.canvas.draw()
    again = FIGURES[name]()
    again.canvas.draw()
    np.testing.assert_array_equal(np.asarray(figure.canvas.buffer_rgba()), np.asarray(again.canvas.buffer_rgba()))


def test_figures_stay_out_of_pyplot(drawn):
    import matplotlib.pyplot as plt

    assert plt.get_fignums() == []


# What is drawn


def test_forest_draws_every_estimate_and_its_interval():
    [axes] = FIGURES["forest"]().axes
    np.testing.assert_allclose(axes.lines[0].get_xdata(), [0.1, 0.3, np.nan])
    ends = [segment[:, 0] for segment in axes.collections[0].get_segments() if len(segment)]
    np.testing.assert_allclose(ends[:2], [[0.0, 0.2], [0.2, 0.4]])


def test_forest_of_nothing_is_an_empty_picture_without_a_warning():
    nothing = estimates().iloc[:0].assign(cohort="")
    figure = forest.forest(nothing, row="competency", estimate="rho", x="rho", y="Competency", group="cohort")
    assert not figure.legends and not figure.axes[0].get_yticks().size


def test_forest_tells_groups_apart_by_colour_and_marker():
    lines = FIGURES["forest by group"]().axes[0].lines[:2]
    assert len({line.get_color() for line in lines}) == len({line.get_marker() for line in lines}) == 2


def test_heat_map_writes_numbers_as_tables_do():
    written = [text.get_text() for text in FIGURES["heat map"]().axes[0].texts]
    assert written == [".10", "\N{MINUS SIGN}.50", "1.00"]


@pytest.mark.parametrize(("value", "text"), [(0.05, ".05"), (-0.05, "\N{MINUS SIGN}.05"), (10.05, "10.05"), (1, "1")])
def test_leading_zero_is_dropped_and_no_other(value, text):
    assert heat._short(value) == text


def test_sums_of_self_and_peers_lie_on_the_axis_as_means_do() -> None:
    """A sum of five answers of 1 to 7 runs from 5 to 35: with the ends of the answer scale the picture was empty."""
    profile = pd.DataFrame({"competency": NAMES, "self_mean": [21.0, 24, 25], "peer_mean": [20.0, 19, 21]})
    left, right = raters.self_peer_profile(profile, ends=[(5, 35)] * 3).axes[0].get_xlim()
    assert left <= 19 < 25 <= right


def test_likert_bars_are_centred_on_the_middle_answer():
    bars = FIGURES["answers"]().axes[0].patches
    lefts, widths = (np.array([getattr(bar, get)() for bar in bars]).reshape(5, 2) for get in ("get_x", "get_width"))
    np.testing.assert_allclose(widths.sum(axis=0), 100)
    np.testing.assert_allclose(lefts[0], [-45, -50])
    np.testing.assert_allclose((lefts + widths / 2)[2], [0, 0], atol=1e-12)


@pytest.mark.parametrize("codes", [2, 4, 6, 7])
def test_likert_takes_scales_of_any_length(codes):
    shares = pd.DataFrame([[1 / codes] * codes], index=["a"], columns=range(codes))
    bars = items.answers_likert(shares, {}).axes[0].patches
    assert len({to_hex(bar.get_facecolor()) for bar in bars}) == codes
    assert bars[0].get_x() == pytest.approx(-50)


def test_dropped_items_are_named_in_the_picture():
    assert [text.get_text() for text in FIGURES["item-total"]().axes[0].texts] == ["b"]


def test_every_item_is_drawn_at_its_share_of_the_samples():
    [axes] = items.selection_shares(CHOICE, COMPETENCY, {"listen": "Listening"}).axes
    drawn = {line.get_label(): (list(line.get_xdata()), list(line.get_ydata())) for line in axes.lines}
    assert drawn == {"chosen": ([98.0, 75.0], [0, 1]), "not chosen": ([10.0], [0])}
    assert [text.get_text() for text in axes.get_yticklabels()] == ["Listening", "share"]
    assert len({line.get_marker() for line in axes.lines}) == 2
    low, high = axes.get_xlim()
    assert low < 0 and high > 100


def test_passport_shows_every_answer_as_a_bar_and_the_information_as_a_curve():
    words = {1: "never", 5: "always"}
    answers, chances, information = passports.passport(SHARES.loc["a"], words, CHANCES, INFORMATION).axes
    assert [round(bar.get_width()) for bar in answers.patches] == [10, 20, 30, 20, 20]
    assert [text.get_text() for text in answers.get_yticklabels()] == ["never", "2", "3", "4", "always"]
    assert answers.get_xlim() == (0, 100)
    [curve] = information.lines
    np.testing.assert_array_equal(curve.get_xydata(), INFORMATION.reset_index().to_numpy())
    assert information.get_ylim()[0] == 0
    assert [line.get_label() for line in chances.lines] == ["1", "2"]
    assert [text.get_text() for text in chances.get_legend().get_texts()] == ["1", "2"]


def test_passport_without_a_model_shows_the_answers_alone():
    assert len(passports.passport(SHARES.loc["b"], {}).axes) == 1


def test_missing_line_is_the_share_of_people():
    [line] = FIGURES["missing"]().axes[0].lines
    np.testing.assert_allclose(line.get_ydata(), 100 * (MISSING["blank_share"] + MISSING["not_applicable_share"]))


def test_only_indices_with_a_cut_are_drawn():
    figure = FIGURES["careless"]()
    assert [axes.get_xlabel() for axes in figure.axes] == ["Items"]


# The palette


def test_palette_is_okabe_and_ito():
    """Okabe & Ito 2008, Color universal design; without yellow, with a grey."""
    assert set(theme.PALETTE) - {"#5A5A5A"} == OKABE_ITO


def lab(colour: str, matrix: list[list[float]]) -> np.ndarray:
    """CIE L*a*b* (D65) of a colour as somebody with this colour vision sees it."""
    rgb = np.array(to_rgb(colour))
    linear = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
    seen = np.clip(np.array(matrix) @ linear, 0, 1)
    to_xyz = [[0.4124564, 0.3575761, 0.1804375], [0.2126729, 0.7151522, 0.0721750], [0.0193339, 0.1191920, 0.9503041]]
    xyz = np.array(to_xyz) @ seen / np.array([0.95047, 1.0, 1.08883])
    f = np.where(xyz > (6 / 29) ** 3, np.cbrt(xyz), xyz / (3 * (6 / 29) ** 2) + 4 / 29)
    return np.array([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])])


@pytest.mark.parametrize("vision", [*DICHROMACY, "full"])
@pytest.mark.parametrize("palette", ["PALETTE", "LIKERT"])
def test_colours_differ_in_every_colour_vision(palette, vision):
    matrix = DICHROMACY.get(vision, np.eye(3).tolist())
    seen = [lab(colour, matrix) for colour in getattr(theme, palette)]
    assert min(np.linalg.norm(one - two) for one, two in combinations(seen, 2)) > LEAST_DIFFERENCE


@pytest.mark.parametrize(
    "name", ["forest by group", "self and peers", "raters needed", "scree", "saturation", "selection", "passport"]
)
def test_lines_are_drawn_in_colours_of_the_palette(name):
    used = {to_hex(line.get_color()).upper() for axes in FIGURES[name]().axes for line in axes.lines}
    assert used <= {colour.upper() for colour in (*theme.PALETTE, *theme.LIKERT, theme.INK)}


def test_a_line_of_a_forest_of_very_many_rows_is_the_median_of_neighbours():
    def drawn(n):
        frame = pd.DataFrame({"team": [f"team {place}" for place in range(n)], "mean": np.linspace(3, 4, n)})
        frame = frame.assign(lower=frame["mean"] - 0.2, upper=frame["mean"] + 0.2)
        return forest.forest(frame, row="team", estimate="mean", reference=None, x="Mean (points)", y="Team")

    few, many = drawn(100), drawn(3000)
    assert many.get_size_inches()[1] < few.get_size_inches()[1]
    [named], [nameless] = few.axes, many.axes
    assert (len(named.get_yticklabels()), len(nameless.get_yticklabels())) == (100, 0)
    assert named.get_ylabel() == "Team" and nameless.get_ylabel() == "Team; a line: the medians of 30"
    [points] = nameless.lines
    np.testing.assert_allclose(points.get_xdata(), np.linspace(3, 4, 3000).reshape(100, 30).mean(axis=1))
    assert len(nameless.collections[0].get_segments()) == 100
