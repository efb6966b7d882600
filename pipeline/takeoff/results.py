"""The simulation run: every scenario, and what it says of the estimands."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import xarray as xr

from models import INTERVAL_PROBABILITY
from models.takeoff import Economy, Outcome, simulate, speed_up
from pipeline.takeoff.draws import Paths
from pipeline.takeoff.scenarios import NO_AUTOMATION, Scenario
from pipeline.takeoff.sensitivity import OUTCOMES

DATES = tuple(float(date) for date in np.arange(0, 10.01, 0.25))  # years since automation
FIRST_YEAR = DATES.index(1.0)
COMPRESSED = (3, 10)  # years of progress within one, as Davidson & Houlden 2025 ask
NOTHING_AUTOMATED = "nothing is automated in this comparison"
GOES_ON = "No automation, today's rate goes on"
Entries = dict[str, dict[str, Any]]


class Estimand(NamedTuple):
    """What an estimand is called, its unit, and what its draws are."""

    label: str
    unit: str
    is_probability: bool = False
    is_positive: bool = True


ESTIMANDS = {
    "p_acceleration": Estimand("Probability that progress accelerates", "share", True),
    "feedback": Estimand("Elasticity of the growth rate of A in A", "1", is_positive=False),
    "p_faster_second_decade": Estimand(
        "Probability that the second tenfold gain takes less time than the first", "share", True
    ),
    "years_to_10x": Estimand("Years until A is 10 times what it was", "years"),
    "years_to_100x": Estimand("Years until A is 100 times what it was", "years"),
    "p_sooner": Estimand(
        "Probability that A is 10 times what it was sooner than at today's rate", "share", True
    ),
    "speed_up": Estimand("Years of today's progress in the first year after automation", "years"),
} | {
    f"p_{years}_years_in_one": Estimand(
        f"Probability of {years} years of progress within the first year", "share", True
    )
    for years in COMPRESSED
}


@dataclass(frozen=True)
class Run:
    """One scenario on all paths; without outcome where an input may not be quoted, and why."""

    scenario: Scenario
    economy: Economy
    outcome: Outcome | None
    reason: str = ""

    def draws(self) -> dict[str, np.ndarray]:
        """Every estimand, shape (path,); probabilities as 0 and 1, all nan without an outcome."""
        if self.outcome is None:
            return {name: np.full(len(self.economy), np.nan) for name in ESTIMANDS}
        first, second = self.outcome.years_to.T
        gained = speed_up(self.economy, self.outcome.decades[:, FIRST_YEAR])
        with np.errstate(invalid="ignore"):
            is_faster = (second - first < first) & np.isfinite(second)
        today = go_on(self.economy)
        return {
            "p_acceleration": (self.outcome.feedback > 0).astype(float),
            "feedback": self.outcome.feedback,
            "p_faster_second_decade": is_faster.astype(float),
            "years_to_10x": first,
            "years_to_100x": second,
            "p_sooner": (first < today).astype(float),
            "speed_up": gained,
        } | {f"p_{each}_years_in_one": (gained >= each).astype(float) for each in COMPRESSED}


def run_all(paths: Paths, scenarios: Sequence[Scenario]) -> list[Run]:
    """Every scenario, in order; not simulated where an input may not be quoted.

    All are simulated in one go, which costs little more than one of them where paths are few.
    """
    economies = [paths.economy(each) for each in scenarios]
    outcome = simulate(Economy.join(economies), dates=DATES)
    outcomes = outcome.split([len(each) for each in economies])
    reasons = [paths.unsupported_reason(each) for each in scenarios]
    told = [None if why else each for why, each in zip(reasons, outcomes, strict=True)]
    return [*map(Run, scenarios, economies, told, reasons)]


def collect_estimands(runs: list[Run], paths: Paths) -> xr.Dataset:
    """All estimands on dims chain, draw, scenario, as `pipeline.fit.attribute` takes them."""
    columns = {run.scenario.id: run.draws() for run in runs}
    columns[NO_AUTOMATION] = _go_on(runs[0])
    labels = {run.scenario.id: run.scenario.label for run in runs} | {NO_AUTOMATION: GOES_ON}
    reasons = {run.scenario.id: run.reason for run in runs if run.reason}
    coords = {"chain": [0], "draw": np.arange(paths.count), "scenario": list(columns)}
    made = {}
    for name, estimand in ESTIMANDS.items():
        draws = np.stack([columns[each][name] for each in columns], axis=1)
        is_silent = np.isnan(draws[:, -1]).all()
        why = reasons | ({NO_AUTOMATION: NOTHING_AUTOMATED} if is_silent else {})
        attributes = estimand._asdict() | {"labels": labels, "reasons": why}
        made[name] = xr.DataArray(draws[None], coords, [*coords], None, attributes)
    return xr.Dataset(made)


def _go_on(central: Run) -> dict[str, np.ndarray]:
    """Today's rate on every path, and nothing that only automation would tell."""
    years = go_on(central.economy)
    nothing = {name: np.full(len(years), np.nan) for name in ESTIMANDS}
    return nothing | {"years_to_10x": years, "years_to_100x": 2 * years}


def go_on(economy: Economy) -> np.ndarray:
    """Years until A is 10 times what it was if today's rate goes on, shape (path,).

    Infinite where there is no progress today.
    """
    rate = economy.rate_decades_per_year
    with np.errstate(divide="ignore"):
        return np.where(rate > 0, 1 / np.maximum(rate, 0), np.inf)


def state_probabilities(entries: Entries, estimands: xr.Dataset) -> Entries:
    """`entries` with the probability itself for estimands that are one; it has no interval."""
    made = dict(entries)
    for name, variable in estimands.data_vars.items():
        for scenario in variable["scenario"].values:
            key = f"{name}[{scenario}]"
            if variable.attrs["is_probability"] and not made[key].get("reason"):
                share = float(f"{float(variable.sel(scenario=scenario).mean()):.6g}")
                made[key] = made[key] | {"median": share, "lower": None, "upper": None}
    return made


def describe_sensitivity(indices: pd.DataFrame) -> Entries:
    """Entries of the Sobol indices: `sobol_first[outcome-input]` and `sobol_total[...]`."""
    return {
        f"sobol_{row['order']}[{row['outcome']}-{row['input']}]": {
            "label": f"Sobol index, {row['order']}: {OUTCOMES[row['outcome']]}, {row['label']}",
            "unit": "share of the variance",
            "median": row["index"],
            "lower": row["lower"],
            "upper": row["upper"],
            "prob": INTERVAL_PROBABILITY,
            "p_positive": None,
            "p_finite": 1.0,
        }
        for row in indices.to_dict("records")
    }
