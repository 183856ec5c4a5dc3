"""The review: refusals, counts that add up, agreement, codes, thread, and what a change changes."""

from __future__ import annotations

import dataclasses
import functools
import json
import random
import re
import xml.etree.ElementTree as ElementTree
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from review_folder import PROTOCOL, append_row, copy_of_the_real_review, make_review, references, ris

from compendium import review as evidence
from compendium.faults import InvalidInput
from compendium.framework import Framework, load_framework
from compendium.report.figures import evidence as pictures
from compendium.report.figures.prisma import describe_flow, flow_diagram
from compendium.review.rater_agreement import agreement_of_two, decisions
from compendium.review.screening import Flow
from psychometrics.selection import select_items

REFERENCE = Path(__file__).parent / "reference"
CLOSED_FORM = 1e-10
PRINTED = 0.005
FRAMEWORK = load_framework("integrated-care")
NO_BOOTSTRAP = {"seed": 1, "resamples": 0}


@functools.cache
def _real() -> evidence.Review:
    """Return the project's own review, read once."""
    return evidence.load_review()


def _title(record: str, reviewer: str, decision: str = "include", reason: str = "") -> tuple[str, ...]:
    return ("title", record, reviewer, decision, reason, "because")


def _full(record: str, reviewer: str, decision: str = "include", reason: str = "") -> tuple[str, ...]:
    return ("full", record, reviewer, decision, reason, "because")


def _both(record: str) -> list[tuple[str, ...]]:
    return [row for reviewer in "ab" for row in (_title(record, reviewer), _full(record, reviewer))]


def _coded(record: str, coder: str, *codes: str) -> list[tuple[str, ...]]:
    return [(record, coder, "1.0", code, "title") for code in codes]


def _register(rows: list[dict[str, str]]) -> list[tuple[str, ...]]:
    return [(r["ID"], r["TI"], r["AU"], r["PY"], "", "", "", "", r["DO"], "", "") for r in rows]


def _small(folder: Path, n: int = 4, **files: list[tuple[str, ...]]) -> Path:
    rows = references(n)
    return make_review(folder / "review", rows, records=_register(rows), **files)


def _with_evidence(named: pd.Series | str) -> Framework:
    return dataclasses.replace(FRAMEWORK, items=FRAMEWORK.items.assign(evidence=named))


# Refusals


REFUSED: dict[str, tuple[str, tuple[str, ...], str]] = {
    "unknown record": ("screening", _title("r9", "a"), "a decision about an unknown record"),
    "unknown reviewer": ("screening", _title("r1", "z"), "not a reviewer"),
    "unknown stage": ("screening", ("abstract", "r1", "a", "include", "", "x"), "not a stage"),
    "unknown decision": ("screening", _title("r1", "a", "perhaps"), "not a decision"),
    "decided twice": ("screening", _title("r0", "a", "exclude", "off-topic"), "the reviewer decided twice"),
    "exclusion without a reason": ("screening", _title("r1", "a", "exclude"), "an exclusion without a reason"),
    "a reason of one's own": ("screening", _title("r1", "a", "exclude", "boring"), "not a reason of the protocol"),
    "a reason for inclusion": ("screening", _title("r1", "a", "include", "off-topic"), "a reason where nothing"),
    "a decision without a note": ("screening", ("title", "r1", "a", "include", "", ""), "without a note"),
    "an unsure adjudication": ("screening_adjudication", ("title", "r1", "unsure", "", "x"), "not a final decision"),
    "code outside the frame": ("coding", ("r0", "a", "1.0", "kindness", "title"), "a code outside the frame"),
    "another version": ("coding", ("r0", "a", "0.9", "person", "title"), "not the version of the frame"),
    "coding of nothing known": ("coding", ("r9", "a", "1.0", "person", "title"), "coding of an unknown record"),
    "two codes where one is allowed": ("coding", ("r0", "a", "1.0", "home", "title"), "2 codes of setting"),
    "coded twice": ("coding", ("r0", "a", "1.0", "person", "abstract"), "coded twice"),
    "an unclear ruling": ("coding_adjudication", ("r0", "person", "maybe", "x"), "not yes or no"),
    "record named twice": ("records", ("r0", "Again", "", "2020", "", "", "", "", "", "", ""), "named twice"),
    "record without an id": ("records", ("", "Nameless", "", "2020", "", "", "", "", "", "", ""), "without an id"),
    "not a year": ("records", ("rx", "A title", "", "in press", "", "", "", "", "", "", ""), "not a year"),
    "record of no export": ("records", ("rx", "Unseen", "", "2020", "", "", "", "", "", "", ""), "no export holds"),
    "unknown report": ("merges", ("found:r0", "found:r77", "merge", "x"), "unknown report"),
    "a merge without a reason": ("merges", ("found:r0", "found:r1", "merge", ""), "without a reason"),
    "unknown kind of source": ("search_log", ("s2", "found.ris", "x", "library", "x", "x", ""), "not a kind of source"),
    "a search without its file": ("search_log", ("s2", "lost.ris", "x", "database", "x", "x", ""), "export is missing"),
}  # fmt: skip


@pytest.mark.parametrize("case", REFUSED)
def test_a_fault_is_named_with_its_file_and_row(tmp_path: Path, case: str) -> None:
    name, row, problem = REFUSED[case]
    coded = [*_coded("r0", "a", "person", "hospital"), *_coded("r0", "b", "person", "hospital")]
    folder = _small(tmp_path, screening=_both("r0"), coding=coded)
    number = append_row(folder / f"{name}.csv", row)
    with pytest.raises(InvalidInput) as error:
        evidence.load_review(folder)
    hits = [fault for fault in error.value.faults if problem in fault.problem]
    assert hits, error.value.report()
    assert Path(hits[0].file).name == f"{name}.csv"
    assert hits[0].row == number or "codes of setting" in problem


def test_every_fault_comes_in_one_report(tmp_path: Path) -> None:
    rows = [_title("r9", "a"), _title("r1", "b", "exclude"), *_both("r0"), _title("r0", "b")]
    folder = _small(tmp_path, screening=rows, coding=_coded("r0", "a", "kindness", "home"))
    with pytest.raises(InvalidInput) as error:
        evidence.load_review(folder)
    problems = {fault.problem for fault in error.value.faults}
    assert problems == {
        "a decision about an unknown record",
        "an exclusion without a reason",
        "the reviewer decided twice",
        "a code outside the frame",
    }


def test_an_unknown_record_gets_a_suggestion(tmp_path: Path) -> None:
    folder = copy_of_the_real_review(tmp_path)
    append_row(folder / "screening.csv", ("title", "ipec-2032", "pass_1", "include", "", "x"))
    with pytest.raises(InvalidInput, match="did you mean 'ipec-2023'"):
        evidence.load_review(folder)


def test_an_export_that_nobody_logged_is_refused(tmp_path: Path) -> None:
    folder = _small(tmp_path)
    (folder / "exports" / "more.ris").write_text(ris(references(1, seed=9)), encoding="utf-8")
    with pytest.raises(InvalidInput, match=r"not in search_log\.csv"):
        evidence.load_review(folder)


def test_a_malformed_export_is_named_with_its_line(tmp_path: Path) -> None:
    folder = _small(tmp_path)
    path = folder / "exports" / "found.ris"
    path.write_text(path.read_text(encoding="utf-8") + "TY  - JOUR\nTI  - cut off", encoding="utf-8")
    with pytest.raises(InvalidInput, match=r"found\.ris.*not valid RIS: the file ends inside a reference"):
        evidence.load_review(folder)


def test_a_misspelt_key_of_the_protocol_is_refused(tmp_path: Path) -> None:
    folder = _small(tmp_path)
    (folder / "protocol.yaml").write_text(yaml.safe_dump(PROTOCOL | {"basiss": "x"}), encoding="utf-8")
    with pytest.raises(InvalidInput, match="did you mean 'basis'"):
        evidence.load_review(folder)


# Counts


@st.composite
def histories(draw: st.DrawFn) -> dict[str, Any]:
    """Draw any screening history: who decided what about which record, adjudications, retrieval or none."""
    n = draw(st.integers(1, 12))
    retrieval = draw(st.booleans())
    records = [f"r{number}" for number in range(n)]
    choice = st.sampled_from([("include", ""), ("unsure", ""), ("exclude", "off-topic"), ("exclude", "wrong-type")])
    screening, final = [], []
    for stage in ("title", "full"):
        for record in records:
            for reviewer in draw(st.sets(st.sampled_from("abc"))):
                screening.append((stage, record, reviewer, *draw(choice), "x"))
            if draw(st.integers(0, 4)) == 0:
                decision, reason = draw(choice.filter(lambda pair: pair[0] != "unsure"))
                final.append((stage, record, decision, reason, "x"))
    status = [(record, draw(st.sampled_from(["retrieved", "not retrieved"])), "") for record in records]
    kept = [row for row in status if draw(st.booleans())]
    doubled = draw(st.integers(0, n))
    return {"n": n, "retrieval": retrieval, "screening": screening, "final": final, "status": kept, "doubled": doubled}


@settings(max_examples=20, deadline=None)
@given(history=histories())
def test_any_screening_history_adds_up(tmp_path_factory: pytest.TempPathFactory, history: dict[str, Any]) -> None:
    rows = references(history["n"])
    copies = [row | {"ID": f"again-{row['ID']}"} for row in rows[: history["doubled"]]]
    folder = make_review(
        tmp_path_factory.mktemp("history") / "review",
        rows + copies,
        records=_register(rows),
        screening=history["screening"],
        screening_adjudication=history["final"],
        retrieval=history["status"],
    )
    (folder / "protocol.yaml").write_text(
        yaml.safe_dump(PROTOCOL | {"retrieval": history["retrieval"]}), encoding="utf-8"
    )
    review = evidence.load_review(folder)
    flow = evidence.prisma_flow(review)
    waiting = [name for name in flow.boxes["box"] if re.search("conflict|awaiting|excluded$|not_retrieved", name)]
    assert flow.n("duplicates") == history["doubled"]
    assert flow.n("identified") - flow.n("duplicates") == flow.n("included") + sum(flow.n(name) for name in waiting)
    assert len(evidence.included_records(review)) == flow.n("included")


def test_a_flow_that_does_not_add_up_is_refused(tmp_path: Path) -> None:
    review = evidence.load_review(_small(tmp_path, screening=_both("r0")))
    flow = evidence.prisma_flow(review)
    wrong = flow.boxes.assign(n=flow.boxes["n"] + (flow.boxes["box"] == "title_excluded"))
    with pytest.raises(evidence.FlowDoesNotAddUp, match="title_judged"):
        evidence.screening._assert_adds_up(Flow(wrong, flow.reasons), review)  # type: ignore[attr-defined]


def test_outcomes_follow_the_rules(tmp_path: Path) -> None:
    out = ("exclude", "off-topic")
    rows = [
        *_both("r0"),
        *[_title("r1", "a"), _title("r1", "b", *out)],
        *[_title("r2", "a", *out), _title("r2", "b", "exclude", "wrong-type")],
        *[_title("r3", "a", "unsure"), _title("r3", "c")],
        *[_full("r3", "a", *out), _full("r3", "b", "exclude", "wrong-type")],
        _title("r4", "a"),
    ]
    review = evidence.load_review(_small(tmp_path, n=5, screening=rows))
    outcomes = evidence.stage_outcomes(review).set_index(["record", "stage"])["outcome"]
    assert outcomes["r0", "full"] == "included"
    assert outcomes["r1", "title"] == "conflict"
    assert outcomes["r2", "title"] == "excluded"  # reasons only have to agree at the last stage
    assert outcomes["r3", "title"] == "included"
    assert outcomes["r3", "full"] == "conflict"
    assert outcomes["r4", "title"] == "awaiting"
    assert outcomes["r4", "full"] == "not reached"
    assert set(evidence.open_conflicts(review)["record"]) == {"r1", "r3"}
    waiting = evidence.workload(review).set_index(["stage", "reviewer"])["to_do"]
    assert waiting["title", "a"] == 0
    assert waiting["title", "b"] == 1


def test_the_stopping_curve_ends_with_what_was_kept(tmp_path: Path) -> None:
    rows = [row for name in ("r0", "r2") for row in _both(name)]
    rows += [_title("r1", reviewer, "exclude", "off-topic") for reviewer in "ab"]
    pace = evidence.inclusion_by_order(evidence.load_review(_small(tmp_path, screening=rows)), "title")
    assert pace["kept"].tolist() == [1, 2, 2]
    assert pace["since_last"].tolist() == [0, 0, 1]


def test_adding_three_records_and_a_conflict_changes_exactly_those_numbers(tmp_path: Path) -> None:
    folder = copy_of_the_real_review(tmp_path)
    before = evidence.load_review(folder)
    new = [row | {"ID": f"new-{number}"} for number, row in enumerate(references(3, seed=4))]
    (folder / "exports" / "new.ris").write_text(ris(new), encoding="utf-8")
    append_row(folder / "search_log.csv", ("new", "new.ris", "PubMed", "database", "2026-01-01", "teams", ""))
    slug = evidence.read_export(folder / "exports" / "new.ris")[0].loc[0, "slug"]
    append_row(folder / "screening.csv", ("title", slug, "pass_1", "include", "", "x"))
    append_row(folder / "screening.csv", ("title", slug, "pass_2", "exclude", "too-little-known", "x"))
    after = evidence.load_review(folder)
    counts = [evidence.prisma_flow(review).boxes.set_index("box")["n"] for review in (before, after)]
    difference = (counts[1] - counts[0])[lambda change: change != 0].to_dict()
    assert difference == {
        "identified_database": 3,
        "identified": 3,
        "title_reached": 3,
        "title_judged": 1,
        "title_conflict": 1,
        "title_awaiting": 2,
    }
    assert evidence.open_conflicts(after)["record"].unique().tolist() == [slug]
    changes = evidence.changes_between(evidence.snapshot(before), evidence.snapshot(after))
    assert changes["change"].tolist() == ["new"] * 3
    agreement = [evidence.screening_agreement(review, **NO_BOOTSTRAP).set_index("stage") for review in (before, after)]
    assert agreement[1].loc["title", "n"] == agreement[0].loc["title", "n"] + 1
    assert agreement[1].loc["facts", "kappa"] == agreement[0].loc["facts", "kappa"]


def test_a_decision_may_use_the_name_a_record_had_before_it_was_registered(tmp_path: Path) -> None:
    rows = references(1)
    folder = make_review(tmp_path / "review", rows)
    slug = evidence.load_review(folder).records.index[0]
    for reviewer in "ab":
        append_row(folder / "screening.csv", _title(slug, reviewer))
    append_row(folder / "records.csv", _register(rows)[0])
    outcomes = evidence.stage_outcomes(evidence.load_review(folder))
    assert outcomes.loc[outcomes["stage"] == "title", ["record", "outcome"]].to_numpy().tolist() == [["r0", "included"]]


def test_a_snapshot_says_what_was_decided_or_coded_anew() -> None:
    columns = ["record", "title", "outcome", "codes"]
    before = pd.DataFrame(
        [("a", "", "full: included", "x"), ("b", "", "title: conflict", ""), ("c", "", "o", "")], columns=columns
    )
    after = pd.DataFrame(
        [("a", "", "full: included", "x;y"), ("b", "", "title: excluded", ""), ("d", "", "n", "")], columns=columns
    )
    changes = evidence.changes_between(before, after)
    assert changes[["record", "change"]].to_numpy().tolist() == [
        ["d", "new"],
        ["c", "gone"],
        ["b", "decided anew"],
        ["a", "coded anew"],
    ]
    assert evidence.changes_between(after, after).empty


def test_an_item_whose_only_support_was_withdrawn_is_named() -> None:
    before = pd.DataFrame({"supporting": [2, 1, 0], "records": ["x; y", "x", ""]}, index=["i1", "i2", "i3"])
    after = pd.DataFrame({"supporting": [1, 0, 0], "records": ["y", "", ""]}, index=["i1", "i2", "i3"])
    assert evidence.support_lost(before, after)["records"].to_dict() == {"i2": "x"}
    assert evidence.support_lost(before, after.drop(index="i2")).empty


# Agreement


@pytest.mark.parametrize("stage", ["title", "facts"])
def test_screening_agreement_matches_psych_and_base_r(stage: str) -> None:
    expected = json.loads((REFERENCE / "evidence.json").read_text())["results"][stage]["value"]
    passes = pd.read_csv(REFERENCE / "data" / "evidence_passes.csv").query("stage == @stage").set_index("record")
    found = agreement_of_two(passes["pass_1"], passes["pass_2"], **NO_BOOTSTRAP)
    names = ("n", "observed", "kappa", "ac1", "alpha", "prevalence_index", "bias_index")
    assert [found[name] for name in names] == pytest.approx([expected[name] for name in names], abs=CLOSED_FORM)
    assert found["kappa"] == pytest.approx(expected["kappa_vcd"], abs=CLOSED_FORM)
    assert found["kappa_upper"] - found["kappa"] == pytest.approx(1.959963984540054 * expected["kappa_error"], abs=1e-6)


# Feinstein & Cicchetti 1990, tables 1 and 2; indices from Byrt, Bishop & Carlin 1993.
@pytest.mark.parametrize(
    ("table", "kappa", "prevalence", "bias"),
    [((40, 9, 6, 45), 0.70, 0.05, 0.03), ((80, 10, 5, 5), 0.32, 0.75, 0.05)],
)
def test_the_kappa_paradox_matches_feinstein_and_cicchetti(
    table: tuple[int, ...], kappa: float, prevalence: float, bias: float
) -> None:
    first = pd.Series(np.repeat([1, 1, 0, 0], table))
    second = pd.Series(np.repeat([1, 0, 1, 0], table))
    found = agreement_of_two(first, second, **NO_BOOTSTRAP)
    assert found["observed"] == pytest.approx(0.85, abs=CLOSED_FORM)
    assert found["kappa"] == pytest.approx(kappa, abs=PRINTED)
    assert (found["prevalence_index"], found["bias_index"]) == pytest.approx((prevalence, bias), abs=CLOSED_FORM)


def test_agreement_where_nothing_varies_says_so() -> None:
    same = pd.Series([1.0, 1.0, 1.0])
    found = agreement_of_two(same, same, **NO_BOOTSTRAP)
    assert np.isnan(found["kappa"])
    assert found["note"] == "one category in use: agreement beyond chance is not defined"
    assert (found["observed"], found["observed_upper"]) == (1.0, pytest.approx(1.0))


def test_full_agreement_of_37_has_the_bound_of_wilson() -> None:
    ratings = pd.Series([1.0] * 30 + [0.0] * 7)
    found = agreement_of_two(ratings, ratings, **NO_BOOTSTRAP)
    assert found["observed_lower"] == pytest.approx(0.906, abs=0.0005)
    for name in ("observed", "kappa", "ac1"):
        assert found[f"{name}_lower"] < found[name] == found[f"{name}_upper"] == pytest.approx(1.0)


def test_agreement_counts_only_records_both_saw(tmp_path: Path) -> None:
    rows = [_title("r0", "a"), _title("r0", "b"), _title("r1", "a"), _title("r2", "c"), _title("r2", "b")]
    review = evidence.load_review(_small(tmp_path, screening=rows))
    table = evidence.screening_agreement(review, **NO_BOOTSTRAP).set_index(["stage", "first", "second"])["n"]
    assert table["title", "a", "b"] == 1
    assert table["title", "a", "c"] == 0
    assert table["title", "b", "c"] == 1
    assert decisions(review, "title").shape == (3, 3)


# Codes


def _coded_review(folder: Path) -> evidence.Review:
    names = ("r0", "r1", "r2")
    coding = [
        *_coded("r0", "a", "person", "home"),
        *_coded("r0", "b", "person", "teamwork", "home"),
        *_coded("r1", "a", "teamwork", "home"),
        *_coded("r1", "b", "teamwork", "hospital"),
        *_coded("r2", "a", "person", "home"),
    ]
    ruled = [("r1", "home", "yes", "x"), ("r1", "hospital", "no", "x"), ("r3", "person", "yes", "not included")]
    return evidence.load_review(
        _small(
            folder, screening=[row for name in names for row in _both(name)], coding=coding, coding_adjudication=ruled
        )
    )


def test_consensus_takes_agreement_then_rulings_and_leaves_the_rest_open(tmp_path: Path) -> None:
    table = evidence.consensus(_coded_review(tmp_path))
    assert table.loc["r0"].to_dict() == {"person": "yes", "teamwork": "open", "home": "yes", "hospital": "no"}
    assert table.loc["r1"].to_dict() == {"person": "no", "teamwork": "yes", "home": "yes", "hospital": "no"}
    assert set(table.loc["r2"]) == {"not coded"}
    assert list(table.index) == ["r0", "r1", "r2"]


def test_open_codes_and_counts_follow_the_consensus(tmp_path: Path) -> None:
    review = _coded_review(tmp_path)
    assert evidence.open_codes(review).to_numpy().tolist() == [["r0", "teamwork"]]
    assert evidence.code_counts(review).set_index("code")["n"].to_dict() == {
        "person": 1,
        "teamwork": 1,
        "home": 2,
        "hospital": 0,
    }


def test_the_map_counts_every_cell(tmp_path: Path) -> None:
    cells = evidence.evidence_map(_coded_review(tmp_path), pd.Series({"r0": 0.25, "r1": 0.75}), facet="setting")
    shown = cells.set_index(["competency", "facet_code"])
    assert shown["n"].to_dict() == {
        ("person", "home"): 1,
        ("person", "hospital"): 0,
        ("teamwork", "home"): 1,
        ("teamwork", "hospital"): 0,
    }
    assert shown.loc[("person", "home"), "quality"] == 0.25
    assert np.isnan(shown.loc[("person", "hospital"), "quality"])


def test_expected_saturation_is_the_mean_over_all_orders() -> None:
    review = _real()
    curve = evidence.saturation(review)
    matrix = evidence.coded(review)[review.competency_codes].to_numpy()
    draw = random.Random(2)
    orders = [draw.sample(range(len(matrix)), len(matrix)) for _ in range(4000)]
    for n in (1, 3, 8):
        seen = [matrix[order[:n]].any(axis=0).sum() for order in orders]
        error = np.std(seen) / np.sqrt(len(seen))
        assert curve["expected"].iloc[n - 1] == pytest.approx(np.mean(seen), abs=4 * error)
    assert curve["expected"].iloc[-1] == pytest.approx(matrix.any(axis=0).sum(), abs=CLOSED_FORM)
    assert curve["found"].iloc[-1] == matrix.any(axis=0).sum()


# Appraisal


def test_appraisal_shares_count_only_items_that_apply(tmp_path: Path) -> None:
    folder = copy_of_the_real_review(tmp_path)
    append_row(folder / "appraisal.csv", ("teamcare", "pass_2", "AACODS", "date", "yes", "x"))
    append_row(folder / "appraisal.csv", ("teamcare", "pass_1", "MMAT 2018", "5.1", "not applicable", "x"))
    review = evidence.load_review(folder)
    row = evidence.appraisal_by_record(review).loc["teamcare"]
    assert row["judged"] == 6
    assert row["yes_share"] == row["yes"] / 6
    table = evidence.judgements(review).set_index(["record", "item"])
    assert table.loc[("teamcare", "date"), "judgement"] == "cannot tell"
    assert not table.loc[("teamcare", "date"), "agreed"]


def test_appraisal_summary_counts_every_judgement() -> None:
    review = _real()
    summary = evidence.appraisal_summary(review)
    assert summary[["yes", "no", "cannot tell", "not applicable"]].to_numpy().sum() == len(evidence.judgements(review))


# The thread


def test_every_item_of_the_framework_has_its_thread() -> None:
    items = evidence.thread_of_items(_real(), FRAMEWORK)
    assert list(items.index) == list(FRAMEWORK.items.index)
    assert list(items.index[items["supporting"] == 0]) == []
    assert (items["supporting"] <= items["named"]).all()
    assert evidence.items_without_evidence(_real(), FRAMEWORK).empty


def test_the_thread_runs_both_ways() -> None:
    review = _real()
    forth, back = evidence.item_thread(review, FRAMEWORK), evidence.thread_of_records(review, FRAMEWORK)
    included = forth[forth["thread"] != "not included"]
    assert back["n_items"].sum() == len(included)
    for record, names in back["items"].items():
        assert set(names.split("; ")) - {""} == set(included.loc[included["record"] == record, "item"])


def test_an_item_is_supported_only_by_records_coded_for_its_competency() -> None:
    review = _real()
    table = evidence.coded(review)
    for row in evidence.item_thread(review, FRAMEWORK).itertuples():
        expected = row.record in table.index and bool(table.loc[row.record, row.competency])
        assert (row.thread == "supported") == expected


def test_the_coverage_rule_of_selection_takes_the_supported_items_of_each_theme() -> None:
    review, themes = _real(), FRAMEWORK.items["theme"]
    whole = evidence.supported_by_theme(review, FRAMEWORK)
    assert whole == {theme: list(themes.index[themes == theme]) for theme in FRAMEWORK.description.themes or {}}
    cut = FRAMEWORK.items["evidence"].where(themes != "own_role", "")
    cut["roles_03"] = "workforce-barriers-2018"  # included, but coded for another competency
    less = evidence.supported_by_theme(review, _with_evidence(cut))
    assert set(whole) - set(less) == {"own_role"}
    assert less["local_services"] == ["roles_06", "roles_09"]
    merit = pd.Series(1.0, index=FRAMEWORK.items.index).where(themes != "local_services", 0.1)
    chosen = select_items(merit, FRAMEWORK.scales(list(merit.index)), size=40, coverage=less)
    assert set(chosen.chosen) & {"roles_06", "roles_09"}


def test_items_and_records_at_a_loose_end_are_listed() -> None:
    review = _real()
    cut = FRAMEWORK.items["evidence"].where(~FRAMEWORK.items.index.isin(["person_01", "roles_03"]), "")
    cut["teamwork_01"] = "workforce-barriers-2018"  # included, but coded for another competency
    framework = _with_evidence(cut)
    loose = evidence.items_without_evidence(review, framework)
    assert loose["named"].to_dict() == {"person_01": 0, "teamwork_01": 1, "roles_03": 0}
    unused = evidence.evidence_without_items(review, framework)
    assert not {"lewis-2024", "workforce-barriers-2018"} & set(unused.index)
    assert not set(unused.index) & set(evidence.item_thread(review, framework)["record"])


def test_an_item_that_rests_on_an_unknown_record_is_refused() -> None:
    with pytest.raises(InvalidInput, match="did you mean 'ipec-2023'"):
        evidence.item_thread(_real(), _with_evidence("ipec-2032"))


# The real corpus


def test_the_real_corpus_is_settled_and_codes_the_frameworks_competencies() -> None:
    review = _real()
    flow = evidence.prisma_flow(review)
    assert (
        flow.n("facts_awaiting") + flow.n("facts_conflict") + flow.n("title_awaiting") + flow.n("title_conflict") == 0
    )
    assert evidence.open_codes(review).empty
    assert review.competency_codes == list(FRAMEWORK.competencies.index)
    assert not (evidence.consensus(review) == "not coded").any(axis=None)


def test_frameworks_have_the_labels_of_the_coding_frame() -> None:
    review = _real()
    assert review.frame.loc[review.competency_codes, "label"].to_dict() == FRAMEWORK.competencies["label"].to_dict()


# Pictures


def test_the_flow_diagram_reads_well_to_a_screen_reader(tmp_path: Path) -> None:
    review = _real()
    flow = evidence.prisma_flow(review)
    diagram = flow_diagram(flow, review)
    path = tmp_path / "flow.svg"
    with path.open("wb") as stream:
        diagram.savefig(stream, format="svg", metadata={"Title": "Flow", "Description": "In words"})
    root = ElementTree.fromstring(path.read_text(encoding="utf-8"))
    space = "{http://www.w3.org/2000/svg}"
    assert root.get("role") == "graphics-document document"
    assert root.get("aria-labelledby") == "flow-title flow-description"
    assert [root.findtext(f"{space}{tag}") for tag in ("title", "desc")] == ["Flow", "In words"]
    spoken = [group.get("aria-label", "") for group in root.iter(f"{space}g") if "img" in (group.get("role") or "")]
    assert spoken[0].startswith(f"Identification: Reports identified: {flow.n('identified')}")
    assert spoken[-1].startswith(f"Included: Records included: {flow.n('included')}")
    texts = [node.text or "" for node in root.iter(f"{space}text")]
    assert any(f"Excluded on title and listing: {flow.n('title_excluded')}" in text for text in texts)
    assert not list(root.iter(f"{space}path"))  # text stays text


def test_boxes_of_the_flow_diagram_do_not_overlap_and_lines_fit() -> None:
    review = _real()
    boxes = flow_diagram(evidence.prisma_flow(review), review).boxes  # type: ignore[attr-defined]
    for number, box in enumerate(boxes):
        assert all(len(line) <= 54 for line in box.lines)
        for other in boxes[number + 1 :]:
            apart = box.top + box.height < other.top or other.top + other.height < box.top
            assert box.column != other.column or apart


def test_the_flow_in_words_names_every_number() -> None:
    review = _real()
    flow = evidence.prisma_flow(review)
    said = describe_flow(flow, review)
    for box in (
        "identified",
        "duplicates",
        "title_judged",
        "title_excluded",
        "facts_judged",
        "facts_excluded",
        "included",
    ):
        assert str(flow.n(box)) in said


def test_pictures_are_drawn_from_the_tables_as_they_come() -> None:
    review = _real()
    labels = review.frame["label"].to_dict()
    agreement = evidence.coding_agreement(review, **NO_BOOTSTRAP)
    figures = [
        pictures.evidence_map_bubbles(evidence.evidence_map(review), labels),
        pictures.evidence_map_bubbles(
            evidence.evidence_map(review, evidence.appraisal_by_record(review)["yes_share"]), labels
        ),
        pictures.saturation_curve(evidence.saturation(review)),
        pictures.stopping_curve(evidence.inclusion_by_order(review, "title")),
        pictures.agreement_intervals(agreement, list(agreement["label"])),
        pictures.appraisal_bars(evidence.appraisal_summary(review)),
        pictures.yes_no_matrix(evidence.code_matrix(review, "study-framework"), labels),
    ]
    for figure in figures:
        figure.canvas.draw()
        assert all(axes.get_xlabel() for axes in figure.axes if axes.get_label() != "<colorbar>")
