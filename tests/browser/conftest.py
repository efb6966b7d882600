"""One Chromium for all tests of pages. Every page is opened once and put right for each test."""

import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from cells import FAILED, STUDIED, flags, make_model, write_cell, write_unfitted
from hostile_names import write_results
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright
from toy_synthesis import make_page as make_synthesis
from toy_takeoff import make_page as make_simulation

from benchmarks.pages import FLAGS, NOT_FOUND, find_chromium
from browser.shown import DRAWN, HTML, VIEWPORT, Shown
from pipeline.site.posterior import page as report

PATHS = sorted(HTML.glob("*.html"))
TOYS: dict[str, Callable[[Path], dict[str, Path]]] = {
    "passed": lambda folder: write_cell(folder, **STUDIED),
    "failed": lambda folder: write_cell(folder, **FAILED),
    "unfitted": write_unfitted,
}
HOSTILE = ("hostile", "hostile-unfitted", "hostile-overview")  # a real model, hostile words
SIMULATION, SYNTHESIS = "takeoff", "synthesis"

# All rows of tables, the top of the page, and the focus on a first element that is gone: from where
# it was, Tab starts anew.
START = """() => {
  for (const row of document.querySelectorAll("tbody tr[hidden]")) row.hidden = false;
  for (const field of document.querySelectorAll("input[type=search]")) field.value = "";
  const first = document.createElement("i");
  first.tabIndex = -1;
  document.body.prepend(first);
  first.focus();
  first.remove();
  scrollTo(0, 0);
}"""


def tell_kind(path: Path) -> str:
    """`overview`, `unfitted`, or `fitted`."""
    if path.stem == "index":
        return "overview"
    with path.open(encoding="utf-8") as file:
        return "fitted" if "data-chart=" in file.read() else "unfitted"


def list_pages() -> list[Any]:
    """The toy pages and all that were made; the largest of each kind is in the short run."""
    toys = [
        pytest.param(name, id=f"toy-{name}") for name in (*TOYS, *HOSTILE, SIMULATION, SYNTHESIS)
    ]
    if not PATHS:
        reason = "no pages in reports/html: make repro makes them"
        return [*toys, pytest.param(None, id="made", marks=pytest.mark.skip(reason=reason))]
    by_size = sorted(PATHS, key=lambda path: path.stat().st_size)
    largest = {tell_kind(path): path for path in by_size}.values()
    return toys + [
        pytest.param(path, id=path.stem, marks=() if path in largest else pytest.mark.every_page)
        for path in PATHS
    ]


def make_toy(name: str, folder: Path) -> Path:
    """A page with hostile names, in a state that no real page need be in; or of many posteriors."""
    if name in HOSTILE:
        return write_results(folder)[name]
    if name == SIMULATION:
        return make_simulation(folder)
    if name == SYNTHESIS:
        return make_synthesis(folder)
    with pytest.MonkeyPatch.context() as monkeypatch:
        monkeypatch.setitem(sys.modules, "models.toy", make_model())
        paths = TOYS[name](folder)
        assert report.main(flags(paths, model="toy")) == 0
    return paths["--output"]


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    """The Chromium of this machine."""
    path = find_chromium()
    if path is None:
        pytest.fail(NOT_FOUND) if os.environ.get("CI") == "true" else pytest.skip(NOT_FOUND)
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=path, args=list(FLAGS))
        yield launched
        launched.close()


@pytest.fixture(scope="package")
def context(browser: Browser) -> Iterator[BrowserContext]:
    """A window west of Greenwich, where a date read as midnight there is the day before."""
    made = browser.new_context(
        viewport=VIEWPORT, timezone_id="America/Los_Angeles", reduced_motion="reduce"
    )
    made.set_default_timeout(60_000)
    yield made
    made.close()


@pytest.fixture(scope="package", params=list_pages())
def opened(
    request: pytest.FixtureRequest,
    context: BrowserContext,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Shown]:
    """A page with its charts drawn, and what it said and asked for since it was opened."""
    given = request.param
    path = given if isinstance(given, Path) else make_toy(given, tmp_path_factory.mktemp(given))
    page = context.new_page()
    shown = Shown(path, page)
    page.on("console", lambda message: shown.messages.append(f"{message.type}: {message.text}"))
    page.on("pageerror", lambda error: shown.messages.append(f"error: {error}"))
    page.on("request", lambda asked: shown.requests.append(asked.url))
    page.goto(path.as_uri())
    page.wait_for_selector(DRAWN, state="attached")
    yield shown
    page.close()


@pytest.fixture
def shown(opened: Shown) -> Iterator[Shown]:
    """The open page in its first state; the test must not make it say or fetch anything."""
    put_right(opened.page)
    before = len(opened.messages), len(opened.foreign_requests)
    yield opened
    assert opened.messages[before[0] :] == []
    assert opened.foreign_requests[before[1] :] == []


def put_right(page: Page) -> None:
    """Undo what a test may have changed: window, media, scrolling, pointer and focus."""
    page.emulate_media(media="screen", color_scheme="light", reduced_motion="reduce")
    page.set_viewport_size(VIEWPORT)
    page.mouse.move(0, 0)
    page.evaluate(START)
