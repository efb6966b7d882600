"""What `apportion new` asks and answers: guesses are shown before anything is written.

A person confirms them in a terminal, and finds them marked on the card in any case.
"""

import json
from dataclasses import replace
from pathlib import Path

import typer

from pipeline.commands.dictionary import list_tables
from pipeline.core.failures import SourceError
from pipeline.core.layout import Layout
from pipeline.ingest.cards.dataset_names import check_dataset_name
from pipeline.ingest.cards.faults import suggest
from pipeline.ingest.tables import TABLES
from pipeline.new_dataset.card import comment, render_card
from pipeline.new_dataset.draft import Confirm, draft, draft_empty
from pipeline.new_dataset.guesses import SYNONYM, Guess, guess_reading
from pipeline.new_dataset.received import Sheet, read_received
from pipeline.new_dataset.registration import add_dataset, refuse_taken
from pipeline.new_dataset.words import describe, tell_guesses, tell_keys, tell_steps

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
        add_dataset(layout, name, table, card, made.records)
    except SourceError as error:
        failures = [vars(failure) for failure in error.failures]
        refused = {"dataset": name, "is_made": False, "failures": failures}
        typer.echo(json.dumps(refused, indent=1) if as_json else str(error), err=not as_json)
        raise typer.Exit(1) from None
    if as_json:
        typer.echo(json.dumps(describe(made, card), indent=1))
        return
    if not is_talking:
        typer.echo(tell_guesses(made))
    typer.echo(tell_steps(made, card))


def _make_confirm(table: str, sheet: Sheet) -> Confirm:
    """What shows a guess in the terminal and returns it as the person wants it."""
    typer.secho(HOW, dim=True)

    def confirm(guess: Guess) -> Guess:
        if guess.certainty != "guess":
            return guess
        example = [f"first cell {comment(guess.example)[:40]!r}"] * bool(guess.example)
        source = [repr(guess.source)] * bool(guess.source)
        shown = "; ".join([*source, *tell_keys(guess), *example, *guess.doubts])
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
