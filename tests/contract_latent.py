"""How the contract calls the families of latent variables: ordered answers, factors, item response, models."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping
from typing import Any

import numpy as np
import pandas as pd
from contract_cases import Case, Entry

from psychometrics import efa, irt, ordinal, sem

#: A statistic below its degrees of freedom puts both ends of the interval of RMSEA at zero, as lavaan does.
BETTER_THAN_CHANCE = dict.fromkeys(("rmsea_lower", "rmsea_upper"), "both ends are zero")
UNDEFINED = dict.fromkeys(
    ("rmsr_corrected", "p_value", "rmsea", "rmsea_lower", "rmsea_upper", "tli", "chi_square", "bic"),
    "the docstring says that an improper solution or no degree of freedom leaves it undefined",
)


def _matrix(case: Case) -> np.ndarray:
    """Return correlations, at their limits where the case is."""
    with np.errstate(invalid="ignore", divide="ignore"):
        found = np.nan_to_num(case.answers.corr().to_numpy(), nan=0.0)
    np.fill_diagonal(found, 1.0)
    return found


def _bivariate(case: Case) -> np.ndarray:
    """Return the distribution at thresholds and a correlation from the seed, close to the limits as well."""
    generator = np.random.default_rng(case.seed)
    upper, lower = generator.normal(0, 4, (2, 1, 3))
    return ordinal.bivariate_normal(upper, lower, np.tanh(generator.normal(0, 2, 1)))


def _loadings(case: Case, shift: int = 0) -> pd.DataFrame:
    """Return loadings on two factors, of any size from the seed; none at all in one case of four."""
    generator = np.random.default_rng(case.seed + shift)
    values = generator.normal(0, 0.6, (case.answers.shape[1], 2)) * (case.seed % 4 > 0)
    return pd.DataFrame(values, index=case.answers.columns, columns=["first", "second"])


FITTED: dict[tuple[bytes, tuple[Hashable, ...]], irt.GradedResponse] = {}


def _common(case: Case) -> np.ndarray:
    """Return what one factor explains, with its loadings of any size from the seed."""
    loadings = _loadings(case)[["first"]].to_numpy()
    return np.asarray(loadings @ loadings.T)


def _graded(case: Case) -> irt.GradedResponse:
    if case.key not in FITTED:
        FITTED[case.key] = irt.fit_graded_response(case.answers, quadrature_points=15, unused="collapse")
    return FITTED[case.key]


def _four(case: Case) -> pd.DataFrame:
    return case.answers.iloc[:, :4]


def _model(case: Case) -> sem.CfaModel:
    return sem.CfaModel.single(list(_four(case).columns))


def _fits(case: Case, *estimators: str) -> list[Any]:
    return [sem.fit_cfa(_model(case), _four(case), estimator) for estimator in estimators]  # type: ignore[arg-type]


def _nested(case: Case) -> sem.DifferenceTest:
    scales = sem.CfaModel.correlated(case.scales)
    return sem.difference_test(*(sem.fit_cfa(model, case.answers, "MLR") for model in (scales, _model(case))))


def _fit(call: Callable[[Case], Any], **meant: Mapping[str, str]) -> Entry:
    """Return the entry of a function that fits a model."""
    return Entry(call, model=True, **meant)


ENTRIES = {
    "ordinal": {
        "polychoric": Entry(
            lambda case: [ordinal.polychoric(case.answers), ordinal.polychoric(case.answers, missing="pairwise")]
        ),
        "encode": Entry(lambda case: ordinal.encode(case.answers)),
        "nearest_correlation": Entry(lambda case: ordinal.nearest_correlation(_matrix(case))),
        "bivariate_normal": Entry(_bivariate),
    },
    "efa": {
        "fit_efa": _fit(
            lambda case: [
                efa.fit_efa(case.answers, 1, "pearson", missing="pairwise"),
                efa.fit_efa(case.answers, 2, "pearson", "ml", "geomin"),
            ],
            infinite=BETTER_THAN_CHANCE,
        ),
        "compare_solutions": _fit(
            lambda case: efa.compare_solutions(case.answers, 2, ("minres",), correlation="pearson")
        ),
        "schmid_leiman": _fit(lambda case: efa.schmid_leiman(efa.fit_efa(case.answers, 2, "pearson"))),
        "align_factors": _fit(lambda case: list(efa.align_factors(_loadings(case), _loadings(case, 1)))),
        "tucker_congruence": _fit(lambda case: efa.tucker_congruence(_loadings(case), _loadings(case, 1))),
        "fit_indices": _fit(
            lambda case: efa.fit_indices(_matrix(case), _common(case), 1, len(case.answers)),
            infinite=BETTER_THAN_CHANCE,
            silent=UNDEFINED,
        ),
    },
    "irt": {
        "fit_graded_response": _fit(_graded),
        "fit_scales": _fit(lambda case: list(irt.fit_scales(case.answers, case.scales, quadrature_points=15).values())),
        "person_scores": _fit(lambda case: irt.person_scores(_graded(case), case.answers, "MAP")),
        "person_fit": _fit(lambda case: irt.person_fit(_graded(case), case.answers)),
        "item_fit": _fit(lambda case: irt.item_fit(_graded(case), case.answers)),
        "local_dependence": _fit(lambda case: irt.local_dependence(_graded(case), case.answers)),
        "empirical_reliability": _fit(lambda case: irt.empirical_reliability(_graded(case), case.answers)),
        "marginal_reliability": _fit(lambda case: irt.marginal_reliability(_graded(case))),
        "category_probabilities": _fit(lambda case: irt.category_probabilities(_graded(case), case.answers.columns[0])),
        "expected_scores": _fit(lambda case: irt.expected_scores(_graded(case))),
        "item_information": _fit(lambda case: irt.item_information(_graded(case))),
        "scale_information": _fit(
            lambda case: irt.scale_information(_graded(case)),
            infinite={"standard_error": "where the items say nothing, as of a trait level nobody near it answers"},
        ),
    },
    "sem": {
        "fit_cfa": _fit(lambda case: _fits(case, "MLR", "WLSMV")),
        "difference_test": _fit(_nested),
        "measurement_invariance": _fit(
            lambda case: sem.measurement_invariance(_model(case), _four(case), case.groups, "ML", minimum_size=5),
            infinite=dict.fromkeys(("lower", "upper"), "the reference group's mean is zero by definition"),
        ),
        "invariance_over_time": _fit(
            lambda case: sem.invariance_over_time(_four(case), _four(case).iloc[::-1].set_axis(_four(case).index))
        ),
        "dynamic_cutoffs": _fit(lambda case: sem.dynamic_cutoffs(_fits(case, "ML")[0], 20)),
        "merge_categories": _fit(lambda case: sem.merge_categories(_four(case), case.groups)),
    },
}
