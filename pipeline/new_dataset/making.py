"""What `apportion new` makes, and what it says that a person does next."""

from itertools import groupby
from pathlib import Path

import typer

from pipeline.commands.dictionary import list_tables
from pipeline.core.failures import SourceError
from pipeline.core.layout import Layout
from pipeline.ingest.cards.dataset_names import check_dataset_name
from pipeline.ingest.cards.faults import suggest
from pipeline.ingest.tables import TABLES
from pipeline.new_dataset.card import list_gaps, render_card
from pipeline.new_dataset.draft import Draft, draft, draft_empty
from pipeline.new_dataset.received import read_received
from pipeline.new_dataset.registration import add_dataset, refuse_taken

HERE = Layout()


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
    layout: Layout, name: str, table: str, received: Path | None, sheet: str | None
) -> None:
    """Make the dataset and tell what comes next; exit with 1 if refused."""
    try:
        refuse_taken(layout, name)
        made = draft_empty(name, table)
        if received is not None:
            made = draft(name, table, received.name, read_received(received, sheet))
        card = render_card(made)
        add_dataset(layout, name, table, card, made.records)
    except SourceError as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(1) from None
    typer.echo(_tell_steps(made, list_gaps(card)))


def _tell_steps(made: Draft, gaps: list[int]) -> str:
    folder = HERE.card(made.name).parent.as_posix()
    rows = f"{made.row_count} rows" if made.received else "a header, no rows"
    blank = f"; blank rows left out: {made.blank_row_count}" if made.blank_row_count else ""
    steps = [f"{i}. {step}" for i, step in enumerate(_list_steps(made, folder, gaps), start=1)]
    return "\n".join([f"made {folder}: source.yaml, records.csv ({rows}{blank})", "Next:", *steps])


def _list_steps(made: Draft, folder: str, gaps: list[int]) -> list[str]:
    name, is_guessed = made.name, any(guess.certainty == "guess" for guess in made.guesses)
    return [
        *[f"Key the rows into {folder}/records.csv."] * (not made.received),
        f"Fill in each TODO of {folder}/source.yaml (lines {_join_lines(gaps)})"
        + ' and confirm the lines with "guess"' * is_guessed
        + ".",
        f"`apportion check {name}` says what is wrong, with the line and how to fix it."
        + " A model that training_runs lacks is added there first." * (made.runs == "registry"),
        f"`dvc repro` fits it and makes its pages, reports/html/{name}-<model>.html.",
        f"Commit {folder}, {HERE.datasets.as_posix()}, dvc.lock, data/checks and "
        "data/attributions.",
    ]


def _join_lines(lines: list[int]) -> str:
    """Line numbers, those that follow each other as a range: 3, 5-8."""
    runs = [
        [n for _, n in run] for _, run in groupby(enumerate(lines), lambda each: each[1] - each[0])
    ]
    return ", ".join(f"{run[0]}-{run[-1]}" if len(run) > 1 else f"{run[0]}" for run in runs)
