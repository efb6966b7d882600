"""What a result file says of an estimand, beside its draws."""

from typing import Any, Literal

import xarray as xr


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
