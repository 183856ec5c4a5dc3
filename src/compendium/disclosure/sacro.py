"""The log of what was withheld in the form that output checkers know: the outcome file of SACRO's acro, version 0.4."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from compendium.disclosure.gate import REASONS, SMALL, UNANIMOUS

VERSION = "0.4.8"
# The checks that acro knows; those of this project that it does not know stand in the comments.
CELLS = ("negative", "missing", SMALL, "p-ratio", "nk-rule", UNANIMOUS)


def outcome(
    entries: Sequence[Mapping[str, Any]], files: Mapping[str, Mapping[str, str]], threshold: int
) -> dict[str, Any]:
    """Return the outcome file.

    Parameters
    ----------
    entries
        The log of every step, one mapping a rule of a result: ``result``, ``rule``, ``reason``, ``cells``.
    files
        The public files of each result, with their checksums.
    threshold
        Smallest number of people that may be shown.
    """
    results = {}
    for name in sorted(files):
        mine = [entry for entry in entries if entry["result"] == name]
        cells: dict[str, list[list[Any]]] = {rule: [] for rule in CELLS}
        for entry in (each for each in mine if each["rule"] in CELLS):
            cells[entry["rule"]] += [list(cell) for cell in entry["cells"]]
        counts = {rule: len(cells[rule]) for rule in CELLS if rule != SMALL}
        suppressed = any(cells.values())
        told = [f"{entry['rule']}: {REASONS[entry['rule']]}" for entry in mine]
        results[name] = {
            "uid": name,
            "status": "pass",
            "type": "table",
            "properties": {"method": "compendium"},
            "files": [
                {
                    "name": file,
                    "checksum": checksum,
                    "sdc": {
                        "summary": {"suppressed": suppressed, "threshold": len(cells[SMALL]), **counts},
                        "cells": cells,
                    },
                }
                for file, checksum in sorted(files[name].items())
            ],
            "outcome": {},
            "summary": f"pass; threshold {threshold}" + ("; cells suppressed" if suppressed else ""),
            "comments": told,
            "exception": "",
        }
    return {"version": VERSION, "results": results}
