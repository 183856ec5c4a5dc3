"""From the words people ticked to codes, through the labels that the framework itself declares."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pandas as pd

from compendium.faults import Fault
from compendium.importers.export import Export, fold
from compendium.importers.files import is_number

#: A label that starts with its own code, as in "4 - Agree" or "4 = Agree" or "4. Agree".
CODE_FIRST = r"^\s*([+-]?\d+)\s*[-–—=.:)]+\s*(.+)$"


@dataclass(frozen=True)
class Scale:
    """The codes of a question and the labels by which people know them.

    Attributes
    ----------
    codes : tuple of int
        What may stand in a cell.
    labels : dict
        Label to code; several labels may mean one code (languages, not applicable).
    """

    codes: tuple[int, ...]
    labels: Mapping[str, int]

    def code_of(self, text: str) -> str | None:
        """Return the code of a label, or None when no label reads so."""
        import re

        known = {fold(label): code for label, code in self.labels.items()}
        if fold(text) in known:
            return str(known[fold(text)])
        first = re.match(CODE_FIRST, text)
        if first and known.get(fold(first[2])) == int(first[1]):
            return first[1]
        return None


def labels_to_codes(
    table: pd.DataFrame, scales: Mapping[str, Scale], file: str, missing: Sequence[str] = ()
) -> tuple[pd.DataFrame, list[Fault], dict[str, int]]:
    """Turn labels into codes, column by column; numbers stay as they are.

    Parameters
    ----------
    table
        Text cells, index the row of the file.
    scales
        Column to its codes and labels.
    file
        The file's name in faults.
    missing
        Texts that mean no answer.

    Returns
    -------
    tuple
        The table with codes, a fault for every text that is no label (with the nearest ones), and how many cells of
        each column were turned.
    """
    out, faults, turned = table.copy(), [], {}
    blank = {"", *missing}
    for column in [name for name in scales if name in table]:
        scale, cells = scales[column], table[column]
        texts = [text for text in cells.unique() if text not in blank and not _is_code(str(text))]
        if not texts:
            continue
        codes = {text: scale.code_of(str(text)) for text in texts}
        known = {text: code for text, code in codes.items() if code is not None}
        out[column] = cells.replace(known)
        turned[column] = int(cells.isin(list(known)).sum())
        for text in (text for text, code in codes.items() if code is None):
            faults += _not_known(cells, str(text), scale, file)
    return out, faults, turned


def _is_code(text: str) -> bool:
    """Say whether a cell is a number, which other checks judge."""
    return is_number(text) or is_number(text.removesuffix(".0"))


def _not_known(cells: pd.Series, text: str, scale: Scale, file: str) -> list[Fault]:
    """Name every cell with a text that no label reads like."""
    from rapidfuzz import process

    close = process.extract(text, list(scale.labels), processor=fold, limit=2, score_cutoff=60)
    near = [label for label, _, _ in close]
    known = ", ".join(f"{label!r}" for label in (near or list(scale.labels)))
    problem = "this is no label of the answer scale" if scale.labels else "text, not a code: the scale has no labels"
    action = f"nearest: {known}; mend the label in the framework, or say under files.answers what it means"
    rows = [int(str(row)) for row in cells.index[cells == text]]
    allowed = ", ".join(f"{code} {label}" for label, code in scale.labels.items())
    return [
        Fault(file, problem, action, row=row, column=str(cells.name), value=text, allowed=allowed or None)
        for row in rows
    ]


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
