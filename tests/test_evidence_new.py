"""A new review runs before anything is filled in; the PRISMA template adds up; joins are counted by their evidence."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest
import yaml
from labelled_works import ARTICLE
from review_folder import PROTOCOL, append_row, make_review, references, write_rows
from small_study import small_study
from typer.testing import CliRunner
from walked_study import page_texts, walk

from compendium import review as evidence
from compendium.faults import InvalidInput
from compendium.framework import load_framework
from compendium.paths import SHIPPED_FRAMEWORK
from compendium.report.figures import evidence as pictures
from compendium.report.figures.prisma import describe_flow, flow_diagram
from compendium.review.loading import has_coded
from compendium.review.new import new_evidence
from compendium.review.prisma_template import prisma_template
from compendium.review.protocol import CHECKLIST_COLUMNS, CODING_COLUMNS
from compendium.run.cli import app
from compendium.study.opened import UNCODED

NO_BOOTSTRAP = {"seed": 1, "resamples": 0}


@pytest.fixture
def framework_folder(tmp_path: Path) -> Path:
    """A copy of the shipped framework without its evidence, and with items that name none."""
    folder = tmp_path / "integrated-care"
    shutil.copytree(SHIPPED_FRAMEWORK, folder, ignore=shutil.ignore_patterns("evidence", "consultation"))
    items = pd.read_csv(folder / "items.csv", dtype=str, keep_default_na=False)
    items.assign(evidence="").to_csv(folder / "items.csv", index=False, lineterminator="\n")
    return folder


def test_a_new_review_has_no_record_and_runs(framework_folder: Path) -> None:
    done = CliRunner().invoke(app, ["new-evidence", str(framework_folder)])
    assert done.exit_code == 0, done.output
    framework = load_framework(str(framework_folder))
    review = evidence.load_review(framework_folder / "evidence")
    flow = evidence.prisma_flow(review)
    assert flow.n("identified") == flow.n("included") == 0
    assert review.competency_codes == list(framework.competencies.index)
    tables = [
        evidence.search_log(review), evidence.workload(review), evidence.joins_by_evidence(review),
        evidence.screening_agreement(review, **NO_BOOTSTRAP), evidence.facet_agreement(review, **NO_BOOTSTRAP),
        evidence.code_counts(review), evidence.characteristics(review), evidence.appraisal_by_record(review),
        evidence.thread_of_items(review, framework), evidence.snapshot(review), prisma_template(review),
    ]  # fmt: skip
    assert all(isinstance(table, pd.DataFrame) for table in tables)
    figures = [
        flow_diagram(flow, review),
        pictures.stopping_curve(evidence.inclusion_by_order(review, "title")),
        pictures.evidence_map_bubbles(evidence.evidence_map(review), {}),
        pictures.saturation_curve(evidence.saturation(review)),
        pictures.yes_no_matrix(evidence.code_matrix(review, "study-framework"), {}),
    ]
    assert len(figures) == 5
    assert "0" in describe_flow(flow, review)


@pytest.mark.slow
def test_a_cohort_runs_while_its_review_is_empty(tmp_path: Path) -> None:
    study = small_study(tmp_path)
    study.settings["framework"] = "../frameworks/mini"
    study.write()
    new_evidence(load_framework(str(study.frameworks / "mini")))
    results = tmp_path / "results"
    words = ["all", str(study.folder), "--results", str(results), "--until", "01_evidence_review"]
    done = subprocess.run([sys.executable, "-m", "compendium", *words], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    notebook = (results / study.folder.name / "notebooks" / "01_evidence_review.ipynb").read_text(encoding="utf-8")
    assert UNCODED in notebook
    assert not list((results / study.folder.name).rglob("review_*"))


def test_the_checklist_of_a_new_review_claims_nothing(framework_folder: Path) -> None:
    rows = pd.read_csv(new_evidence(load_framework(str(framework_folder))) / "checklist.csv", keep_default_na=False)
    assert len(rows) == 27
    assert set(rows["status"]) == {"not done"}
    assert set(rows["note"]) == {""}


FACETS = {
    "none": (),
    "own": (("mode", "by-hand", "By hand", "x", "no"), ("mode", "by_phone", "By phone", "x", "no")),
    "setting": (("setting", "home", "Home", "x", "no"), ("setting", "ward", "Ward", "x", "no")),
    "type": (("study_type", "study-framework", "Framework", "x", "no"), ("study_type", "other", "Other", "x", "no")),
}


@pytest.mark.slow
@pytest.mark.parametrize("limitations", [[], ["Nine databases were searched."]], ids=["unsaid", "said"])
@pytest.mark.parametrize("facets", list(FACETS))
def test_a_review_of_ones_own_is_reported_as_it_is(facets: str, limitations: list[str], tmp_path: Path) -> None:
    study = small_study(tmp_path)
    study.settings["framework"] = "../frameworks/mini"
    study.write()
    frame = [("1.0", "competency", name, name.title(), "x", "yes") for name in ("listen", "share")]
    frame += [("1.0", *row) for row in FACETS[facets]]
    folder = study.frameworks / "mini" / "evidence"
    make_review(folder, references(4), coding_frame=frame)
    protocol = PROTOCOL | {"framework": "mini", "limitations": limitations, "question": "Who listens?"}
    (folder / "protocol.yaml").write_text(yaml.safe_dump(protocol), encoding="utf-8")
    rows = [("1", "Title", "Named", "Evidence review", "not done", "")]
    write_rows(folder / "checklist.csv", CHECKLIST_COLUMNS, rows)
    for number, record in enumerate(evidence.load_review(folder).records.index):
        for reviewer in "ab":
            for stage in ("title", "full"):
                append_row(folder / "screening.csv", (stage, record, reviewer, "include", "", "x"))
            for code in ("listen", *(row[1] for row in FACETS[facets][number % 2 :][:1])):
                append_row(folder / "coding.csv", (record, reviewer, "1.0", code, "x"))
    step = walk(study.folder, tmp_path / "results", ["01_evidence_review"])
    text = page_texts(step, ["evidence"])["evidence"]
    assert "Who listens?" in text
    assert ("Nine databases were searched." in text) is bool(limitations)
    assert "No record of this review was appraised." in text
    assert ("evidence map" in text.lower()) is (facets == "type")
    assert ("competency and setting" in text) is (facets == "setting")
    assert ("by_phone" in text, "By phone" in text) == (False, facets == "own")
    assert not re.search(r"same hand|these lists|No database|AACODS|eight competencies|study_type|\bnan\b", text)


@pytest.mark.parametrize(("coders", "reported"), [(("a",), False), (("a", "b"), True)])
def test_a_review_is_reported_once_two_people_have_coded_a_record(
    coders: tuple[str, ...], reported: bool, tmp_path: Path
) -> None:
    rows = [("r0", coder, "1.0", "person", "title") for coder in coders]
    write_rows(tmp_path / "coding.csv", CODING_COLUMNS, rows)
    assert has_coded(tmp_path) is reported


def test_a_review_that_is_there_is_not_written_over(framework_folder: Path) -> None:
    framework = load_framework(str(framework_folder))
    new_evidence(framework)
    with pytest.raises(InvalidInput, match="an evidence review already"):
        new_evidence(framework)


def test_the_template_of_prisma_2020_adds_up(tmp_path: Path) -> None:
    rows = references(5)
    folder = make_review(tmp_path / "review", [*rows, rows[0] | {"ID": "again"}])
    names = list(evidence.load_review(folder).records.index)
    for name, decision in zip(names, ("include", "include", "exclude", "exclude", "include"), strict=True):
        for reviewer in "ab":
            reason = "off-topic" if decision == "exclude" else ""
            append_row(folder / "screening.csv", ("title", name, reviewer, decision, reason, "x"))
    for name, decision, reason in zip(names[:2], ("include", "exclude"), ("", "wrong-type"), strict=True):
        for reviewer in "ab":
            append_row(folder / "screening.csv", ("full", name, reviewer, decision, reason, "x"))
    n = prisma_template(evidence.load_review(folder)).set_index("data")["n"]
    assert n[["database_results", "duplicates", "records_screened", "records_excluded"]].tolist() == [6, 1, 5, 2]
    assert n[["dbr_sought_reports", "dbr_assessed", "new_studies", "new_reports"]].tolist() == [3, 3, 1, 2]
    assert n["dbr_excluded"] == f"{PROTOCOL['exclusion_reasons']['wrong-type']}, 1"
    assert n["database_results"] - n["duplicates"] == n["records_screened"]


def test_the_template_of_the_real_review_counts_its_flow() -> None:
    review = evidence.load_review()
    n, flow = prisma_template(review).set_index("data")["n"], evidence.prisma_flow(review)
    found = n[["database_results", "register_results", "website_results", "organisation_results", "citations_results"]]
    assert found.sum() == flow.n("identified")
    assert (n["new_studies"], n["new_reports"]) == (flow.n("included"), flow.n("included_reports"))


def test_joins_are_counted_by_what_they_rest_on(tmp_path: Path) -> None:
    rows = [ARTICLE | {"ID": "a", "DO": "10.1234/x"}, ARTICLE | {"ID": "b", "DO": "10.1234/x"}]
    rows += [
        ARTICLE | {"ID": "c", "TI": "Another title of a work"},
        ARTICLE | {"ID": "d", "TI": "Another title of a work"},
    ]
    counts = evidence.joins_by_evidence(evidence.load_review(make_review(tmp_path / "review", rows)))
    assert counts.set_index("evidence")["joined"].to_dict() == {"DOI": 1, "title, author and year": 1}


def test_what_cannot_be_read_stops_a_review_unless_the_log_accepts_it(tmp_path: Path) -> None:
    folder = make_review(tmp_path / "review", references(3))
    path = folder / "exports" / "found.ris"
    path.write_text("TI  - Lost\n\n" + path.read_text(encoding="utf-8"), encoding="utf-8")
    with pytest.raises(InvalidInput, match="without its beginning"):
        evidence.load_review(folder)
    log = (folder / "search_log.csv").read_text(encoding="utf-8").splitlines()
    (folder / "search_log.csv").write_text(f"{log[0]},unread\n{log[1]},1\n", encoding="utf-8")
    review = evidence.load_review(folder)
    assert len(review.records) == 3
    assert prisma_template(review).set_index("data")["n"]["excluded_other"] == 1
