"""YAML that people write, read without trust: plain text, numbers, lists and mappings, each with
its line.

What makes YAML surprising is refused before anything is built: anchors and aliases (a few lines can
stand for gigabytes), tags (which may name Python objects), merge keys, directives, further
documents, deep nesting, large files, characters that readers do not see. This is YAML 1.2: `no`
and `yes` are text, `true` and `false` are not.
"""

import math
import re
from collections.abc import Iterator
from datetime import date
from itertools import islice
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML, events
from ruamel.yaml.error import MarkedYAMLError, YAMLError

from pipeline.core.failures import Failure, SourceError, file_failure, raise_any
from pipeline.core.failures import shorten as cut
from pipeline.ingest.plain_files import find_invisible, find_invisible_lines, read_text

MAXIMUM_BYTES = 1_000_000  # the longest card has 27 thousand
MAXIMUM_DEPTH = 20  # the deepest card has 5
MAXIMUM_MARKS = 20  # of invisible characters that are reported at once
# Numbers that YAML reads otherwise than they look: 0704.0001, 0x1F, 1_000.
ODD_NUMBER = re.compile(r"[-+]?(0[0-9xob][0-9a-fA-F_.]*|[0-9][0-9.]*_[0-9_.]*)")
LONG_NUMBER = re.compile(r"[-+]?[0-9]{1000,}")  # more digits than Python reads
DAY = re.compile(r"([0-9]{4})-([0-9]{1,2})-([0-9]{1,2})(?![0-9-])")
IN_FULL = "write the value in full where it is used"
# Remedies by what ruamel.yaml says of the fault.
REMEDIES = {
    "\\t": "indent with spaces, not with tabs",
    "mapping values": "put text that holds `: ` in quotes, and indent like the lines above",
    "unexpected end of stream": "close the quotation mark that was opened above",
    "cannot start any token": "put text that begins with this character in quotes",
    "expected ',' or": "close the bracket, and put a comma between its entries",
}
AS_TEXT = "write it as a plain number, or in quotes if it is text"
Steps = tuple[str | int, ...]
Fault = tuple[Steps, str, str, Any]  # where it stands, rule, remedy, value


def read_tree(path: Path, name: str, remedy_if_missing: str) -> Any:
    """The mapping in the YAML file at `path`, which messages call `name`; see `find_line`.

    Raises SourceError, with the line, where the file is missing, is not YAML in UTF-8, holds what
    the docstring of this module refuses, repeats a key, or is not a mapping.
    """
    if not path.is_file():
        raise file_failure(path, f"{name} is missing", remedy_if_missing)
    text = read_text(path, MAXIMUM_BYTES, "data belong in records.csv, a card only describes them")
    raise_any(islice(find_invisible_lines(path, text), MAXIMUM_MARKS))
    try:
        raise_any(_find_refused(path, text))
        tree = YAML(typ="rt", pure=True).load(text)
    except YAMLError as error:
        raise _from_yaml(path, text, error) from None
    except ValueError:  # an impossible time after a day
        raise file_failure(path, "a value cannot be read", AS_TEXT) from None
    if not isinstance(tree, dict):
        rule = f"{name} is {'empty' if tree is None else 'not a mapping'}"
        raise file_failure(path, rule, "write `key: value` lines", line=1)
    raise_any(_find_wrong(path, tree))
    return tree


def find_line(tree: Any, steps: tuple[Any, ...]) -> int | None:
    """The line of the deepest part of `steps` (keys and positions) that the YAML tree has."""
    line = None
    for step in steps:
        try:
            line = tree.lc.data[step][0] + 1
            tree = tree[step]
        except (AttributeError, KeyError, IndexError, TypeError):
            break
    return line


def walk(tree: Any, steps: Steps = ()) -> Iterator[tuple[Steps, Any]]:
    """Every key, list and value below `tree`, with the steps that lead to it."""
    branches = tree.items() if isinstance(tree, dict) else enumerate(tree)
    for step, value in branches:
        yield (*steps, step), value
        if isinstance(value, dict | list):
            yield from walk(value, (*steps, step))


def name_place(steps: Steps) -> str:
    """The keys and positions that lead to a value, joined by points."""
    names = [shorten(step) for step in steps]
    return ".".join(name if name.isprintable() else repr(name)[1:-1] for name in names)


def shorten(value: Any) -> str:
    """The value as YAML writes it, in at most 80 characters."""
    text = "null" if value is None else str(value)
    return cut(text.lower() if isinstance(value, bool) else text)


def _find_refused(path: Path, text: str) -> Iterator[Failure]:
    """Failures of the events that are more than text, lists and mappings."""
    depth = documents = 0
    for event in YAML(typ="rt", pure=True).parse(text):
        depth += isinstance(event, events.MappingStartEvent | events.SequenceStartEvent)
        depth -= isinstance(event, events.MappingEndEvent | events.SequenceEndEvent)
        documents += isinstance(event, events.DocumentStartEvent)
        refused = _refuse(event)
        if depth > MAXIMUM_DEPTH:
            rule = f"nested deeper than {MAXIMUM_DEPTH} levels"
            refused = rule, "close the brackets, or indent less"
        elif documents > 1:
            refused = "a second document begins", "remove the line `---` or `...`"
        if refused:
            yield Failure(str(path), event.start_mark.line + 1, "", "", *refused)
        if depth > MAXIMUM_DEPTH or documents > 1:
            return


def _refuse(event: events.Event) -> tuple[str, str] | None:
    """Rule and remedy where `event` uses a part of YAML that is not read, or is a value without
    quotes that YAML reads otherwise than it looks.
    """
    if isinstance(event, events.AliasEvent):
        return f"the alias *{event.anchor} is not read", IN_FULL
    if isinstance(event, events.DocumentStartEvent):
        remedy = "remove the lines that begin with %"
        is_plain = not (event.version or event.tags)
        return None if is_plain else ("directives (%YAML, %TAG) are not read", remedy)
    if anchor := getattr(event, "anchor", None):
        return f"the anchor &{anchor} is not read", IN_FULL
    if tag := getattr(event, "ctag", None):
        return f"the tag {tag} is not read", "remove the tag: only plain values are read"
    if not isinstance(event, events.ScalarEvent) or event.style:
        return None
    if event.value == "<<":
        return "the merge key << is not read", IN_FULL
    if ODD_NUMBER.fullmatch(event.value):
        return f"{shorten(event.value)!r} may be text or a number", AS_TEXT
    if LONG_NUMBER.fullmatch(event.value) or _is_impossible_day(event.value):
        return f"{shorten(event.value)!r} looks like a date or a number but is neither", AS_TEXT
    return None


def _is_impossible_day(text: str) -> bool:
    try:
        return bool((day := DAY.match(text)) and not date(*map(int, day.groups())))
    except ValueError:
        return True


def _from_yaml(path: Path, text: str, error: YAMLError) -> SourceError:
    line = 1 + text[: getattr(error, "position", 0) or 0].count("\n")
    rule, remedy = str(error).splitlines()[0], "fix the syntax on this line or the one before"
    if isinstance(error, MarkedYAMLError):
        mark = error.problem_mark or error.context_mark
        line = mark.line + 1 if mark else line
        rule = str(error.problem or error.context).splitlines()[0]
        start = error.context_mark.line + 1 if error.context_mark else line
        rule += f" in what begins on line {start}" if start < line else ""
    if rule.startswith("found duplicate key"):
        rule, remedy = rule.partition(" with value")[0], "keep one of the two"
    else:
        remedy = next((words for part, words in REMEDIES.items() if part in rule), remedy)
    return file_failure(path, f"not YAML: {rule}", remedy, line=line)


def _find_wrong(path: Path, tree: Any) -> Iterator[Failure]:
    """Failures of keys that are not plain text and of values that no card can hold."""
    for steps, value in [((), tree), *walk(tree)]:
        place, line = name_place(steps), find_line(tree, steps)
        if isinstance(value, float) and not math.isfinite(value):
            rule, remedy = "not a finite number", "write a number"
            yield Failure(str(path), line, place, str(float(value)), rule, remedy)
        if isinstance(value, str) and (fault := find_invisible(value)):
            yield Failure(str(path), line, place, "", *fault)
        for key in value if isinstance(value, dict) else ():
            if not (isinstance(key, str) and key.isprintable()):
                rule = "this key is not text, or holds characters that are not printed"
                line, place = find_line(tree, (*steps, key)), name_place((*steps, key))
                yield Failure(str(path), line, place, "", rule, "write it as text, in quotes")
