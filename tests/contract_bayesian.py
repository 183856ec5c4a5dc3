"""How the contract calls the family of Bayesian models: short chains, so that most cases end in a named error."""

from __future__ import annotations

from contract_cases import Entry

from psychometrics import bayesian

ENTRIES = {
    "bayesian": {
        "bayesian_cfa": Entry(
            lambda case: bayesian.bayesian_cfa(
                case.answers, case.scale_of, n_draws=20, warm_up=20, most_draws=20, seed=case.seed, n_jobs=1
            ),
            model=True,
        ),
    }
}
