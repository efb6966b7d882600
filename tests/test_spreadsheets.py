"""Received files: what is read as it stands, and every reason to refuse one."""

import io
import re
import zipfile
from collections.abc import Callable
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from openpyxl import Workbook, load_workbook

from pipeline.failures import SourceError
from pipeline.new_dataset import formats, received
from pipeline.new_dataset.received import Sheet, read_received as read_sheet


def read(folder: Path, content: str | bytes, name: str = "file.csv") -> Sheet:
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode("utf-8"))
    return read_sheet(path)


def refuse(path: Path, words: str, sheet: str | None = None) -> None:
    with pytest.raises(SourceError, match=words):
        read_sheet(path, sheet)


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_delimiter_is_found(tmp_path: Path, delimiter: str) -> None:
    sheet = read(tmp_path, "a,b\n1,2\n".replace(",", delimiter))
    assert (sheet.header, sheet.rows) == (["a", "b"], [["1", "2"]])


def test_semicolons_win_where_cells_hold_decimal_commas(tmp_path: Path) -> None:
    assert read(tmp_path, "a;b\n1,5;2,5\n").rows == [["1,5", "2,5"]]


def test_tsv_is_cut_at_tabs_alone(tmp_path: Path) -> None:
    assert read(tmp_path, "a\tb,c\n1\t2,3\n", "file.tsv").header == ["a", "b,c"]


def test_excels_separator_line_and_its_unicode_text_are_read(tmp_path: Path) -> None:
    assert read(tmp_path, "sep=;\na;b\n1;2\n").header == ["a", "b"]
    assert read(tmp_path, "a\tb\r\né\t2\r\n".encode("utf-16")).rows == [["é", "2"]]


def test_text_stands_as_received(tmp_path: Path) -> None:
    cells = ["1.50", " 1e24", "007", "=1+1", "true", "x\u2028y", "1,2"]
    text = "a,b,c,d,e,f,g\n" + ",".join(f'"{cell}"' for cell in cells) + "\n"
    assert read(tmp_path, text).rows == [cells]


def test_records_read_back_as_the_sheet(tmp_path: Path) -> None:
    sheet = read(tmp_path, 'a,"b, c"\n"x\ny","say ""hi"""\n')
    assert read(tmp_path, sheet.to_csv()) == sheet


def test_blank_rows_are_counted_and_columns_without_name_and_cells_dropped(tmp_path: Path) -> None:
    sheet = read(tmp_path, "a,b,,\n1,2,,\n,,,\n\n3,4,,\n")
    assert (sheet.header, sheet.rows, sheet.blank_rows) == (
        ["a", "b"],
        [["1", "2"], ["3", "4"]],
        2,
    )


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("", "the file is empty"),
        (" ,\n,\n", "no cell has a value"),
        ("a,b\n", "a header and no rows"),
        ("a,a\n1,2\n", "column names repeat"),
        ("a,,c\n1,2,3\n", "no name in the header for column 2"),
        ("line,b\n1,2\n", "'line' is a column of the pipeline"),
        ("x" * 201 + ",b\n1,2\n", "a column name of 201 characters"),
        ("a,b\n1,2,3\n", r":2: 3 cells where the header has 2"),
        ('a,b\n"1,2\n', "not CSV"),
        (b"a,b\n1,\xe9\n", r":2: byte 0xe9 is not UTF-8"),
        (b"a,b\n1,\x00\n", "a zero byte"),
        ("<!DOCTYPE html><table>", "named .csv and is a web page"),
        ('{"a": 1}', "named .csv and is JSON"),
        (b"PK\x03\x04", "named .csv and is a zip archive"),
        (b"\xd0\xcf\x11\xe0\xa1", "named .csv and is an old or encrypted Office file"),
    ],
)
def test_file_that_is_no_table_is_refused(tmp_path: Path, content: str | bytes, words: str) -> None:
    with pytest.raises(SourceError, match=words):
        read(tmp_path, content)


def test_web_page_named_as_old_excel_is_refused_with_the_way_out(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match=r"Excel format before 2007.*save it as \.xlsx"):
        read(tmp_path, "<html><table><tr><td>1", "file.xls")
    with pytest.raises(SourceError, match=r"named \.xlsx and is a web page"):
        read(tmp_path, "<html><table><tr><td>1", "file.xlsx")


@pytest.mark.parametrize("name", ["file.ods", "file.xlsm", "file.json", "file"])
def test_other_kinds_are_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(SourceError, match="save"):
        read(tmp_path, "a,b\n1,2\n", name)


def test_folder_and_missing_file_are_refused(tmp_path: Path) -> None:
    refuse(tmp_path, "a folder")
    refuse(tmp_path / "none.csv", "cannot be opened")


@pytest.mark.parametrize(
    ("limit", "words"),
    [("MAX_ROWS", "more than 2 rows"), ("MAX_CELLS", "cells"), ("MAX_BYTES", "characters")],
)
def test_limits_hold_while_reading(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, limit: str, words: str
) -> None:
    monkeypatch.setattr(limits, limit, 2)
    with pytest.raises(SourceError, match=words):
        read(tmp_path, "a,b\n" + "1,2\n" * 10)


def test_large_file_is_refused_unread(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(spreadsheets, "MAX_BYTES", 3)
    with pytest.raises(SourceError, match="MB, more than"):
        read(tmp_path, "a,b\n1,2\n")


Fill = Callable[[Any], None]


def make_workbook(path: Path, rows: list[list[Any]], change: Fill = lambda _: None) -> Path:
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


ROWS: list[list[Any]] = [["model", "score"], ["A", 0.1], ["B", 2]]


def test_numbers_dates_and_truth_values_of_a_workbook(tmp_path: Path) -> None:
    cells = [0.1, 1e24, 3, datetime(2023, 3, 14), date(2022, 1, 2), True, "007", None, "x"]
    path = make_workbook(tmp_path / "a.xlsx", [[f"c{i}" for i in range(9)], cells])
    expected = ["0.1", "1e+24", "3", "2023-03-14", "2022-01-02", "true", "007", "", "x"]
    assert read_sheet(path).rows == [expected]


def test_percent_cells_keep_what_is_shown(tmp_path: Path) -> None:
    def show_percent(workbook: Any) -> None:
        workbook.active["B2"].number_format = "0.0%"

    path = make_workbook(tmp_path / "a.xlsx", [["model", "score"], ["A", 0.425]], show_percent)
    assert read_sheet(path).rows == [["A", "42.5%"]]


def test_one_of_several_sheets_must_be_named(tmp_path: Path) -> None:
    path = make_workbook(tmp_path / "a.xlsx", ROWS, lambda book: book.create_sheet("Notes"))
    refuse(path, "2 sheets; there are: 'Results', 'Notes'.*--sheet")
    refuse(path, "no sheet 'Other'", "Other")
    assert read_sheet(path, "Results").header == ["model", "score"]
    assert read_sheet(make_workbook(tmp_path / "b.xlsx", ROWS)).header == ["model", "score"]


def test_sheet_of_a_csv_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("a,b\n1,2\n", encoding="utf-8")
    refuse(tmp_path / "a.csv", "only a workbook has sheets", "Results")


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ("=B2*2", r"Results!B3 '=B2\*2': a formula, not a value"),
        ("#REF!", "Results!B3 '#REF!': an error of Excel's"),
        ("#N/A", "Results!B3"),
    ],
)
def test_formulas_and_errors_are_refused_with_their_cell(
    tmp_path: Path, value: str, words: str
) -> None:
    refuse(make_workbook(tmp_path / "a.xlsx", [*ROWS[:2], ["B", value]]), words)


def test_merged_cells_are_refused(tmp_path: Path) -> None:
    path = make_workbook(tmp_path / "a.xlsx", ROWS, lambda book: book.active.merge_cells("A2:A3"))
    refuse(path, "merged cells in sheet 'Results': A2:A3")


def test_hidden_row_with_values_is_refused_and_a_blank_one_not(tmp_path: Path) -> None:
    def hide(workbook: Any) -> None:
        for row in (3, 9):
            workbook.active.row_dimensions[row].hidden = True

    refuse(make_workbook(tmp_path / "a.xlsx", ROWS, hide), "Results!3:3: a hidden row")
    assert len(read_sheet(make_workbook(tmp_path / "b.xlsx", ROWS[:2], hide)).rows) == 1


def rewrite(path: Path, part: str, change: Callable[[str], str]) -> Path:
    """The workbook with one part of its archive changed."""
    content = path.read_bytes()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(path, "w") as new:
        for name in old.namelist():
            text = old.read(name)
            new.writestr(name, change(text.decode("utf-8")) if name == part else text)
    return path


@pytest.mark.parametrize("entity", ['e SYSTEM "file://{folder}/secret"', 'e "expanded"'])
@pytest.mark.parametrize("part", ["xl/worksheets/sheet1.xml", "xl/workbook.xml"])
def test_entities_are_refused(tmp_path: Path, entity: str, part: str) -> None:
    (tmp_path / "secret").write_text("secret", encoding="utf-8")
    path = make_workbook(tmp_path / "a.xlsx", ROWS)
    head = f"<!DOCTYPE x [<!ENTITY {entity.format(folder=tmp_path)}>]>"

    def add_entity(text: str) -> str:
        return head + re.sub(r"^<\?xml.*?\?>", "", text).replace(">model<", ">&e;<")

    refuse(rewrite(path, part, add_entity), "not a sound Excel workbook")


def test_workbook_that_unpacks_to_far_more_is_refused_unread(tmp_path: Path) -> None:
    path = make_workbook(tmp_path / "a.xlsx", ROWS)
    with zipfile.ZipFile(path, "a", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/media/large.xml", b" " * 11_000_000)
    refuse(path, "unpacks to over 200 times its size")


def test_workbook_with_too_much_in_all_or_too_many_parts_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = make_workbook(tmp_path / "a.xlsx", ROWS)
    monkeypatch.setattr(workbooks, "MAX_MEMBERS", 3)
    refuse(path, "parts in the archive, more than 3")
    monkeypatch.undo()
    monkeypatch.setattr(workbooks, "MAX_BYTES", 1000)
    refuse(path, "unpacks to")


def test_part_that_leads_out_and_other_archives_are_refused(tmp_path: Path) -> None:
    path = make_workbook(tmp_path / "a.xlsx", ROWS)
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr("../../outside", "x")
    refuse(path, "leads out of the archive")
    other = tmp_path / "b.xlsx"
    with zipfile.ZipFile(other, "w") as archive:
        archive.writestr("word/document.xml", "x")
    refuse(other, "a zip archive, not an Excel workbook")


def test_damaged_workbook_is_refused(tmp_path: Path) -> None:
    path = make_workbook(tmp_path / "a.xlsx", ROWS)
    path.write_bytes(path.read_bytes()[:-200])
    refuse(path, "not a sound Excel workbook")


def test_extent_that_the_file_states_cuts_nothing_off(tmp_path: Path) -> None:
    path = make_workbook(tmp_path / "a.xlsx", ROWS)
    with_extent = rewrite(
        path, "xl/worksheets/sheet1.xml", lambda text: text.replace('ref="A1:B3"', 'ref="A1"')
    )
    assert load_workbook(with_extent, read_only=True).active is not None
    assert len(read_sheet(with_extent).rows) == 2


def write_parquet(path: Path, **columns: Any) -> Path:
    pq.write_table(pa.table(columns), path)
    return path


def test_parquet_cells_as_text(tmp_path: Path) -> None:
    path = write_parquet(
        tmp_path / "a.parquet",
        model=["A", None],
        score=[0.1, float("nan")],
        small=pa.array([0.1, 0.2], pa.float32()),
        released=[date(2023, 3, 14), None],
        is_open=[True, False],
        kind=pa.array(["x", "y"]).dictionary_encode(),
    )
    sheet = read_sheet(path)
    assert sheet.rows[0] == ["A", "0.1", "0.1", "2023-03-14", "true", "x"]
    assert sheet.rows[1] == ["", "", "0.2", "", "false", "y"]


def test_nested_and_binary_columns_of_parquet_are_refused_by_name(tmp_path: Path) -> None:
    path = write_parquet(tmp_path / "a.parquet", model=["A"], tags=[["x", "y"]], raw=[b"1"])
    refuse(path, r"one value a cell: tags \(list<.*raw \(binary\)")


def test_large_or_damaged_parquet_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write_parquet(tmp_path / "a.parquet", model=["A", "B"])
    monkeypatch.setattr(columnar, "MAX_ROWS", 1)
    refuse(path, "2 rows, more than 1")
    path.write_bytes(path.read_bytes()[:20])
    refuse(path, "not a sound Parquet file")
