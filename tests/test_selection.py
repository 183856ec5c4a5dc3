"""Item screening: correlations against R, planted faults, the order of the rules, refusals."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from psychometrics import selection
from psychometrics.errors import CodingError, InputShapeError, PsychometricsError

REFERENCE = Path(__file__).parent / "reference"
CLOSED_FORM = 1e-10


@pytest.fixture(scope="module")
def r() -> dict[str, Any]:
    return json.loads((REFERENCE / "selection.json").read_text())["results"]["screen"]["value"]


@pytest.fixture(scope="module")
def clean() -> pd.DataFrame:
    return pd.read_csv(REFERENCE / "data" / "sim52.csv").filter(regex=r"^C\d_")


@pytest.fixture(scope="module")
def responses(clean: pd.DataFrame) -> pd.DataFrame:
    copied = clean.assign(C1_02=clean["C1_01"])
    copied.loc[[2, 49, 119], "C1_02"] = [2.0, 4.0, 1.0]
    return copied


@pytest.fixture(scope="module")
def scales(clean: pd.DataFrame) -> dict[str, list[str]]:
    names = clean.columns.to_series().groupby(clean.columns.str[:2])
    return {str(scale): items.tolist() for scale, items in names}


def close(got: object, expected: object) -> None:
    np.testing.assert_allclose(np.asarray(got, float), np.asarray(expected, float), rtol=CLOSED_FORM, atol=CLOSED_FORM)


def row(result: selection.ItemScreening, item: str) -> pd.Series:
    return result.to_frame().set_index("item").loc[item]


def test_correlations_match_r(responses: pd.DataFrame, scales: Any, r: dict[str, Any]) -> None:
    result = selection.screen_items(responses, scales)
    table = result.to_frame()
    close(table["item_total"], r["item_total"])
    close(table["item_rest"], r["item_rest"])
    close(table["highest_inter_item"], r["highest"])
    assert table["highest_with"].tolist() == r["highest_with"]
    close(result.redundant_pairs["rho"], [r["pair"]])


def test_of_a_redundant_pair_the_weaker_goes_alone(responses: pd.DataFrame, scales: Any) -> None:
    result = selection.screen_items(responses, scales)
    pair = row(result, "C1_01"), row(result, "C1_02")
    weaker = min(pair, key=lambda item: item["item_rest"])
    assert result.redundant_pairs["dropped"].tolist() == [weaker.name]
    assert result.to_frame()["decision"].value_counts().to_dict() == {"keep": 51, "drop": 1}
    other = max(pair, key=lambda item: item["item_rest"]).name
    assert weaker["reasons"].startswith(f"inter-item correlation 1.00 with {other}, above 0.90; weaker item-rest")
    assert len(result.kept) == 51


def test_a_weak_item_is_dropped_with_its_value(clean: pd.DataFrame, scales: Any) -> None:
    noise = np.random.default_rng(1).integers(1, 6, len(clean)).astype(float)
    item = row(selection.screen_items(clean.assign(C4_01=noise), scales), "C4_01")
    assert item["decision"] == "drop"
    assert item["reasons"] == f"corrected item-total correlation {item['item_rest']:.2f}, not above 0.20"
    uncorrected = row(selection.screen_items(clean.assign(C4_01=noise), scales, correct_overlap=False), "C4_01")
    assert uncorrected["item_total"] > 0.3
    assert uncorrected["decision"] == "keep"


def test_the_limits_are_those_of_the_abstract() -> None:
    """Above .2 and at most .9: an item exactly at the minimum goes, a pair exactly at the maximum stays."""
    table = pd.DataFrame(np.random.default_rng(0).integers(1, 6, (200, 4)).astype(float), columns=list("abcd"))
    free = selection.screen_items(table, minimum_item_total=-1)
    strict = selection.screen_items(table, minimum_item_total=row(free, "a")["item_rest"])
    assert row(strict, "a")["decision"] == "drop"
    highest = free.to_frame()["highest_inter_item"].max()
    for limit, pairs in ((highest, 0), (highest - 1e-9, 1)):
        result = selection.screen_items(table, minimum_item_total=-1, maximum_inter_item=limit)
        assert len(result.redundant_pairs) == pairs


def test_of_three_alike_two_go(clean: pd.DataFrame, scales: Any) -> None:
    result = selection.screen_items(clean.assign(C1_02=clean["C1_01"], C1_03=clean["C1_01"]), scales)
    dropped = result.to_frame().query("decision == 'drop'")["item"].tolist()
    assert dropped == ["C1_02", "C1_03"]
    assert len(result.redundant_pairs) == 3
    assert (result.redundant_pairs["dropped"] == "").sum() == 1
    assert "equal item-rest correlations, the later item" in row(result, "C1_03")["reasons"]


def test_an_item_dropped_as_weak_takes_no_other_with_it() -> None:
    generator = np.random.default_rng(7)
    good = generator.standard_normal((500, 1)) + 0.7 * generator.standard_normal((500, 4))
    weak = generator.standard_normal(500)
    table = pd.DataFrame(good, columns=list("abcd")).assign(x=weak, y=weak + 0.05 * generator.standard_normal(500))
    result = selection.screen_items(table, minimum_item_total=0.55)
    assert set(result.to_frame().query("decision == 'drop'")["item"]) == {"x", "y"}
    assert "inter-item" not in row(result, "x")["reasons"] + row(result, "y")["reasons"]


def test_a_contradicted_key_is_reviewed_not_dropped(clean: pd.DataFrame, scales: Any) -> None:
    result = selection.screen_items(clean.assign(C2_01=6 - clean["C2_01"]), scales, key_contradicted=["C2_01"])
    item = row(result, "C2_01")
    assert item["decision"] == "review"
    assert item["reasons"].startswith("answers contradict the declared direction")
    assert "item-total correlation -" in item["reasons"]


def test_an_item_nobody_varies_on_is_dropped_with_that_reason(clean: pd.DataFrame, scales: Any) -> None:
    item = row(selection.screen_items(clean.assign(C3_01=3.0), scales), "C3_01")
    assert np.isnan(item["item_total"])
    assert item["decision"] == "drop"
    assert item["reasons"] == "item-total correlation undefined: everybody gives the same answer"


def test_checks_show_their_values_and_reasons(clean: pd.DataFrame, scales: Any) -> None:
    missing = clean.isna().mean()
    check = selection.threshold_check("missing", missing, maximum=missing.quantile(0.9), label="share missing")
    result = selection.screen_items(clean, scales, checks=[check]).to_frame()
    close(result["missing"], missing)
    flagged = result["missing"] > missing.quantile(0.9)
    assert (result.loc[flagged, "decision"] == "review").all()
    assert (result.loc[~flagged, "decision"] == "keep").all()
    assert result.loc[flagged, "reasons"].str.startswith("share missing 0.0").all()


def test_a_check_may_drop_and_several_reasons_add_up(clean: pd.DataFrame) -> None:
    values = pd.Series({"C1_01": 0.5, "C1_02": 0.95})
    checks = [
        selection.threshold_check("relevance", values, minimum=0.78, decision="drop"),
        selection.threshold_check("other", values, minimum=0.6),
    ]
    table = selection.screen_items(clean, checks=checks).to_frame().set_index("item")
    assert table.loc["C1_01", "decision"] == "drop"
    assert table.loc["C1_01", "reasons"] == "relevance 0.50, under 0.78; other 0.50, under 0.60"
    assert table.loc["C1_02", "decision"] == "keep"
    assert np.isnan(table.loc["C1_03", "relevance"])


def test_a_check_that_keeps_notes_its_reason_and_drops_nothing(clean: pd.DataFrame, scales: Any) -> None:
    first, second = clean.columns[:2]
    noted = selection.threshold_check("missing_share", pd.Series({first: 0.2, second: 0.1}), maximum=0.15,
                                      decision="keep", label="share not answered")  # fmt: skip
    result = selection.screen_items(clean, scales, checks=[noted])
    assert row(result, first)["decision"] == "keep"
    assert row(result, first)["reasons"] == "share not answered 0.20, over 0.15"
    assert row(result, second)["reasons"] == ""
    assert first in result.kept


def test_a_note_softens_no_other_decision(clean: pd.DataFrame, scales: Any) -> None:
    first = clean.columns[0]
    value = pd.Series({first: 0.1})
    found = [selection.threshold_check(name, value, minimum=0.4, decision=decision)
             for name, decision in (("one", "drop"), ("two", "keep"))]  # fmt: skip
    for checks in (found, found[::-1]):
        assert row(selection.screen_items(clean, scales, checks=checks), first)["decision"] == "drop"


def test_cross_loadings_follow_howards_rule() -> None:
    loadings = pd.DataFrame(
        {"F1": [0.70, 0.35, 0.65, 0.45, -0.60], "F2": [0.10, 0.10, 0.35, 0.28, 0.05]}, index=list("abcde")
    )
    check = selection.cross_loading_check(loadings)
    close(check.values, [0.10, 0.10, 0.35, 0.28, 0.05])
    assert check.reasons.tolist() == [
        "", "largest loading 0.35, under 0.40", "loads on F1 (0.65) and on F2 (0.35)",
        "loads on F1 (0.45) and on F2 (0.28)", "",
    ]  # fmt: skip


def test_category_check_flags_the_lopsided() -> None:
    table = pd.DataFrame({"a": [5] * 9 + [1], "b": [1, 2, 3, 4, 5] * 2, "c": [5] * 8 + [1, np.nan]})
    check = selection.category_check(table)
    close(check.values, [0.9, 0.2, 8 / 9])
    assert (check.reasons != "").tolist() == [True, False, True]


def test_refusals(clean: pd.DataFrame, scales: dict[str, list[str]]) -> None:
    with pytest.raises(InputShapeError, match="in scale 'C1' already"):
        selection.screen_items(clean, scales | {"again": ["C1_01", "C1_02"]})
    with pytest.raises(InputShapeError, match="'typo', which is not a column"):
        selection.screen_items(clean, {"C1": ["C1_01", "typo"]})
    with pytest.raises(InputShapeError, match="in no scale: C1_03"):
        selection.screen_items(clean, {"C1": ["C1_01", "C1_02"]})
    with pytest.raises(InputShapeError, match="has 1 item"):
        selection.screen_items(clean, {"C1": ["C1_01"]})
    with pytest.raises(InputShapeError, match="key_contradicted names items"):
        selection.screen_items(clean, scales, key_contradicted=["typo"])
    with pytest.raises(InputShapeError, match="at least two items"):
        selection.screen_items(clean[["C1_01"]])
    with pytest.raises(CodingError, match="not numbers"):
        selection.screen_items(clean.assign(C1_01="often"))
    with pytest.raises(PsychometricsError, match="has no limit"):
        selection.threshold_check("missing", clean.isna().mean())


# The best set


def pool(seed: int, n: int = 12) -> tuple[pd.Series, dict[str, list[str]]]:
    names = [f"i{k:02d}" for k in range(n)]
    values = pd.Series(np.random.default_rng(seed).uniform(0.2, 0.9, n), names)
    return values, {"A": names[:4], "B": names[4:8], "C": names[8:]}


@pytest.mark.parametrize("seed", range(6))
def test_best_set_matches_complete_enumeration(seed: int) -> None:
    from itertools import combinations

    values, scales = pool(seed)
    pairs = [("i00", "i01"), ("i05", "i09")]
    themes = {"t": ["i03", "i10"]}
    result = selection.select_items(
        values, scales, 6, minimum_per_scale=1, maximum_per_scale=3, redundant_pairs=pairs, coverage=themes
    )

    def allowed(items: tuple[str, ...]) -> bool:
        counts = [sum(item in members for item in items) for members in scales.values()]
        apart = not any(a in items and b in items for a, b in pairs)
        return min(counts) >= 1 and max(counts) <= 3 and apart and any(item in items for item in themes["t"])

    best = max(values[list(items)].sum() for items in combinations(values.index, 6) if allowed(items))
    assert result.objective == pytest.approx(best, abs=1e-9)
    assert allowed(tuple(result.chosen))
    assert result.scales["n_chosen"].sum() == 6


def test_as_many_as_deserve_it() -> None:
    values, scales = pool(3)
    result = selection.select_items(values, scales, None, minimum_value=0.5, minimum_per_scale=1)
    above = set(values.index[values > 0.5])
    assert above <= set(result.chosen)
    extra = set(result.chosen) - above
    assert all(not above & set(members) for members in scales.values() if extra & set(members))


def test_smallest_number_may_differ_by_scale() -> None:
    values, scales = pool(4)
    each = {"A": 3, "B": 1}
    result = selection.select_items(values, scales, 6, minimum_per_scale=each)
    taken = result.scales.set_index("scale")["n_chosen"]
    assert taken["A"] >= 3 and taken["B"] >= 1
    assert [name for name in result.constraints if name.startswith("at least")] == [
        "at least 3 items of A",
        "at least 1 items of B",
    ]
    same = selection.select_items(values, scales, 6, minimum_per_scale=dict.fromkeys(scales, 2))
    assert same.chosen == selection.select_items(values, scales, 6, minimum_per_scale=2).chosen


def test_smallest_number_of_a_weak_scale_costs_the_others() -> None:
    values, scales = pool(5)
    weak = values.where(~values.index.isin(scales["B"]), values * 0.1)
    assert not set(scales["B"]) & set(selection.select_items(weak, scales, 6).chosen)
    assert len(set(scales["B"]) & set(selection.select_items(weak, scales, 6, minimum_per_scale={"B": 2}).chosen)) == 2


def test_equal_items_are_taken_in_order() -> None:
    _, scales = pool(0)
    values = pd.Series(0.5, [item for members in scales.values() for item in members])
    assert selection.select_items(values, scales, 5).chosen == list(values.index[:5])


def test_reasons_for_staying_out() -> None:
    values, scales = pool(1)
    best = values.idxmax()
    partner = values.drop(best).idxmax()
    excluded = values.idxmin()
    table = selection.select_items(
        values, scales, 8, redundant_pairs=[(best, partner)], excluded={excluded: "differential functioning"}
    ).to_frame().set_index("item")  # fmt: skip
    assert table.loc[best, "reason"] == "chosen"
    assert table.loc[partner, "reason"] == f"redundant with {best}"
    assert table.loc[excluded, "reason"] == "excluded: differential functioning"


def test_clashing_constraints_are_named_and_no_others() -> None:
    from psychometrics.errors import ModelError

    values, scales = pool(2)
    with pytest.raises(ModelError) as caught:
        selection.select_items(
            values, scales, 6, minimum_per_scale=1, required=["i00"], redundant_pairs=[("i08", "i09")],
            excluded=dict.fromkeys(scales["B"], "unfair"),
        )  # fmt: skip
    message = str(caught.value)
    assert "at least 1 items of B" in message
    assert all(f"{name} excluded (unfair)" in message for name in scales["B"])
    assert "i00" not in message and "i08" not in message and "items of A" not in message and "in all" not in message


def test_optimal_selection_refusals() -> None:
    values, scales = pool(0)
    with pytest.raises(InputShapeError, match=r"differ in \['i00'\]"):
        selection.select_items(values.drop("i00"), scales, 5)
    with pytest.raises(InputShapeError, match="none missing"):
        selection.select_items(values.mask(values.index == "i00"), scales, 5)
    with pytest.raises(InputShapeError, match="names unknown items"):
        selection.select_items(values, scales, 5, required=["typo"])


# Stability


def six_items(n: int = 300) -> pd.DataFrame:
    generator = np.random.default_rng(41)
    trait = generator.standard_normal((n, 1))
    good = trait + 0.8 * generator.standard_normal((n, 4))
    return pd.DataFrame(np.hstack([good, generator.standard_normal((n, 2))]), columns=[*"abcd", "x", "y"])


def choose_by_screening(responses: pd.DataFrame) -> list[str]:
    return selection.screen_items(responses).kept


def alpha(responses: pd.DataFrame, chosen: list[str]) -> dict[str, float]:
    part, k = responses[chosen], len(chosen)
    return {"alpha": k / (k - 1) * (1 - part.var().sum() / part.sum(axis=1).var())}


def test_good_items_are_always_chosen_and_noise_seldom() -> None:
    result = selection.selection_stability(six_items(), choose_by_screening, alpha, n_resamples=60, seed=2)
    share = result.to_frame().set_index("item")["share"]
    assert (share[list("abcd")] == 1).all()
    assert (share[["x", "y"]] < 0.2).all()
    assert result.agreement > 0.85
    row = result.held_out.iloc[0]
    assert row["lower"] < row["held_out"] < row["upper"]
    assert abs(row["optimism"]) < 0.05


def test_choosing_the_luckiest_noise_shows_as_optimism() -> None:
    """Sixty items of noise, the two most alike kept: their correlation does not return in other people."""
    noise = pd.DataFrame(np.random.default_rng(43).standard_normal((80, 60)), columns=[f"n{k}" for k in range(60)])

    def luckiest(responses: pd.DataFrame) -> list[str]:
        matrix = responses.corr().mask(np.eye(60, dtype=bool))
        first = str(matrix.max().idxmax())
        return [first, str(matrix[first].idxmax())]

    def correlation(responses: pd.DataFrame, chosen: list[str]) -> dict[str, float]:
        return {"r": responses[chosen].corr().iloc[0, 1]}

    row = selection.selection_stability(noise, luckiest, correlation, n_resamples=40, seed=1).held_out.iloc[0]
    assert row["on_all"] > 0.3
    assert row["optimism"] > 0.15


def test_stability_does_not_depend_on_the_number_of_workers() -> None:
    one = selection.selection_stability(six_items(100), choose_by_screening, n_resamples=20, seed=5)
    import joblib

    with joblib.parallel_config(backend="threading", n_jobs=2):
        two = selection.selection_stability(six_items(100), choose_by_screening, n_resamples=20, seed=5)
    pd.testing.assert_frame_equal(one.items, two.items)
    assert one.held_out.empty


def test_of_very_many_people_so_many_are_drawn_and_as_many_others_measured() -> None:
    sizes: list[tuple[int, int]] = []

    def choose(responses: pd.DataFrame) -> list[str]:
        sizes.append((len(responses), 0))
        return ["a", "b"]

    def measure(responses: pd.DataFrame, chosen: list[str]) -> dict[str, float]:
        sizes[-1] = sizes[-1][0], len(responses)
        return {"persons": float(responses.index.nunique())}

    answers = six_items(100)
    few = selection.selection_stability(answers, choose, measure, n_resamples=4, seed=5, n_jobs=1, most_drawn=30)
    assert sizes[1:5] == [(30, 30)] * 3 + [(30, 100)]  # the last is measured on everybody after the samples
    assert few.held_out.loc[0, ["on_all", "held_out"]].tolist() == [100, 30]
    assert len(few.notes) == 1 and "30 of the 100" in few.notes[0]
    everybody = selection.selection_stability(answers, choose, measure, n_resamples=4, seed=5, n_jobs=1)
    enough = selection.selection_stability(answers, choose, measure, n_resamples=4, seed=5, n_jobs=1, most_drawn=100)
    pd.testing.assert_frame_equal(enough.held_out, everybody.held_out)
    assert not enough.notes and not everybody.notes


def test_stability_refusals() -> None:
    with pytest.raises(InputShapeError, match="not in the responses"):
        selection.selection_stability(six_items(), lambda table: ["typo"], n_resamples=5)
    from psychometrics.errors import TooFewPersonsError

    with pytest.raises(TooFewPersonsError, match="9 persons"):
        selection.selection_stability(six_items(9), choose_by_screening)
