"""The figures of the simulation of full automation, with captions that say what to see."""

import math
from typing import Any

import pandas as pd
import xarray as xr

from pipeline.site.charts import intervals
from pipeline.site.charts.drawings import Drawing
from pipeline.site.figures.kinds import Figure
from pipeline.site.pages.answers import INTERVAL_WORDS
from pipeline.takeoff import charts
from pipeline.takeoff.results import ESTIMANDS, Line, collect_paths
from pipeline.takeoff.sensitivity import HORIZON_YEARS, OUTCOMES, SHORT_YEARS

Entries = dict[str, dict[str, Any]]


def draw_all(
    estimands: xr.Dataset, entries: Entries, lines: list[Line], indices: pd.DataFrame
) -> dict[str, Drawing | None]:
    """Every figure of the page; None where nothing may be said."""
    return {
        "times": draw_times(estimands, entries),
        "speed": draw_speed(estimands, entries),
        "paths": draw_paths(lines),
        "indices": draw_indices(indices),
    }


def draw_times(estimands: xr.Dataset, entries: Entries) -> Drawing | None:
    """Years to 10 and to 100 times by scenario."""
    rows = [
        {"comparison": ESTIMANDS[key][0], "part": label, **_cut(entry)}
        for key in ("years_to_10x", "years_to_100x")
        for label, entry in _list_entries(estimands, entries, key)
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
    return intervals.draw_parts(figure) if rows else None


def draw_speed(estimands: xr.Dataset, entries: Entries) -> Drawing | None:
    """Years of progress in the first year by scenario."""
    rows = [
        {"label": label, **{name: entry[name] for name in ("median", "lower", "upper")}}
        for label, entry in _list_entries(estimands, entries, "speed_up")
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
    return intervals.draw_intervals(figure) if rows else None


def draw_paths(lines: list[Line]) -> Drawing | None:
    """What each assumption changes, one at a time."""
    frame = collect_paths(lines)
    if frame.empty:
        return None
    figure = Figure(
        "scatter",
        "paths",
        "What each input and assumption changes",
        "Median decades that A gains after full automation, one input or assumption changed at a "
        "time. Lines that part early matter most. The band holds 90 % of the paths under the "
        "central assumptions and is cut off at the top. A longer delay can lie above where "
        "progress slows down: what was written before automation is still in training.",
        frame,
        x_title="years since full automation",
        y_title="decades gained",
    )
    return charts.draw_paths(figure)


def draw_indices(indices: pd.DataFrame) -> Drawing | None:
    """Sobol indices of every outcome."""
    if indices.empty:
        return None
    figure = Figure(
        "intervals",
        "sensitivity",
        "Which input moves the outcome?",
        f"{_describe_leader(indices)} Sobol indices over all inputs and the whole ranges of "
        "the assumptions: the share of the variance that an input explains alone (first order), "
        "and with its interactions (total); r is the exponent of research over that of ideas. "
        f"Times and speed on the logarithm, times between {SHORT_YEARS:g} and {HORIZON_YEARS:g} "
        "years. Bars: 90 % interval of the error of the estimate, from resampling; an index may "
        "come out a little below 0.",
        indices,
    )
    return charts.draw_indices(figure, OUTCOMES)


def _describe_leader(indices: pd.DataFrame) -> str:
    """Which input has the largest total index in the first outcome that has any."""
    totals = indices[indices["order"] == "total"]
    mine = totals[totals["outcome"] == totals["outcome"].iloc[0]]
    first, second = mine.nlargest(2, "index").to_dict("records")
    return (
        f"{OUTCOMES[first['outcome']]} depends most on {_lower(first['label'])} (total index "
        f"{first['index']:.2f}), then on {_lower(second['label'])} ({second['index']:.2f})."
    )


def _lower(label: str) -> str:
    return label[:1].lower() + label[1:]


def _list_entries(
    estimands: xr.Dataset, entries: Entries, key: str
) -> list[tuple[str, dict[str, Any]]]:
    """Label and entry of every scenario that reports `key`."""
    variable = estimands[key]
    found = [
        (variable.attrs["labels"][name], entries[f"{key}[{name}]"])
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
