"""Charts of checks: densities of priors and posteriors, predictions, groups of rows, ranks."""

import math
from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any

import altair as alt
import pandas as pd

from pipeline.site.charts import alternatives
from pipeline.site.charts.alternatives import POSTERIOR, PRIOR
from pipeline.site.charts.axes import (
    BELOW_LABELS,
    ROW_PIXELS,
    break_title,
    label_axis,
    log_ticks,
    make_tooltip,
    number_axis,
    number_scale,
    row_pixels,
    wrap_labels,
)
from pipeline.site.charts.drawings import Drawing, Layers, draw_panels
from pipeline.site.charts.series import DASHES, PALETTE, series_scale
from pipeline.site.figures.kinds import Figure

GROUP_SIGNS = (
    ("●", PALETTE[0], "observed mean"),
    ("━", PALETTE[0], "predicted, median and interval"),
    ("✚", PALETTE[4], "observed mean outside of the interval"),
)


def draw_densities(figure: Figure, logarithmic: Iterable[str] = ()) -> Drawing:
    """A small panel a parameter: prior and posterior (columns panel, x, density, series)."""

    def draw(rows: pd.DataFrame) -> Layers:
        return _density_chart(rows, is_log=rows["panel"].iloc[0] in set(logarithmic))

    drawing = _draw(figure, draw, 110, alternatives.describe_densities)
    return replace(drawing, legend=(("┅", PALETTE[1], PRIOR), ("━", PALETTE[0], POSTERIOR)))


def draw_predictions(figure: Figure) -> Drawing:
    """Observed values over their predictive intervals, lowest first, a panel a variable."""
    words = alternatives.describe_predictions
    return _draw(figure, lambda rows: _prediction_chart(rows, figure), 240, words)


def draw_groups(figure: Figure) -> Drawing:
    """Observed means over the intervals predicted for them: a row a group, a panel a grouping."""
    panels = []
    for name, rows in figure.frame.groupby("panel", sort=False):
        shown = rows.assign(label=wrap_labels(rows["label"]))
        height = len(rows) * row_pixels(shown["label"], 2 * ROW_PIXELS)
        words = alternatives.describe_groups(rows)
        panels.append((str(name), _group_chart(shown, figure), max(height, 60), words))
    return replace(draw_panels(figure, panels), legend=GROUP_SIGNS)


def draw_differences(figure: Figure) -> Drawing:
    """A cumulative distribution less the uniform one, with its band, a panel a variable."""
    series = figure.frame["series"].nunique()
    legend_rows = 1 + math.ceil(series / 2) if series > 1 else 0
    words = alternatives.describe_differences
    return _draw(figure, lambda rows: _difference_chart(rows, figure), 180, words, legend_rows)


def _draw(
    figure: Figure,
    chart: Callable[[pd.DataFrame], Layers],
    height: int,
    words: Callable[[pd.DataFrame], str],
    legend_rows: int = 0,
) -> Drawing:
    """A panel for the rows of each value of column `panel`."""
    groups = figure.frame.groupby("panel", sort=False)
    panels = [(str(name), chart(rows), height, words(rows)) for name, rows in groups]
    return draw_panels(figure, panels, legend_rows)


def _density_chart(rows: pd.DataFrame, is_log: bool) -> Layers:
    series = [PRIOR, POSTERIOR]
    ticks = log_ticks(float(rows["x"].min()), float(rows["x"].max())) if is_log else None
    scale = number_scale(is_log, nice=False)
    x = alt.X("x:Q", title=None, scale=scale, axis=number_axis(is_log, ticks))
    base = alt.Chart(rows).encode(x=x, y=alt.Y("density:Q", axis=None, stack=False))
    colours = series_scale(series, (PALETTE[1], PALETTE[0]))
    colour = alt.Color("series:N", title=None, legend=None, scale=colours)
    dashes = series_scale(series, ([4, 3], [1, 0]))
    dash = alt.StrokeDash("series:N", legend=None, scale=dashes)
    area = base.mark_area(opacity=0.2).encode(color=colour)
    return alt.layer(area, base.mark_line(strokeWidth=1.6).encode(color=colour, strokeDash=dash))


def _prediction_chart(rows: pd.DataFrame, figure: Figure) -> Layers:
    names = ("row", "observed", "median", "lower", "upper")
    axis = alt.Axis(tickCount=6)
    base = alt.Chart(rows).encode(
        x=alt.X("rank:Q", title="rows, lowest observed value first", axis=axis),
        tooltip=[make_tooltip(rows, name) for name in names],
    )
    low = alt.Y("lower:Q", title=figure.y_title, scale=alt.Scale(zero=False))
    bars = base.mark_rule(strokeWidth=2.5, opacity=0.35, color=PALETTE[0])
    dots = base.mark_point(filled=True, size=22, opacity=1)
    return alt.layer(bars.encode(y=low, y2="upper"), dots.encode(y="observed:Q", **_inside()))


def _group_chart(rows: pd.DataFrame, figure: Figure) -> Layers:
    names = ("group", "count", "observed", "median", "lower", "upper", "p")
    tooltip = [make_tooltip(rows, name) for name in names]
    base = alt.Chart(rows).encode(y=label_axis(list(rows["label"])), tooltip=tooltip)
    scale, axis = number_scale(False, padding=12), number_axis(False, **BELOW_LABELS)
    low = alt.X("lower:Q", title=break_title(figure.x_title), scale=scale, axis=axis)
    bars = base.mark_rule(strokeWidth=7, opacity=0.35, color=PALETTE[0]).encode(x=low, x2="upper")
    ticks = base.mark_tick(thickness=2, height=12, color=PALETTE[0]).encode(x="median:Q")
    dots = base.mark_point(filled=True, size=60, opacity=1).encode(x="observed:Q", **_inside())
    return alt.layer(bars, ticks, dots)


def _inside() -> dict[str, Any]:
    """Colour and shape of an observed value inside of its interval, or outside."""
    pairs = {"color": (PALETTE[0], PALETTE[4]), "shape": ("circle", "cross")}
    return {
        name: alt.condition("datum.is_inside", alt.value(within), alt.value(outside))
        for name, (within, outside) in pairs.items()
    }


def _difference_chart(rows: pd.DataFrame, figure: Figure) -> Layers:
    axis = alt.Axis(tickCount=5)
    scale = alt.Scale(domain=[0, 1])
    x = alt.X("x:Q", title=break_title(figure.x_title), axis=axis, scale=scale)
    first = alt.Chart(rows[rows["series"] == rows["series"].iloc[0]]).encode(x=x)
    low = alt.Y("lower:Q", title=figure.y_title, axis=axis)
    band = first.mark_area(opacity=0.14, color=PALETTE[0]).encode(y=low, y2="upper")
    series = list(dict.fromkeys(rows["series"]))
    styles: dict[str, Any] = {"title": None} | ({"legend": None} if len(series) == 1 else {})
    line = alt.Chart(rows).mark_line(interpolate="step-after", strokeWidth=1.5)
    lines = line.encode(
        x=x,
        y="difference:Q",
        color=alt.Color("series:N", scale=series_scale(series, PALETTE), **styles),
        strokeDash=alt.StrokeDash("series:N", scale=series_scale(series, DASHES), **styles),
    )
    return alt.layer(band, lines)
