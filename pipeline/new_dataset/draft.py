"""A received file and a table -> the draft of a dataset: which column of the file fills which of
the table, how its cells are read, and what is left for a person to say.

A guess is a proposal for a person to confirm: by the name of the column, and by what its cells
prove. Nothing here changes a cell.
"""

import re
import unicodedata
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path
from typing import Any

from rapidfuzz import fuzz
from ruamel.yaml import YAML

from pipeline.ingest import tables
from pipeline.ingest.benchmarks import Catalogue
from pipeline.ingest.cards.defaults import DERIVED, SIZES
from pipeline.ingest.sources import units
from pipeline.new_dataset.evidence import Guess, find_rescaled, find_split, find_twins, settle
from pipeline.new_dataset.readings import TODO, TRUTHS, Keys, fits, propose_reading
from pipeline.new_dataset.received import Sheet

SYNONYMS = YAML(typ="safe").load(Path(__file__).with_name("synonyms.yaml"))
SAME_NAME, SYNONYM, WEAKEST = 100.0, 95.0, 79.0
CITATION_KEY = re.compile(r"[a-z][\w:-]*\d{4}\w*")
# Columns of the table that may be read from one column of the file.
SHARED = ({"lab", "organization"},)
RATING = re.compile(r"\b(elo|arena|ratings?)\b")  # no share of right answers
# Tables to whose rows ingest can join the run registry.
JOINED_TABLES = ("accuracy_leaderboard", "horizon_leaderboard")


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
    dtype, classes = describe_column(table, name)
    if words := list(TRUTHS) if dtype == "bool" else classes:
        return 2 * sum(cell.lower() in words for cell in filled) >= len(filled)
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
    if (name == "score" and RATING.search(plain)) or (name == "parameters" and "batch" in plain):
        return 0.0
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


@dataclass(frozen=True)
class Draft:
    """A dataset to be made.

    `runs` is the card's key, None where the table has no say; `guesses` are the columns that the
    card maps or that a person must tell; `ignored` the columns of the file that none reads;
    `unknown` the benchmarks that the catalogue lacks; `split` a column that tells repeated runs
    apart, with its cells and how often each stands.
    """

    name: str
    table: str
    received: str
    runs: str | None
    guesses: list[Guess]
    sheet: Sheet
    retrieved: date
    ignored: list[str] = field(default_factory=list)
    unknown: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    split: tuple[str, dict[str, int]] | None = None


def draft_empty(name: str, table: str, today: date) -> Draft:
    """The draft without a received file: records.csv is a header of the table's columns."""
    runs = "registry" if table in JOINED_TABLES else None
    wanted, unit = list_wanted(table, runs), Keys(unit=TODO)
    keys = {each: unit if each in units.TARGETS else {} for each in wanted}
    guesses = [Guess(each, each, "certain", keys[each]) for each in wanted]
    return Draft(name, table, "", runs, guesses, Sheet(wanted, []), today)


def draft(
    name: str, table: str, received: str, sheet: Sheet, catalogue: Catalogue, today: date
) -> Draft:
    """The draft from the cells of `sheet`: what is found in it, and what only a person can tell."""
    runs = "both" if table in JOINED_TABLES else None
    guesses = guess_columns(table, list_wanted(table, None), sheet)
    guesses, notes = settle(table, guesses, sheet)
    found = {guess.column: guess for guess in guesses if guess.is_found}
    asked = [each for each in guesses if each.column not in found | _list_optional(table, found)]
    used = {name for each in found.values() for name in (each.source, each.keys.get("unit_column"))}
    notes += find_twins(found.get("model"), sheet) + find_rescaled(found, sheet, catalogue)
    notes += _find_rivals(table, found, used, sheet)
    named = found.get("benchmark")
    benchmarks = set(sheet.read_column(named.source)) - {""} if named and named.source else set()
    return Draft(
        name,
        table,
        received,
        runs,
        [*found.values(), *map(_ask, [table] * len(asked), asked)],
        sheet,
        today,
        [header for header in sheet.header if header not in used],
        sorted(each for each in benchmarks if not catalogue.find(each)),
        [*sheet.notes, *notes],
        find_split(found, used, sheet) if table == "scaling_grid" else None,
    )


def list_wanted(table: str, runs: str | None) -> list[str]:
    """The columns of `table` that a card maps, those of the table itself first."""
    joined = tables.JOINED_FROM_REGISTRY if runs == "registry" else set()
    columns = tables.TABLES[table].columns
    late, of_runs = tables.PROVENANCE_COLUMNS, tables.RUN_COLUMNS
    wanted = [name for name in columns if name not in tables.FILLED_BY_INGEST | joined]
    return sorted(wanted, key=lambda name: (name in late, name in of_runs))


def find_columns(table: str, wanted: Sequence[str], sheet: Sheet) -> dict[str, str]:
    """The columns of the file that fill those of `wanted` that it has."""
    return {name: source for name, (source, _) in _match(table, wanted, sheet).items()}


def _find_rivals(
    table: str, found: Mapping[str, Guess], used: Collection[Any], sheet: Sheet
) -> list[str]:
    """Columns that none reads and that could fill one for which another was taken."""
    return [
        f"{header!r} may be {name} as well: the card reads {guess.source!r}"
        for name, guess in found.items()
        for header in sheet.header
        if guess.source and header not in used and _compare(name, header) >= WEAKEST
        if _can_be(table, name, sheet.read_column(header))
    ]


def _list_optional(table: str, found: Collection[str]) -> dict[str, Any]:
    """The columns that a card may leave out."""
    derived = dict.fromkeys(name for name in DERIVED if SIZES - {name} <= set(found))
    joined = dict.fromkeys(tables.JOINED_FROM_REGISTRY if table in JOINED_TABLES else ())
    return {**tables.TABLES[table].defaults, "citation": 0, "eval_date": 0} | derived | joined


def _ask(table: str, guess: Guess) -> Guess:
    dtype, classes = describe_column(table, guess.column)
    words = ["true", "false"] if dtype == "bool" else classes
    return replace(guess, doubts=[f"one of {', '.join(words)}"] if words else [])
