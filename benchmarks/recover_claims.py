"""Draw many cohorts from a known model and see how often each claim's interval holds the truth.

``python -m benchmarks.recover_claims --seeds 200 --jobs 2 recovery.csv`` writes one row a seed and claim;
``--resamples`` is the bootstrap of each cohort. The truth is the mean over much larger cohorts of the same plan.
"""

from __future__ import annotations

import argparse
from dataclasses import replace

import joblib
import numpy as np
import pandas as pd

from compendium.cohort import load_settings
from compendium.framework import Framework, load_framework
from compendium.paths import cohort_folder
from compendium.plan import StudyPlan, load_plan
from compendium.simulate import DEMO, SimulationPlan, simulate_cohort
from compendium.simulate.truth import competency_scores, keyed
from compendium.steps.factor_structure import Draws
from compendium.steps.invariance import group_differences as groups
from compendium.steps.outcome_associations import associations as outcomes
from compendium.steps.outcome_associations import claims
from compendium.steps.rater_agreement import peers as raters
from compendium.study import nesting_of
from psychometrics.scoring import scale_scores

LARGE_AGENCIES, LARGE_PEOPLE, LARGE_DRAWS = 300, 20_000, 3


def material(plan: SimulationPlan, study: StudyPlan, framework: Framework) -> claims.ClaimData:
    """Draw one cohort and score its final items as a step would."""
    cohort = simulate_cohort(plan, framework)
    own_forms = cohort.self.set_index("person_id")
    final = list(framework.select("final").items.index)
    scores = competency_scores(own_forms[final], framework, final)
    scales = framework.outcome_scales("self", [outcome.scale for outcome in plan.outcomes])
    named = [item for items in scales.values() for item in items]
    own = scale_scores(keyed(own_forms[named], framework), scales)
    if cohort.peer is None:
        raise ValueError("the plan has no peers, so there are no colleagues to ask")
    pairs = cohort.peer[["person_id", "rater_id"]]
    forms = cohort.peer.set_index(pd.MultiIndex.from_frame(pairs, names=["person", "rater"]))
    given = competency_scores(forms[final], framework, final)
    rater_scales = framework.outcome_scales("rater", ["engagement"])
    colleagues = scale_scores(keyed(forms[rater_scales["engagement"]], framework), rater_scales)
    means = raters.peer_means(given)[0].reindex(scores.index)
    people = own_forms[["agency", "sector", "occupation", "team", "gender", "tenure"]]
    settings = load_settings(cohort_folder("demo"))
    compared = tuple(groups.groupings(settings))
    icc = raters.peer_icc(outcomes.overall(given).to_frame(), Draws(0, 1, 0.95)).iloc[0]
    reliability = claims.PeerReliability(*(float(icc[name]) for name in ("icc1_k", "icc1_k_lower", "icc1_k_upper")))
    return claims.ClaimData(
        outcomes.overall(scores), outcomes.overall(means), own, colleagues, given, people, scores,
        nesting_of(people, settings.groups, study), True, True, reliability, compared,
    )  # fmt: skip


def one(seed: int, base: SimulationPlan, study: StudyPlan, framework: Framework) -> pd.DataFrame:
    """Judge the claims of one cohort."""
    table = claims.claims_table(material(replace(base, seed=seed), study, framework), study)
    return table.assign(seed=seed)


def truth(base: SimulationPlan, framework: Framework) -> pd.DataFrame:
    """Estimate what the claims' estimates tend to, from cohorts with very many people and agencies."""
    study = load_plan({"claims": {"resamples": {"value": 2, "source": "estimates only"}}}, claims=framework.claims)
    large = replace(base, n=LARGE_PEOPLE, invited=LARGE_PEOPLE * 5 // 3, agencies=LARGE_AGENCIES)
    drawn = [one(10_000 + number, large, study, framework) for number in range(LARGE_DRAWS)]
    return pd.concat(drawn).groupby("claim", sort=False)[["estimate", "same_estimate"]].mean()


def summarise(rows: pd.DataFrame, true: pd.DataFrame) -> pd.DataFrame:
    """Return bias and coverage of each claim, for the deciding and for the same-source estimate."""
    joined = rows.join(true.add_suffix("_true"), on="claim")
    table = {}
    for claim, part in joined.groupby("claim", sort=False):
        inside = part["estimate_true"].between(part["lower"], part["upper"])
        same = part["same_estimate_true"].between(part["same_lower"], part["same_upper"])
        known = part["same_estimate"].notna().any()
        table[claim] = {
            "truth": part["estimate_true"].iloc[0],
            "mean": part["estimate"].mean(),
            "monte_carlo_error": part["estimate"].std() / np.sqrt(len(part)),
            "coverage": inside.mean(),
            "same_truth": part["same_estimate_true"].iloc[0],
            "same_mean": part["same_estimate"].mean(),
            "same_coverage": same.mean() if known else np.nan,
            "supported": (part["verdict"] == "supported").mean(),
        }
    return pd.DataFrame(table).T


def main() -> None:
    """Read the command line and run."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("output")
    parser.add_argument("--seeds", type=int, default=200)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--resamples", type=int, default=400)
    asked = parser.parse_args()
    framework = load_framework("integrated-care")
    study = load_plan(
        {"claims": {"resamples": {"value": asked.resamples, "source": "recovery"}}}, claims=framework.claims
    )
    base = replace(DEMO, items="final", faults=())
    work = (joblib.delayed(one)(seed, base, study, framework) for seed in range(1, asked.seeds + 1))
    rows = pd.concat(joblib.Parallel(n_jobs=asked.jobs, verbose=5)(work), ignore_index=True)
    rows.to_csv(asked.output, index=False)
    print(summarise(rows, truth(base, framework)).round(3).to_string())


if __name__ == "__main__":
    main()
