"""What the system says of files: alike where none of them can have changed, without a look at their content."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator, Sequence
from pathlib import Path

from compendium.files import PART
from compendium.run.lock import LOCK

_SOURCES = Path(__file__).resolve().parents[2]
# The folders of the program.
PROGRAM = (_SOURCES / "compendium", _SOURCES / "psychometrics")
# What Python and the system write beside what a run reads.
_NOT_READ = ("__pycache__", ".ipynb_checkpoints", LOCK)


def fingerprint(paths: Sequence[Path]) -> str:
    """Return a checksum of what the system says of every file below these paths."""
    digest = hashlib.sha256()
    for path in paths:
        for name, about in _below(path.resolve()):
            facts = (about.st_mtime_ns, about.st_ctime_ns, about.st_size, about.st_ino)
            digest.update(f"{name}\0{facts}\n".encode("utf-8", "surrogateescape"))
    return digest.hexdigest()


def _below(path: Path) -> Iterator[tuple[str, os.stat_result]]:
    """Yield every file below a folder, in order of names; a file is itself, and no folder is entered twice."""
    if not path.is_dir():
        yield str(path), path.stat()
        return
    waiting, entered = [os.fspath(path)], set[tuple[int, int]]()
    while waiting:
        folder = waiting.pop()
        about = Path(folder).stat()
        if (about.st_dev, about.st_ino) in entered:
            continue
        entered.add((about.st_dev, about.st_ino))
        with os.scandir(folder) as found:
            entries = sorted(found, key=lambda entry: entry.name)
        for entry in entries:
            if entry.name in _NOT_READ or entry.name.endswith(PART):
                continue
            if entry.is_dir():
                waiting.append(entry.path)
            else:
                yield entry.path, entry.stat(follow_symlinks=entry.is_file())
