"""Scale scores: the mean of the answered items, when enough of them were answered."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pandas as pd

from psychometrics._ranks import restore_ties
from psychometrics.errors import InputShapeError


def scale_scores(
    responses: pd.DataFrame, scales: Mapping[str, Sequence[str]], minimum_answered: float = 0.5
) -> pd.DataFrame:
    """Score each scale as the mean of its answered items.

    Parameters
    ----------
    responses
        Keyed numeric codes, shape (n_persons, n_items), NaN missing.
    scales
        Items of each scale.
    minimum_answered
        Smallest share of a scale's items that must be answered; below it the score is NaN.

    Returns
    -------
    DataFrame
        Shape (n_persons, n_scales), in units of the answer scale.

    Raises
    ------
    InputShapeError
        When a scale is empty or names an item that is not in ``responses``.

    See Also
    --------
    cronbach_alpha

    Notes
    -----
    ``score = sum(answered codes) / count(answered)`` if ``count / k >= minimum_answered``. This is person-mean
    imputation within the scale. Means of fractions, such as answers moved from other scales, that differ by rounding
    noise only (in the 13th digit) are made equal, so that they tie in ranks, whoever ranks them.

    References
    ----------
    Graham, J. W. (2009). Missing data analysis: making it work in the real world. Annual Review of Psychology, 60,
    549-576, p. 564.

    Validated against: ``rowMeans(x, na.rm = TRUE)`` in R, by identity on complete data.

    Examples
    --------
    >>> from psychometrics.scoring import scale_scores
    >>> import pandas as pd
    >>> answers = pd.DataFrame({"a": [1, 2], "b": [3, None]})
    >>> scale_scores(answers, {"x": ["a", "b"]})["x"].tolist()
    [2.0, 2.0]
    """
    for scale, items in scales.items():
        missing = [item for item in items if item not in responses.columns]
        if missing or not len(items):
            raise InputShapeError(f"scale {scale!r} has no items or names unknown ones: {missing}; mend its item list")
    scored = {scale: _score(responses[list(items)], minimum_answered) for scale, items in scales.items()}
    return pd.DataFrame(scored, index=responses.index)


def _score(items: pd.DataFrame, minimum_answered: float) -> pd.Series[float]:
    """Score one scale."""
    answered = items.notna().mean(axis="columns")
    means = items.mean(axis="columns").where(answered >= minimum_answered)
    fractions = (items % 1 > 0).any(axis=None)
    return pd.Series(restore_ties(means.to_numpy(dtype=float)), means.index) if fractions else means
