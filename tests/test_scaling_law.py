"""The scaling law: closed forms against brute force, the published fit, and recovery."""

from typing import Any

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from scipy import optimize
from tables_for_models import ROOT, load_real, read_reference, sample

from models import Card, as_draws, fitted_rows
from models.effective_compute.allocation import log10_allocation
from models.scaling import scaling_law
from pipeline.ingest.cards.card import load_card

FLOP = 6  # a parameter and token
TRUTH = {
    "irreducible_loss": 1.82,
    "exponent_parameters": 0.28,  # far apart, so that one taken for the other shows
    "exponent_tokens": 0.45,
    "contribution_parameters": 0.43,
    "contribution_tokens": 0.35,
    "noise_scale": 0.006,
    "tail_weight": 3.0,
}
# E, A, B, a, b: near the published law, and one with very different exponents
LAWS = {"published": (1.8, 480.0, 2085.0, 0.35, 0.37), "lopsided": (1.5, 60.0, 20_000.0, 0.2, 0.45)}
REFERENCE = read_reference("besiroglu2024chinchilla")


def make_posterior(*laws: tuple[float, ...]) -> xr.Dataset:
    """A posterior of one chain whose draws are `laws`, centred on the real runs."""
    rows = fitted_rows(load_real("chinchilla_runs")[0])
    center_n, center_d = (
        np.exp(np.log(rows[name]).mean()) for name in ("parameters", "training_tokens")
    )
    draws = {
        "irreducible_loss": [e for e, *_ in laws],
        "exponent_parameters": [a for *_, a, _ in laws],
        "exponent_tokens": [b for *_, b in laws],
        "contribution_parameters": [big_a * center_n**-a for _, big_a, _, a, _ in laws],
        "contribution_tokens": [big_b * center_d**-b for _, _, big_b, _, b in laws],
    }
    return xr.Dataset({name: (("chain", "draw"), [values]) for name, values in draws.items()})


def reducible_loss(law: tuple[float, ...], parameters: Any, tokens: Any) -> Any:
    _, big_a, big_b, a, b = law
    return big_a * parameters**-a + big_b * tokens**-b


def least_flop_by_search(law: tuple[float, ...], target: float) -> float:
    """The least 6ND on the contour of equal reducible loss, by numerical minimisation over N."""
    _, big_a, big_b, a, b = law
    fewest = (big_a / target) ** (1 / a)  # where no loss is left for the tokens

    def log_flop(log_n: float) -> float:
        left = target - big_a * np.exp(-a * log_n)
        return float(np.log(FLOP) + log_n + np.log(big_b / left) / b)

    span = (np.log(fewest) + 1e-6, np.log(fewest) + 30)
    found = optimize.minimize_scalar(
        log_flop, bounds=span, method="bounded", options={"xatol": 1e-9}
    )
    return float(np.exp(found.fun))


def best_division_by_search(law: tuple[float, ...], flop: float) -> tuple[float, float]:
    """Parameters and reducible loss of the best division of `flop`, by numerical minimisation."""

    def loss(log_n: float) -> float:
        return float(reducible_loss(law, np.exp(log_n), flop / FLOP / np.exp(log_n)))

    found = optimize.minimize_scalar(
        loss, bounds=(np.log(1e6), np.log(1e14)), method="bounded", options={"xatol": 1e-9}
    )
    return float(np.exp(found.x)), float(found.fun)


def estimate(law: tuple[float, ...], name: str, **options: Any) -> xr.DataArray:
    """Estimand `name` of a posterior that is one law, with the card's options changed as stated."""
    table, card = load_real("chinchilla_runs")
    changed = Card(card.dataset, card.table, card.options.model_copy(update=options), card.runs)
    return scaling_law.estimands(make_posterior(law), table, changed)[name].isel(chain=0, draw=0)


def with_run(parameters: float, tokens: float) -> Card:
    """The real card with one named run of the stated size."""
    _, card = load_real("chinchilla_runs")
    assert card.runs is not None
    options = card.options.model_copy(update={"allocation_runs": ["toy"]})
    runs = card.runs.head(1).assign(model="toy", parameters=parameters, training_tokens=tokens)
    return Card(card.dataset, card.table, options, runs)


def allocation_factor(law: tuple[float, ...], parameters: float, tokens: float) -> float:
    table, _ = load_real("chinchilla_runs")
    made = scaling_law.estimands(make_posterior(law), table, with_run(parameters, tokens))
    return float(made["allocation_factor"].item())


@pytest.mark.parametrize("law", LAWS.values(), ids=LAWS)
def test_coefficients_are_undone_from_the_centre(law: tuple[float, ...]) -> None:
    found = [estimate(law, f"coefficient_{name}").item() for name in ("parameters", "tokens")]
    assert found == pytest.approx([law[1], law[2]])


@pytest.mark.parametrize("law", LAWS.values(), ids=LAWS)
@pytest.mark.parametrize("flop", [1e20, 5.76e23])
def test_optimal_ratio_agrees_with_a_search(law: tuple[float, ...], flop: float) -> None:
    parameters, _ = best_division_by_search(law, flop)
    expected = flop / FLOP / parameters**2
    found = estimate(law, "optimal_tokens_per_parameter", optimal_at_flop=[flop])
    assert found.item() == pytest.approx(expected, rel=1e-3)


@pytest.mark.parametrize("law", LAWS.values(), ids=LAWS)
@pytest.mark.parametrize("flop", [1e20, 5.76e23])
def test_run_on_the_optimum_has_factor_one(law: tuple[float, ...], flop: float) -> None:
    parameters, _ = best_division_by_search(law, flop)
    assert allocation_factor(law, parameters, flop / FLOP / parameters) == pytest.approx(
        1, abs=1e-6
    )


@pytest.mark.parametrize("law", LAWS.values(), ids=LAWS)
@pytest.mark.parametrize("shift", [0.1, 0.5, 2.0, 10.0])
def test_run_off_the_optimum_has_factor_above_one(law: tuple[float, ...], shift: float) -> None:
    parameters, _ = best_division_by_search(law, 1e23)
    assert allocation_factor(law, shift * parameters, 1e23 / FLOP / parameters / shift) > 1.01


@pytest.mark.parametrize("law", LAWS.values(), ids=LAWS)
@pytest.mark.parametrize(("parameters", "tokens"), [(280e9, 300e9), (8e9, 15e12), (70e9, 1.4e12)])
def test_allocation_factor_agrees_with_a_search_along_equal_loss(
    law: tuple[float, ...], parameters: float, tokens: float
) -> None:
    least = least_flop_by_search(law, reducible_loss(law, parameters, tokens))
    expected = FLOP * parameters * tokens / least
    assert allocation_factor(law, parameters, tokens) == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize("law", LAWS.values(), ids=LAWS)
def test_least_compute_reaches_the_same_loss(law: tuple[float, ...]) -> None:
    parameters, tokens = 280e9, 300e9
    least = FLOP * parameters * tokens / allocation_factor(law, parameters, tokens)
    _, reached = best_division_by_search(law, least)
    assert reached == pytest.approx(reducible_loss(law, parameters, tokens), rel=1e-6)


def test_frontier_of_the_chart_is_the_least_loss_of_its_compute() -> None:
    table, card = load_real("chinchilla_runs")
    law = LAWS["published"]
    figure = scaling_law.charts(make_posterior(law), table, card)[0]
    assert figure.curve is not None
    for _, point in figure.curve.frame.iloc[::13].iterrows():
        _, reducible = best_division_by_search(law, point["x"])
        assert point["median"] == pytest.approx(law[0] + reducible, rel=1e-6)


def test_optimal_parameters_grow_as_compute_to_the_stated_power() -> None:
    law = LAWS["lopsided"]
    small, large = (best_division_by_search(law, flop)[0] for flop in (1e20, 1e24))
    power = estimate(law, "optimal_exponent_parameters").item()
    assert np.log(large / small) / np.log(1e4) == pytest.approx(power, rel=1e-4)


def test_named_run_without_tokens_is_refused_by_name() -> None:
    with pytest.raises(
        ValueError, match=r"without parameters and tokens in the registry: \['toy'\]"
    ):
        scaling_law.estimands(
            make_posterior(LAWS["published"]),
            load_real("chinchilla_runs")[0],
            with_run(1e9, np.nan),
        )


def test_estimands_without_the_registry_are_refused() -> None:
    table, card = load_real("chinchilla_runs")
    with pytest.raises(ValueError, match="need the run registry"):
        scaling_law.estimands(
            make_posterior(LAWS["published"]), table, Card(card.dataset, card.table, card.options)
        )


@pytest.fixture(scope="module")
def baseline() -> dict[str, float]:
    table, card = load_real("chinchilla_runs")
    frame = scaling_law.baseline(table, card)
    fitted = frame[frame["method"].str.contains("240 runs")].set_index("key")
    return fitted["estimate"].to_dict()


def test_published_fit_reads_240_runs() -> None:
    assert len(fitted_rows(load_real("chinchilla_runs")[0])) == 240


@pytest.mark.parametrize("key", REFERENCE)
def test_baseline_reproduces_besiroglu_2024(baseline: dict[str, float], key: str) -> None:
    # the same data and method: a tenth of the published standard error, where two would do
    published = REFERENCE[key]
    assert abs(baseline[key] - published["estimate"]) < published["standard_error"] / 10


@pytest.mark.slow
def test_known_truth_is_recovered() -> None:
    table, card = load_real("chinchilla_runs")
    simulated = scaling_law.simulate(table, TRUTH, np.random.default_rng(1))
    posterior = sample("scaling_law", simulated, card, seed=1)
    for name, truth in TRUTH.items():
        mean, sd = posterior[name].mean().item(), posterior[name].std().item()
        assert abs(mean - truth) < 3 * sd, f"{name}: {mean:.4g} +- {sd:.2g}, truth {truth}"
    assert posterior["exponent_parameters"].std() < 0.02
    assert posterior["exponent_tokens"].std() < 0.02
    assert posterior["irreducible_loss"].std() < 0.03


def test_simulated_losses_follow_the_law_where_noise_is_nil() -> None:
    table, _ = load_real("chinchilla_runs")
    made = make_posterior(LAWS["published"]).isel(chain=0, draw=0)
    truth = {name: made[name].item() for name in made} | {"noise_scale": 0.0, "tail_weight": 4.0}
    simulated = scaling_law.simulate(table, truth, np.random.default_rng(1))
    law = LAWS["published"]
    expected = law[0] + reducible_loss(law, simulated["parameters"], simulated["training_tokens"])
    np.testing.assert_allclose(simulated["loss_nats"], expected)


# What a study of calibration asks of the model.


def test_data_are_all_that_build_reads() -> None:
    table, card = load_real("chinchilla_runs")
    priors = scaling_law.Priors()
    built = scaling_law.build(table, card, priors)
    values = scaling_law.data(table, card, priors)
    assert set(values) == {each.name for each in built.data_vars}
    for each in built.data_vars:
        np.testing.assert_array_equal(each.get_value(), values[each.name])


def test_truth_from_the_prior_can_be_simulated_and_summarised() -> None:
    table, card = load_real("chinchilla_runs")
    rng = np.random.default_rng(1)
    truth = scaling_law.sample_prior(table, card, scaling_law.Priors(), rng)
    simulated = scaling_law.simulate(table, truth, rng)
    made = scaling_law.estimands(as_draws(truth, scaling_law.DIMS), simulated, card)
    assert len(simulated) == len(fitted_rows(table))
    assert all(np.isfinite(each).all() for each in made.data_vars.values())


def test_regressors_are_decades_of_size() -> None:
    table, card = load_real("chinchilla_runs")
    rows = fitted_rows(table)
    frame = scaling_law.regressors(table, card)
    np.testing.assert_allclose(10 ** frame["log10 parameters"], rows["parameters"])
    np.testing.assert_allclose(10 ** frame["log10 tokens"], rows["training_tokens"])


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
    published = [row.estimate for row in card.published if "Gopher" in row.estimand]
    assert factor in published
