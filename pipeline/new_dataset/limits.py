"""How large a received file may be: what is made of it must be read as records.csv, and a small
file that unpacks to a huge one is refused in time.
"""

from collections.abc import Iterable, Iterator
from pathlib import Path

from pipeline.failures import Failure, SourceError, file_failure
from pipeline.ingest.sources.records import (
    LONG_CELL,
    MAXIMUM_BYTES,
    MAXIMUM_CELL_CHARACTERS,
    MAXIMUM_CELLS,
    MAXIMUM_LINES,
    check_size,
)

MAX_BYTES = MAXIMUM_BYTES  # of a file, of what it unpacks to, and of the text of its cells
MAX_ROWS = MAXIMUM_LINES - 1  # the header is a line
MAX_CELLS = MAXIMUM_CELLS
SMALLER = "keep the rows and columns that the table needs, and save them as CSV"

Row = tuple[int, list[str]]  # line of the file or row of the sheet, counted from 1; cells


def bound(path: Path, rows: Iterable[Row]) -> Iterator[Row]:
    """The same rows. Raises SourceError as soon as there are more than the limits above."""
    row_count = cell_count = character_count = 0
    for line, cells in rows:
        row_count += any(cells)
        cell_count += len(cells)
        character_count += sum(map(len, cells))
        if row_count > MAX_ROWS + 1:
            raise file_failure(path, f"more than {MAX_ROWS:,} rows", SMALLER)
        if cell_count > MAX_CELLS:
            raise file_failure(path, f"more than {MAX_CELLS:,} cells", SMALLER)
        if character_count > MAX_BYTES:
            raise file_failure(path, f"more than {MAX_BYTES:,} characters of text", SMALLER)
        if max(map(len, cells), default=0) > MAXIMUM_CELL_CHARACTERS:
            raise SourceError([Failure(str(path), line, "", "", *LONG_CELL)])
        yield line, cells


def check_records(path: Path, records: str) -> None:
    """Raises SourceError where the text made of `path` is more than records.csv may hold."""
    lines = max(records.count("\n"), records.count("\r"))
    check_size(path, len(records.encode("utf-8")), lines)
