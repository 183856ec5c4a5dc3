"""Who built a result, on which statistics, is found out by the run: nobody types it."""

from __future__ import annotations

import inspect
import json
import pickle
import subprocess
import sys
from collections.abc import Iterator

import numpy as np
import pandas as pd
import pytest
from made_up_step import open_small, prepare, study_for_steps

from compendium.outputs.saving import ResultError, read_values
from compendium.outputs.trail import Trail, open_trail
from compendium.report.figures.forest import forest
from compendium.review.screeners import read_decisions
from compendium.steps import cohort_quality as quality
from compendium.steps import participation
from compendium.steps.factor_structure import Draws, reliability_table
from compendium.steps.rater_agreement import peers as raters
from psychometrics.reliability import cronbach_alpha

SCALES = {"listen": ["a", "b", "c"]}


@pytest.fixture
def trail() -> Iterator[Trail]:
    opened = open_trail()
    yield opened
    opened.close()


def answers() -> pd.DataFrame:
    draw = np.random.default_rng(3)
    trait = draw.normal(size=(40, 1))
    return pd.DataFrame(trait + draw.normal(size=(40, 3)), columns=SCALES["listen"])


def test_builder_and_the_statistics_within_are_recorded(trail):
    call = trail.builder(reliability_table(answers(), SCALES, 0.95))
    assert call.function == "compendium.steps.factor_structure.reliability_table"
    assert "psychometrics.reliability.cronbach_alpha" in call.statistics


def test_statistics_behind_an_argument_count_as_well(trail):
    index = pd.MultiIndex.from_product([["p", "q", "r"], ["x", "y"]], names=["person", "rater"])
    scores = pd.DataFrame({"listen": [1.0, 2, 4, 5, 3, 3]}, index)
    icc = raters.peer_icc(scores, Draws(0, 1, 0.95))
    needed = trail.builder(raters.peers_needed(icc, (0.7,)))
    assert needed.function == "compendium.steps.rater_agreement.peers.peers_needed"
    assert {"psychometrics.agreement.icc1", "psychometrics.agreement.decision_study"} <= set(needed.statistics)


def test_parts_of_a_result_have_the_same_builder(trail):
    result = cronbach_alpha(answers())
    part = next(value for value in vars(result).values() if isinstance(value, (pd.Series, pd.DataFrame, tuple)))
    assert trail.builder(part).function == "psychometrics.reliability.cronbach_alpha"


def test_parts_of_a_result_with_slots_have_the_same_builder(trail, tmp_path):
    columns = "title,authors,year,doi,asreview_label,asreview_time"
    (tmp_path / "labels.csv").write_text(f"{columns}\nA title of five words,Smith J,2001,,0,1\n", encoding="utf-8")
    found, _ = read_decisions(tmp_path / "labels.csv")
    assert not hasattr(found[0].entry, "__dict__")
    assert trail.builder(found[0].entry).function == "compendium.review.screeners.read_decisions"


def test_what_nobody_made_has_no_builder(trail):
    assert trail.builder(answers()) is None


def test_results_are_the_same_with_and_without_a_trail():
    without = cronbach_alpha(answers())
    opened = open_trail()
    within = cronbach_alpha(answers())
    opened.close()
    assert within.raw == without.raw


def test_closing_gives_every_function_its_own_code_back():
    before, signature = cronbach_alpha.__code__, inspect.signature(cronbach_alpha)
    opened = open_trail()
    assert cronbach_alpha.__code__ is not before
    assert inspect.signature(cronbach_alpha) == signature
    opened.close()
    assert cronbach_alpha.__code__ is before
    assert not hasattr(cronbach_alpha, "__wrapped__")


def test_workers_get_the_function_itself(trail):
    assert pickle.loads(pickle.dumps(cronbach_alpha)) is cronbach_alpha


def test_errors_come_through_and_leave_the_trail_open(trail):
    with pytest.raises(KeyError):
        reliability_table(answers(), {"listen": ["a", "nobody"]}, 0.95)
    assert trail.builder(reliability_table(answers(), SCALES, 0.95)) is not None


# What a step keeps


@pytest.fixture
def step(tmp_path, monkeypatch):
    study = study_for_steps(tmp_path, monkeypatch)
    prepare(study)
    return open_small(study, "03_cohort_quality")


def test_kept_table_says_what_built_it_and_what_it_rests_on(step):
    table = "quality.mcar_by_competency(step.load_cohort().answers, scales)"
    names = {"step": step, "quality": quality, "scales": step.framework.scales()}
    step.notebook.run("step.keep_values(n_people=len(step.load_cohort().answers))", names)
    step.notebook.run(f"step.keep('missing_at_random', {table})", names)
    about = json.loads((step.folders.tables / "missing_at_random.json").read_text())
    assert about["builder"] == "compendium.steps.cohort_quality.mcar_by_competency"
    assert "psychometrics.screening.little_mcar_test" in about["statistics"]
    assert read_values(step.folders)["n_people"]["builder"] == "compendium.study.Study.load_cohort"
    inputs = json.loads((step.folders.runs / "03_cohort_quality.json").read_text())
    assert {"study.yaml/disclosure.minimum_group", "cohort.yaml", "framework/items", "responses/self.csv"} <= set(
        inputs["inputs"]
    )
    assert inputs["python"] and "pandas" in inputs["packages"]


def test_value_is_traced_through_what_its_names_were_assigned_from(step):
    names = {"step": step, "quality": quality}
    names["never"] = pd.Series(dtype=int)
    step.notebook.run("cohort = step.load_cohort()\nmissing = quality.missing_by_item(cohort.answers, never)", names)
    step.notebook.run("share = missing['blank'].sum()\nstep.keep_values(missing_share=float(share))", names)
    saved = read_values(step.folders)["missing_share"]
    assert saved["builder"] == "compendium.steps.cohort_quality.missing_by_item"


def test_a_figure_rests_on_the_statistics_behind_what_it_draws(step):
    names = {"step": step, "quality": quality, "forest": forest, "scales": step.framework.scales()}
    step.notebook.run("found = quality.mcar_by_competency(step.load_cohort().answers, scales)", names)
    step.notebook.run("shown, axis = found.assign(lower=0.0, upper=1.0), 'p'", names)
    step.notebook.run("figure = forest(shown, row='competency', estimate='p', x=axis, y='')", names)
    step.notebook.run("step.keep('missing_by_position', figure, n_people=60)", names)
    about = json.loads((step.folders.figures / "missing_by_position.json").read_text())
    assert about["builder"] == "compendium.report.figures.forest.forest"
    assert "psychometrics.screening.little_mcar_test" in about["statistics"]


def test_what_no_function_built_is_refused(step):
    with pytest.raises(ResultError, match="no function of the study is behind this"):
        step.notebook.run("made = pd.DataFrame({'n': [1]})\nstep.keep('gates', made)", {"step": step, "pd": pd})


def test_result_without_an_entry_is_refused_with_the_one_it_looks_like(step):
    names = {"step": step, "participation": participation, "cohort": step.load_cohort()}
    with pytest.raises(ResultError, match="no entry for 'participaton' under tables; did you mean 'participation'"):
        step.notebook.run("step.keep('participaton', participation.stages(step, cohort))", names)


def test_later_steps_name_the_prepared_tables_that_they_read(tmp_path, monkeypatch):
    study = study_for_steps(tmp_path, monkeypatch)
    prepare(study)
    later = open_small(study, "07_rater_agreement")
    code = "peers = step.prepared.peer_scores\nstep.keep('peer_icc', raters.peer_icc(peers, draws))"
    later.notebook.run(code, {"step": later, "raters": raters, "draws": Draws(0, 1, 0.95)})
    inputs = json.loads((later.folders.runs / "07_rater_agreement.json").read_text())["inputs"]
    assert "private/prepared/peer_scores.parquet" in inputs
    assert not [name for name in inputs if name.startswith("responses/")]


def test_what_a_function_loads_while_it_runs_was_announced_before() -> None:
    code = (
        "import sys; from compendium.outputs.trail import open_trail; open_trail(); before = set(sys.modules);"
        "from psychometrics.efa import extraction; from psychometrics import planning;"
        "from compendium.steps import second_opinion;"
        "print([name for name in set(sys.modules) - before if name.startswith(('psychometrics', 'compendium.steps'))])"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "[]\n"
