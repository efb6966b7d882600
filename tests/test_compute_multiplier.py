"""The compute multiplier: the split by plain arithmetic, the density, held-out rows, recovery."""

import warnings
from dataclasses import replace
from functools import cache
from itertools import permutations
from typing import Any

import numpy as np
import pandas as pd
import pymc as pm
import pytest
import xarray as xr
from scipy import integrate, special, stats
from tables_for_models import (
    BETWEEN,
    NOTHING,
    RECORD,
    TOY_DATE,
    WITHIN,
    find_row,
    list_present,
    list_steps,
    load_real,
    make_card,
    make_leaderboard,
    make_posterior,
    recompute_change,
    recompute_score,
    recompute_step,
    sample,
)

from models import Truth, as_draws, flatten
from models.effective_compute.design import find_side, make_design
from models.effective_compute.multiplier import divide_deviation, error_decades, get_options
from models.leaderboards import compute_multiplier, era_ceilings, scale_dependent
from models.options import Comparison

TOY_CASES: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "plain": ({}, {}),
    "allocation": (
        {"allocation": (-0.3, 0.2, "base_model")},
        {"allocation": "scaling_law"},
    ),
    "eras": ({"early_height": (0.8, 0.05, "benchmark")}, {}),
}
each_case = pytest.mark.parametrize("case", TOY_CASES)


def find_step(comparison: str, table: pd.DataFrame | None = None) -> Comparison:
    """The toy's step of that id."""
    rows = make_leaderboard() if table is None else table
    (found,) = [step for step in list_steps(rows, make_card()) if step.id == comparison]
    return found


def make_case(case: str) -> tuple[xr.Dataset, xr.Dataset]:
    """Posterior of the toy with what the case adds, and its estimands."""
    more, options = TOY_CASES[case]
    posterior = make_posterior(**more)
    made = compute_multiplier.estimands(posterior, make_leaderboard(), make_card(**options))
    return posterior, made


@pytest.fixture(scope="module")
def posterior() -> xr.Dataset:
    return make_posterior()


@pytest.fixture(scope="module")
def made(posterior: xr.Dataset) -> xr.Dataset:
    return compute_multiplier.estimands(posterior, make_leaderboard(), make_card())


@each_case
@pytest.mark.parametrize("comparison", [WITHIN, BETWEEN, RECORD])
def test_parts_agree_with_plain_arithmetic(case: str, comparison: str) -> None:
    posterior, made = make_case(case)
    expected = recompute_step(posterior, make_leaderboard(), find_step(comparison))
    total = sum(expected.values())
    for kind, scale in (("decades", np.ones_like(total)), ("share", total)):
        found = list_present(made, kind, comparison)
        found["compute and unexplained"] = found.pop("compute") + found.pop("unexplained")
        assert set(found) == set(expected)
        for part, values in expected.items():
            np.testing.assert_allclose(found[part], values / scale, atol=1e-10, err_msg=part)


@each_case
@pytest.mark.parametrize("kind", ["share", "shapley_share"])
@pytest.mark.parametrize("comparison", [WITHIN, BETWEEN])
def test_shares_sum_to_one_in_every_draw(case: str, kind: str, comparison: str) -> None:
    _, made = make_case(case)
    total = sum(list_present(made, kind, comparison).values())
    np.testing.assert_allclose(total, 1, atol=1e-10)


@each_case
@pytest.mark.parametrize("comparison", [WITHIN, BETWEEN, NOTHING, RECORD])
def test_shapley_values_sum_to_the_change_of_the_fitted_score(case: str, comparison: str) -> None:
    posterior, made = make_case(case)
    change = recompute_change(posterior, make_leaderboard(), make_card(), find_step(comparison))
    total = sum(list_present(made, "shapley", comparison).values())
    np.testing.assert_allclose(total, change, atol=1e-12)


@pytest.mark.parametrize("case", ["plain", "allocation"])
def test_shapley_values_are_the_mean_over_all_orders(case: str) -> None:
    more, options = TOY_CASES[case]
    posterior = make_posterior(draws=2, **more)
    made = compute_multiplier.estimands(posterior, make_leaderboard(), make_card(**options))
    decades, found = (list_present(made, kind, BETWEEN) for kind in ("decades", "shapley"))
    start = find_row(make_leaderboard(), "MATH", find_step(BETWEEN).earlier)
    nothing = np.zeros_like(decades["compute"])

    @cache
    def score(changed: frozenset[str]) -> np.ndarray:
        return score_after(posterior, start, sum((decades[part] for part in changed), nothing))

    orders = list(permutations(decades))
    expected = dict.fromkeys(decades, nothing)
    for order in orders:
        for i, part in enumerate(order):
            gain = score(frozenset(order[: i + 1])) - score(frozenset(order[:i]))
            expected[part] = expected[part] + gain / len(orders)
    for part, values in expected.items():
        np.testing.assert_allclose(found[part], values, atol=1e-12, err_msg=part)


def score_after(posterior: xr.Dataset, start: pd.Series, decades: np.ndarray) -> np.ndarray:
    """The fitted score of a row with that many decades of effective compute added."""
    slope = posterior["slope"].sel(benchmark="MATH").to_numpy()
    moved = posterior["level"] + xr.DataArray(slope * decades, dims=("chain", "draw"))
    return recompute_score(posterior.assign(level=moved), make_leaderboard(), make_card(), start)


def test_eras_change_together_with_the_trend() -> None:
    """What early methods can reach is no part of its own: lifting it belongs to the trend."""
    posterior, made = make_case("eras")
    _, plain = make_case("plain")
    lifted = posterior.assign(early_height=xr.ones_like(posterior["early_height"]))
    again = era_ceilings.estimands(lifted, make_leaderboard(), make_card())
    for part in ("compute", "technique", "trend", "lab", "unexplained"):
        xr.testing.assert_allclose(again[f"shapley_{part}"], plain[f"shapley_{part}"])
    gained = made["shapley_trend"] - plain["shapley_trend"]
    assert (gained.sel(comparison=BETWEEN) > 0).all()


@pytest.mark.parametrize("case", ["plain", "allocation"])
@pytest.mark.parametrize("kind", ["share", "shapley_share"])
def test_algorithms_are_all_parts_but_compute_and_the_unexplained(case: str, kind: str) -> None:
    _, made = make_case(case)
    parts = list_present(made, kind, BETWEEN)
    expected = sum(v for part, v in parts.items() if part not in ("compute", "unexplained"))
    found = made[f"{kind}_algorithms"].sel(comparison=BETWEEN)
    np.testing.assert_allclose(found, expected)
    assert ("allocation" in found.attrs["label"]) == (case == "allocation")


def test_step_within_a_base_model_has_nothing_unexplained(made: xr.Dataset) -> None:
    assert (made["decades_unexplained"].sel(comparison=WITHIN) == 0).all()


def test_step_within_a_base_model_divides_its_compute_as_before() -> None:
    _, made = make_case("allocation")
    assert (made["decades_allocation"].sel(comparison=WITHIN) == 0).all()


def test_compute_of_a_step_within_a_base_model_is_known(made: xr.Dataset) -> None:
    np.testing.assert_allclose(made["decades_compute"].sel(comparison=WITHIN), np.log10(1.2))


def test_technique_comes_from_its_own_terms(posterior: xr.Dataset, made: xr.Dataset) -> None:
    changed = posterior.assign(deviation=posterior["deviation"] + 1, rate=posterior["rate"] * 3)
    again = compute_multiplier.estimands(changed, make_leaderboard(), make_card())
    xr.testing.assert_equal(made["decades_technique"], again["decades_technique"])
    np.testing.assert_allclose(
        made["decades_technique"].sel(comparison=BETWEEN),
        posterior["technique_gain"].sum("technique"),
    )


def test_allocation_comes_from_its_own_terms() -> None:
    posterior, made = make_case("allocation")
    drawn = posterior["allocation"]
    np.testing.assert_allclose(
        made["decades_allocation"].sel(comparison=BETWEEN),
        drawn.sel(base_model="Base 3") - drawn.sel(base_model="Base 0"),
    )


def test_harness_changes_neither_decades_nor_scores_of_a_step(made: xr.Dataset) -> None:
    """Shares speak of the reference harness: a step to another one is no progress."""
    table = make_leaderboard()
    table.loc[table["model"].isin(["Tuned 3", "Base 1"]), "harness"] = "uniform"
    shifted = make_posterior(harness_shift=(0.8, 0.1, "harness"))
    again = compute_multiplier.estimands(shifted, table, make_card())
    for name in made.data_vars:
        xr.testing.assert_equal(again[name], made[name])
    np.testing.assert_array_equal(
        again["harness_shift"].sel(harness="uniform"), shifted["harness_shift"][..., 0]
    )


def test_gain_factor_is_ten_to_the_decades(made: xr.Dataset) -> None:
    np.testing.assert_allclose(made["technique_gain_factor"], 10 ** made["technique_gain_decades"])


def test_gains_of_two_techniques_are_two_estimands(made: xr.Dataset) -> None:
    keys = {key for key, _ in flatten(made)}
    assert {f"technique_gain_factor[{tag}]" for tag in ("domain_tuning", "majority_vote")} <= keys


def test_shares_of_a_total_near_zero_are_not_reported(made: xr.Dataset) -> None:
    reason = made["share_compute"].attrs["reasons"][NOTHING]
    assert "decades of effective compute sum to under 0.1 in 100 % of the draws" in reason
    assert made["share_compute"].sel(comparison=NOTHING).isnull().all()


def test_shares_of_a_score_that_hardly_changes_are_not_reported(made: xr.Dataset) -> None:
    assert "change of the score" in made["shapley_share_compute"].attrs["reasons"][NOTHING]


def test_decades_of_a_total_near_zero_are_reported(made: xr.Dataset) -> None:
    assert NOTHING not in made["decades_compute"].attrs["reasons"]
    assert (made["decades_compute"].sel(comparison=NOTHING) == 0).all()


@pytest.mark.parametrize(("draws_near_zero", "is_reported"), [(6, True), (7, False)])
def test_one_draw_in_a_hundred_may_have_a_small_total(
    draws_near_zero: int, is_reported: bool
) -> None:
    near = make_posterior()
    # Base 3 to Tuned 3 is log10 1.2, half a year of trend and two techniques: make some sum to 0.05
    step = np.log10(1.2) + near["rate"] * 183 / 365.25
    gains = near["technique_gain"].to_numpy().copy()
    flat = gains.reshape(-1, 2)
    flat[:draws_near_zero] = (0.05 - step.to_numpy().ravel()[:draws_near_zero, None]) / 2
    near["technique_gain"] = (near["technique_gain"].dims, flat.reshape(gains.shape))
    made = compute_multiplier.estimands(near, make_leaderboard(), make_card())
    assert (WITHIN not in made["share_compute"].attrs["reasons"]) == is_reported


def test_no_trend_means_no_rate() -> None:
    made = compute_multiplier.estimands(
        make_posterior().drop_vars("rate"), make_leaderboard(), make_card("none")
    )
    assert not [name for name in made if "rate" in str(name) or "doubling" in str(name)]
    assert set(made["decades_trend"].attrs["reasons"].values()) == {
        "the card says `trend: none`: no rate is fitted"
    }


def test_one_lab_has_no_lab_part() -> None:
    table = make_leaderboard().assign(lab="Lab 0")
    made = compute_multiplier.estimands(make_posterior(), table, make_card())
    assert set(made["share_lab"].attrs["reasons"].values()) == {"all rows are of one lab, Lab 0"}
    assert made["decades_lab"].isnull().all()


def test_rows_without_tags_have_no_technique_part() -> None:
    table = make_leaderboard().assign(techniques="")
    made = compute_multiplier.estimands(make_posterior(), table, make_card())
    assert "technique_gain_decades" not in made
    assert set(made["decades_technique"].attrs["reasons"].values()) == {
        "no row carries a technique tag"
    }


def test_part_that_the_card_does_not_ask_for_is_absent_with_the_cards_reason(
    made: xr.Dataset,
) -> None:
    assert made["decades_allocation"].isnull().all()
    reasons = made["decades_allocation"].attrs["reasons"]
    assert reasons == dict.fromkeys(
        (WITHIN, BETWEEN, NOTHING, RECORD), "not separated: made up for tests"
    )


# The classical twin.


def test_no_trend_means_no_rate_in_the_baseline() -> None:
    keys = compute_multiplier.baseline(*load_real("minerva"))["key"]
    assert not keys.str.contains("rate_decades|doubling").any()


def test_classical_shares_are_of_compute_technique_and_trend() -> None:
    table, card = load_real("math")
    found = compute_multiplier.baseline(table, card).set_index("key")["estimate"]
    design = make_design(table)
    step = next(c for c in get_options(card).comparisons if c.id == "math-gpt_4-gpt_4_5")
    early, late = (find_side(design, "MATH", side) for side in (step.earlier, step.later))
    compute = design.log10_compute[late] - design.log10_compute[early]
    trend = found["rate_decades_per_year"] * (design.years[late] - design.years[early])
    assert (design.has_tag[late] == design.has_tag[early]).all()
    assert found[f"share_compute[{step.id}]"] == pytest.approx(compute / (compute + trend))


@pytest.mark.parametrize(
    ("dataset", "errors"),
    [("minerva", "robust errors"), ("math", "clustered by base model")],
)
def test_few_base_models_get_no_clustered_errors(dataset: str, errors: str) -> None:
    methods = set(compute_multiplier.baseline(*load_real(dataset))["method"])
    assert methods == {f"OLS of logits, no labs, no guessing, {errors}"}


# The deviation: error of the compute figure and what is particular to the model.


@pytest.mark.parametrize("base", range(4))
def test_deviation_is_divided_with_the_conditional_moments(base: int) -> None:
    """Draw error and own part apart and keep the pairs whose sum is near the deviation."""
    design, own_sd, deviation = make_design(make_leaderboard()), 0.4, 0.35
    options = get_options(make_card())
    error_sd = {"confident": 0.15, "likely": 0.3, "speculative": 0.6}[
        ["confident", "likely", "speculative", "likely"][base]
    ]
    assert error_decades(design, options)[base] == error_sd
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
    divided, unexplained = divide_deviation(fixed, design, options)
    found = divided.isel(base_model=base)
    assert found.mean().item() == pytest.approx(near.mean(), abs=0.01)
    assert found.std().item() == pytest.approx(near.std(), rel=0.03)
    np.testing.assert_allclose(divided + unexplained, deviation)


def test_errors_of_two_base_models_are_independent(posterior: xr.Dataset) -> None:
    design, options = make_design(make_leaderboard()), get_options(make_card())
    error, _ = divide_deviation(xr.zeros_like(posterior), design, options)
    assert (error == 0).all()  # nothing of its own and nothing to divide
    spread = xr.zeros_like(posterior).assign(deviation_scale=posterior["deviation_scale"])
    error, _ = divide_deviation(spread, design, options)
    draws = error.transpose("base_model", "chain", "draw").to_numpy().reshape(4, -1)
    assert np.abs(np.corrcoef(draws) - np.eye(4)).max() < 4 / np.sqrt(draws.shape[1])


def test_error_of_compute_is_the_cards() -> None:
    card = make_card(compute_error_decades={"likely": 0.22})
    found = error_decades(make_design(make_leaderboard()), get_options(card))
    assert found.tolist() == [0.15, 0.22, 0.6, 0.22]


def test_truth_brings_its_own_division(posterior: xr.Dataset) -> None:
    known = posterior.assign(
        compute_error=posterior["deviation"] * 0.25, unexplained=posterior["deviation"] * 0.75
    )
    made = compute_multiplier.estimands(known, make_leaderboard(), make_card())
    change = known["unexplained"].sel(base_model="Base 3") - known["unexplained"].sel(
        base_model="Base 0"
    )
    np.testing.assert_allclose(made["decades_unexplained"].sel(comparison=BETWEEN), change)


def test_unknown_benchmark_is_refused_by_name() -> None:
    table = make_leaderboard().assign(benchmark="GSM8K")
    with pytest.raises(ValueError, match=r"says nothing of the benchmarks \['GSM8K'\]"):
        compute_multiplier.build(table, make_card(), compute_multiplier.Priors())


# The density of what was observed.


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


def log_densities(posterior: xr.Dataset, table: pd.DataFrame, base: str) -> np.ndarray:
    """Sum of the log densities of the rows of `base`, (chain, draw), from scipy."""
    total = np.zeros((posterior.sizes["chain"], posterior.sizes["draw"]))
    for _, row in table[table["base_model"] == base].iterrows():
        drawn = posterior
        if row["harness"] != "reported":
            shift = posterior["harness_shift"].sel(harness=row["harness"], drop=True)
            drawn = posterior.assign(level=posterior["level"] + shift)
        mean = recompute_score(drawn, table, make_card(), row)
        weight = posterior["dispersion"].to_numpy() ** -2
        total += stats.betabinom.logpmf(
            round(row["score"] * 500), 500, mean * weight, (1 - mean) * weight
        )
    return total


def integrate_density(
    draw: xr.Dataset, table: pd.DataFrame, base: str, scale: float, points: int = 6001
) -> float:
    """Log of the integral over the deviation, by Simpson's rule; `draw` has one draw."""
    grid = np.linspace(-6, 6, points)
    many = draw.isel(draw=np.zeros(points, dtype=int)).assign_coords(draw=np.arange(points))
    deviation = xr.zeros_like(many["deviation"]) + xr.DataArray(grid, dims="draw")
    density = log_densities(many.assign(deviation=deviation), table, base).ravel()
    whole = np.exp(density - density.max()) * stats.norm.pdf(grid, 0, scale)
    return float(density.max() + np.log(integrate.simpson(whole, x=grid)))


@pytest.mark.parametrize("dispersion", [0.08, 0.02])
def test_density_of_a_base_model_has_its_deviation_integrated_out(dispersion: float) -> None:
    posterior, table = make_harness_case()
    sharp = posterior.assign(dispersion=xr.full_like(posterior["dispersion"], dispersion))
    found = compute_multiplier.unit_log_likelihood(
        sharp, table, make_card(allocation="scaling_law")
    )
    errors = dict(zip(found["base_model"].values, [0.15, 0.3, 0.6, 0.3], strict=True))
    for base, error in errors.items():
        for at in range(2):
            draw = sharp.isel(chain=[0], draw=[at])
            scale = float(np.hypot(draw["deviation_scale"].item(), error))
            expected = integrate_density(draw, table, base, scale)
            result = found.sel(base_model=base).isel(chain=0, draw=at).item()
            assert result == pytest.approx(expected, abs=1e-3), base


def test_effect_of_a_lab_with_one_base_model_is_integrated_out_too() -> None:
    """Nothing else tells it: the next such model comes from a lab that is not known."""
    table = make_leaderboard()
    table.loc[table["base_model"] == "Base 3", "lab"] = "Lab 2"
    posterior = make_posterior(draws=1, lab_scale=(0.4, 0.02, None)).isel(chain=[0])
    effects = xr.concat([posterior["lab_effect"], posterior["lab_effect"][..., :1] * 0], dim="lab")
    posterior = posterior.drop_vars(["lab_effect", "lab"]).assign(
        lab_effect=effects.assign_coords(lab=["Lab 0", "Lab 1", "Lab 2"])
    )
    lone = posterior.copy()
    lone["lab_effect"] = posterior["lab_effect"] + xr.DataArray([0.7, 9.0, 5.0], dims="lab")
    found = compute_multiplier.unit_log_likelihood(lone, table, make_card())
    for base, is_lone, of_lab in (("Base 0", False, 0.7), ("Base 3", True, 0.0)):
        drawn = posterior.copy()
        drawn["lab_effect"] = posterior["lab_effect"] + of_lab
        error = {"Base 0": 0.15, "Base 3": 0.3}[base]
        of_own = [
            posterior["deviation_scale"].item(),
            error,
            is_lone * posterior["lab_scale"].item(),
        ]
        scale = float(np.linalg.norm(of_own))
        expected = integrate_density(drawn, table, base, scale)
        assert found.sel(base_model=base).item() == pytest.approx(expected, abs=1e-3), base


def test_density_counts_the_rows_behind_it() -> None:
    table = make_leaderboard().iloc[:-1]
    table = table.assign(techniques=table["techniques"].str.replace(" majority_vote", ""))
    found = compute_multiplier.unit_log_likelihood(make_posterior(draws=1), table, make_card())
    assert found["row_count"].to_series().to_dict() == {
        "Base 0": 2, "Base 1": 2, "Base 2": 2, "Base 3": 1,
    }  # fmt: skip


def test_density_of_the_compiled_model_is_that_of_the_equations() -> None:
    """PyMC's own density of every row against scipy's, harness and allocation included."""
    _, table = make_harness_case()
    card = make_card(allocation="scaling_law")
    model = compute_multiplier.build(table, card, compute_multiplier.Priors())
    prior = draw_prior(model)
    with model:
        found = pm.compute_log_likelihood(
            xr.DataTree.from_dict({"posterior": prior}),
            extend_inferencedata=False,
            progressbar=False,
        )
    by_row = found["correct"].transpose("chain", "draw", "row").to_numpy()
    for base in dict.fromkeys(table["base_model"]):
        expected = log_densities(prior, table, base)
        rows = np.flatnonzero(table["base_model"] == base)
        np.testing.assert_allclose(by_row[..., rows].sum(axis=-1), expected, rtol=1e-6)


def draw_prior(model: Any) -> xr.Dataset:
    """Five draws of every variable of a model from its prior."""
    with model, warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Numba will use object mode")
        return pm.sample_prior_predictive(draws=5, random_seed=1)["prior"].to_dataset()


@pytest.mark.parametrize("module", [compute_multiplier, scale_dependent, era_ceilings])
def test_score_of_a_held_out_row_changes_nothing(module: Any) -> None:
    table = make_leaderboard()
    table["is_held_out"] = table["model"] == "Tuned 2"
    changed = table.assign(score=table["score"].where(~table["is_held_out"], 0.99))
    found = []
    for each in (table, changed):
        model = module.build(each, make_card(), module.Priors())
        found.append(float(model.compile_logp()(model.initial_point())))
    assert found[0] == found[1]


def test_held_out_row_has_no_questions_behind_it() -> None:
    table = make_leaderboard()
    table["is_held_out"] = table.index.isin([2, 5])
    values = compute_multiplier.data(table, make_card(), compute_multiplier.Priors())
    assert np.flatnonzero(values["item_count"] == 0).tolist() == [2, 5]
    assert values["observed_correct"][[2, 5]].tolist() == [0, 0]
    assert (values["item_count"][[0, 1, 3, 4, 6, 7]] == 500).all()


def test_other_outcomes_computes_and_priors_change_data_alone() -> None:
    """What a study refits to: the compiled model stays, its data move."""
    table, card = make_leaderboard(), make_card(allocation="scaling_law")
    priors = compute_multiplier.Priors()
    before = compute_multiplier.data(table, card, priors)
    wider = replace(priors, rate=priors.rate.widened(2))
    moved = table.assign(score=0.5, training_flop=table["training_flop"] * 1.01)
    after = compute_multiplier.data(moved, card, wider)
    assert {k: v.shape for k, v in before.items()} == {k: v.shape for k, v in after.items()}
    changed = {key for key in before if (before[key] != after[key]).any()}
    assert changed == {"log10_compute", "observed_correct", "prior_rate"}


# Truths, simulation and recovery.


@pytest.mark.parametrize("seed", range(3))
def test_fixed_share_is_exact_on_several_benchmarks(seed: int) -> None:
    table, card = load_real("minerva")
    rng = np.random.default_rng(seed)
    truth = compute_multiplier.sample_prior(table, card, compute_multiplier.Priors(), rng)
    fixed = compute_multiplier.fix_share(truth, 0.1, table, card)
    made = compute_multiplier.estimands(as_draws(fixed, compute_multiplier.DIMS), table, card)
    step = made["share_compute"].sel(comparison=get_options(card).headline_comparison)
    assert step.item() == pytest.approx(0.1)


def test_fixed_share_moves_the_gains_that_the_step_changes_and_no_others() -> None:
    technique = {"label": "t", "definition": "test"}
    names = ("domain_tuning", "majority_vote", "tool_use")
    card = make_card("none", headline_comparison=WITHIN, techniques=dict.fromkeys(names, technique))
    table = make_leaderboard()
    table.loc[table["model"].isin(["Base 0", "Base 1", "Base 2"]), "techniques"] = "tool_use"
    rng = np.random.default_rng(1)
    truth = compute_multiplier.sample_prior(table, card, compute_multiplier.Priors(), rng)
    fixed = compute_multiplier.fix_share(truth, 0.05, table, card)
    moved = {t for t, gain in fixed["technique_gain"].items() if gain != truth["technique_gain"][t]}
    assert moved == {"domain_tuning", "majority_vote"}


def make_truth() -> Truth:
    """A truth of the toy in which every term counts and noise is small."""
    return {
        "slope": {"MATH": 0.9},
        "level": {"MATH": -0.4},
        "chance": {"MATH": 0.02},
        "ceiling": {"MATH": 0.95},
        "item_count": {"MATH": 10_000_000},
        "technique_gain": {"domain_tuning": 0.5, "majority_vote": 0.3},
        "lab_effect": {"Lab 0": 0.2, "Lab 1": -0.2},
        "deviation": {"Base 0": 0.1, "Base 1": -0.3, "Base 2": 0.0, "Base 3": 0.2},
        "deviation_scale": 0.2,
        "rate": 0.4,
        "dispersion": 1e-4,
    }


EXTRAS: dict[str, Truth] = {
    "nothing": {},
    "harness": {"harness_shift": {"uniform": 0.7}},
    "allocation": {"allocation": {"Base 0": -0.1, "Base 1": -0.4, "Base 2": -0.9, "Base 3": 0.0}},
    "interaction": {"interaction": 0.1},
    "eras": {"early_height": {"MATH": 0.6}},
    "gain by benchmark": {
        "technique_on_benchmark": {"MATH": {"domain_tuning": 1.0, "majority_vote": -0.2}}
    },
}


@pytest.mark.parametrize("extra", [*EXTRAS, "all"])
def test_simulated_scores_follow_the_documented_curve_where_noise_is_small(extra: str) -> None:
    added = {k: v for each in EXTRAS.values() for k, v in each.items()}
    truth = make_truth() | (added if extra == "all" else EXTRAS[extra])
    table = make_leaderboard()
    table.loc[[1, 4], "harness"] = "uniform"
    simulated = compute_multiplier.simulate(table, truth, np.random.default_rng(1))
    np.testing.assert_allclose(simulated["score"], documented_scores(table, truth), atol=0.002)


def documented_scores(table: pd.DataFrame, truth: Truth) -> np.ndarray:
    """P of every row of the toy, term by term from the module docstrings."""
    decades = np.log10(table["training_flop"] / 1e24)
    years = (table["release_date"] - TOY_DATE).dt.days / 365.25
    gains = truth.get("technique_on_benchmark", {}).get("MATH", truth["technique_gain"])
    effective = decades + truth["rate"] * years
    effective += truth.get("interaction", 0) * years * decades
    for tag, gain in gains.items():
        effective += gain * table["techniques"].str.contains(tag)
    effective += table["lab"].map(truth["lab_effect"])
    effective += table["base_model"].map(truth["deviation"])
    effective += table["base_model"].map(truth.get("allocation", {})).fillna(0).astype(float)
    logit = truth["level"]["MATH"] + truth["slope"]["MATH"] * effective
    logit += table["harness"].map(truth.get("harness_shift", {})).fillna(0).astype(float)
    is_early = table["model"].isin(["Base 0", "Tuned 0", "Base 1"])
    height = np.where(is_early, truth.get("early_height", {"MATH": 1})["MATH"], 1)
    return np.asarray(0.02 + 0.93 * height * special.expit(logit))


def test_known_allocation_of_a_truth_is_one_draw_of_the_law() -> None:
    """One draw for all models: they move together."""
    table, card = make_leaderboard(), make_card(allocation="scaling_law")
    law = card.scaling_law
    assert law is not None
    tilted = law.iloc[[0]].assign(exponent_parameters=0.5)
    two = replace(card, scaling_law=pd.concat([law.iloc[[0]], tilted], ignore_index=True))
    rng, priors = np.random.default_rng(1), compute_multiplier.Priors()
    pairs = set()
    for _ in range(20):
        drawn = compute_multiplier.sample_prior(table, two, priors, rng)["allocation"]
        pairs.add((round(drawn["Base 0"], 9), round(drawn["Base 1"], 9)))
        assert drawn["Base 2"] <= 0
    assert len(pairs) == 2


def true_step(truth: Truth, table: pd.DataFrame, card: Any, comparison: str) -> dict[str, float]:
    """Estimands of a step from the truth."""
    made = compute_multiplier.estimands(as_draws(truth, compute_multiplier.DIMS), table, card)
    names = [name for name in made.data_vars if "comparison" in made[name].dims]
    return {str(name): made[name].sel(comparison=comparison).item() for name in names}


@pytest.mark.slow
def test_known_truth_is_recovered_on_the_rows_of_math() -> None:
    table, card = load_real("math")
    rng = np.random.default_rng(5)
    truth = compute_multiplier.sample_prior(table, card, compute_multiplier.Priors(), rng) | {
        "slope": {"MATH": 1.0},
        "level": {"MATH": 0.0},
        "rate": 0.7,
        "technique_gain": {
            "chain_of_thought": 0.4,
            "domain_tuning": 1.0,
            "instruction_tuning": 0.6,
            "majority_vote": 0.7,
            "tool_use": 0.5,
        },
        "dispersion": 0.05,
    }
    simulated = compute_multiplier.simulate(table, truth, rng)
    posterior = sample("compute_multiplier", simulated, card, seed=5)
    assert_near(posterior["rate"], truth["rate"])
    assert_near(posterior["slope"].sel(benchmark="MATH"), 1.0)
    for tag, gain in truth["technique_gain"].items():
        assert_near(posterior["technique_gain"].sel(technique=tag), gain)
    made = compute_multiplier.estimands(posterior, simulated, card)
    for comparison in get_options(card).comparisons[:3]:
        expected = true_step(truth, simulated, card, comparison.id)
        found = made.sel(comparison=comparison.id)
        for name in ("decades_technique", "decades_trend", "decades_allocation"):
            assert_near(found[name], expected[name])
        both = "decades_compute", "decades_unexplained"
        assert_near(sum(found[name] for name in both), sum(expected[name] for name in both))
        assert_near(found["share_algorithms"], expected["share_algorithms"])
    assert posterior["rate"].std() < 0.25


@pytest.mark.slow
def test_known_gains_are_recovered_on_the_rows_of_minerva() -> None:
    table, card = load_real("minerva")
    rng = np.random.default_rng(7)
    benchmarks = list(table["benchmark"].unique())
    gains = {"domain_tuning": 1.5, "majority_vote": 0.7}
    truth = compute_multiplier.sample_prior(table, card, compute_multiplier.Priors(), rng) | {
        "slope": dict.fromkeys(benchmarks, 1.0),
        "level": dict(zip(benchmarks, (-1.5, 0.0, -2.0, -0.5), strict=True)),
        "technique_gain": gains,
        "technique_spread": 0.2,
        "technique_on_benchmark": dict.fromkeys(benchmarks, gains),
        "dispersion": 0.03,
    }
    simulated = compute_multiplier.simulate(table, truth, rng)
    posterior = sample("compute_multiplier", simulated, card, seed=7)
    for tag, gain in gains.items():
        assert_near(posterior["technique_gain"].sel(technique=tag), gain)
    assert_near(posterior["slope"].sel(benchmark="GSM8K"), 1.0)
    made = compute_multiplier.estimands(posterior, simulated, card)
    step = "math-palm_540b-minerva_540b_maj"
    expected = true_step(truth, simulated, card, step)["share_compute"]
    assert_near(made["share_compute"].sel(comparison=step), expected)


@pytest.mark.slow
def test_known_harness_shifts_are_recovered_on_the_rows_of_mmlu() -> None:
    table, card = load_real("mmlu")
    rng = np.random.default_rng(11)
    truth = compute_multiplier.sample_prior(table, card, compute_multiplier.Priors(), rng) | {
        "slope": {"MMLU": 0.8},
        "level": {"MMLU": 0.3},
        "rate": 0.5,
        "harness_shift": {"obsscaling": -0.4, "helm": 0.2},
        "dispersion": 0.04,
    }
    simulated = compute_multiplier.simulate(table, truth, rng)
    posterior = sample("compute_multiplier", simulated, card, seed=11)
    assert_near(posterior["rate"], 0.5)
    for harness, shift in truth["harness_shift"].items():
        assert_near(posterior["harness_shift"].sel(harness=harness), shift)
        assert posterior["harness_shift"].sel(harness=harness).std() < 0.2  # of the prior: 0.3


def assert_near(draws: Any, truth: float) -> None:
    mean, sd = draws.mean().item(), draws.std().item()
    assert abs(mean - truth) < 3 * sd + 1e-9, f"{mean:.3f} +- {sd:.3f}, truth {truth:.3f}"
