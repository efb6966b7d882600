"""What a card must keep beyond the class of its table: derived quantities, units, no blank words,
names that are those of other things.

The card is looked at as YAML, so that one wrong key does not hide another.
"""

from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Any

from pipeline.core.failures import Failure
from pipeline.ingest.cards.faults import find_empty, list_words, make_fault, suggest
from pipeline.ingest.cards.yaml_files import Fault, Steps, walk
from pipeline.ingest.sources import units
from pipeline.ingest.tables import TABLES

OTHER_FILES = "add the entry to data/references.bib, or to references.bib beside the card"
# Columns that may be computed from the other two of C = 6 N D.
DERIVED = {"training_tokens": "tokens from 6ND", "training_flop": "flop from 6ND"}


def get_table(tree: Any) -> str | None:
    """The table that the card fills; None where there is no such table."""
    table = tree.get("table")
    return table if isinstance(table, str) and table in TABLES else None


def find_wrong_parts(path: Path, tree: Any, schema: dict[str, Any]) -> list[Failure]:
    """Columns that are derived from each other or have no unit, and options that are blank."""
    faults = find_empty(path, tree, schema, "options")
    mapped = tree.get("columns")
    sources = mapped if isinstance(mapped, dict) else {}
    sources = {name: source for name, source in sources.items() if isinstance(source, dict)}
    found = [*_find_wrong_derivations(sources), *_find_missing_units(sources)]
    return faults + [
        make_fault(path, tree, ("columns", *steps), rule, remedy, value)
        for steps, rule, remedy, value in found
    ]


def _find_wrong_derivations(sources: dict[str, Any]) -> Iterator[Fault]:
    """Columns that are computed from 6ND and are no part of it, or from each other."""
    derived = {name: source.get("derived") for name, source in sources.items()}
    derived = {name: each for name, each in derived.items() if each in DERIVED.values()}
    rule = "only " + " and ".join(f"{name} is {each!r}" for name, each in DERIVED.items())
    if is_circular := set(DERIVED) <= set(derived):
        rule = "tokens and compute are computed from each other"
    for name, each in derived.items():
        if is_circular or DERIVED.get(name) != each:
            remedy = "read it from a column of records.csv, or give `constant:`"
            yield (name, "derived"), rule, remedy, each


def _find_missing_units(sources: dict[str, Any]) -> Iterator[Fault]:
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


def find_unknown_names(path: Path, tree: Any) -> Iterator[Failure]:
    """Options that name a benchmark, comparison, target or run that the card does not have.

    The tree need not be a valid card: what is not where it should be is left to pydantic.
    """
    options = tree["options"] if isinstance(tree.get("options"), dict) else {}
    found = dict(walk(options))
    comparisons = options.get("comparisons")
    numbers = range(len(comparisons) if isinstance(comparisons, list) else 0)
    ids = [found.get(("comparisons", number, "id")) for number in numbers]
    wanted: dict[Steps, Any] = {
        ("headline_comparison",): ids if isinstance(comparisons, list) else None,
        ("headline_target",): options.get("reference_resource"),
        ("headline_run",): options.get("allocation_runs"),
    } | {("comparisons", number, "benchmark"): options.get("benchmarks") for number in numbers}
    for steps, names in wanted.items():
        name, is_known = found.get(steps), isinstance(names, list | dict)
        if is_known and isinstance(name, str) and name not in names:
            known = [str(each) for each in names if each is not None]
            there = f"use one of {list_words(known)}" if known else "there is none yet: add it"
            rule, remedy = f"{name!r} is not among {known}", suggest(name, known, there)
            yield make_fault(path, tree, ("options", *steps), rule, remedy, name)
    for number in numbers:
        if ids[number] is not None and ids[number] in ids[:number]:
            steps = ("options", "comparisons", number, "id")
            rule, remedy = f"comparison ids repeat: {[ids[number]]}", "give each its own id"
            yield make_fault(path, tree, steps, rule, remedy)


def find_unknown_citations(path: Path, tree: Any, keys: Collection[str]) -> Iterator[Failure]:
    """Citations of the card that are not among the `keys` of the bibliography."""
    for steps, value in walk(tree):
        if _is_citation(steps) and isinstance(value, str) and value not in keys:
            rule = "no entry of a bibliography has this key"
            remedy = suggest(value, keys, OTHER_FILES)
            yield make_fault(path, tree, steps, rule, remedy, value)


def _is_citation(steps: Steps) -> bool:
    is_listed = len(steps) == 2 and steps[0] == "citations"
    is_published = len(steps) == 3 and (steps[0], steps[2]) == ("published", "citation")
    # The same key for every row: `citation: {constant: doe2020}`.
    return is_listed or is_published or steps == ("columns", "citation", "constant")
