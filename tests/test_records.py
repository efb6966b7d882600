"""Reading records.csv: what is accepted, and what is refused with the place where it stands."""

import csv
from pathlib import Path

import pytest

from pipeline.core.failures import SourceError
from pipeline.ingest.sources.records import find_invisible, read_records

GOOD = "model,score\nfirst,1\nsecond,2\n"
EMPTY = "a row of empty cells between others"
UNEVEN = "1 cells where the header has 2"
INVISIBLE = {
    "\x1b": "U+001B, control character",
    "\x7f": "U+007F, control character",
    "\u00ad": "U+00AD, soft hyphen",
    "\u200b": "U+200B, zero width space",
    "\u200d": "U+200D, zero width joiner",
    "\u200e": "U+200E, left-to-right mark",
    "\u202e": "U+202E, right-to-left override",
    "\u2066": "U+2066, left-to-right isolate",
    "\ufeff": "U+FEFF, zero width no-break space",
}


def write(folder: Path, content: bytes | str) -> Path:
    path = folder / "records.csv"
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


@pytest.mark.parametrize(
    "content",
    [
        GOOD,
        GOOD.encode("utf-8-sig"),
        GOOD.replace("\n", "\r\n"),
        GOOD.replace("\n", "\r"),
        GOOD.replace(",", ";"),
        GOOD.replace(",", "\t"),
        GOOD.replace("first", " first ").replace(",score", ", score"),
        *(GOOD + end for end in ("\n\n\n", ",\n,\n", " , \n", "\n,,,,\n", "  \n")),
    ],
)
def test_cells_are_text_with_the_line_they_stand_on(content: bytes | str, tmp_path: Path) -> None:
    frame = read_records(write(tmp_path, content))
    rows = [["first", "1", 2], ["second", "2", 3]]
    assert frame.to_numpy().tolist() == rows
    assert list(frame) == ["model", "score", "line"]


@pytest.mark.parametrize(
    ("content", "lines", "cell"),
    [
        ("model,score\nfirst,1\n\nsecond,2\n", [2, 4], "first"),
        ('model,score\n"fir\nst",1\nsecond,2\n', [2, 4], "fir\nst"),
        ('"a, or b";"c\n""d"""\n1;2\n', [3], "1"),  # quoted names do not show the delimiter
        ('model;score\n"a;b";1,5\n', [2], "a;b"),
        ("model\nfirst\n\n", [2], "first"),
        ("a,b\n,NA\n", [2], ""),
        *(
            (f"model,score\n{text},1\n", [2], text)
            for text in ("M\u00e9ta", "模型", "a\tb", "a\xa0b")
        ),
        *((f"{name},x\n7,1\n", [2], "7") for name in ("__class__", "count", "T", "values", "0")),
    ],
)
def test_first_cell_and_lines_are_these(
    content: str, lines: list[int], cell: str, tmp_path: Path
) -> None:
    frame = read_records(write(tmp_path, content))
    assert (list(frame["line"]), frame.iloc[0, 0]) == (lines, cell)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        *((GOOD.encode(name), "UTF-16, not UTF-8") for name in ("utf-16", "utf-16-le", "utf-32")),
        ("model,score\nfir\x00st,1\n", ":2: a zero byte: binary"),
        ("model,score\nfirst,1\nM\u00e9ta,2\n".encode("latin-1"), "byte 0xe9 is not UTF-8"),
        *((text, "no rows") for text in ("", "model,score\n", "\n\n")),
        ("model,model\n1,2\n", "column names repeat: ['model']"),
        ("model,line\n1,2\n", "'line' is a column of the pipeline"),
        ("model,score\nfirst,1,000\nsecond,2\n", ":2: 3 cells where the header has 2"),
        ("model,score\nfirst,1,000\nthird\n", f":3: {UNEVEN}"),
        *(
            (f"model,score\nsec{sign}ond,2\nthird\n", f":3: {UNEVEN}")
            for sign in "\u2028\x0b\x0c\x85"
        ),
        ("model;score\nfirst,1\n", f"{UNEVEN}. Remedy: quote cells that hold a semicolon"),
        ('model,score\n"first,1\nsecond,2\n', "not CSV"),
        ("model,score;date\n1,2;3\n", "the header holds comma and semicolon"),
        ("a,b;c\td\n1,2;3\n", "the header holds comma and semicolon and tab"),
        *((f"model,score\nfirst,1\n{row}\nx,2\n", f":3: {EMPTY}") for row in (",", " , ", '"",""')),
        ("model\nfirst\n\nsecond\n", f":3: {EMPTY}"),
        *((f"{head}\n1,2\n", "has no name") for head in ("model,", ",score", "a,,b", "a, ,b")),
        *(
            (f"{head}\n1,2\n", "differ in case or spaces alone")
            for head in ("model,Model", "a b,ab", "MODEL,mo del", "straße,STRASSE")
        ),
        *(
            (f"mo{sign}del,score\na,1\n", f"{words}, cannot be seen")
            for sign, words in INVISIBLE.items()
        ),
        ('m,s\na,1\n"' + "m\n" * 5_001 + '",2\n', ":3: a cell longer than 10,000 characters"),
        ("a\n" * 500_001, "more than 500,000 lines"),
        ("a\n" + "," * 4_000_001, "more than 4,000,000 cells"),
        (",".join(map(str, range(1_001))) + "\n1\n", "more than 1,000 columns"),
    ],
    ids=lambda value: ascii(value[:30]),
)
def test_file_is_refused_with_the_place(content: bytes | str, words: str, tmp_path: Path) -> None:
    before = csv.field_size_limit()
    with pytest.raises(SourceError) as raised:
        read_records(write(tmp_path, content))
    told = str(raised.value)
    assert words in told
    assert "Remedy: " in told
    assert told.replace("\n", "").isprintable()
    assert csv.field_size_limit() == before


def test_longest_cell_is_read(tmp_path: Path) -> None:
    long = "m" * 10_000
    assert read_records(write(tmp_path, f"model,score\n{long},2\n")).loc[0, "model"] == long


def test_missing_and_large_files_are_refused_unread(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "records.csv"
    with pytest.raises(SourceError, match="the file is missing"):
        read_records(path)
    with path.open("wb") as file:
        file.truncate(100_000_000)  # a hole: no byte is written
    monkeypatch.setattr(Path, "read_bytes", None)
    with pytest.raises(SourceError, match="larger than 64 MB"):
        read_records(path)


@pytest.mark.parametrize("sign", INVISIBLE)
def test_invisible_character_is_found_and_named(sign: str) -> None:
    fault = find_invisible(f"sec{sign}ond")
    assert fault is not None
    assert fault[0].startswith(INVISIBLE[sign])
    assert find_invisible("Ελλάδα \U0001f600") is None
