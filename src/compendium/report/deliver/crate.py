"""What describes a deposit to people and machines: RO-Crate, CODECHECK, citation, Zenodo, and the archive itself."""

from __future__ import annotations

import json
import mimetypes
import re
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from compendium.files import EPOCH, checksum_of, write_text

CONTEXT = "https://w3id.org/ro/crate/1.3/context"
CODECHECK = "https://codecheck.org.uk/spec/config/1.0/"
SLOT = "[to be stated by the authors]"
CHECKER_SLOT = "[to be filled in by the codechecker]"
TYPES = {
    ".R": "text/x-r-source", ".lav": "text/plain", ".sav": "application/x-spss-sav", ".cff": "application/yaml",
    ".yml": "application/yaml", ".md": "text/markdown", ".ods": "application/vnd.oasis.opendocument.spreadsheet",
    ".docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    ".xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}  # fmt: skip
# Address, name and Zenodo's name of a licence, with what it says. What real people answered is not ours to license.
CC0, NOT_CHOSEN = "https://creativecommons.org/publicdomain/zero/1.0/", "#licence"
LICENCES = {
    CC0: ("CC0-1.0", "cc-zero", "CC0 1.0: no rights reserved"),
    NOT_CHOSEN: (
        "No licence yet",
        "",
        "To be chosen by the authors with the data controller; until then all rights are reserved.",
    ),
}
AUTHORS = "The authors of the study"


@dataclass(frozen=True)
class About:
    """What every description of a deposit says of it.

    Attributes
    ----------
    licence
        Address of the licence; one of :data:`LICENCES`.
    date
        Day of the hand-over, as ``YYYY-MM-DD``.
    version
        Of the compendium that made the results.
    files
        What each file is, by its path in the deposit, in the order of reading.
    """

    name: str
    title: str
    description: str
    licence: str
    date: str
    version: str
    files: Mapping[str, str]


def write_descriptions(about: About, folder: Path) -> None:
    """Write every description of a deposit into its folder."""
    write_text(folder / "codecheck.yml", _yaml(codecheck(about), f"# {CODECHECK}\n"))
    write_text(folder / "CITATION.cff", _yaml(citation(about)))
    write_text(folder / ".zenodo.json", _json(zenodo(about)))
    own = {
        "codecheck.yml": "What a codechecker runs and which files come out",
        "CITATION.cff": "How to cite the data set",
        ".zenodo.json": "Description for Zenodo",
    }
    write_text(folder / "ro-crate-metadata.json", _json(ro_crate(about, {**about.files, **own}, folder)))


def ro_crate(about: About, files: Mapping[str, str], folder: Path) -> dict[str, Any]:
    """Return the deposit as an RO-Crate 1.3: root, files, licence, publisher, and the action that made it."""
    short, _, words = LICENCES[about.licence]
    parts = [{"@id": path} for path in files]
    graph: list[dict[str, Any]] = [
        {
            "@id": "ro-crate-metadata.json",
            "@type": "CreativeWork",
            "conformsTo": {"@id": "https://w3id.org/ro/crate/1.3"},
            "about": {"@id": "./"},
        },
        {
            "@id": "./",
            "@type": "Dataset",
            "name": about.title,
            "description": about.description,
            "datePublished": about.date,
            "license": {"@id": about.licence},
            "author": {"@id": "#authors"},
            "publisher": {"@id": "#authors"},
            "keywords": "psychometrics, reproducible research",
            "hasPart": parts,
            "mentions": {"@id": "#run"},
        },
        {"@id": about.licence, "@type": "CreativeWork", "name": short, "description": words},
        {"@id": "#authors", "@type": "Organization", "name": AUTHORS},
        {
            # RO-Crate wants an address of a program; until the compendium has one, it is a work.
            "@id": "#compendium",
            "@type": "CreativeWork",
            "name": "Integrated care competencies - a reproducible research compendium",
            "version": about.version,
        },
        {
            "@id": "#run",
            "@type": "CreateAction",
            "name": "Run of the study and hand-over of its results",
            "instrument": {"@id": "#compendium"},
            "result": {"@id": "./"},
            "endTime": about.date,
        },
    ]
    graph += [_file_entity(path, what, folder) for path, what in files.items()]
    return {"@context": CONTEXT, "@graph": graph}


def codecheck(about: About) -> dict[str, Any]:
    """Return the configuration for a CODECHECK: what is made, by whom, and slots for who checks it.

    An ORCID is left out until it is known: the specification takes any other text in its place for a fault.
    """
    main = ("scripts/reproduce.R", "scripts/expected.csv")
    made = [path for path in about.files if path.startswith(("data/", "figures/")) and not path.endswith(".sav")]
    return {
        "version": CODECHECK,
        "source": "Rscript scripts/reproduce.R FOLDER_OF_THE_PREPARED_DATA",
        "manifest": [{"file": path, "comment": about.files[path]} for path in (*main, *made) if path in about.files],
        "paper": {
            "title": about.title,
            "authors": [{"name": AUTHORS}],
            "reference": SLOT,
        },
        "codechecker": [{"name": CHECKER_SLOT}],
        "summary": CHECKER_SLOT,
        "repository": SLOT,
        "check_time": CHECKER_SLOT,
        "certificate": CHECKER_SLOT,
        "report": CHECKER_SLOT,
    }


def citation(about: About) -> dict[str, Any]:
    """Return how to cite the results of the cohort, in Citation File Format 1.2."""
    return {
        "cff-version": "1.2.0",
        "message": "If you use these results, cite them, the compendium that made them, and the published study.",
        "type": "dataset",
        "title": about.title,
        "abstract": about.description,
        "authors": [{"name": AUTHORS}],
        "date-released": about.date,
        **({"license": LICENCES[about.licence][0]} if about.licence != NOT_CHOSEN else {}),
        "references": [
            {
                "type": "article",
                "title": "Developing a competency framework for integrated care working across healthcare, social care "
                "and allied professions",
                "authors": [
                    {"family-names": family, "given-names": given}
                    for family, given in (
                        ("Lewis", "Rachel"),
                        ("Duckworth", "Jennifer"),
                        ("Willis", "Donna"),
                        ("Yarker", "Jo"),
                    )
                ],
                "journal": "British Journal of Healthcare Management",
                "year": 2024,
                "doi": "10.12968/bjhc.2023.0106",
            }
        ],
    }


def zenodo(about: About) -> dict[str, Any]:
    """Return the description that Zenodo reads."""
    return {
        "title": about.title,
        "upload_type": "dataset",
        "description": about.description,
        "creators": [{"name": AUTHORS}],
        **_access(about),
        "publication_date": about.date,
        "language": "eng",
        "keywords": ["psychometrics", "competency framework", "reproducible research"],
        "related_identifiers": [
            {
                "identifier": "10.12968/bjhc.2023.0106",
                "relation": "isDerivedFrom",
                "resource_type": "publication-article",
            }
        ],
    }


def _access(about: About) -> dict[str, str]:
    """Return Zenodo's words for who may have the files: nobody, as long as no licence is chosen."""
    if about.licence == NOT_CHOSEN:
        return {"access_right": "closed"}
    return {"access_right": "open", "license": LICENCES[about.licence][1]}


def zipped(folder: Path, path: Path) -> Path:
    """Pack a folder; the same files give the same bytes."""
    files = sorted(file for file in folder.rglob("*") if file.is_file())
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for file in files:
            entry = zipfile.ZipInfo(file.relative_to(folder).as_posix(), EPOCH)
            entry.external_attr = 0o644 << 16
            archive.writestr(entry, file.read_bytes(), zipfile.ZIP_DEFLATED)
    return path


def _file_entity(path: str, what: str, folder: Path) -> dict[str, Any]:
    """Return one file as the crate describes it."""
    file = folder / path
    guessed = TYPES.get(file.suffix) or mimetypes.guess_type(path)[0] or "application/octet-stream"
    return {
        "@id": path,
        "@type": "File",
        "name": file.name,
        "description": " ".join(what.split()),
        "encodingFormat": guessed,
        "contentSize": str(file.stat().st_size),
        "sha256": checksum_of(file),
    }


def plain_name(text: str) -> str:
    """Return a text as an identifier of small letters, digits and hyphens."""
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")


def _yaml(content: Mapping[str, Any], head: str = "") -> str:
    """Write YAML in the order given, whole lines."""
    return head + yaml.safe_dump(dict(content), sort_keys=False, allow_unicode=True, width=100)


def _json(content: Mapping[str, Any]) -> str:
    """Write JSON that people can read."""
    return json.dumps(content, indent=1, ensure_ascii=False, allow_nan=False) + "\n"


def listed(files: Sequence[tuple[str, str]]) -> str:
    """Return files and what they are as a Markdown list."""
    return "\n".join(f"- `{path}`: {' '.join(what.split())}" for path, what in files)
