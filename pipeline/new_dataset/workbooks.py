"""Excel workbooks: the cells of one sheet as text, and every reason not to trust the file.

A workbook is a zip archive: its directory is checked before anything is unpacked. Formulas are
refused, because the file may hold no result for them, or an old one.
"""

import re
import warnings
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import closing
from datetime import date, datetime, time
from decimal import Decimal
from pathlib import Path
from typing import Any

from pipeline.failures import Failure, SourceError, file_failure
from pipeline.new_dataset.limits import MAX_BYTES, SMALLER, Row

MAX_MEMBERS = 10_000
MAX_DIRECTORY_BYTES = 10_000_000
MAX_RATIO = 200
RATIO_MATTERS_BYTES = 10_000_000  # repetitive small parts pack well and do no harm
EXCEL_ROWS = 1_048_576
SHOWN_CELLS = 20
HIDDEN = re.compile(
    rb"<(?:\w+:)?row(?=\s[^>]{0,500}?\bhidden=[\"'](?:1|true))\s[^>]{0,500}?\br=[\"'](\d+)"
)
MERGED = re.compile(rb"<(?:\w+:)?mergeCell\s[^>]{0,200}?\bref=[\"']([A-Z0-9:]+)")
# What openpyxl and zipfile raise on files that are damaged or made by hand; XML errors are
# SyntaxError, those of refused entities ValueError.
DAMAGE = (
    zipfile.BadZipFile,
    zlib.error,
    ArithmeticError,
    AssertionError,
    AttributeError,
    EOFError,
    LookupError,
    NotImplementedError,
    OSError,
    RecursionError,
    RuntimeError,
    SyntaxError,
    TypeError,
    ValueError,
)


def as_text(value: object) -> str:
    """A value as a cell of records.csv: dates as ISO, numbers in the fewest digits that hold them.

    A moment without a time of day is a date.
    """
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime):
        return (value.date() if value.time() == time() else value).isoformat()
    if isinstance(value, date | time):
        return value.isoformat()
    return "" if value != value else str(value)  # only not-a-number differs from itself


def read_workbook(path: Path, sheet: str | None) -> Iterator[Row]:
    """Rows of the sheet named `sheet`, or of the only one.

    Raises SourceError where the archive is unsafe or damaged, the sheet is not named among several,
    or cells are merged, hidden, formulas or errors.
    """
    check_archive(path)
    with warnings.catch_warnings():
        # Of parts that openpyxl leaves out (styles, validation lists, drawings): no cell among them
        warnings.simplefilter("ignore", UserWarning)
        try:
            yield from _read_rows(path, sheet)
        except DAMAGE as error:
            raise _damaged(path, error) from None


def check_archive(path: Path) -> None:
    """Raises SourceError where the zip archive at `path` must not be unpacked."""
    try:
        _check_directory(path)
        with zipfile.ZipFile(path) as archive:
            members = archive.infolist()
    except DAMAGE as error:
        raise _damaged(path, error) from None
    if fault := _find_fault(members):
        raise file_failure(path, fault, "save the sheet again in Excel, or as CSV in UTF-8")


def _check_directory(path: Path) -> None:
    """Raises SourceError for a list of members that would itself fill the memory."""
    with path.open("rb") as file:
        file.seek(max(0, path.stat().st_size - 65_557))  # the end record and the longest comment
        tail = file.read()
    start = tail.rfind(b"PK\x05\x06")
    size = int.from_bytes(tail[start + 12 : start + 16], "little") if start >= 0 else 0
    if size > MAX_DIRECTORY_BYTES:
        raise file_failure(path, f"more than {MAX_MEMBERS} parts in the archive", SMALLER)


def _find_fault(members: list[zipfile.ZipInfo]) -> str | None:
    if len(members) > MAX_MEMBERS:
        return f"{len(members)} parts in the archive, more than {MAX_MEMBERS}"
    if (total := sum(member.file_size for member in members)) > MAX_BYTES:
        return f"unpacks to {total / 1e6:.0f} MB, more than {MAX_BYTES / 1e6:.0f} MB"
    for member in members:
        if member.flag_bits & 1:
            return f"the part {member.filename!r} is encrypted"
        if _leads_out(member.filename):
            return f"the part {member.filename!r} leads out of the archive"
        is_large = member.file_size > RATIO_MATTERS_BYTES
        if is_large and member.file_size > MAX_RATIO * max(1, member.compress_size):
            return f"the part {member.filename!r} unpacks to over {MAX_RATIO} times its size"
    if "[Content_Types].xml" not in {member.filename for member in members}:
        return "a zip archive, not an Excel workbook"
    return None


def _leads_out(name: str) -> bool:
    parts = name.replace("\\", "/").split("/")
    return name.startswith(("/", "\\")) or ".." in parts or ":" in parts[0]


def _damaged(path: Path, error: Exception) -> SourceError:
    reason = " ".join(str(error).split())[:100] or type(error).__name__
    return file_failure(
        path, f"not a sound Excel workbook: {reason}", "open it in Excel and save it as CSV (UTF-8)"
    )


def _read_rows(path: Path, sheet: str | None) -> Iterator[Row]:
    from openpyxl import load_workbook  # half a second, of workbooks alone

    with (
        path.open("rb") as file,  # openpyxl leaves a damaged one open
        closing(load_workbook(file, read_only=True, data_only=False)) as workbook,
    ):
        worksheet = _choose_sheet(path, workbook, sheet)
        _refuse_merged(path, worksheet)
        hidden = {int(row) for row in _scan(worksheet, HIDDEN)}
        worksheet.reset_dimensions()  # what the file says of its extent may cut rows off
        refused: list[Failure] = []
        for line, cells in enumerate(worksheet.iter_rows(), start=1):
            if line > EXCEL_ROWS:
                raise file_failure(path, f"more than {EXCEL_ROWS} rows", SMALLER)
            refused += [
                _refuse_cell(path, worksheet.title, line, cell)
                for cell in cells
                if cell.data_type in "fe" and cell.value is not None
            ]
            texts = [_read_cell(cell) for cell in cells]
            if line in hidden and any(texts):
                refused.append(_refuse_hidden(path, worksheet.title, line))
            if len(refused) >= SHOWN_CELLS:
                break
            yield line, texts
        if refused:
            raise SourceError(refused)


def _choose_sheet(path: Path, workbook: Any, name: str | None) -> Any:
    sheets = {sheet.title: sheet for sheet in workbook.worksheets}
    if name in sheets:
        return sheets[name]
    if name is None and len(sheets) == 1:
        return next(iter(sheets.values()))
    listed = ", ".join(
        repr(title) + ("" if sheet.sheet_state == "visible" else " (hidden)")
        for title, sheet in sheets.items()
    )
    found = f"{len(sheets)} sheets" if name is None else f"no sheet {name!r}"
    raise file_failure(path, f"{found}; there are: {listed}", "name one with --sheet")


def _refuse_merged(path: Path, worksheet: Any) -> None:
    """Raises SourceError for merged cells: all but the first would be read as empty."""
    ranges = _scan(worksheet, MERGED)
    if ranges:
        shown = ", ".join(ranges[:SHOWN_CELLS])
        raise file_failure(
            path,
            f"merged cells in sheet {worksheet.title!r}: {shown}",
            "unmerge them and write the value into every cell that it is meant for",
        )


def _scan(worksheet: Any, pattern: re.Pattern[bytes]) -> list[str]:
    """What `pattern` finds in the XML of the sheet, which read-only sheets do not tell."""
    found: dict[str, None] = {}
    with worksheet.parent._archive.open(worksheet._worksheet_path) as part:
        before = b""
        while chunk := part.read(1_000_000):
            found |= dict.fromkeys(each.decode() for each in pattern.findall(before + chunk))
            before = chunk[-1000:]  # an element may be cut; one found twice does no harm
    return list(found)


def _refuse_hidden(path: Path, title: str, line: int) -> Failure:
    return Failure(
        str(path),
        line,
        f"{title}!{line}:{line}",
        "",
        "a hidden row with values: filtered out, or forgotten",
        "show all rows and delete those that are not data",
    )


def _refuse_cell(path: Path, title: str, line: int, cell: Any) -> Failure:
    is_formula = cell.data_type == "f"
    value = str(getattr(cell.value, "text", cell.value))[:80]
    return Failure(
        str(path),
        line,
        f"{title}!{cell.coordinate}",
        value,
        "a formula, not a value" if is_formula else "an error of Excel's, not a value",
        "copy the sheet and paste as values" if is_formula else "empty the cell or mend it",
    )


def _read_cell(cell: Any) -> str:
    value = cell.value
    if isinstance(value, int | float) and not isinstance(value, bool):
        return _as_percent(value, str(cell.number_format))
    return as_text(value)


def _as_percent(value: float, number_format: str) -> str:
    """A number as it is shown where it is shown with a percent sign: 0.45 under 0% is 45%."""
    if "%" not in number_format:
        return as_text(value)
    if "%" in re.sub(r'"[^"]*"|\\.', "", number_format):
        value_shown = (Decimal(str(value)) * 100).normalize()
        return f"{value_shown:f}%"
    return f"{as_text(value)}%"  # a quoted sign does not multiply by 100
