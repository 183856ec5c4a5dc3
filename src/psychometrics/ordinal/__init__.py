"""Ordinal responses: thresholds and polychoric correlations with their asymptotic covariance.

The estimator is the two-step maximum likelihood of Olsson (1979), run for all pairs of items at once; the
asymptotic covariance of thresholds and correlations is that of Muthén (1984).
"""

from __future__ import annotations

from psychometrics.ordinal._bivariate import distribution as bivariate_normal
from psychometrics.ordinal._encoding import OrdinalResponses, encode
from psychometrics.ordinal._polychoric import Polychoric, nearest_correlation, polychoric

__all__ = ["OrdinalResponses", "Polychoric", "bivariate_normal", "encode", "nearest_correlation", "polychoric"]
