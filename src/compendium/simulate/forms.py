"""Filled-in forms: from traits to codes, and what careless, interrupted and skipped answers make of them."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pandas as pd

from compendium.simulate.plan import Quality
from compendium.simulate.population import ItemParameters
from compendium.simulate.streams import choose, exact_share, stream

#: How careless people answer, with the share of each manner.
CARELESS = (("straight", 0.30), ("runs", 0.40), ("random", 0.30))
#: A straight-liner strays from the line in this share of answers.
STRAYING = 0.04
LONGEST_RUN = 12
#: Interruption comes between these shares of the form.
EARLIEST_STOP, LATEST_STOP = 0.10, 0.95


def answer(
    parameters: list[ItemParameters],
    traits: pd.DataFrame,
    correlations: pd.DataFrame,
    sectors: np.ndarray,
    seed: int,
    form: str,
    positivity: np.ndarray | None = None,
    easier: float = 0.0,
) -> pd.DataFrame:
    """Answer items with attention.

    Parameters
    ----------
    parameters
        Items of the form.
    traits
        Latent values of the respondent (self form) or of the impression (peer form), one column a scale.
    correlations
        Correlations of the traits, for the error variance of items that load on two.
    sectors
        Sector of each row, for items that work differently in one.
    seed, form
        Name the random stream; each item has its own.
    positivity
        The respondent's place on the common factor; None leaves it out.
    easier
        Amount by which every threshold lies lower.

    Returns
    -------
    DataFrame
        Raw codes, shape of `traits` by items.
    """
    answered: dict[str, np.ndarray] = {}
    columns, among = {str(name): traits[name].to_numpy() for name in traits}, correlations.to_dict()
    for item in parameters:
        generator = stream(seed, f"{form} {item.item}")
        latent = _latent(item, columns, among, generator, positivity) + easier
        if item.fault is not None and item.fault.kind == "dif":
            latent = latent - item.fault.size * (sectors == item.fault.other)
        steps = np.searchsorted(np.array(item.thresholds), latent, side="left")
        answered[item.item] = item.maximum - steps if item.turned else item.minimum + steps
        if item.fault is not None and item.fault.kind == "redundant" and item.fault.other in answered:
            same = generator.random(len(traits)) < item.fault.size
            answered[item.item] = np.where(same, answered[item.fault.other], answered[item.item])
    return pd.DataFrame(answered, traits.index).astype("float64")


def _latent(
    item: ItemParameters,
    traits: dict[str, np.ndarray],
    correlations: dict[Any, dict[Any, float]],
    generator: np.random.Generator,
    positivity: np.ndarray | None,
) -> np.ndarray:
    """Return the latent response of an item, variance one."""
    loadings = item.loadings.items()
    explained = math.fsum(a * b * correlations[x][y] for x, a in loadings for y, b in loadings)
    latent: np.ndarray = np.zeros(len(traits[item.scale]))
    for trait, loading in loadings:
        latent += loading * traits[trait]
    if positivity is not None:
        latent += item.positivity * positivity
        explained += item.positivity**2
    latent += math.sqrt(1 - explained) * generator.standard_normal(len(latent))
    return latent


def be_careless(
    codes: pd.DataFrame, parameters: list[ItemParameters], share: float, seed: int
) -> tuple[pd.DataFrame, dict[str, str]]:
    """Let a share of people answer without reading; return the codes and who did it in which manner."""
    generator = stream(seed, "careless")
    who = np.flatnonzero(exact_share(generator, len(codes), share))
    manners = choose(generator, [part for _, part in CARELESS], len(who))
    lowest = np.array([item.minimum for item in parameters])
    categories = np.array([len(item.thresholds) + 1 for item in parameters])
    values = codes.to_numpy(copy=True)
    for row, manner in zip(who, manners, strict=True):
        heights = _heights(generator, CARELESS[manner][0], len(parameters))
        values[row] = lowest + np.floor(heights * categories)
    named = {str(name): CARELESS[m][0] for name, m in zip(codes.index[who], manners, strict=True)}
    return pd.DataFrame(values, codes.index, codes.columns), named


def _heights(generator: np.random.Generator, manner: str, n: int) -> np.ndarray:
    """Return the place of each careless answer on its scale, from 0 up to, but without, 1."""
    anywhere = np.sqrt(generator.random(n))  # people who do not read still lean towards agreeing
    if manner == "random":
        return anywhere
    if manner == "straight":
        line = 0.4 + 0.3 * (generator.random() + generator.random())
        return np.where(generator.random(n) < STRAYING, anywhere, line)
    lengths = generator.integers(3, LONGEST_RUN + 1, size=n)
    return np.repeat(anywhere, lengths)[:n]


def skip_answers(
    codes: pd.DataFrame, quality: Quality, seed: int, form: str, not_applicable: int | None, may_not_apply: int
) -> pd.DataFrame:
    """Leave single answers out, and answer "not applicable" to some of the first `may_not_apply` items."""
    generator = stream(seed, f"{form} skipped")
    missing = generator.random(codes.shape) < quality.missing_answers
    rates = quality.not_applicable * (0.5 + generator.random(codes.shape[1]))
    rates[may_not_apply:] = 0
    inapplicable = generator.random(codes.shape) < rates
    kept = codes if not_applicable is None else codes.mask(inapplicable, float(not_applicable))
    return kept.mask(missing)


def stop_early(codes: pd.DataFrame, share: float, seed: int) -> tuple[pd.DataFrame, dict[str, str]]:
    """Leave the form blank from some point on for a share of people; return the first blank item of each."""
    generator = stream(seed, "stopped")
    n, width = codes.shape
    stops = exact_share(generator, n, share)
    places = np.floor(width * (EARLIEST_STOP + (LATEST_STOP - EARLIEST_STOP) * generator.random(n))).astype(int)
    blank = stops[:, None] & (np.arange(width) >= places[:, None])
    named = dict(zip(codes.index[stops].astype(str), codes.columns[places[stops]].astype(str), strict=True))
    return codes.mask(blank), named
