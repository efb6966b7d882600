"""A received file (CSV, TSV, Excel, Parquet) -> its cells as text, under checked column names.

Nothing is converted that a later reader could want to see: text stands as received, and only blank
rows and blank columns at the right end are left out.
"""

import csv
import io
import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from pipeline.failures import Failure, SourceError, file_failure
from pipeline.ingest.sources.records import check_names, name_sign, refuse_csv
from pipeline.new_dataset.columnar import read_parquet
from pipeline.new_dataset.limits import MAX_BYTES, SMALLER, Row, bound
from pipeline.new_dataset.workbooks import SHOWN_CELLS, read_workbook

KINDS = (".csv", ".tsv", ".xlsx", ".parquet")
NOT_READ = {
    ".xls": ("the Excel format before 2007, which is not read", "save it as .xlsx or as CSV"),
    ".xlsm": ("a workbook with macros, which is not opened", "save it as .xlsx or as CSV"),
    ".xlsb": ("a binary workbook, which is not read", "save it as .xlsx or as CSV"),
    ".ods": ("an OpenDocument sheet, which is not read", "save it as .xlsx or as CSV"),
}
# First bytes, and what a file that begins with them is.
SIGNATURES = {
    b"PK\x03\x04": "a zip archive or Excel workbook",
    b"\xd0\xcf\x11\xe0": "an old or encrypted Office file",
    b"PAR1": "a Parquet file",
    b"\x1f\x8b": "a gzip archive",
    b"%PDF": "a PDF",
    b"SQLite format 3": "a database",
}
MARKUP = (b"<!doctype", b"<html", b"<?xml", b"<table", b"<head", b"<meta")
EXPECTED = {".xlsx": b"PK\x03\x04", ".parquet": b"PAR1"}
DELIMITERS = "\t;|,"  # the first wins where several fit: cells hold commas more often
SAMPLED_ROWS = 100
MAX_NAME = 200  # characters: longer ones are text, and no keys of YAML
SEPARATOR_LINE = "sep="  # Excel's own word for the delimiter, in a line of its own


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
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerows([self.header, *self.rows])
        return stream.getvalue()


def read_sheet(path: Path, sheet: str | None = None) -> Sheet:
    """The cells of `path`; `sheet` names the sheet of a workbook.

    Raises SourceError where the file cannot be read whole, or its columns cannot be named.
    """
    kind = _check_file(path)
    if sheet is not None and kind != ".xlsx":
        raise file_failure(path, "only a workbook has sheets", "leave --sheet out")
    if kind == ".xlsx":
        return _tidy(path, list(bound(path, read_workbook(path, sheet))), is_padded=True)
    if kind == ".parquet":
        return _tidy(path, list(bound(path, read_parquet(path))), is_padded=True)
    return _tidy(path, list(bound(path, _read_delimited(path, kind))), is_padded=False)


def _check_file(path: Path) -> str:
    """The extension. Raises SourceError for a file that is not what its extension says."""
    try:
        status = path.stat()
    except (OSError, ValueError) as error:
        reason = os.strerror(error.errno) if isinstance(error, OSError) and error.errno else error
        raise file_failure(path, f"cannot be opened: {reason}", "give the path of a file") from None
    kind = path.suffix.lower()
    if not stat.S_ISREG(status.st_mode):
        found = "a folder" if stat.S_ISDIR(status.st_mode) else "not a plain file"
        raise file_failure(path, found, "give the path of a file")
    if kind in NOT_READ:
        raise file_failure(path, *NOT_READ[kind])
    if kind not in KINDS:
        raise file_failure(
            path, f"extension {kind!r}, not one of {', '.join(KINDS)}", "save as CSV"
        )
    if not 0 < status.st_size <= MAX_BYTES:
        found = f"{status.st_size / 1e6:.0f} MB, more than {MAX_BYTES / 1e6:.0f} MB"
        raise file_failure(path, found if status.st_size else "the file is empty", SMALLER)
    _check_content(path, kind)
    return kind


def _check_content(path: Path, kind: str) -> None:
    try:
        with path.open("rb") as file:
            start = file.read(512)
    except OSError as error:
        raise file_failure(path, f"cannot be read: {error.strerror}", "check its rights") from None
    expected = EXPECTED.get(kind)
    if expected and start.startswith(expected):
        return
    found = next((what for mark, what in SIGNATURES.items() if start.startswith(mark)), None)
    text = start.removeprefix(b"\xef\xbb\xbf").lstrip().lower()
    if text.startswith(MARKUP):
        found = "a web page or XML"
    elif text.startswith((b'{"', b'[{"')):
        found = "JSON"
    if found or expected:
        raise file_failure(
            path, f"named {kind} and is {found or 'something else'}", "save it again as CSV (UTF-8)"
        )


def _read_delimited(path: Path, kind: str) -> Iterator[Row]:
    """Rows of a CSV or TSV file with the line where each begins; the delimiter is found."""
    text = _decode(path)
    line = 1
    first, _, rest = text.partition("\n")
    has_separator_line = first.strip().lower().removeprefix(SEPARATOR_LINE) in (*DELIMITERS, "")
    if first.lower().startswith(SEPARATOR_LINE) and has_separator_line:
        delimiter, text, line = first.strip()[len(SEPARATOR_LINE) :] or "\t", rest, 2
    else:
        delimiter = "\t" if kind == ".tsv" else _find_delimiter(text)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    above = line - 1
    try:
        for cells in reader:
            yield line, cells
            line = above + reader.line_num + 1
    except csv.Error as error:
        raise refuse_csv(path, line, error, above + reader.line_num) from None


def _decode(path: Path) -> str:
    content = path.read_bytes()
    is_wide = content.startswith((b"\xff\xfe", b"\xfe\xff"))  # Excel's "Unicode text"
    try:
        text = content.decode("utf-16" if is_wide else "utf-8-sig")
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        value = f"0x{content[error.start : error.start + 1].hex()}"
        rule = f"byte {value} is not UTF-8"
        remedy = "save it as CSV in UTF-8"
        raise SourceError([Failure(str(path), line, "", value, rule, remedy)]) from None
    if "\x00" in text:
        line = text[: text.index("\x00")].count("\n") + 1
        rule = "a zero byte: not a text file"
        raise SourceError([Failure(str(path), line, "", "", rule, "save it as CSV in UTF-8")])
    return text


def _find_delimiter(text: str) -> str:
    """The character that cuts the most rows into as many cells as the header has, if above one."""

    def fit(delimiter: str) -> tuple[float, int]:
        lines = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
        try:
            rows = [row for row, _ in zip(lines, range(SAMPLED_ROWS), strict=False) if row]
        except csv.Error:
            return 0.0, 0
        width = len(rows[0]) if rows else 0
        even = sum(len(row) == width for row in rows) / max(1, len(rows))
        return (even, width) if width > 1 else (0.0, 0)

    best = max(DELIMITERS, key=fit)
    return best if fit(best)[1] else ","


def _tidy(path: Path, rows: list[Row], is_padded: bool) -> Sheet:
    """The sheet without blank rows; `is_padded`: the format leaves blank cells out at the end."""
    filled = [(line, cells) for line, cells in rows if any(cell.strip() for cell in cells)]
    if not filled:
        raise file_failure(path, "no cell has a value", "give a file with a header and rows")
    (header_line, names), *body = filled
    width = max(_last_filled(cells) for _, cells in filled)
    header = [name.strip() for name in (names + [""] * width)[:width]]
    if not is_padded:
        _check_widths(path, len(names), body)
    _check_header(path, header_line, header)
    if not body:
        raise file_failure(path, "a header and no rows", "add the rows, or leave --from out")
    return Sheet(
        header,
        [(cells + [""] * width)[:width] for _, cells in body],
        sum(1 for line, _ in rows if line > filled[0][0]) - len(body),
    )


def _last_filled(cells: list[str]) -> int:
    return max((i for i, cell in enumerate(cells, start=1) if cell.strip()), default=0)


def _check_widths(path: Path, width: int, body: list[Row]) -> None:
    uneven = [
        Failure(
            str(path),
            line,
            "",
            "",
            f"{len(cells)} cells where the header has {width}",
            "quote cells that hold the delimiter; the header must be the first row",
        )
        for line, cells in body
        if len(cells) < width or _last_filled(cells) > width
    ]
    if uneven:
        raise SourceError(uneven[:SHOWN_CELLS])


def _check_header(path: Path, line: int, header: list[str]) -> None:
    unnamed = [str(i) for i, name in enumerate(header, start=1) if not name]
    if unnamed:
        rule = f"no name in the header for column {', '.join(unnamed[:SHOWN_CELLS])}"
        remedy = "name every column in the first row, and delete titles above it"
        raise SourceError([Failure(str(path), line, "", "", rule, remedy)])
    if long := next((name for name in header if len(name) > MAX_NAME), ""):
        rule = f"a column name of {len(long)} characters, {long[:40]!r}...: at most {MAX_NAME}"
        remedy = "the header must be the first row, with a short name for each column"
        raise SourceError([Failure(str(path), line, "", "", rule, remedy)])
    check_names(path, line, header)
    for name in header:
        # Keys of a card, which names of columns become, are printed characters and spaces.
        if sign := next((each for each in name if not each.isprintable()), ""):
            rule = f"{name_sign(sign)}, cannot stand in the name of a column"
            remedy = "write a space in its place"
            raise SourceError([Failure(str(path), line, ascii(name), "", rule, remedy)])
