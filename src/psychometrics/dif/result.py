"""What a DIF analysis returns: rules, tests, effects on scores, and curves."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from psychometrics._checks import Label
from psychometrics.dif._models import ItemModels
from psychometrics.errors import InputShapeError

PASSED, FLAGGED, UNTESTED = "passed", "flagged", "untested"


@dataclass(frozen=True)
class DifRule:
    """When an item is flagged, and what an analysis needs.

    Attributes
    ----------
    alpha : float
        An item is flagged when its total test, adjusted after Benjamini & Hochberg (1995) over the items of the
        call, falls below this ...
    minimum_change : float
        ... and McFadden's pseudo R2 grows by at least this from the score alone to score, groups and their
        product. lordif offers .02 (Choi et al. 2011); it is there one of three criteria, not combined.
    moderate, large : float
        Classes of the change in Nagelkerke's R2. Jodoin & Gierl (2001) derived .035 and .070 for Zumbo and Thomas's
        R2 of dichotomous items in two groups; they are commonly read on Nagelkerke's. McFadden's changes are
        smaller (about half in five-point items): do not read them on this scale. Any R2 change also shrinks with
        the share of the group that differs, so read it beside ``effects``, which do not.
    minimum_size : int
        Smaller groups are left out, with a note.
    minimum_anchors : int
        A scale keeps at least so many items in its matching score; purification of it stops, with a note, when it
        would leave fewer.
    maximum_rounds : int
        Cap on rounds of purification; 1 does none.
    minimum_answered : float
        Share of the matching score's items that a person must have answered.
    planned_difference : float
        Uniform DIF for which the power is stated: how much harder the item is for a group, in standard deviations of
        the trait (of the matching score, where that is none).
    planned_power : float
        Power at which the smallest detectable difference is stated.
    confidence : float
        Of the intervals of effects.
    """

    alpha: float = 0.05
    minimum_change: float = 0.02
    moderate: float = 0.035
    large: float = 0.07
    minimum_size: int = 50
    minimum_anchors: int = 3
    maximum_rounds: int = 10
    minimum_answered: float = 0.5
    planned_difference: float = 0.5
    planned_power: float = 0.8
    confidence: float = 0.95

    def __post_init__(self) -> None:
        """Refuse shares outside their range and counts that make no sense."""
        shares = (self.alpha, self.minimum_change, self.moderate, self.large, self.minimum_answered)
        if not all(0 <= share <= 1 for share in shares) or self.moderate > self.large:
            raise InputShapeError(
                "alpha, minimum_change, moderate <= large and minimum_answered lie between 0 and 1; "
                f"got {', '.join(f'{share:g}' for share in shares)}"
            )
        if min(self.minimum_size, self.minimum_anchors, self.maximum_rounds) < 1:
            raise InputShapeError("minimum_size, minimum_anchors and maximum_rounds are at least 1")
        if not (0 < self.planned_power < 1 and 0 < self.confidence < 1 and self.planned_difference > 0):
            raise InputShapeError(
                "planned_power and confidence lie between 0 and 1 and planned_difference is positive; got "
                f"{self.planned_power:g}, {self.confidence:g} and {self.planned_difference:g}"
            )

    def classify(self, change: float) -> str:
        """Return the class of a change in Nagelkerke's R2; empty when there is none."""
        if np.isnan(change):
            return ""
        return "large" if change >= self.large else "moderate" if change >= self.moderate else "negligible"


@dataclass(frozen=True)
class OrdinalDif:
    """Differential item functioning of every item; see :func:`ordinal_dif`.

    Attributes
    ----------
    table : DataFrame, one row an item
        ``scale``, ``anchor`` (part of the final matching score), ``n``; for each test (``uniform``,
        ``non_uniform``, ``total``) ``statistic_*``, ``df_*``, ``p_*``, ``p_adjusted_*``, ``mcfadden_*``,
        ``nagelkerke_*`` (changes in R2); ``slope_change`` (Crane et al. 2004: relative change of the score's
        coefficient when groups enter), ``size`` (negligible, moderate, large), ``flagged``, ``kind`` (uniform or
        non-uniform, of flagged items), ``status`` (``passed``, ``flagged`` or ``untested``: an untested item is a
        finding, has not passed, and is never an anchor), ``estimation`` (maximum or penalised likelihood),
        ``reason`` (why an item could not be tested, in one word), ``note`` (the same in words, or that a group gives
        one answer only).
    effects : DataFrame, one row a tested item and focal group
        ``item``, ``scale``, ``group``, ``n``, ``signed`` with ``lower`` and ``upper``, ``unsigned``, ``standardised``;
        see :func:`ordinal_dif`.
    scale_effects : DataFrame, one row a scale and group
        ``scale``, ``group``, ``n``, ``n_items``, ``n_flagged``, ``mean``, ``signed`` with ``lower`` and ``upper``
        (``NaN`` where no item is flagged), ``unsigned``, ``standardised``, ``adjusted_mean``, ``n_untested`` (items
        whose effect is unknown).
    power : DataFrame, one row a tested item and focal group
        ``item``, ``group``, ``n``, ``size`` (the planned difference), ``power_test`` (of the total test at alpha),
        ``power`` (to flag the item: test and growth of R2), ``power_adjusted`` (the same at alpha over the number of
        items: the item is the only unfair one), ``detectable`` (size flagged with the planned power; ``NaN`` above
        eight standard deviations).
    rounds : DataFrame, one row a round
        ``round``, ``n_flagged``, ``flagged``, ``n_anchors``.
    stable : bool
        Whether purification ended because the anchors no longer changed.
    groups : Series
        Persons in each group used, the reference first.
    reference : str
    test : str
        ``likelihood ratio`` or ``cluster-robust Wald``.
    matching : str
        ``trait``, ``rest``, ``total`` or ``given``.
    n_persons, n_clusters : int
        `n_clusters` is 0 without clusters.
    rule : DifRule
    notes : tuple of str
    """

    table: pd.DataFrame
    effects: pd.DataFrame
    scale_effects: pd.DataFrame
    power: pd.DataFrame
    rounds: pd.DataFrame
    stable: bool
    groups: pd.Series
    reference: str
    test: str
    matching: str
    n_persons: int
    n_clusters: int
    rule: DifRule
    notes: tuple[str, ...]
    _models: Mapping[Label, ItemModels]

    @property
    def flagged(self) -> tuple[Label, ...]:
        """Names of the flagged items."""
        return tuple(self.table.index[self.table["flagged"]])

    @property
    def untested(self) -> tuple[Label, ...]:
        """Names of the items that could not be tested; their reasons are in ``table["note"]``."""
        return tuple(self.table.index[self.table["status"] == UNTESTED])

    def power_by_group(self) -> pd.DataFrame:
        """Return one row a focal group: n, and over its items the median and lowest power and detectable size.

        Returns
        -------
        DataFrame
            ``group``, ``n`` (largest over items), ``n_items``, ``size``, ``power_test``, ``power``,
            ``power_lowest``, ``power_adjusted``, ``detectable`` (medians), ``detectable_largest``.
        """
        grouped = self.power.groupby("group", sort=False)
        return pd.DataFrame(
            {
                "n": grouped["n"].max(),
                "n_items": grouped["item"].size(),
                "size": grouped["size"].first(),
                "power_test": grouped["power_test"].median(),
                "power": grouped["power"].median(),
                "power_lowest": grouped["power"].min(),
                "power_adjusted": grouped["power_adjusted"].median(),
                "detectable": grouped["detectable"].median(),
                "detectable_largest": grouped["detectable"].max(),
            }
        ).reset_index()

    def to_frame(self) -> pd.DataFrame:
        """Return the table of items."""
        return self.table

    def expected_scores(self, item: Label, points: int = 61) -> pd.DataFrame:
        """Return the expected answer to an item by matching score, for each group.

        Parameters
        ----------
        item : str
        points : int
            Places on the score, evenly from each group's 2.5 to its 97.5 per cent point: a curve is not drawn
            where its group has no people.

        Returns
        -------
        DataFrame
            ``item``, ``group``, ``score``, ``expected`` (points of the answer scale).

        Raises
        ------
        InputShapeError
            An item that was not tested.
        """
        if item not in self._models:
            raise InputShapeError(f"no curves for item {item}: it was not tested; see table['note'] and notes")
        models = self._models[item]
        return pd.concat(
            [_curve(models, item, str(name), place, points) for place, name in enumerate(self.groups.index)],
            ignore_index=True,
        )


def _curve(models: ItemModels, item: Label, name: str, place: int, points: int) -> pd.DataFrame:
    """Return the curve of one group over the range of its members."""
    data = models.data
    members = data.groups == place
    own = np.repeat(data.centre + data.spread * data.score[members], data.weights[members].astype(int))
    score = np.linspace(np.quantile(own, 0.025), np.quantile(own, 0.975), points)
    return pd.DataFrame({"item": item, "group": name, "score": score, "expected": models.expected(score, place)})
