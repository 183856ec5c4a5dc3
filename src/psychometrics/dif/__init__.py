"""Differential item functioning: do groups answer an item alike when they are alike in what it measures?"""

from psychometrics.dif.detect import ordinal_dif
from psychometrics.dif.result import DifRule, OrdinalDif

__all__ = ["DifRule", "OrdinalDif", "ordinal_dif"]
