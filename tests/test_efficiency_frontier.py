"""The efficiency frontier: density by convolution, distance by Monte Carlo."""

from typing import Any

import numpy as np
import pytensor
import pytensor.tensor as pt
import pytest
import xarray as xr
from scipy import integrate, stats
from tables_for_models import load_real, read_reference

from models import as_draws
from models.efficiency import efficiency_frontier
from models.efficiency.efficiency_frontier import prepare
from models.efficiency.half_normal import draw_rows, expect_inefficiency, log_density

FRONTIER = 0.3
SCALES = [(0.4, 0.2), (0.05, 0.5), (1.0, 0.05)]  # inefficiency, noise
REFERENCE = read_reference("hernandez2020efficiency")
REAL = load_real("imagenet_efficiency")


def convolve(value: float, inefficiency: float, noise: float) -> float:
    """Density of half-normal plus normal at `value`, integrated over the half-normal."""

    def joint(above: float) -> float:
        return float(
            stats.halfnorm.pdf(above, 0, inefficiency)
            * stats.norm.pdf(value - FRONTIER - above, 0, noise)
        )

    peak = max(value - FRONTIER, 0.0)
    points = [p for p in (peak - 4 * noise, peak, peak + 4 * noise) if 0 < p < 12]
    return float(integrate.quad(joint, 0, 12, points=points or None, limit=400)[0])


@pytest.mark.parametrize(("inefficiency", "noise"), SCALES)
def test_density_is_the_convolution_of_half_normal_and_normal_and_draws_follow_it(
    inefficiency: float, noise: float
) -> None:
    width = np.hypot(inefficiency, noise)
    values = FRONTIER + width * np.array([-1.0, -0.2, 0.0, 0.5, 1.0, 2.5])
    expected = [convolve(value, inefficiency, noise) for value in values]
    found = np.exp(log_density(values, FRONTIER, inefficiency, noise).eval())
    np.testing.assert_allclose(found, expected, rtol=1e-6, atol=1e-12)
    draws = draw_rows(FRONTIER, inefficiency, noise, np.random.default_rng(1), 2000)
    assert (
        stats.kstest(draws, stats.skewnorm(inefficiency / noise, FRONTIER, width).cdf).pvalue > 1e-3
    )


def test_density_and_its_slope_are_finite_far_below_the_frontier() -> None:
    level = pt.dscalar("level")
    found = log_density(-20.0, level, 0.5, 0.05)
    value, slope = pytensor.function(
        [level], [found, pytensor.grad(found, level)], mode="FAST_COMPILE"
    )(FRONTIER)
    assert value < -10
    assert np.isfinite([value, slope]).all()


@pytest.mark.parametrize("residual", [-0.3, 0.0, 0.4])
def test_distance_is_the_mean_of_what_noise_leaves(residual: float) -> None:
    rng = np.random.default_rng(1)
    above = np.abs(rng.normal(0, 0.4, 2_000_000))
    total = above + rng.normal(0, 0.2, above.size)
    near = above[np.abs(total - residual) < 0.01]
    found = expect_inefficiency(xr.DataArray([residual, -5.0]), 0.4, 0.2)
    assert found[1] > 0  # far below the frontier
    assert found[0].item() == pytest.approx(near.mean(), abs=5 * near.std() / np.sqrt(near.size))


def test_target_without_a_reference_is_refused() -> None:
    table, card = REAL
    options = card.options.model_copy(update={"reference_resource": {"AlexNet": 3e17}})
    with pytest.raises(ValueError, match="Seq2Seq"):
        prepare(table, type(card)(card.dataset, card.table, options))


def test_reduction_factor_is_the_rate_over_the_observed_period() -> None:
    table, card = REAL
    alexnet = table[table["target"] == "AlexNet"]
    period = (alexnet["release_date"].max() - alexnet["release_date"].min()).days / 365.25
    drawn: dict[str, Any] = {"rate_mean": 0.2, "inefficiency_scale": 0.4, "noise_scale": 0.1}
    drawn |= {name: {"AlexNet": FRONTIER} for name in ("level", "rate")}
    posterior = as_draws(drawn, efficiency_frontier.DIMS)
    made = efficiency_frontier.estimands(posterior, alexnet, card)
    assert made["reduction_factor"].item() == pytest.approx(10 ** (FRONTIER * period))


def test_records_reproduce_what_hernandez_and_brown_published() -> None:
    """Sixteen months of doubling, and 44 times less compute than the first."""
    table, found = REAL[0], efficiency_frontier.baseline(*REAL)
    is_ours = found["key"].eq("doubling_time_months[AlexNet]")
    (months,) = found.loc[is_ours & found["method"].str.startswith("OLS on"), "estimate"]
    alexnet = table[table["target"] == "AlexNet"].sort_values("release_date")["resource"]
    for name, ours in (
        ("doubling_time_months", months),
        ("reduction_factor", alexnet.iloc[0] / alexnet.min()),
    ):
        published = REFERENCE[name]
        assert ours == pytest.approx(published["estimate"], abs=published["tolerance"])
