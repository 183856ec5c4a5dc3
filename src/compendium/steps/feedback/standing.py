"""What stands out among several uncertain scores: only what differs from all that is not named."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from functools import cache

import numpy as np
from scipy.special import ndtri

Names = tuple[str, ...]
Figures = Mapping[str, float]


@cache
def normal_limit(confidence: float, comparisons: int = 1) -> float:
    """Return how many standard errors a difference must exceed, its error shared among so many comparisons.

    Bonferroni: :math:`z_{1 - (1 - c) / 2m}`.
    """
    return float(ndtri(1 - (1 - confidence) / (2 * max(comparisons, 1))))


def clearly_highest(
    scores: Figures, errors: Figures, confidence: float, most: int, fits: Callable[[str], bool] = lambda name: True
) -> Names:
    r"""Return the scores at the top that are clearly above every other one, highest first; none where there is no gap.

    A set is named when each of its members exceeds each score outside it by more than the error of their difference:

    .. math:: x_a - x_b > z \sqrt{SE_a^2 + SE_b^2}

    so that a tie is never cut. The largest such set of at most ``most`` scores, and of at most half of them, is named.

    Parameters
    ----------
    scores, errors
        Score and standard error by name; a name without either is left out.
    confidence
        Two-sided; its normal quantile is z.
    most
        How many may be named.
    fits
        Whether a score may be named at all. What may not is one of those that the named ones must exceed.

    Examples
    --------
    >>> scores = {"listen": 4.8, "share": 3.5, "learn": 3.4, "lead": 3.3}
    >>> clearly_highest(scores, dict.fromkeys(scores, 0.25), 0.95, 3)
    ('listen',)
    >>> clearly_highest(dict.fromkeys(scores, 4.0), dict.fromkeys(scores, 0.25), 0.95, 3)
    ()
    """
    known, limit = _known(scores, errors), normal_limit(confidence)
    return top_set(
        {name: scores[name] for name in known}, lambda a, b: limit * math.hypot(errors[a], errors[b]), most, fits
    )


def top_set(
    scores: Figures, least: Callable[[str, str], float], most: int, fits: Callable[[str], bool] = lambda name: True
) -> Names:
    """Return the largest set of fitting scores at the top that exceed every other by more than ``least`` of the two."""
    names = sorted(scores, key=lambda name: -scores[name])
    for size in range(min(most, len(names) // 2), 0, -1):
        pairs = ((high, other) for high in names[:size] for other in names[size:])
        if all(map(fits, names[:size])) and all(scores[a] - scores[b] > least(a, b) for a, b in pairs):
            return tuple(names[:size])
    return ()


def clearly_lowest(
    scores: Figures, errors: Figures, confidence: float, most: int, fits: Callable[[str], bool] = lambda name: True
) -> Names:
    """Return the scores at the bottom that are clearly below every other one, lowest first."""
    return clearly_highest({name: -score for name, score in scores.items()}, errors, confidence, most, fits)


def ends_differ(scores: Figures, errors: Figures, confidence: float) -> bool:
    r"""Say whether the highest and the lowest score differ by more than chance, the error shared among all pairs.

    .. math:: x_{max} - x_{min} > z_{1 - \alpha / m(m - 1)} \sqrt{SE_{max}^2 + SE_{min}^2}

    Where they do and nothing stands out, the scores run from high to low in small steps: they are not alike.

    Examples
    --------
    >>> scores = {"listen": 4.4, "share": 3.6, "learn": 2.8, "lead": 2.0}
    >>> errors = dict.fromkeys(scores, 0.3)
    >>> clearly_highest(scores, errors, 0.95, 3), ends_differ(scores, errors, 0.95)
    ((), True)
    """
    known = _known(scores, errors)
    if len(known) < 2:
        return False
    high, low = max(known, key=lambda name: scores[name]), min(known, key=lambda name: scores[name])
    limit = normal_limit(confidence, len(known) * (len(known) - 1) // 2)
    return scores[high] - scores[low] > limit * math.hypot(errors[high], errors[low])


def stand_out(values: Figures, errors: Figures, confidence: float) -> tuple[Names, Names]:
    r"""Return the values that are clearly above, and clearly below, the mean of all the others.

    .. math:: z_i = \frac{x_i - \bar x_{-i}}{\sqrt{SE_i^2 + \sum_{j \ne i} SE_j^2 / (n - 1)^2}}

    with the error shared among all values (Bonferroni), because the extreme ones are picked after looking. Whatever
    stands out is returned, the farthest first: where many answers are alike, all of them or none.

    Parameters
    ----------
    values, errors
        Value and standard error by name; a name without either is left out.
    confidence
        Of all statements together.

    Examples
    --------
    >>> answers = dict(zip("abcdefgh", [4.0, 4, 5, 4, 1, 4, 5, 4]))
    >>> stand_out(answers, dict.fromkeys(answers, 0.5), 0.95)
    ((), ('e',))
    """
    names = _known(values, errors)
    n = len(names)
    if n < 2:
        return (), ()
    x = np.array([values[name] for name in names])
    variance = np.array([errors[name] for name in names]) ** 2
    others = (x.sum() - x) / (n - 1)
    z = (x - others) / np.sqrt(variance + (variance.sum() - variance) / (n - 1) ** 2)
    limit, order = normal_limit(confidence, n), np.argsort(z, kind="stable")
    high = tuple(names[place] for place in order[::-1] if z[place] > limit)
    return high, tuple(names[place] for place in order if z[place] < -limit)


def _known(values: Figures, errors: Figures) -> list[str]:
    """Return the names that have a value and an error above zero."""
    return [name for name, value in values.items() if math.isfinite(value) and errors.get(name, math.nan) > 0]
