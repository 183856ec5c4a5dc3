"""Random streams with names, so that a change in one part of a cohort leaves the others as they were."""

from __future__ import annotations

import zlib

import numpy as np


def stream(seed: int, name: str) -> np.random.Generator:
    """Return the PCG64 generator of this name under this seed."""
    return np.random.Generator(np.random.PCG64(np.random.SeedSequence([seed, zlib.crc32(name.encode())])))


def exact_share(generator: np.random.Generator, n: int, share: float) -> np.ndarray:
    """Choose exactly ``round(share * n)`` of n positions; return them as a mask."""
    mask = np.zeros(n, dtype=bool)
    mask[generator.permutation(n)[: round(share * n)]] = True
    return mask


def choose(generator: np.random.Generator, shares: list[float], n: int) -> np.ndarray:
    """Draw n positions from a list of probabilities (normalised here)."""
    bounds = np.cumsum(np.asarray(shares) / sum(shares)).round(9)
    return np.searchsorted(bounds[:-1], generator.random(n), side="right")
