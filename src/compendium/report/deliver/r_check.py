"""A script that repeats the main analyses in R, the values it must show, and the models in lavaan's syntax."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pandas as pd

from compendium.files import write_text
from compendium.report.book.saved import SavedResults
from compendium.report.deliver.tables import plain
from compendium.steps.factor_structure import MODEL_NAMES, rival_models
from compendium.steps.outcome_associations.latent_model import SMALLEST_FACTOR, factor_outcomes
from compendium.study import Study
from psychometrics.errors import ModelError
from psychometrics.sem import CfaModel

SCRIPT = Path(__file__).with_name("reproduce.R")
COLUMNS = ("quantity", "of", "expected", "tolerance", "result")
# How far R may be from the study: closed forms to the last digits that a file holds; fits to where iterations stop,
# chi-square in shares of itself; response models to their quadrature.
CLOSED, CORRELATED, FIT, SHARE_OF_CHI_SQUARE, EXTRACTED, RESPONSE_MODEL = 1e-8, 1e-6, 1e-3, 2e-3, 2e-3, 0.05
FIT_MEASURES = ("chi_square_scaled", "df", "cfi_scaled", "rmsea_scaled", "srmr")
# Where people are nested, the scaled ones allow for clusters, which lavaan does not for ordered answers.
NESTED_MEASURES = ("chi_square", "df", "cfi_naive", "rmsea_naive", "srmr")
Row = tuple[str, str, float, float, str]


def models(study: Study) -> dict[str, str]:
    """Return every model of the study in lavaan's syntax, by name; one that lavaan cannot hold says why."""
    written = {}
    for name, model in _models(study).items():
        try:
            written[name] = f"# {_title(name)}\n{model.to_syntax()}\n"
        except ModelError as problem:
            written[name] = f"# {_title(name)}: not written. {problem}\n"
    return written


def expected_values(study: Study, saved: SavedResults) -> pd.DataFrame:
    """Return the values that the R script must show, from the public tables, with a tolerance for each."""
    rows = [row for row in _expected(study, saved) if plain(row[2]) is not None]
    return pd.DataFrame(rows, columns=list(COLUMNS))


def write_script(study: Study, saved: SavedResults, folder: Path) -> list[Path]:
    """Write script, expected values and models into a folder and return the files."""
    (folder / "models").mkdir()
    paths = [folder / "reproduce.R", folder / "expected.csv"]
    write_text(paths[0], SCRIPT.read_text(encoding="utf-8"))
    write_text(paths[1], expected_values(study, saved).to_csv(index=False, lineterminator="\n"))
    for name, text in models(study).items():
        paths.append(folder / "models" / f"{name}.lav")
        write_text(paths[-1], text)
    return paths


def _models(study: Study) -> dict[str, CfaModel]:
    """Return every model of the study: the rivals, and factors of competencies and outcomes together."""
    found: dict[str, CfaModel] = dict(rival_models(study.scales))
    factors = {name: list(items) for name, items in study.scales.items() if len(items) >= SMALLEST_FACTOR}
    outcomes, _ = factor_outcomes(study.framework, study.settings.outcomes, study.plan.associations.most_steps.value)
    if factors and outcomes:
        found["latent_outcomes"] = CfaModel.correlated({**factors, **outcomes})
    return found


def _title(name: str) -> str:
    """Say which model it is."""
    return MODEL_NAMES.get(name, "Competencies and outcomes as correlated factors")


def _expected(study: Study, saved: SavedResults) -> Iterator[Row]:
    """Yield quantity, what it is of, value, tolerance and result, where the study has them."""
    known = saved.tables
    if "reliability" in known:
        for row in known["reliability"].frame.to_dict("records"):
            yield "alpha", row["competency"], row["alpha"], CLOSED, "tables/reliability.csv"
    if "kmo" in saved.values:
        yield "kmo", "the kept items", saved.value("kmo").content, CORRELATED, "values/05_factor_structure.json"
    if "associations" in known:
        for row in known["associations"].frame.to_dict("records"):
            if row["competency"] in study.scales:
                of = f"{row['competency']} with {row['outcome']}"
                yield "spearman", of, row["rho"], CLOSED, "tables/associations.csv"
    if "peer_icc" in known:
        for row in known["peer_icc"].frame.to_dict("records"):
            if row["competency"] in study.scales:
                yield "icc1", row["competency"], row["icc1"], CORRELATED, "tables/peer_icc.csv"
    if "model_fit" in known:
        yield from _fits(saved)
    if "variance_explained" in saved.values and "n_competencies_modelled" in saved.values:
        factors = str(saved.value("n_competencies_modelled").content)
        explained = saved.value("variance_explained").content
        yield "variance_explained", factors, explained, EXTRACTED, "values/05_factor_structure.json"
    if "irt_parameters" in known:
        for row in known["irt_parameters"].frame.to_dict("records"):
            yield "discrimination", row["item"], row["a"], RESPONSE_MODEL, "tables/irt_parameters.csv"


def _fits(saved: SavedResults) -> Iterator[Row]:
    """Yield the fit of every model that converged to a proper solution."""
    forms = {title: form for form, title in MODEL_NAMES.items()}
    nested = "clusters_drawn" in saved.values and bool(saved.value("clusters_drawn").content)
    for row in saved.table("model_fit").frame.to_dict("records"):
        if row.get("proper") is not True:
            continue
        for measure in NESTED_MEASURES if nested else FIT_MEASURES:
            allowed = SHARE_OF_CHI_SQUARE * row[measure] if measure.startswith("chi_square") else FIT
            yield measure, forms[row["model"]], row[measure], allowed, "tables/model_fit.csv"
