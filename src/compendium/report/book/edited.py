"""What was edited since the last build: where it is only the text of pages, only those are filled in again."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from compendium.files import checksum, write_text
from compendium.paths import BOOK
from compendium.report.book.pages import Page
from compendium.report.book.reference.checks import TESTS
from compendium.report.book.reference.inventory import PACKAGES
from compendium.report.book.subject import Subject

RECORD = "pages.json"
# Below the results of a cohort: what the book is made of.
READ = ("tables", "values", "figures", "notebooks", "disclosure", "runs")
COMPILED = (".pyc", ".pyo")


@dataclass(frozen=True)
class Sources:
    """What a book is made of: the texts of its pages, and everything else.

    Parameters
    ----------
    folder
        The folder of the pages.
    written
        Every page as its author wrote it.
    """

    study: Subject
    folder: Path
    written: Sequence[Page]

    def edited_since_last(self, kept: Path) -> list[str] | None:
        """Return the pages whose text is another than in the last build, or None where anything else is."""
        try:
            last = json.loads((kept / RECORD).read_text(encoding="utf-8"))
            texts = dict(last["texts"])
        except (OSError, ValueError, KeyError, TypeError):
            return None
        if last["rest"] != self._state["rest"] or texts.keys() != self._state["texts"].keys():
            return None
        return [name for name, text in self._state["texts"].items() if texts[name] != text]

    def forget_last(self, kept: Path) -> None:
        """Remove the record of the last build, so that one that is cut off counts for nothing."""
        (kept / RECORD).unlink(missing_ok=True)

    def record(self, kept: Path) -> None:
        """Record what a build was made of that came to its end."""
        write_text(kept / RECORD, json.dumps(self._state))

    @cached_property
    def _state(self) -> dict[str, Any]:
        """The checksum of each text, and that of everything else."""
        folders = [self.study.saved.folders.root / name for name in READ]
        program = [PACKAGES / name for name in ("compendium", "psychometrics")]
        paths = [path for folder in (*folders, *program, TESTS, BOOK, self.folder) for path in _below(folder)]
        needs = [(page.name, page.requires) for page in self.written]
        framework = self.study.framework
        described = (framework.description, self.study.settings, self.study.plan)
        asked = [each.model_dump_json() for each in described]
        asked += [table.to_csv() for table in (framework.competencies, framework.items, framework.outcomes)]
        asked += [repr(part) for part in (framework.home, framework.claims, framework.translations)]
        parts = (part for path in paths for part in (str(path), path))
        rest = checksum(json.dumps(needs), *asked, *parts)
        return {"rest": rest, "texts": {page.name: checksum(page.text) for page in self.written}}


def _below(folder: Path) -> list[Path]:
    """Return the files below a folder, but for pages, whose text is looked at by itself, and what Python compiles."""
    own = {*folder.glob("*.md")} if (folder / "_toc.yml").is_file() else set()
    return sorted(
        path for path in folder.rglob("*") if path.suffix not in COMPILED and path.is_file() and path not in own
    )
