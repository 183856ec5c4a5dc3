"""Cohorts at the edge run through every step and every page, and say in words what they cannot show.

The steps run in one process, cell by cell as the pipeline adapts them; ``test_study_runs.py`` runs them in kernels.
"""

from __future__ import annotations

import re
from pathlib import Path

import pandas as pd
import pytest
import yaml
from shapes import QUICK, SHORT_FORM
from walked_study import OF_THE_FRAMEWORK, page_texts, walk, walk_on

from compendium.faults import InvalidInput
from compendium.findings import found
from compendium.outputs.saving import read_values
from compendium.outputs.step import Step
from compendium.simulate import SimulationPlan, write_cohort
from compendium.study import validate
from compendium.wording import shown

pytestmark = pytest.mark.slow
OUTCOME = "job_satisfaction"
WAIVER = {"item": "job_satisfaction_1", "fault": "constant", "reason": "everybody chose the same answer"}


def simulated(folder: Path, **changes: object) -> Path:
    """Write a small cohort with quick resampling and other changes of its description."""
    write_cohort(folder, SimulationPlan(n=110, seed=11))
    path = folder / "cohort.yaml"
    path.write_text(
        yaml.safe_dump(yaml.safe_load(path.read_text()) | {"study": QUICK} | SHORT_FORM | changes, sort_keys=False)
    )
    return folder


def responses(folder: Path, form: str) -> pd.DataFrame:
    return pd.read_csv(folder / f"{form}.csv", dtype=str, keep_default_na=False)


def table(step: Step, name: str) -> pd.DataFrame:
    return pd.read_csv(step.folders.tables / f"{name}.csv", keep_default_na=True)


@pytest.fixture(scope="module")
def of_the_framework(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Run the steps that read no answer once for every cohort here."""
    folder = simulated(tmp_path_factory.mktemp("cohorts") / "any")
    return walk(folder, tmp_path_factory.mktemp("results"), OF_THE_FRAMEWORK).folders.root


@pytest.fixture(scope="module")
def thin(of_the_framework: Path, tmp_path_factory: pytest.TempPathFactory) -> Step:
    """One peer each, a team of one, an outcome that nobody varies on."""
    folder = simulated(tmp_path_factory.mktemp("cohorts") / "thin", waivers=[WAIVER])
    own, peers = responses(folder, "self"), responses(folder, "peer")
    own.loc[0, "team"] = "a team of one"
    own[WAIVER["item"]] = own[WAIVER["item"]].where(own[WAIVER["item"]] == "", "4")
    own.to_csv(folder / "self.csv", index=False)
    peers.drop_duplicates("person_id").to_csv(folder / "peer.csv", index=False)
    return walk_on(folder, tmp_path_factory.mktemp("results"), of_the_framework)


@pytest.fixture(scope="module")
def colleagues_only(of_the_framework: Path, tmp_path_factory: pytest.TempPathFactory) -> Step:
    """Colleagues rated people who did not rate themselves."""
    folder = simulated(tmp_path_factory.mktemp("cohorts") / "rated", self_ratings=False)
    own, peers = responses(folder, "self"), responses(folder, "peer")
    rated = [column for column in peers if re.fullmatch(r"[a-z]+_\d\d", column)]
    own.drop(columns=rated).to_csv(folder / "self.csv", index=False)
    return walk_on(folder, tmp_path_factory.mktemp("results"), of_the_framework)


@pytest.fixture(scope="module")
def thin_pages(thin: Step) -> dict[str, str]:
    return page_texts(thin)


@pytest.fixture(scope="module")
def colleagues_pages(colleagues_only: Step) -> dict[str, str]:
    return page_texts(colleagues_only)


def test_one_peer_each_gives_no_agreement_and_says_what_it_would_take(thin: Step, thin_pages: dict[str, str]) -> None:
    assert table(thin, "peers_per_person")["peers"].max() == 1
    assert read_values(thin.folders)["supported_rater_agreement"]["value"] is False
    assert "not supported at n = 0 people with two or more peers, would need 30" in thin_pages["rater_agreement"]
    claims = table(thin, "claims").set_index("claim")
    assert found("not_corrected").encoded in claims.loc["engagement", "note"]


def test_outcome_that_nobody_varies_on_has_its_reason_in_every_table(thin: Step) -> None:
    claims = table(thin, "claims").set_index("claim")
    assert "does not vary" in claims.loc[OUTCOME, "note"]
    assert claims.loc[OUTCOME, "finding"] == found("verdict_cannot").encoded
    assert pd.isna(claims.loc[OUTCOME, "n_needed"])
    for name in ("associations", "claims_by_method", "ordinal_regressions"):
        rows = table(thin, name).query("outcome == @OUTCOME")
        assert len(rows)
        estimate = next(column for column in ("rho", "estimate", "odds_ratio") if column in rows)
        assert (rows[estimate].notna() | rows["note"].notna()).all(), name
        assert rows["note"].str.contains("vary|constant").any(), name


def test_a_constant_outcome_is_refused_at_the_door_unless_waived(tmp_path: Path) -> None:
    folder = simulated(tmp_path / "flat")
    own = responses(folder, "self")
    own.assign(**{WAIVER["item"]: "4"}).to_csv(folder / "self.csv", index=False)
    with pytest.raises(InvalidInput, match="every answer to the item is the same"):
        validate(folder)


def test_a_team_of_one_is_withheld_and_never_named(thin: Step) -> None:
    kept = [path for path in thin.folders.root.rglob("*") if path.suffix in {".csv", ".json", ".svg"}]
    public = [path for path in kept if "private" not in path.relative_to(thin.folders.root).parts]
    assert public
    assert not [path for path in public if "a team of one" in path.read_text()]
    assert not list(thin.folders.private.rglob("a team of one.pdf"))
    assert table(thin, "feedback_team_coverage").set_index("what").loc["no_team_report", "teams"] >= 1


def test_colleagues_alone_decide_the_claims_that_do_not_need_own_ratings(colleagues_only: Step) -> None:
    claims = table(colleagues_only, "claims").set_index("claim")
    assert shown(claims.loc["engagement", "tested_by"]).endswith("competencies rated by peers")
    assert claims.loc["engagement", ["estimate", "lower", "upper", "p"]].notna().all()
    for name in ("colleagues_engagement", "shorter_tenure", "agencies_differ", "occupations_differ"):
        assert claims.loc[name, "verdict"] == "not collected"
        assert "self ratings: not collected in this cohort" in shown(claims.loc[name, "note"])
    assert claims["same_estimate"].isna().all()


def test_without_own_ratings_nothing_is_computed_from_them(colleagues_only: Step) -> None:
    saved = {path.stem for path in colleagues_only.folders.tables.glob("*.csv")}
    assert {"peer_icc", "raters_needed", "claims", "gates", "participation"} <= saved
    assert not saved & {
        "item_statistics",
        "item_decisions",
        "group_tests",
        "self_peer",
        "associations",
        "missing_items",
    }
    counts = table(colleagues_only, "participation").set_index("stage")["n"]
    assert counts["listed in the self file"] == 110
    assert pd.isna(counts["answered enough items"])
    assert "n_completed" not in read_values(colleagues_only.folders)


@pytest.mark.parametrize("page", ["index", "cohort_quality", "group_differences", "rater_agreement", "feedback"])
def test_every_page_says_that_own_ratings_were_not_collected(colleagues_pages: dict[str, str], page: str) -> None:
    text = colleagues_pages[page].lower()
    assert "own ratings" in text or "did not rate themselves" in text


def test_every_page_of_a_thin_cohort_is_filled_in(thin_pages: dict[str, str]) -> None:
    assert {"index", "outcome_associations", "group_differences", "feedback"} <= set(thin_pages)
    assert not [name for name, text in thin_pages.items() if re.search(r"\bnan\b", text)]


def test_no_value_of_an_edge_cohort_is_blank_without_a_reason(thin: Step, colleagues_only: Step) -> None:
    for step in (thin, colleagues_only):
        for name, saved in read_values(step.folders).items():
            assert saved["value"] is not None or saved["note"], (step.settings.id, name)
