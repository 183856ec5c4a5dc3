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
    assert table.loc["same", "note"] == "all differences are equal"
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
