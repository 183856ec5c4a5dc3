"""Confirmatory factor analysis of ordinal and continuous items.

:class:`CfaModel` says what loads on what; :func:`fit_cfa` fits it; :func:`difference_test` compares nested models.
"""

from __future__ import annotations

from psychometrics.cfa._difference import DifferenceTest, difference_test
from psychometrics.cfa._fit import FitMeasures
from psychometrics.cfa._fitting import fit_cfa
from psychometrics.cfa._model import CfaModel
from psychometrics.cfa._result import CfaResult

__all__ = ["CfaModel", "CfaResult", "DifferenceTest", "FitMeasures", "difference_test", "fit_cfa"]
