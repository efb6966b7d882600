"""A page by itself: it draws all its charts, says nothing, asks nobody, and is small."""

from benchmarks.pages import LIMIT_MEGABYTES
from browser.shown import Shown


def test_page_draws_every_chart_without_a_word_of_the_console(shown: Shown) -> None:
    places = shown.page.locator("[data-chart]").count()
    assert shown.page.locator("[data-chart][data-drawn=yes] svg").count() == places
    assert len(shown.specs) == places
    assert shown.messages == []


def test_page_asks_for_no_network_address(shown: Shown) -> None:
    assert shown.requests
    assert shown.foreign_requests == []


def test_page_is_under_three_megabytes(shown: Shown) -> None:
    assert shown.path.stat().st_size < LIMIT_MEGABYTES * 1e6
