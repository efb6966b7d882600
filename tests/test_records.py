"""Reading records.csv: what is accepted, and what is refused with the place where it stands."""

import csv
from pathlib import Path

import pytest
from conftest import read_cases

from pipeline.core.failures import SourceError
from pipeline.ingest.sources.records import read_records

GOOD = "model,score\nfirst,1\nsecond,2\n"
CASES = read_cases("records.yaml")
ENCODED = [
    *((GOOD.encode(name), "UTF-16, not UTF-8") for name in ("utf-16", "utf-16-le", "utf-32")),
    ("model,score\nfirst,1\nM\u00e9ta,2\n".encode("latin-1"), "byte 0xe9 is not UTF-8"),
]
LONG = [
    ('m,s\na,1\n"' + "m\n" * 5_001 + '",2\n', ":3: a cell longer than 10,000 characters"),
    ("a\n" * 500_001, "more than 500,000 lines"),
    ("a\n" + "," * 4_000_001, "more than 4,000,000 cells"),
    (",".join(map(str, range(1_001))) + "\n1\n", "more than 1,000 columns"),
]


def write(folder: Path, content: bytes | str) -> Path:
    path = folder / "records.csv"
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


@pytest.mark.parametrize("content", [*CASES["same"], GOOD.encode("utf-8-sig")])
def test_cells_are_text_with_the_line_they_stand_on(content: bytes | str, tmp_path: Path) -> None:
    frame = read_records(write(tmp_path, content))
    rows = [["first", "1", 2], ["second", "2", 3]]
    assert frame.to_numpy().tolist() == rows
    assert list(frame) == ["model", "score", "line"]


@pytest.mark.parametrize(("content", "lines", "cell"), CASES["read"])
def test_first_cell_and_lines_are_these(
    content: str, lines: list[int], cell: str, tmp_path: Path
) -> None:
    frame = read_records(write(tmp_path, content))
    assert (list(frame["line"]), frame.iloc[0, 0]) == (lines, cell)


@pytest.mark.parametrize(
    ("content", "words"), [*CASES["refused"], *ENCODED, *LONG], ids=lambda value: ascii(value[:30])
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
