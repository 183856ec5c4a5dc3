"""Colleagues in groups: no rating can be worked out from what is shown, and every form and report knows the groups."""

from __future__ import annotations

from dataclasses import replace
from itertools import chain

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from made_up_reports import framework, group
from small_study import SmallStudy, small_study
from test_feedback import of_person

from compendium.cohort.schema import CohortSettings, read_settings
from compendium.disclosure.rounding import COLLUSION_WIDTH
from compendium.instruments.questionnaire import questionnaire
from compendium.steps.feedback import Evidence
from compendium.steps.feedback.evidence import shown_means
from compendium.steps.feedback.rater_groups import pooled, set_apart

NEEDED = 3
LEVELS = ["own team", "another team", "another organisation"]
DECLARED = {
    "column": "relation", "label": "How do you work with this colleague?", "kind": "nominal",
    "levels": {1: LEVELS[0], 2: LEVELS[1], 3: LEVELS[2]},
}  # fmt: skip


@settings(max_examples=60, deadline=None)
@given(st.lists(st.integers(0, 7), min_size=1, max_size=6))
def test_nothing_shown_less_anything_shown_leaves_too_few_raters(counts):
    known = {str(place): n for place, n in enumerate(counts)}
    blocks = pooled(known, NEEDED)
    assert len(blocks) != 1
    assert all(sum(known[name] for name in block) >= NEEDED for block in blocks)
    named = list(chain.from_iterable(blocks))
    assert len(named) == len(set(named))
    if blocks:  # everybody is in a block, so that the total less some blocks is other blocks
        assert set(named) == {name for name, n in known.items() if n}


def apart(ratings: np.ndarray, said: list[str]) -> list[tuple[float, ...]]:
    """Return every mean that is told of each person, who is one row of ratings."""
    people = [f"p{place:02d}" for place in range(len(ratings))]
    raters = [f"r{place}" for place in range(len(said))]
    index = pd.MultiIndex.from_product([people, raters], names=["person", "rater"])
    scores = pd.DataFrame({"listening": ratings.ravel()}, index=index)
    means, errors, _ = shown_means(scores, NEEDED)
    found = set_apart(scores, pd.Series(said * len(people), index=index), LEVELS, NEEDED, means, errors)
    of_blocks = [[mean for block in found.blocks[each] for mean in block.means.values()] for each in people]
    return [(*of_all, *means) for of_all, means in zip(found.means.to_numpy(), of_blocks, strict=True)]


@settings(max_examples=10, deadline=None)
@given(st.lists(st.integers(3, 5), min_size=2, max_size=3), st.integers(0, 10_000))
def test_all_raters_but_one_cannot_work_out_the_last_one_from_all_means_together(sizes, seed):
    draw = np.random.default_rng(seed)
    said = [LEVELS[place] for place, n in enumerate(sizes) for _ in range(n)]
    ratings, last = draw.integers(7, 36, len(said)) / 7, int(draw.integers(len(said)))
    # As if the scale had no ends, so that the rounding alone keeps the rating open.
    tried = np.tile(ratings, (61, 1))
    tried[:, last] += np.arange(-30, 31) / 10
    told = apart(tried, said)
    assert len(told[30]) == 1 + len(sizes)
    open_ = [place for place, each in enumerate(told) if each == told[30]]
    assert (open_[-1] - open_[0]) / 10 >= COLLUSION_WIDTH - 0.21


def test_a_group_without_enough_scores_hides_every_group_of_that_competency():
    index = pd.MultiIndex.from_product([["p"], [f"r{place}" for place in range(7)]], names=["person", "rater"])
    scores = pd.DataFrame({"listening": [4.0] * 6 + [np.nan], "sharing": [4.0, 5, 4, 3, 2, 3, 2]}, index=index)
    said = pd.Series([LEVELS[0]] * 4 + [LEVELS[1]] * 2 + [None], index=index)  # one did not say
    means, errors, _ = shown_means(scores, NEEDED)
    found = set_apart(scores, said, LEVELS, NEEDED, means, errors)
    first, rest = found.blocks["p"]
    assert (first.groups, rest.groups) == ((LEVELS[0],), (LEVELS[1], ""))
    assert (first.raters, rest.raters) == (4, 3)
    assert set(first.means) == set(rest.means) == {"sharing"}
    assert found.means.loc["p", "listening"] == means.loc["p", "listening"]
    assert found.means.loc["p", "sharing"] == pytest.approx(
        (4 * first.means["sharing"] + 3 * rest.means["sharing"]) / 7
    )


# What a form asks, what is read, and what a report says


@pytest.fixture
def asked(tmp_path) -> SmallStudy:
    made = small_study(tmp_path)
    made.settings["rater_group"] = DECLARED
    made.peers["relation"] = ["1", "Another team"] * (len(made.peers) // 2)
    return made


def test_declared_group_is_read_by_code_and_by_label_and_asked_by_the_peer_form(asked):
    said = asked.load().rater_groups["rater_group"]
    assert list(said[:2]) == LEVELS[:2]
    described = CohortSettings.model_validate(asked.settings)
    codes = {form: [each.code for each in questionnaire(framework(), form, settings=described).questions]
             for form in ("self", "peer")}  # fmt: skip
    assert "relation" in codes["peer"]
    assert "relation" not in codes["self"]


def test_refuses_what_makes_no_groups_of_raters(asked):
    asked.peers.loc[0, "relation"] = "4"
    levels = {1: "A", 2: "a"}
    asked.settings["rater_group"] |= {"levels": levels, "role": "compare", "kind": "ordered"}
    problems = [fault.problem for fault in asked.faults()]
    said = ("undeclared level", "a grouping of raters has no role", "a grouping of raters is nominal",
            "two levels have the same label")  # fmt: skip
    assert all(each in problems for each in said), problems
    asked.settings["rater_group"] |= {"levels": {}}
    asked.settings["files"] = {"self": "self.csv"}
    asked.write()
    problems = [fault.problem for fault in read_settings(asked.folder).faults]
    assert {"there is no peer file", "raters are put in groups by declared levels"} <= set(problems)


def grouped(said: list[str]) -> Evidence:
    made = group(people=12, raters=len(said), seed=4)
    peers = made.peers
    assert peers is not None
    scores = pd.DataFrame({name: peers.answers[items].mean(axis=1) for name, items in made.scales.items()})
    relation = pd.Series(said * 12, index=scores.index)
    found = set_apart(scores, relation, LEVELS, NEEDED, peers.scores, peers.errors)
    return replace(made, peers=replace(peers, scores=found.means, errors=found.errors, blocks=found.blocks))


def test_report_tells_the_groups_that_may_stand_apart_and_why_others_do_not():
    text = of_person(grouped([LEVELS[0]] * 4 + [LEVELS[1]] * 2 + [LEVELS[2]])).text()
    assert "own team (4); another team and another organisation (3)." in text
    assert "average of each group of colleagues" in text
    text = of_person(grouped([LEVELS[0]] * 4 + [LEVELS[1]] * 2)).text()
    assert "So we show all of them together." in text
    assert "another team" not in text
    assert "average of each group of colleagues" not in text
    assert "How they work with you was not asked." in of_person(group(people=12, raters=4, seed=4)).text()
