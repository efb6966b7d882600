"""Rules of published estimates of one quantity."""

import pandas as pd

from pipeline.ingest.tables.table import make_table, row_rule


@row_rule(
    "lower",
    "the lower end is below the upper end",
    "swap the ends; an interval without width is no interval: write none",
)
def interval_has_width(frame: pd.DataFrame) -> pd.Series:
    """An interval of zero width would outweigh all other rows."""
    return frame[["lower", "upper"]].isna().any(axis=1) | (frame["lower"] < frame["upper"])


@row_rule(
    "interval_kind",
    "both ends are given where the kind says so, and neither where it says none",
    "correct interval_kind, or fill both ends",
)
def kind_agrees_with_ends(frame: pd.DataFrame) -> pd.Series:
    """An interval with one end is a bound."""
    ends = frame[["lower", "upper"]].notna().sum(axis=1)
    return ends.where(frame["interval_kind"] == "none", ends - 2) == 0


@row_rule(
    "interval_probability",
    "an interval with a probability has its level, and no other row has one",
    "give the level that the source states, or call it a range",
)
def probability_has_level(frame: pd.DataFrame) -> pd.Series:
    """An interval without its level says nothing of the error."""
    wanted = frame["interval_kind"] == "probability"
    return wanted == frame["interval_probability"].notna()


@row_rule("estimate", "the estimate lies within its interval", "correct the estimate or an end")
def estimate_is_inside(frame: pd.DataFrame) -> pd.Series:
    """Catches ends in another unit than the estimate."""
    beyond = (frame["estimate"] < frame["lower"]) | (frame["estimate"] > frame["upper"])
    return ~beyond


@row_rule(
    "bound",
    "a row has an estimate or an interval, and a bound has a value and no interval",
    "give the value of the bound in `estimate` and leave the interval empty",
)
def row_says_something(frame: pd.DataFrame) -> pd.Series:
    """A row without a number says nothing; a bound with an interval says two things."""
    is_bound = frame["bound"].notna()
    has_estimate, has_interval = frame["estimate"].notna(), frame["interval_kind"] != "none"
    return (has_estimate & ~has_interval).where(is_bound, has_estimate | has_interval)


@row_rule(
    "study",
    "no duplicate estimate: same study, domain and specification",
    "remove the repeated row, or say in `specification` what sets it apart",
)
def rows_are_distinct(frame: pd.DataFrame) -> pd.Series:
    """A repeated row counts twice; rows that a card excludes by name may repeat."""
    fitted = frame["exclusion"].isna()
    repeated = frame[fitted].duplicated(["study", "domain", "specification"], keep="first")
    return ~repeated.reindex(frame.index, fill_value=False)


TABLE = make_table(
    "published_estimates",
    interval_has_width,
    kind_agrees_with_ends,
    probability_has_level,
    estimate_is_inside,
    row_says_something,
    rows_are_distinct,
)
