"""Scales and axes of numbers and dates, as every chart has them."""

import math
from typing import Any

import altair as alt
import pandas as pd

TICK_COUNT = 6
HALF_LABEL_PIXELS = 16  # closer to an end of the axis a label is aligned inwards, or it is cut
BELOW_LABELS: dict[str, Any] = {
    "titleAnchor": "end"
}  # the title may be longer than the axis: room is on the left


def number_scale(is_log: bool, **rules: Any) -> alt.Scale:
    """A logarithmic scale, or a linear one that need not start at zero."""
    return (
        alt.Scale(type="log", **rules) if is_log else alt.Scale(type="linear", zero=False, **rules)
    )


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
    values = ticks or alt.Undefined
    return alt.Axis(
        labelExpr=f"{is_plain} ? {plain} : {power}",
        labelOverlap=True,
        labelFlush=HALF_LABEL_PIXELS,
        tickCount=TICK_COUNT,
        values=values,
        **rules,
    )
