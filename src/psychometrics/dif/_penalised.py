"""Proportional-odds model penalised by Jeffreys' prior, for items whose likelihood has no maximum."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import expit

from psychometrics.dif._cumulative import CumulativeFit, CumulativeModel, described
from psychometrics.errors import ConvergenceError

_MOST_STEPS = 500
_SMALLEST_STEP = 1e-8
_LONGEST_STEP = 2.0


@dataclass(frozen=True)
class PenalisedFit:
    """Maximum of the penalised likelihood.

    Attributes
    ----------
    fit : CumulativeFit
        Estimates, the plain log likelihood there, and the expected information.
    penalised : float
        Log likelihood plus half the log determinant of the expected information.
    """

    fit: CumulativeFit
    penalised: float


def fit_penalised(
    codes: np.ndarray, x: np.ndarray, n_free: int | None = None, weights: np.ndarray | None = None
) -> PenalisedFit:
    r"""Maximise the log likelihood plus :math:`\tfrac12\log|I|`, the first `n_free` coefficients free, the rest zero.

    I is the expected information of all parameters, those held at zero included, as the penalised likelihood-ratio
    test of Heinze & Schemper (2002) has it. The maximum exists also where a group or the score separates the answers.
    Steps are those of Fisher's scoring on the penalised gradient, halved until the objective does not fall.
    """
    model = CumulativeModel(codes, x, weights)
    free = np.arange(model.n_thresholds + (x.shape[1] if n_free is None else n_free))
    at = model.start()
    value, gradient, information = _objective(model, at)
    for _ in range(_MOST_STEPS):
        step = np.zeros(len(at))
        try:
            step[free] = np.linalg.solve(information[np.ix_(free, free)], gradient[free])
        except np.linalg.LinAlgError as problem:
            raise ConvergenceError("the group, the score and their product cannot be told apart") from problem
        if gradient[free] @ step[free] < _SMALLEST_STEP**2:
            here = model.derivatives(at)
            plain = described(model, at, here)
            return PenalisedFit(
                CumulativeFit(plain.thresholds, plain.coefficients, here.log_likelihood, information), value
            )
        step *= min(1.0, _LONGEST_STEP / np.abs(step).max())
        at, value, gradient, information = _advance(model, at, step, value)
    raise ConvergenceError("the penalised likelihood was not maximised")


def _advance(
    model: CumulativeModel, at: np.ndarray, step: np.ndarray, value: float
) -> tuple[np.ndarray, float, np.ndarray, np.ndarray]:
    """Take the step, halved until the penalised likelihood does not fall (beyond rounding)."""
    floor = value - 1e-12 * abs(value)
    for halvings in range(30):
        there = at + step / 2**halvings
        if model.ordered(there):
            found = _objective(model, there)
            if found[0] >= floor:
                return there, *found
    raise ConvergenceError("the penalised likelihood was not maximised")


def _objective(model: CumulativeModel, at: np.ndarray) -> tuple[float, np.ndarray, np.ndarray]:
    r"""Return the penalised log likelihood, its gradient, and the expected information.

    With :math:`p_k` the probability of category k of a person, :math:`d_k` its gradient in the parameters and
    :math:`I = \sum d_kd_k'/p_k` over persons and categories, the gradient of :math:`\tfrac12\log|I|` in parameter j is
    :math:`\tfrac12\operatorname{tr}(I^{-1}\partial I/\partial\theta_j)`.
    """
    here = model.derivatives(at)
    if not np.isfinite(here.log_likelihood):
        return -np.inf, here.gradient, -here.hessian
    probability, first, bounds, second = _category_gradients(model, at)
    weights = model.weights[:, None]
    information = np.einsum("nki,nkj,nk->ij", first, first, weights / probability, optimize=True)
    sign, log_determinant = np.linalg.slogdet(information)
    if sign <= 0:
        return -np.inf, here.gradient, information
    inverse = np.linalg.inv(information)
    solved = first @ inverse
    leverage = weights * (solved * first).sum(axis=2) / probability**2
    # Each bound k enters category k from above and category k + 1 from below.
    weighted = solved / probability[:, :, None]
    pull = weights * ((weighted[:, :-1] - weighted[:, 1:]) * bounds).sum(axis=2) * second
    trace = 2 * np.einsum("nk,nkj->j", pull, bounds) - np.einsum("nk,nkj->j", leverage, first)
    return here.log_likelihood + log_determinant / 2, here.gradient + trace / 2, information


def _category_gradients(
    model: CumulativeModel, at: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Return category probabilities, their gradients, gradients of the bounds, and second derivatives of the logistic.

    Shapes (n, k), (n, k, p), (n, k - 1, p) and (n, k - 1) for k categories and p parameters.
    """
    m, n = model.n_thresholds, len(model.codes)
    eta = at[:m] - (model.x @ at[m:])[:, None]
    upper, lower = np.hstack([eta, np.full((n, 1), np.inf)]), np.hstack([np.full((n, 1), -np.inf), eta])
    turned = lower > 0
    probability = np.where(turned, expit(-lower) - expit(-upper), expit(upper) - expit(lower))
    density = expit(eta) * expit(-eta)
    bounds = np.zeros((n, m, len(at)))
    bounds[:, np.arange(m), np.arange(m)] = 1.0
    bounds[:, :, m:] = -model.x[:, None, :]
    sloped = density[:, :, None] * bounds
    edge = np.zeros((n, 1, len(at)))
    first = np.concatenate([sloped, edge], axis=1) - np.concatenate([edge, sloped], axis=1)
    return np.maximum(probability, 1e-300), first, bounds, density * (1 - 2 * expit(eta))
