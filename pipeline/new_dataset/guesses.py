"""Which column of a received file fills which column of a table, and how its cells are read.

A guess is a proposal for a person to confirm: by the name of the column, and by what its cells
prove. Nothing here changes a cell.
"""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from rapidfuzz import fuzz
from ruamel.yaml import YAML

from pipeline.ingest import tables
from pipeline.ingest.sources import units
from pipeline.new_dataset.readings import TODO, Keys, fits, propose_reading
from pipeline.new_dataset.received import Sheet

SYNONYMS = YAML(typ="safe").load(Path(__file__).with_name("synonyms.yaml"))
SAME_NAME, SYNONYM, WEAKEST = 100.0, 95.0, 79.0
CITATION_KEY = re.compile(r"[a-z][\w:-]*\d{4}\w*")
# Columns of the table that may be read from one column of the file.
SHARED = ({"eval_date", "release_date"}, {"lab", "organization"})


@dataclass(frozen=True)
class Guess:
    """What is proposed for `column` of the table.

    `source` is a column of the file, `keys` further keys of the card's line (unit, order ...),
    `doubts` what a person must look at, `reason` why; `certainty` is "certain", "guess" or
    "nothing found".
    """

    column: str
    source: str | None = None
    certainty: str = "nothing found"
    keys: Keys = field(default_factory=dict)
    doubts: list[str] = field(default_factory=list)
    reason: str = ""
    example: str = ""


def guess_columns(table: str, wanted: Sequence[str], sheet: Sheet) -> list[Guess]:
    """A guess for every column of `wanted`, in that order."""
    matches = _match(table, wanted, sheet)
    guesses = [
        guess_reading(table, name, *matches[name], sheet) if name in matches else Guess(name)
        for name in wanted
    ]
    return [_add_unit(guess, guesses, sheet) for guess in guesses]


def guess_reading(table: str, name: str, source: str, likeness: float, sheet: Sheet) -> Guess:
    """The guess that the column `source` of the file fills the column `name` of the table."""
    dtype, classes = describe_column(table, name)
    cells = sheet.read_column(source)
    keys, doubts = propose_reading(name, dtype, classes, source, cells)
    is_certain = likeness == SAME_NAME and not doubts and not keys
    reason = "the same name" if likeness == SAME_NAME else "a name alike"
    example = next((cell for cell in cells if cell), "")
    return Guess(name, source, "certain" if is_certain else "guess", keys, doubts, reason, example)


def describe_column(table: str, name: str) -> tuple[str, list[str]]:
    """Type of the column and the words that it takes, none where it takes any."""
    column = tables.TABLES[table].columns[name]
    classes = [
        check.statistics["allowed_values"] for check in column.checks if check.name == "isin"
    ]
    return str(column.dtype), [str(each) for each in classes[0]] if classes else []


def _match(table: str, wanted: Sequence[str], sheet: Sheet) -> dict[str, tuple[str, float]]:
    """Column of the table: column of the file and how alike they are, best pairs first."""
    pairs = sorted(
        (-likeness, i, j)
        for i, name in enumerate(wanted)
        for j, header in enumerate(sheet.header)
        if (likeness := _compare(name, header)) >= WEAKEST
    )
    found: dict[str, tuple[str, float]] = {}
    for negative, i, j in pairs:
        name, header = wanted[i], sheet.header[j]
        readers = {reader for reader, (source, _) in found.items() if source == header}
        is_free = not readers or any(readers | {name} <= shared for shared in SHARED)
        if name not in found and is_free and _can_be(table, name, sheet.read_column(header)):
            found[name] = header, -negative
    return found


def _can_be(table: str, name: str, cells: list[str]) -> bool:
    """Whether the cells could be the column's: half of them with a digit where it has numbers.

    A citation is a key of the bibliography; titles and links are locators.
    """
    filled = [cell for cell in cells if cell]
    if name == "citation":
        return all(CITATION_KEY.fullmatch(cell) for cell in filled)
    dtype, _ = describe_column(table, name)
    needs_digits = dtype == "float64" or dtype.startswith("datetime64")
    return not needs_digits or 2 * sum(bool(re.search(r"\d", c)) for c in filled) >= len(filled)


def _add_unit(guess: Guess, guesses: list[Guess], sheet: Sheet) -> Guess:
    """The guess with the unit of its cells: of a column that holds only units, else to be told."""
    if not guess.source or guess.column not in units.TARGETS or "unit" in guess.keys:
        return guess
    used = {each.source for each in guesses}
    for header in sheet.header:
        cells = set(sheet.read_column(header))
        are_units = len(cells) <= 10 and all(fits(each, guess.column) for each in cells)
        if header not in used and are_units:
            return replace(guess, certainty="guess", keys=guess.keys | {"unit_column": header})
    doubts = [*guess.doubts, "in which unit are the cells?"]
    return replace(guess, certainty="guess", keys=guess.keys | {"unit": TODO}, doubts=doubts)


def _compare(name: str, header: str) -> float:
    plain, own = normalise(header), name.replace("_", " ")
    if header.strip().lower() == name or plain == own:
        return SAME_NAME
    names = (own, *SYNONYMS.get(name, ()))
    if plain in names:
        return SYNONYM - names.index(plain) / 10
    words = plain.split()
    inside = [len(each) for each in names if words[-len(each.split()) :] == each.split()]
    if len(words) <= 4 and max(inside, default=0) > 3:
        return WEAKEST + max(inside) / 10
    nearest = max(fuzz.ratio(plain, each) for each in names)
    return 0.9 * nearest if nearest >= 88 else 0.0


def normalise(header: str) -> str:
    """The words of a column name without units and signs: "# Params (B)" -> "number params"."""
    text = unicodedata.normalize("NFKC", header).casefold().replace("#", " number ")
    text = re.sub(r"\([^)]*\)|\[[^\]]*\]|,[^,]*$|\bin \S+$", " ", text)
    return " ".join(re.findall(r"[^\W_]+", text))
