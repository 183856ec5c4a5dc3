"""Numbers of the analysis plan, each with the reason for it."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from compendium.inputs import Strict, no_blank

# No resample count, and nothing else that is counted, is larger: a million resamples already take days.
MOST_COUNTED = 1_000_000
Reason = Annotated[str, AfterValidator(no_blank), Field(min_length=1)]


class Threshold(Strict):
    """A number of the plan with the reason for it."""

    value: Annotated[float, Field(ge=-MOST_COUNTED, le=MOST_COUNTED, allow_inf_nan=False)]
    source: Reason


class Deviations(Threshold):
    """A threshold in standard deviations: nothing or more, and no larger than studies know."""

    value: Annotated[float, Field(ge=0, le=10)]


class Spread(Threshold):
    """A standard deviation, or a difference in such: more than nothing."""

    value: Annotated[float, Field(gt=0, le=10)]


class Share(Threshold):
    """A threshold that is a share, a probability or the size of a correlation: between 0 and 1."""

    value: Annotated[float, Field(ge=0, le=1)]


class Count(Threshold):
    """A threshold that counts something: at least 1."""

    value: Annotated[float, Field(ge=1, le=MOST_COUNTED)]


class Check(Threshold):
    """A further check of items: what fails it is dropped, or kept with a note in the decision log."""

    decision: Literal["drop", "note"]


class ShareCheck(Check):
    """A check by a share, a probability or the size of a correlation: between 0 and 1."""

    value: Annotated[float, Field(ge=0, le=1)]


class CountCheck(Check):
    """A check by a count, which may be none."""

    value: Annotated[float, Field(ge=0, le=MOST_COUNTED)]


class Replications(Threshold):
    """How many samples of one size are simulated; a spread takes five at least."""

    value: Annotated[float, Field(ge=5, le=MOST_COUNTED)]


class Sizes(Strict):
    """Numbers of people that are simulated, with the reason for them; the law in between is known."""

    value: Annotated[list[Annotated[int, Field(ge=50, le=MOST_COUNTED)]], Field(min_length=2)]
    source: Reason
