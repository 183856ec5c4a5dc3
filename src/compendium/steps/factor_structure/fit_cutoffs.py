"""Cut-offs of fit for the model at hand, beside the conventional ones (notebook 05)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TypeVar

import pandas as pd
from tqdm import tqdm

from compendium.findings import Finding, found
from compendium.plan import Structure
from compendium.steps.factor_structure.models import Rivals
from compendium.study.workers import spread
from psychometrics.errors import PsychometricsError
from psychometrics.sem import DynamicCutoffs, dynamic_cutoffs
from psychometrics.sem.fit_cutoffs import FEWEST_REPLICATIONS

Item = TypeVar("Item")

CUTOFF_COLUMNS = ("misfit", "omitted", "index", "observed", "cutoff", "share", "conventional", "answer")
OMISSION_COLUMNS = ("misfit", "item", "with", "size")
INDEX_NAMES = {"srmr": "SRMR", "rmsea": "RMSEA", "cfi": "CFI"}


@dataclass(frozen=True)
class Misfit:
    """What the cut-offs for this model imply about its fit.

    Attributes
    ----------
    reading : str
        Version of RMSEA and CFI that was simulated.
    srmr, rmsea, cfi : float
        Observed, in that version.
    residuals : bool
        Whether the misfit consists of residual correlations (one factor) and not of second loadings.
    omitted : tuple of int
        Parameters that the model omits at each level, fewest first.
    ruled_out : tuple of bool or None
        Whether the observed fit rules the level out; None where the level cannot be told from no misfit.
    """

    reading: str
    srmr: float
    rmsea: float
    cfi: float
    residuals: bool
    omitted: tuple[int, ...]
    ruled_out: tuple[bool | None, ...]

    def named(self, level: int) -> Finding:
        """Return a level of misfit as a reader knows it, counted from 0."""
        return _named(self.residuals, self.omitted[level])


@dataclass(frozen=True)
class ModelCutoffs:
    """Cut-offs of the model of correlated competencies, or the reason why there are none.

    Attributes
    ----------
    cutoffs : DynamicCutoffs or None
    status : tuple of Finding
        How they were found, or why they could not be.
    """

    cutoffs: DynamicCutoffs | None
    status: tuple[Finding, ...]

    @property
    def misfit(self) -> Misfit | None:
        """What they say; None where no level could be told from no misfit."""
        if self.cutoffs is None:
            return None
        answers = self.cutoffs.levels_ruled_out()
        if answers.isna().all():
            return None
        return Misfit(
            reading=self.cutoffs.reading,
            **self.observed,
            residuals=self.residuals,
            omitted=tuple(self.omitted.values()),
            ruled_out=tuple(None if answer is None else bool(answer) for answer in answers),
        )

    @property
    def reading(self) -> str:
        """Version of RMSEA and CFI; empty where nothing was simulated."""
        return "" if self.cutoffs is None else self.cutoffs.reading

    @property
    def observed(self) -> dict[str, float]:
        """Indices of the fitted model in that version, NaN where nothing was simulated."""
        if self.cutoffs is None:
            return dict.fromkeys(INDEX_NAMES, float("nan"))
        return {str(index): float(value) for index, value in self.cutoffs.observed.items()}

    @property
    def omitted(self) -> dict[int, int]:
        """How many parameters the model omits at each level, fewest first."""
        counts = {} if self.cutoffs is None else self.cutoffs.cutoffs.groupby("level")["omitted"].first().to_dict()
        return {int(str(level)): int(count) for level, count in counts.items()}

    @property
    def residuals(self) -> bool:
        """Whether the misfit consists of residual correlations (one factor)."""
        return self.cutoffs is not None and bool((self.cutoffs.omissions["kind"] == "residual correlation").all())

    @property
    def omissions(self) -> pd.DataFrame:
        """One row a parameter that the model omits: smallest misfit it is part of, item, what it goes with, size."""
        if self.cutoffs is None:
            return pd.DataFrame(columns=list(OMISSION_COLUMNS))
        table = self.cutoffs.omissions
        misfit = [_named(self.residuals, self.omitted[level]).encoded for level in table["level"]]
        return table.assign(misfit=misfit)[list(OMISSION_COLUMNS)]

    @property
    def lost_share(self) -> float | None:
        """Largest share of the draws of a level in which the model could not be fitted."""
        return None if self.cutoffs is None else float(self.cutoffs.n_failed.max()) / self.cutoffs.n_replications


def _named(residuals: bool, omitted: int) -> Finding:
    """Return a level of misfit as a reader knows it, by the number of parameters that the model omits."""
    return found("misfit_residuals" if residuals else "misfit_loadings", value=omitted)


def model_cutoffs(rivals: Rivals, rule: Structure, seed: int) -> ModelCutoffs:
    """Simulate the model of correlated competencies right and misspecified, in parallel and with progress."""
    if rivals.main is None:
        return ModelCutoffs(None, (found("cutoffs_impossible", why=rivals.unfitted["correlated"]),))
    if not rivals.main.proper:
        return ModelCutoffs(None, (found("cutoffs_improper"),))
    draws = int(rule.cutoff_replications.value)
    if draws < FEWEST_REPLICATIONS:
        return ModelCutoffs(None, (found("cutoffs_few", value=draws, needed=FEWEST_REPLICATIONS),))
    try:
        with spread():
            cutoffs = dynamic_cutoffs(
                rivals.main,
                draws,
                seed,
                most_levels=int(rule.misfit_levels.value),
                most_persons=int(rule.cutoff_people.value),
                progress=_with_progress,
            )
    except PsychometricsError as problem:
        return ModelCutoffs(None, (found("cutoffs_impossible", why=found("said_by_method", text=str(problem))),))
    told = not cutoffs.cutoffs["cutoff"].isna().all()
    kind = "cutoffs_found" if told else "cutoffs_none"
    status = (found(kind, value=cutoffs.n_replications, n=cutoffs.n_persons),)
    return ModelCutoffs(cutoffs, (*status, found("cutoffs_nested")) if rivals.nested_in else status)


def conventional_cutoffs(rule: Structure) -> dict[str, float]:
    """Return the conventional cut-off of acceptable fit of each index."""
    return {"srmr": rule.srmr.value, "rmsea": rule.rmsea_acceptable.value, "cfi": rule.cfi_acceptable.value}


def cutoff_table(model: ModelCutoffs, rule: Structure) -> pd.DataFrame:
    """Return one row a level of misfit and index: observed, cut-off for this model, conventional one, the answer."""
    if model.cutoffs is None:
        return pd.DataFrame(columns=list(CUTOFF_COLUMNS))
    table = model.cutoffs.to_frame()
    conventional = conventional_cutoffs(rule)
    answers = {True: "cutoff_met", False: "cutoff_missed"}
    return table.assign(
        misfit=[_named(model.residuals, int(count)).encoded for count in table["omitted"]],
        conventional=table["index"].map(conventional),
        answer=[found(answers.get(met, "cutoff_absent")).encoded for met in table["met"]],
        index=table["index"].map(INDEX_NAMES),
    )[list(CUTOFF_COLUMNS)]


def replication_table(model: ModelCutoffs) -> pd.DataFrame:
    """Return the indices of every draw: number of omitted parameters (0 for the right model), replication, indices."""
    if model.cutoffs is None:
        return pd.DataFrame(columns=["omitted", "replication", *INDEX_NAMES])
    table = model.cutoffs.replications
    table = table.assign(omitted=table["level"].map({0: 0, **model.omitted}))
    return table[["omitted", "replication", *INDEX_NAMES]]


def _with_progress(done: Iterator[Item], total: int) -> Iterator[Item]:
    """Show progress by batch."""
    yield from tqdm(done, total=total, desc="cut-offs for this model", leave=False, disable=None)
