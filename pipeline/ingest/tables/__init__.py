"""The canonical tables: columns, units, keys, ranges, rules and who is left out. The only schema.

One class per table. Each column carries its description, its unit and the remedy printed when a
value breaks its rule; `data/README.md` is generated from them. A table may hold rows that no model
reads: `exclusion` says why, and is empty for the rows that are fitted.
"""

from copy import deepcopy
from datetime import date

import pandas as pd
import pandera.pandas as pa

from pipeline.ingest.tables.columns import Provenance, RunColumns
from pipeline.ingest.tables.efficiency import Efficiency
from pipeline.ingest.tables.leaderboards import AccuracyLeaderboard, LossLeaderboard
from pipeline.ingest.tables.published_estimates import PublishedEstimates
from pipeline.ingest.tables.rates import GrowthRates, OwnRates
from pipeline.ingest.tables.research_inputs import ResearchInputs
from pipeline.ingest.tables.scaling_grid import ScalingGrid
from pipeline.ingest.tables.training_runs import TrainingRuns

TABLES: dict[str, type[Provenance]] = {
    "training_runs": TrainingRuns,
    "efficiency": Efficiency,
    "scaling_grid": ScalingGrid,
    "accuracy_leaderboard": AccuracyLeaderboard,
    "loss_leaderboard": LossLeaderboard,
    "published_estimates": PublishedEstimates,
    "growth_rates": GrowthRates,
    "research_inputs": ResearchInputs,
    "own_rates": OwnRates,
}
LINE = "line"  # a column that reading adds: cards cannot speak of it
# Tables in which results of models are explained: what trends and designs say is of these alone.
OF_MODELS = {"efficiency", "scaling_grid", "accuracy_leaderboard", "loss_leaderboard"}
# Columns that ingest fills itself: a card never maps them.
FILLED_BY_INGEST = {LINE, "exclusion", "techniques", "is_own", "rate", "rate_sd"}
JOINED_FROM_REGISTRY = set(RunColumns.to_schema().columns) | {"base_model"}


def list_columns(table: str) -> dict[str, pa.Column]:
    """The columns of `table` by name."""
    return dict(TABLES[table].to_schema().columns)


def schema(table: str, retrieved: date) -> pa.DataFrameSchema:
    """The schema of `table` in which no date is later than the day the data were `retrieved`."""
    made = deepcopy(TABLES[table].to_schema())  # pandera makes one schema per class and keeps it
    last = pa.Check.le(
        pd.Timestamp(retrieved), error=f"not after {retrieved}, the day the data were retrieved"
    )
    for name, column in made.columns.items():
        if name.endswith("_date"):
            column.checks = [*column.checks, last]
    return made
