"""Received files: what is read as it stands, and every reason to refuse one."""

from collections.abc import Callable
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from conftest import read_cases, stretch
from openpyxl import Workbook

from pipeline.core.failures import SourceError
from pipeline.ingest.sources import records
from pipeline.new_dataset import formats
from pipeline.new_dataset.received import Sheet, read_received

CASES = read_cases("received.yaml")
UNICODE = ("a\tb\r\né\t2\r\n".encode("utf-16"), ["é", "2"])  # as Excel saves it
BYTES = [
    (b"a,b\n1,\xe9\n", r":2: .*byte 0xe9 is not UTF-8"),
    (b"a,b\n1,\x00\n", "a zero byte"),
    (b"\xd0\xcf\x11\xe0\xa1", "byte 0xd0 is not UTF-8"),
]


def read(folder: Path, content: str | bytes, name: str = "file.csv") -> Sheet:
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else stretch(content).encode("utf-8"))
    return read_received(path)


def refuse(path: Path, words: str, sheet: str | None = None) -> None:
    with pytest.raises(SourceError, match=words):
        read_received(path, sheet)


@pytest.mark.parametrize(("content", "rows"), [*CASES["read"], UNICODE])
def test_cells_of_csv(tmp_path: Path, content: str | bytes, rows: list[str]) -> None:
    sheet = read(tmp_path, content)
    assert (sheet.header, sheet.rows) == (["a", "b"], [rows])
    assert read(tmp_path, sheet.to_csv()) == sheet


def test_tsv_is_cut_at_tabs_alone_and_blank_rows_are_counted(tmp_path: Path) -> None:
    sheet = read(tmp_path, "a\tb,c\n1\t2,3\n\t\n\n4\t5\n", "file.tsv")
    assert (sheet.header, sheet.blank_rows) == (["a", "b,c"], 2)
    assert sheet.rows == [["1", "2,3"], ["4", "5"]]


@pytest.mark.parametrize(("content", "words"), [*CASES["refused"], *BYTES])
def test_file_that_is_no_table_is_refused(tmp_path: Path, content: str | bytes, words: str) -> None:
    with pytest.raises(SourceError, match=words):
        read(tmp_path, content)


@pytest.mark.parametrize(("name", "words"), CASES["kinds"])
def test_other_kinds_are_refused_with_the_way_out(tmp_path: Path, name: str, words: str) -> None:
    with pytest.raises(SourceError, match=words):
        read(tmp_path, "<html><table><tr><td>1", name)


@pytest.mark.parametrize(
    ("limit", "value", "words"),
    [
        ("MAXIMUM_LINES", 3, "more than 3 lines"),
        ("MAXIMUM_CELLS", 2, "more than 2 cells"),
        ("MAXIMUM_CELL_CHARACTERS", 20, "a cell longer than"),
    ],
)
def test_limits_hold_while_reading(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, limit: str, value: int, words: str
) -> None:
    monkeypatch.setattr(records, limit, value)
    with pytest.raises(SourceError, match=words):
        read(tmp_path, "a,b\n" + "1,2\n" * 10 + "x" * 21 + ",y\n")


Change = Callable[[Any], None]
ROWS: list[list[Any]] = [["model", "score"], ["A", 0.1], ["B", 2]]


def make_workbook(path: Path, rows: list[list[Any]], change: Change = lambda _: None) -> Path:
    """A workbook with one sheet, Results, changed before it is saved."""
    workbook = Workbook()
    sheet = workbook.active
    assert sheet is not None
    sheet.title = "Results"
    for row in rows:
        sheet.append(row)
    change(workbook)
    workbook.save(path)
    return path


def test_numbers_dates_and_truth_values_of_a_workbook(tmp_path: Path) -> None:
    cells = [0.1, 1e24, 3, datetime(2023, 3, 14), date(2022, 1, 2), True, "007", None, "x", 0.425]
    rows = [[f"c{i}" for i in range(10)], cells]
    path = make_workbook(
        tmp_path / "a.xlsx", rows, lambda book: setattr(book.active["J2"], "number_format", "0.0%")
    )
    expected = ["0.1", "1e+24", "3", "2023-03-14", "2022-01-02", "true", "007", "", "x", "42.5%"]
    assert read_received(path).rows == [expected]


def test_one_of_several_sheets_must_be_named(tmp_path: Path) -> None:
    path = make_workbook(tmp_path / "a.xlsx", ROWS, lambda book: book.create_sheet("Notes"))
    refuse(path, "2 sheets; there are: 'Results', 'Notes'.*--sheet")
    refuse(path, "no sheet 'Other'", "Other")
    assert read_received(path, "Results").header == ["model", "score"]


def hide(workbook: Any) -> None:
    for row in (3, 9):
        workbook.active.row_dimensions[row].hidden = True


@pytest.mark.parametrize(
    ("value", "change", "words"),
    [
        ("=B2*2", None, r"Results!B3 '=B2\*2': a formula, not a value"),
        ("#REF!", None, "Results!B3 '#REF!': an error of Excel's"),
        (2, lambda book: book.active.merge_cells("A2:A3"), "merged cells .*'Results': A2:A3"),
        (2, hide, "Results!3:3: a hidden row"),
    ],
)
def test_what_a_person_must_decide_is_refused_with_its_cell(
    tmp_path: Path, value: Any, change: Change | None, words: str
) -> None:
    rows = [*ROWS[:2], ["B", value]]
    refuse(make_workbook(tmp_path / "a.xlsx", rows, change or (lambda _: None)), words)
    assert len(read_received(make_workbook(tmp_path / "b.xlsx", ROWS[:2], hide)).rows) == 1


def write_parquet(path: Path, **columns: Any) -> Path:
    pq.write_table(pa.table(columns), path)
    return path


def test_parquet_cells_as_text(tmp_path: Path) -> None:
    path = write_parquet(
        tmp_path / "a.parquet",
        model=["A", None],
        score=[0.1, float("nan")],
        small=pa.array([0.1, None], pa.float32()),
        released=[date(2023, 3, 14), None],
        is_open=[True, False],
        kind=pa.array(["x", "y"]).dictionary_encode(),
    )
    rows = [["A", "0.1", "0.1", "2023-03-14", "true", "x"], ["", "", "", "", "false", "y"]]
    assert read_received(path).rows == rows


def test_nested_large_or_damaged_parquet_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write_parquet(tmp_path / "a.parquet", model=["A"], tags=[["x", "y"]], raw=[b"1"])
    refuse(path, r"one value a cell: tags \(list<.*raw \(binary\)")
    write_parquet(path, model=["A", "B"])
    monkeypatch.setattr(formats, "MAXIMUM_LINES", 2)
    refuse(path, "2 rows of 1 columns, more than are read")
    path.write_bytes(path.read_bytes()[:20])
    refuse(path, "not a sound Parquet file")
