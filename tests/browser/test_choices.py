"""What a reader chooses beside a chart is what all charts of the section show, by keyboard too."""

from typing import Any

import pytest
from playwright.sync_api import Locator, Page

from browser.shown import Row, Shown

CONTROLS = "form[data-controls]"
SELECTS = f"{CONTROLS} select"
RANGE = f"{CONTROLS} input[type=range]"
STATUS = ".status"
JOINT = " + "
# Of every chart with the signal: how many points it draws, and the rows of those that stand out.
POINTS = """(signal) => [...document.querySelectorAll("[data-chart]")].filter((place) => {
  const spec = JSON.parse(document.getElementById("charts").textContent)[place.dataset.chart];
  const isScatter = spec.layer?.some(({ mark }) => mark?.type === "point" && mark.size < 65);
  return isScatter && spec.params?.some(({ name }) => name === signal);
}).map((place) => {
  const all = [...place.querySelectorAll("g.mark-symbol.role-mark path")];
  const strong = all.filter((path) => Number(getComputedStyle(path).opacity) > 0.5);
  return [all.length, strong.map((path) => ({ ...path.__data__.datum }))];
})"""
NARROW = 360
SMALLEST = 24  # pixels of a target, WCAG 2.5.8


@pytest.fixture
def chosen(shown: Shown) -> Any:
    """The page, put back to all points after the test."""
    if not shown.page.locator(CONTROLS).count():
        pytest.skip("the page has nothing to choose")
    yield shown
    for form in shown.page.locator(CONTROLS).all():
        form.locator("button[type=reset]").click()
    shown.page.wait_for_timeout(100)


def test_choice_stands_out_in_every_chart_of_its_signal(chosen: Shown) -> None:
    for select in chosen.page.locator(SELECTS).all():
        value = choose_last(select)
        signal, column = (select.get_attribute(f"data-{name}") for name in ("signal", "column"))
        charts = read_points(chosen.page, str(signal))
        assert charts
        for count, strong in charts:
            assert 0 < len(strong) <= count
            assert all(value in str(row[column]).split(JOINT) for row in strong)
        assert len({len(strong) for _, strong in charts}) == 1
        said = select.locator("xpath=ancestor::form").locator(STATUS).text_content() or ""
        assert said.startswith((f"{len(charts[0][1])} of {charts[0][0]} ", "All "))
        reset(select)


def test_highlighted_technique_is_the_row_of_its_gain(chosen: Shown) -> None:
    select = chosen.page.locator("[data-signal=chosen_technique]")
    gains = chosen.page.locator('[data-chart="technique-gains-0"]')
    if not select.count() or not gains.count():
        pytest.skip("no technique is both chosen and estimated")
    labels = [row["label"] for row in read_marks(gains)]
    (value, *_) = [name for name in labels if select.locator(f'option[value="{name}"]').count()]
    select.select_option(value)
    chosen.page.wait_for_timeout(200)
    assert [row["label"] for row in read_marks(gains) if row["opacity"] > 0.5] == [value]


def test_arrow_keys_choose_a_year(chosen: Shown) -> None:
    slider = chosen.page.locator(RANGE)
    if not slider.count():
        pytest.skip("all points are of one year")
    before = read_points(chosen.page, "chosen_year")
    last = int(slider.input_value())
    slider.focus()
    slider.press("Home")
    first = int(slider.input_value())
    slider.press("ArrowRight")
    chosen.page.wait_for_timeout(300)
    assert int(slider.input_value()) == first + 1 <= last
    assert slider.locator("xpath=../output").text_content() == str(first + 1)
    after = read_points(chosen.page, "chosen_year")
    for (count, _), (less, rows) in zip(before, after, strict=True):
        assert 0 < less < count or first + 1 == last
        assert all(float(row["decimal_year"]) < first + 2 for row in rows)
    slider.press("End")


def test_arrow_keys_choose_from_a_list(chosen: Shown) -> None:
    select = chosen.page.locator(SELECTS).first
    select.focus()
    select.press("ArrowDown")
    assert select.input_value() != ""
    button = select.locator("xpath=ancestor::form").locator("button[type=reset]")
    button.focus()
    button.press("Enter")
    chosen.page.wait_for_timeout(100)
    assert select.input_value() == ""


def test_controls_have_names_and_room_in_a_narrow_window(chosen: Shown) -> None:
    chosen.resize(NARROW)
    for control in chosen.page.locator(f"{SELECTS}, {RANGE}, {CONTROLS} button").all():
        box = control.bounding_box()
        assert box is not None
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= NARROW
        assert box["height"] >= SMALLEST
        named = "(part) => (part.labels?.[0]?.textContent ?? part.textContent).trim()"
        assert control.evaluate(named)


def test_no_choice_needs_the_pointer(shown: Shown) -> None:
    """Legends that are clicked have no place in the order of the keyboard: there are none."""
    for spec in shown.specs.values():
        params = [
            *spec.get("params", ()),
            *(p for part in spec["layer"] for p in part.get("params", ())),
        ]
        assert not [param for param in params if "select" in param or "bind" in param]


def test_nothing_moves_by_itself(shown: Shown) -> None:
    shown.page.emulate_media(reduced_motion="reduce")
    assert shown.page.evaluate("document.getAnimations().length") == 0
    assert (
        shown.page.evaluate("getComputedStyle(document.documentElement).scrollBehavior") == "auto"
    )


def choose_last(select: Locator) -> str:
    """Choose the last of a list; its value."""
    value = str(select.locator("option").last.get_attribute("value"))
    select.select_option(value)
    select.page.wait_for_timeout(300)
    return value


def reset(select: Locator) -> None:
    select.select_option("")
    select.page.wait_for_timeout(100)


def read_points(page: Page, signal: str) -> list[tuple[int, list[Row]]]:
    """Points drawn, and the rows of those that stand out, of every scatter plot of a signal."""
    return [(count, rows) for count, rows in page.evaluate(POINTS, signal)]


def read_marks(place: Locator) -> list[Row]:
    """Label and opacity of every point of a chart."""
    return list(
        place.locator("g.mark-symbol.role-mark path").evaluate_all(
            "all => all.map((path) => ({ label: path.__data__.datum.name,"
            " opacity: Number(getComputedStyle(path).opacity) }))"
        )
    )
