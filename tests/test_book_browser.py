"""The built book in headless Chromium: opens from disk, asks for nothing elsewhere, and can be searched."""

from __future__ import annotations

import os
import re
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
PHONE: ViewportSize = {"width": 360, "height": 780}
PAPER: ViewportSize = {"width": 720, "height": 1000}
# Rules of axe that the book must hold: WCAG 2.1, levels A and AA.
# Style sheets are not fetched anew: a page from disk may not read them.
# What holds is not written down element by element.
RULES = {
    "runOnly": {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa"]},
    "preload": False,
    "resultTypes": ["violations"],
    "rules": {"color-contrast": {"enabled": False}},
}
# Contrast takes nearly all of axe's time: of rows and entries that are made alike, the first are looked at.
CONTRAST = {"runOnly": ["color-contrast"], "preload": False, "resultTypes": ["violations"]}
ALIKE = {
    "include": ["html"],
    "exclude": ["tbody tr:nth-child(n+9)", "section.result:nth-of-type(n+9)", "pre:nth-of-type(n+9)"],
}
# Of pages about functions and tests, which are made alike, one of each is looked at.
MADE_ALIKE = {
    "api": "psychometrics.reliability", "checks": "test_reliability", "trail": "05_factor_structure",
    "notebooks": "03_cohort_quality",
}  # fmt: skip
OFF_SCREEN = """() => {
  document.querySelectorAll("details").forEach((box) => { box.open = true; });
  fitTables();
  return [...document.querySelectorAll("article table")].filter((table) => {
    const box = table.parentElement.getBoundingClientRect(), own = table.getBoundingClientRect();
    return own.width && (own.right > box.right + 2 || own.right > innerWidth + 1);
  }).map((table) => (table.caption || table).textContent.slice(0, 60));
}"""


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
    off_screen: tuple[str, ...]
    faults: tuple[str, ...]


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
    for path in _visited(book):
        tour.page.goto(path.as_uri())
        tour.seen.append(_look(tour.page, path))
    return tour


def _visited(book: Path) -> list[Path]:
    """Return the pages to look at: all but those that are made alike."""
    pages = [path for path in sorted(book.rglob("*.html")) if "_static" not in path.parts]
    return [path for path in pages if MADE_ALIKE.get(path.parent.name, path.stem) == path.stem]


def _faults(page: Page, name: str) -> list[str]:
    """Return what axe finds on a page."""
    from axe_playwright_python.sync_playwright import Axe

    looks = (Axe().run(page, options=RULES), Axe().run(page, context=ALIKE, options=CONTRAST))
    found = [fault for look in looks for fault in look.response["violations"]]
    return [f"{name}: {fault['id']}: {fault['nodes'][0]['html'][:120]}" for fault in found]


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
    wide = page.evaluate(OFF_SCREEN)
    faults = _faults(page, path.name)
    page.set_viewport_size(PHONE)
    narrow = page.evaluate(OFF_SCREEN)
    fits = page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    return Seen(
        path=path,
        title=page.title(),
        banner=text,
        images=tuple(source for source, _ in images),
        unnamed_images=tuple(source for source, alt in images if not alt),
        links=tuple(links),
        fits_a_phone=bool(fits),
        off_screen=(*wide, *narrow),
        faults=tuple(faults),
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


def test_no_column_of_a_table_is_off_the_screen_on_a_desk_or_a_phone(tour: Tour) -> None:
    assert [(each.path.name, each.off_screen) for each in tour.seen if each.off_screen] == []


def test_axe_finds_nothing_against_levels_a_and_aa(tour: Tour) -> None:
    assert [fault for each in tour.seen for fault in each.faults] == []


def test_a_number_is_followed_to_code_and_check_in_three_clicks(tour: Tour, book: Path) -> None:
    page = tour.page
    page.set_viewport_size(DESK)
    page.goto((book / "index.html").as_uri())
    page.locator("article a.trail").first.click()
    place = page.url.partition("#")[2]
    entry = page.locator(f"[id='{place}']")
    entry.get_by_text("Its code").click()
    assert _opened(page).startswith("def ")
    page.go_back()
    entry.locator("a[href*='checks/']").first.click()
    assert "def test_" in _opened(page)


def _opened(page: Page) -> str:
    """Return what stands at the place that the address names, once its box is open."""
    place = page.locator(f"[id='{page.url.partition('#')[2]}']")
    place.wait_for(timeout=10_000)
    return place.inner_text()


def test_a_dark_screen_gets_a_dark_page(browser_context: BrowserContext, book: Path) -> None:
    browser = browser_context.browser
    assert browser is not None
    page = browser.new_context(color_scheme="dark").new_page()
    for name in ("cohort_quality.html", "api/psychometrics.reliability.html"):
        page.goto((book / name).as_uri())
        assert page.evaluate("document.documentElement.dataset.theme") == "dark"
        assert _faults(page, f"{name} in the dark") == []
    page.context.close()


def test_no_page_of_code_is_wider_than_paper(tour: Tour, book: Path) -> None:
    page = tour.page
    page.set_viewport_size(PAPER)
    page.emulate_media(media="print")
    wide = []
    for folder, name in MADE_ALIKE.items():
        page.goto((book / folder / f"{name}.html").as_uri())
        page.evaluate("dispatchEvent(new Event('beforeprint'))")
        wide += [name] if page.evaluate("document.documentElement.scrollWidth") > PAPER["width"] else []
    page.emulate_media(media="screen")
    assert wide == []


def test_boxes_are_open_on_paper(tour: Tour, book: Path) -> None:
    page = tour.page
    page.goto((book / "item_analysis.html").as_uri())
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    assert page.evaluate("document.querySelectorAll('article details:not([open])').length") == 0


def test_a_box_on_paper_goes_on_where_the_page_ends(tour: Tour, book: Path) -> None:
    """A box that hides what overflows, or a table that is kept whole, leaves its title alone on a page."""
    page = tour.page
    page.goto((book / "item_analysis.html").as_uri())
    page.emulate_media(media="print")
    style = "all => [...new Set(all.map(one => getComputedStyle(one)[NAME]))]"
    boxes = page.eval_on_selector_all("article details", style.replace("NAME", "'overflow'"))
    tables = page.eval_on_selector_all("article table", style.replace("NAME", "'breakInside'"))
    page.emulate_media(media="screen")
    assert (boxes, tables) == (["visible"], ["auto"])


def test_the_first_page_with_all_that_it_loads_is_under_a_megabyte(book: Path) -> None:
    text = (book / "index.html").read_text(encoding="utf-8")
    loaded = re.findall(r'<(?:script|link|img)\b[^>]*(?:src|href)="([^"?#]+)', text)
    sizes = [(book / name).stat().st_size for name in set(loaded) if (book / name).is_file()]
    assert len(sizes) > 10 and len(text) + sum(sizes) < 1_000_000


def test_formulas_are_drawn(tour: Tour, book: Path) -> None:
    page = tour.page
    page.goto((book / "methods.html").as_uri())
    sizes = [box for formula in page.locator("math").all() if (box := formula.bounding_box())]
    assert len(sizes) > 10
    assert all(size["width"] > 4 and size["height"] > 4 for size in sizes)
    fraction = page.locator(".formula mfrac").first.bounding_box()
    assert fraction is not None and fraction["height"] > 20
    assert "\\frac" not in page.locator("article").inner_text()


def test_search_finds_omega_with_some_words_around_it(tour: Tour, book: Path) -> None:
    page = tour.page
    page.set_viewport_size(DESK)
    page.goto((book / "search.html").as_uri() + "?q=omega")
    excerpt = page.locator("#search-results li p.context").first
    excerpt.wait_for(timeout=10_000)
    assert "omega" in excerpt.inner_text().lower()


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
