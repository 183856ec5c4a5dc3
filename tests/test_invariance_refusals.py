"""Measurement invariance: what is refused, with which error and which message."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pytest
from test_invariance_recovery import ITEMS, MODEL, two_groups

from psychometrics.errors import CodingError, ConstantItemError, InputShapeError, ModelError, TooFewPersonsError
from psychometrics.sem import CfaModel, difference_test, fit_cfa, measurement_invariance, merge_categories

DATA, GROUPS = two_groups(seed=2, n=60, mean=0.0)


@pytest.mark.parametrize(
    ("error", "message", "options"),
    [
        (ModelError, "estimator='GLS' is unknown; use one of WLSMV, ULSMV, ML, MLR", {"estimator": "GLS"}),
        (ModelError, "WLSMV takes missing='listwise' or 'pairwise', not 'fiml'", {"missing": "fiml"}),
        (ModelError, "ML takes missing='listwise' or 'fiml'", {"estimator": "ML", "missing": "pairwise"}),
        (TooFewPersonsError, "A group has one cluster only", {"clusters": GROUPS}),
        (ModelError, "The responses have no item i9", {"model": CfaModel.single([*ITEMS, "i9"])}),
        (InputShapeError, "groups? must have one value", {"groups": GROUPS.iloc[1:]}),
        (InputShapeError, "clusters? must have one value", {"clusters": GROUPS.iloc[1:]}),
        (InputShapeError, "persons have no cluster", {"clusters": GROUPS.where(GROUPS.index > 0)}),
        (ModelError, "no group with answers; use one of a, b", {"reference": "c"}),
    ],
)
@pytest.mark.parametrize("function", [fit_cfa, measurement_invariance])
def test_requests_that_make_no_sense_are_refused(
    function: Any, error: type[Exception], message: str, options: dict[str, Any]
) -> None:
    request = {"model": MODEL, "responses": DATA, "groups": GROUPS} | options
    if function is measurement_invariance:
        request["minimum_size"] = 20
    else:
        names = {"groups": "group", "clusters": "cluster"}
        request = {names.get(name, name): value for name, value in request.items()}
    with pytest.raises(error, match=message):
        function(**request)


@pytest.mark.parametrize(
    ("message", "options"),
    [
        ("equal='variances' is unknown", {"equal": ["variances"]}),
        ("ML takes items as continuous", {"estimator": "ML", "equal": ["thresholds"]}),
        ("freed names i9", {"equal": ["loadings"], "freed": [("loadings", "i9")]}),
        ("freed names 'loading', which is not among equal", {"equal": ["loadings"], "freed": [("loading", "i1")]}),
        ("freed names 'intercepts', which is not among equal: nothing", {"freed": [("intercepts", "i1")]}),
    ],
)
def test_equalities_that_make_no_sense_are_refused(message: str, options: dict[str, Any]) -> None:
    with pytest.raises(ModelError, match=message):
        fit_cfa(MODEL, DATA, **options, group=GROUPS)


def test_groups_that_cannot_be_compared_are_refused() -> None:
    with pytest.raises(ModelError, match="Groups are compared; 1 has answers"):
        fit_cfa(MODEL, DATA, group=GROUPS.replace("b", "a"))
    with pytest.raises(TooFewPersonsError, match="1 of 2 groups have 61 persons or more"):
        measurement_invariance(MODEL, pd.concat([DATA, DATA.tail(1)], ignore_index=True),
                               pd.concat([GROUPS, GROUPS.tail(1)], ignore_index=True), minimum_size=61)  # fmt: skip
    few = GROUPS.where((GROUPS == "a") | (GROUPS.index < 64))
    with pytest.raises(TooFewPersonsError, match="persons for 5 items"):
        fit_cfa(MODEL, DATA, "ML", group=few)


def test_answers_that_cannot_be_compared_are_refused() -> None:
    other = DATA.assign(i1=DATA["i1"].where(GROUPS == "a", DATA["i1"].clip(upper=3)))
    with pytest.raises(ModelError, match=r"i1 is answered with other categories.*a: 1, 2, 3, 4; b: 1, 2, 3\)"):
        fit_cfa(MODEL, other, group=GROUPS)
    with pytest.raises(ModelError, match="i2 has 2 categories; equal thresholds can be tested from 3 on"):
        fit_cfa(MODEL, DATA.assign(i2=DATA["i2"].gt(2) + 1.0), group=GROUPS)
    with pytest.raises(ModelError, match="i2 have fewer than three"):
        measurement_invariance(MODEL, DATA.assign(i2=DATA["i2"].gt(2) + 1.0), GROUPS, minimum_size=20)
    with pytest.raises(ConstantItemError, match="i1"):
        fit_cfa(MODEL, DATA.assign(i1=2.0), "ML", group=GROUPS)
    with pytest.raises(CodingError, match="i1"):
        fit_cfa(MODEL, DATA.assign(i1="yes"), "MLR", group=GROUPS)


def test_merging_refuses_groups_with_another_index() -> None:
    with pytest.raises(InputShapeError, match="groups must have one value"):
        merge_categories(DATA, GROUPS.iloc[1:])


def test_fit_cfa_refuses_groups_that_are_not_there() -> None:
    with pytest.raises(ModelError, match="no column 'site' to group by"):
        fit_cfa(MODEL, DATA, group="site")
    with pytest.raises(InputShapeError, match="group has 3 values for 120 rows"):
        fit_cfa(MODEL, DATA, group=["a", "b", "a"])
    with pytest.raises(ModelError, match="give group as well"):
        fit_cfa(MODEL, DATA, equal=["loadings"])
    with pytest.raises(ModelError, match="takes no equalities"):
        fit_cfa(MODEL, DATA, group=GROUPS, equal=["loadings"], parameterization="delta")


def test_differences_of_models_that_cannot_be_compared_are_refused() -> None:
    free, tied = (
        fit_cfa(MODEL, DATA, group=GROUPS),
        fit_cfa(MODEL, DATA, group=GROUPS, equal=["thresholds", "loadings"]),
    )
    others = [
        fit_cfa(MODEL, DATA, "ML", group=GROUPS, equal=["loadings"]),
        fit_cfa(MODEL, DATA, group=GROUPS, equal=["thresholds", "loadings"], reference="b"),
        fit_cfa(MODEL, two_groups(9, 60, 0.0)[0], group=GROUPS, equal=["thresholds", "loadings"]),
    ]
    for other in others:
        with pytest.raises(ModelError, match="same items and persons in the same groups"):
            difference_test(free, other)
    with pytest.raises(ModelError, match="more degrees of freedom"):
        difference_test(tied, free)
