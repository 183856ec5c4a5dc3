"""The front door: check model and responses, choose the estimator, label the result."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING, overload

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from psychometrics.cfa._categorical import fit_ordinal
from psychometrics.cfa._continuous import fit_normal
from psychometrics.cfa._estimation import Estimation
from psychometrics.cfa._model import CfaModel
from psychometrics.cfa._result import CfaResult, Estimator, Missing, build_result
from psychometrics.errors import CodingError, ConstantItemError, ModelError, TooFewPersonsError
from psychometrics.ordinal import encode

if TYPE_CHECKING:
    from psychometrics.invariance import GroupModel

_RULES: dict[str, tuple[str, ...]] = {
    "WLSMV": ("listwise", "pairwise"),
    "ULSMV": ("listwise", "pairwise"),
    "ML": ("listwise", "fiml"),
    "MLR": ("listwise", "fiml"),
}


@overload
def fit_cfa(
    model: CfaModel,
    responses: pd.DataFrame,
    estimator: Estimator = "WLSMV",
    missing: Missing = "listwise",
    group: None = None,
) -> CfaResult: ...


@overload
def fit_cfa(
    model: CfaModel,
    responses: pd.DataFrame,
    estimator: Estimator = "WLSMV",
    missing: Missing = "listwise",
    *,
    group: str,
) -> GroupModel: ...


def fit_cfa(
    model: CfaModel,
    responses: pd.DataFrame,
    estimator: Estimator = "WLSMV",
    missing: Missing = "listwise",
    group: str | None = None,
) -> CfaResult | GroupModel:
    """Fit a confirmatory factor model.

    WLSMV minimises ``sum w (r - rho)^2`` over the polychoric correlations r, with w their inverse asymptotic variances
    (ULSMV: w = 1); standard errors are the sandwich of that weight and the full asymptotic covariance, and the
    chi-square is scaled and shifted. The ordinal items have unit variance (delta parameterisation) and saturated
    thresholds. ML maximises the normal likelihood with divisor n; MLR gives the same estimates with Huber-White
    standard errors from the observed information and the Yuan-Bentler chi-square.

    Parameters
    ----------
    model : CfaModel
    responses : DataFrame, (n_persons, n_columns)
        Columns for the model's items at least; others are ignored. NaN missing. Whole-number codes for WLSMV and
        ULSMV. The direction of the codes is taken as it is.
    estimator : {"WLSMV", "ULSMV", "ML", "MLR"}
    missing : {"listwise", "pairwise", "fiml"}
        "listwise" keeps persons who answered every item of the model; "pairwise" (WLSMV, ULSMV) takes each correlation
        from everyone who answered both items; "fiml" (ML, MLR) maximises the likelihood of whatever each person
        answered.
    group : str, optional
        Column of the responses that holds each person's group: the model is fitted to every group without
        equalities (configural), by :func:`psychometrics.invariance.fit_groups`, which also takes equalities.

    Returns
    -------
    CfaResult
        Or :class:`psychometrics.invariance.GroupModel` with `group`.

    Raises
    ------
    ModelError
        Unknown items, fewer degrees of freedom than none, or a missing rule that the estimator does not have.
    CodingError, ConstantItemError, InputShapeError
        See :func:`psychometrics.ordinal.encode`.
    TooFewPersonsError
        No more persons than items.
    SingularMatrixError
        Linearly dependent items (ML, MLR), or two items that are one (WLSMV, ULSMV).

    References
    ----------
    Muthén, B., du Toit, S. H. C., & Spisic, D. (1997). Robust inference using weighted least squares and quadratic
    estimating equations in latent variable modeling with categorical and continuous outcomes (WLSMV).
    Asparouhov, T., & Muthén, B. (2010). Simple second order chi-square correction. Mplus technical appendix.
    Yuan, K.-H., & Bentler, P. M. (2000). Three likelihood-based methods for mean and covariance structure analysis
    with nonnormal missing data. Sociological Methodology, 30, 165-200.
    Savalei, V. (2021). Improving fit indices in structural equation modeling with categorical data. Multivariate
    Behavioral Research, 56, 390-407.
    Brosseau-Liard, P. E., & Savalei, V. (2014). Adjusting incremental fit indices for nonnormality. Multivariate
    Behavioral Research, 49, 460-470.
    Zhang, X., & Savalei, V. (2022). New computations for RMSEA and CFI following FIML and TS estimation with missing
    data. Psychological Methods, 28, 263-283.

    Notes
    -----
    Validated against lavaan 0.6-14 ``cfa()``: estimates, standard errors, standardised solution and fit measures of
    every model form and estimator, listwise, pairwise and full information.
    """
    if group is not None:
        return _fit_configural(model, responses, estimator, missing, group)
    _check_request(model, responses, estimator, missing)
    items = list(model.items)
    if estimator in ("WLSMV", "ULSMV"):
        coded = encode(responses[items], "pairwise" if missing == "pairwise" else "listwise")
        check_persons(coded.n_persons, len(items))
        estimation = fit_ordinal(model, coded, weighted=estimator == "WLSMV")
    else:
        values = continuous_values(responses[items], full_information=missing == "fiml")
        estimation = fit_normal(model, values, robust=estimator == "MLR", full_information=missing == "fiml")
    return build_result(model, estimation, estimator, missing, _notes(estimation, len(responses)))


def _fit_configural(
    model: CfaModel, responses: pd.DataFrame, estimator: Estimator, missing: Missing, group: str
) -> GroupModel:
    """Fit every group; the import is late because that family builds on this one."""
    from psychometrics.invariance import fit_groups

    if group not in responses.columns:
        raise ModelError(f"The responses have no column {group!r} to group by.")
    if estimator == "ULSMV":
        raise ModelError("Models for several groups take WLSMV, ML or MLR.")
    return fit_groups(model, responses, responses[group], estimator, missing)


def _check_request(model: CfaModel, responses: pd.DataFrame, estimator: str, missing: str) -> None:
    """Refuse a request that makes no sense before anything is computed."""
    if estimator not in _RULES:
        raise ModelError(f"estimator={estimator!r} is unknown; use one of {', '.join(_RULES)}.")
    if missing not in _RULES[estimator]:
        allowed = " or ".join(repr(rule) for rule in _RULES[estimator])
        raise ModelError(f"{estimator} takes missing={allowed}, not {missing!r}.")
    check_items(model, responses)
    p = len(model.items)
    ordered = estimator in ("WLSMV", "ULSMV")
    free = sum(cell.fixed is None for cell in model.cells(ordered=ordered))
    moments = p * (p - 1) // 2 if ordered else p * (p + 1) // 2
    if free > moments:
        raise ModelError(
            f"The model has {free} parameters for {moments} correlations and variances: it is not identified. "
            "Add items or fix parameters."
        )


def check_items(model: CfaModel, responses: pd.DataFrame) -> None:
    """Every item of the model must be a column, once."""
    known = [str(name) for name in responses.columns]
    unknown = [item for item in model.items if item not in known]
    if unknown:
        near = difflib.get_close_matches(unknown[0], known, n=1)
        hint = f" Did you mean {near[0]}?" if near else ""
        raise ModelError(f"The responses have no item {', '.join(unknown)}.{hint}")
    repeated = sorted({item for item in model.items if known.count(item) > 1})
    if repeated:
        raise ModelError(f"The responses hold {', '.join(repeated)} more than once.")


def check_persons(n_persons: int, n_items: int) -> None:
    """Refuse no more persons than items."""
    if n_persons <= n_items:
        raise TooFewPersonsError(
            f"{n_persons} persons for {n_items} items: a factor model needs more persons than items, and many more to "
            "be worth reading. Fit fewer items, or report item statistics only."
        )


def continuous_values(responses: pd.DataFrame, *, full_information: bool) -> NDArray[np.float64]:
    """Numeric responses after the missing rule."""
    try:
        values = responses.to_numpy(dtype=np.float64, na_value=np.nan)
    except (TypeError, ValueError):
        texts = [str(name) for name in responses if not pd.api.types.is_numeric_dtype(responses[name])]
        raise CodingError(f"Items hold text instead of numbers: {', '.join(texts)}.") from None
    if np.isinf(values).any():
        raise CodingError("Items hold infinite values. Code missing responses as NaN.")
    absent = np.isnan(values)
    values = values[~absent.all(axis=1)] if full_information else values[~absent.any(axis=1)]
    check_persons(len(values), values.shape[1])
    spread = np.nanmax(values, axis=0) - np.nanmin(values, axis=0)
    constant = [str(name) for name, width in zip(responses.columns, spread, strict=True) if not width > 0]
    if constant:
        raise ConstantItemError(f"Items with a single value: {', '.join(constant)}. Drop them.")
    return np.asarray(values)


def _notes(estimation: Estimation, n_given: int) -> tuple[str, ...]:
    """Say what the missing rule dropped, and what the correlations cannot carry."""
    notes = []
    if estimation.n_persons < n_given:
        notes.append(f"{n_given - estimation.n_persons} of {n_given} persons were left out by the missing rule.")
    smallest = float(np.linalg.eigvalsh(estimation.sample_covariance)[0])
    if smallest <= 0:
        notes.append(
            f"The polychoric matrix is not positive definite (smallest eigenvalue {smallest:.4g}): robust CFI, TLI and "
            "RMSEA are not defined."
        )
    return tuple(notes)
