"""A result appears whole or not at all, says where it comes from, and is the same bytes every time."""

from __future__ import annotations

import io
import json
import math
import os
import stat
import subprocess
import sys
import zipfile
from datetime import datetime
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from matplotlib.figure import Figure

from compendium.files import checksum, sweep, undated, write_bytes, write_text
from compendium.outputs import saving as results_module
from compendium.outputs.saving import OWNED, Origin, ResultError, Results, forget_step, read_values
from compendium.paths import PROJECT, ResultFolders, result_folders
from compendium.report.book.saved import SavedResults
from compendium.report.figures.theme import label, subplots

STEP = "04_item_analysis"
FRAME = pd.DataFrame({"item": ["a", "b"], "loading": [0.1 + 0.2, -1 / 3], "n": [91, 840]})


@pytest.fixture
def folders(tmp_path: Path) -> ResultFolders:
    return ResultFolders(tmp_path / "pilot")


@pytest.fixture
def save(folders: ResultFolders) -> Results:
    return Results(folders, STEP)


def drawing() -> Figure:
    figure, [axes] = subplots(3, 2)
    axes.plot([1, 2, 3], [0.1, 0.4, 0.2], label="a line")
    axes.fill_between([1, 2, 3], [0, 0, 0], [0.1, 0.4, 0.2])
    label(axes, x="Items (number)", y="Share")
    return figure


def everything_in(folder: Path) -> dict[str, bytes]:
    files = (path for path in sorted(folder.rglob("*")) if path.is_file() and path.parent.name != OWNED)
    return {str(path.relative_to(folder)): path.read_bytes() for path in files}


def save_one_of_each(save: Results) -> None:
    save.table("loadings", FRAME, caption="Loadings", origin=Origin("by.hand"), note="a note")
    save.value("n_items", 72, origin=Origin("by.hand"))
    save.figure("plot", drawing(), caption="A plot", alt="A line that rises and falls.", origin=Origin("by.hand"))
    save.picture("page", {"svg": b"<svg/>"}, caption="A page", alt="One page.", origin=Origin("by.hand"))
    save.private_table("prepared", FRAME)


# Whole or not at all


def test_interrupted_write_leaves_neither_file_nor_part(tmp_path, monkeypatch):
    def fail(self: Path, target: Path) -> Path:
        raise KeyboardInterrupt

    monkeypatch.setattr(Path, "replace", fail)
    with pytest.raises(KeyboardInterrupt):
        write_text(tmp_path / "table.csv", "a,b\n")
    assert list(tmp_path.iterdir()) == []


def test_interrupted_write_leaves_the_file_that_was_there(tmp_path, monkeypatch):
    path = tmp_path / "table.csv"
    write_text(path, "before")
    monkeypatch.setattr(Path, "chmod", lambda *_: (_ for _ in ()).throw(OSError("disk full")))
    with pytest.raises(OSError, match="disk full"):
        write_bytes(path, b"after")
    assert [each.name for each in tmp_path.iterdir()] == ["table.csv"]
    assert path.read_text() == "before"


def test_table_that_cannot_be_written_leaves_no_trace(folders, save, monkeypatch):
    def fail(*_: object, **__: object) -> str:
        raise MemoryError

    monkeypatch.setattr(pd.DataFrame, "to_csv", fail)
    with pytest.raises(MemoryError):
        save.table("loadings", FRAME, caption="Loadings", origin=Origin("by.hand"))
    assert everything_in(folders.root) == {}


def test_figure_that_fails_in_its_second_form_leaves_no_trace(folders, save, monkeypatch):
    figure = drawing()
    real = figure.savefig

    def only_svg(stream: object, *, format: str, **more: object) -> None:
        if format == "png":
            raise RuntimeError("no png today")
        real(stream, format=format, **more)

    monkeypatch.setattr(figure, "savefig", only_svg)
    with pytest.raises(RuntimeError, match="no png today"):
        save.figure("plot", figure, caption="A plot", alt="A line.", origin=Origin("by.hand"))
    assert everything_in(folders.root) == {}


def test_table_cut_off_between_its_files_is_forgotten_by_the_next_run(folders, save, monkeypatch):
    monkeypatch.setattr(results_module, "write_bytes", _fails_on(".csv", results_module.write_bytes))
    with pytest.raises(KeyboardInterrupt):
        save.table("loadings", FRAME, caption="Loadings", origin=Origin("by.hand"))
    monkeypatch.undo()
    Results(folders, STEP)
    assert everything_in(folders.root) == {}


def _fails_on(ending: str, write):
    def written(path: Path, content: bytes, mode: int = 0o644) -> None:
        if path.suffix == ending:
            raise KeyboardInterrupt
        write(path, content, mode)

    return written


# Precision, metadata, determinism


def test_documents_are_the_same_whenever_they_are_written():
    import openpyxl

    def written(day: int) -> bytes:
        book = openpyxl.Workbook()
        book.active["A1"] = "a cell"
        book.properties.created = datetime(2026, 1, day)
        stream = io.BytesIO()
        with zipfile.ZipFile(stream, "w") as archive:
            archive.writestr(zipfile.ZipInfo("letter", (2026, 1, day, 0, 0, 0)), "content")
        inner, stream = stream.getvalue(), io.BytesIO()
        book.save(stream)
        return undated(inner) + undated(stream.getvalue())

    assert written(1) == written(2)
    book = io.BytesIO()
    openpyxl.Workbook().save(book)
    read = openpyxl.load_workbook(io.BytesIO(undated(book.getvalue())))
    assert (read.properties.created, read.properties.modified) == (datetime(2000, 1, 1), datetime(2000, 1, 1))


@settings(max_examples=60, deadline=None)
@given(st.lists(st.floats(allow_nan=False, allow_infinity=False), min_size=1, max_size=20))
def test_tables_keep_every_digit(tmp_path_factory, numbers):
    folders = ResultFolders(tmp_path_factory.mktemp("results"))
    Results(folders, STEP).table("t", pd.DataFrame({"x": numbers}), caption="t", origin=Origin("by.hand"))
    read = pd.read_csv(folders.tables / "t.csv")["x"]
    assert [float(number) for number in read] == [float(number) for number in numbers]


@settings(max_examples=60, deadline=None)
@given(st.floats(allow_nan=False, allow_infinity=False))
def test_values_keep_every_digit(tmp_path_factory, number):
    folders = ResultFolders(tmp_path_factory.mktemp("results"))
    Results(folders, STEP).value("x", number, origin=Origin("by.hand"))
    assert read_values(folders)["x"]["value"] == number


@settings(max_examples=25, deadline=None)
@given(st.lists(st.sampled_from(["1.0", "2.0", "2024", "1001", "007", "1e3", "yes", "", "-1"]), min_size=1))
def test_labels_that_look_like_numbers_come_out_letter_for_letter(tmp_path_factory, labels):
    folders = ResultFolders(tmp_path_factory.mktemp("results") / "pilot")
    frame = pd.DataFrame({"version": pd.Series(labels, dtype=object), "n": range(len(labels))})
    Results(folders, STEP).table("versions", frame, caption="Versions", origin=Origin("by.hand"))
    shown = SavedResults(folders).table("versions").frame
    assert list(shown["version"]) == labels
    assert shown["n"].dtype == np.int64


def test_index_is_written_as_first_columns_when_wanted(folders, save):
    matrix = pd.DataFrame({"a": [1.0, 0.5]}, index=pd.Index(["a", "b"], name="item"))
    returned = save.table("matrix", matrix, caption="Correlations", origin=Origin("by.hand"), index=True)
    assert list(returned.columns) == ["item", "a"]
    assert (folders.tables / "matrix.csv").read_text() == "item,a\na,1.0\nb,0.5\n"


def test_metadata_say_caption_note_notebook_cell_builder_statistics_and_rows(folders, save):
    origin = Origin("compendium.steps.a", ("psychometrics.b", "psychometrics.c"), "loadings")
    save.table("loadings", FRAME, caption="Loadings", origin=origin, note="a note")
    assert json.loads((folders.tables / "loadings.json").read_text()) == {
        "caption": "Loadings",
        "note": "a note",
        "notebook": STEP,
        "cell": "loadings",
        "builder": "compendium.steps.a",
        "statistics": ["psychometrics.b", "psychometrics.c"],
        "rows": 2,
    }


def test_figure_carries_caption_and_alternative_text_in_metadata_and_svg(folders, save):
    save.figure("plot", drawing(), caption="Shares & counts", alt="A line that rises.", origin=Origin("by.hand"))
    metadata = json.loads((folders.figures / "plot.json").read_text())
    assert (metadata["caption"], metadata["alt"], metadata["builder"]) == (
        "Shares & counts",
        "A line that rises.",
        "by.hand",
    )
    svg = (folders.figures / "plot.svg").read_text()
    assert "Shares &amp; counts" in svg
    assert "A line that rises." in svg
    assert (folders.figures / "plot.png").read_bytes().startswith(b"\x89PNG")


def test_figure_is_written_in_the_forms_asked_for_and_forgotten_with_them(folders, save):
    save.figure("small", drawing(), caption="A plot", alt="A line.", origin=Origin("by.hand"), endings=("svg",))
    save.figure("plot", drawing(), caption="A plot", alt="A line.", origin=Origin("by.hand"))
    found = sorted(path.name for path in folders.figures.iterdir())
    assert found == ["plot.json", "plot.png", "plot.svg", "small.json", "small.svg"]
    forget_step(folders, STEP)
    assert list(folders.figures.iterdir()) == []


# Folders of their own


def test_folder_is_empty_each_time_and_lies_below_the_results(folders, save):
    path = save.folder("framework")
    assert path == folders.root / "framework"
    (path / "left").mkdir()
    (path / "left" / "items.csv").write_text("item")
    assert list(save.folder("framework").iterdir()) == []
    save.clear("framework")
    assert not path.exists()
    save.clear("framework")
    with pytest.raises(ResultError, match="holds results of other steps"):
        save.clear("tables")


@pytest.mark.parametrize("name", ["../elsewhere", "a/b", "", ".", "with space"])
def test_folder_that_could_lie_elsewhere_is_refused(save, name):
    with pytest.raises(ResultError, match="is not a name for a result"):
        save.folder(name)


@pytest.mark.parametrize("name", ["tables", "values", "figures", "notebooks", "book", "private"])
def test_folder_of_results_is_never_emptied(folders, save, name):
    save_one_of_each(save)
    before = everything_in(folders.root)
    with pytest.raises(ResultError, match=f"{name!r} holds results of other steps"):
        save.folder(name)
    assert everything_in(folders.root) == before


def test_two_saves_give_identical_bytes(tmp_path):
    one, two = ResultFolders(tmp_path / "one"), ResultFolders(tmp_path / "two")
    for folders in (one, two):
        save_one_of_each(Results(folders, STEP))
    assert everything_in(one.root) == everything_in(two.root)
    assert len(everything_in(one.root)) == 9


def test_svg_and_png_hold_no_date(folders, save):
    save.figure("plot", drawing(), caption="A plot", alt="A line.", origin=Origin("by.hand"))
    svg, png = ((folders.figures / f"plot.{ending}").read_bytes() for ending in ("svg", "png"))
    assert b"<dc:date>" not in svg
    assert b"Software" not in png
    assert b"tIME" not in png


# Names, captions, owners


@pytest.mark.parametrize("kind", ["table", "figure", "value"])
def test_name_owned_by_another_step_is_refused(folders, save, kind):
    save_one_of_each(save)
    other = Results(folders, "05_factor_structure")
    attempts = {
        "table": lambda: other.table("loadings", FRAME, caption="x", origin=Origin("by.hand")),
        "figure": lambda: other.figure("plot", drawing(), caption="x", alt="x", origin=Origin("by.hand")),
        "value": lambda: other.value("n_items", 1, origin=Origin("by.hand")),
    }
    before = everything_in(folders.root)
    with pytest.raises(ResultError, match=f"already saved by {STEP}; choose another name"):
        attempts[kind]()
    assert everything_in(folders.root) == before


def test_table_saved_twice_in_one_run_is_refused(save):
    save.table("loadings", FRAME, caption="Loadings", origin=Origin("by.hand"))
    with pytest.raises(ResultError, match="'loadings' is already saved by 04_item_analysis"):
        save.table("loadings", FRAME, caption="Loadings again", origin=Origin("by.hand"))


def test_missing_caption_is_refused(folders, save):
    with pytest.raises(ResultError, match="'loadings' has no caption"):
        save.table("loadings", FRAME, caption="", origin=Origin("by.hand"))
    with pytest.raises(ResultError, match="'plot' has no caption"):
        save.figure("plot", drawing(), caption="", alt="A line.", origin=Origin("by.hand"))
    assert everything_in(folders.root) == {}


def test_missing_alternative_text_is_refused(folders, save):
    with pytest.raises(ResultError, match="figure 'plot' has no alternative text"):
        save.figure("plot", drawing(), caption="A plot", alt="", origin=Origin("by.hand"))
    with pytest.raises(ResultError, match="figure 'page' has no alternative text"):
        save.picture("page", {"svg": b"<svg/>"}, caption="A page", alt="", origin=Origin("by.hand"))
    assert everything_in(folders.root) == {}


@pytest.mark.parametrize("name", ["../elsewhere", "a/b", "a.b", "with space", ""])
def test_name_that_could_leave_its_folder_is_refused(save, name):
    with pytest.raises(ResultError, match="is not a name for a result"):
        save.table(name, FRAME, caption="x", origin=Origin("by.hand"))
    with pytest.raises(ResultError, match="is not a name for a result"):
        save.value(name, 1, origin=Origin("by.hand"))


# Values


@pytest.mark.parametrize(
    "number", [math.nan, math.inf, -math.inf, np.float64("nan"), np.float32("inf"), pd.NA, pd.NaT, None]
)
def test_value_that_is_not_a_number_is_saved_as_none_with_a_note(folders, save, number):
    save.value("x", number, origin=Origin("by.hand"))
    save.value("y", number, note="nobody was asked", origin=Origin("by.hand"))
    values = read_values(folders)
    assert (values["x"]["value"], values["x"]["note"]) == (None, "not defined")
    assert (values["y"]["value"], values["y"]["note"]) == (None, "nobody was asked")


@pytest.mark.parametrize(
    ("number", "kind"),
    [(np.int64(7), int), (np.float32(0.5), float), (np.bool_(True), bool), (True, bool), ("text", str)],
)
def test_value_keeps_its_kind(folders, save, number, kind):
    save.value("x", number, origin=Origin("by.hand"))
    kept = read_values(folders)["x"]["value"]
    assert type(kept) is kind
    assert kept == number


@pytest.mark.parametrize("number", [[1, 2], {"a": 1}, pd.Series([1.0]), 1j])
def test_value_of_another_kind_is_refused_and_spoils_nothing(folders, save, number):
    save.value("sound", 1, origin=Origin("by.hand"))
    with pytest.raises(ResultError, match="save a number, a text or a truth value"):
        save.value("x", number, origin=Origin("by.hand"))
    save.value("later", 2, origin=Origin("by.hand"))
    assert {name: entry["value"] for name, entry in read_values(folders).items()} == {"sound": 1, "later": 2}


def test_values_of_all_steps_are_read_together(folders, save):
    save.value("a", 1, origin=Origin("by.hand"))
    Results(folders, "05_factor_structure").value("b", 2, origin=Origin("by.hand"))
    assert {name: entry["notebook"] for name, entry in read_values(folders).items()} == {
        "a": STEP,
        "b": "05_factor_structure",
    }


# What a re-run forgets


def test_rerun_forgets_its_own_results_and_nobody_elses(folders, save):
    save_one_of_each(save)
    other = Results(folders, "05_factor_structure")
    other.table("loadings_of_factors", FRAME, caption="x", origin=Origin("by.hand"))
    other.value("n_factors", 8, origin=Origin("by.hand"))
    Results(folders, STEP)
    assert set(everything_in(folders.root)) == {
        "tables/loadings_of_factors.csv",
        "tables/loadings_of_factors.json",
        "values/05_factor_structure.json",
    }


def test_forgetting_lives_with_a_step_that_removes_its_files_at_the_same_time(folders, save, monkeypatch):
    save.table("loadings", FRAME, caption="Loadings", origin=Origin("by.hand"))
    listed = [folders.tables / "gone.json", folders.tables / "loadings.json"]
    real = Path.glob
    monkeypatch.setattr(
        Path, "glob", lambda self, pattern: iter(listed) if pattern == "*.json" else real(self, pattern)
    )
    forget_step(folders, STEP)
    assert list(folders.tables.iterdir()) == []


# Person-level files


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_private_files_can_be_read_by_their_owner_only(folders, save):
    save.private_table("prepared", FRAME)
    save.private_file("reports/individual/p01.pdf", b"%PDF")
    assert mode(folders.private) == 0o700
    assert mode(folders.private / "prepared.csv") == 0o600
    assert mode(folders.private / "reports" / "individual" / "p01.pdf") == 0o600


def test_private_folder_left_open_is_closed_again(folders):
    folders.private.mkdir(parents=True, mode=0o755)
    Results(folders, STEP)
    assert mode(folders.private) == 0o700


@pytest.mark.parametrize("name", ["../open.csv", "/tmp/open.csv", "reports/../../open.csv", "."])
def test_private_file_outside_the_private_folder_is_refused(folders, save, name):
    with pytest.raises(ResultError, match="lies outside the private folder"):
        save.private_file(name, b"x")
    assert everything_in(folders.root) == {}


# Checksums and folders


def test_checksum_depends_on_content_and_on_where_a_part_ends(tmp_path):
    (tmp_path / "file").write_text("ab")
    assert checksum(tmp_path / "file") == checksum("ab")
    assert checksum("a", "b") != checksum("ab")
    assert checksum("a", "b") != checksum("b", "a")


def test_relative_results_folder_counts_from_the_project(tmp_path):
    assert result_folders("pilot", "out").root == PROJECT / "out" / "pilot"
    assert result_folders("pilot", tmp_path).root == tmp_path / "pilot"


def test_a_part_is_swept_when_its_writer_was_killed_and_stays_while_it_runs(tmp_path):
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    gone, busy = tmp_path / f".{ended.pid}.x.part", tmp_path / f".{os.getpid()}.x.part"
    for path in (gone, busy):
        path.touch()
    sweep(tmp_path)
    assert not gone.exists()
    assert busy.exists()
