"""Reading records.csv: every cell as text, with its line.

Commas, semicolons or tabs between cells, as the header shows. What would be read otherwise than a
person sees it is refused: column names that differ in case alone or in what cannot be seen, a row
of no cells between others. Size is bounded before anything is read.
"""

import csv
import io
import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path

import pandas as pd

from pipeline.core.failures import Failure, SourceError, file_failure, raise_any

SAVE_AS_UTF8 = "save it as CSV in UTF-8"
SPLIT = "keep the rows you need, or split the dataset"
BYTE_ORDER_MARKS = {b"\xff\xfe": "UTF-16", b"\xfe\xff": "UTF-16"}
DELIMITERS = {",": "comma", ";": "semicolon", "\t": "tab"}
# Bounds that keep reading below a gigabyte and some ten seconds.
MAXIMUM_BYTES = 64_000_000
MAXIMUM_LINES = 500_000
MAXIMUM_COLUMNS = 1_000
MAXIMUM_CELLS = 4_000_000
MAXIMUM_CELL_CHARACTERS = 10_000
LONG_CELL = (
    f"a cell longer than {MAXIMUM_CELL_CHARACTERS:,} characters",
    "shorten it; a quote that is not closed makes a cell of all that follows",
)
# Control characters but tab and line ends, marks of writing direction, soft hyphens, zero-width
# characters, separators of lines and paragraphs, blanks that are no spaces: two names that differ
# in one of them look the same.
_INVISIBLE = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f"
    "\u200b-\u200f\u2028-\u202e\u2060-\u206f\u2800\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff9-\ufffb"
    "\U000e0000-\U000e0fff]"
)
_QUOTED = r'"(?:[^"]++|"")*+"'
_HEADER = re.compile(rf'[\r\n]*+((?:[^"\r\n]++|{_QUOTED})*+)')

Row = tuple[int, list[str]]  # the line where it begins, and its cells


def read_records(path: Path) -> pd.DataFrame:
    """All cells of `path` as text, with the `line` where each row begins (1 is the header's).

    Spaces around cells and names, and rows of empty cells at the end, are dropped. Raises
    SourceError where the file is missing, too large, not CSV in UTF-8, has no rows, a row of empty
    cells between others, a row of another length than the header, columns that are unnamed or
    named alike or with what cannot be seen, or a cell that is too long.
    """
    content = _read_bytes(path)
    delimiter = _find_delimiter(path, decode(path, content))
    (header_line, header), *rows = _read_rows(path, content, delimiter) or [(1, [""])]
    header = [name.strip() for name in header]
    if header == [""]:
        remedy = "write the names of the columns and the data below"
        raise file_failure(path, "no rows", remedy, line=header_line)
    check_names(path, header_line, header)
    rows = _check_rows(path, header, rows, DELIMITERS[delimiter])
    frame = pd.DataFrame([row for _, row in rows], columns=header, dtype=str)
    return frame.apply(lambda column: column.str.strip()).assign(line=[line for line, _ in rows])


def _read_bytes(path: Path) -> bytes:
    if not path.is_file():
        remedy = "put the data beside the card as records.csv"
        raise file_failure(path, "the file is missing", remedy)
    check_size(path, path.stat().st_size)
    content = path.read_bytes()
    check_size(path, len(content), max(content.count(b"\n"), content.count(b"\r")))
    return content


def check_size(path: Path, size: int, lines: int = 0) -> None:
    """Raises SourceError for a file of more bytes or lines than are read."""
    if size > MAXIMUM_BYTES:
        found = f"{size / 1e6:,.0f} MB, larger than {MAXIMUM_BYTES / 1e6:g} MB"
        raise file_failure(path, found, SPLIT)
    if lines > MAXIMUM_LINES:
        raise file_failure(path, f"{lines:,} lines, more than {MAXIMUM_LINES:,} lines", SPLIT)


def decode(path: Path, content: bytes) -> str:
    """The text of a file in UTF-8. Raises SourceError for any other."""
    found = BYTE_ORDER_MARKS.get(content[:2])
    if found:
        raise file_failure(path, f"the file is {found}, not UTF-8", SAVE_AS_UTF8)
    if b"\x00" in content:
        line = content[: content.index(b"\x00")].count(b"\n") + 1
        rule = "a zero byte: binary or UTF-16, not UTF-8"
        raise file_failure(path, rule, SAVE_AS_UTF8, line=line)
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        value = content[error.start : error.end].hex()
        rule = f"byte 0x{value} is not UTF-8"
        raise file_failure(path, rule, SAVE_AS_UTF8, "", value, line) from None


def _find_delimiter(path: Path, text: str) -> str:
    """The sign that separates the names of the header, outside quotes."""
    header = _HEADER.match(text)
    bare = re.sub(_QUOTED, "", header[1]) if header else ""
    found = [sign for sign in DELIMITERS if sign in bare]
    if len(found) > 1:
        names = " and ".join(DELIMITERS[sign] for sign in found)
        rule = f"the header holds {names}: either may separate cells"
        raise file_failure(path, rule, "quote the names of the header that hold one of them")
    return found[0] if found else ","


def _read_rows(path: Path, content: bytes, delimiter: str) -> list[Row]:
    """Each row that is not a blank line, with the line where it begins: cells may hold line breaks.

    A blank line is a row where the header has one column: its cell may be empty.
    """
    # Without newline="" a line would end at other characters than editors end it at.
    lines = io.TextIOWrapper(io.BytesIO(content), "utf-8-sig", newline="")
    rows: list[Row] = []
    cells, longest = 0, csv.field_size_limit(MAXIMUM_CELL_CHARACTERS)
    try:
        for line, row in iterate_rows(path, lines, delimiter):
            if row or (rows and len(rows[0][1]) == 1):
                rows.append((line, row or [""]))
            cells += len(row)
            if cells > MAXIMUM_CELLS:
                raise file_failure(path, f"more than {MAXIMUM_CELLS:,} cells", SPLIT)
    finally:
        csv.field_size_limit(longest)
    return rows


def iterate_rows(path: Path, lines: Iterable[str], delimiter: str, above: int = 0) -> Iterator[Row]:
    """The rows of CSV, with the line where each begins: `above` is how many stand before `lines`.

    Raises SourceError where a row is not CSV.
    """
    reader = csv.reader(lines, delimiter=delimiter, strict=True)
    line = above + 1
    try:
        for cells in reader:
            yield line, cells
            line = above + reader.line_num + 1
    except csv.Error as error:
        words = f"not CSV: {error} at line {above + reader.line_num}", "fix the quoting"
        rule, remedy = LONG_CELL if "field limit" in str(error) else words
        raise file_failure(path, rule, remedy, line=line) from None


def check_names(path: Path, line: int, header: list[str]) -> None:
    """Raises SourceError where the names of the columns, on `line`, cannot tell them apart."""

    def refuse(rule: str, remedy: str, column: str = "") -> SourceError:
        return file_failure(path, rule, remedy, column, line=line)

    if len(header) > MAXIMUM_COLUMNS:
        raise refuse(f"more than {MAXIMUM_COLUMNS:,} columns", "leave out those you do not need")
    for number, name in enumerate(header, 1):
        if not name:
            raise refuse(f"column {number} has no name", "name it, or remove the column")
        if fault := find_invisible(name):
            raise refuse(*fault, ascii(name))
    if "line" in header:
        raise refuse("'line' is a column of the pipeline", "rename the column")
    if repeated := sorted(name for name, count in Counter(header).items() if count > 1):
        raise refuse(f"column names repeat: {repeated}", "give each column its own name")
    plain = ["".join(name.split()).casefold() for name in header]
    forms = Counter(plain)
    alike = [name for name, form in zip(header, plain, strict=True) if forms[form] > 1]
    if alike:
        rule = f"column names differ in case or spaces alone: {alike}"
        raise refuse(rule, "give each column its own name")


def _check_rows(path: Path, header: list[str], rows: list[Row], delimiter: str) -> list[Row]:
    """The rows up to the last that is not empty."""
    while rows and not any(cell.strip() for cell in rows[-1][1]):
        rows.pop()
    if not rows:
        raise file_failure(path, "no rows", "add the data below the header")
    empty = "a row of empty cells between others", "fill it, or remove the line"
    remedy = f"quote cells that hold a {delimiter}"
    failures = []
    for line, row in rows:
        if len(row) != len(header):
            rule = f"{len(row)} cells where the header has {len(header)}"
            failures.append(Failure(str(path), line, "", "", rule, remedy))
        elif not any(map(str.strip, row)):
            failures.append(Failure(str(path), line, "", "", *empty))
    raise_any(failures)
    return rows


def find_invisible(text: str) -> tuple[str, str] | None:
    """Rule and remedy where `text` holds what cannot be seen, and names it."""
    found = _INVISIBLE.search(text)
    if not found:
        return None
    rule = f"{name_sign(found[0])}, cannot be seen, and two names that differ in it look the same"
    return rule, "remove it"


def name_sign(sign: str) -> str:
    """Number and name of a character."""
    return f"U+{ord(sign):04X}, {unicodedata.name(sign, 'control character').lower()}"
