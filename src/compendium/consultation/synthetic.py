"""A made-up consultation with realistic figures, so that the step can be tried before a real one is held."""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from compendium.consultation.loading import CHANGE_COLUMNS, COMMENT_COLUMNS, RATING_COLUMNS
from compendium.files import write_text
from compendium.framework import Framework

SEED = 20240105
RATERS = 9
MISSING_SHARE = 0.01
# Mean of the latent judgement behind a rating from 1 to 4; panels that reach consensus rate most items 3 or 4.
FINAL_MEAN, CANDIDATE_MEAN, REMOTE_MEAN = 3.75, 3.35, 2.35
RATER_SD, ITEM_SD, NOISE_SD = 0.15, 0.2, 0.45
# Items of the placeholder framework that lie at the edge of their competency on purpose.
REMOTE_ITEMS = ("person_08", "roles_08", "learning_07", "learning_08")
OVERLAPPING_ITEMS = {"teamwork_08": "teamwork_07"}
NARROW_ITEMS = ("coordination_07",)

GROUPS = {
    "group_1": "Hospital and community health staff (synthetic)",
    "group_2": "Social care and housing staff (synthetic)",
    "group_3": "Voluntary sector and public health staff (synthetic)",
    "group_4": "Team leaders from several agencies (synthetic)",
}
COMMENT_TYPES = {
    "supports": "Supports the item",
    "frequency": "Repeats the answer scale",
    "jargon": "Word that not every service uses",
    "narrow": "Does not fit every service",
    "remote": "Lies outside the competency",
    "overlap": "Says the same as another item",
    "reverse": "Statement of the opposite is easy to misread",
}
CHANGES = {"none": "No change", "reworded": "Reworded", "watch": "Kept on trial for the item analysis"}
COMMENTS = {
    "supports": "The group could name an occasion from the past month.",
    "frequency": "The word of frequency clashes with answers that already say how often.",
    "jargon": "Staff from outside the health service would not use this word.",
    "narrow": "Few people outside hospital and community services would ever do this.",
    "remote": "Useful, but the group did not see it as part of this competency.",
    "overlap": "The group could not tell it from {other}.",
    "reverse": "Two people misread the direction at first; a short pause was enough.",
}
EARLIER_WORDS = {
    "people": "service users",
    "the person": "the service user",
    "colleagues": "co-workers",
    "staff": "personnel",
}
NOTICE = (
    "Synthetic: no focus group was held and nobody rated these items; "
    "the figures were drawn at random to show the step."
)


def write_synthetic_consultation(folder: Path, framework: Framework) -> None:
    """Write a synthetic consultation on every item of a framework: the same bytes every time.

    Four focus groups comment on a third of the items, some items were worded differently before, and nine raters judge
    relevance and clarity from 1 to 4. Relevance is lower for candidate items and clearly lower for those that
    lie at the edge of their competency. Every file says through ``consultation.yaml`` that it is synthetic.

    Parameters
    ----------
    folder
        Where ``consultation.yaml``, ``relevance.csv``, ``focus_groups.csv`` and ``changes.csv`` go.
    framework
        All its items are rated.
    """
    folder.mkdir(parents=True, exist_ok=True)
    generator = np.random.default_rng(SEED)
    earlier = dict(_earlier_wordings(framework))
    write_text(folder / "consultation.yaml", _description(framework))
    write_text(folder / "relevance.csv", _as_csv(_ratings(framework, generator)))
    write_text(folder / "focus_groups.csv", _as_csv(_comments(framework, earlier)))
    write_text(folder / "changes.csv", _as_csv(_changes(framework, earlier)))


def _ratings(framework: Framework, generator: np.random.Generator) -> pd.DataFrame:
    """Draw relevance and clarity of every item by every rater."""
    items = list(framework.items.index)
    centre = np.array([_relevance_mean(framework, item) for item in items])
    shape = (len(items), RATERS)
    columns = {}
    for name, means in (("relevance", centre), ("clarity", np.full(len(items), FINAL_MEAN - 0.1))):
        spread = generator.normal(0, ITEM_SD, (len(items), 1)) + generator.normal(0, RATER_SD, (1, RATERS))
        latent = means[:, None] + spread + generator.normal(0, NOISE_SD, shape)
        rated = np.clip(np.rint(latent), 1, 4).astype(int).astype(str)
        columns[name] = np.where(generator.random(shape) < MISSING_SHARE, "", rated).T.ravel()
    raters = np.repeat([f"rater_{number}" for number in range(1, RATERS + 1)], len(items))
    table = {"rater": raters, "item": np.tile(items, RATERS), **columns}
    return pd.DataFrame(table, columns=list(RATING_COLUMNS))


def _relevance_mean(framework: Framework, item: str) -> float:
    """Return how relevant an item is meant to be."""
    if item in REMOTE_ITEMS:
        return REMOTE_MEAN
    return FINAL_MEAN if framework.items.loc[item, "status"] == "final" else CANDIDATE_MEAN


def _earlier_wordings(framework: Framework) -> Iterator[tuple[str, tuple[str, str]]]:
    """Yield items that were worded differently before, with the earlier wording and the type of comment."""
    for number, (item, row) in enumerate(framework.items.iterrows()):
        wording = str(row["self_wording"])
        word = next((new for new in EARLIER_WORDS if f" {new} " in wording), None)
        if row["status"] != "final":
            continue
        if number % 7 == 0 and wording.startswith("I "):
            yield str(item), (wording.replace("I ", "I always ", 1), "frequency")
        elif number % 5 == 0 and word is not None:
            yield str(item), (wording.replace(f" {word} ", f" {EARLIER_WORDS[word]} ", 1), "jargon")


def _comments(framework: Framework, earlier: dict[str, tuple[str, str]]) -> pd.DataFrame:
    """Write the log of the focus groups."""
    rows: list[tuple[str, ...]] = []
    groups: Sequence[str] = list(GROUPS)
    for number, (item, row) in enumerate(framework.items.iterrows()):
        group, name = groups[number % len(groups)], str(item)
        kinds = [earlier[name][1]] if name in earlier else []
        kinds += ["remote"] if name in REMOTE_ITEMS else []
        kinds += ["narrow"] if name in NARROW_ITEMS else []
        kinds += ["overlap"] if name in OVERLAPPING_ITEMS else []
        kinds += ["reverse"] if row["reverse"] and number % 2 else []
        kinds += ["supports"] if not kinds and number % 4 == 0 else []
        for kind in kinds:
            comment = COMMENTS[kind].format(other=OVERLAPPING_ITEMS.get(name, ""))
            change = {"frequency": "reworded", "jargon": "reworded", "supports": "none", "reverse": "none"}
            rows.append((group, name, kind, comment, change.get(kind, "watch")))
    return pd.DataFrame(rows, columns=list(COMMENT_COLUMNS))


def _changes(framework: Framework, earlier: dict[str, tuple[str, str]]) -> pd.DataFrame:
    """Write the history of every item that was reworded."""
    rows: list[tuple[str, ...]] = []
    groups = list(GROUPS)
    position = {str(item): number for number, item in enumerate(framework.items.index)}
    for item, (wording, kind) in earlier.items():
        group = groups[position[item] % len(groups)]
        rows.append((item, "1", wording, "first draft", ""))
        rows.append((item, "2", str(framework.items.loc[item, "self_wording"]), COMMENTS[kind], group))
    return pd.DataFrame(rows, columns=list(CHANGE_COLUMNS))


def _description(framework: Framework) -> str:
    """Write ``consultation.yaml``."""
    import yaml

    content = {
        "title": "Focus groups and relevance ratings (synthetic)",
        "kind": "synthetic",
        "notice": NOTICE,
        "framework": framework.description.id,
        "relevance": {
            "labels": {1: "not relevant", 2: "somewhat relevant", 3: "relevant", 4: "essential"},
            "positive_from": 3,
            "essential_from": 4,
        },
        "clarity": {
            "labels": {1: "not clear", 2: "needs major change", 3: "needs minor change", 4: "clear"},
            "positive_from": 3,
        },
        "groups": GROUPS,
        "comment_types": COMMENT_TYPES,
        "changes": CHANGES,
    }
    return "# Written by compendium.consultation.write_synthetic_consultation.\n" + yaml.safe_dump(
        content, sort_keys=False, allow_unicode=True, width=120
    )


def _as_csv(frame: pd.DataFrame) -> str:
    """Return CSV text with LF line ends."""
    stream = io.StringIO()
    frame.to_csv(stream, index=False, lineterminator="\n")
    return stream.getvalue()
