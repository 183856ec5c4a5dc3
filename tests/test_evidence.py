"""Counts of the review: they add up, follow the rules, and a change changes exactly those numbers."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from review_folder import PROTOCOL, append_row, copy_of_the_real_review, make_review, references, ris
from review_rows import (
    NO_BOOTSTRAP,
    both_rows,
    full_row,
    register_rows,
    small_review,
    title_row,
)

from compendium import review as evidence
from compendium.review.screening import Flow


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
        records=register_rows(rows),
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
    review = evidence.load_review(small_review(tmp_path, screening=both_rows("r0")))
    flow = evidence.prisma_flow(review)
    wrong = flow.boxes.assign(n=flow.boxes["n"] + (flow.boxes["box"] == "title_excluded"))
    with pytest.raises(evidence.FlowDoesNotAddUp, match="title_judged"):
        evidence.screening._assert_adds_up(Flow(wrong, flow.reasons), review)  # type: ignore[attr-defined]


def test_outcomes_follow_the_rules(tmp_path: Path) -> None:
    out = ("exclude", "off-topic")
    rows = [
        *both_rows("r0"),
        *[title_row("r1", "a"), title_row("r1", "b", *out)],
        *[title_row("r2", "a", *out), title_row("r2", "b", "exclude", "wrong-type")],
        *[title_row("r3", "a", "unsure"), title_row("r3", "c")],
        *[full_row("r3", "a", *out), full_row("r3", "b", "exclude", "wrong-type")],
        title_row("r4", "a"),
    ]
    review = evidence.load_review(small_review(tmp_path, n=5, screening=rows))
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
    rows = [row for name in ("r0", "r2") for row in both_rows(name)]
    rows += [title_row("r1", reviewer, "exclude", "off-topic") for reviewer in "ab"]
    pace = evidence.inclusion_by_order(evidence.load_review(small_review(tmp_path, screening=rows)), "title")
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
        append_row(folder / "screening.csv", title_row(slug, reviewer))
    append_row(folder / "records.csv", register_rows(rows)[0])
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
