"""Growth of training compute: who is on the frontier, its rate, and named runs."""

from typing import Any

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from tables_for_models import load_real

from models import Card, as_draws
from models.options import TrainingRunsOptions
from models.production import compute_growth
from models.production.training_compute import normal_position, rank_at_release

TRUTH: dict[str, Any] = {
    "level": -1.2,
    "mean_rate": 0.5,
    "spread": 0.8,
    "spread_growth": 0.05,
    "family_share": 0.4,
}
REAL = load_real("training_runs")


def estimate(run_offset: float = 0.0, **changes: float) -> xr.Dataset:
    """The estimands of one draw at known values, and of named runs that are off by their error."""
    options: Any = REAL[1].options
    drawn = TRUTH | changes | {"run_offset": dict.fromkeys(options.named_runs, run_offset)}
    return compute_growth.estimands(as_draws(drawn, compute_growth.DIMS), *REAL)


def test_frontier_is_the_median_of_the_largest_of_so_many_runs() -> None:
    draws = np.random.default_rng(1).normal(size=(20_000, 10)).max(axis=1)
    assert np.median(draws) == pytest.approx(normal_position(10), abs=0.02)


def test_ranks_count_earlier_and_contemporary_runs_that_are_larger() -> None:
    dates = pd.to_datetime(["2020-01-01", "2021-01-01", "2021-01-01", "2022-01-01"])
    runs = pd.DataFrame({"release_date": dates, "training_flop": [5e20, 1e20, 9e20, 7e20]})
    assert rank_at_release(runs).tolist() == [1, 3, 1, 2]


def test_rate_is_that_of_the_middle_where_the_spread_is_constant() -> None:
    made = estimate(spread_growth=0.0)
    assert made["growth_decades_per_year"].item() == pytest.approx(0.5)
    assert made["growth_factor_per_year"].item() == pytest.approx(10**0.5)
    years = (pd.Timestamp(2022, 7, 1) - pd.Timestamp(2022, 1, 1)).days / 365.25
    expected = 24 - 1.2 + 0.5 * years + 0.8 * normal_position(10)
    flop = made["largest_run_flop"].sel(year="2022").item()
    assert np.log10(flop) == pytest.approx(expected)
    growing = estimate()["growth_decades_per_year"].item()  # the frontier outruns the middle
    assert growing > 0.5


def test_named_run_has_the_error_of_its_class() -> None:
    """GPT-4 by the Epoch database: 2.1e25 FLOP, a likely figure."""
    for offset in (0.0, 1.0):
        flop = estimate(offset)["run_flop"].sel(run="GPT-4").item()
        assert flop == pytest.approx(2.1e25 * 10 ** (0.3 * offset))


def test_names_that_are_not_fitted_and_short_series_are_refused() -> None:
    table, card = REAL
    made = Card("toy", card.table, TrainingRunsOptions(named_runs=["GPT-4o", "GPT-4"]))
    expected = "named_runs that are not fitted: GPT-4o"
    assert compute_growth.unsupported_reason(table, made) == expected
    assert "a trend takes" in compute_growth.unsupported_reason(table.head(8), card)
