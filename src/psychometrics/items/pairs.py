"""Correlations between items, redundant pairs, and items whose data contradict their key."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd

from psychometrics._checks import Label, Scales, constant_items, numeric_table, one_of, scales_of, share
from psychometrics._correlations import product_moment
from psychometrics.errors import PsychometricsError
from psychometrics.items.describe import item_rest_correlation


@dataclass(frozen=True)
class InterItemCorrelations:
    """Correlations between all pairs of items.

    Attributes
    ----------
    correlations : DataFrame of shape (n_items, n_items)
        NaN where an item is constant.
    n_pairs : DataFrame of shape (n_items, n_items)
        Persons who answered both items.
    method : str
        ``spearman`` or ``pearson``.
    constant : tuple of str
        Items without variance.
    """

    correlations: pd.DataFrame
    n_pairs: pd.DataFrame
    method: str
    constant: tuple[Label, ...]

    def to_frame(self) -> pd.DataFrame:
        """Return one row a pair: item, other, correlation, n; in the order of the items."""
        rows, columns = np.triu_indices(len(self.correlations), k=1)
        names = self.correlations.columns.to_numpy()
        return pd.DataFrame(
            {
                "item": names[rows],
                "other": names[columns],
                "correlation": self.correlations.to_numpy()[rows, columns],
                "n": self.n_pairs.to_numpy()[rows, columns],
            }
        )

    def pairs_above(self, cut: float = 0.9) -> pd.DataFrame:
        """Return the pairs whose correlation exceeds ``cut`` in size, strongest first."""
        pairs = self.to_frame()
        chosen = pairs[pairs["correlation"].abs() > cut]
        order = chosen["correlation"].abs().sort_values(ascending=False, kind="stable").index
        return chosen.loc[order].reset_index(drop=True)


@dataclass(frozen=True)
class KeyingCheck:
    """Whether each item runs in the direction its key declares.

    Attributes
    ----------
    table : DataFrame, one row an item
        ``scale``, ``item_rest``, ``lower``, ``upper``, ``n``, ``contradicts``.
    contradicting : tuple of str
        Items whose interval lies below zero.
    constant : tuple of str
        Items without variance, on which the data say nothing.
    confidence : float
        Nominal coverage of the intervals.
    """

    table: pd.DataFrame
    contradicting: tuple[Label, ...]
    constant: tuple[Label, ...]
    confidence: float

    def to_frame(self) -> pd.DataFrame:
        """Return the table of items."""
        return self.table


def inter_item_correlations(
    responses: pd.DataFrame, method: Literal["spearman", "pearson"] = "spearman"
) -> InterItemCorrelations:
    """Correlations between all pairs of items, each over the persons who answered both.

    Parameters
    ----------
    responses : DataFrame of shape (n_persons, n_items)
        Numeric answers, NaN missing; ranks of the Spearman correlation are taken within the pair.
    method : {"spearman", "pearson"}
        Kind of correlation.

    Returns
    -------
    InterItemCorrelations

    Raises
    ------
    InputShapeError
        Fewer than two items or an unknown method.
    CodingError
        An answer that is not a number.

    See Also
    --------
    check_keying, item_statistics

    References
    ----------
    Clark, L. A., & Watson, D. (1995). Constructing validity. Psychological Assessment, 7, 309-319, p. 316.

    Notes
    -----
    Validated against R's ``cor(use = "pairwise", method = ...)``.

    Examples
    --------
    >>> import numpy as np
    >>> import pandas as pd
    >>> draw = np.random.default_rng(1)
    >>> trait = draw.normal(size=(200, 1))
    >>> codes = np.clip(np.rint(3 + trait + draw.normal(size=(200, 6))), 1, 5)
    >>> answers = pd.DataFrame(codes, columns=list("abcdef"))
    >>> from psychometrics.items import inter_item_correlations
    >>> pairs = inter_item_correlations(answers).to_frame()
    >>> len(pairs), list(pairs.columns)
    (15, ['item', 'other', 'correlation', 'n'])
    """
    one_of(method, ("spearman", "pearson"), "method")
    frame = numeric_table(responses, minimum_columns=2, minimum_rows=2)
    answered = frame.notna().to_numpy(dtype=float)
    counts = pd.DataFrame((answered.T @ answered).astype(int), index=frame.columns, columns=frame.columns)
    with np.errstate(divide="ignore", invalid="ignore"):
        correlations = product_moment(frame, method)
    return InterItemCorrelations(correlations, counts, method, constant_items(frame))


def check_keying(responses: pd.DataFrame, scales: Scales | None = None, confidence: float = 0.95) -> KeyingCheck:
    r"""Find items whose data contradict their declared direction.

    After the declared keys are applied every item should go with the rest of its scale. An item contradicts
    its key when the whole interval of its item-rest correlation lies below zero; the interval is Fisher's,
    :math:`\tanh(\operatorname{artanh} r \pm z / \sqrt{n - 3})`. A weak item near zero is no contradiction.
    In a scale of two items a contradiction names both, since the data cannot say which one is at fault.

    Parameters
    ----------
    responses : DataFrame of shape (n_persons, n_items)
        Answers with the declared keys already applied, NaN missing.
    scales : Series or mapping, optional
        Item to competency; without it all items form one scale.
    confidence : float
        Nominal coverage of the interval.

    Returns
    -------
    KeyingCheck
        A scale of one item, a constant item, or fewer than four persons give NaN and no verdict.

    Raises
    ------
    InputShapeError
        Scales that do not fit the items, a confidence outside (0, 1).
    CodingError
        An answer that is not a number.

    See Also
    --------
    item_rest_correlation, inter_item_correlations

    References
    ----------
    Fisher, R. A. (1921). On the "probable error" of a coefficient of correlation. Metron, 1, 3-32.

    Notes
    -----
    Validated against ``psych::alpha(check.keys = TRUE)``'s warning on bfi's A1 and R's ``cor.test`` interval.

    Examples
    --------
    >>> import numpy as np
    >>> import pandas as pd
    >>> draw = np.random.default_rng(1)
    >>> trait = draw.normal(size=(200, 1))
    >>> codes = np.clip(np.rint(3 + trait + draw.normal(size=(200, 6))), 1, 5)
    >>> answers = pd.DataFrame(codes, columns=list("abcdef"))
    >>> from psychometrics.items import check_keying
    >>> check_keying(answers.assign(b=6 - answers["b"])).contradicting
    ('b',)
    """
    share(confidence)
    frame = numeric_table(responses, minimum_rows=2)
    parts = [_keying_of(frame[items], name, confidence) for name, items in scales_of(frame, scales).items()]
    table = pd.concat(parts).reindex(frame.columns)
    contradicting = tuple(table.index[table["contradicts"]])
    return KeyingCheck(table, contradicting, constant_items(frame), confidence)


def fisher_interval(r: np.ndarray, n: np.ndarray, confidence: float) -> tuple[np.ndarray, np.ndarray]:
    """Fisher's interval of Pearson correlations r over n persons; NaN below four persons.

    See Also
    --------
    check_keying

    Examples
    --------
    >>> from psychometrics.items import fisher_interval
    >>> import numpy as np
    >>> lower, upper = fisher_interval(np.array([0.5]), np.array([103]), 0.95)
    >>> round(float(lower[0]), 3), round(float(upper[0]), 3)
    (0.339, 0.632)
    """
    from scipy.stats import norm

    margin = norm.ppf((1 + confidence) / 2) / np.sqrt(np.where(n > 3, n - 3.0, np.nan))
    centre = np.arctanh(np.clip(r, -1 + 1e-15, 1 - 1e-15))
    return np.tanh(centre - margin), np.tanh(centre + margin)


def _keying_of(scale: pd.DataFrame, name: str, confidence: float) -> pd.DataFrame:
    """Return the verdict on each item of one scale."""
    try:
        rest = item_rest_correlation(scale)
    except PsychometricsError:
        rest = pd.DataFrame({"correlation": np.nan, "n": 0}, index=scale.columns)
    lower, upper = fisher_interval(rest["correlation"].to_numpy(), rest["n"].to_numpy(), confidence)
    return pd.DataFrame(
        {
            "scale": name,
            "item_rest": rest["correlation"],
            "lower": lower,
            "upper": upper,
            "n": rest["n"],
            "contradicts": upper < 0,
        },
        index=scale.columns,
    )
