"""The smallest groups that may be shown, whatever a plan or a cohort says."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Floor:
    """How low a limit may be set.

    Attributes
    ----------
    usual : int
        The lowest limit that a plan or a cohort may set by itself.
    hard : int
        The lowest limit with a written reason of the data controller; nothing goes below it.
    counts : str
        What the limit counts.
    """

    usual: int
    hard: int
    counts: str


# Ten: the OPM's rule of ten and the GP Patient Survey; five: the smallest threshold in official use for tables of
# people (docs/decisions/0046). Three raters: with two, each knows the other's rating from the mean.
FLOORS = {
    "minimum_group": Floor(10, 5, "people in a group"),
    "minimum_team": Floor(10, 5, "people in a team"),
    "minimum_raters": Floor(3, 3, "raters of a person"),
}
# Letters that a controller's reason has at least: a sentence, not a word.
REASON_LENGTH = 20


def floor_problem(name: str, value: float, controller: str) -> str | None:
    """Say why a limit may not be so low, or None when it may.

    Parameters
    ----------
    name
        Name of the limit in the plan, such as ``minimum_group``.
    value
        The limit.
    controller
        The data controller's written reason for going below the usual floor, empty where there is none.
    """
    floor = FLOORS[name]
    if value >= floor.usual:
        return None
    if value < floor.hard:
        return f"fewer than {floor.hard} {floor.counts} are never shown; no reason lowers this limit further"
    if len(controller.strip()) < REASON_LENGTH:
        return (
            f"fewer than {floor.usual} {floor.counts} are shown only when the data controller says why: "
            f"write their reason (a sentence, with who decided) under controller"
        )
    return None


def lowered(name: str, value: float, controller: str) -> str | None:
    """Return the sentence that the book prints where a limit is below the usual floor, or None."""
    floor = FLOORS[name]
    if value >= floor.usual:
        return None
    return (
        f"The limit of {floor.counts} is {value:.0f} in this cohort instead of {floor.usual}. "
        f"The data controller's reason: {controller.strip()}"
    )
