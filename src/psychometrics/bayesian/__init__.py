"""Factor models of ordered items from the posterior, for samples too small for weighted least squares.

:func:`bayesian_cfa` draws loadings, omega and factor correlations with intervals and compares the answers with what the
model predicts; :class:`Priors` says what is assumed before.
"""

from __future__ import annotations

from psychometrics.bayesian.confirmatory import BayesianCfa, bayesian_cfa
from psychometrics.bayesian.priors import Priors

__all__ = ["BayesianCfa", "Priors", "bayesian_cfa"]
