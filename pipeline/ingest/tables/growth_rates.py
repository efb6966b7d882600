"""Rules of the rates of software and of hardware in published studies."""

import pandas as pd

from pipeline.ingest.tables.table import Unfit, make_table, row_rule


def find_unfit(frame: pd.DataFrame) -> Unfit:
    """Rows that lack one of the two rates."""
    return {"one rate": frame[["software_rate", "hardware_rate"]].isna().any(axis=1)}


@row_rule("period_end", "the period ends after it begins", "swap the years")
def period_has_length(frame: pd.DataFrame) -> pd.Series:
    """A rate needs time."""
    return frame["period_end"] > frame["period_start"]


@row_rule(
    "study",
    "each study, and each domain, has one pair of rates that is fitted",
    "exclude the other pairs by name on the card, or tell the domains apart",
)
def studies_are_distinct(frame: pd.DataFrame) -> pd.Series:
    """Pairs of one study share its errors and its definition of hardware."""
    fitted = frame["exclusion"].isna() & frame["is_verified"] & ~find_unfit(frame)["one rate"]
    repeated = frame[fitted].duplicated("study") | frame[fitted].duplicated("domain")
    return ~repeated.reindex(frame.index, fill_value=False)


TABLE = make_table("growth_rates", period_has_length, studies_are_distinct, find_unfit=find_unfit)
