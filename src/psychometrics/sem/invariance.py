"""Measurement invariance level by level: configural, thresholds, metric, scalar, strict."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from psychometrics._checks import MOST_LEFT_OUT, listed
from psychometrics.errors import ModelError, TooFewPersonsError
from psychometrics.sem._equal_parameters import Equal, Rules
from psychometrics.sem._input import (
    ORDERED,
    Estimator,
    Labels,
    Missing,
    Sorted,
    answers_of,
    check_request,
    kept_rows,
    labels,
)
from psychometrics.sem.categories import merge_categories
from psychometrics.sem.difference import DifferenceTest, difference_test
from psychometrics.sem.fitting import Fitter
from psychometrics.sem.model import CfaModel
from psychometrics.sem.result import CfaResult

ORDINAL_LEVELS: dict[str, Equal | None] = {
    "configural": None,
    "thresholds": "thresholds",
    "metric": "loadings",
    "scalar": "intercepts",
    "strict": "residuals",
}
CONTINUOUS_LEVELS: dict[str, Equal | None] = {
    level: kind for level, kind in ORDINAL_LEVELS.items() if level != "thresholds"
}


@dataclass(frozen=True)
class Cutoffs:
    """How far fit may fall from one level to the next.

    Attributes
    ----------
    cfi_drop : float
        A level holds while CFI falls by no more than this (Cheung & Rensvold 2002: .01).
    rmsea_rise : float
        And RMSEA rises by no more than this (Chen 2007: .015).
    freed_share : float
        At most this share of a factor's items may be freed; two equal items must remain (Steenkamp & Baumgartner
        1998).
    cfi_minimum, rmsea_maximum : float
        The configural model fits poorly below or above these (Bentler & Bonett 1980; Browne & Cudeck 1993).
    """

    cfi_drop: float = 0.01
    rmsea_rise: float = 0.015
    freed_share: float = 0.5
    cfi_minimum: float = 0.90
    rmsea_maximum: float = 0.08


@dataclass(frozen=True)
class MeasurementInvariance:
    """All levels of invariance that were reached, and what stopped the next.

    Attributes
    ----------
    table : DataFrame
        One row a level, and another ("partial scalar") where it holds in part: level, n_parameters, chi_square, df,
        p_value, cfi, tli, rmsea, srmr, chi_square_difference, df_difference, p_difference (scaled tests against the
        last level that holds), cfi_change, rmsea_change, srmr_change, n_freed, verdict ("fits", "fits poorly" of
        the configural model; "holds", "holds in part", "does not hold", "not reached"). WLSMV and MLR report the
        scaled statistic and indices.
    freed : DataFrame
        Log of partial invariance: level, step, item, kind, statistic, df, p_value, cfi_change, rmsea_change after the
        step.
    release_tests : DataFrame
        level, item, statistic, df, p_value: score tests of every item's equality at the levels that hold.
    factor_means : DataFrame or None
        See :attr:`CfaResult.factor_means`; None where scalar invariance does not hold.
    groups : tuple of str
        The first is the reference.
    merged : DataFrame
        Joined categories: item, joined, into.
    fits : dict of str to CfaResult
        The model of each row of the table that was fitted.
    highest : str
        The last row of the table that holds; "none" when even the configural model did not converge.
    notes : tuple of str
    """

    table: pd.DataFrame
    freed: pd.DataFrame
    release_tests: pd.DataFrame
    factor_means: pd.DataFrame | None
    groups: tuple[str, ...]
    merged: pd.DataFrame
    fits: Mapping[str, CfaResult] = field(repr=False)
    highest: str
    notes: tuple[str, ...]

    @property
    def means_comparable(self) -> bool:
        """Whether factor means may be compared."""
        return self.factor_means is not None

    def to_frame(self) -> pd.DataFrame:
        """One row a level."""
        return self.table.copy()


def measurement_invariance(
    model: CfaModel,
    responses: pd.DataFrame,
    groups: Labels,
    estimator: Estimator = "WLSMV",
    missing: Missing = "listwise",
    *,
    clusters: Labels | None = None,
    minimum_size: int = 100,
    minimum_answers: int = 1,
    cutoffs: Cutoffs | None = None,
    reference: str | None = None,
) -> MeasurementInvariance:
    """Test whether items mean the same in every group, level by level.

    Ordered items (WLSMV, ULSMV) follow Wu & Estabrook (2016): configural, equal thresholds, with equal loadings
    (metric), with equal intercepts (scalar), with equal residual variances (strict). Continuous items (ML, MLR):
    configural, metric, scalar, strict. Each level is tested against the one before by the scaled chi-square
    difference and by the change in CFI and RMSEA; the cut-offs on these decide, since the chi-square finds any
    difference when n is large. A level that does not hold is tried in part: the item with the largest score test is
    freed, until the cut-offs are met or too few equal items are left. Above a level that does not hold nothing is
    fitted.

    Parameters
    ----------
    model : CfaModel
        Of a second-order model the items' parameters are made equal; its second-order loadings stay each group's own.
    responses : DataFrame, (n_persons, n_columns)
        Columns for the model's items at least; NaN missing.
    groups : column name, Series or array, (n_persons,)
        Group of each row; rows without a group are left out.
    estimator, missing, reference
        As in :func:`fit_cfa`.
    clusters : column name, Series or array, (n_persons,), optional
        Rows of one cluster are dependent, within and across groups, as when a person rates and is rated; see the
        argument `cluster` of :func:`fit_cfa`.
    minimum_size : int
        Groups with fewer persons after the missing rule are left out, and a note says so.
    minimum_answers : int
        Ordered items: categories with fewer answers in some group are joined with a neighbour
        (:func:`merge_categories`), items with fewer than three categories left are refused.
    cutoffs : Cutoffs, optional

    Returns
    -------
    MeasurementInvariance

    Raises
    ------
    TooFewPersonsError
        Fewer than two groups of the minimum size.
    ModelError
        Items with fewer than three categories after joining, or a request that makes no sense.

    References
    ----------
    Wu, H., & Estabrook, R. (2016). Identification of confirmatory factor analysis models of different levels of
    invariance for ordered categorical outcomes. Psychometrika, 81, 1014-1045.
    Cheung, G. W., & Rensvold, R. B. (2002). Evaluating goodness-of-fit indexes for testing measurement invariance.
    Structural Equation Modeling, 9, 233-255.
    Chen, F. F. (2007). Sensitivity of goodness of fit indexes to lack of measurement invariance. Structural Equation
    Modeling, 14, 464-504.
    Satorra, A. (2000). Scaled and adjusted restricted tests in multi-sample analysis of moment structures.
    Steenkamp, J.-B. E. M., & Baumgartner, H. (1998). Assessing measurement invariance in cross-national consumer
    research. Journal of Consumer Research, 25, 78-90.

    Notes
    -----
    Validated against lavaan 0.6-14 and semTools 0.5-6: every level's chi-square, scaled chi-square, fit indices and
    difference test on the bfi items by gender and on a simulated cohort by sector.

    See Also
    --------
    fit_cfa : one set of equalities.
    merge_categories : the rule by which sparse categories are joined.
    difference_test : the test of each level against the one before.

    Examples
    --------
    >>> import numpy as np, pandas as pd
    >>> from psychometrics.sem import CfaModel, measurement_invariance
    >>> draw = np.random.default_rng(1)
    >>> values = draw.standard_normal((4000, 1)) + draw.standard_normal((4000, 4))
    >>> items = pd.DataFrame(values, columns=list("abcd"))
    >>> found = measurement_invariance(CfaModel.single(list("abcd")), items, np.repeat(["one", "two"], 2000), "ML")
    >>> found.highest, found.means_comparable
    ('strict', True)
    >>> found.table["level"].tolist()
    ['configural', 'metric', 'scalar', 'strict']
    """
    check_request(model, responses, estimator, missing)
    members, kin = labels(groups, responses, "groups"), labels(clusters, responses, "clusters")
    if members is None:
        raise ModelError("groups is needed: name a column or give one value for each row.")
    answers, merged = answers_of(model, responses), pd.DataFrame(columns=["item", "joined", "into"])
    large, notes = _large_enough(answers, members, missing, minimum_size)
    answers, members = answers[large], members[large]
    if estimator in ORDERED:
        answers, merged = _merged(answers, members, minimum_answers)
        if len(merged):
            n_items = merged["item"].nunique()
            plural = "" if n_items == 1 else "s"
            notes += (f"Categories of {n_items} item{plural} were joined, since too few people used them.",)
    kin = None if kin is None else kin[large]
    data = Sorted.of(model, answers, members, kin, estimator, missing, reference)
    return _Sequence(Fitter.of(data), cutoffs or Cutoffs()).run(merged, notes)


def _large_enough(
    answers: pd.DataFrame, groups: pd.Series, missing: str, minimum: int
) -> tuple[NDArray[np.bool_], tuple[str, ...]]:
    """Rows kept by the missing rule in groups with enough of them; notes name the others without their number."""
    usable = kept_rows(answers, missing)
    sizes = groups[usable].value_counts()
    small = sorted(map(str, sizes.index[sizes < minimum]))
    notes = (f"Left out, with fewer than {minimum} persons: {listed(small, MOST_LEFT_OUT)}.",) if small else ()
    enough = sizes.index[sizes >= minimum]
    if len(enough) < 2:
        raise TooFewPersonsError(
            f"{len(enough)} of {len(sizes)} groups have {minimum} persons or more; two are needed to compare."
        )
    return usable & groups.isin(enough).to_numpy(), notes


def _merged(answers: pd.DataFrame, groups: pd.Series, minimum: int) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Join sparse categories, or refuse items that cannot carry it."""
    found = merge_categories(answers, groups, minimum)
    if found.refused:
        raise ModelError(
            f"After joining categories that some group does not use, {', '.join(found.refused)} have fewer than three: "
            "leave them out of the model."
        )
    return found.responses, found.log


@dataclass
class _Sequence:
    """The levels of one request, from configural upwards."""

    fitter: Fitter
    cutoffs: Cutoffs
    rows: list[dict[str, object]] = field(default_factory=list)
    freed: list[dict[str, object]] = field(default_factory=list)
    fits: dict[str, CfaResult] = field(default_factory=dict)
    tests: list[pd.DataFrame] = field(default_factory=list)

    def run(self, merged: pd.DataFrame, notes: tuple[str, ...]) -> MeasurementInvariance:
        """Fit level after level until one does not hold."""
        levels = ORDINAL_LEVELS if self.fitter.data.ordered else CONTINUOUS_LEVELS
        rules = self.fitter.rules()
        held = self._configural(rules)
        for level, kind in list(levels.items())[1:]:
            if held is None or kind is None:
                self.rows.append({"level": level, "verdict": "not reached"})
                continue
            rules = rules.with_equal(kind)
            held, rules = self._level(level, kind, rules, held)
        return self._result(merged, notes)

    def _configural(self, rules: Rules) -> CfaResult | None:
        """Fit the model without equalities; None where it did not converge."""
        fitted = self.fitter.fit_rules(rules)
        found = _fit_of(fitted)
        good = found["cfi"] >= self.cutoffs.cfi_minimum and found["rmsea"] <= self.cutoffs.rmsea_maximum
        verdict = ("fits" if good else "fits poorly") if fitted.converged else "does not hold"
        self._add("configural", fitted, None, verdict)
        return fitted if fitted.converged else None

    def _level(self, level: str, kind: Equal, rules: Rules, previous: CfaResult) -> tuple[CfaResult | None, Rules]:
        """Fit a level, and in part if need be; None where it does not hold."""
        fitted = self.fitter.fit_rules(rules, previous.estimation.cells)
        if not self._accepted(fitted, previous):
            self._add(level, fitted, previous, "does not hold")
            fitted, rules = self._in_part(level, kind, rules, fitted, previous)
            if not self._accepted(fitted, previous):
                return None, rules
            self._add(f"partial {level}", fitted, previous, "holds in part")
        else:
            self._add(level, fitted, previous, "holds")
        self.tests.append(fitted.release_tests(kind).assign(level=level))
        return fitted, rules

    def _in_part(
        self, level: str, kind: Equal, rules: Rules, fitted: CfaResult, previous: CfaResult
    ) -> tuple[CfaResult, Rules]:
        """Free one item after another until the level holds or no more may be freed."""
        step = 0
        while not self._accepted(fitted, previous):
            tests = fitted.release_tests(kind)
            item = self._next_item(tests, kind, rules)
            if item is None:
                break
            step += 1
            rules = rules.released(kind, [item])
            fitted = self.fitter.fit_rules(rules, fitted.estimation.cells)
            self._log(level, step, kind, tests, item, fitted, previous)
        return fitted, rules

    def _add(self, level: str, fitted: CfaResult, previous: CfaResult | None, verdict: str) -> None:
        """Add a model and its row of the table."""
        self.fits[level] = fitted
        self.rows.append(self._row(level, fitted, previous, verdict))

    def _accepted(self, fitted: CfaResult, previous: CfaResult) -> bool:
        """Whether the change in fit stays within the cut-offs."""
        change = _change(fitted, previous)
        within = change["cfi_change"] >= -self.cutoffs.cfi_drop and change["rmsea_change"] <= self.cutoffs.rmsea_rise
        return fitted.converged and bool(within)

    def _next_item(self, tests: pd.DataFrame, kind: Equal, rules: Rules) -> str | None:
        """Item with the largest score test that may still be freed."""
        for item in tests["item"]:
            if all(self._spares(factor_items, kind, rules, item) for _, factor_items in self.fitter.data.model.factors):
                return str(item)
        return None

    def _spares(self, items: tuple[str, ...], kind: Equal, rules: Rules, item: str) -> bool:
        """Whether a factor keeps enough equal items when one more is freed."""
        if item not in items:
            return True
        freed = 1 + sum((kind, other) in rules.freed for other in items)
        return freed <= self.cutoffs.freed_share * len(items) and len(items) - freed >= 2

    def _log(
        self,
        level: str,
        step: int,
        kind: Equal,
        tests: pd.DataFrame,
        item: str,
        fitted: CfaResult,
        previous: CfaResult,
    ) -> None:
        """Note what was freed and what it did."""
        row = tests[tests["item"] == item].iloc[0]
        test = {name: row[name] for name in ("statistic", "df", "p_value")}
        where = {"level": level, "step": step, "item": item, "kind": kind}
        self.freed.append(where | test | _change(fitted, previous))

    def _row(self, level: str, fitted: CfaResult, previous: CfaResult | None, verdict: str) -> dict[str, object]:
        """One level in the table."""
        row: dict[str, object] = {"level": level, **_fit_of(fitted)}
        if previous is not None:
            test = _difference(previous, fitted)
            row |= {
                "chi_square_difference": test.statistic if test else None,
                "df_difference": fitted.fit.df - previous.fit.df,
                "p_difference": test.p_value if test else None,
                **_change(fitted, previous),
            }
        return row | {"n_freed": len(fitted.freed), "verdict": verdict}

    def _result(self, merged: pd.DataFrame, notes: tuple[str, ...]) -> MeasurementInvariance:
        """Put the levels together."""
        held = [str(row["level"]) for row in self.rows if str(row["verdict"]).startswith(("fits", "holds"))]
        scalar = next((self.fits[level] for level in ("partial scalar", "scalar") if level in held), None)
        problems = tuple(f"{level}: {text}" for level, fitted in self.fits.items() for text in fitted.problems)
        log = ["level", "step", "item", "kind", "statistic", "df", "p_value", "cfi_change", "rmsea_change"]
        tests = ["level", "item", "statistic", "df", "p_value"]
        return MeasurementInvariance(
            table=pd.DataFrame(self.rows, columns=_COLUMNS),
            freed=pd.DataFrame(self.freed, columns=log),
            release_tests=(pd.concat(self.tests, ignore_index=True) if self.tests else pd.DataFrame()).reindex(
                columns=tests
            ),
            factor_means=None if scalar is None else scalar.factor_means,
            groups=self.fitter.data.names,
            merged=merged,
            fits=self.fits,
            highest=held[-1] if held else "none",
            notes=notes + problems,
        )


_COLUMNS = [
    "level",
    "n_parameters",
    "chi_square",
    "df",
    "p_value",
    "cfi",
    "tli",
    "rmsea",
    "srmr",
    "chi_square_difference",
    "df_difference",
    "p_difference",
    "cfi_change",
    "rmsea_change",
    "srmr_change",
    "n_freed",
    "verdict",
]


def _fit_of(fitted: CfaResult) -> dict[str, float]:
    """Statistic and indices of a level, scaled where the estimator has scaled ones."""
    fit = fitted.fit
    end = "_scaled" if np.isfinite(fit.chi_square_scaled) else ""
    found = {name: getattr(fit, name + end) for name in ("chi_square", "p_value", "cfi", "tli", "rmsea")}
    return {"n_parameters": fit.n_parameters, "df": fit.df, "srmr": fit.srmr, **found}


def _change(fitted: CfaResult, previous: CfaResult) -> dict[str, float]:
    """Change of the indices from one level to the next."""
    now, before = _fit_of(fitted), _fit_of(previous)
    return {f"{name}_change": now[name] - before[name] for name in ("cfi", "rmsea", "srmr")}


def _difference(previous: CfaResult, fitted: CfaResult) -> DifferenceTest | None:
    """Scaled difference test; None where its correction is negative or the models do not differ."""
    if fitted.fit.df <= previous.fit.df:
        return None
    try:
        return difference_test(previous, fitted)
    except ModelError:
        return None
