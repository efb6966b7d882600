"""The law of idea production: its closed solution, its shocks, recovery, and published returns."""

from typing import Any

import numpy as np
import pandas as pd
import pymc as pm
import pytest
from scipy import integrate, stats
from tables_for_models import sample

from models import Card, as_draws
from models.options import EfficiencyError, ResearchInputOptions
from models.production import idea_production, idea_production_ceiling
from models.production.idea_law import LOG_10, solve
from pipeline.fit.density import UNCOMPILED

YEARS = 12
LAW = {"stepping_on_toes": 0.8, "fishing_out": 0.6, "initial_growth": 0.4}
CEILING = 1.5  # decades
NOTHING = 1e-9  # decades of error, or a shock

each_law = pytest.mark.parametrize(
    ("model", "more"),
    [(idea_production, {}), (idea_production_ceiling, {"ceiling_decades": CEILING})],
)


def make_table(observed: tuple[int, ...] = (YEARS,)) -> pd.DataFrame:
    """A field whose research grows by some 30 % a year, with dips, observed in the years named."""
    years = np.arange(YEARS + 1.0)
    research = 50 * np.exp(0.25 * years) * (1 + 0.5 * np.sin(years))
    return pd.DataFrame(
        {
            "domain": "field 0",
            "year": years,
            "efficiency": np.where(np.isin(years, (0, *observed)), 1.0 + years, np.nan),
            "research_input": np.where(years < YEARS, research, np.nan),
            "exclusion": pd.Series([None] * len(years), dtype="str"),
        }
    )


def make_card(table: pd.DataFrame, decades: float = 0.05) -> Card:
    errors = dict.fromkeys(table["domain"].unique(), EfficiencyError(decades=decades))
    options = ResearchInputOptions(headline_domain="field 0", efficiency_error=errors)
    return Card("toy", "research_inputs", options)


def make_truth(table: pd.DataFrame, shock: float, error: float, **more: float) -> dict[str, Any]:
    fields = list(table["domain"].unique())
    truth: dict[str, Any] = {k: dict.fromkeys(fields, v) for k, v in (LAW | more).items()}
    return truth | {"shock_scale": shock, "error_decades": dict.fromkeys(fields, error)}


def integrate_law(table: pd.DataFrame, ceiling: float | None) -> float:
    """Log efficiency at the end by SciPy's solver, year by year."""
    inputs = table["research_input"].to_numpy()
    power, top = LAW["fishing_out"], np.inf if ceiling is None else ceiling * LOG_10

    def growth(_: float, at: np.ndarray, effort: float) -> np.ndarray:
        room = -np.expm1(power * (at - top)) / -np.expm1(-power * top)
        return np.asarray(effort * np.exp(-power * at) * room)

    at = np.zeros(1)
    for research in inputs[:YEARS]:
        effort = LAW["initial_growth"] * (research / inputs[0]) ** LAW["stepping_on_toes"]
        at = integrate.solve_ivp(growth, (0, 1), at, args=(effort,), rtol=1e-9, atol=1e-9).y[:, -1]
    return float(at[0])


@pytest.mark.parametrize("ceiling", [None, CEILING, 3.0])
def test_closed_solution_is_that_of_the_differential_equation(ceiling: float | None) -> None:
    table = make_table()
    inputs = table["research_input"].to_numpy()[:YEARS]
    stock = np.sum((inputs / inputs[0]) ** LAW["stepping_on_toes"])
    top = None if ceiling is None else ceiling * LOG_10
    log_x, _ = solve(np, LAW["initial_growth"], LAW["fishing_out"], stock, top)
    assert log_x / LAW["fishing_out"] == pytest.approx(integrate_law(table, ceiling), rel=1e-6)


def test_law_far_below_its_ceiling_is_the_law_without_and_none_passes_it() -> None:
    plain, capped = (solve(np, 0.3, 0.7, 40.0, top) for top in (None, 30 * LOG_10))
    np.testing.assert_allclose(plain, capped, rtol=1e-9, atol=1e-9)
    log_x, _ = solve(np, 0.3, 0.7, np.array([1.0, 1e3, 1e12]), CEILING * LOG_10)
    assert (log_x / 0.7 <= CEILING * LOG_10 + 1e-9).all()


@each_law
def test_simulation_without_noise_is_the_differential_equation(
    model: Any, more: dict[str, float]
) -> None:
    table = make_table()
    truth = make_truth(table, NOTHING, NOTHING, **more)
    made = model.simulate(table, truth, np.random.default_rng(1))
    expected = integrate_law(table, more.get("ceiling_decades"))
    assert np.log(made["efficiency"].iloc[-1]) == pytest.approx(expected, rel=1e-5)


@each_law
def test_density_is_that_of_simulated_paths(model: Any, more: dict[str, float]) -> None:
    """Shocks, their decay and the error of two observations of a field, jointly."""
    table, rng = make_table((6, YEARS)), np.random.default_rng(2)
    truth = make_truth(table, 0.1, 0.02, **more)
    paths = [model.simulate(table, truth, rng)["efficiency"].iloc[[6, YEARS]] for _ in range(600)]
    logs = np.log(np.array(paths))
    mean, covariance = logs.mean(axis=0), np.cov(logs.T)
    built = model.build(table, make_card(table, 0.02), model.Priors())
    values = as_draws(truth, model.DIMS).isel(chain=0, draw=0)
    fixed = pm.do(built, {v.name: values[v.name].to_numpy() for v in built.free_RVs})
    density = fixed.compile_logp(vars=fixed.observed_RVs, mode=UNCOMPILED)
    for shift in ([0.0, 0.0], [0.1, 0.0], [0.0, 0.15], [-0.1, -0.1]):
        with fixed:
            pm.set_data({"observed_log_efficiency": mean + shift})
        expected = stats.multivariate_normal(mean, covariance).logpdf(mean + shift)
        assert float(density({})) == pytest.approx(expected, abs=0.35)


def test_gaps_are_refused_with_their_place_and_one_efficiency_is_too_few() -> None:
    for change, words in (
        ({"research_input": np.nan}, "no research input in its year 4"),
        ({"domain": "field 9"}, "no efficiency_error for the fields field 9"),
    ):
        table = make_table()
        card = make_card(table)
        table.loc[4, list(change)] = list(change.values())
        assert words in idea_production.unsupported_reason(table, card)
    table = make_table(())
    assert "growth takes two" in idea_production.unsupported_reason(table, make_card(table))


def test_baseline_is_the_ratio_of_growth_rates() -> None:
    table = make_table()
    smooth = table.assign(research_input=50 * np.exp(0.3 * table["year"]))
    (row,) = idea_production.baseline(smooth, make_card(table)).to_dict("records")
    assert row["estimate"] == pytest.approx(np.log(1 + YEARS) / YEARS / 0.3)
    assert row["lower"] <= row["estimate"] <= row["upper"]


@pytest.mark.slow
def test_ceiling_is_recovered_where_growth_stops_below_it() -> None:
    """Research doubles every year: were there no ceiling, no fishing out would hold growth back."""
    table, rng = make_table(tuple(range(2, YEARS + 1, 2))), np.random.default_rng(6)
    table["research_input"] *= np.exp(0.5 * table["year"])
    truth = make_truth(table, 0.03, 0.01, ceiling_decades=0.8)
    simulated = idea_production_ceiling.simulate(table, truth, rng)
    card = make_card(table, 0.01)
    posterior = sample("idea_production_ceiling", simulated, card, seed=7)
    made = idea_production_ceiling.estimands(posterior, simulated, card)
    lower, upper = np.quantile(posterior["ceiling_decades"], [0.005, 0.995])
    assert lower < 0.8 < upper < 0.9
    lower, upper = np.quantile(made["returns_to_research"], [0.005, 0.995])
    assert lower < LAW["stepping_on_toes"] / LAW["fishing_out"] < upper
    assert float(made["p_ceiling_within"].sel(factor="10").mean()) > 0.95
