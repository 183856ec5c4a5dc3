"""The choice of items: the published rule, further checks, and a reason for every decision."""

from __future__ import annotations

from psychometrics.selection.checks import (
    ItemCheck,
    category_check,
    cross_loading_check,
    threshold_check,
)
from psychometrics.selection.rule import ItemScreening, screen_items

__all__ = [
    "ItemCheck",
    "ItemScreening",
    "category_check",
    "cross_loading_check",
    "screen_items",
    "threshold_check",
]
