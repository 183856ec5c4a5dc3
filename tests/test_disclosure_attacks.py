"""What published tables, a linear solver and some knowledge of one's own give away: no person."""

from __future__ import annotations

import itertools
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog

from compendium.cohort.schema import Group
from compendium.disclosure import (
    OTHER_GROUPS,
    CrossTable,
    hidden_groups,
    merged_bins,
    rater_step,
    rounded_sums,
    rounded_to,
    step_for,
)
from compendium.steps.cohort_quality import sample
from compendium.steps.invariance.group_differences import group_pairs

LIMIT = 10
COLLUSION_POINTS = 1.5


def nested(agencies: dict[str, tuple[str, int]]) -> pd.DataFrame:
    """People by sector and agency; agencies lie within sectors."""
    rows = [(sector, agency) for agency, (sector, n) in agencies.items() for _ in range(n)]
    return pd.DataFrame(rows, columns=["sector", "agency"])


def published(people: pd.DataFrame, hidden: dict[str, frozenset[str]]) -> list[np.ndarray]:
    """Return the people whom each published row is about, zeros and ones: all, shown groups, pools."""
    rows = [np.ones(len(people))]
    for name in people.columns:
        shown = people[name].mask(people[name].isin(hidden[name]), OTHER_GROUPS)
        rows += [(shown == group).to_numpy(dtype=float) for group in shown.unique()]
    return rows


def smallest_set_by_subtraction(rows: list[np.ndarray]) -> int:
    """Return the fewest people that sums and differences of up to three published rows single out."""
    found = [len(rows[0])]
    for count in (1, 2, 3):
        for chosen in itertools.combinations(range(len(rows)), count):
            for signs in itertools.product((1, -1), repeat=count):
                made = sum(sign * rows[place] for sign, place in zip(signs, chosen, strict=True))
                if set(np.unique(made)) <= {0.0, 1.0} and made.sum() > 0:
                    found.append(int(made.sum()))
    return min(found)


def wrong_row(people: pd.DataFrame, person: int, sector: str) -> pd.DataFrame:
    """Give one person another sector, as a slip of the pen does."""
    out = people.copy()
    out.loc[person, "sector"] = sector
    return out


AGENCIES = {"A": ("one", 40), "B": ("one", 12), "C": ("two", 1), "D": ("two", 25), "E": ("two", 60), "F": ("three", 30)}


@pytest.mark.parametrize("sector", ["one", "two", "three"])
@pytest.mark.parametrize("person", [0, 45, 60, 100, 160])
def test_one_wrong_row_does_not_switch_suppression_off(person, sector):
    people = wrong_row(nested(AGENCIES), person, sector)
    hidden = hidden_groups(people, ["sector", "agency"], LIMIT)
    assert smallest_set_by_subtraction(published(people, hidden)) >= LIMIT


@settings(deadline=None, max_examples=25)
@example([("two", 12), ("one", 1), ("two", 10), ("three", 9)], [(0, "three"), (1, "one")])
@example([("one", 11), ("one", 11), ("two", 1), ("two", 9)], [(0, "two"), (11, "two")])
@example([("one", 11), ("one", 11), ("two", 1), ("three", 9)], [(0, "two"), (11, "three")])
@example([("one", 4), ("one", 10), ("one", 1), ("one", 1), ("one", 5), ("two", 10)], [(0, "two"), (4, "two")])
@given(
    st.lists(st.tuples(st.sampled_from(["one", "two", "three"]), st.integers(1, 30)), min_size=3, max_size=6),
    st.lists(st.tuples(st.integers(0, 10_000), st.sampled_from(["one", "two", "three"])), max_size=2),
)
def test_no_small_set_follows_from_nested_margins_by_subtraction(sizes, slips):
    people = nested({f"agency {number}": size for number, size in enumerate(sizes)})
    for person, sector in slips:
        people = wrong_row(people, person % len(people), sector)
    if len(people) < LIMIT:
        return
    hidden = hidden_groups(people, ["sector", "agency"], LIMIT)
    assert smallest_set_by_subtraction(published(people, hidden)) >= LIMIT


@settings(deadline=None, max_examples=25)
@given(st.lists(st.tuples(st.sampled_from(["one", "two"]), st.integers(1, 40)), min_size=2, max_size=7))
def test_linear_programmes_bound_no_hidden_agency_within_the_limit(sizes):
    """Solved here by itself: cells of sector by agency, the published sums as equations, the smallest and largest."""
    people = nested({f"agency {number}": size for number, size in enumerate(sizes)})
    hidden = hidden_groups(people, ["sector", "agency"], LIMIT)
    cells = people.value_counts(sort=False)
    index = cells.index.to_frame(index=False)
    rows = [np.ones(len(cells))]
    for name in people.columns:
        rows += [(index[name] == group).to_numpy(float) for group in index[name].unique() if group not in hidden[name]]
    for agency in hidden["agency"]:
        if len(hidden["agency"]) == people["agency"].nunique() and len(people) < LIMIT:
            continue
        aim = (index["agency"] == agency).to_numpy(float)
        ends = [
            sign * linprog(sign * aim, A_eq=np.array(rows), b_eq=np.array(rows) @ cells.to_numpy(), method="highs").fun
            for sign in (1, -1)
        ]
        # Where every agency of a shown sector is hidden, the sector itself is what is known of the largest.
        assert ends[1] - ends[0] >= LIMIT - 1e-6 or len(people) < LIMIT


def test_bounds_of_a_hidden_group_are_those_worked_out_by_hand():
    table = CrossTable.of(nested({"A": ("one", 40), "B": ("one", 5), "C": ("one", 12), "D": ("two", 30)}))
    found = table.published({"agency": {"B", "C"}}).bounds(table.cells(("agency", "B")))
    assert (found.lower, found.upper) == pytest.approx((0, 17))
    alone = table.published({"agency": {"B"}}).bounds(table.cells(("agency", "B")))
    assert (alone.lower, alone.upper) == pytest.approx((5, 5))


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.tuples(*(st.sampled_from("abcde"),) * 3), min_size=1, max_size=60),
    st.lists(st.sets(st.sampled_from("abcde")), min_size=3, max_size=3),
    st.none() | st.integers(0, 2**12),
)
def test_what_can_be_worked_out_is_what_linear_programmes_over_every_cell_find(rows, hidden, known):
    table = CrossTable.of(pd.DataFrame(rows, columns=["x", "y", "z"]))
    secret = dict(zip("xyz", hidden, strict=True))
    cells = None if known is None else np.array([bool(known >> (n % 12) & 1) for n in range(len(table.counts))])
    told = table.published(secret, cells)
    system = [np.ones(len(table.counts)), *([] if cells is None else np.eye(len(table.counts))[cells])]
    system += [
        np.isin(np.arange(len(table.counts)), table.cells((name, group)))
        for name in "xyz"
        for group in set(table.groups[name]) - secret[name]
    ]
    targets = {group: table.cells(group) for group in told.groups(secret)}
    targets |= {number: np.array([number]) for number in range(len(table.counts))}
    found = {name: told.bounds(target) for name, target in targets.items()} | told.groups(secret)
    for name, cells in targets.items():
        target = np.isin(np.arange(len(table.counts)), cells).astype(float)
        ends = [
            sign * linprog(sign * target, A_eq=np.array(system), b_eq=np.array(system) @ table.counts).fun
            for sign in (1, -1)
        ]
        assert (found[name].lower, found[name].upper) == pytest.approx(tuple(ends), abs=1e-6)
    exposed = {tuple(cells) for cells in told.exposed(3)}
    for part in range(len(told.sums)):
        cells = np.flatnonzero(told.classes == part)
        bounds, is_known = told.bounds(cells), known is not None and bool(known >> (cells[0] % 12) & 1)
        small = bounds.lower > 1 - 1e-6 and bounds.upper < 3 - 1e-6 and not is_known
        assert (tuple(cells) in exposed) == small


def test_group_whose_every_shown_neighbour_gives_it_away_is_hidden_with_one():
    people = nested({"A": ("one", 40), "B": ("one", 30), "C": ("two", 1), "D": ("two", 25), "E": ("three", 11)})
    hidden = hidden_groups(people, ["sector", "agency"], LIMIT)
    assert {"C", "D"} <= hidden["agency"]


# Names


def test_a_job_title_of_one_person_stands_nowhere():
    group = Group(column="job", label="Job", kind="nominal")
    people = pd.DataFrame({"job": ["Nurse"] * 40 + ["Doctor"] * 13 + ["Chief Harpist"]})
    settings_ = type("Settings", (), {"groups": {"job": group}})()
    table = sample(people, settings_, LIMIT)
    assert "Chief Harpist" not in table.to_csv()
    assert table.set_index("group")["n"].to_dict() == {"Nurse": 40, OTHER_GROUPS: 14}


def test_names_of_a_grouping_without_any_large_group_stand_nowhere():
    group = Group(column="job", label="Job", kind="nominal")
    people = pd.DataFrame({"job": ["Harpist", "Flautist", "Oboist"]})
    table = sample(people, type("Settings", (), {"groups": {"job": group}})(), LIMIT)
    assert list(table["group"]) == [OTHER_GROUPS]
    assert table["n"].isna().all()


# Sums


@given(st.integers(5, 5000), st.data())
@settings(deadline=None, max_examples=60)
def test_rounded_mean_goes_with_several_sums(n, data):
    total = data.draw(st.integers(n, 5 * n))
    shown = rounded_sums(pd.Series([total / n]), n)[0]
    alike = list(range(max(n, total - 12), min(5 * n, total + 12) + 1))
    steps = np.full(len(alike), step_for(n))
    same = rounded_to(pd.Series(alike) / n, pd.Series(steps)) == shown
    edge = total - n < 4 or 5 * n - total < 4
    assert same.sum() >= (2 if edge else 4)


def given_back(before: pd.Series, after: pd.Series, n: int, step: bool) -> int:
    """Count the items for which two published means, with one person more in the first, leave one answer only."""
    found = 0
    for one, other in zip(before, after, strict=True):
        sums = range(n, 5 * n + 1)
        rests = [rest for rest in sums if abs(rest / n - other) <= (step_for(n) / 2 + 1e-9 if step else 1e-9)]
        width = step_for(n + 1) / 2 + 1e-9 if step else 1e-9
        answers = {guess for guess in range(1, 6) for rest in rests if abs((rest + guess) / (n + 1) - one) <= width}
        found += len(answers) == 1
    return found


@pytest.mark.parametrize("n", [20, 90, 300])
def test_tables_before_and_after_one_withdrawal_do_not_give_the_questionnaire_back(n):
    """To full precision they give back all 72 answers; rounded, a few at the edge of their rounding at most."""
    answers = np.random.default_rng(12).integers(1, 6, (n + 1, 72))
    before, after = pd.Series(answers.mean(axis=0)), pd.Series(answers[1:].mean(axis=0))
    assert given_back(before, after, n, step=False) == 72
    assert given_back(rounded_sums(before, n + 1), rounded_sums(after, n), n, step=True) <= 4


def test_ten_answers_do_not_follow_from_their_statistics():
    """n, mean, SD, floor and ceiling fix most sets of ten answers to full precision; rounded, next to none."""
    sets = np.array(list(itertools.combinations_with_replacement(range(1, 6), 10)), dtype=float)
    exact = pd.DataFrame(
        {"mean": sets.mean(1), "sd": sets.std(1, ddof=1), "1": (sets == 1).mean(1), "5": (sets == 5).mean(1)}
    )
    rounded = exact.apply(lambda column: rounded_sums(column, 10))
    alone = [(~each.round(9).duplicated(keep=False)).mean() for each in (exact, rounded)]
    assert alone[0] > 0.5
    assert alone[1] < 0.02


# Raters


@pytest.mark.parametrize("raters", [3, 4, 5, 6, 8])
def test_all_raters_but_one_cannot_work_out_the_last_one(raters):
    ratings = np.full(raters, 3.0)
    open_ = set()
    shown = rounded_to(pd.Series([ratings.mean()]), rater_step(raters))[0]
    for last in np.arange(1, 5.01, 0.25):
        made = np.append(ratings[:-1], last).mean()
        if rounded_to(pd.Series([made]), rater_step(raters))[0] == shown:
            open_.add(last)
    assert max(open_) - min(open_) >= 1


# Bins


@given(st.lists(st.floats(0, 10), max_size=80), st.integers(2, 15))
@settings(deadline=None)
def test_no_bar_holds_fewer_people_than_the_limit(values, limit):
    edges, counts = merged_bins(values, np.linspace(0, 10, 31), limit)
    assert len(edges) == len(counts) + 1
    if len(values) < limit:
        assert np.isnan(counts).all()
    else:
        assert counts.min() >= limit
        assert counts.sum() == len(values)
    assert (edges[0], edges[-1]) == (0, 10)


def test_what_compares_two_groups_does_not_tell_the_member_who_left():
    """A cohort may differ by enough people and a group by one: what compares that group with another must stay open."""
    draw = np.random.default_rng(5)
    scores = pd.DataFrame({"listen": draw.integers(4, 21, 90) / 4})
    people = pd.DataFrame({"house": ["North"] * 40 + ["South"] * 30 + ["West"] * 20})
    described = SimpleNamespace(groups={"house": Group(column="house", label="House", kind="nominal")})
    of = ["group_a", "group_b"]

    def superiority(left: list[int]) -> pd.Series:
        pairs = group_pairs(scores.drop(left), people.drop(left), described, LIMIT, 0.05)
        return pairs.set_index(of)["probability_of_superiority"][("North", "South")]

    elsewhere = list(range(80, 90))  # enough others, of a third group
    published = [superiority([person, *elsewhere]) for person in range(0, 40, 5)]
    told = pd.DataFrame({"score": scores["listen"][:40:5].to_numpy(), "published": published})
    # Whoever left, no more than two neighbouring values are possible, and each goes with scores far apart.
    assert told["published"].nunique() <= 2
    assert told.groupby("published")["score"].agg(np.ptp).max() >= COLLUSION_POINTS
