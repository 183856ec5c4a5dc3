"""Everything about people says in the catalogue what it is about and passes the gate as such."""

from __future__ import annotations

import ast
import json
import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from matplotlib.patches import Rectangle

from compendium.disclosure import Gate, Kinds, guarded_edges, merged_bins, step_for
from compendium.disclosure.gate import ABOUT_NOBODY
from compendium.outputs import catalogue
from compendium.paths import COMPARISON, COMPARISON_NOTEBOOK, NOTEBOOKS, REFERENCE_RESULTS
from compendium.report.figures.quality import careless_indices
from compendium.steps.rater_agreement.self_and_peers import binned

SOUNDS_LIKE_PEOPLE = re.compile(r"(^|_)(mean|sd|share|median|quartile|bias|average)(_|$)")
STEPS = [step for step in catalogue.steps() if step not in ABOUT_NOBODY]
LIMIT = 10


def accepted_tables() -> list[tuple[str, str, list[str]]]:
    """Return step, name and columns of every accepted table about people."""
    found = []
    for path in sorted((REFERENCE_RESULTS / "tables").glob("*.csv")):
        step = json.loads(path.with_suffix(".json").read_text())["notebook"]
        if step in STEPS and path.stem in catalogue.entries(step).tables:
            found.append((step, path.stem, list(pd.read_csv(path, nrows=0).columns)))
    return found


@pytest.mark.parametrize(("step", "name", "columns"), accepted_tables(), ids=lambda part: str(part)[:40])
def test_column_that_sounds_like_a_statistic_of_people_is_declared(step, name, columns):
    kinds = catalogue.entries(step).tables[name].kinds
    declared = {*kinds.sums, *kinds.exact}
    silent = [column for column in columns if SOUNDS_LIKE_PEOPLE.search(column) and column not in declared]
    assert not silent, f"say under sums or exact of {name} what they are: {silent}"
    assert not set(kinds.sums) & set(kinds.exact)
    if kinds.sums:
        assert kinds.people in columns or kinds.people in kinds.unlisted


@pytest.mark.parametrize("step", STEPS)
def test_value_that_sounds_like_a_statistic_of_people_is_declared(step):
    values = catalogue.entries(step).values
    assert not [name for name, entry in values.items() if SOUNDS_LIKE_PEOPLE.search(name) and not entry.of_people]


@pytest.mark.parametrize("step", STEPS)
def test_figure_about_people_says_what_it_is_drawn_from(step):
    kept = catalogue.entries(step)
    for name, figure in kept.figures.items():
        assert figure.drawn_from in ("gate", "model", "counts", "nobody", *kept.tables), name


def cells_of(step: str) -> list[str]:
    path = COMPARISON_NOTEBOOK if step == COMPARISON else NOTEBOOKS / f"{step}.ipynb"
    notebook = json.loads(path.read_text())
    return ["".join(cell["source"]) for cell in notebook["cells"] if cell["cell_type"] == "code"]


def names_of_kept(cells: list[str], table: str) -> set[str]:
    """Return the variables that hold a table as the gate let it pass, and those made of it."""
    names: set[str] = set()
    for cell in cells:
        for node in ast.walk(ast.parse(cell)):
            if isinstance(node, ast.Assign):
                source, held = ast.unparse(node.value), {each.id for each in node.targets if isinstance(each, ast.Name)}
                from_kept = names & {each.id for each in ast.walk(node.value) if isinstance(each, ast.Name)}
                if source.startswith(f"step.keep('{table}'") or from_kept:
                    names |= held
    return names


@pytest.mark.parametrize("step", STEPS)
def test_figure_of_a_kept_table_is_drawn_from_what_the_gate_let_pass(step):
    cells, kept = cells_of(step), catalogue.entries(step)
    for name, figure in kept.figures.items():
        if figure.drawn_from not in kept.tables:
            continue
        passed = names_of_kept(cells, figure.drawn_from)
        calls = [
            node
            for cell in cells
            for node in ast.walk(ast.parse(cell))
            if isinstance(node, ast.Call) and ast.unparse(node).startswith(f"step.keep('{name}'")
            and isinstance(node.args[1], ast.Call)
        ]  # fmt: skip
        assert calls, name
        for call in calls:
            first = {each.id for each in ast.walk(call.args[1].args[0]) if isinstance(each, ast.Name)}
            assert first & passed, f"{step}: {name} is not drawn from {figure.drawn_from}"


# What the gate does with what is declared


@settings(max_examples=25, deadline=None)
@given(st.lists(st.integers(0, 60), min_size=1, max_size=12), st.integers(0, 2**32 - 1))
def test_no_share_of_people_leaves_unrounded_and_no_small_row_with_numbers(counts, seed):
    draw = np.random.default_rng(seed)
    frame = pd.DataFrame({"group": [f"g{place}" for place in range(len(counts))], "asked": counts})
    frame = frame.assign(agree=draw.random(len(counts)), of_model=draw.random(len(counts)), follows=0.5)
    kinds = Kinds("asked", {"agree"}, {"follows"})
    out = Gate("04_made_up", 200, LIMIT).table("made_up", frame, kinds)
    for n, share, follows in zip(counts, out["agree"], out["follows"], strict=True):
        if 0 < n < LIMIT:
            assert np.isnan(share)
            assert np.isnan(follows)
        elif n:
            assert share / step_for(n) == pytest.approx(round(share / step_for(n)), abs=1e-6)
    assert out["of_model"].equals(frame["of_model"])
    assert not ((out["asked"] > 0) & (out["asked"] < LIMIT)).any()


def test_middle_of_a_published_interval_does_not_give_the_mean_back():
    frame = pd.DataFrame({"n": [40], "bias": [0.12345], "bias_lower": [0.02345], "bias_upper": [0.22345]})
    kinds = catalogue.entries("07_rater_agreement").tables["limits_of_agreement"].kinds
    out = Gate("07_rater_agreement", 40, LIMIT).table("limits_of_agreement", frame, kinds).iloc[0]
    assert abs((out["bias_lower"] + out["bias_upper"]) / 2 - 0.12345) > 1e-3


@pytest.mark.parametrize("table", ["wave_changes", "wave_growth", "wave_group_changes"])
def test_no_table_of_change_gives_a_mean_change_to_more_digits_than_another(table):
    """With two waves and nobody missing, the mixed model gives the mean change; a share of an SD leads to it."""
    frame = pd.DataFrame(
        {"n": [154], "change": [0.0758], "lower": [0.0311], "upper": [0.1249], "standardised": [0.148]}
    )
    out = Gate("11_change", 154, LIMIT).table(table, frame, catalogue.entries("11_change").tables[table].kinds).iloc[0]
    shown = ["change", "lower", "upper", *(["standardised"] if table == "wave_changes" else [])]
    assert all(value / step_for(154) == pytest.approx(round(value / step_for(154))) for value in out[shown])


def test_unlisted_count_is_used_by_the_gate_and_not_published():
    frame = pd.DataFrame({"team": ["team 1", "team 2"], "n": [12, 3], "mean": [3.71234, 3.2], "sd": [0.5, 0.4]})
    kinds = catalogue.entries("08_outcome_associations").tables["teams_caterpillar"].kinds
    out = Gate("08_outcome_associations", 400, LIMIT).table("teams_caterpillar", frame, kinds)
    assert "n" not in out
    assert out["mean"].iloc[0] == pytest.approx(3.5)
    assert np.isnan(out["mean"].iloc[1])


@pytest.mark.parametrize(
    ("kind", "people", "number", "shown"),
    [
        ("sum", 50, 0.123, 0.1),
        ("sum", 5, 0.4, None),
        ("exact", 50, 0.123, 0.123),
        ("exact", 5, 0.4, None),
        ("count", 50, 3, None),
        ("count", 50, 0, 0),
        ("count", 50, 12, 12),
        ("model", 50, 0.123, 0.123),
    ],
)
def test_value_passes_by_its_declared_kind_whatever_its_name(kind, people, number, shown):
    assert Gate("04_made_up", people, LIMIT).value("anything", number, "", kind)[0] == shown


# Bars


@settings(max_examples=25, deadline=None)
@given(st.lists(st.floats(-50, 50), min_size=LIMIT, max_size=80), st.floats(1000, 9000))
def test_edges_of_bars_do_not_move_with_the_most_extreme_person(values, extreme):
    """One person's extreme value may move no edge beyond what the tenth person's value is."""
    ends = [guarded_edges([*values, end], LIMIT, width=0.5) for end in (extreme, 2 * extreme)]
    assert np.array_equal(*ends)
    edges, counts = merged_bins([*values, extreme], ends[0], LIMIT)
    assert counts.sum() == len(values) + 1
    assert counts.min() >= LIMIT
    assert edges[-1] < extreme


@settings(max_examples=15, deadline=None)
@given(st.lists(st.floats(0, 10, width=16), min_size=LIMIT, max_size=60))
def test_no_bar_of_a_drawn_histogram_holds_fewer_people_than_the_limit(values):
    figure = careless_indices(pd.DataFrame({"index": values}), {"index": 3.0}, {"index": "points"}, float(LIMIT))
    bars = [patch for patch in figure.axes[0].patches if isinstance(patch, Rectangle)]
    narrowest = min(bar.get_width() for bar in bars)
    people = [bar.get_height() * bar.get_width() / narrowest for bar in bars]
    assert sum(people) == pytest.approx(len(values))
    assert min(people) >= LIMIT - 1e-6
    table = binned(pd.Series(values), 0.25, float(LIMIT))
    assert table["people"].min() >= LIMIT


def test_pictures_hold_no_file_of_people() -> None:
    """No module of figures reads a prepared table or asks a study for people."""
    for path in sorted(Path(catalogue.__file__).parents[2].joinpath("report/figures").glob("*.py")):
        assert "prepared" not in path.read_text(), path.name
