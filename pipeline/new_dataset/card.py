"""The draft of a dataset -> the text of its card: guesses and gaps marked, each line explained.

Whatever stands in a received file reads back from the card as the same text.
"""

import re
from pathlib import Path

from pipeline.commands.printing import render_template
from pipeline.ingest import tables
from pipeline.ingest.cards.faults import find_node, follow
from pipeline.ingest.cards.schema import FILE_NAME, make_schema
from pipeline.new_dataset.draft import Draft
from pipeline.new_dataset.evidence import Guess
from pipeline.new_dataset.readings import TODO, Keys

TEMPLATE = Path(__file__).with_name("card.yaml.jinja")
PLAIN = re.compile(r"[A-Za-z_][A-Za-z0-9_]*([ ./()%+-]+[A-Za-z0-9_%()]+)*")
# Words that YAML 1.1 or 1.2 reads as truth values or as nothing.
WORDS = {"true", "false", "yes", "no", "on", "off", "y", "n", "null"}
SHOWN_CHARACTERS = 200
NO_UNIT = {"name", "text", "key", "class"}
ITEMS = "questions in the test set; chance, ceiling, label and reason may be given too"


def quote(text: str) -> str:
    """`text` as a key or a value: plain where that is safe, else in double quotes."""
    if len(text) < 80 and PLAIN.fullmatch(text) and text.lower() not in WORDS:
        return text
    escaped = re.sub(r'["\\]', r"\\\g<0>", text)
    return '"' + "".join(c if c.isprintable() else f"\\U{ord(c):08x}" for c in escaped) + '"'


def comment(text: str) -> str:
    """`text` as the rest of a comment: one line, no sign that YAML refuses."""
    plain = "".join(each if each.isprintable() else " " for each in text)
    return " ".join(plain.split())[:SHOWN_CHARACTERS]


def render_value(value: object) -> str:
    """A mapping, truth value or text in one line."""
    if isinstance(value, dict):
        parts = [f"{quote(str(key))}: {render_value(each)}" for key, each in value.items()]
        return "{" + ", ".join(parts) + "}"
    return str(value).lower() if isinstance(value, bool) else quote(str(value))


def flow(names: list[str]) -> str:
    """The names as a list in one line."""
    return f"[{', '.join(map(quote, names))}]"


def render_card(draft: Draft) -> str:
    """The text of source.yaml."""
    values = vars(draft) | {
        "schema": FILE_NAME,
        "purpose": tables.TABLES[draft.table].purpose,
        "columns": [_render_column(draft.table, each) for each in draft.guesses],
        "options": render_options(draft.table, draft.unknown),
    }
    return (
        render_template(TEMPLATE, values, quote=quote, comment=comment, flow=flow).rstrip() + "\n"
    )


def _render_column(table: str, guess: Guess) -> tuple[str, str, str]:
    """Key and value of the column's line, and the comment behind it."""
    column = tables.TABLES[table].columns[guess.column]
    unit = (column.metadata or {})["unit"]
    meaning = f"{column.description}" + f" ({unit})" * (unit not in NO_UNIT)
    if not guess.source and not guess.keys:
        ways = "; ".join(["{from: a column} or {constant: a value}", *guess.doubts])
        return guess.column, TODO, f"{meaning}: {ways}"
    source: Keys = {"from": guess.source} if guess.source not in (None, guess.column) else {}
    look = [f"first cell {guess.example[:40]!r}"] * bool(guess.example) + guess.doubts
    words = f"{guess.certainty}: {'; '.join([guess.reason, *look])}; it means: {meaning}"
    is_certain = guess.certainty == "certain"
    return guess.column, render_value(source | guess.keys), meaning if is_certain else words


def list_gaps(card: str) -> list[int]:
    """The lines of a card that a TODO stands on."""
    lines = [re.split(r"(?:^|\s)# ", line)[0] for line in card.splitlines()]
    return [number for number, line in enumerate(lines, start=1) if TODO in line]


def render_options(table: str, unknown: list[str]) -> str:
    """The options that have no default, explained; `unknown` are benchmarks without a catalogue."""
    schema = make_schema(table)
    node = follow(schema, find_node(schema, ("options",)))
    lines = [
        f"  {name}: {TODO}  # {comment(node['properties'][name]['description'])}"
        for name in node.get("required", [])
    ]
    if unknown:
        lines += ["  benchmarks:  # those that data/benchmarks.yaml lacks"]
        lines += [f"    {quote(name)}: {{item_count: {TODO}}}  # {ITEMS}" for name in unknown]
    return "\n".join(["options:", *lines]) if lines else ""
