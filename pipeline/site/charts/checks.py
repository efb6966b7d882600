"""Charts of checks: densities of priors and posteriors, predictions, groups of rows, ranks."""

import math
from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any

import altair as alt
import pandas as pd

from pipeline.site.charts import alternatives, axes
from pipeline.site.charts.alternatives import POSTERIOR, PRIOR
from pipeline.site.charts.axes import DASHES, PALETTE, break_title, make_tooltip, series_scale
from pipeline.site.charts.drawings import Drawing, Layers, draw_panels
from pipeline.site.figures.kinds import Figure

GROUP_SIGNS = (
    ("●", PALETTE[0], "observed mean"),
    ("━", PALETTE[0], "predicted, median and interval"),
    ("✚", PALETTE[4], "observed mean outside of the interval"),
)
DENSITY_SIGNS = (("┅", PALETTE[1], PRIOR), ("━", PALETTE[0], POSTERIOR))
# Colour and shape of an observed value inside of its interval, or outside.
INSIDE = {
    name: alt.condition("datum.is_inside", alt.value(within), alt.value(outside))
    for name, within, outside in (("color", PALETTE[0], PALETTE[4]), ("shape", "circle", "cross"))
}


def draw_densities(figure: Figure, logarithmic: Iterable[str] = ()) -> Drawing:
    """A small panel a parameter: prior and posterior (columns panel, x, density, series)."""
    is_log = set(logarithmic).__contains__
    drawing = _draw(
        figure,
        lambda rows: _density_chart(rows, is_log(rows["panel"].iloc[0])),
        alternatives.describe_densities,
        lambda _: 110,
    )
    return replace(drawing, legend=DENSITY_SIGNS)


def draw_predictions(figure: Figure) -> Drawing:
    """Observed values over their predictive intervals, lowest first, a panel a variable."""
    words = alternatives.describe_predictions
    return _draw(figure, lambda rows: _prediction_chart(rows, figure), words, lambda _: 240)


def draw_groups(figure: Figure) -> Drawing:
    """Observed means over the intervals predicted for them: a row a group, a panel a grouping."""

    def measure(rows: pd.DataFrame) -> int:
        labels = axes.wrap_labels(rows["label"])
        return max(len(rows) * axes.row_pixels(labels, 2 * axes.ROW_PIXELS), 60)

    words = alternatives.describe_groups
    drawing = _draw(figure, lambda rows: _group_chart(rows, figure), words, measure)
    return replace(drawing, legend=GROUP_SIGNS)


def draw_differences(figure: Figure) -> Drawing:
    """A cumulative distribution less the uniform one, with its band, a panel a variable."""
    series = figure.frame["series"].nunique()
    below = 1 + math.ceil(series / 2) if series > 1 else 0
    words = alternatives.describe_differences
    return _draw(figure, lambda rows: _difference_chart(rows, figure), words, lambda _: 180, below)


def _draw(
    figure: Figure,
    chart: Callable[[pd.DataFrame], Layers],
    words: Callable[[pd.DataFrame], str],
    height: Callable[[pd.DataFrame], int],
    legend_rows: int = 0,
) -> Drawing:
    """A panel for the rows of each value of column `panel`."""
    groups = figure.frame.groupby("panel", sort=False)
    panels = [(str(name), chart(rows), height(rows), words(rows)) for name, rows in groups]
    return draw_panels(figure, panels, legend_rows)


def _density_chart(rows: pd.DataFrame, is_log: bool) -> Layers:
    ticks = axes.log_ticks(rows["x"].min(), rows["x"].max()) if is_log else None
    scale = axes.number_scale(is_log, nice=False)
    x = alt.X("x:Q", title=None, scale=scale, axis=axes.number_axis(is_log, ticks))
    base = alt.Chart(rows).encode(x=x, y=alt.Y("density:Q", axis=None, stack=False))
    colours = series_scale([PRIOR, POSTERIOR], (PALETTE[1], PALETTE[0]))
    colour = alt.Color("series:N", title=None, legend=None, scale=colours)
    dashes = series_scale([PRIOR, POSTERIOR], ([4, 3], [1, 0]))
    dash = alt.StrokeDash("series:N", legend=None, scale=dashes)
    area = base.mark_area(opacity=0.2).encode(color=colour)
    return alt.layer(area, base.mark_line(strokeWidth=1.6).encode(color=colour, strokeDash=dash))


def _prediction_chart(rows: pd.DataFrame, figure: Figure) -> Layers:
    names = ("row", "observed", "median", "lower", "upper")
    title, axis = "rows, lowest observed value first", alt.Axis(tickCount=6)
    tooltip = [make_tooltip(rows, name) for name in names]
    base = alt.Chart(rows).encode(x=alt.X("rank:Q", title=title, axis=axis), tooltip=tooltip)
    low = alt.Y("lower:Q", title=figure.y_title, scale=alt.Scale(zero=False))
    bars = base.mark_rule(strokeWidth=2.5, opacity=0.35, color=PALETTE[0])
    dots = base.mark_point(filled=True, size=22, opacity=1)
    return alt.layer(bars.encode(y=low, y2="upper"), dots.encode(y="observed:Q", **INSIDE))


def _group_chart(rows: pd.DataFrame, figure: Figure) -> Layers:
    rows = rows.assign(label=axes.wrap_labels(rows["label"]))
    names = ("group", "count", "observed", "median", "lower", "upper", "p")
    tooltip = [make_tooltip(rows, name) for name in names]
    base = alt.Chart(rows).encode(y=axes.label_axis(list(rows["label"])), tooltip=tooltip)
    scale = axes.number_scale(False, padding=12)
    axis = axes.number_axis(False, **axes.BELOW_LABELS)
    low = alt.X("lower:Q", title=break_title(figure.x_title), scale=scale, axis=axis)
    bars = base.mark_rule(strokeWidth=7, opacity=0.35, color=PALETTE[0]).encode(x=low, x2="upper")
    ticks = base.mark_tick(thickness=2, height=12, color=PALETTE[0]).encode(x="median:Q")
    dots = base.mark_point(filled=True, size=60, opacity=1).encode(x="observed:Q", **INSIDE)
    return alt.layer(bars, ticks, dots)


def _difference_chart(rows: pd.DataFrame, figure: Figure) -> Layers:
    axis, scale = alt.Axis(tickCount=5), alt.Scale(domain=[0, 1])
    x = alt.X("x:Q", title=break_title(figure.x_title), axis=axis, scale=scale)
    series = list(dict.fromkeys(rows["series"]))
    first = alt.Chart(rows[rows["series"] == series[0]]).encode(x=x)
    low = alt.Y("lower:Q", title=figure.y_title, axis=axis)
    band = first.mark_area(opacity=0.14, color=PALETTE[0]).encode(y=low, y2="upper")
    styles: dict[str, Any] = {"title": None} | ({"legend": None} if len(series) == 1 else {})
    colour = alt.Color("series:N", scale=series_scale(series, PALETTE), **styles)
    dash = alt.StrokeDash("series:N", scale=series_scale(series, DASHES), **styles)
    line = alt.Chart(rows).mark_line(interpolate="step-after", strokeWidth=1.5)
    return alt.layer(band, line.encode(x=x, y="difference:Q", color=colour, strokeDash=dash))
