"""The folder of a new cohort, ready to be filled."""

from __future__ import annotations

import csv
import io
import shutil
import tempfile
from pathlib import Path
from string import Template

import pandas as pd

from compendium.cohort.schema import DESCRIPTION, identifier
from compendium.faults import Fault, display_path, raise_if_any
from compendium.framework import RESTRICTED, Framework, load_framework, locate_framework
from compendium.paths import COHORTS, FRAMEWORKS

TEMPLATE = Path(__file__).with_name("template")
GROUP_COLUMNS = ("agency", "occupation", "tenure", "team")


def new_cohort(name: str, framework: str = "integrated-care", *, frameworks: Path = FRAMEWORKS) -> Path:
    """Write a commented cohort folder with empty response files, ready to be filled.

    Parameters
    ----------
    name
        Name of the cohort: its folder is made below ``data/cohorts``. With a slash it is the path of the folder.
    framework
        The instrument that was asked.
    frameworks
        The folder of all frameworks.

    Returns
    -------
    Path
        The new folder.

    Raises
    ------
    InvalidInput
        When the folder exists, the name cannot be an id or is one of the project's, or the framework is unknown.
    """
    folder = (Path(name).expanduser() if "/" in name else COHORTS / name).resolve()
    raise_if_any(_name_faults(folder))
    located = locate_framework(framework, Path.cwd(), frameworks)
    instrument = load_framework(located, frameworks)
    _write_folder(folder, _contents(folder, located, instrument))
    return folder


def _name_faults(folder: Path) -> list[Fault]:
    """Say why no folder can be made under this name."""
    shown, name = display_path(folder), folder.name
    try:
        identifier(name)
    except ValueError as error:
        return [Fault(shown, str(error), "choose another name", value=name)]
    if folder.exists():
        return [Fault(shown, "the folder exists already", "choose another name, or fill that one")]
    if (COHORTS / name).is_dir():
        return [Fault(shown, "the project has a cohort of this name", "choose another name")]
    return []


def _contents(folder: Path, framework_name: str, framework: Framework) -> dict[str, str]:
    """Return the text of each file of the new folder."""
    texts = _texts(folder, framework_name, framework)
    files = {name: Template((TEMPLATE / name).read_text()).substitute(texts) for name in (DESCRIPTION, "README.md")}
    items = [str(item) for item in framework.items.index]
    own = ["person_id", *GROUP_COLUMNS, *items, *_outcome_items(framework, "self")]
    files["self.csv"] = _header(own)
    if _has_peer_form(framework):
        files["peer.csv"] = _header(["person_id", "rater_id", *items, *_outcome_items(framework, "rater")])
    return files


def _texts(folder: Path, framework_name: str, framework: Framework) -> dict[str, str]:
    """Return the values that the template asks for."""
    scale, peers = framework.scale, _has_peer_form(framework)
    inside = folder.parent == COHORTS.resolve()
    code = scale.not_applicable
    return {
        "id": folder.name,
        "folder": display_path(folder),
        "target": folder.name if inside else display_path(folder),
        "framework": framework_name,
        "minimum": str(scale.minimum),
        "maximum": str(scale.maximum),
        "not_applicable": str([] if code is None else [code]),
        "not_applicable_note": "" if code is None else f"\nThe code {code} means: {scale.not_applicable_label}.",
        "outcomes": _flow_list(framework, "self"),
        "peer_outcomes": _flow_list(framework, "rater") if peers else "[]",
        "peer_line": "  peer: peer.csv\n" if peers else "",
        "peer_step": " Fill `peer.csv`: one row a rating." if peers else "",
        "ignored_note": "; git leaves this folder alone" if inside else ", and the folder out of version control",
        "items": _item_table(framework),
    }


def _has_peer_form(framework: Framework) -> bool:
    """Whether the instrument has a wording for colleagues."""
    return bool((framework.items["peer_wording"] != "").any())


def _open_outcomes(framework: Framework, respondent: str) -> pd.DataFrame:
    """Return the outcome items that this respondent answers and whose wording is free."""
    outcomes = framework.outcomes
    asked = outcomes["respondent"].map(lambda who: respondent in who.split(";")).astype(bool)
    return outcomes[asked & (outcomes["wording"] != RESTRICTED)]


def _outcome_items(framework: Framework, respondent: str) -> list[str]:
    """Return the names of the outcome items with free wording."""
    return [str(item) for item in _open_outcomes(framework, respondent).index]


def _flow_list(framework: Framework, respondent: str) -> str:
    """Return the outcome scales with free wording as a YAML list."""
    return f"[{', '.join(dict.fromkeys(_open_outcomes(framework, respondent)['scale']))}]"


def _header(columns: list[str]) -> str:
    """Return a CSV file with a header and no rows."""
    stream = io.StringIO()
    csv.writer(stream, lineterminator="\n").writerow(columns)
    return stream.getvalue()


def _item_table(framework: Framework) -> str:
    """Return the items as a Markdown table: the column, the wording, and whether it is reversed."""
    rows = [(str(item), row["self_wording"], row["reverse"]) for item, row in framework.items.iterrows()]
    outcomes = _open_outcomes(framework, "self")
    rows += [(str(item), row["wording"], row["reverse"]) for item, row in outcomes.iterrows()]
    lines = [f"| `{item}` | {wording} | {'reversed' if turned else ''} |" for item, wording, turned in rows]
    return "\n".join(["| column | wording | direction |", "|---|---|---|", *lines])


def _write_folder(folder: Path, contents: dict[str, str]) -> None:
    """Write all files or none: the folder appears under its name when it is complete."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    scratch = Path(tempfile.mkdtemp(prefix=f".{folder.name}-", dir=folder.parent))
    try:
        for name, text in contents.items():
            (scratch / name).write_text(text, encoding="utf-8")
        scratch.replace(folder)
    except BaseException:
        shutil.rmtree(scratch, ignore_errors=True)
        raise
