"""Files that people hand in, read whole: bounded in size, in UTF-8, without what cannot be seen."""

import re
import unicodedata
from collections.abc import Iterator
from pathlib import Path

from pipeline.core.failures import Failure, SourceError, file_failure

MAXIMUM_BYTES = 64_000_000  # keeps reading below a gigabyte and some ten seconds
SMALLER = "keep the rows and columns that you need, or split the dataset"
AS_UTF8 = "save it in UTF-8"
UTF_16 = (b"\xff\xfe", b"\xfe\xff")
# Control characters but tab and line ends, marks of writing direction, soft hyphens, zero-width
# characters, separators of lines and paragraphs, blanks that are no spaces, halves of characters:
# two names that differ in one of them look the same.
INVISIBLE = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f"
    "\u200b-\u200f\u2028-\u202e\u2060-\u206f\u2800\u3164\ud800-\udfff\ufe00-\ufe0f\ufeff\uffa0"
    "\ufff9-\ufffb\U000e0000-\U000e0fff]"
)


def read_text(path: Path, maximum: int = MAXIMUM_BYTES, remedy: str = SMALLER) -> str:
    """The text at `path`. Raises SourceError where it is not UTF-8 or above `maximum` bytes."""
    return decode(path, read_bytes(path, maximum, remedy))


def read_bytes(path: Path, maximum: int = MAXIMUM_BYTES, remedy: str = SMALLER) -> bytes:
    """The content of the file at `path`. Raises SourceError where it has more than `maximum`."""
    try:
        check_size(path, path.stat().st_size, maximum, remedy)
        return path.read_bytes()
    except OSError as error:
        raise file_failure(path, f"cannot be read: {error.strerror}", "check its rights") from None


def check_size(
    path: Path, size: int, maximum: int = MAXIMUM_BYTES, remedy: str = SMALLER, what: str = ""
) -> None:
    """Raises SourceError where the file, or `what` is made of it, has more than `maximum` bytes."""
    if size > maximum:
        rule = f"{what}{size / 1e6:,.1f} MB, larger than {maximum / 1e6:g} MB"
        raise file_failure(path, rule, remedy)


def decode(path: Path, content: bytes) -> str:
    """The text of a file in UTF-8. Raises SourceError for any other."""

    def refuse(rule: str, start: int = 0, value: str = "") -> SourceError:
        line = content[:start].count(b"\n") + 1
        return file_failure(path, rule, AS_UTF8, "", value, line)

    if content.startswith(UTF_16):
        raise refuse("the file is UTF-16, not UTF-8")
    if b"\x00" in content:
        raise refuse("a zero byte: binary or UTF-16, not UTF-8", content.index(b"\x00"))
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        value = content[error.start : error.end].hex()
        raise refuse(f"byte 0x{value} is not UTF-8", error.start, value) from None


def find_invisible(text: str, pattern: re.Pattern[str] = INVISIBLE) -> tuple[str, str] | None:
    """Rule and remedy where `text` holds what cannot be seen, and names it."""
    found = pattern.search(text)
    return (f"{name_sign(found[0])}, cannot be seen", "remove it") if found else None


def find_invisible_lines(path: Path, text: str) -> Iterator[Failure]:
    """A failure for each line that holds what cannot be seen, or a carriage return within it."""
    pattern = re.compile(rf"{INVISIBLE.pattern}|\r(?!\n)")
    for number, line in enumerate(text.split("\n"), 1):
        if fault := find_invisible(f"{line}\n", pattern):
            yield Failure(str(path), number, "", "", *fault)


def name_sign(sign: str) -> str:
    """Number and name of a character."""
    return f"U+{ord(sign):04X}, {unicodedata.name(sign, 'control character').lower()}"
