"""Differential item functioning: whether people alike in a competency answer an item alike in every group."""

from psychometrics.dif.detect import ordinal_dif
from psychometrics.dif.result import DifRule, OrdinalDif

__all__ = ["DifRule", "OrdinalDif", "ordinal_dif"]
