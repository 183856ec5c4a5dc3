"""How narrow the intervals of omega and of loadings get with n people, by simulation."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import joblib
import numpy as np
import pandas as pd
from scipy import stats

from psychometrics._checks import at_least, share
from psychometrics.errors import InputShapeError, PsychometricsError, UndefinedError
from psychometrics.planning.factor import FactorPopulation

# Replications of one size below which a spread says nothing.
FEWEST_REPLICATIONS = 5


@dataclass(frozen=True)
class PrecisionPlan:
    """Half-widths of intervals by number of people; see :func:`precision_plan`.

    Attributes
    ----------
    table : DataFrame, one row a simulated size
        ``n``, ``omega_half_width``, ``loading_half_width`` (of the item with the widest interval), ``omega_mean``,
        ``n_failed`` (replications without a solution).
    omega_unit : float
        Half-width of omega's interval times the root of n, pooled over the sizes.
    omega_unit_error : float
        Standard error of ``omega_unit`` from the number of replications.
    loading_inflation : float
        What clusters add to the half-widths of loadings, included in them; 1 without clusters.
    loading_unit, loading_bend : float
        The widest loading has the half-width ``loading_unit / sqrt(n) + loading_bend / n``.
    population : FactorPopulation
        What was drawn from.
    confidence : float
    n_replications : int
        Of each size.
    notes : tuple of str
    """

    table: pd.DataFrame
    omega_unit: float
    omega_unit_error: float
    loading_inflation: float
    loading_unit: float
    loading_bend: float
    population: FactorPopulation
    confidence: float
    n_replications: int
    notes: tuple[str, ...] = ()

    def to_frame(self) -> pd.DataFrame:
        """Return the simulated half-widths."""
        return self.table.copy()

    def omega_half_width(self, n: float) -> float:
        """Half-width of omega's interval with n people."""
        return self.omega_unit / math.sqrt(n)

    def loading_half_width(self, n: float) -> float:
        """Half-width of the widest interval of a loading with n people."""
        return self.loading_unit / math.sqrt(n) + self.loading_bend / n

    def persons_for_omega(self, half_width: float) -> int:
        """Fewest people that give omega an interval of this half-width."""
        at_least(half_width, 1e-6, "half_width")
        return math.ceil((self.omega_unit / half_width) ** 2)

    def persons_for_loading(self, half_width: float) -> int:
        """Fewest people that give every loading an interval of this half-width.

        Below the n at which the fitted curve turns, which few answers bend, the curve of the root of n alone counts.
        """
        at_least(half_width, 1e-6, "half_width")
        plain = (self.loading_unit / half_width) ** 2
        turn = self.loading_unit**2 + 4 * self.loading_bend * half_width
        if turn <= 0:
            return math.ceil(plain)
        return math.ceil(((self.loading_unit + math.sqrt(turn)) / (2 * half_width)) ** 2)


def precision_plan(
    population: FactorPopulation,
    sizes: Sequence[int] = (150, 300, 600),
    n_replications: int = 20,
    seed: int = 0,
    confidence: float = 0.95,
    n_jobs: int | None = None,
) -> PrecisionPlan:
    r"""Simulate how wide the intervals of omega and of the loadings are with n people.

    Samples of each size are drawn from the population, in clusters where it has some, and one factor is fitted to each
    (WLSMV). The half-width of omega (Green & Yang) is z times the spread of its estimates; n times their variance is
    pooled over the sizes, :math:`h(n) = c / \sqrt n`. That of a loading is the mean of the half-widths that the fits
    report; the widest item decides, and :math:`h(n) = a / \sqrt n + b / n` is fitted to the sizes, since small samples
    understate it. Where people are clustered it is multiplied by the root of the variance of the loadings over the
    samples, pooled over items and sizes, over what the fits report of it, if that is above 1.

    Parameters
    ----------
    population : FactorPopulation
    sizes : sequence of int
        Two sizes or more, from 50 people on.
    n_replications : int
        Samples of each size, five at least. The relative error of ``omega_unit`` is about one over the root of twice
        their number over all sizes.
    seed : int
    confidence : float
        Nominal coverage.
    n_jobs : int, optional
        As joblib has it.

    Returns
    -------
    PrecisionPlan

    Raises
    ------
    InputShapeError
        Fewer than two sizes or five replications.
    UndefinedError
        A size of which most samples have no solution.

    See Also
    --------
    factor_population : The population behind answers.

    References
    ----------
    Muthén, L. K., & Muthén, B. O. (2002). How to use a Monte Carlo study to decide on sample size and determine power.
    Structural Equation Modeling, 9, 599-620. Kelley, K., & Maxwell, S. E. (2003). Sample size for multiple regression:
    obtaining regression coefficients that are accurate, not simply significant. Psychological Methods, 8, 305-321.

    Notes
    -----
    Validated against Feldt's interval of alpha for items of many categories and equal loadings, and by what samples of
    the planned size then gave (``benchmarks/recover_planning.py``).

    Examples
    --------
    >>> import pandas as pd
    >>> from psychometrics.planning import FactorPopulation, precision_plan
    >>> loadings = pd.Series(0.7, index=list("abcd"))
    >>> cuts = pd.concat({item: pd.Series([-1.0, 0.0, 1.0], index=[1, 2, 3]) for item in loadings.index})
    >>> plan = precision_plan(FactorPopulation(loadings, cuts), sizes=(150, 300), n_replications=5)
    >>> plan.persons_for_loading(0.10) > plan.persons_for_loading(0.15)
    True
    """
    share(confidence)
    if len(set(sizes)) < 2 or min(sizes) < 50:
        raise InputShapeError("two sizes or more are simulated, of 50 people at least")
    at_least(n_replications, FEWEST_REPLICATIONS, "n_replications")
    z = float(stats.norm.ppf((1 + confidence) / 2))
    streams = np.random.SeedSequence(seed).spawn(len(sizes) * n_replications)
    wanted = [int(n) for n in sizes for _ in range(n_replications)]
    jobs = (joblib.delayed(_replication)(population, n, stream) for n, stream in zip(wanted, streams, strict=True))
    drawn = pd.DataFrame(joblib.Parallel(n_jobs=n_jobs)(jobs)).assign(n=wanted)
    rows = [_summary(n, drawn[drawn["n"] == n], z) for n in sorted(set(wanted))]
    table = pd.DataFrame(rows)
    variance = float(np.average(table["n"] * table["omega_variance"], weights=table["used"] - 1))
    free = int((table["used"] - 1).sum())
    inflation = _inflation(drawn) if population.clustered else 1.0
    table["loading_half_width"] *= inflation
    unit, bend = _width_line(table["n"].to_numpy(float), table["loading_half_width"].to_numpy(float))
    failed = int(table["n_failed"].sum())
    return PrecisionPlan(
        table=table[["n", "omega_half_width", "loading_half_width", "omega_mean", "n_failed"]],
        omega_unit=z * math.sqrt(variance),
        omega_unit_error=z * math.sqrt(variance) / math.sqrt(2 * free),
        loading_inflation=inflation,
        loading_unit=unit,
        loading_bend=bend,
        population=population,
        confidence=confidence,
        n_replications=n_replications,
        notes=(f"{failed} of {len(wanted)} samples had no proper solution and were left out",) if failed else (),
    )


def _replication(population: FactorPopulation, n: int, stream: np.random.SeedSequence) -> dict[str, object]:
    """Return omega and the standard errors of the loadings of one sample; nothing where it has no solution."""
    from psychometrics.sem import CfaModel, fit_cfa

    answers, _ = population.draw(n, np.random.default_rng(stream))
    named = answers.set_axis([f"item{place}" for place in range(answers.shape[1])], axis="columns")
    nothing: dict[str, object] = {"omega": np.nan, "errors": None, "loadings": None}
    try:
        fit = fit_cfa(CfaModel.single(list(named.columns)), named, estimator="WLSMV")
        loadings = fit.loading_matrix().iloc[:, 0]
        if not fit.proper or not (loadings.abs() < 1).all():
            return nothing
        weights = None if population.weights is None else population.weights[answers.columns].set_axis(named.columns)
        cuts = fit.thresholds.set_index(["item", "threshold"])["estimate"]
        omega = FactorPopulation(loadings, cuts, weights=weights).omega
    except PsychometricsError:
        return nothing
    errors = fit.loadings["standardised_error"].to_numpy(float)
    return {"omega": omega, "errors": errors, "loadings": loadings.to_numpy(float)}


def _summary(n: int, part: pd.DataFrame, z: float) -> dict[str, float]:
    """Return what the samples of one size say; refuse a size of which most have no solution."""
    used = part[part["omega"].notna()]
    if 2 * len(used) < len(part) or len(used) < 2:
        raise UndefinedError(f"{len(part) - len(used)} of {len(part)} samples of {n} people have no proper solution")
    variance = float(used["omega"].var(ddof=1))
    return {
        "n": n,
        "omega_half_width": z * math.sqrt(variance),
        "omega_variance": variance,
        "omega_mean": float(used["omega"].mean()),
        "loading_half_width": float(z * np.mean(np.stack(list(used["errors"])), axis=0).max()),
        "used": len(used),
        "n_failed": len(part) - len(used),
    }


def _inflation(drawn: pd.DataFrame) -> float:
    """Return the root of the loadings' variance over the samples over what the fits report of it, 1 at least."""
    found, reported = [], []
    for _, part in drawn[drawn["omega"].notna()].groupby("n"):
        found.append(np.stack(list(part["loadings"])).var(axis=0, ddof=1))
        reported.append((np.stack(list(part["errors"])) ** 2).mean(axis=0))
    return max(1.0, math.sqrt(float(np.sum(found) / np.sum(reported))))


def _width_line(n: np.ndarray, half_widths: np.ndarray) -> tuple[float, float]:
    """Fit half-width times the root of n by a line in one over the root of n; the bend never widens small samples."""
    slope, level = np.polyfit(1 / np.sqrt(n), half_widths * np.sqrt(n), 1)
    if slope > 0:
        return float(np.mean(half_widths * np.sqrt(n))), 0.0
    return float(level), float(slope)
