"""A cohort read from a survey tool's export ends where the same answers as plain CSV end: every later step starts from
the prepared tables, and these are the same to the byte."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest
import yaml
from survey_exports import qualtrics
from walked_study import walk

from compendium.framework import load_framework
from compendium.outputs.step import Step
from compendium.paths import COHORTS

pytestmark = pytest.mark.slow
STEP = "03_cohort_quality"
# What the survey tool knows and a table of answers does not: how far people came, how fast, what else it exported.
KNOWN_TO_THE_TOOL = {"participation", "response_rates", "minutes_taken", "import_record", "import_summary"}
ONE_RULE_MORE = "careless_rules"
WORDINGS = {"self": "self_wording", "peer": "peer_wording"}


def cohort(root: Path, tool: str) -> Path:
    """Write the small demonstration cohort as CSV, or as Qualtrics exports it, under one name."""
    folder = root / tool / "twin"
    folder.mkdir(parents=True)
    items = load_framework("integrated-care").items
    for form, column in WORDINGS.items():
        answers = pd.read_csv(COHORTS / "demo-small" / f"{form}.csv", dtype=str, keep_default_na=False)
        if tool == "qualtrics":
            qualtrics(answers, dict(items[column]), folder / f"{form}.csv")
        else:
            answers.to_csv(folder / f"{form}.csv", index=False)
    described = yaml.safe_load((COHORTS / "demo-small" / "cohort.yaml").read_text())
    described |= {"id": "twin", "files": {**described["files"], "format": tool}}
    (folder / "cohort.yaml").write_text(yaml.safe_dump(described, sort_keys=False))
    return folder


@pytest.fixture(scope="module")
def twins(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Step]:
    root = tmp_path_factory.mktemp("twins")
    return {tool: walk(cohort(root, tool), root / f"{tool}-results", [STEP]) for tool in ("csv", "qualtrics")}


def files(step: Step, below: str, ending: str) -> dict[str, bytes]:
    return {path.stem: path.read_bytes() for path in (step.folders.root / below).glob(f"*.{ending}")}


def test_what_later_steps_read_is_the_same_to_the_byte(twins: dict[str, Step]) -> None:
    plain, exported = (files(step, "private/prepared", "parquet") for step in twins.values())
    assert set(plain) == set(exported) >= {"people", "answers", "outcomes", "peers", "careless", "gates"}
    one_more = twins["qualtrics"].prepared.careless.drop(columns=["seconds_per_item"])
    pd.testing.assert_frame_equal(one_more, twins["csv"].prepared.careless)
    assert {name for name in plain if plain[name] != exported[name]} == {"careless"}


def test_every_table_is_the_same_but_for_what_the_tool_alone_knows(twins: dict[str, Step]) -> None:
    plain, exported = (files(step, "tables", "csv") for step in twins.values())
    assert set(plain) == set(exported)
    assert {name for name in plain if plain[name] != exported[name]} == KNOWN_TO_THE_TOOL | {ONE_RULE_MORE}


def test_the_export_names_what_it_left_out_and_no_value_of_it(twins: dict[str, Step]) -> None:
    record = files(twins["qualtrics"], "tables", "csv")["import_record"].decode()
    assert "RecipientEmail" in record
    assert "sam@example.org" not in record
