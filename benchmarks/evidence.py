"""Time the evidence review on many records: import, de-duplication, screening, coding, flow and map.

``python benchmarks/evidence.py`` writes a made-up review of 20,000 references in five formats, one in twenty of them a
damaged copy of another, screened by two reviewers with one in ten kept and coded, then reads it and prints the seconds
of each part, on the clock and of the processor. ``--records`` asks for another number. The limits it names are those of
the project: 10 seconds for 20,000 references, 2 minutes and 1.5 GB for 200,000.
"""

from __future__ import annotations

import argparse
import csv
import io
import random
import resource
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from xml.sax.saxutils import escape

import pandas as pd

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

from review_folder import COLUMNS, damaged, make_review, references, ris, write_rows

from compendium import review as evidence

LIMITS = {20_000: 10.0, 200_000: 120.0}
KEPT = 10
COPIES = 20
Reference = dict[str, str]
Seconds = dict[str, tuple[float, float]]


def bibtex(rows: list[Reference]) -> str:
    """Return BibTeX."""
    return "\n".join(
        f"@article{{{row['ID']},\n title = {{{row['TI']}}},\n author = {{{row['AU']}}},\n"
        f" year = {{{row['PY']}}},\n doi = {{{row['DO']}}},\n}}"
        for row in rows
    )


def nbib(rows: list[Reference]) -> str:
    """Return PubMed's format."""
    return "\n".join(
        f"PMID- {number}\nTI  - {row['TI']}\nFAU - {row['AU']}\nDP  - {row['PY']}\nLID - {row['DO']} [doi]\n"
        for number, row in enumerate(rows, 1)
    )


def endnote(rows: list[Reference]) -> str:
    """Return EndNote XML."""
    records = "\n".join(
        f"<record><rec-number>{number}</rec-number><titles><title>{escape(row['TI'])}</title></titles>"
        f"<contributors><authors><author>{escape(row['AU'])}</author></authors></contributors>"
        f"<dates><year>{row['PY']}</year></dates>"
        f"<electronic-resource-num>{escape(row['DO'])}</electronic-resource-num></record>"
        for number, row in enumerate(rows, 1)
    )
    return f"<xml><records>\n{records}\n</records></xml>"


def zotero(rows: list[Reference]) -> str:
    """Return Zotero's CSV."""
    stream = io.StringIO()
    writer = csv.writer(stream)
    writer.writerow(["Key", "Item Type", "Publication Year", "Author", "Title", "Publication Title", "DOI"])
    writer.writerows([row["ID"], "journalArticle", row["PY"], row["AU"], row["TI"], "", row["DO"]] for row in rows)
    return stream.getvalue()


FORMATS: dict[str, Callable[[list[Reference]], str]] = {
    "one.ris": ris,
    "two.bib": bibtex,
    "three.nbib": nbib,
    "four.xml": endnote,
    "five.csv": zotero,
}


def write_review(folder: Path, records: int) -> Path:
    """Write exports of every format, without decisions."""
    draw = random.Random(5)
    originals = references(records - records // COPIES, seed=11)
    rows = originals + [damaged(row, draw, f"copy-{row['ID']}") for row in draw.sample(originals, records // COPIES)]
    draw.shuffle(rows)
    review = make_review(folder / "review", [])
    (review / "exports" / "found.ris").unlink()
    for number, (name, written) in enumerate(FORMATS.items()):
        (review / "exports" / name).write_text(written(rows[number :: len(FORMATS)]), encoding="utf-8")
    log = [(name, name, "made up", "database", "2026-01-01", "everything", "") for name in FORMATS]
    write_rows(review / "search_log.csv", COLUMNS["search_log"], log)
    return review


def write_decisions(folder: Path, names: list[str]) -> None:
    """Screen every record by two reviewers and code those that are kept."""
    draw = random.Random(7)
    kept = set(draw.sample(names, len(names) // KEPT))
    out = ("exclude", "off-topic")
    screening = [
        (stage, name, reviewer, *(("include", "") if name in kept else out), "x")
        for stage in ("title", "full")
        for name in names
        if stage == "title" or name in kept
        for reviewer in "ab"
    ]
    codes = {name: (draw.choice(["person", "teamwork"]), draw.choice(["home", "hospital"])) for name in sorted(kept)}
    coding = [(name, coder, "1.0", code, "title") for name, given in codes.items() for coder in "ab" for code in given]
    write_rows(folder / "screening.csv", COLUMNS["screening"], screening)
    write_rows(folder / "coding.csv", COLUMNS["coding"], coding)


@contextmanager
def timed(name: str, seconds: Seconds) -> Iterator[None]:
    """Write down how long a part took, on the clock and of the processor."""
    start, used = time.perf_counter(), time.process_time()
    yield
    seconds[name] = (time.perf_counter() - start, time.process_time() - used)


def run(folder: Path, records: int) -> Seconds:
    """Return the seconds of each part, every decision in place."""
    review_folder, seconds = write_review(folder, records), Seconds()
    write_decisions(review_folder, list(evidence.load_review(review_folder).records.index))
    with timed("read, check and de-duplicate", seconds):
        review = evidence.load_review(review_folder)
    with timed("flow diagram's counts", seconds):
        flow = evidence.prisma_flow(review)
    with timed("agreement at screening", seconds):
        evidence.screening_agreement(review, seed=1, resamples=0)
    with timed("evidence map", seconds):
        cells = evidence.evidence_map(review, facet="setting")
    print(f"{flow.n('identified')} reports, {flow.n('duplicates')} joined, {flow.n('included')} included, "
          f"{cells['n'].sum()} entries in the map")  # fmt: skip
    return seconds


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--records", type=int, default=20_000)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        seconds = run(Path(folder), options.records)
    table = pd.DataFrame.from_dict(seconds, orient="index", columns=["seconds", "of the processor"])
    table.loc["all"] = table.sum()
    print(table.to_string(float_format=lambda value: f"{value:.2f}"))
    limit = LIMITS.get(options.records)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"limit {limit:.0f} s; peak memory {peak:.0f} MB" if limit else f"peak memory {peak:.0f} MB")


if __name__ == "__main__":
    main()
