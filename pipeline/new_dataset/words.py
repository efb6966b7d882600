"""What `apportion new` says: the guesses, and what a person does next."""

import sys
from itertools import groupby
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from pipeline.layout import Layout
from pipeline.new_dataset.card_text import list_gaps
from pipeline.new_dataset.draft import Draft
from pipeline.new_dataset.guesses import Guess
from pipeline.new_dataset.yaml_text import comment, render_value


def tell_reading(guess: Guess) -> list[str]:
    """Column of the file, keys of the card and a first cell, as far as there are any."""
    told = [f"{guess.source!r}"] if guess.source else []
    told += [f"{key}: {render_value(value)}" for key, value in guess.keys.items()]
    return told + ([f"first cell {comment(guess.example)[:40]!r}"] if guess.example else [])


def describe(made: Draft, card: str) -> dict[str, Any]:
    """The same for scripts."""
    return {
        "dataset": made.name,
        "is_made": True,
        "table": made.table,
        "folder": Layout().card(made.name).parent.as_posix(),
        "rows": made.row_count,
        "blank_rows_left_out": made.blank_row_count,
        "columns": [vars(guess) for guess in made.guesses],
        "ignored": made.ignored,
        "todo_lines": list_gaps(card),
        "next": _list_steps(made, card),
    }


def tell_guesses(made: Draft) -> str:
    """A line a column of the table; a table in a terminal, tab-separated elsewhere."""
    head = ["column", "from", "certainty", "keys", "look_at"]
    rows = [
        [
            guess.column,
            comment(guess.source or ""),
            guess.certainty,
            ", ".join(f"{key}: {render_value(value)}" for key, value in guess.keys.items()),
            comment("; ".join(guess.doubts)),
        ]
        for guess in made.guesses
    ]
    if not sys.stdout.isatty():
        return "\n".join("\t".join(row) for row in [head, *rows]) + "\n"
    shown = Table(*(name.replace("_", " ") for name in head))
    for row in rows:
        shown.add_row(*map(escape, row))
    console = Console()
    with console.capture() as capture:
        console.print(shown)
    return capture.get()


def tell_steps(made: Draft, card: str) -> str:
    """What was made, and numbered, what comes next."""
    folder = Layout().card(made.name).parent.as_posix()
    rows = f"{made.row_count} rows" if made.received else "a header, no rows"
    blank = f"; blank rows left out: {made.blank_row_count}" if made.blank_row_count else ""
    steps = [f"{i}. {step}" for i, step in enumerate(_list_steps(made, card), start=1)]
    return "\n".join([f"made {folder}: source.yaml, records.csv ({rows}{blank})", "Next:", *steps])


def _list_steps(made: Draft, card: str) -> list[str]:
    folder = Layout().card(made.name).parent.as_posix()
    gaps = _join_lines(list_gaps(card))
    keyed = [] if made.received else [f"Key the rows into {folder}/records.csv."]
    joined = " A model that training_runs lacks is added there first." * (made.runs == "registry")
    is_guessed = any(guess.certainty == "guess" for guess in made.guesses)
    confirm = ' and confirm the lines with "guess"' * is_guessed
    return [
        *keyed,
        f"Fill in each TODO of {folder}/source.yaml (lines {gaps}){confirm}.",
        f"`apportion check {made.name}` says what is wrong, with the line and the way to mend it."
        + joined,
        "`dvc repro` fits the new dataset and makes its pages; `apportion open "
        f"{made.name}` shows them.",
        f"Commit {folder}, {Layout().datasets.as_posix()}, dvc.lock, data/checks and "
        "data/attributions.",
    ]


def _join_lines(lines: list[int]) -> str:
    """Line numbers, those that follow each other as a range: 3, 5-8."""
    runs = [
        [n for _, n in run] for _, run in groupby(enumerate(lines), lambda each: each[1] - each[0])
    ]
    return ", ".join(f"{run[0]}-{run[-1]}" if len(run) > 1 else f"{run[0]}" for run in runs)
