"""What a sample below the gate of the confirmatory model can and cannot tell of the structure (notebook 05)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

import pandas as pd
from tqdm import tqdm

from compendium.findings import Finding, decode, found
from compendium.plan import StudyPlan
from compendium.study.workers import spread
from psychometrics.bayesian import BayesianCfa, Priors, bayesian_cfa
from psychometrics.errors import PsychometricsError

Item = TypeVar("Item")

WHOLE_MODEL = "all competencies"
_INTERVAL = ("lower", "upper")
COLUMNS: Mapping[str, tuple[str, ...]] = {
    "loadings": ("competency", "item", "loading", *_INTERVAL, "tells"),
    "omega": ("competency", "items", "omega", *_INTERVAL, "tells"),
    "correlations": ("first", "second", "correlation", *_INTERVAL, "tells"),
    "checks": ("competency", "pairs", "p_value", "smallest_seen", "outside", "expected"),
}


@dataclass(frozen=True)
class SmallSampleModel:
    """Posterior of the model of correlated competencies, or the reason why there is none.

    Attributes
    ----------
    fit : BayesianCfa or None
    status : tuple of Finding
        How it was found, or why it could not be.
    limits : mapping of str to float
        Value that the interval of a loading, an omega, a correlation is held against, and a p value.
    """

    fit: BayesianCfa | None
    status: tuple[Finding, ...]
    limits: Mapping[str, float]

    @property
    def loadings(self) -> pd.DataFrame:
        """One row an item: loading with interval, and on which side of a salient loading it lies."""
        return self._told("loadings", "loading")

    @property
    def omega(self) -> pd.DataFrame:
        """One row a competency: omega of the observed score with interval, and on which side of the limit it lies."""
        return self._told("omega", "omega")

    @property
    def correlations(self) -> pd.DataFrame:
        """One row a pair of competencies, the closest first, and whether they are distinct."""
        return self._told("correlations", "correlation").sort_values("correlation", ascending=False, kind="stable")

    @property
    def checks(self) -> pd.DataFrame:
        """One row a competency and one for all: what the answers have in common beyond the model."""
        if self.fit is None:
            return pd.DataFrame(columns=list(COLUMNS["checks"]))
        table = self.fit.checks
        named = table["scale"].where(table["scale"].notna(), WHOLE_MODEL)
        return table.assign(competency=named)[list(COLUMNS["checks"])]

    @property
    def values(self) -> dict[str, float | int | None]:
        """How much is told: counts on either side of each limit and in between, and typical widths."""
        counts: dict[str, float | int | None] = {}
        for name, table in (("loadings", self.loadings), ("omega", self.omega), ("correlations", self.correlations)):
            kinds = [finding.kind for encoded in table["tells"] for finding in decode(encoded)]
            counts |= {f"small_{name}_{side}": kinds.count(f"small_{side}") for side in ("above", "below", "open")}
            half = (table["upper"] - table["lower"]).median() / 2
            counts[f"small_{name}_half_width"] = None if table.empty else float(half)
            counts[f"small_{name}_all"] = len(table)
        checks = self.checks
        within, whole = checks[checks["competency"] != WHOLE_MODEL], checks[checks["competency"] == WHOLE_MODEL]
        counts["small_fit_p"] = None if whole.empty else float(whole["p_value"].iloc[0])
        counts["small_fit_unseen"] = None if whole.empty else float(whole["smallest_seen"].iloc[0])
        counts["small_fit_misfits"] = int((within["p_value"] < self.limits["p_value"]).sum())
        return counts

    def _told(self, name: str, estimate: str) -> pd.DataFrame:
        """Return a table of the posterior with what each interval tells."""
        if self.fit is None:
            return pd.DataFrame(columns=list(COLUMNS[name]))
        table = {"loadings": self.fit.loadings, "omega": self.fit.omega}.get(name, self.fit.factor_correlations)
        limit = self.limits[name]
        intervals = zip(table["lower"], table["upper"], strict=True)
        tells = [_told(lower, upper, limit).encoded for lower, upper in intervals]
        return table.rename(columns={"scale": "competency"}).assign(tells=tells)[list(COLUMNS[name])]


def small_sample_model(
    answers: pd.DataFrame, scales: Mapping[str, Sequence[str]], plan: StudyPlan, nested: bool
) -> SmallSampleModel:
    """Draw from the posterior of the model of correlated competencies, in parallel and with progress."""
    rule = plan.small_sample
    limits = {
        "loadings": plan.dimensionality.salient_loading.value,
        "omega": plan.structure.reliability.value,
        "correlations": plan.structure.distinct_below.value,
        "p_value": plan.alpha_level.value,
    }
    of_item = {item: name for name, items in scales.items() for item in items}
    try:
        with spread():
            fit = bayesian_cfa(
                answers[list(of_item)],
                of_item,
                Priors(rule.loading_mean.value, rule.loading_sd.value, rule.threshold_sd.value),
                n_draws=int(rule.draws.value),
                most_draws=int(rule.most_draws.value),
                confidence=plan.confidence.value,
                seed=plan.seed,
                progress=_with_progress,
            )
    except PsychometricsError as problem:
        why = found("said_by_method", text=str(problem))
        return SmallSampleModel(None, (found("small_impossible", why=why),), limits)
    status = found("small_found", n=fit.n_persons, value=fit.n_chains, other=fit.n_draws)
    return SmallSampleModel(fit, (status, found("small_nested")) if nested else (status,), limits)


def _told(lower: float, upper: float, limit: float) -> Finding:
    """Return on which side of a limit an interval lies."""
    if lower > limit:
        return found("small_above", limit=limit)
    return found("small_below", limit=limit) if upper < limit else found("small_open", limit=limit)


def _with_progress(done: Iterator[Item], total: int) -> Iterator[Item]:
    """Show progress by group of chains."""
    yield from tqdm(done, total=total, desc="chains of the factor model", leave=False, disable=None)
