"""How the contract calls the family of planning."""

from __future__ import annotations

import math

import pandas as pd
from contract_cases import Case, Entry

from psychometrics import planning

NUMBERS = (-0.7, -0.2, 0.0, 0.05, 0.3, 0.999)


def _number(case: Case) -> float:
    """Return a number from -1 to 1."""
    return NUMBERS[case.seed % len(NUMBERS)]


def _interval(case: Case) -> pd.DataFrame:
    """Return the interval of a corrected correlation as a row."""
    r = _number(case)
    lower, upper = planning.corrected_interval(r, r - 0.1, r + 0.2, 0.5, *((0.0, 0.7), (0.4, 0.6))[case.seed % 2])
    return pd.DataFrame({"lower": [lower], "upper": [upper]})


ENTRIES = {
    "planning": {
        "factor_population": Entry(lambda case: planning.factor_population(case.answers, case.clusters)),
        "corrected_interval": Entry(_interval),
        "persons_for_corrected_correlation": Entry(
            lambda case: planning.persons_for_corrected_correlation(
                _number(case), len(case.answers), 0.1, (math.inf, 9)[case.seed % 2], 0.6, 0.4, 0.7
            )
        ),
        "rater_plan": Entry(lambda case: planning.rater_plan(_number(case), _number(case) - 0.1, _number(case) + 0.2)),
    }
}
