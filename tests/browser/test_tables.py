"""The table of the data: sorted and filtered by keyboard, and what it shows is said."""

from datetime import date

import pytest
from playwright.sync_api import Locator
from unpack import read_parts, unpack

from browser.shown import Shown

TABLE = "#data-table"
HEADERS = f"{TABLE} thead th"


@pytest.fixture
def table(shown: Shown) -> Locator:
    """The table in the order of the data."""
    found = shown.page.locator(TABLE)
    if not found.count():
        pytest.skip("the page has no table of data")
    return found


def read_column(table: Locator, number: int) -> list[str]:
    """The cells of a column that are shown, from the top."""
    read = """(table, number) => [...table.tBodies[0].rows].filter((row) => !row.hidden)
      .map((row) => row.cells[number].textContent.trim())"""
    return list(table.evaluate(read, number))


def press(table: Locator, number: int) -> str:
    """Press Enter on the header of a column; how it says that it is sorted."""
    header = table.locator("thead th").nth(number)
    header.locator("button").focus()
    table.page.keyboard.press("Enter")
    return header.get_attribute("aria-sort") or ""


def find_column(shown: Shown, kind: str) -> tuple[int, list[object]]:
    """A column of numbers or of dates, and its values by line."""
    parts = read_parts(shown.path.read_text(encoding="utf-8"))
    named = {
        name: unpack(parts["columns"], at)
        for name, found, at in parts["tables"]["data"]["columns"]
        if found == kind or kind == "value"
    }
    for number, header in enumerate(shown.page.locator(f"{HEADERS} button").all()):
        words = str(header.evaluate("button => button.firstChild.textContent")).strip()
        values = named.get(words.replace(" ", "_"))
        if number and values and is_of(kind, values):
            return number, values
    pytest.skip(f"the data have no column of this kind: {kind}")


def is_of(kind: str, values: list[object]) -> bool:
    """Whether a column has three different values of a kind."""
    wanted = str if kind == "date" else int | float
    found = [each for each in values if isinstance(each, wanted) and not isinstance(each, bool)]
    return len(set(found)) > 2 and len(found) > len(values) / 2


def test_numbers_sort_as_numbers_and_empty_cells_stay_last(shown: Shown, table: Locator) -> None:
    number, values = find_column(shown, "value")
    lines = read_column(table, 0)
    by_line = dict(zip(lines, values, strict=True))
    for said, sign in (("ascending", 1), ("descending", -1)):
        assert press(table, number) == said
        found = [by_line[line] for line in read_column(table, 0)]
        filled = [each for each in found if isinstance(each, int | float)]
        assert found[len(filled) :] == [None] * (len(found) - len(filled))
        shown_order = [float(f"{sign * each:.3e}") for each in filled]  # four digits are shown
        assert shown_order == sorted(shown_order)
    assert press(table, number) == "none"
    assert read_column(table, 0) == lines


def test_dates_sort_as_dates(shown: Shown, table: Locator) -> None:
    number, _ = find_column(shown, "date")
    assert press(table, number) == "ascending"
    days = [date.fromisoformat(text) for text in read_column(table, number) if text]
    assert days == sorted(days)
    assert press(table, number) == "descending"
    days = [date.fromisoformat(text) for text in read_column(table, number) if text]
    assert days == sorted(days, reverse=True)
    press(table, number)


def test_one_header_at_a_time_says_how_the_table_is_sorted(table: Locator) -> None:
    press(table, 0)
    press(table, 1)
    said = table.locator("thead th").evaluate_all("all => all.map((header) => header.ariaSort)")
    assert said[:2] == ["none", "ascending"]
    assert set(said[2:]) == {"none"}
    assert "ascending" in table.page.locator(".filter output").first.inner_text()
    press(table, 1)
    press(table, 1)


def test_the_filter_shows_rows_with_its_words_and_says_how_many(table: Locator) -> None:
    field = table.page.get_by_label("Show only rows with the words")
    output = table.page.locator(".filter output").first
    assert output.get_attribute("role") == "status"
    rows = table.locator("tbody tr").count()
    word = next(cell.split()[0] for cell in read_column(table, 1) if cell.split())
    field.focus()
    table.page.keyboard.type(word.upper())
    kept = table.locator("tbody tr:not([hidden])").all_text_contents()
    assert kept
    assert all(word.lower() in text.lower() for text in kept)
    assert output.inner_text().startswith(f"{len(kept)} of {rows} rows")
    table.page.keyboard.type(" no_row_has_these_words")
    assert output.inner_text().startswith(f"0 of {rows} rows")
    field.fill("")
    assert table.locator("tbody tr:not([hidden])").count() == rows
