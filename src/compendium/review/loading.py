"""The review as one object: read from its folder, checked, and with reports joined to records."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property, wraps
from pathlib import Path

import pandas as pd

from compendium.faults import Fault, display_path, raise_if_any
from compendium.inputs import load_model, read_table, read_yaml
from compendium.paths import EVIDENCE
from compendium.review import checks
from compendium.review.deduplication import APART, MERGED, OWN_ID, POSSIBLE, deduplicate
from compendium.review.exports import read_exports
from compendium.review.imported import LOG, import_decisions
from compendium.review.protocol import (
    APPRAISAL_COLUMNS,
    CHECKLIST_COLUMNS,
    CODING_ADJUDICATION_COLUMNS,
    CODING_COLUMNS,
    DECISIONS_LOG_COLUMNS,
    FRAME_COLUMNS,
    MERGE_COLUMNS,
    NOT_STATED,
    RECORD_COLUMNS,
    RETRIEVAL_COLUMNS,
    SCREENING_ADJUDICATION_COLUMNS,
    SCREENING_COLUMNS,
    SEARCH_COLUMNS,
    TOOL_COLUMNS,
    Protocol,
)

REGISTER = "register"
# File, its columns, and whether a review may do without it.
FILES: dict[str, tuple[tuple[str, ...], bool]] = {
    "records": (RECORD_COLUMNS, True),
    "search_log": (SEARCH_COLUMNS, False),
    "merges": (MERGE_COLUMNS, True),
    "screening": (SCREENING_COLUMNS, False),
    "screening_adjudication": (SCREENING_ADJUDICATION_COLUMNS, True),
    LOG: (DECISIONS_LOG_COLUMNS, True),
    "retrieval": (RETRIEVAL_COLUMNS, True),
    "coding_frame": (FRAME_COLUMNS, False),
    "coding": (CODING_COLUMNS, False),
    "coding_adjudication": (CODING_ADJUDICATION_COLUMNS, True),
    "appraisal_tools": (TOOL_COLUMNS, True),
    "appraisal": (APPRAISAL_COLUMNS, True),
    "checklist": (CHECKLIST_COLUMNS, True),
}


@dataclass(frozen=True)
class Review:
    """A review read and checked.

    Attributes
    ----------
    protocol : Protocol
    records : DataFrame, indexed by record
        The facts, ``registered`` (has a row in ``records.csv``), ``reports`` (how many were joined), ``searches``.
    reports : DataFrame
        Every reference of every export, with the ``record`` it belongs to.
    merges : DataFrame
        Every pair of reports that was joined, kept apart, or left to a person.
    files : dict of DataFrame
        The other files as read, indexed by their row in the file; record ids are the final ones.
    """

    protocol: Protocol
    records: pd.DataFrame
    reports: pd.DataFrame
    merges: pd.DataFrame
    files: dict[str, pd.DataFrame]

    @cached_property
    def frame(self) -> pd.DataFrame:
        """The coding frame of the protocol's version, indexed by code."""
        frame = self.files["coding_frame"]
        return frame[frame["version"] == self.protocol.coding_version].set_index("code")

    @cached_property
    def competency_codes(self) -> list[str]:
        """The codes that stand for competencies."""
        return list(self.frame.index[self.frame["facet"] == self.protocol.competency_facet])


def once_a_review(function: Callable[[Review], pd.DataFrame]) -> Callable[[Review], pd.DataFrame]:
    """Work a table out once for each review, and hand out copies of it; nothing changes a review once it is read."""

    @wraps(function)
    def kept(review: Review) -> pd.DataFrame:
        tables: dict[str, pd.DataFrame] = review.__dict__.setdefault("_tables", {})
        if function.__name__ not in tables:
            tables[function.__name__] = function(review)
        return tables[function.__name__].copy()

    return kept


def load_review(folder: Path = EVIDENCE) -> Review:
    """Read and check a review.

    Raises
    ------
    InvalidInput
        With every fault of every file: file, row, column, what is allowed, what to do.
    """
    protocol = load_model(Protocol, read_yaml(folder / "protocol.yaml"), folder / "protocol.yaml")
    files = {name: _read(folder / f"{name}.csv", *FILES[name]) for name in FILES}
    raise_if_any([fault for name in FILES for fault in checks.columns(folder, name, files[name], FILES[name][0])])
    reports, faults = read_exports(folder / "exports", files["search_log"])
    raise_if_any([*faults, *checks.register(folder, files["records"])])
    raise_if_any(checks.overrides(folder, files["merges"], _known_reports(files["records"], reports)))
    records, reports, merges, faults = join_reports(files, reports, folder)
    aliases = _aliases(records, reports)
    decided, unknown = import_decisions(folder, protocol, files, reports, aliases)
    files |= decided
    faults += [*unknown, *checks.content(folder, protocol, files, aliases)]
    raise_if_any(faults)
    named = {name: _rename(frame, aliases) for name, frame in files.items()}
    return Review(protocol, records, reports, merges, named)


def has_coded(folder: Path) -> bool:
    """Say whether two people have coded a record of a review, here or in a tool whose decisions it reads.

    A review whose codes are missing counts as coded: reading it says what is missing.
    """
    codes = folder / "coding.csv"
    if not codes.is_file() or _coded_twice(_read(codes, *FILES["coding"])):
        return True
    logged = len(_read(folder / f"{LOG}.csv", *FILES[LOG])) > 0
    return logged and _coded_twice(load_review(folder).files["coding"])


def facets_and_codes(folder: Path) -> frozenset[str]:
    """Return the names of the facets and codes of a coding frame."""
    frame = _read(folder / "coding_frame.csv", *FILES["coding_frame"])
    return frozenset(frame.get("facet", [])) | frozenset(frame.get("code", []))


def has_appraised(folder: Path) -> bool:
    """Say whether a record of a review was appraised."""
    return len(_read(folder / "appraisal.csv", *FILES["appraisal"])) > 0


def _coded_twice(coding: pd.DataFrame) -> bool:
    """Say whether a record has codes of two coders; a table that lacks its columns is for its checks to name."""
    if not {"record", "coder"} <= set(coding):
        return True
    return bool(coding[["record", "coder"]].drop_duplicates()["record"].duplicated().any())


def _read(path: Path, columns: tuple[str, ...], optional: bool) -> pd.DataFrame:
    """Read one file as text; an optional file that is not there is an empty table."""
    if optional and not path.exists() and not path.is_symlink():
        return pd.DataFrame(columns=list(columns), dtype=object)
    return read_table(path)


def _known_reports(register: pd.DataFrame, reports: pd.DataFrame) -> list[str]:
    """Return every name that an override may use."""
    return [*(f"{REGISTER}:{record}" for record in register["record"]), *reports["report"]]


def join_reports(
    files: dict[str, pd.DataFrame], reports: pd.DataFrame, folder: Path
) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame, list[Fault]]:
    """Join reports to records.

    A record of ``records.csv`` keeps its id; a publication that only the exports hold is named by its content.

    Returns
    -------
    records, reports, merges, faults
    """
    register = files["records"]
    pool = pd.concat([_as_reports(register), reports], ignore_index=True).fillna("")
    own_ids = _id_links(register, reports)
    found = deduplicate(pool, pd.concat([files["merges"], own_ids], ignore_index=True))
    registered = dict(zip(found.record.iloc[: len(register)], register["record"], strict=False))
    slugs = pool["slug"].tolist()
    names = [registered.get(cluster, slugs[cluster]) for cluster in found.record.iloc[len(register) :].tolist()]
    joined = reports.assign(record=names)
    twice = register[found.record.iloc[: len(register)].duplicated().to_numpy()]
    lonely = register[~register["record"].isin(set(names))]
    shown = display_path(folder / "records.csv")
    problems = [
        (twice, "the publication is registered twice", "keep one row, or keep them apart in merges.csv"),
        (lonely, "no export holds this record", "add the export that led to it"),
    ]
    faults = [
        Fault(shown, problem, action, row=int(str(row)), column="record", value=str(record))
        for rows, problem, action in problems
        for row, record in rows["record"].items()
    ]
    audit = found.audit[found.audit["evidence"] != OWN_ID].reset_index(drop=True)
    return _records(register, joined, files["search_log"]), joined, audit, faults


def _as_reports(register: pd.DataFrame) -> pd.DataFrame:
    """Return the register in the shape of reports, so that new exports are compared with it."""
    stated = register.replace(NOT_STATED, "")
    return pd.DataFrame(
        {
            "report": [f"{REGISTER}:{record}" for record in register["record"]],
            "own_id": register["record"].to_numpy(),
            "slug": register["record"].to_numpy(),
            **{
                field: stated[field].to_numpy()
                for field in ("title", "authors", "year", "doi", "container", "publisher")
            },
        },
        dtype=object,
    )


def _id_links(register: pd.DataFrame, reports: pd.DataFrame) -> pd.DataFrame:
    """Return links from reports whose own id is a record id to that record."""
    same = reports[reports["own_id"].isin(register["record"])]
    first = [f"{REGISTER}:{own}" for own in same["own_id"]]
    return pd.DataFrame({"first": first, "second": same["report"].to_numpy(), "decision": "merge", "reason": OWN_ID})


def _records(register: pd.DataFrame, reports: pd.DataFrame, search_log: pd.DataFrame) -> pd.DataFrame:
    """Return one row a record: the register's facts first, then what the reports give."""
    facts = ["title", "authors", "year", "container", "publisher", "type", "doi"]
    grouped = reports.replace("", None).groupby("record", sort=False)
    found = grouped[facts].first().join(grouped.agg(reports=("report", "size")))
    found["searches"] = found.index.map(_searches(reports, search_log))
    registered = register.set_index("record").replace("", None)
    order = [*registered.index, *(name for name in found.index if name not in registered.index)]
    records = registered.reindex(order).combine_first(found).reindex(order)
    records["registered"] = records.index.isin(registered.index)
    columns = [*RECORD_COLUMNS[1:], "registered", "reports", "searches"]
    return records.reindex(columns=columns).fillna(dict.fromkeys(RECORD_COLUMNS[1:], NOT_STATED)).rename_axis("record")


def _searches(reports: pd.DataFrame, search_log: pd.DataFrame) -> dict[str, str]:
    """Return by which searches each record was found, in the order of its reports."""
    search = dict(zip(search_log["export"], search_log["search"], strict=True))
    found: dict[str, dict[str, None]] = defaultdict(dict)
    for record, export in zip(reports["record"].tolist(), reports["export"].tolist(), strict=True):
        found[record] |= {search[export]: None} if search.get(export) else {}
    return {record: ";".join(names) for record, names in found.items()}


def _aliases(records: pd.DataFrame, reports: pd.DataFrame) -> dict[str, str]:
    """Return every name by which a decision may call a record: its id, and the content names of its reports."""
    by_slug = dict(zip(reports["slug"], reports["record"], strict=True))
    return by_slug | {str(record): str(record) for record in records.index}


def _rename(frame: pd.DataFrame, aliases: dict[str, str]) -> pd.DataFrame:
    """Call every record by its id."""
    if "record" not in frame:
        return frame
    return frame.assign(record=frame["record"].map(lambda name: aliases.get(name, name)))


def joins_by_evidence(review: Review) -> pd.DataFrame:
    """Count the pairs of reports by what they have in common: joined, kept apart by a person, left to one.

    A report that is known again as a line of ``records.csv`` is no join of two reports and is not counted.

    Returns
    -------
    DataFrame
        ``evidence joined kept_apart listed``, the evidence with most joins first.
    """
    known_again = (review.merges["decision"] == MERGED) & review.merges["first"].str.startswith(f"{REGISTER}:")
    pairs = review.merges[~known_again]
    counts = pd.crosstab(pairs["evidence"], pairs["decision"])
    counts = counts.reindex(columns=[MERGED, APART, POSSIBLE], fill_value=0)
    counts.columns = pd.Index(["joined", "kept_apart", "listed"])
    return counts.sort_values("joined", ascending=False, kind="stable").reset_index()
