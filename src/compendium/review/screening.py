"""From decisions to outcomes: who decided what, what is settled, and how many records stand where."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import pandas as pd

from compendium.review.loading import Review, once_a_review
from compendium.review.protocol import EXCLUDE, SOURCE_KINDS

INCLUDED, EXCLUDED, CONFLICT, AWAITING, NOT_REACHED, NOT_RETRIEVED = (
    "included",
    "excluded",
    "conflict",
    "awaiting",
    "not reached",
    "not retrieved",
)
OUTCOMES = (INCLUDED, EXCLUDED, CONFLICT, AWAITING, NOT_REACHED, NOT_RETRIEVED)


@once_a_review
def stage_outcomes(review: Review) -> pd.DataFrame:
    """Say where every record stands at every stage.

    A record is settled at a stage when an adjudication says so, or when at least ``decisions_needed`` reviewers
    decided and all are on the same side (``unsure`` counts as inclusion); at the last stage those who exclude must
    also agree on the reason. Otherwise it is a ``conflict`` (enough decisions, no agreement) or ``awaiting``. Only
    what was included at one stage reaches the next; where the protocol tracks retrieval, only what was retrieved
    reaches the last.

    Returns
    -------
    DataFrame, one row a record and stage
        ``record stage outcome reason decisions settled_by`` (``agreement``, ``adjudication`` or nothing).
    """
    reached = pd.Series(True, index=review.records.index)
    frames = []
    for stage in review.protocol.stage_ids:
        last = stage == review.protocol.stage_ids[-1]
        verdicts = _verdicts(review, stage, reasons_matter=last)
        if last and review.protocol.retrieval:
            verdicts = _with_retrieval(review, verdicts)
        unreached = pd.DataFrame({"outcome": NOT_REACHED, "reason": "", "settled_by": ""}, index=verdicts.index)
        columns = ["outcome", "reason", "settled_by"]
        verdicts[columns] = verdicts[columns].where(reached, unreached)
        reached = verdicts["outcome"] == INCLUDED
        frames.append(verdicts.assign(stage=stage).reset_index())
    return pd.concat(frames, ignore_index=True)[["record", "stage", "outcome", "reason", "decisions", "settled_by"]]


def _verdicts(review: Review, stage: str, reasons_matter: bool) -> pd.DataFrame:
    """Return the verdict on each record at one stage, as if every record had reached it."""
    screening = review.files["screening"]
    decisions = screening[screening["stage"] == stage]
    excludes = decisions.assign(out=decisions["decision"] == EXCLUDE).groupby("record")["out"].agg(["size", "sum"])
    records = review.records.index
    n = excludes["size"].reindex(records, fill_value=0)
    against = excludes["sum"].reindex(records, fill_value=0)
    reasons = decisions[decisions["reason"] != ""].groupby("record")["reason"].agg(["first", "nunique"])
    split = reasons["nunique"].reindex(records, fill_value=1) > 1
    enough = n >= review.protocol.decisions_needed
    agreed_out = enough & (against == n) & ~(split & reasons_matter)
    outcome = np.select([~enough, against == 0, agreed_out], [AWAITING, INCLUDED, EXCLUDED], CONFLICT)
    verdicts = pd.DataFrame({"outcome": outcome, "decisions": n}, index=records)
    settled = verdicts["outcome"].isin([INCLUDED, EXCLUDED])
    verdicts["settled_by"] = np.where(settled, "agreement", "")
    verdicts["reason"] = reasons["first"].reindex(records).where(verdicts["outcome"] == EXCLUDED, "")
    return _adjudicated(review, stage, verdicts)


def _adjudicated(review: Review, stage: str, verdicts: pd.DataFrame) -> pd.DataFrame:
    """Lay the adjudications of a stage over the reviewers' verdicts."""
    rows = review.files["screening_adjudication"]
    final = rows[rows["stage"] == stage].set_index("record")
    outcome = final["decision"].map({"include": INCLUDED, EXCLUDE: EXCLUDED})
    verdicts.loc[final.index, "outcome"] = outcome
    verdicts.loc[final.index, "reason"] = final["reason"]
    verdicts.loc[final.index, "settled_by"] = "adjudication"
    return verdicts


def _with_retrieval(review: Review, verdicts: pd.DataFrame) -> pd.DataFrame:
    """Mark records whose report could not be had, and those still to be fetched."""
    status = review.files["retrieval"].set_index("record")["status"].reindex(verdicts.index)
    missing, unknown = status == "not retrieved", status.isna()
    verdicts.loc[missing, ["outcome", "reason", "settled_by"]] = [NOT_RETRIEVED, "", ""]
    verdicts.loc[unknown, ["outcome", "reason", "settled_by"]] = [AWAITING, "", ""]
    return verdicts


@once_a_review
def final_outcomes(review: Review) -> pd.DataFrame:
    """Say where every record stands in the end.

    Returns
    -------
    DataFrame, indexed by record
        ``stage`` (the last one reached), ``outcome``, ``reason``, ``settled_by``.
    """
    table = stage_outcomes(review)
    reached = table[table["outcome"] != NOT_REACHED].drop_duplicates("record", keep="last").set_index("record")
    return reached.reindex(review.records.index)[["stage", "outcome", "reason", "settled_by"]]


def included_records(review: Review) -> list[str]:
    """Return the records included at the last stage, in the order of the register."""
    final = final_outcomes(review)
    last = review.protocol.stage_ids[-1]
    return list(final.index[(final["stage"] == last) & (final["outcome"] == INCLUDED)])


def open_conflicts(review: Review) -> pd.DataFrame:
    """List what reviewers decided differently and nobody has adjudicated: the work list of the next meeting."""
    table = stage_outcomes(review)
    conflicts = table.loc[table["outcome"] == CONFLICT, ["record", "stage"]]
    return conflicts.merge(review.files["screening"], on=["record", "stage"], how="left")


def adjudicated_conflicts(review: Review) -> pd.DataFrame:
    """List what was adjudicated: each reviewer's decision, the final one and why."""
    screening = review.files["screening"]
    final = review.files["screening_adjudication"]
    verdict = screening.assign(verdict=screening["decision"].where(screening["reason"] == "", screening["reason"]))
    wide = verdict.pivot_table(index=["stage", "record"], columns="reviewer", values="verdict", aggfunc="first")
    return final.merge(wide.reset_index(), on=["stage", "record"], how="left")


@dataclass(frozen=True)
class Flow:
    """The PRISMA 2020 flow as counts.

    Attributes
    ----------
    boxes : DataFrame
        ``box label n group``: ``group`` is the stage or phase; every box of the diagram in reading order.
    reasons : DataFrame
        ``stage reason label n``: records excluded by reason.
    """

    boxes: pd.DataFrame
    reasons: pd.DataFrame

    def n(self, box: str) -> int:
        """Return the count of one box."""
        return int(self.boxes.loc[self.boxes["box"] == box, "n"].iloc[0])

    def to_frame(self) -> pd.DataFrame:
        """Return the boxes."""
        return self.boxes


class FlowDoesNotAddUp(Exception):  # noqa: N818 - an invariant, not an error of the user
    """A box of the flow diagram is not the sum of its parts."""


def prisma_flow(review: Review) -> Flow:
    """Count every box of the PRISMA 2020 flow diagram from the data, and assert that each adds up.

    Records from databases and from other sources go through the same stages here, so that both enter one column.

    Raises
    ------
    FlowDoesNotAddUp
        When a box is not the sum of its parts.

    References
    ----------
    Page, M. J., et al. (2021). The PRISMA 2020 statement. BMJ, 372, n71, figure 1.
    """
    outcomes = stage_outcomes(review)
    counts = outcomes.groupby(["stage", "outcome"]).size()
    boxes = _identification(review)
    for stage in review.protocol.stages:
        boxes += _stage_boxes(review, stage.id, {name: int(counts.get((stage.id, name), 0)) for name in OUTCOMES})
    included = int(counts.get((review.protocol.stage_ids[-1], INCLUDED), 0))
    reports = int(review.records.loc[included_records(review), "reports"].sum())
    boxes.append(("included", "Records included in the review", included, "included"))
    boxes.append(("included_reports", "Reports of included records", reports, "included"))
    frame = pd.DataFrame(boxes, columns=["box", "label", "n", "group"])
    flow = Flow(frame, exclusion_reasons(review))
    _assert_adds_up(flow, review)
    return flow


def _identification(review: Review) -> list[tuple[str, str, int, str]]:
    """Return the boxes above screening: reports by kind of source, and duplicates."""
    kinds = review.files["search_log"].set_index("export")["kind"]
    found = review.reports["export"].map(kinds).value_counts()
    boxes = [
        (f"identified_{kind}", f"Identified: {label.lower()}", int(found.get(kind, 0)), "identification")
        for kind, label in SOURCE_KINDS.items()
    ]
    total = ("identified", "Reports identified", len(review.reports), "identification")
    removed = len(review.reports) - len(review.records)
    return [*boxes, total, ("duplicates", "Duplicates joined", removed, "identification")]


def _stage_boxes(review: Review, stage: str, n: dict[str, int]) -> list[tuple[str, str, int, str]]:
    """Return the boxes of one stage."""
    described = next(entry for entry in review.protocol.stages if entry.id == stage)
    judged = n[INCLUDED] + n[EXCLUDED] + n[CONFLICT]
    boxes = [
        (f"{stage}_reached", f"{described.label}: to do", judged + n[AWAITING] + n[NOT_RETRIEVED], stage),
        (f"{stage}_judged", described.label, judged, stage),
        (f"{stage}_excluded", described.excluded, n[EXCLUDED], stage),
        (f"{stage}_passed", f"{described.label}: kept", n[INCLUDED], stage),
        (f"{stage}_conflict", f"{described.label}: conflict not yet settled", n[CONFLICT], stage),
        (f"{stage}_awaiting", f"{described.label}: awaiting decisions", n[AWAITING], stage),
    ]
    if review.protocol.retrieval and stage == review.protocol.stage_ids[-1]:
        boxes.append((f"{stage}_not_retrieved", "Reports not retrieved", n[NOT_RETRIEVED], stage))
    return boxes


def _assert_adds_up(flow: Flow, review: Review) -> None:
    """Refuse a flow in which a box is not the sum of its parts."""
    stages = review.protocol.stage_ids
    sums = {
        "identified": (flow.n("identified"), sum(flow.n(f"identified_{kind}") for kind in SOURCE_KINDS)),
        "records": (flow.n("identified") - flow.n("duplicates"), flow.n(f"{stages[0]}_reached")),
        "included": (flow.n("included"), flow.n(f"{stages[-1]}_passed")),
    }
    for stage in stages:
        parts = flow.n(f"{stage}_excluded") + flow.n(f"{stage}_passed") + flow.n(f"{stage}_conflict")
        excluded = int(flow.reasons.loc[flow.reasons["stage"] == stage, "n"].sum())
        sums[f"{stage}_judged"] = (flow.n(f"{stage}_judged"), parts)
        sums[f"{stage}_excluded"] = (flow.n(f"{stage}_excluded"), excluded)
    for first, second in pairwise(stages):
        sums[f"{second}_reached"] = (flow.n(f"{second}_reached"), flow.n(f"{first}_passed"))
    wrong = [f"{name}: {whole} is not {parts}" for name, (whole, parts) in sums.items() if whole != parts]
    if wrong:
        raise FlowDoesNotAddUp("; ".join(wrong))


def exclusion_reasons(review: Review) -> pd.DataFrame:
    """Count the records excluded by stage and reason, the most frequent first."""
    outcomes = stage_outcomes(review)
    excluded = outcomes[outcomes["outcome"] == EXCLUDED]
    counts = excluded.groupby(["stage", "reason"], sort=False).size().rename("n").reset_index()
    counts["label"] = counts["reason"].map(review.protocol.exclusion_reasons)
    order = counts["stage"].map(review.protocol.stage_ids.index)
    ordered = counts.assign(order=order).sort_values(["order", "n", "reason"], ascending=[True, False, True])
    return ordered[["stage", "reason", "label", "n"]].reset_index(drop=True)


def search_log(review: Review) -> pd.DataFrame:
    """Return the search log with what each search gave: reports, records found by it first, and records included.

    Returns
    -------
    DataFrame
        ``search source kind date query reports records included note``.
    """
    log = review.files["search_log"].reset_index(drop=True)
    names = log.set_index("export")["search"]
    found = review.reports.assign(search=review.reports["export"].map(names))
    first = found.drop_duplicates("record")["search"].value_counts()
    included = set(included_records(review))
    kept = found[found["record"].isin(included)].drop_duplicates("record")["search"].value_counts()
    counts = {"reports": found["search"].value_counts(), "records": first, "included": kept}
    for name, values in counts.items():
        log[name] = log["search"].map(values).fillna(0).astype(int)
    return log[["search", "source", "kind", "date", "query", "reports", "records", "included", "note"]]


def workload(review: Review) -> pd.DataFrame:
    """Count what each reviewer decided at each stage, and what is still to do.

    Returns
    -------
    DataFrame
        ``stage reviewer decided include unsure exclude to_do``; ``to_do`` counts records that reached the stage, are
        not settled, and wait for this reviewer.
    """
    outcomes = stage_outcomes(review)
    rows = []
    for stage in review.protocol.stage_ids:
        waiting = outcomes[(outcomes["stage"] == stage) & (outcomes["outcome"] == AWAITING)]["record"]
        screening = review.files["screening"]
        decisions = screening[screening["stage"] == stage]
        for reviewer in review.protocol.reviewers:
            own = decisions[decisions["reviewer"] == reviewer]
            counts = {name: int((own["decision"] == name).sum()) for name in ("include", "unsure", "exclude")}
            to_do = int((~waiting.isin(set(own["record"]))).sum())
            rows.append({"stage": stage, "reviewer": reviewer, "decided": len(own), **counts, "to_do": to_do})
    return pd.DataFrame(rows)


def inclusion_by_order(review: Review, stage: str) -> pd.DataFrame:
    """Return the running count of records kept, in the order in which the first reviewer decided.

    The curve by which a review is stopped: where it stays flat, further screening finds nothing new.

    Returns
    -------
    DataFrame
        ``screened kept since_last``: records screened so far, kept so far, and screened since the last one was kept.
    """
    outcomes = stage_outcomes(review)
    settled = outcomes[(outcomes["stage"] == stage) & outcomes["outcome"].isin([INCLUDED, EXCLUDED])]
    screening = review.files["screening"]
    order = screening.loc[screening["stage"] == stage, "record"].drop_duplicates()
    kept = settled.set_index("record")["outcome"].reindex(order).dropna() == INCLUDED
    position = np.arange(1, len(kept) + 1)
    last = np.maximum.accumulate(np.where(kept, position, 0))
    return pd.DataFrame({"screened": position, "kept": kept.cumsum().to_numpy(), "since_last": position - last})
