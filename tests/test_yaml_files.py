"""YAML without surprises: what is more than text, numbers, lists and mappings is refused."""

from pathlib import Path
from time import monotonic

import pytest

from pipeline.failures import Failure, SourceError
from pipeline.ingest.cards.yaml_files import MAXIMUM_BYTES, find_line, read_tree


def read(folder: Path, text: str | bytes) -> dict[str, object]:
    path = folder / "file.yaml"
    path.write_bytes(text if isinstance(text, bytes) else text.encode("utf-8"))
    return dict(read_tree(path, "the file", "write it"))


def refuse(folder: Path, text: str | bytes) -> list[Failure]:
    with pytest.raises(SourceError) as raised:
        read(folder, text)
    return raised.value.failures


@pytest.mark.parametrize(
    ("text", "line", "rule"),
    [
        ("a: 1\nb: &x 2\n", 2, "the anchor &x"),
        ("a: 1\nb: *x\n", 2, "the alias *x"),
        ("a:\n  <<: {b: 1}\n", 2, "merge key"),
        ("a: !!python/object/apply:os.system [ls]\n", 1, "the tag tag:yaml.org,2002:python"),
        ("a: !!python/name:os.system\n", 1, "the tag"),
        ("a: !!str 1\n", 1, "the tag"),
        ("!!set {a}\n", 1, "the tag"),
        ("%YAML 1.1\n---\na: no\n", 2, "directives"),
        ("a: 1\n---\nb: 1\n", 2, "a second document"),
        ("a: 1\nb: 2\na: 3\n", 3, 'duplicate key "a"'),
        ("a:\n  b: 1\n  b: 2\n", 3, 'duplicate key "b"'),
        ("a: 1\n1: 2\n", 2, "this key is not text"),
        ("a:\n  ~: 2\n", 2, "this key is not text"),
        ("a: 1\ntrue: 2\n", 2, "this key is not text"),
        ("2024-12-31: 2\n", 1, "this key is not text"),
        ("? [a, b]\n: 2\n", 1, "this key is not text"),
        ("? {a: b}\n: 2\n", 1, "this key is not text"),
        ("a: [{1: 2}]\n", 1, "this key is not text"),
        ('"a\\nb": 1\n', 1, "characters that are not printed"),
        ("a: .nan\n", 1, "not a finite number"),
        ("a: 1\nb: [1, -.inf]\n", 2, "not a finite number"),
        ("a: 1e999\n", 1, "not a finite number"),
        ("a: 2024-02-30\n", 1, "'2024-02-30' looks like a date or a number and is none"),
        (f"a: {'9' * 6000}\n", 1, "looks like a date or a number"),
        ("a: 010\n", 1, "'010' may be text or a number"),
        ("a: 0x1F\n", 1, "'0x1F' may be text or a number"),
        ("a: 1_000\n", 1, "'1_000' may be text or a number"),
        ("a: 0704.0001\n", 1, "'0704.0001' may be text or a number"),
        ("", 1, "the file is empty"),
        ("# a comment\n", 1, "the file is empty"),
        ("---\n", 1, "the file is empty"),
        ("text\n", 1, "the file is not a mapping"),
        ("- a\n", 1, "the file is not a mapping"),
        ("title: a: b\n", 1, "mapping values are not allowed"),
        ("a: 'b\nc: d\n", 3, "unexpected end of stream in what begins on line 1"),
        ("a: [b\nc: d\n", 2, "expected ',' or ']'"),
        ("a:\n\t- b\n", 2, "cannot start any token"),
        ("a: @b\n", 1, "cannot start any token"),
        ("[" * 100_000, 1, "nested deeper than 20 levels"),
        ("- " * 100_000, 1, "nested deeper than 20 levels"),
        ("".join(" " * n + "a:\n" for n in range(300)), 21, "nested deeper than 20 levels"),
    ],
    ids=lambda value: value[:20] if isinstance(value, str) else None,
)
def test_surprise_is_refused_at_its_line(tmp_path: Path, text: str, line: int, rule: str) -> None:
    first = refuse(tmp_path, text)[0]
    assert (first.file, first.line) == (str(tmp_path / "file.yaml"), line)
    assert rule in first.rule
    assert first.remedy


@pytest.mark.parametrize(
    ("text", "line", "name"),
    [
        ("a: 1\nb: x\u202ey\n", 2, "U+202E (RIGHT-TO-LEFT OVERRIDE)"),
        ("a: 1\n# c\u2066\n", 2, "U+2066 (LEFT-TO-RIGHT ISOLATE)"),
        ("a: b\u200bc\n", 1, "U+200B (ZERO WIDTH SPACE)"),
        ("a: b\u00adc\n", 1, "U+00AD (SOFT HYPHEN)"),
        ("a: b\ufeffc\n", 1, "U+FEFF"),
        ("a: b\u2028c\n", 1, "U+2028 (LINE SEPARATOR)"),
        ("a: b\x07\n", 1, "U+0007"),
        ("a: b\x85c\n", 1, "U+0085"),
        ("\0" * 1000, 1, "U+0000"),
        ("a: 1\rb: 2\n", 1, "U+000D"),
        ('a: "x\\u202ey"\n', 1, "U+202E"),
        ('a: ["\\0"]\n', 1, "U+0000"),
        ('a: "\\ud800"\n', 1, "U+D800"),
    ],
)
def test_invisible_character_is_named(tmp_path: Path, text: str, line: int, name: str) -> None:
    first = refuse(tmp_path, text)[0]
    assert first.line == line
    assert name in first.rule
    assert str(first).isprintable()


def test_name_of_a_key_cannot_steer_the_terminal(tmp_path: Path) -> None:
    (fault,) = refuse(tmp_path, '"\\e[31m\\u202e": 1\n')
    assert str(fault).isprintable()


def test_every_anchor_and_alias_is_reported_at_once(tmp_path: Path) -> None:
    faults = refuse(tmp_path, "a: &a [x, x]\nb: &b [*a, *a]\nc: [*b, *b]\n")
    assert [fault.line for fault in faults] == [1, 2, 2, 3]


@pytest.mark.parametrize(
    ("content", "line"),
    [(b"a: b\nc: \xff\n", 2), ("a: b\n".encode("utf-16"), 1), ("a: é\n".encode("latin-1"), 1)],
)
def test_other_encodings_are_refused(tmp_path: Path, content: bytes, line: int) -> None:
    (fault,) = refuse(tmp_path, content)
    assert (fault.line, fault.rule) == (line, "not YAML in UTF-8")


def test_large_file_is_refused_unread(tmp_path: Path) -> None:
    start = monotonic()
    (fault,) = refuse(tmp_path, "#" * (MAXIMUM_BYTES + 1))
    assert "bytes" in fault.rule
    assert monotonic() - start < 1


def test_missing_file_and_folder_in_its_place_are_refused(tmp_path: Path) -> None:
    for path in (tmp_path / "absent.yaml", tmp_path):
        with pytest.raises(SourceError, match="the file is missing"):
            read_tree(path, "the file", "write it")


@pytest.mark.parametrize("word", ["no", "yes", "on", "Off", "NO", "y", "12:30:45", "1.2.3"])
def test_words_are_text(tmp_path: Path, word: str) -> None:
    assert read(tmp_path, f"a: {word}\n") == {"a": word}


def test_plain_values_are_read(tmp_path: Path) -> None:
    text = "a: true\nb: 1\nc: 5.76e23\nd: -0.5\ne: '010'\nf: [x, {g: h}]\ni: 0\nj: 01-02-2024\n"
    expected = {"a": True, "b": 1, "c": 5.76e23, "d": -0.5, "e": "010", "f": ["x", {"g": "h"}]}
    assert read(tmp_path, text) == expected | {"i": 0, "j": "01-02-2024"}


@pytest.mark.parametrize("text", ["\ufeffa: b\n", "a: b\r\n", "a: b", "---\na: b\n", "a: b\n...\n"])
def test_harmless_differences_are_read(tmp_path: Path, text: str) -> None:
    assert read(tmp_path, text) == {"a": "b"}


def test_line_is_that_of_the_deepest_part_there_is(tmp_path: Path) -> None:
    path = tmp_path / "file.yaml"
    path.write_text("a:\n  b:\n    - c\n    - d: e\n", encoding="utf-8")
    tree = read_tree(path, "the file", "write it")
    assert [find_line(tree, steps) for steps in [("a",), ("a", "b", 1, "d"), ("a", "x")]] == [
        *(1, 4, 1)
    ]
    assert find_line(tree, ("x",)) is None
