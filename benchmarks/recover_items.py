"""Draw many cohorts with planted faults, and without, and see what the item analysis finds and what it invents.

``python -m benchmarks.recover_items --seeds 100 --jobs 2`` prints the tables; ``--output items.csv`` also writes one
row an item, seed and series; an interrupt prints the tables of what is done. Each cohort goes through the chain of
notebook 04 with the thresholds of the plan, in memory; only the bootstrap of the choice is left out, since it says
nothing about faults. The series are the demonstration cohort with its planted faults, the same without faults, and the
last without careless or missing answers.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import joblib
import numpy as np
import pandas as pd
from scipy import stats
from tqdm import tqdm

from compendium.cohort import load_settings
from compendium.framework import Framework, load_framework
from compendium.outputs.step import Step
from compendium.paths import cohort_folder, result_folders
from compendium.plan import load_plan
from compendium.simulate import DEMO, Quality, SimulationPlan, simulate_cohort
from compendium.simulate.truth import keyed
from compendium.steps.item_analysis import choice as item_selection
from compendium.steps.item_analysis import decisions as items
from compendium.steps.item_analysis import findings as item_findings
from compendium.study import Prepared
from compendium.wording import running_text
from psychometrics.errors import PsychometricsError
from psychometrics.items import KeyingCheck, check_keying
from psychometrics.selection import ItemCheck

SERIES: dict[str, SimulationPlan] = {
    "planted": replace(DEMO, peers=None),
    "sound": replace(DEMO, peers=None, faults=()),
    "attentive": replace(DEMO, peers=None, faults=(), quality=Quality(0, 0, 0, 0, 0)),
}
#: Words of a reason that name each kind of fault.
NAMED = {
    "weak": "item-total correlation",
    "cross_loading": "would load",
    "redundant": "inter-item correlation",
    "dif": "answered differently",
    "wrong_key": "contradict the declared direction",
    "ceiling": "commonest answer",
}
#: Words of the notes that drop nothing.
NOTED = {"item fit": "adjusted p of S-X2", "loading": "standardised loading", "missing": "share not answered"}
TWO_SIDED = 0.05


@dataclass(frozen=True)
class Found:
    """What the chain found in one cohort.

    Attributes
    ----------
    items
        One row an item: planted fault, decision, reasons, and the p-values behind them.
    choice
        One row: how many were chosen and how many of them carry a fault (a repeating pair apart), mean alpha on the
        people who chose and on the others.
    """

    items: pd.DataFrame
    choice: pd.DataFrame


def open_drawn(plan: SimulationPlan, framework: Framework) -> Step:
    """Open the item analysis of a cohort that exists in memory only."""
    folder = cohort_folder("demo")
    settings = load_settings(folder)
    plan_of_study, folders = load_plan(settings.study), result_folders("drawn")
    step = Step(settings, plan_of_study, framework, folders, folder, folder, name="04_item_analysis")
    own = simulate_cohort(plan, framework).self.set_index("person_id")
    answers = keyed(own[list(framework.items.index)], framework).astype(float)
    people = own[[group.column for group in settings.groups.values()]]
    return with_people(step, people.rename_axis("person"), answers.rename_axis("person"))


def with_people(step: Step, people: pd.DataFrame, answers: pd.DataFrame) -> Step:
    """Return the step with these people in place of prepared files."""
    other = replace(step)
    vars(other)["prepared"] = Prepared.of(people=people, answers=answers)
    return other


@dataclass(frozen=True)
class Analysis:
    """The chain of the notebook up to the decisions."""

    keying: KeyingCheck
    findings: item_findings.Findings
    groupings: item_findings.Groupings
    fit: pd.DataFrame
    checks: list[ItemCheck]
    rule: item_selection.Chooser
    choice: item_selection.Chosen
    decisions: pd.DataFrame

    @property
    def chosen(self) -> list[str]:
        """The chosen items."""
        return self.choice.selection.chosen


def analyse(step: Step, known: pd.DataFrame) -> Analysis:
    """Run the chain: direction, published rule, response models, fairness, further checks, choice."""
    answers = step.prepared.answers
    keying = check_keying(answers, step.framework.items["competency"], step.plan.confidence.value)
    published = items.decision_table(items.decide(step, answers, keying), step)
    passed = published.loc[published["decision"] == "keep", "item"].tolist()
    scales = step.framework.scales(passed)
    models = item_findings.response_models(answers, scales)
    fit = item_findings.fit_table(models, answers)
    dependent = item_findings.dependent_pairs(models, answers, step.plan.selection.dependence.value)
    groupings = item_findings.compare_groups(step, answers, passed)
    fairness = item_findings.fairness_table(groupings, step.group_labels)
    findings = item_findings.nothing_yet().with_models(models, fit, dependent).with_fairness(fairness)
    model = item_findings.measurement_model(answers, scales)
    checks = item_findings.extended_checks(step, answers, model, findings, known)
    extended = items.decide(step, answers, keying, checks)
    rule = item_selection.chooser(step, checks, keying.contradicting, dependent)
    choice = item_selection.choose(rule, answers, extended.kept)
    decisions = items.final_decisions(published, extended, choice.selection)
    return Analysis(keying, findings, groupings, fit, checks, rule, choice, decisions)


def item_rows(found: Analysis, plan: SimulationPlan) -> pd.DataFrame:
    """Return one row an item: what was planted, decided and tested."""
    table = found.decisions.set_index("item")[["competency", "decision", "reasons"]]
    table["reasons"] = table["reasons"].map(running_text)
    faults = {fault.item: fault.kind for fault in plan.faults}
    twins = {fault.other: "twin" for fault in plan.faults if fault.kind == "redundant"}
    table.insert(0, "fault", [faults.get(item, twins.get(item, "")) for item in table.index])
    table["contradicts"] = table.index.isin(found.keying.contradicting)
    tested = found.fit.set_index("item")
    table["fit_p"], table["fit_p_adjusted"] = tested["p_value"], tested["p_adjusted"]
    for name, study in found.groupings.found.items():
        wanted = study.table[["p_uniform", "p_non_uniform", "p_total", "p_adjusted_total", "mcfadden_total", "flagged"]]
        table = table.join(wanted.add_prefix(f"{name}_"))
    return table.rename_axis("item").reset_index()


def held_out(step: Step, known: pd.DataFrame, seed: int) -> dict[str, float]:
    """Run the whole chain on half of the people and measure the chosen items on both halves."""
    people, answers = step.prepared.people, step.prepared.answers
    choosing = np.random.default_rng(seed).permutation(len(answers)) < len(answers) // 2
    found = analyse(with_people(step, people[choosing], answers[choosing]), known)
    measure = item_selection.Reliability(found.rule.scales)
    inside, outside = (measure(answers[part], found.chosen)["mean alpha"] for part in (choosing, ~choosing))
    return {"chosen_by_half": len(found.chosen), "alpha_in": inside, "alpha_out": outside}


def one(name: str, seed: int, framework: Framework, known: pd.DataFrame) -> Found:
    """Draw one cohort and run the chain, or keep the reason why it stopped."""
    try:
        return studied(name, seed, framework, known)
    except PsychometricsError as problem:
        return Found(pd.DataFrame(), pd.DataFrame([{"series": name, "seed": seed, "stopped": str(problem)}]))


def studied(name: str, seed: int, framework: Framework, known: pd.DataFrame) -> Found:
    """Run the chain on everybody, and on half of the people where faults are planted."""
    plan = replace(SERIES[name], seed=seed)
    step = open_drawn(plan, framework)
    found = analyse(step, known)
    table = item_rows(found, plan)
    faulty = set(table.loc[~table["fault"].isin(["", "redundant", "twin"]), "item"])
    row: dict[str, float] = {"chosen": len(found.chosen), "faulty_chosen": len(faulty & set(found.chosen))}
    row |= {"sound_chosen": len(set(found.chosen) - faulty)}
    if name == "planted":
        row |= held_out(step, known, seed)
    choice = pd.DataFrame([row]).assign(series=name, seed=seed)
    return Found(table.assign(series=name, seed=seed), choice)


def rate(happened: pd.Series) -> dict[str, float]:
    """Return a share with its Clopper-Pearson interval."""
    known = happened.dropna().astype(bool)
    if known.empty:
        return {"n": 0, "rate": np.nan, "lower": np.nan, "upper": np.nan}
    interval = stats.binomtest(int(known.sum()), len(known)).proportion_ci(0.95)
    return {"n": len(known), "rate": known.mean(), "lower": interval.low, "upper": interval.high}


def planted_faults(rows: pd.DataFrame) -> pd.DataFrame:
    """How often each planted fault was set aside, how often for its own kind, and for nothing else."""
    planted = rows[(rows["series"] == "planted") & rows["fault"].ne("")]
    table = {}
    for kind, words in NAMED.items():
        part = planted[planted["fault"] == kind]
        if kind == "redundant":
            part = pairs_of_twins(planted)
        gone = part["decision"] != "keep"
        named = gone & part["reasons"].str.contains(words, regex=False)
        others = "|".join(other for name, other in NAMED.items() if name != kind)
        alone = named & ~part["reasons"].str.contains(others)
        table[kind] = {**rate(gone), "named": named.mean(), "named_alone": alone.mean()}
    return pd.DataFrame(table).T


def pairs_of_twins(planted: pd.DataFrame) -> pd.DataFrame:
    """Return for each cohort the member of the repeating pair that was set aside, or either if none was."""
    pair = planted[planted["fault"].isin(["redundant", "twin"])].assign(kept=lambda part: part["decision"] == "keep")
    return pair.sort_values("kept", kind="stable").drop_duplicates("seed")


def sound_items(rows: pd.DataFrame) -> pd.DataFrame:
    """How often each check spoke against a sound item, for each series."""
    sound = rows[rows["fault"] == ""]
    table = {}
    for name, part in sound.groupby("series", sort=False):
        for kind, words in {**NAMED, **NOTED}.items():
            table[name, kind] = rate(part["reasons"].str.contains(words, regex=False))
        gone = part["reasons"].map(lambda reason: any(words in reason for words in NAMED.values()))
        table[name, "any that drops"] = rate(gone)
        table[name, "left out in the choice"] = rate((part["decision"] != "keep") & ~gone)
    return pd.DataFrame(table).T


def false_alarms(rows: pd.DataFrame) -> pd.DataFrame:
    """Rates of the tests among sound items, raw and adjusted, against five in a hundred.

    Adjusted tests keep the false discovery rate: without any fault, the share of cohorts with an alarm at all.
    """
    table = {}
    for series, part in rows[rows["fault"] == ""].groupby("series", sort=False):
        groupings = [name.removesuffix("_p_total") for name in map(str, part.columns) if name.endswith("_p_total")]
        tests = {f"DIF by {group}": (f"{group}_p_total", f"{group}_p_adjusted_total") for group in groupings}
        for test, (raw, adjusted) in {**tests, "S-X2": ("fit_p", "fit_p_adjusted")}.items():
            table[series, f"{test}: p"] = by_cohort(part, raw)
            table[series, f"{test}: adjusted p"] = rate(below(part[adjusted]))
            table[series, f"{test}: cohorts with an alarm"] = rate(part.groupby("seed")[adjusted].min() < TWO_SIDED)
        for group in groupings:
            table[series, f"DIF by {group}: uniform p"] = by_cohort(part, f"{group}_p_uniform")
            table[series, f"DIF by {group}: non-uniform p"] = by_cohort(part, f"{group}_p_non_uniform")
            table[series, f"DIF by {group}: flagged"] = rate(part[f"{group}_flagged"])
        table[series, "direction contradicted"] = rate(part["contradicts"])
    return pd.DataFrame(table).T


def below(values: pd.Series) -> pd.Series:
    """Return whether each known p is significant."""
    return (values < TWO_SIDED).where(values.notna())


def by_cohort(part: pd.DataFrame, column: str) -> dict[str, float]:
    """Return a raw rate; its interval takes cohorts as the units, since items of one cohort share their people."""
    known = part.dropna(subset=[column])
    shares = (known[column] < TWO_SIDED).groupby(known["seed"]).mean()
    half = stats.t.ppf(0.975, len(shares) - 1) * shares.std() / np.sqrt(len(shares)) if len(shares) > 1 else np.nan
    return {"n": len(known), "rate": shares.mean(), "lower": shares.mean() - half, "upper": shares.mean() + half}


def choices(rows: pd.DataFrame) -> pd.DataFrame:
    """Describe the chosen sets, and how alpha holds on people who did not choose."""
    table = rows.assign(optimism=rows["alpha_in"] - rows["alpha_out"]).drop(
        columns=["seed", "stopped"], errors="ignore"
    )
    described = {name: part.drop(columns="series").describe().T for name, part in table.groupby("series", sort=False)}
    return pd.concat(described)[["count", "mean", "std", "min", "max"]].query("count > 0")


def show(tables: Mapping[str, pd.DataFrame]) -> None:
    """Print tables under their titles."""
    for title, table in tables.items():
        print(f"\n{title}\n{table.to_string(float_format=lambda value: f'{value:.4g}')}")


def collected(cohorts: Iterable[Found]) -> list[Found]:
    """Return what was found; when interrupted, what was found so far."""
    found = []
    try:
        for each in cohorts:
            found.append(each)
    except KeyboardInterrupt:
        print(f"interrupted after {len(found)} cohorts")
    return found


def main() -> None:
    """Read the command line and run."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=100)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--series", nargs="+", choices=list(SERIES), default=list(SERIES))
    parser.add_argument("--output", type=Path)
    asked = parser.parse_args()
    framework = load_framework("integrated-care")
    known = item_findings.background(open_drawn(SERIES["planted"], framework))
    cohorts = [(name, seed) for seed in range(1, asked.seeds + 1) for name in asked.series]
    work = (joblib.delayed(one)(name, seed, framework, known) for name, seed in cohorts)
    parallel = joblib.Parallel(n_jobs=asked.jobs, return_as="generator")
    found = collected(tqdm(parallel(work), total=len(cohorts), desc="cohorts", unit="cohort"))
    rows = pd.concat([each.items for each in found], ignore_index=True)
    chosen = pd.concat([each.choice for each in found], ignore_index=True)
    if asked.output:
        rows.to_csv(asked.output, index=False)
    show(
        {
            "Planted faults: set aside, named by their kind, and named by it alone": planted_faults(rows),
            "Sound items: share that each check speaks against": sound_items(rows),
            "Tests of sound items": false_alarms(rows),
            "The chosen items": choices(chosen),
        }
    )
    if "stopped" in chosen.columns:
        print(chosen.dropna(subset=["stopped"])[["series", "seed", "stopped"]].to_string(index=False))


if __name__ == "__main__":
    main()
