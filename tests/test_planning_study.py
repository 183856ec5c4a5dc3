"""Planning from a cohort: parts that it carries, words, wishes of the command, and what a cohort lacks."""

from __future__ import annotations

import json
import math
from pathlib import Path

import nbformat
import pandas as pd
import pytest
from made_up_step import open_small, prepare, study_for_steps
from small_study import small_study

from compendium.findings import found
from compendium.outputs.step import Step
from compendium.paths import NOTEBOOKS
from compendium.plan import GATES, Claim
from compendium.report.figures.planning import PANELS, planning_curves
from compendium.run import cli, planning_command
from compendium.steps.outcome_associations import claims as tested
from compendium.steps.planning import claims, measurement, parts
from compendium.steps.rater_agreement import peers as raters
from compendium.wording import sentence

N = 90
CLAIM = Claim(
    short="More meaning", statement="It goes with meaning.", evidence=["tests"], kind="own_outcome",
    outcomes=["engagement"], direction="positive",
    smallest_effect={"value": 0.1, "source": "tests"},
)  # fmt: skip


@pytest.fixture(scope="module")
def step(tmp_path_factory: pytest.TempPathFactory) -> Step:
    """A cohort of N people in agencies, rated by three peers each."""
    with pytest.MonkeyPatch.context() as monkeypatch:
        study = study_for_steps(tmp_path_factory.mktemp("planning"), monkeypatch)
        people = pd.concat([study.own] * 2, ignore_index=True).iloc[:N]
        study.own = people.assign(
            person_id=[f"p{row + 1:02d}" for row in range(N)], agency=[f"a{row % 12}" for row in range(N)]
        )

        prepare(study)
        step = open_small(study, "10_planning")
        icc = {"icc1": 0.35, "lower": 0.2, "upper": 0.5, "peers_n0": 3.2, "people": 60.0, "ratings": 190.0}
        nobody = {"icc1": math.nan, "lower": math.nan, "upper": math.nan}
        rows = [{"competency": "listen", **icc}, {"competency": "share", **icc, **nobody}]
        raters.prepare_peer_icc(step, pd.DataFrame(rows))
        step.plan.claims.published["meaning"] = CLAIM
        tested.prepare_claims(step, claims_made(step))
        return step


def claims_made(step: Step) -> pd.DataFrame:
    """Return made-up estimates under the names of the claims of the plan."""
    published = step.plan.claims.published
    names = list(published)
    row = {"estimate": 0.1, "lower": -0.1, "upper": 0.3, "p": 0.4, "n": 90.0, "fisher_error": 0.12, "df": 11.0}
    made = pd.DataFrame([row] * len(names)).assign(claim=names, reliability=0.6)
    return made.assign(reliability_lower=0.45, reliability_upper=0.72)


@pytest.fixture(scope="module")
def wanted(step: Step) -> parts.Wanted:
    asked = parts.Wanted.of(step.plan)
    return parts.Wanted(**{**asked.__dict__, "replications": 5})


@pytest.fixture(scope="module")
def hardest(step: Step, wanted: parts.Wanted) -> measurement.Hardest:
    return measurement.hardest(step, wanted)


def test_the_competency_with_the_lowest_omega_decides(hardest: measurement.Hardest, wanted: parts.Wanted) -> None:
    assert hardest.competency == hardest.omegas.idxmin()
    table = parts.table([measurement.precision(hardest, wanted)])
    assert list(table["subject"]) == [hardest.competency] * 2
    assert (table["fewest"] <= table["needed"]).all() and (table["needed"] <= table["most"]).all()
    assert (table["n_here"] == N).all()


def test_a_range_is_wider_for_a_smaller_cohort(hardest: measurement.Hardest) -> None:
    omegas = {name: plan.population.omega for name, plan in hardest.plans.items()}
    half = hardest.plans[measurement.ESTIMATE].omega_half_width(N)
    assert omegas[measurement.HIGH] > omegas[measurement.ESTIMATE] > omegas[measurement.LOW]
    assert omegas[measurement.ESTIMATE] - omegas[measurement.LOW] == pytest.approx(half, abs=1e-3)


def test_no_population_is_a_reason_and_no_number(wanted: parts.Wanted, step: Step) -> None:
    nothing = measurement.Hardest("", N, {}, pd.Series(dtype=float))
    for part in (measurement.precision(nothing, wanted), measurement.groups(step, nothing, wanted)):
        table = parts.table([part])
        assert table["needed"].isna().all()
        assert table["note"].item() == found("plan_no_population").encoded


def test_peers_and_rated_people_have_a_range(step: Step, wanted: parts.Wanted) -> None:
    table = parts.table([claims.peers(step, wanted)])
    known = table.dropna(subset=["peers", "peers_most"])
    assert list(known["subject"]) == ["listen"] * 2
    assert table.loc[table["subject"] == "share", "note"].item() == found("plan_no_peers").encoded
    assert claims.peers_of_hardest(table)[0] == known["peers"].min()
    assert (known["peers_fewest"] <= known["peers"]).all() and (known["peers"] <= known["peers_most"]).all()
    assert (known["fewest"] <= known["needed"]).all() and (known["needed"] <= known["most"]).all()
    least, most = claims.from_to(table)
    assert math.isnan(least) and math.isnan(most)


def test_claims_take_more_people_the_fewer_peers_there_are(step: Step, wanted: parts.Wanted) -> None:
    table = parts.table([claims.claims(step, wanted)])
    assert list(table["subject"]) == ["More meaning"] * 2
    assert (table["fewest"] < table["needed"]).all() and (table["needed"] < table["most"]).all()
    trade = claims.peers_or_people(step, wanted)
    assert trade["reliability"].is_monotonic_increasing
    assert trade["needed"].is_monotonic_decreasing


def test_curves_are_monotone_and_every_goal_has_a_panel(
    step: Step, hardest: measurement.Hardest, wanted: parts.Wanted
) -> None:
    made = [measurement.precision(hardest, wanted), claims.claims(step, wanted), claims.peers(step, wanted)]
    curves = parts.curves(made)
    assert set(curves["goal"]) <= set(PANELS)
    for (goal, _), line in curves.groupby(["goal", "subject"]):
        rising = line["value"].is_monotonic_increasing if goal == "claim" else line["value"].is_monotonic_decreasing
        assert rising and line["n"].is_monotonic_increasing
    figure = planning_curves(curves)
    drawn = [axes for axes in figure.axes if axes.get_xlabel()]
    assert len(drawn) == curves["goal"].nunique()
    assert all("logarithmic" in axes.get_xlabel() and axes.get_ylabel() for axes in drawn)


def test_nothing_to_plan_from_is_said_in_the_figure() -> None:
    figure = planning_curves(parts.curves([]))
    assert [text.get_text() for axes in figure.axes for text in axes.texts] == ["Nothing to plan from"]


def test_every_goal_and_unit_has_words() -> None:
    for kind in (*parts.GOALS.values(), *parts.UNITS.values()):
        assert sentence(found(kind))


def test_the_command_asks_what_the_sections_of_the_notebook_ask() -> None:
    cells = {cell["id"]: cell for cell in nbformat.read(NOTEBOOKS / "10_planning.ipynb", as_version=4).cells}
    asked = {"measurement": planning_command.MEASUREMENT, "claims": planning_command.CLAIMS,
             "peers": planning_command.PEERS}  # fmt: skip
    for name, requirements in asked.items():
        assert cells[name]["metadata"]["tags"] == [f"requires:{each}" for each in requirements]


def test_what_was_not_collected_is_said_in_a_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    study = study_for_steps(tmp_path, monkeypatch)
    study.settings["files"].pop("peer")
    study.settings.pop("peer_outcomes")
    study.settings["outcomes"] = []
    study.own = study.own.drop(columns=["engaged_1", "engaged_2", "satisfied"])
    prepare(study)
    step = open_small(study, "10_planning")
    wanted = parts.Wanted(0.05, 0.1, 0.1, 0.05, 0.8, 0.5, 5)
    monkeypatch.setattr(measurement, "hardest", lambda *_: measurement.Hardest("", 60, {}, pd.Series(dtype=float)))
    gates = {gate: {"supported": "yes", "reason": ""} for gate in GATES}
    step.prepared.write("gates", pd.DataFrame(gates).T.rename_axis("gate"))
    table, left_out = planning_command.planned(step, wanted)
    assert left_out == ["Outcomes: not collected in this cohort.", "Peers: not collected in this cohort."]
    assert "people" in planning_command.as_text(table)


@pytest.mark.parametrize(
    ("words", "named"),
    [
        (["--omega", "1.5"], "--omega"),
        (["--power", "-0.1"], "--power"),
        (["--difference", "9"], "--difference"),
        (["--replications", "2"], "--replications"),
    ],
)
def test_wishes_that_no_sample_meets_are_refused(
    words: list[str], named: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    cohort = small_study(tmp_path).folder
    monkeypatch.setattr("sys.argv", ["compendium", "plan", "--cohort", str(cohort), *words])
    with pytest.raises(SystemExit) as caught:
        cli.main()
    assert caught.value.code == 2
    assert named in capsys.readouterr().err


def test_a_wish_that_the_table_does_not_know_is_refused() -> None:
    with pytest.raises(KeyError, match="no column"):
        parts.row("omega", "", "people", persons=3.0)
    assert json.loads(parts.row("omega", "", "people")["goal"]) == {"kind": "plan_omega"}
