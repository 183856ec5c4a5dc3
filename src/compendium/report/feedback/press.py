"""Writing many reports: side by side, resumable, and only what changed."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

from tqdm import tqdm

from compendium.files import checksum, checksum_of, write_bytes, write_text
from compendium.report.feedback.blocks import Document
from compendium.report.feedback.render import HERE, html, pdf
from compendium.study.workers import pool

RECORD = ".written.json"
# So many reports are written between two notes of what is done, or this share of those done if that is more: a run that
# is cut off goes on from there, and a million notes of a million reports would take longer than the reports.
NOTED_EVERY, NOTED_SHARE = 50, 0.02
# The typesetter runs outside the interpreter's lock, so that threads use every core.
Form = Callable[[Document], bytes]
Files = dict[str, bytes]


def web_page(document: Document) -> bytes:
    """Return the web page of a report as it is written."""
    return html(document).encode()


FORMS: Mapping[str, Form] = {"pdf": pdf, "html": web_page}


@dataclass(frozen=True)
class Written:
    """How many reports a run wrote, and how many were up to date."""

    written: int
    kept: int


class Press:
    """Writes the reports of one folder.

    Parameters
    ----------
    folder
        Where they go; readable by its owner only.
    forms
        How each is written, by the ending of its file.
    """

    def __init__(self, folder: Path, forms: Mapping[str, Form] = FORMS) -> None:
        self.folder, self.forms = folder, forms
        self.program = checksum(*(checksum_of(path) for path in sorted(HERE.glob("report.*"))), version("typst"))

    def write(
        self, documents: Iterable[tuple[str, Document]], total: int, title: str, complete: bool = True
    ) -> Written:
        """Write each report that is new or changed.

        Parameters
        ----------
        documents
            Name of the file without its ending, and the report.
        total
            How many there are, for the progress bar.
        complete
            Whether these are all reports of the folder: what belongs to nobody else is removed.
        """
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        before, record = self._read(), dict[str, str]()
        kept = written = noted = 0
        under_way: list[tuple[dict[str, str], dict[str, Future[Files]]]] = []
        with (
            pool() as workers,
            tqdm(total=total, desc=title, leave=False, disable=None) as bar,
        ):
            for batch in _batches(documents, NOTED_EVERY):
                keys = {name: checksum(document.as_json, self.program) for name, document in batch}
                stale = [each for each in batch if not self._fresh(each[0], keys[each[0]], before)]
                typeset = {name: workers.submit(_typeset, document, self.forms) for name, document in stale}
                under_way.append((keys, typeset))
                written, kept = written + len(stale), kept + len(batch) - len(stale)
                # The next part is put into words while this one is typeset.
                if len(under_way) > 1:
                    record |= self._finish(*under_way.pop(0))
                    bar.update(len(record) - bar.n)
                    if len(record) - noted >= NOTED_SHARE * len(record):
                        self._note(before | record)
                        noted = len(record)
            for part in under_way:
                record |= self._finish(*part)
                bar.update(len(record) - bar.n)
            self._note(before | record)
        if complete:
            self._remove_others(set(record))
            self._note(record)
        return Written(written, kept)

    def _finish(self, keys: dict[str, str], reports: Mapping[str, Future[Files]]) -> dict[str, str]:
        """Write the reports of a part as they are typeset; return from what each was made."""
        for name, report in reports.items():
            for ending, content in report.result().items():
                write_bytes(self.folder / f"{name}.{ending}", content, mode=0o600)
        return keys

    def keep(self, names: set[str]) -> None:
        """Remove the reports of all but these, which are not written now and keep what they have."""
        if self.folder.is_dir():
            record = {name: key for name, key in self._read().items() if name in names}
            self._remove_others(set(record))
            self._note(record)

    def _fresh(self, name: str, key: str, before: Mapping[str, str]) -> bool:
        """Say whether every file of a report is there and was made from the same data."""
        return before.get(name) == key and all((self.folder / f"{name}.{ending}").is_file() for ending in self.forms)

    def _read(self) -> dict[str, str]:
        """Return what earlier runs wrote."""
        path = self.folder / RECORD
        return dict(json.loads(path.read_text())) if path.is_file() else {}

    def _note(self, record: Mapping[str, str]) -> None:
        """Record which reports are finished."""
        write_text(self.folder / RECORD, json.dumps(record, indent=1, sort_keys=True) + "\n")

    def _remove_others(self, names: set[str]) -> None:
        """Remove reports of those who have none any more."""
        wanted = {f"{name}.{ending}" for name in names for ending in self.forms} | {RECORD}
        for path in self.folder.iterdir():
            if path.is_file() and path.name not in wanted:
                path.unlink()


def _typeset(document: Document, forms: Mapping[str, Form]) -> Files:
    """Return the files of one report, by their endings."""
    return {ending: form(document) for ending, form in forms.items()}


def _batches(documents: Iterable[tuple[str, Document]], size: int) -> Iterable[Sequence[tuple[str, Document]]]:
    """Return the reports in parts, so that never all of them are in memory."""
    batch: list[tuple[str, Document]] = []
    for each in documents:
        batch.append(each)
        if len(batch) == size:
            yield batch
            batch = []
    if batch:
        yield batch
