"""How stable a choice of items is, and how well it does on people not used to make it."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import stats

from psychometrics._checks import share
from psychometrics.errors import InputShapeError, PsychometricsError, TooFewPersonsError

Choose = Callable[[pd.DataFrame], Collection[str]]
Evaluate = Callable[[pd.DataFrame, list[str]], "pd.Series | dict[str, float]"]

_BATCHES = 16


@dataclass(frozen=True)
class SelectionStability:
    """Stability of a choice of items; see :func:`selection_stability`.

    Attributes
    ----------
    items : DataFrame
        One row an item: ``item``, ``chosen`` (on the data as given), ``share`` of resamples that choose it, and its
        Wilson interval ``lower``, ``upper``.
    held_out : DataFrame
        One row a measure: ``measure``, ``on_all`` (choice and measure on the data as given), ``held_out`` (mean over
        resamples, measured on people not drawn), ``lower``, ``upper`` (percentiles), ``optimism``. Empty without
        `evaluate`.
    agreement : float
        Mean share of items two resamples' choices have in common (Jaccard).
    n_resamples, n_failed : int
    seed : int
    confidence : float
    notes : tuple of str
        That fewer persons than there are were drawn, where that was asked for.
    """

    items: pd.DataFrame
    held_out: pd.DataFrame
    agreement: float
    n_resamples: int
    n_failed: int
    seed: int
    confidence: float
    notes: tuple[str, ...] = ()

    def to_frame(self) -> pd.DataFrame:
        """Return a copy of the table of items."""
        return self.items.copy()


def selection_stability(
    responses: pd.DataFrame,
    choose: Choose,
    evaluate: Evaluate | None = None,
    n_resamples: int = 500,
    seed: int = 0,
    confidence: float = 0.95,
    n_jobs: int | None = None,
    most_drawn: int | None = None,
) -> SelectionStability:
    r"""Repeat a choice of items on bootstrap samples of persons.

    Each resample draws as many persons as there are, with replacement; about :math:`e^{-1}` of them are not drawn and
    serve to measure the choice on people not used to make it. Of more than `most_drawn` persons a resample draws only
    so many (m out of n), and measures on as many others: choices then vary as in a study of that size, more than in one
    of all persons.

    Parameters
    ----------
    responses : DataFrame, shape (n_persons, n_items)
    choose : callable
        Takes responses and returns the chosen items, for example a screening followed by :func:`select_items`.
    evaluate : callable, optional
        Takes responses and the list of chosen items and returns named measures (reliability, fit).
    n_resamples, seed : int
    confidence : float
    n_jobs : int, optional
        Workers; None leaves it to joblib's active configuration. The numbers do not depend on it.
    most_drawn : int, optional
        Persons that a resample draws at most, ten or more; None draws as many as there are.

    Returns
    -------
    SelectionStability
        Resamples in which `choose` or `evaluate` raised a PsychometricsError are left out and counted.

    Raises
    ------
    TooFewPersonsError
        Fewer than ten persons, or fewer than ten to draw.
    InputShapeError
        Fewer than two resamples, or chosen items that are not columns.
    PsychometricsError
        More than half of the resamples failed.

    See Also
    --------
    select_items, screen_items

    References
    ----------
    Meinshausen, N., & Buehlmann, P. (2010). Stability selection. Journal of the Royal Statistical Society B, 72,
    417-473. Efron, B., & Tibshirani, R. (1997). Improvements on cross-validation: the .632+ bootstrap method. Journal
    of the American Statistical Association, 92, 548-560, section 3 (leave-one-out bootstrap). Bickel, P. J., Götze, F.,
    & van Zwet, W. R. (1997). Resampling fewer than n observations: Gains, losses, and remedies for losses. Statistica
    Sinica, 7, 1-31.

    Notes
    -----
    Validated by recovery: items of noise are chosen at the rate that chance gives, good ones always.

    Examples
    --------
    >>> import numpy as np
    >>> import pandas as pd
    >>> draw = np.random.default_rng(1)
    >>> trait = draw.normal(size=(200, 1))
    >>> codes = np.clip(np.rint(3 + trait + draw.normal(size=(200, 6))), 1, 5)
    >>> answers = pd.DataFrame(codes, columns=list("abcdef"))
    >>> from psychometrics.selection import selection_stability
    >>> best = lambda sample: [sample.mean().idxmax()]
    >>> result = selection_stability(answers, best, n_resamples=20)
    >>> round(float(result.items["share"].sum()), 2), result.n_failed
    (1.0, 0)
    """
    import joblib

    share(confidence)
    n_drawn = len(responses) if most_drawn is None else min(most_drawn, len(responses))
    if n_drawn < 10 or n_resamples < 2:
        error = TooFewPersonsError if n_drawn < 10 else InputShapeError
        raise error(f"{n_drawn} persons and {n_resamples} resamples; ten persons and two resamples are needed")
    first = _checked(choose(responses), responses)
    streams = np.random.SeedSequence(seed).spawn(n_resamples)
    size, unnamed = -(-n_resamples // _BATCHES), responses.reset_index(drop=True)
    batches = joblib.Parallel(n_jobs=n_jobs)(
        joblib.delayed(_batch)(unnamed, choose, evaluate, n_drawn, streams[start : start + size])
        for start in range(0, n_resamples, size)
    )
    done = [outcome for batch in batches for outcome in batch if outcome is not None]
    if 2 * len(done) < n_resamples:
        raise PsychometricsError(f"the choice failed in {n_resamples - len(done)} of {n_resamples} resamples")
    picks = np.array([[item in chosen for item in responses.columns] for chosen, _ in done])
    on_all = None if evaluate is None else pd.Series(evaluate(responses, first), dtype=float)
    return SelectionStability(
        items=_items(list(responses.columns), first, picks, confidence),
        held_out=_held_out(on_all, [measures for _, measures in done], confidence),
        agreement=_agreement(picks),
        n_resamples=n_resamples,
        n_failed=n_resamples - len(done),
        seed=seed,
        confidence=confidence,
        notes=_said(n_drawn, len(responses)),
    )


def _said(n_drawn: int, n_persons: int) -> tuple[str, ...]:
    """Say that fewer persons than there are were drawn."""
    if n_drawn == n_persons:
        return ()
    return (
        f"each sample draws {n_drawn} of the {n_persons} persons and measures on as many others, so that the choices "
        "vary as in a study of that size, more than in one of all persons",
    )


def _checked(chosen: Collection[str], responses: pd.DataFrame) -> list[str]:
    """Return the chosen items in the order of the columns, or name those that are not there."""
    unknown = [item for item in chosen if item not in responses.columns]
    if unknown:
        raise InputShapeError(f"the choice names items that are not in the responses: {unknown}")
    taken = set(chosen)
    return [item for item in responses.columns if item in taken]


def _batch(
    responses: pd.DataFrame,
    choose: Choose,
    evaluate: Evaluate | None,
    n_drawn: int,
    streams: list[np.random.SeedSequence],
) -> list[tuple[list[str], dict[str, float]] | None]:
    """Choose and measure in some of the resamples."""
    return [_one(responses, choose, evaluate, n_drawn, np.random.default_rng(stream)) for stream in streams]


def _one(
    responses: pd.DataFrame,
    choose: Choose,
    evaluate: Evaluate | None,
    n_drawn: int,
    generator: np.random.Generator,
) -> tuple[list[str], dict[str, float]] | None:
    """Choose on one resample and measure on the persons it did not draw."""
    drawn = generator.integers(0, len(responses), n_drawn)
    others = np.ones(len(responses), dtype=bool)
    others[drawn] = False
    left = np.flatnonzero(others)
    if n_drawn < len(responses):
        left = generator.choice(left, min(n_drawn, len(left)), replace=False)
    try:
        chosen = _checked(choose(responses.iloc[drawn].reset_index(drop=True)), responses)
        measures = {} if evaluate is None else dict(evaluate(responses.iloc[left], chosen))
    except PsychometricsError:
        return None
    return chosen, {str(name): float(value) for name, value in measures.items()}


def _items(items: list[str], first: list[str], picks: np.ndarray, confidence: float) -> pd.DataFrame:
    """Return how often each item is chosen, with Wilson's interval."""
    n, share = len(picks), picks.mean(axis=0)
    z = stats.norm.ppf((1 + confidence) / 2)
    centre = (share + z**2 / (2 * n)) / (1 + z**2 / n)
    half = z * np.sqrt(share * (1 - share) / n + z**2 / (4 * n**2)) / (1 + z**2 / n)
    chosen = [item in first for item in items]
    return pd.DataFrame(
        {"item": items, "chosen": chosen, "share": share, "lower": centre - half, "upper": centre + half}
    )


def _held_out(on_all: pd.Series | None, measures: list[dict[str, float]], confidence: float) -> pd.DataFrame:
    """Compare each measure on all people with its value on people not used to choose."""
    columns = ["measure", "on_all", "held_out", "lower", "upper", "optimism"]
    if on_all is None:
        return pd.DataFrame(columns=columns)
    draws = pd.DataFrame(measures)[list(on_all.index)]
    mean = draws.mean()
    tails = draws.quantile([(1 - confidence) / 2, (1 + confidence) / 2]).to_numpy()
    values = [on_all.index, on_all.to_numpy(), mean.to_numpy(), tails[0], tails[1], (on_all - mean).to_numpy()]
    return pd.DataFrame(dict(zip(columns, values, strict=True)))


def _agreement(picks: np.ndarray) -> float:
    """Return the mean Jaccard overlap of the choices of all pairs of resamples."""
    x = picks.astype(float)
    both = x @ x.T
    sizes = x.sum(axis=1)
    either = sizes[:, None] + sizes[None, :] - both
    upper = np.triu_indices(len(x), 1)
    return float(np.mean(both[upper] / np.maximum(either[upper], 1)))
