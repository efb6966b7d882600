"""The density of what was observed: compiled, with a base model's own integrated out, held out."""

from types import ModuleType
from typing import Any

import numpy as np
import pandas as pd
import pymc as pm
import pytest
import xarray as xr
from pytensor.compile.mode import Mode
from scipy import integrate, stats
from tables_for_models import (
    make_card,
    make_leaderboard,
    make_loss_card,
    make_loss_leaderboard,
    make_loss_posterior,
    make_posterior,
    recompute_score,
)

from models.effective_compute.design import make_design
from models.effective_compute.terms import divide_deviation
from models.leaderboards import compute_multiplier, era_ceilings, scale_dependent
from models.losses import loss_multiplier

ERRORS = {"Base 0": 0.15, "Base 1": 0.3, "Base 2": 0.6, "Base 3": 0.3}  # decades, by confidence
ONCE = Mode(linker="py", optimizer="fast_compile")
MODELS = [compute_multiplier, scale_dependent, era_ceilings, loss_multiplier]


def make_harness_case() -> tuple[xr.Dataset, pd.DataFrame]:
    """Four draws of a posterior with allocation and two harnesses, near the scores of its table."""
    table = make_leaderboard()
    table.loc[[1, 4], "harness"] = "uniform"
    more: Any = {
        "harness_shift": (0.4, 0.1, "harness"),
        "allocation": (-0.3, 0.1, "base_model"),
        "slope": (0.7, 0.05, "benchmark"),
        "level": (-0.6, 0.1, "benchmark"),
    }
    return make_posterior(draws=2, **more), table


def density_of_scores(posterior: xr.Dataset, table: pd.DataFrame, base: str) -> np.ndarray:
    """Sum of the log densities of the rows of `base`, (chain, draw), from scipy."""
    total = np.zeros((posterior.sizes["chain"], posterior.sizes["draw"]))
    for _, row in table[table["base_model"] == base].iterrows():
        drawn = posterior
        if row["harness"] != "reported":
            shift = posterior["harness_shift"].sel(harness=row["harness"], drop=True)
            drawn = posterior.assign(level=posterior["level"] + shift)
        mean = recompute_score(drawn, table, make_card(), row)
        weight = posterior["dispersion"].to_numpy() ** -2
        correct = round(row["score"] * 500)
        total += stats.betabinom.logpmf(correct, 500, mean * weight, (1 - mean) * weight)
    return total


def density_of_losses(posterior: xr.Dataset, table: pd.DataFrame, base: str) -> np.ndarray:
    total = np.zeros((posterior.sizes["chain"], posterior.sizes["draw"]))
    nu, scale = (posterior[name].to_numpy() for name in ("tail_weight", "noise_scale"))
    for _, row in table[table["base_model"] == base].iterrows():
        mean = recompute_score(posterior, table, make_loss_card(), row)
        total += stats.t.logpdf(np.log(row["perplexity"]), 1 + nu, mean, scale)
    return total


def integrate_density(
    draw: xr.Dataset, table: pd.DataFrame, base: str, scale: float, points: int = 6001
) -> float:
    """Log of the integral over the deviation, by Simpson's rule; `draw` has one draw."""
    grid = np.linspace(-6, 6, points)
    many = draw.isel(draw=np.zeros(points, dtype=int)).assign_coords(draw=np.arange(points))
    deviation = xr.zeros_like(many["deviation"]) + xr.DataArray(grid, dims="draw")
    log_density = density_of_losses if "perplexity" in table else density_of_scores
    density = log_density(many.assign(deviation=deviation), table, base).ravel()
    whole = np.exp(density - density.max()) * stats.norm.pdf(grid, 0, scale)
    return float(density.max() + np.log(integrate.simpson(whole, x=grid)))


@pytest.mark.parametrize("case", ["spread", "sharp", "loss"])
def test_density_of_a_base_model_has_its_deviation_integrated_out(case: str) -> None:
    posterior, table = make_harness_case()
    module, card = compute_multiplier, make_card(allocation="scaling_law")
    if case == "loss":
        posterior, table = make_loss_posterior(draws=2), make_loss_leaderboard()
        module, card = loss_multiplier, make_loss_card()
    if case == "sharp":
        posterior["dispersion"] = xr.full_like(posterior["dispersion"], 0.02)
    found = module.unit_log_likelihood(posterior, table, card)
    assert found["row_count"].to_series().to_dict() == dict.fromkeys(ERRORS, 2)
    for base, error in ERRORS.items():
        draw = posterior.isel(chain=[0], draw=[1])
        scale = float(np.hypot(draw["deviation_scale"].item(), error))
        expected = integrate_density(draw, table, base, scale)
        result = found.sel(base_model=base).isel(chain=0, draw=1).item()
        assert result == pytest.approx(expected, abs=1e-3), base


def test_effect_of_a_lab_with_one_base_model_is_integrated_out_too() -> None:
    """Nothing else informs it: the next such model comes from a lab that is not known."""
    table = make_leaderboard()
    table.loc[table["base_model"] == "Base 3", "lab"] = "Lab 2"
    posterior = make_posterior(draws=1, lab_scale=(0.4, 0.02, None)).isel(chain=[0])
    effects = xr.concat([posterior["lab_effect"], posterior["lab_effect"][..., :1] * 0], dim="lab")
    posterior = posterior.drop_vars(["lab_effect", "lab"]).assign(
        lab_effect=effects.assign_coords(lab=["Lab 0", "Lab 1", "Lab 2"])
    )
    lone = posterior.assign(
        lab_effect=posterior["lab_effect"] + xr.DataArray([0.7, 9.0, 5.0], dims="lab")
    )
    found = compute_multiplier.unit_log_likelihood(lone, table, make_card())
    for base, is_lone, of_lab in (("Base 0", False, 0.7), ("Base 3", True, 0.0)):
        drawn = posterior.assign(lab_effect=posterior["lab_effect"] + of_lab)
        own = posterior["deviation_scale"].item(), is_lone * posterior["lab_scale"].item()
        scale = float(np.linalg.norm([ERRORS[base], *own]))
        expected = integrate_density(drawn, table, base, scale)
        assert found.sel(base_model=base).item() == pytest.approx(expected, abs=1e-3), base


def test_density_of_the_compiled_model_is_that_of_the_equations() -> None:
    """PyMC's own density of every row against scipy's, harness and allocation included."""
    _, table = make_harness_case()
    card = make_card(allocation="scaling_law")
    model = compute_multiplier.build(table, card, compute_multiplier.Priors())
    with model:
        tree = pm.sample_prior_predictive(draws=5, random_seed=1, compile_kwargs={"mode": ONCE})
        prior = tree["prior"].to_dataset()
        found = pm.compute_log_likelihood(
            xr.DataTree.from_dict({"posterior": prior}),
            extend_inferencedata=False,
            progressbar=False,
            compile_kwargs={"mode": ONCE},
        )
    by_row = found["correct"].transpose("chain", "draw", "row").to_numpy()
    for base in dict.fromkeys(table["base_model"]):
        rows = np.flatnonzero(table["base_model"] == base)
        expected = density_of_scores(prior, table, base)
        np.testing.assert_allclose(by_row[..., rows].sum(axis=-1), expected, rtol=1e-6)


@pytest.mark.parametrize("module", MODELS, ids=lambda module: module.__name__.split(".")[-1])
def test_outcome_of_a_held_out_row_changes_nothing_and_that_of_another_does(
    module: ModuleType,
) -> None:
    is_loss = module is loss_multiplier
    table = make_loss_leaderboard() if is_loss else make_leaderboard()
    card = make_loss_card() if is_loss else make_card()
    outcome, other = ("perplexity", 3.0) if is_loss else ("score", 0.9)
    table["is_held_out"] = table["model"] == "Tuned 2"
    kept = ~table["is_held_out"]
    changes = [
        table[outcome],
        table[outcome].where(kept, other),
        table[outcome].where(~kept, other),
    ]
    found = []
    for changed in changes:
        model = module.build(table.assign(**{outcome: changed}), card, module.Priors())
        found.append(float(model.compile_logp(mode=ONCE)(model.initial_point())))
    assert found[0] == found[1] != found[2]


# The deviation: error of the compute figure and what is particular to the model.


@pytest.mark.parametrize("base", range(4))
def test_deviation_is_divided_with_the_conditional_moments(base: int) -> None:
    """Draw error and own part apart and keep the pairs whose sum is near the deviation."""
    design, own_sd, deviation = make_design(make_leaderboard(), make_card()), 0.4, 0.35
    error_sd = list(ERRORS.values())[base]
    assert design.compute_error[base] == error_sd
    rng = np.random.default_rng(base)
    error = rng.normal(0, error_sd, 2_000_000)
    near = error[np.abs(error + rng.normal(0, own_sd, error.size) - deviation) < 0.01]
    count = 40_000
    fixed = xr.Dataset(
        {
            "deviation": (("chain", "draw", "base_model"), np.full((1, count, 4), deviation)),
            "deviation_scale": (("chain", "draw"), np.full((1, count), own_sd)),
        },
        coords={"base_model": design.bases},
    )
    divided, unexplained = divide_deviation(fixed, design)
    found = divided.isel(base_model=base)
    assert found.mean().item() == pytest.approx(near.mean(), abs=0.01)
    assert found.std().item() == pytest.approx(near.std(), rel=0.03)
    np.testing.assert_allclose(divided + unexplained, deviation)
    if base:
        both = np.corrcoef(divided.isel(base_model=0)[0], found[0])[0, 1]
        assert abs(both) < 4 / np.sqrt(count)  # errors of two base models are independent
