"""What a card may leave out and its table or its name can say: added before the card is checked.

A short card and a long one are read alike; `LoadedCard.defaulted` tells what was added. Options
that follow from the rows are for `completion.py`.
"""

from collections.abc import Collection, Iterator
from typing import Any

from pipeline.ingest import tables

UNCITED = "uncited"  # the citation of a dataset whose source is not cited yet
DERIVED = {"training_tokens": "tokens from 6ND", "training_flop": "flop from 6ND"}
SIZES = {"parameters", *DERIVED}  # C = 6 N D: any two give the third
DESCRIBED = ("title", "question", "description", "citations", "licence")
# What makes a dataset a draft while the card lacks it, and how it is given.
DOCUMENTED = {
    "citations": "the source: `citations: [key]`, a key of a bibliography",
    "licence": "the licence of the source, or why none is needed: `licence:`",
    "columns.locator": "where in the source each figure was read: `locator:` under `columns`",
    "columns.is_verified": "whether the figures were read in the source: `is_verified:` under "
    "`columns`",
}
Added = dict[str, Any]  # keys joined by points: the value


def fill_card(tree: Any, table: str, dataset: str) -> Added:
    """Add to the card's `tree` what it leaves out and what has a default; what was added."""
    words: Added = {}
    for key, value in _describe(table, dataset).items():
        if key not in tree:
            tree[key] = words[key] = value
    if not isinstance(columns := tree.get("columns"), dict):
        return words
    for name, source in _list_columns(tree, columns, table):
        if name not in columns:
            columns[name] = source
            words[f"columns.{name}"] = next(iter(source.values()))
    return words


def list_missing(defaulted: Collection[str], citations: Collection[str]) -> list[str]:
    """What a draft lacks, in words; nothing where the dataset is documented."""
    lacking = {*defaulted} | ({"citations"} if UNCITED in citations else set())
    return [words for key, words in DOCUMENTED.items() if key in lacking]


def _describe(table: str, dataset: str) -> dict[str, Any]:
    title = dataset.replace("_", " ")
    title = title[:1].upper() + title[1:]
    asked = "how much of the progress is compute, and how much is algorithms?"
    question = f"{title}: {asked if table in tables.OF_MODELS else 'what do the rows say?'}"
    purpose = tables.TABLES[table].purpose
    values = (title, question, purpose, [UNCITED], "not stated")
    return dict(zip(DESCRIBED, values, strict=True))


def _list_columns(tree: Any, columns: Any, table: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """Columns with a default, as cards map them: those that are left to the registry have none."""
    known = tables.TABLES[table]
    joined = tables.JOINED_FROM_REGISTRY if tree.get("runs") in ("registry", "both") else set()
    for name, rule in DERIVED.items():
        if (
            name in known.columns
            and name not in {*columns, *joined}
            and SIZES - {name} <= set(columns)
        ):
            yield name, {"derived": rule}
    if isinstance(tree["citations"], list) and len(tree["citations"]) == 1:
        yield "citation", {"constant": tree["citations"][0]}
    if "eval_date" in known.columns and "retrieved" in tree:
        yield "eval_date", {"constant": str(tree["retrieved"])}
    for name, value in known.defaults.items():
        if name not in joined | tables.FILLED_BY_INGEST:
            yield name, {"constant": value}
