"""A received file and a table -> the draft of a dataset: which column of the file fills which of
the table, how its cells are read, and what is left for a person to say.

A guess is a proposal for a person to confirm: by the name of the column, and by what its cells
prove. Nothing here changes a cell.
"""

import re
import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from rapidfuzz import fuzz
from ruamel.yaml import YAML

from pipeline.ingest import tables
from pipeline.ingest.cards.defaults import DERIVED
from pipeline.ingest.sources import units
from pipeline.ingest.validate import NAMED_BY
from pipeline.new_dataset.readings import TODO, Keys, fits, propose_reading
from pipeline.new_dataset.received import Sheet

SYNONYMS = YAML(typ="safe").load(Path(__file__).with_name("synonyms.yaml"))
SAME_NAME, SYNONYM, WEAKEST = 100.0, 95.0, 79.0
CITATION_KEY = re.compile(r"[a-z][\w:-]*\d{4}\w*")
# Columns of the table that may be read from one column of the file.
SHARED = ({"eval_date", "release_date"}, {"lab", "organization"})
JOINED_TABLES = ("accuracy_leaderboard",)  # ingest can join the run registry to their rows


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
    taken = [each.statistics["allowed_values"] for each in column.checks if each.name == "isin"]
    return str(column.dtype), [str(word) for words in taken for word in words]


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
    """Whether cells look like the column's: keys of citations, digits in half of the numbers."""
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


Confirm = Callable[[Guess], Guess]


@dataclass(frozen=True)
class Draft:
    """A dataset to be made.

    `runs` is the card's key, None where the table has no say; `ignored` the columns of the file
    that no guess reads; `names` the distinct cells of columns that options speak of.
    """

    name: str
    table: str
    received: str
    runs: str | None
    guesses: list[Guess]
    sheet: Sheet
    ignored: list[str] = field(default_factory=list)
    names: dict[str, list[str]] = field(default_factory=dict)


def draft_empty(name: str, table: str) -> Draft:
    """The draft without a received file: records.csv is a header of the table's columns."""
    runs = "registry" if table in JOINED_TABLES else None
    wanted, unit = list_wanted(table, runs), Keys(unit=TODO)
    keys = {each: unit if each in units.TARGETS else {} for each in wanted}
    guesses = [Guess(each, each, "certain", keys[each]) for each in wanted]
    return Draft(name, table, "", runs, guesses, Sheet(wanted, []))


def draft(name: str, table: str, received: str, sheet: Sheet, confirm: Confirm) -> Draft:
    """The draft from the cells of `sheet`; each guess goes through `confirm` before it counts."""
    runs = None
    if table in JOINED_TABLES:  # unless the file brings compute of its own
        (compute,) = guess_columns(table, ["training_flop"], sheet)
        runs = "own" if compute.source else "registry"
    guesses = list(map(confirm, guess_columns(table, list_wanted(table, runs), sheet)))
    used = {name for guess in guesses for name in (guess.source, guess.keys.get("unit_column"))}
    ignored = [header for header in sheet.header if header not in used]
    names = {
        guess.column: list(filter(None, dict.fromkeys(sheet.read_column(guess.source))))[:30]
        for guess in guesses
        if guess.source and guess.column in NAMED_BY.values()
    }
    filled = [_fill(table, guess, guesses) for guess in guesses]
    return Draft(name, table, received, runs, filled, sheet, ignored, names)


def list_wanted(table: str, runs: str | None) -> list[str]:
    """The columns of `table` that a card maps, those of the table itself first."""
    joined = tables.JOINED_FROM_REGISTRY if runs == "registry" else set()
    columns = tables.TABLES[table].columns
    late, of_runs = tables.PROVENANCE_COLUMNS, tables.RUN_COLUMNS
    wanted = [name for name in columns if name not in tables.FILLED_BY_INGEST | joined]
    return sorted(wanted, key=lambda name: (name in late, name in of_runs))


def _fill(table: str, guess: Guess, guesses: list[Guess]) -> Guess:
    """What stands on the card where the file has no such column."""
    if guess.source or guess.keys:
        return guess
    others = {"parameters", *DERIVED} - {guess.column}  # of C = 6 N D
    is_known = others <= {each.column for each in guesses if each.source}
    if guess.column in DERIVED and table == "scaling_grid" and is_known:
        keys: Keys = {"derived": DERIVED[guess.column]}
        return replace(guess, certainty="guess", keys=keys, reason="not in the file")
    if tables.TABLES[table].columns[guess.column].nullable:
        reason = "not in the file, and may be empty"
        return replace(guess, certainty="guess", keys={"constant": ""}, reason=reason)
    dtype, classes = describe_column(table, guess.column)
    words = ["true", "false"] if dtype == "bool" else classes
    return replace(guess, doubts=[f"one of {', '.join(words)}"] if words else [])
