"""The questionnaire goes out in each tool's format, and the codes of its questions find their items again."""

from __future__ import annotations

import csv
import io
import json
import re
from pathlib import Path

import pandas as pd
import pytest
import yaml
from survey_exports import qualtrics as qualtrics_export
from typer.testing import CliRunner

from compendium.cohort import load_cohort, load_settings
from compendium.faults import InvalidInput
from compendium.framework import load_framework
from compendium.importers.export import Export
from compendium.importers.matching import match_questions
from compendium.instruments import questionnaire, write_instrument
from compendium.instruments.tables import lime_name, qualtrics, redcap_name
from compendium.paths import COHORTS
from compendium.run.cli import app

FRAMEWORK = load_framework("integrated-care").select("final")
SETTINGS = load_settings(COHORTS / "demo-small")
ITEMS = list(FRAMEWORK.items.index)


def form(which: str = "self", **more: object):
    return questionnaire(FRAMEWORK, which, settings=SETTINGS, **more)


def test_the_placeholder_says_so_in_every_document(tmp_path: Path) -> None:
    import docx

    for tool, name in (("word", "self.docx"), ("booklet", "framework.docx")):
        write_instrument(FRAMEWORK, tool, tmp_path)
        assert any("Placeholder" in each.text for each in docx.Document(tmp_path / name).paragraphs)
    for tool, name in (("booklet", "framework.html"), ("self-score", "self_score.html")):
        write_instrument(FRAMEWORK, tool, tmp_path)
        assert "Placeholder" in (tmp_path / name).read_text(encoding="utf-8")


def test_the_xlsform_converts(tmp_path: Path) -> None:
    from pyxform.xls2xform import convert

    write_instrument(FRAMEWORK, "xlsform", tmp_path, settings=SETTINGS)
    for which, question in (("self", "person_01"), ("peer", "rater_id")):
        converted = convert(tmp_path / f"{which}.xlsx")
        assert question in converted.xform
        assert not converted.warnings


def test_a_restricted_scale_is_a_named_slot() -> None:
    settings = SETTINGS.model_copy(update={"outcomes": ["uwes_3"]})
    asked = questionnaire(FRAMEWORK, "self", settings=settings).questions
    slot = next(each for each in asked if each.code == "uwes_3_1")
    assert slot.wording.startswith("[Wording of")
    assert [option.code for option in slot.options] == [str(code) for code in range(7)]


def test_the_data_dictionary_has_its_columns_and_no_field_twice(tmp_path: Path) -> None:
    write_instrument(FRAMEWORK, "redcap", tmp_path, settings=SETTINGS)
    rows = list(csv.DictReader(io.StringIO((tmp_path / "data_dictionary.csv").read_text())))
    names = [row["Variable / Field Name"] for row in rows]
    assert len(rows[0]) == 18
    assert names[0] == "record_id"
    assert len(set(names)) == len(names)
    assert all(re.fullmatch(r"[a-z][a-z0-9_]*", name) for name in names)
    assert {row["Form Name"] for row in rows} == {"self_assessment", "peer_assessment"}


@pytest.mark.parametrize("changed", [lime_name, redcap_name, lambda code: f"p_{code}", str.upper])
def test_codes_that_a_tool_changes_find_their_items(changed) -> None:
    columns = [changed(item) for item in ITEMS]
    table = pd.DataFrame([["1"] * len(columns)], columns=columns)
    found = match_questions(Export("csv", table), {item: [] for item in ITEMS}, prefixes=("p_",))
    assert found.columns == dict(zip(ITEMS, columns, strict=True))


def test_the_order_is_shuffled_by_the_seed_alone() -> None:
    across = [[each.code for each in form(order="across", seed=seed).questions] for seed in (1, 1, 2)]
    assert across[0] == across[1] != across[2]
    within = form(order="within", seed=1).sections
    assert {each.code for each in within[1].questions} == set(FRAMEWORK.scales()["person"])
    assert sorted(across[0]) == sorted(each.code for each in form().questions)


def test_the_peer_form_asks_for_the_rated_person_and_never_for_groups() -> None:
    asked = [each.code for each in form("peer").questions]
    assert asked[:3] == ["consent", "person_id", "rater_id"]
    assert "agency" not in asked


def test_codes_are_recoded_values_in_qualtrics() -> None:
    text = qualtrics(form())
    assert "[[ID:person_01]]" in text
    assert "[[Choice:9]]\nDoes not apply, or not seen" in text


def test_the_self_score_page_asks_nothing_of_the_network_and_scores_by_the_key(tmp_path: Path) -> None:
    write_instrument(FRAMEWORK, "self-score", tmp_path)
    page = (tmp_path / "self_score.html").read_text(encoding="utf-8")
    assert "default-src 'none'" in page
    assert not re.search(r"https?:|src=|href=|@import|fetch", page)
    data = json.loads(re.search(r'application/json">(.*?)</script>', page, re.DOTALL)[1])
    reverse = {item["wording"] for scale in data["scales"] for item in scale["items"] if item["reverse"]}
    assert reverse == set(FRAMEWORK.items.loc[FRAMEWORK.items["reverse"].astype(bool), "self_wording"])


def test_the_self_score_page_takes_errors_only_for_the_items_it_asks(tmp_path: Path) -> None:
    names = list(FRAMEWORK.scales())
    counts = [len(FRAMEWORK.scales()[name]) for name in names]
    counts[1] += 1
    rows = pd.DataFrame(
        {"competency": names, "items": counts, "score_error": [0.2, 0.3, None, *[0.4] * (len(names) - 3)]}
    )
    (tmp_path / "results" / "tables").mkdir(parents=True)
    rows.to_csv(tmp_path / "results" / "tables" / "reliability.csv", index=False)
    write_instrument(FRAMEWORK, "self-score", tmp_path / "out", results=tmp_path / "results")
    page = (tmp_path / "out" / "self_score.html").read_text(encoding="utf-8")
    data = json.loads(re.search(r'application/json">(.*?)</script>', page, re.DOTALL)[1])
    assert [scale["error"] for scale in data["scales"]][:4] == [0.2, None, None, 0.4]
    with pytest.raises(InvalidInput, match="no reliabilities"):
        write_instrument(FRAMEWORK, "self-score", tmp_path / "out", results=tmp_path)


def test_an_import_describes_the_cohort_it_was_made_from(tmp_path: Path) -> None:

    own, peers = (
        pd.read_csv(COHORTS / "demo-small" / f"{name}.csv", dtype=str, keep_default_na=False)
        for name in ("self", "peer")
    )
    files = [
        qualtrics_export(own, dict(FRAMEWORK.items["self_wording"]), tmp_path / "own.csv"),
        qualtrics_export(peers, dict(FRAMEWORK.items["peer_wording"]), tmp_path / "peers.csv"),
    ]
    folder = tmp_path / "north"
    said = CliRunner().invoke(app, ["import", str(files[0]), "--peers", str(files[1]), "--into", str(folder)])
    assert said.exit_code == 0, said.output
    written = yaml.safe_load((folder / "cohort.yaml").read_text())
    assert written["files"]["format"] == "qualtrics"
    assert written["files"]["to_confirm"] == []
    assert set(written["outcomes"]) == set(SETTINGS.outcomes)
    imported, before = load_cohort(folder, tmp_path), load_cohort(COHORTS / "demo-small")
    assert (imported.answers.to_numpy() == before.answers.to_numpy()).mean() == before.answers.notna().to_numpy().mean()
    assert imported.peers.shape == before.peers.shape
    record = imported.import_record
    assert "RecipientEmail" in set(record.loc[record["what"] == "column left out", "name"])
    assert (record["what"] == "rows left out").sum() == 2
    again = CliRunner().invoke(app, ["import", str(files[0]), "--into", str(folder)])
    assert isinstance(again.exception, InvalidInput)
