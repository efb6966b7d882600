"""A received file (CSV, TSV, Excel, Parquet, JSON, YAML) -> its cells as text, under checked names.

Nothing is converted that a later reader could want to see: text stands as received. Left out, and
said, are blank rows, blank columns at the right end, a saved index and decoration in names.
"""

import csv
import io
import re
import unicodedata
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from pipeline.core.failures import file_failure
from pipeline.ingest.plain_files import UTF_16, check_size, decode, name_sign, read_bytes
from pipeline.ingest.sources.records import Row, bound, check_table, count_delimiters, split_rows
from pipeline.new_dataset.formats import read_parquet, read_tree, read_workbook

TREES = (".json", ".yaml", ".yml")
KINDS = (".csv", ".tsv", ".xlsx", ".parquet", *TREES)
EXPECTED = {".xlsx": b"PK\x03\x04", ".parquet": b"PAR1"}  # first bytes
# How web pages and JSON begin.
NO_CELLS = re.compile(r"(?i)\s*+(?:(?P<markup><(?:!doctype|html|\?xml|table|head|meta))|\[?\{\")")
DELIMITERS = "\t;|,"  # the first wins where several fit: names hold commas more often
VARIANTS = re.compile("[\ufe00-\ufe0f\u200d]")  # of pictures: how they are drawn, and joined
MAX_NAME = 200  # characters: longer ones are text, and no keys of YAML
SEPARATOR_LINE = "sep="  # Excel's own word for the delimiter, in a line of its own
SAVE_AGAIN = "save it again as CSV (UTF-8)"


@dataclass(frozen=True)
class Sheet:
    """Names of the columns, rows of as many cells, number of blank rows, what else was left out."""

    header: list[str]
    rows: list[list[str]]
    blank_rows: int = 0
    notes: list[str] = field(default_factory=list)

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
    kind = path.suffix.lower()
    if not path.is_file():
        found = "a folder" if path.is_dir() else "cannot be opened: no plain file"
        raise file_failure(path, found, "give the path of a file")
    if kind not in KINDS:
        found = f"extension {kind!r}, not one of {', '.join(KINDS)}"
        raise file_failure(path, found, "save it as .xlsx or as CSV")
    if sheet is not None and kind != ".xlsx":
        raise file_failure(path, "only a workbook has sheets", "leave --sheet out")
    content = read_bytes(path)
    if not content:
        raise file_failure(path, "the file is empty", "give a file with a header and rows")
    if not content.startswith(EXPECTED.get(kind, b"")):
        raise file_failure(path, f"named {kind} and is something else", SAVE_AGAIN)
    if kind == ".xlsx":
        rows = bound(path, read_workbook(path, sheet))
    elif kind == ".parquet":
        rows = bound(path, read_parquet(path))
    elif kind in TREES:
        rows = bound(path, read_tree(path, decode(path, content)))
    else:
        rows = _read_delimited(path, kind, content)
    made = _tidy(path, list(rows), is_padded=kind in EXPECTED)
    check_size(path, len(made.to_csv().encode()))
    return made


def _read_delimited(path: Path, kind: str, content: bytes) -> Iterator[Row]:
    """Rows of a CSV or TSV file with the line where each begins; the delimiter is found."""
    if content.startswith(UTF_16):  # Excel's "Unicode text"
        with suppress(UnicodeDecodeError):  # refused as it is
            content = content.decode("utf-16").encode()
    text = decode(path, content)
    if found := NO_CELLS.match(text):
        what = "a web page or XML" if found["markup"] else "JSON"
        raise file_failure(path, f"named {kind} and is {what}", SAVE_AGAIN)
    first, _, rest = text.partition("\n")
    mark = first.strip()[len(SEPARATOR_LINE) :]
    if first.lower().startswith(SEPARATOR_LINE) and len(mark) <= 1:
        return split_rows(path, rest, mark or "\t", above=1)
    found_signs = count_delimiters(text, DELIMITERS)
    likeliest = max(found_signs, key=found_signs.__getitem__, default=",")
    return split_rows(path, text, "\t" if kind == ".tsv" else likeliest)


def _tidy(path: Path, rows: list[Row], *, is_padded: bool) -> Sheet:
    """The sheet without blank rows; `is_padded`: the format leaves blank cells out at the end."""
    filled = [(line, cells) for line, cells in rows if any(map(str.strip, cells))]
    sizes = [_count_filled(cells) for _, cells in filled]
    width = max(sizes if is_padded else sizes[:1], default=0)

    def fit(cells: list[str], size: int) -> list[str]:
        missing = width - len(cells) if is_padded else 0
        return cells[: max(width, size)] + [""] * missing

    fitted = [(line, fit(cells, size)) for (line, cells), size in zip(filled, sizes, strict=True)]
    fitted, notes = _drop_index(fitted)
    if fitted:
        line, names = fitted[0]
        plain = [_undecorate(name) for name in names]
        pairs = zip(names, plain, strict=True)
        notes += [f"{old!a} is called {new!r}" for old, new in pairs if old.strip() != new]
        fitted[0] = line, plain
    header, body = check_table(path, fitted, "delimiter")
    header_line = fitted[0][0]
    _check_keys(path, header_line, header)
    below = sum(line > header_line for line, _ in rows)
    return Sheet(header, [cells for _, cells in body], below - len(body), notes)


def _drop_index(rows: list[Row]) -> tuple[list[Row], list[str]]:
    """The rows without a first column that has no name and counts them, and what was left out."""
    cells = [row[0].strip() for _, row in rows if row]
    numbers = [str(i) for i in range(len(cells) - 1)]
    if len(cells) < len(rows) or cells[:1] not in ([""], ["Unnamed: 0"]) or cells[1:] != numbers:
        return rows, []
    note = "the first column, without a name, counts the rows: a saved index, left out"
    return [(line, row[1:]) for line, row in rows], [note]


def _undecorate(name: str) -> str:
    """The name without pictures and their variants; itself where nothing else is in it."""
    kept = "".join(c for c in VARIANTS.sub("", name) if unicodedata.category(c) != "So")
    return " ".join(kept.split(" ")).strip() or name


def _count_filled(cells: list[str]) -> int:
    return max((i for i, cell in enumerate(cells, start=1) if cell.strip()), default=0)


def _check_keys(path: Path, line: int, header: list[str]) -> None:
    """Raises SourceError for names that could not be keys of a card: text, and odd signs."""
    for name in header:
        if len(name) > MAX_NAME:
            rule = f"a column name of {len(name)} characters, {name[:40]!r}...: at most {MAX_NAME}"
            remedy = "the header must be the first row, with a short name for each column"
            raise file_failure(path, rule, remedy, line=line)
        if sign := next((each for each in name if not each.isprintable()), ""):
            rule = f"{name_sign(sign)}, cannot stand in the name of a column"
            raise file_failure(path, rule, "write a space in its place", ascii(name), line=line)
