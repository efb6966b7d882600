"""The scaling law and allocation: closed forms against brute force, and the published fit."""

from dataclasses import asdict, replace
from typing import Any

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from scipy import optimize
from tables_for_models import (
    FLOP,
    ROOT,
    load_real,
    make_card,
    make_law,
    make_leaderboard,
    read_reference,
)

from models import Card, as_draws, fitted_rows
from models.effective_compute.allocation import (
    MINIMUM_KNOWN,
    log10_allocation,
    summarise_allocation,
)
from models.effective_compute.design import make_design
from models.leaderboards import compute_multiplier
from models.scaling import huber, scaling_law
from models.scaling.law import Law
from pipeline.fit.density import sample_prior
from pipeline.ingest.cards.card import load_card

# E, a, b, log A, log B: near the published law, and one with very different exponents
LAWS = {
    "published": Law(1.8, 0.35, 0.37, np.log(480.0), np.log(2085.0)),
    "lopsided": Law(1.5, 0.2, 0.45, np.log(60.0), np.log(20_000.0)),
}
# Hoffmann et al. 2022, Table 1: parameters and tokens.
SIZES = {
    "Gopher": (280e9, 300e9),
    "Chinchilla": (70e9, 1.4e12),
    "GPT-3": (175e9, 300e9),
    "LLaMA": (7e9, 1e12),
    "small and long": (1e9, 1e13),
}
REFERENCE = read_reference("besiroglu2024chinchilla")
each_law = pytest.mark.parametrize("law", LAWS.values(), ids=LAWS)


def reducible_loss(law: Law, parameters: Any, tokens: Any) -> Any:
    big_a, big_b = np.exp(law.log_coefficient_parameters), np.exp(law.log_coefficient_tokens)
    return big_a / parameters**law.exponent_parameters + big_b / tokens**law.exponent_tokens


def divide_best(law: Law, flop: float) -> tuple[float, float]:
    """Parameters and reducible loss of the best division of `flop`, by numerical minimisation."""
    found = optimize.minimize_scalar(
        lambda log_n: reducible_loss(law, np.exp(log_n), flop / FLOP / np.exp(log_n)),
        bounds=(np.log(1e5), np.log(1e15)),
        method="bounded",
        options={"xatol": 1e-9},
    )
    return float(np.exp(found.x)), float(found.fun)


def allocation_factor(law: Law, parameters: float, tokens: float) -> float:
    """The compute that was used over the least for the same loss, by both of our closed forms."""
    draws = pd.DataFrame([asdict(law)])
    for name in ("parameters", "tokens"):
        draws[f"coefficient_{name}"] = np.exp(draws[f"log_coefficient_{name}"])
    found = float(law.allocation_factor(np.log(parameters), np.log(tokens)))
    decades = log10_allocation(draws, np.array([parameters]), np.array([tokens])).item()
    assert found == pytest.approx(10**-decades)
    return found


@each_law
@pytest.mark.parametrize("flop", [1e20, 5.76e23])
def test_best_division_agrees_with_a_search_and_costs_nothing(law: Law, flop: float) -> None:
    parameters, reducible = divide_best(law, flop)
    tokens = flop / FLOP / parameters
    assert law.best_tokens_per_parameter(flop) == pytest.approx(tokens / parameters, rel=1e-3)
    assert law.least_loss(flop) == pytest.approx(law.irreducible_loss + reducible, rel=1e-6)
    assert allocation_factor(law, parameters, tokens) == pytest.approx(1, abs=1e-6)
    for shift in (0.1, 0.5, 2.0):
        assert allocation_factor(law, shift * parameters, tokens / shift) > 1.01


@each_law
@pytest.mark.parametrize("name", SIZES)
def test_allocation_factor_agrees_with_a_search_for_the_least_compute(law: Law, name: str) -> None:
    parameters, tokens = SIZES[name]
    target = np.log(reducible_loss(law, parameters, tokens))
    log_least = optimize.brentq(
        lambda log_c: np.log(divide_best(law, np.exp(log_c))[1]) - target, 40, 66, xtol=1e-10
    )
    expected = FLOP * parameters * tokens / np.exp(log_least)
    assert allocation_factor(law, parameters, tokens) == pytest.approx(expected, rel=1e-4)


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
    return as_draws(drawn, {})


@each_law
def test_estimands_are_those_of_the_law_undone_from_the_centre(law: Law) -> None:
    table, card = load_real("chinchilla_runs")
    made = scaling_law.estimands(make_posterior(law), table, card)
    coefficients = [made[f"coefficient_{name}"].item() for name in ("parameters", "tokens")]
    logs = [law.log_coefficient_parameters, law.log_coefficient_tokens]
    assert np.log(coefficients) == pytest.approx(logs)
    small, large = (divide_best(law, flop)[0] for flop in (1e20, 1e24))
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


# Allocation: the closed form against brute force, and the moment summary against its draws.


def test_moment_summary_has_mean_and_covariance_of_the_draws() -> None:
    design = make_design(*load_real("mmlu"))
    summary = design.allocation
    assert summary is not None
    known = summary.is_known
    sizes = design.parameters[known], design.training_tokens[known]
    draws = log10_allocation(make_law(), *sizes)
    assert draws.shape == (len(make_law()), known.sum())
    assert (draws <= 1e-12).all()
    np.testing.assert_allclose(summary.mean[known], draws.mean(axis=0), atol=1e-12)
    loading = summary.loading[known]
    covariance = np.cov(draws.T, bias=True)
    left_out = np.linalg.norm(covariance - loading @ loading.T) / np.linalg.norm(covariance)
    assert left_out < 0.02


def test_sides_are_too_few_and_too_many_tokens_and_the_unknown_has_the_mean_of_either() -> None:
    """Gopher and GPT-3 took too few tokens, LLaMA 7B too many."""
    names = ("Gopher", "LLaMA", "GPT-3")
    sizes = np.array([*(SIZES[name] for name in names), (1e11, np.nan)])
    summary = summarise_allocation(make_law(), *sizes.T)
    assert summary.is_known.tolist() == [True, True, True, False]
    assert summary.is_over.tolist() == [False, True, False, False]
    under, over = summary.unknown_mean
    assert over == pytest.approx(-summary.mean[1] / 3)
    assert under + over == pytest.approx(-summary.mean[:3].mean())
    assert summary.mean[3] == 0
    assert (summary.loading[3] == 0).all()


def test_too_little_to_measure_it_is_refused() -> None:
    sizes = np.array([1e9, 1e10, np.nan, np.nan])
    with pytest.raises(ValueError, match=f"2 dense base models, allocation needs {MINIMUM_KNOWN}"):
        summarise_allocation(make_law(), sizes, 20 * sizes)
    card = replace(make_card(), scaling_law=None)
    with pytest.raises(ValueError, match="the law's draws are needed"):
        _ = make_design(make_leaderboard(), card).allocation
    assert make_design(make_leaderboard(), make_card(allocation="none")).allocation is None


def test_coefficients_of_the_sides_multiply_known_costs_and_the_mean_of_the_unknown() -> None:
    """The unknown is minus an exponential variable: its mean is its standard deviation."""
    table, card = make_leaderboard(), make_card()
    summary, worth = make_design(table, card).allocation, {"under": 0.5, "over": 2.0}
    assert summary is not None
    assert summary.is_over.tolist() == [True, False, False, True]
    plain = compute_multiplier.Priors()
    fixed = {
        f"allocation_{side}": replace(plain.allocation_under, parameters=(value, 0.0))
        for side, value in worth.items()
    }
    model = compute_multiplier.build(table, card, replace(plain, **fixed))
    drawn = sample_prior(model, 4000, seed=1)["prior"]["allocation"].to_numpy()[0]
    known = summary.mean[[0, 1, 3]] * [2.0, 0.5, 2.0]
    spread = np.linalg.norm(summary.loading[[0, 1, 3]], axis=1) * [2.0, 0.5, 2.0]
    np.testing.assert_allclose(drawn[:, [0, 1, 3]].mean(axis=0), known, atol=0.01)
    np.testing.assert_allclose(drawn[:, [0, 1, 3]].std(axis=0), spread, rtol=0.05)
    assert (drawn[:, 2] < 0).all()
    np.testing.assert_allclose(drawn[:, 2].mean(), known.mean(), rtol=0.05)
    np.testing.assert_allclose(drawn[:, 2].std(), -known.mean(), rtol=0.1)


def test_least_squares_finds_the_published_law_of_llama_3_again() -> None:
    """Czech et al. 2026: E 0.6048, exponents 0.310 and 0.314, on the same 133 runs."""
    rows = load_real("llama3_isoflop")[0]
    small, short = (rows[name] / rows[name].mean() for name in ("parameters", "training_tokens"))

    def miss(law: np.ndarray) -> Any:
        return law[0] + law[1] * small ** -law[3] + law[2] * short ** -law[4] - rows["loss_nats"]

    found = optimize.least_squares(miss, [0.6, 0.1, 0.1, 0.3, 0.3]).x
    assert found[[0, 3, 4]] == pytest.approx([0.6048, 0.310, 0.314], abs=5e-4)


@pytest.mark.parametrize(
    ("recipe", "all_runs", "middle"),
    [
        ("comma", (0.67, 0.35), (0.51, 0.19)),
        ("dclm", (0.69, 0.41), (0.52, 0.27)),
        ("nemotron", (0.64, 0.40), (0.42, 0.25)),
    ],
)
def test_exponents_of_marin_fall_without_lopsided_runs_as_the_cards_say(
    recipe: str, all_runs: tuple[float, float], middle: tuple[float, float]
) -> None:
    rows = load_real(f"marin_{recipe}")[0]
    kept = rows[(rows["training_tokens"] / rows["parameters"]).between(1, 100)]
    for runs, expected in ((rows, all_runs), (kept, middle)):
        assert huber.fit(runs)[3:] == pytest.approx(expected, abs=0.006)
