"""Bayesian factor model of small samples: the posterior by integration, the priors back, refusals."""

from __future__ import annotations

from functools import cache

import numpy as np
import pandas as pd
import pytest
from scipy.special import ndtr
from scipy.stats import norm

from psychometrics.bayesian import BayesianCfa, Priors, _gibbs, bayesian_cfa
from psychometrics.bayesian._convergence import effective_size, split_rhat
from psychometrics.bayesian._summaries import pairwise, sum_score_omega
from psychometrics.errors import ConstantItemError, ConvergenceError, ModelError
from psychometrics.ordinal import bivariate_normal


def answers(n: int = 60, per_scale: int = 3, seed: int = 1) -> tuple[pd.DataFrame, dict[str, str]]:
    """Answers from 1 to 3 on two scales whose factors correlate .6; every loading is .71."""
    random = np.random.default_rng(seed)
    factors = random.multivariate_normal([0, 0], [[1, 0.6], [0.6, 1]], n, method="cholesky")
    latent = np.repeat(factors, per_scale, axis=1) + random.standard_normal((n, 2 * per_scale))
    names = [f"{scale}{place}" for scale in "ab" for place in range(per_scale)]
    table = pd.DataFrame(1.0 + (latent > -0.5) + (latent > 1), columns=names)
    return table, {name: name[0] for name in names}


@cache
def fitted() -> BayesianCfa:
    """A fit with a few missing answers."""
    table, scales = answers()
    table.iloc[3, 2] = table.iloc[5, 0] = np.nan
    return bayesian_cfa(table, scales, n_draws=700, seed=3, n_jobs=1)


@pytest.mark.slow
def test_posterior_matches_integration_of_a_tiny_model():
    counts = np.array([[16, 6], [5, 13]])
    rows = [(one, other) for one in range(2) for other in range(2) for _ in range(counts[one, other])]
    found = bayesian_cfa(pd.DataFrame(rows, columns=["a", "b"]), {"a": "all", "b": "all"}, seed=2, n_jobs=1)
    margin, standardised = _integrated(counts)
    assert margin[standardised < -0.2].sum() < 0.02
    row, cumulative = found.loadings.iloc[0], np.cumsum(margin)
    middle, lower, upper = np.interp([0.5, 0.025, 0.975], cumulative - margin / 2, standardised)
    spread = np.sqrt(margin @ standardised**2 - (margin @ standardised) ** 2)
    # Standard errors of a median and of a tail's quantile, in standard deviations of the posterior.
    error = spread / np.sqrt(row["effective"])
    assert row["loading"] == pytest.approx(middle, abs=4 * 1.25 * error)
    assert row["lower"] == pytest.approx(lower, abs=4 * 2.7 * error)
    assert row["upper"] == pytest.approx(upper, abs=4 * 2.7 * error)


def _integrated(counts: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the posterior of the first standardised loading of two binary items on a grid, by quadrature."""
    priors = Priors()
    grid = np.linspace(-2.6, 4.2, 69)
    loading, threshold = (each.ravel() for each in np.meshgrid(grid, np.linspace(-5, 5, 81), indexing="ij"))
    spread = priors.threshold_sd * np.hypot(1, loading)
    prior = norm.pdf(loading, priors.loading_mean, priors.loading_sd) * norm.pdf(threshold, 0, spread)
    nodes, weights = np.polynomial.hermite_e.hermegauss(41)
    above = ndtr(np.outer(loading, nodes) - threshold[:, None])
    both = (above * weights / weights.sum()) @ above.T
    one = above @ weights / weights.sum()
    cells = [1 - one[:, None] - one + both, one[None, :] - both, one[:, None] - both, both]
    likelihood = sum(count * np.log(np.maximum(cell, 1e-12)) for count, cell in zip(counts.ravel(), cells, strict=True))
    posterior = np.exp(likelihood - np.max(likelihood)) * prior[:, None] * prior
    margin = posterior.sum(axis=1).reshape(69, 81).sum(axis=1)
    return margin / margin.sum(), grid / np.hypot(1, grid)


@pytest.mark.slow
def test_priors_come_back_when_answers_are_drawn_anew_each_sweep():
    # Geweke (2004, JASA 99:799-804): parameters and answers drawn from each other in turn have the prior as margin.
    priors = Priors(threshold_sd=1.5)
    random = np.random.default_rng(4)
    factor, n_persons = np.array([0, 0, 1, 1]), 5
    start = np.sort(random.standard_normal((1, 4, 2)), axis=2)
    codes = random.integers(0, 3, (n_persons, 4))
    data = _gibbs.Data.of(codes, np.full(4, 3), factor)
    state = _gibbs.begin(data, priors, 1, np.random.SeedSequence(5))
    state.parameters[:, :, 1:] = start
    state.proposal = np.broadcast_to(np.eye(3), (4, 3, 3)) * 0.6
    kept = np.empty((1, 4000, 9))
    for sweep in range(kept.shape[1]):
        items = state.parameters[0]
        latent = items[:, 0] * state.scores[0][:, factor] + random.standard_normal((n_persons, 4))
        codes = (latent[:, :, None] > items[:, 1:]).sum(axis=2)
        data = _gibbs.Data.of(codes, np.full(4, 3), factor)
        state, drawn = _gibbs.draw(data, priors, state, 1)
        items = drawn.parameters[0, 0]
        thresholds = items[:, 1:] / np.hypot(1, items[:, :1])
        kept[0, sweep, :4] = items[:, 0]
        kept[0, sweep, 4:6] = drawn.correlations[0, 0, 0, 1] ** np.array([1, 2])
        kept[0, sweep, 6:] = (items[0, 0] - 0.8) ** 2, thresholds.mean(), (thresholds**2).mean()
    expected = [0.8] * 4 + [0, 1 / 3, 0.64, 0, 1.5**2]
    error = kept[0].std(axis=0) / np.sqrt(effective_size(kept))
    assert (np.abs(kept[0].mean(axis=0) - expected) < 4 * error).all()
    assert (error < 0.4).all()


def test_omega_is_that_of_green_and_yang():
    loading, thresholds = np.array([1.2, 0.7]), np.array([[-0.5, 0.8], [-1.0, 0.4]])
    parameters = np.column_stack([loading, thresholds])[None]
    found = sum_score_omega(parameters, [np.array([1.0, 2, 3]), np.array([1.0, 2, 4])])[0]
    scaled = thresholds / np.hypot(1, loading)[:, None]
    standard = loading / np.hypot(1, loading)
    gaps = np.array([[1, 1], [1, 2]])

    def covariance(first: int, second: int, correlation: float) -> float:
        """Covariance of two items, of which each threshold passed adds its gap."""
        total, unit = 0.0, np.ones((1, 1))
        for i, one in enumerate(scaled[first]):
            for j, other in enumerate(scaled[second]):
                both = bivariate_normal(-one * unit, -other * unit, np.array([correlation])).item()
                total += gaps[first, i] * gaps[second, j] * (both - ndtr(-one) * ndtr(-other))
        return total

    pairs = [(i, j) for i in range(2) for j in range(2)]
    true = sum(covariance(i, j, standard[i] * standard[j]) for i, j in pairs)
    whole = sum(covariance(i, j, 1 - 1e-12 if i == j else standard[i] * standard[j]) for i, j in pairs)
    assert found == pytest.approx(true / whole, abs=1e-5)


def test_rhat_and_effective_size_know_independent_sticking_and_separate_chains():
    random = np.random.default_rng(6)
    independent = random.standard_normal((4, 1000, 1))
    sticking = np.empty_like(independent)
    sticking[:, 0] = independent[:, 0]
    for place in range(1, 1000):
        sticking[:, place] = 0.9 * sticking[:, place - 1] + np.sqrt(1 - 0.81) * independent[:, place]
    assert split_rhat(independent)[0] < 1.005
    assert effective_size(independent)[0] == pytest.approx(4000, rel=0.15)
    # An autoregression with coefficient .9 is worth (1 - .9) / (1 + .9) of its draws.
    assert effective_size(sticking)[0] == pytest.approx(4000 / 19, rel=0.35)
    apart = independent + np.arange(4)[:, None, None]
    assert split_rhat(apart)[0] > 1.5
    assert split_rhat(independent * np.array([1, 1, 1, 4])[:, None, None])[0] > 1.1


@pytest.mark.slow
def test_result_is_sound_and_labelled_as_given():
    found = fitted()
    assert list(found.omega["scale"]) == ["a", "b"]
    assert found.largest_rhat <= 1.01
    assert found.fewest_effective >= 400
    for table, name in (
        (found.loadings, "loading"),
        (found.omega, "omega"),
        (found.factor_correlations, "correlation"),
    ):
        assert ((table["lower"] < table[name]) & (table[name] < table["upper"])).all()
    assert found.loadings["loading"].to_numpy() == pytest.approx(np.full(6, 0.71), abs=0.3)
    assert list(found.checks["pairs"]) == [3, 3, 15]


@pytest.mark.slow
def test_a_pair_with_something_more_in_common_is_found():
    random = np.random.default_rng(8)
    latent = random.standard_normal((120, 1)) + random.standard_normal((120, 4))
    # Two items that are nearly the same question.
    latent[:, 1] = latent[:, 0] + 0.3 * random.standard_normal(120)
    table = pd.DataFrame(1.0 + (latent > -0.5) + (latent > 1), columns=list("abcd"))
    twice = bayesian_cfa(table, dict.fromkeys("abcd", "all"), n_draws=700, seed=9, n_jobs=1)
    odd = twice.residuals.sort_values("residual").iloc[-1]
    assert odd["residual"] > odd["upper"]
    assert twice.checks["p_value"].iloc[0] < 0.2  # such p values are conservative: nearer .5 than others
    assert len(twice.factor_correlations) == 0


def test_pairwise_correlations_match_pandas():
    table = pd.DataFrame(np.random.default_rng(1).standard_normal((30, 4)))
    table.iloc[2, 1] = table.iloc[4, 3] = table.iloc[4, 1] = np.nan
    assert pairwise(table.to_numpy()) == pytest.approx(table.corr().to_numpy(), abs=1e-10)


def test_chains_that_have_not_mixed_are_refused_by_name():
    table, scales = answers()
    with pytest.raises(ConvergenceError, match=r"have not mixed after 100 draws each \(R-hat up to"):
        bayesian_cfa(table, scales, n_draws=100, warm_up=100, most_draws=100, n_jobs=1)


def test_what_no_model_can_be_fitted_to_is_refused():
    table, scales = answers()
    with pytest.raises(ModelError, match="scales with one item: c"):
        bayesian_cfa(table, scales | {"a0": "c"})
    with pytest.raises(ConstantItemError, match="a1"):
        bayesian_cfa(table.assign(a1=2.0), scales)
