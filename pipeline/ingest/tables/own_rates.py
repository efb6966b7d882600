"""Rules of the rates that this project found."""

import pandas as pd

from pipeline.ingest.tables.table import Unfit, make_table, row_rule


@row_rule(
    "rate_sd",
    "the posterior is narrower than its prior",
    "leave the leaderboard out: its data say nothing of its rate",
)
def data_say_something(frame: pd.DataFrame) -> pd.Series:
    """A posterior as wide as its prior has no data to pool."""
    return ~(frame["rate_sd"] >= frame["prior_sd"])


@row_rule(
    "posterior",
    "no duplicate leaderboard, and no duplicate domain",
    "keep one: two models of a leaderboard read the same data",
)
def leaderboards_are_distinct(frame: pd.DataFrame) -> pd.Series:
    """Two models of one leaderboard would count its data twice."""
    datasets = frame["posterior"].str.partition("-")[0]
    return ~(datasets.duplicated(keep="first") | frame["domain"].duplicated(keep="first"))


def find_unfit(frame: pd.DataFrame) -> Unfit:
    """Rows whose posterior did not converge: nothing was filled in."""
    return {"not converged": frame["rate"].isna()}


TABLE = make_table(
    "own_rates", data_say_something, leaderboards_are_distinct, find_unfit=find_unfit
)
