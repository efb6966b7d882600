"""One page of every kind: accessibility, any window, paper, keyboard, downloads, network."""

import csv
import html
import io
import re
import unicodedata
from itertools import pairwise
from pathlib import Path
from typing import Any, Literal

import pytest
from axe_playwright_python.sync_playwright import Axe
from pybtex.database import parse_string
from pypdf import PdfReader
from unpack import read_csv_text, read_parts

from browser.shown import Shown

LEVELS = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa")
COLOURS = ("color-contrast", "link-in-text-block")  # of these levels, the rules about colours
LIMIT_MEGABYTES = 3.0
LARGEST_SHIFT = 0.1  # what Core Web Vitals call good
LOOKS = (Path(__file__).with_name("looks.js")).read_text(encoding="utf-8")
TABS = 12  # stops that are reached by the key itself, a frame each; all others by script


@pytest.fixture(autouse=True)
def looks(shown: Shown) -> None:
    """What tests ask the page, as functions of its window."""
    shown.page.evaluate(LOOKS)


def ask(shown: Shown, name: str) -> Any:
    """The answer of a function of `looks.js`."""
    return shown.page.evaluate(f"looks.{name}()")


def test_page_is_whole_by_itself(shown: Shown) -> None:
    """It draws all charts, says nothing, asks nobody, is small, and runs no word of the data."""
    assert shown.page.locator("[data-chart][data-drawn=yes] svg").count() == len(shown.specs)
    assert shown.messages == []
    assert shown.requests
    assert shown.foreign_requests == []
    assert shown.path.stat().st_size < LIMIT_MEGABYTES * 1e6
    assert shown.page.evaluate("window.ran") is None
    assert ask(shown, "findActive") == []


def test_page_has_landmarks_headings_and_links_to_every_chapter(shown: Shown) -> None:
    assert shown.page.locator("html").get_attribute("lang") == "en"
    assert shown.page.title().strip()
    assert ask(shown, "countLandmarks") == [1, 1, 1, 1]
    levels = [level for level, _ in ask(shown, "listHeadings")]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert [after for before, after in pairwise(levels) if after > before + 1] == []
    assert ask(shown, "findUnlinked") == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_no_violation(shown: Shown, scheme: Literal["light", "dark"]) -> None:
    """All rules in the light page; in the dark one those about colours, on rows that differ."""
    rules = list(LEVELS) if scheme == "light" else list(COLOURS)
    shown.page.emulate_media(color_scheme=scheme)
    ask(shown, "hideAlike")
    found = Axe().run(shown.page, options={"runOnly": rules, "resultTypes": ["violations"]})
    assert found.violations_count == 0, found.generate_report()


def test_charts_keep_their_alternative_text(shown: Shown) -> None:
    written = re.findall(r'data-chart="[^"]*"[^>]* role="img" aria-label="([^"]+)"', shown.text)
    assert ask(shown, "readLabels") == [["img", html.unescape(each), None] for each in written]


@pytest.mark.parametrize("width", [360, 1280])
def test_nothing_runs_over_its_edge_or_its_neighbour(shown: Shown, width: int) -> None:
    shown.resize(width)
    assert ask(shown, "measureOverflow") == 0
    assert ask(shown, "findOverlaps") == []
    assert ask(shown, "findCrowded") == []
    small = shown.page.locator("form[data-controls]").locator("select, input, button").all()
    assert all((each.bounding_box() or {"height": 0})["height"] >= 24 for each in small)


def test_charts_find_their_places_kept_free(shown: Shown) -> None:
    page = shown.page.context.new_page()
    page.goto(shown.path.as_uri())
    page.wait_for_selector("html[data-drawn]", state="attached")
    page.evaluate(LOOKS)
    assert page.evaluate("looks.measureShifts()") <= LARGEST_SHIFT
    page.close()


def test_paper_has_every_chart_and_every_cell_inside_its_edge(shown: Shown) -> None:
    shown.page.set_viewport_size({"width": 718, "height": 1000})  # A4 less margins of 1 cm
    shown.page.emulate_media(media="print")
    assert ask(shown, "findOverlaps") == []
    assert ask(shown, "findWide") == []
    printed = PdfReader(io.BytesIO(shown.page.pdf(prefer_css_page_size=True, tagged=True)))
    text = squeeze("".join(page.extract_text() for page in printed.pages))
    words = [word for cell in ask(shown, "listCells") for word in cell.split() if word.isascii()]
    assert [word for word in words if squeeze(word) not in text] == []
    wide = [page for page in printed.pages if page.mediabox.width > page.mediabox.height]
    assert bool(wide) == bool(shown.page.locator("#data-table").count())


def test_keyboard_reaches_every_control_and_the_focus_is_seen(shown: Shown) -> None:
    shown.page.keyboard.press("Tab")
    assert shown.page.evaluate("document.activeElement.className") == "skip"
    shown.page.keyboard.press("Enter")
    shown.page.keyboard.press("Tab")
    assert shown.page.evaluate("!!document.activeElement.closest('main')")
    assert ask(shown, "watchFocus") > 0
    shown.page.evaluate("document.querySelector('.skip').focus()")
    for _ in range(TABS):
        shown.page.keyboard.press("Tab")
    assert ask(shown, "countReached") >= TABS
    ask(shown, "focusAll")
    assert ask(shown, "findMissed") == []
    for summary in shown.page.locator("summary").all():
        summary.focus()
        before = summary.locator("xpath=..").get_attribute("open")
        shown.page.keyboard.press("Enter")
        assert summary.locator("xpath=..").get_attribute("open") != before
        shown.page.keyboard.press("Enter")


def test_downloads_are_the_rows_behind_figures_and_tables(shown: Shown) -> None:
    """As Python reads the same columns, quotes and line breaks too; no cell is a formula."""
    for name in read_parts(shown.text)["tables"]:
        wanted = read_csv(read_csv_text(shown.text, name))
        button = shown.page.locator(f'button[data-csv="{name}"]')
        found = read_csv(shown.download(button).decode("utf-8"))
        assert [[plain(each) for each in row.values()] for row in found] == [
            [plain(each) for each in row.values()] for row in wanted
        ]
        cells = [str(cell) for row in found for cell in (*row, *row.values()) if cell]
        run = [
            cell for cell in cells if cell[0] in "=+-@\t\r" and not isinstance(plain(cell), float)
        ]
        assert [cell for cell in run if cell != "-inf"] == []


def test_sources_are_handed_out_as_bibtex(shown: Shown) -> None:
    text = shown.download(shown.page.locator("button[data-text=bibtex]")).decode("utf-8")
    assert (
        len(parse_string(text, "bibtex").entries) == shown.page.locator("ol.sources > li").count()
    )


def test_pictures_of_a_figure_are_whole(shown: Shown) -> None:
    for figure in shown.page.locator("figure").all()[:2]:
        buttons = figure.locator("[data-pictures]").first.locator("button")
        vector, raster = (shown.download(buttons.nth(number)) for number in (0, 1))
        assert vector.startswith(b"<svg")
        assert b"href" not in vector
        assert raster.startswith(b"\x89PNG\r\n\x1a\n")
        assert raster.endswith(b"IEND\xaeB`\x82")


def test_the_button_copies_the_citation_and_says_so(shown: Shown) -> None:
    ask(shown, "watchClipboard")
    button = shown.page.locator("button[data-copy=citation]")
    button.press("Enter")
    button.locator("xpath=../output[@role='status']").filter(has_text="Copied.").wait_for()
    wanted = shown.page.locator("#citation").text_content() or ""
    assert shown.page.evaluate("window.copied") == [wanted]
    assert shown.path.stem in wanted


def squeeze(text: str) -> str:
    """`text` without spaces and hyphens, and with ligatures as letters."""
    return re.sub(r"[\s\u2010\u2011-]+", "", unicodedata.normalize("NFKC", text))


def read_csv(text: str) -> list[dict[str, Any]]:
    """The rows of a CSV file, as text."""
    return list(csv.DictReader(io.StringIO(text)))


def plain(value: Any) -> Any:
    """One form for a value of a chart and the text that a CSV file has for it."""
    try:
        return float(value)
    except (TypeError, ValueError):
        return value or None
