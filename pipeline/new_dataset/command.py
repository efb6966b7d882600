"""`apportion new`: a folder with a card and records for a new dataset, from a spreadsheet or empty.

Guesses are shown before anything is written: a person confirms them in a terminal, and finds them
marked on the card in any case.
"""

import json
import sys
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from typer.core import TyperCommand

from pipeline.commands.dictionary import describe_table
from pipeline.failures import SourceError
from pipeline.ingest.cards.dataset_names import check_dataset_name
from pipeline.ingest.cards.faults import suggest
from pipeline.ingest.tables import TABLES
from pipeline.new_dataset.card_text import render_card
from pipeline.new_dataset.draft import Confirm, Draft, draft, draft_empty
from pipeline.new_dataset.guesses import SYNONYM, Guess, guess_reading
from pipeline.new_dataset.limits import check_records
from pipeline.new_dataset.registration import add_dataset, refuse_taken
from pipeline.new_dataset.spreadsheets import KINDS, Sheet, read_sheet
from pipeline.new_dataset.words import describe, tell_guesses, tell_reading, tell_steps

TABLE_LIST = [f"{name}: {describe_table(name)}" for name in TABLES]
HELP = "\n\n".join(
    [
        "Make data/sources/NAME with a card and records, and add NAME to the registry.",
        "With --from, each column of the table is matched with one of the file, by name and by "
        "what its cells prove: unit, decimal mark, order of dates. In a terminal you confirm each "
        "guess; the card marks them in any case. Without --from, records.csv is a header. What "
        "only you can say is TODO on the card.",
        "Tables:",
        *TABLE_LIST,
    ]
)
EPILOG = (
    "Example: `apportion new my_scores --table accuracy_leaderboard --from scores.xlsx "
    "--sheet Results`. Ends with 0 where the dataset is made, 1 where it is refused (nothing is "
    "left then), 2 after a wrong command."
)


class TableListing(TyperCommand):
    """`--table` without a value lists the tables, as a wrong value does."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """The arguments, with an empty value after a last `--table`."""
        return super().parse_args(ctx, [*args, ""] if args[-1:] == ["--table"] else args)


def new(
    name: Annotated[
        str,
        typer.Argument(
            help="of the dataset: small letters, digits and _", metavar="NAME", show_default=False
        ),
    ] = "",
    table: Annotated[
        str, typer.Option(help="the table it fills, one of those above", show_default=False)
    ] = "",
    received: Annotated[
        Path | None,
        typer.Option("--from", help=f"the received file: {', '.join(KINDS)}", metavar="FILE"),
    ] = None,
    sheet: Annotated[
        str | None, typer.Option(help="of a workbook with several", show_default=False)
    ] = None,
    yes: Annotated[bool, typer.Option("--yes", help="ask nothing: the card marks guesses")] = False,
    root: Annotated[
        Path, typer.Option(help="the repository", exists=True, file_okay=False)
    ] = Path(),
    as_json: Annotated[
        bool, typer.Option("--json", help="JSON for scripts, on standard output")
    ] = False,
) -> None:
    """Make a dataset; its help is HELP."""
    _check_command(name, table, received, sheet)
    is_talking = _is_terminal() and not (yes or as_json)
    try:
        refuse_taken(root, name)
        made = _make_draft(name, table, received, sheet, is_talking)
        card = render_card(made)
        add_dataset(root, name, table, card, made.records)
    except SourceError as error:
        _report_refusal(name, error, as_json)
        raise typer.Exit(1) from None
    if as_json:
        typer.echo(json.dumps(describe(made, card), indent=1))
        return
    if not is_talking:
        typer.echo(tell_guesses(made))
    typer.echo(tell_steps(made, card))


def _is_terminal() -> bool:
    """Whether a person can be asked."""
    return sys.stdin.isatty() and sys.stdout.isatty()


def _check_command(name: str, table: str, received: Path | None, sheet: str | None) -> None:
    if table not in TABLES:
        asked = f"no table {table!r}" if table else "give --table, the table that the rows fill"
        tables = "there are:\n" + "\n".join(TABLE_LIST)
        said = f"{asked}; {suggest(table, TABLES, tables)}"
        raise typer.BadParameter(said, param_hint="--table")
    try:
        check_dataset_name(name, table)
    except ValueError as error:
        rule, remedy = error.args
        raise typer.BadParameter(f"{rule}: {remedy}", param_hint="NAME") from None
    if received is not None and not received.exists():
        raise typer.BadParameter(f"no file {str(received)!r}", param_hint="--from")
    if sheet is not None and received is None:
        raise typer.BadParameter("--sheet is of the file that --from names", param_hint="--sheet")


def _make_draft(
    name: str, table: str, received: Path | None, sheet_name: str | None, is_talking: bool
) -> Draft:
    if received is None:
        return draft_empty(name, table)
    sheet = read_sheet(received, sheet_name)
    confirm = _make_confirm(table, sheet) if is_talking else lambda guess: guess
    made = draft(name, table, received.name, sheet, confirm)
    check_records(received, made.records)
    return made


def _make_confirm(table: str, sheet: Sheet) -> Confirm:
    """What shows a guess in the terminal and returns it as the person wants it."""
    Console().print(
        "Enter: yes. n: no such column. Or type the name of another column of the file.",
        style="dim",
    )

    def confirm(guess: Guess) -> Guess:
        if guess.certainty != "guess":
            return guess
        shown = "; ".join([*tell_reading(guess), *guess.doubts])
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


def _report_refusal(name: str, error: SourceError, as_json: bool) -> None:
    if as_json:
        failures = [vars(failure) for failure in error.failures]
        typer.echo(json.dumps({"dataset": name, "is_made": False, "failures": failures}, indent=1))
    else:
        typer.echo(str(error), err=True)
