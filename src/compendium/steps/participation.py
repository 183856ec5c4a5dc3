"""From the invitation to the answers that are used: how many people at each stage, and the record of the import."""

from __future__ import annotations

from typing import Any

import pandas as pd

from compendium.cohort import Cohort
from compendium.findings import Finding, found
from compendium.steps.cohort_quality import QUARTILE_NAMES, QUARTILES, completers
from compendium.study import Study

INVITED, SHEETS, LISTED = "invited", "answer sheets received", "listed in the self file"
AGREED, FINISHED, ENOUGH = "agreed to take part", "reached the end", "answered enough items"
RATED, RATINGS = "rated by at least one peer", "ratings by peers"
# Seconds in a minute.
MINUTE = 60


def stages(step: Study, cohort: Cohort) -> pd.DataFrame:
    """Count people from the invitation to the peers' ratings; blank where a number is not known."""
    own, peers = step.collected("self_ratings"), step.collected("peers")
    known = cohort.turnout.loc["self"]
    rated = cohort.peers.index.get_level_values("person").nunique() if peers else None
    counts = {
        INVITED: known["invited"],
        SHEETS if own else LISTED: known["sheets"],
        AGREED: known["agreed"],
        FINISHED: known["finished"],
        ENOUGH: int(completers(step, cohort.answers).sum()) if own else None,
        RATED: rated,
        RATINGS: len(cohort.peers) if peers else None,
    }
    return pd.DataFrame({"stage": list(counts), "n": pd.Series(list(counts.values()), dtype="Int64")})


def left_out(cohort: Cohort) -> dict[str, int]:
    """Count the rows of the self form that were left out, by reason."""
    record = cohort.import_record
    rows = record[(record["what"] == "rows left out") & (record["form"] == "self")]
    return {str(reason): int(n) for reason, n in rows.groupby("reason", sort=False)["n"].sum().items()}


def rates(step: Study, cohort: Cohort) -> pd.DataFrame:
    r"""Return the rates that CHERRIES and STROBE ask for, each with what it is a share of, or why there is none.

    Response: people whose answers are used, of those invited. View: visits to the page, which no export holds.
    Participation: people who agreed, of the sheets begun. Completion: people who reached the end, of those who agreed,
    or of the sheets where the question of consent is not in the file. Peers' response: ratings received, also of people
    who did not answer themselves, of those asked for.

    References
    ----------
    Eysenbach, G. (2004). Improving the quality of Web surveys: the Checklist for Reporting Results of Internet
    E-Surveys (CHERRIES). Journal of Medical Internet Research, 6(3), e34. von Elm, E., et al. (2007). The STROBE
    statement. The Lancet, 370, 1453-1457.
    """
    own: Any = cohort.turnout.loc["self"]
    ended: Any = own["finished"]
    base: Any = own["sheets"] if pd.isna(own["agreed"]) else own["agreed"]
    no_end = "rate_submitted_only" if own["submitted_only"] else "rate_no_end"
    rows = [
        _rate("response", len(cohort.answers), own["invited"], found("rate_no_invited")),
        _rate("view", None, None, found("rate_no_visits")),
        _rate("participation", own["agreed"], own["sheets"], found("rate_no_consent")),
        _rate("completion", ended, None if pd.isna(ended) else base, found(no_end)),
    ]
    if step.collected("peers"):
        theirs: Any = cohort.turnout.loc["peer"]
        received = theirs["sheets"] if pd.isna(theirs["agreed"]) else theirs["agreed"]
        rows.append(_rate("peers' response", received, theirs["invited"], found("rate_no_roster")))
    frame = pd.DataFrame(rows)
    return frame.astype({"n": "Int64", "of": "Int64", "share": "Float64"})


def _rate(name: str, n: Any, of: Any, reason: Finding) -> dict[str, Any]:
    """Return one rate, or the reason why there is none."""
    if pd.isna(n) or pd.isna(of) or of == 0:
        return {"rate": name, "n": None, "of": None, "share": None, "note": reason.encoded}
    return {"rate": name, "n": int(n), "of": int(of), "share": int(n) / int(of), "note": ""}


def minutes(cohort: Cohort, minimum: float) -> pd.DataFrame:
    """Describe the minutes people took by their quartiles, where the tool took the time of enough of them.

    A sheet that stays open over night makes a mean useless, so there is none.
    """
    columns = ["form", "n", *QUARTILE_NAMES]
    taken = cohort.participation.get("seconds", pd.Series(dtype=float)).dropna().astype(float) / MINUTE
    if len(taken) < minimum:
        return pd.DataFrame(columns=columns)
    quartiles = dict(zip(QUARTILE_NAMES, taken.quantile(QUARTILES), strict=True))
    return pd.DataFrame([{"form": "self", "n": len(taken), **quartiles}])


def seconds_per_question(cohort: Cohort) -> pd.Series[float] | None:
    """Return the seconds each person took for each question they answered, None where nobody's time was taken.

    The time of a whole sheet, its codes and groupings included, is divided by the answered items and outcome items: it
    errs towards more seconds, so that nobody is called too fast for having skipped something.
    """
    if "seconds" not in cohort.participation or cohort.participation["seconds"].isna().all():
        return None
    answered = cohort.answers.notna().sum(axis=1) + cohort.outcomes.notna().sum(axis=1)
    return (cohort.participation["seconds"].astype(float) / answered.where(answered > 0)).rename("seconds_per_item")


def import_summary(cohort: Cohort) -> pd.DataFrame:
    """Count what was kept and left out of each file: rows, and columns by what they are read as."""
    record = cohort.import_record
    columns = record["what"].isin(["column kept", "column left out"])
    rows = record[record["what"].isin(["rows read", "rows left out"])]
    kinds = record[columns].groupby(["form", "file", "what", "reason"], sort=False).size().rename("n").reset_index()
    turned = record[record["what"] == "labels read as codes"]
    cells = turned.groupby(["form", "file", "what"], sort=False)["n"].sum().reset_index().assign(reason="")
    whole = pd.concat([rows, kinds, cells], ignore_index=True)[["form", "file", "what", "reason", "n"]]
    order = pd.Categorical(whole["form"], ["self", "peer"], ordered=True)
    return whole.assign(form=order).sort_values("form", kind="stable").astype({"n": "Int64", "form": str})
