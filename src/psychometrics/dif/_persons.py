"""Who takes part: groups large enough, clusters known, scales long enough; everybody left out is noted."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd

from psychometrics._checks import MOST_LEFT_OUT, Label, Scales, constant_items, listed, numeric_table, scales_of
from psychometrics.dif._matching import MATCHINGS, Matching
from psychometrics.dif._sample import Sample, sample_of
from psychometrics.dif.result import DifRule
from psychometrics.errors import InputShapeError, TooFewPersonsError

_FEWEST_CLUSTERS = 10
_FEWEST_CLUSTERS_OF_A_GROUP = 2
Scores = Matching | pd.Series | pd.DataFrame


@dataclass(frozen=True)
class DifData:
    """Checked input of one analysis; group 0 is the reference."""

    answers: pd.DataFrame
    scales: dict[Label, list[Label]]
    groups: np.ndarray
    names: list[str]
    clusters: np.ndarray | None
    matching: str
    supplied: pd.DataFrame | None
    rule: DifRule
    notes: tuple[str, ...]

    @cached_property
    def samples(self) -> dict[Label, Sample]:
        """The different rows of each scale."""
        return {
            scale: sample_of(
                self.answers[items],
                None if self.supplied is None else self.supplied[scale].to_numpy(),
                self.groups,
                self.clusters,
            )
            for scale, items in self.scales.items()
        }


def prepare(
    responses: pd.DataFrame,
    groups: pd.Series,
    scales: Scales | None,
    matching: Scores,
    clusters: pd.Series | None,
    reference: str | None,
    rule: DifRule,
) -> DifData:
    """Check the input and keep the persons of groups that are large enough."""
    frame = numeric_table(responses, minimum_columns=2, minimum_rows=2)
    parts = scales_of(frame, scales)
    _refuse_short_scales(frame, parts, rule)
    supplied = _given_scores(matching, frame, parts)
    _refuse_other_rows(frame, groups, "groups")
    labels, notes = _large_groups(frame, groups, rule)
    kept = labels.notna()
    if clusters is not None:
        _refuse_other_rows(frame, clusters, "clusters")
        notes += _note_of_number((kept & clusters.isna()).sum(), "persons without a cluster left out")
        kept &= clusters.notna()
        labels, more = _spread_groups(labels[kept], clusters[kept])
        kept, notes = kept & labels.reindex(kept.index).notna(), notes + more
    names = _ordered_names(labels[kept], reference)
    return DifData(
        answers=frame[kept],
        scales=parts,
        groups=labels[kept].map({name: place for place, name in enumerate(names)}).to_numpy(dtype=int),
        names=names,
        clusters=None if clusters is None else _cluster_codes(clusters[kept]),
        matching="given" if supplied is not None else str(matching),
        supplied=None if supplied is None else supplied[kept],
        rule=rule,
        notes=notes,
    )


def _refuse_short_scales(frame: pd.DataFrame, scales: dict[Label, list[Label]], rule: DifRule) -> None:
    """Refuse scales with too few anchors for the studied item."""
    usable = {name: len(items) - len(constant_items(frame[items])) for name, items in scales.items()}
    short = [f"{name} ({count})" for name, count in usable.items() if count <= rule.minimum_anchors]
    if short:
        raise InputShapeError(
            f"scales with too few items that vary: {', '.join(short)}; a scale needs the studied item and "
            f"{rule.minimum_anchors} anchors: leave it out, or lower minimum_anchors"
        )


def _given_scores(matching: Scores, frame: pd.DataFrame, scales: dict[Label, list[Label]]) -> pd.DataFrame | None:
    """Return the caller's own scores, one column a scale; None when they are computed here."""
    if isinstance(matching, str):
        if matching not in MATCHINGS:
            raise InputShapeError(f"matching must be one of {', '.join(MATCHINGS)} or scores, not {matching!r}")
        return None
    table = matching.to_frame(next(iter(scales))) if isinstance(matching, pd.Series) else matching
    missing = [name for name in scales if name not in table.columns]
    if missing:
        raise InputShapeError(f"the matching scores lack the scales {listed(missing)}; one column for each")
    _refuse_other_rows(frame, table, "matching scores")
    return table[list(scales)].astype(float)


def _refuse_other_rows(frame: pd.DataFrame, other: pd.Series | pd.DataFrame, role: str) -> None:
    """Refuse a variable whose rows are not those of the responses."""
    if not frame.index.equals(other.index):
        raise InputShapeError(f"{role} must have the index of the responses, in the same order: reindex them first")


def _large_groups(frame: pd.DataFrame, groups: pd.Series, rule: DifRule) -> tuple[pd.Series, tuple[str, ...]]:
    """Return the group of each person used, NaN for the others, and what was left out."""
    labels = groups.map(str, na_action="ignore").astype(object).where(frame.notna().any(axis=1))
    notes = _note_of_number(int(labels.isna().sum()), "persons without a group or without answers left out")
    counts = labels.value_counts()
    small = [str(name) for name in counts.index[counts < rule.minimum_size]]
    if small:
        notes += (f"groups of fewer than {rule.minimum_size} persons left out: {listed(sorted(small), MOST_LEFT_OUT)}",)
    if len(counts) - len(small) < 2:
        raise TooFewPersonsError(
            f"fewer than two groups have {rule.minimum_size} persons ({_counted(counts)}): join groups, or lower "
            "minimum_size"
        )
    return labels.where(~labels.isin(small)), notes


def _spread_groups(labels: pd.Series, clusters: pd.Series) -> tuple[pd.Series, tuple[str, ...]]:
    """Leave out groups that lie in a single cluster: group and cluster cannot then be told apart."""
    counts = clusters.groupby(labels).nunique()
    single = [str(name) for name in counts.index[counts < _FEWEST_CLUSTERS_OF_A_GROUP]]
    if len(counts) - len(single) < 2:
        raise TooFewPersonsError(
            f"fewer than two groups have people in {_FEWEST_CLUSTERS_OF_A_GROUP} clusters ({_counted(counts)}): a "
            "difference between groups cannot be told from one between clusters"
        )
    if not single:
        return labels, ()
    note = f"groups within a single cluster left out: {listed(sorted(single), MOST_LEFT_OUT)}"
    return labels.where(~labels.isin(single)), (note,)


def _ordered_names(labels: pd.Series, reference: str | None) -> list[str]:
    """Return the groups, the reference (or else the largest) first."""
    counts = labels.value_counts().sort_index().sort_values(ascending=False, kind="stable")
    first = str(counts.index[0]) if reference is None else str(reference)
    if first not in counts.index:
        raise InputShapeError(f"reference {first!r} is no group in use; these are: {_counted(counts)}")
    return [first, *sorted(str(name) for name in counts.index if name != first)]


def _cluster_codes(clusters: pd.Series) -> np.ndarray:
    """Return clusters as integers; refuse too few for a sandwich."""
    codes = pd.factorize(clusters)[0]
    if codes.max() + 1 < _FEWEST_CLUSTERS:
        raise TooFewPersonsError(f"{codes.max() + 1} clusters; a cluster-robust test needs at least {_FEWEST_CLUSTERS}")
    return codes


def _counted(counts: pd.Series) -> str:
    """Return groups with their sizes as text."""
    return listed((f"{name} {count}" for name, count in counts.items()), MOST_LEFT_OUT)


def _note_of_number(count: int, what: str) -> tuple[str, ...]:
    """Return a note with the number of persons, or none when there are none."""
    return (f"{count} {what}",) if count else ()
