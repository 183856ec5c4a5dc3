"""How each item works, which items repeat one another, and which contradict their key."""

from psychometrics.items.describe import (
    ItemStatistics,
    correlation_of,
    item_rest_correlation,
    item_statistics,
)
from psychometrics.items.pairs import (
    InterItemCorrelations,
    KeyingCheck,
    check_keying,
    fisher_interval,
    inter_item_correlations,
)

__all__ = [
    "InterItemCorrelations",
    "ItemStatistics",
    "KeyingCheck",
    "check_keying",
    "correlation_of",
    "fisher_interval",
    "inter_item_correlations",
    "item_rest_correlation",
    "item_statistics",
]
