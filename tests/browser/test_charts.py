"""A point of a chart is a row of the data: what stands beside the pointer is what that row says."""

import math
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Page

from browser.shown import Row, Shown

SCATTER = "Scatter plot of"
HOVERED = 5
# The row behind a point and the point's centre, for points of the first scatter plot that are on
# top where their centre is. Vega keeps the row on the element that it draws.
POINTS = """([words, wanted]) => {
  const place = document.querySelector(`[data-chart][aria-label*="${words}"]`);
  place.scrollIntoView({ block: "center" });
  const all = [...place.querySelectorAll("g.mark-symbol.role-mark path")].map((path) => {
    const box = path.getBoundingClientRect();
    const [x, y] = [box.left + box.width / 2, box.top + box.height / 2];
    return { path, x, y, row: path.__data__.datum };
  });
  const onTop = all.filter(({ path, x, y }) => document.elementFromPoint(x, y) === path);
  const step = Math.ceil(onTop.length / wanted);
  const chosen = onTop.filter((_, i) => i % step === 0);
  return [place.dataset.chart, all.length, chosen.map(({ x, y, row }) => ({ x, y, row }))];
}"""
TOOLTIP = "#vg-tooltip-element.visible"
TOOLTIP_ROWS = """all => all.map((row) =>
  [".key", ".value"].map((part) => row.querySelector(part).textContent.replace(/:$/, "")))"""


def test_pointing_at_a_point_shows_its_row(shown: Shown) -> None:
    if SCATTER not in shown.path.read_text(encoding="utf-8"):
        pytest.skip("the page has no scatter plot")
    name, count, points = shown.page.evaluate(POINTS, [SCATTER, HOVERED])
    spec = shown.specs[name]
    (layer,) = find_point_layers(spec)
    rows = spec["datasets"][layer.get("data", spec.get("data"))["name"]]
    assert count == len(rows)
    assert points
    for point in points:
        row = find_row(rows, point["row"])
        said = hover(shown.page, point["x"], point["y"])
        for channel in layer["encoding"]["tooltip"]:
            assert is_said(said[channel["title"]], row[channel["field"]]), channel["field"]


def hover(page: Page, x: float, y: float) -> dict[str, str]:
    """What the tooltip says at a place of the window, by title."""
    page.mouse.move(0, 0)
    page.wait_for_selector(TOOLTIP, state="detached")
    page.mouse.move(x, y)
    page.wait_for_selector(TOOLTIP)
    return dict(page.eval_on_selector_all(f"{TOOLTIP} tr", TOOLTIP_ROWS))


def find_point_layers(spec: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """The layers of a chart that draw points with words to show."""
    for layer in spec["layer"]:
        if layer["mark"]["type"] == "point" and "tooltip" in layer["encoding"]:
            yield layer


def find_row(rows: list[Row], datum: Row) -> Row:
    """The one row of the data that the drawn row is, dates apart, which are numbers once drawn."""
    plain = [name for name in rows[0] if not name.endswith("_date")]
    matching = [row for row in rows if all(is_same(row[name], datum[name]) for name in plain)]
    assert len({str(row) for row in matching}) == 1
    return matching[0]


def is_same(first: Any, second: Any) -> bool:
    """Whether two values are one, though the browser may write a large number as an integer."""
    if isinstance(first, float) and isinstance(second, int):
        return first == float(second)
    return bool(first == second)


def is_said(words: str, value: Any) -> bool:
    """Whether the words of a tooltip are those of a value: text, a date, or four digits."""
    if isinstance(value, bool) or value is None:
        return words == str(value).lower().replace("none", "null")
    if isinstance(value, int | float):
        return math.isclose(float(words.replace("\N{MINUS SIGN}", "-")), value, rel_tol=6e-4)
    return words in (value, str(value).removesuffix("T00:00:00"))
