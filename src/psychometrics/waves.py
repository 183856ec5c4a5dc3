"""People over waves: who leaves, and which change people themselves call worth having."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import stats

from psychometrics._checks import numeric_column, require_same_rows, share
from psychometrics.errors import InputShapeError, TooFewPersonsError

# Fewer people than these on one side give no standardised difference.
FEWEST = 3


@dataclass(frozen=True)
class DropOut:
    """Scores of those who left and of those who stayed; see :func:`drop_out`.

    Attributes
    ----------
    table : DataFrame
        One row a score: ``score``, ``n_stayed``, ``n_left``, ``difference`` (stayed minus left, in pooled standard
        deviations, with Hedges' correction), ``lower``, ``upper``, ``odds_ratio`` of staying for one standard deviation
        more, ``odds_lower``, ``odds_upper``, ``p``, ``note``.
    n, n_left : int
    confidence : float
    """

    table: pd.DataFrame
    n: int
    n_left: int
    confidence: float

    def to_frame(self) -> pd.DataFrame:
        """Return a copy of the table."""
        return self.table.copy()


def drop_out(scores: pd.DataFrame, stayed: pd.Series, confidence: float = 0.95) -> DropOut:
    r"""Test whether drop-out is related to the scores of the wave before.

    .. math:: g = J\,\frac{\bar x_s - \bar x_l}{s_p}, \quad J = 1 - \frac{3}{4(n_s + n_l - 2) - 1}, \quad
              \mathrm{var}(g) = \frac{n_s + n_l}{n_s n_l} + \frac{g^2}{2(n_s + n_l)}, \qquad
              \mathrm{logit}\,P(\text{stay}) = \beta_0 + \beta_1 z

    Parameters
    ----------
    scores : DataFrame, shape (n_persons, n_scores)
        Of the wave before, ``NaN`` missing (left out of that score).
    stayed : Series of bool, shape (n_persons,)
        Same index.
    confidence : float

    Returns
    -------
    DropOut
        ``NaN`` with a note where one side has fewer than three people, a score is constant, or a score tells the two
        apart without error, so that no odds ratio exists.

    Raises
    ------
    InputShapeError
        Other people in the two tables, or nobody.

    References
    ----------
    Hedges, L. V., & Olkin, I. (1985). Statistical methods for meta-analysis, pp. 81-86. Goodman, J. S., & Blum, T. C.
    (1996). Assessing the non-random sampling effects of subject attrition in longitudinal research. Journal of
    Management, 22, 627-652 (logistic regression of staying).

    See Also
    --------
    psychometrics.screening.missing_patterns : Which answers are missing within a wave.

    Examples
    --------
    >>> import pandas as pd
    >>> scores = pd.DataFrame({"listen": [3.0, 4, 2, 5, 4, 3, 1, 2, 3, 4]})
    >>> found = drop_out(scores, pd.Series([True] * 6 + [False] * 4))
    >>> found.table[["difference", "odds_ratio"]].round(2).iloc[0].tolist()
    [0.79, 2.92]
    """
    share(confidence, "confidence")
    require_same_rows(scores.index, stayed.index, "scores and stayed")
    if scores.empty:
        raise InputShapeError("there is nobody, or no score, to compare")
    here = stayed.to_numpy(dtype=bool)
    rows = [_left(numeric_column(scores[name], str(name)), here, confidence) for name in scores.columns]
    table = pd.DataFrame(rows)
    table.insert(0, "score", list(map(str, scores.columns)))
    return DropOut(table, len(here), int((~here).sum()), confidence)


def _left(values: pd.Series, stayed: np.ndarray, confidence: float) -> dict[str, object]:
    """Compare one score."""
    known = values.notna().to_numpy()
    x, here = values.to_numpy(dtype=float)[known], stayed[known]
    one, other = x[here], x[~here]
    n, m = len(one), len(other)
    names = ("difference", "lower", "upper", "odds_ratio", "odds_lower", "odds_upper", "p")
    nothing = {"n_stayed": n, "n_left": m} | dict.fromkeys(names, float("nan"))
    if min(n, m) < FEWEST:
        return nothing | {"note": f"fewer than {FEWEST} people stayed or left"}
    pooled = np.sqrt((one.var(ddof=1) * (n - 1) + other.var(ddof=1) * (m - 1)) / (n + m - 2))
    if not pooled > 1e-12 * max(1.0, np.abs(x).max()):
        return nothing | {"note": "the score does not vary"}
    z = float(stats.norm.ppf((1 + confidence) / 2))
    g = (1 - 3 / (4 * (n + m - 2) - 1)) * (one.mean() - other.mean()) / pooled
    error = np.sqrt((n + m) / (n * m) + g**2 / (2 * (n + m)))
    found = nothing | {"difference": g, "lower": g - z * error, "upper": g + z * error, "note": ""}
    if one.min() >= other.max() or one.max() <= other.min():
        return found | {"note": "the score tells the two apart without error: no odds ratio"}
    slope, spread = _logistic((x - x.mean()) / x.std(ddof=1), here)[1:]
    odds = np.exp([slope, slope - z * spread, slope + z * spread])
    p = float(2 * stats.norm.sf(abs(slope) / spread))
    return found | dict(zip(("odds_ratio", "odds_lower", "odds_upper"), map(float, odds), strict=True)) | {"p": p}


def _logistic(x: np.ndarray, outcome: np.ndarray) -> tuple[float, float, float]:
    """Return intercept, slope and the slope's standard error of a logistic regression by maximum likelihood."""
    import statsmodels.api as sm

    found = sm.Logit(outcome.astype(float), sm.add_constant(x, has_constant="add")).fit(disp=0, method="newton")
    return float(found.params[0]), float(found.params[1]), float(found.bse[1])


@dataclass(frozen=True)
class Responsiveness:
    """Change against an anchor; see :func:`responsiveness`.

    Attributes
    ----------
    correlation, lower, upper : float
        Spearman's, of change and anchor, with Fisher's interval.
    smallest_change, smallest_lower, smallest_upper : float
        Mean change of those who found the smallest change worth having; ``NaN`` with fewer than three.
    predicted_change : float
        The change that is as likely among improved people as among others; ``NaN`` where it cannot be found.
    n, n_smallest, n_improved : int
    confidence : float
    notes : tuple of str
    """

    correlation: float
    lower: float
    upper: float
    smallest_change: float
    smallest_lower: float
    smallest_upper: float
    predicted_change: float
    n: int
    n_smallest: int
    n_improved: int
    confidence: float
    notes: tuple[str, ...] = ()

    def to_frame(self) -> pd.DataFrame:
        """Return one row with every figure."""
        row = {name: getattr(self, name) for name in self.__dataclass_fields__ if name != "notes"}
        return pd.DataFrame([row | {"note": "; ".join(self.notes)}])


def responsiveness(
    change: pd.Series, anchor: pd.Series, smallest: list[float], unchanged: float = 0.0, confidence: float = 0.95
) -> Responsiveness:
    r"""Responsiveness of a score and its minimal important change, by people's own judgement of change.

    .. math:: r_s(\Delta, a), \qquad \bar\Delta_{a \in \text{smallest}}, \qquad
              MIC = \frac{\ln\frac{p}{1 - p} - \beta_0}{\beta_1}, \quad
              \mathrm{logit}\,P(a > \text{unchanged}) = \beta_0 + \beta_1\Delta

    with p the share who say that they improved.

    Parameters
    ----------
    change : Series, shape (n_persons,)
        Second minus first score, ``NaN`` missing.
    anchor : Series, shape (n_persons,)
        Same index; higher means more improvement.
    smallest : list of float
        Codes that mean the smallest change worth having.
    unchanged : float
        Code for no change; above it people improved.
    confidence : float

    Returns
    -------
    Responsiveness

    Raises
    ------
    InputShapeError
        Other people in the two.
    TooFewPersonsError
        Fewer than five people with both.

    See Also
    --------
    psychometrics.change.reliable_change : Whether one person's change exceeds the error of measurement.

    References
    ----------
    Terwee, C. B., et al. (2007). Journal of Clinical Epidemiology, 60, 34-42, p. 38. Jaeschke, R., Singer, J., &
    Guyatt, G. H. (1989). Measurement of health status: ascertaining the minimal clinically important difference.
    Controlled Clinical Trials, 10, 407-415 (mean change). Terluin, B., Eekhout, I., Terwee, C. B., & de Vet, H. C. W.
    (2015). Minimal important change (MIC) based on a predictive modeling approach was more precise than MIC based on
    ROC analysis. Journal of Clinical Epidemiology, 68, 1388-1396.

    Examples
    --------
    >>> import numpy as np, pandas as pd
    >>> draw = np.random.default_rng(3)
    >>> change = pd.Series(draw.normal(0.3, 0.5, 200))
    >>> anchor = pd.Series(np.clip(np.rint(2 * change + draw.normal(0, 0.7, 200)), -3, 3))
    >>> found = responsiveness(change, anchor, [1.0])
    >>> bool(found.correlation > 0.5), found.n, bool(0 < found.predicted_change < 0.5)
    (True, 200, True)
    """
    share(confidence, "confidence")
    moved, judged = numeric_column(change, "change"), numeric_column(anchor, "anchor")
    require_same_rows(moved.index, judged.index, "change and anchor")
    both = (moved.notna() & judged.notna()).to_numpy()
    x, a = moved.to_numpy(dtype=float)[both], judged.to_numpy(dtype=float)[both]
    if len(x) < 5:
        raise TooFewPersonsError(f"{len(x)} people with a change and an anchor; responsiveness needs five")
    notes, nan = [], float("nan")
    z = float(stats.norm.ppf((1 + confidence) / 2))
    r, low, high = nan, nan, nan
    if np.ptp(x) > 0 and np.ptp(a) > 0:
        r = float(stats.spearmanr(x, a)[0])
    if np.isfinite(r) and abs(r) < 1 - 1e-12:
        # Bonett and Wright's (2000) standard error of Fisher's z for Spearman's rho.
        error = np.sqrt((1 + r**2 / 2) / (len(x) - 3))
        low, high = (float(np.tanh(np.arctanh(r) + sign * z * error)) for sign in (-1, 1))
    else:
        notes.append("change or anchor does not vary, or they order people alike: no interval")
    few = x[np.isin(a, smallest)]
    mean, margin = nan, nan
    if len(few) >= FEWEST and np.ptp(few) > 0:
        mean = float(few.mean())
        margin = float(stats.t.ppf((1 + confidence) / 2, len(few) - 1) * few.std(ddof=1) / np.sqrt(len(few)))
    else:
        notes.append(f"fewer than {FEWEST} different changes among those with the smallest change worth having")
    better = a > unchanged
    predicted, why = _predicted_change(x, better)
    notes += [why] if why else []
    return Responsiveness(
        r, low, high, mean, mean - margin, mean + margin, predicted, len(x), len(few), int(better.sum()), confidence,
        tuple(notes),
    )  # fmt: skip


def _predicted_change(change: np.ndarray, better: np.ndarray) -> tuple[float, str]:
    """Return the change at which improvement is as likely as the base rate, or why there is none."""
    one, other = change[better], change[~better]
    if min(len(one), len(other)) < FEWEST:
        return float("nan"), f"fewer than {FEWEST} people improved or did not"
    if one.min() >= other.max() or one.max() <= other.min() or np.ptp(change) == 0:
        return float("nan"), "change tells improved people from others without error, or does not vary"
    intercept, slope, _ = _logistic(change, better)
    if slope <= 0:
        return float("nan"), "people who say that they improved did not change for the better"
    share_better = float(better.mean())
    return float((np.log(share_better / (1 - share_better)) - intercept) / slope), ""
