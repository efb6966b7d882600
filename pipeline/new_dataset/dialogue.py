"""What `apportion new` answers: what was understood of a file, and what only a person can tell."""

import json
import sys
from dataclasses import asdict
from datetime import date
from pathlib import Path
from typing import Any

import typer

from pipeline.commands.dictionary import list_tables
from pipeline.commands.inspection import describe_shortly, inspect
from pipeline.commands.printing import render_table
from pipeline.core.failures import SourceError
from pipeline.core.layout import Layout
from pipeline.ingest.benchmarks import read_catalogue
from pipeline.ingest.cards.dataset_names import check_dataset_name
from pipeline.ingest.cards.faults import suggest
from pipeline.ingest.registries import read_datasets, read_models
from pipeline.ingest.tables import TABLES
from pipeline.new_dataset.card import comment, list_gaps, render_card, render_value
from pipeline.new_dataset.draft import Draft, draft, draft_empty
from pipeline.new_dataset.evidence import Guess
from pipeline.new_dataset.received import read_received
from pipeline.new_dataset.registration import add_dataset, refuse_taken
from pipeline.new_dataset.shapes import find_benchmarks, guess_table, stack

HERE = Layout()


def check_command(name: str, table: str, received: Path | None, sheet: str | None) -> None:
    """Raise typer.BadParameter where the words of the command are wrong."""
    if table not in TABLES and (table or received is None):
        asked = f"no table {table!r}" if table else "give --table, the table that the rows fill"
        said = suggest(table, TABLES, "there are:\n" + "\n".join(list_tables()))
        raise typer.BadParameter(f"{asked}; {said}", param_hint="--table")
    try:
        check_dataset_name(name, table or None)
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
    as_json: bool,
) -> None:
    """Make the dataset and tell what was understood and what comes next; exit with 1 if refused."""
    try:
        refuse_taken(layout, name)
        if received is None:
            made = draft_empty(name, table, date.today())
        else:
            made = _read_draft(layout, name, table, received, sheet_name)
        card = render_card(made)
        add_dataset(layout, name, made.table, card, made.sheet.to_csv())
    except SourceError as error:
        failures = [vars(failure) for failure in error.failures]
        refused = {"dataset": name, "is_made": False, "failures": failures}
        typer.echo(json.dumps(refused, indent=1) if as_json else str(error), err=not as_json)
        raise typer.Exit(1) from None
    told = _describe(made, card)
    typer.echo(json.dumps(told, indent=1) if as_json else _tell(layout, made, told))


def _read_draft(
    layout: Layout, name: str, table: str, received: Path, sheet_name: str | None
) -> Draft:
    """The draft of a received file. Raises SourceError where it, or its table, cannot be read."""
    sheet, catalogue = read_received(received, sheet_name), read_catalogue(layout.benchmarks)
    if not table:
        table, why = guess_table(received, sheet, catalogue)
        sheet.notes.append(f"--table {table} was guessed: {why}")
        check_command(name, table, received, sheet_name)
    wide = find_benchmarks(sheet, catalogue) if table == "accuracy_leaderboard" else {}
    if wide:
        sheet = stack(sheet, wide)
    return draft(name, table, received.name, sheet, catalogue, date.today())


def _describe(made: Draft, card: str) -> dict[str, Any]:
    """What was made, for scripts; `questions` are lines of the card that are to be filled in."""
    folder, lines = HERE.card(made.name).parent.as_posix(), card.splitlines()
    gaps = list_gaps(card)
    return {
        "dataset": made.name,
        "is_made": True,
        "table": made.table,
        "folder": folder,
        "rows": len(made.sheet.rows),
        "blank_rows_left_out": made.sheet.blank_rows,
        "columns": [asdict(guess) for guess in made.guesses],
        "ignored": made.ignored,
        "notes": made.notes,
        "todo_lines": gaps,
        "questions": [f"line {number}: {lines[number - 1].strip()}" for number in gaps],
        "next": _list_steps(made, folder, bool(gaps)),
    }


def _tell(layout: Layout, made: Draft, told: dict[str, Any]) -> str:
    """What was understood, what was made, the questions or what the check finds, and the steps."""
    rows = f"{told['rows']} rows" if told["rows"] else "a header, no rows"
    if left_out := told["blank_rows_left_out"]:
        rows += f"; blank rows left out: {left_out}"
    said = [_tell_guesses(made.guesses), *map(comment, made.notes)]
    if made.ignored:
        said.append(f"not read: {comment(', '.join(made.ignored))}")
    said.append(f"made {told['folder']}: source.yaml, records.csv ({rows})")
    if told["questions"]:
        said += ["Only you can say:", *[f"  {each}" for each in told["questions"]]]
    elif made.received:
        registries = read_datasets(layout.datasets), read_models(layout.models)
        found = inspect(layout, made.name, *registries)
        said.append(describe_shortly(found))
        said += [f"  to be more than a draft it lacks {each}" for each in found.get("draft", [])]
    steps = [f"{i}. {step}" for i, step in enumerate(told["next"], start=1)]
    return "\n".join([*said, "Next:", *steps])


def _tell_guesses(guesses: list[Guess]) -> str:
    """A line a column of the table; a table in a terminal, tab-separated elsewhere."""
    rows = [
        (
            *(guess.column, comment(guess.source or ""), guess.certainty),
            ", ".join(f"{key}: {render_value(value)}" for key, value in guess.keys.items()),
            comment("; ".join([*filter(None, [guess.reason]), *guess.doubts])),
        )
        for guess in guesses
    ]
    head = ("column", "from", "certainty", "keys", "evidence")
    return render_table(head, rows, sys.stdout.isatty()) + "\n"


def _list_steps(made: Draft, folder: str, has_gaps: bool) -> list[str]:
    name = made.name
    return [
        *[f"Key the rows into {folder}/records.csv."] * (not made.received),
        f"{'Fill in each TODO' if has_gaps else 'Look at the guesses'} of {folder}/source.yaml.",
        f"`apportion check {name}`: what is read, what is wrong, what the draft lacks.",
        f"`dvc repro` fits it; `apportion open {name}` shows its page.",
        f"Commit {folder}, {HERE.datasets.as_posix()}, dvc.lock, data/checks, data/attributions "
        "and reports/summary.",
    ]
