"""What the page hands out: CSV files of the rows behind each figure and table, and pictures."""

import csv
import io
import json
import re
import struct
import zlib
from collections import Counter
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

from playwright.sync_api import Locator
from pybtex.database import parse_string
from unpack import read_csv_text, read_parts

from browser.shown import Row, Shown

SVG = "{http://www.w3.org/2000/svg}"
PNG_START = b"\x89PNG\r\n\x1a\n"
DOWNLOAD_PAUSE = 120  # milliseconds; Chromium drops downloads beyond ten a second
REWORDED = {"label"}  # broken into lines on an axis
RENAMED = {"index": "median"}  # a Sobol index is drawn as the dot of its interval


def test_csv_of_every_figure_holds_the_rows_of_its_charts(shown: Shown) -> None:
    specs = shown.specs
    for figure in shown.page.locator("figure").all():
        read = read_csv(download(shown, figure.locator("button[data-csv]")))
        rows = [{RENAMED.get(key, key): value for key, value in row.items()} for row in read]
        name = figure.get_attribute("id") or ""
        datasets = dict(  # charts of one figure may share theirs
            find_drawn(spec, set(rows[0]))
            for place, spec in specs.items()
            if re.fullmatch(rf"{re.escape(name)}-\d+", place)
        )
        drawn = [row for dataset in datasets.values() for row in dataset]
        common = set.intersection(*(set(row) for row in drawn)) - REWORDED
        shared = [column for column in rows[0] if column in common]
        if not shared:  # bars from end to end: what they are made of stands in the file alone
            assert len(rows) == len(drawn), name
            continue
        assert {"median", "observed", "density", "difference"} & {*shared} or len(shared) > 2
        assert count_rows(rows, shared) == count_rows(drawn, shared), name


def test_csv_of_the_data_holds_the_rows_of_the_table(shown: Shown) -> None:
    button = shown.page.locator("button[data-csv=data]")
    if button.count():
        rows = read_csv(download(shown, button))
        lines = shown.page.locator("#data-table tbody th")
        assert [row["line"] for row in rows] == lines.all_text_contents()


def test_the_script_writes_csv_as_a_spreadsheet_reads_it(shown: Shown) -> None:
    """Quotes, commas and line breaks inside a cell, and what Python makes of the same columns."""
    page = shown.path.read_text(encoding="utf-8")
    for name in read_parts(page)["tables"]:
        wanted = read_csv(read_csv_text(page, name).encode("utf-8"))
        found = read_csv(download(shown, shown.page.locator(f'button[data-csv="{name}"]')))
        assert len(found) == len(wanted)
        columns = list(wanted[0])
        assert [[plain(row[each]) for each in columns] for row in found] == [
            [plain(row[each]) for each in columns] for row in wanted
        ]


def test_sources_are_handed_out_as_bibtex_and_csl(shown: Shown) -> None:
    """As many as the page lists, and the same in both."""
    listed = shown.page.locator("ol.sources > li").count()
    text, items = (
        download(shown, shown.page.locator(f"button[data-text={kind}]")).decode("utf-8")
        for kind in ("bibtex", "csl")
    )
    keys = list(parse_string(text, "bibtex").entries)
    assert keys == [item["id"] for item in json.loads(items)]
    assert len(keys) == listed


def test_pictures_of_every_figure_are_whole(shown: Shown) -> None:
    """The first chart of each figure, as both kinds of picture."""
    for figure in shown.page.locator("figure").all():
        buttons = figure.locator("[data-pictures]").first.locator("button")
        vector, raster = (download(shown, buttons.nth(number)) for number in (0, 1))
        check_svg(vector)
        check_png(raster)


def download(shown: Shown, link: Locator) -> bytes:
    """The file that the browser saves at a click."""
    shown.page.wait_for_timeout(DOWNLOAD_PAUSE)
    with shown.page.expect_download() as waited:
        link.click()
    return Path(waited.value.path()).read_bytes()


def read_csv(content: bytes) -> list[Row]:
    """The rows of a CSV file, as text."""
    return list(csv.DictReader(io.StringIO(content.decode("utf-8"))))


def find_drawn(spec: dict[str, Any], columns: set[str]) -> tuple[str, list[Row]]:
    """A chart's own data by name: of its datasets the one most like the file, then longest."""
    return max(
        spec["datasets"].items(),
        key=lambda found: (len(columns & set(found[1][0] if found[1] else {})), len(found[1])),
    )


def count_rows(rows: list[Row], columns: list[str]) -> Counter[str]:
    """How often each row occurs, whatever the order."""
    return Counter(json.dumps([plain(row[name]) for name in columns]) for row in rows)


def plain(value: Any) -> Any:
    """One form for a value of a chart and the text that a CSV file has for it."""
    if value in (None, "", "inf"):  # a chart has no infinity: an open interval is marked so
        return None
    text = str(value)
    try:
        return float(text)
    except ValueError:
        return re.sub(r"^'(?=[=+\-@\t\r])", "", text).removesuffix("T00:00:00")


def check_svg(content: bytes) -> None:
    """The file is an SVG with marks, of a size, that refers to nothing outside."""
    root = ElementTree.fromstring(content)  # noqa: S314  # made by the page under test
    assert root.tag == f"{SVG}svg"
    assert float(root.attrib["width"]) > 0
    assert len(list(root.iter(f"{SVG}path"))) > 1
    assert b"href" not in content


def check_png(content: bytes) -> None:
    """The file is a PNG to its end, of a size, and not of one colour."""
    assert content.startswith(PNG_START)
    width, height = struct.unpack(">II", content[16:24])
    assert min(width, height) > 50
    assert content.endswith(b"IEND\xaeB`\x82")
    start = content.index(b"IDAT")
    (length,) = struct.unpack(">I", content[start - 4 : start])
    pixels = zlib.decompressobj().decompress(content[start + 4 : start + 4 + length])
    assert len(set(pixels)) > 10
