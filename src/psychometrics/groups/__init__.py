"""Differences between groups: Kruskal-Wallis, Welch, Dunn's comparisons, and one table for many scores."""

from psychometrics.groups.known import KnownGroups, known_groups
from psychometrics.groups.means import WelchTest, welch_anova
from psychometrics.groups.pairs import DunnComparisons, dunn
from psychometrics.groups.ranks import KruskalWallis, kruskal_wallis, rank_effect_interval
from psychometrics.groups.several import GroupComparison, compare_groups

__all__ = [
    "DunnComparisons",
    "GroupComparison",
    "KnownGroups",
    "KruskalWallis",
    "WelchTest",
    "compare_groups",
    "dunn",
    "known_groups",
    "kruskal_wallis",
    "rank_effect_interval",
    "welch_anova",
]
