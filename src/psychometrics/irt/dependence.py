"""Local dependence: what pairs of items share beyond the trait."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from psychometrics._checks import label_index
from psychometrics.errors import InputShapeError
from psychometrics.irt import _curves
from psychometrics.irt.graded import GradedResponse
from psychometrics.irt.persons import codes_for, person_scores


@dataclass(frozen=True)
class LocalDependence:
    """Correlations of what the model leaves of each answer.

    Attributes
    ----------
    q3 : DataFrame of shape (n_items, n_items)
        Correlations of residuals, one on the diagonal.
    mean_q3 : float
        Mean over pairs; about -1 / (n_items - 1) where nothing but the trait is shared.
    excess : float
        How far above the mean a pair must be to be flagged.
    n_pairs : DataFrame of shape (n_items, n_items)
        Persons behind each correlation.
    notes : tuple of str
        What a reader has to know.
    """

    q3: pd.DataFrame
    mean_q3: float
    excess: float
    n_pairs: pd.DataFrame
    notes: tuple[str, ...] = ()

    def to_frame(self) -> pd.DataFrame:
        """Return one row a pair: item, other, q3, above_mean, n, flagged; largest first."""
        upper = np.triu_indices(len(self.q3), k=1)
        values = self.q3.to_numpy()[upper]
        table = pd.DataFrame(
            {
                "item": self.q3.index[upper[0]],
                "other": self.q3.index[upper[1]],
                "q3": values,
                "above_mean": values - self.mean_q3,
                "n": self.n_pairs.to_numpy()[upper],
                "flagged": values - self.mean_q3 > self.excess,
            }
        )
        return table.sort_values("q3", ascending=False, kind="stable", ignore_index=True)

    def flagged(self) -> pd.DataFrame:
        """Return the pairs that stand out."""
        table = self.to_frame()
        return table[table["flagged"]].reset_index(drop=True)


def local_dependence(model: GradedResponse, responses: pd.DataFrame, excess: float = 0.2) -> LocalDependence:
    r"""Yen's Q3: correlations between items of what the model leaves of each answer.

    .. math:: Q_{3,ij} = r(d_i, d_j), \qquad d_{pi} = x_{pi} - E(X_i \mid \hat\theta_p)

    with EAP scores, each pair over the persons who answered both. A pair is flagged when its Q3 exceeds the mean of
    all pairs by more than `excess`, since Q3 is negative on average and the more so the shorter the scale.

    Parameters
    ----------
    model : GradedResponse
    responses : DataFrame of shape (n_persons, n_items)
        Answers in the codes of the model, NaN missing.
    excess : float
        How far above the mean a pair must be to be flagged.

    Returns
    -------
    LocalDependence

    Raises
    ------
    InputShapeError
        A negative excess, or an item of the model is missing.
    CodingError
        A code that the item did not have when the model was fitted.

    References
    ----------
    Yen, W. M. (1984). Effects of local item dependence on the fit and equating performance of the three-parameter
    logistic model. Applied Psychological Measurement, 8, 125-145. Christensen, K. B., Makransky, G., & Horton, M.
    (2017). Critical values for Yen's Q3. Applied Psychological Measurement, 41, 178-194 (the .2 above the mean).

    Notes
    -----
    Validated against R's ``mirt::residuals(type = "Q3")``.

    See Also
    --------
    psychometrics.irt.item_fit : One item at a time.

    Examples
    --------
    >>> import numpy as np, pandas as pd
    >>> rng = np.random.default_rng(3)
    >>> trait = rng.normal(size=(400, 1))
    >>> answers = pd.DataFrame(np.digitize(trait + rng.normal(size=(400, 5)), [-1.2, 0, 1.2]), columns=list("abcde"))
    >>> from psychometrics.irt import fit_graded_response
    >>> model = fit_graded_response(answers)
    >>> local_dependence(model, answers).flagged().empty
    True
    """
    if excess < 0:
        raise InputShapeError(f"excess must not be negative, got {excess}")
    codes, index = codes_for(model, responses)
    theta = person_scores(model, responses)["score"].fillna(0.0).to_numpy()
    residuals = np.full(codes.shape, np.nan)
    for item, (name, curve) in enumerate(zip(model.items, model.curves(), strict=True)):
        used = np.asarray(model.categories[name], dtype=float)
        expected = _curves.probabilities(curve, theta) @ used
        residuals[:, item] = np.where(codes[:, item] >= 0, used[codes[:, item]] - expected, np.nan)
    frame = pd.DataFrame(residuals, index, label_index(model.items))
    q3, answered = frame.corr(), frame.notna().astype(int)
    pairs = q3.to_numpy()[np.triu_indices(len(q3), k=1)]
    known = pairs[~np.isnan(pairs)]
    notes = () if len(known) else ("no two items have residuals that vary, so no Q3 is defined",)
    mean = float(known.mean()) if len(known) else float("nan")
    return LocalDependence(q3, mean, excess, answered.T @ answered, notes)
