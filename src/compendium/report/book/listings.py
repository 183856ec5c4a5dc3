"""Tables of what went into the study: framework, plan and cohort settings, for the book's own pages."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pandas as pd

from compendium.faults import suggest
from compendium.files import checksum_of
from compendium.inputs import Strict
from compendium.outputs.manifest import withheld as withheld_from
from compendium.outputs.runs import changes
from compendium.paths import BOOK, FRAMEWORKS, STUDY_PLAN
from compendium.plan import GATES, SampleGate
from compendium.report.book.faults import BookError
from compendium.report.book.reference.inventory import read_inventory
from compendium.thresholds import Threshold

if TYPE_CHECKING:
    from compendium.report.book.subject import Subject

# Dots in the name of a statistic that its family shows as its own; what lies deeper serves others.
OF_A_FAMILY = 2
# What ``benchmarks/scale.py`` measured, beside the pages; the job that ends a study.
MEASURED, LAST_JOB = "how_large.csv", "book"
OUTCOME_CODES = "see the outcome items"
NO_WORDING = "restricted: ask the licence holder"


@dataclass(frozen=True)
class Listing:
    """One table of input with its caption and the file it comes from."""

    frame: pd.DataFrame
    caption: str
    origin: str


def listing(name: str, study: Subject, **about: Any) -> Listing:
    """Return a listing by name.

    Raises
    ------
    BookError
        When there is no listing of this name.
    """
    if name not in LISTINGS:
        raise BookError(f"no listing is called {name!r}; {suggest(name, LISTINGS)}")
    return LISTINGS[name](study, **about)


def competencies(study: Subject) -> Listing:
    """List the competencies with definition and number of items."""
    framework = study.framework
    counts = framework.items["competency"].value_counts()
    frame = (
        framework.competencies[["label", "definition"]]
        .rename(columns={"label": "competency"})
        .assign(items=[int(counts.get(competency, 0)) for competency in framework.competencies.index])
    )
    caption = f"The competencies of {framework.description.title}"
    return Listing(frame.reset_index(drop=True), caption, _framework_file(study, "competencies.csv"))


def items(study: Subject, competency: str) -> Listing:
    """List the items of one competency with both wordings."""
    framework = study.framework
    rows = framework.items[framework.items["competency"] == competency]
    frame = pd.DataFrame({"item": rows.index, "self form": rows["self_wording"], "peer form": rows["peer_wording"]})
    frame["peer form"] = frame["peer form"].fillna("")
    frame["reversed"] = ["yes" if reverse else "" for reverse in rows["reverse"]]
    frame["answer scale"] = rows["answer_scale"].to_numpy()
    caption = f"Items of {framework.labels.get(competency, competency)}"
    return Listing(_without_empty(frame), caption, _framework_file(study, "items.csv"))


def evidence_trace(study: Subject) -> Listing:
    """List the evidence records that stand behind each item."""
    rows = study.framework.items
    frame = pd.DataFrame({"item": rows.index, "theme": _themes(study), "evidence records": rows["evidence"]})
    frame["evidence records"] = frame["evidence records"].fillna("").str.replace(";", ", ")
    caption = "The evidence records each item rests on"
    return Listing(_without_empty(frame), caption, _framework_file(study, "items.csv"))


def response_scale(study: Subject) -> Listing:
    """List the answer codes and their words, of each answer scale that an item uses."""
    framework, rows = study.framework, []
    for name in dict.fromkeys(framework.items["answer_scale"]):
        scale = framework.description.answer_scales.get(name, framework.scale)
        codes: dict[int, str] = dict(scale.labels)
        if scale.not_applicable is not None:
            codes[scale.not_applicable] = f"{scale.not_applicable_label or 'Not applicable'} (not counted)"
        rows += [(name or "the framework's", str(code), answer) for code, answer in codes.items()]
    frame = pd.DataFrame(rows, columns=["scale", "code", "answer"])
    several = len(frame["scale"].drop_duplicates()) > 1
    caption = f"Answer scale{'s' if several else ''} of the competency items"
    return Listing(frame if several else frame[["code", "answer"]], caption, _description_file(study))


def outcomes(study: Subject) -> Listing:
    """List the outcome items with wording, or the word restricted."""
    rows = study.framework.outcomes
    frame = pd.DataFrame(
        {
            "scale": rows["label"],
            "item": rows.index,
            "wording": [NO_WORDING if text == "restricted" else text for text in rows["wording"]],
            "range": _ranges(rows),
            "reversed": ["yes" if reverse else "" for reverse in rows["reverse"]],
            "answered by": rows["respondent"].str.replace(";", " and "),
            "licence": rows["licence"],
        }
    )
    return Listing(frame, "Outcome items", _framework_file(study, "outcomes.csv"))


def outcome_scales(study: Subject) -> Listing:
    """List the outcome scales, and whether this cohort collected them."""
    rows = study.framework.outcomes
    first = rows.drop_duplicates("scale")
    asked = {*study.settings.outcomes, *study.settings.peer_outcomes}
    frame = pd.DataFrame(
        {
            "scale": first["label"],
            "items": [int((rows["scale"] == scale).sum()) for scale in first["scale"]],
            "range": _ranges(first),
            "wording": ["restricted slot" if text == "restricted" else "given" for text in first["wording"]],
            "in this cohort": ["asked" if scale in asked else "not asked" for scale in first["scale"]],
        }
    )
    return Listing(frame, "Outcome scales", _framework_file(study, "outcomes.csv"))


def restricted_scales(study: Subject) -> Listing:
    """List the restricted scales with their scoring keys and never their wording."""
    frame = pd.DataFrame(
        [
            {
                "scale": scale.name,
                "items": len(scale.items),
                "range": f"{scale.minimum} to {scale.maximum}",
                "reversed": ", ".join(scale.reversed) or "none",
                "subscales": "; ".join(scale.subscales) or "none",
                "licence": scale.licence,
            }
            for scale in study.framework.description.restricted_scales
        ]
    )
    return Listing(frame, "Restricted scales: slots without wording", _description_file(study))


def thresholds(study: Subject) -> Listing:
    """List every threshold of the plan with the reason for it."""
    frame = pd.DataFrame(_thresholds(study.plan), columns=["what", "value", "reason"])
    return Listing(frame, "Thresholds and settings of the analysis plan", "`study.yaml`")


def gates(study: Subject) -> Listing:
    """List what each analysis needs at least."""
    asked = {name: study.plan.gates[name] for name in GATES}
    rows = [(_words(name), _needs(gate), gate.source) for name, gate in asked.items()]
    frame = pd.DataFrame(rows, columns=["analysis", "needs at least", "reason"])
    return Listing(frame, "What a sample must hold before an analysis is run", "`study.yaml`")


def planned(study: Subject) -> Listing:
    """List what was fixed when: the plan with its checksum and last change, and when the data were collected."""
    known = changes(STUDY_PLAN)
    changed = known[0][0] if known else "not known: no version control follows the file"
    rows = [("analysis plan", "last changed", changed), ("analysis plan", "SHA-256", checksum_of(STUDY_PLAN))]
    if study.settings.fieldwork:
        dates = study.settings.fieldwork
        rows += [("data", "collected from", str(dates.start)), ("data", "collected until", str(dates.end))]
    frame = pd.DataFrame(rows, columns=["what", "", "is"])
    return Listing(frame, "The plan and the data, by date", "`study.yaml`, its history, and `cohort.yaml`")


def deviations(study: Subject) -> Listing:
    """List changes of the plan after the data had arrived, from version control and from the cohort's own list."""
    dates = study.settings.fieldwork
    later = (changes(STUDY_PLAN, after=str(dates.end)) or []) if dates else []
    rows = [(date, summary, "history of study.yaml") for date, summary in later]
    rows += [(str(each.date), f"{each.change} ({each.reason})", "cohort.yaml") for each in study.settings.deviations]
    frame = pd.DataFrame(sorted(rows), columns=["date", "change", "from"])
    return Listing(frame, "Changes of the plan after the data had arrived", "`study.yaml`'s history and `cohort.yaml`")


def families(study: Subject) -> Listing:
    """List the tests that are adjusted together."""
    collected = study.settings.collected
    tested = {
        "competency_outcome": {"outcomes", "self_ratings"} <= collected,
        "groups": bool(study.settings.groups) and "self_ratings" in collected,
        "claims": bool(study.plan.claims.published),
        "drop_out": study.settings.waves is not None,
        "changes": study.settings.waves is not None,
    }
    rows = [(_words(name), text) for name, text in study.plan.families.items() if tested.get(name, True)]
    frame = pd.DataFrame(rows, columns=["family", "tests in it"])
    return Listing(frame, "Tests adjusted together", "`study.yaml`")


def statistics(study: Subject) -> Listing:
    """List the statistics that the results of this cohort rest on, step by step, as the run recorded them."""
    inventory, rows = read_inventory(), []
    for step, names in study.saved.statistics.items():
        for name in sorted(names):
            entry = inventory.find(name)
            if entry is not None and name.count(".") == OF_A_FAMILY:
                rows.append((step, entry.summary, name))
    frame = pd.DataFrame(rows, columns=["step", "what it does", "function"])
    return Listing(
        frame, "Every statistic behind the results of this cohort", "the record of the run (`manifest.json`)"
    )


def groups(study: Subject) -> Listing:
    """List the groupings of the cohort with their levels."""
    rows = [
        (name, group.label, group.column, group.kind, ", ".join(map(str, group.levels.values())) or "as found")
        for name, group in study.settings.groups.items()
    ]
    frame = pd.DataFrame(rows, columns=["group", "label", "column", "kind", "levels"])
    return Listing(frame, "Groupings of this cohort", "`cohort.yaml`")


def response_files(study: Subject) -> Listing:
    """List the columns of the response files and what they hold."""
    rows = [*_self_columns(study), *(_peer_columns(study) if "peers" in study.settings.collected else [])]
    frame = pd.DataFrame(rows, columns=["file", "column", "holds", "coding"])
    return Listing(frame, "Columns of the response files", "`cohort.yaml`")


def waivers(study: Subject) -> Listing:
    """List the faults of single items that the researcher let through, with the reason."""
    rows = [(waiver.item, waiver.fault, waiver.reason) for waiver in study.settings.waivers]
    frame = pd.DataFrame(rows, columns=["item", "fault", "reason"])
    return Listing(frame, "Faults of single items that were waived", "`cohort.yaml`")


def withheld(study: Subject) -> Listing:
    """List what the gate withheld and why, one row a reason, never what it was."""
    found: dict[str, tuple[list[str], int]] = {}
    for entry in withheld_from(study.saved.folders):
        names, cells = found.get(entry["reason"], ([], 0))
        found[entry["reason"]] = ([*names, entry["result"]], cells + sum(row >= 0 for row, _ in entry["cells"]))
    rows = [
        (reason[:1].upper() + reason[1:], ", ".join(sorted(set(names))), str(cells or "whole columns"))
        for reason, (names, cells) in sorted(found.items())
    ]
    frame = pd.DataFrame(rows, columns=["why", "results", "cells"])
    return Listing(frame, "What was withheld in this build, and why", "`disclosure/`, one log a step")


def measured(study: Subject) -> Listing:
    """List how long each job took as the number of people grew, one row a job and size that was measured.

    A size of which every job was measured ends with what they took together, one after the other.
    """
    rows = pd.read_csv(BOOK / MEASURED, dtype={"day": str, "version": str})
    where = (
        rows["machine"] + ", cores: " + rows["cores"].astype(str) + "; " + rows["day"] + ", version " + rows["version"]
    )
    sizes = rows.assign(where=where).groupby(["people", "ratings"], sort=False)
    told = pd.concat([part for _, size in sizes for part in (size, _together(size))], ignore_index=True)
    frame = pd.DataFrame(
        {
            "people": [f"{number:,}" for number in told["people"]],
            "ratings by peers": [f"{number:,}" for number in told["ratings"]],
            "job": told["job"],
            "seconds": [f"{number:,.0f}" for number in told["seconds"]],
            "of the processor": [f"{number:,.0f}" for number in told["processor"]],
            "megabytes": [f"{number:,.0f}" for number in told["megabytes"]],
            "load": ["" if pd.isna(load) else f"{load:.1f}" for load in told["load"]],
        }
    )
    caption = "Time and memory by the number of people, as measured"
    if len(set(where)) == 1:
        return Listing(frame, f"{caption} ({where.iloc[0]})", f"`book/{MEASURED}`")
    return Listing(frame.assign(measured=told["where"]), caption, f"`book/{MEASURED}`")


def _together(size: pd.DataFrame) -> pd.DataFrame:
    """Return what all jobs of one size took together; nothing where the last was not measured."""
    if LAST_JOB not in set(size["job"]):
        return size.iloc[:0]
    whole = {
        "seconds": size["seconds"].sum(),
        "processor": size["processor"].sum(),
        "megabytes": size["megabytes"].max(),
    }
    return size.iloc[-1:].assign(job="all of these", load=float("nan"), **whole)


LISTINGS: dict[str, Callable[..., Listing]] = {
    function.__name__: function
    for function in (
        competencies,
        items,
        evidence_trace,
        response_scale,
        outcomes,
        outcome_scales,
        restricted_scales,
        thresholds,
        gates,
        planned,
        deviations,
        families,
        statistics,
        groups,
        response_files,
        waivers,
        withheld,
        measured,
    )
}


OWN_ANSWER = "the person's own answer, as given (not yet turned)"


def _self_columns(study: Subject) -> list[tuple[str, str, str, str]]:
    """List the columns of the self file."""
    settings = study.settings
    return [
        ("self", settings.person_id, "the person; replaced by a pseudonym on reading", "any text, once each"),
        *(("self", group.column, group.label, group.kind) for group in settings.groups.values()),
        *([("self", "one for each item", OWN_ANSWER, _codes(study))] if settings.self_ratings else []),
        *(("self", f"items of {name}", "the person's own outcome", OUTCOME_CODES) for name in settings.outcomes),
    ]


def _peer_columns(study: Subject) -> list[tuple[str, str, str, str]]:
    """List the columns of the peer file."""
    settings = study.settings
    return [
        ("peer", settings.person_id, "the person rated", "a person of the self file"),
        ("peer", settings.rater_id, "the rater; replaced by a pseudonym on reading", "any text"),
        *(("peer", group.column, group.label, group.kind) for group in settings.groups_of("peer")),
        ("peer", "one for each item", "the rater's answer about the person", _codes(study)),
        *(("peer", f"items of {name}", "the rater's own outcome", OUTCOME_CODES) for name in settings.peer_outcomes),
    ]


def _codes(study: Subject) -> str:
    """Say which codes an item may hold."""
    scale, settings = study.framework.scale, study.settings
    missing = ", ".join("blank" if text == "" else text for text in settings.missing)
    absent = ", ".join(map(str, settings.not_applicable))
    ends = study.framework.items[["minimum", "maximum"]].drop_duplicates().itertuples(index=False)
    ranges = " or ".join(f"{low} to {high}" for low, high in ends) or f"{scale.minimum} to {scale.maximum}"
    codes = f"{ranges}; missing: {missing or 'not allowed'}"
    return f"{codes}; not applicable: {absent}" if absent else codes


def _thresholds(model: Strict, path: str = "") -> list[tuple[str, str, str]]:
    """Walk the plan and collect its thresholds and plain settings."""
    rows: list[tuple[str, str, str]] = []
    for name in type(model).model_fields:
        entry = getattr(model, name)
        where = f"{path}: {_words(name)}" if path else _words(name)
        if isinstance(entry, Threshold):
            rows.append((where, f"{entry.value:g}", entry.source))
        elif isinstance(entry, Strict) and {"value", "source"} <= set(type(entry).model_fields):
            value, source = (getattr(entry, part) for part in ("value", "source"))
            several = value if isinstance(value, (list, tuple)) else [value]
            rows.append((where, ", ".join(map(str, several)), str(source)))
        elif isinstance(entry, Strict):
            rows += _thresholds(entry, where)
        elif isinstance(entry, (str, int, float)):
            rows.append((where, str(entry), ""))
    return rows


def _needs(gate: SampleGate) -> str:
    """Say what a gate needs."""
    least = f"{gate.minimum_n} {gate.counts}"
    if not gate.persons_per_item:
        return least
    each = f"{gate.persons_per_item:g} for each item or predictor"
    return f"{least}, and {each}" if gate.combine == "sum" else f"{least}, or {each} if that is more"


def _themes(study: Subject) -> list[str]:
    """Return the theme of each item in words."""
    names = study.framework.description.themes or {}
    return [names.get(theme, "") for theme in study.framework.items["theme"].fillna("")]


def _ranges(rows: pd.DataFrame) -> list[str]:
    """Return the answer range of each outcome item."""
    return [f"{low} to {high}" for low, high in zip(rows["minimum"], rows["maximum"], strict=True)]


def _without_empty(frame: pd.DataFrame) -> pd.DataFrame:
    """Leave out columns in which nothing stands."""
    return frame.loc[:, [bool((frame[column].astype(str) != "").any()) for column in frame.columns]]


def _words(name: str) -> str:
    """Write a key of the plan as words."""
    return name.replace("_", " ")


def _framework_file(study: Subject, stem: str) -> str:
    """Name a file of the framework: by its place where it is shipped, else by the name of its folder."""
    home = study.framework.home
    shipped = home.parent == FRAMEWORKS.resolve()
    return f"`{f'data/frameworks/{home.name}' if shipped else home.name}/{stem}`"


def _description_file(study: Subject) -> str:
    """Name the framework's description."""
    return _framework_file(study, "framework.yaml")
