"""Reading records.csv: every cell as text, with the line it stands on."""

import csv
import io
from pathlib import Path
from typing import Any

import pandas as pd

from pipeline.failures import Failure, SourceError, file_failure

SAVE_AS_UTF8 = "save it as CSV in UTF-8"
BYTE_ORDER_MARKS = {b"\xff\xfe": "UTF-16", b"\xfe\xff": "UTF-16"}


def read_records(path: Path) -> pd.DataFrame:
    """All cells of `path` as text, with the `line` where each row begins (1 is the header's).

    Raises SourceError where the file is missing, is not UTF-8, has no rows, repeats a column name
    or has a row of another length than the header.
    """
    # StringIO ends lines as editors do; str.splitlines would split cells at U+2028 too.
    reader = csv.reader(io.StringIO(_read_text(path), newline=""), strict=True)
    try:
        (_, header), *rows = _number_rows(reader) or [(1, [])]
    except csv.Error as error:
        raise file_failure(
            path, f"not CSV: {error} at line {reader.line_num}", "mend the quoting"
        ) from None
    _check_shape(path, header, rows)
    frame = pd.DataFrame([row for _, row in rows], columns=header, dtype=str)
    return frame.apply(lambda column: column.str.strip()).assign(line=[line for line, _ in rows])


def _number_rows(reader: Any) -> list[tuple[int, list[str]]]:
    """Each row that is not blank, with the line where it begins: cells may hold line breaks."""
    rows, first = [], 1
    for row in reader:
        if row:
            rows.append((first, row))
        first = reader.line_num + 1
    return rows


def _read_text(path: Path) -> str:
    if not path.is_file():
        raise file_failure(
            path, "the file is missing", "put the data beside the card as records.csv"
        )
    content = path.read_bytes()
    found = BYTE_ORDER_MARKS.get(content[:2])
    if found:
        raise file_failure(path, f"the file is {found}, not UTF-8", SAVE_AS_UTF8)
    if b"\x00" in content:
        line = content[: content.index(b"\x00")].count(b"\n") + 1
        rule = "a zero byte: binary or UTF-16, not UTF-8"
        raise SourceError([Failure(str(path), line, "", "", rule, SAVE_AS_UTF8)])
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        value = content[error.start : error.end].hex()
        raise SourceError(
            [
                Failure(
                    str(path),
                    line,
                    "",
                    value,
                    f"byte 0x{value} is not UTF-8",
                    SAVE_AS_UTF8,
                )
            ]
        ) from None


def _check_shape(path: Path, header: list[str], rows: list[tuple[int, list[str]]]) -> None:
    repeated = sorted({name for name in header if header.count(name) > 1})
    if repeated:
        raise file_failure(
            path, f"column names repeat: {repeated}", "give each column its own name"
        )
    if "line" in header:
        raise file_failure(path, "'line' is a column of the pipeline", "rename the column")
    if not rows:
        raise file_failure(path, "no rows", "add the data below the header")
    uneven = [
        Failure(
            str(path),
            line,
            "",
            "",
            f"{len(row)} cells where the header has {len(header)}",
            "quote cells that hold commas",
        )
        for line, row in rows
        if len(row) != len(header)
    ]
    if uneven:
        raise SourceError(uneven)
