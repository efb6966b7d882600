"""The prior as one readable value: it draws what PyMC draws, and widens by its scale alone."""

from dataclasses import dataclass

import numpy as np
import pymc as pm
import pytest
from scipy import stats

from models.core.prior import Prior, list_priors, prior_data

PRIORS = {
    "Normal": (Prior("Normal", (0.5, 2.0), "1", "test"), stats.norm(0.5, 2.0)),
    "HalfNormal": (Prior("HalfNormal", (0.3,), "1", "test"), stats.halfnorm(0, 0.3)),
    "LogNormal": (
        Prior("LogNormal", (-1.0, 0.5), "1", "test"),
        stats.lognorm(0.5, scale=np.exp(-1)),
    ),
    "Gamma": (Prior("Gamma", (2.0, 15.0), "1", "test"), stats.gamma(2.0, scale=1 / 15)),
    "Beta": (Prior("Beta", (1.5, 3.0), "1", "test"), stats.beta(1.5, 3.0)),
}


@pytest.mark.parametrize("family", PRIORS)
def test_draws_follow_the_family(family: str) -> None:
    prior, expected = PRIORS[family]
    draws = prior.draw(np.random.default_rng(1), 4000)
    assert stats.kstest(draws, expected.cdf).pvalue > 0.001


@pytest.mark.parametrize("family", PRIORS)
def test_pymc_variable_has_the_same_density(family: str) -> None:
    prior, expected = PRIORS[family]
    points = expected.ppf([0.1, 0.5, 0.9])
    with pm.Model():
        variable = prior.variable("quantity")
    assert pm.logp(variable, points).eval() == pytest.approx(expected.logpdf(points))


@pytest.mark.parametrize("family", PRIORS)
def test_parameters_are_data_of_the_model(family: str) -> None:
    """So a compiled model can be refitted with another prior."""
    prior, expected = PRIORS[family]
    with pm.Model() as model:
        variable = prior.variable("quantity")
    np.testing.assert_array_equal(model["prior_quantity"].get_value(), prior.parameters)
    point = expected.ppf(0.3)
    before = pm.logp(variable, point).eval()
    model.set_data("prior_quantity", np.array(prior.parameters) * 1.5)
    assert pm.logp(variable, point).eval() != before


def test_data_of_all_priors_go_by_their_names() -> None:
    @dataclass(frozen=True)
    class Priors:
        rate: Prior = PRIORS["Normal"][0]
        scale: Prior = PRIORS["HalfNormal"][0]

    values = prior_data(Priors())
    assert {name: value.tolist() for name, value in values.items()} == {
        "prior_rate": [0.5, 2.0],
        "prior_scale": [0.3],
    }


@pytest.mark.parametrize("size", [(), 3, (2, 3)])
def test_draws_have_the_shape_asked_for(size: int | tuple[int, ...]) -> None:
    prior, _ = PRIORS["HalfNormal"]
    assert prior.draw(np.random.default_rng(1), size).shape == np.empty(size).shape


@pytest.mark.parametrize(
    ("family", "widened"),
    [("Normal", (0.5, 4.0)), ("HalfNormal", (0.6,)), ("LogNormal", (-1.0, 1.0))],
)
def test_widening_changes_the_scale_alone(family: str, widened: tuple[float, ...]) -> None:
    assert PRIORS[family][0].widened(2).parameters == widened


@pytest.mark.parametrize("family", ["Gamma", "Beta"])
def test_family_without_a_scale_is_not_widened(family: str) -> None:
    prior, _ = PRIORS[family]
    assert prior.widened(2) == prior


def test_prior_reads_as_its_formula() -> None:
    assert str(PRIORS["LogNormal"][0]) == "LogNormal(-1, 0.5)"


def test_priors_are_listed_in_the_order_of_the_file() -> None:
    @dataclass(frozen=True)
    class Priors:
        second: Prior = PRIORS["Beta"][0]
        first: Prior = PRIORS["Normal"][0]

    assert [name for name, _ in list_priors(Priors())] == ["second", "first"]
