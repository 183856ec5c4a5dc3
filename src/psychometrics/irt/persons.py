"""People under a fitted graded response model: trait scores, their reliability, and how well answers fit."""

from __future__ import annotations

from typing import Literal

import numpy as np
import pandas as pd

from psychometrics._checks import listed, numeric_table
from psychometrics.errors import ConvergenceError, InputShapeError, TooFewPersonsError
from psychometrics.irt import _curves
from psychometrics.irt._curves import Array
from psychometrics.irt._marginal import Codes, in_parts, posterior, quadrature
from psychometrics.irt._start import as_positions
from psychometrics.irt.graded import GradedResponse

Scoring = Literal["EAP", "MAP"]

_MAXIMUM_STEPS = 100
_SMALLEST_STEP = 1e-9
_LONGEST_STEP = 1.0


def person_scores(model: GradedResponse, responses: pd.DataFrame, method: Scoring = "EAP") -> pd.DataFrame:
    r"""Trait score of each person with its standard error.

    EAP is the mean and standard deviation of the posterior,
    :math:`\hat\theta = \int\theta L(x\mid\theta)\phi(\theta)d\theta / \int L(x\mid\theta)\phi(\theta)d\theta`; MAP is
    its mode with the inverse root of its curvature there.

    Parameters
    ----------
    model : GradedResponse
    responses : DataFrame of shape (n_persons, n_items)
        Answers in the codes of the model, NaN missing. Items beyond the model's are left aside.
    method : {"EAP", "MAP"}
        Which point of the posterior.

    Returns
    -------
    DataFrame of shape (n_persons, 3)
        Columns ``score`` and ``standard_error`` in standard deviations of the trait, and ``n_answered``; a person
        without an answer has NaN.

    Raises
    ------
    InputShapeError
        An item of the model is missing, or an unknown method.
    CodingError
        A code that the item did not have when the model was fitted.
    ConvergenceError
        A mode was not found.

    References
    ----------
    Bock, R. D., & Mislevy, R. J. (1982). Adaptive EAP estimation of ability in a microcomputer environment. Applied
    Psychological Measurement, 6, 431-444. Samejima, F. (1969). Psychometrika Monograph 17.

    Notes
    -----
    Validated against R's ``mirt::fscores`` (methods EAP and MAP).

    See Also
    --------
    empirical_reliability : How reliable they are.

    Examples
    --------
    >>> import numpy as np, pandas as pd
    >>> rng = np.random.default_rng(3)
    >>> trait = rng.normal(size=(400, 1))
    >>> answers = pd.DataFrame(np.digitize(trait + rng.normal(size=(400, 5)), [-1.2, 0, 1.2]), columns=list("abcde"))
    >>> from psychometrics.irt import fit_graded_response
    >>> model = fit_graded_response(answers)
    >>> person_scores(model, answers)["score"].corr(pd.Series(trait[:, 0])).round(1).item()
    0.9
    """
    if method not in ("EAP", "MAP"):
        raise InputShapeError(f"method must be 'EAP' or 'MAP', not {method!r}")
    codes, index = codes_for(model, responses)
    answered = (codes >= 0).sum(axis=1)
    score, error = _means(model, codes) if method == "EAP" else _modes(model, codes)
    blank = answered == 0
    columns = {"score": np.where(blank, np.nan, score), "standard_error": np.where(blank, np.nan, error)}
    return pd.DataFrame(columns | {"n_answered": answered}, index)


def empirical_reliability(model: GradedResponse, responses: pd.DataFrame) -> float:
    r"""Reliability of the EAP scores of these people.

    .. math:: \hat\rho = \frac{s^2(\hat\theta)}{s^2(\hat\theta) + \overline{SE^2}}

    Parameters
    ----------
    model : GradedResponse
    responses : DataFrame of shape (n_persons, n_items)
        Answers in the codes of the model, NaN missing; persons without any are left out.

    Returns
    -------
    float

    Raises
    ------
    InputShapeError, CodingError
        As :func:`person_scores`.
    TooFewPersonsError
        Fewer than two persons answered.

    References
    ----------
    Du Toit, M. (Ed.) (2003). IRT from SSI, p. 34. Brown, A., & Croudace, T. J. (2015). Scoring and estimating score
    precision using multidimensional IRT models. In Handbook of item response theory modeling, p. 307-333.

    Notes
    -----
    Validated against R's ``mirt::empirical_rxx``.

    See Also
    --------
    psychometrics.irt.marginal_reliability : From the model alone.

    Examples
    --------
    >>> import numpy as np, pandas as pd
    >>> rng = np.random.default_rng(3)
    >>> trait = rng.normal(size=(400, 1))
    >>> answers = pd.DataFrame(np.digitize(trait + rng.normal(size=(400, 5)), [-1.2, 0, 1.2]), columns=list("abcde"))
    >>> from psychometrics.irt import fit_graded_response
    >>> model = fit_graded_response(answers)
    >>> round(empirical_reliability(model, answers), 1)
    0.8
    """
    scores = person_scores(model, responses).dropna()
    if len(scores) < 2:
        raise TooFewPersonsError(f"{len(scores)} persons answered; at least two are needed")
    spread = float(scores["score"].var(ddof=1))
    return spread / (spread + float((scores["standard_error"] ** 2).mean()))


def person_fit(model: GradedResponse, responses: pd.DataFrame) -> pd.DataFrame:
    r"""Standardised log-likelihood of each person's answers (lz).

    .. math:: l_z = \frac{l_0 - E(l_0)}{\sqrt{V(l_0)}}, \quad l_0 = \sum_i \ln P_{i x_i}(\hat\theta), \quad
       E(l_0) = \sum_i\sum_k P_{ik}\ln P_{ik}, \quad
       V(l_0) = \sum_i\left[\sum_k P_{ik}\ln^2 P_{ik} - \left(\sum_k P_{ik}\ln P_{ik}\right)^2\right]

    over the items the person answered, at the EAP score. Far below zero means answers that the model finds unlikely;
    with an estimated score the spread is somewhat below one, so that cut-offs from the normal flag too few.

    Parameters
    ----------
    model : GradedResponse
    responses : DataFrame of shape (n_persons, n_items)
        Answers in the codes of the model, NaN missing.

    Returns
    -------
    DataFrame of shape (n_persons, 3)
        Columns ``log_likelihood``, ``lz`` and ``n_answered``; a person without an answer has NaN.

    Raises
    ------
    InputShapeError, CodingError
        As :func:`person_scores`.

    References
    ----------
    Drasgow, F., Levine, M. V., & Williams, E. A. (1985). Appropriateness measurement with polychotomous item response
    models and standardized indices. British Journal of Mathematical and Statistical Psychology, 38, 67-86, eq. 5-8.

    Notes
    -----
    Validated by recovery (near standard normal for people who answer by the model, far below zero for people who
    answer at random) and by direct summation over every possible answer pattern.

    See Also
    --------
    person_scores : The scores.

    Examples
    --------
    >>> import numpy as np, pandas as pd
    >>> rng = np.random.default_rng(3)
    >>> trait = rng.normal(size=(400, 1))
    >>> answers = pd.DataFrame(np.digitize(trait + rng.normal(size=(400, 5)), [-1.2, 0, 1.2]), columns=list("abcde"))
    >>> from psychometrics.irt import fit_graded_response
    >>> model = fit_graded_response(answers)
    >>> bool(person_fit(model, answers)["lz"].mean() > -0.5)
    True
    """
    codes, index = codes_for(model, responses)
    scores = person_scores(model, responses)
    observed, mean, variance = _likelihood_moments(model, codes, scores["score"].fillna(0.0).to_numpy())
    answered = scores["n_answered"].to_numpy()
    blank = answered == 0
    lz = np.divide(observed - mean, np.sqrt(variance), out=np.full(len(codes), np.nan), where=variance > 0)
    columns = {"log_likelihood": np.where(blank, np.nan, observed), "lz": lz, "n_answered": answered}
    return pd.DataFrame(columns, index)


def codes_for(model: GradedResponse, responses: pd.DataFrame) -> tuple[Codes, pd.Index]:
    """Return answers as positions among the model's categories, and the persons."""
    absent = [item for item in model.items if item not in responses.columns]
    if absent:
        raise InputShapeError(f"the responses lack items of the model: {listed(absent)}")
    frame = numeric_table(responses[model.items], minimum_columns=3, minimum_rows=1)
    return as_positions(frame, model.categories), frame.index


def _means(model: GradedResponse, codes: Codes) -> tuple[Array, Array]:
    """Return posterior means and standard deviations."""
    theta, _ = quadrature(model.quadrature_points)
    curves, moments = model.curves(), np.column_stack([theta, theta**2])
    found = [posterior(curves, part, model.quadrature_points)[0] @ moments for part in in_parts(codes)]
    mean, square = np.concatenate(found).T
    return mean, np.sqrt(square - mean**2)


def _modes(model: GradedResponse, codes: Codes) -> tuple[Array, Array]:
    """Return posterior modes and the inverse roots of the curvatures there."""
    theta, _ = _means(model, codes)
    for _ in range(_MAXIMUM_STEPS):
        slope, curvature = _log_posterior_derivatives(model, codes, theta)
        step = np.clip(slope / np.maximum(curvature, 0.1), -_LONGEST_STEP, _LONGEST_STEP)
        theta = theta + step
        if np.abs(step).max() < _SMALLEST_STEP:
            return theta, 1 / np.sqrt(_log_posterior_derivatives(model, codes, theta)[1])
    raise ConvergenceError("the mode of a posterior was not found; use method='EAP'")


def _log_posterior_derivatives(model: GradedResponse, codes: Codes, theta: Array) -> tuple[Array, Array]:
    """Return the slope of each person's log-posterior at their own theta, and its curvature with the sign turned."""
    slope, curvature = -theta, np.ones_like(theta)
    persons = np.arange(len(theta))
    for item, curve in enumerate(model.curves()):
        answered, position = codes[:, item] >= 0, np.maximum(codes[:, item], 0)
        probability = _curves.probabilities(curve, theta)[persons, position]
        first = _curves.slopes_of_probabilities(curve, theta)[persons, position] / probability
        second = _curves.curvatures_of_probabilities(curve, theta)[persons, position] / probability
        slope = slope + answered * first
        curvature = curvature + answered * (first**2 - second)
    return slope, curvature


def _likelihood_moments(model: GradedResponse, codes: Codes, theta: Array) -> tuple[Array, Array, Array]:
    """Return each person's log-likelihood at theta, and its mean and variance over the answers the model expects."""
    observed, mean, variance = np.zeros_like(theta), np.zeros_like(theta), np.zeros_like(theta)
    persons = np.arange(len(theta))
    for item, curve in enumerate(model.curves()):
        answered = codes[:, item] >= 0
        p = _curves.probabilities(curve, theta)
        own = (p * np.log(p)).sum(axis=1)
        observed += answered * np.log(p[persons, np.maximum(codes[:, item], 0)])
        mean += answered * own
        variance += answered * ((p * np.log(p) ** 2).sum(axis=1) - own**2)
    return observed, mean, variance
