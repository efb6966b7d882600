"""The rules of WCAG 2 (2.0 and 2.1), levels A and AA, as far as axe-core can tell."""

import html
import re
from typing import Any, Literal

import pytest
from axe_playwright_python.sync_playwright import Axe

from browser.shown import HIDE_ALIKE, Shown

LEVELS = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa")
COLOUR_RULES = ("color-contrast", "link-in-text-block")  # of these levels, those about colours


def test_axe_finds_no_violation(shown: Shown) -> None:
    others = {rule: {"enabled": False} for rule in COLOUR_RULES}
    assert find_violations(shown, {"runOnly": list(LEVELS), "rules": others}) == ""


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_no_faint_words(shown: Shown, scheme: Literal["light", "dark"]) -> None:
    shown.page.emulate_media(color_scheme=scheme)
    shown.page.evaluate(HIDE_ALIKE)  # their colours are the same, and a cell takes a millisecond
    assert find_violations(shown, {"runOnly": list(COLOUR_RULES)}) == ""


def test_rules_of_colours_are_known(shown: Shown) -> None:
    """axe-core has no other rule about colours at these levels."""
    Axe().run(shown.page, options={"runOnly": ["document-title"]})
    asked = "(levels) => axe.getRules(levels).filter(({ tags }) => tags.includes('cat.color'))"
    assert {rule["ruleId"] for rule in shown.page.evaluate(asked, LEVELS)} == set(COLOUR_RULES)


def test_charts_keep_their_alternative_text(shown: Shown) -> None:
    """What draws a chart leaves the words that the page has for it."""
    text = shown.path.read_text(encoding="utf-8")
    written = re.findall(r'data-chart="[^"]*"[^>]* role="img" aria-label="([^"]+)"', text)
    read = "all => all.map((place) => [place.role, place.ariaLabel, place.ariaRoleDescription])"
    found = shown.page.eval_on_selector_all("[data-chart]", read)
    assert found == [["img", html.unescape(label), None] for label in written]


def find_violations(shown: Shown, options: dict[str, Any]) -> str:
    """What axe-core reports of the page, in words; empty where nothing is wrong."""
    found = Axe().run(shown.page, options=options | {"resultTypes": ["violations"]})
    return str(found.generate_report()) if found.violations_count else ""
