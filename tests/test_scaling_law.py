"""The scaling law: closed forms against brute force and the published fit."""

from typing import Any

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from scipy import optimize
from tables_for_models import ROOT, load_real, read_reference

from models import Card, fitted_rows
from models.effective_compute.allocation import log10_allocation
from models.scaling import huber, scaling_law
from models.scaling.law import Law
from pipeline.ingest.cards.card import load_card

FLOP = 6  # a parameter and token
# E, a, b, log A, log B: near the published law, and one with very different exponents
LAWS = {
    "published": Law(1.8, 0.35, 0.37, np.log(480.0), np.log(2085.0)),
    "lopsided": Law(1.5, 0.2, 0.45, np.log(60.0), np.log(20_000.0)),
}
REFERENCE = read_reference("besiroglu2024chinchilla")
each_law = pytest.mark.parametrize("law", LAWS.values(), ids=LAWS)


def reducible_loss(law: Law, parameters: Any, tokens: Any) -> Any:
    big_a, big_b = np.exp(law.log_coefficient_parameters), np.exp(law.log_coefficient_tokens)
    return big_a / parameters**law.exponent_parameters + big_b / tokens**law.exponent_tokens


def best_division_by_search(law: Law, flop: float) -> tuple[float, float]:
    """Parameters and reducible loss of the best division of `flop`, by numerical minimisation."""
    found = optimize.minimize_scalar(
        lambda log_n: reducible_loss(law, np.exp(log_n), flop / FLOP / np.exp(log_n)),
        bounds=(np.log(1e6), np.log(1e14)),
        method="bounded",
        options={"xatol": 1e-9},
    )
    return float(np.exp(found.x)), float(found.fun)


def allocation_factor(law: Law, parameters: float, tokens: float) -> float:
    return float(law.allocation_factor(np.log(parameters), np.log(tokens)))


@each_law
@pytest.mark.parametrize("flop", [1e20, 5.76e23])
def test_best_division_agrees_with_a_search(law: Law, flop: float) -> None:
    parameters, reducible = best_division_by_search(law, flop)
    tokens = flop / FLOP / parameters
    assert law.best_tokens_per_parameter(flop) == pytest.approx(tokens / parameters, rel=1e-3)
    assert law.least_loss(flop) == pytest.approx(law.irreducible_loss + reducible, rel=1e-6)
    assert allocation_factor(law, parameters, tokens) == pytest.approx(1, abs=1e-6)


@each_law
def test_allocation_factor_is_that_of_the_closed_form_over_draws(law: Law) -> None:
    """Which is searched for in test_allocation.py."""
    draws = pd.DataFrame(
        {
            "exponent_parameters": [law.exponent_parameters],
            "exponent_tokens": [law.exponent_tokens],
            "coefficient_parameters": np.exp([law.log_coefficient_parameters]),
            "coefficient_tokens": np.exp([law.log_coefficient_tokens]),
        }
    )
    sizes = np.array([280e9, 8e9, 70e9]), np.array([300e9, 15e12, 1.4e12])
    expected = 10 ** -log10_allocation(draws, *sizes)[0]
    found = [allocation_factor(law, *each) for each in zip(*sizes, strict=True)]
    np.testing.assert_allclose(found, expected, rtol=1e-9)


def make_posterior(law: Law) -> xr.Dataset:
    """A posterior of one draw, centred on the real runs."""
    rows = fitted_rows(load_real("chinchilla_runs")[0])
    center_n, center_d = (
        np.exp(np.log(rows[name]).mean()) for name in ("parameters", "training_tokens")
    )
    drawn = {
        "irreducible_loss": law.irreducible_loss,
        "exponent_parameters": law.exponent_parameters,
        "exponent_tokens": law.exponent_tokens,
        "contribution_parameters": reducible_loss(law, center_n, np.inf),
        "contribution_tokens": reducible_loss(law, np.inf, center_d),
    }
    return xr.Dataset({name: (("chain", "draw"), [[value]]) for name, value in drawn.items()})


@each_law
def test_estimands_are_those_of_the_law_undone_from_the_centre(law: Law) -> None:
    table, card = load_real("chinchilla_runs")
    made = scaling_law.estimands(make_posterior(law), table, card)
    coefficients = [made[f"coefficient_{name}"].item() for name in ("parameters", "tokens")]
    logs = [law.log_coefficient_parameters, law.log_coefficient_tokens]
    assert np.log(coefficients) == pytest.approx(logs)
    small, large = (best_division_by_search(law, flop)[0] for flop in (1e20, 1e24))
    power = made["optimal_exponent_parameters"].item()
    assert np.log(large / small) / np.log(1e4) == pytest.approx(power, rel=1e-4)
    gopher = made["allocation_factor"].sel(run="Gopher 280B").item()
    assert gopher == pytest.approx(allocation_factor(law, 280e9, 300e9))


def test_named_run_without_tokens_or_registry_is_refused() -> None:
    table, card = load_real("chinchilla_runs")
    posterior = make_posterior(LAWS["published"])
    assert card.runs is not None
    runs = card.runs.assign(training_tokens=np.nan)
    for registry, words in ((runs, r"registry: \['"), (None, "need the run registry")):
        with pytest.raises(ValueError, match=words):
            scaling_law.estimands(
                posterior, table, Card(card.dataset, card.table, card.options, registry)
            )


@pytest.fixture(scope="module")
def fitted() -> dict[str, float]:
    """What the published method finds on the 240 runs of the published fit."""
    table, card = load_real("chinchilla_runs")
    rows = fitted_rows(table)
    assert len(rows) == 240
    made = scaling_law.report(huber.make_law(huber.fit(rows)), card)
    return {key: made[key].item() for key in REFERENCE}


@pytest.mark.parametrize("key", REFERENCE)
def test_baseline_reproduces_besiroglu_2024(fitted: dict[str, float], key: str) -> None:
    # the same data and method: a tenth of the published standard error, where two would do
    published = REFERENCE[key]
    assert abs(fitted[key] - published["estimate"]) < published["standard_error"] / 10


def test_simulated_losses_follow_the_law_where_noise_is_nil() -> None:
    table, law = load_real("chinchilla_runs")[0], LAWS["published"]
    made = make_posterior(law).isel(chain=0, draw=0)
    truth = {name: made[name].item() for name in made} | {"noise_scale": 0.0, "tail_weight": 4.0}
    simulated = scaling_law.simulate(table, truth, np.random.default_rng(1))
    expected = reducible_loss(law, simulated["parameters"], simulated["training_tokens"])
    np.testing.assert_allclose(simulated["loss_nats"], law.irreducible_loss + expected)


@pytest.mark.parametrize(
    ("constants", "factor"),
    [((0.34, 0.28, 406.4, 410.7), 3.93), ((0.34781, 0.36585, 482.01, 2085.43), 2.01)],
    ids=["Hoffmann et al. 2022, Eq. 10", "Besiroglu et al. 2024"],
)
def test_published_constants_imply_the_factors_of_gopher_on_the_card(
    constants: tuple[float, ...], factor: float
) -> None:
    """The fourfold gain is in the printed constants; the refitted ones halve it."""
    names = [
        f"{kind}_{of}" for kind in ("exponent", "coefficient") for of in ("parameters", "tokens")
    ]
    law = pd.DataFrame([constants], columns=names)
    decades = log10_allocation(law, np.array([280e9]), np.array([300e9]))
    assert 10 ** -decades.item() == pytest.approx(factor, abs=0.005)
    card = load_card(ROOT / "data/sources/chinchilla_runs/source.yaml").card
    assert factor in [row.estimate for row in card.published if "Gopher" in row.estimand]
