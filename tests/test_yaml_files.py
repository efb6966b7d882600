"""YAML without surprises: what is more than text, numbers, lists and mappings is refused."""

from pathlib import Path

import pytest
from conftest import read_cases, stretch

from pipeline.core.failures import Failure, SourceError
from pipeline.ingest.cards.yaml_files import MAXIMUM_BYTES, find_line, read_tree

CASES = [
    *read_cases("bad_yaml.yaml"),
    ["- " * 100_000, 1, "nested deeper than 20 levels"],
    ["".join(" " * n + "a:\n" for n in range(300)), 21, "nested deeper than 20 levels"],
    ["#" * (MAXIMUM_BYTES + 1), None, "1.0 MB, larger than 1 MB"],
    [b"a: b\nc: \xff\n", 2, "byte 0xff is not UTF-8"],
    ["a: b\n".encode("utf-16"), 1, "the file is UTF-16, not UTF-8"],
    ["a: \u00e9\n".encode("latin-1"), 1, "byte 0xe9 is not UTF-8"],
]
SAME = ["\ufeffa: b\n", "a: b\r\n", "a: b", "---\na: b\n", "a: b\n...\n"]


def read(folder: Path, text: str | bytes) -> dict[str, object]:
    path = folder / "file.yaml"
    path.write_bytes(text if isinstance(text, bytes) else text.encode("utf-8"))
    return dict(read_tree(path, "the file", "write it"))


def refuse(folder: Path, text: str | bytes) -> list[Failure]:
    with pytest.raises(SourceError) as raised:
        read(folder, text)
    return raised.value.failures


@pytest.mark.parametrize(("text", "line", "rule"), CASES, ids=range(len(CASES)))
def test_surprise_is_refused_at_its_line(
    text: str | bytes, line: int | None, rule: str, tmp_path: Path
) -> None:
    first = refuse(tmp_path, stretch(text) if isinstance(text, str) else text)[0]
    assert (first.file, first.line) == (str(tmp_path / "file.yaml"), line)
    assert rule in first.rule
    assert first.remedy
    assert str(first).isprintable()


def test_missing_file_and_folder_in_its_place_are_refused(tmp_path: Path) -> None:
    for path in (tmp_path / "absent.yaml", tmp_path):
        with pytest.raises(SourceError, match="the file is missing"):
            read_tree(path, "the file", "write it")


def test_plain_values_are_read(tmp_path: Path) -> None:
    text = "a: true\nb: 1\nc: 5.76e23\nd: -0.5\ne: '010'\nf: [x, {g: h}]\ni: 0\nj: 01-02-2024\n"
    expected = {"a": True, "b": 1, "c": 5.76e23, "d": -0.5, "e": "010", "f": ["x", {"g": "h"}]}
    assert read(tmp_path, text) == expected | {"i": 0, "j": "01-02-2024"}
    for word in ("no", "yes", "on", "Off", "NO", "y", "12:30:45", "1.2.3"):
        assert read(tmp_path, f"a: {word}\n") == {"a": word}
    assert [read(tmp_path, each) for each in SAME] == [{"a": "b"}] * len(SAME)


def test_line_is_that_of_the_deepest_part_there_is(tmp_path: Path) -> None:
    path = tmp_path / "file.yaml"
    path.write_text("a:\n  b:\n    - c\n    - d: e\n", encoding="utf-8")
    tree = read_tree(path, "the file", "write it")
    lines = [find_line(tree, steps) for steps in (("a",), ("a", "b", 1, "d"), ("a", "x"), ("x",))]
    assert lines == [1, 4, 1, None]
