"""What readers ask of a trend: its mean rate, that of every year, of halves and of single steps."""

from collections.abc import Sequence

import numpy as np
import xarray as xr

from models.core.estimands import describe
from models.core.rates import describe_rate
from models.effective_compute.trend import MINIMUM_BASE_MODELS, Trend

UNIT = "decades per year"


def describe_rates(
    posterior: xr.Dataset, trend: Trend, years: np.ndarray, at: str = ""
) -> xr.Dataset:
    """The mean rate over the span, that of each year, and by how much the later half is faster.

    `years`: dates of the rows since the reference date; `at`: words for where the rates hold.
    """
    made = describe_rate(posterior["rate"], f", mean over the span of the data{at}")
    if "rate_by_year" not in posterior:
        return made
    by_year = posterior["rate_by_year"].transpose("chain", "draw", "year")
    counts = zip(trend.years, trend.base_count, strict=True)
    few = [year for year, count in counts if count < MINIMUM_BASE_MODELS]
    made["rate_by_year"] = describe(
        by_year,
        f"Rate of algorithmic progress in a year{at}",
        UNIT,
        key="rate_decades_per_year",
        labels={year: f"{year} (under {MINIMUM_BASE_MODELS} base models)" for year in few},
    )
    made["rate_change"] = describe(
        posterior["rate"].copy(
            data=trend.change_rate(by_year.to_numpy(), years.min(), years.max())
        ),
        "Rate of the later half of the span less that of the earlier",
        UNIT,
        key="rate_change_decades_per_year",
    )
    return made


def describe_rates_over_steps(split: xr.Dataset, spans: Sequence[float]) -> xr.Dataset:
    """The mean rate over each step's own span; none where its ends have one date."""
    decades, length = split["decades_trend"], np.asarray(spans, dtype=float)
    reasons = {
        str(name): "both ends are of one date"
        for name, span in zip(decades["comparison"].to_numpy(), length, strict=True)
        if not span
    }
    rate = decades / xr.DataArray(np.where(length, length, np.nan), dims="comparison")
    described = describe(
        rate,
        "Mean rate of algorithmic progress over the step's own span",
        UNIT,
        key="rate_over_step_decades_per_year",
        labels=decades.attrs["labels"],
        reasons=reasons | decades.attrs["reasons"],
    )
    return xr.Dataset({"rate_over_step": described})
