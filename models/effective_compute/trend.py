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
from typing import Any

import numpy as np
import pandas as pd

from models.core.dates import DAYS_A_YEAR, years_since
from models.effective_compute.around import draw_around

TYPICAL_DEVIATION = 0.4  # decades, of base models: only says in which units the sampler walks
MINIMUM_BASE_MODELS = 3  # in a year, for its rate to be more than its neighbours'


@dataclass(frozen=True)
class Trend:
    """The calendar years of a design."""

    reference: pd.Timestamp
    years: list[str]
    exposure: np.ndarray  # (row, year), years from the reference date to the row that lie in each
    # (year, step), of the rates, for a drift of one decade a year; the steps of the walk are turned
    # into directions that the data tell apart, and stay independent standard normals
    walk: np.ndarray
    information: np.ndarray  # (step,), one over the variance that rows leave to each, about
    base_count: np.ndarray  # (year,), base models released in it

    def expose(self, since: np.ndarray) -> np.ndarray:
        """Time from the reference date to `since` years after it, by the year it lies in.

        Shape (date, year); beyond the first and the last year their rates go on.
        """
        days = pd.to_timedelta(np.append(since, 0.0) * DAYS_A_YEAR, unit="D")
        spent = spend(pd.Series(self.reference + days), make_edges(self.years))
        return np.asarray(spent[:-1] - spent[-1])

    def change_rate(self, by_year: np.ndarray, first: float, last: float) -> np.ndarray:
        """Mean rate of the later half of a span less that of the earlier, from draws by year.

        `by_year` has the years last; the span is in years since the reference date.
        """
        early, late = np.diff(self.expose(np.array([first, (first + last) / 2, last])), axis=0)
        return np.asarray(by_year @ late / late.sum() - by_year @ early / early.sum())


def make_trend(
    dates: pd.Series,
    first_dates: pd.Series,
    reference: pd.Timestamp,
    others: np.ndarray,
    bend: bool = False,
) -> Trend:
    """The years from the first to the last of `dates`.

    With `bend` only the median year of the base models takes a step.

    `first_dates`: one release date a base model; years without any keep their place. `others`,
    shape (base, regressor): what else explains the score, which a direction must differ from.
    """
    first, last = dates.min(), dates.max()
    years = range(first.year, last.year + 1)
    edges = make_edges([str(year) for year in years])
    exposure = spend(dates, edges) - spend(pd.Series([reference]), edges)
    span = (spend(pd.Series([last]), edges) - spend(pd.Series([first]), edges))[0]
    steps = np.tril(np.ones((len(years), len(years))))[:, 1:]
    if bend:
        steps = steps * (np.array(years[1:]) == int(first_dates.dt.year.median()))
    weight = span / span.sum() if span.sum() else np.full(len(years), 1 / len(years))
    centred = steps - weight @ steps
    on_base = (spend(first_dates, edges) - spend(pd.Series([reference]), edges)) @ centred
    own = on_base - others @ np.linalg.lstsq(others, on_base, rcond=None)[0]
    _, spread, directions = np.linalg.svd(own)
    information = np.zeros(len(years) - 1)
    information[: len(spread)] = (spread / TYPICAL_DEVIATION) ** 2
    return Trend(
        reference=reference,
        years=[str(year) for year in years],
        exposure=exposure,
        walk=centred @ directions.T,
        information=information,
        base_count=np.array([(first_dates.dt.year == year).sum() for year in years]),
    )


def make_edges(years: list[str]) -> pd.Series:
    """The first days of the calendar years, and of the year after the last."""
    numbers = [int(year) for year in years]
    return pd.Series([pd.Timestamp(year, 1, 1) for year in [*numbers, numbers[-1] + 1]])


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


def trend_data(trend: Trend) -> dict[str, tuple[Any, tuple[str, ...]]]:
    """Value and dims of every pm.Data of the walk."""
    return {
        "walk_basis": (trend.exposure @ trend.walk, ("row", "step")),
        "walk": (trend.walk, ("year", "step")),
        "trend_information": (trend.information, ("step",)),
    }


def build_trend(trend: Trend, priors: Any, data: dict[str, Any]) -> Any:
    """Decades of each row since the reference date, and the rate of every year.

    Call inside the model. `data` has those of `trend_data` and `years`, by row.
    """
    import pymc as pm

    rate = priors.rate.variable("rate")
    if len(trend.years) == 1:
        return rate * data["years"]
    drift = priors.drift.scaled_variable("drift")
    width = (1 + data["trend_information"] * drift**2) ** -0.5
    steps = drift * draw_around("drift_step", 0.0, 1.0, 0.0, width, dims="step")
    pm.Deterministic("rate_by_year", rate + pm.math.dot(data["walk"], steps), dims="year")
    return rate * data["years"] + pm.math.dot(data["walk_basis"], steps)
