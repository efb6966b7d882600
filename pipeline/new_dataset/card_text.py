"""The draft of a dataset -> the text of its card: guesses and gaps marked, each line explained."""

import re

from pipeline.commands.dictionary import describe_table
from pipeline.ingest import tables
from pipeline.ingest.cards.schema import EDITOR_LINE
from pipeline.new_dataset.card_options import render_options
from pipeline.new_dataset.draft import Draft
from pipeline.new_dataset.guesses import Guess
from pipeline.new_dataset.readings import TODO, Keys
from pipeline.new_dataset.yaml_text import comment, quote, render_value

HEAD = """\
{editor_line}
# {name}: {purpose}
# Fill in every {todo}; `apportion check {name}` names the line of each that is left.
{origin}
table: {table}
title: {todo}  # name of the dataset on its page
question: {todo}  # the question it helps to answer
description: {todo}  # what the rows are, and what a reader must know of them
citations: [{todo}]  # keys of data/references.bib
licence: {todo}  # of the source, or why none is needed
retrieved: {todo}  # day the figures were taken, YYYY-MM-DD; no date in the data is later
"""
GUESSED = """\
# Lines with "guess" were proposed by `apportion new` from the names and cells of
# {received}: correct or confirm each, and delete the mark."""
KEYED = (
    "# Key the rows into records.csv as the source prints them, or map columns of other names here."
)
RUNS = {
    "registry": "# date, lab, parameters and compute are joined from training_runs by model name",
    "own": "# guess: the file has its own training compute; `registry` joins it from training_runs",
}
NO_UNIT = {"name", "text", "key", "class"}


def render_card(draft: Draft) -> str:
    """The text of source.yaml."""
    text = HEAD.format(
        editor_line=EDITOR_LINE,
        name=draft.name,
        purpose=describe_table(draft.table),
        todo=TODO,
        table=draft.table,
        origin=GUESSED.format(received=comment(draft.received)) if draft.received else KEYED,
    )
    if draft.runs:
        text += f"runs: {draft.runs}  {RUNS[draft.runs]}\n"
    text += "columns:\n" + "".join(_render_column(draft.table, each) for each in draft.guesses)
    if draft.ignored:
        text += "ignored:  # columns of records.csv that no column of the table needs: why\n"
        text += "".join(f"  {quote(header)}: {TODO}\n" for header in draft.ignored)
    return text + render_options(draft.table, draft.names)


def _render_column(table: str, guess: Guess) -> str:
    column = tables.TABLES[table].to_schema().columns[guess.column]
    unit = (column.metadata or {})["unit"]
    meaning = column.description + f" ({unit})" * (unit not in NO_UNIT)
    if not guess.source and not guess.keys:
        ways = "; ".join(["{from: a column} or {constant: a value}", *guess.doubts])
        return f"  {guess.column}: {TODO}  # {meaning}: {ways}\n"
    source: Keys = {"from": guess.source} if guess.source not in (None, guess.column) else {}
    line = f"  {guess.column}: {render_value(source | guess.keys)}"
    if guess.certainty == "certain":
        return f"{line}  # {meaning}\n"
    look = [f"first cell {guess.example[:40]!r}"] * bool(guess.example) + guess.doubts
    words = "; ".join([guess.reason, *look])
    return f"{line}  # {guess.certainty}: {comment(words)}\n"


def list_gaps(card: str) -> list[int]:
    """The lines of a card that a TODO stands on."""
    lines = [re.split(r"(?:^|\s)# ", line)[0] for line in card.splitlines()]
    return [number for number, line in enumerate(lines, start=1) if TODO in line]
