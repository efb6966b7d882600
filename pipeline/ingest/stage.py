"""The stage *ingest*: card and records of a dataset -> its validated table, what models may know of
its card, what happened to every row, and the rows that failed.
"""

from collections.abc import Callable, Collection
from typing import Any, NamedTuple

import pandas as pd

from pipeline.core.failures import Failure, file_failure
from pipeline.core.files import write_json, write_parquet, write_text
from pipeline.core.layout import Layout
from pipeline.ingest import plausibility, validate
from pipeline.ingest.bibliography import read_bibliography
from pipeline.ingest.cards.card import LoadedCard, load_card
from pipeline.ingest.cards.dataset_names import REGISTRY
from pipeline.ingest.completion import complete
from pipeline.ingest.convert import ingest
from pipeline.ingest.in_house import add_in_house
from pipeline.ingest.options import drop_words
from pipeline.ingest.sources.records import read_records


class Accepted(NamedTuple):
    """A dataset that passed; `failures` are those that its card allows, `slips` those that it
    accepts.
    """

    card: LoadedCard
    runs: pd.DataFrame | None
    table: pd.DataFrame
    failures: list[Failure]
    validated: pd.DataFrame
    slips: list[Failure]


def ingest_dataset(layout: Layout, dataset: str) -> str:
    """Write the dataset's table, options, rows and quarantine; the line that says so.

    Raises SourceError with every failure that the card does not allow: then there is no table, and
    the quarantine has the rows that broke a rule of their table.
    """

    def note(what: str, found: Any) -> None:
        if what == "failures":
            write_text(layout.quarantine(dataset), validate.render_quarantine(found))

    citations = read_bibliography(layout.bibliography).with_own(layout.card(dataset).parent)
    made = accept(layout, dataset, note, citations, reads_results=True)
    card, table, rows_in = made.card, made.validated, len(made.table)
    known = {"dataset": dataset, "table": card.table}
    options = {"options": drop_words(card.table, card.options)}
    draft = {"draft": card.draft} if card.draft else {}
    write_json(layout.options(dataset), known | options | draft)
    write_json(layout.rows(dataset), validate.summarise(card, table, made.failures, rows_in))
    write_parquet(layout.table(dataset), table)
    return f"{dataset}: {rows_in} rows in, {table['exclusion'].isna().sum()} fitted"


def accept(
    layout: Layout,
    name: str,
    note: Callable[[str, Any], None] = lambda *_: None,
    citation_keys: Collection[str] | None = None,
    *,
    reads_results: bool = False,
) -> Accepted:
    """The dataset `name`, validated; nothing is written.

    `citation_keys` are those that its card may cite, any if None. `note` is called with (what was
    read, it) as it goes on: card, records, table, failures, the card with all options. With
    `reads_results` the registry is the one that was ingested, and our own posteriors enter;
    without, the registry is validated in place. Raises SourceError with every failure of the step
    that failed.
    """
    card = load_card(layout.card(name), citation_keys)
    note("card", card)
    records = read_records(card.records_path)
    note("records", records)
    runs = _read_registry(layout, reads_results) if card.card.runs != "own" else None
    table = ingest(card, records, runs, citation_keys)
    if reads_results:
        table = add_in_house(table, card, layout)
    note("table", table)
    failures = validate.find_failures(table, card, records)
    note("failures", failures)
    validated = validate.exclude_by_rule(
        validate.split(table, failures, card, records), card, records
    )
    card = complete(card, validated, layout.benchmarks)
    note("card", card)
    validate.check_options(validated, card, records)
    slips = plausibility.find_slips(validated, card, records, runs, citation_keys)
    note("slips", slips)
    plausibility.refuse(slips, card, records)
    return Accepted(card, runs, table, failures, validated, slips)


def load_whole_card(layout: Layout, dataset: str) -> LoadedCard:
    """The card of a dataset that was ingested, with the options that it leaves out."""
    card = load_card(layout.card(dataset))
    path = layout.table(dataset)
    if not path.is_file():
        return card
    return complete(card, pd.read_parquet(path), layout.benchmarks)


def _read_registry(layout: Layout, reads_results: bool) -> pd.DataFrame:
    if not reads_results:
        return accept(layout, REGISTRY).validated
    if not layout.registry.is_file():
        remedy = "ingest the run registry first: `python -m pipeline ingest training_runs`"
        raise file_failure(layout.registry, "the validated run registry is missing", remedy)
    return pd.read_parquet(layout.registry)
