"""Terms of effective compute by hand: trend, errors of compute, variants, truths."""

from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from scipy import stats
from tables_for_models import (
    BENCHMARK,
    DAYS,
    TOY_DATE,
    WITHIN,
    load_real,
    make_card,
    make_leaderboard,
    make_posterior,
    recompute_score,
)

from models import as_draws
from models.effective_compute.design import correct_figures, make_design
from models.effective_compute.steps import find_side
from models.leaderboards import compute_multiplier
from models.leaderboards.compute_multiplier import VARIANTS, Priors
from models.options import LeaderboardOptions
from pipeline.checks.refit import Refitter, Settings

TINY = Settings(draws=20, tune=100, maxdepth=5)

# The trend: the toy's first release is on 1 April 2020, its last on 1 October 2023.


def test_trend_is_the_yearly_rates_added_up() -> None:
    trend = make_design(make_leaderboard(), make_card()).trend
    assert trend.years == ["2020", "2021", "2022", "2023"]
    assert trend.base_count.tolist() == [1, 1, 1, 1]
    decades = trend.exposure @ [1.0, 10.0, 100.0, 1000.0] * 365.25
    expected = [-275, -92, 900, 2730, 3650 + 9000, 3650 + 27300, 40150 + 90e3, 40150 + 273e3]
    np.testing.assert_allclose(decades, expected)


@pytest.mark.parametrize("bend", [False, True])
def test_rates_are_a_walk_with_mean_zero_over_the_span(bend: bool) -> None:
    """Turning the steps changes no covariance; a bend leaves that into the middle year, 2021."""
    walk = make_design(make_leaderboard(), make_card(bend=bend)).trend.walk
    steps = np.array([[0, 0, 0], [1, 0, 0], [1, 1, 0], [1, 1, 1]], dtype=float)
    steps = steps[:, [0]] if bend else steps
    centred = steps - np.average(steps, axis=0, weights=DAYS)
    np.testing.assert_allclose(walk @ walk.T, centred @ centred.T, atol=1e-12)
    np.testing.assert_allclose(DAYS @ walk, 0, atol=1e-9)
    card, rng = make_card(bend=bend), np.random.default_rng(1)
    truth = compute_multiplier.sample_prior(make_leaderboard(), card, Priors(), rng)
    rates = [*truth["rate_by_year"].values()]
    assert len(set(np.round(rates, 9))) == (2 if bend else 4)
    assert np.average(rates, weights=DAYS) == pytest.approx(truth["rate"])


def test_single_year_has_one_rate() -> None:
    dates = pd.to_datetime(["2021-01-31", "2021-07-01"] * 4)
    table, card = make_leaderboard().assign(release_date=dates), make_card()
    model = compute_multiplier.build(table, card, Priors())
    assert not {"rate_by_year", "drift_offset", "drift_step"} & set(model.named_vars)
    truth = compute_multiplier.sample_prior(table, card, Priors(), np.random.default_rng(1))
    assert {"rate", "rate_by_year"} & set(truth) == {"rate"}
    drawn = make_posterior().drop_vars("rate_by_year")
    made = compute_multiplier.estimands(drawn, table, card)
    by_compute = drawn["interaction"] * (1 + np.log10(1.2) / 2)
    expected = (drawn["rate"] + by_compute) * 151 / 365.25
    within = made["decades_trend"].sel(comparison="math-base_3-tuned_3")
    np.testing.assert_allclose(within, expected)
    assert "rate_change" not in made


# Errors of compute.

YEARS = np.array([0.0, 0.0, 1.0, 1.0])
FIGURES = np.array([-1.0, 1.0, 1.0, 3.0])  # one to either side of 2 t: a variance of 4 / (4 - 2)
ERROR = np.array([0.5, 1.2, 0.05, 0.5])


@pytest.mark.parametrize("base", range(4))
def test_corrected_figure_is_the_conditional_of_compute(base: int) -> None:
    """On a grid of computes: about the line, and with a figure that errs; at most half is error."""
    added, left = correct_figures(FIGURES, YEARS, ERROR)
    grid = np.linspace(-10, 10, 200_001)
    sd = np.sqrt(max(2 - ERROR[base] ** 2, 1))
    weight = stats.norm.pdf(grid, 2 * YEARS[base], sd)
    weight *= stats.norm.pdf(FIGURES[base], grid, ERROR[base])
    mean = np.average(grid, weights=weight)
    assert FIGURES[base] + added[base] == pytest.approx(mean, abs=1e-6)
    assert left[base] == pytest.approx(np.sqrt(np.average((grid - mean) ** 2, weights=weight)))


def test_figures_of_one_date_are_drawn_to_their_mean() -> None:
    added, _ = correct_figures(FIGURES, np.zeros(4), np.full(4, 0.5))
    variance = FIGURES.var(ddof=1)
    np.testing.assert_allclose(added, 0.25 / variance * (1 - FIGURES), atol=1e-12)


def test_kind_says_whether_figures_are_corrected_and_rows_of_a_base_model_together() -> None:
    table = make_leaderboard()
    table["training_flop"] *= np.repeat([1, 3, 0.4, 2], 2)
    classical, berkson = (make_design(table, make_card(kind=k)) for k in ("classical", "berkson"))
    flop = np.log10(table["training_flop"]) - berkson.log10_flop_reference
    np.testing.assert_allclose(berkson.log10_compute, flop)
    assert berkson.compute_error.tolist() == [0.05, 0.3, 0.6, 0.3]
    first = table.iloc[::2]
    years = (first["release_date"] - TOY_DATE).dt.days.to_numpy() / 365.25
    error = berkson.compute_error
    added, left = correct_figures(np.log10(first["training_flop"]).to_numpy(), years, error)
    np.testing.assert_allclose(classical.log10_compute, flop + np.repeat(added, 2))
    np.testing.assert_allclose(classical.compute_error, left)


# Special cases.


@cache
def compile_toy() -> Refitter:
    return Refitter(compute_multiplier, make_leaderboard(), make_card(kind="classical"))


@pytest.mark.slow
@pytest.mark.parametrize("name", VARIANTS)
def test_special_case_is_a_refit_of_the_compiled_model(name: str) -> None:
    priors, card = VARIANTS[name].apply(Priors(), make_card(kind="classical"))
    drawn = compile_toy().refit(make_leaderboard(), card, priors, 1, TINY)
    assert drawn.sizes["draw"] == TINY.draws
    for key, value in list_fixed(drawn).items():
        is_fixed = bool((abs(value) < 1e-12).all())
        assert is_fixed == (name in FIXED_BY[key]), key


@pytest.mark.slow
@pytest.mark.parametrize("score", [0.0, 1.0])
def test_scores_that_are_all_at_an_end_of_the_range_can_be_sampled(score: float) -> None:
    table = make_leaderboard().assign(score=score)
    drawn = compile_toy().refit(table, make_card(kind="classical"), Priors(), 1, TINY)
    assert bool(np.isfinite(drawn["slope"]).all())


@pytest.mark.slow
def test_a_benchmark_with_one_score_can_be_sampled() -> None:
    table = make_leaderboard()
    table.loc[3, "benchmark"] = "GSM8K"
    card = make_card(benchmarks={"MATH": BENCHMARK, "GSM8K": BENCHMARK})
    drawn = Refitter(compute_multiplier, table, card).refit(table, card, Priors(), 1, TINY)
    assert bool(np.isfinite(drawn["slope"]).all())


def list_fixed(drawn: xr.Dataset) -> dict[str, Any]:
    """What is zero in the special cases."""
    rates = drawn["rate_by_year"]
    return {
        "rate by year": rates - drawn["rate"],
        "change after 2021": rates.sel(year="2023") - rates.sel(year="2021"),
        "interaction": drawn["interaction"],
        "shortfall": drawn["early_height"] - 1,
        "skew": drawn["skew"],
        "coefficient": drawn["allocation_under"],
        "coefficient less one": drawn["allocation_over"] - 1,
    }


FIXED_BY = {
    "rate by year": {"line", "all_of_these"},
    "change after 2021": {"line", "one_bend", "all_of_these"},
    "interaction": {"no_interaction", "all_of_these"},
    "shortfall": {"one_ceiling", "all_of_these"},
    "skew": {"logistic", "all_of_these"},
    "coefficient": {"no_allocation"},
    "coefficient less one": {"allocation_at_one", "all_of_these"},
}


# Truths.

NOISELESS: dict[str, Any] = {"dispersion": 1e-6, "item_count": {"MATH": 10**14}}


@pytest.mark.parametrize("trend", ["linear", "none"])
def test_simulated_scores_follow_the_documented_curve_where_noise_is_small(trend: str) -> None:
    table, card = make_leaderboard(), make_card(trend, kind="classical")
    table["training_flop"] *= np.repeat([1, 3, 0.4, 2], 2)  # off the line: figures are corrected
    table.loc[[1, 4], "harness"] = "uniform"
    rng = np.random.default_rng(1)
    truth = compute_multiplier.sample_prior(table, card, Priors(), rng) | NOISELESS
    drawn = as_draws(truth, compute_multiplier.DIMS)
    scores = compute_multiplier.simulate(table, truth, rng)["score"]
    assert (scores.min(), scores.max()) < (0.9, 0.1)
    for (_, row), score in zip(table.iterrows(), scores, strict=True):
        shift = drawn["harness_shift"].sum("harness") * (row["harness"] == "uniform")
        shifted = drawn.assign(level=drawn["level"] + shift)
        assert score == pytest.approx(recompute_score(shifted, table, card, row).item(), abs=1e-5)


def test_known_allocation_of_a_truth_is_one_draw_of_the_law() -> None:
    """One draw for all models: they move together."""
    table, card = make_leaderboard(), make_card()
    law = card.scaling_law
    assert law is not None
    tilted = law.iloc[[0]].assign(exponent_parameters=0.5)
    two = replace(card, scaling_law=pd.concat([law.iloc[[0]], tilted], ignore_index=True))
    rng, known = np.random.default_rng(1), replace(Priors().allocation_under, parameters=(1.0, 0.0))
    priors = replace(Priors(), allocation_under=known, allocation_over=known)
    pairs = set()
    for _ in range(20):
        drawn = compute_multiplier.sample_prior(table, two, priors, rng)["allocation"]
        pairs.add((round(drawn["Base 0"], 9), round(drawn["Base 1"], 9)))
        assert drawn["Base 2"] <= 0
    assert len(pairs) == 2


def test_fixed_share_moves_the_gains_that_the_step_changes_and_no_others() -> None:
    names = ("domain_tuning", "majority_vote", "tool_use")
    card = make_card("none", headline_comparison=WITHIN, techniques={name: {} for name in names})
    table = make_leaderboard()
    table.loc[table["model"].isin(["Base 0", "Base 1", "Base 2"]), "techniques"] = "tool_use"
    truth = compute_multiplier.sample_prior(table, card, Priors(), np.random.default_rng(1))
    fixed = compute_multiplier.fix_share(truth, 0.05, table, card)
    moved = {t for t, gain in fixed["technique_gain"].items() if gain != truth["technique_gain"][t]}
    assert moved == {"domain_tuning", "majority_vote"}


# The classical twin.


def test_classical_shares_are_of_compute_technique_and_trend() -> None:
    table, card = load_real("math")
    frame = compute_multiplier.baseline(table, card)
    found = frame.set_index("key")["estimate"]
    design = make_design(table, card)
    step = next(
        c
        for c in card.options_of(LeaderboardOptions).comparisons
        if c.id == "math-gpt_4-llama_3_1_405b"
    )
    early, late = (find_side(design, "MATH", side) for side in (step.earlier, step.later))
    compute = design.log10_compute[late] - design.log10_compute[early]
    trend = found["rate_decades_per_year"] * (design.years[late] - design.years[early])
    assert (design.has_tag[late] == design.has_tag[early]).all()
    assert found[f"share_compute[{step.id}]"] == pytest.approx(compute / (compute + trend))
    assert frame["method"].str.endswith("clustered by base model").all()


def test_few_base_models_get_no_clustered_errors_and_no_trend_no_rate() -> None:
    frame = compute_multiplier.baseline(*load_real("minerva"))
    assert frame["method"].str.endswith("robust errors").all()
    assert not frame["key"].str.contains("rate_decades|doubling").any()
