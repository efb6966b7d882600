"""What readers see is words: no name of the code outside the face of code, no retired word."""

import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from conftest import ROOT
from unpack import read_specs

HIDDEN = {"code", "pre", "script", "style", "annotation"}
AS_RECEIVED = {"data-table", "sources"}  # id or class of what data and bibliographies say
# Attributes of HTML whose text readers see or hear.
READ_ALOUD = {"aria-label", "title", "alt", "placeholder", "data-title"}
VOID = {"meta", "link", "br", "input", "img", "hr"}
IN_CHARTS = ("label", "series", "group", "part")  # columns that charts write out
# A word with an underscore, unless it is a file: `estimands.csv`.
NAME = re.compile(r"(?<![\w/.-])[A-Za-z0-9]+(?:_[A-Za-z0-9]+)+(?![\w-]*\.[a-z])\b")
RETIRED = re.compile(
    r"what became of each row|slips? of the pen|cannot be told from|stands once|mend the file"
    r"|hold too seldom|stands for \S+ times|A project of months|Do the causes move together"
    r"|a row a study|no column of the card reads|too seldom"
    r"|wrong division|Parts multiply",
    re.IGNORECASE,
)
PAGES = sorted((ROOT / "reports/html").glob("*.html"))


class Reader(HTMLParser):
    """Collects what is seen of a page and what is read aloud."""

    def __init__(self) -> None:
        super().__init__()
        self.said: list[str] = []
        self._open: list[tuple[str, bool]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        is_hidden = tag in HIDDEN or not AS_RECEIVED.isdisjoint(
            (given.get("id"), given.get("class"))
        )
        if tag not in VOID:
            self._open.append((tag, is_hidden))
        self._hear(*(given[name] or "" for name in READ_ALOUD & given.keys()))

    def handle_endtag(self, tag: str) -> None:
        while self._open and self._open.pop()[0] != tag:
            pass

    def handle_data(self, data: str) -> None:
        self._hear(data)

    def _hear(self, *texts: str) -> None:
        if not any(is_hidden for _, is_hidden in self._open):
            self.said += [text.strip() for text in texts if text.strip()]


def read_page(page: str) -> list[str]:
    """All that a page says: its text, what is read aloud, titles and labels of its charts."""
    reader = Reader()
    reader.feed(page)
    specs = read_specs(page)
    rows = [row for spec in specs.values() for each in spec["datasets"].values() for row in each]
    labels = {str(row[name]) for row in rows for name in IN_CHARTS if row.get(name)}
    return [*reader.said, *find_titles(specs), *labels]


def find_titles(part: Any) -> list[str]:
    """The text of every title of a chart, its axes, legends and tooltips."""
    if isinstance(part, list):
        return [each for item in part for each in find_titles(item)]
    if not isinstance(part, dict):
        return []
    own = part.get("title")
    texts = [own] if isinstance(own, str) else own if isinstance(own, list) else []
    inner = [
        each for name, item in part.items() if name != "datasets" for each in find_titles(item)
    ]
    return [*(text for text in texts if isinstance(text, str)), *inner]


SAMPLE = """<p title="a_title">plain_text and <code>in_code</code>, made_file.csv, stands once</p>
<table id="data-table"><tr><td>as_received</td></tr></table><br><p>after_it</p>
<script type="application/json" id="charts">{"x": {"encoding": {"x": {"title": "an_axis"}},
"datasets": {"d": [{"label": "a_label", "x": "not_drawn"}]}}}</script>
<script type="application/json" id="tables">{}</script>
<script type="application/json" id="columns">[]</script>
<script type="application/json" id="files">{}</script>"""


def test_reader_finds_names_where_readers_would_see_them() -> None:
    said = read_page(SAMPLE)
    found = {name for text in said for name in NAME.findall(text)}
    assert found == {"a_title", "plain_text", "after_it", "an_axis", "a_label"}
    assert [text for text in said if RETIRED.search(text)]


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.stem)
def test_no_name_of_the_code_and_no_retired_word_is_on_a_page(path: Path) -> None:
    said = read_page(path.read_text(encoding="utf-8"))
    assert sorted({text[:200] for text in said if NAME.search(text)}) == []
    assert sorted({text[:200] for text in said if RETIRED.search(text)}) == []
