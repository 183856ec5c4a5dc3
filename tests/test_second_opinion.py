"""Two programs, one number: agreement passes, one changed number stops the study."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from compendium.steps.second_opinion import COLUMNS, ProgramsDisagreeError, agreed, two_programs

SEED, PEOPLE = 11, 40


@pytest.fixture(scope="module")
def compared() -> pd.DataFrame:
    draw = np.random.default_rng(SEED)
    trait = draw.normal(size=(PEOPLE, 1))
    answers = pd.DataFrame(np.clip(np.rint(3 + trait + draw.normal(size=(PEOPLE, 5))), 1, 5), columns=list("abcde"))
    answers.iloc[0, 0] = np.nan
    scores = pd.DataFrame({"calm": answers[["a", "b", "c"]].mean(axis="columns")})
    outcomes = pd.DataFrame({"rest": answers["e"], "constant": 1.0})
    return two_programs(answers, {"calm": ["a", "b", "c"], "alone": ["d"]}, scores, outcomes)


def test_alpha_and_rho_match_pingouin(compared: pd.DataFrame) -> None:
    assert list(agreed(compared).columns) == list(COLUMNS)
    assert list(compared["of"]) == ["calm", "calm with rest"]


@pytest.mark.parametrize("row", [0, 1])
@pytest.mark.parametrize("column", ["here", "pingouin"])
@pytest.mark.parametrize("wrong", [1e-6, np.nan])
def test_one_changed_number_stops_the_study(compared: pd.DataFrame, row: int, column: str, wrong: float) -> None:
    changed = compared.copy()
    changed.loc[row, column] += wrong
    with pytest.raises(ProgramsDisagreeError, match=f"of {compared.loc[row, 'of']}: "):
        agreed(changed)
