"""Notebook 05: cut-offs of fit for this model beside the conventional ones, and the verdict that reads them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pandas as pd
import pytest
from test_analyses_structure import RULE, SOUND, simulated

from compendium.findings import decode
from compendium.plan import Structure
from compendium.report.figures.structure import fit_distributions
from compendium.steps import factor_structure as structure
from compendium.study.workers import WORKERS
from compendium.wording import sentence, sentences

THREE = {"a": [0.8, 0.7, 0.75, 0.7], "b": [0.75, 0.7, 0.8, 0.65], "c": [0.7, 0.8, 0.7, 0.75]}
MISFIT = structure.Misfit("scaled", 0.03, 0.01, 0.99, residuals=False, omitted=(2, 4, 7), ruled_out=(True, True, True))


def quick(levels: int = 2) -> Structure:
    """The plan with few draws."""
    draws = RULE.cutoff_replications.model_copy(update={"value": 20})
    few = RULE.misfit_levels.model_copy(update={"value": levels})
    return RULE.model_copy(update={"cutoff_replications": draws, "misfit_levels": few})


@pytest.fixture(scope="module", autouse=True)
def one_process() -> Iterator[None]:
    """Twenty draws are done before a second process has started."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(WORKERS, "1")
        yield


@pytest.fixture(scope="module")
def model() -> structure.ModelCutoffs:
    answers, scales = simulated(THREE, 0.4, n=400)
    return structure.model_cutoffs(structure.fit_rivals(answers, scales, ("correlated",)), quick(), seed=1)


@pytest.mark.parametrize(
    ("ruled_out", "residuals", "weight", "words"),
    [
        ((True, True, True), False, "for", "it fits better than models with two second loadings left out (SRMR 0.030"),
        (
            (False, True, True),
            False,
            "reservation",
            "four second loadings left out, but no better than models with two",
        ),
        ((None, True, True), False, "reservation", "two second loadings left out cannot be told from right ones"),
        ((False, False, None), False, "against", "it fits no better than models with four second loadings left out"),
        ((False, False, False), True, "against", "it fits no better than models with seven residual correlations"),
    ],
)
def test_verdict_on_fit_reads_the_cutoffs_for_this_model(
    ruled_out: Any, residuals: bool, weight: str, words: str
) -> None:
    """Conventional cut-offs that say the opposite do not count."""
    judged = replace(MISFIT, ruled_out=ruled_out, residuals=residuals)
    conventional = {"srmr": 0.2, "rmsea": 0.2, "cfi": 0.2} if weight == "for" else {}
    verdict = structure.judge_structure(replace(SOUND, misfit=judged, **conventional), RULE)
    check = next(check for check in verdict.checks if check.question == "fit")
    assert check.weight == weight
    assert words in sentence(check.finding)


def test_conventional_cutoffs_decide_where_there_are_no_others() -> None:
    answers, scales = simulated({"a": [0.7], "b": [0.7]}, 0.5)
    none = structure.model_cutoffs(structure.fit_rivals(answers, scales), RULE, seed=1)
    assert none.misfit is None and none.lost_share is None
    assert sentences(none.status).startswith("There are no cut-offs for this model (")
    assert structure.cutoff_table(none, RULE).empty and none.omissions.empty
    assert structure.judge_structure(replace(SOUND, srmr=0.2), RULE).level == "not supported"


def test_nothing_is_drawn_from_a_solution_that_is_not_proper() -> None:
    answers, scales = simulated({"a": [0.9, 0.9, 0.9], "b": [0.9, 0.9, 0.9]}, 1.0 - 1e-9, n=150)
    rivals = structure.fit_rivals(answers, scales, ("correlated",))
    assert rivals.main is not None and not rivals.main.proper
    none = structure.model_cutoffs(rivals, RULE, seed=1)
    assert none.misfit is None
    assert "solution that is not proper" in sentences(none.status)


def test_table_holds_both_cutoffs_of_every_index_and_level(model: structure.ModelCutoffs) -> None:
    table = structure.cutoff_table(model, RULE)
    assert table["index"].tolist() == ["SRMR", "RMSEA", "CFI"] * 2
    assert table["omitted"].tolist() == [1, 1, 1, 2, 2, 2]
    assert table["conventional"].tolist() == [0.08, 0.08, 0.9] * 2
    for row in table.itertuples(name=None):
        found = dict(zip(table.columns, row[1:], strict=True))
        kind = decode(found["answer"])[0].kind
        better = (
            found["observed"] >= found["cutoff"] if found["index"] == "CFI" else found["observed"] <= found["cutoff"]
        )
        absent = pd.isna(found["cutoff"])
        assert kind == ("cutoff_absent" if absent else "cutoff_met" if better else "cutoff_missed")
    assert [sentences(decode(cell)) for cell in model.omissions["misfit"]] == [
        "one second loading left out",
        "two second loadings left out",
    ]
    assert sentences(model.status) == (
        "Cut-offs for this model come from 20 draws of 400 people for the right model and as many for each misfit."
    )


def test_right_model_is_told_from_one_with_planted_second_loadings(model: structure.ModelCutoffs) -> None:
    assert model.misfit is not None and model.misfit.ruled_out[-1]
    answers, scales = simulated(THREE, 0.4, n=400)
    for own, other in (("a_3", "b_2"), ("b_3", "c_1"), ("c_0", "a_0")):
        answers[own] = answers[own].where(answers.index % 2 == 0, answers[other])
    rivals = structure.fit_rivals(answers, scales, ("correlated",))
    planted = structure.model_cutoffs(rivals, quick(), seed=1).misfit
    assert planted is not None and not planted.ruled_out[0]


def test_picture_shows_every_level_and_stands_without_draws(model: structure.ModelCutoffs) -> None:
    draws = structure.replication_table(model)
    assert draws.groupby("omitted").size().to_dict() == {0: 20, 1: 20, 2: 20}
    limits = structure.conventional_cutoffs(RULE)
    figure = fit_distributions(draws, model.observed, limits, reading=model.reading)
    words = [text.get_text() for text in figure.legends[0].get_texts()]
    assert words == ["right model", "1 left out", "2 left out", "this cohort", "conventional"]
    empty = structure.ModelCutoffs(None, ())
    assert fit_distributions(structure.replication_table(empty), empty.observed, limits, reading="").axes
