"""How large a received file may be: a small file that unpacks to a huge one is refused in time."""

from collections.abc import Iterable, Iterator
from pathlib import Path

from pipeline.failures import file_failure

MAX_BYTES = 200_000_000  # of a file, of what it unpacks to, and of the text of its cells
MAX_ROWS = 1_000_000
MAX_CELLS = 10_000_000
SMALLER = "keep the rows and columns that the table needs, and save them as CSV"

Row = tuple[int, list[str]]  # line of the file or row of the sheet, counted from 1; cells


def bound(path: Path, rows: Iterable[Row]) -> Iterator[Row]:
    """The same rows. Raises SourceError as soon as there are more than the limits above."""
    row_count = cell_count = character_count = 0
    for line, cells in rows:
        row_count += any(cells)
        cell_count += len(cells)
        character_count += sum(map(len, cells))
        if row_count > MAX_ROWS + 1:  # the header is one
            raise file_failure(path, f"more than {MAX_ROWS} rows", SMALLER)
        if cell_count > MAX_CELLS:
            raise file_failure(path, f"more than {MAX_CELLS} cells", SMALLER)
        if character_count > MAX_BYTES:
            raise file_failure(path, f"more than {MAX_BYTES} characters of text", SMALLER)
        yield line, cells
