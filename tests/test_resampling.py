"""Bootstrap intervals against scipy, independence of the workers, coverage and refusals."""

from __future__ import annotations

from typing import Any

import joblib
import numpy as np
import pandas as pd
import pytest
from scipy.stats import bootstrap

from psychometrics.errors import InputShapeError, PsychometricsError, TooFewPersonsError
from psychometrics.resampling import bootstrap_interval


@pytest.fixture(scope="module")
def skewed() -> pd.DataFrame:
    return pd.DataFrame({"x": np.random.default_rng(1).exponential(size=60)})


def mean(data: pd.DataFrame) -> float:
    return float(data["x"].mean())


def moments(data: pd.DataFrame) -> pd.Series:
    return pd.Series({"mean": data["x"].mean(), "sd": data["x"].std()})


@pytest.mark.parametrize(("method", "scipy_method"), [("percentile", "percentile"), ("bca", "BCa")])
def test_interval_matches_scipy(skewed: pd.DataFrame, method: Any, scipy_method: str) -> None:
    ours = bootstrap_interval(mean, skewed, 2500, seed=2, method=method)
    theirs = bootstrap(
        (skewed["x"].to_numpy(),), np.mean, n_resamples=4000, method=scipy_method, rng=np.random.default_rng(3)
    )
    # the ends are quantiles of 2,500 and 4,000 draws with standard deviation .12: standard error about .006 each
    assert ours.lower.iloc[0] == pytest.approx(theirs.confidence_interval.low, abs=0.03)
    assert ours.upper.iloc[0] == pytest.approx(theirs.confidence_interval.high, abs=0.03)
    assert ours.standard_error.iloc[0] == pytest.approx(theirs.standard_error, rel=0.05)


def test_bca_shifts_the_interval_of_a_skewed_statistic(skewed: pd.DataFrame) -> None:
    percentile = bootstrap_interval(mean, skewed, 1000, seed=2)
    corrected = bootstrap_interval(mean, skewed, 1000, seed=2, method="bca")
    assert corrected.upper.iloc[0] > percentile.upper.iloc[0]
    pd.testing.assert_frame_equal(corrected.distribution, percentile.distribution)


@pytest.mark.parametrize("n_jobs", [2, 5])
def test_numbers_do_not_depend_on_the_workers(skewed: pd.DataFrame, n_jobs: int) -> None:
    alone = bootstrap_interval(moments, skewed, 37, seed=9, n_jobs=1)
    with joblib.parallel_config(backend="threading"):
        spread = bootstrap_interval(moments, skewed, 37, seed=9, n_jobs=n_jobs)
    pd.testing.assert_frame_equal(alone.distribution, spread.distribution)


def test_active_joblib_configuration_is_used(skewed: pd.DataFrame) -> None:
    alone = bootstrap_interval(mean, skewed, 40, seed=9)
    with joblib.parallel_config(backend="threading", n_jobs=2):
        spread = bootstrap_interval(mean, skewed, 40, seed=9)
    pd.testing.assert_frame_equal(alone.to_frame(), spread.to_frame())


def test_seed_decides(skewed: pd.DataFrame) -> None:
    first, again, other = (bootstrap_interval(mean, skewed, 50, seed=seed) for seed in (1, 1, 2))
    pd.testing.assert_frame_equal(first.distribution, again.distribution)
    assert (first.distribution.to_numpy() != other.distribution.to_numpy()).any()


def test_several_components_keep_their_names(skewed: pd.DataFrame) -> None:
    frame = bootstrap_interval(moments, skewed, 200).to_frame()
    assert list(frame.index) == ["mean", "sd"]
    assert (frame["lower"] < frame["estimate"]).all()
    assert (frame["estimate"] < frame["upper"]).all()


def test_clusters_are_drawn_whole() -> None:
    data = pd.DataFrame({"x": np.repeat(np.arange(6.0), 10)})
    clusters = pd.Series(np.repeat(list("abcdef"), 10))

    def sizes(sample: pd.DataFrame) -> np.ndarray:
        return np.array([float((sample["x"].value_counts() % 10).sum()), float(len(sample))])

    result = bootstrap_interval(sizes, data, 30, clusters=clusters)
    assert (result.distribution[0] == 0).all()
    assert (result.distribution[1] == 60).all()
    of_persons = bootstrap_interval(mean, data, 400)
    of_clusters = bootstrap_interval(mean, data, 400, clusters=clusters)
    # six clusters without variation inside carry the information of six persons: error larger by about sqrt(10)
    ratio = of_clusters.standard_error.iloc[0] / of_persons.standard_error.iloc[0]
    assert 2.5 < ratio < 4.0


def test_interval_covers_at_its_nominal_rate() -> None:
    covered = 0
    for seed in range(60):
        data = pd.DataFrame({"x": np.random.default_rng(seed).normal(size=50)})
        result = bootstrap_interval(mean, data, 100, seed=seed)
        covered += result.lower.iloc[0] <= 0 <= result.upper.iloc[0]
    # about .93 at n = 50: 56 of 60 with standard error 2
    assert 49 <= covered <= 59


def test_undefined_resamples_are_counted_and_left_out() -> None:
    def fragile(sample: pd.DataFrame) -> float:
        if (sample["x"] == 0).sum() == 0:
            raise PsychometricsError("no zero in the sample")
        return float(sample["x"].mean())

    data = pd.DataFrame({"x": [0.0, 1.0, 2.0, 3.0, 4.0]})
    result = bootstrap_interval(fragile, data, 300, seed=1)
    # a given person is missing from a resample of five with probability .8 ** 5 = .33
    assert 60 <= result.n_failed <= 140
    assert len(result.distribution) == 300 - result.n_failed


def test_statistic_undefined_in_most_resamples_is_refused() -> None:
    def never_twice(sample: pd.DataFrame) -> float:
        return float("nan") if sample["x"].duplicated().any() else 1.0

    with pytest.raises(PsychometricsError, match=r"undefined in .* of 20 resamples"):
        bootstrap_interval(never_twice, pd.DataFrame({"x": np.arange(10.0)}), 20)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"confidence": 95}, "confidence must lie between 0 and 1"),
        ({"n_resamples": 1}, "n_resamples must be at least 2"),
        ({"method": "normal"}, "method must be"),
        ({"clusters": pd.Series(["a"])}, "give each row its cluster"),
    ],
)
def test_impossible_settings_are_refused(skewed: pd.DataFrame, options: dict[str, Any], message: str) -> None:
    with pytest.raises(InputShapeError, match=message):
        bootstrap_interval(mean, skewed, **options)


def test_one_person_is_refused() -> None:
    with pytest.raises(TooFewPersonsError, match="at least two persons or clusters"):
        bootstrap_interval(mean, pd.DataFrame({"x": [1.0]}), 10)
