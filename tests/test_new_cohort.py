"""A new cohort's folder explains itself, and passes the contract once it is filled."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from compendium.cohort import load_cohort, load_settings, new_cohort
from compendium.cohort.schema import CohortSettings
from compendium.faults import InvalidInput
from compendium.framework import RESTRICTED, load_framework
from compendium.study import validate

FRAMEWORKS_TO_TRY = ("integrated-care", "fevs2018", "bfi")


def header(path: Path) -> list[str]:
    with path.open(newline="", encoding="utf-8") as stream:
        rows = list(csv.reader(stream))
    assert len(rows) == 1
    return rows[0]


@pytest.mark.parametrize("framework", FRAMEWORKS_TO_TRY)
def test_description_is_valid_as_written(tmp_path, framework):
    folder = new_cohort(str(tmp_path / "pilot-1"), framework)
    settings = load_settings(folder)
    assert (settings.id, settings.framework, settings.kind) == ("pilot-1", framework, "real")


def test_only_the_responses_are_missing(tmp_path):
    folder = new_cohort(str(tmp_path / "pilot"))
    with pytest.raises(InvalidInput) as caught:
        validate(folder)
    assert [Path(fault.file).name for fault in caught.value.faults] == ["self.csv", "peer.csv"]
    assert {fault.problem for fault in caught.value.faults} == {"the file has a header and no rows"}


def test_files_have_the_columns_of_the_framework(tmp_path):
    folder, framework = new_cohort(str(tmp_path / "pilot")), load_framework("integrated-care")
    own, peer = header(folder / "self.csv"), header(folder / "peer.csv")
    assert set(framework.items.index) <= set(own) & set(peer)
    restricted = framework.outcomes.index[framework.outcomes["wording"] == RESTRICTED]
    assert not set(restricted) & set(own)
    assert {"engagement_1", "peer_support_1"} <= set(own)
    assert [column for column in peer if column in framework.outcomes.index] == [
        "engagement_1", "engagement_2", "engagement_3"
    ]  # fmt: skip


def test_instrument_without_a_peer_form_gets_no_peer_file(tmp_path):
    folder = new_cohort(str(tmp_path / "pilot"), "bfi")
    assert not (folder / "peer.csv").exists()
    assert "peers" not in load_settings(folder).collected


def test_every_key_is_explained(tmp_path):
    lines = (new_cohort(str(tmp_path / "pilot")) / "cohort.yaml").read_text().splitlines()
    keys = [line.removeprefix("# ").split(":")[0] for line in lines if ":" in line]
    for name in CohortSettings.model_fields:
        assert name in keys
    assert any("controller:" in line for line in lines if line.startswith("#"))
    for number, line in enumerate(lines):
        if line and line[0].isalpha():
            above = next(text for text in reversed(lines[:number]) if text)
            assert above.startswith("#") or above[0].isalpha()


@pytest.mark.parametrize("framework", FRAMEWORKS_TO_TRY)
def test_folder_filled_with_answers_passes(tmp_path, framework):
    folder = new_cohort(str(tmp_path / "pilot"), framework)
    draw, instrument, n = np.random.default_rng(3), load_framework(framework), 120
    scales = {**instrument.items["competency"], **instrument.outcomes["scale"]}
    traits = {scale: draw.normal(size=n) for scale in scales.values()}

    def fill(name: str, ids: dict[str, list[str]]) -> None:
        columns = header(folder / name)
        groups = {"agency": ["A", "B"] * (n // 2), "occupation": "nurse", "tenure": range(n), "team": "T1"}
        filled = {column: answers(column) for column in columns if column in scales}
        table = pd.DataFrame({**ids, **{key: groups[key] for key in columns if key in groups}, **filled})
        table[columns].to_csv(folder / name, index=False)

    def answers(item: str) -> np.ndarray:
        keyed = np.clip(np.rint(3 + traits[scales[item]] + draw.normal(0, 0.5, n)), 1, 5)
        turned = {**instrument.items["reverse"], **instrument.outcomes["reverse"]}[item]
        highest = instrument.scale.maximum
        return (1 + highest - keyed if turned else keyed).astype(int)

    ids = [f"p{number}" for number in range(n)]
    fill("self.csv", {"person_id": ids})
    if (folder / "peer.csv").exists():
        fill("peer.csv", {"person_id": ids, "rater_id": [*ids[1:], ids[0]]})
    cohort = load_cohort(folder)
    assert cohort.answers.shape == (n, len(instrument.items))


def test_readme_names_every_item_and_the_commands(tmp_path):
    folder = new_cohort(str(tmp_path / "pilot"))
    text = (folder / "README.md").read_text()
    assert all(f"`{item}`" in text for item in load_framework("integrated-care").items.index)
    assert "compendium validate" in text
    assert "$" not in text


def test_existing_folder_is_refused_and_left_alone(tmp_path):
    folder = new_cohort(str(tmp_path / "pilot"))
    (folder / "self.csv").write_text("precious")
    with pytest.raises(InvalidInput, match="the folder exists already"):
        new_cohort(str(tmp_path / "pilot"))
    assert (folder / "self.csv").read_text() == "precious"


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("my cohort", "letters, digits"),
        ("reference", "reserved"),
        ("bfi", "the project has a cohort of this name"),
        (".hidden", "letters, digits"),
    ],
)
def test_name_that_cannot_be_an_id_is_refused(tmp_path, name, said):
    with pytest.raises(InvalidInput, match=said):
        new_cohort(str(tmp_path / name))
    assert list(tmp_path.iterdir()) == []


def test_unknown_framework_leaves_nothing_behind(tmp_path):
    with pytest.raises(InvalidInput, match="did you mean 'integrated-care'"):
        new_cohort(str(tmp_path / "pilot"), "integrated-car")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["2024", "yes", "null", "1e3"])
def test_name_that_yaml_would_misread_stays_a_name(tmp_path, name):
    assert load_settings(new_cohort(str(tmp_path / name))).id == name


def test_name_without_a_slash_goes_below_the_cohorts_of_the_project(tmp_path, monkeypatch):
    monkeypatch.setattr("compendium.cohort.new.COHORTS", tmp_path)
    folder = new_cohort("pilot")
    assert folder == tmp_path / "pilot"
    assert "make all COHORT=pilot" in (folder / "README.md").read_text()
