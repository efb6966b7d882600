"""Published estimates of one quantity."""

import pandas as pd
from pandera.typing.pandas import Series

from pipeline.ingest.tables.columns import StudiedField, choice, column, flag, row_rule, text


class PublishedEstimates(StudiedField):
    """Published estimates of one quantity: one row per study and specification."""

    specification: Series[str] = text(
        "which of several estimates of the study; empty where there is one",
        "say what sets it apart",
        nullable=True,
    )
    estimate: Series[float] = column(
        "point estimate, or the bound where `bound` is filled",
        "the quantity's",
        "give a number; leave it empty where the source has a range alone",
        nullable=True,
    )
    lower: Series[float] = column(
        "lower end of the interval", "the quantity's", "give a number", nullable=True
    )
    upper: Series[float] = column(
        "upper end of the interval", "the quantity's", "give a number", nullable=True
    )
    interval_kind: Series[str] = choice(
        "probability: an interval with its level; range: all values alike; none: no interval",
        *("probability", "range", "none"),
    )
    interval_probability: Series[float] = column(
        "level of the interval", "0 to 1", "give the level: 0.9 or 0.95", gt=0, lt=1, nullable=True
    )
    bound: Series[str] = choice(
        "lower: the quantity is at least `estimate`; upper: at most; empty for a point",
        *("lower", "upper"),
        nullable=True,
    )
    is_primary: Series[bool] = flag("read in the study itself, not in a source that quotes it")
    is_own: Series[bool] = flag("a posterior of this project")

    @row_rule(
        "lower",
        "the lower end is below the upper end",
        "swap the ends; an interval without width is no interval: write none",
    )
    def interval_has_width(cls, frame: pd.DataFrame) -> pd.Series:
        """An interval of zero width would outweigh all other rows."""
        return frame[["lower", "upper"]].isna().any(axis=1) | (frame["lower"] < frame["upper"])

    @row_rule(
        "interval_kind",
        "both ends are given where the kind says so, and neither where it says none",
        "correct interval_kind, or fill both ends",
    )
    def kind_agrees_with_ends(cls, frame: pd.DataFrame) -> pd.Series:
        """An interval with one end is a bound."""
        ends = frame[["lower", "upper"]].notna().sum(axis=1)
        return ends.where(frame["interval_kind"] == "none", ends - 2) == 0

    @row_rule(
        "interval_probability",
        "an interval with a probability has its level, and no other row has one",
        "give the level that the source states, or call it a range",
    )
    def probability_has_level(cls, frame: pd.DataFrame) -> pd.Series:
        """An interval without its level says nothing of the error."""
        wanted = frame["interval_kind"] == "probability"
        return wanted == frame["interval_probability"].notna()

    @row_rule("estimate", "the estimate lies within its interval", "correct the estimate or an end")
    def estimate_is_inside(cls, frame: pd.DataFrame) -> pd.Series:
        """Catches ends in another unit than the estimate."""
        beyond = (frame["estimate"] < frame["lower"]) | (frame["estimate"] > frame["upper"])
        return ~beyond

    @row_rule(
        "bound",
        "a row has an estimate or an interval, and a bound has a value and no interval",
        "give the value of the bound in `estimate` and leave the interval empty",
    )
    def row_says_something(cls, frame: pd.DataFrame) -> pd.Series:
        """A row without a number says nothing; a bound with an interval says two things."""
        is_bound = frame["bound"].notna()
        has_estimate, has_interval = frame["estimate"].notna(), frame["interval_kind"] != "none"
        return (has_estimate & ~has_interval).where(is_bound, has_estimate | has_interval)

    @row_rule(
        "study",
        "no duplicate estimate: same study, domain and specification",
        "remove the repeated row, or say in `specification` what sets it apart",
    )
    def rows_are_distinct(cls, frame: pd.DataFrame) -> pd.Series:
        """A repeated row counts twice; rows that a card excludes by name may repeat."""
        fitted = frame["exclusion"].isna()
        repeated = frame[fitted].duplicated(["study", "domain", "specification"], keep="first")
        return ~repeated.reindex(frame.index, fill_value=False)
