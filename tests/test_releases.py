"""Two releases together give nobody away: of one cohort, of its waves, of cohorts that share people."""

from __future__ import annotations

import stat
from pathlib import Path

import pandas as pd
import pytest
from made_up_step import prepare, study_for_steps
from small_study import SmallStudy
from typer.testing import CliRunner

from compendium.cohort.schema import CohortSettings
from compendium.disclosure.releases import Release, hashed, release_problem
from compendium.faults import InvalidInput
from compendium.outputs import release as releases
from compendium.outputs.runs import record_run
from compendium.outputs.saving import Origin, Results
from compendium.paths import ResultFolders
from compendium.run.cli import app

LIMIT = 10
SECRET = b"a secret"


def built(results: Path, settings: CohortSettings, ids: list[str], answers: str) -> ResultFolders:
    """Write of a build what a release is described by."""
    folders = ResultFolders(results / settings.id)
    save = Results(folders, "03_cohort_quality")
    save.value("n_people", len(ids), origin=Origin("made.up"))
    save.private_table("pseudonyms", pd.DataFrame({"pseudonym": "P"}, index=ids))
    record_run(folders, "03_cohort_quality", {"responses/self.csv": answers, "study.yaml": "x"})
    return folders


@pytest.fixture
def study(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> SmallStudy:
    made = study_for_steps(tmp_path, monkeypatch)
    made.settings["kind"] = "real"
    made.write()
    return made


@pytest.fixture
def settings(study: SmallStudy) -> CohortSettings:
    return prepare(study).settings


def people(first: int, last: int) -> list[str]:
    return [f"p{number:03d}" for number in range(first, last)]


def of(first: int, last: int, answers: str) -> Release:
    return Release(answers, {"n_people": last - first}, hashed(people(first, last), SECRET))


@pytest.mark.parametrize(
    ("new", "refused"),
    [
        (of(0, 90, "second"), True),  # one left
        (of(0, 91, "second"), True),  # the same people, answers corrected
        (of(9, 91, "second"), True),  # nine left
        (of(5, 95, "second"), True),  # five left and four came
        (of(10, 91, "second"), False),  # ten left
        (of(91, 182, "second"), False),  # other people altogether: another wave of as many
        (of(0, 91, "first"), False),  # the same answers once more
    ],
)
def test_release_beside_an_earlier_one_goes_by_the_people_who_differ(new, refused):
    assert (release_problem(new, [of(0, 91, "first")], LIMIT) is not None) == refused


@pytest.mark.parametrize(("people", "refused"), [(90, True), (91, True), (82, True), (81, False)])
def test_release_without_ids_goes_by_counts(people, refused):
    before = [Release("first", {"n_people": 91})]
    assert (release_problem(Release("second", {"n_people": people}), before, LIMIT) is not None) == refused


def test_release_that_nobody_was_given_does_not_count():
    aside = [Release("first", {"n_people": 91}, withdrawn="a draft that nobody was given")]
    assert release_problem(Release("second", {"n_people": 90}), aside, LIMIT) is None


def test_build_after_a_build_is_refused_until_the_earlier_one_is_set_aside(tmp_path, settings):
    folders = built(tmp_path, settings, people(0, 60), "first")
    releases.ask(folders, settings, LIMIT)
    assert releases.note(folders, settings) == 1
    assert releases.note(folders, settings) == 1  # the same once more
    folders = built(tmp_path, settings, people(0, 59), "second")
    with pytest.raises(InvalidInput, match="they differ by fewer than 10"):
        releases.ask(folders, settings, LIMIT)
    with pytest.raises(InvalidInput, match="cannot be set aside"):
        releases.set_aside(folders, settings, 1, "no")
    releases.set_aside(folders, settings, 1, "nobody was given that draft")
    releases.ask(folders, settings, LIMIT)
    assert releases.note(folders, settings) == 2


def test_another_cohort_that_shares_nearly_all_people_is_refused_and_named(tmp_path, settings):
    releases.note(built(tmp_path, settings, people(0, 60), "first"), settings)
    other = settings.model_copy(update={"id": "second-wave"})
    with pytest.raises(InvalidInput, match="of cohort pilot"):
        releases.ask(built(tmp_path, other, people(3, 60), "later"), other, LIMIT)
    releases.ask(built(tmp_path, other, people(60, 120), "others"), other, LIMIT)


def test_notes_hold_no_id_and_only_their_owner_reads_them(tmp_path, settings):
    folders = built(tmp_path, settings, people(0, 60), "first")
    releases.note(folders, settings)
    home = tmp_path / ".releases"
    assert stat.S_IMODE(home.stat().st_mode) == 0o700
    for path in home.iterdir():
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        assert b"p001" not in path.read_bytes()


def test_person_who_left_is_in_no_note_and_still_counts_as_a_difference(tmp_path, settings):
    folders = built(tmp_path, settings, people(0, 60), "first")
    releases.note(folders, settings)
    assert releases.forget_person(folders, "p000") == 1
    assert releases.forget_person(folders, "p000") == 0
    with pytest.raises(InvalidInput, match="they differ by fewer than 10"):
        releases.ask(built(tmp_path, settings, people(1, 60), "second"), settings, LIMIT)


def test_synthetic_cohort_holds_nobody_and_is_not_noted(tmp_path, settings):
    made_up = settings.model_copy(update={"kind": "synthetic"})
    folders = built(tmp_path, made_up, people(0, 60), "first")
    assert releases.note(folders, made_up) == 0
    assert not (tmp_path / ".releases").exists()


def test_book_of_a_real_cohort_asks_before_it_is_built_and_is_noted_after(study, settings, tmp_path, monkeypatch):
    asked: list[str] = []
    for name in ("ask", "note"):
        monkeypatch.setattr(f"compendium.outputs.release.{name}", lambda *_, name=name: asked.append(name))
    monkeypatch.setattr("compendium.report.book.build", lambda *_: asked.append("build") or "index.html")
    ran = CliRunner().invoke(app, ["book", "--cohort", str(study.folder), "--results", str(tmp_path / "out")])
    assert ran.exit_code == 0, ran.output
    assert asked == ["ask", "build", "note"]
