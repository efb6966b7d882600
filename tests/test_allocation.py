"""Allocation: the closed form against brute force, and the moment summary against its draws."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from scipy import optimize
from tables_for_models import FLOP, load_real, make_card, make_law, make_leaderboard

from models.effective_compute.allocation import (
    MINIMUM_KNOWN,
    log10_allocation,
    summarise_allocation,
)
from models.effective_compute.design import make_design
from models.leaderboards import compute_multiplier
from pipeline.fit.density import sample_prior

LAW = {
    "exponent_parameters": 0.34781,
    "exponent_tokens": 0.36585,
    "coefficient_parameters": 482.01,
    "coefficient_tokens": 2085.43,
}  # Besiroglu et al. 2024
# Hoffmann et al. 2022, Table 1: parameters and tokens.
SIZES = {
    "Gopher": (280e9, 300e9),
    "Chinchilla": (70e9, 1.4e12),
    "GPT-3": (175e9, 300e9),
    "LLaMA": (7e9, 1e12),
    "small and long": (1e9, 1e13),
}


def allocate(parameters: float, tokens: float) -> float:
    law = pd.DataFrame([LAW])
    return log10_allocation(law, np.array([parameters]), np.array([tokens])).item()


def reducible(parameters: float, tokens: float) -> float:
    return float(
        LAW["coefficient_parameters"] * parameters ** -LAW["exponent_parameters"]
        + LAW["coefficient_tokens"] * tokens ** -LAW["exponent_tokens"]
    )


def least_loss(log10_flop: float) -> tuple[float, float]:
    """log10 parameters of the best division of a compute, and the loss there, by search."""
    found = optimize.minimize_scalar(
        lambda log10_n: reducible(10**log10_n, 10 ** (log10_flop - log10_n) / FLOP),
        bounds=(5, 15),
        method="bounded",
        options={"xatol": 1e-9},
    )
    return float(found.x), float(found.fun)


@pytest.mark.parametrize("name", SIZES)
def test_closed_form_agrees_with_a_search_for_the_least_compute(name: str) -> None:
    parameters, tokens = SIZES[name]
    target = np.log(reducible(parameters, tokens))
    least = optimize.brentq(lambda x: np.log(least_loss(x)[1]) - target, 18, 28, xtol=1e-10)
    expected = least - np.log10(FLOP * parameters * tokens)
    assert allocate(parameters, tokens) == pytest.approx(expected, abs=1e-5)


def test_best_division_costs_nothing_and_any_other_something() -> None:
    log10_n, _ = least_loss(23.0)
    tokens = 10 ** (23.0 - log10_n) / FLOP
    assert allocate(10**log10_n, tokens) == pytest.approx(0, abs=1e-9)
    for factor in (0.1, 0.5, 2.0, 10.0):
        assert allocate(10**log10_n * factor, tokens / factor) < -0.005


def test_moment_summary_has_mean_and_covariance_of_the_draws() -> None:
    design = make_design(*load_real("mmlu"))
    summary = design.allocation
    assert summary is not None
    known = summary.is_known
    sizes = design.parameters[known], design.training_tokens[known]
    draws = log10_allocation(make_law(), *sizes)
    assert draws.shape == (len(make_law()), known.sum())
    assert (draws <= 1e-12).all()
    np.testing.assert_allclose(summary.mean[known], draws.mean(axis=0), atol=1e-12)
    loading = summary.loading[known]
    covariance = np.cov(draws.T, bias=True)
    left_out = np.linalg.norm(covariance - loading @ loading.T) / np.linalg.norm(covariance)
    assert left_out < 0.02


def test_sides_are_too_few_and_too_many_tokens_and_the_unknown_has_the_mean_of_either() -> None:
    """Gopher and GPT-3 took too few tokens, LLaMA 7B too many."""
    names = ("Gopher", "LLaMA", "GPT-3")
    sizes = np.array([*(SIZES[name] for name in names), (1e11, np.nan)])
    summary = summarise_allocation(make_law(), *sizes.T)
    assert summary.is_known.tolist() == [True, True, True, False]
    assert summary.is_over.tolist() == [False, True, False, False]
    under, over = summary.unknown_mean
    assert over == pytest.approx(-summary.mean[1] / 3)
    assert under + over == pytest.approx(-summary.mean[:3].mean())
    assert summary.mean[3] == 0
    assert (summary.loading[3] == 0).all()


def test_too_little_to_measure_it_is_refused() -> None:
    sizes = np.array([1e9, 1e10, np.nan, np.nan])
    with pytest.raises(ValueError, match=f"2 dense base models, allocation needs {MINIMUM_KNOWN}"):
        summarise_allocation(make_law(), sizes, 20 * sizes)
    card = replace(make_card(), scaling_law=None)
    with pytest.raises(ValueError, match="the law's draws are needed"):
        _ = make_design(make_leaderboard(), card).allocation
    assert make_design(make_leaderboard(), make_card(allocation="none")).allocation is None


def test_coefficients_of_the_sides_multiply_known_costs_and_the_mean_of_the_unknown() -> None:
    """The unknown is minus an exponential variable: its mean is its standard deviation."""
    table, card = make_leaderboard(), make_card()
    summary, worth = make_design(table, card).allocation, {"under": 0.5, "over": 2.0}
    assert summary is not None
    assert summary.is_over.tolist() == [True, False, False, True]
    plain = compute_multiplier.Priors()
    fixed = {
        f"allocation_{side}": replace(plain.allocation_under, parameters=(value, 0.0))
        for side, value in worth.items()
    }
    model = compute_multiplier.build(table, card, replace(plain, **fixed))
    drawn = sample_prior(model, 4000, seed=1)["prior"]["allocation"].to_numpy()[0]
    known = summary.mean[[0, 1, 3]] * [2.0, 0.5, 2.0]
    spread = np.linalg.norm(summary.loading[[0, 1, 3]], axis=1) * [2.0, 0.5, 2.0]
    np.testing.assert_allclose(drawn[:, [0, 1, 3]].mean(axis=0), known, atol=0.01)
    np.testing.assert_allclose(drawn[:, [0, 1, 3]].std(axis=0), spread, rtol=0.05)
    assert (drawn[:, 2] < 0).all()
    np.testing.assert_allclose(drawn[:, 2].mean(), known.mean(), rtol=0.05)
    np.testing.assert_allclose(drawn[:, 2].std(), -known.mean(), rtol=0.1)
