"""A crate is valid to roc-validator, which takes the context of RO-Crate 1.3 from a package, not the network."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from compendium.report.deliver import crate

VALIDATE = """
import io, json, sys
from importlib.resources import files
import requests
import rdflib.plugins.shared.jsonld.context as context
from requests.adapters import HTTPAdapter
from rocrate_validator import models, services

known = files("rocrate").joinpath("data/ro-crate.jsonld").read_bytes()

def send(self, request, **settings):
    assert "/ro/crate/" in request.url, request.url
    answer = requests.Response()
    answer.status_code, answer.url, answer.request, answer.raw = 200, request.url, request, io.BytesIO(known)
    answer.headers["Content-Type"] = "application/ld+json"
    return answer

HTTPAdapter.send = send
context.source_to_json = lambda source, *rest, **named: (json.loads(known), None)
settings = services.ValidationSettings(
    rocrate_uri=sys.argv[1], profile_identifier="ro-crate-1.3",
    requirement_severity=models.Severity.REQUIRED, no_cache=True,
)
found = services.validate(settings).get_issues()
print("issues:", *(f"{each.check.identifier} {each.message}" for each in found))
"""


@pytest.mark.slow
def test_a_crate_is_valid_to_roc_validator(tmp_path: Path) -> None:
    files = {"README.md": "What lies here", "data/a_data.csv": "A table", "scripts/reproduce.R": "A script"}
    for name in files:
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("1\n")
    about = crate.About("pilot", "Results", "Results of one study.", crate.CC0, "2026-01-01", "1.0.0", files)
    crate.write_descriptions(about, tmp_path)
    command = [sys.executable, "-W", "ignore", "-c", VALIDATE, str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.stdout.splitlines()[-1:] == ["issues:"], done.stdout[-600:] + done.stderr[-600:]
