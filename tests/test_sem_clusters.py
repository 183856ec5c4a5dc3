"""Clustered rows: identities, and recovery of the sampling error that a simulation shows."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from psychometrics.errors import InputShapeError, ModelError, TooFewPersonsError
from psychometrics.sem import CfaModel, difference_test, fit_cfa, measurement_invariance

MODEL = CfaModel.single(list("abcdef"))
ESTIMATORS: list[Any] = ["WLSMV", "ULSMV", "ML", "MLR"]


def teams(seed: int, n_teams: int = 40, size: int = 12) -> pd.DataFrame:
    """Six items of one factor (loadings .7); a third of what is common and of what is specific is shared in a team.

    The correlations of a random person are those of the one-factor model, so that the model is true.
    """
    draw = np.random.default_rng(seed)
    team = np.repeat(np.arange(n_teams), size)
    shared, own = np.sqrt(0.35), np.sqrt(0.65)
    common = shared * draw.standard_normal(n_teams)[team] + own * draw.standard_normal(team.size)
    specific = shared * draw.standard_normal((n_teams, 6))[team] + own * draw.standard_normal((team.size, 6))
    latent = 0.7 * common[:, None] + np.sqrt(0.51) * specific
    items = pd.DataFrame(np.digitize(latent, [-1.2, -0.4, 0.4, 1.2]) + 1, columns=list("abcdef"))
    return items.assign(team=team)


@pytest.mark.parametrize("estimator", ["WLSMV", "ULSMV", "MLR"])
@pytest.mark.repeated
def test_recovery_errors_and_tests_allow_for_clusters_and_are_too_small_without(estimator: Any) -> None:
    samples = [teams(seed) for seed in range(60)]
    clustered = [fit_cfa(MODEL, sample, estimator, cluster="team") for sample in samples]
    plain = [fit_cfa(MODEL, sample, estimator) for sample in samples]
    free = clustered[0].loadings["free"].to_numpy()
    spread = np.std([fit.loadings["standardised"][free] for fit in clustered], axis=0, ddof=1)
    with_teams, without = (
        np.mean([fit.loadings["standardised_error"][free] for fit in fits], axis=0) for fits in (clustered, plain)
    )
    # Five standard deviations of 60 samples each: the mean ratio has a standard error of about
    # 1 / sqrt(2 * 59 * 5) = .04.
    assert np.mean(with_teams / spread) == pytest.approx(1.0, abs=0.15)
    assert np.mean(without / spread) < 0.85
    # Binomial(60, .05): at most 9 rejections with probability .999; without clusters nearly all samples are rejected.
    assert sum(fit.fit.p_value_scaled < 0.05 for fit in clustered) <= 9
    assert sum(fit.fit.p_value_scaled < 0.05 for fit in plain) > 9
    assert np.mean([fit.fit.chi_square_scaled for fit in clustered]) == pytest.approx(9.0, abs=2.5)


@pytest.mark.parametrize("estimator", ESTIMATORS)
def test_identity_of_names_and_order_of_clusters(estimator: Any) -> None:
    sample = teams(1)
    first = fit_cfa(MODEL, sample, estimator, cluster="team")
    named = fit_cfa(MODEL, sample, estimator, cluster=[f"team {code}" for code in sample["team"]])
    mixed = sample.sample(frac=1.0, random_state=3)
    moved = fit_cfa(MODEL, mixed, estimator, cluster=mixed["team"])
    for other in (named, moved):
        np.testing.assert_allclose(
            other.parameters["standard_error"], first.parameters["standard_error"], rtol=1e-6, equal_nan=True
        )
        assert other.fit.chi_square_scaled == pytest.approx(first.fit.chi_square_scaled, rel=1e-6)


@pytest.mark.parametrize("estimator", ["WLSMV", "ULSMV", "MLR"])
def test_identity_of_single_person_clusters_with_none(estimator: Any) -> None:
    sample = teams(1)
    n = len(sample)
    alone, plain = (fit_cfa(MODEL, sample, estimator, cluster=who) for who in (np.arange(n), None))
    ratio = (alone.parameters["standard_error"] / plain.parameters["standard_error"]).dropna() ** 2
    # C / (C - 1) for the likelihood, and n - 1 rather than n for least squares without clusters.
    assert ratio.to_numpy() == pytest.approx(n / (n - 1) if estimator == "MLR" else (n - 1) / n, rel=1e-6)


def test_identity_of_ml_with_mlr_under_clusters() -> None:
    sample = teams(2)
    ml, mlr = (fit_cfa(MODEL, sample, estimator, cluster="team") for estimator in ("ML", "MLR"))  # type: ignore[arg-type]
    pd.testing.assert_frame_equal(ml.parameters, mlr.parameters)
    assert ml.fit.chi_square_scaled == mlr.fit.chi_square_scaled
    assert "40 clusters" in ml.notes[0]


@pytest.mark.parametrize("estimator", ESTIMATORS)
def test_clusters_across_groups_make_two_copies_of_one_sample_equal(estimator: Any) -> None:
    sample = teams(3)
    doubled = pd.concat([sample, sample], ignore_index=True)
    half = np.repeat(["a", "b"], len(sample))
    kinds: Any = ["loadings", "intercepts", *(["thresholds"] if "LS" in estimator else [])]
    tied, free = (
        fit_cfa(MODEL, doubled, estimator, group=half, equal=equal, cluster="team") for equal in (kinds, kinds[:0])
    )
    means = tied.factor_means.query("group == 'b'")
    # The difference of a sample from itself is zero and has no error.
    assert means["mean"].to_numpy() == pytest.approx(0.0, abs=1e-6)
    assert means["standard_error"].to_numpy() == pytest.approx(0.0, abs=1e-5)
    alone = fit_cfa(MODEL, doubled, estimator, group=half, equal=kinds, cluster=np.arange(len(doubled)))
    assert alone.factor_means.query("group == 'b'")["standard_error"].to_numpy() > 0.05
    assert free.fit.chi_square == pytest.approx(tied.fit.chi_square, abs=1e-4)


def test_invariance_takes_clusters_with_every_estimator() -> None:
    sample = teams(4, n_teams=60)
    half = pd.Series(np.where(sample["team"] < 30, "one", "two"))
    for estimator in ESTIMATORS:
        found = measurement_invariance(MODEL, sample, half, estimator, clusters="team")
        scalar = found.fits["scalar"]
        kinds: Any = scalar.equal
        direct = fit_cfa(MODEL, sample, estimator, group=half, equal=kinds, cluster="team")
        assert scalar.fit.chi_square_scaled == pytest.approx(direct.fit.chi_square_scaled, rel=1e-5)
        test = difference_test(found.fits["metric"], scalar)
        assert test.method != "likelihood ratio"
        assert np.isfinite(test.statistic)


def test_clusters_that_cannot_be_used_are_refused() -> None:
    sample = teams(1)
    with pytest.raises(ModelError, match="no column 'site' to cluster by"):
        fit_cfa(MODEL, sample, cluster="site")
    with pytest.raises(InputShapeError, match="persons have no cluster"):
        fit_cfa(MODEL, sample, cluster=sample["team"].where(sample["team"] > 3))
    with pytest.raises(TooFewPersonsError, match="at least two clusters"):
        fit_cfa(MODEL, sample, cluster=np.zeros(len(sample)))
