"""Reading records.csv: what is accepted, and what is refused with the place where it stands."""

from pathlib import Path

import pytest

from pipeline.failures import SourceError
from pipeline.records import read_records

GOOD = "model,score\nfirst,1\nsecond,2\n"


def write(folder: Path, content: bytes | str) -> Path:
    path = folder / "records.csv"
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def find_error(folder: Path, content: bytes | str) -> str:
    with pytest.raises(SourceError) as raised:
        read_records(write(folder, content))
    return str(raised.value)


def test_cells_are_text_with_the_line_they_stand_on(tmp_path: Path) -> None:
    frame = read_records(write(tmp_path, GOOD))
    assert frame.to_dict("list") == {
        "model": ["first", "second"],
        "score": ["1", "2"],
        "line": [2, 3],
    }


def test_byte_order_mark_of_utf8_is_accepted(tmp_path: Path) -> None:
    assert list(read_records(write(tmp_path, GOOD.encode("utf-8-sig")))) == [
        "model",
        "score",
        "line",
    ]


def test_carriage_returns_are_accepted(tmp_path: Path) -> None:
    frame = read_records(write(tmp_path, GOOD.replace("\n", "\r\n")))
    assert list(frame["score"]) == ["1", "2"]
    assert list(frame["line"]) == [2, 3]


def test_empty_cells_stay_empty_text(tmp_path: Path) -> None:
    assert list(read_records(write(tmp_path, "a,b\n,NA\n")).loc[0, ["a", "b"]]) == ["", "NA"]


def test_spaces_around_cells_are_dropped(tmp_path: Path) -> None:
    assert read_records(write(tmp_path, "a,b\n first , 2\n")).loc[0, "a"] == "first"


def test_blank_lines_count_as_lines_and_not_as_rows(tmp_path: Path) -> None:
    frame = read_records(write(tmp_path, "model,score\nfirst,1\n\nsecond,2\n"))
    assert list(frame["line"]) == [2, 4]


def test_row_after_a_quoted_line_break_keeps_its_line(tmp_path: Path) -> None:
    frame = read_records(write(tmp_path, 'model,score\n"fir\nst",1\nsecond,2\n'))
    assert frame.loc[0, "model"] == "fir\nst"
    assert frame.loc[1, "line"] == 4


def test_row_with_a_quoted_line_break_has_its_first_line(tmp_path: Path) -> None:
    assert read_records(write(tmp_path, 'model,score\n"fir\nst",1\n')).loc[0, "line"] == 2


@pytest.mark.parametrize("separator", ["\u2028", "\x0b", "\x0c", "\x1e", "\x85"])
def test_only_line_feeds_end_lines(tmp_path: Path, separator: str) -> None:
    frame = read_records(write(tmp_path, f"model,score\nfir{separator}st,1\nsecond,2\n"))
    assert frame.loc[0, "model"] == f"fir{separator}st"
    assert list(frame["line"]) == [2, 3]


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be", "utf-32"])
def test_utf16_is_refused_with_the_remedy(tmp_path: Path, encoding: str) -> None:
    error = find_error(tmp_path, GOOD.encode(encoding))
    assert "UTF-16, not UTF-8" in error
    assert "save it as CSV in UTF-8" in error


def test_nul_is_refused(tmp_path: Path) -> None:
    assert "binary" in find_error(tmp_path, "model,score\nfir\x00st,1\n")


def test_latin1_byte_is_refused_with_its_line(tmp_path: Path) -> None:
    error = find_error(tmp_path, "model,score\nfirst,1\nMéta,2\n".encode("latin-1"))
    assert "records.csv:3:" in error
    assert "byte 0xe9 is not UTF-8" in error


def test_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="the file is missing"):
        read_records(tmp_path / "records.csv")


@pytest.mark.parametrize("content", ["", "model,score\n", "\n\n"])
def test_file_without_rows_is_refused(tmp_path: Path, content: str) -> None:
    assert "no rows" in find_error(tmp_path, content)


def test_repeated_column_name_is_refused(tmp_path: Path) -> None:
    assert "column names repeat: ['model']" in find_error(tmp_path, "model,model\n1,2\n")


def test_column_named_line_is_refused(tmp_path: Path) -> None:
    assert "'line' is a column of the pipeline" in find_error(tmp_path, "model,line\n1,2\n")


def test_every_uneven_row_is_named(tmp_path: Path) -> None:
    error = find_error(tmp_path, "model,score\nfirst,1,000\nsecond,2\nthird\n")
    assert "records.csv:2: 3 cells where the header has 2" in error
    assert "records.csv:4: 1 cells where the header has 2" in error


def test_open_quote_is_refused(tmp_path: Path) -> None:
    assert "not CSV" in find_error(tmp_path, 'model,score\n"first,1\nsecond,2\n')
