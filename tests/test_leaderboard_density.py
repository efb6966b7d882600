"""The density of what was observed: compiled, with a base model's own integrated out, held out."""

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from scipy import integrate, stats
from tables_for_models import (
    PAIRED,
    load_real,
    make_card,
    make_leaderboard,
    make_posterior,
    recompute_score,
)

from models import Truth, fitted_rows
from models.effective_compute import design, units
from models.effective_compute.terms import divide_deviation
from models.leaderboards import compute_multiplier
from pipeline.fit import density

ERRORS = {"Base 0": 0.05, "Base 1": 0.3, "Base 2": 0.6, "Base 3": 0.3}  # decades, by confidence


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


def integrate_density(
    draw: xr.Dataset, table: pd.DataFrame, base: str, scale: float, points: int = 6001
) -> float:
    """Log of the integral over the deviation, by Simpson's rule; `draw` has one draw."""
    grid = np.linspace(-6, 6, points)
    many = draw.isel(draw=np.zeros(points, dtype=int)).assign_coords(draw=np.arange(points))
    deviation = xr.zeros_like(many["deviation"]) + xr.DataArray(grid, dims="draw")
    by_point = density_of_scores(many.assign(deviation=deviation), table, base).ravel()
    whole = np.exp(by_point - by_point.max()) * stats.norm.pdf(grid, 0, scale)
    return float(by_point.max() + np.log(integrate.simpson(whole, x=grid)))


@pytest.mark.parametrize("dispersion", [0.08, 0.02])
def test_density_of_a_base_model_has_its_deviation_integrated_out(dispersion: float) -> None:
    table = make_leaderboard()
    table.loc[[1, 4], "harness"] = "uniform"
    posterior = make_posterior(draws=2, dispersion=(dispersion, 0.0, None))
    found = compute_multiplier.unit_log_likelihood(posterior, table, make_card())
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


def test_worth_of_a_technique_to_one_base_model_is_integrated_out_too(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Of Base 0, tuned: by Gauss and Hermite's rule over what tuning is worth to it alone."""
    monkeypatch.setattr(design, "MINIMUM_PAIRED", 4)
    monkeypatch.setattr(units, "POINTS", 256)  # what few points miss is not asked here
    table, likely = make_leaderboard(), {"level": (0.0, 0.1, "benchmark")}
    posterior = make_posterior(draws=1, **PAIRED, **likely).isel(chain=[0])
    found = compute_multiplier.unit_log_likelihood(posterior, table, make_card())
    nodes, weights = np.polynomial.hermite_e.hermegauss(21)
    scale = float(np.hypot(posterior["deviation_scale"].item(), ERRORS["Base 0"]))
    own, by_node = posterior["technique_by_base_effect"], []
    for node in nodes:
        effect = xr.full_like(own, posterior["technique_by_base"].item() * node)
        drawn = posterior.assign(technique_by_base_effect=effect)
        by_node.append(integrate_density(drawn, table, "Base 0", scale, points=1001))
    expected = np.log(np.exp(by_node) @ weights / weights.sum())
    assert found.sel(base_model="Base 0").item() == pytest.approx(expected, abs=0.02)


def to_truth(drawn: xr.Dataset) -> Truth:
    """One draw as a truth: numbers by label."""
    return {
        str(name): each.item() if each.ndim == 0 else each.to_pandas().T.to_dict()
        for name, each in drawn.data_vars.items()
    }


@pytest.mark.parametrize(
    "dataset", ["math", "mmlu", "minerva", "imagenet", "gpqa_diamond", "otis_mock_aime"]
)
def test_density_of_the_compiled_model_is_that_of_the_simulation(dataset: str) -> None:
    """PyMC's density of every row against SciPy's, at the scores that NumPy makes of a draw."""
    (table, card), priors = load_real(dataset), compute_multiplier.Priors()
    model = compute_multiplier.build(table, card, priors)
    prior = density.sample_prior(model, 3, seed=1)["prior"].to_dataset()
    found = density.log_likelihood(model, prior)["correct"].isel(chain=0).to_numpy()
    rng = np.random.default_rng(1)
    facts = compute_multiplier.sample_prior(table, card, priors, rng)  # those without an unknown
    known = {key: facts[key] for key in ("ceiling", "compute_correction", "is_inference")}
    rows = fitted_rows(table)
    items = rows["benchmark"].map(facts["item_count"])
    correct = (rows["score"] * items).round()
    for draw in range(3):
        truth = to_truth(prior.isel(chain=0, draw=draw))
        exact = {"dispersion": 1e-7, "item_count": dict.fromkeys(facts["item_count"], 10**15)}
        mean = compute_multiplier.simulate(table, truth | known | exact, rng)["score"]
        mean, weight = mean.clip(1e-12, 1 - 1e-12), truth["dispersion"] ** -2
        expected = stats.betabinom.logpmf(correct, items, mean * weight, (1 - mean) * weight)
        np.testing.assert_allclose(found[draw], expected, rtol=1e-3, atol=1e-3)


def test_outcome_of_a_held_out_row_changes_nothing_and_that_of_another_does() -> None:
    table = make_leaderboard()
    table["is_held_out"] = table["model"] == "Tuned 2"
    found = []
    for replaced in (table["score"] < 0, table["is_held_out"], ~table["is_held_out"]):
        changed = table.assign(score=table["score"].mask(replaced, 0.9))
        model = compute_multiplier.build(changed, make_card(), compute_multiplier.Priors())
        found.append(float(model.compile_logp(mode=density.UNCOMPILED)(model.initial_point())))
    assert found[0] == found[1] != found[2]


# The deviation: error of the compute figure and what is particular to the model.


def test_deviation_is_divided_with_the_conditional_moments() -> None:
    """Draw error and own part apart and keep the pairs whose sum is near the deviation."""
    made, own_sd, deviation = design.make_design(make_leaderboard(), make_card()), 0.4, 0.35
    assert made.compute_error.tolist() == list(ERRORS.values())
    count = 40_000
    fixed = xr.Dataset(
        {
            "deviation": (("chain", "draw", "base_model"), np.full((1, count, 4), deviation)),
            "deviation_scale": (("chain", "draw"), np.full((1, count), own_sd)),
        },
        coords={"base_model": made.bases},
    )
    divided, unexplained = divide_deviation(fixed, made)
    np.testing.assert_allclose(divided + unexplained, deviation)
    together = np.corrcoef(divided[0].T) - np.eye(4)
    assert np.abs(together).max() < 4 / np.sqrt(count)  # errors of base models are independent
    rng = np.random.default_rng(1)
    for base, error_sd in enumerate(ERRORS.values()):
        error = rng.normal(0, error_sd, 2_000_000)
        near = error[np.abs(error + rng.normal(0, own_sd, error.size) - deviation) < 0.01]
        found = divided.isel(base_model=base)
        assert found.mean().item() == pytest.approx(near.mean(), abs=0.01)
        assert found.std().item() == pytest.approx(near.std(), rel=0.03)
