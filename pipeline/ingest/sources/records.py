"""Reading records.csv: every cell as text, with its line.

Commas, semicolons or tabs between cells, as the header shows. What would be read otherwise than a
person sees it is refused: column names that differ in case alone or in what cannot be seen, a row
of no cells between others. Size is bounded before anything is read.
"""

import csv
import io
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path

import pandas as pd

from pipeline.core.failures import Failure, SourceError, file_failure, raise_any
from pipeline.ingest.plain_files import MAXIMUM_BYTES, SMALLER, find_invisible, read_text

DELIMITERS = {",": "comma", ";": "semicolon", "\t": "tab"}
# Bounds that keep reading below a gigabyte and some ten seconds.
MAXIMUM_LINES = 500_000
MAXIMUM_COLUMNS = 1_000
MAXIMUM_CELLS = 4_000_000
MAXIMUM_CELL_CHARACTERS = 10_000
LONG_CELL = (
    f"a cell longer than {MAXIMUM_CELL_CHARACTERS:,} characters",
    "shorten it; a quote that is not closed makes a cell of all that follows",
)
NAME_IT = "name it, or remove the column; the header must be the first row"
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
    if not path.is_file():
        remedy = "put the data beside the card as records.csv"
        raise file_failure(path, "the file is missing", remedy)
    text = read_text(path)
    found = [*count_delimiters(text, DELIMITERS)] or [","]
    if len(found) > 1:
        names = " and ".join(DELIMITERS[sign] for sign in found)
        rule = f"the header holds {names}: either may separate cells"
        raise file_failure(path, rule, "quote the names of the header that hold one of them")
    # A blank line is a row where the header has one column: its cell may be empty.
    rows: list[Row] = []
    for line, cells in split_rows(path, text, found[0]):
        if cells or (rows and len(rows[0][1]) == 1):
            rows.append((line, cells or [""]))
    while rows and not any(map(str.strip, rows[-1][1])):
        rows.pop()
    header, rows = check_table(path, rows, DELIMITERS[found[0]])
    frame = pd.DataFrame([row for _, row in rows], columns=header, dtype=str)
    return frame.apply(lambda column: column.str.strip()).assign(line=[line for line, _ in rows])


def count_delimiters(text: str, signs: Iterable[str]) -> dict[str, int]:
    """How often each of `signs` stands in the header outside quotes, where it does."""
    header = _HEADER.match(text)
    bare = re.sub(_QUOTED, "", header[1]) if header else ""
    return {sign: bare.count(sign) for sign in signs if sign in bare}


def split_rows(path: Path, text: str, delimiter: str, above: int = 0) -> Iterator[Row]:
    """The rows of CSV, with the line where each begins: `above` is how many stand before `text`.

    Raises SourceError where a row is not CSV, and for what `bound` refuses.
    """
    # Without newline="" a line would end at other characters than editors end it at.
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)

    def read() -> Iterator[Row]:
        line = above + 1
        try:
            for cells in reader:
                yield line, cells
                line = above + reader.line_num + 1
        except csv.Error as error:
            words = f"not CSV: {error} at line {above + reader.line_num}", "fix the quoting"
            rule, remedy = LONG_CELL if "field limit" in str(error) else words
            raise file_failure(path, rule, remedy, line=line) from None

    return bound(path, read())


def bound(path: Path, rows: Iterable[Row]) -> Iterator[Row]:
    """The same rows. Raises SourceError as soon as there is more than records.csv may hold."""
    count = characters = 0
    for line, cells in rows:
        count += len(cells)
        characters += sum(map(len, cells))
        for number, limit, what in (
            (line, MAXIMUM_LINES, "lines"),
            (count, MAXIMUM_CELLS, "cells"),
            (characters, MAXIMUM_BYTES, "characters of text"),
        ):
            if number > limit:
                raise file_failure(path, f"more than {limit:,} {what}", SMALLER)
        if max(map(len, cells), default=0) > MAXIMUM_CELL_CHARACTERS:
            raise file_failure(path, *LONG_CELL, line=line)
        yield line, cells


def check_table(path: Path, rows: list[Row], delimiter: str) -> tuple[list[str], list[Row]]:
    """Names of the columns, and the rows below them.

    Raises SourceError for names that cannot be told apart, where there is no row, and where a row
    has no cells, or more or fewer than the header.
    """
    (header_line, cells), *rows = rows or [(1, [""])]
    header = [name.strip() for name in cells]
    if not rows:
        remedy = "write the names of the columns and the data below"
        raise file_failure(path, "no rows", remedy, line=header_line)
    check_names(path, header_line, header)
    empty = "a row of empty cells between others", "fill it, or remove the line"
    remedy = f"quote cells that hold a {delimiter}; the header must be the first row"
    failures = []
    for line, row in rows:
        if len(row) != len(header):
            rule = f"{len(row)} cells where the header has {len(header)}"
            failures.append(Failure(str(path), line, "", "", rule, remedy))
        elif not any(map(str.strip, row)):
            failures.append(Failure(str(path), line, "", "", *empty))
    raise_any(failures)
    return header, rows


def check_names(path: Path, line: int, header: list[str]) -> None:
    """Raises SourceError where the names of the columns, on `line`, cannot tell them apart."""

    def refuse(rule: str, remedy: str, column: str = "") -> SourceError:
        return file_failure(path, rule, remedy, column, line=line)

    if len(header) > MAXIMUM_COLUMNS:
        raise refuse(f"more than {MAXIMUM_COLUMNS:,} columns", "leave out those you do not need")
    for number, name in enumerate(header, 1):
        if not name:
            raise refuse(f"column {number} has no name", NAME_IT)
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
