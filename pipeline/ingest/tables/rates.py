"""Rates of progress: of software beside hardware in published studies, and of our own fits."""

import pandas as pd
from pandera.typing.pandas import Series

from pipeline.ingest.tables.columns import (
    NOT_EMPTY,
    Provenance,
    StudiedField,
    column,
    flag,
    growth,
    name,
    row_rule,
)

AS_LOG = "give log10 of the yearly factor"
AS_FITTED = "copy it from the model's Priors"
RUN_AGAIN = "run the posterior's stages again"
YEARS = {"ge": 1900, "lt": 2200}


class GrowthRates(StudiedField):
    """Rates of software and of hardware progress of one domain over one period."""

    software_rate: Series[float] = growth(
        "growth of efficiency by software at fixed hardware", AS_LOG, nullable=True
    )
    hardware_rate: Series[float] = growth(
        "growth of efficiency by hardware at fixed software", AS_LOG, nullable=True
    )
    period_start: Series[float] = column(
        "year in which the period begins", "year", "give the year", **YEARS
    )
    period_end: Series[float] = column(
        "year in which the period ends", "year", "give the year", **YEARS
    )
    is_primary: Series[bool] = flag("read in the study itself, not in a source that quotes it")

    @row_rule("period_end", "the period ends after it begins", "swap the years")
    def period_has_length(cls, frame: pd.DataFrame) -> pd.Series:
        """A rate needs time."""
        return frame["period_end"] > frame["period_start"]

    @row_rule(
        "study",
        "each study, and each domain, has one pair of rates that is fitted",
        "exclude the other pairs by name on the card, or tell the domains apart",
    )
    def studies_are_distinct(cls, frame: pd.DataFrame) -> pd.Series:
        """Pairs of one study share its errors and its definition of hardware."""
        fitted = frame["exclusion"].isna() & frame["is_verified"]
        fitted &= ~cls.find_unfit(frame)["one rate"]
        repeated = frame[fitted].duplicated("study") | frame[fitted].duplicated("domain")
        return ~repeated.reindex(frame.index, fill_value=False)

    @classmethod
    def find_unfit(cls, frame: pd.DataFrame) -> dict[str, pd.Series]:
        """Rows that lack one of the two rates."""
        return {"one rate": frame[["software_rate", "hardware_rate"]].isna().any(axis=1)}


class OwnRates(Provenance):
    """Rates of algorithmic progress that this project found, one row per leaderboard."""

    domain: Series[str] = name("field that the estimate speaks of", "name the field")
    posterior: Series[str] = column(
        "posterior that the leaderboard's rate is taken from",
        "name",
        "write <dataset>-<model>",
        str_matches=r"^\w+-\w+$",
    )
    estimand: Series[str] = column(
        "key of the rate in the posterior's attribution file",
        "key",
        "write a key of data/attributions/<posterior>.json",
        str_length=NOT_EMPTY,
    )
    rate: Series[float] = growth(
        "median of the posterior; empty where its fit did not converge",
        RUN_AGAIN,
        gt=-10,
        nullable=True,
    )
    rate_sd: Series[float] = growth(
        "standard deviation of the normal distribution with the posterior's interval",
        RUN_AGAIN,
        nullable=True,
    )
    prior_mean: Series[float] = growth(
        "mean of the normal prior of the rate in that fit", AS_FITTED, gt=-10
    )
    prior_sd: Series[float] = growth("standard deviation of that prior", AS_FITTED)

    @row_rule(
        "rate_sd",
        "the posterior is narrower than its prior",
        "leave the leaderboard out: its data say nothing of its rate",
    )
    def data_say_something(cls, frame: pd.DataFrame) -> pd.Series:
        """A posterior as wide as its prior has no data to pool."""
        return ~(frame["rate_sd"] >= frame["prior_sd"])

    @row_rule(
        "posterior",
        "no duplicate leaderboard, and no duplicate domain",
        "keep one: two models of a leaderboard read the same data",
    )
    def leaderboards_are_distinct(cls, frame: pd.DataFrame) -> pd.Series:
        """Two models of one leaderboard would count its data twice."""
        datasets = frame["posterior"].str.partition("-")[0]
        return ~(datasets.duplicated(keep="first") | frame["domain"].duplicated(keep="first"))

    @classmethod
    def find_unfit(cls, frame: pd.DataFrame) -> dict[str, pd.Series]:
        """Rows whose posterior did not converge: nothing was filled in."""
        return {"not converged": frame["rate"].isna()}
