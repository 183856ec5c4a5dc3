"""The flow diagram in headless Chromium: it opens from disk as it was saved, and is read out box by box."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from compendium import review as evidence
from compendium.outputs.saving import Origin, Results
from compendium.paths import ResultFolders
from compendium.report.figures.prisma import describe_flow, flow_diagram

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def page() -> Iterator[Page]:
    found = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if found is None and os.environ.get("CI"):
        pytest.fail("Chromium is not installed; .ci/run installs it")
    if found is None:
        pytest.skip("Chromium is not installed (apt-get install chromium)")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found, headless=True, args=["--no-sandbox"])
        yield browser.new_page()
        browser.close()


def test_the_flow_diagram_opens_in_a_browser_and_is_read_out_box_by_box(page: Page, tmp_path: Path) -> None:
    review = evidence.load_review()
    flow = evidence.prisma_flow(review)
    folders = ResultFolders(tmp_path / "demo")
    Results(folders, "01_evidence_review").figure(
        "flow",
        flow_diagram(flow, review),
        caption="Flow",
        alt=describe_flow(flow, review),
        origin=Origin("compendium.review.prisma_flow"),
    )
    complaints: list[str] = []
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.goto((folders.figures / "flow.svg").as_uri())
    opened = page.evaluate("[document.documentElement.localName, document.querySelectorAll('text').length > 10]")
    assert (opened, complaints) == (["svg", True], [])
    page.goto("about:blank")
    page.set_content((folders.figures / "flow.svg").read_text(encoding="utf-8"))
    whole, *boxes = [line.strip() for line in page.locator("body").aria_snapshot().splitlines()]
    assert "document" in whole and f"Reports identified: {flow.n('identified')}" in whole
    said = [
        ("Identification", f"Reports identified: {flow.n('identified')}"),
        ("Identification", f"Duplicates joined: {flow.n('duplicates')}"),
        ("Screening", f"Screened on title and listing: {flow.n('title_judged')}"),
        ("Screening", f"Excluded on title and listing: {flow.n('title_excluded')}"),
        ("Screening", f"Assessed on all facts at hand: {flow.n('facts_judged')}"),
        ("Screening", f"Excluded on all facts at hand: {flow.n('facts_excluded')}"),
        ("Included", f"Records included: {flow.n('included')}"),
    ]
    assert len(boxes) == len(said)
    assert [f'img "{phase}: {words}' in box for (phase, words), box in zip(said, boxes, strict=True)] == [True] * 7
