"""Colleagues in groups by how they work with the person: which groups may stand apart, and what each of them says."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from compendium.disclosure import UNIFORM, rater_step, rounded_to

#: The group of those who did not say.
UNSAID = ""


@dataclass(frozen=True)
class RaterBlock:
    """Colleagues whose views are shown as one.

    Attributes
    ----------
    groups : tuple of str
        Labels of their groups, :data:`UNSAID` for those who did not say.
    raters : int
    means : mapping of competency to mean
        Rounded; without the competencies on which the groups are not shown apart.
    """

    groups: tuple[str, ...]
    raters: int
    means: Mapping[str, float]


@dataclass(frozen=True)
class Apart:
    """What is shown of groups of raters, and the means over all raters that go with it.

    Attributes
    ----------
    blocks : mapping of person to blocks
        Two or more, or none where the groups cannot be shown apart.
    means, errors : DataFrame
        By person and competency.
    """

    blocks: Mapping[str, tuple[RaterBlock, ...]]
    means: pd.DataFrame
    errors: pd.DataFrame


def pooled(counts: Mapping[str, int], needed: float) -> tuple[tuple[str, ...], ...]:
    """Return which groups are shown, each alone or pooled; none where fewer than two would be left.

    Groups of fewer than ``needed`` are pooled. Where they are too few together, the smallest of the others joins them:
    what is shown less what is shown then never leaves fewer than ``needed``.

    Examples
    --------
    >>> pooled({"own team": 4, "another team": 2, "another organisation": 1}, 3)
    (('own team',), ('another team', 'another organisation'))
    >>> pooled({"own team": 4, "another team": 3, "another organisation": 1}, 3)
    (('own team',), ('another team', 'another organisation'))
    >>> pooled({"own team": 4, "another team": 2}, 3)
    ()
    """
    there = [name for name, n in counts.items() if n]
    alone = [name for name in there if counts[name] >= needed]
    rest = [name for name in there if counts[name] < needed]
    while rest and alone and sum(counts[name] for name in rest) < needed:
        rest.append(min(alone, key=counts.__getitem__))
        alone.remove(rest[-1])
    together = [tuple(name for name in there if name in rest)] if rest else []
    blocks = (*((name,) for name in alone), *together)
    return blocks if len(blocks) > 1 else ()


def set_apart(
    scores: pd.DataFrame, groups: pd.Series, levels: list[str], needed: float, means: pd.DataFrame,
    errors: pd.DataFrame,
) -> Apart:  # fmt: skip
    r"""Return what each group of raters says of each person, as it may be shown.

    A competency is shown by group where ``needed`` raters of every block scored it. The mean over all raters is
    then made of the blocks' rounded means :math:`b_j` of :math:`k_j` raters: :math:`\sum k_j b_j / \sum k_j`. It says
    nothing that they do not, so that no rating can be narrowed down with it; its error is
    :math:`SE^2 = s_w^2 / k + \sum (k_j / k)^2 d_j^2 / 12` for the steps d of the rounding.

    Parameters
    ----------
    scores, groups
        By person and rater; NaN where a rater did not score a competency, or did not say.
    levels
        Labels of the groups in the order shown.
    means, errors
        By person and competency, as :func:`~compendium.steps.feedback.evidence.shown_means` has them.
    """
    said = groups.reindex(scores.index).fillna(UNSAID).to_numpy()
    values, names, rows = scores.to_numpy(dtype=float), list(map(str, scores.columns)), []
    shown: dict[str, list[tuple[tuple[str, ...], int]]] = {}
    for person, places in scores.groupby(level="person").indices.items():
        of, given = said[places], values[places]
        parts = pooled({level: int((of == level).sum()) for level in (*levels, UNSAID)}, needed)
        shown[str(person)] = [(labels, int(np.isin(of, labels).sum())) for labels in parts]
        counts = np.array([np.isfinite(given[np.isin(of, labels)]).sum(axis=0) for labels in parts])
        for column in np.flatnonzero((counts >= needed).all(axis=0)) if parts else ():
            sums = [np.nansum(given[np.isin(of, labels), column]) for labels in parts]
            rows += [(person, names[column], at, float(counts[at, column]), total) for at, total in enumerate(sums)]
    table = pd.DataFrame(rows, columns=["person", "competency", "block", "n", "sum"])
    table["step"] = table["n"].map(rater_step)
    table["mean"] = rounded_to(table["sum"] / table["n"], table["step"])
    of_block: dict[tuple[str, int], dict[str, float]] = {}
    for person, name, at, mean in table[["person", "competency", "block", "mean"]].itertuples(index=False):
        of_block.setdefault((person, at), {})[name] = mean
    blocks = {
        person: tuple(RaterBlock(labels, n, of_block.get((person, at), {})) for at, (labels, n) in enumerate(parts))
        for person, parts in shown.items()
    }
    return Apart(blocks, *_over_all(table, means, errors))


def _over_all(table: pd.DataFrame, means: pd.DataFrame, errors: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return means and errors over all raters, made of those of the blocks where these are shown."""
    parts = table.assign(total=table["n"] * table["mean"], spread=(table["n"] * table["step"]) ** 2)
    sums = parts.groupby(["person", "competency"])[["n", "total", "spread"]].sum()
    made, steps = (sums["total"] / sums["n"]).unstack(), sums["n"].map(rater_step)
    more = ((sums["spread"] / sums["n"] ** 2 - steps**2) / UNIFORM).unstack()
    made, more = (each.reindex(index=means.index, columns=means.columns) for each in (made, more))
    return means.where(made.isna(), made), pd.DataFrame(np.sqrt(errors**2 + more.fillna(0.0)))
