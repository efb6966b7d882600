"""Megabytes of every page, and seconds until a reader can use it, in a headless Chromium.

A page is usable once a reader who goes to any place of it finds its chart drawn: the latest of
readers who go to the first, the middle and the last chart as soon as the page is there. The charts
that nobody looks at are drawn after that (`all_drawn_s`). The limits are those the pages are made
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
LIMIT_MEGABYTES, LIMIT_SECONDS = 2.0, 1.0
LIMIT_SECONDS_TEXT, LIMIT_SECONDS_FIGURE = 0.3, 0.5
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
# From the request for the page. Nothing is polled: to ask a long page again and again slows it.
GO_AND_WAIT = """async (share) => {
  if (document.readyState === "loading")
    await new Promise((go) => addEventListener("DOMContentLoaded", go, { once: true }));
  const places = [...document.querySelectorAll("[data-chart]")]
    .filter((place) => !place.closest("details:not([open])"));
  const place = places[Math.round(share * (places.length - 1))];
  if (share > 0) place?.scrollIntoView({ behavior: "instant" });
  if (place && !place.dataset.drawn) await new Promise((go) => new MutationObserver(go)
    .observe(place, { attributeFilter: ["data-drawn"] }));
  const usable = performance.now();
  await new Promise((go) => new PerformanceObserver((seen) => {
    if (seen.getEntriesByName("drawn").length) go();
  }).observe({ type: "mark", buffered: true }));
  while (!performance.getEntriesByName("first-contentful-paint").length)
    await new Promise(requestAnimationFrame);  // the browser tells of a paint a little later
  const at = (name) => performance.getEntriesByName(name)[0]?.startTime ?? NaN;
  return [at("first-contentful-paint"), at("first-figure"), usable, at("drawn")]
    .map((time) => time / 1000);
}"""
PLACES = (0.0, 0.5, 1.0)


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
    opened = {share: [_open(browser, path, share) for _ in range(OPENINGS)] for share in PLACES}
    middle = {
        share: [statistics.median(column) for column in zip(*times, strict=True)]
        for share, times in opened.items()
    }
    text, figure, _, drawn = middle[0.0]
    usable = max(times[2] for times in middle.values())
    megabytes = path.stat().st_size / 1e6
    ratios = (
        megabytes / LIMIT_MEGABYTES,
        text / LIMIT_SECONDS_TEXT,
        figure / LIMIT_SECONDS_FIGURE,
        usable / LIMIT_SECONDS,
    )
    return {
        "page": path.stem,
        "megabytes": round(megabytes, 2),
        "text_s": round(text, 2),
        "first_figure_s": round(figure, 2),
        "usable_s": round(usable, 2),
        "all_drawn_s": round(drawn, 2),
        "ratio_to_limit": round(max(ratios), 2),
    }


def _open(browser: Browser, path: Path, share: float) -> tuple[float, float, float, float]:
    """Seconds to the first words, the first figure, the chart that far down, and the last chart."""
    page = browser.new_page(viewport={"width": 1280, "height": 900})
    page.goto(path.absolute().as_uri(), wait_until="commit")
    text, figure, usable, drawn = page.evaluate(GO_AND_WAIT, share)
    page.close()
    return text, figure, usable, drawn
