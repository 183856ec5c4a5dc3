"""The loops of the study: one statistic over every competency, grouping or outcome, as one table.

Each module belongs to one notebook; the statistics themselves are in :mod:`psychometrics`.
"""
