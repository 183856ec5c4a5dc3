"""Recall and precision of de-duplication on the labelled set, here and in asreview-datatools.

``python benchmarks/duplicates.py --peer PYTHON`` writes every labelled pair (one work in two forms, or siblings that
are different works) to a file of its own and asks both programs whether it is one work. ``PYTHON`` is the interpreter
of an environment that holds asreview-datatools, which is no dependency of this project; without it only our own figures
are printed. The peer is asked in both of its ways: by identifier and whole text, and by likeness (its own threshold).
"""

from __future__ import annotations

import argparse
import csv
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

from labelled_works import SAME, SIBLINGS, Reference, pair
from review_folder import ris

from compendium.review.trial import try_exports

COLUMNS = {"title": "TI", "authors": "AU", "year": "PY", "doi": "DO", "journal": "JO"}
# Runs in the peer's environment, which holds nothing of this project.
ASKED = """
import sys
from asreview import ASReviewData
from asreviewcontrib.datatools.dedup import deduplicate_data
for path in sys.argv[2:]:
    data = ASReviewData.from_file(path)
    deduplicate_data(data, similar=sys.argv[1] == "1")
    print("KEPT", len(data.df))
"""
Joins = Callable[[list[Path]], list[bool]]


def ours(folders: list[Path]) -> list[bool]:
    """Say of each pair whether this project joins it."""
    return [len(try_exports([folder / "pair.ris"]).records) == 1 for folder in folders]


def peer(python: str, similar: bool) -> Joins:
    """Return what says of each pair whether asreview-datatools joins it."""

    def joins(folders: list[Path]) -> list[bool]:
        files = [str(folder / "pair.csv") for folder in folders]
        run = subprocess.run(
            [python, "-c", ASKED, str(int(similar)), *files], check=True, capture_output=True, text=True
        )
        return [line.endswith("KEPT 1") for line in run.stdout.splitlines() if "KEPT" in line]

    return joins


def write(folder: Path, cases: list[tuple[Reference, Reference]]) -> list[Path]:
    """Write each pair as RIS and as CSV into a folder of its own."""
    folders = []
    for number, case in enumerate(cases):
        place = folder / str(number)
        place.mkdir()
        (place / "pair.ris").write_text(ris(pair(case)), encoding="utf-8")
        with (place / "pair.csv").open("w", newline="", encoding="utf-8") as stream:
            writer = csv.writer(stream)
            writer.writerow([*COLUMNS, "abstract"])
            writer.writerows([*(row.get(tag, "") for tag in COLUMNS.values()), ""] for row in pair(case))
        folders.append(place)
    return folders


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--peer", help="Interpreter of an environment with asreview-datatools.")
    options = parser.parse_args()
    programs: dict[str, Joins] = {"this project": ours}
    if options.peer:
        programs["asreview-datatools, identifier or text"] = peer(options.peer, False)
        programs["asreview-datatools, likeness"] = peer(options.peer, True)
    truth = [True] * len(SAME) + [False] * len(SIBLINGS)
    with tempfile.TemporaryDirectory() as folder:
        folders = write(Path(folder), [*SAME.values(), *SIBLINGS.values()])
        for name, joins in programs.items():
            said = joins(folders)
            right = sum(a and b for a, b in zip(said, truth, strict=True))
            precision = f"{right / sum(said):.3f}" if any(said) else "no join"
            print(f"{name}: recall {right / len(SAME):.3f}, precision {precision}, "
                  f"{sum(said) - right} different works joined, {len(SAME) - right} works not joined")  # fmt: skip


if __name__ == "__main__":
    main()
