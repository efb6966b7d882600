"""A received file and a table -> the draft of a dataset: what is guessed of every column, and what
is left for a person to say.
"""

from collections.abc import Callable
from dataclasses import dataclass, field, replace

from pipeline.ingest import tables
from pipeline.ingest.sources import units
from pipeline.new_dataset.guesses import Guess, describe_column, guess_columns
from pipeline.new_dataset.readings import TODO, Keys
from pipeline.new_dataset.spreadsheets import Sheet

# Of these tables dvc.yaml joins the run registry to the rows.
JOINED_TABLES = ("accuracy_leaderboard",)
# Columns that may be read as 6ND from two others (Kaplan et al. 2020).
DERIVED = {
    "training_tokens": ("tokens from 6ND", {"training_flop", "parameters"}),
    "training_flop": ("flop from 6ND", {"training_tokens", "parameters"}),
}
MAX_NAMES = 30
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
    ignored: list[str] = field(default_factory=list)
    names: dict[str, list[str]] = field(default_factory=dict)
    records: str = ""
    row_count: int = 0
    blank_row_count: int = 0


def draft_empty(name: str, table: str) -> Draft:
    """The draft without a received file: records.csv is a header of the table's columns."""
    runs = "registry" if table in JOINED_TABLES else None
    wanted = list_wanted(table, runs)
    guesses = [Guess(each, each, "certain", _ask_unit(each)) for each in wanted]
    return Draft(name, table, "", runs, guesses, records=",".join(wanted) + "\n")


def _ask_unit(column: str) -> Keys:
    return {"unit": TODO} if column in units.TARGETS else {}


def draft(name: str, table: str, received: str, sheet: Sheet, confirm: Confirm) -> Draft:
    """The draft from the cells of `sheet`; each guess goes through `confirm` before it counts."""
    runs = _guess_runs(table, sheet)
    wanted = list_wanted(table, runs)
    guesses = [confirm(guess) for guess in guess_columns(table, wanted, sheet)]
    used = {guess.source for guess in guesses} | {
        guess.keys.get("unit_column") for guess in guesses
    }
    return Draft(
        name,
        table,
        received,
        runs,
        [_fill(table, guess, guesses) for guess in guesses],
        [header for header in sheet.header if header not in used],
        _list_names(guesses, sheet),
        sheet.to_csv(),
        len(sheet.rows),
        sheet.blank_rows,
    )


def list_wanted(table: str, runs: str | None) -> list[str]:
    """The columns of `table` that a card maps, those of the table itself first."""
    left_out = tables.FILLED_BY_INGEST | (
        tables.JOINED_FROM_REGISTRY if runs == "registry" else set()
    )
    columns = [name for name in tables.TABLES[table].to_schema().columns if name not in left_out]
    late = set(tables.Provenance.to_schema().columns)
    joined = set(tables.RunColumns.to_schema().columns)
    return sorted(columns, key=lambda name: (name in late, name in joined))


def _guess_runs(table: str, sheet: Sheet) -> str | None:
    """The registry's, unless the file brings compute of its own."""
    if table not in JOINED_TABLES:
        return None
    (compute,) = guess_columns(table, ["training_flop"], sheet)
    return "own" if compute.source else "registry"


def _fill(table: str, guess: Guess, guesses: list[Guess]) -> Guess:
    """What stands on the card where the file has no such column."""
    if guess.source or guess.keys:
        return guess
    found = {each.column for each in guesses if each.source}
    rule, needed = DERIVED.get(guess.column, ("", set()))
    if rule and needed <= found and table == "scaling_grid":
        return _state(guess, {"derived": rule}, "not in the file")
    column = tables.TABLES[table].to_schema().columns[guess.column]
    if column.nullable:
        return _state(guess, {"constant": ""}, "not in the file, and may be empty")
    dtype, classes = describe_column(table, guess.column)
    words = ["true", "false"] if dtype == "bool" else classes
    return replace(guess, doubts=[f"one of {', '.join(words)}"] if words else [])


def _state(guess: Guess, keys: Keys, reason: str) -> Guess:
    return replace(guess, certainty="guess", keys=keys, reason=reason)


def _list_names(guesses: list[Guess], sheet: Sheet) -> dict[str, list[str]]:
    sources = {each.column: each.source for each in guesses if each.source}
    return {
        column: list(dict.fromkeys(cell for cell in sheet.read_column(source) if cell))[:MAX_NAMES]
        for column, source in sources.items()
        if column in ("benchmark", "target")
    }
