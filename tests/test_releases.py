"""Two releases together give nobody away: of one cohort, of its waves, of cohorts that share people."""

from __future__ import annotations

import stat
from itertools import combinations
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from made_up_step import prepare, study_for_steps
from small_study import SmallStudy
from typer.testing import CliRunner

from compendium.cohort.schema import CohortSettings
from compendium.disclosure.releases import Part, Release, _kinds, hashed, release_problem, together
from compendium.faults import InvalidInput
from compendium.outputs import release as releases
from compendium.outputs.runs import record_run
from compendium.outputs.saving import Origin, Results
from compendium.paths import ResultFolders
from compendium.run.cli import app
from compendium.study.prepared import Prepared

LIMIT = 10
SECRET = b"a secret"


def built(results: Path, settings: CohortSettings, ids: list[str], answers: str) -> ResultFolders:
    """Write of a build what a release is described by."""
    folders = ResultFolders(results / settings.id)
    save = Results(folders, "03_cohort_quality")
    save.value("n_people", len(ids), origin=Origin("made.up"))
    save.private_table("pseudonyms", pd.DataFrame({"pseudonym": [f"P{name}" for name in ids]}, index=ids))
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


def part(given: dict[str, str], period: str = "2025", kind: str = "answers", n: int | None = None) -> Part:
    return Part(kind, period, len(given) if n is None else n, given)


def gave(first: int, last: int, what: str = "a") -> dict[str, str]:
    return {name: f"{what} of {name}" for name in people(first, last)}


FIRST = gave(0, 91)


@pytest.mark.parametrize(
    ("new", "refused"),
    [
        ([part(gave(1, 91))], True),  # one left
        ([part(FIRST | gave(0, 3, "b"))], True),  # three were corrected
        ([part(FIRST | gave(0, 12, "b"))], False),  # twelve were corrected
        ([part(gave(10, 91))], False),  # ten left
        ([part(FIRST)], False),  # another file, the same answers
        ([part(gave(0, 91, "b"), "2026")], False),  # the same people in another wave
        ([part(gave(1, 91, "b"), "2026")], False),  # all but one of them in another wave
        ([part(gave(1, 91, "b"), "2025")], True),  # other questions of the same wave, one left
        ([part(gave(1, 91, "b"), "")], True),  # it is not known when
        ([part(gave(0, 91, "b"), "2026"), part(gave(1, 91))], True),  # another wave, the first one less one person
        ([part(FIRST), part(gave(0, 30), kind="ratings")], False),  # ratings came
        ([part(FIRST), part(gave(0, 2, "c"), kind="outcomes")], False),
    ],
)
def test_release_goes_wave_by_wave_by_who_gave_other_answers(new, refused):
    old = Release("first", {"n_people": 91}, hashed(people(0, 91), SECRET), parts=(part(FIRST),))
    made = Release("second", {"n_people": 91}, hashed(people(0, 91), SECRET), parts=tuple(new))
    assert (release_problem(made, [old], LIMIT) is not None) == refused


def test_one_rater_who_takes_the_ratings_back_is_a_difference_of_one():
    both = (part(FIRST), part(gave(0, 30), kind="ratings"))
    old = Release("first", {}, hashed(people(0, 91), SECRET), parts=both)
    less = Release("second", {}, hashed(people(0, 91), SECRET), parts=(both[0], part(gave(1, 30), kind="ratings")))
    assert release_problem(less, [old], LIMIT) is not None


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
    assert releases.forget_person(folders, settings, "p000") == 1
    assert releases.forget_person(folders, settings, "p000") == 0
    with pytest.raises(InvalidInput, match="they differ by fewer than 10"):
        releases.ask(built(tmp_path, settings, people(1, 60), "second"), settings, LIMIT)


def released(study: SmallStudy) -> tuple[ResultFolders, CohortSettings, Release]:
    """Prepare the study as it lies there, and return what its release would be noted as."""
    step = prepare(study)
    rows = step.load_cohort().pseudonyms.to_frame("pseudonym")
    save = Results(step.folders, "03_cohort_quality")
    save.value("n_people", len(rows), origin=Origin("made.up"))
    save.private_table("pseudonyms", rows)
    record_run(step.folders, "03_cohort_quality", {"responses/self.csv": str(hash(study.own.to_csv()))})
    return step.folders, step.settings, releases._described(step.folders, step.settings)


def test_people_raters_and_what_they_gave_are_known_from_the_prepared_tables(study):
    folders, settings, old = released(study)
    kinds = {each.kind: each for each in old.parts}
    assert {kind: each.n for kind, each in kinds.items()} == {
        "answers": 60, "outcomes": 60, "ratings": 21, "ratings of outcomes": 21,
    }  # fmt: skip
    assert set(kinds["ratings"].given) <= set(old.people)
    releases.note(folders, settings)
    study.own.loc[3, "agency"] = "North"
    folders, settings, new = released(study)
    changed = [name for part in new.parts for name in part.given if kinds[part.kind].given[name] != part.given[name]]
    assert len(changed) == 1
    with pytest.raises(InvalidInput, match="they differ by fewer than 10"):
        releases.ask(folders, settings, LIMIT)
    releases.forget_person(folders, settings, "p05")
    noted = (folders.root.parent / ".releases" / "pilot.json").read_text()
    assert noted.count(hashed(["p05"], releases._secret(folders))[0]) == 0


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


def leaves_a_few(members: np.ndarray, people: np.ndarray, limit: int) -> bool:
    """Say by rank whether the first sum adds one over fewer people than the limit to what the others tell."""
    small = [kind for kind, n in enumerate(people) if n < limit]
    sets = [each for size in range(1, limit) for each in combinations(small, size) if people[list(each)].sum() < limit]
    largest = [each for each in sets if not any(set(each) < set(other) for other in sets)]

    def told(rows: np.ndarray, kinds: tuple[int, ...]) -> int:
        return int(np.linalg.matrix_rank(rows) - np.linalg.matrix_rank(np.delete(rows, kinds, axis=1)))

    return any(told(members.T, kinds) > told(members.T[1:], kinds) for kinds in largest)


@pytest.mark.parametrize("seed", range(15))
def test_releases_added_and_subtracted_leave_a_few_people_where_a_linear_solver_finds_them(seed):
    draw = np.random.default_rng(seed)
    wards = np.arange(90) // 30
    drawn = [set(np.flatnonzero(np.isin(wards, np.flatnonzero(draw.random(3) < 0.6)))) for _ in range(4)]
    drawn = [each ^ set(draw.choice(100, draw.integers(0, 8), replace=False)) for each in drawn]
    builds = [
        Release("", parts=(Part("answers", "2025", len(each), {f"p{one}": "a" for one in each}),))
        for each in drawn
        if len(each) >= LIMIT
    ]
    people, members = _kinds([build.parts[0] for build in builds])
    assert bool(together(builds[0], builds[1:], LIMIT)) == leaves_a_few(members, people, LIMIT)


def test_two_wards_and_the_hospital_that_they_nearly_make_up_are_refused_and_named(tmp_path, settings):
    for name, ids in (("ward-a", people(0, 40)), ("ward-b", people(40, 80))):
        ward = settings.model_copy(update={"id": name})
        folders = built(tmp_path, ward, ids, name)
        releases.note(with_answers(folders, ids), ward)
    for last, refused in ((81, True), (90, False)):
        folders = with_answers(built(tmp_path, settings, people(0, last), f"up to {last}"), people(0, last))
        if refused:
            with pytest.raises(InvalidInput, match="release 1 of ward-a, release 1 of ward-b, it leaves fewer than 10"):
                releases.ask(folders, settings, LIMIT)
        else:
            releases.ask(folders, settings, LIMIT)


def with_answers(folders: ResultFolders, ids: list[str]) -> ResultFolders:
    """Add prepared answers, the same ones of a person in every cohort."""
    index = pd.Index([f"P{name}" for name in ids], name="person")
    answers = pd.DataFrame({"listen_1": [float(int(name[1:]) % 5 + 1) for name in ids]}, index=index)
    Prepared(folders.private).write("answers", answers)
    Prepared(folders.private).write("people", pd.DataFrame(index=index))
    return folders


def test_a_table_without_columns_says_nothing_of_anybody() -> None:
    from compendium.outputs.release import _given

    assert _given(pd.DataFrame(index=pd.Index(["p", "q"], name="person")), "person") == {}
