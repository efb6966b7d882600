"""Progress with the calendar: a rate that may change from year to year.

Within a calendar year the rate is constant; from one year to the next it takes a step::

    g(t_i) = sum over years k of rate_k * (time from t_ref to t_i that lies in year k)
    rate_k = rate + drift * (walk_k - mean of the walk over the span)
    walk_k = walk_(k-1) + step_k,    step_k ~ Normal(0, 1)

    rate    decades a year, the mean over the span from the first to the last release
    drift   decades a year: by how much the rate of a year differs from that of the year before

With a drift of zero the trend is a line. A year with few base models says little of its rate,
which is then drawn from its neighbours'.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from models.core.dates import DAYS_A_YEAR, years_since

TYPICAL_DEVIATION = 0.4  # decades, of base models: only says in which units the sampler walks
MINIMUM_BASE_MODELS = 3  # in a year, for its rate to be more than its neighbours'


@dataclass(frozen=True)
class Trend:
    """The calendar years of a design."""

    years: list[str]
    exposure: np.ndarray  # (row, year), years from the reference date to the row that lie in each
    # (year, step), of the rates, for a drift of one decade a year; the steps of the walk are turned
    # into directions that the data tell apart, and stay independent standard normals
    walk: np.ndarray
    information: np.ndarray  # (step,), one over the variance that rows leave to each, about
    base_count: np.ndarray  # (year,), base models released in it

    @property
    def basis(self) -> np.ndarray:
        """Decades of each row for a step of one in the rate: shape (row, step)."""
        return np.asarray(self.exposure @ self.walk)

    def exposure_between(self, years: np.ndarray, reference: pd.Timestamp) -> np.ndarray:
        """Time between each of `years` (since `reference`) and the next, by calendar year.

        Shape (interval, year).
        """
        edges = pd.Series([pd.Timestamp(int(year), 1, 1) for year in self.years])
        edges.loc[len(edges)] = pd.Timestamp(int(self.years[-1]) + 1, 1, 1)
        dates = pd.Series(reference + pd.to_timedelta(years * DAYS_A_YEAR, unit="D"))
        return np.diff(spend(dates, edges), axis=0)


def make_trend(
    dates: pd.Series,
    first_dates: pd.Series,
    reference: pd.Timestamp,
    others: np.ndarray,
    bend: int | None = None,
) -> Trend:
    """The years from the first to the last of `dates`; with `bend` only that year takes a step.

    `first_dates`: one release date a base model; years without any keep their place. `others`,
    shape (base, regressor): what else explains the score, which a direction must differ from.
    """
    first, last = dates.min(), dates.max()
    years = range(first.year, last.year + 1)
    edges = pd.Series([pd.Timestamp(year, 1, 1) for year in [*years, last.year + 1]])
    exposure = spend(dates, edges) - spend(pd.Series([reference]), edges)
    span = (spend(pd.Series([last]), edges) - spend(pd.Series([first]), edges))[0]
    steps = np.tril(np.ones((len(years), len(years))))[:, 1:]
    if bend is not None:
        steps = steps * (np.array(years[1:]) == bend)
    weight = span / span.sum() if span.sum() else np.full(len(years), 1 / len(years))
    centred = steps - weight @ steps
    on_base = (spend(first_dates, edges) - spend(pd.Series([reference]), edges)) @ centred
    own = on_base - others @ np.linalg.lstsq(others, on_base, rcond=None)[0]
    _, spread, directions = np.linalg.svd(own)
    information = np.zeros(len(years) - 1)
    information[: len(spread)] = (spread / TYPICAL_DEVIATION) ** 2
    return Trend(
        years=[str(year) for year in years],
        exposure=exposure,
        walk=centred @ directions.T,
        information=information,
        base_count=np.array([(first_dates.dt.year == year).sum() for year in years]),
    )


def spend(dates: pd.Series, edges: pd.Series) -> np.ndarray:
    """Years between the first of `edges` and each date, by the interval they lie in.

    Shape (date, interval). Before the first edge they count in the first interval, below zero.
    """
    at = years_since(dates, edges.iloc[0]).to_numpy()[:, None]
    bounds = years_since(edges, edges.iloc[0]).to_numpy()
    lower, upper = bounds[:-1].copy(), bounds[1:].copy()
    inside = np.clip(at, lower, upper) - lower
    inside[:, 0] += np.minimum(at[:, 0], 0.0)
    inside[:, -1] += np.maximum(at[:, 0] - bounds[-1], 0.0)
    return np.asarray(inside)
