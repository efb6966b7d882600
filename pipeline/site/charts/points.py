"""Scatter plots: points over the model's curve, and the category that a reader picks."""

from dataclasses import replace
from typing import Any

import altair as alt
import pandas as pd

from pipeline.site.charts import axes, drawings
from pipeline.site.charts.axes import PALETTE, SHAPES, find_measure, make_legend, say_name
from pipeline.site.charts.drawings import Control, Drawing, draw_panels, name_rows
from pipeline.site.figures.kinds import Figure
from pipeline.site.pages.sentences import say

DATE_RANGE = ("#d9972b", "#3b82c4")  # early, late


def draw_scatter(figure: Figure) -> Drawing:
    """Points with hover, over the posterior curve if the figure has one."""
    frame = _loggable(figure.frame, figure)
    reach, layers, more = frame[figure.x], [], ""
    if figure.curve is not None:
        reach = pd.concat([reach, figure.curve["x"]])
        layers = _curve_layers(figure.curve, figure, reach)
        more = f" {drawings.describe_curves(figure.curve)}"
    layers.append(_points(frame, figure, reach))
    chart = alt.layer(*layers).resolve_scale(color="independent", shape="independent")
    titles = {"y": figure.y_title or figure.y, "x": figure.x_title or figure.x}
    ends = {f"{name}_reach": _describe_range(frame[getattr(figure, name)]) for name in titles}
    words = say("alt_scatter", count=len(frame), **titles, **ends)
    drawing = draw_panels(figure, [("", chart, 380, words + more)], _legend_rows(frame, figure))
    if not figure.colour or find_measure(frame[figure.colour]) != "nominal":
        return drawing
    control = choose_from(frame[figure.colour], pick_signal(figure), say_name(figure.colour))
    return replace(drawing, controls=(control,), rows=name_rows(drawing.panels[0]))


def pick_signal(figure: Figure) -> str:
    """The parameter that says which category of a scatter plot is highlighted."""
    return f"picked_{figure.id.replace('-', '_')}"


def choose_from(values: pd.Series, signal: str, label: str, joint: str = "") -> Control:
    """A choice of one of the values, or of the parts of values joined by `joint`, or of all."""
    parts = values.dropna().astype(str)
    counts = (parts.str.split(joint, regex=False).explode() if joint else parts).value_counts()
    names = sorted(counts.index, key=str.lower)
    options = (("", "all"), *((name, f"{name} ({counts[name]})") for name in names))
    return Control(signal, label, str(values.name), "has" if joint else "is", options)


def _legend_rows(frame: pd.DataFrame, figure: Figure) -> int:
    """Rows of the legends below a scatter: a title and the names for each."""
    rows = 0
    if figure.colour:
        is_nominal = find_measure(frame[figure.colour]) == "nominal"
        rows += 1 + (axes.count_legend_rows(frame[figure.colour]) if is_nominal else 2)
    if figure.curve is not None:
        rows += 2 + axes.count_legend_rows(figure.curve["series"])
    return rows


def _points(frame: pd.DataFrame, figure: Figure, reach: pd.Series) -> Any:
    """The points, on an axis that reaches over all values of x that the chart shows."""
    encoding: dict[str, Any] = {
        "x": _position(alt.X, reach, figure.x, figure.x_title, figure.is_log_x),
        "y": _position(alt.Y, frame[figure.y], figure.y, figure.y_title, figure.is_log_y),
        "tooltip": [
            axes.make_tooltip(frame, name) for name in figure.hover or (figure.x, figure.y)
        ],
    }
    chart = alt.Chart(frame).mark_point(filled=True, size=58, opacity=0.85, strokeWidth=0.5)
    name = figure.colour
    if not name:
        return chart.encode(**encoding, color=alt.value(PALETTE[0]))
    kind = find_measure(frame[name])
    if kind != "nominal":
        scale = alt.Scale(range=list(DATE_RANGE), interpolate="hcl")
        colour = alt.Color(field=name, type=kind, title=say_name(name), scale=scale)
        return chart.encode(**encoding, color=colour)
    picked = alt.param(name=pick_signal(figure), value="")
    is_picked = f"{picked.name} === '' || {picked.name} === datum['{name}']"
    encoding["opacity"] = alt.condition(is_picked, alt.value(0.85), alt.value(0.12))
    return chart.encode(**encoding, **_categories(frame, name)).add_params(picked)


def _categories(frame: pd.DataFrame, name: str) -> dict[str, Any]:
    """Colour and shape of a nominal column; together they tell 49 categories apart."""
    values = sorted(frame[name].dropna().unique(), key=str)
    colours = [PALETTE[i % len(PALETTE)] for i in range(len(values))]
    shapes = [SHAPES[(i + i // len(PALETTE)) % len(SHAPES)] for i in range(len(values))]
    styles = {"title": say_name(name), "legend": make_legend(frame[name])}
    made: dict[str, Any] = {"field": name, "type": "nominal"} | styles
    return {
        "color": alt.Color(**made, scale=alt.Scale(domain=values, range=colours)),
        "shape": alt.Shape(**made, scale=alt.Scale(domain=values, range=shapes)),
    }


def _curve_layers(curve: pd.DataFrame, figure: Figure, reach: pd.Series) -> list[alt.Chart]:
    """The band and the median line of every series of a curve, on an axis that has the reach."""
    frame = curve.dropna(subset=["x", "median"])
    x = _position(alt.X, reach, "x", figure.x_title, figure.is_log_x)
    scale = axes.number_scale(figure.is_log_y, nice=not figure.is_log_y, padding=12)
    base, ink = alt.Chart(frame).encode(x=x, detail="series:N"), "currentColor"
    low, middle = alt.Y("lower:Q", scale=scale), alt.Y("median:Q", scale=scale)
    title, legend = "median and 90 % band", make_legend(frame["series"])
    dash = alt.StrokeDash("series:N", title=title, sort=None, legend=legend)
    line = base.mark_line(strokeWidth=1.6, color=ink).encode(y=middle, strokeDash=dash)
    return [base.mark_area(opacity=0.12, color=ink).encode(y=low, y2="upper"), line]


def _position(
    channel: type[alt.X] | type[alt.Y], values: pd.Series, name: str, title: str, is_log: bool
) -> Any:
    kind, words = find_measure(values), title or say_name(name)
    made: dict[str, Any] = {"title": axes.break_title(words) if channel is alt.X else words}
    if kind == "quantitative":
        made["scale"] = axes.number_scale(is_log, nice=not is_log, padding=12)
        made["axis"] = axes.number_axis(is_log, axes.decade_ticks(values) if is_log else None)
    if kind == "temporal":
        made["axis"] = alt.Axis(tickCount=axes.TICK_COUNT, labelOverlap=True)
    return channel(field=name, type=kind, **made)


def _loggable(frame: pd.DataFrame, figure: Figure) -> pd.DataFrame:
    """The rows that the axes can show: neither missing nor, on a log axis, at or below zero."""
    kept = frame.dropna(subset=[figure.x, figure.y])
    for name, is_log in ((figure.x, figure.is_log_x), (figure.y, figure.is_log_y)):
        if is_log:
            kept = kept[kept[name] > 0]
    return kept


def _describe_range(values: pd.Series) -> str:
    if values.empty or find_measure(values) == "nominal":
        return ""
    return f" {drawings.describe_reach(values)}"
