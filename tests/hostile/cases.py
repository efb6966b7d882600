"""What a hostile input is, and the ways to put one into the small repository."""

import csv
import io
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

from openpyxl import Workbook

REFUSED, WRONG_COMMAND, NEUTRALISED = 1, 2, 0
CHECK = ("check", "toy")
CHECK_SCORES = ("check", "scores")
CHECK_RUNS = ("check", "training_runs")
SOURCES = "data/sources"
CARD = f"{SOURCES}/toy/source.yaml"
RECORDS = f"{SOURCES}/toy/records.csv"
REGISTRY = f"{SOURCES}/datasets.yaml"

Put = Callable[[Path], None]


class Kind(StrEnum):
    """What makes an input hostile."""

    MARKUP = "HTML or script in a name"
    FORMULA = "formula cells"
    LARGE = "100 MB of one column"
    BOMB = "zip bombs in Excel"
    PATH = "path tricks in the names of datasets"
    ALIAS = "YAML aliases"
    TAG = "YAML tags"
    ATTRIBUTE = "columns named like Python attributes"
    INVISIBLE = "right-to-left marks and other invisible characters"
    NAN = "NaN"
    INFINITY = "infinities"
    ZERO = "zero compute"
    NEGATIVE = "negative compute"
    HUGE = "1e400"
    TEXT = "numbers as text"
    ENCODING = "wrong encodings"
    BROKEN_CSV = "broken CSV"
    BROKEN_YAML = "broken YAML"
    GAP = "gaps and contradictions of a card"
    BIBLIOGRAPHY = "hostile bibliographies"


@dataclass(frozen=True)
class Case:
    """One hostile input: how it enters, the command that meets it, and what is said.

    `words` are all in the output; `place` is the file with the line, as the output has it.
    """

    kind: Kind
    name: str
    put: Put
    words: tuple[str, ...]
    place: str = ""
    command: tuple[str, ...] = CHECK
    code: int = REFUSED


def new(name: str = "received.csv", *more: str, table: str = "efficiency") -> tuple[str, ...]:
    """The command that makes the dataset `made` of a received file."""
    return ("new", "made", "--table", table, "--from", name, *more)


def at_row(line: int = 3, dataset: str = "toy") -> str:
    """The place of a line of records.csv, as `apportion check` names it."""
    return f"{SOURCES}/{dataset}/records.csv, line {line}"


def at_card(line: int, dataset: str = "toy") -> str:
    """The place of a line of a card, as `apportion check` names it."""
    return f"{SOURCES}/{dataset}/source.yaml, line {line}"


def cell(column: str, text: str, dataset: str = "toy", line: int = 3) -> Put:
    """Puts `text` into a cell of records.csv."""

    def put(root: Path) -> None:
        path = root / SOURCES / dataset / "records.csv"
        rows = list(csv.reader(io.StringIO(path.read_text(encoding="utf-8"))))
        rows[line - 1][rows[0].index(column)] = text
        stream = io.StringIO(newline="")
        csv.writer(stream, lineterminator="\n").writerows(rows)
        path.write_text(stream.getvalue(), encoding="utf-8", newline="")

    return put


def write(name: str, content: str | bytes) -> Put:
    """Writes a file of the repository."""

    def put(root: Path) -> None:
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode("utf-8"))

    return put


def change(name: str, old: str, text: str) -> Put:
    """Replaces `old`, which must be there, in a file of the repository."""

    def put(root: Path) -> None:
        before = (root / name).read_text(encoding="utf-8")
        assert old in before, old
        write(name, before.replace(old, text, 1))(root)

    return put


def card(old: str, text: str) -> Put:
    """Replaces `old` in the card of the toy."""
    return change(CARD, old, text)


def both(*puts: Put) -> Put:
    """One after the other."""

    def put(root: Path) -> None:
        for each in puts:
            each(root)

    return put


def workbook(*rows: list[Any], name: str = "received.xlsx") -> Put:
    """A workbook of one sheet, Sheet, with these rows."""

    def put(root: Path) -> None:
        book = Workbook()
        for row in rows:
            book.active.append(row)
        book.save(root / name)

    return put


def nothing(root: Path) -> None:
    """The input is the command itself."""
