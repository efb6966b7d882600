"""What a card must agree with: the columns of its table, and the options that the table's models
read.

The card is looked at as YAML, so that one wrong key does not hide another.
"""

from pathlib import Path
from typing import Any

from pydantic import ValidationError

from models.options import Options
from pipeline.failures import Failure
from pipeline.ingest import tables
from pipeline.ingest.cards import faults as card_faults
from pipeline.ingest.cards import names
from pipeline.ingest.options import OPTIONS

# Columns that may be computed from the other two of C = 6 N D.
DERIVED = {"training_tokens": "tokens from 6ND", "training_flop": "flop from 6ND"}
# Columns whose cells have a unit, with what they are most often printed in.
MEASURED = {
    "training_flop": "FLOP",
    "training_flop_second_source": "FLOP",
    "extra_training_flop": "FLOP",
    "resource": "FLOP",
    "multiply_adds_per_image": "MAC, GMAC",
    "score": "percent, fraction",
}


def get_table(tree: Any) -> str | None:
    """The table that the card fills; None where there is no such table."""
    table = tree.get("table")
    return table if isinstance(table, str) and table in OPTIONS else None


def find_wrong_columns(path: Path, tree: Any) -> list[Failure]:
    """Columns of the card that its table lacks, that it lacks, and that have no unit."""
    table, mapped, runs = get_table(tree), tree.get("columns"), tree.get("runs", "own")
    if table is None or not isinstance(mapped, dict) or runs not in ("registry", "own"):
        return []  # pydantic says why
    columns = tables.TABLES[table].columns
    known = set(columns) - tables.FILLED_BY_INGEST
    if runs == "registry":
        known -= tables.JOINED_FROM_REGISTRY
    free = sorted(known - set(mapped))
    faults = [
        card_faults.make_fault(
            path,
            tree,
            ("columns", name),
            _say_unknown_column(table, runs, name),
            card_faults.suggest(name, free or known, f"use one of {sorted(known)}"),
        )
        for name in sorted(set(mapped) - known)
    ]
    faults += [
        card_faults.make_fault(
            path,
            tree,
            ("columns", name),
            f"column of {table} is not mapped",
            f"map it, or give `constant:`; `{name}`: {columns[name].description}",
        )
        for name in free
    ]
    return faults + _find_wrong_derivations(path, tree) + _find_missing_units(path, tree)


def _say_unknown_column(table: str, runs: str, name: str) -> str:
    if name in tables.FILLED_BY_INGEST:
        return "ingest fills this column itself"
    if runs == "registry" and name in tables.JOINED_FROM_REGISTRY:
        return "joined from the run registry, as the card says `runs: registry`"
    return f"not a column of {table}"


def _find_wrong_derivations(path: Path, tree: Any) -> list[Failure]:
    """Columns that are computed from 6ND and are no part of it, or from each other."""
    mapped = tree["columns"]
    derived = {
        name: source["derived"]
        for name, source in mapped.items()
        if isinstance(source, dict) and source.get("derived") in DERIVED.values()
    }
    is_circular = set(DERIVED) <= set(derived)
    rule = "only " + " and ".join(f"{name} is {each!r}" for name, each in DERIVED.items())
    remedy = "read it from a column of records.csv, or give `constant:`"
    return [
        card_faults.make_fault(
            path,
            tree,
            ("columns", name, "derived"),
            "tokens and compute are computed from each other" if is_circular else rule,
            remedy,
            each,
        )
        for name, each in derived.items()
        if is_circular or DERIVED.get(name) != each
    ]


def _find_missing_units(path: Path, tree: Any) -> list[Failure]:
    """Columns with a unit that are read from cells of which the card does not say the unit."""
    mapped = tree["columns"]
    is_operations = mapped.get("resource_kind") == {"constant": "FLOP"}  # not minutes
    return [
        card_faults.make_fault(
            path,
            tree,
            ("columns", name),
            "the unit of the cells is missing",
            f"give `unit:` (such as {usual}), `unit_column:` where a column names each row's, or "
            "`unit: in cells` where each cell names its own",
        )
        for name, usual in MEASURED.items()
        if _is_without_unit(mapped.get(name)) and (name != "resource" or is_operations)
    ]


def _is_without_unit(source: Any) -> bool:
    """Whether cells are read, and their unit is not given."""
    return isinstance(source, dict) and not {"unit", "unit_column", "constant", "derived"} & {
        *source
    }


def read_options(
    path: Path, tree: Any, schema: dict[str, Any]
) -> tuple[Options | None, list[Failure]]:
    """The options as their table defines them, and every fault.

    None where they are wrong, or where the card's own faults hide them.
    """
    table, options = get_table(tree), tree.get("options", {})
    if table is None or not isinstance(options, dict):
        return None, []
    if "options" not in tree and "options" in schema["required"]:
        keys = card_faults.list_words(OPTIONS[table].model_json_schema()["required"])
        rule, remedy = "the key is missing", f"add `options:` with the keys {keys}"
        return None, [card_faults.make_fault(path, tree, ("options",), rule, remedy)]
    faults = card_faults.find_empty(path, tree, schema, "options")
    faults += names.find_unknown_names(path, tree)
    try:
        return OPTIONS[table].model_validate(options, strict=True, extra="forbid"), faults
    except ValidationError as error:
        found = card_faults.from_pydantic(error, path, tree, schema, ("options",))
    # Wrong names are what pydantic says of the options as a whole; `faults` has their lines.
    return None, faults + [each for each in found if not faults or each.column != "options"]
