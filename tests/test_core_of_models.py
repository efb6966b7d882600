"""Priors, rates, truths and Shapley values."""

from collections.abc import Callable
from itertools import combinations, permutations

import numpy as np
import pymc as pm
import pytest
import xarray as xr
from scipy import stats

from models import as_draws
from models.core.estimands import to_doubling_time
from models.core.prior import Prior
from models.core.shapley import Subset, shapley_values

PRIORS = {
    "Normal": ((0.5, 2.0), (0.5, 4.0), stats.norm(0.5, 2.0)),
    "HalfNormal": ((0.3,), (0.6,), stats.halfnorm(0, 0.3)),
    "LogNormal": ((-1.0, 0.5), (-1.0, 1.0), stats.lognorm(0.5, 0, np.exp(-1))),
    "Gamma": ((2.0, 15.0), (2.0, 15.0), stats.gamma(2.0, scale=1 / 15)),
    "Beta": ((1.5, 3.0), (1.5, 3.0), stats.beta(1.5, 3.0)),
}


@pytest.mark.parametrize("family", PRIORS)
def test_density_is_that_of_the_family_and_widening_changes_its_scale_alone(family: str) -> None:
    """That draws are those of the density is asked of every prior: see test_model_contract.py."""
    parameters, widened, expected = PRIORS[family]
    prior = Prior(family, parameters, "1", "test")
    assert prior.widened(2).parameters == widened
    points = expected.ppf([0.1, 0.5, 0.9])
    with pm.Model() as model:
        density = pm.logp(prior.variable("quantity"), points)
    assert density.eval() == pytest.approx(expected.logpdf(points))
    model.set_data("prior_quantity", np.array(prior.parameters) * 1.5)
    assert (density.eval() != expected.logpdf(points)).all()  # refitted without compiling again


def test_doubling_times_are_infinite_without_progress_and_unknown_of_unknown_rates() -> None:
    rates = xr.DataArray([np.log10(2), 1.0, 0.0, -0.0, -0.3, np.nan], dims="draw")
    expected = [12.0, 12 * np.log10(2), np.inf, np.inf, np.inf, np.nan]
    np.testing.assert_allclose(to_doubling_time(rates), expected)


def test_truth_is_a_posterior_of_one_draw_whose_values_are_found_by_their_labels() -> None:
    gains = {"MATH": {"vote": 0.3, "tuning": 0.5}, "GSM8K": {"vote": 0.1, "tuning": 0.7}}
    dims = {"gain": ("technique",), "gain_on": ("benchmark", "technique")}
    drawn = as_draws({"rate": 0.4, "gain": {"tuning": 0.5, "vote": 0.3}, "gain_on": gains}, dims)
    assert drawn["rate"].dims == ("chain", "draw")
    assert drawn["rate"].item() == 0.4
    assert drawn["gain_on"].dims == ("chain", "draw", "benchmark", "technique")
    for benchmark, by_tag in gains.items():
        for tag, gain in by_tag.items():
            assert drawn["gain_on"].sel(benchmark=benchmark, technique=tag).item() == gain
    assert (drawn["gain"] - drawn["gain_on"].sel(benchmark="MATH") == 0).all()  # whatever the order


# Shapley values: hand-computed cases, and the mean over all orders that defines them.


def average_over_joining(names: list[str], worth: Callable[[Subset], float]) -> dict[str, float]:
    """A player's mean gain on joining, over all orders in which the players may arrive."""
    gains = dict.fromkeys(names, 0.0)
    orders = list(permutations(names))
    for order in orders:
        for i, name in enumerate(order):
            before = tuple(each for each in names if each in order[:i])
            after = tuple(each for each in names if each in order[: i + 1])
            gains[name] += (worth(after) - worth(before)) / len(orders)
    return gains


@pytest.mark.parametrize("count", [1, 4, 6])
def test_values_of_any_game_are_the_mean_over_all_orders_and_sum_to_the_change(count: int) -> None:
    names = list("abcdef")[:count]
    rng = np.random.default_rng(count)
    subsets = [s for size in range(count + 1) for s in combinations(names, size)]
    game = dict(zip(subsets, rng.normal(size=len(subsets)), strict=True))
    asked: list[Subset] = []

    def worth(subset: Subset) -> np.ndarray:
        asked.append(subset)
        return np.array(game[subset])

    found = {name: float(value) for name, value in shapley_values(names, worth).items()}
    assert found == pytest.approx(average_over_joining(names, game.__getitem__))
    assert sum(found.values()) == pytest.approx(game[tuple(names)] - game[()])
    assert sorted(asked) == sorted(subsets)  # each once
