"""What an item is worth to its scale, and quick rank correlations: slow definitions, other estimators, truth."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from scipy import integrate, stats

from psychometrics._ranks import MOST_VALUES, pairwise_spearman
from psychometrics.efa import fit_efa
from psychometrics.errors import ConstantItemError, InputShapeError
from psychometrics.irt import fit_graded_response
from psychometrics.selection import graded_information
from psychometrics.selection._rank_correlations import rest_and_total, spearman
from psychometrics.selection.merit import LOGISTIC, _expected

DATA = Path(__file__).parent / "reference" / "data"
CLOSED_FORM = 1e-10
# 41 points from -6 to 6 against adaptive quadrature over the whole line
QUADRATURE = 1e-6
ITERATIVE = 1e-4
# Limited information, and the normal ogive in place of the logistic curve: sizes as measured, orders nearly the same.
SIMULATED_SIZE = (0.85, 1.10)
# Of bfi's neuroticism two items share more than the trait, which the estimators weigh differently.
REAL_SIZE = (0.60, 1.20)
CUTS = np.array([-1.0, -0.2, 0.7, 1.4])


def ogive(loadings: list[float], n: int, seed: int) -> pd.DataFrame:
    """Return answers of one factor cut at the same places."""
    draw = np.random.default_rng(seed)
    trait, strength = draw.normal(size=(n, 1)), np.array(loadings)
    continuous = strength * trait + np.sqrt(1 - strength**2) * draw.normal(size=(n, len(loadings)))
    names = [f"i{number}" for number in range(1, len(loadings) + 1)]
    return pd.DataFrame(1.0 + np.searchsorted(CUTS, continuous), columns=names)


@pytest.fixture(scope="module")
def bfi() -> tuple[pd.DataFrame, dict[str, list[str]]]:
    answers = pd.read_csv(DATA / "bfi.csv").iloc[:, :25]
    return answers, {trait: [f"{trait}{number}" for number in range(1, 6)] for trait in "ACENO"}


@pytest.fixture(scope="module")
def simulated() -> tuple[pd.DataFrame, dict[str, list[str]]]:
    answers = pd.read_csv(DATA / "sim52.csv").filter(regex=r"^C\d_")
    scales = pd.Series(answers.columns, answers.columns).groupby(answers.columns.str[:2]).agg(list)
    return answers, scales.to_dict()


def by_likelihood(answers: pd.DataFrame, scales: dict[str, list[str]]) -> pd.Series:
    parts = [fit_graded_response(answers[items]).expected_information().reindex(items) for items in scales.values()]
    return pd.concat(parts)


# Information


@pytest.mark.parametrize(("name", "rank", "size"), [("simulated", 0.99, SIMULATED_SIZE), ("bfi", 0.97, REAL_SIZE)])
def test_information_orders_items_as_marginal_maximum_likelihood_does(
    name: str, rank: float, size: tuple[float, float], request: pytest.FixtureRequest
) -> None:
    answers, scales = request.getfixturevalue(name)
    quick, slow = graded_information(answers, scales), by_likelihood(answers, scales)
    assert list(quick.index) == [item for items in scales.values() for item in items]
    assert stats.spearmanr(quick, slow).statistic > rank
    assert (quick / slow).between(*size).all()


@pytest.mark.parametrize("loading", [0.2, -0.5, 0.7, 0.9])
def test_information_of_known_parameters_matches_adaptive_quadrature(loading: float) -> None:
    slope, places = LOGISTIC * loading / np.sqrt(1 - loading**2), CUTS / loading

    def at(theta: float) -> float:
        reach = np.array([1.0, *(1 / (1 + np.exp(-slope * (theta - places)))), 0.0])
        change = slope * reach * (1 - reach)
        return float(np.sum(np.diff(change) ** 2 / np.abs(np.diff(reach))) * stats.norm.pdf(theta))

    expected = integrate.quad(at, -8, 8, epsabs=1e-12, limit=200)[0]
    assert _expected(loading, CUTS) == pytest.approx(expected, rel=QUADRATURE)


def test_information_of_two_categories_is_the_logistic_one() -> None:
    """With one threshold the sum is a squared times P times one minus P (Lord 1980)."""
    theta = np.linspace(-6, 6, 41)
    slope = LOGISTIC * 0.6 / 0.8
    probability = 1 / (1 + np.exp(-slope * (theta - 0.3 / 0.6)))
    expected = np.average(slope**2 * probability * (1 - probability), weights=np.exp(-0.5 * theta**2))
    assert _expected(0.6, np.array([0.3])) == pytest.approx(expected, rel=CLOSED_FORM)


def test_information_recovers_that_of_the_loadings_behind_the_answers() -> None:
    loadings = [0.3, 0.5, 0.6, 0.7, 0.8]
    answers = ogive(loadings, 20_000, 1)
    truth = [_expected(loading, CUTS) for loading in loadings]
    # A loading's standard error is about .006 at this n; information changes by at most 2.5 times its square.
    np.testing.assert_allclose(graded_information(answers, {"one": list(answers)}), truth, rtol=0.07)


def test_more_loading_is_more_information() -> None:
    values = [_expected(loading, CUTS) for loading in (0.0, 0.1, 0.3, 0.5, 0.7, 0.9, 0.995)]
    assert values[0] == 0.0
    assert (np.diff(values) > 0).all()


def test_loadings_are_those_of_minimum_residual_factoring(bfi: tuple[pd.DataFrame, dict[str, list[str]]]) -> None:
    from psychometrics.selection.merit import _one_factor

    answers, scales = bfi
    part = answers[scales["C"]].dropna()
    fitted = fit_efa(part, 1)
    found = _one_factor(np.asarray(fitted.correlations), steps=2000)
    expected = np.asarray(fitted.pattern).ravel()
    np.testing.assert_allclose(found, expected * np.sign(expected.sum()), atol=ITERATIVE)


def test_order_of_people_and_of_items_does_not_matter() -> None:
    answers = ogive([0.4, 0.6, 0.7, 0.8], 500, 2)
    items = list(answers)
    one = graded_information(answers, {"one": items})
    shuffled = answers.sample(frac=1, random_state=3).reset_index(drop=True)
    np.testing.assert_allclose(graded_information(shuffled, {"one": items}), one, rtol=1e-9)
    turned = graded_information(answers, {"one": items[::-1]})
    np.testing.assert_allclose(turned[items], one, rtol=ITERATIVE)


@pytest.mark.parametrize("item", ["i1", "i4"])
def test_reversed_item_is_worth_the_same(item: str) -> None:
    answers = ogive([0.4, 0.6, 0.7, 0.8], 500, 2)
    turned = answers.assign(**{item: 6 - answers[item]})
    scales = {"one": list(answers)}
    np.testing.assert_allclose(graded_information(turned, scales), graded_information(answers, scales), rtol=ITERATIVE)


def test_item_of_noise_is_worth_nothing() -> None:
    answers = ogive([0.6, 0.7, 0.8], 5000, 4).assign(noise=np.random.default_rng(5).integers(1, 6, 5000).astype(float))
    found = graded_information(answers, {"one": list(answers)})
    assert found["noise"] < 0.01
    assert found.drop("noise").min() > 0.3


def test_each_pair_uses_everybody_who_answered_both() -> None:
    answers = ogive([0.5, 0.6, 0.7, 0.8], 4000, 6)
    gaps = answers.mask(np.random.default_rng(7).random(answers.shape) < 0.1)
    scales = {"one": list(answers)}
    np.testing.assert_allclose(graded_information(gaps, scales), graded_information(answers, scales), rtol=0.1)
    assert not np.allclose(graded_information(gaps, scales), graded_information(gaps.dropna(), scales))


@pytest.mark.parametrize(
    ("scales", "said"),
    [
        ({"short": ["i1", "i2"]}, "scale 'short' has 2 items; information about a common trait needs three"),
        ({}, "there is no scale"),
    ],
)
def test_scale_without_a_common_trait_is_refused(scales: dict[str, list[str]], said: str) -> None:
    with pytest.raises(InputShapeError, match=said):
        graded_information(ogive([0.5, 0.6, 0.7], 100, 1), scales)


def test_item_that_nobody_varies_on_is_refused() -> None:
    answers = ogive([0.5, 0.6, 0.7], 100, 1).assign(i2=3.0)
    with pytest.raises(ConstantItemError, match="i2"):
        graded_information(answers, {"one": list(answers)})


# Rank correlations


def tables(most: int = 5) -> st.SearchStrategy[pd.DataFrame]:
    """Return small tables of codes, among them blanks."""
    cells = st.one_of(st.just(np.nan), st.integers(1, most).map(float))
    shapes = st.tuples(st.integers(3, 25), st.integers(2, 5))
    return arrays.arrays(float, shapes, elements=cells).map(pd.DataFrame)


@settings(max_examples=60, deadline=None)
@given(tables())
def test_spearman_of_pairs_agrees_with_pandas(answers: pd.DataFrame) -> None:
    np.testing.assert_allclose(
        pairwise_spearman(answers), answers.corr(method="spearman"), atol=CLOSED_FORM, equal_nan=True
    )


def by_definition(a: pd.Series, b: pd.Series) -> float:
    """Correlate mid-ranks over complete pairs."""
    both = pd.DataFrame({"a": a, "b": b}).dropna()
    if (both.nunique() < 2).any():
        return float("nan")
    return float(stats.spearmanr(both["a"], both["b"]).statistic)


@settings(max_examples=60, deadline=None)
@given(tables(7))
def test_spearman_of_one_pair_agrees_with_scipy(answers: pd.DataFrame) -> None:
    (found,) = spearman(answers[[0]].to_numpy(), answers[[1]].to_numpy())
    assert found == pytest.approx(by_definition(answers[0], answers[1]), abs=CLOSED_FORM, nan_ok=True)


def test_item_that_does_not_vary_has_no_correlation() -> None:
    answers = pd.DataFrame({"a": [1.0, 2, 3, 4], "b": [3.0] * 4, "c": [2.0, 1, 4, 3]})
    found = pairwise_spearman(answers)
    assert found["b"].isna().all() and found.loc["b"].isna().all()
    assert found.loc["a", "c"] == pytest.approx(0.6, abs=CLOSED_FORM)


def test_more_values_than_a_rating_scale_has_are_ranked_all_the_same() -> None:
    draw = np.random.default_rng(8)
    answers = pd.DataFrame(draw.normal(size=(60, 3)), columns=list("abc")).mask(draw.random((60, 3)) < 0.1)
    assert answers["a"].nunique() > MOST_VALUES
    pd.testing.assert_frame_equal(pairwise_spearman(answers), answers.corr(method="spearman"))


def test_table_without_an_answer_has_no_correlations() -> None:
    assert pairwise_spearman(pd.DataFrame(np.full((5, 2), np.nan), columns=["a", "b"])).isna().to_numpy().all()


@settings(max_examples=60, deadline=None)
@given(tables())
def test_rest_and_total_agree_with_their_definition(answers: pd.DataFrame) -> None:
    """The mean of the other items, and of all, ranked over those who have both; sums in another order may tie."""
    rest, total = rest_and_total(answers.to_numpy())
    for place, item in enumerate(answers.columns):
        others = answers.drop(columns=item).mean(axis="columns").round(9)
        everything = answers.mean(axis="columns").round(9)
        for found, other in ((rest, others), (total, everything)):
            assert found[place] == pytest.approx(by_definition(answers[item], other), abs=CLOSED_FORM, nan_ok=True)
