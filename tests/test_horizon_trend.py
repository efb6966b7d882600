"""Time horizons: what is read of intervals and figures, who is left out, growth and densities."""

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from scipy import stats
from tables_for_models import load_real

from models import Card, as_draws
from models.horizons import horizon_trend
from models.horizons.design import GROWTH, find_records, prepare, read_figures, read_intervals
from models.horizons.horizon_estimands import name_periods

TABLE, CARD = load_real("metr_horizon")
DESIGN = prepare(TABLE, CARD)


def change(**options: Any) -> Card:
    """The card with other options."""
    return replace(CARD, options=CARD.options.model_copy(update=options))


def draw_truth(**known: Any) -> dict[str, Any]:
    rng = np.random.default_rng(4)
    return horizon_trend.sample_prior(TABLE, CARD, horizon_trend.Priors(), rng) | known


def estimate(**known: Any) -> xr.Dataset:
    """The estimands of one draw at known values."""
    drawn = as_draws(draw_truth(**known), horizon_trend.DIMS)
    return horizon_trend.estimands(drawn, TABLE, CARD)


def test_interval_has_the_moments_of_a_normal_with_two_sides() -> None:
    ends = {"lower_minutes": [2.0, 1.0], "horizon_minutes": [8.0, 8.0], "upper_minutes": [32.0, 16]}
    mean, error = read_intervals(pd.DataFrame(ends))
    assert mean[0] == pytest.approx(3)
    assert error[0] == pytest.approx(2 / 1.959964)
    at = np.linspace(-8, 9, 200_001)  # log2 minutes: three doublings down, one up
    density = np.exp(-0.5 * ((at - 3) / np.where(at < 3, 3, 1) * 1.959964) ** 2)
    density /= density.sum()
    assert mean[1] == pytest.approx((density * at).sum(), abs=1e-3)
    assert error[1] ** 2 == pytest.approx((density * (at - mean[1]) ** 2).sum(), abs=1e-3)


def test_records_are_longer_than_all_before_them() -> None:
    dates = pd.to_datetime(["2024-01-01", "2023-01-01", "2024-06-01", "2024-06-01"])
    rows = pd.DataFrame({"release_date": dates, "horizon_minutes": [2.0, 3.0, 5.0, 4.0]})
    assert find_records(rows).tolist() == [False, True, True, False]


def test_compute_that_rests_on_scores_is_unknown() -> None:
    rows = DESIGN.rows.set_index("model")
    figures = read_figures(rows)
    assert rows.loc["GPT-4o (Nov 2024)", "training_flop"] > 0
    assert np.isnan(figures["GPT-4o (Nov 2024)"])
    assert figures.notna().sum() == 15
    assert DESIGN.has_figure.sum() == 12
    moved = TABLE.assign(training_flop=TABLE["training_flop"].where(~TABLE["is_compute_circular"]))
    before, after = (
        horizon_trend.data(table, CARD, horizon_trend.Priors()) for table in (TABLE, moved)
    )
    for name, value in before.items():
        np.testing.assert_array_equal(value, after[name])


def test_figure_counts_by_its_error_and_a_plan_counts_in_full() -> None:
    """A likely figure, good to 0.3 decades, among runs that scatter by 0.5."""
    at = DESIGN.bases.index("GPT-4")
    assert DESIGN.weight[at] == pytest.approx(0.25 / (0.25 + 0.09))
    assert DESIGN.scatter[at] ** 2 == pytest.approx(0.25 * 0.09 / (0.25 + 0.09))
    errors = CARD.options.compute_error_decades.model_copy(update={"kind": "berkson"})
    plan = prepare(TABLE, change(compute_error_decades=errors))
    assert (plan.weight[at], plan.scatter[at]) == (1.0, pytest.approx(0.3))
    assert not DESIGN.weight[DESIGN.bases.index("o3")]
    assert DESIGN.scatter[DESIGN.bases.index("o3")] == pytest.approx(0.5)


@pytest.mark.parametrize(
    ("options", "held", "kept"),
    [
        ({"rows": "since_bend"}, "GPT-2 1.5B", "GPT-4"),
        ({"rows": "records"}, "DeepSeek-V3", "o3"),
        ({"without_lab": "OpenAI"}, "GPT-5", "Grok 4"),
    ],
)
def test_rows_that_options_leave_out_say_nothing(
    options: dict[str, str], held: str, kept: str
) -> None:
    card, rows = change(**options), DESIGN.rows["model"]
    error = horizon_trend.data(TABLE, card, horizon_trend.Priors())["error"]
    assert error[rows == held] > 1000
    assert error[rows == kept] < 1
    names = ("level", "slope", "rate", "change", "spread")
    drawn = xr.Dataset({name: (("chain", "draw"), np.ones((1, 2))) for name in names})
    drawn["compute_trend_offset"] = (("chain", "draw", "term"), np.zeros((1, 2, 4)))
    units = set(horizon_trend.unit_log_likelihood(drawn, TABLE, card)["base_model"].values)
    bases = DESIGN.rows.set_index("model")["base_model"]
    assert bases[held] not in units
    assert bases[kept] in units


def test_density_of_a_base_model_is_that_of_its_rows_together() -> None:
    """Four models made from DeepSeek-V3-Base share its compute and what is unexplained."""
    drawn = as_draws(draw_truth(), horizon_trend.DIMS)
    offset = np.random.default_rng(2).normal(size=4)
    drawn["compute_trend_offset"] = (("chain", "draw", "term"), offset[None, None])
    made = horizon_trend.unit_log_likelihood(drawn, TABLE, CARD)
    base = DESIGN.bases.index("DeepSeek-V3-Base")
    rows = DESIGN.base_index == base
    level, slope, rate, bend, spread = (
        drawn[name].item() for name in ("level", "slope", "rate", "change", "spread")
    )
    trend = DESIGN.terms[base] @ (DESIGN.location + DESIGN.spread @ offset)
    weight, years = DESIGN.weight[base], DESIGN.years[rows]
    compute = (1 - weight) * trend + weight * DESIGN.figure[base] + DESIGN.added[rows]
    early = np.minimum(years - DESIGN.bend_years, 0)
    mean = level + slope * compute + rate * years - bend * early
    shared = (slope * DESIGN.scatter[base]) ** 2 + spread**2
    covariance = np.full((4, 4), shared) + np.diag(DESIGN.error[rows] ** 2)
    expected = stats.multivariate_normal(mean, covariance).logpdf(DESIGN.log2_horizon[rows])
    assert made.sel(base_model="DeepSeek-V3-Base").item() == pytest.approx(expected)
    assert made["row_count"].sel(base_model="DeepSeek-V3-Base").item() == 4


def test_growth_adds_that_of_compute_to_the_rest_and_halves_the_doubling_time() -> None:
    made = estimate(slope=2.0, rate=1.0, change=0.5, compute_growth={"before": 0.75, "since": 0.5})
    growth, days = made["growth_doublings_per_year"], made["doubling_time_days"]
    assert growth.sel(period="before 2023").item() == pytest.approx(1.0 - 0.5 + 2.0 * 0.75)
    assert growth.sel(period="since 2023").item() == pytest.approx(1.0 + 2.0 * 0.5)
    assert days.sel(period="since 2023").item() == pytest.approx(365.25 / 2)
    assert made["acceleration_doublings_per_year"].item() == pytest.approx(0.0)
    assert growth.sel(period="all years").item() == pytest.approx(2.0)
    slow = estimate(slope=0.1, rate=-1.0, compute_growth={"before": 0.0, "since": 0.0})
    assert slow["doubling_time_days"].sel(period="since 2023").item() == np.inf


def test_expected_horizon_and_step_follow_from_their_parts() -> None:
    made = estimate(level=1.0, slope=2.0, rate=1.0, change=0.0)
    years = (pd.Timestamp(2026, 1, 1) - DESIGN.reference_date).days / 365.25
    minutes = made["expected_horizon_minutes"].sel(run="1e26 FLOP in January 2026").item()
    assert np.log2(minutes) == pytest.approx(1.0 + 2.0 + years)
    step = made.sel(comparison="metr_horizon-gpt_2-gpt_5")
    released = DESIGN.rows.set_index("model")["release_date"]
    passed = (released["GPT-5"] - released["GPT-2 1.5B"]).days / 365.25
    assert step["decades_trend"].item() == pytest.approx(passed / 2)
    assert step["shapley_trend"].item() == pytest.approx(passed)


def test_bend_within_a_year_is_named_after_its_day() -> None:
    bend = pd.Timestamp(2024, 5, 13).date()
    names = name_periods(prepare(TABLE, change(bend_date=bend)))
    assert names == ["all years", "before 2024-05-13", "since 2024-05-13"]


def test_few_figures_are_refused() -> None:
    few = TABLE[TABLE["training_flop"].isna() | (TABLE["lab"] == "DeepSeek")]
    expected = "1 base models of known compute; a split takes 6"
    assert horizon_trend.unsupported_reason(few, CARD) == expected
    assert not horizon_trend.unsupported_reason(TABLE, CARD)


def test_compute_drawn_from_the_figures_is_that_of_the_model() -> None:
    """The truths' joint normal vector against shrinkage towards the trend, in mean and spread."""
    rng, priors = np.random.default_rng(5), horizon_trend.Priors()
    truths = [horizon_trend.sample_prior(TABLE, CARD, priors, rng) for _ in range(1500)]
    drawn = np.array([[truth["compute"][base] for base in DESIGN.bases] for truth in truths])
    keep = 1 - DESIGN.weight
    mean = keep * (DESIGN.terms @ DESIGN.location) + DESIGN.weight * DESIGN.figure
    basis = keep[:, None] * (DESIGN.terms @ DESIGN.spread)
    covariance = basis @ basis.T + np.diag(DESIGN.scatter**2)
    error = np.sqrt(np.diag(covariance) / len(truths))
    assert (np.abs(drawn.mean(axis=0) - mean) < 4.5 * error).all()
    found = np.cov(drawn.T)
    scale = np.sqrt(np.outer(np.diag(covariance), np.diag(covariance)))
    np.testing.assert_allclose(found / scale, covariance / scale, atol=0.15)
    growth = np.array([truth["compute_growth"]["before"] for truth in truths])
    expected = GROWTH[0] @ DESIGN.location, np.linalg.norm(GROWTH[0] @ DESIGN.spread)
    assert growth.mean() == pytest.approx(expected[0], abs=0.03)
    assert growth.std() == pytest.approx(expected[1], rel=0.08)
