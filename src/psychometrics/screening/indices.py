"""Indices of careless answering, one number a person. None of them drops anybody."""

from __future__ import annotations

import numpy as np
import pandas as pd

from psychometrics._checks import Scales, numeric_table, refuse_constant, scales_of
from psychometrics.errors import InputShapeError
from psychometrics.screening._gaps import squared_distances
from psychometrics.screening.missingness import normal_moments, refuse_singular

_STRAIGHT_LINE_ANSWERS = 3


def longstring(responses: pd.DataFrame, average: bool = False) -> pd.Series:
    """Longest run of identical answers of each person.

    Parameters
    ----------
    responses : DataFrame of shape (n_persons, n_items)
        Answers as given, before keying, in the order in which the items were shown. A missing answer ends a
        run and belongs to none.
    average : bool
        Return the mean length of the runs instead of the longest.

    Returns
    -------
    Series of shape (n_persons,)
        0 for a person without answers (NaN when averaging).

    Raises
    ------
    InputShapeError, CodingError
        A table without items, or answers that are not numbers.

    See Also
    --------
    straight_lining, flag_careless

    References
    ----------
    Johnson, J. A. (2005). Ascertaining the validity of individual protocols from web-based personality
    inventories. Journal of Research in Personality, 39, 103-129, p. 110.

    Notes
    -----
    Validated against ``careless::longstring(avg = TRUE)``.

    Examples
    --------
    >>> from psychometrics.screening import longstring
    >>> import pandas as pd
    >>> answers = pd.DataFrame({"a": [1, 3], "b": [1, 4], "c": [1, 2], "d": [2, 5]})
    >>> longstring(answers).tolist()
    [3, 1]
    """
    answers = numeric_table(responses, minimum_rows=1)
    values = answers.to_numpy()
    repeats = np.zeros(values.shape, dtype=int)
    repeats[:, 0] = ~np.isnan(values[:, 0])
    for position in range(1, values.shape[1]):
        same = values[:, position] == values[:, position - 1]
        repeats[:, position] = np.where(same, repeats[:, position - 1] + 1, ~np.isnan(values[:, position]))
    if not average:
        return pd.Series(repeats.max(axis=1), answers.index, name="longstring")
    runs = (repeats == 1).sum(axis=1)
    mean = np.where(runs > 0, answers.notna().sum(axis=1) / np.maximum(runs, 1), np.nan)
    return pd.Series(mean, answers.index, name="average_string")


def intra_individual_variability(responses: pd.DataFrame) -> pd.Series:
    """Return the standard deviation of each person's answers over the items (divisor n - 1).

    Low values go with straight-lining, very high ones with random answers.

    Parameters
    ----------
    responses : DataFrame of shape (n_persons, n_items)
        Answers as given, before keying, all on one response scale; missing answers are left out.

    Returns
    -------
    Series of shape (n_persons,)
        NaN with fewer than two answers.

    Raises
    ------
    InputShapeError, CodingError
        A table without items, or answers that are not numbers.

    See Also
    --------
    longstring, flag_careless

    References
    ----------
    Dunn, A. M., Heggestad, E. D., Shanock, L. R., & Theilgard, N. (2018). Intra-individual response
    variability as an indicator of insufficient effort responding. Journal of Business and Psychology, 33,
    105-121, p. 108.

    Notes
    -----
    Validated against ``careless::irv``.

    Examples
    --------
    >>> from psychometrics.screening import intra_individual_variability
    >>> import pandas as pd
    >>> answers = pd.DataFrame({"a": [1, 3], "b": [1, 4], "c": [1, 2], "d": [2, 5]})
    >>> intra_individual_variability(answers).round(2).tolist()
    [0.5, 1.29]
    """
    answers = numeric_table(responses, minimum_rows=1)
    return answers.std(axis=1, ddof=1).rename("intra_individual_variability")


def mahalanobis_distance(responses: pd.DataFrame) -> pd.DataFrame:
    r"""Squared Mahalanobis distance of each person from the mean, with its chi-square probability.

    .. math:: D^2 = (y - \bar y)' S^{-1} (y - \bar y)

    A person with missing answers is compared over the items answered, with as many degrees of freedom; mean
    and covariance are then those of the normal model by the EM algorithm, times n / (n - 1). On complete data
    they are the usual ones.

    Parameters
    ----------
    responses : DataFrame of shape (n_persons, n_items)
        Numeric answers, NaN missing; keying does not matter.

    Returns
    -------
    DataFrame of shape (n_persons, 3)
        ``distance_squared``, ``df`` (items answered), ``p_value``; NaN for a person without answers.

    Raises
    ------
    SingularMatrixError
        The covariances cannot be inverted, for instance with fewer persons than items.
    ConstantItemError, InputShapeError, CodingError, TooFewPersonsError, ConvergenceError
        Responses no distance is defined for.

    See Also
    --------
    flag_careless

    References
    ----------
    Mahalanobis, P. C. (1936). On the generalized distance in statistics. Proceedings of the National Institute
    of Sciences of India, 2, 49-55. Meade, A. W., & Craig, S. B. (2012). Identifying careless responses in
    survey data. Psychological Methods, 17, 437-455, p. 440.

    Notes
    -----
    Validated against R's ``mahalanobis(x, colMeans(x), cov(x))`` on complete data.

    Examples
    --------
    >>> import numpy as np
    >>> import pandas as pd
    >>> draw = np.random.default_rng(1)
    >>> trait = draw.normal(size=(200, 1))
    >>> codes = np.clip(np.rint(3 + trait + draw.normal(size=(200, 6))), 1, 5)
    >>> answers = pd.DataFrame(codes, columns=list("abcdef"))
    >>> from psychometrics.screening import mahalanobis_distance
    >>> bool((mahalanobis_distance(answers)["p_value"] < 0.001).any())
    False
    """
    from scipy.stats import chi2

    answers = numeric_table(responses, minimum_rows=2)
    refuse_constant(answers)
    mean, covariance = normal_moments(answers)
    covariance = covariance * len(answers) / (len(answers) - 1)
    refuse_singular(covariance, list(answers.columns))
    squared = squared_distances(answers.to_numpy(), mean, covariance)
    df = answers.notna().sum(axis=1)
    p_value = chi2.sf(squared, df.where(df > 0).to_numpy(dtype=float))
    return pd.DataFrame({"distance_squared": squared, "df": df, "p_value": p_value}, index=answers.index)


def even_odd_consistency(responses: pd.DataFrame, scales: Scales) -> pd.Series:
    r"""Agreement of the two halves of every scale within a person.

    A person's answers to the first, third, ... item of a scale are averaged, and those to the second, fourth,
    ...; the two averages are correlated over the scales and stepped up by Spearman and Brown,
    :math:`2r / (1 + r)`, with values below -1 set to -1. High values mean consistent answers.

    Parameters
    ----------
    responses : DataFrame of shape (n_persons, n_items)
        Answers after keying, NaN missing (left out of the averages).
    scales : Series or mapping
        Item to competency; scales of one item are left out.

    Returns
    -------
    Series of shape (n_persons,)
        NaN where a half does not vary over the scales or fewer than three scales have both halves.

    Raises
    ------
    InputShapeError
        Fewer than three scales of two items or more: a correlation over two scales is always 1 or -1.
    CodingError
        Answers that are not numbers.

    See Also
    --------
    flag_careless

    References
    ----------
    Jackson, D. N. (1976). The appraisal of personal reliability. As given by Johnson, J. A. (2005). Journal of
    Research in Personality, 39, 103-129, p. 111.

    Notes
    -----
    Validated against ``careless::evenodd``, whose sign is the opposite since version 1.2.

    Examples
    --------
    >>> import numpy as np
    >>> import pandas as pd
    >>> draw = np.random.default_rng(1)
    >>> trait = draw.normal(size=(200, 1))
    >>> codes = np.clip(np.rint(3 + trait + draw.normal(size=(200, 6))), 1, 5)
    >>> answers = pd.DataFrame(codes, columns=list("abcdef"))
    >>> from psychometrics.screening import even_odd_consistency
    >>> pairs = {item: number // 2 for number, item in enumerate(answers)}
    >>> even_odd_consistency(answers, pairs).shape
    (200,)
    """
    answers = numeric_table(responses, minimum_rows=1)
    halves = [items for items in scales_of(answers, scales).values() if len(items) > 1]
    if len(halves) < 3:
        raise InputShapeError(
            f"even-odd consistency correlates scales within a person; {len(halves)} scales with two items or "
            "more are too few: at least three are needed"
        )
    odd = np.column_stack([answers[items[0::2]].mean(axis=1) for items in halves])
    even = np.column_stack([answers[items[1::2]].mean(axis=1) for items in halves])
    r = _row_correlations(odd, even)
    stepped_up = np.maximum(2 * r / np.where(r > -1, 1 + r, np.nan), -1.0)
    return pd.Series(np.where(r <= -1, -1.0, stepped_up), answers.index, name="even_odd_consistency")


def straight_lining(responses: pd.DataFrame, scales: Scales | None = None) -> pd.DataFrame:
    """Whether each person gave one and the same answer to all items of a scale.

    Parameters
    ----------
    responses : DataFrame of shape (n_persons, n_items)
        Answers as given, before keying; missing ones are left out.
    scales : Series or mapping, optional
        Item to competency; without it all items form one scale.

    Returns
    -------
    DataFrame of shape (n_persons, n_scales)
        1 for a straight line, 0 for none, NaN where a person answered fewer than three items of the scale.

    Raises
    ------
    InputShapeError, CodingError
        Scales that do not fit the items, or answers that are not numbers.

    See Also
    --------
    longstring, flag_careless

    References
    ----------
    Kim, Y., Dykema, J., Stevenson, J., Black, P., & Moberg, D. P. (2019). Straightlining: Overview of
    measurement, comparison of indicators, and effects in mail-web mixed-mode surveys. Social Science Computer
    Review, 37, 214-233, p. 216 (simple nondifferentiation).

    Notes
    -----
    Validated by identity with :func:`longstring`: a complete straight line is a run over the whole scale.

    Examples
    --------
    >>> from psychometrics.screening import straight_lining
    >>> import pandas as pd
    >>> answers = pd.DataFrame({"a": [1, 3], "b": [1, 4], "c": [1, 2], "d": [2, 5]})
    >>> straight_lining(answers[["a", "b", "c"]])["all"].tolist()
    [1.0, 0.0]
    """
    answers = numeric_table(responses, minimum_rows=1)
    lines = {}
    for name, items in scales_of(answers, scales).items():
        block = answers[items]
        straight = (block.max(axis=1) == block.min(axis=1)).astype(float)
        lines[name] = straight.where(block.notna().sum(axis=1) >= _STRAIGHT_LINE_ANSWERS)
    return pd.DataFrame(lines, index=answers.index)


def _row_correlations(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Correlate two tables row by row over the columns both have; NaN without variance or three columns."""
    both = ~(np.isnan(first) | np.isnan(second))
    count = both.sum(axis=1)
    x, y = (np.where(both, table, 0.0) for table in (first, second))
    x, y = (np.where(both, table - (table.sum(axis=1) / np.maximum(count, 1))[:, None], 0.0) for table in (x, y))
    product = np.sum(x**2, axis=1) * np.sum(y**2, axis=1)
    defined = (count >= 3) & (product > 1e-20)
    r = np.sum(x * y, axis=1) / np.sqrt(np.where(defined, product, np.nan))
    clipped: np.ndarray = np.clip(r, -1.0, 1.0)
    return clipped
