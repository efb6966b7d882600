"""A page on paper: every column of every table, every row of the data, nothing beyond the edge."""

import io
import re
import unicodedata
from typing import Any

import pytest
from pypdf import PdfReader

from browser.shown import Shown

# The words of headers and first cells that are not folded away; formulas hold their LaTeX too.
CELLS = """() => [...document.querySelectorAll("main table")].map((table) => [
  table.tHead.rows[0].cells, [...table.tBodies[0].rows].map((row) => row.cells[0]),
].map((cells) => [...cells].filter((cell) => cell.checkVisibility() && !cell.querySelector("math"))
  .map((cell) => cell.textContent)))"""


@pytest.fixture
def printed(shown: Shown) -> PdfReader:
    """The page as Chromium prints it, on the paper that its style asks for."""
    shown.page.emulate_media(media="print")  # tests set the medium, and a PDF keeps what is set
    return PdfReader(io.BytesIO(shown.page.pdf(prefer_css_page_size=True)))


def squeeze(text: str) -> str:
    """`text` without spaces and hyphens, and with ligatures as letters."""
    return re.sub(r"[\s\u2010\u2011-]+", "", unicodedata.normalize("NFKC", text))


def test_every_header_and_every_first_cell_of_every_table_is_printed(
    shown: Shown, printed: PdfReader
) -> None:
    text = squeeze("".join(page.extract_text() for page in printed.pages))
    for headers, cells in shown.page.evaluate(CELLS):
        for words in (*headers, *cells):
            # text from right to left, and pictures, stand in a PDF in another order
            plain = [word for word in words.split() if word.isascii()]
            assert all(squeeze(word) in text for word in plain), words


def test_nothing_is_printed_beyond_the_edge(printed: PdfReader) -> None:
    beyond: list[tuple[int, str]] = []
    for number, page in enumerate(printed.pages, start=1):
        width, height = float(page.mediabox.width), float(page.mediabox.height)

        def look(
            text: str, outer: Any, inner: Any, font: Any, size: float,
            number: int = number, width: float = width, height: float = height,
        ) -> None:  # fmt: skip
            x = inner[4] * outer[0] + outer[4]
            y = inner[5] * outer[3] + outer[5]
            if text.strip() and not (0 <= x <= width - 14 and 0 <= y <= height):
                beyond.append((number, text))

        page.extract_text(visitor_text=look)
    assert beyond == []


def test_the_table_of_the_data_lies_across_the_page(shown: Shown, printed: PdfReader) -> None:
    wide = [page for page in printed.pages if page.mediabox.width > page.mediabox.height]
    assert bool(wide) == bool(shown.page.locator("#data-table").count())
    headers = shown.page.locator("#data-table thead th").all_text_contents()
    first = [header.split()[0][:5] for header in headers[:1] if header.split()]
    assert all(word in page.extract_text() for page in wide[:1] for word in first)


def test_tables_fit_their_paper(shown: Shown) -> None:
    """At the width of the paper less its margins no table is wider than its box."""
    for width, boxes in ((718, ".box:not(.paper-wide)"), (1047, ".paper-wide")):
        shown.page.set_viewport_size({"width": width, "height": 1000})
        shown.page.emulate_media(media="print")
        over = shown.page.eval_on_selector_all(
            boxes,
            "all => all.filter((box) => box.scrollWidth > box.clientWidth + 1)"
            ".map((box) => `${box.ariaLabel} ${box.scrollWidth} ${box.clientWidth}`)",
        )
        assert over == []
