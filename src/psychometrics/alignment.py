"""Means of many groups when no parameter is exactly equal in all of them: the alignment method."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import optimize, stats

from psychometrics.errors import InputShapeError, ModelError, PsychometricsError

Array = NDArray[np.float64]
LOADING, INTERCEPT = "loading", "intercept"
# Levels at which two groups are set together at first, and at which a group leaves or joins the rest.
_TOGETHER, _APART = 0.01, 0.001
_MOST_ROUNDS = 50
# The smoothing of the loss on the way to the one that is asked for: first a hill that can be walked down.
_PATH = (1.0, 0.1)


@dataclass(frozen=True)
class Alignment:
    """Groups on one scale; see :func:`align_groups`.

    Attributes
    ----------
    groups : DataFrame, index ``group``
        ``mean``, ``standard_error``, ``lower``, ``upper``, ``variance`` of the factor in each group, in standard
        deviations of the reference group, whose mean is zero and whose variance is one. Errors are ``NaN`` without a
        covariance.
    parameters : DataFrame
        One row an item, kind and group: ``item kind group estimate standard_error invariant``; ``invariant`` says
        whether the group is one of those among which the parameter counts as equal, None without a covariance.
    items : DataFrame
        One row an item and kind: ``item kind explained n_not_invariant``; ``explained`` is the share of the variation
        of the group's own parameters that the groups' means and variances account for.
    not_invariant_share : float
        Share of the parameters that are not equal; ``NaN`` without a covariance.
    loss : float
    reference : str
    n_groups : int
    notes : tuple of str
    """

    groups: pd.DataFrame
    parameters: pd.DataFrame
    items: pd.DataFrame
    not_invariant_share: float
    loss: float
    reference: str
    n_groups: int
    notes: tuple[str, ...] = ()

    def to_frame(self) -> pd.DataFrame:
        """Return one row a group."""
        return self.groups.reset_index()


def align_groups(
    loadings: pd.DataFrame,
    intercepts: pd.DataFrame,
    sizes: Sequence[float] | pd.Series | Array,
    covariance: Array | None = None,
    *,
    reference: str | None = None,
    epsilon: float = 0.01,
    confidence: float = 0.95,
    starts: int = 10,
    seed: int = 1,
) -> Alignment:
    r"""Find the factor means and variances that make the parameters of as many groups as possible alike.

    Each group's own one-factor model has mean zero and variance one. Moving group :math:`g` to mean :math:`\alpha_g`
    and variance :math:`\psi_g` changes its parameters, and not its fit, to

    .. math:: \lambda_{pg}^* = \lambda_{pg}/\sqrt{\psi_g}, \quad \nu_{pg}^* = \nu_{pg} - \alpha_g\lambda_{pg}^*

    and the means and variances are those with the smallest

    .. math:: F = \sum_p\sum_{g<h} \sqrt{n_gn_h}\,\{f(\lambda_{pg}^* - \lambda_{ph}^*) + f(\nu_{pg}^* - \nu_{ph}^*)\},
              \quad f(x) = \sqrt[4]{x^2 + \epsilon}

    which prefers a few large differences to many small ones, with :math:`\alpha = 0` in the reference group and
    :math:`\prod_g\psi_g = 1`; in the end all is scaled so that the reference group has variance one. Errors follow from
    the covariance of the parameters by the implicit function theorem. A parameter counts as equal in a set of groups:
    at first the largest set connected by pairs that do not differ at .01; then a group leaves, or joins, as it differs
    from the weighted mean of the set at .001 or not, until nothing changes.

    Parameters
    ----------
    loadings, intercepts : DataFrame, (n_groups, n_items)
        Of each group's own model with factor mean zero and variance one: groups in the index, items in the columns. Of
        ordered items: with thresholds held equal, loadings and intercepts of the latent answers.
    sizes : sequence of float, (n_groups,)
        Persons of each group.
    covariance : ndarray, (2 n_groups n_items, 2 n_groups n_items), optional
        Of the loadings, group after group, and then the intercepts in the same order; zero for what is fixed.
    reference : str, optional
        The group with mean zero and variance one; the first by default.
    epsilon : float
        Smoothing of the loss, above zero; the smaller, the more it asks for exact equality.
    confidence : float
    starts, seed : int
        The loss has several valleys: it is walked down from the best common guess, and from so many points around it.

    Returns
    -------
    Alignment

    Raises
    ------
    InputShapeError
        Fewer than two groups or two items, or tables that do not fit each other.
    ModelError
        An unknown reference, a loading of the mean group that is not positive, or no minimum.
    PsychometricsError
        A missing or infinite number, or an epsilon that is not positive.

    References
    ----------
    Asparouhov, T., & Muthen, B. (2014). Multiple-group factor analysis alignment. Structural Equation Modeling, 21,
    495-508. Muthen, B., & Asparouhov, T. (2014). IRT studies of many groups: the alignment method. Frontiers in
    Psychology, 5, 978 (no more than a quarter of the parameters should differ).

    Notes
    -----
    Validated by exact cases (equal parameters give back the means and variances to 1e-6) and by simulation: means of
    groups of which some have other intercepts are recovered, and intervals cover them.

    See Also
    --------
    psychometrics.sem.measurement_invariance : exact equality, level by level, for few groups.

    Examples
    --------
    >>> import numpy as np, pandas as pd
    >>> names, slope, at = ["a", "b", "c"], np.array([0.8, 1.0, 1.2]), np.array([0.0, 0.5, -0.2])
    >>> mean, deviation = np.array([0.0, 0.4, -0.3]), np.array([1.0, 1.5, 0.8])
    >>> loadings = pd.DataFrame(deviation[:, None] * slope, index=names, columns=list("xyz"))
    >>> intercepts = pd.DataFrame(at + mean[:, None] * slope, index=names, columns=list("xyz"))
    >>> align_groups(loadings, intercepts, [100, 100, 100]).groups["mean"].round(3).tolist()
    [0.0, 0.4, -0.3]
    """
    problem = _checked(loadings, intercepts, sizes, reference, epsilon)
    solution, loss = problem.solve(starts, seed)
    values = problem.aligned(solution, problem.theta)
    variances = None if covariance is None else problem.covariance_of(solution, _square(covariance, problem))
    names, items = list(map(str, loadings.index)), list(map(str, loadings.columns))
    g, p = problem.shape
    mean, spread = values[:g], values[g : 2 * g]
    error = np.full(len(values), np.nan) if variances is None else np.sqrt(np.maximum(np.diag(variances), 0.0))
    reach = float(stats.norm.ppf((1 + confidence) / 2))
    groups = pd.DataFrame(
        {
            "mean": mean,
            "standard_error": error[:g],
            "lower": mean - reach * error[:g],
            "upper": mean + reach * error[:g],
            "variance": spread**2,
        },
        index=pd.Index(names, name="group"),
    )
    equal = None if variances is None else _equal_sets(values[2 * g :], variances[2 * g :, 2 * g :], g, p)
    parameters = pd.DataFrame(
        {
            "item": np.tile(items, 2 * g),
            "kind": np.repeat([LOADING, INTERCEPT], g * p),
            "group": np.tile(np.repeat(names, p), 2),
            "estimate": values[2 * g :],
            "standard_error": error[2 * g :],
            "invariant": None if equal is None else equal,
        }
    )
    share = float("nan") if equal is None else float(1 - equal.mean())
    notes = () if equal is not None else ("without a covariance there are no errors, and nothing is called equal",)
    return Alignment(
        groups, parameters, _explained(problem, values, parameters), share, loss, names[problem.reference], g, notes
    )


@dataclass(frozen=True)
class _Problem:
    """The loss over means and logarithms of standard deviations, and what follows from its minimum.

    ``theta`` holds loadings and intercepts, group after group; a solution holds the means without the reference, then
    the log standard deviations without the last, which makes their sum zero.
    """

    theta: Array
    shape: tuple[int, int]
    weights: Array
    reference: int
    epsilon: float

    def unpack(self, solution: Array) -> tuple[Array, Array]:
        """Return mean and standard deviation of each group."""
        g = self.shape[0]
        mean = np.insert(solution[: g - 1], self.reference, 0.0)
        logs = np.append(solution[g - 1 :], -solution[g - 1 :].sum())
        return mean, np.exp(logs)

    def moved(self, solution: Array, theta: Array) -> tuple[Array, Array]:
        """Return aligned loadings and intercepts, (n_groups, n_items)."""
        mean, spread = self.unpack(solution)
        loadings, intercepts = theta.reshape(2, *self.shape)
        scaled = loadings / spread[:, None]
        return scaled, intercepts - mean[:, None] * scaled

    def loss(self, solution: Array, theta: Array, epsilon: float) -> tuple[float, Array]:
        """Return the loss and its gradient."""
        g = self.shape[0]
        mean, _ = self.unpack(solution)
        scaled, moved = self.moved(solution, theta)
        total, slopes = 0.0, []
        for values in (scaled, moved):
            gaps = values[:, None, :] - values[None, :, :]
            inside = gaps**2 + epsilon
            total += float((self.weights[:, :, None] * inside**0.25).sum() / 2)
            slopes.append((self.weights[:, :, None] * gaps * inside**-0.75).sum(axis=1) / 2)
        by_loading, by_intercept = slopes
        d_mean = -(by_intercept * scaled).sum(axis=1)
        d_log = -(by_loading * scaled).sum(axis=1) + mean * (by_intercept * scaled).sum(axis=1)
        return total, np.concatenate([np.delete(d_mean, self.reference), d_log[: g - 1] - d_log[-1]])

    def solve(self, starts: int, seed: int) -> tuple[Array, float]:
        """Return the lowest local minimum found and its loss."""
        first, draw = self._guess(), np.random.default_rng(seed)
        points = [first, *(first + draw.normal(0, 0.5, len(first)) for _ in range(starts))]
        found = [self._walk(point) for point in points]
        best = min(found, key=lambda each: each[1])
        if not np.isfinite(best[1]):
            raise ModelError("the groups could not be aligned: the loss has no minimum that can be reached")
        return best

    def _walk(self, point: Array) -> tuple[Array, float]:
        """Minimise from a starting point while the smoothing of the loss is reduced."""
        value = float("inf")
        for epsilon in (*(each for each in _PATH if each > self.epsilon), self.epsilon):
            done = optimize.minimize(
                self.loss, point, (self.theta, epsilon), "BFGS", jac=True, options={"gtol": 1e-9, "maxiter": 1000}
            )
            point, value = done.x, float(done.fun)
        return point, value

    def _guess(self) -> Array:
        """Return means and deviations that fit the average parameters best."""
        loadings, intercepts = self.theta.reshape(2, *self.shape)
        logs = np.log(np.maximum(loadings.mean(axis=1), 1e-3))
        logs = logs - logs.mean()
        scaled = loadings / np.exp(logs)[:, None]
        away = intercepts - np.median(intercepts, axis=0)
        mean = (away * scaled).sum(axis=1) / (scaled**2).sum(axis=1)
        return np.concatenate([np.delete(mean - mean[self.reference], self.reference), logs[:-1]])

    def aligned(self, solution: Array, theta: Array) -> Array:
        """Return means, deviations, loadings and intercepts, scaled so that the reference has variance one."""
        mean, spread = self.unpack(solution)
        scaled, moved = self.moved(solution, theta)
        unit = spread[self.reference]
        return np.concatenate([mean / unit, spread / unit, (scaled * unit).ravel(), moved.ravel()])

    def covariance_of(self, solution: Array, covariance: Array) -> Array:
        """Return the covariance of what :meth:`aligned` returns, by the delta method."""

        def slope(point: Array, theta: Array) -> Array:
            return self.loss(point, theta, self.epsilon)[1]

        bend = _jacobian(lambda point: slope(point, self.theta), solution)
        cross = _jacobian(lambda theta: slope(solution, theta), self.theta)
        shift = -np.linalg.solve(bend, cross)
        direct = _jacobian(lambda theta: self.aligned(solution, theta), self.theta)
        through = _jacobian(lambda point: self.aligned(point, self.theta), solution)
        whole = direct + through @ shift
        spread: Array = whole @ covariance @ whole.T
        return spread


def _jacobian(of: object, at: Array, step: float = 1e-5) -> Array:
    """Return the derivatives of a function at a point, by central differences."""
    assert callable(of)
    moves = np.eye(len(at)) * step
    return np.stack([(of(at + move) - of(at - move)) / (2 * step) for move in moves], axis=-1)


def _checked(
    loadings: pd.DataFrame,
    intercepts: pd.DataFrame,
    sizes: Sequence[float] | pd.Series | Array,
    reference: str | None,
    epsilon: float,
) -> _Problem:
    """Return the problem, or say what is wrong with what was given."""
    g, p = loadings.shape
    same = loadings.index.equals(intercepts.index) and loadings.columns.equals(intercepts.columns)
    numbers = np.asarray(sizes, dtype=float)
    if g < 2 or p < 2 or not same or numbers.shape != (g,):
        raise InputShapeError(
            "loadings and intercepts need the same two groups or more in rows and the same two items or more in "
            f"columns, with one size a group; got {loadings.shape}, {intercepts.shape} and {numbers.shape}"
        )
    theta = np.concatenate([table.to_numpy(dtype=float).ravel() for table in (loadings, intercepts)])
    if not (np.isfinite(theta).all() and np.isfinite(numbers).all() and (numbers > 0).all() and epsilon > 0):
        raise PsychometricsError("every loading, intercept and size must be finite, and sizes and epsilon above zero")
    names = list(map(str, loadings.index))
    if reference is not None and reference not in names:
        raise ModelError(f"no group is called {reference!r}; groups: {', '.join(names)}")
    if (loadings.mean(axis=1) <= 0).any():
        raise ModelError("the loadings of a group are not positive on average: reverse its factor first")
    at = 0 if reference is None else names.index(reference)
    weights = np.sqrt(np.outer(numbers, numbers))
    np.fill_diagonal(weights, 0.0)
    return _Problem(theta, (g, p), weights / weights.mean(), at, epsilon)


def _square(covariance: Array, problem: _Problem) -> Array:
    """Return the covariance, or refuse one of another size."""
    size, matrix = len(problem.theta), np.asarray(covariance, dtype=float)
    if matrix.shape != (size, size) or not np.isfinite(matrix).all():
        raise InputShapeError(f"the covariance must be finite and {size} by {size}; got {matrix.shape}")
    return matrix


def _equal_sets(values: Array, covariance: Array, g: int, p: int) -> NDArray[np.bool_]:
    """Say of every parameter whether its group is one of those among which it is equal."""
    places = np.arange(2 * g * p).reshape(2, g, p)
    equal = np.zeros(2 * g * p, dtype=bool)
    for kind in range(2):
        for item in range(p):
            at = places[kind, :, item]
            equal[at] = _equal_set(values[at], covariance[np.ix_(at, at)])
    return equal


def _equal_set(values: Array, covariance: Array) -> NDArray[np.bool_]:
    """Return the groups among which one parameter is equal."""
    apart = _p_of(values[:, None] - values, np.diag(covariance)[:, None] + np.diag(covariance) - 2 * covariance)
    members = _largest_connected(apart >= _TOGETHER)
    for _ in range(_MOST_ROUNDS):
        share = members / members.sum()
        contrast = np.eye(len(values)) - share
        spread = np.einsum("ij,jk,ik->i", contrast, covariance, contrast)
        new = _p_of(contrast @ values, spread) >= _APART
        if not new.any() or (new == members).all():
            break
        members = new
    return members


def _p_of(gap: Array, variance: Array) -> Array:
    """Return the two-sided p of differences; one where a difference has no variance and is none."""
    error = np.sqrt(np.maximum(variance, 0.0))
    z = np.divide(np.abs(gap), error, out=np.where(np.abs(gap) > 1e-8, np.inf, 0.0), where=error > 1e-12)
    p: Array = 2 * stats.norm.sf(z)
    return p


def _largest_connected(linked: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Return the largest set of groups connected by links, the earliest of several."""
    from scipy.sparse.csgraph import connected_components

    _, label = connected_components(linked, directed=False)
    largest: NDArray[np.bool_] = label == np.bincount(label).argmax()
    return largest


def _explained(problem: _Problem, values: Array, parameters: pd.DataFrame) -> pd.DataFrame:
    """Return for each item and kind how much of the variation the groups' means and variances account for."""
    g, p = problem.shape
    mean, spread = values[:g], values[g : 2 * g]
    own = problem.theta.reshape(2, g, p)
    aligned = values[2 * g :].reshape(2, g, p)
    common = aligned.mean(axis=1)
    implied = np.stack([spread[:, None] * common[0], common[1] + mean[:, None] * common[0]])
    left, all_of_it = (own - implied).var(axis=1), own.var(axis=1)
    shares = 1 - np.divide(left, all_of_it, out=np.zeros_like(left), where=all_of_it > 0)
    counts = parameters.groupby(["kind", "item"], sort=False)["invariant"].agg(_left_out)
    keys = list(counts.index)
    return pd.DataFrame(
        {
            "item": [item for _, item in keys],
            "kind": [kind for kind, _ in keys],
            "explained": np.maximum(shares, 0.0).ravel(),
            "n_not_invariant": counts.to_numpy(),
        }
    )


def _left_out(invariant: pd.Series) -> float:
    """Count the groups in which a parameter is not equal, NaN where nothing was tested."""
    return float("nan") if invariant.isna().any() else float((~invariant.astype(bool)).sum())
