"""Reading records.csv: what is accepted, and what is refused with the place where it stands."""

import csv
from pathlib import Path

import pytest

from pipeline.failures import SourceError
from pipeline.ingest.sources.records import find_invisible, read_records

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
def test_other_separators_do_not_end_lines(tmp_path: Path, separator: str) -> None:
    error = find_error(tmp_path, f"model,score\nfirst,1\nsec{separator}ond,2\nthird\n")
    assert ":4: 1 cells where the header has 2" in error


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


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_delimiter_is_that_of_the_header(tmp_path: Path, delimiter: str) -> None:
    frame = read_records(write(tmp_path, GOOD.replace(",", delimiter)))
    assert frame.loc[1].to_dict() == {"model": "second", "score": "2", "line": 3}


def test_decimal_commas_stand_in_cells_between_semicolons(tmp_path: Path) -> None:
    frame = read_records(write(tmp_path, 'model;score\nfirst;1,5\n"a;b";2,5\n'))
    assert frame[["model", "score"]].to_numpy().tolist() == [["first", "1,5"], ["a;b", "2,5"]]


def test_quoted_names_do_not_show_the_delimiter(tmp_path: Path) -> None:
    frame = read_records(write(tmp_path, '"a, or b";"c\n""d"""\n1;2\n'))
    assert list(frame) == ["a, or b", 'c\n"d"', "line"]
    assert list(frame["line"]) == [3]


@pytest.mark.parametrize(
    ("header", "names"),
    [
        ("model,score;date", "comma and semicolon"),
        ("model;score\tdate", "semicolon and tab"),
        ("a,b;c\td", "comma and semicolon and tab"),
    ],
)
def test_header_with_two_delimiters_is_refused(tmp_path: Path, header: str, names: str) -> None:
    error = find_error(tmp_path, f"{header}\n1,2;3\n")
    assert f"the header holds {names}" in error
    assert "quote the names" in error


def test_rows_with_another_delimiter_than_the_header_are_refused(tmp_path: Path) -> None:
    error = find_error(tmp_path, "model;score\nfirst,1\n")
    assert ":2: 1 cells where the header has 2. Remedy: quote cells that hold a semicolon" in error


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_every_line_end_is_accepted(tmp_path: Path, end: str) -> None:
    frame = read_records(write(tmp_path, GOOD.replace("\n", end)))
    assert list(frame["line"]) == [2, 3]
    assert list(frame["score"]) == ["1", "2"]


@pytest.mark.parametrize("end", ["\n\n\n", ",\n,\n", " , \n", "\n,,,,\n", "  \n"])
def test_empty_rows_at_the_end_are_ignored(tmp_path: Path, end: str) -> None:
    assert list(read_records(write(tmp_path, GOOD + end))["line"]) == [2, 3]


@pytest.mark.parametrize("row", [",", " , ", '"",""'])
def test_row_of_empty_cells_between_others_is_refused(tmp_path: Path, row: str) -> None:
    error = find_error(tmp_path, f"model,score\nfirst,1\n{row}\nsecond,2\n")
    assert ":3: a row of empty cells between others" in error


def test_blank_line_is_an_empty_cell_of_a_single_column(tmp_path: Path) -> None:
    assert ":3: a row of empty cells" in find_error(tmp_path, "model\nfirst\n\nsecond\n")
    assert list(read_records(write(tmp_path, "model\nfirst\n\n"))["model"]) == ["first"]


INVISIBLE = {
    "\x1b": "U+001B, control character",
    "\x7f": "U+007F, control character",
    "\u00ad": "U+00AD, soft hyphen",
    "\u200b": "U+200B, zero width space",
    "\u200d": "U+200D, zero width joiner",
    "\u200e": "U+200E, left-to-right mark",
    "\u202e": "U+202E, right-to-left override",
    "\u2066": "U+2066, left-to-right isolate",
    "\u2060": "U+2060, word joiner",
    "\ufeff": "U+FEFF, zero width no-break space",
}


@pytest.mark.parametrize("sign", INVISIBLE)
def test_invisible_character_is_found_and_named(sign: str) -> None:
    fault = find_invisible(f"sec{sign}ond")
    assert fault is not None
    assert fault[0].startswith(INVISIBLE[sign])


@pytest.mark.parametrize("sign", INVISIBLE)
def test_invisible_character_in_a_name_is_refused(tmp_path: Path, sign: str) -> None:
    error = find_error(tmp_path, f"mo{sign}del,score\nfirst,1\n")
    assert ":1: 'mo\\" in error
    assert sign not in error


@pytest.mark.parametrize(
    "text", ["Méta", "模型", "a\N{NO-BREAK SPACE}b", "Ελλάδα", "\U0001f600", "a\tb"]
)
def test_visible_characters_of_any_script_are_accepted(tmp_path: Path, text: str) -> None:
    assert find_invisible(text) is None
    assert read_records(write(tmp_path, f"model,score\n{text},1\n")).loc[0, "model"] == text


@pytest.mark.parametrize("header", ["model,", ",score", "model,,score", '"",b', "model, ,score"])
def test_column_without_a_name_is_refused(tmp_path: Path, header: str) -> None:
    assert "has no name" in find_error(tmp_path, f"{header}\n1,2\n")


@pytest.mark.parametrize("header", ["model,Model", "a b,ab", "MODEL,mo del", "straße,STRASSE"])
def test_names_that_differ_in_case_or_spaces_are_refused(tmp_path: Path, header: str) -> None:
    assert "differ in case or spaces alone" in find_error(tmp_path, f"{header}\n1,2\n")


ATTRIBUTES = ["__class__", "count", "index", "size", "T", "shape", "columns", "values", "name", "0"]


@pytest.mark.parametrize("name", ATTRIBUTES)
def test_column_may_bear_the_name_of_an_attribute(tmp_path: Path, name: str) -> None:
    assert list(read_records(write(tmp_path, f"model,{name}\nfirst,1\n"))[name]) == ["1"]


def test_long_cell_is_refused_with_the_line_where_it_begins(tmp_path: Path) -> None:
    write(tmp_path, "model,score\nfirst,1\n" + "m" * 10_000 + ",2\n")
    assert len(read_records(tmp_path / "records.csv").loc[1, "model"]) == 10_000
    error = find_error(tmp_path, 'model,score\nfirst,1\n"' + "m\n" * 5_001 + '",2\n')
    assert ":3: a cell longer than 10,000 characters" in error


def test_large_file_is_refused_unread(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "records.csv"
    with path.open("wb") as file:
        file.truncate(100_000_000)  # a hole: no byte is written
    monkeypatch.setattr(Path, "read_bytes", None)
    with pytest.raises(SourceError, match="larger than 64 MB"):
        read_records(path)


@pytest.mark.parametrize(
    ("content", "rule"),
    [
        ("a\n" * 500_001, "more than 500,000 lines"),
        ("a\n" + "," * 4_000_001, "more than 4,000,000 cells"),
        (",".join(map(str, range(1_001))) + "\n1\n", "more than 1,000 columns"),
    ],
)
def test_table_beyond_the_bounds_is_refused(tmp_path: Path, content: str, rule: str) -> None:
    assert rule in find_error(tmp_path, content)


def test_limit_of_the_standard_reader_is_as_before(tmp_path: Path) -> None:
    before = csv.field_size_limit()
    read_records(write(tmp_path, GOOD))
    find_error(tmp_path, "model,score\n" + "m" * 20_000 + ",2\n")
    assert csv.field_size_limit() == before
