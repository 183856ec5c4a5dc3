"""What the files of a folder say: their texts and their tables, whatever the format, archives looked into."""

from __future__ import annotations

import html
import io
import re
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

import pandas as pd

ARCHIVES = {".docx", ".xlsx", ".pptx", ".odt", ".ods", ".zip", ".whl"}
MARKED_UP = {".html", ".htm", ".xml", ".svg", ".rels", ".xhtml"}
DELIMITED = {".csv": ",", ".tsv": "\t"}
# Texts whose numbers are code or coordinates and no ids; strong identifiers are looked for in them all the same.
CODE = {".js", ".css", ".map", ".py", ".typ", ".bib"}
TAG = re.compile(r"<[^>]*>")
NESTED_ARCHIVES = 2


@dataclass(frozen=True)
class Content:
    """The text of one file, or of one member of an archive.

    Attributes
    ----------
    name : str
        Path below the folder; of a member, the archive's path and its own.
    raw : str
        Everything that it holds, marks and code included.
    prose : str
        What a reader sees; empty for code and for what is no text.
    tables : mapping of str to DataFrame
        Its tables by name, every cell as text.
    problem : str
        Why it could not be looked into; empty when it could.
    """

    name: str
    raw: str = ""
    prose: str = ""
    tables: dict[str, pd.DataFrame] = field(default_factory=dict)
    problem: str = ""


def contents_of(folder: Path) -> Iterator[Content]:
    """Yield the text of every file below a folder."""
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            yield from _read(path.relative_to(folder).as_posix(), path.read_bytes(), 0)


def content_of(path: Path) -> Iterator[Content]:
    """Yield what one file says, and the members of an archive by themselves."""
    return _read(path.name, path.read_bytes(), 0)


def _read(name: str, content: bytes, depth: int) -> Iterator[Content]:
    """Yield what one file says, and the members of an archive by themselves."""
    ending = PurePosixPath(name).suffix.lower()
    try:
        if ending in ARCHIVES and depth < NESTED_ARCHIVES:
            yield Content(name, tables=_sheets(content) if ending == ".xlsx" else {})
            with zipfile.ZipFile(io.BytesIO(content)) as archive:
                for member in archive.namelist():
                    if not member.endswith("/"):
                        yield from _read(f"{name}/{member}", archive.read(member), depth + 1)
            return
        yield _single(name, ending, content)
    except Exception as error:
        yield Content(name, raw=content.decode("utf-8", "ignore"), problem=f"{type(error).__name__}")


def _single(name: str, ending: str, content: bytes) -> Content:
    """Return the text of a file that is not an archive."""
    if ending == ".pdf":
        text = _of_pdf(content)
        return Content(name, text, text)
    if ending in (".parquet", ".sav"):
        table = _of_binary_table(content, ending)
        text = table.to_csv(index=False, sep="\n")
        return Content(name, text, text, {PurePosixPath(name).stem: table})
    raw = content.decode("utf-8-sig", "ignore")
    if ending in MARKED_UP:
        # A word may be broken by marks inside it, and two words may be parted by nothing else.
        shown = "\n".join(html.unescape(TAG.sub(between, raw)) for between in ("", " "))
        return Content(name, raw + "\n" + html.unescape(raw), shown)
    is_text = b"\0" not in content[:4096]
    tables = {PurePosixPath(name).stem: _of_delimited(raw, DELIMITED[ending])} if ending in DELIMITED else {}
    return Content(name, raw, raw if is_text and ending not in CODE else "", tables)


def _of_pdf(content: bytes) -> str:
    """Return the words of a PDF, its title and its outline."""
    from pypdf import PdfReader

    reader = PdfReader(io.BytesIO(content))
    about = [str(value) for value in (reader.metadata or {}).values()]
    return "\n".join([*about, *(page.extract_text() for page in reader.pages)])


def _of_binary_table(content: bytes, ending: str) -> pd.DataFrame:
    """Return a Parquet or SPSS table with every cell as text, its keys included."""
    if ending == ".parquet":
        import pyarrow.parquet as parquet

        read = parquet.read_table(io.BytesIO(content))
        columns = {name: read.column(place).to_pylist() for place, name in enumerate(read.column_names)}
        return pd.DataFrame(columns).map(lambda cell: "" if cell is None else str(cell))
    import tempfile

    import pyreadstat

    with tempfile.NamedTemporaryFile(suffix=ending) as copy:
        copy.write(content)
        copy.flush()
        table, _ = pyreadstat.read_sav(copy.name)
    return pd.DataFrame(table).map(lambda cell: "" if pd.isna(cell) else str(cell))


def _of_delimited(text: str, delimiter: str) -> pd.DataFrame:
    """Return a delimited table with every cell as text."""
    if not text.strip():
        return pd.DataFrame()
    return pd.read_csv(io.StringIO(text), sep=delimiter, dtype=str, keep_default_na=False, on_bad_lines="skip")


def _sheets(content: bytes) -> dict[str, pd.DataFrame]:
    """Return the sheets of a workbook, every cell as text; their first rows are taken for headers."""
    return dict(pd.read_excel(io.BytesIO(content), sheet_name=None, dtype=str, keep_default_na=False))
