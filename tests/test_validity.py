"""The measurement properties in COSMIN's words: every rule of the plan, what is not collected, and nothing from NaN."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from test_analyses_structure import SOUND

from compendium.faults import NotYet
from compendium.findings import decode, found
from compendium.paths import ResultFolders
from compendium.plan import load_plan
from compendium.steps import validity
from compendium.steps.factor_structure import judge_structure
from compendium.steps.factor_structure.reliability import Draws, latent_reliability, reliability_table, two_level
from compendium.steps.validity import Known, cosmin_table
from compendium.wording import kinds, running_text

RULE = load_plan().cosmin
VALUES: dict[str, Any] = {
    "consultation_n_keep": 60, "consultation_n_reword": 2, "consultation_n_question": 4, "consultation_n_raters": 9,
    "consultation_kind": "real", "s_cvi_average": 0.95, "model_cfi": 0.93, "model_rmsea": 0.05, "model_srmr": 0.06,
    "fit_reading": "robust", "structure_level": "supported", "n_invariance_comparisons": 3, "n_not_invariant": 0,
    "n_unfair_kept": 0, "n_untested_kept": 0, "icc1_mean": 0.4, "icc_k_mean": 0.72, "n_claims_supported": 6,
    "n_claims_not_supported": 1, "n_claims_undetermined": 1,
}  # fmt: skip


def known(**changed: Any) -> Known:
    """Return what earlier steps found, some of it changed."""
    draw = np.random.default_rng(1)
    scores = pd.DataFrame({"listen": draw.uniform(2, 4, 200), "share": draw.uniform(2, 4, 200)})
    reliability = pd.DataFrame(
        {"alpha": [0.8, 0.75], "lower": [0.7, 0.7], "upper": [0.9, 0.8], "score_error": 0.2, "smallest_change": 0.55},
        index=["listen", "share"],
    )
    return Known(VALUES | changed, scores, reliability, {"listen": (1, 5), "share": (1, 5)}, 10)


def rated(one: Known) -> dict[str, str]:
    """Return the rating of each property."""
    table = cosmin_table(one, RULE)
    names = [decode(cell)[0].kind.removeprefix("property_") for cell in table["property"]]
    return dict(zip(names, table["rating"], strict=True))


def test_every_property_is_there_with_its_sentences() -> None:
    table = cosmin_table(known(), RULE)
    assert len(table) == 11
    for column in ("property", "done", "result", "rule"):
        for cell in table[column]:
            assert decode(cell)[0].kind in kinds()
            assert "{" not in running_text(cell)


def test_what_was_not_done_is_not_told_as_done() -> None:
    closed = found("gate_closed", n=60, counts="people", needed=200)
    without = replace(known(n_invariance_comparisons=None, n_unfair_kept=None), no_factors=closed)
    done, result = (cosmin_table(without, RULE).loc[[1, 3], column] for column in ("done", "result"))
    assert [decode(cell)[0].kind for cell in done] == ["cosmin_cfa_wanted", "cosmin_groups_wanted"]
    assert [decode(cell)[0].kind for cell in result] == ["gate_closed", "cosmin_no_groups"]
    alone = cosmin_table(known(n_competencies_modelled=1), RULE)
    assert decode(alone.loc[1, "done"])[0].kind == "cosmin_cfa_alone"


def test_what_this_design_never_collects_is_named_and_not_rated() -> None:
    ratings = rated(known())
    assert {ratings[name] for name in ("retest", "criterion", "responsiveness")} == {"not rated"}
    assert ratings["error"] == "indeterminate"


@pytest.mark.parametrize(
    ("changed", "name", "rating"),
    [
        ({}, "content", "sufficient"),
        ({"consultation_n_question": 20}, "content", "insufficient"),
        ({"consultation_n_keep": None}, "content", "not rated"),
        ({}, "structural", "sufficient"),
        ({"model_rmsea": 0.09, "model_srmr": 0.09}, "structural", "insufficient"),
        ({"model_srmr": None}, "structural", "indeterminate"),
        ({}, "consistency", "sufficient"),
        ({"model_srmr": None}, "consistency", "indeterminate"),
        ({}, "invariance", "sufficient"),
        ({"n_not_invariant": 1}, "invariance", "insufficient"),
        ({"n_unfair_kept": 2}, "invariance", "insufficient"),
        ({"n_untested_kept": 1}, "invariance", "indeterminate"),
        ({"n_invariance_comparisons": None, "n_unfair_kept": None}, "invariance", "indeterminate"),
        ({}, "raters", "sufficient"),
        ({"icc_k_mean": 0.4}, "raters", "insufficient"),
        ({"icc_k_mean": None}, "raters", "not rated"),
        ({}, "hypotheses", "sufficient"),
        ({"n_claims_supported": 0}, "hypotheses", "insufficient"),
        ({"n_claims_supported": 1, "n_claims_undetermined": 5}, "hypotheses", "indeterminate"),
        ({"n_claims_supported": 0, "n_claims_not_supported": 0, "n_claims_undetermined": 0}, "hypotheses", "not rated"),
    ],
)
def test_rating_follows_cosmin(changed: dict[str, Any], name: str, rating: str) -> None:
    assert rated(known(**changed))[name] == rating


def test_low_alpha_is_insufficient_and_an_unknown_one_never_counts() -> None:
    one = known()
    low = replace(one, reliability=one.reliability.assign(alpha=[0.8, 0.6]))
    assert rated(low)["consistency"] == "insufficient"
    unknown = replace(one, reliability=one.reliability.assign(alpha=[0.8, np.nan]))
    assert rated(unknown)["consistency"] == "indeterminate"


def test_ends_of_the_scale_speak_of_no_few_people() -> None:
    one = known()
    few = one.scores.assign(listen=one.scores["listen"].where(np.arange(200) >= 9, 5.0))
    cell = cosmin_table(replace(one, scores=few), RULE).iloc[-1]
    assert "fewer than 5" in running_text(cell["result"])
    many = one.scores.assign(share=one.scores["share"].where(np.arange(200) >= 60, 1.0))
    cell = cosmin_table(replace(one, scores=many), RULE).iloc[-1]
    assert cell["rating"] == "insufficient"
    assert "the lowest possible score of share" in running_text(cell["result"])


def test_step_that_has_not_run_is_named_and_no_silent_blank(tmp_path: Path) -> None:
    """Whether it left a value or not: one that is below all of its gates has run all the same."""
    step = SimpleNamespace(
        collected=lambda what: what == "self_ratings",
        settings=SimpleNamespace(id="pilot"),
        folders=ResultFolders(tmp_path),
    )
    step.folders.runs.mkdir()
    (step.folders.runs / "04_item_analysis.json").touch()
    with pytest.raises(NotYet, match="05_factor_structure"):
        validity.what_is_known(step, {})  # type: ignore[arg-type]


def test_omega_above_one_is_flagged_and_never_evidence() -> None:
    rule = load_plan().structure
    sound = replace(SOUND, omega=0.921)
    assert [check.weight for check in judge_structure(sound, rule).checks if check.question == "reliable"] == ["for"]
    [check] = [
        each for each in judge_structure(replace(SOUND, omega=1.008), rule).checks if each.question == "reliable"
    ]
    assert (check.weight, check.finding.kind) == ("reservation", "omega_impossible")
    unknown = replace(SOUND, omega_unknown=("share",))
    [check] = [each for each in judge_structure(unknown, rule).checks if each.question == "reliable"]
    assert (check.weight, check.finding.kind) == ("reservation", "omega_unknown")


def clustered() -> tuple[pd.DataFrame, pd.Series]:
    """Return answers to four items of people in forty teams that differ."""
    draw = np.random.default_rng(2)
    team = np.repeat(np.arange(40), 8)
    trait = draw.normal(size=320) + 0.8 * draw.normal(size=40)[team]
    codes = np.clip(np.rint(3 + trait[:, None] + draw.normal(size=(320, 4))), 1, 5)
    return pd.DataFrame(codes, columns=list("abcd")), pd.Series(team.astype(str))


def test_every_reliability_has_its_interval_and_clusters_widen_that_of_alpha() -> None:
    answers, team = clustered()
    scales = {"listen": list("abcd")}
    people, teams = Draws(200, 1, 0.95), Draws(200, 1, 0.95, team)
    alone = reliability_table(answers, scales, 0.95, people).iloc[0]
    within = reliability_table(answers, scales, 0.95, teams).iloc[0]
    assert (alone["interval"], within["interval"], within["n_clusters"]) == ("feldt", "bootstrap", 40)
    assert within["alpha"] == alone["alpha"]
    assert within["lower"] < within["alpha"] < within["upper"]
    assert within["smallest_change"] == pytest.approx(1.959964 * np.sqrt(2) * within["score_error"], rel=1e-6)
    latent = latent_reliability(answers, scales, replace(teams, n_resamples=10)).iloc[0]
    assert latent["omega_lower"] < latent["omega_categorical"] < latent["omega_upper"]
    levels = two_level(answers, scales, teams, 30).set_index("coefficient")
    assert (levels["lower"] < levels["estimate"]).loc[["alpha_within", "icc", "cluster_mean"]].all()
    assert levels["design_effect"].iloc[0] > 1.5
    assert levels["effective_n"].iloc[0] < 320
