"""How many people each of two groups needs, so that a difference in how items work is found."""

from __future__ import annotations

import math
from dataclasses import dataclass

import joblib
import numpy as np
import pandas as pd
from scipy import optimize, stats

from psychometrics._checks import at_least, share
from psychometrics.errors import PsychometricsError, UndefinedError
from psychometrics.planning.factor import FactorPopulation

# No plan asks for more people in a group.
MOST_PERSONS = 10_000_000
_GROUPS = ("first", "second")


@dataclass(frozen=True)
class GroupPlan:
    """Power to find a difference between two groups of equal size; see :func:`dif_plan` and :func:`invariance_plan`.

    Attributes
    ----------
    noncentrality : float
        Of the chi-square test, for each person in a group.
    df : float
        Degrees of freedom of the test.
    alpha : float
        Its error rate.
    difference : float
        What is to be found: how much harder an item is for the second group, in standard deviations of the factor.
    simulated : DataFrame, one row a replication
        ``n`` people in each group, ``noncentrality`` a person.
    notes : tuple of str
    """

    noncentrality: float
    df: float
    alpha: float
    difference: float
    simulated: pd.DataFrame
    notes: tuple[str, ...] = ()

    @property
    def relative_error(self) -> float:
        """Standard error of ``noncentrality`` over its value, from the number of replications; so is that of n."""
        spread = self.simulated["noncentrality"].std(ddof=1) / math.sqrt(len(self.simulated))
        return float(spread / self.noncentrality) if self.noncentrality > 0 else math.nan

    def power(self, n: float) -> float:
        """Power with n people in each group."""
        return float(stats.ncx2.sf(stats.chi2.isf(self.alpha, self.df), self.df, n * self.noncentrality))

    def persons(self, power: float) -> float:
        """Fewest people in each group that reach this power; NaN where no number does."""
        share(power, "power")
        if not self.noncentrality > 0:
            return math.nan
        needed = math.ceil(noncentrality_for(power, self.df, self.alpha) / self.noncentrality)
        return float(needed) if needed <= MOST_PERSONS else math.nan

    def to_frame(self) -> pd.DataFrame:
        """Return one row with every figure."""
        names = ("noncentrality", "df", "alpha", "difference", "relative_error")
        return pd.DataFrame([{name: getattr(self, name) for name in names} | {"note": "; ".join(self.notes)}])


def noncentrality_for(power: float, df: float, alpha: float) -> float:
    """Return the noncentrality at which a chi-square test has a power."""
    critical = stats.chi2.isf(alpha, df)
    if power <= alpha:
        raise PsychometricsError(f"power ({power}) must be above alpha ({alpha})")

    def short(value: float) -> float:
        return float(stats.ncx2.sf(critical, df, value)) - power

    upper = 1.0
    while short(upper) < 0:
        upper *= 2
    return float(optimize.brentq(short, 0.0, upper, xtol=1e-10))


def dif_plan(
    population: FactorPopulation,
    difference: float = 0.5,
    n: int = 300,
    n_replications: int = 4,
    seed: int = 0,
    alpha: float = 0.05,
    n_jobs: int | None = None,
) -> GroupPlan:
    r"""Power to find differential item functioning of one item, the one of the scale in which it is hardest to find.

    Samples of two groups that answer alike are drawn and analysed (:func:`psychometrics.dif.ordinal_dif`, matched on
    the trait). The smallest shift :math:`d_0` that the total test finds with power .80 in them gives the noncentrality
    of the wanted shift d,

    .. math:: \delta = \frac{\lambda_{.80}}{n} \left(\frac{d}{d_0}\right)^2

    for each person in a group, and the power of any n follows from the noncentral chi-square.

    Parameters
    ----------
    population : FactorPopulation
        Of both groups; that people of one cluster are alike in the factor does not touch a test that matches on it.
    difference : float
        How much harder the item is for the second group, in standard deviations of the factor.
    n : int
        People in each simulated group, 100 at least.
    n_replications, seed : int
    alpha : float
        Of the test of one item: divide it by the number of items that are tested together.
    n_jobs : int, optional
        As joblib has it.

    Returns
    -------
    GroupPlan

    Raises
    ------
    UndefinedError
        No sample in which such a test is defined.

    See Also
    --------
    invariance_plan : The same for equal intercepts.
    psychometrics.dif.ordinal_dif : The test.

    References
    ----------
    Choi, S. W., Gibbons, L. E., & Crane, P. K. (2011). lordif. Journal of Statistical Software, 39(8). Self, S. G.,
    Mauritsen, R. H., & Ohara, J. (1992). Power calculations for likelihood ratio tests in generalized linear models.
    Biometrics, 48, 31-39.

    Notes
    -----
    Validated by the share of simulated samples of the planned size in which the shift is found
    (``benchmarks/recover_planning.py``).

    Examples
    --------
    >>> import pandas as pd
    >>> from psychometrics.planning import FactorPopulation, dif_plan
    >>> loadings = pd.Series(0.7, index=list("abcd"))
    >>> cuts = pd.concat({item: pd.Series([-1.0, 0.0, 1.0], index=[1, 2, 3]) for item in loadings.index})
    >>> plan = dif_plan(FactorPopulation(loadings, cuts), n=150, n_replications=2)
    >>> plan.persons(0.90) > plan.persons(0.80) > 50
    True
    """
    _require(difference, n, n_replications, alpha)
    jobs = _jobs(_dif_noncentrality, n_replications, seed, population, difference, n, alpha)
    return _plan(list(joblib.Parallel(n_jobs=n_jobs)(jobs)), n, 2.0, alpha, difference)


def invariance_plan(
    population: FactorPopulation,
    difference: float = 0.5,
    n: int = 300,
    n_replications: int = 6,
    seed: int = 0,
    alpha: float = 0.05,
    n_jobs: int | None = None,
) -> GroupPlan:
    r"""Power of the scaled difference test of scalar invariance, when one item is harder for one of two groups.

    Samples are drawn in which the item with the median loading is harder for the second group by the difference times
    its loading. The model with equal thresholds, loadings and intercepts is tested against the one with equal
    thresholds and loadings (Wu & Estabrook 2016); the mean of the statistic over the samples, less its degrees of
    freedom, is the noncentrality of n people (Satorra & Saris 1985), and proportional to n.

    Parameters
    ----------
    population, difference, n, n_replications, seed, n_jobs
        As in :func:`dif_plan`.
    alpha : float
        Of the difference test.

    Returns
    -------
    GroupPlan
        The study itself decides by changes in CFI and RMSEA, which no number of people makes more sensitive; the power
        is that of the test beside them.

    Raises
    ------
    UndefinedError
        No sample in which both models have a solution and a difference.

    See Also
    --------
    dif_plan : Item by item.
    psychometrics.sem.measurement_invariance : All levels.

    References
    ----------
    Satorra, A., & Saris, W. E. (1985). Power of the likelihood ratio test in covariance structure analysis.
    Psychometrika, 50, 83-90. Wu, H., & Estabrook, R. (2016). Psychometrika, 81, 1014-1045.

    Notes
    -----
    Validated by the share of simulated samples of the planned size in which the test rejects
    (``benchmarks/recover_planning.py``).

    Examples
    --------
    >>> import pandas as pd
    >>> from psychometrics.planning import FactorPopulation, invariance_plan
    >>> loadings = pd.Series(0.7, index=list("abcd"))
    >>> cuts = pd.concat({item: pd.Series([-1.0, 0.0, 1.0], index=[1, 2, 3]) for item in loadings.index})
    >>> plan = invariance_plan(FactorPopulation(loadings, cuts), n=150, n_replications=2)
    >>> plan.df, plan.persons(0.80) > 20
    (3.0, True)
    """
    _require(difference, n, n_replications, alpha)
    jobs = _jobs(_scalar_noncentrality, n_replications, seed, population, difference, n)
    df = float(len(population.loadings) - 1)
    return _plan(list(joblib.Parallel(n_jobs=n_jobs)(jobs)), n, df, alpha, difference)


def _require(difference: float, n: int, n_replications: int, alpha: float) -> None:
    """Refuse what nothing could be simulated for."""
    share(alpha, "alpha")
    at_least(n, 100, "n")
    at_least(n_replications, 2, "n_replications")
    if not difference > 0:
        raise PsychometricsError(f"the difference to be found is above 0; {difference} is not")


def _jobs(function, n_replications: int, seed: int, *arguments):  # type: ignore[no-untyped-def]
    """Return one delayed call a replication, each with a stream of its own."""
    streams = np.random.SeedSequence(seed).spawn(n_replications)
    return (joblib.delayed(function)(*arguments, stream) for stream in streams)


def _plan(found: list[float], n: int, df: float, alpha: float, difference: float) -> GroupPlan:
    """Return the plan from the noncentralities of the replications; refuse when most are not defined."""
    known = [value for value in found if math.isfinite(value)]
    if 2 * len(known) < len(found) or not known:
        raise UndefinedError(
            f"in {len(found) - len(known)} of {len(found)} samples of 2 x {n} people the test is undefined"
        )
    simulated = pd.DataFrame({"n": n, "noncentrality": known})
    mean = max(float(simulated["noncentrality"].mean()), 0.0)
    lost = len(found) - len(known)
    notes = (f"{lost} of {len(found)} samples left out: no test is defined",) if lost else ()
    return GroupPlan(mean, df, alpha, difference, simulated, notes)


def _two_samples(
    population: FactorPopulation, n: int, stream: np.random.SeedSequence, shift: pd.Series | None = None
) -> tuple[pd.DataFrame, pd.Series]:
    """Draw two groups of n people; categories that one of them does not use are joined with a neighbour."""
    from psychometrics.sem import merge_categories

    generator = np.random.default_rng(stream)
    parts = [population.draw(n, generator)[0], population.draw(n, generator, shift)[0]]
    answers = pd.concat(parts, ignore_index=True)
    named = answers.set_axis([f"item{place}" for place in range(answers.shape[1])], axis="columns")
    groups = pd.Series(np.repeat(_GROUPS, n), name="group")
    return merge_categories(named, groups).responses, groups


def _dif_noncentrality(
    population: FactorPopulation, difference: float, n: int, alpha: float, stream: np.random.SeedSequence
) -> float:
    """Return the noncentrality a person of the item in which the difference is hardest to find."""
    from psychometrics.dif import DifRule, ordinal_dif

    usual = 0.80
    rule = DifRule(alpha=alpha, minimum_change=0.0, minimum_size=2, maximum_rounds=1, planned_power=usual)
    try:
        answers, groups = _two_samples(population, n, stream)
        detectable = float(ordinal_dif(answers, groups, rule=rule, reference=_GROUPS[0]).power["detectable"].max())
    except PsychometricsError:
        return math.nan
    return noncentrality_for(usual, 2.0, alpha) / n * (difference / detectable) ** 2


def _scalar_noncentrality(
    population: FactorPopulation, difference: float, n: int, stream: np.random.SeedSequence
) -> float:
    """Return the noncentrality a person of the test of equal intercepts, with one item shifted."""
    from psychometrics.sem import CfaModel, difference_test, fit_cfa

    loadings = population.loadings.to_numpy(dtype=float)
    place = int(np.argsort(loadings, kind="stable")[len(loadings) // 2])
    shift = pd.Series(0.0, index=population.loadings.index)
    shift.iloc[place] = difference * loadings[place]
    try:
        answers, groups = _two_samples(population, n, stream, shift)
        model = CfaModel.single(list(answers.columns))
        metric = fit_cfa(model, answers, group=groups, equal=("thresholds", "loadings"), reference=_GROUPS[0])
        scalar = fit_cfa(
            model, answers, group=groups, equal=("thresholds", "loadings", "intercepts"), reference=_GROUPS[0]
        )
        test = difference_test(metric, scalar)
    except PsychometricsError:
        return math.nan
    return (test.statistic - test.df) / n
