"""The folder of a new framework: a commented example that validates, to be replaced piece by piece."""

from __future__ import annotations

import re
import shutil
import tempfile
from pathlib import Path
from string import Template

from compendium.faults import Fault, display_path, raise_if_any
from compendium.paths import FRAMEWORKS

TEMPLATE = Path(__file__).with_name("template")


def new_framework(name: str, *, frameworks: Path = FRAMEWORKS) -> Path:
    """Write a commented framework that validates, ready to be replaced by one's own.

    Parameters
    ----------
    name
        Name of its folder below ``data/frameworks``. With a slash it is the path of the folder.
    frameworks
        The folder of all frameworks.

    Returns
    -------
    Path
        The new folder.

    Raises
    ------
    InvalidInput
        When the folder exists or its name cannot be an id.
    """
    folder = (Path(name).expanduser() if "/" in name else frameworks / name).resolve()
    raise_if_any(_name_faults(folder))
    named = folder.name if folder.parent == frameworks.resolve() else str(folder)
    folder.parent.mkdir(parents=True, exist_ok=True)
    scratch = Path(tempfile.mkdtemp(prefix=f".{folder.name}-", dir=folder.parent))
    try:
        for source in sorted(TEMPLATE.iterdir()):
            text = Template(source.read_text(encoding="utf-8")).substitute(id=folder.name, named=named)
            (scratch / source.name).write_text(text, encoding="utf-8")
        scratch.replace(folder)
    except BaseException:
        shutil.rmtree(scratch, ignore_errors=True)
        raise
    folder.chmod(0o755)
    return folder


def _name_faults(folder: Path) -> list[Fault]:
    """Say why no folder can be made under this name."""
    shown = display_path(folder)
    if folder.exists():
        return [Fault(shown, "the folder exists already", "choose another name, or fill that one")]
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]*", folder.name):
        return [Fault(shown, "an id holds letters, digits, '-', '_' and '.' only", "choose another name")]
    return []
