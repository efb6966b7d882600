"""What is wrong with the data and how to fix it: file, line, column, value, rule, remedy."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

SHOWN_BY_RULE, SHOWN = 20, 400
SHOWN_CHARACTERS = 80  # of a cell


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
        found = f" {shorten(self.value)!r}" if self.value else ""
        column = f" {self.column}{found}:" if self.column else ""
        return make_printable(f"{place}:{column} {self.rule}. Remedy: {self.remedy}")


def shorten(text: str) -> str:
    """`text` as far as a line of a report has room for it."""
    return text if len(text) <= SHOWN_CHARACTERS else text[: SHOWN_CHARACTERS - 3] + "..."


def make_printable(text: str) -> str:
    """`text` with an escape for whatever would steer a terminal or cannot be seen in it."""
    return "".join(each if each.isprintable() else ascii(each)[1:-1] for each in text)


class SourceError(Exception):
    """Bad input. Carries every failure found; the command line prints them without a traceback.

    As text it has the first `SHOWN_BY_RULE` of a rule and column, and counts the others.
    """

    def __init__(self, failures: Iterable[Failure]) -> None:
        self.failures = sorted(set(failures), key=lambda f: (f.file, f.line or 0, f.column, f.rule))
        super().__init__(_tell(self.failures))


def _tell(failures: list[Failure]) -> str:
    seen = Counter[tuple[str, str, str]]()
    shown: list[str] = []
    for failure in failures:
        key = failure.file, failure.column, failure.rule
        seen[key] += 1
        if seen[key] <= SHOWN_BY_RULE and len(shown) < SHOWN:
            shown.append(str(failure))
    hidden = len(failures) - len(shown)
    more = [f"and {hidden:,} more: `apportion check` counts them by rule"] if hidden else []
    return "\n".join(shown + more)


def file_failure(
    path: Path, rule: str, remedy: str, column: str = "", value: str = "", line: int | None = None
) -> SourceError:
    """The error for one fault of a file, as a whole or on a line."""
    return SourceError([Failure(str(path), line, column, value, rule, remedy)])


def raise_any(failures: Iterable[Failure]) -> None:
    """Raise SourceError with the `failures`, if there are any."""
    if found := list(failures):
        raise SourceError(found)
