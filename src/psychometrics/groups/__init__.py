"""Differences between groups: of ranks and of means, all at once and pair by pair, and one table for many scores."""

from psychometrics.groups.known import KnownGroups, known_groups
from psychometrics.groups.mean_pairs import GamesHowellComparisons, games_howell
from psychometrics.groups.means import WelchTest, welch_anova
from psychometrics.groups.pairs import DunnComparisons, dunn
from psychometrics.groups.ranks import KruskalWallis, kruskal_wallis, rank_effect_interval
from psychometrics.groups.several import GroupComparison, compare_groups

__all__ = [
    "DunnComparisons",
    "GamesHowellComparisons",
    "GroupComparison",
    "KnownGroups",
    "KruskalWallis",
    "WelchTest",
    "compare_groups",
    "dunn",
    "games_howell",
    "known_groups",
    "kruskal_wallis",
    "rank_effect_interval",
    "welch_anova",
]
