"""Hostile text that is accepted: it reaches tables and Markdown as text alone.

What pages make of it is tried in the browser (tests/browser/test_hostile_names.py).
"""

import re

import pytest

from pipeline.site.overview.page import escape_cell

NAMES = ('<script>alert("x")</script>', '=HYPERLINK("https://example.org")', "@SUM(1,2)|`x`")
TEXTS = [*NAMES, "<img src=x onerror=alert(1)>", "a\n| b | [x](javascript:alert(1)) **c** _d_"]


@pytest.mark.parametrize("text", TEXTS)
def test_markdown_tables_escape_hostile_text(text: str) -> None:
    escaped = escape_cell(text)
    assert "\n" not in escaped
    assert not re.search(r"(?<!\\)[|<>`*_\[\]]", escaped)
    assert re.sub(r"\\(.)", r"\1", escaped) == " ".join(text.split())
