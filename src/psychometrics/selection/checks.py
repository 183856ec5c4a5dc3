"""Further checks of items that can enter the decision beside the published rule."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
import pandas as pd

from psychometrics._checks import Label, numeric_column, numeric_table
from psychometrics.errors import PsychometricsError
from psychometrics.selection.reasons import NAN, Reason

Decision = Literal["keep", "review", "drop"]
#: A check that decides "keep" only notes what it found.

#: Howard (2016): primary loading at least .40, no other above .30, and a distance of at least .20.
PRIMARY_LOADING = 0.40
CROSS_LOADING = 0.30
LOADING_DISTANCE = 0.20


@dataclass(frozen=True)
class ItemCheck:
    """One further check of the items, computed elsewhere, that enters the decision.

    Attributes
    ----------
    name : str
        Column that shows the value.
    values : Series
        One value an item; items that it does not name were not looked at.
    reasons : Series
        Reason in words for each flagged item; empty text for an item that passes.
    decision : {"keep", "review", "drop"}
        What a flagged item gets; with "keep" the reason is noted and the item stays.
    findings : mapping of item to Reason
        The same reasons as data: one for each flagged item, and one of the kind ``untested`` for each item that
        could not be checked. Where it is left out, an item with a reason in words has one of the kind ``flagged``.

    An item that could not be checked never gets more than "review": what was not tested proves nothing against it,
    and nothing for it.

    Examples
    --------
    >>> import pandas as pd
    >>> from psychometrics.selection import Reason, ItemCheck
    >>> values = pd.Series({"a": 0.01, "b": 0.2})
    >>> check = ItemCheck("p_value", values, findings={"a": Reason("below_minimum", 0.01, 0.05, check="p_value")})
    >>> check.reasons.tolist()
    ['p value 0.01, under 0.05', '']

    See Also
    --------
    threshold_check, cross_loading_check, category_check, screen_items
    """

    name: str
    values: pd.Series
    reasons: pd.Series = field(default_factory=lambda: pd.Series(dtype=object))
    decision: Decision = "review"
    findings: Mapping[Label, Reason] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Give each reason in words its data, or each datum its words."""
        if self.findings:
            if not len(self.reasons):
                texts = [self._text(self.findings.get(item)) for item in self.values.index]
                object.__setattr__(self, "reasons", pd.Series(texts, self.values.index, dtype=object))
            return
        flagged = self.reasons[self.reasons.astype(bool)].index
        found = {item: Reason("flagged", float(self.values.get(item, NAN)), check=self.name) for item in flagged}
        object.__setattr__(self, "findings", found)

    def _text(self, reason: Reason | None) -> str:
        """Return short words for a reason."""
        called = self.name.replace("_", " ")
        if reason is None:
            return ""
        words = {"below_minimum": "under", "above_maximum": "over"}.get(reason.kind)
        if words:
            return f"{called} {reason.value:.2f}, {words} {reason.limit:.2f}"
        return f"{called} could not be tested" if reason.kind == "untested" else f"{called}: {reason.kind}"

    def decision_on(self, reason: Reason) -> Decision:
        """Return the decision that a reason leads to; an untested item is at most put up for review."""
        return "review" if reason.kind == "untested" and self.decision == "drop" else self.decision


def threshold_check(
    name: str,
    values: pd.Series,
    minimum: float | None = None,
    maximum: float | None = None,
    decision: Decision = "review",
    label: str | None = None,
) -> ItemCheck:
    """Flag items whose value lies under a minimum or over a maximum.

    Parameters
    ----------
    name : str
        Column that shows the value.
    values : Series
        One value an item, for example the share of missing answers, of the top category, an effect of
        differential item functioning, or a relevance rating. ``NaN`` could not be tested: a finding of the kind
        ``untested``, with at most a review. Leave an item out of the series when it was not looked at on purpose.
    minimum, maximum : float, optional
        Limits that still pass; at least one.
    decision : {"keep", "review", "drop"}
    label : str, optional
        How the reason names the value; `name` with spaces for underscores by default.

    Returns
    -------
    ItemCheck

    Raises
    ------
    PsychometricsError
        Neither limit given.

    See Also
    --------
    cross_loading_check, category_check, screen_items

    Examples
    --------
    >>> from psychometrics.selection import threshold_check
    >>> import pandas as pd
    >>> check = threshold_check("missing_share", pd.Series({"a": 0.02, "b": 0.31}), maximum=0.2)
    >>> check.findings["b"].kind, check.findings["b"].value
    ('above_maximum', 0.31)
    """
    if minimum is None and maximum is None:
        raise PsychometricsError(f"check {name!r} has no limit; give a minimum, a maximum or both")
    called = label or name.replace("_", " ")

    def found(value: float) -> tuple[str, Reason | None]:
        if np.isnan(value):
            limit = minimum if minimum is not None else maximum
            return f"{called} could not be tested", Reason("untested", limit=float(limit or 0.0), check=name)
        if minimum is not None and value < minimum:
            return f"{called} {value:.2f}, under {minimum:.2f}", Reason("below_minimum", value, minimum, check=name)
        if maximum is not None and value > maximum:
            return f"{called} {value:.2f}, over {maximum:.2f}", Reason("above_maximum", value, maximum, check=name)
        return "", None

    return _check(name, values, [found(value) for value in numeric_column(values, name)], decision)


def cross_loading_check(
    loadings: pd.DataFrame,
    minimum_primary: float = PRIMARY_LOADING,
    maximum_cross: float = CROSS_LOADING,
    minimum_distance: float = LOADING_DISTANCE,
    decision: Decision = "review",
) -> ItemCheck:
    """Flag items that no factor explains well, or that two factors claim.

    Parameters
    ----------
    loadings : DataFrame, shape (n_items, n_factors)
        Pattern loadings, items in the index.
    minimum_primary : float
        Least size of the largest loading.
    maximum_cross, minimum_distance : float
        An item is claimed twice when its second largest loading exceeds `maximum_cross` or lies nearer than
        `minimum_distance` to the largest.
    decision : {"keep", "review", "drop"}

    Returns
    -------
    ItemCheck
        Its values are the second largest loadings in size (zero with a single factor).

    Raises
    ------
    CodingError, InputShapeError
        Text loadings, or no factor.

    See Also
    --------
    threshold_check, screen_items

    References
    ----------
    Howard, M. C. (2016). A review of exploratory factor analysis decisions and overview of current practices.
    International Journal of Human-Computer Interaction, 32, 51-62 (the .40-.30-.20 rule).

    Examples
    --------
    >>> from psychometrics.selection import cross_loading_check
    >>> import pandas as pd
    >>> loadings = pd.DataFrame({"x": [0.7, 0.6], "y": [0.1, 0.5]}, index=["a", "b"])
    >>> list(cross_loading_check(loadings).findings)
    ['b']
    """
    sizes = numeric_table(loadings, "loadings", noun="factor").abs()
    ordered = np.sort(sizes.to_numpy(), axis=1)[:, ::-1]
    name = "cross_loading"
    second = pd.Series(ordered[:, 1] if sizes.shape[1] > 1 else 0.0, sizes.index)

    def found(row: np.ndarray) -> tuple[str, Reason | None]:
        if np.isnan(row).any():
            return "loadings could not be estimated", Reason("untested", limit=maximum_cross, check=name)
        places = np.argsort(-row, kind="stable")
        a, b = float(row[places[0]]), float(row[places[1]]) if len(row) > 1 else 0.0
        if a < minimum_primary:
            text = f"largest loading {a:.2f}, under {minimum_primary:.2f}"
            return text, Reason("low_loading", a, minimum_primary, check=name)
        if len(row) > 1 and (b > maximum_cross or a - b < minimum_distance):
            main, other = sizes.columns[places[0]], sizes.columns[places[1]]
            details = {"primary_loading": a, "minimum_distance": minimum_distance}
            return f"loads on {main} ({a:.2f}) and on {other} ({b:.2f})", Reason(
                "cross_loading", b, maximum_cross, (main, other), name, details
            )
        return "", None

    return _check(name, second, [found(row) for row in sizes.to_numpy()], decision)


def _check(name: str, values: pd.Series, found: Sequence[tuple[str, Reason | None]], decision: Decision) -> ItemCheck:
    """Put words and data of each item together."""
    texts = pd.Series([text for text, _ in found], values.index, dtype=object)
    findings = {item: reason for item, (_, reason) in zip(values.index, found, strict=True) if reason is not None}
    return ItemCheck(name, values, texts, decision, findings)


def category_check(responses: pd.DataFrame, maximum_share: float = 0.80, decision: Decision = "review") -> ItemCheck:
    """Flag items on which one answer is given by almost everybody.

    Parameters
    ----------
    responses : DataFrame, shape (n_persons, n_items)
    maximum_share : float
        Largest share of one answer that still passes.
    decision : {"keep", "review", "drop"}

    Returns
    -------
    ItemCheck
        Its values are the shares of the most frequent answer.

    See Also
    --------
    threshold_check, screen_items

    References
    ----------
    Streiner, D. L., Norman, G. R., & Cairney, J. (2015). Health measurement scales (5th ed.), p. 88
    (endorsement between .20 and .80).

    Examples
    --------
    >>> import numpy as np
    >>> import pandas as pd
    >>> draw = np.random.default_rng(1)
    >>> trait = draw.normal(size=(200, 1))
    >>> codes = np.clip(np.rint(3 + trait + draw.normal(size=(200, 6))), 1, 5)
    >>> answers = pd.DataFrame(codes, columns=list("abcdef"))
    >>> from psychometrics.selection import category_check
    >>> list(category_check(answers.assign(a=5.0)).findings)
    ['a']
    """
    answers = numeric_table(responses)
    shares = pd.Series([_largest_share(column) for column in answers.to_numpy().T], answers.columns, dtype=float)
    return threshold_check(
        "most_frequent_answer", shares, maximum=maximum_share, decision=decision, label="share of the commonest answer"
    )


def _largest_share(values: np.ndarray) -> float:
    """Return the share of the most frequent answer, NaN where nobody answered."""
    places = pd.factorize(values)[0]
    counts = np.bincount(places[places >= 0])
    return float(counts.max() / counts.sum()) if counts.size else float("nan")
