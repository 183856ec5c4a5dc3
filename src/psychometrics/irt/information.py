"""What a fitted graded response model says along the trait: probabilities, information, precision."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from psychometrics._checks import Label, label_index, listed
from psychometrics.errors import InputShapeError
from psychometrics.irt import _curves
from psychometrics.irt._curves import Array
from psychometrics.irt.graded import GradedResponse

_DEFAULT_THETA = np.linspace(-4, 4, 81)
_FINE = np.linspace(-10, 10, 2001)

Theta = Sequence[float] | Array | None


def category_probabilities(model: GradedResponse, item: Label, theta: Theta = None) -> pd.DataFrame:
    r"""Probability of each answer to an item along the trait (category characteristic curves).

    .. math:: P(X = k \mid \theta) = P(X \ge k \mid \theta) - P(X \ge k + 1 \mid \theta)

    Parameters
    ----------
    model : GradedResponse
    item : label
    theta : array_like of shape (n_theta,), optional
        Trait levels in standard deviations; -4 to 4 in steps of .1 when left out.

    Returns
    -------
    DataFrame of shape (n_theta, n_categories)
        Indexed by theta, one column a code in use.

    Raises
    ------
    InputShapeError
        An item that the model does not have.

    References
    ----------
    Samejima, F. (1969). Psychometrika Monograph 17.

    Notes
    -----
    Validated through expected scores and information against R's ``mirt``.

    See Also
    --------
    expected_scores : Their mean.

    Examples
    --------
    >>> import numpy as np, pandas as pd
    >>> rng = np.random.default_rng(3)
    >>> trait = rng.normal(size=(400, 1))
    >>> answers = pd.DataFrame(np.digitize(trait + rng.normal(size=(400, 5)), [-1.2, 0, 1.2]), columns=list("abcde"))
    >>> from psychometrics.irt import fit_graded_response
    >>> model = fit_graded_response(answers)
    >>> category_probabilities(model, "a", [0.0]).sum(axis=1).round(6).tolist()
    [1.0]
    """
    if item not in model.items:
        raise InputShapeError(f"the model has no item {item}; it has {listed(model.items)}")
    points = _points(theta)
    curve = model.curves()[model.items.index(item)]
    columns = pd.Index(model.categories[item], name="category")
    return pd.DataFrame(_curves.probabilities(curve, points), pd.Index(points, name="theta"), columns)


def item_information(model: GradedResponse, theta: Theta = None) -> pd.DataFrame:
    r"""Fisher information of each item along the trait.

    .. math:: I_i(\theta) = \sum_k \frac{[P'_{ik}(\theta)]^2}{P_{ik}(\theta)}

    Parameters
    ----------
    model : GradedResponse
    theta : array_like of shape (n_theta,), optional
        Trait levels in standard deviations; -4 to 4 in steps of .1 when left out.

    Returns
    -------
    DataFrame of shape (n_theta, n_items)
        Indexed by theta.

    Raises
    ------
    InputShapeError
        Trait levels that are not finite numbers.

    References
    ----------
    Samejima, F. (1969). Psychometrika Monograph 17.

    Notes
    -----
    Validated against R's ``mirt::iteminfo``.

    See Also
    --------
    scale_information : Of the whole scale.

    Examples
    --------
    >>> import numpy as np, pandas as pd
    >>> rng = np.random.default_rng(3)
    >>> trait = rng.normal(size=(400, 1))
    >>> answers = pd.DataFrame(np.digitize(trait + rng.normal(size=(400, 5)), [-1.2, 0, 1.2]), columns=list("abcde"))
    >>> from psychometrics.irt import fit_graded_response
    >>> model = fit_graded_response(answers)
    >>> item_information(model, [-1.0, 0.0, 1.0]).shape
    (3, 5)
    """
    points = _points(theta)
    values = np.column_stack([_curves.information(curve, points) for curve in model.curves()])
    return pd.DataFrame(values, pd.Index(points, name="theta"), label_index(model.items))


def expected_scores(model: GradedResponse, theta: Theta = None) -> pd.DataFrame:
    r"""Return the expected answer to each item along the trait, :math:`\sum_k k P_{ik}(\theta)` over the codes in use.

    Parameters
    ----------
    model : GradedResponse
    theta : array_like of shape (n_theta,), optional
        Trait levels in standard deviations; -4 to 4 in steps of .1 when left out.

    Returns
    -------
    DataFrame of shape (n_theta, n_items)
        Indexed by theta.

    Raises
    ------
    InputShapeError
        Trait levels that are not finite numbers.

    References
    ----------
    Samejima, F. (1969). Psychometrika Monograph 17.

    Notes
    -----
    Validated against R's ``mirt::expected.test`` (their sum).

    See Also
    --------
    category_probabilities : What it is the mean of.

    Examples
    --------
    >>> import numpy as np, pandas as pd
    >>> rng = np.random.default_rng(3)
    >>> trait = rng.normal(size=(400, 1))
    >>> answers = pd.DataFrame(np.digitize(trait + rng.normal(size=(400, 5)), [-1.2, 0, 1.2]), columns=list("abcde"))
    >>> from psychometrics.irt import fit_graded_response
    >>> model = fit_graded_response(answers)
    >>> expected_scores(model, [-2.0, 2.0])["a"].round(1).tolist()
    [0.3, 2.8]
    """
    points = _points(theta)
    values = [
        _curves.probabilities(curve, points) @ np.asarray(codes, dtype=float)
        for codes, curve in zip(model.categories.values(), model.curves(), strict=True)
    ]
    return pd.DataFrame(np.column_stack(values), pd.Index(points, name="theta"), label_index(model.items))


def scale_information(model: GradedResponse, theta: Theta = None) -> pd.DataFrame:
    r"""Information of the scale along the trait, with what follows from it.

    .. math:: I(\theta) = \sum_i I_i(\theta), \quad SE(\theta) = I(\theta)^{-1/2}, \quad
       \rho(\theta) = \frac{I(\theta)}{I(\theta) + 1}

    Parameters
    ----------
    model : GradedResponse
    theta : array_like of shape (n_theta,), optional
        Trait levels in standard deviations; -4 to 4 in steps of .1 when left out.

    Returns
    -------
    DataFrame of shape (n_theta, 4)
        Indexed by theta; columns ``information``, ``standard_error`` (conditional, in standard deviations of the
        trait), ``reliability`` (conditional, for a standard normal trait) and ``expected_score`` (of the sum).

    Raises
    ------
    InputShapeError
        Trait levels that are not finite numbers.

    References
    ----------
    Samejima, F. (1969). Psychometrika Monograph 17. Nicewander, W. A. (2018). Conditional reliability coefficients
    for test scores. Psychological Methods, 23, 351-362.

    Notes
    -----
    Validated against R's ``mirt::testinfo`` and ``mirt::expected.test``.

    See Also
    --------
    marginal_reliability : Averaged over people.

    Examples
    --------
    >>> import numpy as np, pandas as pd
    >>> rng = np.random.default_rng(3)
    >>> trait = rng.normal(size=(400, 1))
    >>> answers = pd.DataFrame(np.digitize(trait + rng.normal(size=(400, 5)), [-1.2, 0, 1.2]), columns=list("abcde"))
    >>> from psychometrics.irt import fit_graded_response
    >>> model = fit_graded_response(answers)
    >>> list(scale_information(model, [0.0]).columns)
    ['information', 'standard_error', 'reliability', 'expected_score']
    """
    information = item_information(model, theta).sum(axis=1)
    return pd.DataFrame(
        {
            "information": information,
            "standard_error": 1 / np.sqrt(information),
            "reliability": information / (information + 1),
            "expected_score": expected_scores(model, theta).sum(axis=1),
        }
    )


def marginal_reliability(model: GradedResponse) -> float:
    r"""Conditional reliability averaged over a standard normal trait.

    .. math:: \bar\rho = \int \frac{I(\theta)}{I(\theta) + 1}\phi(\theta)\,d\theta

    Parameters
    ----------
    model : GradedResponse

    Returns
    -------
    float

    References
    ----------
    Green, B. F., Bock, R. D., Humphreys, L. G., Linn, R. L., & Reckase, M. D. (1984). Technical guidelines for
    assessing computerized adaptive tests. Journal of Educational Measurement, 21, 347-360.

    Notes
    -----
    Validated against R's ``mirt::marginal_rxx``.

    See Also
    --------
    scale_information : Along the trait.

    Examples
    --------
    >>> import numpy as np, pandas as pd
    >>> rng = np.random.default_rng(3)
    >>> trait = rng.normal(size=(400, 1))
    >>> answers = pd.DataFrame(np.digitize(trait + rng.normal(size=(400, 5)), [-1.2, 0, 1.2]), columns=list("abcde"))
    >>> from psychometrics.irt import fit_graded_response
    >>> model = fit_graded_response(answers)
    >>> round(marginal_reliability(model), 1)
    0.8
    """
    information = item_information(model, _FINE).sum(axis=1).to_numpy()
    density = np.exp(-(_FINE**2) / 2)
    return float((information / (information + 1) * density).sum() / density.sum())


def _points(theta: Theta) -> Array:
    """Return trait levels as floats; refuse what is no level."""
    points = _DEFAULT_THETA if theta is None else np.asarray(theta, dtype=float)
    if points.ndim != 1 or not np.isfinite(points).all():
        raise InputShapeError("theta must be a one-dimensional sequence of finite numbers")
    return points
