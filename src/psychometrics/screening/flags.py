"""Careless answering under stated rules: everybody is kept, some are flagged."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field

import numpy as np
import pandas as pd

from psychometrics._checks import Scales, numeric_table, scales_of
from psychometrics.errors import InputShapeError, PsychometricsError
from psychometrics.screening.indices import (
    even_odd_consistency,
    intra_individual_variability,
    longstring,
    mahalanobis_distance,
    straight_lining,
)


@dataclass(frozen=True)
class CarelessRules:
    """When an index counts as careless; None switches a rule off.

    Attributes
    ----------
    longstring_share : float or None
        Longest run of at least this share of the items (Curran 2016: half of them).
    variability_fence : float or None
        Intra-individual variability below the first quartile by more than this many interquartile ranges
        (Tukey's fence).
    mahalanobis_p : float or None
        Probability of the squared distance below this.
    even_odd_below : float or None
        Even-odd consistency below this (Jackson's .30, after Curran 2016).
    straight_line_share : float or None
        Straight lines in at least this share of the scales.
    missing_share : float or None
        More than this share of the answers missing.
    seconds_per_item : float or None
        Fewer seconds than this for each item (Huang et al. 2012: two).
    minimum_rules : int
        How many rules a person must meet to carry the combined flag.

    References
    ----------
    Curran, P. G. (2016). Methods for the detection of carelessly invalid responses in survey data. Journal of
    Experimental Social Psychology, 66, 4-19. Huang, J. L., Curran, P. G., Keeney, J., Poposki, E. M., & DeShon, R. P.
    (2012). Detecting and deterring insufficient effort responding to surveys. Journal of Business and Psychology, 27,
    99-114. Tukey, J. W. (1977). Exploratory data analysis.
    """

    longstring_share: float | None = 0.5
    variability_fence: float | None = 1.5
    mahalanobis_p: float | None = 0.001
    even_odd_below: float | None = 0.3
    straight_line_share: float | None = 0.5
    missing_share: float | None = 0.5
    seconds_per_item: float | None = 2.0
    minimum_rules: int = 2


@dataclass(frozen=True)
class CarelessFlags:
    """Who meets which rule of careless answering.

    Attributes
    ----------
    flags : DataFrame of shape (n_persons, n_rules + 2)
        One column a rule that could be applied, True where met; ``n_rules`` met and ``flagged``.
    indices : DataFrame of shape (n_persons, n_rules)
        The numbers behind the rules.
    shares : Series
        Share of persons meeting each rule, and ``flagged``.
    rules : CarelessRules
        The rules.
    not_applied : dict of str to str
        Rules that were switched off or not defined for these data, and why.
    n_persons : int
        Persons; nobody is dropped.
    """

    flags: pd.DataFrame
    indices: pd.DataFrame
    shares: pd.Series
    rules: CarelessRules
    not_applied: dict[str, str] = field(default_factory=dict)
    n_persons: int = 0

    def to_frame(self) -> pd.DataFrame:
        """Return one row a rule: threshold, persons, share; the combined flag last."""
        thresholds = {rule: asdict(self.rules)[key] for rule, (key, _) in _RULES.items()}
        thresholds["flagged"] = self.rules.minimum_rules
        counts = self.flags.drop(columns="n_rules").sum()
        return pd.DataFrame(
            {
                "threshold": [thresholds[rule] for rule in counts.index],
                "n": counts.astype(int),
                "share": self.shares.reindex(counts.index),
            },
            index=counts.index,
        )

    def keep(self) -> pd.Series:
        """Return True for the persons without the combined flag, for a sensitivity analysis."""
        return ~self.flags["flagged"]


def flag_careless(
    responses: pd.DataFrame,
    scales: Scales | None = None,
    rules: CarelessRules | None = None,
    keyed: pd.DataFrame | None = None,
    seconds: pd.Series[float] | None = None,
) -> CarelessFlags:
    """Flag careless answering; drop nobody.

    Parameters
    ----------
    responses : DataFrame of shape (n_persons, n_items)
        Answers as given, before keying, in the order in which the items were shown, NaN missing.
    scales : Series or mapping, optional
        Item to competency; without it the even-odd rule cannot be applied.
    rules : CarelessRules, optional
        Thresholds; the defaults are those of :class:`CarelessRules`.
    keyed : DataFrame of shape (n_persons, n_items), optional
        The same answers after keying, for even-odd consistency; the answers as given when left out.
    seconds : Series of shape (n_persons,), optional
        Seconds each person took for an item, by the same index, NaN unknown; without it speed is not judged.

    Returns
    -------
    CarelessFlags
        An index that is not defined for a person counts as not met. A rule that is not defined for the data
        (too few scales, covariances without inverse) is named in ``not_applied`` with the reason.

    Raises
    ------
    InputShapeError
        No rules left, fewer than one rule required, or scales that do not fit the items.
    CodingError
        Answers that are not numbers.

    See Also
    --------
    longstring, mahalanobis_distance, even_odd_consistency, straight_lining

    References
    ----------
    Meade, A. W., & Craig, S. B. (2012). Identifying careless responses in survey data. Psychological Methods,
    17, 437-455. Curran, P. G. (2016). Journal of Experimental Social Psychology, 66, 4-19.

    Notes
    -----
    Validated by recovery: planted straight-liners and random answers are found. The indices are validated one
    by one.

    Examples
    --------
    >>> import numpy as np
    >>> import pandas as pd
    >>> draw = np.random.default_rng(1)
    >>> trait = draw.normal(size=(200, 1))
    >>> codes = np.clip(np.rint(3 + trait + draw.normal(size=(200, 6))), 1, 5)
    >>> answers = pd.DataFrame(codes, columns=list("abcdef"))
    >>> scales = {"a": "x", "b": "x", "c": "x", "d": "y", "e": "y", "f": "y"}
    >>> from psychometrics.screening import flag_careless
    >>> answers.iloc[0] = 3
    >>> flags = flag_careless(answers, scales)
    >>> int(flags.flags["longstring"].sum()) >= 1
    True
    """
    chosen = rules or CarelessRules()
    answers = numeric_table(responses, minimum_rows=1)
    task = _Task(answers, scales, answers if keyed is None else numeric_table(keyed, minimum_rows=1), chosen, seconds)
    indices, met, not_applied = _apply_rules(task)
    _refuse_rules(chosen, met)
    flags = pd.DataFrame(met, index=answers.index)
    flags["n_rules"] = flags.sum(axis=1).astype(int)
    flags["flagged"] = flags["n_rules"] >= chosen.minimum_rules
    return CarelessFlags(
        flags=flags,
        indices=pd.DataFrame(indices, index=answers.index),
        shares=flags.drop(columns="n_rules").mean().rename("share"),
        rules=chosen,
        not_applied=not_applied,
        n_persons=len(answers),
    )


@dataclass(frozen=True)
class _Task:
    """What every rule may look at."""

    answers: pd.DataFrame
    scales: Scales | None
    keyed: pd.DataFrame
    rules: CarelessRules
    seconds: pd.Series[float] | None = None


def _longstring_rule(task: _Task, threshold: float) -> tuple[pd.Series, pd.Series]:
    """Return the longest runs and whether they are too long."""
    index = longstring(task.answers)
    return index, index >= threshold * task.answers.shape[1]


def _variability_rule(task: _Task, threshold: float) -> tuple[pd.Series, pd.Series]:
    """Return the variability of answers and whether it lies below the fence."""
    index = intra_individual_variability(task.answers)
    lower, upper = index.quantile(0.25), index.quantile(0.75)
    return index, index < lower - threshold * (upper - lower)


def _mahalanobis_rule(task: _Task, threshold: float) -> tuple[pd.Series, pd.Series]:
    """Return the squared distances and whether they are improbable."""
    table = mahalanobis_distance(task.answers)
    return table["distance_squared"], table["p_value"] < threshold


def _even_odd_rule(task: _Task, threshold: float) -> tuple[pd.Series, pd.Series]:
    """Return the even-odd consistencies and whether they are too low."""
    if task.scales is None:
        raise InputShapeError("no scales were given")
    index = even_odd_consistency(task.keyed, task.scales)
    return index, index < threshold


def _straight_line_rule(task: _Task, threshold: float) -> tuple[pd.Series, pd.Series]:
    """Return the share of scales answered in a straight line and whether it is too high."""
    index = straight_lining(task.answers, task.scales).mean(axis=1)
    return index, index >= threshold


def _missing_rule(task: _Task, threshold: float) -> tuple[pd.Series, pd.Series]:
    """Return the share of missing answers and whether it is too high."""
    index = task.answers.isna().mean(axis=1)
    return index, index > threshold


def _speed_rule(task: _Task, threshold: float) -> tuple[pd.Series, pd.Series]:
    """Return the seconds for an item and whether they are too few."""
    if task.seconds is None or task.seconds.reindex(task.answers.index).isna().all():
        raise InputShapeError("no times were given")
    index = task.seconds.reindex(task.answers.index).astype(float)
    if (index < 0).any():
        raise InputShapeError("a time below zero: the clock of the survey was changed, or the times are turned round")
    return index, index < threshold


_RULES = {
    "longstring": ("longstring_share", _longstring_rule),
    "intra_individual_variability": ("variability_fence", _variability_rule),
    "mahalanobis_distance": ("mahalanobis_p", _mahalanobis_rule),
    "even_odd_consistency": ("even_odd_below", _even_odd_rule),
    "straight_lining": ("straight_line_share", _straight_line_rule),
    "missing": ("missing_share", _missing_rule),
    "seconds_per_item": ("seconds_per_item", _speed_rule),
}


def _apply_rules(task: _Task) -> tuple[dict[str, pd.Series], dict[str, np.ndarray], dict[str, str]]:
    """Return the index and the verdict of every rule, and the rules that could not be applied."""
    indices, met, not_applied = {}, {}, {}
    if task.scales is not None:
        scales_of(task.answers, task.scales)
    for name, (key, rule) in _RULES.items():
        threshold = getattr(task.rules, key)
        if threshold is None:
            not_applied[name] = "switched off"
            continue
        try:
            indices[name], verdict = rule(task, threshold)
        except PsychometricsError as problem:
            not_applied[name] = str(problem)
        else:
            met[name] = verdict.to_numpy(dtype=bool)
    return indices, met, not_applied


def _refuse_rules(rules: CarelessRules, met: dict[str, np.ndarray]) -> None:
    """Refuse a combined flag nobody or everybody could carry by definition."""
    if not 1 <= rules.minimum_rules <= len(met):
        raise InputShapeError(
            f"the combined flag asks for {rules.minimum_rules} rules and {len(met)} could be applied; set "
            "minimum_rules between 1 and that number"
        )
