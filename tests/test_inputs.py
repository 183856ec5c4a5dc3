"""YAML and CSV are read strictly, and a fault is said with its place and its remedy."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import Field

from compendium import bounds, columns
from compendium.faults import Fault, InvalidInput, closest, raise_if_any, suggest
from compendium.inputs import Strict, load_model, read_model, read_table, read_yaml


class Part(Strict):
    colour: str
    size: int = 1


class Whole(Strict):
    name: str
    parts: dict[str, Part] = Field(default_factory=dict)
    others: list[Part] = Field(default_factory=list)
    counts: dict[int, str] = Field(default_factory=dict)
    share: float = 0.5


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "file.csv"


def only_fault(path: Path, **how: str) -> Fault:
    with pytest.raises(InvalidInput) as caught:
        read_table(path, **how)
    (fault,) = caught.value.faults
    return fault


# CSV


def test_table_keeps_text_and_the_row_of_the_file(file):
    file.write_text('a,b\n1, x \n\n,\n02,"two\nlines"\n')
    table = read_table(file)
    assert list(table.index) == [2, 5]
    assert table.to_numpy().tolist() == [["1", "x"], ["02", "two\nlines"]]


def test_byte_order_mark_and_trailing_blank_column_are_dropped(file):
    file.write_bytes("\ufeffa,b,\r\n1,2,\r\n".encode())
    assert list(read_table(file).columns) == ["a", "b"]


def test_header_alone_gives_no_rows(file):
    file.write_text("a,b\n")
    assert read_table(file).shape == (0, 2)


@pytest.mark.parametrize(
    ("content", "problem", "row", "column"),
    [
        (b"", "the file is empty", None, None),
        (b" \n\n", "the file is empty", None, None),
        (b"\xef\xbb\xbf", "the file is empty", None, None),
        (b"a;b\n1;2\n", "the columns seem to be separated by a semicolon", 1, None),
        (b"a\tb\tc,d\n", "the columns seem to be separated by a tab", 1, None),
        (b"a,b,a\n1,2,3\n", "the column is named twice", 1, "a"),
        (b"a,,c\n1,2,3\n", "column 2 has no name", 1, None),
        (b"a,b\n1,2,3\n", "3 cells where the header has 2", 2, None),
        (b"\na,b\n1,2\n", "the first row is blank", 1, None),
    ],
)
def test_wrong_file(file, content, problem, row, column):
    file.write_bytes(content)
    fault = only_fault(file)
    assert (fault.problem, fault.row, fault.column) == (problem, row, column)
    assert fault.action


def test_a_file_that_ends_in_the_middle_of_a_letter_is_cut_off(file):
    file.write_bytes("a,b\n1,Zürich\n".encode()[:8])
    assert "cut off" in only_fault(file).problem


@pytest.mark.parametrize("content", ["a,b\nZürich,1\n".encode("cp1252"), "a,b\n1,2\n".encode("utf-16")])
def test_wrong_encoding(file, content):
    file.write_bytes(content)
    assert only_fault(file).problem.startswith("not readable as utf-8")


def test_null_characters_are_refused(file):
    file.write_bytes("a,b\n1,2\n".encode("utf-16-le"))
    assert "null characters" in only_fault(file).problem


def test_overlong_cell_is_a_fault_and_no_crash(file):
    file.write_text(f'a,b\n"{"x" * 200_000}",1\n')
    fault = only_fault(file)
    assert fault.problem.startswith("not readable as CSV")
    assert len(str(fault)) < 1000


def test_long_cell_that_the_csv_reader_takes_is_a_fault_with_its_row(file):
    file.write_text(f'a,b\n"{"x" * 100_000}",1\n')
    fault = only_fault(file)
    assert (fault.problem, fault.row) == ("a cell of 100000 signs; 20000 are read", 2)


def test_missing_file(file):
    assert only_fault(file).problem == "the file is missing"


# YAML


def yaml_fault_of(path: Path, text: str) -> Fault:
    path.write_text(text)
    with pytest.raises(InvalidInput) as caught:
        read_yaml(path)
    (fault,) = caught.value.faults
    return fault


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a: 1\nb: 2\na: 3\n", "the key 'a' is given twice"),
        ("a: [1\n", "not valid YAML"),
        ("a: 1\n\tb: 2\n", "not valid YAML"),
        ("a: 2026-02-30\n", "not valid YAML"),
        ("a: \x07\n", "not valid YAML"),
        (f"a: 0x{'f' * 5000}\n", "more than 15 digits"),
        (f"a: {'9' * 5000}\n", "more than 15 digits"),
        ("a: 1:2:3:4:5:6:7:8:9\n", "more than 15 digits"),
    ],
)
def test_wrong_yaml(tmp_path, text, said):
    assert said in yaml_fault_of(tmp_path / "file.yaml", text).problem


def test_wrong_yaml_names_the_line(tmp_path):
    fault = yaml_fault_of(tmp_path / "file.yaml", "a: 1\nb: [1\nc: 2\n")
    assert fault.row in (2, 3)
    assert ", line " in str(fault)


# Schemas


def faults_of(path: Path, text: str) -> tuple[Fault, ...]:
    path.write_text(text)
    with pytest.raises(InvalidInput) as caught:
        load_model(Whole, read_yaml(path), path)
    return caught.value.faults


@pytest.fixture
def description(tmp_path: Path) -> Path:
    return tmp_path / "file.yaml"


@pytest.mark.parametrize(
    ("text", "key", "line", "problem", "action"),
    [
        ("name: a\nprats: {}\n", "prats", 2, "unknown key", "did you mean 'parts'?"),
        ("name: a\nparts:\n  x: {colour: red, sise: 2}\n", "parts.x.sise", 3, "unknown key", "did you mean 'size'?"),
        ("name: a\nothers:\n - colour: red\n   hue: 2\n", "others.0.hue", 4, "unknown key", "known: colour, size"),
        ("name: a\nothers:\n - size: 2\n", "others.0.colour", 3, "the key is missing", "add it"),
        ("share: 0.1\n", "name", None, "the key is missing", "add it"),
        ("name: 7\n", "name", 1, "Input should be a valid string", "mend the value"),
        ("name: a\nshare: '0.1'\n", "share", 2, "Input should be a valid number", "mend the value"),
        ("name: a\ncounts: {one: x}\n", "counts.one", 2, "Input should be a valid integer", "mend the value"),
    ],
)
def test_wrong_key_is_named_with_line_and_remedy(description, text, key, line, problem, action):
    (fault,) = faults_of(description, text)
    assert (fault.key, fault.row, fault.problem, fault.action) == (key, line, problem, action)


def test_every_wrong_key_is_named(description):
    text = "nam: a\nparts: {x: {colour: 1, sise: 2}}\nothers: [{}]\nshare: many\n"
    assert {fault.key for fault in faults_of(description, text)} == {
        "nam", "parts.x.sise", "parts.x.colour", "others.0.colour", "share"
    }  # fmt: skip


def test_a_list_where_keys_are_wanted(description):
    (fault,) = faults_of(description, "- a\n- b\n")
    assert fault.key is None
    assert "dictionary" in fault.problem


def test_a_misspelt_key_is_read_as_the_one_it_looks_like(description):
    data = {"name": "a", "prats": {"x": {"color": "red"}}}
    model, faults = read_model(Whole, data, description)
    assert model is not None
    assert model.parts["x"].colour == "red"
    assert [fault.key for fault in faults] == ["prats", "parts.x.color"]
    assert data == {"name": "a", "prats": {"x": {"color": "red"}}}


def test_a_misspelt_key_never_replaces_the_right_one(description):
    model, _ = read_model(Whole, {"name": "a", "share": 0.1, "shar": 0.9}, description)
    assert model is not None
    assert model.share == 0.1


def test_a_wrong_value_is_read_as_not_given(description):
    model, faults = read_model(
        Whole, {"name": "a", "share": "x", "others": [{"colour": 1}, {"colour": "b"}]}, description
    )
    assert model is not None
    assert model.share == 0.5
    assert [other.colour for other in model.others] == ["b"]
    assert [fault.key for fault in faults] == ["others.0.colour", "share"]


def test_a_missing_key_is_named_although_there_is_a_fallback(description):
    model, faults = read_model(Whole, {}, description, fallback={"name": "b"})
    assert model is not None
    assert model.name == "b"
    assert [fault.key for fault in faults] == ["name"]


def test_nothing_to_read_without_a_required_key(description):
    model, faults = read_model(Whole, {"share": 0.1}, description)
    assert model is None
    assert [fault.key for fault in faults] == ["name"]


# Reports


def test_fault_is_told_with_place_finding_and_remedy():
    fault = Fault("self.csv", "out of range", "mend it", row=4, column="a", value="7", allowed="1 to 5")
    expected = "self.csv, row 4, column 'a': out of range (found '7'; allowed: 1 to 5)\n    -> mend it"
    assert str(fault) == expected


def test_fault_as_a_row_has_every_field():
    row = Fault("a.yaml", "unknown key", "remove it", key="x").as_row()
    assert list(row) == ["file", "problem", "action", "row", "column", "value", "allowed", "key"]


def test_report_counts_every_fault_and_tells_like_ones_once():
    faults = [Fault("a.csv", "out of range", "mend", row=row, column="x", value="9") for row in (5, 2, 3)]
    error = InvalidInput([*faults, Fault("b.csv", "the file is empty", "export it again")])
    lines = error.report().splitlines()
    assert lines[0] == "4 faults of 2 kinds found; nothing was written."
    assert lines[1].startswith("1. a.csv, rows 2, 3, 5, column 'x'")
    assert lines[3].startswith("2. b.csv: the file is empty")


def test_no_fault_no_error():
    raise_if_any([])


@pytest.mark.parametrize(("word", "found"), [("AGENCY", "agency"), ("agncy", "agency"), ("zzz", None)])
def test_closest_ignores_case(word, found):
    assert closest(word, ["agency", "team"]) == found


def test_suggest_lists_what_is_known_when_nothing_is_close():
    assert suggest("zzz", ["agency", "team"]) == "known: agency, team"
    assert suggest("zzz", []) == "nothing is expected here"


def test_a_table_with_too_many_columns_is_not_read_before_they_are_counted(monkeypatch):
    monkeypatch.setattr(columns, "_read", lambda *_: pytest.fail("a million columns cost minutes"))
    names = ",".join(f"c{number}" for number in range(max(bounds.MOST_COLUMNS + 1, columns.LARGE)))
    assert columns.read_plain(f"{names}\n", ",") is None
