"""Several cohorts beside one another: items matched, people apart, claims and items pooled; refusals and attacks."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from made_up_step import open_small, prepare, study_for_steps
from small_study import SmallStudy
from typer.testing import CliRunner

from compendium.faults import InvalidInput
from compendium.findings import decode, encode, found
from compendium.framework import Framework
from compendium.outputs import release as releases
from compendium.outputs.comparison import default_name, open_comparison
from compendium.outputs.saving import Origin
from compendium.plan import Claim
from compendium.run.cli import app
from compendium.run.comparison import _ask
from compendium.steps.comparison import matching, overlap, pooled, structure, summary
from compendium.study.members import Member, open_members

SAID = found("too_few_shown")
PEOPLE, LIMIT, MINIMUM = 60, 0.05, 10
ROW = {"wording": "I listen.", "competency": "a", "answers": (False, 1, 5, "never", "always")}


def rows_of(seed: int, n: int = PEOPLE, k: int = 10) -> pd.DataFrame:
    """Return answers of people nobody of whom answers as another does."""
    return pd.DataFrame(np.random.default_rng(seed).integers(1, 6, (n, k)).astype(float))


def cohort(name: str, answers: pd.DataFrame, **more: Any) -> Any:
    """Return what the overlap asks of a cohort."""
    return SimpleNamespace(name=name, answers=answers, synthetic=False, **more)


# ---------------------------------------------------------------------------------------------------------- items


@given(st.sampled_from(["wording", "competency", "answers"]), st.text(min_size=1, max_size=20))
def test_an_item_is_the_same_only_where_words_competency_and_answers_agree(part: str, other: str) -> None:
    found = matching.differences(ROW, ROW | {part: other})
    kind = {"wording": matching.REWORDED, "competency": matching.MOVED, "answers": matching.OTHER_ANSWERS}[part]
    same = other == ROW[part] or (part == "wording" and " ".join(other.split()) == ROW[part])
    assert found == (() if same else (kind,))


@given(st.lists(st.sampled_from(["I", "listen.", "hear"]), min_size=1, max_size=5), st.integers(1, 4))
def test_spaces_make_no_other_question(words: list[str], width: int) -> None:
    first, other = ROW | {"wording": " ".join(words)}, ROW | {"wording": (" " * width).join(words) + " "}
    assert matching.differences(first, other) == ()


def framework_with(framework: Framework, version: str, **changed: str) -> Framework:
    """Return another version of a framework with items reworded, or dropped where the wording is empty."""
    items = framework.items.copy()
    for item, wording in changed.items():
        items.loc[item, "self_wording"] = wording
    items = items[items["self_wording"] != ""]
    return replace(framework, items=items, description=framework.description.model_copy(update={"version": version}))


@pytest.fixture
def study(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> SmallStudy:
    monkeypatch.setattr(SmallStudy, "folder", property(lambda self: self.root / self.settings["id"]))
    return study_for_steps(tmp_path, monkeypatch)


def built(study: SmallStudy, name: str, answers: pd.DataFrame | None = None, kind: str = "real") -> None:
    """Build as much of a cohort as a comparison reads."""
    study.settings |= {"id": name, "kind": kind, "provenance": "made up"}
    if answers is not None:
        study.own = answers
    raw = prepare(study)
    raw.results.private_table("pseudonyms", raw.load_cohort().pseudonyms)
    step = open_small(study, "08_outcome_associations")
    figures = {"estimate": 0.3, "lower": 0.1, "upper": 0.5, "n": 60, "fisher_error": 0.13, "df": 58.0}
    texts = {"claim": "more", "short": "More", "verdict": "supported", "source": "same", "tested_by": "", "method": ""}
    row = figures | texts | {"note": ""}
    step.results.table("claims", pd.DataFrame([row]), caption="Claims", origin=Origin("made.up"))
    raw.note_run()
    raw.results.value("n_people", len(study.own), origin=Origin("made.up"))


def member_of(study: SmallStudy, framework: Framework | None = None) -> Member:
    """Return the cohort of the study as a member, perhaps with another framework."""
    (opened,) = [open_small(study, "04_item_analysis")]
    return Member(opened if framework is None else replace(opened, framework=framework))


def test_reworded_items_are_listed_and_never_matched(study: SmallStudy) -> None:
    built(study, "first")
    first = member_of(study)
    other = member_of(study, framework_with(first.study.framework, "2", listen_1="I really listen.", share_3=""))
    found = matching.item_match([first, other], 0.5).set_index("item")
    assert found.loc["listen_1", "match"] == matching.REWORDED
    assert found.loc["share_3", "match"] == matching.IN_SOME
    assert list(found.index[found["used"]]) == ["listen_2", "listen_3", "share_1", "share_2"]
    assert matching.shared_scales(found.reset_index()) == {
        "listen": ["listen_2", "listen_3"],
        "share": ["share_1", "share_2"],
    }


def test_versions_name_what_was_added_dropped_and_reworded(study: SmallStudy) -> None:
    built(study, "first")
    first = member_of(study)
    old = first.study.framework
    newer = framework_with(old, "10", listen_1="I really listen.", share_3="")
    newer.items.loc["listen_2", "competency"] = "share"
    later = Member(replace(first.study, framework=newer))
    vars(later.study)["whole_framework"] = newer
    vars(first.study)["whole_framework"] = framework_with(old, "9", share_2="")
    vars(first.study)["framework"] = vars(first.study)["whole_framework"]
    found = matching.version_changes([later, first])
    assert list(zip(found["item"], found["change"], strict=True)) == [
        ("listen_1", "reworded"), ("listen_2", "moved"), ("share_3", "dropped"), ("share_2", "added"),
    ]  # fmt: skip
    assert list(found.loc[found["change"] == "moved", ["before", "after"]].iloc[0]) == ["Listening", "Sharing"]
    assert set(found["earlier"]) == {"9"}, "versions are numbers: 9 comes before 10"


# --------------------------------------------------------------------------------------------------------- people


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 1000), st.integers(0, 9))
def test_a_cohort_that_differs_by_a_few_people_is_refused_by_their_answers(seed: int, more: int) -> None:
    """The attack: the totals of two cohorts, one less the other, are the answers of those in whom they differ."""
    answers = rows_of(seed)
    larger = pd.concat([answers, rows_of(seed + 1, more)], ignore_index=True).sample(frac=1, random_state=seed)
    found = overlap.of_answers(cohort("first", answers), cohort("other", larger))
    assert found is not None
    fault = found.fault(LIMIT, MINIMUM)
    assert fault is not None
    assert f"differ by fewer than {MINIMUM}" in fault.problem


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 1000))
def test_cohorts_of_other_people_are_apart(seed: int) -> None:
    found = overlap.of_answers(cohort("first", rows_of(2 * seed)), cohort("other", rows_of(2 * seed + 1)))
    assert found is not None
    assert found.fault(LIMIT, MINIMUM) is None


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 60), st.integers(0, 60), st.integers(0, 60))
def test_people_in_both_are_counted_both_ways(only_first: int, both: int, only_other: int) -> None:
    ours = [f"a{k}" for k in range(only_first)] + [f"b{k}" for k in range(both)]
    theirs = [f"c{k}" for k in range(only_other)] + [f"b{k}" for k in range(both)]
    found = overlap._overlap(cohort("first", rows_of(1)), cohort("other", rows_of(2)), "ids", ours, theirs)
    assert (found.shared, found.differ) == (both, only_first + only_other)
    refused = found.fault(LIMIT, MINIMUM) is not None
    assert refused == bool(both and (both > LIMIT * found.smaller or found.differ < MINIMUM))


def test_answers_of_one_kind_throughout_tell_nobody_apart() -> None:
    alike = pd.DataFrame([[5.0] * 10] * 40 + [[4.0, 5.0] * 5] * 20)
    assert overlap.distinctive(alike) == []


# --------------------------------------------------------------------------------------------------------- pooling


def claim(direction: str = "positive", kind: str = "own_outcome") -> Claim:
    return Claim.model_validate(
        {
            "short": "More",
            "statement": "More of it",
            "evidence": ["tests"],
            "kind": kind,
            "direction": direction,
            "smallest_effect": {"value": 0.1, "source": "tests"},
        }
    )


def estimates(*rows: tuple[str, float, float, str]) -> pd.DataFrame:
    """Return estimates of one claim: cohort, estimate, error, kind of evidence."""
    return pd.DataFrame(
        [
            {
                "claim": "more",
                "short": "More",
                "cohort": name,
                "evidence_of": of,
                "source": "same",
                "estimate": value,
                "error": error,
                "n": 100,
                "pooled_with": "",
                "note": "",
                "scale": "z",
            }
            for name, value, error, of in rows
        ]
    )


def asked(direction: str = "positive") -> list[Any]:
    plan = SimpleNamespace(claims=SimpleNamespace(published={"more": claim(direction)}))
    return [SimpleNamespace(study=SimpleNamespace(plan=plan))]


def test_synthetic_cohorts_are_never_pooled_with_real_ones() -> None:
    rows = estimates(("a", 0.3, 0.1, "real"), ("b", 0.32, 0.1, "real"), ("c", 0.9, 0.01, "synthetic"))
    found = pooled.pooled_claims(rows, asked(), 0.95, 0.05).set_index("evidence_of")
    assert found.loc["real", "cohorts"] == 2
    assert 0.3 < found.loc["real", "average"] < 0.32
    assert found.loc["synthetic", "cohorts"] == 1
    assert np.isnan(found.loc["synthetic", "estimate"])
    assert found.loc["synthetic", "says"] == ""


def test_what_is_noted_on_every_estimate_is_noted_on_what_is_pooled() -> None:
    """The n of people's ratings stood as the n of people: 1,994 of cohorts with 1,085."""
    counts, other = found("n_counts_ratings"), found("one_cohort")
    rows = estimates(("a", 0.3, 0.1, "real"), ("b", 0.32, 0.1, "real"))
    rows["note"] = [encode([counts, other]), encode([counts])]
    noted = [each.kind for each in decode(pooled.pooled_claims(rows, asked(), 0.95, 0.05)["note"].iloc[0])]
    assert noted[:1] == [counts.kind] and other.kind not in noted


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 1000), st.sampled_from(["positive", "negative"]))
def test_a_claim_and_its_mirror_get_one_verdict(seed: int, direction: str) -> None:
    draw = np.random.default_rng(seed)
    sign = 1 if direction == "positive" else -1
    values = sign * draw.uniform(-0.1, 0.5, 4)
    rows = [(f"c{k}", float(value), 0.08, "real") for k, value in enumerate(values)]
    mirrored = [(name, -value, error, of) for name, value, error, of in rows]
    other = "negative" if direction == "positive" else "positive"
    first = pooled.pooled_claims(estimates(*rows), asked(direction), 0.95, 0.05).iloc[0]
    second = pooled.pooled_claims(estimates(*mirrored), asked(other), 0.95, 0.05).iloc[0]
    assert (first["says"], first["says_of_these"]) == (second["says"], second["says_of_these"])
    assert first["estimate"] == pytest.approx(-second["estimate"])
    assert (
        first["prediction_lower"] <= first["lower"] <= first["estimate"] <= first["upper"] <= first["prediction_upper"]
    )


def test_shares_of_variance_are_not_pooled() -> None:
    figures = {"estimate": 0.04, "lower": 0.0, "upper": 0.1, "n": 90, "fisher_error": np.nan}
    texts = {"claim": "more", "short": "More", "verdict": "supported"}
    row = figures | texts | dict.fromkeys(("source", "tested_by", "method"), np.nan) | {"note": SAID.encoded}
    member = SimpleNamespace(name="a", synthetic=False)
    found = pooled._estimate(member, row, claim("any", "groups"))  # type: ignore[arg-type]
    assert found["scale"] == ""
    assert [each.kind for each in decode(found["note"])] == [SAID.kind, "not_pooled_share"]


@pytest.mark.parametrize(("estimate", "kinds"), [(np.nan, [SAID.kind]), (0.3, [SAID.kind, "not_pooled_error"])])
def test_an_estimate_that_is_not_pooled_says_why(estimate: float, kinds: list[str]) -> None:
    figures = {"estimate": estimate, "lower": np.nan, "upper": np.nan, "n": 90, "fisher_error": np.nan}
    texts = {"claim": "more", "short": "More", "verdict": "", "note": SAID.encoded}
    row = figures | texts | dict.fromkeys(("source", "tested_by", "method"), np.nan)
    found = pooled._estimate(SimpleNamespace(name="a", synthetic=False), row, claim())  # type: ignore[arg-type]
    assert found["scale"] == ""
    assert [each.kind for each in decode(found["note"])] == kinds


def test_an_item_that_few_answered_in_one_cohort_is_pooled_without_it(study: SmallStudy) -> None:
    """The attack: the average of two cohorts, less what the book of one says, is the correlation of nine people."""
    built(study, "first")
    member = member_of(study)
    few = member.answers.copy()
    few.loc[few.index[MINIMUM - 1 :], "listen_1"] = np.nan
    other = Member(replace(member.study, settings=member.study.settings.model_copy(update={"id": "second"})))
    vars(other)["answers"] = few
    matched = matching.item_match([member, member], 0.5)
    found = pooled.pooled_items([member, other], matched, 0.95).set_index("item")
    assert (found.loc["listen_1", "cohorts"], found.loc["share_1", "cohorts"]) == (1, 2)
    assert pd.isna(found.loc["listen_1", "average"])


def test_the_figure_names_averages_by_kind_only_where_there_are_two() -> None:
    rows = estimates(("a", 0.3, 0.1, "real"), ("b", 0.32, 0.1, "real")).assign(lower=0.1, upper=0.5)
    drawn = summary.drawn_claims(rows, pooled.pooled_claims(rows, asked(), 0.95, 0.05))
    assert list(drawn["cohort"]) == ["a", "b", summary.AVERAGE]


# ------------------------------------------------------------------------------------------------------- structure


def test_means_of_drawn_cohorts_are_recovered_where_they_may_be_compared() -> None:
    draw, loadings = np.random.default_rng(3), np.array([0.8, 0.9, 1.0, 1.1])
    truth = {"one": 0.0, "two": 0.5}
    parts = {
        name: pd.DataFrame(
            np.digitize(
                (at + draw.standard_normal((600, 1))) * loadings + 0.8 * draw.standard_normal((600, 4)), [-1.2, 0, 1.2]
            ).astype(float),
            columns=list("abcd"),
        )
        for name, at in truth.items()
    }
    nobody = SimpleNamespace(of=lambda _: None)
    members = [
        SimpleNamespace(name=name, answers=part, study=SimpleNamespace(nesting=nobody)) for name, part in parts.items()
    ]
    from compendium.plan import load_plan

    (found,) = structure.compared_models(members, {"g": list("abcd")}, load_plan())  # type: ignore[arg-type]
    assert found.means_by == structure.EXACT
    row = structure.mean_table([found]).iloc[0]
    assert row["lower"] < truth["two"] < row["upper"]
    assert found.alignment is not None
    assert found.alignment.groups.loc["two", "mean"] == pytest.approx(row["mean"], abs=0.1)


def test_what_holds_of_every_competency_and_who_is_left_out_is_said_once() -> None:
    small = found("cohort_small", other="c", limit=100)
    models: list[Any] = [
        SimpleNamespace(competency=name, result=object(), means_by=structure.EXACT, notes=(small,)) for name in "ab"
    ]
    every, intervals = found("cohort_means_exact", other=found("every_competency")), found("cohort_means_intervals")
    assert structure.comparability_of_means(models) == (every, intervals, small)
    models[1].means_by, models[1].notes = "", ()
    only = (found("cohort_means_exact", other=["a"]), found("cohort_means_none", other=["b"]))
    assert structure.comparability_of_means(models) == (*only, intervals)


# -------------------------------------------------------------------------------------------------- command line


def test_a_comparison_says_which_cohort_was_not_built_and_how_to_build_it(tmp_path: Path) -> None:
    done = CliRunner().invoke(app, ["compare", "demo", "demo-small", "--results", str(tmp_path / "none")])
    assert isinstance(done.exception, InvalidInput)
    report = done.exception.report()
    assert "was not built" in report
    assert "make all COHORT=demo-small" in report
    assert not (tmp_path / "none").exists()


@pytest.mark.parametrize(
    ("cohorts", "said"),
    [
        (["demo"], "two cohorts at least"),
        (["demo", "demo"], "named twice"),
        (["demo", "bfi"], "no version of that of demo"),
    ],
)
def test_a_comparison_refuses(cohorts: list[str], said: str, tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match=said):
        open_members(cohorts, str(tmp_path))


def test_the_same_people_under_two_ids_of_cohorts_are_refused(
    study: SmallStudy, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Six items are too few to know people by their answers; their ids say it."""
    built(study, "first")
    first = member_of(study)
    built(study, "other", study.own.iloc[:-1])
    other = member_of(study)
    monkeypatch.setattr("compendium.outputs.comparison.open_members", lambda *_: (first, other))
    with pytest.raises(InvalidInput, match="differ by fewer than"):
        open_comparison("both", cohorts=["first", "other"], results=str(study.root / "results"))
    opened = open_comparison(
        "both", cohorts=["first", "other"], results=str(study.root / "results"), other_people="codes count from 1"
    )
    assert opened.people == len(study.own) * 2 + 1
    assert "codes count from 1" in str(
        summary.caveats_on_cohorts(opened.members, opened.shared_people, opened.other_people)
    )


def test_a_comparison_does_not_publish_what_an_earlier_release_lies_too_close_to(study: SmallStudy) -> None:
    """The attack: the book of a cohort is out; one person leaves, and the comparison shows the rest."""
    built(study, "north")
    first = member_of(study)
    assert releases.note(first.study.folders, first.study.settings) == 1
    _ask(SimpleNamespace(members=(first,), plan=first.study.plan))  # type: ignore[arg-type]
    built(study, "north", study.own.iloc[:-1])
    later = member_of(study)
    with pytest.raises(InvalidInput, match="could give those people's answers back"):
        _ask(SimpleNamespace(members=(later,), plan=later.study.plan))  # type: ignore[arg-type]


def test_a_name_is_made_of_the_ids_and_stays_short() -> None:
    few = [SimpleNamespace(name=name) for name in ("north", "south")]
    many = [SimpleNamespace(name=f"cohort-{number}") for number in range(42)]
    assert default_name(few) == "north_south"  # type: ignore[arg-type]
    assert len(default_name(many)) <= 60  # type: ignore[arg-type]
    assert default_name(many) != default_name(many[:-1] + few[:1])  # type: ignore[arg-type]
