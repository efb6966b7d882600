"""Terms of effective compute by hand: trend, errors of compute, variants, truths."""

from functools import cache
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from tables_for_models import (
    BENCHMARK,
    DAYS,
    TOY_DATE,
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
from pipeline.fit.density import UNCOMPILED

TINY = Settings(draws=20, tune=100, maxdepth=5)

# The trend.


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
def compile_math() -> Refitter:
    return Refitter(compute_multiplier, *load_real("math"))


@pytest.mark.slow
@pytest.mark.parametrize("name", VARIANTS)
def test_special_case_is_a_refit_of_the_compiled_model(name: str) -> None:
    table, card = load_real("math")
    priors, changed = VARIANTS[name].apply(Priors(), card)
    drawn = compile_math().refit(table, changed, priors, 1, TINY)
    rates = drawn["rate_by_year"]
    for value, fixed_by in (
        (rates - drawn["rate"], {"line"}),
        (rates.isel(year=1) - rates.isel(year=0), {"line", "one_bend"}),
        (drawn["interaction"], {"no_interaction"}),
        (drawn["early_height"] - 1, {"one_ceiling"}),
        (drawn["skew"], {"logistic"}),
        (drawn["allocation_over"] - 1, {"allocation_at_one"}),
    ):
        assert bool((abs(value) < 1e-12).all()) == (name in fixed_by | {"all_of_these"})
    assert bool((drawn["allocation_under"] == 0).all()) == (name == "no_allocation")


@pytest.mark.slow
@pytest.mark.parametrize("score", [0.0, 1.0])
def test_scores_at_one_end_can_be_sampled(score: float) -> None:
    table, card = load_real("math")
    drawn = compile_math().refit(table.assign(score=score), card, Priors(), 1, TINY)
    assert bool(np.isfinite(drawn["slope"]).all())


def test_benchmark_with_one_score_has_a_gradient_to_start_from() -> None:
    table, card = make_leaderboard(), make_card(benchmarks={"MATH": BENCHMARK, "GSM8K": BENCHMARK})
    table.loc[3, "benchmark"] = "GSM8K"
    built = compute_multiplier.build(table, card, Priors())
    gradient = built.compile_dlogp(mode=UNCOMPILED)(built.initial_point())
    assert np.isfinite(gradient).all()


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
