"""Dataset -> its validated table, read in place as *ingest* and *validate* read it, or why not."""

from collections.abc import Callable, Collection
from pathlib import Path
from typing import Any, NamedTuple

import pandas as pd

from pipeline.failures import Failure
from pipeline.ingest.cards.card import LoadedCard, load_card
from pipeline.ingest.convert import ingest
from pipeline.ingest.exclusions import exclude_by_rule
from pipeline.ingest.sources.records import read_records
from pipeline.ingest.validate import check_options, find_failures, split

REGISTRY = "training_runs"


class Accepted(NamedTuple):
    """A dataset that passed; `failures` are those that its card allows."""

    card: LoadedCard
    runs: pd.DataFrame | None
    table: pd.DataFrame
    failures: list[Failure]
    validated: pd.DataFrame


def accept(
    sources: Path,
    name: str,
    note: Callable[[str, Any], None] = lambda *_: None,
    citation_keys: Collection[str] | None = None,
) -> Accepted:
    """The dataset `name` of the folder `sources`, validated; nothing is written.

    `citation_keys` are those that its card may cite, any if None. `note` is called with (what was
    read, it) as it goes on: card, records, table. Raises SourceError with every failure of the step
    that failed.
    """
    card = load_card(sources / name / "source.yaml", citation_keys)
    note("card", card)
    records = read_records(card.records_path)
    note("records", records)
    runs = accept(sources, REGISTRY).validated if card.card.runs == "registry" else None
    table = ingest(card, records, runs, citation_keys)
    note("table", table)
    failures = find_failures(table, card, records)
    validated = exclude_by_rule(split(table, failures, card, records), card, records)
    check_options(validated, card, records)
    return Accepted(card, runs, table, failures, validated)
