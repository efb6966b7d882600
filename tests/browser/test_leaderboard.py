"""What a reader does on the page of a leaderboard: choose, point, sort, filter; names are text."""

import re
from typing import Any

import hostile_names as words
import pytest
from playwright.sync_api import Locator

from browser.shown import Row, Shown

pytestmark = pytest.mark.parametrize("opened", ["leaderboard"], indirect=True)
SELECTS = "form[data-controls] select"
JOINT = " + "
# Of every scatter plot with the signal: how many points it draws, and the rows that stand out.
POINTS = """(signal) => [...document.querySelectorAll("[data-chart]")].filter((place) => {
  const spec = JSON.parse(document.getElementById("charts").textContent)[place.dataset.chart];
  const isScatter = spec.layer?.some(({ mark }) => mark?.type === "point" && mark.size < 65);
  return isScatter && spec.params?.some(({ name }) => name === signal);
}).map((place) => {
  const all = [...place.querySelectorAll("g.mark-symbol.role-mark path")];
  const strong = all.filter((path) => Number(getComputedStyle(path).opacity) > 0.5);
  return [all.length, strong.map((path) => ({ ...path.__data__.datum }))];
})"""
# What each mark says when it is pointed at, and where; only marks that are on top there.
MARKS = """(place) => {
  place.scrollIntoView({ block: "center" });
  return [...place.querySelectorAll("g.role-mark path")].map((path) => {
    const box = path.getBoundingClientRect();
    return { path, x: box.left + box.width / 2, y: box.top + box.height / 2 };
  }).filter(({ path, x, y }) => document.elementFromPoint(x, y) === path && path.__data__.tooltip)
    .map(({ path, x, y }) => ({ x, y, said: { ...path.__data__.tooltip } }));
}"""
TOOLTIP = "#vg-tooltip-element.visible"
TOOLTIP_ROWS = """all => all.map((row) =>
  [".key", ".value"].map((part) => row.querySelector(part).textContent.replace(/:$/, "")))"""


def test_choice_stands_out_in_every_chart_of_its_signal(shown: Shown) -> None:
    for select in shown.page.locator(SELECTS).all():
        value = str(select.locator("option").last.get_attribute("value"))
        signal, column = (select.get_attribute(f"data-{name}") for name in ("signal", "column"))
        select.select_option(value)
        shown.page.wait_for_timeout(300)
        charts = shown.page.evaluate(POINTS, signal)
        assert charts
        for count, strong in charts:
            assert 0 < len(strong) <= count
            assert all(value in str(row[str(column)]).split(JOINT) for row in strong)
        form = select.locator("xpath=ancestor::form")
        said = form.locator(".status").text_content() or ""
        assert said.startswith((f"{len(charts[0][1])} of {charts[0][0]} ", "All "))
        form.locator("button[type=reset]").press("Enter")
        shown.page.wait_for_timeout(100)
        assert select.input_value() == ""


def test_arrow_keys_choose_a_year(shown: Shown) -> None:
    slider = shown.page.locator("form[data-controls] input[type=range]")
    slider.focus()
    slider.press("Home")
    first = int(slider.input_value())
    slider.press("ArrowRight")
    shown.page.wait_for_timeout(300)
    assert int(slider.input_value()) == first + 1
    for _, rows in shown.page.evaluate(POINTS, "chosen_year"):
        assert rows
        assert all(float(row["decimal_year"]) < first + 2 for row in rows)
    slider.press("End")


def test_tooltips_show_the_names_in_full(shown: Shown) -> None:
    """Of every chart the mark with the longest words, among those that can be pointed at."""
    said: list[str] = []
    for place in shown.page.locator("[data-chart]").all():
        marks: list[Row] = place.evaluate(MARKS)
        if not marks:
            continue
        chosen = max(marks, key=lambda mark: len(str(mark["said"])))
        shown.page.mouse.move(0, 0)
        shown.page.wait_for_selector(TOOLTIP, state="detached")
        shown.page.mouse.move(chosen["x"], chosen["y"])
        shown.page.wait_for_selector(TOOLTIP)
        found = dict(shown.page.eval_on_selector_all(f"{TOOLTIP} tr", TOOLTIP_ROWS))
        assert found == {name: str(value) for name, value in chosen["said"].items()}
        said += [re.sub(r" \(\d+\)$", "", each) for each in found.values()]
    assert {words.TECHNIQUE, words.WORD, words.LABS[2]} <= {*said}
    assert shown.page.evaluate("window.ran") is None


@pytest.fixture
def table(shown: Shown) -> Locator:
    """The table in the order of the data."""
    return shown.page.locator("#data-table")


def read_column(table: Locator, number: int) -> list[str]:
    """The cells of a column that are shown, from the top."""
    read = """(table, number) => [...table.tBodies[0].rows].filter((row) => !row.hidden)
      .map((row) => row.cells[number].textContent.trim())"""
    return list(table.evaluate(read, number))


def press(table: Locator, number: int) -> str:
    """Press Enter on the header of a column; how it says that it is sorted."""
    header = table.locator("thead th").nth(number)
    header.locator("button").press("Enter")
    return header.get_attribute("aria-sort") or ""


@pytest.mark.parametrize("column", ["score", "release date"])
def test_numbers_and_dates_sort_as_such(table: Locator, column: str) -> None:
    heads: Any = table.locator("thead th button").all()
    names = [
        str(each.evaluate("button => button.firstChild.textContent")).strip() for each in heads
    ]
    number, lines = names.index(column), read_column(table, 0)
    read = float if column == "score" else str
    for said, is_reversed in (("ascending", False), ("descending", True)):
        assert press(table, number) == said
        found = [read(text) for text in read_column(table, number)]
        assert found == sorted(found, reverse=is_reversed)
    assert press(table, number) == "none"
    assert read_column(table, 0) == lines


def test_the_filter_shows_rows_with_its_words_and_says_how_many(table: Locator) -> None:
    field = table.page.get_by_label("Show only rows with the words")
    output = table.page.locator(".filter output").first
    rows = table.locator("tbody tr").count()
    field.fill("PLAIN")
    kept = table.locator("tbody tr:not([hidden])").all_text_contents()
    assert 0 < len(kept) < rows
    assert all("plain" in text.lower() for text in kept)
    assert output.inner_text().startswith(f"{len(kept)} of {rows} rows")
    field.fill("")
    assert table.locator("tbody tr:not([hidden])").count() == rows
