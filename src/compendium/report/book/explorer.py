"""The explorer: pick competency, item, group and source; all of it from public tables, within the page."""

from __future__ import annotations

import html
import math
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pandas as pd

from compendium.disclosure.text import script_data
from compendium.report.book.passports import interval
from compendium.report.book.shortened import largest_groups
from compendium.wording import p_value, shown

if TYPE_CHECKING:
    from compendium.report.book.subject import Subject

ANSWERS, PASSPORTS, MODELS = "item_answers", "item_passports", "irt_parameters"
# Statistics of a passport that are shown, with their words and decimals.
FACTS = (
    ("missing_share", "Not answered", "percent"),
    ("item_rest_spearman", "Correlation with the rest of the competency (rho, with its interval)", "number"),
    ("alpha_if_dropped", "Alpha of the competency without it", "number"),
    ("discrimination", "Discrimination", "number"),
    ("item_fit_p", "Item fit, adjusted p", "p"),
    ("chosen_share", "Bootstrap samples that choose it", "percent"),
)
SCRIPT = "_static/explorer.js"
# Groups of one grouping that the page holds.
MOST_GROUPS = 100
WHO = {"self": "everybody, of themselves", "peers": "peers"}
# What can be picked, in the order of the form.
PICKED = (("competency", "Competency"), ("item", "Item"), ("source", "Answered by"), ("group", "Group"))


def as_html(study: Subject) -> str:
    """Return the explorer as a form, a place for what is picked, the data and the script.

    The wording of the first item stands there already; readers without scripts are sent to the item passports.
    """
    data = collected(study)
    fields = "".join(
        f'<p><label for="explore-{name}">{words}</label> <select id="explore-{name}"></select></p>'
        for name, words in PICKED
    )
    return (
        f'<form class="explorer" hidden>{fields}</form>'
        f'<div class="explored" id="explored" role="region" aria-live="polite" aria-label="The item that is picked">'
        f"{_first(data)}</div>"
        f'<script type="application/json" id="explorer-data">{script_data(data)}</script>'
        f'<script defer src="{SCRIPT}"></script>'
    )


def collected(study: Subject) -> dict[str, Any]:
    """Return what can be picked: competencies, items with what is known of them, and who answered how."""
    tables = study.saved.tables
    models = tables[MODELS].frame.set_index("item") if MODELS in tables else pd.DataFrame()
    answers = answers_shown(study)
    places = [name for name in answers.columns if str(name).startswith("answer_")]
    who: dict[str, list[dict[str, Any]]] = {}
    for row in answers.to_dict("records"):
        who.setdefault(str(row["item"]), []).append(
            {
                "source": row["source"],
                "group": f"{row['grouping']}: {row['group']}" if _plain(row["grouping"]) else row["group"],
                "n": _plain(row["n"]),
                "mean": _plain(row["mean"]),
                "sd": _plain(row["sd"]),
                "shares": [share for share in (_plain(row[place]) for place in places) if share is not None],
            }
        )
    items = [
        _item(study, row, models, who.get(str(row["item"]), [])) for row in tables[PASSPORTS].frame.to_dict("records")
    ]
    names = list(dict.fromkeys(item["competency"] for item in items))
    return {"competencies": names, "items": items}


def answers_shown(study: Subject) -> pd.DataFrame:
    """Return the answers of everybody and of the largest groups of each grouping: the page holds them all."""
    answers = study.saved.tables[ANSWERS].frame
    return answers[largest_groups(answers, MOST_GROUPS)]


def left_out(study: Subject) -> list[tuple[str, int, int]]:
    """Return each grouping of which groups are left out, with how many can be picked, and how many there are."""
    kept, every = (
        {str(name): int(n) for name, n in table.groupby("grouping", sort=False)["group"].nunique().items()}
        for table in (answers_shown(study), study.saved.tables[ANSWERS].frame)
    )
    return [(name, kept[name], n) for name, n in every.items() if n > kept[name]]


def means(study: Subject) -> Iterator[tuple[str, pd.DataFrame]]:
    """Yield each competency with the mean answers to its items: what the explorer shows, as it stands on paper.

    One row a source and group, one column an item; what all items of a competency are called by is left out.
    """
    answers = answers_shown(study)
    plain = answers["grouping"].isna() | (answers["grouping"] == "")
    who = answers["group"].where(plain, answers["grouping"].astype(str) + ": " + answers["group"])
    answers = answers.assign(who=answers["source"].map(WHO).where(plain, who))
    for competency, items in study.framework.scales(list(dict.fromkeys(answers["item"]))).items():
        stem = f"{items[0].rpartition('_')[0]}_"
        shared = all(item.startswith(stem) for item in items)
        mine = answers[answers["item"].isin(items)]
        wide = mine.pivot_table(index="who", columns="item", values="mean", sort=False)
        wide.columns = pd.Index([str(item).removeprefix(stem) if shared else str(item) for item in wide.columns])
        yield study.labels.get(competency, competency), wide.rename_axis("answers of").reset_index()


def _item(study: Subject, row: dict[Any, Any], models: pd.DataFrame, answered: list[dict[str, Any]]) -> dict[str, Any]:
    """Return what is known of one item."""
    name, competency = str(row["item"]), str(row["competency"])
    scale, turned = study.framework.scale_of(name), bool(study.framework.items.loc[name, "reverse"])
    codes = range(scale.minimum, scale.maximum + 1)
    words = [scale.labels.get(scale.minimum + scale.maximum - code if turned else code, "") for code in codes]
    facts = [
        [label, _written(row[column], kind) + interval(row, column)]
        for column, label, kind in FACTS
        if _plain(row.get(column)) is not None
    ]
    reasons = shown(row["reasons"], study.labels) if _plain(row["reasons"]) else "nothing against it"
    known = models.loc[name].to_dict() if name in models.index else {}
    thresholds = [
        _plain(value) for column, value in known.items() if str(column).startswith("b") and str(column)[1:].isdigit()
    ]
    return {
        "item": name,
        "competency": study.labels.get(competency, competency),
        "wording": str(row["self_wording"]),
        "peer": str(row["peer_wording"]) if _plain(row.get("peer_wording")) else "",
        "decision": str(row["decision"]),
        "reasons": reasons,
        "lowest": scale.minimum,
        "answers": [f"{code} {word}".strip() for code, word in zip(codes, words, strict=True)],
        "facts": facts,
        "n": _plain(row.get("n")),
        "a": _plain(known.get("a")),
        "b": [value for value in thresholds if value is not None],
        "who": answered,
    }


def _written(value: Any, kind: str) -> str:
    """Write a statistic."""
    if kind == "p":
        return p_value(float(value))
    return f"{float(value):.0%}".replace("%", " %") if kind == "percent" else f"{float(value):.2f}"


def _plain(value: Any) -> Any:
    """Return a cell as JSON has it, None where there is nothing."""
    if value is None or value is pd.NA or value == "" or (isinstance(value, float) and not math.isfinite(value)):
        return None
    return value.item() if hasattr(value, "item") else value


def _first(data: dict[str, Any]) -> str:
    """Return the first item as it stands without a script."""
    item = data["items"][0]
    return (
        f"<p class='wording'>{html.escape(item['wording'])}</p>"
        f"<p>Without scripts, the item passports hold the same of every item.</p>"
    )
