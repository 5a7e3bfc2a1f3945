"""One server and one Chromium for all browser tests; each has an event and a profile of its own."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, expect, sync_playwright

from tests.browser.seat_page import SeatPage
from tests.browser.site_process import Site

ROOT = Path(__file__).parents[2]
FRONTEND = ROOT / "frontend"
CHROMIUMS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
"""What the system may call it; tools/chromium installs the first where there is none."""

OpenPage = Callable[..., SeatPage]
Buyer = Callable[..., BrowserContext]


# Not longer than this package: Playwright keeps an event loop running while it is open, which
# tests that call asyncio.run could not bear.
@pytest.fixture(scope="package")
def chromium() -> Iterator[Browser]:
    expect.set_options(timeout=15_000)
    executable = next(filter(None, map(shutil.which, CHROMIUMS)), None)
    assert executable, "no Chromium on the PATH: run tools/chromium"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture(scope="package")
def built() -> None:
    """The pages as they are built from the sources of today."""
    index = FRONTEND / "dist" / "index.html"
    assert index.is_file(), "the pages are not built: run `make setup`"
    newest = max(path.stat().st_mtime for path in (FRONTEND / "src").rglob("*") if path.is_file())
    assert index.stat().st_mtime >= newest, "the pages are older than their sources: `make setup`"


@pytest.fixture(scope="package")
def site(built: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    site = Site(tmp_path_factory.mktemp("site"))
    try:
        site.start()
        yield site
    finally:
        site.close()


@pytest.fixture
def buyer(chromium: Browser) -> Iterator[Buyer]:
    """Makes browser profiles, each a buyer of its own."""
    made: list[BrowserContext] = []

    def make(**options: object) -> BrowserContext:
        options = {"viewport": {"width": 1280, "height": 800}, "locale": "en-GB"} | options
        context = chromium.new_context(**options)  # type: ignore[arg-type]
        made.append(context)
        return context

    yield make
    for context in made:
        context.close()


@pytest.fixture
def open_page(site: Site, buyer: Buyer) -> OpenPage:
    """Opens an event's page and waits until it is live; `context` for a buyer that exists."""

    def opened(event: str, context: BrowserContext | None = None, **options: object) -> SeatPage:
        context = context or buyer(**options)
        seats = SeatPage(context.new_page(), f"{site.address}/e/{event}")
        seats.open()
        return seats

    return opened
