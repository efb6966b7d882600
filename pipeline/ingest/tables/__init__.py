"""The canonical tables: columns, units, keys, ranges, rules and who is left out. The only schema.

Two files per table: `<table>.yaml` has the columns, each with its meaning, its unit and the remedy
printed when a value breaks its rule (`data/README.md` is generated from them); `<table>.py` has the
rules over rows. A table may hold rows that no model reads: `exclusion` says why, and is empty for
the rows that are fitted.
"""

from datetime import date
from importlib import import_module

import pandas as pd
import pandera.pandas as pa

from pipeline.ingest.tables.table import Table, read_yaml

NAMES = (
    "training_runs",
    "efficiency",
    "scaling_grid",
    "accuracy_leaderboard",
    "loss_leaderboard",
    "published_estimates",
    "growth_rates",
    "research_inputs",
    "own_rates",
)
TABLES: dict[str, Table] = {
    name: import_module(f"pipeline.ingest.tables.{name}").TABLE for name in NAMES
}
LINE = "line"  # a column that reading adds: cards cannot name it
# Tables in which results of models are explained: what trends and designs say is of these alone.
OF_MODELS = {"efficiency", "scaling_grid", "accuracy_leaderboard", "loss_leaderboard"}
# Columns that ingest fills itself: a card never maps them.
FILLED_BY_INGEST = {LINE, "exclusion", "techniques", "is_own", "rate", "rate_sd", "base_models"}
PROVENANCE_COLUMNS = tuple(read_yaml("shared")["provenance"])
RUN_COLUMNS = tuple(read_yaml("shared")["run"])
JOINED_FROM_REGISTRY = {*RUN_COLUMNS, "base_model"}


def schema(table: str, retrieved: date) -> pa.DataFrameSchema:
    """The schema of `table` in which no date is later than the day the data were `retrieved`."""
    made = TABLES[table].to_schema()
    last = pa.Check.le(
        pd.Timestamp(retrieved), error=f"not after {retrieved}, the day the data were retrieved"
    )
    for name, column in made.columns.items():
        if name.endswith("_date"):
            made = made.update_column(name, checks=[*column.checks, last])
    return made
