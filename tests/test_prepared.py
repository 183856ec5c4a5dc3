"""What one step validated is what every later step gets: label for label, number for number."""

from __future__ import annotations

import stat
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from made_up_step import open_small, prepare, study_for_steps

from compendium.faults import NotYet
from compendium.study import Prepared
from compendium.study.prepared import TABLES

# Labels that a table without declared types turns into a blank, a number, a truth value, or two cells.
AWKWARD = [
    *("NA", "None", "null", "N/A", "nan", "NaN", "<NA>", "#N/A", "", " ", "007", "3", "1e5", "-0", "True", "1 January"),
    *("Ärzte & Pflege", "ß", "a, b", '"', "'", "\t"),
]
LABELS = st.one_of(st.sampled_from(AWKWARD), st.text(st.characters(exclude_categories=["Cs"]), max_size=8))


def kept(tmp_path: Path, name: str, frame: pd.DataFrame) -> pd.DataFrame:
    Prepared(tmp_path).write(name, frame)
    return getattr(Prepared(tmp_path), name)


@settings(max_examples=60, deadline=None)
@given(
    ids=st.lists(LABELS, min_size=1, max_size=12, unique=True),
    data=st.data(),
)
def test_ids_and_groups_come_back_letter_for_letter(tmp_path_factory, ids, data):
    groups = data.draw(st.lists(st.none() | LABELS, min_size=len(ids), max_size=len(ids)))
    years = data.draw(st.lists(st.none() | st.floats(0, 60), min_size=len(ids), max_size=len(ids)))
    people = pd.DataFrame({"agency": pd.Series(groups, dtype=object), "tenure": pd.Series(years, dtype=float)})
    back = kept(tmp_path_factory.mktemp("p"), "people", people.set_axis(pd.Index(ids, name="person"), axis=0))
    assert list(back.index) == ids
    assert [None if pd.isna(label) else label for label in back["agency"]] == groups
    np.testing.assert_array_equal(back["tenure"].to_numpy(), people["tenure"].to_numpy())
    assert back["tenure"].dtype == float


@settings(max_examples=30, deadline=None)
@given(pairs=st.lists(st.tuples(LABELS, LABELS), min_size=1, max_size=10, unique=True), data=st.data())
def test_ratings_come_back_by_person_and_rater(tmp_path_factory, pairs, data):
    codes = data.draw(st.lists(st.none() | st.integers(1, 7), min_size=len(pairs), max_size=len(pairs)))
    index = pd.MultiIndex.from_tuples(pairs, names=["person", "rater"])
    ratings = pd.DataFrame({"listen_1": pd.array(codes, dtype="Float64").to_numpy(float, na_value=np.nan)}, index)
    back = kept(tmp_path_factory.mktemp("p"), "peers", ratings)
    assert list(back.index) == pairs
    np.testing.assert_array_equal(back["listen_1"], ratings["listen_1"])


def test_tables_without_rows_or_columns_keep_their_shape(tmp_path):
    people = pd.Index(["7", "NA"], name="person")
    assert kept(tmp_path, "outcomes", pd.DataFrame(index=people)).shape == (2, 0)
    nobody = pd.DataFrame({"a": []}, pd.MultiIndex.from_arrays([[], []], names=["person", "rater"]), dtype=float)
    back = kept(tmp_path, "peers", nobody)
    assert back.index.names == ["person", "rater"]
    assert list(back.columns) == ["a"]


def test_competency_may_be_called_person(tmp_path):
    scores = pd.DataFrame({"person": [4.0, np.nan]}, pd.Index(["a", "b"], name="person"))
    pd.testing.assert_frame_equal(kept(tmp_path, "scores", scores), scores)


def test_counts_flags_and_texts_keep_their_type(tmp_path):
    table = pd.DataFrame({"n_rules": [0, 2], "flagged": [False, True]}, pd.Index(["a", "b"], name="person"))
    back = kept(tmp_path, "careless", table)
    assert back["flagged"].dtype == bool
    assert back["n_rules"].tolist() == [0, 2]
    assert pd.api.types.is_integer_dtype(back["n_rules"])


def test_label_that_is_no_text_is_refused(tmp_path):
    people = pd.DataFrame({"team": pd.Series([3, "x"], dtype=object)}).rename_axis("person")
    with pytest.raises(TypeError, match="holds 3, a int; labels are text"):
        kept(tmp_path, "people", people)


def test_prepared_tables_are_for_their_owner_only(tmp_path):
    kept(tmp_path, "people", pd.DataFrame({"team": ["x"]}, pd.Index(["a"], name="person")))
    assert stat.S_IMODE((tmp_path / "prepared" / "people.parquet").stat().st_mode) == 0o600
    assert stat.S_IMODE((tmp_path / "prepared").stat().st_mode) == 0o700


@pytest.mark.parametrize("name", TABLES)
def test_table_that_is_not_there_yet_says_which_step_makes_it(tmp_path, name):
    root = tmp_path / "pilot" / "private"
    with pytest.raises(NotYet) as caught:
        getattr(Prepared(root), name)
    said = f"Run {TABLES[name].prepared_by} first: its tables are not there for cohort pilot."
    assert caught.value.report() == said
    assert caught.value._render_traceback_() == [said]


def test_scores_are_prepared_once_and_are_those_of_the_kept_items(tmp_path, monkeypatch):
    study = study_for_steps(tmp_path, monkeypatch)
    prepare(study)
    step = open_small(study, "08_outcome_associations")
    pd.testing.assert_frame_equal(step.prepared.scores, step.scores(step.prepared.answers))
    pd.testing.assert_frame_equal(step.prepared.peer_scores, step.scores(step.prepared.peers))
    pd.testing.assert_frame_equal(step.prepared.outcome_scores, step.outcome_scores(step.prepared.outcomes))
    assert list(step.prepared.reliability.index) == ["listen", "share"]
    assert step.prepared.careless.empty


def test_reliability_is_that_of_the_score_whose_items_stand_on_one_scale(tmp_path, monkeypatch):
    # One item is asked on 0 to 10: its codes would weigh more in a sum than its share of the score.
    study = study_for_steps(tmp_path, monkeypatch)
    home = study.frameworks / "mini"
    description = yaml.safe_load((home / "framework.yaml").read_text())
    other = {"minimum": 0, "maximum": 10, "labels": {code: f"answer {code}" for code in range(11)}}
    (home / "framework.yaml").write_text(yaml.safe_dump(description | {"answer_scales": {"other": other}}))
    rows = (home / "items.csv").read_text().splitlines()
    rows = [f"{row},{name}" for row, name in zip(rows, ["answer_scale", "other", *[""] * 5], strict=True)]
    (home / "items.csv").write_text("\n".join(rows))
    study.settings["not_applicable"] = []
    for form in (study.own, study.peers):
        form["listen_1"] = ((form["listen_1"].astype(float) - 1) * 2.5).round().astype(int)
    prepared = prepare(study).prepared
    answers = prepared.answers[["listen_1", "listen_2", "listen_3"]].dropna()
    moved = answers.assign(listen_1=1 + answers["listen_1"] * 4 / 10).to_numpy()
    alpha = 1.5 * (1 - moved.var(axis=0, ddof=1).sum() / moved.sum(axis=1).var(ddof=1))
    found = prepared.reliability.astype({"alpha": float, "score_error": float}).loc["listen"]
    assert found["alpha"] == pytest.approx(alpha, abs=1e-9)
    assert found["score_error"] == pytest.approx(moved.mean(axis=1).std(ddof=1) * np.sqrt(1 - alpha), rel=1e-9)
