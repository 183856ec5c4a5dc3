"""Rows that are alike: what rests on the answers alone is computed once for all persons who gave the same ones."""

from __future__ import annotations

import numpy as np
import pandas as pd

# Keys of rows stay below this, so that whole numbers hold them.
_LARGEST_KEY = 2**62


def distinct_rows(table: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return where each different row first stands, and which of them each row is; NaN is like NaN.

    Different values of a column are few, so that rows are told apart by one whole number, found by hashing.
    """
    keys, bound = np.zeros(len(table), dtype=np.int64), 1
    for column in table.T:
        codes, values = pd.factorize(column)
        if bound > _LARGEST_KEY // (len(values) + 1):
            keys, known = pd.factorize(keys)
            bound = len(known)
        keys, bound = keys * (len(values) + 1) + codes + 1, bound * (len(values) + 1)
    membership, known = pd.factorize(keys)
    first = np.empty(len(known), dtype=np.intp)
    first[membership[::-1]] = np.arange(len(table))[::-1]
    return first, np.asarray(membership)
