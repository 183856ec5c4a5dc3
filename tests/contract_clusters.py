"""How people may lie in clusters, and how the contract calls every public statistic that is told where they lie."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

import numpy as np
import pandas as pd
from contract_cases import Case, answers_of

from psychometrics import (
    agreement,
    association,
    dif,
    groups,
    ordinal,
    planning,
    reliability,
    resampling,
    self_other,
    sem,
)

Call = Callable[[Case, pd.Series], Any]


def _words(codes: np.ndarray) -> list[object]:
    return [f"team {code}" for code in codes]


#: Clusters of n people, each label as a user may write it.
NESTINGS: dict[str, Callable[[int], list[Any]]] = {
    "each person a cluster": lambda n: list(range(n)),
    "one cluster": lambda n: ["all"] * n,
    "two clusters": lambda n: _words(np.arange(n) * 2 // n),
    "clusters that cut across every group": lambda n: list(np.arange(n) % 5),
    "clusters that are the groups": lambda n: _words(np.arange(n) % 3 == 0),
    "labels of both kinds": lambda n: [code if code % 2 else f"team {code}" for code in np.arange(n) // 4],
    "numbers with gaps": lambda n: list(-100 * (np.arange(n) // 4)),
    "one person without a cluster": lambda n: [None, *(np.arange(n - 1) // 4)],
}


def _item(case: Case, place: int) -> pd.Series:
    return case.answers.iloc[:, place]


def _pairs(case: Case) -> tuple[pd.DataFrame, pd.DataFrame]:
    return case.answers.iloc[:, :2], case.answers.iloc[:, 2:]


def _model(case: Case) -> sem.CfaModel:
    return sem.CfaModel.single(list(case.answers.columns))


def _peers(case: Case) -> pd.DataFrame:
    return case.answers.iloc[::-1].set_axis(case.answers.index)


def _mean(answers: pd.DataFrame) -> float:
    return float(np.nanmean(answers.to_numpy()))


CALLS: dict[str, Call] = {
    "agreement.icc": lambda case, clusters: agreement.icc(
        case.answers, missing="drop", clusters=clusters, n_resamples=20
    ),
    "agreement.icc1": lambda case, clusters: agreement.icc1(
        _item(case, 0), pd.Series(np.arange(len(case.answers)) // 4, case.answers.index),
        clusters=clusters, n_resamples=20,
    ),
    "association.bootstrap_correlations": lambda case, clusters: association.bootstrap_correlations(
        *_pairs(case), clusters, n_resamples=20
    ),
    "association.correlation_matrix": lambda case, clusters: association.correlation_matrix(
        case.answers.iloc[:, :3], clusters=clusters
    ),
    "association.dominance_analysis": lambda case, clusters: association.dominance_analysis(
        _item(case, 0), case.answers.iloc[:, 1:3], n_resamples=10, clusters=clusters
    ),
    "association.relative_weights": lambda case, clusters: association.relative_weights(
        _item(case, 0), case.answers.iloc[:, 1:3], n_resamples=10, clusters=clusters
    ),
    "association.ordinal_regression": lambda case, clusters: association.ordinal_regression(
        _item(case, 0), case.answers.iloc[:, [1]], clusters=clusters
    ),
    "association.partial_correlations": lambda case, clusters: association.partial_correlations(
        case.answers.iloc[:, [0]], case.answers.iloc[:, [1]], case.answers.iloc[:, [2]], clusters=clusters
    ),
    "association.regression": lambda case, clusters: association.regression(
        _item(case, 0), case.answers.iloc[:, [1]], "cluster", clusters=clusters
    ),
    "association.spline_regression": lambda case, clusters: association.spline_regression(
        _item(case, 0), _item(case, 1), (2, 3, 4), "cluster", clusters=clusters
    ),
    "dif.ordinal_dif": lambda case, clusters: dif.ordinal_dif(
        case.answers.iloc[:, :4], case.groups, clusters=clusters, rule=dif.DifRule(minimum_size=2), matching="rest"
    ),
    "groups.compare_groups": lambda case, clusters: groups.compare_groups(
        case.answers.iloc[:, :3], case.groups, clusters=clusters
    ),
    "groups.kruskal_wallis": lambda case, clusters: groups.kruskal_wallis(
        _item(case, 0), case.groups, clusters=clusters
    ),
    "ordinal.polychoric": lambda case, clusters: ordinal.polychoric(
        case.answers, covariance=True, clusters=clusters
    ),
    "planning.factor_population": lambda case, clusters: planning.factor_population(
        case.answers.iloc[:, :3], clusters
    ),
    "reliability.cronbach_alpha": lambda case, clusters: reliability.cronbach_alpha(
        case.answers, interval="bootstrap", n_resamples=20, clusters=clusters
    ),
    "reliability.ordinal_alpha": lambda case, clusters: reliability.ordinal_alpha(
        case.answers.iloc[:, :3], interval="bootstrap", n_resamples=2, clusters=clusters
    ),
    "reliability.omega_total": lambda case, clusters: reliability.omega_total(
        case.answers, interval="bootstrap", n_resamples=5, clusters=clusters
    ),
    "reliability.omega_categorical": lambda case, clusters: reliability.omega_categorical(
        case.answers.iloc[:, :3], interval="bootstrap", n_resamples=2, clusters=clusters
    ),
    "reliability.omega_hierarchical": lambda case, clusters: reliability.omega_hierarchical(
        case.answers, 2, interval="bootstrap", n_resamples=2, clusters=clusters
    ),
    "reliability.htmt": lambda case, clusters: reliability.htmt(
        case.answers, case.scale_of, interval="bootstrap", n_resamples=10, clusters=clusters
    ),
    "reliability.two_level_reliability": lambda case, clusters: reliability.two_level_reliability(
        case.answers, clusters, 2, n_resamples=3
    ),
    "resampling.bootstrap_interval": lambda case, clusters: resampling.bootstrap_interval(
        _mean, case.answers, 10, clusters=clusters
    ),
    "resampling.bootstrap_from_counts": lambda case, clusters: resampling.bootstrap_from_counts(
        lambda counts: counts @ np.arange(len(case.answers))[:, None], len(case.answers), 10, clusters=clusters
    ),
    "self_other.bland_altman": lambda case, clusters: self_other.bland_altman(
        _item(case, 0), _item(case, 1), clusters=clusters
    ),
    "self_other.compare": lambda case, clusters: self_other.compare(case.answers, _peers(case), clusters=clusters),
    "self_other.response_surface": lambda case, clusters: self_other.response_surface(
        _item(case, 0), _item(case, 1), _item(case, 2), 3.0, "cluster", clusters=clusters
    ),
    "sem.fit_cfa": lambda case, clusters: sem.fit_cfa(_model(case), case.answers, "MLR", cluster=clusters),
    "sem.measurement_invariance": lambda case, clusters: sem.measurement_invariance(
        _model(case), case.answers, cast(Any, case.groups), "MLR", clusters=cast(Any, clusters), minimum_size=5
    ),
    "sem.invariance_over_time": lambda case, clusters: sem.invariance_over_time(
        case.answers.iloc[:, :3], _peers(case).iloc[:, :3], cluster=cast(Any, clusters)
    ),
}  # fmt: skip


def nested(case: Case, kind: str) -> pd.Series:
    """Return the cluster of each person of a case."""
    labels = NESTINGS[kind](len(case.answers))
    numbers = all(isinstance(label, (int, np.integer)) for label in labels)
    return pd.Series(labels, index=case.answers.index, name="team", dtype=int if numbers else object)


def sound(faults: tuple[str, ...] = ()) -> Case:
    """Return the answers of 40 people to six items, with these faults."""
    values = answers_of(7, (40, 6), 5, faults, 0.05 if faults else 0.0)
    index = pd.Index(np.random.default_rng(7).permutation(40) + 100)
    return Case(pd.DataFrame(values, index=index, columns=[f"i{k}" for k in range(6)]), 5, faults, 7)
