"""How well a fitted graded response model predicts the answers to each item: S-X2."""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy.stats import chi2

from psychometrics._checks import label_index
from psychometrics.errors import InputShapeError, TooFewPersonsError
from psychometrics.irt import _curves
from psychometrics.irt._curves import Array
from psychometrics.irt._marginal import Codes
from psychometrics.irt.graded import GradedResponse
from psychometrics.irt.persons import codes_for


def item_fit(model: GradedResponse, responses: pd.DataFrame, minimum_expected: float = 1.0) -> pd.DataFrame:
    r"""S-X2 of each item: observed against expected answers in groups of people with the same sum score.

    .. math:: S\text{-}X^2_i = \sum_s\sum_k \frac{(O_{isk} - E_{isk})^2}{E_{isk}}, \qquad
       E_{isk} = N_s\frac{\int P_{ik}(\theta) f_{-i}(s - k\mid\theta)\phi(\theta)d\theta}
       {\int f(s\mid\theta)\phi(\theta)d\theta}

    with the distributions f of the sum of all items and of the others by Lord and Wingersky's recursion. Degrees of
    freedom are cells less score groups less the item's parameters. Sparse cells are joined in this order: score groups
    at either end in which some answer is impossible join the nearest group in which none is; a group in which joining
    categories would leave a single one joins the next group; within a group a category expected less than
    `minimum_expected` times joins the next higher, at the end the next lower.

    Parameters
    ----------
    model : GradedResponse
    responses : DataFrame of shape (n_persons, n_items)
        Answers in the codes of the model; persons with a missing answer are left out.
    minimum_expected : float
        Smallest expected count of a cell.

    Returns
    -------
    DataFrame of shape (n_items, 6)
        Indexed by item: ``s_x2``, ``df``, ``p_value``, ``rmsea``, ``n_groups`` (score groups after joining) and ``n``.
        Without degrees of freedom p and RMSEA are NaN.

    Raises
    ------
    InputShapeError
        A minimum that is not positive, or an item of the model is missing.
    CodingError
        A code that the item did not have when the model was fitted.
    TooFewPersonsError
        Fewer than two persons answered every item.

    References
    ----------
    Orlando, M., & Thissen, D. (2000). Likelihood-based item-fit indices for dichotomous item response theory models.
    Applied Psychological Measurement, 24, 50-64, eq. 8-12. Kang, T., & Chen, T. T. (2008). Performance of the
    generalized S-X2 item fit index for polytomous IRT models. Journal of Educational Measurement, 45, 391-406. Lord,
    F. M., & Wingersky, M. S. (1984). Applied Psychological Measurement, 8, 453-461.

    Notes
    -----
    Validated against R's ``mirt::itemfit(fit_stats = "S_X2", mincell = 1)``. The published papers leave the order of
    joining open; R's order differs in some sparse score groups, where it may end with fewer cells.

    See Also
    --------
    psychometrics.irt.local_dependence : Pairs of items.

    Examples
    --------
    >>> import numpy as np, pandas as pd
    >>> rng = np.random.default_rng(3)
    >>> trait = rng.normal(size=(400, 1))
    >>> answers = pd.DataFrame(np.digitize(trait + rng.normal(size=(400, 5)), [-1.2, 0, 1.2]), columns=list("abcde"))
    >>> from psychometrics.irt import fit_graded_response
    >>> model = fit_graded_response(answers)
    >>> item_fit(model, answers)["n"].tolist()
    [400, 400, 400, 400, 400]
    """
    if minimum_expected <= 0:
        raise InputShapeError(f"minimum_expected must be positive, got {minimum_expected}")
    codes, _ = codes_for(model, responses)
    kept = codes[(codes >= 0).all(axis=1)]
    if len(kept) < 2:
        raise TooFewPersonsError(f"{len(kept)} persons answered every item; S-X2 needs people who did")
    rows = [_fit(model, kept, item, minimum_expected) for item in range(model.n_items)]
    return pd.DataFrame(rows, label_index(model.items).rename("item")).astype({"df": int, "n_groups": int, "n": int})


def _fit(model: GradedResponse, codes: Codes, item: int, minimum: float) -> dict[str, float]:
    """Return S-X2 of one item and what goes with it."""
    expected, observed = _join_ends(*_tables(model, codes, item))
    expected, observed = _join_groups(expected, observed, minimum)
    statistic, cells = 0.0, 0
    for row, counts in zip(expected, observed, strict=True):
        group = _joined_categories(row, minimum)
        e, o = np.bincount(group, row), np.bincount(group, counts)
        statistic += float(np.divide((o - e) ** 2, e, out=np.zeros_like(e), where=e > 0).sum())
        cells += len(e)
    df = cells - len(expected) - model.curves()[item].n_parameters
    tested = df > 0
    return {
        "s_x2": statistic,
        "df": df,
        "p_value": float(chi2.sf(statistic, df)) if tested else np.nan,
        "rmsea": float(np.sqrt(max(statistic - df, 0) / (df * (len(codes) - 1)))) if tested else np.nan,
        "n_groups": len(expected),
        "n": len(codes),
    }


def _tables(model: GradedResponse, codes: Codes, item: int) -> tuple[Array, Array]:
    """Return expected and observed answers by sum score, without the lowest and the highest; NaN if impossible."""
    theta, weights = model.grid()
    tables = [_curves.probabilities(curve, theta) for curve in model.curves()]
    total = _sum_distribution(tables) @ weights
    rest = _sum_distribution(tables[:item] + tables[item + 1 :])
    n_scores, n_categories = len(total), tables[item].shape[1]
    expected, observed = np.full((n_scores, n_categories), np.nan), np.zeros((n_scores, n_categories))
    for category in range(n_categories):
        scores = np.arange(len(rest)) + category
        expected[scores, category] = (rest * tables[item][:, category]) @ weights / total[scores]
    sums = codes.sum(axis=1)
    np.add.at(observed, (sums, codes[:, item]), 1)
    people = np.bincount(sums, minlength=n_scores).astype(float)
    return (expected * people[:, None])[1:-1], observed[1:-1]


def _sum_distribution(tables: list[Array]) -> Array:
    """Return the distribution of the sum of items at each point, shape (n_sums, n_theta)."""
    distribution = np.ones((1, len(tables[0])))
    for table in tables:
        longer = np.zeros((len(distribution) + table.shape[1] - 1, len(table)))
        for category in range(table.shape[1]):
            longer[category : category + len(distribution)] += distribution * table[:, category]
        distribution = longer
    return distribution


def _join_ends(expected: Array, observed: Array) -> tuple[Array, Array]:
    """Join score groups at the ends, where some answers are impossible, to the nearest group where none is."""
    whole = np.flatnonzero(~np.isnan(expected).any(axis=1))
    bounds = np.concatenate([[0], whole[1:]])
    return np.add.reduceat(np.nan_to_num(expected), bounds), np.add.reduceat(observed, bounds)


def _join_groups(expected: Array, observed: Array, minimum: float) -> tuple[Array, Array]:
    """Join every score group that would keep a single category to the next one, the last to the one before."""
    groups: list[tuple[Array, Array]] = []
    carried = np.zeros(expected.shape[1]), np.zeros(expected.shape[1])
    for row, counts in zip(expected, observed, strict=True):
        carried = carried[0] + row, carried[1] + counts
        if _joined_categories(carried[0], minimum).max() > 0:
            groups.append(carried)
            carried = np.zeros_like(row), np.zeros_like(counts)
    if groups:
        groups[-1] = groups[-1][0] + carried[0], groups[-1][1] + carried[1]
    joined = groups or [carried]
    return np.stack([group[0] for group in joined]), np.stack([group[1] for group in joined])


def _joined_categories(row: Array, minimum: float) -> np.ndarray:
    """Return for each category the number of the cell it ends in."""
    cell, filled, numbers = 0, 0.0, []
    for value in row:
        if filled >= minimum:
            cell, filled = cell + 1, 0.0
        filled += float(value)
        numbers.append(cell)
    if filled < minimum and cell > 0:
        numbers = [min(number, cell - 1) for number in numbers]
    return np.asarray(numbers)
