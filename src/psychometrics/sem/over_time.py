"""Invariance over time: whether items mean the same to the same people in two waves."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from scipy import stats

from psychometrics._checks import require_same_rows, share
from psychometrics.errors import ModelError
from psychometrics.sem._cells import Cell
from psychometrics.sem._input import Labels
from psychometrics.sem.difference import difference_test
from psychometrics.sem.fitting import fit_cfa
from psychometrics.sem.model import CfaModel
from psychometrics.sem.result import CfaResult

if TYPE_CHECKING:
    from collections.abc import Hashable

BEFORE, AFTER = "before", "after"
LEVELS = ("configural", "metric", "scalar")


@dataclass(frozen=True)
class InvarianceOverTime:
    """Models of two waves of the same people; see :func:`invariance_over_time`.

    Attributes
    ----------
    levels : DataFrame
        ``level``, ``chi_square``, ``df``, ``p`` (scaled), ``cfi``, ``rmsea`` (robust), ``srmr``, and against the level
        before ``cfi_drop``, ``rmsea_rise``, ``difference``, ``difference_df``, ``difference_p``.
    mean_change, mean_change_lower, mean_change_upper : float
        Change of the factor mean in standard deviations of the first wave, with equal loadings and intercepts.
    stability, stability_lower, stability_upper : float
        Correlation of the factor with itself over time, with equal loadings.
    n : int
        People who answered in one wave at least.
    n_items : int
    confidence : float
    notes : tuple of str
        What a reader has to know.
    """

    levels: pd.DataFrame
    mean_change: float
    mean_change_lower: float
    mean_change_upper: float
    stability: float
    stability_lower: float
    stability_upper: float
    n: int
    n_items: int
    confidence: float
    notes: tuple[str, ...] = ()

    def to_frame(self) -> pd.DataFrame:
        """Return a copy of the levels."""
        return self.levels.copy()


def invariance_over_time(
    first: pd.DataFrame, second: pd.DataFrame, *, cluster: Labels | None = None, confidence: float = 0.95
) -> InvarianceOverTime:
    r"""Test whether one factor is measured alike in two waves of the same people.

    .. math:: x_{ijt} = \nu_{jt} + \lambda_{jt}\eta_{it} + \varepsilon_{ijt}, \qquad
              \mathrm{cov}(\varepsilon_{ij1}, \varepsilon_{ij2}) = \theta_j

    Configural: the same items. Metric: :math:`\lambda_{j1} = \lambda_{j2}`. Scalar: :math:`\nu_{j1} = \nu_{j2}` as
    well, with the second mean free. Fitted to everybody by MLR with full information, codes as numbers; the two waves
    are one model, since two groups would take the same people for others.

    Parameters
    ----------
    first, second : DataFrame, shape (n_persons, n_items)
        Keyed answers in each wave: same index, same columns, ``NaN`` missing. Three items or more.
    cluster : Series or array, shape (n_persons,), optional
        Teams or agencies; see :func:`psychometrics.sem.fit_cfa`.
    confidence : float

    Returns
    -------
    InvarianceOverTime

    Raises
    ------
    ModelError
        Other items in the two waves, or fewer than three.
    InputShapeError
        Other people in the two tables.
    ConstantItemError, TooFewPersonsError, SingularMatrixError, ConvergenceError
        As :func:`psychometrics.sem.fit_cfa`.

    References
    ----------
    Widaman, K. F., Ferrer, E., & Conger, R. D. (2010). Factorial invariance within longitudinal structural equation
    models: measuring the same construct across time. Child Development Perspectives, 4, 10-18. Liu, Y., et al. (2017).
    Testing measurement invariance in longitudinal data with ordered-categorical measures. Psychological Methods, 22,
    486-506. Rhemtulla, M., Brosseau-Liard, P. E., & Savalei, V. (2012). Psychological Methods, 17, 354-373 (five
    categories or more as numbers).

    Notes
    -----
    Validated against R lavaan 0.6-14 (fit, scaled differences, factor mean, stability).

    See Also
    --------
    psychometrics.sem.measurement_invariance : Between groups of different people.

    Examples
    --------
    >>> import numpy as np, pandas as pd
    >>> draw = np.random.default_rng(1)
    >>> trait = draw.normal(size=200)
    >>> def wave(shift):
    ...     level = trait + shift + 0.5 * draw.normal(size=200)
    ...     return pd.DataFrame({f"i{k}": level + draw.normal(size=200) for k in range(4)})
    >>> found = invariance_over_time(wave(0.0), wave(0.5))
    >>> list(found.levels["df"].astype(int)), bool(found.mean_change_lower > 0)
    ([15, 18, 21], True)
    """
    share(confidence, "confidence")
    require_same_rows(first.index, second.index, "first and second")
    if list(first.columns) != list(second.columns) or first.shape[1] < 3:
        raise ModelError("invariance over time needs three items or more, the same in both waves and in one order")
    before, after = ([f"{name}.{place}" for place in range(first.shape[1])] for name in (BEFORE, AFTER))
    answers = pd.concat([first.set_axis(before, axis=1), second.set_axis(after, axis=1)], axis=1)
    answered = answers.notna().any(axis=1).to_numpy()
    groups = None if cluster is None else np.asarray(cluster)[answered]
    fits = [
        fit_cfa(model, answers[answered], estimator="MLR", missing="fiml", cluster=groups)
        for model in _models(before, after)
    ]
    z = float(stats.norm.ppf((1 + confidence) / 2))
    metric, scalar = fits[1].parameters, fits[2].parameters
    mean = scalar[scalar["kind"] == "factor mean"].iloc[0]
    variance = scalar[(scalar["kind"] == "factor variance") & (scalar["left"] == BEFORE)]["estimate"].iloc[0]
    shift, error = float(mean["estimate"]), float(mean["standard_error"])
    spread = float(np.sqrt(variance))
    same = metric[metric["kind"] == "factor covariance"].iloc[0]
    return InvarianceOverTime(
        _levels(fits), shift / spread, (shift - z * error) / spread, (shift + z * error) / spread,
        float(same["standardised"]), float(same["standardised_lower"]), float(same["standardised_upper"]),
        int(answered.sum()), first.shape[1], confidence, _notes(error, float(same["standardised_lower"])),
    )  # fmt: skip


def _notes(*uncertainties: float) -> tuple[str, ...]:
    """Say why an interval is missing."""
    if np.isfinite(uncertainties).all():
        return ()
    return ("the information on the parameters is singular, so there are no standard errors and no intervals",)


def _models(before: list[str], after: list[str]) -> list[CfaModel]:
    """Return the three models, each a restriction of the one before; the first loading of each wave is 1."""
    pairs = list(zip(before, after, strict=True))
    configural = CfaModel.correlated({BEFORE: before, AFTER: after}, residual_covariances=pairs)
    loadings = [
        Cell("loading", item, factor, None, f"loading{place}")
        for place, pair in enumerate(pairs[1:], 1)
        for item, factor in zip(pair, (BEFORE, AFTER), strict=True)
    ]
    intercepts = [
        Cell("intercept", item, item, None, f"intercept{place}") for place, pair in enumerate(pairs) for item in pair
    ]
    metric = replace(configural, changes=tuple(loadings))
    scalar = replace(configural, changes=(*loadings, *intercepts, Cell("factor_mean", AFTER, AFTER)))
    return [configural, metric, scalar]


def _levels(fits: list[CfaResult]) -> pd.DataFrame:
    """Return the fit of each level and what it loses against the level before."""
    rows: list[dict[Hashable, object]] = []
    for level, found in zip(LEVELS, fits, strict=True):
        fit = found.fit
        row: dict[Hashable, object] = {
            "level": level, "chi_square": fit.chi_square_scaled, "df": fit.df, "p": fit.p_value_scaled,
            "cfi": fit.cfi_robust, "rmsea": fit.rmsea_robust, "srmr": fit.srmr,
        }  # fmt: skip
        if rows:
            general = fits[len(rows) - 1]
            test = difference_test(general, found)
            row |= {
                "cfi_drop": general.fit.cfi_robust - fit.cfi_robust,
                "rmsea_rise": fit.rmsea_robust - general.fit.rmsea_robust,
                "difference": test.statistic, "difference_df": test.df, "difference_p": test.p_value,
            }  # fmt: skip
        rows.append(row)
    return pd.DataFrame(rows)
