"""Efficiencies drawn from the law of idea production, in plain NumPy and fifty steps a year.

The fitted model has a closed form to first order (idea_law.py): nothing is shared.
"""

import numpy as np
import pandas as pd

from models import Truth, fitted_rows

STEPS_A_YEAR = 50
SMALLEST = 1e-12  # research so far below a ceiling adds what it adds without one


def simulate(table: pd.DataFrame, truth: Truth, rng: np.random.Generator) -> pd.DataFrame:
    """The table with every efficiency but the first of its field drawn from `truth`."""
    simulated = fitted_rows(table).copy()
    for domain, group in simulated.groupby("domain", sort=False):
        ordered = group.sort_values("year")
        law = {name: each[domain] for name, each in truth.items() if isinstance(each, dict)}
        paths = _walk(ordered, law, truth["shock_scale"], rng)
        later = ordered.index[ordered["efficiency"].notna()][1:]
        noise = rng.normal(0.0, truth["error_decades"][domain], len(later))
        simulated.loc[later, "efficiency"] = np.exp(paths[later]) * 10.0**noise
    return simulated


def _walk(
    rows: pd.DataFrame, law: dict[str, float], shock_scale: float, rng: np.random.Generator
) -> pd.Series:
    """Log efficiency at the start of each year, step by step with shocks."""
    years, inputs = rows["year"].to_numpy(), rows["research_input"].to_numpy()
    at, path = 0.0, [0.0]
    for gap, research in zip(np.diff(years), inputs[:-1], strict=True):
        effort = law["initial_growth"] * (research / inputs[0]) ** law["stepping_on_toes"]
        step = gap / STEPS_A_YEAR
        for _ in range(STEPS_A_YEAR):
            at = _grow(at, effort * step, law) + rng.normal(0.0, shock_scale * np.sqrt(step))
        path.append(at)
    return pd.Series(path, index=rows.index)


def _grow(at: float, effort: float, law: dict[str, float]) -> float:
    """Log efficiency after a step without shocks: x = efficiency^fishing_out grows with effort."""
    power = law["fishing_out"]
    if "ceiling_decades" not in law:
        return float(np.logaddexp(power * at, np.log(power * effort)) / power)
    # Shares of the ceiling can be too small to tell from nothing: everything is in logarithms.
    ceiling = power * law["ceiling_decades"] * np.log(10.0)
    log_worked = np.log(power * effort) - ceiling - np.log1p(-np.exp(-ceiling))
    worked = np.exp(log_worked)
    log_gained = np.log(-np.expm1(-worked)) if worked > SMALLEST else log_worked
    return float(np.logaddexp(ceiling + log_gained, power * at - worked) / power)
