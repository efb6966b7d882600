"""Scales, axes and tooltips of numbers, dates and names, as every chart has them."""

import math
from typing import Any, Literal

import altair as alt
import pandas as pd

Measure = Literal["quantitative", "temporal", "nominal"]
TICK_COUNT = 6
HALF_LABEL_PIXELS = 16  # closer to an end of the axis a label is aligned inwards, or it is cut
# The title of an axis below may be longer than the axis: room is on the left.
BELOW_LABELS: dict[str, Any] = {"titleAnchor": "end"}
TOOLTIP_FORMATS = {"quantitative": ".4~g", "temporal": "%Y-%m-%d"}


def number_scale(is_log: bool, **rules: Any) -> alt.Scale:
    """A logarithmic scale, or a linear one that need not start at zero."""
    if is_log:
        return alt.Scale(type="log", **rules)
    return alt.Scale(type="linear", zero=False, **rules)


def log_ticks(low: float, high: float) -> list[float]:
    """Some six round values from `low` to `high`: 1, 2, 5 over few decades, else whole decades."""
    first, last = math.floor(math.log10(low)), math.ceil(math.log10(high))
    step = max(1, round((last - first) / TICK_COUNT))
    steps = (1.0, 2.0, 5.0) if last - first <= 3 else (1.0,)
    ticks = [number * 10.0**power for power in range(first, last + 1, step) for number in steps]
    inside = [tick for tick in ticks if low <= tick <= high]
    return inside if len(inside) > 1 else [low, high]


def decade_ticks(values: pd.Series) -> list[float]:
    """Round values from a little below the smallest to a little above the largest value."""
    positive = values[values > 0]
    if positive.empty:
        return []
    return log_ticks(float(positive.min()) / 1.5, float(positive.max()) * 1.5)


def number_axis(is_log: bool, ticks: list[float] | None = None, **rules: Any) -> alt.Axis:
    """Large numbers as 1e23, not 100,000,000,000,000,000,000,000 and not 1e+23."""
    power = "replace(format(datum.value, '~e'), '+', '')"
    plain = "format(datum.value, ',~r')" if is_log else "format(datum.value, ',~g')"
    is_plain = "datum.value === 0 || (abs(datum.value) >= 1e-3 && abs(datum.value) < 1e6)"
    return alt.Axis(
        labelExpr=f"{is_plain} ? {plain} : {power}",
        labelOverlap=True,
        labelFlush=HALF_LABEL_PIXELS,
        tickCount=TICK_COUNT,
        values=ticks or alt.Undefined,
        **rules,
    )


def make_tooltip(frame: pd.DataFrame, name: str, title: str = "") -> alt.Tooltip:
    """A column in the words that stand beside the pointer, under its name or a title."""
    kind = find_measure(frame[name])
    style = TOOLTIP_FORMATS.get(kind, alt.Undefined)
    return alt.Tooltip(field=name, type=kind, title=title or say_name(name), format=style)


def find_measure(column: pd.Series) -> Measure:
    """What a scale may do with a column: dates are temporal, booleans are names."""
    if pd.api.types.is_datetime64_any_dtype(column):
        return "temporal"
    is_number = pd.api.types.is_numeric_dtype(column) and not pd.api.types.is_bool_dtype(column)
    return "quantitative" if is_number else "nominal"


def say_name(name: str) -> str:
    """The name of a column as a reader sees it."""
    return name.replace("_", " ")
