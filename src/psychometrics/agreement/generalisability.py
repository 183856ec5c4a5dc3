"""Generalisability study of peers nested in the people they rate, crossed with items."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from psychometrics._checks import numeric_table, require_same_rows
from psychometrics._nesting import Percentiles, percentiles, resample_blocks
from psychometrics.errors import ConstantItemError, InputShapeError, PsychometricsError

COMPONENTS = ("person", "rater:person", "item", "person x item", "residual")
# A person's parts of the sums of squares that stand before the sums of the items.
_BEFORE_ITEMS = 7


@dataclass(frozen=True)
class GeneralisabilityStudy:
    """Variance components of ratings; see :func:`generalisability_study`.

    Attributes
    ----------
    components : DataFrame
        ``component``, ``df``, ``mean_square``, ``variance`` (negative estimates kept), ``share`` of the total
        (negative ones counted as zero), and ``lower``, ``upper`` when intervals were asked for.
    n_persons, n_ratings, n_items, n_dropped : int
        Persons, complete raters, items, raters left out as incomplete.
    n_resamples, n_failed : int
        Bootstrap resamples of persons, and those in which the components are undefined (nobody has two raters).
    mean_raters, effective_raters : float
        Raters a person on average, and the number n0 that the unequal design is worth.
    notes : tuple of str
    """

    components: pd.DataFrame
    n_persons: int
    n_ratings: int
    n_items: int
    n_dropped: int
    mean_raters: float
    effective_raters: float
    n_resamples: int = 0
    n_failed: int = 0
    notes: tuple[str, ...] = ()

    def to_frame(self) -> pd.DataFrame:
        """Return a copy of the components."""
        return self.components.copy()

    def variance(self, component: str) -> float:
        """Return one variance component, negative estimates set to zero."""
        found = self.components.loc[self.components["component"] == component, "variance"].item()
        return max(float(found), 0.0)

    def decision_study(
        self,
        n_raters: Iterable[int] = range(1, 16),
        n_items: int | None = None,
        items: str = "fixed",
    ) -> pd.DataFrame:
        r"""Return the reliability of a peer mean by number of raters.

        .. math:: E\rho^2 = \frac{U}{U + \Delta/k}, \quad
                  \Delta = \sigma^2_{r:p} + \sigma^2_{ri:p}/I

        with :math:`U = \sigma^2_p + \sigma^2_{pi}/I` for fixed items (the same scale next time); for random items
        :math:`U = \sigma^2_p` and :math:`\sigma^2_{pi}/I` joins the error.

        Parameters
        ----------
        n_raters : iterable of int
        n_items : int, optional
            Items of the scale, by default as in the study.
        items : {"fixed", "random"}

        Returns
        -------
        DataFrame
            ``n_raters``, ``n_items``, ``items``, ``reliability``.

        Raises
        ------
        PsychometricsError
            `items` other than fixed or random.
        """
        universe, constant, shrinking = self._parts(n_items or self.n_items, items)
        sizes = [int(k) for k in n_raters]
        values = [universe / (universe + constant + shrinking / k) if universe > 0 else 0.0 for k in sizes]
        return pd.DataFrame(
            {"n_raters": sizes, "n_items": n_items or self.n_items, "items": items, "reliability": values}
        )

    def raters_needed(
        self, targets: Sequence[float] = (0.70, 0.80), n_items: int | None = None, items: str = "fixed"
    ) -> pd.DataFrame:
        """Return the fewest raters whose mean reaches each reliability; ``NaN`` where no number does.

        Parameters
        ----------
        targets : sequence of float
        n_items, items
            As in :meth:`decision_study`.

        Returns
        -------
        DataFrame
            ``target``, ``n_raters``, ``note``.
        """
        universe, constant, shrinking = self._parts(n_items or self.n_items, items)
        rows = []
        for target in targets:
            room = (1 - target) * universe - target * constant
            needed = max(math.ceil(target * shrinking / room - 1e-9), 1) if room > 0 else math.nan
            note = "" if room > 0 else "no number of raters reaches it"
            rows.append({"target": target, "n_raters": float(needed), "note": note})
        return pd.DataFrame(rows)

    def _parts(self, n_items: int, items: str) -> tuple[float, float, float]:
        """Return universe-score variance, error that raters leave, and error that falls with their number."""
        if items not in ("fixed", "random"):
            raise PsychometricsError(f"items must be 'fixed' or 'random', not {items!r}")
        shared = self.variance("person x item") / n_items
        shrinking = self.variance("rater:person") + self.variance("residual") / n_items
        if items == "fixed":
            return self.variance("person") + shared, 0.0, shrinking
        return self.variance("person"), shared, shrinking


def generalisability_study(
    ratings: pd.DataFrame,
    persons: pd.Series,
    n_resamples: int = 0,
    seed: int = 0,
    confidence: float = 0.95,
) -> GeneralisabilityStudy:
    r"""Variance components of persons x (raters within persons) x items, for any number of raters a person.

    Expected mean squares, with I items, :math:`n_p` raters of person p, N raters in all and
    :math:`n_0 = (N - \sum n_p^2/N)/(P-1)`:

    .. math:: E(MS_{ri:p}) = \sigma^2_{ri:p},\quad E(MS_{pi}) = \sigma^2_{ri:p} + n_0\sigma^2_{pi},\quad
              E(MS_{r:p}) = \sigma^2_{ri:p} + I\sigma^2_{r:p}

    .. math:: E(MS_p) = \sigma^2_{ri:p} + I\sigma^2_{r:p} + n_0\sigma^2_{pi} + n_0 I\sigma^2_p,\quad
              E(MS_i) = \sigma^2_{ri:p} + \tfrac{\sum n_p^2}{N}\sigma^2_{pi} + N\sigma^2_i

    solved for the variances (analogous analysis of variance).

    Parameters
    ----------
    ratings : DataFrame, shape (n_ratings, n_items)
        One row a rater, ``NaN`` missing; incomplete raters are left out and counted.
    persons : Series, shape (n_ratings,)
        The rated person; each person has other raters.
    n_resamples : int
        Bootstrap resamples of persons for percentile intervals; 0 for none.
    seed : int
    confidence : float

    Returns
    -------
    GeneralisabilityStudy
        With ``decision_study`` and ``raters_needed``.

    Raises
    ------
    InputShapeError
        Fewer than two persons or items, or no person with two raters.
    ConstantItemError
        Ratings all alike.
    CodingError
        Text or infinite ratings.

    References
    ----------
    Brennan, R. L. (2001). Generalizability theory. Springer, sections 3.4 and 7.1 (analogous ANOVA for unbalanced
    designs). Searle, Casella & McCulloch (1992), chapter 5. Shavelson & Webb (1991), chapters 3 and 6.

    Notes
    -----
    Validated against lme4 on balanced ratings, where both agree, and by recovery on unequal numbers of raters.

    See Also
    --------
    psychometrics.agreement.decision_study : From one reliability.

    Examples
    --------
    >>> import pandas as pd
    >>> items = pd.DataFrame({"i1": [4, 4, 5, 2, 3, 2], "i2": [4, 5, 5, 2, 2, 3]})
    >>> person = pd.Series(["p", "p", "p", "q", "q", "q"])
    >>> study = generalisability_study(items, person)
    >>> round(study.variance("person"), 3)
    2.333
    """
    table = numeric_table(ratings, "ratings", noun="column")
    require_same_rows(table.index, persons.index, "ratings and persons")
    keep = (table.notna().all(axis=1) & persons.notna()).to_numpy()
    sums = _sums(table[keep].to_numpy(), persons[keep])
    _require_design(sums, table.shape[1])
    components = pd.DataFrame(_estimate(sums.parts.sum(axis=0)))
    found: list[Percentiles] = []
    if n_resamples:
        found = [percentiles(draws, confidence) for draws in _bootstrap(sums, n_resamples, seed).T]
        components = components.assign(lower=[one.lower for one in found], upper=[one.upper for one in found])
    failed = max((one.n_failed for one in found), default=0)
    lost = (f"{failed} of {n_resamples} resamples without two raters of anybody left out",) if failed else ()
    n = sums.n
    negative = components.loc[components["variance"] < 0, "component"]
    return GeneralisabilityStudy(
        components=components,
        n_persons=len(n),
        n_ratings=int(n.sum()),
        n_items=table.shape[1],
        n_dropped=int((~keep).sum()),
        mean_raters=float(n.mean()),
        effective_raters=_effective(n),
        n_resamples=n_resamples,
        n_failed=failed,
        notes=(*(f"{name}: negative variance component" for name in negative), *lost),
    )


@dataclass(frozen=True)
class _Sums:
    """What each person adds to the sums of squares."""

    n: np.ndarray
    items: np.ndarray
    raters: np.ndarray
    squares: np.ndarray

    @property
    def parts(self) -> np.ndarray:
        """One row a person: what :func:`_estimate` needs the sums of over the persons of a sample."""
        n, items = self.n, self.items
        own, both = items.sum(axis=1) ** 2 / n, (items**2).sum(axis=1) / n
        return np.column_stack([np.ones(len(n)), n, n**2, own, self.raters, both, self.squares, items])


def _sums(x: np.ndarray, persons: pd.Series) -> _Sums:
    """Return, for each person: raters, item sums, squared rater totals, squared ratings."""
    codes = pd.factorize(persons)[0]
    k = int(codes.max()) + 1 if len(codes) else 0
    items = np.column_stack([np.bincount(codes, column, k) for column in x.T]) if k else np.empty((0, x.shape[1]))
    raters = np.bincount(codes, x.sum(axis=1) ** 2, k)
    return _Sums(np.bincount(codes, minlength=k).astype(float), items, raters, np.bincount(codes, (x**2).sum(1), k))


def _require_design(sums: _Sums, n_items: int) -> None:
    """Refuse designs in which the variances cannot be told apart."""
    if len(sums.n) < 2 or n_items < 2:
        raise InputShapeError(f"{len(sums.n)} persons and {n_items} items with complete raters; two of each are needed")
    if sums.n.max() < 2:
        raise InputShapeError("no person has two complete raters, so raters cannot be told from persons")
    mean = sums.items.sum() / (sums.n.sum() * n_items)
    if np.isclose(sums.squares.sum(), mean**2 * sums.n.sum() * n_items, rtol=1e-14):
        raise ConstantItemError("all ratings are alike: there is no variance to share out")


def _effective(n: np.ndarray) -> float:
    """Return n0, the equal number of raters that the unequal design is worth."""
    return float((n.sum() - (n**2).sum() / n.sum()) / (len(n) - 1))


def _estimate(parts: np.ndarray) -> dict[str, object]:
    """Return the analysis of variance from the sums of the persons' parts."""
    (P, N, squared, own, raters, t_both, t_all), items = parts[:_BEFORE_ITEMS].tolist(), parts[_BEFORE_ITEMS:]
    size = len(items)
    n0 = (N - squared / N) / (P - 1)
    t_mean, t_item = items.sum() ** 2 / (N * size), float((items**2).sum()) / N
    t_person, t_rater = own / size, raters / size
    df = np.array([P - 1, N - P, size - 1, (P - 1) * (size - 1), (N - P) * (size - 1)])
    ss = np.array(
        [t_person - t_mean, t_rater - t_person, t_item - t_mean, t_both - t_person - t_item + t_mean,
         t_all - t_rater - t_both + t_person]
    )  # fmt: skip
    ms_p, ms_r, ms_i, ms_pi, ms_e = mean_square = ss / df
    pi = (ms_pi - ms_e) / n0
    variance = np.array(
        [
            (ms_p - ms_r - ms_pi + ms_e) / (n0 * size),
            (ms_r - ms_e) / size,
            (ms_i - ms_e - squared / N * pi) / N,
            pi,
            ms_e,
        ]
    )
    positive = np.clip(variance, 0, None)
    return {
        "component": list(COMPONENTS), "df": df, "mean_square": mean_square, "variance": variance,
        "share": positive / positive.sum() if positive.sum() > 0 else np.full(5, np.nan),
    }  # fmt: skip


def _bootstrap(sums: _Sums, n_resamples: int, seed: int) -> np.ndarray:
    """Return the variances over resampled persons, ``NaN`` where nobody has two raters."""
    parts = sums.parts
    drawn = np.vstack([counts @ parts for counts in resample_blocks(len(parts), n_resamples, seed)])
    undefined = np.full(len(COMPONENTS), np.nan)
    # More raters than persons: somebody drawn has two.
    return np.array([_estimate(each)["variance"] if each[1] > each[0] else undefined for each in drawn])
