"""Excel workbooks, Parquet files, JSON and YAML -> rows of cells as text, and every reason not to
trust them.

Size is bounded before anything is unpacked. Formulas are refused, because a workbook may hold no
result for them, or an old one.
"""

import json
import re
import warnings
import zipfile
from collections.abc import Iterator
from contextlib import closing
from datetime import date, datetime, time
from decimal import Decimal
from pathlib import Path
from typing import Any

import pandas as pd
from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from pipeline.core.failures import Failure, SourceError, file_failure, raise_any
from pipeline.ingest.plain_files import SMALLER, check_size
from pipeline.ingest.sources.records import MAXIMUM_CELLS, MAXIMUM_LINES, Row

SAVE_AGAIN = "save the sheet again in Excel, or as CSV in UTF-8"
MAX_PARTS, SHOWN = 10_000, 20
NESTED = re.compile("list|struct|map|union|binary")  # kinds of Parquet that are no text
PART = b"PK\x01\x02"  # what an entry of a zip archive's directory begins with
HIDDEN = re.compile(
    rb"<(?:\w+:)?row(?=\s[^>]{0,500}?\bhidden=[\"'](?:1|true))\s[^>]{0,500}?\br=[\"'](\d+)"
)
MERGED = re.compile(rb"<(?:\w+:)?mergeCell\s[^>]{0,200}?\bref=[\"']([A-Z0-9:]+)")
REFUSED = {
    "f": ("a formula, not a value", "copy the sheet and paste as values"),
    "e": ("an error of Excel's, not a value", "empty the cell or fix it"),
    "hidden": (
        "a hidden row with values: filtered out, or forgotten",
        "show all rows and delete those that are not data",
    ),
}


def as_text(value: object) -> str:
    """A cell of records.csv: ISO dates, without midnight; numbers in the fewest digits."""
    if value is None or value != value:  # only not-a-number differs from itself
        return ""
    if isinstance(value, datetime) and value.time() == time():
        value = value.date()
    if isinstance(value, date | time):
        return value.isoformat()
    return str(value).lower() if isinstance(value, bool) else str(value)


def read_workbook(path: Path, sheet: str | None) -> Iterator[Row]:
    """Rows of the sheet named `sheet`, or of the only one.

    Raises SourceError where the archive is too large or damaged, the sheet is not named among
    several, or cells are merged, hidden, formulas or errors.
    """
    try:
        _check_archive(path)
        with warnings.catch_warnings():
            # Of parts that openpyxl leaves out (styles, drawings): no cell among them
            warnings.simplefilter("ignore", UserWarning)
            yield from _read_sheet(path, sheet)
    except SourceError:
        raise
    except Exception as error:  # openpyxl and zipfile raise nearly anything on a damaged file
        remedy = "open it in Excel and save it as CSV (UTF-8)"
        raise _damaged(path, "Excel workbook", error, remedy) from None


def _damaged(path: Path, kind: str, error: Exception, remedy: str) -> SourceError:
    reason = " ".join(str(error).split())[:100] or type(error).__name__
    return file_failure(path, f"not a sound {kind}: {reason}", remedy)


def _check_archive(path: Path) -> None:
    """Raises SourceError for an archive whose parts, or list of parts, would fill the memory."""
    if path.read_bytes().count(PART) > MAX_PARTS:
        raise file_failure(path, f"parts in the archive, more than {MAX_PARTS}", SAVE_AGAIN)
    with zipfile.ZipFile(path) as archive:  # unpacks no part beyond the size stated here
        sizes = {part.filename: part.file_size for part in archive.infolist()}
    check_size(path, sum(sizes.values()), remedy=SAVE_AGAIN, what="unpacks to ")
    if "[Content_Types].xml" not in sizes:
        raise file_failure(path, "a zip archive, not an Excel workbook", SAVE_AGAIN)


def _read_sheet(path: Path, name: str | None) -> Iterator[Row]:
    from openpyxl import load_workbook  # half a second, of workbooks alone

    with (
        path.open("rb") as file,  # openpyxl leaves a damaged one open
        closing(load_workbook(file, read_only=True, data_only=False)) as workbook,
    ):
        worksheet = _choose_sheet(path, workbook, name)
        if ranges := _scan(worksheet, MERGED):
            rule = f"merged cells in sheet {worksheet.title!r}: {', '.join(ranges[:SHOWN])}"
            remedy = "unmerge them and write the value into every cell that it is meant for"
            raise file_failure(path, rule, remedy)
        hidden = {int(row) for row in _scan(worksheet, HIDDEN)}
        worksheet.reset_dimensions()  # what the file says of its extent may cut rows off
        refused: list[Failure] = []
        for line, cells in enumerate(worksheet.iter_rows(), start=1):
            texts = [_read_cell(cell) for cell in cells]
            found = [
                (cell.coordinate, str(getattr(cell.value, "text", cell.value)), cell.data_type)
                for cell in cells
                if cell.data_type in REFUSED and cell.value is not None
            ]
            found += [(f"{line}:{line}", "", "hidden")] * (line in hidden and any(texts))
            refused += [
                Failure(str(path), line, f"{worksheet.title}!{at}", value, *REFUSED[kind])
                for at, value, kind in found
            ]
            if len(refused) >= SHOWN:
                break
            yield line, texts
        raise_any(refused)


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


def _scan(worksheet: Any, pattern: re.Pattern[bytes]) -> list[str]:
    """What `pattern` finds in the XML of the sheet, which read-only sheets do not tell."""
    with worksheet.parent._archive.open(worksheet._worksheet_path) as part:
        return [found.decode() for found in pattern.findall(part.read())]


def _read_cell(cell: Any) -> str:
    """The cell as text; a number as it is shown with a percent sign: 0.45 under 0% is 45%."""
    value = cell.value
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    number_format = str(cell.number_format) if is_number else ""
    if "%" in re.sub(r'"[^"]*"|\\.', "", number_format):
        return f"{(Decimal(str(value)) * 100).normalize():f}%"
    return as_text(value) + "%" * ("%" in number_format)  # a quoted sign does not multiply by 100


def read_tree(path: Path, text: str) -> Iterator[Row]:
    """Header and rows of records in JSON or YAML: a list of them, or a mapping of names to them,
    which may stand under one key. Keys within a record are joined by points.

    Raises SourceError where there are no such records.
    """
    try:
        tree = (
            json.loads(text) if path.suffix == ".json" else YAML(typ="safe", pure=True).load(text)
        )
    except (ValueError, YAMLError) as error:
        raise _damaged(path, f"{path.suffix} file", error, "write it again, or as CSV") from None
    below = tree.values() if isinstance(tree, dict) else ()
    records = next((found for each in (tree, *below) if (found := _list_records(each))), None)
    if records is None:
        remedy = "write a list of records, one for each row, or make a CSV file of it"
        raise file_failure(path, "no list of records, and no mapping of names to records", remedy)
    frame = pd.json_normalize(records).astype(object)
    lists = [str(name) for name in frame if frame[name].map(lambda x: isinstance(x, list)).any()]
    cells = frame.drop(columns=lists).map(lambda x: "" if x is None else as_text(x))
    yield from enumerate([[*map(str, cells.columns)], *cells.to_numpy().tolist()], start=1)


def _list_records(tree: Any) -> list[dict[str, Any]] | None:
    if isinstance(tree, dict) and tree and all(isinstance(each, dict) for each in tree.values()):
        return [{"model": str(name), **each} for name, each in tree.items()]
    is_list = isinstance(tree, list) and tree and all(isinstance(each, dict) for each in tree)
    return tree if is_list else None


def read_parquet(path: Path) -> Iterator[Row]:
    """The header and the rows. Raises SourceError for a file that is damaged, too large or nested.

    Text is read through its dictionary, so that a long text in many rows is held once.
    """
    import pyarrow as pa  # a third of a second, of Parquet alone
    import pyarrow.parquet as pq

    try:
        schema, metadata = pq.read_schema(path), pq.read_metadata(path)
        _check_footer(path, schema, metadata)
        texts = [field.name for field in schema if str(field.type) in ("string", "large_string")]
        table = pq.read_table(path, read_dictionary=texts)
        columns = [_read_column(column.combine_chunks()) for column in table.columns]
    except (pa.ArrowException, OSError, ValueError, OverflowError) as error:
        raise _damaged(path, "Parquet file", error, "write it again, or as CSV") from None
    yield from enumerate(map(list, [schema.names, *zip(*columns, strict=True)]), start=1)


def _check_footer(path: Path, schema: Any, metadata: Any) -> None:
    """Raises SourceError where what is to be read is not one value a cell, or too much."""
    kinds = {field.name: str(field.type) for field in schema}
    refused = [f"{name} ({kind})" for name, kind in kinds.items() if NESTED.search(kind)]
    if refused:
        rule = f"columns that are not one value a cell: {', '.join(refused)}"
        remedy = "leave them out, or write one column for each of their values"
        raise file_failure(path, rule, remedy)
    if metadata.num_rows >= MAXIMUM_LINES or metadata.num_rows * len(kinds) > MAXIMUM_CELLS:
        rule = f"{metadata.num_rows} rows of {len(kinds)} columns, more than are read"
        raise file_failure(path, rule, SMALLER)
    groups = map(metadata.row_group, range(metadata.num_row_groups))
    check_size(path, sum(group.total_byte_size for group in groups), what="unpacks to ")


def _read_column(column: Any) -> list[str]:
    kind = str(column.type)
    if kind.startswith("dictionary"):
        values = [as_text(value) for value in column.dictionary.to_pylist()]
        return ["" if i is None else values[i] for i in column.indices.to_pylist()]
    # Python's own float would write more digits of a short one
    is_float = kind in ("halffloat", "float", "double")
    values = column.to_numpy(zero_copy_only=False) if is_float else column.to_pylist()
    return [as_text(value) for value in values]
