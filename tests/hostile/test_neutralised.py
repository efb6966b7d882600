"""Hostile text that is accepted: it reaches tables and Markdown as text alone.

What pages make of it is tried in the browser (tests/browser/test_hostile_names.py).
"""

import re
from pathlib import Path

import pytest
from attacks import attack, write_project
from conftest import read_dataset

from pipeline.ingest.tables import TABLES
from pipeline.site.overview.page import escape_cell

NAMES = ('<script>alert("x")</script>', '=HYPERLINK("https://example.org")', "@SUM(1,2)|`x`")
TEXTS = [*NAMES, "<img src=x onerror=alert(1)>", "a\n| b | [x](javascript:alert(1)) **c** _d_"]


def test_columns_named_like_attributes_and_hidden_marks_reach_no_table(tmp_path: Path) -> None:
    root = write_project(tmp_path)
    for line, text in enumerate(NAMES, start=2):
        attack(root, {"cell": "model", "text": text, "line": line})
    attack(root, {"cell": "notes", "text": "\u202e\x1b[31m"})
    records = root / "data/sources/toy/records.csv"
    head, *rows = records.read_text(encoding="utf-8").splitlines()
    lines = [head + ",__class__,T,mro", *(row + ",,," for row in rows)]
    records.write_text("\n".join(lines) + "\n", encoding="utf-8")
    ignored = "ignored:\n  __class__: none\n  T: none\n  mro: none"
    card = "data/sources/toy/source.yaml"
    attack(root, {"change": card, "from": "ignored:", "to": ignored})
    table = read_dataset(root / "data/sources/toy").validated
    assert list(table) == list(TABLES["efficiency"].columns)
    assert list(table["model"]) == list(NAMES)


@pytest.mark.parametrize("text", TEXTS)
def test_markdown_tables_escape_hostile_text(text: str) -> None:
    escaped = escape_cell(text)
    assert "\n" not in escaped
    assert not re.search(r"(?<!\\)[|<>`*_\[\]]", escaped)
    assert re.sub(r"\\(.)", r"\1", escaped) == " ".join(text.split())
