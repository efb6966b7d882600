"""Scatter plots: points over the model's curve, and the category that a reader picks."""

from dataclasses import replace
from typing import Any

import altair as alt
import pandas as pd

from pipeline.site.charts import axes, drawings
from pipeline.site.charts.axes import PALETTE, SHAPES, find_measure, say_name, series_scale
from pipeline.site.charts.drawings import Control, Drawing, draw_panels, name_rows
from pipeline.site.figures.kinds import Figure
from pipeline.site.pages.sentences import say


def draw_scatter(figure: Figure) -> Drawing:
    """Points with hover, over the posterior curve if the figure has one."""
    frame = figure.frame.dropna(subset=[figure.x, figure.y])
    for name, is_log in ((figure.x, figure.is_log_x), (figure.y, figure.is_log_y)):
        frame = frame[frame[name] > 0] if is_log else frame
    reach, layers, more = frame[figure.x], [], ""
    legend_rows = 1 + axes.count_legend_rows(frame[figure.colour]) if figure.colour else 0
    if figure.curve is not None:
        reach = pd.concat([reach, figure.curve["x"]])
        layers = _curve_layers(figure.curve, figure, reach)
        more = f" {drawings.describe_curves(figure.curve)}"
        legend_rows += 2 + axes.count_legend_rows(figure.curve["series"])
    layers += [_bars(frame, figure)] if figure.ends else []
    layers.append(_points(frame, figure, reach))
    chart = alt.layer(*layers).resolve_scale(color="independent", shape="independent")
    words = say("alt_scatter", count=len(frame), places=drawings.describe_places(figure, frame))
    drawing = draw_panels(figure, [("", chart, 380, words + more)], legend_rows)
    if not figure.colour:
        return drawing
    control = choose_from(frame[figure.colour], _signal(figure), say_name(figure.colour))
    return replace(drawing, controls=(control,), rows=name_rows(drawing.panels[0]))


def _signal(figure: Figure) -> str:
    """The parameter that says which category is highlighted."""
    return f"picked_{figure.id.replace('-', '_')}"


def choose_from(values: pd.Series, signal: str, label: str, joint: str = "") -> Control:
    """A choice of one of the values, or of the parts of values joined by `joint`, or of all."""
    parts = values.dropna().astype(str)
    counts = (parts.str.split(joint, regex=False).explode() if joint else parts).value_counts()
    names = sorted(counts.index, key=str.lower)
    options = (("", "all"), *((name, f"{name} ({counts[name]})") for name in names))
    return Control(signal, label, str(values.name), "has" if joint else "is", options)


def _points(frame: pd.DataFrame, figure: Figure, reach: pd.Series) -> Any:
    """The points, on an axis that reaches over all values of x that the chart shows."""
    name, told = figure.colour, figure.hover or (figure.x, figure.y)
    heights = pd.concat([frame[each] for each in (figure.y, *figure.ends)])
    chart = alt.Chart(frame).mark_point(filled=True, size=58, opacity=0.85, strokeWidth=0.5)
    chart = chart.encode(
        x=_position(alt.X, reach, figure.x, figure.x_title, figure.is_log_x),
        y=_position(alt.Y, heights, figure.y, figure.y_title, figure.is_log_y),
        tooltip=[axes.make_tooltip(frame, each) for each in told],
    )
    if not name:
        return chart.encode(color=alt.value(PALETTE[0]))
    picked = alt.param(name=_signal(figure), value="")
    is_picked = f"{picked.name} === '' || {picked.name} === datum['{name}']"
    # colour and shape together tell 49 categories apart
    values = sorted(frame[name].dropna().unique(), key=str)
    shapes = [SHAPES[(i + i // len(PALETTE)) % len(SHAPES)] for i in range(len(values))]
    styles: dict[str, Any] = {"field": name, "type": "nominal", "title": say_name(name)}
    styles |= {"legend": axes.make_legend(frame[name])}
    return chart.add_params(picked).encode(
        opacity=alt.condition(is_picked, alt.value(0.85), alt.value(0.12)),
        color=alt.Color(**styles, scale=axes.name_colours(values)),
        shape=alt.Shape(**styles, scale=series_scale(values, shapes)),
    )


def _bars(frame: pd.DataFrame, figure: Figure) -> alt.Chart:
    """A faint bar from the lower to the upper end of each point."""
    low, high = figure.ends
    x = alt.X(field=figure.x, type=find_measure(frame[figure.x]))
    y = alt.Y(field=low, type="quantitative", title=figure.y_title)
    return alt.Chart(frame).mark_rule(opacity=0.3).encode(x=x, y=y, y2=high)


def _curve_layers(curve: pd.DataFrame, figure: Figure, reach: pd.Series) -> list[alt.Chart]:
    """The band and the median line of every series of a curve, on an axis that has the reach."""
    frame = curve.dropna(subset=["x", "median"])
    x = _position(alt.X, reach, "x", figure.x_title, figure.is_log_x)
    scale = axes.number_scale(figure.is_log_y, nice=not figure.is_log_y, padding=12)
    base, ink = alt.Chart(frame).encode(x=x, detail="series:N"), "currentColor"
    low, middle = alt.Y("lower:Q", scale=scale), alt.Y("median:Q", scale=scale)
    title, legend = "median and 90 % band", axes.make_legend(frame["series"])
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
