"""Doubling times from rates."""

import numpy as np
import pytest
import xarray as xr

from models.core.rates import doubling_time_months, to_doubling_time


@pytest.mark.parametrize(
    ("rate", "months"), [(np.log10(2), 12.0), (1.0, 12 * np.log10(2)), (np.log10(2) / 2, 24.0)]
)
def test_doubling_time_of_a_known_rate(rate: float, months: float) -> None:
    assert to_doubling_time(xr.DataArray(rate)).item() == pytest.approx(months)


@pytest.mark.parametrize("rate", [0.0, -0.0, -0.3])
def test_no_progress_never_doubles(rate: float) -> None:
    assert to_doubling_time(xr.DataArray(rate)).item() == np.inf


def test_draws_without_progress_are_kept_as_infinite() -> None:
    rate = xr.DataArray([[0.301, -0.1], [0.0, 0.602]], dims=("chain", "draw"))
    assert np.isinf(doubling_time_months(rate)).to_numpy().tolist() == [
        [False, True],
        [True, False],
    ]


def test_unknown_rate_is_not_called_infinite() -> None:
    assert np.isnan(to_doubling_time(xr.DataArray(np.nan)).item())
