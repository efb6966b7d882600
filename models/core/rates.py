"""Rates of progress and the doubling times derived from them."""

from typing import Any

import numpy as np
import xarray as xr

LOG10_OF_2 = np.log10(2.0)
MONTHS_A_YEAR = 12


def to_doubling_time(rate_decades_per_year: Any) -> Any:
    """Months in which efficiency doubles; infinite where the rate is zero or below."""
    with np.errstate(divide="ignore"):
        months = MONTHS_A_YEAR * LOG10_OF_2 / rate_decades_per_year
    return months.where(~(rate_decades_per_year <= 0), np.inf)  # a NaN rate stays NaN


def doubling_time_months(rate: xr.DataArray) -> xr.DataArray:
    """The doubling time of each draw of `rate` (decades per year), as an estimand."""
    return to_doubling_time(rate).assign_attrs(
        label="Doubling time of algorithmic efficiency",
        unit="months",
        description="log10(2) over the rate, by draw; no upper bound where the rate may be zero",
        is_positive=True,
    )
