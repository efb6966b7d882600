"""The stage *ingest*: card and records of a dataset -> its validated table, what models may know of
its card, what happened to every row, and the rows that failed.
"""

from pathlib import Path

import pandas as pd

from pipeline.failures import file_failure
from pipeline.files import write_json, write_parquet, write_text
from pipeline.ingest.bibliography import read_bibliography
from pipeline.ingest.cards.card import load_card
from pipeline.ingest.convert import ingest
from pipeline.ingest.exclusions import exclude_by_rule
from pipeline.ingest.in_house import add_in_house
from pipeline.ingest.options import drop_words
from pipeline.ingest.sources.records import read_records
from pipeline.ingest.validate import (
    check_options,
    find_failures,
    render_quarantine,
    split,
    summarise,
)
from pipeline.layout import Layout


def ingest_dataset(layout: Layout, dataset: str) -> str:
    """Write the dataset's table, options, rows and quarantine; the line that says so.

    Raises SourceError with every failure that the card does not allow: then there is no table, and
    the quarantine has the rows that broke a rule of their table.
    """
    citations = read_bibliography(layout.bibliography).with_own(layout.card(dataset).parent)
    card = load_card(layout.card(dataset), citations)
    records = read_records(card.records_path)
    runs = _read_registry(layout.registry) if card.card.runs == "registry" else None
    table = add_in_house(ingest(card, records, runs, citations), card, layout)
    failures = find_failures(table, card, records)
    write_text(layout.quarantine(dataset), render_quarantine(failures))
    validated = exclude_by_rule(split(table, failures, card, records), card, records)
    check_options(validated, card, records)
    options = drop_words(card.table, card.options)
    known = {"dataset": dataset, "table": card.table, "options": options}
    write_json(layout.options(dataset), known)
    write_json(layout.rows(dataset), summarise(card, validated, failures, len(table)))
    write_parquet(layout.table(dataset), validated)
    return f"{dataset}: {len(table)} rows in, {int(validated['exclusion'].isna().sum())} fitted"


def _read_registry(path: Path) -> pd.DataFrame:
    if not path.is_file():
        remedy = "ingest the run registry first: `python -m pipeline ingest training_runs`"
        raise file_failure(path, "the validated run registry is missing", remedy)
    return pd.read_parquet(path)
