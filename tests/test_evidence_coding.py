"""Agreement of the passes, settled codes, saturation and appraisal."""

from __future__ import annotations

import json
import random
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from review_folder import append_row, copy_of_the_real_review
from review_rows import (
    CLOSED_FORM,
    NO_BOOTSTRAP,
    PRINTED,
    REFERENCE,
    both_rows,
    coded_rows,
    small_review,
    the_real_review,
    title_row,
)

from compendium import review as evidence
from compendium.review.rater_agreement import agreement_of_two, decisions


@pytest.mark.parametrize("stage", ["title", "facts"])
def test_screening_agreement_matches_psych_and_base_r(stage: str) -> None:
    expected = json.loads((REFERENCE / "evidence.json").read_text())["results"][stage]["value"]
    passes = pd.read_csv(REFERENCE / "data" / "evidence_passes.csv").query("stage == @stage").set_index("record")
    found = agreement_of_two(passes["pass_1"], passes["pass_2"], **NO_BOOTSTRAP)
    names = ("n", "observed", "kappa", "ac1", "alpha", "prevalence_index", "bias_index")
    assert [found[name] for name in names] == pytest.approx([expected[name] for name in names], abs=CLOSED_FORM)
    assert found["kappa"] == pytest.approx(expected["kappa_vcd"], abs=CLOSED_FORM)
    assert found["kappa_upper"] - found["kappa"] == pytest.approx(1.959963984540054 * expected["kappa_error"], abs=1e-6)


# Feinstein & Cicchetti 1990, tables 1 and 2; indices from Byrt, Bishop & Carlin 1993.
@pytest.mark.parametrize(
    ("table", "kappa", "prevalence", "bias"),
    [((40, 9, 6, 45), 0.70, 0.05, 0.03), ((80, 10, 5, 5), 0.32, 0.75, 0.05)],
)
def test_the_kappa_paradox_matches_feinstein_and_cicchetti(
    table: tuple[int, ...], kappa: float, prevalence: float, bias: float
) -> None:
    first = pd.Series(np.repeat([1, 1, 0, 0], table))
    second = pd.Series(np.repeat([1, 0, 1, 0], table))
    found = agreement_of_two(first, second, **NO_BOOTSTRAP)
    assert found["observed"] == pytest.approx(0.85, abs=CLOSED_FORM)
    assert found["kappa"] == pytest.approx(kappa, abs=PRINTED)
    assert (found["prevalence_index"], found["bias_index"]) == pytest.approx((prevalence, bias), abs=CLOSED_FORM)


def test_agreement_where_nothing_varies_says_so() -> None:
    same = pd.Series([1.0, 1.0, 1.0])
    found = agreement_of_two(same, same, **NO_BOOTSTRAP)
    assert np.isnan(found["kappa"])
    assert found["note"] == "one category in use: agreement beyond chance is not defined"
    assert (found["observed"], found["observed_upper"]) == (1.0, pytest.approx(1.0))


def test_full_agreement_of_37_has_the_bound_of_wilson() -> None:
    ratings = pd.Series([1.0] * 30 + [0.0] * 7)
    found = agreement_of_two(ratings, ratings, **NO_BOOTSTRAP)
    assert found["observed_lower"] == pytest.approx(0.906, abs=0.0005)
    for name in ("observed", "kappa", "ac1"):
        assert found[f"{name}_lower"] < found[name] == found[f"{name}_upper"] == pytest.approx(1.0)


def test_agreement_counts_only_records_both_saw(tmp_path: Path) -> None:
    rows = [
        title_row("r0", "a"),
        title_row("r0", "b"),
        title_row("r1", "a"),
        title_row("r2", "c"),
        title_row("r2", "b"),
    ]
    review = evidence.load_review(small_review(tmp_path, screening=rows))
    table = evidence.screening_agreement(review, **NO_BOOTSTRAP).set_index(["stage", "first", "second"])["n"]
    assert table["title", "a", "b"] == 1
    assert table["title", "a", "c"] == 0
    assert table["title", "b", "c"] == 1
    assert decisions(review, "title").shape == (3, 3)


# Codes


def _coded_review(folder: Path) -> evidence.Review:
    names = ("r0", "r1", "r2")
    coding = [
        *coded_rows("r0", "a", "person", "home"),
        *coded_rows("r0", "b", "person", "teamwork", "home"),
        *coded_rows("r1", "a", "teamwork", "home"),
        *coded_rows("r1", "b", "teamwork", "hospital"),
        *coded_rows("r2", "a", "person", "home"),
    ]
    ruled = [("r1", "home", "yes", "x"), ("r1", "hospital", "no", "x"), ("r3", "person", "yes", "not included")]
    return evidence.load_review(
        small_review(
            folder,
            screening=[row for name in names for row in both_rows(name)],
            coding=coding,
            coding_adjudication=ruled,
        )
    )


def test_consensus_takes_agreement_then_rulings_and_leaves_the_rest_open(tmp_path: Path) -> None:
    table = evidence.consensus(_coded_review(tmp_path))
    assert table.loc["r0"].to_dict() == {"person": "yes", "teamwork": "open", "home": "yes", "hospital": "no"}
    assert table.loc["r1"].to_dict() == {"person": "no", "teamwork": "yes", "home": "yes", "hospital": "no"}
    assert set(table.loc["r2"]) == {"not coded"}
    assert list(table.index) == ["r0", "r1", "r2"]


def test_open_codes_and_counts_follow_the_consensus(tmp_path: Path) -> None:
    review = _coded_review(tmp_path)
    assert evidence.open_codes(review).to_numpy().tolist() == [["r0", "teamwork"]]
    assert evidence.code_counts(review).set_index("code")["n"].to_dict() == {
        "person": 1,
        "teamwork": 1,
        "home": 2,
        "hospital": 0,
    }


def test_the_map_counts_every_cell(tmp_path: Path) -> None:
    cells = evidence.evidence_map(_coded_review(tmp_path), pd.Series({"r0": 0.25, "r1": 0.75}), facet="setting")
    shown = cells.set_index(["competency", "facet_code"])
    assert shown["n"].to_dict() == {
        ("person", "home"): 1,
        ("person", "hospital"): 0,
        ("teamwork", "home"): 1,
        ("teamwork", "hospital"): 0,
    }
    assert shown.loc[("person", "home"), "quality"] == 0.25
    assert np.isnan(shown.loc[("person", "hospital"), "quality"])


def test_expected_saturation_is_the_mean_over_all_orders() -> None:
    review = the_real_review()
    curve = evidence.saturation(review)
    matrix = evidence.coded(review)[review.competency_codes].to_numpy()
    draw = random.Random(2)
    orders = [draw.sample(range(len(matrix)), len(matrix)) for _ in range(4000)]
    for n in (1, 3, 8):
        seen = [matrix[order[:n]].any(axis=0).sum() for order in orders]
        error = np.std(seen) / np.sqrt(len(seen))
        assert curve["expected"].iloc[n - 1] == pytest.approx(np.mean(seen), abs=4 * error)
    assert curve["expected"].iloc[-1] == pytest.approx(matrix.any(axis=0).sum(), abs=CLOSED_FORM)
    assert curve["found"].iloc[-1] == matrix.any(axis=0).sum()


# Appraisal


def test_appraisal_shares_count_only_items_that_apply(tmp_path: Path) -> None:
    folder = copy_of_the_real_review(tmp_path)
    append_row(folder / "appraisal.csv", ("teamcare", "pass_2", "AACODS", "date", "yes", "x"))
    append_row(folder / "appraisal.csv", ("teamcare", "pass_1", "MMAT 2018", "5.1", "not applicable", "x"))
    review = evidence.load_review(folder)
    row = evidence.appraisal_by_record(review).loc["teamcare"]
    assert row["judged"] == 6
    assert row["yes_share"] == row["yes"] / 6
    table = evidence.judgements(review).set_index(["record", "item"])
    assert table.loc[("teamcare", "date"), "judgement"] == "cannot tell"
    assert not table.loc[("teamcare", "date"), "agreed"]


def test_appraisal_summary_counts_every_judgement() -> None:
    review = the_real_review()
    summary = evidence.appraisal_summary(review)
    assert summary[["yes", "no", "cannot tell", "not applicable"]].to_numpy().sum() == len(evidence.judgements(review))
