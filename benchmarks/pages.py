"""Megabytes of every page, and seconds until a reader can use it, in a headless Chromium.

A page counts as usable when all of its charts are drawn; the limits are those the pages are made
for. The middle of some openings counts, since a page that was read lately opens faster.
"""

import os
import shutil
import statistics
import sys
from collections.abc import Iterator
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

from benchmarks import Row
from pipeline.core.layout import Layout

OPENINGS = 3
LIMIT_MEGABYTES, LIMIT_SECONDS, LIMIT_SECONDS_OVERVIEW = 3.0, 2.0, 1.0
NAMES = ("chromium", "chromium-browser", "google-chrome")
FLAGS = (
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
NOT_FOUND = "no Chromium found: install chromium, or set CHROMIUM to its path"
# Seconds from the request for the page to its first words and to its last chart.
TIMES = """() => ["first-contentful-paint", "drawn"]
  .map((name) => (performance.getEntriesByName(name)[0]?.startTime ?? NaN) / 1000)"""


def find_chromium() -> str | None:
    """The path of a Chromium: $CHROMIUM, or the first of the usual names on the PATH."""
    return os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, NAMES)), None)


def measure(wanted: list[str]) -> Iterator[Row]:
    """One row per page, or per page that is wanted; needs what `dvc repro` makes."""
    chromium = find_chromium()
    if chromium is None:
        sys.exit(NOT_FOUND)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=list(FLAGS))
        for page in sorted(Layout().pages.glob("*.html")):
            if not wanted or page.stem in wanted:
                yield _measure_page(browser, page)
        browser.close()


def _measure_page(browser: Browser, path: Path) -> Row:
    opened = [_open(browser, path) for _ in range(OPENINGS)]
    charts, text, usable = (statistics.median(column) for column in zip(*opened, strict=True))
    megabytes = path.stat().st_size / 1e6
    limit = LIMIT_SECONDS_OVERVIEW if path.stem == "index" else LIMIT_SECONDS
    return {
        "page": path.stem,
        "megabytes": round(megabytes, 2),
        "charts": int(charts),
        "text_s": round(text, 2),
        "usable_s": round(usable, 2),
        "ratio_to_limit": round(max(usable / limit, megabytes / LIMIT_MEGABYTES), 2),
    }


def _open(browser: Browser, path: Path) -> tuple[float, float, float]:
    page = browser.new_page(viewport={"width": 1280, "height": 900})
    page.goto(path.absolute().as_uri(), wait_until="commit")
    page.wait_for_selector("html[data-drawn]", state="attached")
    text, usable = page.evaluate(TIMES)
    charts = page.locator("[data-chart] svg").count()
    page.close()
    return charts, text, usable
