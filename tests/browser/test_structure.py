"""The bones of a page: its language, landmarks and headings, and links to each of its parts."""

from itertools import pairwise

from browser.shown import Shown

LEVELS = """() => [...document.querySelectorAll("main h1, main h2, main h3, main h4")]
  .map((heading) => [Number(heading.tagName[1]), heading.textContent.trim()])"""
# The ids by which a chapter may be linked to: its heading's and its own.
CHAPTERS = "all => all.map((heading) => [heading.id, heading.closest('section')?.id])"
LANDMARKS = """() => ["header", "nav", "main", "footer"].map((name) =>
  document.querySelectorAll(`body > ${name}, body > .frame > ${name}`).length)"""
# Layout shifts since the page was opened, that no act of the reader brought about.
SHIFTS = """() => new Promise((resolve) => {
  const shifts = [];
  new PerformanceObserver((list) => shifts.push(...list.getEntries()))
    .observe({ type: "layout-shift", buffered: true });
  setTimeout(() => resolve(shifts.filter((each) => !each.hadRecentInput)
    .reduce((sum, each) => sum + each.value, 0)), 200);
})"""
LARGEST_SHIFT = 0.1  # what Core Web Vitals call good


def test_page_has_a_language_a_title_and_its_landmarks(shown: Shown) -> None:
    assert shown.page.locator("html").get_attribute("lang") == "en"
    assert shown.page.title().strip()
    assert shown.page.evaluate(LANDMARKS) == [1, 1, 1, 1]


def test_headings_skip_no_level_and_say_something(shown: Shown) -> None:
    found = shown.page.evaluate(LEVELS)
    levels = [level for level, _ in found]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert [after for before, after in pairwise(levels) if after > before + 1] == []
    assert all(words for _, words in found)


def test_contents_link_to_every_chapter(shown: Shown) -> None:
    links = shown.page.eval_on_selector_all(
        "nav.contents a", "all => all.map((link) => link.hash.slice(1))"
    )
    chapters = shown.page.eval_on_selector_all("main h2", CHAPTERS)
    assert all(shown.page.locator(f"[id='{link}']").count() == 1 for link in links)
    assert [names for names in chapters if not {*names} & {*links}] == []


def test_charts_find_their_places_kept_free(shown: Shown) -> None:
    page = shown.page.context.new_page()
    page.goto(shown.path.as_uri())
    page.wait_for_selector("html[data-drawn]", state="attached")
    assert page.evaluate(SHIFTS) <= LARGEST_SHIFT
    page.close()
