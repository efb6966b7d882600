"""The compute multiplier for losses: the split, the density of a row, held-out rows, recovery."""

from typing import Any

import numpy as np
import pytest
import xarray as xr
from scipy import integrate, stats
from tables_for_models import (
    BETWEEN,
    NOTHING,
    RECORD,
    TOY_DATE,
    WITHIN,
    list_present,
    list_steps,
    load_real,
    make_loss_card,
    make_loss_leaderboard,
    make_posterior,
    recompute_change,
    recompute_score,
    recompute_step,
    sample,
)

from models import Truth, as_draws
from models.effective_compute.multiplier import get_options
from models.losses import loss_multiplier
from models.options import Comparison

LOSS: dict[str, Any] = {
    "irreducible_loss": (1.8, 0.05, "benchmark"),
    "reducible": (0.6, 0.05, "benchmark"),
    "steepness": (0.3, 0.02, None),
    "noise_scale": (0.1, 0.005, None),
    "tail_weight": (8.0, 0.5, None),
}
each_step = pytest.mark.parametrize("comparison", [WITHIN, BETWEEN, RECORD])


def make_loss_posterior(draws: int = 300) -> xr.Dataset:
    return make_posterior(draws=draws, **LOSS).drop_vars(["slope", "level", "chance", "dispersion"])


@pytest.fixture(scope="module")
def posterior() -> xr.Dataset:
    return make_loss_posterior()


@pytest.fixture(scope="module")
def made(posterior: xr.Dataset) -> xr.Dataset:
    return loss_multiplier.estimands(posterior, make_loss_leaderboard(), make_loss_card())


def find_step(comparison: str) -> Comparison:
    steps = list_steps(make_loss_leaderboard(), make_loss_card())
    return next(step for step in steps if step.id == comparison)


@each_step
def test_parts_agree_with_plain_arithmetic(
    posterior: xr.Dataset, made: xr.Dataset, comparison: str
) -> None:
    expected = recompute_step(posterior, make_loss_leaderboard(), find_step(comparison))
    total = sum(expected.values())
    for kind, scale in (("decades", np.ones_like(total)), ("share", total)):
        found = list_present(made, kind, comparison)
        found["compute and unexplained"] = found.pop("compute") + found.pop("unexplained")
        assert set(found) == set(expected)
        for part, values in expected.items():
            np.testing.assert_allclose(found[part], values / scale, atol=1e-10, err_msg=part)


@each_step
@pytest.mark.parametrize("kind", ["share", "shapley_share"])
def test_shares_sum_to_one_in_every_draw(made: xr.Dataset, kind: str, comparison: str) -> None:
    np.testing.assert_allclose(sum(list_present(made, kind, comparison).values()), 1, atol=1e-10)


@each_step
def test_shapley_values_sum_to_the_change_of_the_fitted_log_perplexity(
    posterior: xr.Dataset, made: xr.Dataset, comparison: str
) -> None:
    table, card = make_loss_leaderboard(), make_loss_card()
    change = recompute_change(posterior, table, card, find_step(comparison))
    total = sum(list_present(made, "shapley", comparison).values())
    np.testing.assert_allclose(total, change, atol=1e-12)
    assert (change < 0).all()  # perplexity fell


def test_no_step_is_no_change(made: xr.Dataset) -> None:
    assert (made["decades_compute"].sel(comparison=NOTHING) == 0).all()
    assert NOTHING in made["share_compute"].attrs["reasons"]


def test_shapley_values_are_in_nats(made: xr.Dataset) -> None:
    assert made["shapley_compute"].attrs["unit"] == "nats per token"
    assert "log perplexity" in made["shapley_share_compute"].attrs["reasons"][NOTHING]


def test_record_path_leads_to_the_lowest_perplexity() -> None:
    table = make_loss_leaderboard()
    (best,) = table.loc[table["perplexity"] == table["perplexity"].min(), "model"]
    assert best == "Tuned 3"
    assert find_step(RECORD).later.model == "Tuned 3"


@pytest.mark.parametrize("trend", ["linear", "none"])
def test_model_needs_a_trend(trend: str) -> None:
    answer = loss_multiplier.unsupported_reason(make_loss_leaderboard(), make_loss_card(trend))
    assert ("trend: none" in answer) == (trend == "none")


@pytest.mark.parametrize("base", range(4))
def test_density_of_a_base_model_has_its_deviation_integrated_out(base: int) -> None:
    posterior, table, card = make_loss_posterior(draws=1), make_loss_leaderboard(), make_loss_card()
    name, error = f"Base {base}", [0.15, 0.3, 0.6, 0.3][base]
    found = loss_multiplier.unit_log_likelihood(posterior, table, card).sel(base_model=name)
    grid = np.linspace(-5, 5, 6001)
    for chain in range(2):
        draw = posterior.isel(chain=[chain], draw=np.zeros(grid.size, dtype=int))
        draw["deviation"] = xr.zeros_like(draw["deviation"]) + xr.DataArray(grid, dims="draw")
        whole = np.zeros(grid.size)
        for _, row in table[table["base_model"] == name].iterrows():
            mean = recompute_score(draw, table, card, row)[0]
            nu, scale = (float(posterior[n][chain, 0]) for n in ("tail_weight", "noise_scale"))
            whole += stats.t.logpdf(np.log(row["perplexity"]), 1 + nu, mean, scale)
        own = np.hypot(float(posterior["deviation_scale"][chain, 0]), error)
        density = np.exp(whole - whole.max()) * stats.norm.pdf(grid, 0, own)
        expected = whole.max() + np.log(integrate.simpson(density, x=grid))
        assert found.isel(chain=chain, draw=0).item() == pytest.approx(expected, abs=1e-3)


def test_perplexity_of_a_held_out_row_changes_nothing() -> None:
    table = make_loss_leaderboard()
    table["is_held_out"] = table["model"] == "Tuned 2"
    changed = table.assign(perplexity=table["perplexity"].where(~table["is_held_out"], 3.0))
    found = []
    for each in (table, changed):
        model = loss_multiplier.build(each, make_loss_card(), loss_multiplier.Priors())
        found.append(float(model.compile_logp()(model.initial_point())))
    assert found[0] == found[1]


def test_perplexity_of_another_row_changes_the_density() -> None:
    table = make_loss_leaderboard()
    table["is_held_out"] = table["model"] == "Tuned 2"
    changed = table.assign(perplexity=table["perplexity"].where(table["is_held_out"], 3.0))
    found = []
    for each in (table, changed):
        model = loss_multiplier.build(each, make_loss_card(), loss_multiplier.Priors())
        found.append(float(model.compile_logp()(model.initial_point())))
    assert found[0] != found[1]


def test_held_out_row_has_no_weight() -> None:
    table = make_loss_leaderboard()
    table["is_held_out"] = table.index.isin([2, 5])
    values = loss_multiplier.data(table, make_loss_card(), loss_multiplier.Priors())
    assert values["row_weight"].tolist() == [1, 1, 0, 1, 1, 0, 1, 1]


def make_truth() -> Truth:
    return {
        "irreducible_loss": {"MATH": 1.7},
        "reducible": {"MATH": 0.5},
        "steepness": 0.3,
        "noise_scale": 1e-6,
        "tail_weight": 30.0,
        "technique_gain": {"domain_tuning": 0.5, "majority_vote": 0.3},
        "lab_effect": {"Lab 0": 0.2, "Lab 1": -0.2},
        "deviation": {"Base 0": 0.1, "Base 1": -0.3, "Base 2": 0.0, "Base 3": 0.2},
        "rate": 0.4,
    }


def test_simulated_perplexities_follow_the_documented_curve_where_noise_is_small() -> None:
    table, truth = make_loss_leaderboard(), make_truth()
    simulated = loss_multiplier.simulate(table, truth, np.random.default_rng(1))
    years = (table["release_date"] - TOY_DATE).dt.days / 365.25
    effective = np.log10(table["training_flop"] / 1e24) + 0.4 * years
    effective += 0.5 * table["techniques"].str.contains("domain_tuning")
    effective += 0.3 * table["techniques"].str.contains("majority_vote")
    effective += table["lab"].map(truth["lab_effect"])
    effective += table["base_model"].map(truth["deviation"])
    expected = np.exp(1.7 + np.exp(0.5 - 0.3 * effective))
    np.testing.assert_allclose(simulated["perplexity"], expected, rtol=1e-4)


def test_row_without_compute_keeps_its_perplexity() -> None:
    table = make_loss_leaderboard()
    table.loc[0, "training_flop"] = np.nan
    simulated = loss_multiplier.simulate(table, make_truth(), np.random.default_rng(1))
    assert simulated["perplexity"].iloc[0] == table["perplexity"].iloc[0]
    assert (simulated["perplexity"].iloc[1:] != table["perplexity"].iloc[1:]).all()


def test_row_without_compute_is_not_read() -> None:
    table = make_loss_leaderboard()
    table.loc[0, "training_flop"] = np.nan
    card, priors = make_loss_card(), loss_multiplier.Priors()
    read = loss_multiplier.data(table, card, priors)["observed_log_perplexity"]
    np.testing.assert_allclose(read, np.log(table["perplexity"].iloc[1:]))
    assert len(loss_multiplier.regressors(table, card)) == 7


def test_comparisons_of_models_without_compute_are_left_out_with_their_reason() -> None:
    table, card = load_real("lm_perplexity")
    truth = loss_multiplier.sample_prior(
        table, card, loss_multiplier.Priors(), np.random.default_rng(1)
    )
    made = loss_multiplier.estimands(as_draws(truth, loss_multiplier.DIMS), table, card)
    rows = table[table["exclusion"].isna()]
    unknown = set(rows.loc[rows["training_flop"].isna(), "model"])
    reasons = made["decades_compute"].attrs["reasons"]
    for comparison in get_options(card).comparisons:
        is_unknown = bool({comparison.earlier.model, comparison.later.model} & unknown)
        assert (comparison.id in reasons) == is_unknown


def test_step_to_a_row_that_is_not_fitted_is_left_out_with_its_reason(
    posterior: xr.Dataset,
) -> None:
    steps = make_loss_card().options.model_dump()["comparisons"]
    steps[0]["later"] |= {"model": "Not fitted", "is_fitted": False}
    card = make_loss_card(comparisons=steps)
    made = loss_multiplier.estimands(posterior, make_loss_leaderboard(), card)
    assert (
        made["decades_compute"].attrs["reasons"][steps[0]["id"]] == "one end is left out of the fit"
    )


@pytest.mark.slow
def test_known_truth_is_recovered_on_the_rows_of_the_published_fit() -> None:
    table, card = load_real("lm_perplexity")
    rng = np.random.default_rng(3)
    truth = loss_multiplier.sample_prior(table, card, loss_multiplier.Priors(), rng) | {
        "rate": 0.5,
        "steepness": 0.25,
        "noise_scale": 0.08,
        "irreducible_loss": {"WikiText-103": 1.6, "PTB": 1.8, "WikiText-2": 1.7},
        "reducible": {"WikiText-103": 0.5, "PTB": 0.7, "WikiText-2": 0.6},
    }
    simulated = loss_multiplier.simulate(table, truth, rng)
    posterior = sample("loss_multiplier", simulated, card, seed=3)
    for name in ("rate", "steepness"):
        assert_near(posterior[name], truth[name])
    for tag, gain in truth["technique_gain"].items():
        assert_near(posterior["technique_gain"].sel(technique=tag), gain)


def assert_near(draws: xr.DataArray, truth: float) -> None:
    mean, sd = draws.mean().item(), draws.std().item()
    assert abs(mean - truth) < 3 * sd, f"{mean:.3f} +- {sd:.3f}, truth {truth:.3f}"
