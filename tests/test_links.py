"""Links between pages: what a link names is there, on its own page or on another of the site."""

import html
import re
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import toy_synthesis
import toy_takeoff

from pipeline.core.files import read_json
from pipeline.core.layout import Layout
from pipeline.site.overview.front import list_periods
from pipeline.site.overview.rows import say, say_doubling
from pipeline.site.pages.rendering import environment

LINK, ID = re.compile(r'href="([^"]*)"'), re.compile(r'\bid="([^"]*)"')


def find_broken(pages: dict[str, str]) -> list[tuple[str, str]]:
    """Page and address of every link to an id that its page, if it is one of these, lacks."""
    ids = {name: {html.unescape(each) for each in ID.findall(text)} for name, text in pages.items()}
    links = [(name, html.unescape(each)) for name in pages for each in LINK.findall(pages[name])]
    broken = []
    for name, link in links:
        file, hash_sign, anchor = link.partition("#")
        target = unquote(file) or name
        if hash_sign and target in ids and unquote(anchor) not in ids[target]:
            broken.append((name, link))
    return broken


def test_a_link_to_what_is_not_there_is_found() -> None:
    other = '<h2 id="here"></h2><a href="#gone">'
    pages = {"a.html": '<a href="b.html#here"><a href="b.html#gone">', "b.html": other}
    assert find_broken(pages) == [("a.html", "b.html#gone"), ("b.html", "#gone")]


def test_links_to_the_synthesis_from_the_rates_of_the_overview_have_their_places(
    tmp_path: Path,
) -> None:
    page = toy_synthesis.make_page(tmp_path / "synthesis")
    layout = Layout(tmp_path / "synthesis")
    entries = read_json(layout.attribution("synthesis"))
    periods = list_periods(entries, toy_synthesis.READ, [])
    macros: Any = environment(layout.templates, {}).get_template("estimates.html.jinja").module
    table = macros.estimates_table(periods, "periods", "decades per year", say, say_doubling)
    simulated = toy_takeoff.make_page(tmp_path / "takeoff")
    pages = {path.name: path.read_text(encoding="utf-8") for path in (page, simulated)}
    pages["index.html"] = str(table)
    assert "synthesis.html#estimates" in pages["index.html"]
    assert find_broken(pages) == []
