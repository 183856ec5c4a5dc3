"""How the contract calls the families of items and scales: screening, items, reliability, dimensions, selection."""

from __future__ import annotations

import numpy as np
import pandas as pd
from contract_cases import Case, Entry

from psychometrics import (
    content_validity,
    dimensionality,
    items,
    reliability,
    resampling,
    scoring,
    screening,
    selection,
)
from psychometrics.errors import PsychometricsError

NO_INTERVAL = dict.fromkeys(("lower", "upper"), "no interval was asked for")
LATENT = {"omega_latent": "continuous items have no latent responses"}


def _loadings(case: Case) -> pd.DataFrame:
    """Return loadings of a simple structure, of any size from the seed."""
    generator = np.random.default_rng(case.seed)
    matrix = pd.DataFrame(0.0, index=case.answers.columns, columns=["first", "second"])
    for place, scale in enumerate(case.scale_of.values()):
        matrix.iloc[place, matrix.columns.get_loc(scale)] = generator.uniform(-0.2, 1.3)
    return matrix


def _correlations(case: Case) -> np.ndarray:
    """Return a matrix of correlations, at its limits where the case is."""
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.nan_to_num(case.answers.corr().to_numpy(), nan=0.0)


def _merit(case: Case) -> pd.Series:
    """Return one value an item."""
    return pd.Series(np.random.default_rng(case.seed).random(case.answers.shape[1]), case.answers.columns)


def _choose(answers: pd.DataFrame) -> list[object]:
    return list(answers.columns[:1])


def _mean(answers: pd.DataFrame) -> float:
    if answers.isna().all(axis=None):
        raise PsychometricsError("nothing to average")
    return float(np.nanmean(answers.to_numpy()))


ENTRIES = {
    "reliability": {
        "cronbach_alpha": Entry(
            lambda case: [
                reliability.cronbach_alpha(case.answers),
                reliability.cronbach_alpha(case.answers, interval="bootstrap", n_resamples=30, missing="pairwise"),
            ]
        ),
        "ordinal_alpha": Entry(
            lambda case: reliability.ordinal_alpha(case.answers, interval="bootstrap", n_resamples=4), model=True
        ),
        "alpha_of_matrix": Entry(lambda case: reliability.alpha_of_matrix(_correlations(case))),
        "alpha_if_dropped": Entry(lambda case: reliability.alpha_if_dropped(case.answers, "pairwise")),
        "feldt_interval": Entry(lambda case: reliability.feldt_interval(case.seed % 3 - 1.0, len(case.answers), 4)),
        "standard_error_of_measurement": Entry(
            lambda case: reliability.standard_error_of_measurement(1.0, case.seed % 4 - 1.5)
        ),
        "omega_total": Entry(
            lambda case: reliability.omega_total(
                case.answers, interval="bootstrap", n_resamples=10, clusters=case.clusters
            ),
            silent=LATENT,
        ),
        "two_level_reliability": Entry(
            lambda case: reliability.two_level_reliability(case.answers, case.clusters, 2, n_resamples=5)
        ),
        "omega_if_dropped": Entry(lambda case: reliability.omega_if_dropped(case.answers)),
        "omega_categorical": Entry(lambda case: reliability.omega_categorical(case.answers), silent=NO_INTERVAL),
        "omega_of_loadings": Entry(
            lambda case: reliability.omega_of_loadings(_loadings(case)["first"].clip(-1, 1).to_numpy())
        ),
        "green_yang": Entry(
            lambda case: reliability.green_yang(
                _loadings(case)["first"].clip(-1, 1).rename(dict(zip(case.answers.columns, "abcdefgh", strict=False))),
                pd.concat({name: pd.Series([-0.5, 0.5]) for name in "abcdefgh"[: case.answers.shape[1]]}),
                pd.DataFrame(
                    np.clip(_correlations(case), -1, 1),
                    list("abcdefgh"[: case.answers.shape[1]]),
                    list("abcdefgh"[: case.answers.shape[1]]),
                ),
            )
        ),
        "omega_hierarchical": Entry(
            lambda case: reliability.omega_hierarchical(case.answers, 2, correlation="pearson"), silent=NO_INTERVAL
        ),
        "bifactor_omega": Entry(
            lambda case: reliability.bifactor_omega(
                pd.Series(0.5, case.answers.columns), _loadings(case).clip(-1.2, 1.2)
            ),
            silent=NO_INTERVAL,
        ),
        "composite_reliability": Entry(lambda case: reliability.composite_reliability(_loadings(case))),
        "average_variance_extracted": Entry(lambda case: reliability.average_variance_extracted(_loadings(case))),
        "htmt": Entry(
            lambda case: reliability.htmt(
                case.answers, case.scale_of, interval="bootstrap", n_resamples=10, missing="pairwise"
            )
        ),
    },
    "items": {
        "item_statistics": Entry(lambda case: items.item_statistics(case.answers, case.scale_of, 1, 11), model=True),
        "item_rest_correlation": Entry(lambda case: items.item_rest_correlation(case.answers)),
        "inter_item_correlations": Entry(lambda case: items.inter_item_correlations(case.answers)),
        "check_keying": Entry(lambda case: items.check_keying(case.answers, case.scale_of)),
        "correlation_of": Entry(
            lambda case: items.correlation_of(case.answers.iloc[:, 0].to_numpy(), case.answers.iloc[:, 1].to_numpy())
        ),
        "fisher_interval": Entry(
            lambda case: items.fisher_interval(np.array([1.0, -1.0, 0.0, np.nan]), np.array([9, 3, 4, 0]), 0.95)
        ),
    },
    "screening": {
        "longstring": Entry(lambda case: screening.longstring(case.answers, average=True)),
        "intra_individual_variability": Entry(lambda case: screening.intra_individual_variability(case.answers)),
        "mahalanobis_distance": Entry(lambda case: screening.mahalanobis_distance(case.answers)),
        "even_odd_consistency": Entry(
            lambda case: screening.even_odd_consistency(
                case.answers, {item: place // 2 for place, item in enumerate(case.answers.columns)}
            )
        ),
        "straight_lining": Entry(lambda case: screening.straight_lining(case.answers, case.scale_of)),
        "missing_patterns": Entry(lambda case: screening.missing_patterns(case.answers)),
        "henze_zirkler": Entry(lambda case: screening.henze_zirkler(case.answers)),
        "little_mcar_test": Entry(lambda case: screening.little_mcar_test(case.answers)),
        "normal_moments": Entry(lambda case: screening.normal_moments(case.answers)),
        "flag_careless": Entry(lambda case: screening.flag_careless(case.answers, case.scale_of)),
    },
    "dimensionality": {
        "kmo": Entry(lambda case: dimensionality.kmo(case.answers, missing="pairwise")),
        "bartlett_sphericity": Entry(lambda case: dimensionality.bartlett_sphericity(case.answers)),
        "parallel_analysis": Entry(
            lambda case: dimensionality.parallel_analysis(case.answers, 5, method="factors", missing="pairwise")
        ),
        "minimum_average_partial": Entry(lambda case: dimensionality.minimum_average_partial(case.answers)),
        "empirical_kaiser": Entry(lambda case: dimensionality.empirical_kaiser(case.answers)),
        "hull": Entry(lambda case: dimensionality.hull(case.answers, max_factors=2)),
        "exploratory_graph_analysis": Entry(lambda case: dimensionality.exploratory_graph_analysis(case.answers)),
        "retain_factors": Entry(lambda case: dimensionality.retain_factors(case.answers, "pearson", 5), model=True),
    },
    "selection": {
        "screen_items": Entry(lambda case: selection.screen_items(case.answers, case.scales)),
        "select_items": Entry(
            lambda case: selection.select_items(_merit(case), case.scales, 2),
            infinite=dict.fromkeys(("lower", "upper"), "a bound on how many items may be chosen, no interval"),
        ),
        "selection_stability": Entry(lambda case: selection.selection_stability(case.answers, _choose, n_resamples=4)),
        "graded_information": Entry(lambda case: selection.graded_information(case.answers, case.scales)),
        "threshold_check": Entry(
            lambda case: selection.threshold_check("share", case.answers.isna().mean(), maximum=0.2)
        ),
        "cross_loading_check": Entry(lambda case: selection.cross_loading_check(_loadings(case))),
        "category_check": Entry(lambda case: selection.category_check(case.answers)),
        "reason_table": Entry(
            lambda case: selection.reason_table(selection.screen_items(case.answers, case.scales).findings)
        ),
    },
    "content_validity": {
        "item_content_validity": Entry(lambda case: content_validity.item_content_validity(case.answers)),
        "scale_content_validity": Entry(
            lambda case: content_validity.scale_content_validity(content_validity.item_content_validity(case.answers))
        ),
        "content_validity_ratio": Entry(lambda case: content_validity.content_validity_ratio(case.answers)),
        "critical_content_validity_ratio": Entry(
            lambda case: content_validity.critical_content_validity_ratio(len(case.answers))
        ),
    },
    "scoring": {"scale_scores": Entry(lambda case: scoring.scale_scores(case.answers, case.scales))},
    "resampling": {
        "bootstrap_interval": Entry(lambda case: resampling.bootstrap_interval(_mean, case.answers, 10)),
        "bootstrap_from_counts": Entry(
            lambda case: resampling.bootstrap_from_counts(
                lambda counts: counts @ np.ones((len(case.answers), 1)) + counts[:, :1], len(case.answers), 10
            )
        ),
        "lost_note": Entry(lambda case: resampling.lost_note(case.seed % 10, 10)),
    },
}
