"""The index lists every result with its checksum; the comparison finds what changed and nothing else."""

from __future__ import annotations

import hashlib
import json
import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from compendium.faults import InvalidInput
from compendium.findings import encode, found
from compendium.outputs import catalogue
from compendium.outputs.manifest import TOLERANCES, accept, compare, write_manifest
from compendium.outputs.saving import Origin, Results
from compendium.paths import REFERENCE_RESULTS, ResultFolders

CLOSED = "03_cohort_quality"
FRAME = pd.DataFrame({"item": ["a", "b", "c"], "rho": [0.1, np.nan, -1 / 3], "decision": ["keep", "drop", "keep"]})
VALUES = {"rho": 0.25, "text": "yes", "nothing": None, "flag": True}


def build(root: Path, frame: pd.DataFrame = FRAME, step: str = CLOSED, **changes: object) -> ResultFolders:
    folders = ResultFolders(root)
    save = Results(folders, step)
    save.table("items", frame, caption="Items", origin=Origin("by.hand"))
    for name, value in {**VALUES, **changes}.items():
        save.value(name, value, origin=Origin("by.hand"))
    save.picture("page", {"svg": b"<svg/>", "png": b"png"}, caption="A page", alt="One page.", origin=Origin("by.hand"))
    return folders


@pytest.fixture
def accepted(tmp_path: Path) -> Path:
    accept(build(tmp_path / "first"), tmp_path / "reference")
    return tmp_path / "reference"


def told(tmp_path: Path, accepted: Path, *args: object, **changes: object) -> list[str]:
    return [str(each) for each in compare(build(tmp_path / "again", *args, **changes), accepted)]


def test_same_build_has_no_difference(tmp_path, accepted):
    assert told(tmp_path, accepted) == []


def test_changed_cell_is_named_with_file_row_and_column(tmp_path, accepted):
    changed = FRAME.assign(rho=[0.1, np.nan, 0.5])
    assert told(tmp_path, accepted, changed) == ["tables/items.csv row 4 rho: accepted -0.3333333333333333, built 0.5"]


def test_changed_word_is_found(tmp_path, accepted):
    changed = FRAME.assign(decision=["keep", "keep", "keep"])
    assert told(tmp_path, accepted, changed) == ["tables/items.csv row 3 decision: accepted drop, built keep"]


@pytest.mark.parametrize(
    ("kind", "value", "alike"), [("low", 0.1 + 1e-12, True), ("low", 0.2, False), ("high", 0.1, False)]
)
def test_numbers_in_findings_have_the_tolerance_of_numbers(
    tmp_path: Path, kind: str, value: float, alike: bool
) -> None:
    """The last bits differ between processors in a reason as they do in a number."""

    def reasons(kind: str, value: float) -> pd.DataFrame:
        return FRAME.assign(decision=encode([found(kind, value=value, other=("a",))]))

    accept(build(tmp_path / "first", reasons("low", 0.1)), tmp_path / "reference")
    assert (compare(build(tmp_path / "again", reasons(kind, value)), tmp_path / "reference") == []) is alike


def test_number_in_place_of_a_blank_is_found_both_ways(tmp_path, accepted):
    assert told(tmp_path, accepted, FRAME.assign(rho=[0.1, 0.2, -1 / 3])) == [
        "tables/items.csv row 3 rho: accepted blank, built 0.2"
    ]
    assert told(tmp_path, accepted, FRAME.assign(rho=[np.nan, np.nan, -1 / 3])) == [
        "tables/items.csv row 2 rho: accepted 0.1, built blank"
    ]


def test_other_shape_is_one_difference(tmp_path, accepted):
    assert told(tmp_path, accepted, FRAME.head(2)) == [
        "tables/items.csv: accepted 3 rows of item, rho, decision, built 2 rows of item, rho, decision"
    ]
    assert len(told(tmp_path, accepted, FRAME.rename(columns={"rho": "r"}))) == 1


def test_missing_and_new_tables_are_found(tmp_path, accepted):
    folders = build(tmp_path / "again")
    (folders.tables / "items.csv").unlink()
    (folders.tables / "new.csv").write_text("a\n1\n")
    assert [str(each) for each in compare(folders, accepted)] == [
        "tables/items.csv: accepted present, built missing",
        "tables/new.csv: accepted missing, built present",
    ]


@pytest.mark.parametrize(
    ("changes", "line"),
    [
        ({"rho": 0.26}, "rho: accepted 0.25, built 0.26"),
        ({"text": "no"}, "text: accepted yes, built no"),
        ({"nothing": 0.0}, "nothing: accepted None, built 0.0"),
        ({"rho": None}, "rho: accepted 0.25, built None"),
        ({"extra": 1}, "extra: accepted missing, built 1"),
    ],
)
def test_changed_value_is_named(tmp_path, accepted, changes, line):
    assert told(tmp_path, accepted, **changes) == [f"values/{CLOSED}.json {line}"]


def mark(folders: ResultFolders, note: str, *, n: float, tag: str = "rho") -> ResultFolders:
    save = Results(folders, "01_evidence_review")
    save.table("changes", pd.DataFrame({tag: [n]}), caption="Changes", note=note, origin=Origin("by.hand"))
    save.value("changes_n", n, note=note, origin=Origin("by.hand"))
    return folders


def told_of_changes(tmp_path: Path, before: str, after: str, **more: str) -> list[str]:
    reference = tmp_path / "reference"
    accept(mark(build(tmp_path / "first"), before, n=0), reference)
    return [str(each) for each in compare(mark(build(tmp_path / "again"), after, n=3, **more), reference)]


def test_what_asks_not_to_be_compared_is_passed_over(tmp_path):
    assert told_of_changes(tmp_path, "not compared: it looks back", "not compared: there is nothing yet") == []


def test_its_shape_is_not_compared_either(tmp_path):
    assert told_of_changes(tmp_path, "not compared", "not compared", tag="other") == []


@pytest.mark.parametrize(
    ("before", "after"), [("", ""), ("not compared", ""), ("", "not compared"), ("", "it is not compared: no")]
)
def test_a_result_that_is_compared_on_one_side_is_compared(tmp_path, before, after):
    assert told_of_changes(tmp_path, before, after) == [
        "tables/changes.csv row 2 rho: accepted 0, built 3",
        "values/01_evidence_review.json changes_n: accepted 0, built 3",
    ]


def test_that_a_result_is_gone_is_found_even_if_it_is_not_compared(tmp_path):
    reference, again = tmp_path / "reference", build(tmp_path / "again")
    accept(mark(build(tmp_path / "first"), "not compared", n=1), reference)
    Results(again, "01_evidence_review").value("other", 1, origin=Origin("by.hand"))
    assert [each.where for each in compare(again, reference)] == [
        "tables/changes.csv",
        "values/01_evidence_review.json changes_n",
        "values/01_evidence_review.json other",
    ]


# One result of each kind of quantity, by step, name of a table and name of a value.
OF_EACH_KIND = {
    "closed form": ("03_cohort_quality", "missing_items", "missing_share"),
    "iterative": ("05_factor_structure", "model_fit", "model_cfi"),
    "item response": ("04_item_analysis", "irt_parameters", "n_misfitting_items"),
    "Monte Carlo": ("08_outcome_associations", "claims", "n_claims"),
}


def one_of_a_kind(root: Path, kind: str, number: float) -> ResultFolders:
    step, table, value = OF_EACH_KIND[kind]
    folders = ResultFolders(root)
    save = Results(folders, step)
    save.table(table, pd.DataFrame({"x": [number]}), caption="One", origin=Origin("by.hand"))
    save.value(value, number, origin=Origin("by.hand"))
    return folders


@pytest.mark.parametrize("kind", TOLERANCES)
def test_tolerance_goes_by_the_quantity_that_the_catalogue_names(tmp_path, kind):
    absolute, relative = TOLERANCES[kind]
    reference, allowed = tmp_path / "reference", absolute + relative * 0.25
    accept(one_of_a_kind(tmp_path / "first", kind, 0.25), reference)
    assert compare(one_of_a_kind(tmp_path / "within", kind, 0.25 + 0.9 * allowed), reference) == []
    assert len(compare(one_of_a_kind(tmp_path / "beyond", kind, 0.25 + 1.2 * allowed), reference)) == 2


@pytest.mark.parametrize("kind", TOLERANCES)
def test_a_count_has_no_tolerance(tmp_path: Path, kind: str) -> None:
    accept(one_of_a_kind(tmp_path / "first", kind, 100_000), tmp_path / "reference")
    assert len(compare(one_of_a_kind(tmp_path / "again", kind, 100_001), tmp_path / "reference")) == 2


# Families whose estimates are found step by step, so that their last digits hang on the processor.
ITERATIVE = r"psychometrics\.(irt|sem|efa|bayesian|ordinal|invariance|dimensionality)\b"


def test_a_table_of_estimates_found_step_by_step_is_not_compared_as_a_closed_form() -> None:
    checked = 0
    for path in sorted((REFERENCE_RESULTS / "tables").glob("*.json")):
        origin = json.loads(path.read_text(encoding="utf-8"))
        if any(re.match(ITERATIVE, name) for name in origin["statistics"]):
            entry = catalogue.entries(origin["notebook"]).find("tables", path.stem)
            assert isinstance(entry, catalogue.Table)
            assert entry.quantity != "closed form", path.stem
            checked += 1
    assert checked > 20


def test_accepting_a_change_makes_it_the_accepted_one(tmp_path, accepted):
    changed = build(tmp_path / "again", FRAME.assign(rho=0.7), rho=0.5)
    assert len(compare(changed, accepted)) == 4
    accept(changed, accepted)
    assert compare(changed, accepted) == []


def test_accepting_forgets_tables_that_are_no_longer_built(tmp_path, accepted):
    (accepted / "tables" / "old.csv").write_text("a\n")
    accept(build(tmp_path / "again"), accepted)
    assert sorted(str(path.relative_to(accepted)) for path in accepted.rglob("*.*")) == [
        "tables/items.csv",
        "tables/items.json",
        f"values/{CLOSED}.json",
    ]


def test_accepting_nothing_is_refused_and_removes_nothing(tmp_path, accepted):
    before = sorted(accepted.rglob("*"))
    with pytest.raises(InvalidInput, match="nothing is built there"):
        accept(ResultFolders(tmp_path / "empty"), accepted)
    assert sorted(accepted.rglob("*")) == before


def test_index_lists_every_file_with_its_checksum(tmp_path):
    folders = build(tmp_path / "pilot")
    manifest = json.loads(write_manifest(folders, "pilot").read_text())
    listed = {name: checksum for entry in manifest["results"] for name, checksum in entry["files"].items()}
    files = [
        path
        for folder in (folders.tables, folders.figures, folders.values)
        for path in folder.iterdir()
        if path.suffix != ".json" or folder == folders.values
    ]
    assert listed == {
        str(path.relative_to(folders.root)): hashlib.sha256(path.read_bytes()).hexdigest() for path in files
    }
    assert len(listed) == 4


def test_index_says_where_each_result_comes_from(tmp_path):
    manifest = json.loads(write_manifest(build(tmp_path / "pilot"), "pilot").read_text())
    assert manifest["cohort"] == "pilot"
    assert {(entry["name"], entry["kind"]) for entry in manifest["results"]} == {
        ("items", "table"),
        ("page", "figure"),
        *((name, "value") for name in VALUES),
    }
    assert {(entry["notebook"], entry["builder"]) for entry in manifest["results"]} == {(CLOSED, "by.hand")}


def test_index_is_the_same_for_the_same_results(tmp_path):
    one, two = (write_manifest(build(tmp_path / name), "pilot").read_bytes() for name in ("one", "two"))
    assert one == two
