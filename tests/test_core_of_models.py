"""Priors draw what PyMC draws and widen by their scale; rates double; truths keep their labels."""

from dataclasses import dataclass

import numpy as np
import pymc as pm
import pytest
import xarray as xr
from scipy import stats

from models import as_draws
from models.core.prior import Prior, list_priors, prior_data
from models.core.rates import to_doubling_time

PRIORS = {
    "Normal": (Prior("Normal", (0.5, 2.0), "1", "test"), stats.norm(0.5, 2.0)),
    "HalfNormal": (Prior("HalfNormal", (0.3,), "1", "test"), stats.halfnorm(0, 0.3)),
    "LogNormal": (Prior("LogNormal", (-1.0, 0.5), "1", "test"), stats.lognorm(0.5, 0, np.exp(-1))),
    "Gamma": (Prior("Gamma", (2.0, 15.0), "1", "test"), stats.gamma(2.0, scale=1 / 15)),
    "Beta": (Prior("Beta", (1.5, 3.0), "1", "test"), stats.beta(1.5, 3.0)),
}
WIDENED = {"Normal": (0.5, 4.0), "HalfNormal": (0.6,), "LogNormal": (-1.0, 1.0)}


@dataclass(frozen=True)
class Priors:
    """Two priors, not in the order of the alphabet."""

    spread: Prior = PRIORS["HalfNormal"][0]
    rate: Prior = PRIORS["Normal"][0]


@pytest.mark.parametrize("family", PRIORS)
def test_draws_and_density_are_those_of_the_family(family: str) -> None:
    prior, expected = PRIORS[family]
    draws = prior.draw(np.random.default_rng(1), (2000, 2))
    assert draws.shape == (2000, 2)
    assert stats.kstest(draws.ravel(), expected.cdf).pvalue > 0.001
    points = expected.ppf([0.1, 0.5, 0.9])
    with pm.Model() as model:
        variable = prior.variable("quantity")
    density = pm.logp(variable, points)
    assert density.eval() == pytest.approx(expected.logpdf(points))
    model.set_data("prior_quantity", np.array(prior.parameters) * 1.5)
    assert (density.eval() != expected.logpdf(points)).all()  # refitted without compiling again


@pytest.mark.parametrize("family", PRIORS)
def test_widening_changes_the_scale_alone_where_there_is_one(family: str) -> None:
    prior, _ = PRIORS[family]
    assert prior.widened(2).parameters == WIDENED.get(family, prior.parameters)


def test_priors_go_by_their_names_in_the_order_of_the_file() -> None:
    assert [name for name, _ in list_priors(Priors())] == ["spread", "rate"]
    values = {name: value.tolist() for name, value in prior_data(Priors()).items()}
    assert values == {"prior_spread": [0.3], "prior_rate": [0.5, 2.0]}
    assert str(PRIORS["LogNormal"][0]) == "LogNormal(-1, 0.5)"


def test_doubling_times_are_infinite_without_progress_and_unknown_of_unknown_rates() -> None:
    rates = xr.DataArray([np.log10(2), 1.0, 0.0, -0.0, -0.3, np.nan], dims="draw")
    expected = [12.0, 12 * np.log10(2), np.inf, np.inf, np.inf, np.nan]
    np.testing.assert_allclose(to_doubling_time(rates), expected)


def test_truth_is_a_posterior_of_one_draw_whose_values_are_found_by_their_labels() -> None:
    gains = {"MATH": {"vote": 0.3, "tuning": 0.5}, "GSM8K": {"vote": 0.1, "tuning": 0.7}}
    dims = {"gain": ("technique",), "gain_on": ("benchmark", "technique")}
    drawn = as_draws({"rate": 0.4, "gain": {"tuning": 0.5, "vote": 0.3}, "gain_on": gains}, dims)
    assert drawn["rate"].dims == ("chain", "draw")
    assert drawn["rate"].item() == 0.4
    assert drawn["gain_on"].dims == ("chain", "draw", "benchmark", "technique")
    for benchmark, by_tag in gains.items():
        for tag, gain in by_tag.items():
            assert drawn["gain_on"].sel(benchmark=benchmark, technique=tag).item() == gain
    assert (drawn["gain"] - drawn["gain_on"].sel(benchmark="MATH") == 0).all()  # whatever the order
