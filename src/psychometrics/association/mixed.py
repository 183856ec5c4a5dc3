"""Linear mixed models with random intercepts: people in agencies and teams, raters in rated people."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import optimize, stats

from psychometrics._checks import share
from psychometrics._reml import RandomInterceptDesign, RemlFit, fit_random_intercepts
from psychometrics.association._design import Design, build_design
from psychometrics.association.models import standardising_factors
from psychometrics.errors import ConstantItemError

# Variance within groups below this share of the outcome's is zero but for rounding.
NO_RESIDUAL = 1e-20


@dataclass(frozen=True)
class MixedModelResult:
    """Random-intercept model fitted by restricted maximum likelihood.

    Attributes
    ----------
    coefficients : DataFrame
        As in :class:`RegressionResult`, with Satterthwaite's ``df``.
    variance_components : DataFrame
        ``component`` (each grouping, then ``residual``), ``variance``, ``standard_deviation``, ``share`` of
        the total, ``n_groups``.
    icc1 : float
        Share of variance of the first grouping: ICC(1), given the predictors.
    icc1_lower, icc1_upper : float
        Profile-likelihood interval; ``NaN`` with more than one grouping.
    n, n_dropped, n_groups : int
        ``n_groups`` of the first grouping.
    log_likelihood : float
        Restricted log-likelihood.
    singular : bool
        Whether a variance between groups was estimated as zero.
    confidence : float
    outcome : str
    notes : tuple of str
    """

    coefficients: pd.DataFrame
    variance_components: pd.DataFrame
    icc1: float
    icc1_lower: float
    icc1_upper: float
    n: int
    n_dropped: int
    n_groups: int
    log_likelihood: float
    singular: bool
    confidence: float
    outcome: str
    notes: tuple[str, ...] = ()

    def to_frame(self) -> pd.DataFrame:
        """Return the coefficients with outcome, n, number of groups and ICC(1) beside them."""
        table = self.coefficients.copy()
        table.insert(0, "outcome", self.outcome)
        return table.assign(n=self.n, n_groups=self.n_groups, icc1=self.icc1)


def random_intercept(
    outcome: pd.Series,
    predictors: pd.DataFrame | None,
    groups: pd.Series | pd.DataFrame,
    confidence: float = 0.95,
) -> MixedModelResult:
    r"""Linear model with a random intercept for each grouping, by REML.

    .. math::

       y_{ij} = x_{ij}'\beta + u_j + e_{ij}, \quad u_j \sim N(0, \tau^2), \quad e_{ij} \sim N(0, \sigma^2), \quad
       \mathrm{ICC}(1) = \tau^2 / (\tau^2 + \sigma^2)

    Coefficients are tested with t and Satterthwaite's degrees of freedom. The interval of ICC(1) holds the
    values whose profiled restricted deviance lies within the chi-square quantile (one degree of freedom) of
    the best.

    Parameters
    ----------
    outcome : Series, shape (n_rows,)
        Numeric, ``NaN`` missing.
    predictors : DataFrame or None
        As in :func:`regression`; ``None`` for the null model.
    groups : Series or DataFrame, shape (n_rows,) or (n_rows, n_groupings)
        Group of each row (agency, team, rated person). Several columns give several random intercepts,
        crossed or nested; for nested ones the labels of the inner grouping must be unique over the whole
        table.
    confidence : float

    Returns
    -------
    MixedModelResult
        A variance estimated as zero (singular fit) is reported as zero with ``singular=True`` and a note; the
        coefficients are then those of ordinary regression.

    Raises
    ------
    InputShapeError
        One group only, no group with two members, or rows that differ between the tables.
    ConstantItemError
        The outcome does not vary at all, or not within groups once the predictors are allowed for.
    ConvergenceError
        Crossed groupings that reproduce the outcome.
    ConstantItemError, SingularMatrixError, TooFewPersonsError
        As in :func:`regression`.

    References
    ----------
    Bates, D., et al. (2015). Fitting linear mixed-effects models using lme4. Journal of Statistical Software,
    67(1), equations 30-42. Kuznetsova, A., Brockhoff, P. B., & Christensen, R. H. B. (2017). lmerTest
    package. Journal of Statistical Software, 82(13), section 2. Bliese, P. D. (2000), in Klein & Kozlowski,
    Multilevel theory, research, and methods in organizations, pp. 355-356 (ICC(1)).

    Notes
    -----
    Validated against R ``lme4::lmer`` and ``lmerTest``, and against statsmodels' ``MixedLM``.

    See Also
    --------
    psychometrics.association.regression : Without random intercepts.
    psychometrics.agreement.icc1 : Without predictors.

    Examples
    --------
    >>> import numpy as np, pandas as pd
    >>> rng = np.random.default_rng(1)
    >>> x = pd.DataFrame(rng.normal(size=(80, 2)), columns=["share", "listen"])
    >>> y = (0.5 * x["share"] + rng.normal(size=80)).rename("engagement")
    >>> team = pd.Series(np.repeat(range(20), 4))
    >>> y = y + 0.8 * rng.normal(size=20)[team]
    >>> found = random_intercept(y.rename("engagement"), x, team.rename("team"))
    >>> round(found.icc1, 3), found.n_groups, found.singular
    (0.288, 20, False)
    """
    share(confidence, "confidence")
    grouping = groups.to_frame(groups.name or "group") if isinstance(groups, pd.Series) else groups
    design = build_design(outcome, predictors, grouping)
    kept = {str(name): grouping.loc[design.outcome.index, name].to_numpy() for name in grouping.columns}
    y, X = design.outcome.to_numpy(), design.matrix.to_numpy()
    _require_residual(y, X, kept)
    fit = fit_random_intercepts(y, X, kept)
    components = _components(fit, list(kept))
    lower, upper = share_interval(y, X, kept, confidence) if len(kept) == 1 else (float("nan"),) * 2
    return MixedModelResult(
        coefficients=_coefficients(fit, design, confidence),
        variance_components=components,
        icc1=float(components["share"].iloc[0]),
        icc1_lower=lower,
        icc1_upper=upper,
        n=fit.n,
        n_dropped=design.n_dropped,
        n_groups=fit.n_levels[next(iter(kept))],
        log_likelihood=-fit.deviance / 2,
        singular=bool(fit.singular),
        confidence=confidence,
        outcome=str(design.outcome.name),
        notes=design.notes + _notes(fit),
    )


def _require_residual(outcome: np.ndarray, fixed: np.ndarray, groups: dict[str, np.ndarray]) -> None:
    """Refuse an outcome that groups and predictors reproduce: no variance within groups is left."""
    places = np.zeros(len(outcome), dtype=np.int64)
    for of_group in groups.values():
        codes, levels = pd.factorize(of_group)
        places = pd.factorize(places * len(levels) + codes)[0]
    counts = np.bincount(places)
    within = [column - (np.bincount(places, column) / counts)[places] for column in (*fixed.T, outcome)]
    x, y = np.column_stack(within[:-1]), within[-1]
    left = y - x @ np.linalg.lstsq(x, y, rcond=None)[0]
    if counts.max() > 1 and left @ left <= NO_RESIDUAL * ((outcome - outcome.mean()) @ (outcome - outcome.mean())):
        raise ConstantItemError(
            f"members of one {' and '.join(map(str, groups))} never differ once the predictors are allowed for: there "
            "is no variance within groups"
        )


def share_interval(
    outcome: np.ndarray, fixed: np.ndarray, groups: dict[str, np.ndarray], confidence: float
) -> tuple[float, float]:
    """Return the profile-likelihood interval of the share of variance between groups."""
    design = RandomInterceptDesign(outcome, fixed, groups)
    best = design.optimise()[0]
    estimate = best**2 / (1 + best**2)
    limit = design.share_deviance(estimate) + stats.chi2.ppf(confidence, 1)

    def excess(share: float) -> float:
        return float(design.share_deviance(share) - limit)

    lower = 0.0 if excess(0.0) <= 0 else optimize.brentq(excess, 0.0, estimate)
    ceiling = 1 - 1e-9
    upper = 1.0 if excess(ceiling) <= 0 else optimize.brentq(excess, estimate, ceiling)
    return float(lower), float(upper)


def _coefficients(fit: RemlFit, design: Design, confidence: float) -> pd.DataFrame:
    """Return the table of fixed effects."""
    errors = np.sqrt(np.diag(fit.covariance))
    df, t = fit.degrees_of_freedom, fit.coefficients / errors
    margin = stats.t.ppf((1 + confidence) / 2, df) * errors
    table = pd.DataFrame(
        {
            "term": design.matrix.columns,
            "estimate": fit.coefficients,
            "standard_error": errors,
            "df": df,
            "t": t,
            "p": 2 * stats.t.sf(np.abs(t), df),
            "lower": fit.coefficients - margin,
            "upper": fit.coefficients + margin,
        }
    )
    scale = standardising_factors(design)
    return table.assign(
        standardised=table["estimate"] * scale,
        standardised_lower=table["lower"] * scale,
        standardised_upper=table["upper"] * scale,
    )


def _components(fit: RemlFit, names: list[str]) -> pd.DataFrame:
    """Return the variance components and their shares."""
    variances = np.array([fit.variances[name] for name in names] + [fit.residual_variance])
    return pd.DataFrame(
        {
            "component": [*names, "residual"],
            "variance": variances,
            "standard_deviation": np.sqrt(variances),
            "share": variances / variances.sum(),
            "n_groups": [*(fit.n_levels[name] for name in names), fit.n],
        }
    )


def _notes(fit: RemlFit) -> tuple[str, ...]:
    """Name every random term that the data cannot tell from none."""
    return tuple(
        f"{name}: variance between its {fit.n_levels[name]} groups estimated as zero (singular fit)"
        for name in fit.singular
    )
