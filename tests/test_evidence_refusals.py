"""What a review refuses: every fault with its file and row, in one report."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from review_folder import PROTOCOL, append_row, copy_of_the_real_review, references, ris
from review_rows import (
    both_rows,
    coded_rows,
    small_review,
    title_row,
)

from compendium import review as evidence
from compendium.faults import InvalidInput

REFUSED: dict[str, tuple[str, tuple[str, ...], str]] = {
    "unknown record": ("screening", title_row("r9", "a"), "a decision about an unknown record"),
    "unknown reviewer": ("screening", title_row("r1", "z"), "not a reviewer"),
    "unknown stage": ("screening", ("abstract", "r1", "a", "include", "", "x"), "not a stage"),
    "unknown decision": ("screening", title_row("r1", "a", "perhaps"), "not a decision"),
    "decided twice": ("screening", title_row("r0", "a", "exclude", "off-topic"), "the reviewer decided twice"),
    "exclusion without a reason": ("screening", title_row("r1", "a", "exclude"), "an exclusion without a reason"),
    "a reason of one's own": ("screening", title_row("r1", "a", "exclude", "boring"), "not a reason of the protocol"),
    "a reason for inclusion": ("screening", title_row("r1", "a", "include", "off-topic"), "a reason where nothing"),
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
    coded = [*coded_rows("r0", "a", "person", "hospital"), *coded_rows("r0", "b", "person", "hospital")]
    folder = small_review(tmp_path, screening=both_rows("r0"), coding=coded)
    number = append_row(folder / f"{name}.csv", row)
    with pytest.raises(InvalidInput) as error:
        evidence.load_review(folder)
    hits = [fault for fault in error.value.faults if problem in fault.problem]
    assert hits, error.value.report()
    assert Path(hits[0].file).name == f"{name}.csv"
    assert hits[0].row == number or "codes of setting" in problem


def test_every_fault_comes_in_one_report(tmp_path: Path) -> None:
    rows = [title_row("r9", "a"), title_row("r1", "b", "exclude"), *both_rows("r0"), title_row("r0", "b")]
    folder = small_review(tmp_path, screening=rows, coding=coded_rows("r0", "a", "kindness", "home"))
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
    folder = small_review(tmp_path)
    (folder / "exports" / "more.ris").write_text(ris(references(1, seed=9)), encoding="utf-8")
    with pytest.raises(InvalidInput, match=r"not in search_log\.csv"):
        evidence.load_review(folder)


def test_a_malformed_export_is_named_with_its_line(tmp_path: Path) -> None:
    folder = small_review(tmp_path)
    path = folder / "exports" / "found.ris"
    path.write_text(path.read_text(encoding="utf-8") + "TY  - JOUR\nTI  - cut off", encoding="utf-8")
    with pytest.raises(InvalidInput, match=r"found\.ris.*not valid RIS: the file ends inside a reference"):
        evidence.load_review(folder)


def test_a_misspelt_key_of_the_protocol_is_refused(tmp_path: Path) -> None:
    folder = small_review(tmp_path)
    (folder / "protocol.yaml").write_text(yaml.safe_dump(PROTOCOL | {"basiss": "x"}), encoding="utf-8")
    with pytest.raises(InvalidInput, match="did you mean 'basis'"):
        evidence.load_review(folder)
