"""The end of a page: what is copied is what stands there, by keyboard too."""

import pytest

from browser.shown import Shown

# The clipboard of a headless browser cannot be read: what is written to it is kept beside it.
WATCH = """(isAllowed) => {
  window.copied = [];
  Object.defineProperty(navigator, "clipboard", { configurable: true, value: {
    writeText: async (text) => {
      if (!isAllowed) throw new DOMException("not allowed", "NotAllowedError");
      window.copied.push(text);
    } } });
}"""


@pytest.mark.parametrize("source", ["citation", "citation-bibtex"])
def test_the_button_copies_the_citation_and_says_so(shown: Shown, source: str) -> None:
    button = shown.page.locator(f"button[data-copy={source}]")
    shown.page.evaluate(WATCH, True)
    button.focus()
    shown.page.keyboard.press("Enter")
    said = button.locator("xpath=../output[@role='status']")
    said.filter(has_text="Copied.").wait_for()
    wanted = shown.page.locator(f"#{source}").text_content()
    assert shown.page.evaluate("window.copied") == [wanted]
    assert shown.path.stem in (wanted or "").replace("\\_", "_")


def test_a_browser_that_refuses_selects_the_words(shown: Shown) -> None:
    shown.page.evaluate(WATCH, False)
    shown.page.locator("button[data-copy=citation]").press("Space")
    shown.page.locator("#citation + .tools output", has_text="Selected").wait_for()
    wanted = shown.page.locator("#citation").inner_text()
    assert shown.page.evaluate("String(getSelection())").strip() == wanted
    shown.page.evaluate("getSelection().removeAllRanges()")


def test_equations_are_drawn_as_mathematics(shown: Shown) -> None:
    """MathML of the browser's own, with a height, inside its place."""
    sizes = shown.page.eval_on_selector_all(
        ".equation math",
        """all => all.map((math) => [math.namespaceURI, math.getBoundingClientRect().height,
          math.querySelector("annotation").checkVisibility()])""",
    )
    for namespace, height, is_latex_shown in sizes:
        assert namespace == "http://www.w3.org/1998/Math/MathML"
        assert height > 10
        assert not is_latex_shown
