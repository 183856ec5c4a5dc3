"""Turn a profile into a page."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Literal

from compendium.report.feedback.profiles import Profile

TEMPLATE = Path(__file__).with_name("report.typ")


def render(profile: Profile, form: Literal["pdf", "png", "svg"] = "pdf") -> bytes:
    """Typeset one page with the fonts that come with typst, so that every machine makes the same page."""
    import typst

    page = typst.compile(
        TEMPLATE,
        format=form,
        ppi=110 if form == "png" else None,
        sys_inputs={"profile": json.dumps(asdict(profile))},
        ignore_system_fonts=True,
    )
    assert isinstance(page, bytes)
    return page
