"""From the words people ticked to codes, through the labels that the framework itself declares."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pandas as pd

from compendium.columns import counted, recoded
from compendium.faults import Fault
from compendium.importers.export import Export, fold
from compendium.importers.files import is_number

#: A label that starts with its own code, as in "4 - Agree" or "4 = Agree" or "4. Agree".
CODE_FIRST = r"^\s*([+-]?\d+)\s*[-–—=.:)]+\s*(.+)$"


@dataclass(frozen=True)
class Scale:
    """The labels by which people know the codes of a question.

    Attributes
    ----------
    labels : dict
        Label to code; several labels may mean one code (languages, not applicable).
    """

    labels: Mapping[str, int]

    def code_of(self, text: str) -> str | None:
        """Return the code of a label, or None when no label reads so."""
        known = {fold(label): code for label, code in self.labels.items()}
        if fold(text) in known:
            return str(known[fold(text)])
        first = re.match(CODE_FIRST, text)
        if first and known.get(fold(first[2])) == int(first[1]):
            return first[1]
        return None


def labels_to_codes(
    table: pd.DataFrame, scales: Mapping[str, Scale], missing: Sequence[str] = ()
) -> tuple[pd.DataFrame, dict[str, int]]:
    """Turn labels into codes, column by column; numbers, blanks and what is no label stay as they are.

    Parameters
    ----------
    table
        Text cells in categories (see :mod:`compendium.columns`), index the row of the file.
    scales
        Column to the labels of its codes.
    missing
        Texts that mean no answer.

    Returns
    -------
    tuple
        The table with codes, and how many cells of each column were turned.
    """
    out, turned = table.copy(), {}
    blank = {"", *missing}
    for column in [name for name in scales if name in table]:
        counts = counted(table[column])
        texts = [str(text) for text in counts.index if text not in blank and not _is_code(str(text))]
        codes = {text: code for text in texts if (code := scales[column].code_of(text)) is not None}
        if codes:
            out[column] = recoded(table[column], lambda text, codes=codes: codes.get(text, text))  # type: ignore[misc]
            turned[column] = int(counts[list(codes)].sum())
    return out, turned


def _is_code(text: str) -> bool:
    """Say whether a cell is a number, which other checks judge."""
    return is_number(text) or is_number(text.removesuffix(".0"))


def nearest_labels(text: str, labels: Mapping[str, int]) -> list[str]:
    """Return the labels that read most like a text: two of them at most; when none does, the last of each code."""
    from rapidfuzz import process

    close = process.extract(text, list(labels), processor=fold, limit=2, score_cutoff=60)
    return [label for label, _, _ in close] or list({code: label for label, code in labels.items()}.values())


def label_faults(export: Export, scales: Mapping[str, Scale], file: str) -> list[Fault]:
    """Name codes that the file labels otherwise than the framework: a turned or shifted scale looks like this.

    A label that the framework does not know at all says nothing about the direction and is passed over.
    """
    faults = []
    for column in [name for name in scales if name in export.value_labels]:
        known = {fold(label): code for label, code in scales[column].labels.items()}
        for code, label in export.value_labels[column].items():
            meant = known.get(fold(label))
            if meant is not None and is_number(code) and int(code) != meant:
                problem = f"the file calls code {code} {label!r}, the framework calls code {meant} so"
                action = "the answers run another way than the framework: export them again with its codes"
                faults.append(Fault(file, problem, action, column=column, value=code))
    return faults
