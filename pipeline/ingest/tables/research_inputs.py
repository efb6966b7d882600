"""Rules of research and what came of it, field by field."""

import pandas as pd

from pipeline.ingest.tables.table import distinct, make_table, row_rule


@row_rule(
    "efficiency",
    "a field starts at year 0, with a research input and efficiency 1",
    "count years from the first, and give efficiencies as ratios to it",
)
def field_starts_at_one(frame: pd.DataFrame) -> pd.Series:
    """Catches efficiencies in units of their own, and calendar years."""
    is_first = frame["year"] == frame.groupby("domain")["year"].transform("min")
    starts = (frame["year"] == 0) & (frame["efficiency"] == 1) & frame["research_input"].notna()
    return ~is_first | starts


@row_rule("research_input", "a row has a research input or an efficiency", "remove the empty row")
def row_says_something(frame: pd.DataFrame) -> pd.Series:
    """A year of neither is a gap that looks like data."""
    return frame["research_input"].notna() | frame["efficiency"].notna()


TABLE = make_table(
    "research_inputs",
    distinct("year", "no duplicate year of a field", "domain", "year"),
    field_starts_at_one,
    row_says_something,
)
