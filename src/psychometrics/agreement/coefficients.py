"""Chance-corrected agreement of many raters in Gwet's common frame: any weights, any missing ratings."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd
from scipy import special, stats

from psychometrics.errors import CodingError, ConstantItemError, InputShapeError, PsychometricsError

Weights = Literal["none", "linear", "quadratic", "ordinal"]


@dataclass(frozen=True)
class AgreementCoefficient:
    """One coefficient of agreement.

    Attributes
    ----------
    coefficient : str
        Its name.
    estimate, standard_error, lower, upper : float
        The interval is not cut at -1 or 1.
    observed, expected : float
        Observed agreement and agreement expected by chance, both weighted.
    n_subjects : int
        Subjects with at least one rating; ``n_pairable`` of them with two or more.
    n_pairable, n_raters, n_ratings, n_categories : int
    weights, method : str
        Weights of disagreement, and where the interval comes from.
    confidence : float
    notes : tuple of str
    """

    coefficient: str
    estimate: float
    standard_error: float
    lower: float
    upper: float
    observed: float
    expected: float
    n_subjects: int
    n_pairable: int
    n_raters: int
    n_ratings: int
    n_categories: int
    weights: str
    method: str
    confidence: float
    notes: tuple[str, ...] = ()

    def to_frame(self) -> pd.DataFrame:
        """Return one row with every figure."""
        row = {name: getattr(self, name) for name in self.__dataclass_fields__ if name != "notes"}
        return pd.DataFrame([row | {"note": "; ".join(self.notes)}])


@dataclass(frozen=True)
class Coded:
    """Ratings as positions in the list of categories (-1 missing), rows without any rating left out."""

    codes: np.ndarray
    categories: tuple[object, ...]
    counts: np.ndarray

    @property
    def n_each(self) -> np.ndarray:
        """Return the number of ratings of each subject."""
        return np.asarray(self.counts.sum(axis=1))


def code_ratings(ratings: pd.DataFrame, categories: Sequence[object] | None) -> Coded:
    """Turn ratings into codes and into counts of each category for each subject."""
    if ratings.shape[1] < 2:
        raise InputShapeError("agreement needs at least two raters (columns)")
    found = pd.unique(ratings.to_numpy().ravel())
    known = [value for value in found if not pd.isna(value)]
    levels = tuple(categories) if categories is not None else tuple(_sort(known))
    position = {value: index for index, value in enumerate(levels)}
    unknown = [value for value in known if value not in position]
    if unknown:
        listed = ", ".join(str(value) for value in unknown)
        raise CodingError(f"ratings {listed} are not among the categories {', '.join(map(str, levels))}")
    if len(levels) < 2:
        raise ConstantItemError(
            f"every rating is {levels[0] if levels else 'missing'}: chance agreement is undefined. "
            "Name all categories of the scale with the argument categories"
        )
    codes = np.array([[position.get(v, -1) if not pd.isna(v) else -1 for v in row] for row in ratings.to_numpy()])
    codes = codes[(codes >= 0).any(axis=1)]
    if not ((codes >= 0).sum(axis=1) >= 2).any():
        raise InputShapeError("no subject has two ratings, so there is no agreement to measure")
    counts = (codes[:, :, None] == np.arange(len(levels))).sum(axis=1).astype(float)
    return Coded(codes, levels, counts)


def _sort(values: list[object]) -> list[object]:
    """Sort categories by value, or by text where they are mixed."""
    try:
        return sorted(values)  # type: ignore[type-var]
    except TypeError:
        return sorted(values, key=str)


def agreement_weights(categories: Sequence[object], weights: Weights | np.ndarray = "none") -> np.ndarray:
    r"""Weights of agreement between categories: 1 on the diagonal, less the further two categories lie apart.

    ``none``: identity. ``linear``: :math:`1 - |k-l|/(\max - \min)`. ``quadratic``:
    :math:`1 - (k-l)^2/(\max-\min)^2`, both on numeric categories or, for text, on their positions.
    ``ordinal``: :math:`1 - \binom{|k-l|+1}{2}/\binom{q}{2}` on positions.

    Parameters
    ----------
    categories : sequence
        Categories in order.
    weights : {"none", "linear", "quadratic", "ordinal"} or ndarray, shape (q, q)
        A matrix is taken as it is, once checked: symmetric, 1 on the diagonal, between 0 and 1.

    Returns
    -------
    ndarray, shape (q, q)

    Raises
    ------
    PsychometricsError
        Unknown name, or a matrix that breaks the rules.

    References
    ----------
    Cohen, J. (1968). Weighted kappa. Psychological Bulletin, 70, 213-220. Gwet, K. L. (2014). Handbook of
    inter-rater reliability (4th ed.), section 3.5.
    """
    q = len(categories)
    if not isinstance(weights, str):
        return _checked_weights(np.asarray(weights, dtype=float), q)
    numeric = all(isinstance(value, (int, float, np.number)) for value in categories)
    place = np.arange(q) if not numeric or weights == "ordinal" else np.asarray(categories, dtype=float)
    distance = np.abs(np.subtract.outer(place, place))
    if weights == "none":
        return np.eye(q)
    if weights == "ordinal":
        return np.asarray(1 - special.binom(distance + 1, 2) / special.binom(q, 2))
    powers = {"linear": 1, "quadratic": 2}
    if weights not in powers:
        raise PsychometricsError(f"weights {weights!r} are not known; use none, linear, quadratic, ordinal")
    return np.asarray(1 - (distance / distance.max()) ** powers[weights])


def _checked_weights(weights: np.ndarray, q: int) -> np.ndarray:
    """Refuse a weight matrix of the wrong shape or range."""
    if weights.shape != (q, q):
        raise PsychometricsError(f"weights have shape {weights.shape}; with {q} categories it must be ({q}, {q})")
    within = ((weights >= 0) & (weights <= 1)).all()
    if not (np.allclose(weights, weights.T) and np.allclose(np.diag(weights), 1) and within):
        raise PsychometricsError("weights must be symmetric, 1 on the diagonal and between 0 and 1")
    return weights


def percent_agreement(
    ratings: pd.DataFrame,
    weights: Weights | np.ndarray = "none",
    categories: Sequence[object] | None = None,
    confidence: float = 0.95,
) -> AgreementCoefficient:
    r"""Share of pairs of raters who agree, averaged over subjects.

    .. math:: p_a = \frac1{n'}\sum_{i:\,r_i\ge2}\sum_k \frac{r_{ik}(r^\star_{ik}-1)}{r_i(r_i-1)},\quad
              r^\star_{ik}=\sum_l w_{kl}r_{il}

    Parameters
    ----------
    ratings : DataFrame, shape (n_subjects, n_raters)
        Numbers or text; missing where not rated. Subjects with one rating do not enter.
    weights, categories, confidence
        As in :func:`gwet_ac1`.

    Returns
    -------
    AgreementCoefficient
        ``expected`` is zero. The interval takes subjects as the sample (raters fixed).

    Raises
    ------
    InputShapeError, CodingError, ConstantItemError
        As in :func:`gwet_ac1`.

    References
    ----------
    Gwet (2014), section 3.3. Validated against irrCAC's ``pa.coeff.raw``.
    """
    coded = code_ratings(ratings, categories)
    return _coefficient("percent agreement", coded, weights, None, confidence)


def gwet_ac1(
    ratings: pd.DataFrame, categories: Sequence[object] | None = None, confidence: float = 0.95
) -> AgreementCoefficient:
    r"""Gwet's AC1: agreement beyond chance that does not collapse when one category is common.

    .. math:: AC_1 = \frac{p_a - p_e}{1 - p_e}, \quad p_e = \frac{1}{q-1}\sum_k \pi_k(1-\pi_k), \quad
              \pi_k = \frac1n\sum_i \frac{r_{ik}}{r_i}

    Parameters
    ----------
    ratings : DataFrame, shape (n_subjects, n_raters)
        Numbers or text; missing where not rated. Every subject with a rating enters the category shares;
        those with two or more enter the observed agreement.
    categories : sequence, optional
        All categories of the scale, in order; without it, those that occur. The value depends on their
        number.
    confidence : float
        Of the t interval with n - 1 degrees of freedom, subjects as the sample, raters fixed.

    Returns
    -------
    AgreementCoefficient

    Raises
    ------
    InputShapeError
        Fewer than two raters, or no subject with two ratings.
    CodingError
        A rating that is not among `categories`.
    ConstantItemError
        One category only.

    References
    ----------
    Gwet, K. L. (2008). Computing inter-rater reliability and its variance in the presence of high agreement.
    British Journal of Mathematical and Statistical Psychology, 61, 29-48, equations 7 to 11; Gwet (2014),
    chapter 5.

    Notes
    -----
    Validated against irrCAC's ``gwet.ac1.raw``.
    """
    coded = code_ratings(ratings, categories)
    return _coefficient("Gwet AC1", coded, "none", _gwet_chance, confidence)


def gwet_ac2(
    ratings: pd.DataFrame,
    weights: Weights | np.ndarray = "quadratic",
    categories: Sequence[object] | None = None,
    confidence: float = 0.95,
) -> AgreementCoefficient:
    r"""Gwet's AC2: AC1 with partial credit for near agreement.

    As :func:`gwet_ac1` with weighted :math:`p_a` and :math:`p_e = \frac{\sum
    w_{kl}}{q(q-1)}\sum\pi_k(1-\pi_k)`.

    Parameters
    ----------
    ratings, categories, confidence
        As in :func:`gwet_ac1`.
    weights : str or ndarray
        As in :func:`agreement_weights`.

    Returns
    -------
    AgreementCoefficient

    Raises
    ------
    InputShapeError, CodingError, ConstantItemError
        As in :func:`gwet_ac1`.

    References
    ----------
    Gwet (2014), section 5.5. Validated against irrCAC's ``gwet.ac1.raw`` with weights.
    """
    coded = code_ratings(ratings, categories)
    return _coefficient("Gwet AC2", coded, weights, _gwet_chance, confidence)


def fleiss_kappa(
    ratings: pd.DataFrame,
    weights: Weights | np.ndarray = "none",
    categories: Sequence[object] | None = None,
    confidence: float = 0.95,
) -> AgreementCoefficient:
    r"""Fleiss' kappa, generalised to weights and missing ratings.

    .. math:: \kappa = \frac{p_a - p_e}{1 - p_e}, \quad p_e = \sum_{k,l} w_{kl}\pi_k\pi_l

    with :math:`p_a` and :math:`\pi` as in :func:`gwet_ac1`; on complete unweighted ratings this is Fleiss
    (1971).

    Parameters
    ----------
    ratings, categories, confidence
        As in :func:`gwet_ac1`.
    weights : str or ndarray
        As in :func:`agreement_weights`.

    Returns
    -------
    AgreementCoefficient

    Raises
    ------
    InputShapeError, CodingError, ConstantItemError
        As in :func:`gwet_ac1`.

    References
    ----------
    Fleiss, J. L. (1971). Measuring nominal scale agreement among many raters. Psychological Bulletin, 76,
    378-382. Gwet (2014), sections 2.3 and 3.4; Gwet, K. L. (2021). Large-sample variance of Fleiss
    generalized kappa. Educational and Psychological Measurement, 81, 781-790.

    Notes
    -----
    Validated against Fleiss' printed example, irr's ``kappam.fleiss`` and irrCAC's ``fleiss.kappa.raw``.
    """
    coded = code_ratings(ratings, categories)
    return _coefficient("Fleiss kappa", coded, weights, _fleiss_chance, confidence)


def observed_each(counts: np.ndarray, w: np.ndarray) -> np.ndarray:
    """Return the share of agreeing pairs of each subject, NaN with fewer than two ratings."""
    rated = counts.sum(axis=1)
    pairs = np.where(rated >= 2, rated * (rated - 1), np.nan)
    return np.asarray((counts * (counts @ w - 1)).sum(axis=1) / pairs)


def _gwet_chance(coded: Coded, w: np.ndarray, shares: np.ndarray) -> tuple[float, np.ndarray]:
    """Return Gwet's chance agreement and each subject's part in it."""
    q = len(shares)
    scale = w.sum() / (q * (q - 1))
    each = scale * (coded.counts @ (1 - shares)) / coded.n_each
    return float(scale * (shares * (1 - shares)).sum()), each


def _fleiss_chance(coded: Coded, w: np.ndarray, shares: np.ndarray) -> tuple[float, np.ndarray]:
    """Return Fleiss' chance agreement and each subject's part in it."""
    return float(shares @ w @ shares), (coded.counts @ (w @ shares)) / coded.n_each


def _coefficient(
    name: str,
    coded: Coded,
    weights: Weights | np.ndarray,
    chance: Callable[[Coded, np.ndarray, np.ndarray], tuple[float, np.ndarray]] | None,
    confidence: float,
) -> AgreementCoefficient:
    """Return a coefficient with Gwet's linearised standard error (2014, equations 5.10 and 5.11)."""
    w = agreement_weights(coded.categories, weights)
    n = len(coded.counts)
    shares = (coded.counts / coded.n_each[:, None]).mean(axis=0)
    each = observed_each(coded.counts, w)
    observed = float(np.nanmean(each))
    expected, expected_each = (0.0, np.zeros(n)) if chance is None else chance(coded, w, shares)
    estimate = (observed - expected) / (1 - expected)
    share_pairable = np.isfinite(each).mean()
    raw = np.where(np.isfinite(each), (each - expected) / (1 - expected), 0) / share_pairable
    linear = raw - 2 * (1 - estimate) * (expected_each - expected) / (1 - expected)
    error = float(np.sqrt(np.sum((linear - estimate) ** 2) / (n * (n - 1)))) if n > 1 else float("nan")
    return build_result(
        name, coded, weights, (estimate, error), (observed, expected), confidence, "linearised variance"
    )


def build_result(
    name: str,
    coded: Coded,
    weights: Weights | np.ndarray,
    estimate: tuple[float, float],
    agreement: tuple[float, float],
    confidence: float,
    method: str,
) -> AgreementCoefficient:
    """Put a coefficient together with its t interval."""
    n = len(coded.counts)
    margin = stats.t.ppf((1 + confidence) / 2, n - 1) * estimate[1] if n > 1 else float("nan")
    return AgreementCoefficient(
        coefficient=name,
        estimate=float(estimate[0]),
        standard_error=estimate[1],
        lower=float(estimate[0] - margin),
        upper=float(estimate[0] + margin),
        observed=agreement[0],
        expected=agreement[1],
        n_subjects=n,
        n_pairable=int((coded.n_each >= 2).sum()),
        n_raters=coded.codes.shape[1],
        n_ratings=int(coded.counts.sum()),
        n_categories=len(coded.categories),
        weights=weights if isinstance(weights, str) else "given",
        method=method,
        confidence=confidence,
    )
