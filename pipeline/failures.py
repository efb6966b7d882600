"""What is wrong with the data, said so that it can be mended: file, line, column, value, rule and
remedy.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, order=True)
class Failure:
    """One thing that is wrong; `line` counts from 1, None where the whole file is meant."""

    file: str
    line: int | None
    column: str
    value: str
    rule: str
    remedy: str

    def __str__(self) -> str:
        place = self.file if self.line is None else f"{self.file}:{self.line}"
        found = f" {self.value!r}" if self.value else ""
        column = f" {self.column}{found}:" if self.column else ""
        return f"{place}:{column} {self.rule}. Remedy: {self.remedy}"


class SourceError(Exception):
    """Bad input. Carries every failure found; the command line prints them without a traceback."""

    def __init__(self, failures: Iterable[Failure]) -> None:
        self.failures = sorted(set(failures), key=lambda f: (f.file, f.line or 0, f.column, f.rule))
        super().__init__("\n".join(str(failure) for failure in self.failures))


def file_failure(
    path: Path, rule: str, remedy: str, column: str = "", value: str = ""
) -> SourceError:
    """The error for a fault of a file as a whole."""
    return SourceError([Failure(str(path), None, column, value, rule, remedy)])
