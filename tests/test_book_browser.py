"""The built book in headless Chromium: opens from disk, asks for nothing elsewhere, and can be searched."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from made_up_book import FULL, make_up

from compendium.report.book import build

if TYPE_CHECKING:
    from playwright.sync_api import BrowserContext, Page, ViewportSize

pytestmark = [pytest.mark.browser, pytest.mark.slow]

FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
DESK: ViewportSize = {"width": 1280, "height": 900}
PHONE: ViewportSize = {"width": 390, "height": 800}


@dataclass(frozen=True)
class Seen:
    """What the browser saw on one page."""

    path: Path
    title: str
    banner: str
    images: tuple[str, ...]
    unnamed_images: tuple[str, ...]
    links: tuple[str, ...]
    fits_a_phone: bool


@dataclass
class Tour:
    """A browser's page, what it complained about and asked for, and what it saw on the way."""

    page: Page
    complaints: list[str] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)
    seen: list[Seen] = field(default_factory=list)


def _chromium() -> str:
    """Return Chromium's path; without it the test fails in continuous integration and is skipped elsewhere."""
    found = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if found is None and os.environ.get("CI"):
        pytest.fail("Chromium is not installed; .ci/run installs it")
    if found is None:
        pytest.skip("Chromium is not installed (apt-get install chromium)")
    return str(found)


@pytest.fixture(scope="module")
def browser_context() -> Iterator[BrowserContext]:
    path = _chromium()
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, headless=True, args=FLAGS)
        yield browser.new_context()
        browser.close()


@pytest.fixture(scope="module")
def book(browser_context: BrowserContext, tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = make_up(tmp_path_factory.mktemp("book") / "results", FULL)
    return build(made.folders, made.framework, made.settings, made.plan).parent


@pytest.fixture(scope="module")
def tour(browser_context: BrowserContext, book: Path) -> Tour:
    tour = Tour(browser_context.new_page())
    _listen(tour)
    for path in sorted(book.rglob("*.html")):
        tour.page.goto(path.as_uri())
        tour.seen.append(_look(tour.page, path))
    return tour


def _listen(tour: Tour) -> None:
    """Write down every complaint and every request."""
    page = tour.page
    page.on("console", lambda message: tour.complaints.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: tour.complaints.append(str(error)))
    page.on("requestfailed", lambda request: tour.complaints.append(f"not found: {request.url}"))
    page.on("request", lambda request: tour.requests.append(request.url))


def _look(page: Page, path: Path) -> Seen:
    """Write down what one page shows, on a desk and on a phone."""
    page.set_viewport_size(DESK)
    banner = page.locator(".data-banner")
    images = page.eval_on_selector_all("article img", "all => all.map(one => [one.src, one.alt])")
    links = page.eval_on_selector_all("a[href]", "all => all.map(one => one.href)")
    text = banner.inner_text() if banner.is_visible() else ""
    page.set_viewport_size(PHONE)
    fits = page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    return Seen(
        path=path,
        title=page.title(),
        banner=text,
        images=tuple(source for source, _ in images),
        unnamed_images=tuple(source for source, alt in images if not alt),
        links=tuple(links),
        fits_a_phone=bool(fits),
    )


def test_every_page_opens_from_disk_without_an_error_or_a_request_elsewhere(tour: Tour, book: Path) -> None:
    assert len(tour.seen) > 20
    assert tour.complaints == []
    elsewhere = [url for url in tour.requests if not url.startswith((book.as_uri(), "data:"))]
    assert elsewhere == []


def test_every_page_says_what_its_data_are(tour: Tour) -> None:
    silent = [
        each.path.name for each in tour.seen if not ("Synthetic data" in each.banner and "Placeholder" in each.banner)
    ]
    assert silent == []
    assert [each.path.name for each in tour.seen if "Made-up cohort (made-up)" not in each.title] == []


def test_every_picture_has_an_alternative_text(tour: Tour) -> None:
    assert sum(len(each.images) for each in tour.seen) > 5
    assert [each.unnamed_images for each in tour.seen if each.unnamed_images] == []


def test_links_between_pages_lead_somewhere(tour: Tour) -> None:
    missing = [
        f"{each.path.name} -> {link}"
        for each in tour.seen
        for link in each.links
        if link.startswith("file:") and not Path(link.split("#")[0].removeprefix("file://")).exists()
    ]
    assert missing == []


def test_no_page_is_wider_than_a_phone(tour: Tour) -> None:
    assert [each.path.name for each in tour.seen if not each.fits_a_phone] == []


def test_formulas_are_drawn(tour: Tour, book: Path) -> None:
    page = tour.page
    page.goto((book / "methods.html").as_uri())
    sizes = [box for formula in page.locator("math").all() if (box := formula.bounding_box())]
    assert len(sizes) > 10
    assert all(size["width"] > 4 and size["height"] > 4 for size in sizes)
    fraction = page.locator(".formula mfrac").first.bounding_box()
    assert fraction is not None and fraction["height"] > 20
    assert "\\frac" not in page.locator("article").inner_text()


def test_search_finds_a_word(tour: Tour, book: Path) -> None:
    page, complaints = tour.page, len(tour.complaints)
    page.set_viewport_size(DESK)
    page.goto((book / "search.html").as_uri() + "?q=sphericity")
    result = page.locator("#search-results li a").first
    result.wait_for(timeout=10_000)
    assert "Methods" in page.locator("#search-results").inner_text()
    assert tour.complaints[complaints:] == []
    result.click()
    assert "sphericity" in page.locator("article").inner_text()
