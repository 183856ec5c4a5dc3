"""The choice of items: the published rule, further checks, the best set, and a reason for every decision."""

from __future__ import annotations

from psychometrics.selection.checks import (
    Decision,
    ItemCheck,
    category_check,
    cross_loading_check,
    threshold_check,
)
from psychometrics.selection.merit import graded_information
from psychometrics.selection.optimal import Constraint, ItemSelection, select_items
from psychometrics.selection.reasons import REASON_KINDS, Reason, reason_table
from psychometrics.selection.rule import ItemScreening, screen_items
from psychometrics.selection.stability import SelectionStability, selection_stability

__all__ = [
    "REASON_KINDS",
    "Constraint",
    "Decision",
    "ItemCheck",
    "ItemScreening",
    "ItemSelection",
    "Reason",
    "SelectionStability",
    "category_check",
    "cross_loading_check",
    "graded_information",
    "reason_table",
    "screen_items",
    "select_items",
    "selection_stability",
    "threshold_check",
]
