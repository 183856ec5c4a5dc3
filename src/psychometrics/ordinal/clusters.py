"""Polychoric correlations of resampled clusters, from the tables of pairs that each cluster has."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from psychometrics._checks import cluster_codes
from psychometrics.errors import PsychometricsError
from psychometrics.ordinal._encoding import OrdinalResponses, check_categories, encode
from psychometrics.ordinal.two_step import Array, from_tables


@dataclass(frozen=True)
class ClusteredResponses:
    """Responses whose rows are drawn by cluster.

    Attributes
    ----------
    responses : OrdinalResponses
    clusters : ndarray of int, (n_persons,)
        Cluster of each row, from 0.
    n_clusters : int
        Those of persons without any answer included.
    """

    responses: OrdinalResponses
    clusters: NDArray[np.intp]
    n_clusters: int

    @classmethod
    def of(cls, responses: pd.DataFrame, clusters: pd.Series) -> ClusteredResponses:
        """Code the answers of everybody who gave any."""
        codes = cluster_codes(clusters, len(responses))
        answered = responses.notna().any(axis=1).to_numpy()
        return cls(encode(responses, "pairwise"), codes[answered], int(codes.max()) + 1)

    def correlations(self, drawn: Array) -> Iterator[Array | None]:
        """Yield the matrix of each resample, None where it is not defined.

        A resample's tables are those of the clusters times how often each is drawn, so that no row is drawn.

        Parameters
        ----------
        drawn : ndarray, (n_resamples, n_clusters)
            How often each cluster is drawn.
        """
        margins = np.stack([self._counted(drawn, [item]) for item in range(len(self.responses.items))], axis=1)
        first, second = np.triu_indices(len(self.responses.items), 1)
        pairs = (self._counted(drawn, [a, b]) for a, b in zip(first.tolist(), second.tolist(), strict=True))
        tables = np.stack(list(pairs), axis=1)
        for own, both in zip(margins, tables, strict=True):
            try:
                yield from_tables(*_in_use(self.responses, own, both)).matrix()
            except PsychometricsError:
                yield None

    def _counted(self, drawn: Array, items: list[int]) -> Array:
        """Count the answers to one or two items in each resample, (n_resamples, categories, ...)."""
        most = int(self.responses.n_categories.max())
        keys, width = self.clusters, most + 1
        for item in items:
            keys = keys * width + self.responses.codes[:, item]
        shape = (drawn.shape[1], *[width] * len(items))
        counts = np.bincount(keys, minlength=int(np.prod(shape))).reshape(drawn.shape[1], -1)
        found = (drawn @ counts).reshape(len(drawn), *shape[1:])
        return found[(slice(None), *[slice(0, most)] * len(items))]


def _in_use(responses: OrdinalResponses, margins: Array, counts: Array) -> tuple[OrdinalResponses, Array, Array]:
    """Leave out categories that a resample does not have, as coding its rows would."""
    real = np.arange(margins.shape[1]) < responses.n_categories[:, None]
    unused = (margins == 0) & real
    if not unused.any():
        return responses, margins, counts
    first, second = np.triu_indices(len(responses.items), 1)
    categories = list(responses.categories)
    for item in np.flatnonzero(unused.any(axis=1)):
        order = np.argsort(margins[item] == 0, kind="stable")
        margins[item] = margins[item][order]
        counts[first == item] = counts[first == item][:, order]
        counts[second == item] = counts[second == item][:, :, order]
        kept = zip(categories[item], unused[item], strict=False)
        categories[item] = tuple(code for code, left_out in kept if not left_out)
    check_categories([np.array(codes) for codes in categories], responses.items)
    return replace(responses, categories=tuple(categories)), margins, counts
