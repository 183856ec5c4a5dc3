"""How many raters are enough: Spearman-Brown and the decision study."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import pandas as pd

from psychometrics.errors import PsychometricsError


def spearman_brown(single: float, k: float) -> float:
    r"""Reliability of the mean of `k` raters from that of one.

    .. math:: \rho_k = \frac{k\rho}{1 + (k-1)\rho}

    Parameters
    ----------
    single : float
        Reliability of one rater.
    k : float
        Number of raters.

    Returns
    -------
    float
        ``NaN`` at or below the least value that k raters can share, -1 / (k - 1): no such raters exist.

    References
    ----------
    Spearman, C. (1910). Correlation calculated from faulty data. British Journal of Psychology, 3, 271-295.

    See Also
    --------
    decision_study : A table of it.

    Examples
    --------
    >>> round(spearman_brown(0.37, 3), 3)
    0.638
    """
    denominator = 1 + (k - 1) * single
    return k * single / denominator if denominator > 1e-12 else math.nan


def raters_needed(single: float, target: float) -> float:
    r"""Fewest raters whose mean reaches a reliability.

    .. math:: k = \left\lceil \frac{\rho^\star(1-\rho)}{\rho(1-\rho^\star)} \right\rceil

    Parameters
    ----------
    single : float
        Reliability of one rater, below 1.
    target : float
        Wanted reliability, between 0 and 1.

    Returns
    -------
    float
        A whole number; ``NaN`` when one rater has no reliability (zero or below), so that no number is enough.

    See Also
    --------
    spearman_brown : The reliability of a number of raters.

    Examples
    --------
    >>> raters_needed(0.37, 0.70)
    4.0
    """
    if not 0 < target < 1:
        raise PsychometricsError(f"a target reliability must lie between 0 and 1; {target} does not")
    if not single > 0:
        return math.nan
    exact = target * (1 - single) / (single * (1 - target))
    # A hair under a whole number is that number: 7.000000001 raters are seven.
    return float(max(math.ceil(exact - 1e-9), 1))


@dataclass(frozen=True)
class DecisionStudy:
    """Reliability by number of raters; see :func:`decision_study`.

    Attributes
    ----------
    curve : DataFrame
        ``n_raters``, ``reliability``, ``lower``, ``upper``.
    needed : DataFrame
        ``target``, ``n_raters``, ``n_raters_lower`` (if one rater is as reliable as the upper bound) and
        ``n_raters_upper`` (as the lower bound; ``NaN`` when that bound is not above zero: no number is enough) and
        ``note``.
    single : float
        Reliability of one rater.
    """

    curve: pd.DataFrame
    needed: pd.DataFrame
    single: float

    def to_frame(self) -> pd.DataFrame:
        """Return a copy of the curve."""
        return self.curve.copy()


def decision_study(
    single: float,
    lower: float = float("nan"),
    upper: float = float("nan"),
    n_raters: Iterable[int] = range(1, 16),
    targets: Sequence[float] = (0.70, 0.80),
) -> DecisionStudy:
    r"""Reliability of the mean of 1, 2, 3 ... raters, and how many reach each target.

    Parameters
    ----------
    single : float
        Reliability of one rater: ICC(1) when each person has other raters, ICC(A,1) or ICC(C,1) when the same
        raters rate everybody.
    lower, upper : float, optional
        Its interval, carried through.
    n_raters : iterable of int
    targets : sequence of float

    Returns
    -------
    DecisionStudy

    Raises
    ------
    PsychometricsError
        Reliability of 1 or more, or a target outside (0, 1).

    References
    ----------
    Cronbach, L. J., Gleser, G. C., Nanda, H., & Rajaratnam, N. (1972). The dependability of behavioral
    measurements. Shavelson, R. J., & Webb, N. M. (1991). Generalizability theory, chapter 6.

    See Also
    --------
    psychometrics.agreement.generalisability_study : With items as well as raters.

    Examples
    --------
    >>> study = decision_study(0.37)
    >>> study.needed[["target", "n_raters"]].to_numpy().tolist()
    [[0.7, 4.0], [0.8, 7.0]]
    """
    if not single < 1:
        raise PsychometricsError(f"the reliability of one rater must be below 1; {single} is not")
    sizes = [int(k) for k in n_raters]
    curve = pd.DataFrame(
        {
            "n_raters": sizes,
            "reliability": [spearman_brown(single, k) for k in sizes],
            "lower": [spearman_brown(lower, k) for k in sizes],
            "upper": [spearman_brown(upper, k) for k in sizes],
        }
    )
    rows = [
        {
            "target": target,
            "n_raters": raters_needed(single, target),
            "n_raters_lower": _bound(upper, target),
            "n_raters_upper": _bound(lower, target),
            "note": "" if single > 0 else "no number of raters reaches it",
        }
        for target in targets
    ]
    return DecisionStudy(curve, pd.DataFrame(rows), single)


def _bound(single: float, target: float) -> float:
    """Return the raters needed at a bound, NaN when there is none."""
    return math.nan if single >= 1 else raters_needed(single, target)
