"""What a result file says of an estimand beside its draws; rates and doubling times."""

from typing import Any, Literal

import numpy as np
import xarray as xr

LOG10_OF_2 = np.log10(2.0)
MONTHS_A_YEAR = 12


def describe(
    draws: xr.DataArray,
    label: str,
    unit: str,
    *marks: Literal["positive", "headline"],
    **attributes: Any,
) -> xr.DataArray:
    """`draws` with label and unit; marked `positive` by construction, or as a `headline`."""
    return draws.assign_attrs(
        label=label, unit=unit, **{f"is_{mark}": True for mark in marks}, **attributes
    )


def to_doubling_time(rate_decades_per_year: Any) -> Any:
    """Months in which efficiency doubles; infinite where the rate is zero or below."""
    with np.errstate(divide="ignore"):
        months = MONTHS_A_YEAR * LOG10_OF_2 / rate_decades_per_year
    return months.where(~(rate_decades_per_year <= 0), np.inf)  # a NaN rate stays NaN


def doubling_time_months(rate: xr.DataArray) -> xr.DataArray:
    """The doubling time of each draw of `rate` (decades per year), as an estimand."""
    label = "Doubling time of algorithmic efficiency"
    return describe(to_doubling_time(rate), label, "months", "positive")


def describe_rate(rate: xr.DataArray, at: str = "") -> xr.Dataset:
    """The rate, in decades per year, and its doubling time as estimands.

    `at`: words for where the rate holds.
    """
    name, label = "rate_decades_per_year", f"Rate of algorithmic progress{at}"
    months = doubling_time_months(rate).assign_attrs(derived_from=name)
    described = describe(rate, label, "decades per year", "headline")
    return xr.Dataset({name: described, "doubling_time_months": months})
