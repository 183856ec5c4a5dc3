"""What leaves the item analysis as a document: passports, decision log, the new framework (04)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from compendium.files import plain_name
from compendium.framework import Framework
from compendium.framework.export import export_framework
from compendium.outputs.step import Step
from compendium.report.decision_log import decision_log, render_log
from compendium.report.figures.dif import change_by_item, expected_scores
from compendium.report.figures.passports import passport
from compendium.steps.item_analysis.answers import REST_ENDS, rest_intervals
from compendium.steps.item_analysis.decisions import by_kind
from compendium.steps.item_analysis.findings import Findings, Groupings, background, largest_change
from compendium.wording import capital, shown
from psychometrics.irt import category_probabilities, item_information

if TYPE_CHECKING:
    from matplotlib.figure import Figure

# Items shown with their curves.
MOST_PANELS = 4


def write_framework(step: Step, chosen: list[str]) -> Framework:
    """Write the chosen items as a framework folder below the cohort's results."""
    name = f"{step.framework.description.id}-{step.settings.id}"
    origin = f"the answers of cohort {step.settings.id} ({step.settings.kind})"
    return export_framework(step.framework, chosen, step.results.folder("framework"), name, origin)


def log_pages(step: Step, decisions: pd.DataFrame) -> dict[str, bytes]:
    """Typeset the decision log: the document, and its first page as a picture."""
    settings, framework = step.settings, step.framework
    notices = [settings.provenance, framework.description.notice if framework.is_placeholder else ""]
    counts = decisions["decision"].value_counts()
    summary = [
        f"{len(decisions)} items were looked at: {counts.get('keep', 0)} kept, {counts.get('drop', 0)} dropped, "
        f"{counts.get('review', 0)} set aside until their key is mended.",
        *(f"{capital(shown(kind))}: {items}." for kind, items in by_kind(decisions)[["finding", "items"]].to_numpy()),
        "Rules and thresholds: study.yaml; figures behind every decision: tables/item_decisions.csv.",
    ]
    log = decision_log(
        decisions.assign(
            wording=framework.items["self_wording"].reindex(decisions["item"]).to_numpy(),
            reasons=[shown(cell, framework.labels) for cell in decisions["reasons"]],
        ),
        title="Decision log: the items",
        subtitle=f"{settings.title}; framework {framework.description.id} {framework.description.version}",
        notices=tuple(text for text in notices if text),
        summary=tuple(summary),
        labels=framework.labels,
    )
    return {"pdf": render_log(log), "svg": render_log(log, "svg"), "png": render_log(log, "png")}


def changes_figure(step: Step, fairness: pd.DataFrame) -> Figure:
    """Draw how much groups add to the explanation of each item."""
    tested = fairness.rename(columns={"competency": "scale"}).replace({"scale": step.framework.labels})
    return change_by_item(tested, step.plan.selection.fairness.value)


def curves_figure(step: Step, groupings: Groupings) -> Figure:
    """Draw the expected answers to the items that groups answer most differently, flagged or not."""
    found, labels = groupings.found, step.group_labels
    changes = [
        (float(change), name, str(item))
        for name, study in found.items()
        for item, change in study.table["mcfadden_total"].dropna().items()
    ]
    parts = [
        found[name].expected_scores(item).assign(item=f"{item} ({labels[name].lower()})")
        for _, name, item in sorted(changes, reverse=True)[:MOST_PANELS]
    ]
    nothing = pd.DataFrame(columns=["item", "group", "score", "expected"])
    return expected_scores(pd.concat(parts, ignore_index=True) if parts else nothing)


def passports(step: Step, decisions: pd.DataFrame, statistics: pd.DataFrame, findings: Findings) -> pd.DataFrame:
    """Return one row an item with everything that is known of it.

    Parameters
    ----------
    decisions
        As :func:`compendium.steps.item_analysis.decisions.final_decisions` returns them.
    statistics
        Classical statistics, one row an item.
    findings
        What response models and comparisons of groups say, where the sample allowed them.
    """
    items = step.framework.items
    classical = statistics.set_index("item")[["n", "missing_share", "mean", "sd", "floor_share", "ceiling_share",
                                              "item_rest_spearman", "alpha_if_dropped"]]  # fmt: skip
    known = background(step).reindex(columns=["relevance", "clarity", "supporting", "records"])
    table = decisions.set_index("item")[["competency", "decision", "reasons", "advice"]]
    table = table.join(items[["theme", "self_wording", "peer_wording", "reverse"]]).join(known).join(classical)
    table["theme"] = table["theme"].replace(step.framework.description.themes)
    told = classical.index[classical["item_rest_spearman"].notna()]
    rests = rest_intervals(step) if len(told) else pd.DataFrame(columns=list(REST_ENDS), dtype=float)
    table = table.join(rests[rests.index.isin(told)]).join(_modelled(findings)).join(_compared(findings))
    table = table.assign(chosen_share=findings.chosen_share)
    return table.rename_axis("item").reset_index()


def _modelled(findings: Findings) -> pd.DataFrame:
    """Return discrimination, information and fit of every item that has a model."""
    columns = ["discrimination", "information", "item_fit_p"]
    if not findings.models:
        return pd.DataFrame(columns=columns, dtype=float)
    models = findings.models.values()
    found = pd.DataFrame(
        {
            "discrimination": pd.concat([model.discrimination for model in models]),
            "information": pd.concat([model.expected_information() for model in models]),
        }
    )
    return found.assign(item_fit_p=findings.fit.set_index("item")["p_adjusted"])


def _compared(findings: Findings) -> pd.DataFrame:
    """Return the largest growth of R2 over the groupings, and the groupings in which an item is flagged."""
    if not len(findings.fairness):
        return pd.DataFrame(columns=["fairness_r2", "flagged_by"])
    largest, where = largest_change(findings.fairness)
    flagged = where.map(", ".join).reindex(largest.index).fillna("")
    return pd.DataFrame({"fairness_r2": largest, "flagged_by": flagged})


def save_passport_figures(step: Step, shares: pd.DataFrame, findings: Findings) -> None:
    """Draw the answers to every item, and its information where a model was fitted."""
    models = findings.models.values()
    curves = {item: curve for model in models for item, curve in item_information(model).items()}
    chances = {item: category_probabilities(model, item) for model in models for item in model.items}
    for item, row in shares.iterrows():
        name, curve = str(item), curves.get(str(item))
        shown = "" if curve is None else ", chance of each answer, information"
        also = "" if curve is None else "; then the chance of each answer, and its information, along the competency"
        drawn = passport(row, step.framework.scale.labels, chances.get(name), curve)
        step.keep(f"passport_{plain_name(name)}", drawn, item=name, shown=shown, also=also)
