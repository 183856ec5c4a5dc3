"""Competencies and outcomes as factors of one model: what it finds, what it leaves out, and when it cannot be read."""

from __future__ import annotations

import dataclasses

import numpy as np
import pandas as pd
import pytest
from small_study import write_framework

from compendium.findings import found
from compendium.framework import Framework, load_framework
from compendium.plan import judge, load_plan
from compendium.steps.outcome_associations import latent_model as latent
from compendium.steps.outcome_associations.associations import associations
from compendium.wording import sentence
from psychometrics.reliability import cronbach_alpha
from psychometrics.scoring import scale_scores

N, SEED, TRUE, LOADING = 900, 4, 0.5, 0.7
COLLECTED = ("engagement", "satisfaction")
MOST_STEPS = 20


@pytest.fixture(scope="module")
def framework(tmp_path_factory: pytest.TempPathFactory) -> Framework:
    home = tmp_path_factory.mktemp("frameworks")
    write_framework(home / "mini")
    return load_framework("mini", home)


def made_up(framework: Framework) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return keyed answers in five steps; listening goes with engagement, sharing does not."""
    draw = np.random.default_rng(SEED)
    listen, share, rest = draw.normal(size=(3, N))
    traits = {"listen": listen, "share": share, "engaged": TRUE * listen + np.sqrt(1 - TRUE**2) * rest}
    error = np.sqrt(1 - LOADING**2)
    columns = {}
    for item in [*framework.items.index, "engaged_1", "engaged_2", "satisfied"]:
        trait = traits.get(str(item).split("_")[0], rest)
        columns[str(item)] = np.clip(np.rint(3 + 1.1 * (LOADING * trait + error * draw.normal(size=N))), 1, 5)
    answers = pd.DataFrame(columns)
    return answers[list(framework.items.index)], answers[["engaged_1", "engaged_2", "satisfied"]]


def table_of(framework: Framework, own: pd.DataFrame | None = None) -> tuple[latent.LatentModel, pd.DataFrame]:
    answers, outcomes = made_up(framework)
    outcomes = outcomes if own is None else own
    scales = framework.scales()
    found = associations(
        scale_scores(answers, scales), scale_scores(outcomes, {"engagement": ["engaged_1", "engaged_2"]}), 0.95
    )
    model = latent.latent_model(answers, scales, outcomes, framework, COLLECTED, MOST_STEPS)
    reliable = {name: cronbach_alpha(answers[items]).raw for name, items in scales.items()}
    reliable["engagement"] = 0.7
    return model, latent.latent_associations(model, found, answers, outcomes, reliable)


def test_factors_recover_the_true_correlation_that_scores_underestimate(framework: Framework) -> None:
    model, table = table_of(framework)
    row = table.set_index("competency").loc["listen"]
    assert row["lower"] < TRUE < row["upper"]
    assert row["spearman"] < row["lower"]
    assert row["disattenuated"] == pytest.approx(row["latent"], abs=0.1)
    nothing = table.set_index("competency").loc["share"]
    assert nothing["lower"] < 0 < nothing["upper"]
    assert latent.latent_fit(model)["items"].item() == 8


def test_a_single_item_and_an_amount_are_left_out_with_the_reason(framework: Framework) -> None:
    model, table = table_of(framework)
    assert set(table["outcome"]) == {"engagement"}
    assert "Job satisfaction (a single item" in sentence(model.completeness, {"satisfaction": "Job satisfaction"})
    amounts = dataclasses.replace(framework, outcomes=framework.outcomes.assign(maximum=100))
    kept, reasons = latent.factor_outcomes(amounts, COLLECTED, MOST_STEPS)
    assert kept == {}
    assert reasons["engagement"] == found("an_amount", limit=MOST_STEPS)


def test_a_model_that_cannot_be_fitted_has_the_reason_in_every_row(framework: Framework) -> None:
    flat = made_up(framework)[1].assign(engaged_1=4.0)
    model, table = table_of(framework, flat)
    assert "engaged_1" in model.reason
    assert table["latent"].isna().all()
    assert table["note"].str.contains("engaged_1").all()
    assert latent.latent_fit(model)["note"].item() == model.reason


def test_n_is_the_smallest_number_behind_any_pair(framework: Framework) -> None:
    outcomes = made_up(framework)[1]
    outcomes.loc[:99, "engaged_2"] = np.nan
    assert set(table_of(framework, outcomes)[1]["n"]) == {N - 100}


def test_the_gate_counts_the_items_of_both_sides() -> None:
    plan = load_plan()
    assert judge(plan, "factor_analysis", 390, 72).supported
    assert not judge(plan, "latent_outcomes", 390, 72 + 15).supported
    assert judge(plan, "latent_outcomes", 435, 72 + 15).supported
