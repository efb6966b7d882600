"""A received file (CSV, TSV, Excel, Parquet) -> its cells as text, under checked column names.

Nothing is converted that a later reader could want to see: text stands as received, and only blank
rows and blank columns at the right end are left out.
"""

import csv
import io
import re
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from pipeline.core.failures import Failure, file_failure, raise_any
from pipeline.ingest.sources.records import (
    LONG_CELL,
    MAXIMUM_BYTES,
    MAXIMUM_CELL_CHARACTERS,
    MAXIMUM_CELLS,
    MAXIMUM_LINES,
    check_names,
    check_size,
    decode,
    iterate_rows,
    name_sign,
)
from pipeline.new_dataset.formats import SHOWN, SMALLER, Row, read_parquet, read_workbook

KINDS = (".csv", ".tsv", ".xlsx", ".parquet")
EXPECTED = {".xlsx": b"PK\x03\x04", ".parquet": b"PAR1"}  # first bytes
# How web pages and JSON begin.
NO_CELLS = re.compile(r"(?i)\s*+(?:(?P<markup><(?:!doctype|html|\?xml|table|head|meta))|\[?\{\")")
DELIMITERS = "\t;|,"  # the first wins where several fit: cells hold commas more often
SAMPLED_ROWS = 100
MAX_NAME = 200  # characters: longer ones are text, and no keys of YAML
SEPARATOR_LINE = "sep="  # Excel's own word for the delimiter, in a line of its own
SAVE_AGAIN = "save it again as CSV (UTF-8)"
UTF_16 = (b"\xff\xfe", b"\xfe\xff")  # Excel's "Unicode text"


@dataclass(frozen=True)
class Sheet:
    """Names of the columns, rows of as many cells, and how many blank rows were left out."""

    header: list[str]
    rows: list[list[str]]
    blank_rows: int = 0

    def read_column(self, name: str) -> list[str]:
        """The cells under `name`, stripped as `read_records` strips them."""
        position = self.header.index(name)
        return [row[position].strip() for row in self.rows]

    def to_csv(self) -> str:
        """The text of records.csv: commas, line feeds, quotes only where a cell needs them."""
        stream = io.StringIO(newline="")
        csv.writer(stream, lineterminator="\n").writerows([self.header, *self.rows])
        return stream.getvalue()


def read_received(path: Path, sheet: str | None = None) -> Sheet:
    """The cells of `path`; `sheet` names the sheet of a workbook.

    Raises SourceError where the file cannot be read whole, its columns cannot be named, or what is
    made of it could not be read as records.csv.
    """
    kind = _check_file(path)
    if sheet is not None and kind != ".xlsx":
        raise file_failure(path, "only a workbook has sheets", "leave --sheet out")
    if kind == ".xlsx":
        rows = read_workbook(path, sheet)
    else:
        rows = read_parquet(path) if kind == ".parquet" else _read_delimited(path, kind)
    made = _tidy(path, list(_bound(path, rows)), is_padded=kind in EXPECTED)
    text = made.to_csv()
    check_size(path, len(text.encode()), max(text.count("\n"), text.count("\r")))
    return made


def _check_file(path: Path) -> str:
    """The extension. Raises SourceError for a file that is not what its extension says."""
    kind = path.suffix.lower()
    if not path.is_file():
        found = "a folder" if path.is_dir() else "cannot be opened: no plain file"
        raise file_failure(path, found, "give the path of a file")
    if kind not in KINDS:
        found = f"extension {kind!r}, not one of {', '.join(KINDS)}"
        raise file_failure(path, found, "save it as .xlsx or as CSV")
    if not 0 < (size := path.stat().st_size) <= MAXIMUM_BYTES:
        found = f"{size / 1e6:.0f} MB, more than {MAXIMUM_BYTES / 1e6:.0f} MB"
        raise file_failure(path, found if size else "the file is empty", SMALLER)
    if kind in EXPECTED and not _read_bytes(path).startswith(EXPECTED[kind]):
        raise file_failure(path, f"named {kind} and is something else", SAVE_AGAIN)
    return kind


def _read_bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise file_failure(path, f"cannot be read: {error.strerror}", "check its rights") from None


def _bound(path: Path, rows: Iterable[Row]) -> Iterator[Row]:
    """The same rows. Raises SourceError as soon as there are more than records.csv may hold."""
    limits = {
        "rows": MAXIMUM_LINES - 1,
        "cells": MAXIMUM_CELLS,
        "characters of text": MAXIMUM_BYTES,
    }
    counts = {"rows": -1, "cells": 0, "characters of text": 0}  # the header is no row
    for line, cells in rows:
        counts["rows"] += any(cells)
        counts["cells"] += len(cells)
        counts["characters of text"] += sum(map(len, cells))
        for what, limit in limits.items():
            if counts[what] > limit:
                raise file_failure(path, f"more than {limit:,} {what}", SMALLER)
        if max(map(len, cells), default=0) > MAXIMUM_CELL_CHARACTERS:
            raise file_failure(path, *LONG_CELL, line=line)
        yield line, cells


def _read_delimited(path: Path, kind: str) -> Iterator[Row]:
    """Rows of a CSV or TSV file with the line where each begins; the delimiter is found."""
    content = _read_bytes(path)
    if content.startswith(UTF_16):
        with suppress(UnicodeDecodeError):  # refused as it is
            content = content.decode("utf-16").encode()
    text, above = decode(path, content), 0
    if found := NO_CELLS.match(text):
        what = "a web page or XML" if found["markup"] else "JSON"
        raise file_failure(path, f"named {kind} and is {what}", SAVE_AGAIN)
    first, _, rest = text.partition("\n")
    mark = first.strip()[len(SEPARATOR_LINE) :]
    if first.lower().startswith(SEPARATOR_LINE) and len(mark) <= 1:
        delimiter, text, above = mark or "\t", rest, 1
    else:
        delimiter = "\t" if kind == ".tsv" else _find_delimiter(text)
    yield from iterate_rows(path, io.StringIO(text, newline=""), delimiter, above)


def _find_delimiter(text: str) -> str:
    """The character that cuts the most rows into as many cells as the header has, if above one."""

    def fit(delimiter: str) -> float:
        lines = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
        try:
            rows = [row for row, _ in zip(lines, range(SAMPLED_ROWS), strict=False) if row]
        except csv.Error:
            return 0.0
        width = len(rows[0]) if rows else 0
        return sum(len(row) == width for row in rows) / len(rows) if width > 1 else 0.0

    best = max(DELIMITERS, key=fit)
    return best if fit(best) else ","


def _tidy(path: Path, rows: list[Row], *, is_padded: bool) -> Sheet:
    """The sheet without blank rows; `is_padded`: the format leaves blank cells out at the end."""
    filled = [(line, cells) for line, cells in rows if any(cell.strip() for cell in cells)]
    if not filled:
        raise file_failure(path, "no cell has a value", "give a file with a header and rows")
    (header_line, names), *body = filled
    width = max(_count_filled(cells) for _, cells in filled)
    header = [name.strip() for name in (names + [""] * width)[:width]]
    if not is_padded:
        _check_widths(path, len(names), body)
    _check_header(path, header_line, header)
    if not body:
        raise file_failure(path, "a header and no rows", "add the rows, or leave --from out")
    below = sum(line > header_line for line, _ in rows)
    return Sheet(header, [(cells + [""] * width)[:width] for _, cells in body], below - len(body))


def _count_filled(cells: list[str]) -> int:
    return max((i for i, cell in enumerate(cells, start=1) if cell.strip()), default=0)


def _check_widths(path: Path, width: int, body: list[Row]) -> None:
    remedy = "quote cells that hold the delimiter; the header must be the first row"
    uneven = [
        Failure(str(path), line, "", "", f"{len(row)} cells where the header has {width}", remedy)
        for line, row in body
        if len(row) < width or _count_filled(row) > width
    ]
    raise_any(uneven[:SHOWN])


def _check_header(path: Path, line: int, header: list[str]) -> None:
    if unnamed := [str(i) for i, name in enumerate(header, start=1) if not name]:
        rule = f"no name in the header for column {', '.join(unnamed[:SHOWN])}"
        remedy = "name every column in the first row, and delete titles above it"
        raise file_failure(path, rule, remedy, line=line)
    if long := next((name for name in header if len(name) > MAX_NAME), ""):
        rule = f"a column name of {len(long)} characters, {long[:40]!r}...: at most {MAX_NAME}"
        remedy = "the header must be the first row, with a short name for each column"
        raise file_failure(path, rule, remedy, line=line)
    check_names(path, line, header)
    for name in header:  # keys of a card, which they become, are printed characters and spaces
        if sign := next((each for each in name if not each.isprintable()), ""):
            rule = f"{name_sign(sign)}, cannot stand in the name of a column"
            raise file_failure(path, rule, "write a space in its place", ascii(name), line=line)
