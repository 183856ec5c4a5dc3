"""How the contract calls the families of raters, scores, groups and change."""

from __future__ import annotations

import numpy as np
import pandas as pd
from contract_cases import Case, Entry

from psychometrics import (
    agreement,
    alignment,
    association,
    change,
    dif,
    group_change,
    groups,
    pooling,
    self_other,
    waves,
)
from psychometrics.errors import InputShapeError

BOOTSTRAP = dict.fromkeys(("observed", "expected"), "alpha is defined by disagreements")
NOT_CLUSTERED = dict.fromkeys(
    ("robust_f", "df_denominator", "design_effect", "effective_n", "effective_n_groups"), "no clusters were given"
)
MIXED = dict.fromkeys(("F", "df1", "df2", "p"), "a mixed model has no F")
CLUSTERED = {"p": "F is that of independent people"}
NORMAL = {"df": "z refers to the normal"}
PLAIN = {"null_variance": "the average deviation has no null"}


def _number(case: Case) -> float:
    """Return a number from -1 to 1, at the ends and at zero now and then."""
    return [-1.0, 0.0, 1.0, 0.3, -0.7, 0.999][case.seed % 6]


def _left(case: Case) -> pd.DataFrame:
    """Return all columns but the last."""
    return case.answers.iloc[:, :-1]


def _right(case: Case) -> pd.DataFrame:
    """Return the last column, as a table."""
    return case.answers.iloc[:, [-1]]


def _waves_of_groups(case: Case) -> group_change.WaveComponents:
    """The first and the last item as a score in two waves, in teams of about three."""
    return group_change.wave_components(_first(case), _last(case), case.clusters, case.clusters)


def _means(case: Case) -> pd.DataFrame:
    """Means of the teams in both waves."""
    pairs = pd.DataFrame({"before": _first(case), "after": _last(case)}).dropna()
    of_team = pairs.groupby(case.clusters.reindex(pairs.index))
    counts = {name: of_team.size() for name in ("n_before", "n_after", "n_both")}
    return of_team.mean().assign(**counts)


def _first(case: Case) -> pd.Series:
    return case.answers.iloc[:, 0]


def _parameters(case: Case) -> tuple[pd.DataFrame, pd.DataFrame, pd.Series]:
    """Return spreads and means of two groups in place of loadings and intercepts."""
    grouped = case.answers.groupby(case.groups.to_numpy())
    return grouped.std(), grouped.mean(), grouped.size()


def _last(case: Case) -> pd.Series:
    return case.answers.iloc[:, -1]


def _between(case: Case) -> pd.Series:
    """Return four larger clusters."""
    return pd.Series(np.arange(len(case.answers)) % 4, index=case.answers.index, name="agency")


def _peers(case: Case) -> pd.DataFrame:
    """Return a second source on the same columns."""
    return case.answers.iloc[::-1].set_axis(case.answers.index)


def _matching(case: Case) -> dif.OrdinalDif:
    return dif.ordinal_dif(case.answers, case.groups, rule=dif.DifRule(minimum_size=2), matching="rest")


def _categories(case: Case) -> list[float]:
    return [float(code) for code in range(1, case.categories + 1)]


def _knots(case: Case) -> list[float]:
    known = _last(case).dropna()
    if known.empty:
        raise InputShapeError("no answer to place knots by")
    return [float(known.min()), float(known.mean()), float(known.max())]


ENTRIES = {
    "agreement": {
        "agreement_weights": Entry(lambda case: agreement.agreement_weights(_categories(case), "quadratic")),
        "percent_agreement": Entry(lambda case: agreement.percent_agreement(case.answers)),
        "gwet_ac1": Entry(lambda case: agreement.gwet_ac1(case.answers, _categories(case))),
        "gwet_ac2": Entry(lambda case: agreement.gwet_ac2(case.answers, "quadratic")),
        "fleiss_kappa": Entry(lambda case: agreement.fleiss_kappa(case.answers, "linear")),
        "conger_kappa": Entry(lambda case: agreement.conger_kappa(case.answers)),
        "cohen_kappa": Entry(lambda case: agreement.cohen_kappa(_first(case), _last(case), "linear")),
        "krippendorff_alpha": Entry(
            lambda case: agreement.krippendorff_alpha(case.answers, n_resamples=20), silent=BOOTSTRAP
        ),
        "wilson_interval": Entry(lambda case: agreement.wilson_interval(abs(_number(case)), len(case.answers))),
        "icc": Entry(
            lambda case: [
                agreement.icc(case.answers, missing="drop"),
                agreement.icc(case.answers, missing="drop", clusters=_between(case), n_resamples=20),
            ]
        ),
        "icc1": Entry(
            lambda case: [
                agreement.icc1(_first(case), case.clusters),
                agreement.icc1(_first(case), case.clusters, "mixed"),
            ],
            silent=NOT_CLUSTERED | MIXED,
        ),
        "decision_study": Entry(lambda case: agreement.decision_study(_number(case))),
        "generalisability_study": Entry(
            lambda case: agreement.generalisability_study(case.answers, case.clusters, n_resamples=20)
        ),
        "null_variance": Entry(lambda case: agreement.null_variance(case.categories)),
        "rwg": Entry(lambda case: agreement.rwg(_first(case), case.clusters, case.categories)),
        "rwg_j": Entry(lambda case: agreement.rwg_j(case.answers, case.clusters, case.categories, negative="keep")),
        "average_deviation": Entry(lambda case: agreement.average_deviation(case.answers, case.clusters), silent=PLAIN),
    },
    "association": {
        "correlation_interval": Entry(lambda case: association.correlation_interval(_number(case), len(case.answers))),
        "spearman_matrix": Entry(lambda case: association.spearman_matrix(case.answers)),
        "correlation_matrix": Entry(
            lambda case: [
                association.correlation_matrix(case.answers, method="kendall"),
                association.correlation_matrix(_left(case), _right(case), clusters=case.clusters),
            ]
        ),
        "bootstrap_correlations": Entry(
            lambda case: association.bootstrap_correlations(
                _left(case), _right(case), case.clusters, n_resamples=30
            )
        ),
        "split_group_correlation": Entry(
            lambda case: association.split_group_correlation(_first(case), _last(case), case.clusters, 5, 20)
        ),
        "cross_source_table": Entry(
            lambda case: association.cross_source_table(_left(case), _peers(case).iloc[:, :-1], _right(case))
        ),
        "compare_overlapping_correlations": Entry(
            lambda case: association.compare_overlapping_correlations(_number(case), 0.2, 0.5, len(case.answers))
        ),
        "compare_independent_correlations": Entry(
            lambda case: association.compare_independent_correlations(_number(case), len(case.answers), 0.2, 30),
            silent=NORMAL,
        ),
        "equivalence_test": Entry(
            lambda case: association.equivalence_test(_number(case), len(case.answers), 0.2),
            silent=dict.fromkeys(("lower", "upper"), "a perfect correlation has no interval"),
        ),
        "verdict": Entry(lambda case: association.verdict(_number(case), -0.2, 0.4, 0.03, 0.1)),
        "marker_adjusted": Entry(lambda case: association.marker_adjusted(_number(case), 0.1, len(case.answers))),
        "adjust_p": Entry(lambda case: association.adjust_p([abs(_number(case)), 0.04, np.nan])),
        "disattenuate": Entry(
            lambda case: association.disattenuate(_number(case), 0.3, 0.2),
            silent=dict.fromkeys(("lower", "upper"), "no interval was given"),
        ),
        "dominance_analysis": Entry(
            lambda case: association.dominance_analysis(_last(case), _left(case), n_resamples=10)
        ),
        "relative_weights": Entry(lambda case: association.relative_weights(_last(case), _left(case), n_resamples=10)),
        "imputed_regression": Entry(
            lambda case: association.imputed_regression(_last(case), _left(case), n_imputations=2), model=True
        ),
        "multiple_imputation": Entry(lambda case: association.multiple_imputation(case.answers, 2, 2), model=True),
        "pool_estimates": Entry(
            lambda case: association.pool_estimates([_number(case), 0.2], [abs(_number(case)), 0.0], 30)
        ),
        "random_intercept": Entry(
            lambda case: [
                association.random_intercept(_last(case), None, case.clusters),
                association.random_intercept(
                    _last(case), None, pd.DataFrame({"team": case.clusters, "agency": _between(case)})
                ),
            ],
            silent=dict.fromkeys(("icc1_lower", "icc1_upper"), "several groupings have no profile interval"),
            model=True,
        ),
        "regression": Entry(lambda case: association.regression(_last(case), _left(case))),
        "ordinal_regression": Entry(
            lambda case: association.ordinal_regression(_last(case), _left(case).iloc[:, :1]), model=True
        ),
        "partial_correlations": Entry(
            lambda case: association.partial_correlations(
                case.answers.iloc[:, [0]], _right(case), case.answers.iloc[:, 1:-1]
            )
        ),
        "correlation_power": Entry(lambda case: association.correlation_power(_number(case), len(case.answers))),
        "minimum_detectable_correlation": Entry(
            lambda case: association.minimum_detectable_correlation(len(case.answers))
        ),
        "persons_for_correlation": Entry(lambda case: association.persons_for_correlation(_number(case))),
        "correlation_precision": Entry(
            lambda case: association.correlation_precision(_number(case), len(case.answers)),
            silent=dict.fromkeys(("lower", "upper", "half_width"), "a perfect correlation has no interval"),
        ),
        "restricted_cubic_basis": Entry(
            lambda case: association.restricted_cubic_basis(_last(case), _knots(case))
        ),
        "spline_regression": Entry(lambda case: association.spline_regression(_first(case), _last(case), _knots(case))),
    },
    "change": {
        "measurement_error": Entry(lambda case: change.measurement_error(0.7, abs(_number(case)), len(case.answers))),
        "retest": Entry(lambda case: change.retest(_first(case), _last(case))),
        "reliable_change": Entry(lambda case: change.reliable_change(_first(case), _last(case), 0.7, 0.8)),
        "regressed_change": Entry(lambda case: change.regressed_change(_first(case), _last(case), 0.7, 0.8, 3.0)),
    },
    "group_change": {
        "wave_components": Entry(lambda case: _waves_of_groups(case)),
        "reliable_group_change": Entry(
            lambda case: group_change.reliable_group_change(_means(case), _waves_of_groups(case), 0.2)
        ),
    },
    "waves": {
        "drop_out": Entry(lambda case: waves.drop_out(case.answers, case.groups == "few")),
        "responsiveness": Entry(lambda case: waves.responsiveness(_first(case), _last(case), [1.0])),
    },
    "alignment": {
        "align_groups": Entry(lambda case: alignment.align_groups(*_parameters(case), starts=1)),
    },
    "pooling": {
        "random_effects": Entry(
            lambda case: pooling.random_effects(_first(case).to_numpy(), np.full(len(case.answers), 0.3))
        ),
    },
    "dif": {
        "ordinal_dif": Entry(
            _matching, model=True
        ),
    },
    "groups": {
        "kruskal_wallis": Entry(
            lambda case: [
                groups.kruskal_wallis(_first(case), case.groups),
                groups.kruskal_wallis(_first(case), case.groups, clusters=case.clusters),
            ],
            silent=NOT_CLUSTERED,
        ),
        "compare_groups": Entry(lambda case: groups.compare_groups(case.answers, case.groups), model=True),
        "rank_effect_interval": Entry(lambda case: groups.rank_effect_interval(3.0, 2, len(case.answers))),
        "welch_anova": Entry(lambda case: groups.welch_anova(_first(case), case.groups)),
        "games_howell": Entry(lambda case: groups.games_howell(_first(case), case.groups)),
        "dunn": Entry(lambda case: groups.dunn(_first(case), case.groups)),
        "known_groups": Entry(lambda case: groups.known_groups(_first(case), case.groups, "few", "many")),
    },
    "self_other": {
        "compare": Entry(lambda case: self_other.compare(case.answers, _peers(case))),
        "multitrait_multisource": Entry(
            lambda case: self_other.multitrait_multisource(case.answers, _peers(case)), model=True
        ),
        "response_surface": Entry(
            lambda case: self_other.response_surface(_first(case), _last(case), _peers(case).iloc[:, 0], 3.0)
        ),
        "agreement_profiles": Entry(
            lambda case: self_other.agreement_profiles(
                case.answers, _peers(case), pd.Series(0.0, case.answers.columns), case.answers * 0
            )
        ),
        "peer_standard_error": Entry(lambda case: self_other.peer_standard_error(case.answers, case.clusters)),
        "noncentrality_interval": Entry(lambda case: self_other.noncentrality_interval(3 * _number(case), 12)),
        "bland_altman": Entry(lambda case: self_other.bland_altman(_first(case), _last(case))),
    },
}  # fmt: skip
