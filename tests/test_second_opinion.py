"""Two programs, one number: agreement passes, one changed number stops the study."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from compendium.steps.second_opinion import (
    COLUMNS,
    OF_GROUPS,
    ProgramsDisagreeError,
    agreed,
    factoring,
    public,
    summary,
    two_programs,
)
from psychometrics.efa import fit_efa

SEED, PEOPLE, ITEMS = 11, 120, list("abcdefgh")
SCALES = {"calm": ["a", "b", "c", "d"], "kind": ["e", "f", "g"], "alone": ["h"]}
FAMILIES = {
    "coefficient alpha", "alpha, lower end (Feldt)", "alpha, upper end (Feldt)", "Spearman's rho",
    "rho, lower end (Fisher)", "rho, upper end (Fisher)", "partial rho", "Games-Howell t", "Games-Howell p",
    "Henze-Zirkler statistic", "Henze-Zirkler p", "communality (minres)", "strongest loading (oblimin)",
    *(f"intraclass correlation ICC({form})" for form in ("1,1", "A,1", "C,1", "1,k", "A,k", "C,k")),
}  # fmt: skip


def answered() -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """Return answers with a gap, scores, and outcomes of which one does not vary."""
    draw = np.random.default_rng(SEED)
    traits = draw.normal(size=(PEOPLE, 2)) @ np.array([[1.0, 0.4], [0, 0.9]])
    latent = np.repeat(traits, [4, 4], axis=1) + draw.normal(size=(PEOPLE, 8))
    answers = pd.DataFrame(np.clip(np.rint(3 + latent), 1, 5), columns=ITEMS)
    answers.iloc[0, 0] = np.nan
    scores = pd.DataFrame({name: answers[items].mean(axis="columns") for name, items in SCALES.items()})
    return answers, scores, pd.DataFrame({"rest": answers["h"] + draw.normal(size=PEOPLE), "constant": 1.0})


@pytest.fixture(scope="module")
def compared() -> pd.DataFrame:
    answers, scores, outcomes = answered()
    sector = pd.Series(np.resize(["care", "health", None, "other"], PEOPLE), answers.index)
    table = two_programs(answers, SCALES, scores, outcomes, pd.DataFrame(), {"Sector": sector})
    return pd.concat([table, factoring(fit_efa(answers, 2, "pearson"))], ignore_index=True)


def test_both_programs_give_every_number(compared: pd.DataFrame) -> None:
    assert list(agreed(compared).columns) == list(COLUMNS)
    assert set(compared["quantity"]) == FAMILIES
    assert not compared["of"].str.contains("with constant").any()


def test_the_summary_counts_every_number_once(compared: pd.DataFrame) -> None:
    short = summary(compared)
    assert set(short["quantity"]) == FAMILIES and short["compared"].sum() == len(compared)
    assert short["apart"].max() == compared["apart"].max()


@pytest.mark.parametrize("quantity", sorted(FAMILIES))
@pytest.mark.parametrize("column", ["here", "there"])
@pytest.mark.parametrize("wrong", [2.1e-3, np.nan])
def test_one_changed_number_stops_the_study(compared: pd.DataFrame, quantity: str, column: str, wrong: float) -> None:
    changed = compared.copy()
    row = int(changed.index[changed["quantity"] == quantity][-1])
    changed.loc[row, column] += wrong
    with pytest.raises(ProgramsDisagreeError, match="here, ") as stopped:
        agreed(changed)
    assert f"{quantity} of {changed.loc[row, 'of']}: " in str(stopped.value)


def test_of_groups_only_the_difference_between_programs_is_public(compared: pd.DataFrame) -> None:
    """An exact t of two groups, with their rounded means and spreads, leaves one pair of sums."""
    shown = public(compared).set_index("quantity")
    assert shown.loc[list(OF_GROUPS), ["here", "there"]].isna().all(axis=None)
    assert shown["apart"].notna().all() and shown.drop(index=list(OF_GROUPS))["here"].notna().all()


def test_peers_are_the_raters_where_there_are_some() -> None:
    answers, scores, outcomes = answered()
    ratings = pd.MultiIndex.from_tuples(
        [(person, f"R{rater}") for person in answers.index[:40] for rater in range(1 + person % 3)],
        names=["person", "rater"],
    )
    draw = np.random.default_rng(SEED)
    level = scores["calm"].to_numpy()[ratings.get_level_values(0)]
    peers = pd.DataFrame({"calm": np.nan_to_num(level, nan=3) + draw.normal(size=len(ratings))}, index=ratings)
    table = two_programs(answers, SCALES, scores, outcomes, peers, {})
    family = table[table["quantity"].str.startswith("intraclass")]
    assert len(agreed(family)) == 6 and set(family["of"]) == {"calm"}


def test_what_cannot_be_computed_is_not_compared() -> None:
    answers, scores, _ = answered()
    few = two_programs(answers.iloc[:3], SCALES, scores.iloc[:3], pd.DataFrame(index=scores.index[:3]),
                       pd.DataFrame(), {"Sector": pd.Series("one", scores.index[:3])})  # fmt: skip
    assert len(agreed(few)) == len(few)
    assert "Games-Howell t" not in set(few["quantity"])
