"""Hostile words are text everywhere: nothing of them runs, all of them can be read."""

import re
from collections.abc import Iterator
from typing import Any

import hostile_names as hostile
import pytest

from browser.shown import Row, Shown
from browser.test_charts import hover
from browser.test_downloads import download, read_csv
from browser.test_layout import CROWDED, OVERFLOW, OVERLAPS

WIDTHS = (360, 1280)
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")
# Parts made of words of the data that would do something: elements, handlers, addresses.
ACTIVE = """() => [...document.querySelectorAll("body *")].filter((part) =>
  part.localName === "img" || part.localName === "b" && part.closest(".sources") ||
  [...part.attributes].some(({ name, value }) => name.startsWith("on") ||
    ["href", "src", "action"].includes(name) && /^\\s*(javascript|vbscript|http)/i.test(value)))
  .map((part) => part.outerHTML.slice(0, 200))"""
# What each mark says when it is pointed at, and where; only marks that are on top there.
MARKS = """(place) => {
  place.scrollIntoView({ block: "center" });
  return [...place.querySelectorAll("g.role-mark path")].map((path) => {
    const box = path.getBoundingClientRect();
    return { path, x: box.left + box.width / 2, y: box.top + box.height / 2 };
  }).filter(({ path, x, y }) => document.elementFromPoint(x, y) === path && path.__data__.tooltip)
    .map(({ path, x, y }) => ({ x, y, said: { ...path.__data__.tooltip } }));
}"""
TEXT = {
    "hostile": (
        *hostile.NAMES,
        *hostile.LABS,
        *hostile.METHODS,
        hostile.BENCHMARK,
        hostile.OTHER,
        hostile.TITLE,
        hostile.QUESTION,
        hostile.COMPARISON,
        hostile.REASON,
        hostile.CITED,
    ),
    "hostile-unfitted": (
        *hostile.NAMES,
        *hostile.LABS,
        *hostile.METHODS,
        hostile.BENCHMARK,
        hostile.TITLE,
        hostile.QUESTION,
        hostile.REASON,
        hostile.OVERRIDE,
    ),
    "hostile-overview": (
        hostile.TITLE,
        hostile.QUESTION,
        hostile.COMPARISON,
        hostile.REASON,
        f"Claim {hostile.SCRIPT} {hostile.QUOTES} {hostile.WORD}",
        f"Licence {hostile.SCRIPT} {hostile.WORD}",
    ),
}


def tell_page(shown: Shown) -> str:
    """Which page of the hostile dataset this is; empty if none."""
    is_hostile = (shown.path.parents[1] / "hostile.parquet").is_file()
    kinds = {hostile.NAME: "hostile", hostile.UNFITTED: "hostile-unfitted"}
    return kinds.get(shown.path.stem, "hostile-overview") if is_hostile else ""


@pytest.fixture
def page(shown: Shown) -> Iterator[Shown]:
    """One of the pages whose every word is hostile; nothing of it may have run at the end."""
    if not tell_page(shown):
        pytest.skip("not a page of the hostile dataset")
    yield shown
    assert shown.page.evaluate("window.ran") is None


def squeeze(text: str) -> str:
    """The text with every white space as one blank, as HTML shows it."""
    return " ".join(text.split())


def test_every_word_is_shown_as_it_was_written(page: Shown) -> None:
    """The numbers of the headline are the only words that are put into others."""
    text = squeeze(page.page.locator("body").inner_text())
    missing = [words for words in TEXT[tell_page(page)] if squeeze(words) not in text]
    assert missing == []


def test_no_word_becomes_an_element_a_handler_or_an_address(page: Shown) -> None:
    assert page.page.evaluate(ACTIVE) == []
    assert page.page.evaluate("document.title").count("<script>") == (
        tell_page(page) != "hostile-overview"
    )


def test_alternative_text_has_the_names(page: Shown) -> None:
    labels = page.page.eval_on_selector_all("[data-chart]", "all => all.map(one => one.ariaLabel)")
    expected = {
        "hostile": (hostile.TECHNIQUE, hostile.COMPARISON, hostile.BENCHMARK, hostile.CITED),
        "hostile-unfitted": (),
        "hostile-overview": (hostile.TITLE, hostile.COMPARISON),
    }[tell_page(page)]
    joined = squeeze(" ".join(labels))
    assert [words for words in expected if squeeze(words) not in joined] == []


def test_tooltips_show_the_names_in_full(page: Shown) -> None:
    """Of every chart the mark with the longest words, among those that can be pointed at."""
    said: list[str] = []
    for place in page.page.locator("[data-chart]").all():
        marks: list[Row] = place.evaluate(MARKS)
        if not marks:
            continue
        chosen = max(marks, key=lambda mark: len(str(mark["said"])))
        shown = hover(page.page, chosen["x"], chosen["y"])
        assert shown == {name: str(value) for name, value in chosen["said"].items()}
        said += shown.values()
    expected = {
        "hostile": {hostile.TECHNIQUE, hostile.WORD, hostile.LABS[2]},
        "hostile-unfitted": set(),
        "hostile-overview": {hostile.TITLE},
    }[tell_page(page)]
    assert expected <= {*said, *(word for each in said for word in split_name(each))}


def split_name(words: str) -> Iterator[str]:
    """A group's name without the number of its rows."""
    yield re.sub(r" \(\d+\)$", "", words)


def test_names_of_charts_are_in_their_pictures(page: Shown) -> None:
    """Cut at some length, and not in markup: the beginning of the name is text of the SVG."""
    text = "".join(page.page.locator("[data-chart] svg text").all_text_contents())
    plain = re.sub(r"\s", "", text)
    if tell_page(page) == "hostile":
        for words in (hostile.TECHNIQUE[:30], hostile.BENCHMARK[:12], "QuizQuizQuiz"):
            assert re.sub(r"\s", "", words) in plain


def test_downloads_hold_the_names_and_no_formula(page: Shown) -> None:
    cells = [
        str(cell)
        for link in page.page.locator("button[data-csv]").all()
        for row in read_csv(download(page, link))
        for name in row
        for cell in (name, row[name])
    ]
    text = [cell for cell in cells if not is_number(cell)]
    assert [cell for cell in text if cell.startswith(FORMULA_STARTS)] == []
    if tell_page(page) != "hostile-overview":
        names = {"'" + n if n.startswith(FORMULA_STARTS) else n for n in hostile.NAMES}
        assert names <= set(text)


def is_number(cell: Any) -> bool:
    """Whether a spreadsheet reads a number."""
    return bool(re.fullmatch(r"[-+]?(\d+\.?\d*(e[-+]?\d+)?|inf)", cell))


@pytest.mark.parametrize("width", WIDTHS)
def test_nothing_runs_over_its_edge_or_its_neighbour(page: Shown, width: int) -> None:
    page.resize(width)
    assert page.page.evaluate(OVERFLOW) == 0
    assert page.page.evaluate(OVERLAPS) == []
    assert "\n".join(page.page.evaluate(CROWDED)) == ""
