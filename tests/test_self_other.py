"""Self against peer ratings: base R, sandwich, published examples, identities and refusals."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from psychometrics import self_other
from psychometrics.errors import InputShapeError

REFERENCE = Path(__file__).parent / "reference"
CLOSED_FORM = 1e-10
NONCENTRAL = 1e-8  # both sides search the noncentral t distribution
ITEMS = [f"C1_0{i}" for i in range(1, 8)]


@pytest.fixture(scope="module")
def r() -> dict[str, Any]:
    results = json.loads((REFERENCE / "self_other.json").read_text())["results"]
    return {name: entry["value"] for name, entry in results.items()}


@pytest.fixture(scope="module")
def ratings() -> pd.DataFrame:
    """One row a person: own score, mean of the peers, number of peers, own engagement."""
    scores = pd.read_csv(REFERENCE / "data" / "sim52_scores.csv").set_index("id")
    peers = pd.read_csv(REFERENCE / "data" / "sim52_peers_C1.csv")
    each = peers[ITEMS].mean(axis=1).groupby(peers["ratee"])
    table = pd.DataFrame({"own": scores["C1"], "ENG": scores["ENG"]})
    return table.assign(peer=each.mean(), n=each.size())


def close(got: object, expected: object, tolerance: float = CLOSED_FORM) -> None:
    np.testing.assert_allclose(np.asarray(got, float), np.asarray(expected, float), rtol=tolerance, atol=tolerance)


def compare(ratings: pd.DataFrame, **options: Any) -> pd.Series:
    own, peer = ratings[["own"]].rename(columns={"own": "C1"}), ratings[["peer"]].rename(columns={"peer": "C1"})
    return self_other.compare(own, peer, **options).to_frame().iloc[0]


def test_difference_matches_r(ratings: pd.DataFrame, r: dict[str, Any]) -> None:
    row, expected = compare(ratings), r["t_test"]
    close([row["t"], row["df"], row["p"]], [expected["t"], expected["df"], expected["p"]])
    close(
        row[["difference", "difference_lower", "difference_upper"]].astype(float),
        [expected[name] for name in ("mean", "lower", "upper")],
    )


def test_standardised_difference_matches_r(ratings: pd.DataFrame, r: dict[str, Any]) -> None:
    row = compare(ratings)
    close(row[["d_z", "d_z_lower", "d_z_upper"]].astype(float), r["d_z"], NONCENTRAL)


def test_correlations_match_r(ratings: pd.DataFrame, r: dict[str, Any]) -> None:
    row = compare(ratings)
    close(row[["pearson", "pearson_lower", "pearson_upper"]].astype(float), r["pearson"])
    close(row["spearman"], r["spearman"])


def test_minimum_number_of_peers_matches_r(ratings: pd.DataFrame, r: dict[str, Any]) -> None:
    row = compare(ratings, n_peers=ratings["n"], minimum_peers=3)
    close([row["n"], row["pearson"], row["mean_n_peers"]], r["three_peers"])


def test_people_without_peers_are_counted(ratings: pd.DataFrame) -> None:
    own, peer = ratings[["own"]].rename(columns={"own": "C1"}), ratings[["peer"]].rename(columns={"peer": "C1"})
    assert self_other.compare(own, peer).n_without_peers == 500
    assert self_other.compare(own, peer, ratings["n"], 3).n_without_peers == 800 - 227


def test_competencies_in_one_table_only_are_named(ratings: pd.DataFrame) -> None:
    own = ratings[["own"]].assign(C2=1.0)
    result = self_other.compare(own, ratings[["peer"]].rename(columns={"peer": "own"}))
    assert result.notes == ("not in both tables, left out: C2",)
    assert result.table["competency"].tolist() == ["own"]


def test_swapping_self_and_peer_flips_the_signs(ratings: pd.DataFrame) -> None:
    there = compare(ratings)
    back = compare(ratings.rename(columns={"own": "peer", "peer": "own"}))
    close([back["difference"], back["d_z_lower"]], [-there["difference"], -there["d_z_upper"]])
    close(back["pearson"], there["pearson"])


@pytest.mark.parametrize("t", [0.0, 0.5, 3.0, -8.0, 60.0])
@pytest.mark.parametrize("df", [2, 20, 800])
def test_noncentrality_interval_puts_the_observed_t_in_the_tails(t: float, df: int) -> None:
    lower, upper = self_other.noncentrality_interval(t, df)
    close(stats.nct.cdf(t, df, lower), 0.975, 1e-6)
    close(stats.nct.cdf(t, df, upper), 0.025, 1e-6)


def test_what_cannot_be_compared_is_said() -> None:
    own = pd.DataFrame({"few": [1, 2, np.nan, np.nan], "flat": [3, 3, 3, 3.0], "same": [1, 2, 3, 4.0]})
    peer = pd.DataFrame({"few": [1, 2, 3, 4.0], "flat": [1, 2, 3, 4.0], "same": [1, 2, 3, 4.0]})
    table = self_other.compare(own, peer).to_frame().set_index("competency")
    assert table.loc["few", "note"] == "only 2 persons with self and peer scores"
    assert table.loc["flat", "note"] == "self scores do not vary"
    assert table.loc["same", "note"].startswith("all differences are equal; the pairs lie on one line")
    assert np.isnan(table.loc["flat", "pearson"]) and table.loc["same", "pearson"] == 1
    assert np.isfinite(table.loc["flat", "d_z"]) and np.isnan(table.loc["same", "d_z"])


def test_a_cohort_without_peers_runs_and_says_so(ratings: pd.DataFrame) -> None:
    result = self_other.compare(ratings[["own"]], ratings[["own"]] * np.nan)
    assert result.n_without_peers == len(ratings)
    assert result.table["note"].item() == "only 0 persons with self and peer scores"


def test_refusals(ratings: pd.DataFrame) -> None:
    with pytest.raises(InputShapeError, match="in common"):
        self_other.compare(ratings[["own"]], ratings[["peer"]])
    with pytest.raises(InputShapeError, match="needs n_peers"):
        compare(ratings, minimum_peers=3)
    with pytest.raises(InputShapeError, match="same index"):
        self_other.compare(ratings[["own"]], ratings[["own"]].iloc[::-1])


# Response surface


@pytest.mark.parametrize(("covariance", "name"), [("classical", "surface"), ("HC3", "surface_HC3")])
def test_response_surface_matches_r(covariance: str, name: str, ratings: pd.DataFrame, r: dict[str, Any]) -> None:
    result = self_other.response_surface(ratings["ENG"], ratings["own"], ratings["peer"], 3, covariance)
    expected, table = r[name], result.surface
    columns = {"estimate": "estimate", "standard_error": "se", "lower": "lower", "upper": "upper", "p": "p"}
    for ours, theirs in columns.items():
        close(table[ours], expected[theirs])
    close(result.polynomial.coefficients["estimate"], expected["coefficients"])
    close([result.increment_f, result.increment_p], r["surface_increment"])
    assert (result.n, result.n_dropped) == (300, 500)


def test_people_in_teams_match_the_sandwich_of_lm(ratings: pd.DataFrame, r: dict[str, Any]) -> None:
    full = pd.read_csv(REFERENCE / "data" / "sim52_full.csv").set_index("id")
    teams = pd.Series(full["team"].reindex(ratings.index).to_numpy(), ratings.index)
    own, peer, expected = ratings["own"], ratings["peer"], r["nested_mean"]
    row = self_other.compare(own.to_frame("C"), peer.to_frame("C"), clusters=teams).table.iloc[0]
    close(row[["difference", "difference_lower", "p"]], [expected[name] for name in ("estimate", "lower", "p")])
    close(row[["d_z_lower", "d_z_upper"]], [expected["d_lower"], expected["d_upper"]])
    assert (row["df"], row["n_clusters"]) == (expected["df"], expected["df"] + 1)
    limits = self_other.bland_altman(own, peer, clusters=teams)
    close([limits.bias, limits.bias_lower], [expected["estimate"], expected["lower"]])
    surface = self_other.response_surface(ratings["ENG"], own, peer, 3, "cluster", clusters=teams)
    close(surface.surface["standard_error"], r["nested_surface"]["se"])
    close([surface.increment_f, surface.increment_p], [r["nested_surface"]["F"], r["nested_surface"]["p"]])


def test_surface_prediction_reproduces_a_known_polynomial() -> None:
    generator = np.random.default_rng(5)
    s, p = generator.uniform(1, 5, 200), generator.uniform(1, 5, 200)
    z = 2 + 0.5 * (s - 3) - 0.2 * (p - 3) - 0.3 * (s - p) ** 2
    index = pd.RangeIndex(200)
    noise = 1e-6 * generator.standard_normal(200)
    result = self_other.response_surface(*(pd.Series(x, index) for x in (z + noise, s, p)), centre=3)
    surface = result.surface.set_index("parameter")["estimate"]
    close(surface[["a1", "a2", "a3", "a4", "a5"]], [0.3, 0.0, 0.7, -1.2, 0.0], 1e-5)
    close(result.predict(s[:5], p[:5]), z[:5], 1e-5)


def test_swapping_self_and_peer_mirrors_the_surface(ratings: pd.DataFrame) -> None:
    there = self_other.response_surface(ratings["ENG"], ratings["own"], ratings["peer"], 3).surface["estimate"]
    back = self_other.response_surface(ratings["ENG"], ratings["peer"], ratings["own"], 3).surface["estimate"]
    close(back, there * np.array([1, 1, -1, 1, -1]), 1e-8)


# Limits of agreement and profiles


def test_bland_altman_matches_r(ratings: pd.DataFrame, r: dict[str, Any]) -> None:
    result = self_other.bland_altman(ratings["own"], ratings["peer"])
    close([result.bias, result.lower_limit, result.upper_limit, result.slope], r["bland_altman"])
    close([result.bias_lower, result.bias_upper], [r["t_test"]["lower"], r["t_test"]["upper"]])


@pytest.mark.repeated
@pytest.mark.parametrize("nested", [False, True])
def test_bland_altman_limits_cover_at_the_nominal_rate(nested: bool) -> None:
    generator, hits, draws = np.random.default_rng(6), 0, 200
    teams = pd.Series(np.repeat(range(30), 4)) if nested else None
    for _ in range(draws):
        d = generator.standard_normal(120)
        if teams is not None:
            d = (np.repeat(generator.standard_normal(30), 4) + d) / np.sqrt(2)
        base = pd.Series(generator.standard_normal(120))
        result = self_other.bland_altman(base + d / 2, base - d / 2, clusters=teams)
        hits += result.upper_limit_lower <= stats.norm.ppf(0.975) <= result.upper_limit_upper
    assert abs(hits / draws - 0.95) < 3 * np.sqrt(0.95 * 0.05 / draws)


def test_bland_altman_refusals() -> None:
    from psychometrics.errors import ConstantItemError, TooFewPersonsError

    with pytest.raises(TooFewPersonsError, match="need four"):
        self_other.bland_altman(pd.Series([1.0, 2, 3]), pd.Series([1.0, 2, 2]))
    with pytest.raises(ConstantItemError, match="every difference is 0: limits of agreement have no width"):
        self_other.bland_altman(pd.Series([1.0, 2, 3, 4]), pd.Series([1.0, 2, 3, 4]))


def test_peer_standard_error_pools_the_spread_within_persons() -> None:
    ratings = pd.DataFrame({"C1": [1, 3, 2, 4, 3.0]})
    persons = pd.Series(["a", "a", "b", "b", "c"])
    errors = self_other.peer_standard_error(ratings, persons, pd.Index(["c", "a", "b", "nobody"]))
    close(errors["C1"][:3], [np.sqrt(2), 1, 1])
    assert np.isnan(errors.loc["nobody", "C1"])
    with pytest.raises(InputShapeError, match="no person has two peers"):
        self_other.peer_standard_error(ratings[:1], persons[:1])


def test_profiles_cry_wolf_at_the_stated_rate_when_nobody_differs() -> None:
    generator, people = np.random.default_rng(9), 4000
    true = generator.standard_normal(people)
    own = pd.DataFrame({"C1": true + 0.4 * generator.standard_normal(people)})
    peer = pd.DataFrame({"C1": true + 0.5 * generator.standard_normal(people)})
    result = self_other.agreement_profiles(own, peer, pd.Series({"C1": 0.4}), peer * 0 + 0.5, confidence=0.90)
    row = result.to_frame().iloc[0]
    share = row["share_self_higher"] + row["share_self_lower"]
    assert abs(share - 0.10) < 3 * np.sqrt(0.10 * 0.90 / people)
    assert row["expected_by_chance"] == pytest.approx(0.10)


def test_profiles_need_more_than_a_raw_difference() -> None:
    own, peer = pd.DataFrame({"C1": [4.5, 4.5, 2.0, np.nan]}), pd.DataFrame({"C1": [3.5, 3.5, 3.5, 3.0]})
    errors = pd.DataFrame({"C1": [0.2, 0.9, 0.2, 0.2]})
    persons = self_other.agreement_profiles(own, peer, pd.Series({"C1": 0.3}), errors).persons
    assert persons["profile"].tolist() == ["self higher", "no clear difference", "self lower", "not compared"]


def test_profile_refusals() -> None:
    table = pd.DataFrame({"C1": [1.0, 2.0]})
    with pytest.raises(InputShapeError, match=r"lacks the competencies \['C1'\]"):
        self_other.agreement_profiles(table, table, pd.Series({"C2": 0.3}), table)
    with pytest.raises(InputShapeError, match="competencies of self scores and peer means"):
        self_other.agreement_profiles(table, table.rename(columns={"C1": "C2"}), pd.Series({"C1": 0.3}), table)


# Multitrait-multisource


def test_multisource_matrix_holds_the_pairwise_correlations() -> None:
    from psychometrics.association import spearman_matrix

    generator = np.random.default_rng(14)
    trait = generator.standard_normal((120, 3))
    own = pd.DataFrame(trait + generator.standard_normal((120, 3)), columns=list("abc"))
    peer = pd.DataFrame(trait + generator.standard_normal((120, 3)), columns=list("abc"))
    result = self_other.multitrait_multisource(own, peer)
    between = spearman_matrix(own.add_prefix("self: "), peer.add_prefix("peer: ")).to_matrix()
    close(result.matrix.loc[between.index, between.columns], between)
    close(result.to_frame()["validity"], np.diag(between))
    # Independent traits: each validity beats every other correlation.
    assert (result.criteria["exceeds_other_source"] == 4).all()
    assert (result.criteria["comparisons_same_source"] == 4).all()
    assert result.summary["n_correlations"].tolist() == [3, 3, 3, 6]


def test_a_general_impression_shows_as_same_source_inflation() -> None:
    generator = np.random.default_rng(15)
    trait, halo = generator.standard_normal((400, 3)), generator.standard_normal((400, 1))
    own = pd.DataFrame(trait + 2 * halo, columns=list("abc"))
    peer = pd.DataFrame(trait + generator.standard_normal((400, 3)), columns=list("abc"))
    blocks = self_other.multitrait_multisource(own, peer).summary.set_index("block")["mean"]
    assert blocks["other competency, same source (self)"] > blocks["same competency, other source"]


def test_multisource_refusals() -> None:
    table = pd.DataFrame({"a": [1.0, 2, 3], "b": [2.0, 1, 3]})
    with pytest.raises(InputShapeError, match="1 competencies in common"):
        self_other.multitrait_multisource(table, table[["a"]])
