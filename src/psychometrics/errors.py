"""Named errors of the statistics: each says what is wrong, with which item, and what to do."""

from __future__ import annotations


class PsychometricsError(ValueError):
    """Root of every error that :mod:`psychometrics` raises on purpose."""


class InputShapeError(PsychometricsError):
    """The table has the wrong shape: too few items, too few persons, unknown or repeated items."""


class CodingError(PsychometricsError):
    """A response is not a number, not an integer code, or outside the declared range."""


class ConstantItemError(PsychometricsError):
    """An item has one response category only, so that no association with it is defined."""


class TooFewPersonsError(PsychometricsError):
    """Fewer persons than the statistic needs to be defined at all."""


class SingularMatrixError(PsychometricsError):
    """A correlation or covariance matrix cannot be inverted."""


class ModelError(PsychometricsError):
    """A factor model is not well formed: unknown item, a factor with one item, not identified."""


class ConvergenceError(PsychometricsError):
    """An iterative estimator did not reach its solution."""


class UndefinedError(PsychometricsError):
    """The statistic is not defined for these data, or for too many of their resamples."""
