"""The stage *ingest*: card and records of a dataset -> its validated table, what models may know of
its card, what happened to every row, and the rows that failed.
"""

from typing import Any

from pipeline.core.files import write_json, write_parquet, write_text
from pipeline.core.layout import Layout
from pipeline.ingest.accept import accept
from pipeline.ingest.bibliography import read_bibliography
from pipeline.ingest.options import drop_words
from pipeline.ingest.validate import render_quarantine, summarise


def ingest_dataset(layout: Layout, dataset: str) -> str:
    """Write the dataset's table, options, rows and quarantine; the line that says so.

    Raises SourceError with every failure that the card does not allow: then there is no table, and
    the quarantine has the rows that broke a rule of their table.
    """

    def note(what: str, found: Any) -> None:
        if what == "failures":
            write_text(layout.quarantine(dataset), render_quarantine(found))

    citations = read_bibliography(layout.bibliography).with_own(layout.card(dataset).parent)
    made = accept(layout, dataset, note, citations, reads_results=True)
    card, table = made.card, made.validated
    known = {"dataset": dataset, "table": card.table}
    options = {"options": drop_words(card.table, card.options)}
    write_json(layout.options(dataset), known | options)
    write_json(layout.rows(dataset), summarise(card, table, made.failures, len(made.table)))
    write_parquet(layout.table(dataset), table)
    fitted = int(table["exclusion"].isna().sum())
    return f"{dataset}: {len(made.table)} rows in, {fitted} fitted"
