"""The simulation run: every scenario, what each assumption changes, and the estimands of both."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr

from models import INTERVAL_PROBABILITY
from models.takeoff import Economy, Outcome, simulate
from pipeline.site.pages.rendering import format_cell
from pipeline.takeoff.draws import Paths
from pipeline.takeoff.scenarios import NO_AUTOMATION, ROLES, Scenario, Scenarios
from pipeline.takeoff.sensitivity import OUTCOMES, speed_up

LOW, CENTRAL, HIGH = "low end, or another input", "central", "high end, or a third input"
SERIES = (LOW, CENTRAL, HIGH)
STROKES = {LOW: "dashed", CENTRAL: "solid", HIGH: "dotted"}
DATES = tuple(float(date) for date in np.arange(0, 10.01, 0.25))  # years since automation
FIRST_YEAR = DATES.index(1.0)
COMPRESSED = (3, 10)  # years of progress within one, as Davidson & Houlden 2025 ask
NOTHING_AUTOMATED = "nothing is automated in this comparison"
ROLE_TITLES = {
    "returns": "Returns to research",
    "elasticity": "Elasticity of substitution",
    "rate": "Today's rate of progress",
}
# name: label, unit, description, whether it is a probability, whether it is positive
ESTIMANDS: dict[str, tuple[str, str, str, bool, bool]] = {
    "p_acceleration": (
        "Probability that progress accelerates",
        "share",
        "share of the draws in which the growth rate of A rises after full automation, compute "
        "fixed",
        True,
        True,
    ),
    "feedback": (
        "Elasticity of the growth rate of A in A",
        "1",
        "how much faster A grows, in percent, once A is one percent higher; above 0 progress "
        "accelerates",
        False,
        False,
    ),
    "p_faster_second_decade": (
        "Probability that the second tenfold gain takes less time than the first",
        "share",
        "share of the draws in which A goes from 10 to 100 times faster than from 1 to 10 times",
        True,
        True,
    ),
    "years_to_10x": (
        "Years until A is 10 times what it was",
        "years",
        "years since full automation",
        False,
        True,
    ),
    "years_to_100x": (
        "Years until A is 100 times what it was",
        "years",
        "years since full automation",
        False,
        True,
    ),
    "speed_up": (
        "Years of today's progress in the first year after automation",
        "years",
        "decades that A gains in a year over the decades that it gains in a year today",
        False,
        True,
    ),
} | {
    f"p_{years}_years_in_one": (
        f"Probability of {years} years of progress within the first year",
        "share",
        f"share of the draws in which the first year brings {years} years of today's progress",
        True,
        True,
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
        years, gained = self.outcome.years_to, speed_up(self.economy, self._first_year())
        with np.errstate(invalid="ignore"):
            is_faster = (years[:, 1] - years[:, 0] < years[:, 0]) & np.isfinite(years[:, 1])
        compressed = {f"p_{each}_years_in_one": gained >= each for each in COMPRESSED}
        return {
            "p_acceleration": (self.outcome.feedback > 0).astype(float),
            "feedback": self.outcome.feedback,
            "p_faster_second_decade": is_faster.astype(float),
            "years_to_10x": years[:, 0],
            "years_to_100x": years[:, 1],
            "speed_up": gained,
        } | {name: found.astype(float) for name, found in compressed.items()}

    def _first_year(self) -> Outcome:
        assert self.outcome is not None  # noqa: S101  # narrows the type
        decades = self.outcome.decades[:, FIRST_YEAR : FIRST_YEAR + 1]
        return Outcome(self.outcome.years_to, decades, self.outcome.feedback)


@dataclass(frozen=True)
class Line:
    """One line of a small multiple: what it varies, at which end, and its value in words."""

    name: str
    panel: str
    series: str
    words: str
    run: Run


def run_all(paths: Paths, scenarios: Sequence[Scenario]) -> list[Run]:
    """Every scenario, in order; not simulated where an input may not be quoted.

    All are simulated in one go, which costs little more than one of them where paths are few.
    """
    economies = [paths.economy(each) for each in scenarios]
    outcome = simulate(Economy.join(economies), dates=DATES)
    outcomes = outcome.split([len(each) for each in economies])
    reasons = [paths.unsupported_reason(each) for each in scenarios]
    return [
        Run(scenario, economy, None if reason else found, reason)
        for scenario, economy, found, reason in zip(
            scenarios, economies, outcomes, reasons, strict=True
        )
    ]


def vary(paths: Paths, central: Run) -> list[Line]:
    """The central run and, one at a time, both ends of every assumption and every other input."""
    listed = [
        (name, panel, series, words, scenario)
        for name, panel, options in _list_options(paths.scenarios)
        for series, words, scenario in options
    ]
    varied = iter(run_all(paths, [scenario for *_, scenario in listed if scenario]))
    return [
        Line(name, panel, series, words, next(varied) if scenario else central)
        for name, panel, series, words, scenario in listed
    ]


Option = tuple[str, str, Scenario | None]  # series, value in words, what changes


def _list_options(scenarios: Scenarios) -> Iterator[tuple[str, str, list[Option]]]:
    """Name, title and options of every small multiple: inputs first, then assumptions."""
    for role in ROLES:
        default = scenarios.input(scenarios.defaults[role])
        others = [each for each in scenarios.inputs if each.role == role and each is not default]
        for start in range(0, len(others), 2):
            varied: list[Option] = [(CENTRAL, default.label, None)]
            for end, other in zip((LOW, HIGH), others[start : start + 2], strict=False):
                varied.append((end, other.label, _change(inputs={role: other.id})))
            yield f"{role}_{start}", ROLE_TITLES[role], varied
    for each in scenarios.assumptions:
        name = str(each.id)
        ends: list[Option] = [
            (end, format_cell(value), _change(assumptions={name: value}))
            for end, value in ((LOW, each.low), (HIGH, each.high))
            if value != each.central
        ]
        yield name, each.label, [(CENTRAL, format_cell(each.central), None), *ends]


def _change(**changes: Any) -> Scenario:
    return Scenario(id="varied", label="varied", **changes)


def collect_paths(lines: list[Line]) -> pd.DataFrame:
    """Quantiles of log10 A over time: columns panel, series, value, years, median, lower, upper."""
    titles = {line.name: _title(lines, line.name) for line in lines}
    tail = (1 - INTERVAL_PROBABILITY) / 2
    frames = []
    for line in lines:
        if line.run.outcome is None:
            continue
        lower, median, upper = np.quantile(
            line.run.outcome.decades, [tail, 0.5, 1 - tail], axis=0, method="inverted_cdf"
        )
        frames.append(
            pd.DataFrame(
                {
                    "panel": titles[line.name],
                    "series": line.series,
                    "value": line.words,
                    "years": DATES,
                    "median": median.round(4),
                    "lower": lower.round(4),
                    "upper": upper.round(4),
                }
            )
        )
    return pd.concat(frames, ignore_index=True) if frames else pd.DataFrame()


def _title(lines: list[Line], name: str) -> str:
    mine = sorted(
        (line for line in lines if line.name == name), key=lambda line: SERIES.index(line.series)
    )
    return (
        f"{mine[0].panel}: {', '.join(f'{line.words} ({STROKES[line.series]})' for line in mine)}"
    )


def collect_estimands(runs: list[Run], paths: Paths) -> xr.Dataset:
    """All estimands on dims chain, draw, scenario, as `pipeline.fit.attribute` takes them."""
    columns = {run.scenario.id: run.draws() for run in runs}
    labels = {run.scenario.id: run.scenario.label for run in runs}
    reasons = {run.scenario.id: run.reason for run in runs if run.reason}
    columns[NO_AUTOMATION] = _go_on(runs[0], paths)
    labels[NO_AUTOMATION] = "No automation, today's rate goes on"
    made = {}
    for name, (label, unit, description, is_probability, is_positive) in ESTIMANDS.items():
        draws = np.stack([columns[each][name] for each in columns], axis=1)
        silent = {
            each: NOTHING_AUTOMATED for each in [NO_AUTOMATION] if np.isnan(draws[:, -1]).all()
        }
        attributes: dict[str, Any] = {
            "label": label,
            "unit": unit,
            "description": description,
            "is_probability": is_probability,
            "is_positive": is_positive,
            "labels": labels,
            "reasons": reasons | silent,
        }
        coords = {"chain": [0], "draw": np.arange(paths.count), "scenario": list(columns)}
        dims = ("chain", "draw", "scenario")
        made[name] = xr.DataArray(draws[None], coords, dims, attrs=attributes)
    return xr.Dataset(made)


def _go_on(central: Run, paths: Paths) -> dict[str, np.ndarray]:
    """Today's rate on every path, and nothing that only automation would tell."""
    rate = central.economy.rate_decades_per_year
    with np.errstate(divide="ignore"):
        years = np.where(rate > 0, 1 / np.maximum(rate, 0), np.inf)
    nothing = {name: np.full(paths.count, np.nan) for name in ESTIMANDS}
    return nothing | {"years_to_10x": years, "years_to_100x": 2 * years}


def state_probabilities(
    entries: dict[str, dict[str, Any]], estimands: xr.Dataset
) -> dict[str, dict[str, Any]]:
    """`entries` with the probability itself for estimands that are one; it has no interval."""
    made = dict(entries)
    for name, variable in estimands.data_vars.items():
        if not variable.attrs["is_probability"]:
            continue
        for scenario in variable["scenario"].values:
            key = f"{name}[{scenario}]"
            if made[key].get("reason"):
                continue
            share = float(f"{float(variable.sel(scenario=scenario).mean()):.6g}")
            made[key] = made[key] | {"median": share, "lower": None, "upper": None}
    return made


def describe_sensitivity(indices: pd.DataFrame) -> dict[str, dict[str, Any]]:
    """Entries of the Sobol indices: `sobol_first[outcome-input]` and `sobol_total[...]`."""
    return {
        f"sobol_{row['order']}[{row['outcome']}-{row['input']}]": {
            "label": f"Sobol index, {row['order']}: {OUTCOMES[row['outcome']]}, {row['label']}",
            "unit": "share of the variance",
            **{
                name: float(f"{row[column]:.6g}")
                for name, column in (("median", "index"), ("lower", "lower"), ("upper", "upper"))
            },
            "prob": INTERVAL_PROBABILITY,
            "p_positive": None,
            "p_finite": 1.0,
        }
        for row in indices.to_dict("records")
    }
