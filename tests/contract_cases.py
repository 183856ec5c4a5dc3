"""Tables that break statistics, and what every public statistic owes its caller on them.

A statistic gives a right number, or a named error, or NaN with a note that says why. It never gives an infinite value,
an interval of no width, a reliability above 1 without a flag, an error of another library, or a warning.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Hashable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
from hypothesis import strategies as st

ODD_NAMES: tuple[Hashable, ...] = (("a", 1), None, "n", "", "share", 2.5, "NA", "item")
FAULTS = (
    "constant item", "unanswered item", "repeated item", "reversed item", "rare answer", "constant person",
    "empty person", "all alike", "nothing in common", "no correlation", "everything missing",
)  # fmt: skip


@dataclass(frozen=True, eq=False)
class Case:
    """Answers with everything a statistic may ask for beside them."""

    answers: pd.DataFrame
    categories: int
    faults: tuple[str, ...]
    seed: int

    @property
    def key(self) -> tuple[bytes, tuple[Hashable, ...]]:
        """Its numbers and names, so that one fit serves all functions that need one."""
        return self.answers.to_numpy().tobytes(), tuple(self.answers.columns)

    @property
    def larger(self) -> Case:
        """The same faults among 80 people who answer five categories, for models that refuse the smallest tables."""
        columns, missing = self.answers.columns, min(self.answers.isna().to_numpy().mean(), 0.1)
        values = answers_of(self.seed, (80, len(columns)), 5, self.faults, missing)
        return Case(pd.DataFrame(values, columns=columns), 5, self.faults, self.seed)

    @property
    def scale_of(self) -> dict[Hashable, str]:
        """Scale of each item: two halves, in the order of the columns."""
        half = (self.answers.shape[1] + 1) // 2
        return {item: "first" if place < half else "second" for place, item in enumerate(self.answers.columns)}

    @property
    def scales(self) -> dict[str, list[Hashable]]:
        """Items of each scale."""
        found: dict[str, list[Hashable]] = {}
        for item, scale in self.scale_of.items():
            found.setdefault(scale, []).append(item)
        return found

    @property
    def clusters(self) -> pd.Series:
        """Teams of about three."""
        return pd.Series(np.arange(len(self.answers)) // 3, index=self.answers.index, name="team")

    @property
    def groups(self) -> pd.Series:
        """Two groups of unequal size."""
        labels = np.where(np.arange(len(self.answers)) % 3 == 0, "few", "many")
        return pd.Series(labels, index=self.answers.index, name="group")


@dataclass(frozen=True)
class Entry:
    """How the contract calls a public function.

    Attributes
    ----------
    call
        Calls it on a case.
    infinite
        Names of fields or columns in which an infinite value is meant, each with its reason.
    silent
        Names of fields whose NaN needs no note, each with its reason.
    model
        Whether it fits models or many tables, which takes time, and may refuse the smallest tables.
    """

    call: Callable[[Case], Any]
    infinite: Mapping[str, str] = field(default_factory=dict)
    silent: Mapping[str, str] = field(default_factory=dict)
    model: bool = False


RELIABILITIES = {
    "raw", "standardised", "omega", "omega_observed", "omega_latent", "omega_hierarchical", "omega_total", "alpha",
    "composite_reliability", "reliability", "icc", "icc1", "icc2", "alpha_if_dropped", "omega_if_dropped",
}  # fmt: skip


@st.composite
def cases(draw: st.DrawFn) -> Case:
    """Draw a table of answers with some of the faults."""
    seed = draw(st.integers(0, 2**20))
    n_persons = draw(st.sampled_from([2, 3, 7, 30, 60]))
    n_items = draw(st.sampled_from([2, 3, 4, 6, 8]))
    categories = draw(st.sampled_from([1, 2, 5, 11]))
    faults = tuple(draw(st.lists(st.sampled_from(FAULTS), max_size=2, unique=True)))
    missing = draw(st.sampled_from([0.0, 0.0, 0.1, 0.7]))
    labels = draw(st.sampled_from(["text", "integers", "odd"]))
    values = answers_of(seed, (n_persons, n_items), categories, faults, missing)
    names = {"text": [f"i{k}" for k in range(n_items)], "integers": list(range(n_items)), "odd": ODD_NAMES[:n_items]}
    columns = pd.Index(list(names[labels]), tupleize_cols=False, dtype=None if labels == "text" else object)
    index = pd.Index(np.random.default_rng(seed).permutation(n_persons) + 100)
    return Case(pd.DataFrame(values, index=index, columns=columns), categories, faults, seed)


def answers_of(
    seed: int, shape: tuple[int, int], categories: int, faults: tuple[str, ...], missing: float
) -> np.ndarray:
    """Draw answers that share one trait, then spoil them."""
    generator = np.random.default_rng(seed)
    strength = 0.0 if "no correlation" in faults else 0.75
    latent = strength * generator.standard_normal((shape[0], 1)) + generator.standard_normal(shape)
    cuts = np.linspace(-1.2, 1.2, categories - 1) if categories > 1 else np.array([])
    values = np.digitize(latent, cuts) + 1.0
    values[generator.random(values.shape) < missing] = np.nan
    _spoil(values, faults, categories)
    return values


def _spoil(values: np.ndarray, faults: tuple[str, ...], categories: int) -> None:
    """Put the faults in, in place."""
    n = len(values)
    if "constant item" in faults:
        values[:, 0] = 1.0
    if "rare answer" in faults:
        values[:, 0] = 1.0
        values[0, 0] = min(2, categories)
    if "unanswered item" in faults:
        values[:, -1] = np.nan
    if "repeated item" in faults:
        values[:, 1] = values[:, 0]
    if "reversed item" in faults:
        values[:, 1] = categories + 1 - values[:, 0]
    if "constant person" in faults:
        values[0] = categories
    if "empty person" in faults:
        values[-1] = np.nan
    if "all alike" in faults:
        values[:] = values[:, [0]]
    if "nothing in common" in faults:
        values[: n // 2, 0] = np.nan
        values[n // 2 :, 1] = np.nan
    if "everything missing" in faults:
        values[:] = np.nan


def numbers(result: Any, name: str = "") -> Iterator[tuple[str, np.ndarray]]:
    """Walk through a result and yield every number with the name it stands under."""
    if isinstance(result, pd.DataFrame):
        for place, column in enumerate(result.columns):
            part = result.iloc[:, place]
            if pd.api.types.is_numeric_dtype(part):
                own = str(column) if not name else f"{name}.{column}"
                yield own, part.to_numpy(dtype=float, na_value=np.nan)
    elif isinstance(result, pd.Series):
        if pd.api.types.is_numeric_dtype(result):
            yield name or str(result.name), result.to_numpy(dtype=float, na_value=np.nan)
    elif isinstance(result, np.ndarray):
        if np.issubdtype(result.dtype, np.number):
            yield name, result.astype(float)
    elif isinstance(result, (bool, np.bool_)):
        return
    elif isinstance(result, (float, int, np.number)):
        yield name, np.array([float(result)])
    elif dataclasses.is_dataclass(result) and not isinstance(result, type):
        for part in dataclasses.fields(result):
            yield from numbers(getattr(result, part.name), f"{name}.{part.name}" if name else part.name)
    elif isinstance(result, Mapping):
        for key, value in result.items():
            yield from numbers(value, f"{name}[{key}]")
    elif isinstance(result, (tuple, list)):
        for place, value in enumerate(result):
            yield from numbers(value, f"{name}[{place}]")


def notes_of(result: Any) -> tuple[str, ...]:
    """Return what a result says of itself."""
    return (*getattr(result, "notes", ()), *getattr(result, "problems", ()))


def check_result(result: Any, entry: Entry) -> None:
    """Hold a result to the contract, and see that it can be laid out as a table."""
    if dataclasses.is_dataclass(result) and hasattr(result, "to_frame"):
        assert isinstance(result.to_frame(), pd.DataFrame)
    found = list(numbers(result))
    notes = notes_of(result)
    for name, values in found:
        last = name.split(".")[-1]
        if last not in entry.infinite:
            assert not np.isinf(values).any(), f"{name} is infinite"
        # Standardised coefficients and effects may exceed 1.
        if last in RELIABILITIES and not notes and "coefficients" not in name and "effects" not in name:
            assert not (values > 1 + 1e-9).any(), f"{name} is a reliability above 1, and nothing says so"
    _check_intervals({name: values for name, values in found if name.split(".")[-1] not in entry.infinite})
    if dataclasses.is_dataclass(result) and not notes:
        for name, values in found:
            alone = values.size == 1 and "." not in name and "[" not in name
            if alone and name not in entry.silent:
                assert not np.isnan(values).any(), f"{name} is NaN, and no note says why"


def _check_intervals(found: dict[str, np.ndarray]) -> None:
    """Every interval has two ends, the lower below the upper."""
    for name, lower in found.items():
        if not name.endswith("lower"):
            continue
        upper = found.get(name.removesuffix("lower") + "upper")
        if upper is None or upper.shape != lower.shape:
            continue
        assert (np.isnan(lower) == np.isnan(upper)).all(), f"{name}: one end only"
        known = ~np.isnan(lower)
        assert (lower[known] < upper[known]).all(), f"{name}: an interval of no width"
