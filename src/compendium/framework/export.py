"""The chosen items as a framework folder of their own, ready for the next cohort's survey."""

from __future__ import annotations

import io
from pathlib import Path

import pandas as pd
import yaml

from compendium.files import write_text
from compendium.framework.claims import CLAIMS_FILE
from compendium.framework.instrument import Framework
from compendium.framework.loading import load_framework
from compendium.framework.translations import nested, own_texts, texts_path

# The ends of an item's answer scale follow from the name of the scale.
ENDS = ("minimum", "maximum")


def export_framework(framework: Framework, chosen: list[str], folder: Path, name: str, origin: str) -> Framework:
    """Write a framework that holds the chosen items only, each with the status final, and read it back.

    Parameters
    ----------
    framework
        The framework that the items were chosen from.
    chosen
        Names of the items.
    folder
        Where frameworks go; the new one gets a folder of its own in it.
    name
        Id of the new framework.
    origin
        Where the choice was made, in a few words; it stands in the notes.

    Returns
    -------
    Framework
        As read from the written files, so that what is handed on is known to be sound.
    """
    home = folder / name
    home.mkdir(parents=True, exist_ok=True)
    description = framework.description.model_dump(exclude_defaults=True)
    version = next_version(framework.description.version)
    notes = f"Chosen items of {framework.description.id} {framework.description.version}: {origin}."
    description |= {"id": name, "version": version, "notes": f"{notes} {framework.description.notes}".strip()}
    write_text(home / "framework.yaml", yaml.safe_dump(description, sort_keys=False, allow_unicode=True, width=110))
    items = framework.items.loc[[item for item in framework.items.index if item in set(chosen)]].assign(status="final")
    kept = framework.competencies.loc[framework.competencies.index.isin(items["competency"])]
    for stem, table in (("competencies", kept), ("items", items), ("outcomes", framework.outcomes)):
        write_text(home / f"{stem}.csv", _as_text(table))
    if (framework.home / CLAIMS_FILE).is_file():
        write_text(home / CLAIMS_FILE, (framework.home / CLAIMS_FILE).read_text(encoding="utf-8"))
    _write_translations(framework, load_framework(name, folder))
    return load_framework(name, folder)


def _write_translations(framework: Framework, chosen: Framework) -> None:
    """Write the texts of every language that the framework of the chosen items still says."""
    gone = own_texts(framework).keys() - own_texts(chosen).keys()
    for language, texts in framework.translations.items():
        path = texts_path(chosen, language)
        path.parent.mkdir(exist_ok=True)
        kept = nested({place: text for place, text in texts.items() if place not in gone})
        write_text(path, yaml.safe_dump(kept, sort_keys=False, allow_unicode=True, width=110))


def next_version(version: str) -> str:
    """Raise the middle number of a version: 1.2.3 becomes 1.3.0; another form gets ``+chosen``.

    Another set of items is neither a slip that was mended nor another construct.
    """
    parts = version.split(".")
    if len(parts) != 3 or not all(part.isdecimal() for part in parts):
        return f"{version}+chosen"
    return f"{parts[0]}.{int(parts[1]) + 1}.0"


def _as_text(table: pd.DataFrame) -> str:
    """Write a table as the framework's files have it: directions as true and false."""
    flat = (table.drop(columns=list(ENDS)) if "self_wording" in table else table).reset_index()
    if "reverse" in flat:
        flat["reverse"] = flat["reverse"].map({True: "true", False: "false"})
    stream = io.StringIO()
    flat.to_csv(stream, index=False, lineterminator="\n")
    return stream.getvalue()
