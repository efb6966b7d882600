"""The reverse test: with the compute it names, the early method reaches the best fitted score."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from tables_for_models import (
    TOY_DATE,
    TOY_LOG10_FLOP,
    make_card,
    make_leaderboard,
    make_posterior,
    recompute_score,
)

from models.effective_compute.estimands import FLOP_A_MOLE, describe_reverse_tests
from models.leaderboards import compute_multiplier


def needed(posterior: xr.Dataset, trend: str = "linear") -> np.ndarray:
    """FLOP that Base 0's method needs, by draw."""
    made = compute_multiplier.estimands(posterior, make_leaderboard(), make_card(trend))
    return made["reverse_test_flop"].sel(early_model="Base 0").to_numpy()


def pick(model: str) -> pd.Series:
    table = make_leaderboard()
    return table[table["model"] == model].iloc[0]


def score_with(posterior: xr.Dataset, flop: np.ndarray) -> np.ndarray:
    """Fitted score of the toy's first row, had it been trained with `flop` (by draw)."""
    row = pick("Base 0")
    years = (row["release_date"] - TOY_DATE).days / 365.25
    row["training_flop"] = 10**TOY_LOG10_FLOP
    decades = np.log10(flop) - TOY_LOG10_FLOP
    if "interaction" in posterior:
        decades = decades * (1 + posterior["interaction"].to_numpy() * max(years, 0.0))
    # The estimand is of true compute: the error of the printed figure does not come along. A shift
    # of the level by slope x decades is a shift of effective compute.
    slope = posterior["slope"].sel(benchmark="MATH").to_numpy()
    level = posterior["level"] + xr.DataArray(slope * decades, dims=("chain", "draw"))
    moved = posterior.assign(deviation=posterior["unexplained"], level=level)
    return recompute_score(moved, make_leaderboard(), make_card(), row)


def best_score(posterior: xr.Dataset) -> np.ndarray:
    """Of the last record, whose tuning took as much compute as is said."""
    return recompute_score(posterior, make_leaderboard(), make_card(), pick("Tuned 3"))


@pytest.mark.parametrize("trend", ["linear", "none"])
def test_early_method_reaches_the_best_score_with_the_compute_needed(trend: str) -> None:
    posterior = make_posterior(trend=trend, continued_error=(0.0, 0.0, None))
    rng = np.random.default_rng(5)  # error of compute and unexplained part known, as in a truth
    error = posterior["deviation"] * rng.uniform(0, 1, posterior["deviation"].shape)
    own = posterior["deviation"] - error
    posterior = posterior.assign(compute_error=error, unexplained=own)
    flop = needed(posterior, trend)
    reachable = np.isfinite(flop)
    assert reachable.mean() > 0.9
    found = score_with(posterior, np.where(reachable, flop, 1e24))
    np.testing.assert_allclose(found[reachable], best_score(posterior)[reachable], atol=1e-9)


def test_compute_is_infinite_just_where_the_early_top_is_below_the_best_score() -> None:
    posterior = make_posterior(
        early_height=(0.9, 0.05, "benchmark"), continued_error=(0.0, 0.0, None)
    )
    chance = posterior["chance"].sel(benchmark="MATH").to_numpy()
    top = chance + (0.95 - chance) * posterior["early_height"].sel(benchmark="MATH").to_numpy()
    is_below = top <= best_score(posterior)
    assert 0.05 < is_below.mean() < 0.95
    np.testing.assert_array_equal(np.isinf(needed(posterior)), is_below)


def test_compute_is_given_in_moles_and_largest_runs_with_its_probability_to_suffice() -> None:
    flop = np.array([[1e24, np.inf, 6.02214076e23], [1e26, 1e25, np.inf]])
    template = xr.DataArray(np.zeros((2, 3)), dims=("chain", "draw"))
    runs = pd.DataFrame({"training_flop": [1e22, 5e25, np.nan]})
    with_runs, without = (
        describe_reverse_tests({"first": flop}, template, replace(make_card(), runs=each), "slope")
        for each in (runs, None)
    )
    found = with_runs.sel(early_model="first")
    np.testing.assert_allclose(found["reverse_test_moles"], flop / FLOP_A_MOLE)
    np.testing.assert_allclose(found["reverse_test_p_unreachable"], 2 / 6)
    np.testing.assert_allclose(found["reverse_test_multiple_of_largest_run"], flop / 5e25)
    assert set(with_runs) - set(without) == {"reverse_test_multiple_of_largest_run"}
    assert not describe_reverse_tests({}, template, make_card(), "slope").data_vars
