"""Duplicates found and originals kept apart, measured on sets whose truth is known."""

from __future__ import annotations

import random
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from review_folder import append_row, copy_of_the_real_review, damaged, make_review, references, ris

from compendium.faults import InvalidInput
from compendium.review import deduplicate, evidence_map, load_review, prisma_flow, read_export
from compendium.review.deduplication import MERGED, POSSIBLE

# What the labelled set must reach; the measured figures are printed with -s.
RECALL_AT_LEAST, PRECISION_AT_LEAST = 0.97, 0.999


def _reports(rows: list[dict[str, str]], folder: Path) -> pd.DataFrame:
    path = folder / "found.ris"
    path.write_text(ris(rows), encoding="utf-8")
    reports, faults = read_export(path)
    assert faults == []
    return reports


def test_duplicates_of_a_labelled_set_are_found_and_nothing_else_is_joined(tmp_path: Path) -> None:
    draw = random.Random(7)
    originals = references(1200, seed=3)
    truth = [row["ID"] for row in originals]
    doubled = draw.sample(originals, 400)
    copies = [damaged(row, draw, f"copy-{row['ID']}") for row in doubled]
    reports = _reports(originals + copies, tmp_path)
    labels = pd.Series(truth + [row["ID"] for row in doubled])
    found = deduplicate(reports).record
    pairs_true = {(i, labels[labels == labels[i]].index[0]) for i in range(1200, 1600)}
    joined = [(i, j) for members in found.groupby(found).groups.values() for i in members for j in members if j < i]
    recall = sum(found[i] == found[j] for i, j in pairs_true) / len(pairs_true)
    precision = sum(labels[i] == labels[j] for i, j in joined) / len(joined)
    print(f"recall {recall:.4f}, precision {precision:.4f} on {len(pairs_true)} planted duplicates")
    assert recall >= RECALL_AT_LEAST
    assert precision >= PRECISION_AT_LEAST


BASE = {
    "ID": "a",
    "TI": "Coordinating care between home and hospital",
    "AU": "Smith, J",
    "PY": "2020",
    "DO": "10.1234/x",
}
SAME = {
    "DOI in another form": {"TI": "Coordinating care between home and hospital: a study", "DO": "doi:10.1234/X"},
    "no DOI, other punctuation": {"TI": "COORDINATING CARE between home & hospital.", "DO": ""},
    "one letter wrong": {"TI": "Coordinating care betwen home and hospital", "DO": ""},
    "first online the year before": {"PY": "2019", "DO": ""},
    "no author, no year": {"AU": "", "PY": "", "DO": ""},
}
OTHER = {
    "another DOI": {"DO": "10.1234/y"},
    "another first author": {"AU": "Okafor, B", "DO": ""},
    "another title": {"TI": "Leading care between home and hospital staff in teams", "DO": ""},
}
ASKED = {
    "a part two": {"TI": "Coordinating care between home and hospital, part 2", "DO": ""},
    "years apart": {"PY": "2011", "DO": ""},
    "one DOI, two titles": {"TI": "Abstracts of the annual meeting"},
}


@pytest.mark.parametrize("case", SAME)
def test_the_same_publication_is_joined(tmp_path: Path, case: str) -> None:
    found = deduplicate(_reports([BASE, BASE | {"ID": "b"} | SAME[case]], tmp_path))
    assert found.record.tolist() == [0, 0]
    assert found.audit["decision"].tolist() == [MERGED]


@pytest.mark.parametrize("case", OTHER)
def test_another_publication_is_left_alone(tmp_path: Path, case: str) -> None:
    found = deduplicate(_reports([BASE, BASE | {"ID": "b"} | OTHER[case]], tmp_path))
    assert found.record.nunique() == 2
    assert MERGED not in found.audit["decision"].tolist()


@pytest.mark.parametrize("case", ASKED)
def test_a_doubtful_pair_is_left_to_a_person(tmp_path: Path, case: str) -> None:
    found = deduplicate(_reports([BASE, BASE | {"ID": "b"} | ASKED[case]], tmp_path))
    assert found.record.nunique() == 2
    assert found.audit["decision"].tolist() == [POSSIBLE]


def test_a_short_title_alone_is_not_enough(tmp_path: Path) -> None:
    rows = [
        {"ID": "a", "TI": "Editorial", "AU": "", "PY": "2020"},
        {"ID": "b", "TI": "Editorial", "AU": "", "PY": "2020"},
    ]
    assert deduplicate(_reports(rows, tmp_path)).audit["decision"].tolist() == [POSSIBLE]


def test_a_persons_word_is_above_every_rule(tmp_path: Path) -> None:
    rows = [BASE, BASE | {"ID": "b"}, {"ID": "c", "TI": "Something else entirely here", "PY": "2020"}]
    reports = _reports(rows, tmp_path)
    overrides = pd.DataFrame(
        [("found:a", "found:b", "apart", "two editions"), ("found:a", "found:c", "merge", "translated title")],
        columns=["first", "second", "decision", "reason"],
    )
    found = deduplicate(reports, overrides)
    assert found.record.tolist() == [0, 1, 0]
    assert "two editions" in found.audit["reason"].tolist()


def test_what_is_kept_apart_is_not_joined_through_a_third(tmp_path: Path) -> None:
    rows = [BASE, BASE | {"ID": "b", "DO": ""}, BASE | {"ID": "c"}]
    overrides = pd.DataFrame([("found:a", "found:c", "apart", "x")], columns=["first", "second", "decision", "reason"])
    found = deduplicate(_reports(rows, tmp_path), overrides)
    assert found.record[0] != found.record[2]


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 10**6))
def test_order_of_the_exports_does_not_change_what_is_joined(
    tmp_path_factory: pytest.TempPathFactory, seed: int
) -> None:
    draw = random.Random(seed)
    rows = references(25, seed=seed)
    rows += [damaged(row, draw, f"copy-{row['ID']}") for row in draw.sample(rows, 8)]
    shuffled = draw.sample(rows, len(rows))
    clusters = []
    for order in (rows, shuffled):
        reports = _reports(order, tmp_path_factory.mktemp("order"))
        found = deduplicate(reports).record
        clusters.append(
            {frozenset(reports.loc[list(members), "own_id"]) for members in found.groupby(found).groups.values()}
        )
    assert clusters[0] == clusters[1]


def test_no_report_is_ever_lost(tmp_path: Path) -> None:
    rows = references(30)
    review = load_review(make_review(tmp_path / "r", rows + [{**row, "ID": f"again-{row['ID']}"} for row in rows[:7]]))
    assert len(review.reports) == 37
    assert len(review.records) == 30
    assert review.records["reports"].sum() == 37
    assert set(review.reports["record"]) == set(review.records.index)


def test_the_real_corpus_joins_what_is_known_to_be_one(tmp_path: Path) -> None:
    review = load_review(copy_of_the_real_review(tmp_path))
    several = review.records[review.records["reports"] > 1]
    assert set(several.index) == {"lewis-2024", "nhs-employers-ics-2022"}
    assert "possible duplicate" not in set(review.merges["decision"])


def test_a_publication_registered_twice_is_refused(tmp_path: Path) -> None:
    folder = copy_of_the_real_review(tmp_path)
    row = (
        "ipec-again",
        "IPEC core competencies v3",
        "Interprofessional Education Collaborative",
        "2023",
        "",
        "x",
        "framework",
        "US",
        "",
        "",
        "",
    )
    number = append_row(folder / "records.csv", row)
    with pytest.raises(InvalidInput, match="registered twice") as error:
        load_review(folder)
    assert number in [fault.row for fault in error.value.faults]


def test_twenty_thousand_records_are_imported_joined_and_mapped(tmp_path: Path) -> None:
    rows = references(19_000, seed=11)
    draw = random.Random(5)
    rows += [damaged(row, draw, f"copy-{row['ID']}") for row in draw.sample(rows, 1000)]
    review = load_review(make_review(tmp_path / "large", rows))
    flow, cells = prisma_flow(review), evidence_map(review, facet="setting")
    assert flow.n("identified") == 20_000
    assert 950 <= flow.n("duplicates") <= 1010
    assert len(cells) == 4
