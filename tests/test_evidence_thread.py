"""The thread from items to records and back, and the real corpus."""

from __future__ import annotations

import pandas as pd
import pytest
from review_rows import (
    FRAMEWORK,
    the_real_review,
    with_evidence,
)

from compendium import review as evidence
from compendium.faults import InvalidInput
from psychometrics.selection import select_items


def test_every_item_of_the_framework_has_its_thread() -> None:
    items = evidence.thread_of_items(the_real_review(), FRAMEWORK)
    assert list(items.index) == list(FRAMEWORK.items.index)
    assert list(items.index[items["supporting"] == 0]) == []
    assert (items["supporting"] <= items["named"]).all()
    assert evidence.items_without_evidence(the_real_review(), FRAMEWORK).empty


def test_the_thread_runs_both_ways() -> None:
    review = the_real_review()
    forth, back = evidence.item_thread(review, FRAMEWORK), evidence.thread_of_records(review, FRAMEWORK)
    included = forth[forth["thread"] != "not included"]
    assert back["n_items"].sum() == len(included)
    for record, names in back["items"].items():
        assert set(names.split("; ")) - {""} == set(included.loc[included["record"] == record, "item"])


def test_an_item_is_supported_only_by_records_coded_for_its_competency() -> None:
    review = the_real_review()
    table = evidence.coded(review)
    for row in evidence.item_thread(review, FRAMEWORK).itertuples():
        expected = row.record in table.index and bool(table.loc[row.record, row.competency])
        assert (row.thread == "supported") == expected


def test_the_coverage_rule_of_selection_takes_the_supported_items_of_each_theme() -> None:
    review, themes = the_real_review(), FRAMEWORK.items["theme"]
    whole = evidence.supported_by_theme(review, FRAMEWORK)
    assert whole == {theme: list(themes.index[themes == theme]) for theme in FRAMEWORK.description.themes or {}}
    cut = FRAMEWORK.items["evidence"].where(themes != "own_role", "")
    cut["roles_03"] = "workforce-barriers-2018"  # included, but coded for another competency
    less = evidence.supported_by_theme(review, with_evidence(cut))
    assert set(whole) - set(less) == {"own_role"}
    assert less["local_services"] == ["roles_06", "roles_09"]
    merit = pd.Series(1.0, index=FRAMEWORK.items.index).where(themes != "local_services", 0.1)
    chosen = select_items(merit, FRAMEWORK.scales(list(merit.index)), size=40, coverage=less)
    assert set(chosen.chosen) & {"roles_06", "roles_09"}


def test_items_and_records_at_a_loose_end_are_listed() -> None:
    review = the_real_review()
    cut = FRAMEWORK.items["evidence"].where(~FRAMEWORK.items.index.isin(["person_01", "roles_03"]), "")
    cut["teamwork_01"] = "workforce-barriers-2018"  # included, but coded for another competency
    framework = with_evidence(cut)
    loose = evidence.items_without_evidence(review, framework)
    assert loose["named"].to_dict() == {"person_01": 0, "teamwork_01": 1, "roles_03": 0}
    unused = evidence.evidence_without_items(review, framework)
    assert not {"lewis-2024", "workforce-barriers-2018"} & set(unused.index)
    assert not set(unused.index) & set(evidence.item_thread(review, framework)["record"])


def test_an_item_that_rests_on_an_unknown_record_is_refused() -> None:
    with pytest.raises(InvalidInput, match="did you mean 'ipec-2023'"):
        evidence.item_thread(the_real_review(), with_evidence("ipec-2032"))


# The real corpus


def test_the_real_corpus_is_settled_and_codes_the_frameworks_competencies() -> None:
    review = the_real_review()
    flow = evidence.prisma_flow(review)
    assert (
        flow.n("facts_awaiting") + flow.n("facts_conflict") + flow.n("title_awaiting") + flow.n("title_conflict") == 0
    )
    assert evidence.open_codes(review).empty
    assert review.competency_codes == list(FRAMEWORK.competencies.index)
    assert not (evidence.consensus(review) == "not coded").any(axis=None)


def test_frameworks_have_the_labels_of_the_coding_frame() -> None:
    review = the_real_review()
    assert review.frame.loc[review.competency_codes, "label"].to_dict() == FRAMEWORK.competencies["label"].to_dict()
