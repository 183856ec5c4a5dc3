"""Writing files whole or not at all, and telling by content whether they changed."""

from __future__ import annotations

import hashlib
import io
import os
import re
import tempfile
import zipfile
from pathlib import Path

PART = ".part"
# The date of every entry of an archive: none of the run.
EPOCH = (2000, 1, 1, 0, 0, 0)
# Where a document of Office Open XML says when it was created and changed last, and how.
ABOUT_A_DOCUMENT = "docProps/core.xml"
TIME = re.compile(rb"(<dcterms:(?:created|modified)[^>]*>)[^<]*(</)")


def sweep(folder: Path) -> None:
    """Remove unfinished files whose writer was killed; those of a step that is running now stay."""
    for path in folder.rglob(f".*{PART}"):
        writer = path.name.split(".")[1]
        if writer.isdecimal() and not _is_running(int(writer)):
            path.unlink(missing_ok=True)


def _is_running(process: int) -> bool:
    """Say whether a process exists."""
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def write_text(path: Path, text: str) -> None:
    """Write a file under a temporary name and rename it, so that no half-written file is ever seen."""
    write_bytes(path, text.encode())


def write_bytes(path: Path, content: bytes, mode: int = 0o644) -> None:
    """Write bytes under a temporary name and rename; ``mode`` says who may read the file."""
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{os.getpid()}.", suffix=PART)
    try:
        with os.fdopen(handle, "wb") as stream:
            stream.write(content)
        Path(temporary).chmod(mode)
        Path(temporary).replace(path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise


def undated(archive: bytes) -> bytes:
    """Return a zip archive, such as a Word document or a workbook, without the time at which it was written."""
    stream = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(archive)) as given, zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as written:
        for entry in given.infolist():
            content = given.read(entry)
            if entry.filename == ABOUT_A_DOCUMENT:
                content = TIME.sub(rb"\g<1>2000-01-01T00:00:00Z\g<2>", content)
            written.writestr(zipfile.ZipInfo(entry.filename, EPOCH), content, zipfile.ZIP_DEFLATED)
    return stream.getvalue()


def checksum_of(path: Path) -> str:
    """Return the SHA-256 of a file."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def checksum(*parts: Path | str) -> str:
    """Return a short SHA-256 over files (by content) and texts, in the order given."""
    digest = hashlib.sha256()
    for part in parts:
        digest.update(part.read_bytes() if isinstance(part, Path) else part.encode())
        digest.update(b"\0")
    return digest.hexdigest()[:16]


def plain_name(text: str) -> str:
    """Return a text as a name for a file anywhere: other signs than letters, digits, _ and - by their code.

    Examples
    --------
    >>> plain_name("q_1"), plain_name("q.1"), plain_name("größe")
    ('q_1', 'q-2e-1', 'gr-f6--df-e')
    """
    return re.sub(r"[^A-Za-z0-9_-]", lambda sign: f"-{ord(sign[0]):x}-", text)
