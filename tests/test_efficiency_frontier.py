"""The efficiency frontier: density by convolution, distance by Monte Carlo, and recovery."""

from typing import Any

import numpy as np
import pandas as pd
import pymc as pm
import pytest
import xarray as xr
from scipy import integrate, stats
from tables_for_models import load_real, read_reference, sample

from models import as_draws, fitted_rows
from models.efficiency import efficiency_frontier
from models.efficiency.efficiency_frontier import _distance, _draw_rows, _log_density, _prepare

FRONTIER = 0.3
SCALES = [(0.4, 0.2), (0.05, 0.5), (1.0, 0.05)]  # inefficiency, noise
REFERENCE = read_reference("hernandez2020efficiency")
TRUTH: dict[str, Any] = {
    "level": {"AlexNet": -0.2, "ResNet-50": 0.0, "Seq2Seq": 0.1, "GNMT": -0.1},
    "rate": {"AlexNet": 0.27, "ResNet-50": 0.35, "Seq2Seq": 0.4, "GNMT": 0.3},
    "inefficiency_scale": 0.4,
    "noise_scale": 0.1,
}


def density(values: np.ndarray, inefficiency: float, noise: float) -> np.ndarray:
    return np.exp(_log_density(values, FRONTIER, inefficiency, noise).eval())


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
def test_density_integrates_to_one(inefficiency: float, noise: float) -> None:
    width = np.hypot(inefficiency, noise)
    grid = np.linspace(FRONTIER - 10 * width, FRONTIER + 10 * width, 40_001)
    assert integrate.trapezoid(density(grid, inefficiency, noise), grid) == pytest.approx(
        1, abs=1e-6
    )


@pytest.mark.parametrize("below", [1.0, 5.0, 20.0])
def test_log_density_is_finite_far_below_the_frontier(below: float) -> None:
    found = _log_density(np.array(FRONTIER - below), FRONTIER, 0.5, 0.05).eval()
    assert np.isfinite(found)
    assert found < -10


def test_gradient_is_finite_far_below_the_frontier() -> None:
    with pm.Model() as model:
        level = pm.Normal("level", 0, 10)
        pm.CustomDist(
            "row",
            level,
            0.5,
            0.05,
            logp=_log_density,
            random=_draw_rows,
            observed=np.array([-20.0]),
        )
    assert np.isfinite(model.compile_dlogp()({"level": np.array(0.0)})).all()


@pytest.mark.parametrize(("inefficiency", "noise"), SCALES)
def test_random_rows_follow_the_density(inefficiency: float, noise: float) -> None:
    rng = np.random.default_rng(1)
    draws = _draw_rows(FRONTIER, inefficiency, noise, rng, 2000)
    cdf = stats.skewnorm(inefficiency / noise, FRONTIER, np.hypot(inefficiency, noise)).cdf
    assert stats.kstest(draws, cdf).pvalue > 0.001


def make_rows(residuals: np.ndarray) -> pd.DataFrame:
    """Prepared rows of one target on a flat frontier, `residuals` above it."""
    return pd.DataFrame(
        {
            "model": [f"model {i}" for i in range(len(residuals))],
            "target": "AlexNet",
            "years": 0.0,
            "log10_ratio": FRONTIER + residuals,
        }
    )


def make_posterior(inefficiency: float, noise: float) -> xr.Dataset:
    scalars = {"inefficiency_scale": inefficiency, "noise_scale": noise}
    by_target = {"level": FRONTIER, "rate": 0.3}
    return xr.Dataset(
        {name: (("chain", "draw"), [[value]]) for name, value in scalars.items()}
        | {name: (("chain", "draw", "target"), [[[value]]]) for name, value in by_target.items()},
        coords={"target": ["AlexNet"]},
    )


@pytest.mark.parametrize("residual", [-0.3, 0.0, 0.4])
def test_distance_is_the_mean_of_what_noise_leaves(residual: float) -> None:
    inefficiency, noise = 0.4, 0.2
    rng = np.random.default_rng(1)
    above = np.abs(rng.normal(0, inefficiency, 2_000_000))
    total = above + rng.normal(0, noise, above.size)
    near = above[np.abs(total - residual) < 0.01]
    found = _distance(make_posterior(inefficiency, noise), make_rows(np.array([residual])))
    assert found.item() == pytest.approx(near.mean(), abs=5 * near.std() / np.sqrt(near.size))


def test_distance_is_positive_even_far_below_the_frontier() -> None:
    found = _distance(make_posterior(0.4, 0.05), make_rows(np.array([-5.0, -1.0, 0.0, 2.0])))
    assert np.isfinite(found).all()
    assert (found > 0).all()


def test_distance_grows_with_the_resource() -> None:
    found = _distance(make_posterior(0.4, 0.1), make_rows(np.array([-0.5, 0.0, 0.5, 1.0])))
    assert (found.diff("model") > 0).all()


def test_years_count_from_the_first_model_and_decades_from_the_reference() -> None:
    table, card = load_real("imagenet_efficiency")
    rows = _prepare(table, card.options)
    assert (rows.groupby("target").first()["years"] == 0).all()
    assert (rows["years"] >= 0).all()
    resource = 10 ** rows["log10_ratio"] * rows["target"].map(card.options.reference_resource)
    np.testing.assert_allclose(resource, rows["resource"])


def test_target_without_a_reference_is_refused() -> None:
    table, card = load_real("imagenet_efficiency")
    options = card.options.model_copy(update={"reference_resource": {"AlexNet": 3e17}})
    with pytest.raises(ValueError, match="Seq2Seq"):
        _prepare(table, options)


def test_reduction_factor_is_the_rate_over_the_observed_period() -> None:
    table, card = load_real("imagenet_efficiency")
    alexnet = table[table["target"] == "AlexNet"]
    period = (alexnet["release_date"].max() - alexnet["release_date"].min()).days / 365.25
    made = efficiency_frontier.estimands(
        make_posterior(0.4, 0.1).assign(rate_mean=(("chain", "draw"), [[0.2]])), alexnet, card
    )
    assert made["reduction_factor"].item() == pytest.approx(10 ** (0.3 * period))


def test_records_reproduce_the_sixteen_months_of_hernandez_and_brown() -> None:
    table, card = load_real("imagenet_efficiency")
    found = efficiency_frontier.baseline(table, card).set_index(["key", "method"])["estimate"]
    (months,) = [
        value
        for (key, method), value in found.items()
        if key == "doubling_time_months[AlexNet]" and method.startswith("OLS on")
    ]
    published = REFERENCE["doubling_time_months"]
    assert months == pytest.approx(published["estimate"], abs=published["tolerance"])


def test_best_record_took_44_times_less_compute_than_the_first() -> None:
    table, _ = load_real("imagenet_efficiency")
    alexnet = table[table["target"] == "AlexNet"].sort_values("release_date")
    published = REFERENCE["reduction_factor"]
    found = alexnet["resource"].iloc[0] / alexnet["resource"].min()
    assert found == pytest.approx(published["estimate"], abs=published["tolerance"])


def test_simulated_models_lie_on_the_frontier_where_noise_is_nil() -> None:
    table, card = load_real("imagenet_efficiency")
    truth = TRUTH | {"inefficiency_scale": 0.0, "noise_scale": 0.0}
    truth["reference_resource"] = card.options.reference_resource
    truth["level"] = dict.fromkeys(TRUTH["level"], 0.0)
    simulated = efficiency_frontier.simulate(table, truth, np.random.default_rng(1))
    rows = _prepare(simulated, card.options)
    rate = rows["target"].map(truth["rate"])
    np.testing.assert_allclose(rows["log10_ratio"], -rate * rows["years"], atol=1e-12)


@pytest.mark.slow
def test_known_truth_is_recovered() -> None:
    table, card = load_real("imagenet_efficiency")
    truth = TRUTH | {"reference_resource": card.options.reference_resource}
    simulated = efficiency_frontier.simulate(table, truth, np.random.default_rng(3))
    posterior = sample("efficiency_frontier", simulated, card, seed=3)
    for name in ("rate", "level"):
        for target, true in TRUTH[name].items():
            draws = posterior[name].sel(target=target)
            assert abs(draws.mean() - true) < 3 * draws.std(), (name, target)
    assert posterior["rate"].sel(target="AlexNet").std() < 0.08
    for name in ("inefficiency_scale", "noise_scale"):
        lower, upper = posterior[name].quantile([0.005, 0.995]).to_numpy()
        assert lower < TRUTH[name] < upper, name


# What a study of calibration asks of the model.


def test_data_are_all_that_build_reads() -> None:
    table, card = load_real("imagenet_efficiency")
    priors = efficiency_frontier.Priors()
    built = efficiency_frontier.build(table, card, priors)
    values = efficiency_frontier.data(table, card, priors)
    assert set(values) == {each.name for each in built.data_vars}
    for each in built.data_vars:
        np.testing.assert_array_equal(each.get_value(), values[each.name])


def test_truth_from_the_prior_can_be_simulated_and_summarised() -> None:
    table, card = load_real("imagenet_efficiency")
    rng = np.random.default_rng(1)
    truth = efficiency_frontier.sample_prior(table, card, efficiency_frontier.Priors(), rng)
    simulated = efficiency_frontier.simulate(table, truth, rng)
    made = efficiency_frontier.estimands(as_draws(truth, efficiency_frontier.DIMS), simulated, card)
    assert len(simulated) == len(fitted_rows(table))
    assert all(np.isfinite(each).all() for each in made.data_vars.values())


def test_regressors_are_years_and_all_targets_but_the_first() -> None:
    table, card = load_real("imagenet_efficiency")
    frame = efficiency_frontier.regressors(table, card)
    assert len(frame) == len(table)
    assert list(frame) == [
        "years since the target's first model",
        "target GNMT",
        "target ResNet-50",
        "target Seq2Seq",
    ]
    assert np.linalg.matrix_rank(frame.assign(one=1.0)) == 5


def test_truths_follow_the_priors() -> None:
    table, card = load_real("imagenet_efficiency")
    rng, priors = np.random.default_rng(1), efficiency_frontier.Priors()
    truths = [efficiency_frontier.sample_prior(table, card, priors, rng) for _ in range(2000)]
    rates = np.array([list(each["rate"].values()) for each in truths])
    assert rates.mean() == pytest.approx(0.3, abs=0.03)
    within = np.square(rates - rates.mean(axis=1, keepdims=True)).sum(axis=1).mean() / 3
    assert within == pytest.approx((2 + 2**2) / 15**2, rel=0.15)  # E[sd^2] of Gamma(2, 15)
    squared = [each["inefficiency_scale"] ** 2 + each["noise_scale"] ** 2 for each in truths]
    np.testing.assert_allclose(squared, [each["spread"] ** 2 for each in truths])
