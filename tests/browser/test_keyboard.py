"""The keyboard alone: Tab reaches every control, and the focus is always to be seen."""

from typing import Any

from browser.shown import HIDE_ALIKE, Shown

# Notes of every control that a reader sees whether it shows that it has the focus.
WATCH = """() => {
  const names = "a[href], button, summary, input, select, textarea, [tabindex]";
  window.controls = [...document.querySelectorAll(names)]
    .filter((part) => part.tabIndex >= 0 && part.checkVisibility());
  window.focused = new Map();
  document.addEventListener("focusin", ({ target }) => {
    const style = getComputedStyle(target), box = target.getBoundingClientRect();
    const isInside =
      box.bottom > 0 && box.top < innerHeight && box.right > 0 && box.left < innerWidth;
    const isOutlined = style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2;
    window.focused.set(target, isInside && isOutlined && box.width > 0);
  });
  return window.controls.length;
}"""
FOCUS_ALL = "() => controls.forEach((part) => part.focus({ focusVisible: true }))"
MISSED = """() => controls.filter((part) => !focused.get(part)).map((part) =>
  (focused.has(part) ? "not to be seen: " : "not reached: ") + part.outerHTML.slice(0, 120))"""


def test_every_control_shows_the_focus(shown: Shown) -> None:
    assert shown.page.evaluate(WATCH) > 0
    shown.page.evaluate(FOCUS_ALL)
    assert shown.page.evaluate(MISSED) == []


def test_tab_reaches_every_control(shown: Shown) -> None:
    """Rows of tables that are alike are reached alike; a stop takes a frame."""
    shown.page.evaluate(HIDE_ALIKE)
    for _ in range(shown.page.evaluate(WATCH)):
        shown.page.keyboard.down("Tab")  # held down: half the messages of pressing it
    shown.page.keyboard.up("Tab")
    assert shown.page.evaluate(MISSED) == []


def test_details_open_with_the_keyboard(shown: Shown) -> None:
    for summary in shown.page.locator("summary").all():
        summary.focus()
        shown.page.keyboard.press("Enter")
        parent: Any = summary.locator("xpath=..")
        assert parent.get_attribute("open") is not None
        shown.page.keyboard.press("Enter")


def test_skip_link_leads_to_the_content(shown: Shown) -> None:
    shown.page.keyboard.press("Tab")
    assert shown.page.evaluate("document.activeElement.className") == "skip"
    shown.page.keyboard.press("Enter")
    shown.page.keyboard.press("Tab")
    assert shown.page.evaluate("!!document.activeElement.closest('main')")
