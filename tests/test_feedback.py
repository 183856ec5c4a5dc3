"""A feedback page shows what may be shown, says what is withheld, and fits on one page."""

from __future__ import annotations

import dataclasses
import json
import math
import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from made_up_step import open_small, prepare, study_for_steps
from small_study import write_framework

from compendium.framework import load_framework
from compendium.plan import load_plan
from compendium.report.feedback import batch as feedback
from compendium.report.feedback import individual_profile, render, specimen_profile, team_profile
from compendium.report.feedback.profiles import SYNTHETIC, Cohort, Profile, Row
from compendium.steps.cohort_quality import judge_all

RATERS, TEAM = 3, 11
COMPETENCIES = list(load_framework("integrated-care").competencies.index)
LONG = "Understanding, negotiating and re-negotiating roles, responsibilities and services across boundaries"


def scores(n: int, seed: int = 1) -> pd.DataFrame:
    draw = np.random.default_rng(seed)
    index = pd.Index([f"p{number:02d}" for number in range(n)], name="person")
    return pd.DataFrame(draw.uniform(1, 5, (n, len(COMPETENCIES))), index=index, columns=COMPETENCIES)


def cohort(**changes: object) -> Cohort:
    errors = dict.fromkeys(COMPETENCIES, 0.25)
    made = Cohort("Pilot", load_framework("integrated-care"), load_plan(), scores(40), errors, synthetic=True)
    return dataclasses.replace(made, **changes)


def page_of(peers: pd.DataFrame | None) -> Profile:
    return individual_profile(cohort(), "p01", scores(1).iloc[0], peers)


def peer_column(profile: Profile) -> list[float | None]:
    return [row.peer_score for row in profile.rows]


def section(profile: Profile, heading: str) -> list[str]:
    return next(part.lines for part in profile.sections if part.heading == heading)


def pages_in(pdf: bytes) -> int:
    return len(re.findall(rb"/Type\s*/Page\b", pdf))


# Peers


@pytest.mark.parametrize("raters", [0, 1, 2])
def test_peer_means_are_withheld_under_three_raters(raters):
    profile = page_of(scores(raters))
    assert peer_column(profile) == [None] * len(COMPETENCIES)
    assert "Peer means are shown from 3 raters on." in profile.introduction
    assert [part.heading for part in profile.sections] == ["Highest", "Room to grow"]


def test_page_without_peers_is_the_page_with_none():
    assert page_of(None) == page_of(scores(0))


def test_middle_half_of_a_cohort_of_two_would_be_the_other_persons_score():
    pair = cohort(scores=scores(2))
    rows = individual_profile(pair, "p01", scores(1).iloc[0]).rows
    assert {(row.cohort_low, row.cohort_high) for row in rows} == {(None, None)}


def test_peer_means_are_shown_from_three_raters_on():
    peers = scores(RATERS, seed=2)
    profile = page_of(peers)
    np.testing.assert_allclose(peer_column(profile), np.rint(2 * peers.mean()) / 2)  # to half a point
    assert "3 colleagues rated you." in profile.introduction


@settings(max_examples=25, deadline=None)  # each example builds the page's cohort
@given(st.lists(st.integers(0, 6), min_size=len(COMPETENCIES), max_size=len(COMPETENCIES)))
def test_mean_of_a_competency_needs_three_scores_not_three_forms(answered):
    """Six forms of which one holds a score would show that one colleague's score."""
    peers = scores(6, seed=3)
    for name, count in zip(COMPETENCIES, answered, strict=True):
        peers.loc[peers.index[count:], name] = np.nan
    shown = [score is not None for score in peer_column(page_of(peers))]
    assert shown == [count >= RATERS for count in answered]


# Own scores


def test_uncertainty_is_one_standard_error_each_way_within_the_scale():
    own = pd.Series(3.0, index=COMPETENCIES)
    own.iloc[0], own.iloc[1] = 4.9, 1.1
    rows = individual_profile(cohort(), "p01", own).rows
    assert [(row.self_low, row.self_high) for row in rows[:3]] == [(4.65, 5), (1, pytest.approx(1.35)), (2.75, 3.25)]


def test_score_without_a_known_error_shows_no_range():
    rows = individual_profile(cohort(standard_errors={}), "p01", pd.Series(3.0, index=COMPETENCIES)).rows
    assert {(row.self_low, row.self_high) for row in rows} == {(None, None)}


def test_missing_own_score_is_shown_as_none():
    own = pd.Series(3.0, index=COMPETENCIES)
    own.iloc[0] = math.nan
    row = individual_profile(cohort(), "p01", own).rows[0]
    assert (row.self_score, row.self_low) == (None, None)


def test_only_gaps_beyond_twice_the_error_are_named():
    own = pd.Series(3.0, index=COMPETENCIES)
    gap = pd.Series(0.0, index=COMPETENCIES)
    gap.iloc[:4] = [1.0, -1.5, 0.5, 2.0]
    peers = pd.DataFrame([own + gap] * 3)
    labels = cohort().framework.labels
    lines = section(individual_profile(cohort(), "p01", own, peers), "Where peers see it differently")
    assert lines == [
        f"{labels[COMPETENCIES[3]]}: peers higher by 2.00",
        f"{labels[COMPETENCIES[1]]}: peers lower by 1.50",
        f"{labels[COMPETENCIES[0]]}: peers higher by 1.00",
    ]


def test_agreement_with_peers_is_said():
    own = pd.Series(3.0, index=COMPETENCIES)
    lines = section(individual_profile(cohort(), "p01", own, pd.DataFrame([own] * 3)), "Where peers see it differently")
    assert lines == ["Nowhere by more than the scores are uncertain."]


# Teams


@pytest.mark.parametrize("members", [1, 10])
def test_team_under_eleven_gets_no_page(members):
    assert team_profile(cohort(), "Team A", scores(members)) is None


def test_team_of_eleven_gets_a_page_with_its_means():
    members = scores(TEAM)
    profile = team_profile(cohort(), "Team A", members)
    assert profile is not None
    np.testing.assert_allclose([row.self_score for row in profile.rows], members.mean())
    assert peer_column(profile) == [None] * len(COMPETENCIES)
    assert "Peer means are withheld" in profile.introduction


@pytest.mark.parametrize("rated", [10, 11])
def test_team_peer_means_need_eleven_well_rated_members(rated):
    profile = team_profile(cohort(), "Team A", scores(15), scores(rated, seed=2))
    assert profile is not None
    assert [score is not None for score in peer_column(profile)] == [rated >= TEAM] * len(COMPETENCIES)


def test_team_mean_of_a_competency_needs_eleven_scores():
    members = scores(TEAM)
    members.iloc[0, 0] = np.nan
    profile = team_profile(cohort(), "Team A", members)
    assert profile is not None
    assert [row.self_score is None for row in profile.rows] == [True] + [False] * (len(COMPETENCIES) - 1)


# The specimen


def test_specimen_belongs_to_nobody():
    made = cohort()
    own = [row.self_score for row in specimen_profile(made).rows]
    lower, upper = made.scores.quantile(0.25), made.scores.quantile(0.75)
    expected = [(upper if place % 2 == 0 else lower).iloc[place] for place in range(len(COMPETENCIES))]
    np.testing.assert_allclose(own, expected)
    assert not (np.isclose(made.scores, own)).all(axis=1).any()
    assert "nobody" in specimen_profile(made).subtitle


def test_specimen_shows_no_peers_where_few_were_rated():
    assert peer_column(specimen_profile(cohort(), scores(9))) == [None] * len(COMPETENCIES)
    assert None not in peer_column(specimen_profile(cohort(), scores(10)))


# Notices


def notices(tmp_path: Path, kind: str, synthetic: bool) -> list[str]:
    write_framework(tmp_path / "mini")
    path = tmp_path / "mini" / "framework.yaml"
    path.write_text(path.read_text().replace("kind: placeholder", f"kind: {kind}"))
    return cohort(framework=load_framework("mini", tmp_path), synthetic=synthetic).notices


@pytest.mark.parametrize(
    ("kind", "synthetic", "expected"),
    [
        ("placeholder", True, [SYNTHETIC, "for tests"]),
        ("placeholder", False, ["for tests"]),
        ("published", True, [SYNTHETIC]),
        ("published", False, []),
    ],
)
def test_page_is_headed_by_what_must_be_known(tmp_path, kind, synthetic, expected):
    assert notices(tmp_path, kind, synthetic) == expected


def test_every_kind_of_page_carries_the_notices():
    made = cohort()
    team = team_profile(made, "Team A", scores(TEAM))
    assert team is not None
    for profile in (page_of(None), team, specimen_profile(made)):
        assert profile.notices == made.notices
        assert len(profile.notices) == 2


# The page


def long_profile(profile: Profile) -> Profile:
    rows = [dataclasses.replace(row, label=LONG, definition=f"{LONG}, and again {LONG}.") for row in profile.rows]
    return dataclasses.replace(profile, rows=rows, subtitle=f"{LONG}, {LONG}")


def test_page_is_one_page():
    assert pages_in(render(page_of(scores(5)))) == 1


def test_page_with_long_names_is_still_one_page():
    assert pages_in(render(long_profile(page_of(scores(5))))) == 1


@pytest.mark.parametrize("form", ["pdf", "svg", "png"])
def test_same_profile_gives_the_same_bytes(form):
    assert render(page_of(None), form) == render(page_of(None), form)


def test_page_holds_no_date():
    page = render(page_of(None))
    assert b"CreationDate" not in page
    assert b"ModDate" not in page


@pytest.mark.parametrize(("form", "start"), [("pdf", b"%PDF-"), ("svg", b"<svg"), ("png", b"\x89PNG")])
def test_page_has_the_wanted_form(form, start):
    assert render(page_of(None), form).startswith(start)


def test_signs_that_mean_something_to_the_typesetter_are_shown_as_they_are():
    tricky = dataclasses.replace(page_of(None), subtitle='#panic("x") $a$ *b* \\ "quoted"')
    assert pages_in(render(tricky)) == 1


def test_profile_holds_only_what_json_can_hold():
    own = pd.Series(math.nan, index=COMPETENCIES)
    profile = individual_profile(cohort(standard_errors={}), "p01", own, scores(3) * math.nan)
    text = json.dumps(dataclasses.asdict(profile), allow_nan=False)
    assert [Row(**row) for row in json.loads(text)["rows"]] == profile.rows
    assert pages_in(render(profile)) == 1


# The step


@pytest.fixture
def step(tmp_path, monkeypatch):
    study = study_for_steps(tmp_path, monkeypatch)
    study.settings["groups"]["team"] = {"column": "team", "label": "Team", "kind": "nominal"}
    study.own["team"] = ["../North/1"] * 12 + ["small"] * 10 + ["South"] * 38
    first = prepare(study)
    judge_all(first, first.load_cohort())
    return open_small(study, "09_feedback")


@pytest.fixture
def drawn(monkeypatch):
    """Pages that cost nothing: what is tested is who gets one."""
    draw = "compendium.report.feedback.batch.render"
    monkeypatch.setattr(draw, lambda profile, form="pdf": profile.subtitle.encode())


def test_everybody_with_a_score_gets_a_page_and_nobody_else(step, drawn):
    shared = feedback.context(step)
    shared.scores.iloc[0] = np.nan
    (step.folders.private / "reports" / "individual").mkdir(parents=True)
    (step.folders.private / "reports" / "individual" / "left.pdf").touch()
    assert feedback.individual_reports(step, shared, feedback.peer_scores(step)) == 59
    written = {path.stem for path in (step.folders.private / "reports" / "individual").iterdir()}
    assert written == set(shared.scores.index[1:])


def test_team_pages_stay_in_the_private_folder_and_small_teams_get_none(step, drawn):
    shared = feedback.context(step)
    table = feedback.team_reports(step, shared, feedback.peer_scores(step))
    assert table.set_index("team")["reported"].to_dict() == {"../North/1": True, "South": True, "small": False}
    written = sorted(path.name for path in (step.folders.private / "reports" / "team").iterdir())
    assert written == ["..%2FNorth%2F1.pdf", "South.pdf"]
    counted = feedback.coverage(59, table).set_index("report")
    assert counted.loc["team"].to_dict() == {"made": 2, "withheld": 1}


def test_context_takes_measurement_errors_from_the_reliability_of_the_scores(step):
    shared = feedback.context(step)
    assert set(shared.standard_errors) == {"listen", "share"}
    assert all(0 < error < 1 for error in shared.standard_errors.values())
    assert shared.synthetic


def test_specimen_team_is_the_whole_cohort(step):
    shared = feedback.context(step)
    profile = feedback.specimen_team(step, shared, feedback.peer_scores(step))
    assert profile is not None
    np.testing.assert_allclose([row.self_score for row in profile.rows], shared.scores.mean())
    assert peer_column(profile) == [None, None]
    assert set(feedback.pages(profile)) == {"svg", "png"}
