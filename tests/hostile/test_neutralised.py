"""Hostile text that is accepted: it reaches pages, downloads and Markdown as text alone."""

import html
import io
import json
import re
import sys
from pathlib import Path

import pandas as pd
import pytest
from cases import CARD, RECORDS, both, cell, change
from cells import flags, make_model, write_cell
from in_records import FORMULA, IMAGE, SCRIPT
from toy_project import write_project
from unpack import read_csv_text, read_parts, read_specs

from pipeline.ingest import tables
from pipeline.site.overview import page as overview
from pipeline.site.overview.acceptance import accept
from pipeline.site.posterior import page as report

NAMES = (SCRIPT, FORMULA, "@SUM(1,2)|`x`")
ATTRIBUTES = "__class__,T,index,size,mro"
BIDI = "\u202e\x1b[31m"


def make_table(root: Path) -> pd.DataFrame:
    """The table of a toy with hostile names, and ignored columns named like attributes."""
    write_project(root)
    names = [cell("model", text, line=line) for line, text in enumerate(NAMES, start=2)]
    hidden = cell("notes", BIDI)
    more = change(RECORDS, ",notes", f",notes,{ATTRIBUTES}")
    both(*names, hidden, cell("locator", IMAGE), more)(root)
    text = (root / RECORDS).read_text(encoding="utf-8")
    head, *rows = text.splitlines()
    widened = [row + "," * ATTRIBUTES.count(",") + "," for row in rows]
    (root / RECORDS).write_text("\n".join([head, *widened]) + "\n", encoding="utf-8")
    ignored = "".join(f"\n  {name}: of no use" for name in ATTRIBUTES.split(","))
    change(CARD, "ignored:", f"ignored:{ignored}")(root)
    return accept(root / "data/sources", "toy").validated


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The page of the toy."""
    folder = tmp_path_factory.mktemp("page")
    table = make_table(folder / "root")
    with pytest.MonkeyPatch.context() as monkeypatch:
        monkeypatch.setitem(sys.modules, "models.toy", make_model())
        paths = write_cell(folder)
        table.to_parquet(paths["--table"])
        assert report.main(flags(paths, model="toy")) == 0
    return paths["--output"].read_text(encoding="utf-8")


def test_columns_named_like_attributes_reach_no_table(tmp_path: Path) -> None:
    table = make_table(tmp_path)
    assert list(table) == list(tables.TABLES["efficiency"].to_schema().columns)
    assert list(table["model"]) == list(NAMES)


@pytest.mark.parametrize("text", [*NAMES, IMAGE])
def test_hostile_text_stands_on_the_page_escaped(page: str, text: str) -> None:
    escaped = {html.escape(text), html.escape(text).replace("&quot;", "&#34;")}
    assert any(each in page for each in escaped)
    assert text not in page or html.escape(text) == text
    assert "<script>alert" not in page
    assert "<img src=x" not in page


def test_charts_hold_hostile_names_and_no_mark_that_ends_their_script(page: str) -> None:
    found = re.findall(r'<script type="application/json" id="\w+">(.*?)</script>', page, re.S)
    assert found
    assert not set("<>&") & set("".join(found))
    assert SCRIPT in json.dumps(read_specs(page), ensure_ascii=False)


def test_what_is_ignored_reaches_no_page(page: str) -> None:
    assert BIDI not in page
    assert "\u202e" not in page


def test_formulas_of_downloads_are_quoted_with_an_apostrophe(page: str) -> None:
    files = [read_csv_text(page, name) for name in read_parts(page)["tables"]]
    cells = [
        str(each)
        for text in files
        for each in pd.read_csv(io.StringIO(text), dtype=str).fillna("").to_numpy().ravel()
    ]
    assert f"'{FORMULA}" in cells
    assert "'@SUM(1,2)|`x`" in cells
    assert [each for each in cells if each.startswith(("=", "@", "+"))] == []


@pytest.mark.parametrize("text", [*NAMES, IMAGE, "a\n| b | [x](javascript:alert(1)) **c** _d_"])
def test_markdown_tables_escape_hostile_text(text: str) -> None:
    escaped = overview.escape_cell(text)
    assert "\n" not in escaped
    assert not re.search(r"(?<!\\)[|<>`*_\[\]]", escaped)
    assert re.sub(r"\\(.)", r"\1", escaped) == " ".join(text.split())
