"""Reliability where persons are nested, resamples are lost, or a coefficient is none: recovery, identities, flags."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from psychometrics import reliability, resampling
from psychometrics.errors import InputShapeError, TooFewPersonsError

CLOSED_FORM = 1e-10


def nested(n_clusters: int, size: int, between: float, seed: int) -> tuple[pd.DataFrame, pd.Series]:
    """Five items of one factor at each level: loadings and error variances 1 within; `between` and .09 between."""
    draw = np.random.default_rng(seed)
    teams = np.repeat(np.arange(n_clusters), size)
    trait = draw.standard_normal((len(teams), 1)) + between * draw.standard_normal((n_clusters, 1))[teams]
    own = 0.3 * draw.standard_normal((n_clusters, 5))[teams]
    return pd.DataFrame(trait + own + draw.standard_normal((len(teams), 5))), pd.Series(teams)


def rare_answer() -> pd.DataFrame:
    """Eighty persons, five items; two persons alone give item i5 another answer: (1 - 2/80)^80 = 13 % of resamples."""
    draw = np.random.default_rng(4)
    answers = np.digitize(draw.standard_normal((80, 1)) + draw.standard_normal((80, 5)), [-1.0, 0.0, 1.0]) + 1.0
    answers[:, 4] = 3.0
    answers[:2, 4] = 4.0
    return pd.DataFrame(answers, columns=[f"i{k}" for k in range(1, 6)])


def test_two_levels_are_recovered() -> None:
    answers, teams = nested(400, 8, between=0.8, seed=1)
    result = reliability.two_level_reliability(answers, teams)
    table = result.table["estimate"]
    # truth: 25/(25 + 5) within; 16/(16 + .45) between; ICC (16 + .45)/(16.45 + 30); errors at 400 clusters below .02
    assert table["alpha_within"] == pytest.approx(25 / 30, abs=0.02)
    assert table["omega_within"] == pytest.approx(25 / 30, abs=0.02)
    assert table["alpha_between"] == pytest.approx(16 / 16.45, abs=0.02)
    assert table["omega_between"] == pytest.approx(16 / 16.45, abs=0.02)
    assert table["icc"] == pytest.approx(16.45 / 46.45, abs=0.05)
    assert table["cluster_mean"] == pytest.approx(16.45 / (16.45 + 30 / 8), abs=0.04)
    assert result.design_effect == pytest.approx(1 + 7 * table["icc"], abs=CLOSED_FORM)
    assert result.effective_n == pytest.approx(3200 / result.design_effect, abs=1e-8)


@pytest.mark.parametrize("size", [4, 9])
def test_intraclass_correlations_equal_those_of_the_analysis_of_variance(size: int) -> None:
    answers, teams = nested(40, size, between=0.5, seed=size)
    drop = np.random.default_rng(1).random(len(teams)) > 0.2
    answers, teams = answers[drop], teams[drop]
    result = reliability.two_level_reliability(answers, teams)
    total = answers.sum(axis=1)
    by_team = total.groupby(teams)
    n, sizes = len(total), by_team.size()
    within = float(((total - by_team.transform("mean")) ** 2).sum()) / (n - len(sizes))
    among = float((sizes * (by_team.mean() - total.mean()) ** 2).sum()) / (len(sizes) - 1)
    n0 = (n - float((sizes**2).sum()) / n) / (len(sizes) - 1)
    assert result.cluster_size == pytest.approx(n0, abs=CLOSED_FORM)
    assert result.table.loc["icc", "estimate"] == pytest.approx(
        (among - within) / (among + (n0 - 1) * within), abs=1e-9
    )
    assert result.table.loc["cluster_mean", "estimate"] == pytest.approx(1 - within / among, abs=1e-9)


def test_too_few_clusters_say_nothing_about_the_level_between() -> None:
    answers, teams = nested(12, 8, between=0.8, seed=2)
    table = reliability.two_level_reliability(answers, teams).table
    assert table.loc[["alpha_between", "omega_between", "cluster_mean", "icc"], "estimate"].isna().all()
    assert (table.loc["icc":, "note"] == "12 clusters are too few for the level between them; 30 are needed").all()
    assert table.loc["alpha_within", "estimate"] == pytest.approx(25 / 30, abs=0.1)


def test_intervals_over_clusters_cover_the_estimate_and_widen_with_nesting() -> None:
    answers, teams = nested(60, 6, between=1.5, seed=3)
    table = reliability.two_level_reliability(answers, teams, n_resamples=200).table
    # omega between is not defined where the covariances between clusters are none; the others always are here
    kept = table.drop(index="omega_between")
    assert ((kept["lower"] < kept["estimate"]) & (kept["estimate"] < kept["upper"])).all()
    assert (kept["n_failed"] == 0).all()
    alone = reliability.cronbach_alpha(answers, interval="bootstrap", n_resamples=400)
    nested_too = reliability.cronbach_alpha(answers, interval="bootstrap", n_resamples=400, clusters=teams)
    assert nested_too.upper - nested_too.lower > 1.2 * (alone.upper - alone.lower)
    assert (nested_too.n_clusters, alone.n_clusters) == (60, 0)


def test_two_levels_refuse_what_is_no_nesting() -> None:
    answers, teams = nested(30, 4, between=0.5, seed=1)
    with pytest.raises(TooFewPersonsError, match="at most 1 persons"):
        reliability.two_level_reliability(answers, pd.Series(np.arange(120)))
    with pytest.raises(InputShapeError, match="have no cluster"):
        reliability.two_level_reliability(answers, teams.where(teams > 0))


def test_feldts_interval_is_refused_with_clusters() -> None:
    answers, teams = nested(30, 4, between=0.5, seed=1)
    with pytest.raises(InputShapeError, match="independent persons"):
        reliability.cronbach_alpha(answers, clusters=teams)


@pytest.mark.parametrize(
    "call",
    [
        lambda x: reliability.cronbach_alpha(x, interval="bootstrap", n_resamples=400),
        lambda x: reliability.cronbach_alpha(x, interval="bootstrap", n_resamples=400, missing="pairwise"),
        lambda x: reliability.omega_total(x, interval="bootstrap", n_resamples=400),
        lambda x: reliability.htmt(x, dict(zip(x, "xxyyy", strict=True)), interval="bootstrap", n_resamples=400),
        lambda x: resampling.bootstrap_interval(lambda y: reliability.cronbach_alpha(y).raw, x, 400),
    ],
)
def test_resamples_in_which_an_item_is_constant_are_told(call: Any) -> None:
    result = call(rare_answer())
    # share (1 - 2/80)^80 = .132, standard error .017 over 400 resamples
    assert abs(result.lost_share - 0.132) < 4 * 0.017
    assert result.n_failed == round(400 * result.lost_share)
    assert any("resamples" in note and "left out" in note for note in result.notes)


def test_counts_give_the_numbers_of_whole_tables() -> None:
    answers, teams = nested(20, 4, between=0.5, seed=5)

    def alpha(sample: pd.DataFrame) -> float:
        return reliability.cronbach_alpha(sample, interval="none").raw

    for clusters in (None, teams):
        quick = reliability.cronbach_alpha(answers, interval="bootstrap", n_resamples=50, seed=2, clusters=clusters)
        whole = resampling.bootstrap_interval(alpha, answers, 50, 2, clusters=clusters)
        assert quick.lower == pytest.approx(whole.lower.iloc[0], abs=CLOSED_FORM)
        assert quick.upper == pytest.approx(whole.upper.iloc[0], abs=CLOSED_FORM)


def test_omega_above_one_is_flagged_and_the_implied_one_stays_below() -> None:
    # correlations that a one-factor model overstates: two strong pairs that go together less than it implies
    draw = np.random.default_rng(11)
    pairs = draw.standard_normal((300, 3)) @ np.array([[1.0, 0.2, 0.2], [0.0, 1.0, 0.2], [0.0, 0.0, 1.0]])
    found = []
    for seed in range(6):
        noise = np.random.default_rng(seed).standard_normal((300, 6))
        latent = np.repeat(pairs, 2, axis=1) + 0.15 * noise
        result = reliability.omega_categorical(pd.DataFrame(np.digitize(latent, [-0.5, 0.5]) + 1.0))
        assert result.omega <= 1
        flagged = any("above 1" in note for note in result.notes)
        assert flagged == (result.omega_observed > 1)
        found.append(result.omega_observed)
    assert np.isfinite(found).all()


def test_negative_loadings_are_named_by_both_omegas() -> None:
    answers, _ = nested(60, 3, between=0.0, seed=6)
    codes = pd.DataFrame(np.digitize(answers, [-1.0, 0.0, 1.0]) + 1.0, columns=list("abcde"))
    codes["b"] = 5 - codes["b"]
    for result in (reliability.omega_total(codes), reliability.omega_categorical(codes)):
        assert any("negative loadings: b" in note for note in result.notes)


def test_alpha_of_one_has_no_interval_of_no_width() -> None:
    same = pd.DataFrame({name: [1.0, 2, 3, 4, 5, 2] for name in "abc"})
    for interval in ("feldt", "bootstrap"):
        result = reliability.cronbach_alpha(same, interval=interval, n_resamples=50)  # type: ignore[arg-type]
        assert result.raw == pytest.approx(1.0)
        assert np.isnan([result.lower, result.upper]).all()
        assert result.notes
