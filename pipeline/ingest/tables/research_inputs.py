"""Research and what came of it, field by field."""

import pandas as pd
from pandera.typing.pandas import Series

from pipeline.ingest.tables.columns import Provenance, column, distinct, name, row_rule, text


class ResearchInputs(Provenance):
    """Research done in a field, year by year, and how efficient its software had become."""

    domain: Series[str] = name("field of research", "name the field")
    year: Series[float] = column(
        "years since the first of the series; calendar years differ from field to field",
        "years",
        "count from 0 at the first year of the field",
        ge=0,
    )
    research_input: Series[float] = column(
        "research done in the year; empty at the end of the last year",
        "research_input_unit",
        "give a positive amount",
        gt=0,
        nullable=True,
    )
    research_input_unit: Series[str] = text(
        "what the research input counts; its scale cancels within a field", "name the unit"
    )
    efficiency: Series[float] = column(
        "efficiency at the start of the year, that of the field's first year being 1",
        "factor",
        "give the ratio to the first year",
        gt=0,
        nullable=True,
    )
    efficiency_measure: Series[str] = text(
        "what the efficiency is of", "say what became more efficient"
    )

    years_are_distinct = distinct("year", "no duplicate year of a field", "domain", "year")

    @row_rule(
        "efficiency",
        "a field starts at year 0, with a research input and efficiency 1",
        "count years from the first, and give efficiencies as ratios to it",
    )
    def field_starts_at_one(cls, frame: pd.DataFrame) -> pd.Series:
        """Catches efficiencies in units of their own, and calendar years."""
        is_first = frame["year"] == frame.groupby("domain")["year"].transform("min")
        starts = (frame["year"] == 0) & (frame["efficiency"] == 1) & frame["research_input"].notna()
        return ~is_first | starts

    @row_rule(
        "research_input", "a row has a research input or an efficiency", "remove the empty row"
    )
    def row_says_something(cls, frame: pd.DataFrame) -> pd.Series:
        """A year of neither is a gap that looks like data."""
        return frame["research_input"].notna() | frame["efficiency"].notna()
