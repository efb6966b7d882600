"""What a card must keep beyond the class of its table: derived quantities, units, no blank words.

The card is looked at as YAML, so that one wrong key does not hide another.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pipeline.core.failures import Failure
from pipeline.ingest.cards import faults as card_faults
from pipeline.ingest.sources import units
from pipeline.ingest.tables import TABLES

# Columns that may be computed from the other two of C = 6 N D.
DERIVED = {"training_tokens": "tokens from 6ND", "training_flop": "flop from 6ND"}


def get_table(tree: Any) -> str | None:
    """The table that the card fills; None where there is no such table."""
    table = tree.get("table")
    return table if isinstance(table, str) and table in TABLES else None


def find_wrong_parts(path: Path, tree: Any, schema: dict[str, Any]) -> list[Failure]:
    """Columns that are derived from each other or have no unit, and options that are blank."""
    faults = card_faults.find_empty(path, tree, schema, "options")
    mapped = tree.get("columns")
    sources = mapped if isinstance(mapped, dict) else {}
    sources = {name: source for name, source in sources.items() if isinstance(source, dict)}
    found = [*_find_wrong_derivations(sources), *_find_missing_units(sources)]
    return faults + [
        card_faults.make_fault(path, tree, ("columns", *steps), rule, remedy, value)
        for steps, rule, remedy, value in found
    ]


def _find_wrong_derivations(sources: dict[str, Any]) -> Iterator[tuple[Any, ...]]:
    """Columns that are computed from 6ND and are no part of it, or from each other."""
    derived = {
        name: source["derived"]
        for name, source in sources.items()
        if source.get("derived") in DERIVED.values()
    }
    rule = "only " + " and ".join(f"{name} is {each!r}" for name, each in DERIVED.items())
    if is_circular := set(DERIVED) <= set(derived):
        rule = "tokens and compute are computed from each other"
    for name, each in derived.items():
        if is_circular or DERIVED.get(name) != each:
            remedy = "read it from a column of records.csv, or give `constant:`"
            yield (name, "derived"), rule, remedy, each


def _find_missing_units(sources: dict[str, Any]) -> Iterator[tuple[Any, ...]]:
    """Columns with a unit that are read from cells of which the card does not say the unit."""
    is_operations = sources.get("resource_kind") == {"constant": "FLOP"}  # not minutes
    for name, usual in units.USUAL.items():
        source = sources.get(name, {"constant": None})
        if {"unit", "unit_column", "constant", "derived"}.isdisjoint(source) and (
            name != "resource" or is_operations
        ):
            remedy = (
                f"give `unit:` (such as {usual}), `unit_column:` where a column names each row's, "
                "or `unit: in cells` where each cell names its own"
            )
            yield (name,), "the unit of the cells is missing", remedy, ""
