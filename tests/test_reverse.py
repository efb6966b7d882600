"""The reverse test: with the compute it names, the early method reaches the best fitted score."""

from dataclasses import replace
from types import ModuleType
from typing import Any

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from tables_for_models import (
    TOY_DATE,
    TOY_LOG10_FLOP,
    load_real,
    make_card,
    make_leaderboard,
    make_loss_card,
    make_loss_leaderboard,
    make_posterior,
    recompute_score,
)

from models import as_draws
from models.effective_compute.reverse import FLOP_A_MOLE, describe_reverse_tests
from models.leaderboards import compute_multiplier, era_ceilings, scale_dependent
from models.losses import loss_multiplier

LOSS: dict[str, Any] = {
    "irreducible_loss": (1.5, 0.05, "benchmark"),
    "reducible": (0.5, 0.05, "benchmark"),
    "steepness": (0.3, 0.02, None),
}


def needed(module: ModuleType, posterior: xr.Dataset, **card: Any) -> np.ndarray:
    """FLOP that Base 0's method needs, by draw."""
    made = module.estimands(posterior, make_leaderboard(), make_card(**card))
    return made["reverse_test_flop"].sel(early_model="Base 0").to_numpy()


def pick(table: pd.DataFrame, model: str) -> pd.Series:
    """The row of `model`."""
    return table[table["model"] == model].iloc[0]


def score_with(posterior: xr.Dataset, flop: np.ndarray, model: str = "Base 0") -> np.ndarray:
    """Fitted score of the toy's row of `model`, had it been trained with `flop` (by draw)."""
    table = make_leaderboard()
    row = pick(table, model)
    # The estimand is of true compute: the error of the printed figure does not come along.
    own = posterior["unexplained"] if "unexplained" in posterior else posterior["deviation"]
    moved = posterior.assign(deviation=own)
    at_reference = row.copy()
    at_reference["training_flop"] = 10**TOY_LOG10_FLOP
    decades = np.log10(flop) - TOY_LOG10_FLOP
    if "interaction" in posterior:
        years = (row["release_date"] - TOY_DATE).days / 365.25
        decades = decades * (1 + posterior["interaction"].to_numpy() * years)
    # A shift of the level by slope x decades is a shift of effective compute.
    slope = posterior["slope"].sel(benchmark="MATH").to_numpy()
    level = posterior["level"] + xr.DataArray(slope * decades, dims=("chain", "draw"))
    return recompute_score(moved.assign(level=level), table, make_card(), at_reference)


def best_score(posterior: xr.Dataset) -> np.ndarray:
    table = make_leaderboard()
    row = pick(table, "Tuned 3")
    return recompute_score(posterior, table, make_card(), row)


def split_deviation(posterior: xr.Dataset, seed: int = 5) -> xr.Dataset:
    """With error of compute and unexplained part known, as in a truth."""
    rng = np.random.default_rng(seed)
    error = posterior["deviation"] * rng.uniform(0, 1, posterior["deviation"].shape)
    return posterior.assign(compute_error=error, unexplained=posterior["deviation"] - error)


CASES: dict[str, tuple[ModuleType, dict[str, Any], dict[str, Any]]] = {
    "multiplier": (compute_multiplier, {}, {}),
    "allocation": (
        compute_multiplier,
        {"allocation": (-0.2, 0.05, "base_model")},
        {"allocation": "scaling_law"},
    ),
    "interaction": (scale_dependent, {"interaction": (0.05, 0.02, None)}, {}),
    "eras": (era_ceilings, {"early_height": (0.97, 0.005, "benchmark")}, {}),
}


@pytest.mark.parametrize("case", CASES)
def test_early_method_reaches_the_best_score_with_the_compute_needed(case: str) -> None:
    module, more, options = CASES[case]
    posterior = split_deviation(make_posterior(**more))
    flop = needed(module, posterior, **options)
    reachable = np.isfinite(flop)
    assert reachable.mean() > 0.9
    found = score_with(posterior, np.where(reachable, flop, 1e24))
    np.testing.assert_allclose(found[reachable], best_score(posterior)[reachable], atol=1e-9)


def test_no_compute_suffices_where_the_early_ceiling_is_below_the_best_score() -> None:
    posterior = make_posterior(early_height=(0.5, 0.02, "benchmark"), level=(2.0, 0.1, "benchmark"))
    assert (best_score(posterior) > 0.02 + 0.93 * 0.6).all()
    assert np.isinf(needed(era_ceilings, posterior)).all()


def test_compute_is_infinite_just_where_the_early_top_is_below_the_best_score() -> None:
    posterior = make_posterior(early_height=(0.9, 0.05, "benchmark"))
    chance = posterior["chance"].sel(benchmark="MATH").to_numpy()
    top = chance + (0.95 - chance) * posterior["early_height"].sel(benchmark="MATH").to_numpy()
    is_below = top <= best_score(posterior)
    assert 0.05 < is_below.mean() < 0.95
    np.testing.assert_array_equal(np.isinf(needed(era_ceilings, posterior)), is_below)


def test_common_ceiling_lets_some_compute_suffice() -> None:
    assert np.isfinite(needed(compute_multiplier, make_posterior())).all()


def test_gains_that_turn_compute_around_leave_no_compute_that_suffices() -> None:
    # Base 0 is of three quarters of a year before the reference: above 4 / 3 more compute harms it
    posterior = make_posterior(interaction=(2.0, 0.01, None))
    assert np.isinf(needed(scale_dependent, posterior)).all()


def test_card_without_a_trend_has_a_reverse_test_too() -> None:
    posterior = split_deviation(make_posterior().drop_vars("rate"))
    flop = needed(compute_multiplier, posterior, trend="none")
    np.testing.assert_allclose(score_with(posterior, flop), best_score(posterior), atol=1e-9)


def test_early_method_reaches_the_best_loss_with_the_compute_needed() -> None:
    posterior = split_deviation(make_posterior(**LOSS).drop_vars(["slope", "level", "chance"]))
    table, card = make_loss_leaderboard(), make_loss_card()
    made = loss_multiplier.estimands(posterior, table, card)
    flop = made["reverse_test_flop"].sel(early_model="Base 0").to_numpy()
    best = recompute_score(posterior, table, card, pick(table, "Tuned 3"))
    # At the same rows, with Base 0's compute replaced: what is left is a shift of `reducible`.
    at_reference = pick(table, "Base 0").copy()
    at_reference["training_flop"] = 10**TOY_LOG10_FLOP
    moved = posterior.assign(deviation=posterior["unexplained"])
    shift = posterior["steepness"].to_numpy() * (np.log10(flop) - TOY_LOG10_FLOP)
    reducible = posterior["reducible"] - xr.DataArray(shift, dims=("chain", "draw"))
    found = recompute_score(moved.assign(reducible=reducible), table, card, at_reference)
    np.testing.assert_allclose(found, best, atol=1e-9)


def test_each_benchmark_has_its_own_early_model() -> None:
    table, card = load_real("minerva")
    truth = compute_multiplier.sample_prior(
        table, card, compute_multiplier.Priors(), np.random.default_rng(1)
    )
    made = compute_multiplier.estimands(as_draws(truth, compute_multiplier.DIMS), table, card)
    labels = made["reverse_test_flop"]["early_model"].values
    assert [label.split(":")[0] for label in labels] == list(table["benchmark"].unique())


TEMPLATE = xr.DataArray(np.zeros((2, 3)), dims=("chain", "draw"))
FLOP = np.array([[1e24, np.inf, 6.02214076e23], [1e26, 1e25, np.inf]])


def describe(runs: pd.DataFrame | None = None) -> xr.Dataset:
    card = replace(make_card(), runs=runs)
    return describe_reverse_tests({"first": FLOP}, TEMPLATE, card, "score_slope")


def test_moles_are_flop_over_avogadros_number() -> None:
    found = describe()["reverse_test_moles"].sel(early_model="first")
    np.testing.assert_allclose(found, FLOP / FLOP_A_MOLE)
    assert found.isel(chain=0, draw=2) == 1


def test_probability_that_no_compute_suffices_is_that_of_infinite_draws() -> None:
    np.testing.assert_allclose(describe()["reverse_test_p_unreachable"], 2 / 6)


def test_largest_run_of_the_registry_is_the_measure() -> None:
    runs = pd.DataFrame({"training_flop": [1e22, 5e25, np.nan]})
    found = describe(runs)["reverse_test_multiple_of_largest_run"].sel(early_model="first")
    np.testing.assert_allclose(found, FLOP / 5e25)


def test_without_the_registry_there_is_no_such_measure() -> None:
    assert "reverse_test_multiple_of_largest_run" not in describe()


def test_nothing_needed_is_nothing_described() -> None:
    assert not describe_reverse_tests({}, TEMPLATE, make_card(), "score_slope").data_vars
