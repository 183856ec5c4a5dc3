"""Change of a group's mean against its error: the rules for persons in groups of one, nominal where nothing changes."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from psychometrics.agreement import icc1
from psychometrics.change import regressed_change, reliable_change
from psychometrics.errors import InputShapeError, PsychometricsError, TooFewPersonsError
from psychometrics.group_change import WaveComponents, reliable_group_change, wave_components

LIMIT = 1.959964


def parts(**changes: float) -> WaveComponents:
    known = {"within_before": 0.36, "within_after": 0.36, "covariance": 0.0, "between": 0.0, "mean": 3.0}
    return WaveComponents(**(known | changes), n_before=90, n_after=90, n_both=90, n_groups=9)


def teams(before: list[float], after: list[float], n_before: float, n_after: float, n_both: float) -> pd.DataFrame:
    counts = {"n_before": n_before, "n_after": n_after, "n_both": n_both}
    return pd.DataFrame({"before": before, "after": after}).assign(**counts)


def test_groups_of_one_who_stays_are_judged_by_the_rules_for_persons():
    """Jacobson and Truax 1991, and Hsu 1989, with the correlation over time as reliability."""
    before, after, spread, reliability = [2.0, 3.4, 4.0], [3.5, 3.5, 2.0], 0.6, 0.7
    found = reliable_group_change(teams(before, after, 1, 1, 1), parts(covariance=reliability * spread**2)).table
    of_persons = pd.Series(before), pd.Series(after), spread, reliability
    plain, model = reliable_change(*of_persons), regressed_change(*of_persons, mean=3.0)
    assert found["index"].tolist() == pytest.approx(plain.persons["index"].tolist())
    assert found["expected_index"].tolist() == pytest.approx(model.persons["index"].tolist())
    assert found["verdict"].tolist() == plain.persons["verdict"].tolist()
    assert found["expected_verdict"].tolist() == model.persons["verdict"].tolist()


def test_means_of_other_members_are_scores_with_the_reliability_of_a_mean():
    """Nobody in both waves: ICC(2) of a mean of n is to a group what alpha is to a person."""
    between, within, n = 0.04, 0.36, 12
    spread, reliability = np.sqrt(between + within / n), between / (between + within / n)
    before, after = [2.7, 3.2], [3.3, 3.0]
    found = reliable_group_change(teams(before, after, n, n, 0), parts(between=between)).table
    of_groups = pd.Series(before), pd.Series(after), spread, reliability
    assert found["index"].tolist() == pytest.approx(reliable_change(*of_groups).persons["index"].tolist())
    assert found["expected_index"].tolist() == pytest.approx(
        regressed_change(*of_groups, mean=3.0).persons["index"].tolist()
    )


def test_error_with_the_same_members_is_that_of_a_mean_difference():
    """Var(mean difference) = (s1^2 + s2^2 - 2c) / n; with some in both as Derrick et al. 2017, equation for z."""
    same = reliable_group_change(teams([3.0], [3.2], 10, 10, 10), parts(covariance=0.2)).table
    assert same["error"].item() == pytest.approx(np.sqrt((0.36 + 0.36 - 0.4) / 10))
    some = reliable_group_change(teams([3.0], [3.2], 12, 10, 8), parts(covariance=0.2)).table
    assert some["error"].item() == pytest.approx(np.sqrt(0.36 / 12 + 0.36 / 10 - 2 * 8 * 0.2 / (12 * 10)))
    assert some["threshold"].item() == pytest.approx(LIMIT * some["error"].item(), rel=1e-6)


def test_rounding_of_both_means_counts_as_error():
    found = reliable_group_change(teams([3.0], [3.2], 10, 10, 0), parts(), rounding=0.2).table
    assert found["error"].item() == pytest.approx(np.sqrt(2 * 0.36 / 10 + 2 * 0.2**2 / 12))


def drawn(seed: int, shift: float = 0.0) -> tuple[pd.Series, pd.Series, pd.Series, pd.Series]:
    """Return two waves of 400 teams of twelve: two left, three came, one moved; people keep what is theirs."""
    draw, n = np.random.default_rng(seed), 400
    team = np.repeat(np.arange(n), 15)
    level = draw.normal(0, 0.2, n)[team] + draw.normal(4, 0.45, len(team))
    scores = [level + draw.normal(0, 0.3, len(team)) for _ in range(2)]
    place = np.tile(np.arange(15), n)
    later = np.where(place == 0, (team + 1) % n, team)
    one, two = place < 12, (place < 10) | (place >= 12)
    people = pd.Index([f"p{number}" for number in range(len(team))])
    before, after = (pd.Series(each, people) for each in (scores[0], scores[1] + shift))
    groups = [pd.Series(each, people).astype(str) for each in (team, later)]
    return before[one], after[two], groups[0][one], groups[1][two]


def judged(seed: int, shift: float = 0.0) -> pd.DataFrame:
    before, after, first, second = drawn(seed, shift)
    found = [scores.groupby(groups) for scores, groups in ((before, first), (after, second))]
    both = before.index.intersection(after.index)
    stayed = first.loc[both][first.loc[both] == second.loc[both]].value_counts()
    means = {
        "before": found[0].mean(),
        "after": found[1].mean(),
        "n_before": found[0].size(),
        "n_after": found[1].size(),
    }
    table = pd.DataFrame(means).assign(n_both=stayed)
    return reliable_group_change(table, wave_components(before, after, first, second)).table


@pytest.mark.parametrize(("index", "verdict"), [("index", "verdict"), ("expected_index", "expected_verdict")])
def test_one_team_in_twenty_changes_reliably_where_no_team_changes(index, verdict):
    """Recovery: 1,200 teams with comings and goings; three standard errors of a share of .05."""
    tables = pd.concat([judged(seed) for seed in range(3)])
    share, bound = (tables[verdict] != "no reliable change").mean(), 3 * np.sqrt(0.05 * 0.95 / len(tables))
    assert abs(share - 0.05) < bound
    assert tables[index].std() == pytest.approx(1, abs=0.07)


def test_a_true_change_is_seen():
    table = judged(5, shift=0.5)
    assert (table["verdict"] == "improved").mean() > 0.75
    assert (table["expected_verdict"] == "improved").mean() > 0.75


def test_components_are_those_of_the_intraclass_correlation():
    before, after, first, second = drawn(7)
    found, known = wave_components(before, after, first, second), icc1(before, first)
    assert found.between / (found.between + found.within_before) == pytest.approx(known.icc1)
    assert found.covariance == pytest.approx(0.45**2, abs=0.02)


def test_what_cannot_be_judged_is_refused():
    scores, alone = pd.Series([1.0, 2, 3]), pd.Series(["A", "A", "A"])
    with pytest.raises(TooFewPersonsError, match="two groups"):
        wave_components(scores, scores, alone, alone)
    with pytest.raises(InputShapeError, match="n_both"):
        reliable_group_change(pd.DataFrame({"before": [1.0], "after": 2.0, "n_before": 3, "n_after": 3}), parts())
    with pytest.raises(InputShapeError, match="both times"):
        reliable_group_change(teams([1.0], [2.0], 3, 3, 4), parts())
    with pytest.raises(PsychometricsError, match="no error"):
        reliable_group_change(teams([1.0], [2.0], 3, 3, 3), parts(within_before=0.0, within_after=0.0))


def test_a_missing_mean_is_not_compared():
    found = reliable_group_change(teams([np.nan, 3.0], [3.0, 3.0], 12, 12, 0), parts()).table
    assert found["verdict"].tolist() == ["not compared", "no reliable change"]
