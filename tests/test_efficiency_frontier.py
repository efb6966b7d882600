"""The efficiency frontier: density by convolution, distance by Monte Carlo, and recovery."""

from typing import Any

import numpy as np
import pytest
import xarray as xr
from scipy import integrate, stats
from tables_for_models import load_real, read_reference, sample

from models.efficiency import efficiency_frontier
from models.efficiency.efficiency_frontier import prepare
from models.efficiency.half_normal import draw_rows, expect_inefficiency, log_density

FRONTIER = 0.3
SCALES = [(0.4, 0.2), (0.05, 0.5), (1.0, 0.05)]  # inefficiency, noise
REFERENCE = read_reference("hernandez2020efficiency")
REAL = load_real("imagenet_efficiency")
TRUTH: dict[str, Any] = {
    "level": {"AlexNet": -0.2, "ResNet-50": 0.0, "Seq2Seq": 0.1, "GNMT": -0.1},
    "rate": {"AlexNet": 0.27, "ResNet-50": 0.35, "Seq2Seq": 0.4, "GNMT": 0.3},
    "inefficiency_scale": 0.4,
    "noise_scale": 0.1,
    "reference_resource": REAL[1].options.reference_resource,  # type: ignore[attr-defined]  # options of this table
}


def density(values: np.ndarray, inefficiency: float, noise: float) -> np.ndarray:
    return np.exp(log_density(values, FRONTIER, inefficiency, noise).eval())


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
def test_density_is_the_convolution_of_half_normal_and_normal(
    inefficiency: float, noise: float
) -> None:
    width = np.hypot(inefficiency, noise)
    values = FRONTIER + width * np.array([-1.0, -0.2, 0.0, 0.5, 1.0, 2.5])
    expected = [convolve(value, inefficiency, noise) for value in values]
    np.testing.assert_allclose(
        density(values, inefficiency, noise), expected, rtol=1e-6, atol=1e-12
    )


@pytest.mark.parametrize(("inefficiency", "noise"), SCALES)
def test_random_rows_follow_the_density(inefficiency: float, noise: float) -> None:
    draws = draw_rows(FRONTIER, inefficiency, noise, np.random.default_rng(1), 2000)
    cdf = stats.skewnorm(inefficiency / noise, FRONTIER, np.hypot(inefficiency, noise)).cdf
    assert stats.kstest(draws, cdf).pvalue > 0.001


def test_density_and_its_slope_are_finite_far_below_the_frontier() -> None:
    import pytensor
    import pytensor.tensor as pt

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
    found = expect_inefficiency(xr.DataArray(residual), 0.4, 0.2)
    assert found.item() == pytest.approx(near.mean(), abs=5 * near.std() / np.sqrt(near.size))


def test_distance_is_positive_and_grows_with_the_resource() -> None:
    found = expect_inefficiency(xr.DataArray([-5.0, -1.0, -0.5, 0.0, 1.0], dims="row"), 0.4, 0.05)
    assert (found > 0).all()
    assert (found.diff("row") > 0).all()


def test_years_count_from_the_first_model_and_decades_from_the_reference() -> None:
    rows = prepare(*REAL).rows
    assert (rows.groupby("target").first()["years"] == 0).all()
    assert (rows["years"] >= 0).all()
    resource = 10 ** rows["log10_ratio"] * rows["target"].map(TRUTH["reference_resource"])
    np.testing.assert_allclose(resource, rows["resource"])


def test_target_without_a_reference_is_refused() -> None:
    table, card = REAL
    options = card.options.model_copy(update={"reference_resource": {"AlexNet": 3e17}})
    with pytest.raises(ValueError, match="Seq2Seq"):
        prepare(table, type(card)(card.dataset, card.table, options))


def test_reduction_factor_is_the_rate_over_the_observed_period() -> None:
    table, card = REAL
    alexnet = table[table["target"] == "AlexNet"]
    period = (alexnet["release_date"].max() - alexnet["release_date"].min()).days / 365.25
    drawn = {"rate_mean": 0.2, "inefficiency_scale": 0.4, "noise_scale": 0.1}
    posterior = xr.Dataset(
        {name: (("chain", "draw"), [[value]]) for name, value in drawn.items()}
        | {name: (("chain", "draw", "target"), [[[FRONTIER]]]) for name in ("level", "rate")},
        coords={"target": ["AlexNet"]},
    )
    made = efficiency_frontier.estimands(posterior, alexnet, card)
    assert made["reduction_factor"].item() == pytest.approx(10 ** (FRONTIER * period))


def test_records_reproduce_the_sixteen_months_of_hernandez_and_brown() -> None:
    found = efficiency_frontier.baseline(*REAL)
    is_ours = found["key"].eq("doubling_time_months[AlexNet]")
    (months,) = found.loc[is_ours & found["method"].str.startswith("OLS on"), "estimate"]
    published = REFERENCE["doubling_time_months"]
    assert months == pytest.approx(published["estimate"], abs=published["tolerance"])


def test_best_record_took_44_times_less_compute_than_the_first() -> None:
    table = REAL[0]
    alexnet = table[table["target"] == "AlexNet"].sort_values("release_date")
    published = REFERENCE["reduction_factor"]
    found = alexnet["resource"].iloc[0] / alexnet["resource"].min()
    assert found == pytest.approx(published["estimate"], abs=published["tolerance"])


def test_simulated_models_lie_on_the_frontier_where_noise_is_nil() -> None:
    table, card = REAL
    truth = TRUTH | {"inefficiency_scale": 0.0, "noise_scale": 0.0}
    rows = prepare(efficiency_frontier.simulate(table, truth, np.random.default_rng(1)), card).rows
    level, rate = (rows["target"].map(TRUTH[name]) for name in ("level", "rate"))
    np.testing.assert_allclose(rows["log10_ratio"], level - rate * rows["years"], atol=1e-12)


@pytest.mark.slow
def test_known_truth_is_recovered() -> None:
    table, card = REAL
    simulated = efficiency_frontier.simulate(table, TRUTH, np.random.default_rng(3))
    posterior = sample("efficiency_frontier", simulated, card, seed=3)
    for name in ("rate", "level"):
        for target, true in TRUTH[name].items():
            draws = posterior[name].sel(target=target)
            assert abs(draws.mean() - true) < 3 * draws.std(), (name, target)
    assert posterior["rate"].sel(target="AlexNet").std() < 0.08
    for name in ("inefficiency_scale", "noise_scale"):
        lower, upper = posterior[name].quantile([0.005, 0.995]).to_numpy()
        assert lower < TRUTH[name] < upper, name
