"""The page of the simulation of full automation: caveats, scenarios, what each assumption changes.

Everything is said in the words and numbers of the run; the template only places it.
"""

import hashlib
import math
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr

from models import INTERVAL_PROBABILITY, Figure, _takeoff
from pipeline import answers, charts, charts_takeoff, pages, summaries
from pipeline.answers import INTERVAL_WORDS
from pipeline.bibliography import Bibliography, Reference
from pipeline.charts import Drawing
from pipeline.scenarios import NO_AUTOMATION, Input
from pipeline.takeoff_draws import Paths
from pipeline.takeoff_results import (
    CENTRAL,
    COMPRESSED,
    ESTIMANDS,
    SERIES,
    Line,
    Run,
    collect_paths,
)
from pipeline.takeoff_sensitivity import HORIZON_YEARS, OUTCOMES, SHORT_YEARS
from pipeline.takeoff_words import describe_answer

TITLE = "If AI did all research on algorithms, would progress accelerate?"
METHOD_SOURCES = ("jones1995models", "erdil2024ideas", "saltelli2010variance", "iwanaga2022salib")
LONG_YEARS = 1000.0  # longer times are printed as longer than that
LIBRARIES = ("numpy", "SALib")
LEFT_OUT = (
    "growth of compute and better chips, partial automation before the date that is called full, "
    "money, data that run out, training that gets shorter, the time that experiments take, and "
    "whatever institutions and people would do about it"
)


@dataclass(frozen=True)
class Inputs:
    """All that the page is made of."""

    paths: Paths
    runs: list[Run]
    lines: list[Line]
    estimands: xr.Dataset
    entries: dict[str, dict[str, Any]]
    indices: pd.DataFrame
    bibliography: Bibliography
    settings: dict[str, int]
    files: list[Path]


def render(inputs: Inputs, templates: Path) -> str:
    """The page as HTML text; the same inputs give the same text."""
    drawings = draw_all(inputs)
    references = cite(inputs)
    page = pages.environment(templates, charts.chart_library).get_template("takeoff.html.jinja")
    return page.render(
        title=TITLE,
        name="takeoff",
        answer=describe_answer(inputs.entries),
        caveats=list_caveats(inputs),
        left_out=LEFT_OUT,
        scenarios=list_scenarios(inputs),
        compressed=COMPRESSED,
        published=list_published(inputs, references),
        assumptions=list_assumptions(inputs, references),
        sources_of_draws=list_sources(inputs, references),
        drawings=drawings,
        specs=charts.collect_specs(each for each in drawings.values() if each),
        chart_config=charts.CONFIG,
        equations=summaries.plain_text(_takeoff.__doc__ or ""),
        interval_words=INTERVAL_WORDS,
        references=references,
        provenance=list_provenance(inputs),
    )


def list_caveats(inputs: Inputs) -> list[str]:
    """What is doubtful of the inputs, from their checks."""
    doubts = []
    for posterior in inputs.paths.posteriors.values():
        check, name = posterior.check, posterior.name
        if posterior.reason:
            doubts.append(f"{name}: the fit did not converge; nothing is said where it is used")
            continue
        states = [
            "intervals of simulated data do not hold the truth as often as they say"
            if check.get("is_calibrated") is False
            else "calibration not measured"
            if check.get("is_calibrated") is None
            else "",
            "its data do not tell apart what it divides"
            if check.get("is_identified") is False
            else "",
        ]
        keys = [
            key
            for given in inputs.paths.scenarios.inputs
            if given.posterior == name
            for key in given.draws.values()
        ]
        states += [
            f"{key} is {driven}" for key in keys if (driven := answers.describe_drivers(key, check))
        ]
        said = "; ".join(filter(None, states))
        if said:
            doubts.append(f"{name}: {said}")
    return doubts


def list_scenarios(inputs: Inputs) -> list[dict[str, Any]]:
    """The rows of the table of scenarios; the last is today's rate without automation."""
    names = [run.scenario.id for run in inputs.runs] + [NO_AUTOMATION]
    notes = {run.scenario.id: run.scenario.note for run in inputs.runs}
    labels = inputs.estimands["years_to_10x"].attrs["labels"]
    return [
        {
            "id": name,
            "label": labels[name],
            "note": notes.get(name, ""),
            "reason": inputs.entries[f"years_to_10x[{name}]"].get("reason", ""),
            "probability": _probability(inputs.entries[f"p_acceleration[{name}]"]),
            "gauge": inputs.entries[f"p_acceleration[{name}]"]["median"],
            "faster": _probability(inputs.entries[f"p_faster_second_decade[{name}]"]),
            "compressed": [
                _probability(inputs.entries[f"p_{years}_years_in_one[{name}]"])
                for years in COMPRESSED
            ],
        }
        | {
            key: _with_interval(inputs.entries[f"{key}[{name}]"])
            for key in ("years_to_10x", "years_to_100x", "speed_up")
        }
        for name in names
    ]


def list_published(
    inputs: Inputs, references: dict[str, tuple[int, Reference]]
) -> list[dict[str, Any]]:
    """Published values of what the scenarios report, beside the central one."""
    central = inputs.runs[0].scenario.id
    return [
        {
            "label": ESTIMANDS[each.estimand][0],
            "value": pages.format_cell(each.value),
            "ours": _probability(inputs.entries[f"{each.estimand}[{central}]"]) or "withheld",
            "note": each.note,
            "source": references[each.citation],
            "locator": each.locator,
        }
        for each in inputs.paths.scenarios.published
    ]


def list_assumptions(
    inputs: Inputs, references: dict[str, tuple[int, Reference]]
) -> list[dict[str, Any]]:
    """The rows of the table of assumptions: value, range, source, reason, and what it changes."""
    return [
        {
            "id": str(each.id),
            "label": each.label,
            "unit": each.unit,
            "central": pages.format_cell(each.central),
            "low": pages.format_cell(each.low),
            "high": pages.format_cell(each.high),
            "reason": each.reason,
            "locator": each.locator,
            "sources": [references[key] for key in each.citations],
            "changes": [
                _describe_line(line)
                for line in sorted(inputs.lines, key=lambda line: SERIES.index(line.series))
                if line.name == each.id
            ],
        }
        for each in inputs.paths.scenarios.assumptions
    ]


def list_sources(
    inputs: Inputs, references: dict[str, tuple[int, Reference]]
) -> list[dict[str, Any]]:
    """The rows of the table of inputs: what was read, from where, and what its check says."""
    defaults = set(inputs.paths.scenarios.defaults.values())
    return [
        {
            "label": f"{each.kind.replace('_', ' ')}: {each.label}",
            "is_default": each.id in defaults,
            "posterior": each.posterior or "",
            "estimands": ", ".join(each.draws.values()),
            "value": _describe_draws(inputs.paths, each),
            "sources": [references[key] for key in each.citations],
            "reason": each.reason,
            "state": _describe_state(inputs.paths, each),
        }
        for each in inputs.paths.scenarios.inputs
    ]


def draw_all(inputs: Inputs) -> dict[str, Drawing | None]:
    """Every figure of the page; None where nothing may be said."""
    return {
        "times": draw_times(inputs),
        "speed": draw_speed(inputs),
        "paths": draw_paths(inputs),
        "indices": draw_indices(inputs),
    }


def draw_times(inputs: Inputs) -> Drawing | None:
    """Years to 10 and to 100 times by scenario."""
    rows = [
        {"comparison": ESTIMANDS[key][0], "part": label, **_cut(entry)}
        for key in ("years_to_10x", "years_to_100x")
        for label, entry in _entries(inputs, key)
    ]
    figure = Figure(
        "parts",
        "times",
        "How long until algorithms are 10 and 100 times as efficient?",
        f"Median and {INTERVAL_WORDS}, years after full automation. Bars that end in an arrow "
        f"reach beyond {HORIZON_YEARS:g} years; where there is no dot, half of the draws do. Bars "
        f"begin at {SHORT_YEARS:g} years, some four days: the model says nothing of shorter times. "
        "The last row has no automation: today's rate goes on.",
        pd.DataFrame(rows),
        x_title="years (logarithmic)",
        is_log_x=True,
    )
    return charts.draw_parts(figure) if rows else None


def draw_speed(inputs: Inputs) -> Drawing | None:
    """Years of progress in the first year by scenario."""
    rows = [
        {"label": label, **{name: entry[name] for name in ("median", "lower", "upper")}}
        for label, entry in _entries(inputs, "speed_up")
    ]
    figure = Figure(
        "intervals",
        "speed",
        "How much progress in the first year?",
        f"Median and {INTERVAL_WORDS} of the years of today's progress that the first year after "
        "full automation brings. Left of 1 progress is slower than today, when researchers and "
        "compute grow every year; with compute fixed only A does. Far right ends are set by the "
        "ceiling.",
        pd.DataFrame(rows),
        x_title="years of today's progress (logarithmic)",
        is_log_x=True,
    )
    return charts.draw_forest(figure) if rows else None


def draw_paths(inputs: Inputs) -> Drawing | None:
    """What each assumption changes, one at a time."""
    frame = collect_paths(inputs.lines)
    if frame.empty:
        return None
    figure = Figure(
        "scatter",
        "paths",
        "What each assumption changes",
        "Median decades that A gains after full automation, one input or assumption changed at a "
        "time. Lines that part early matter most. The band holds 90 % of the paths under the "
        "central assumptions and is cut off at the top. A longer delay can lie above where "
        "progress slows down: what was written before automation is still in training.",
        frame,
        x_title="years since full automation",
        y_title="decades of A",
    )
    return charts_takeoff.draw_paths(figure)


def draw_indices(inputs: Inputs) -> Drawing | None:
    """Sobol indices of every outcome."""
    if inputs.indices.empty:
        return None
    figure = Figure(
        "intervals",
        "sensitivity",
        "Which input moves the outcome?",
        "Sobol indices over all inputs and the whole ranges of the assumptions: the share of the "
        "variance that an input explains alone (first order), and with its interactions (total). "
        f"Times and speed on the logarithm, times between {SHORT_YEARS:g} and {HORIZON_YEARS:g} "
        "years. Bars: 90 % interval of the error of the estimate, from resampling; an index may "
        "come out a little below 0.",
        inputs.indices,
    )
    return charts_takeoff.draw_indices(figure, OUTCOMES)


def cite(inputs: Inputs) -> dict[str, tuple[int, Reference]]:
    """Every source of the page by key, numbered in the order in which readers meet them."""
    keys = [*inputs.paths.scenarios.citations(), *METHOD_SOURCES]
    cited = inputs.bibliography.cite(keys)
    return {reference.key: (number, reference) for number, reference in enumerate(cited, start=1)}


def list_provenance(inputs: Inputs) -> list[tuple[str, str]]:
    """Settings, versions, and the hash of every file that was read."""
    hashes = [(path.name, hashlib.sha256(path.read_bytes()).hexdigest()) for path in inputs.files]
    settings = [(name, f"{value:,}") for name, value in inputs.settings.items()]
    return [*settings, *((name, version(name)) for name in LIBRARIES), *hashes]


def _entries(inputs: Inputs, key: str) -> list[tuple[str, dict[str, Any]]]:
    """Label and entry of every scenario that reports `key`."""
    variable = inputs.estimands[key]
    found = [
        (variable.attrs["labels"][name], inputs.entries[f"{key}[{name}]"])
        for name in variable["scenario"].values
    ]
    return [(label, entry) for label, entry in found if not entry.get("reason")]


def _cut(entry: dict[str, Any]) -> dict[str, Any]:
    """The numbers of an entry for a chart: no bound beyond the horizon, nothing under days."""
    values = {name: entry[name] for name in ("median", "lower", "upper")}
    shown = {
        name: max(value, SHORT_YEARS) if value is not None and value <= HORIZON_YEARS else math.inf
        for name, value in values.items()
    }
    return shown | {"lower": min(shown["lower"], HORIZON_YEARS)}


def _probability(entry: dict[str, Any]) -> str:
    return "" if entry.get("reason") else answers.describe_probability(entry["median"])


def _with_interval(entry: dict[str, Any]) -> str:
    if entry.get("reason"):
        return ""
    median, lower, upper = (_years(entry[name]) for name in ("median", "lower", "upper"))
    return f"{median} ({lower} to {upper})".replace("under 0.01 to", "0 to")


def _years(value: float | None) -> str:
    if value is None or value > LONG_YEARS:
        return f"over {pages.format_number(LONG_YEARS, 4)}"
    if value < SHORT_YEARS:
        return f"under {SHORT_YEARS:g}"
    return pages.format_number(value)


def _describe_line(line: Line) -> str:
    """What one end of an assumption gives: P(acceleration), the median years to 10 times, and the
    years to 100 times on the fastest twentieth of the paths.
    """
    if line.run.outcome is None:
        return f"{line.words}: nothing, {line.run.reason}"
    chance = answers.describe_probability(float((line.run.outcome.feedback > 0).mean()))
    tail = (1 - INTERVAL_PROBABILITY) / 2
    first, second = line.run.outcome.years_to.T
    median = _years(float(np.quantile(first, 0.5, method="inverted_cdf")))
    fast = _years(float(np.quantile(second, tail, method="inverted_cdf")))
    central = " (central)" if line.series == CENTRAL else ""
    return f"{line.words}{central}: {chance}; {median}; {fast}"


def _describe_draws(paths: Paths, given: Input) -> str:
    """Median and interval of the draws of an input, or its value."""
    if given.posterior is None:
        return pages.format_cell(given.value)
    frame = paths.posteriors[given.posterior].draws
    tail = (1 - INTERVAL_PROBABILITY) / 2
    words = []
    for quantity, key in given.draws.items():
        lower, median, upper = np.quantile(frame[key], [tail, 0.5, 1 - tail], method="inverted_cdf")
        shown = [pages.format_number(float(each)) for each in (median, lower, upper)]
        words.append(f"{quantity.replace('_', ' ')} {shown[0]} ({shown[1]} to {shown[2]})")
    return "; ".join(words)


def _describe_state(paths: Paths, given: Input) -> str:
    if given.posterior is None:
        return "assumed"
    return paths.posteriors[given.posterior].reason or "passed its check"
