"""Statistics for competency questionnaires: tables of numbers in, frozen results out.

Families are modules (``psychometrics.reliability``); their main functions are also importable from here
(``from psychometrics import cronbach_alpha``). Both load on first use, so that ``import psychometrics`` stays light.
"""

from __future__ import annotations

import importlib
from typing import Any

_FAMILIES = {
    "agreement": "average_deviation cohen_kappa conger_kappa decision_study fleiss_kappa generalisability_study "
    "gwet_ac1 gwet_ac2 icc icc1 krippendorff_alpha percent_agreement rwg rwg_j wilson_interval",
    "alignment": "align_groups",
    "association": "adjust_p correlation_matrix disattenuate dominance_analysis equivalence_test "
    "minimum_detectable_correlation ordinal_regression partial_correlations random_intercept regression "
    "relative_weights spearman_matrix",
    "bayesian": "Priors bayesian_cfa",
    "change": "measurement_error regressed_change reliable_change retest",
    "content_validity": "content_validity_ratio item_content_validity scale_content_validity",
    "dif": "DifRule OrdinalDif ordinal_dif",
    "dimensionality": "bartlett_sphericity empirical_kaiser exploratory_graph_analysis hull kmo "
    "minimum_average_partial parallel_analysis retain_factors",
    "efa": "compare_solutions fit_efa schmid_leiman tucker_congruence",
    "errors": "PsychometricsError",
    "group_change": "reliable_group_change wave_components",
    "groups": "compare_groups dunn games_howell known_groups kruskal_wallis welch_anova",
    "items": "check_keying inter_item_correlations item_rest_correlation item_statistics",
    "irt": "fit_graded_response fit_scales item_fit local_dependence person_fit person_scores",
    "ordinal": "nearest_correlation polychoric",
    "planning": "corrected_interval dif_plan factor_population invariance_plan persons_for_corrected_correlation "
    "precision_plan rater_plan",
    "pooling": "random_effects",
    "reliability": "average_variance_extracted composite_reliability cronbach_alpha htmt omega_categorical "
    "omega_hierarchical omega_total ordinal_alpha two_level_reliability",
    "resampling": "bootstrap_interval",
    "scoring": "scale_scores",
    "screening": "even_odd_consistency flag_careless henze_zirkler intra_individual_variability little_mcar_test "
    "longstring mahalanobis_distance missing_patterns straight_lining",
    "sem": "CfaModel difference_test dynamic_cutoffs fit_cfa invariance_over_time measurement_invariance "
    "merge_categories",
    "selection": "graded_information screen_items select_items selection_stability",
    "waves": "drop_out responsiveness",
    "self_other": "agreement_profiles bland_altman compare multitrait_multisource response_surface",
}
_HOME = {name: family for family, names in _FAMILIES.items() for name in names.split()}


def __getattr__(name: str) -> Any:
    if name in _FAMILIES:
        return importlib.import_module(f"{__name__}.{name}")
    if name in _HOME:
        return getattr(importlib.import_module(f"{__name__}.{_HOME[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted([*_FAMILIES, *_HOME])
