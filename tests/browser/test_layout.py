"""Where things stand: nothing runs over its edge or its neighbour, in any window or on paper."""

import re
from typing import Literal

import pytest

from browser.shown import Shown

PAPER_PIXELS = 718  # A4 less margins of 1 cm, at 96 pixels an inch
WIDTHS = (360, 1920)
LEAST_CONTRAST = 4.5  # WCAG 2.1, 1.4.3
OVERFLOW = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
# Pairs of blocks whose text or picture covers a common area. Tables scroll in boxes of their own.
OVERLAPS = """() => {
  const names = "h1, h2, h3, h4, p, li, dt, dd, pre, figcaption, summary, .chart, .box, .tools";
  const place = (block) => {
    const range = document.createRange();
    range.selectNodeContents(block);
    return (block.matches(".box, .chart, pre") ? block : range).getBoundingClientRect();
  };
  const blocks = [...document.querySelectorAll(names)]
    .filter((block) => block.checkVisibility() && !block.parentElement.closest(".box, .chart"))
    .map((block) => ({ block, box: place(block) }));
  const found = [];
  blocks.forEach((a, i) => blocks.slice(i + 1).forEach((b) => {
    const width = Math.min(a.box.right, b.box.right) - Math.max(a.box.left, b.box.left);
    const height = Math.min(a.box.bottom, b.box.bottom) - Math.max(a.box.top, b.box.top);
    if (width > 1 && height > 1 && !a.block.contains(b.block) && !b.block.contains(a.block))
      found.push([a, b].map(({ block }) => `${block.tagName} ${block.textContent.slice(0, 60)}`));
  }));
  return found;
}"""
# Words of a chart that leave their picture or cover one another.
CROWDED = """() => [...document.querySelectorAll("[data-chart]")].flatMap((chart) => {
  const frame = chart.getBoundingClientRect();
  const words = [...chart.querySelectorAll("svg text")]
    .filter((text) => text.textContent.trim() && text.checkVisibility({ opacityProperty: true }))
    .map((text) => ({ text: text.textContent, box: text.getBoundingClientRect() }));
  const cut = words.filter(({ box }) => box.left < frame.left - 1 || box.right > frame.right + 1 ||
    box.top < frame.top - 1 || box.bottom > frame.bottom + 1).map(({ text }) => `cut: ${text}`);
  const covered = words.flatMap((a, i) => words.slice(i + 1).filter((b) =>
    Math.min(a.box.right, b.box.right) - Math.max(a.box.left, b.box.left) > 2 &&
    Math.min(a.box.bottom, b.box.bottom) - Math.max(a.box.top, b.box.top) > 3
  ).map((b) => `covered: ${a.text} | ${b.text}`));
  return [...cut, ...covered].map((words) => `${chart.dataset.chart} ${words}`);
})"""
# Every colour that words of charts have on the page, and the page's own.
INKS = """() => {
  const inks = new Set();
  for (const text of document.querySelectorAll("[data-chart] svg text"))
    if (text.checkVisibility({ opacityProperty: true })) inks.add(getComputedStyle(text).fill);
  return [getComputedStyle(document.body).backgroundColor, [...inks]];
}"""


@pytest.mark.parametrize("width", WIDTHS)
def test_page_does_not_scroll_sideways(shown: Shown, width: int) -> None:
    shown.resize(width)
    assert shown.page.evaluate(OVERFLOW) == 0


@pytest.mark.parametrize("width", WIDTHS)
def test_no_block_covers_another(shown: Shown, width: int) -> None:
    shown.resize(width)
    assert shown.page.evaluate(OVERLAPS) == []


@pytest.mark.parametrize("width", WIDTHS)
def test_words_of_charts_stay_apart_and_inside(shown: Shown, width: int) -> None:
    shown.resize(width)
    assert "\n".join(shown.page.evaluate(CROWDED)) == ""


def test_dark_page_keeps_its_layout(shown: Shown) -> None:
    measure = "[...document.querySelectorAll('main *')].map((part) => part.clientHeight).join()"
    light = shown.page.evaluate(measure)
    shown.page.emulate_media(color_scheme="dark")
    assert shown.page.evaluate(measure) == light


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_words_of_charts_stand_out(shown: Shown, scheme: Literal["light", "dark"]) -> None:
    shown.page.emulate_media(color_scheme=scheme)
    page, inks = shown.page.evaluate(INKS)
    faint = [ink for ink in inks if measure_contrast(page, ink) < LEAST_CONTRAST]
    assert faint == []


def test_every_figure_is_on_paper(shown: Shown) -> None:
    """The PDF has pages and, for every chart, a figure with its alternative text."""
    labels = shown.page.eval_on_selector_all("[data-chart]", "all => all.map(one => one.ariaLabel)")
    shown.page.emulate_media(media="print")
    printed = shown.page.pdf(format="A4", tagged=True)
    assert printed.startswith(b"%PDF")
    assert len(re.findall(rb"/Type /Page\b", printed)) > 1
    assert [label for label in labels if encode_pdf(label) not in printed] == []


def test_charts_fit_the_paper(shown: Shown) -> None:
    shown.page.set_viewport_size({"width": PAPER_PIXELS, "height": 1000})
    shown.page.emulate_media(media="print")
    widths = shown.page.eval_on_selector_all(
        "[data-chart] svg", "all => all.map(svg => svg.getBoundingClientRect().right)"
    )
    assert all(0 < right <= PAPER_PIXELS for right in widths)
    assert shown.page.evaluate(OVERLAPS) == []


def measure_contrast(first: str, second: str) -> float:
    """The contrast ratio of two colours as the browser writes them, by WCAG 2.1."""
    low, high = sorted(measure_luminance(colour) for colour in (first, second))
    return (high + 0.05) / (low + 0.05)


def measure_luminance(colour: str) -> float:
    """The relative luminance of `rgb(r, g, b)`, by WCAG 2.1."""
    parts = [float(part) / 255 for part in colour.removeprefix("rgb(").rstrip(")").split(",")]
    linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return sum(weight * p for weight, p in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


def encode_pdf(text: str) -> bytes:
    """`text` as a PDF writes a string: bytes with escapes, or UTF-16 in hexadecimal."""
    if text.isascii():
        return re.sub(r"([()\\])", r"\\\1", text).encode("ascii")
    return text.encode("utf-16-be").hex().upper().encode("ascii")
