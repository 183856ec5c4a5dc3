"""Words for columns and entries of saved tables, where the saved name would puzzle a reader."""

from __future__ import annotations

HEADINGS = {
    "alpha_if_dropped": "alpha without it",
    "blank_share": "blank",
    "ceiling_share": "at the top",
    "d_z": "standardised difference",
    "degrees_of_freedom": "df",
    "difference": "self minus peers",
    "epsilon_squared": "ε²",
    "floor_share": "at the bottom",
    "highest_inter_item": "highest with another item",
    "highest_with": "which item",
    "icc1": "ICC(1), one peer",
    "icc1_k": "ICC(1,k), mean of peers",
    "icc1_mixed": "ICC(1), mixed model",
    "item_rest": "item-rest correlation",
    "item_rest_spearman": "item-rest correlation",
    "item_total": "item-total correlation",
    "k": "items",
    "lower_quartile": "lower quartile",
    "mean_n_peers": "peers, mean",
    "missing_share": "missing",
    "n_groups": "groups",
    "not_applicable_share": "does not apply",
    "p_bh": "p (Benjamini-Hochberg)",
    "p_holm": "p (Holm)",
    "peer_mean": "peers",
    "peers_n0": "peers in effect",
    "r_squared": "R²",
    "rho": "ρ",
    "sd": "SD",
    "self_mean": "self",
    "spearman": "ρ",
    "upper_quartile": "upper quartile",
}

WORDS = {
    "even_odd_consistency": "Odd and even items disagree",
    "flagged": "Flagged: several rules agree",
    "intra_individual_variability": "Answers hardly vary",
    "longstring": "Long run of one answer",
    "mahalanobis_distance": "Unusual pattern of answers (Mahalanobis distance)",
    "seconds_per_item": "Too fast: seconds for each question",
    "straight_lining": "One answer throughout a competency",
}
