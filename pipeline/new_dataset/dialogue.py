"""What `apportion new` asks and answers: guesses are shown before anything is written.

A person confirms them in a terminal, and finds them marked on the card in any case.
"""

import json
import sys
from dataclasses import replace
from itertools import groupby
from pathlib import Path
from typing import Any

import typer

from pipeline.commands.dictionary import list_tables
from pipeline.commands.printing import render_table
from pipeline.core.failures import SourceError
from pipeline.core.layout import Layout
from pipeline.ingest.cards.dataset_names import check_dataset_name
from pipeline.ingest.cards.faults import suggest
from pipeline.ingest.tables import TABLES
from pipeline.new_dataset.card import comment, list_gaps, render_card, render_value
from pipeline.new_dataset.draft import (
    SYNONYM,
    Confirm,
    Draft,
    Guess,
    draft,
    draft_empty,
    guess_reading,
)
from pipeline.new_dataset.received import Sheet, read_received
from pipeline.new_dataset.registration import add_dataset, refuse_taken

HERE = Layout()
HOW = "Enter: yes. n: no such column. Or type the name of another column of the file."


def check_command(name: str, table: str, received: Path | None, sheet: str | None) -> None:
    """Raise typer.BadParameter where the words of the command are wrong."""
    if table not in TABLES:
        asked = f"no table {table!r}" if table else "give --table, the table that the rows fill"
        said = suggest(table, TABLES, "there are:\n" + "\n".join(list_tables()))
        raise typer.BadParameter(f"{asked}; {said}", param_hint="--table")
    try:
        check_dataset_name(name, table)
    except ValueError as error:
        raise typer.BadParameter(": ".join(error.args), param_hint="NAME") from None
    if received is not None and not received.exists():
        raise typer.BadParameter(f"no file {str(received)!r}", param_hint="--from")
    if sheet is not None and received is None:
        raise typer.BadParameter("--sheet is of the file that --from names", param_hint="--sheet")


def make_dataset(
    layout: Layout,
    name: str,
    table: str,
    received: Path | None,
    sheet_name: str | None,
    *,
    is_talking: bool,
    as_json: bool,
) -> None:
    """Make the dataset and tell what was guessed and what comes next; exit with 1 if refused."""
    try:
        refuse_taken(layout, name)
        made = draft_empty(name, table)
        if received is not None:
            sheet = read_received(received, sheet_name)
            confirm = _make_confirm(table, sheet) if is_talking else lambda guess: guess
            made = draft(name, table, received.name, sheet, confirm)
        card = render_card(made)
        add_dataset(layout, name, table, card, made.sheet.to_csv())
    except SourceError as error:
        failures = [vars(failure) for failure in error.failures]
        refused = {"dataset": name, "is_made": False, "failures": failures}
        typer.echo(json.dumps(refused, indent=1) if as_json else str(error), err=not as_json)
        raise typer.Exit(1) from None
    told = _describe(made, list_gaps(card))
    if as_json:
        typer.echo(json.dumps(told, indent=1))
        return
    if not is_talking:
        typer.echo(_tell_guesses(made))
    typer.echo(_tell_steps(told))


def _make_confirm(table: str, sheet: Sheet) -> Confirm:
    """What shows a guess in the terminal and returns it as the person wants it."""
    typer.secho(HOW, dim=True)

    def confirm(guess: Guess) -> Guess:
        if guess.certainty != "guess":
            return guess
        example = [f"first cell {comment(guess.example)[:40]!r}"] * bool(guess.example)
        source = [repr(guess.source)] * bool(guess.source)
        shown = "; ".join([*source, *_tell_keys(guess), *example, *guess.doubts])
        while True:
            answer = typer.prompt(f"{guess.column} <- {shown}", default="yes").strip()
            if answer.lower() in ("y", "yes"):
                return replace(guess, certainty="guess, confirmed")
            if answer.lower() in ("n", "no"):
                return Guess(guess.column)
            if answer in sheet.header:
                other = guess_reading(table, guess.column, answer, SYNONYM, sheet)
                return replace(other, certainty="guess, confirmed", reason="named by hand")
            typer.echo(f"no column {answer!r}; there are: {', '.join(sheet.header)}")

    return confirm


def _tell_keys(guess: Guess) -> list[str]:
    """The keys of the card's line beside the column of the file."""
    return [f"{key}: {render_value(value)}" for key, value in guess.keys.items()]


def _describe(made: Draft, gaps: list[int]) -> dict[str, Any]:
    """What was made, for scripts; `gaps` are the lines of the card that are to be filled in."""
    folder = HERE.card(made.name).parent.as_posix()
    return {
        "dataset": made.name,
        "is_made": True,
        "table": made.table,
        "folder": folder,
        "rows": len(made.sheet.rows),
        "blank_rows_left_out": made.sheet.blank_rows,
        "columns": [vars(guess) for guess in made.guesses],
        "ignored": made.ignored,
        "todo_lines": gaps,
        "next": _list_steps(made, folder, gaps),
    }


def _tell_guesses(made: Draft) -> str:
    """A line a column of the table; a table in a terminal, tab-separated elsewhere."""
    rows = [
        (
            *(guess.column, comment(guess.source or ""), guess.certainty),
            *(", ".join(_tell_keys(guess)), comment("; ".join(guess.doubts))),
        )
        for guess in made.guesses
    ]
    head = ("column", "from", "certainty", "keys", "look_at")
    return render_table(head, rows, sys.stdout.isatty()) + "\n"


def _tell_steps(told: dict[str, Any]) -> str:
    """What was made, and numbered, what comes next."""
    rows = f"{told['rows']} rows" if told["rows"] else "a header, no rows"
    if left_out := told["blank_rows_left_out"]:
        rows += f"; blank rows left out: {left_out}"
    steps = [f"{i}. {step}" for i, step in enumerate(told["next"], start=1)]
    head = f"made {told['folder']}: source.yaml, records.csv ({rows})"
    return "\n".join([head, "Next:", *steps])


def _list_steps(made: Draft, folder: str, gaps: list[int]) -> list[str]:
    name, is_guessed = made.name, any(guess.certainty == "guess" for guess in made.guesses)
    return [
        *[f"Key the rows into {folder}/records.csv."] * (not made.received),
        f"Fill in each TODO of {folder}/source.yaml (lines {_join_lines(gaps)})"
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
