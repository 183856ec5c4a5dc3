"""How the contract calls the family of ordered answers."""

from __future__ import annotations

import numpy as np
from contract_cases import Case, Entry

from psychometrics import ordinal


def _matrix(case: Case) -> np.ndarray:
    """Return correlations, at their limits where the case is."""
    with np.errstate(invalid="ignore", divide="ignore"):
        found = np.nan_to_num(case.answers.corr().to_numpy(), nan=0.0)
    np.fill_diagonal(found, 1.0)
    return found


def _bivariate(case: Case) -> np.ndarray:
    """Return the distribution at thresholds and a correlation from the seed, close to the limits as well."""
    generator = np.random.default_rng(case.seed)
    upper, lower = generator.normal(0, 4, (2, 1, 3))
    return ordinal.bivariate_normal(upper, lower, np.tanh(generator.normal(0, 2, 1)))


ENTRIES = {
    "ordinal": {
        "polychoric": Entry(
            lambda case: [ordinal.polychoric(case.answers), ordinal.polychoric(case.answers, missing="pairwise")]
        ),
        "encode": Entry(lambda case: ordinal.encode(case.answers)),
        "nearest_correlation": Entry(lambda case: ordinal.nearest_correlation(_matrix(case))),
        "bivariate_normal": Entry(_bivariate),
    },
}
