"""How results look in a notebook."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pandas as pd

from compendium.outputs.saving import Noted
from compendium.rounding import number, rounded

if TYPE_CHECKING:
    from matplotlib.figure import Figure

ROWS_SHOWN = 12


def show_in_notebooks() -> None:
    """Let a figure that a notebook cell returns be seen there; without a notebook nothing happens."""
    import sys

    if "IPython" not in sys.modules:
        return
    from IPython import get_ipython

    shell = get_ipython()
    if shell is not None:
        png = shell.display_formatter.formatters["image/png"]
        png.for_type_by_name("matplotlib.figure", "Figure", _as_png)


def _as_png(figure: Figure) -> bytes:
    """Render a figure at screen resolution, without anything that differs from run to run."""
    import io

    stream = io.BytesIO()
    figure.savefig(stream, format="png", dpi=80, bbox_inches="tight", metadata={"Software": None})
    return stream.getvalue()


@dataclass(frozen=True)
class Shown:
    """A kept table as a notebook shows it: rounded, the first rows of a long one, where the whole of it lies."""

    frame: pd.DataFrame
    decimals: int
    labels: Mapping[str, str]
    file: str

    def _repr_html_(self) -> str:
        """Return the table for a notebook."""
        text = rounded(self.frame.head(ROWS_SHOWN), self.decimals, labels=self.labels)
        more = len(self.frame) - ROWS_SHOWN
        rest = f"<p>{more} more rows in {self.file}</p>" if more > 0 else ""
        return text.to_html(index=False, border=0, na_rep="") + rest


@dataclass(frozen=True)
class ShownValues:
    """Kept values as a notebook shows them."""

    values: Mapping[str, Noted]

    def _repr_html_(self) -> str:
        """Return the values for a notebook."""
        rows = [(name, _written(entry.value), entry.note) for name, entry in self.values.items()]
        return pd.DataFrame(rows, columns=["value", "is", "note"]).to_html(index=False, border=0)


def _written(value: Any) -> str:
    """Write a value as the tables do."""
    return value if isinstance(value, str) else number(value, 3)
