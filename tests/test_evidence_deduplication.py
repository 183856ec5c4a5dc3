"""Duplicates found and originals kept apart, measured on sets whose truth is known."""

from __future__ import annotations

import random
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from labelled_works import ARTICLE, NOT_LISTED, SAME, SIBLINGS, Reference, pair
from review_folder import append_row, copy_of_the_real_review, damaged, make_review, references, ris

from compendium.faults import InvalidInput
from compendium.review import deduplicate, evidence_map, load_review, prisma_flow, read_export
from compendium.review.deduplication import MERGED, POSSIBLE
from compendium.review.titles import SAME as SAME_TITLE
from compendium.review.titles import compare_titles, is_section, normalise_title
from compendium.review.vocabulary import NUMBER_WORDS, NUMBERS, plain_word

# What the labelled set must reach; the measured figures are printed with -s.
RECALL_AT_LEAST, PRECISION_AT_LEAST = 0.98, 1.0


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


def _judged(folder: Path, case: tuple[Reference, Reference]) -> tuple[int, list[str]]:
    """Return how many works the two references of a case are taken for, and what became of the pair."""
    found = deduplicate(_reports(pair(case), folder))
    return found.record.nunique(), found.audit["decision"].tolist()


@pytest.mark.parametrize("case", SAME)
def test_one_work_in_two_forms_is_joined(tmp_path: Path, case: str) -> None:
    assert _judged(tmp_path, SAME[case]) == (1, [MERGED])


@pytest.mark.parametrize("case", SIBLINGS)
def test_siblings_are_never_joined_and_those_alike_are_listed(tmp_path: Path, case: str) -> None:
    listed = [] if case in NOT_LISTED else [POSSIBLE]
    assert _judged(tmp_path, SIBLINGS[case]) == (2, listed)


@pytest.mark.parametrize("case", [*SAME, *SIBLINGS])
def test_what_is_found_does_not_depend_on_which_comes_first(tmp_path: Path, case: str) -> None:
    rows = pair((SAME | SIBLINGS)[case])
    found = [deduplicate(_reports(order, tmp_path)) for order in (rows, rows[::-1])]
    assert found[0].record.nunique() == found[1].record.nunique()
    assert found[0].audit["decision"].tolist() == found[1].audit["decision"].tolist()


def test_a_labelled_set_of_forms_and_siblings_is_told_apart(tmp_path: Path) -> None:
    cases = {
        f"{name} {kind}": case for kind, cases in (("same", SAME), ("apart", SIBLINGS)) for name, case in cases.items()
    }
    rows = [
        {**row, "ID": f"{number}{row['ID']}"}
        for number, case in enumerate(cases.values())
        for row in _of_its_own(case, number)
    ]
    found = deduplicate(_reports(rows, tmp_path))
    record = dict(zip([row["ID"] for row in rows], found.record, strict=True))
    same = [record[f"{number}a"] == record[f"{number}b"] for number, name in enumerate(cases) if name.endswith("same")]
    joined = sum(record[f"{number}a"] == record[f"{number}b"] for number in range(len(cases)))
    print(f"recall {sum(same) / len(same):.3f}, precision {sum(same) / joined:.3f} of {len(cases)} pairs")
    assert joined == sum(same) == len(same)
    assert found.record.nunique() == 2 * len(cases) - len(same)


def _of_its_own(case: tuple[Reference, Reference], number: int) -> list[Reference]:
    """Return the references of a case about a place of their own, so that cases do not touch each other."""
    place = references(number + 1)[number]["TI"].split()[-1]
    rows = pair(case)
    for row in rows:
        if is_section(normalise_title(row["TI"])):
            row["AU"] = row["AU"].replace("Smith", place.title())
        else:
            row["TI"] = f"{row['TI']} {place}" if "oordination" in row["TI"] else f"{place} {row['TI']}"
        if "DO" in row:
            row["DO"] = row["DO"].lower().replace("2020", f"2020{number:04}").replace("12345", f"5{number:04}")
    return rows


@pytest.mark.parametrize("value", NUMBER_WORDS)
def test_a_number_in_words_is_that_number_and_no_other(value: int) -> None:
    for word in map(plain_word, NUMBER_WORDS[value].split()):
        assert NUMBERS[word] == str(value)
        titles = [f"working together across sectors part {text}" for text in (word, value, value + 1)]
        assert compare_titles(titles[0], titles[1]).kind == SAME_TITLE
        assert compare_titles(titles[0], titles[2]).numbers == (str(value), str(value + 1))


def test_every_pair_of_one_doi_is_compared(tmp_path: Path) -> None:
    rows = [
        ARTICLE | {"ID": "first", "DO": "10.1234/x"},
        ARTICLE | {"ID": "second", "DO": "10.1234/x", "TI": "Abstracts of the annual meeting"},
        ARTICLE | {"ID": "third", "DO": "10.1234/x"},
    ]
    found = deduplicate(_reports(rows, tmp_path))
    assert found.record.tolist() == [0, 1, 0]
    assert found.audit["decision"].tolist() == [MERGED, POSSIBLE, POSSIBLE]


def test_a_report_that_could_be_of_two_works_is_of_neither(tmp_path: Path) -> None:
    rows = [ARTICLE | {"ID": "a"}, ARTICLE | {"ID": "b", "AU": "Okafor, B"}, ARTICLE | {"ID": "c", "AU": ""}]
    found = deduplicate(_reports(rows, tmp_path))
    assert found.record.nunique() == 3
    assert set(found.audit["decision"]) == {POSSIBLE}
    assert "two works" in found.audit["reason"].str.cat()


def test_copies_are_joined_though_they_could_be_of_two_works(tmp_path: Path) -> None:
    rows = [ARTICLE | {"ID": name, "DO": doi} for name, doi in zip("abcd", ("", "", "10.1/x1", "10.1/y2"), strict=True)]
    rows = [row | {"DO": row["DO"].replace("10.1/", "10.1234/")} for row in rows]
    assert deduplicate(_reports(rows, tmp_path)).record.tolist() == [0, 0, 2, 3]


def test_a_join_says_what_it_rests_on_and_is_undone_by_a_person(tmp_path: Path) -> None:
    reports = _reports(
        [ARTICLE | {"ID": "a", "DO": "10.1234/x"}, ARTICLE | {"ID": "b", "DO": "10.1234/X/full"}], tmp_path
    )
    assert deduplicate(reports).audit[["evidence", "decision"]].to_numpy().tolist() == [["DOI", MERGED]]
    undone = pd.DataFrame([("found:a", "found:b", "apart", "x")], columns=["first", "second", "decision", "reason"])
    assert deduplicate(reports, undone).record.nunique() == 2


def test_a_short_title_alone_is_not_enough(tmp_path: Path) -> None:
    rows = [
        {"ID": "a", "TI": "Editorial", "AU": "", "PY": "2020"},
        {"ID": "b", "TI": "Editorial", "AU": "", "PY": "2020"},
    ]
    assert deduplicate(_reports(rows, tmp_path)).audit["decision"].tolist() == [POSSIBLE]


def test_a_persons_word_is_above_every_rule(tmp_path: Path) -> None:
    rows = [
        ARTICLE | {"ID": "a"},
        ARTICLE | {"ID": "b"},
        {"ID": "c", "TI": "Something else entirely here", "PY": "2020"},
    ]
    reports = _reports(rows, tmp_path)
    overrides = pd.DataFrame(
        [("found:a", "found:b", "apart", "two editions"), ("found:a", "found:c", "merge", "translated title")],
        columns=["first", "second", "decision", "reason"],
    )
    found = deduplicate(reports, overrides)
    assert found.record.tolist() == [0, 1, 0]
    assert "two editions" in found.audit["reason"].tolist()


def test_what_is_kept_apart_is_not_joined_through_a_third(tmp_path: Path) -> None:
    rows = [ARTICLE | {"ID": name} for name in "abc"]
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
        "",
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
