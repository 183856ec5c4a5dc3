"""The entries of the model matrices."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Scale = Literal["marker", "variance"]
Kind = Literal[
    "loading",
    "regression",
    "factor_covariance",
    "residual_covariance",
    "intercept",
    "factor_mean",
    "threshold",
]


@dataclass(frozen=True)
class Cell:
    """One entry of a model matrix: free, or fixed at a value.

    `row` and `column` are the item and factor of a loading, the lower and higher factor of a regression, and the two
    variables of a covariance; an intercept has the item twice, a factor mean the factor. Thresholds (item and
    number) are no part of the model matrices; they are kept in the same vector. Free cells of one label are equal.
    """

    kind: Kind
    row: str
    column: str
    fixed: float | None = None
    label: str | None = None

    @property
    def key(self) -> tuple[str, str, str]:
        """What identifies the cell; the order of a covariance does not matter."""
        if self.kind.endswith("covariance"):
            first, second = sorted((self.row, self.column))
            return self.kind, first, second
        return self.kind, self.row, self.column
