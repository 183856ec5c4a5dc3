"""The studies in benchmarks/ run on today's code, and their summaries count what they say."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

sys.path.insert(0, str(Path(__file__).parents[1]))

from benchmarks import readers, recover_claims, recover_fit_cutoffs, recover_items, run
from compendium.cohort import load_cohort
from compendium.framework import load_framework
from compendium.paths import cohort_folder
from compendium.plan import load_plan
from compendium.simulate import DEMO


def test_answers_in_memory_are_those_of_the_committed_cohort():
    opened = recover_items.open_drawn(DEMO, load_framework(DEMO.framework))
    committed = load_cohort(cohort_folder("demo"))
    assert np.array_equal(opened.prepared.answers, committed.answers, equal_nan=True)


def test_claims_can_still_be_drawn_and_judged():
    framework = load_framework(DEMO.framework)
    plan = load_plan({"claims": {"resamples": {"value": 5, "source": "a test"}}}, claims=framework.claims)
    base = replace(DEMO, items="final", faults=())
    table = recover_claims.one(1, base, plan, framework)
    assert table["estimate"].notna().all()


def test_cutoffs_of_a_drawn_model_can_still_be_judged():
    truth = next(one for one in recover_fit_cutoffs.TRUTHS if one.name == "one factor")
    row = recover_fit_cutoffs.one(truth, loading=0.7, n=200, points=5, seed=1, replications=20)
    table = recover_fit_cutoffs.summarise(pd.DataFrame([row]), ["truth", "loading"])
    assert table["draws"].tolist() == [1]
    assert table[["fixed_robust", "fixed_scaled"]].isin([0.0, 1.0]).all(axis=None)


def made_up_rows() -> pd.DataFrame:
    """Two cohorts: a weak item found in the first only, the repeating pair in the second only, a sound one accused."""
    low, twin = "item-total correlation 0.10, not above 0.20", "inter-item correlation 0.95 with b, above 0.90"
    rows = [
        (1, "weak", "drop", low),
        (1, "redundant", "keep", ""),
        (1, "twin", "keep", ""),
        (1, "", "drop", low),
        (2, "weak", "keep", ""),
        (2, "redundant", "keep", ""),
        (2, "twin", "drop", twin),
        (2, "", "drop", "others serve better within the constraints"),
    ]
    return pd.DataFrame(rows, columns=["seed", "fault", "decision", "reasons"]).assign(series="planted")


def test_planted_faults_are_counted_once_a_cohort():
    found = recover_items.planted_faults(made_up_rows())
    assert found.loc["weak", ["n", "rate", "named"]].tolist() == [2, 0.5, 0.5]
    assert found.loc["redundant", ["n", "rate", "named_alone"]].tolist() == [2, 0.5, 0.5]


def test_checks_against_sound_items_are_told_from_the_choice():
    found = recover_items.sound_items(made_up_rows()).loc["planted"]
    assert found.loc[["weak", "dif", "any that drops", "left out in the choice"], "rate"].tolist() == [0.5, 0, 0.5, 0.5]


def test_an_interval_of_a_rate_is_that_of_clopper_and_pearson():
    # Exact limits of 0 and 10 of 10: 1 - 0.025 ** (1 / 10) and its mirror image.
    edge = 1 - 0.025 ** (1 / 10)
    none, all_of_them = (recover_items.rate(pd.Series([happened] * 10)) for happened in (False, True))
    assert (none["lower"], none["upper"]) == pytest.approx((0, edge))
    assert (all_of_them["lower"], all_of_them["upper"]) == pytest.approx((1 - edge, 1))


def test_a_process_that_takes_too_long_is_stopped_at_its_limit(tmp_path):
    found = run.measure([sys.executable, "-c", "import time; time.sleep(30)"], tmp_path / "none.json", 1, limit=0.2)
    assert (found.seconds, found.values) == (0.2, {})


def test_the_table_of_what_the_readers_were_tried_on_is_that_of_the_layouts():
    assert readers.PAGE.read_text(encoding="utf-8") == readers.page(), "run python benchmarks/readers.py --write"
