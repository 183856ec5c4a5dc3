"""Factor models against lavaan: every estimate, standard error, standardised value and fit measure."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from cfa_reference import fitted, keyed, lavaan, table

ESTIMATE = 1e-4
STANDARD_ERROR = 1e-3  # relative
CHI_SQUARE = 1e-3  # relative
FIT_INDEX = 1e-3
LIKELIHOOD = 1e-2  # of a log-likelihood near -50,000

NAMES = [
    *(
        f"bfi.{form}.{how}"
        for form in ("correlated", "one", "second_order", "bifactor")
        for how in ("ML", "MLR", "WLSMV")
    ),
    "bfi.correlated.ULSMV",
    "bfi.correlated.WLSMV_pairwise",
    "bfi.correlated.ULSMV_pairwise",
    "bfi.correlated.FIML_ML",
    "bfi.correlated.FIML_MLR",
    "bfi.second_order.FIML_MLR",
    "bfi.bifactor.FIML_MLR",
    "bfi.residuals.ML",
    "bfi.residuals.WLSMV",
    "bfi.variance.MLR",
    "bfi.variance.WLSMV",
    "bfi.orthogonal.WLSMV",
    *(f"sim52.{form}.WLSMV" for form in ("correlated", "one", "second_order", "bifactor")),
    "sim52.correlated.ML",
    "sim52.correlated.MLR",
    "gaps.correlated.WLSMV_pairwise",
    "gaps.correlated.FIML_MLR",
]
STATISTICS = {
    "chi_square": "chisq",
    "chi_square_scaled": "chisq.scaled",
    "scaling_factor": "chisq.scaling.factor",
    "baseline_chi_square": "baseline.chisq",
    "baseline_chi_square_scaled": "baseline.chisq.scaled",
    "baseline_scaling_factor": "baseline.chisq.scaling.factor",
}
INDICES = {
    "cfi": "cfi",
    "tli": "tli",
    "rmsea": "rmsea",
    "rmsea_lower": "rmsea.ci.lower",
    "rmsea_upper": "rmsea.ci.upper",
    "rmsea_p_close": "rmsea.pvalue",
}
LIKELIHOODS = {
    "log_likelihood": "logl",
    "saturated_log_likelihood": "unrestricted.logl",
    "aic": "aic",
    "bic": "bic",
}


@pytest.mark.parametrize("name", NAMES)
def test_estimates_and_standard_errors_match_lavaan(name: str) -> None:
    ours = keyed(fitted(name))
    compared = 0
    for row in table(lavaan()[name]["estimates"]).itertuples():
        mine = ours.get((row.lhs, row.op, row.rhs))
        if mine is None:
            # lavaan also lists the covariances of orthogonal factors, which are fixed at zero.
            assert (row.op, row.est, row.se) == ("~~", 0.0, 0.0)
            continue
        compared += 1
        assert mine.estimate == pytest.approx(row.est, abs=ESTIMATE), row
        if row.se > 0:
            assert mine.standard_error == pytest.approx(row.se, rel=STANDARD_ERROR), row
    assert compared >= len(fitted(name).parameters) - 1


@pytest.mark.parametrize("name", NAMES)
def test_standardised_solution_matches_lavaan(name: str) -> None:
    ours = keyed(fitted(name))
    for row in table(lavaan()[name]["standardised"]).itertuples():
        mine = ours.get((row.lhs, row.op, row.rhs))
        if mine is None:
            continue
        assert mine.standardised == pytest.approx(row.est_std, abs=ESTIMATE), row
        if row.se > 1e-8:
            assert mine.standardised_error == pytest.approx(row.se, rel=STANDARD_ERROR, abs=1e-6), row
            assert mine.standardised_lower == pytest.approx(row.ci_lower, abs=ESTIMATE), row
            assert mine.standardised_upper == pytest.approx(row.ci_upper, abs=ESTIMATE), row


@pytest.mark.parametrize("name", NAMES)
def test_fit_matches_lavaan(name: str) -> None:
    fit, entry = fitted(name).fit, lavaan()[name]
    reference: dict[str, Any] = {key: value for key, value in entry["fit"].items() if value is not None}
    assert fitted(name).n_used == entry["nobs"]
    assert fitted(name).converged
    assert (fit.df, fit.n_parameters) == (reference["df"], reference["npar"])
    assert fit.srmr == pytest.approx(reference["srmr"], abs=FIT_INDEX)
    for ours, theirs in STATISTICS.items():
        if theirs in reference:
            assert getattr(fit, ours) == pytest.approx(reference[theirs], rel=CHI_SQUARE), ours
    for version in ("", "_scaled", "_robust"):
        for ours, theirs in INDICES.items():
            key = theirs + version.replace("_", ".")
            if key in reference:
                assert getattr(fit, ours + version) == pytest.approx(reference[key], abs=FIT_INDEX), key
    for ours, theirs in LIKELIHOODS.items():
        if theirs in reference:
            assert getattr(fit, ours) == pytest.approx(reference[theirs], abs=LIKELIHOOD), ours


@pytest.mark.parametrize("name", [name for name in NAMES if not name.endswith("ML")])
def test_scaled_and_robust_measures_are_defined_wherever_lavaan_defines_them(name: str) -> None:
    fit, reference = fitted(name).fit, lavaan()[name]["fit"]
    for ours, theirs in (("cfi_scaled", "cfi.scaled"), ("cfi_robust", "cfi.robust"), ("rmsea_robust", "rmsea.robust")):
        assert np.isfinite(getattr(fit, ours)) == (reference.get(theirs) is not None)
