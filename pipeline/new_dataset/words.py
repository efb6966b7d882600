"""What `apportion new` says: the guesses, and what a person does next."""

import sys
from itertools import groupby
from typing import Any

from pipeline.commands.printing import render_table
from pipeline.core.layout import Layout
from pipeline.new_dataset.card import comment, list_gaps, render_value
from pipeline.new_dataset.draft import Draft
from pipeline.new_dataset.guesses import Guess

HERE = Layout()


def tell_keys(guess: Guess) -> list[str]:
    """The keys of the card's line beside the column of the file."""
    return [f"{key}: {render_value(value)}" for key, value in guess.keys.items()]


def describe(made: Draft, card: str) -> dict[str, Any]:
    """The same for scripts."""
    return {
        "dataset": made.name,
        "is_made": True,
        "table": made.table,
        "folder": _name_folder(made),
        "rows": made.row_count,
        "blank_rows_left_out": made.blank_row_count,
        "columns": [vars(guess) for guess in made.guesses],
        "ignored": made.ignored,
        "todo_lines": list_gaps(card),
        "next": _list_steps(made, card),
    }


def tell_guesses(made: Draft) -> str:
    """A line a column of the table; a table in a terminal, tab-separated elsewhere."""
    rows = [
        (
            *(guess.column, comment(guess.source or ""), guess.certainty),
            *(", ".join(tell_keys(guess)), comment("; ".join(guess.doubts))),
        )
        for guess in made.guesses
    ]
    head = ("column", "from", "certainty", "keys", "look_at")
    return render_table(head, rows, sys.stdout.isatty()) + "\n"


def tell_steps(made: Draft, card: str) -> str:
    """What was made, and numbered, what comes next."""
    rows = f"{made.row_count} rows" if made.received else "a header, no rows"
    blank = f"; blank rows left out: {made.blank_row_count}" if made.blank_row_count else ""
    steps = [f"{i}. {step}" for i, step in enumerate(_list_steps(made, card), start=1)]
    head = f"made {_name_folder(made)}: source.yaml, records.csv ({rows}{blank})"
    return "\n".join([head, "Next:", *steps])


def _name_folder(made: Draft) -> str:
    return HERE.card(made.name).parent.as_posix()


def _list_steps(made: Draft, card: str) -> list[str]:
    name, folder, gaps = made.name, _name_folder(made), _join_lines(list_gaps(card))
    is_guessed = any(guess.certainty == "guess" for guess in made.guesses)
    return [
        *[f"Key the rows into {folder}/records.csv."] * (not made.received),
        f"Fill in each TODO of {folder}/source.yaml (lines {gaps})"
        + ' and confirm the lines with "guess"' * is_guessed
        + ".",
        f"`apportion check {name}` says what is wrong, with the line and how to fix it."
        + " A model that training_runs lacks is added there first." * (made.runs == "registry"),
        f"`dvc repro` fits it and makes its pages; `apportion open {name}` shows them.",
        f"Commit {folder}, {HERE.datasets.as_posix()}, dvc.lock, data/checks and "
        "data/attributions.",
    ]


def _join_lines(lines: list[int]) -> str:
    """Line numbers, those that follow each other as a range: 3, 5-8."""
    runs = [
        [n for _, n in run] for _, run in groupby(enumerate(lines), lambda each: each[1] - each[0])
    ]
    return ", ".join(f"{run[0]}-{run[-1]}" if len(run) > 1 else f"{run[0]}" for run in runs)
