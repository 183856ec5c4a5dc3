"""Try files of references and write what came of each format: ``python benchmarks/readers.py FILE_OR_FOLDER...``.

Without a file it tries the layouts of the tests, and ``--write`` renews ``docs/readers.md`` from them.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Iterable
from pathlib import Path

import pandas as pd

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

from compendium.review.readers import read_references

PAGE = Path(__file__).parents[1] / "docs" / "readers.md"
COLUMNS = ["format", "files tried", "records read", "refused", "why"]
HEAD = """# What the readers of references were tried on

Written by `python benchmarks/readers.py --write` from the layouts of the tests, which follow what the databases and
screeners document. A file is recognised by what it holds. "Refused" counts what could not be read, files and single
records; each is named with its line, and nothing is dropped in silence. Other files are tried with the same command
and their names.

"""


def tried(files: Iterable[Path]) -> pd.DataFrame:
    """Return one row a format: files, records read, and what was refused with the reasons."""
    rows = []
    for path in files:
        read = read_references(path)
        why = [fault.problem for fault in read.faults]
        rows.append((read.format or "not recognised", 1, len(read.entries), len(why), "; ".join(dict.fromkeys(why))))
    table = pd.DataFrame(rows, columns=COLUMNS)
    reasons = table[table["why"] != ""].groupby("format")["why"].agg(lambda each: "; ".join(dict.fromkeys(each)))
    counts = table.groupby("format")[COLUMNS[1:4]].sum()
    return counts.assign(why=reasons.reindex(counts.index).fillna("")).reset_index()


def layouts(folder: Path) -> list[Path]:
    """Write the layouts of the tests into a folder, and return the files."""
    from test_evidence_exports import FORMATS, NO_HITS, PUBMED_ABSTRACT, PUBMED_SUMMARY, REFUSED

    texts = {name: text for name, (text, *_) in FORMATS.items()}
    texts |= {"abstract.txt": PUBMED_ABSTRACT, "summary.txt": PUBMED_SUMMARY}
    texts |= {f"no-hits-{name}": text for name, text in NO_HITS.items()}
    texts |= {f"refused-{name}": text for name, (_, text, *_) in REFUSED.items()}
    for number, (name, text) in enumerate(texts.items()):
        target = folder / f"{number:02d}-{Path(name).name.replace(' ', '-')}"
        target.write_bytes(text if isinstance(text, bytes) else text.encode())
    return sorted(folder.iterdir())


def page() -> str:
    """Return the page of the layouts of the tests."""
    with tempfile.TemporaryDirectory() as folder:
        table = tried(layouts(Path(folder)))
    lines = ["| " + " | ".join(COLUMNS) + " |", "| :--- | ---: | ---: | ---: | :--- |"]
    lines += ["| " + " | ".join(str(cell).replace("|", "\\|") for cell in row) + " |" for row in table.to_numpy()]
    return HEAD + "\n".join(lines) + "\n"


def main() -> None:
    """Try files, or the layouts of the tests."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("files", nargs="*", type=Path)
    parser.add_argument("--write", action="store_true", help="renew docs/readers.md")
    given = parser.parse_args()
    if given.write:
        PAGE.write_text(page(), encoding="utf-8")
    elif given.files:
        found = [each for path in given.files for each in (sorted(path.rglob("*")) if path.is_dir() else [path])]
        print(tried([each for each in found if each.is_file()]).to_string(index=False))
    else:
        print(page())


if __name__ == "__main__":
    main()
