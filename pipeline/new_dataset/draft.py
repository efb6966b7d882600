"""A received file and a table -> the draft of a dataset: what is guessed of every column, and what
is left for a person to say.
"""

from collections.abc import Callable
from dataclasses import dataclass, field, replace

from pipeline.ingest import tables
from pipeline.ingest.cards.parts import DERIVED
from pipeline.ingest.sources import units
from pipeline.ingest.validate import NAMED_BY
from pipeline.new_dataset.guesses import Guess, describe_column, guess_columns
from pipeline.new_dataset.readings import TODO, Keys
from pipeline.new_dataset.received import Sheet

JOINED_TABLES = ("accuracy_leaderboard",)  # ingest can join the run registry to their rows
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
    unit: Keys = {"unit": TODO}
    guesses = [
        Guess(each, each, "certain", unit if each in units.TARGETS else {}) for each in wanted
    ]
    return Draft(name, table, "", runs, guesses, records=",".join(wanted) + "\n")


def draft(name: str, table: str, received: str, sheet: Sheet, confirm: Confirm) -> Draft:
    """The draft from the cells of `sheet`; each guess goes through `confirm` before it counts."""
    runs = _guess_runs(table, sheet)
    guesses = list(map(confirm, guess_columns(table, list_wanted(table, runs), sheet)))
    used = {name for guess in guesses for name in (guess.source, guess.keys.get("unit_column"))}
    return Draft(
        name,
        table,
        received,
        runs,
        guesses=[_fill(table, guess, guesses) for guess in guesses],
        ignored=[header for header in sheet.header if header not in used],
        names={
            guess.column: list(filter(None, dict.fromkeys(sheet.read_column(guess.source))))[:30]
            for guess in guesses
            if guess.source and guess.column in NAMED_BY.values()
        },
        records=sheet.to_csv(),
        row_count=len(sheet.rows),
        blank_row_count=sheet.blank_rows,
    )


def list_wanted(table: str, runs: str | None) -> list[str]:
    """The columns of `table` that a card maps, those of the table itself first."""
    joined = tables.JOINED_FROM_REGISTRY if runs == "registry" else set()
    columns = tables.TABLES[table].columns
    late, of_runs = tables.PROVENANCE_COLUMNS, tables.RUN_COLUMNS
    wanted = [name for name in columns if name not in tables.FILLED_BY_INGEST | joined]
    return sorted(wanted, key=lambda name: (name in late, name in of_runs))


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
