"""Whether anything can have changed since a run of a cohort ended well: the quick answer before the graph is asked.

Only what the system says of each file is read: name, size, inode, and the times of its last change in content and in
anything else. The last of these is set by the system alone, so that a file put back with an old date counts as
changed. Whatever differs sends the run to the graph, which goes by content.
"""

from __future__ import annotations

import hashlib
import json
import os
import sys
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from compendium.files import write_text
from compendium.paths import BOOK, NOTEBOOKS, PROJECT, STUDY_PLAN, cohort_folder
from compendium.run.fingerprints import PROGRAM, fingerprint

if TYPE_CHECKING:
    from compendium.run.graph import Place

RECORDS = ".unchanged"


def made_before(cohort: str, data: str, results: str, until: str) -> Path | None:
    """Return what a run with the same words made, when every file is as it left it; None where one is not."""
    record = _record(cohort, data, results, until)
    try:
        known = json.loads(record.read_text(encoding="utf-8"))
        root, framework = (Path(known[each]) for each in ("root", "framework"))
        read, written = fingerprint([*_always(cohort, data), framework]), fingerprint([root])
        alike = (known["read"], known["written"]) == (read, written)
        return Path(known["made"]).resolve() if alike else None
    except (OSError, ValueError, KeyError, TypeError):
        return None


class Watch:
    """Notes how the files of a run stand once it has ended well, unless one that it reads was changed on the way.

    Made before the run, it removes the note of the run before. What cannot be read or written leaves no note.
    """

    def __init__(self, place: Place, until: str) -> None:
        self._place = place
        self._record = _record(place.cohort, place.data, place.results, until)
        with suppress(OSError):
            self._record.unlink(missing_ok=True)
        self._read = self._reads()

    def ended_well(self, made: Path) -> None:
        """Write the note; `made` is what the run was to make."""
        place, read = self._place, self._reads()
        if read is None or read != self._read:
            return
        paths = {"root": place.root, "framework": place.framework, "made": made}
        known = {name: os.path.relpath(path) for name, path in paths.items()} | {"read": read}
        with suppress(OSError):
            self._record.parent.mkdir(exist_ok=True)
            write_text(self._record, json.dumps(known | {"written": fingerprint([place.root])}))

    def _reads(self) -> str | None:
        try:
            return fingerprint([*_always(self._place.cohort, self._place.data), self._place.framework])
        except OSError:
            return None


def _always(cohort: str, data: str) -> list[Path]:
    """Return what every run of a cohort reads: the program, the plan, the cohort and its responses."""
    ours = [*PROGRAM, NOTEBOOKS, BOOK, PROJECT / "tests", STUDY_PLAN]
    return [*ours, cohort_folder(cohort), *([Path(data).resolve()] if data else [])]


def _record(cohort: str, data: str, results: str, until: str) -> Path:
    """Return where it is noted for these words, said in this folder to this interpreter."""
    words = json.dumps([cohort, data, results, until, str(Path.cwd()), sys.executable])
    return PROJECT / results / RECORDS / f"{hashlib.sha256(words.encode()).hexdigest()[:16]}.json"
