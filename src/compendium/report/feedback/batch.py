"""Make the feedback pages of a cohort and count what was withheld (notebook 09)."""

from __future__ import annotations

from urllib.parse import quote

import pandas as pd
from tqdm.auto import tqdm

from compendium.outputs.step import Step
from compendium.report.feedback import individual_profile, render, specimen_profile, team_profile
from compendium.report.feedback.profiles import Cohort, Profile
from compendium.steps.rater_agreement.peers import peer_means


def context(step: Step) -> Cohort:
    """Gather what every page of the cohort shares: scores, their errors, the warnings."""
    errors: dict[str, float] = {}
    if step.lacks("gate_reliability") is None:
        errors = {str(name): float(error) for name, error in step.prepared.reliability["score_error"].items()}
    synthetic = step.settings.kind == "synthetic"
    return Cohort(step.settings.title, step.framework, step.plan, step.prepared.scores, errors, synthetic)


def peer_scores(step: Step) -> pd.DataFrame:
    """Return the scores given by peers; empty where none were collected."""
    return step.prepared.peer_scores if step.collected("peers") else pd.DataFrame()


def individual_reports(step: Step, cohort: Cohort, peers: pd.DataFrame) -> int:
    """Write one page for everybody with at least one score into the private folder; return how many."""
    by_person = dict(iter(peers.groupby(level="person"))) if len(peers) else {}
    people = cohort.scores.dropna(how="all")
    step.results.clear_private("reports/individual")
    for person, own in tqdm(people.iterrows(), total=len(people), desc="individual reports", leave=False, disable=None):
        profile = individual_profile(cohort, str(person), own, by_person.get(person))
        step.results.private_file(f"reports/individual/{person}.pdf", render(profile))
    return len(people)


def team_reports(step: Step, cohort: Cohort, peers: pd.DataFrame) -> pd.DataFrame:
    """Write one page for each team that is large enough; return one row a team with its number of members.

    A team's name may hold any sign; those that mean something in a path are escaped in the file's name.
    """
    rated = _well_rated(step, peers)
    scores = cohort.scores.dropna(how="all")
    step.results.clear_private("reports/team")
    rows = []
    for team, members in scores.groupby(step.prepared.people["team"].reindex(scores.index)):
        profile = team_profile(cohort, f"Team {team}", members, rated.reindex(members.index).dropna(how="all"))
        if profile is not None:
            step.results.private_file(f"reports/team/{quote(str(team), safe=' ')}.pdf", render(profile))
        rows.append({"team": team, "members": len(members), "reported": profile is not None})
    return pd.DataFrame(rows)


def specimen(cohort: Cohort, peers: pd.DataFrame) -> Profile:
    """Return the specimen page, which belongs to nobody."""
    return specimen_profile(cohort, peer_means(peers)[0] if len(peers) else None)


def specimen_team(step: Step, cohort: Cohort, peers: pd.DataFrame) -> Profile | None:
    """Return a specimen team page: the whole cohort as if it were one team."""
    return team_profile(
        cohort, "Specimen (the whole cohort as one team)", cohort.scores.dropna(how="all"), _well_rated(step, peers)
    )


def pages(profile: Profile) -> dict[str, bytes]:
    """Render a page as pictures for the book."""
    return {"svg": render(profile, "svg"), "png": render(profile, "png")}


def coverage(people: int, teams: pd.DataFrame) -> pd.DataFrame:
    """Count reports made and withheld."""
    made = int(teams["reported"].sum()) if len(teams) else 0
    rows = [("individual", people, 0), ("team", made, len(teams) - made)]
    return pd.DataFrame(rows, columns=["report", "made", "withheld"])


def _well_rated(step: Step, peers: pd.DataFrame) -> pd.DataFrame:
    """Return mean peer scores of the people with enough raters."""
    if not len(peers):
        return pd.DataFrame(columns=list(step.scales))
    means, count = peer_means(peers)
    return means[count >= step.plan.disclosure.minimum_raters.value]
