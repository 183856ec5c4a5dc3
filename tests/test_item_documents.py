"""What leaves the item analysis: a framework that loads, a decision log to sign, a picture for every item."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from made_up_step import open_small, prepare, study_for_steps
from small_study import SmallStudy

from compendium.findings import encode, found
from compendium.framework import Framework, load_framework
from compendium.framework.export import export_framework, next_version
from compendium.report import item_documents
from compendium.report.decision_log import DecisionLog, decision_log, render_log
from compendium.steps.item_analysis import decisions as items
from compendium.steps.item_analysis import findings as item_findings

REASON = "corrected item-total correlation 0.05, not above 0.20"
pdftotext = pytest.mark.skipif(shutil.which("pdftotext") is None, reason="needs poppler's pdftotext to read a PDF")


@pytest.fixture
def study(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> SmallStudy:
    return study_for_steps(tmp_path, monkeypatch)


@pytest.fixture(scope="module")
def framework() -> Framework:
    return load_framework("integrated-care")


def chosen_of(framework: Framework) -> list[str]:
    """Every second item of all competencies but the last."""
    kept = framework.items[framework.items["competency"] != framework.competencies.index[-1]]
    return list(kept.index[::2])


# The new framework


@pytest.fixture
def exported(framework: Framework, tmp_path: Path) -> Framework:
    return export_framework(framework, chosen_of(framework), tmp_path, "next", "the answers of the tests")


def test_written_framework_loads_with_the_chosen_items_as_final_ones(exported, framework, tmp_path):
    again = load_framework("next", tmp_path)
    pd.testing.assert_frame_equal(again.items, exported.items)
    assert list(again.items.index) == chosen_of(framework)
    assert set(again.items["status"]) == {"final"}
    assert sorted(path.name for path in (tmp_path / "next").iterdir()) == [
        "claims.yaml", "competencies.csv", "framework.yaml", "items.csv", "outcomes.csv",
    ]  # fmt: skip


def test_wording_evidence_and_direction_are_taken_over_unchanged(exported, framework):
    columns = [column for column in framework.items.columns if column != "status"]
    before = framework.items.loc[chosen_of(framework), columns]
    pd.testing.assert_frame_equal(exported.items[columns], before, check_dtype=False)
    pd.testing.assert_frame_equal(exported.outcomes, framework.outcomes, check_dtype=False)


def test_competencies_without_items_are_left_out(exported, framework):
    assert list(exported.competencies.index) == list(framework.competencies.index[:-1])
    pd.testing.assert_frame_equal(exported.competencies, framework.competencies.iloc[:-1], check_dtype=False)


def test_description_says_where_the_choice_was_made(exported, framework):
    before, after = framework.description, exported.description
    assert after.id == "next"
    assert after.version == next_version(before.version)
    origin = f"Chosen items of {before.id} {before.version}: the answers of the tests."
    assert after.notes == f"{origin} {before.notes}".strip()
    same = {"id", "version", "notes"}
    assert after.model_dump(exclude=same) == before.model_dump(exclude=same)


def test_labels_of_the_answer_scale_stay_numbers(exported, framework):
    assert exported.scale.labels == framework.scale.labels
    assert {type(code) for code in exported.scale.labels} == {int}


def test_order_in_which_items_were_named_does_not_matter(exported, framework, tmp_path):
    turned = export_framework(
        framework, chosen_of(framework)[::-1], tmp_path / "turned", "next", "the answers of the tests"
    )
    pd.testing.assert_frame_equal(turned.items, exported.items)


def test_same_choice_writes_the_same_bytes(exported, framework, tmp_path):
    export_framework(framework, chosen_of(framework), tmp_path / "again", "next", "the answers of the tests")
    for path in (tmp_path / "next").iterdir():
        assert path.read_bytes() == (tmp_path / "again" / "next" / path.name).read_bytes()


def test_reversed_items_stay_reversed(study, tmp_path):
    mini = load_framework("mini", study.frameworks)
    made = export_framework(mini, ["listen_3", "listen_1"], tmp_path / "out", "next", "tests")
    assert made.items["reverse"].to_dict() == {"listen_1": False, "listen_3": True}
    assert list(made.competencies.index) == ["listen"]


@pytest.mark.parametrize(
    ("version", "raised"),
    [
        ("1.2.3", "1.3.0"),
        ("0.1.0", "0.2.0"),
        ("1.9.9", "1.10.0"),
        ("1", "1+chosen"),
        ("2026.1", "2026.1+chosen"),
        ("1.2.x", "1.2.x+chosen"),
        ("1.2.3.4", "1.2.3.4+chosen"),
        ("1.2.\N{SUPERSCRIPT TWO}", "1.2.\N{SUPERSCRIPT TWO}+chosen"),
    ],
)
def test_next_version(version, raised):
    assert next_version(version) == raised


def test_framework_of_a_step_lies_below_the_results_and_nothing_stale_beside_it(study):
    prepare(study)
    step = open_small(study, "04_item_analysis")
    first = item_documents.write_framework(step, ["listen_1", "listen_2", "share_1", "share_2"])
    assert first.description.id == "mini-pilot"
    assert first.description.version == "1+chosen"
    assert "the answers of cohort pilot (synthetic)" in first.description.notes
    (step.folders.root / "framework" / "stale").mkdir()
    second = item_documents.write_framework(step, ["listen_2", "listen_3"])
    assert list(second.items.index) == ["listen_2", "listen_3"]
    assert [path.name for path in (step.folders.root / "framework").iterdir()] == ["mini-pilot"]


# The decision log


def decisions_of(framework: Framework) -> pd.DataFrame:
    """Return decisions on every item: each tenth dropped, one under review."""
    table = framework.items[["competency"]].rename_axis("item").reset_index()
    table["decision"] = ["review" if k == 3 else "drop" if k % 10 == 0 else "keep" for k in range(len(table))]
    table["reasons"] = [
        f"{REASON} ({item})" if decision == "drop" else "" for item, decision in table[["item", "decision"]].to_numpy()
    ]
    table.loc[3, "reasons"] = "answers contradict the declared direction"
    return table.assign(wording=framework.items["self_wording"].to_numpy())


@pytest.fixture(scope="module")
def log(framework: Framework) -> DecisionLog:
    return decision_log(
        decisions_of(framework),
        title="Decision log: the items",
        subtitle="A cohort for tests",
        notices=("Synthetic: nobody gave these answers.",),
        summary=("72 items were looked at.", "Goes too little with its competency: person_01."),
        labels=framework.labels,
    )


@pytest.fixture(scope="module")
def pdf(log: DecisionLog) -> bytes:
    return render_log(log)


def text_of(pdf: bytes, folder: Path) -> str:
    """Read a PDF, without blanks and hyphens, since words are broken over lines."""
    path = folder / "log.pdf"
    path.write_bytes(pdf)
    command = ["pdftotext", str(path), "-"]
    return squeezed(subprocess.run(command, capture_output=True, text=True, check=True).stdout)


def squeezed(text: str) -> str:
    return re.sub(r"[\s\u00ad-]+", "", text)


def test_every_item_stands_in_its_competency_with_decision_and_reason(log, framework):
    assert [part["label"] for part in log.parts] == list(framework.competencies["label"])
    rows = [row for part in log.parts for row in part["items"]]
    assert [row["item"] for row in rows] == list(framework.items.index)
    assert set(rows[0]) == {"item", "wording", "decision", "reasons"}
    assert rows[0]["reasons"] == f"{REASON} (person_01)"


def test_missing_reasons_are_blank(framework):
    table = decisions_of(framework).assign(reasons=np.nan)
    made = decision_log(table, title="t", subtitle="s", notices=(), summary=(), labels={})
    assert {row["reasons"] for part in made.parts for row in part["items"]} == {""}
    assert made.parts[0]["label"] == framework.competencies.index[0]


def test_log_of_seventy_two_items_is_a_document_of_several_pages(pdf):
    assert pdf.startswith(b"%PDF-")
    assert 3 <= len(re.findall(rb"/Type\s*/Page\b", pdf)) <= 12


@pdftotext
def test_every_item_and_every_reason_can_be_read(pdf, framework, tmp_path):
    found = text_of(pdf, tmp_path)
    table = decisions_of(framework)
    assert [item for item in table["item"] if squeezed(item) not in found] == []
    assert [reason for reason in table["reasons"] if reason and squeezed(reason) not in found] == []
    assert [wording for wording in table["wording"] if squeezed(wording) not in found] == []
    for words in ("Synthetic: nobody gave these answers.", "Decided by", "Signature", "72 items were looked at."):
        assert squeezed(words) in found
    assert all(squeezed(label) in found for label in framework.competencies["label"])


@pytest.mark.parametrize("form", ["pdf", "svg", "png"])
def test_log_is_the_same_bytes_each_time(log, form):
    assert render_log(log, form) == render_log(log, form)


@pytest.mark.parametrize(("form", "start"), [("svg", b"<svg"), ("png", b"\x89PNG")])
def test_first_page_can_be_had_as_a_picture(log, form, start):
    assert render_log(log, form).startswith(start)


def test_signs_of_the_typesetter_are_shown_as_they_are(framework):
    table = decisions_of(framework).head(2).assign(wording="#panic() *I* $x$ <@> [a]", reasons="_b_ \\ `c` // d")
    made = decision_log(table, title="#t", subtitle="s", notices=("= no heading",), summary=("- no list",), labels={})
    assert render_log(made).startswith(b"%PDF-")


@pdftotext
def test_log_of_a_step_counts_decisions_and_names_kinds(study, tmp_path):
    prepare(study)
    step = open_small(study, "04_item_analysis")
    decisions = items.keep_all(step, step.prepared.answers, "too few people").assign(reasons="")
    decisions.loc[0, ["decision", "reasons"]] = ["drop", encode([found("item_rest_low", value=0.05, limit=0.2)])]
    decisions.loc[4, ["decision", "reasons"]] = ["review", encode([found("key_contradicted")])]
    pages = item_documents.log_pages(step, decisions)
    assert list(pages) == ["pdf", "svg", "png"]
    read = text_of(pages["pdf"], tmp_path)
    counted = "6 items were looked at: 4 kept, 1 dropped, 1 set aside until their key is mended."
    kinds = ("Keyed the wrong way: share_2.", "Goes too little with its competency: listen_1.")
    for words in (counted, *kinds, "Pilot; framework mini 1", "for tests"):
        assert squeezed(words) in read


# Pictures


def test_every_item_gets_its_picture(study):
    prepare(study)
    step = open_small(study, "04_item_analysis")
    answers = step.prepared.answers
    counts = pd.DataFrame({code: (answers == code).sum() for code in range(1, 6)})
    shares = items.answer_shares(counts)
    item_documents.save_passport_figures(step, shares, item_findings.nothing_yet())
    drawn = sorted(path.name for path in step.folders.figures.glob("passport_*.svg"))
    assert drawn == sorted(f"passport_{item}.svg" for item in answers.columns)
    assert not list(step.folders.figures.glob("passport_*.png"))


def test_passport_without_models_and_groups_has_their_columns_empty(study):
    prepare(study)
    step = open_small(study, "04_item_analysis")
    decisions = items.final_decisions(items.keep_all(step, step.prepared.answers, "too few people"))
    columns = ["n", "missing_share", "mean", "sd", "floor_share", "ceiling_share", "item_rest_spearman",
               "alpha_if_dropped"]  # fmt: skip
    statistics = pd.DataFrame(1.0, index=range(6), columns=columns).assign(item=decisions["item"])
    path = study.frameworks / "mini" / "framework.yaml"
    path.write_text(path.read_text().replace("kind: placeholder", "kind: instrument"))
    again = open_small(study, "04_item_analysis")
    table = item_documents.passports(again, decisions, statistics, item_findings.nothing_yet())
    assert table["item"].tolist() == decisions["item"].tolist()
    assert table["self_wording"].tolist() == list(step.framework.items["self_wording"])
    empty = ["relevance", "supporting", "discrimination", "information", "item_fit_p", "fairness_r2", "flagged_by"]
    assert table[empty].isna().all(axis=None)
