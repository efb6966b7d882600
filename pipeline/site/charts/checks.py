"""Charts of checks: densities of priors and posteriors, predictions, groups of rows, ranks."""

import math
from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import altair as alt
import pandas as pd

from pipeline.site.charts import alternatives
from pipeline.site.charts.alternatives import POSTERIOR, PRIOR
from pipeline.site.charts.axes import BELOW_LABELS, log_ticks, number_axis, number_scale
from pipeline.site.charts.columns import make_tooltip
from pipeline.site.charts.drawings import Drawing, Layers, draw_panels
from pipeline.site.charts.labels import ROW_PIXELS, break_title, label_axis, row_pixels, wrap_labels
from pipeline.site.charts.series import DASHES, PALETTE, series_scale
from pipeline.site.figures.kinds import Figure


def draw_densities(figure: Figure, logarithmic: Iterable[str] = ()) -> Drawing:
    """A small panel a parameter: prior and posterior (columns panel, x, density, series)."""
    logs = set(logarithmic)
    panels = [
        (
            str(name),
            _density_chart(rows, is_log=name in logs),
            110,
            alternatives.describe_densities(rows),
        )
        for name, rows in figure.frame.groupby("panel", sort=False)
    ]
    return replace(
        draw_panels(figure, panels), legend=(("┅", PALETTE[1], PRIOR), ("━", PALETTE[0], POSTERIOR))
    )


def draw_predictions(figure: Figure) -> Drawing:
    """Observed values over their predictive intervals, lowest first, a panel a variable."""
    panels = [
        (
            str(name),
            _prediction_chart(rows, figure),
            240,
            alternatives.describe_predictions(rows),
        )
        for name, rows in figure.frame.groupby("panel", sort=False)
    ]
    return draw_panels(figure, panels)


def draw_groups(figure: Figure) -> Drawing:
    """Observed means over the intervals predicted for them: a row a group, a panel a grouping."""
    panels = []
    for name, rows in figure.frame.groupby("panel", sort=False):
        shown = rows.assign(label=wrap_labels(rows["label"]))
        height = len(rows) * row_pixels(shown["label"], 2 * ROW_PIXELS)
        words = alternatives.describe_groups(rows)
        panels.append((str(name), _group_chart(shown, figure), max(height, 60), words))
    signs = (
        ("●", PALETTE[0], "observed mean"),
        ("━", PALETTE[0], "predicted, median and interval"),
        ("✚", PALETTE[4], "observed mean outside of the interval"),
    )
    return replace(draw_panels(figure, panels), legend=signs)


def draw_differences(figure: Figure) -> Drawing:
    """A cumulative distribution less the uniform one, with its band, a panel a variable."""
    panels = [
        (str(name), _difference_chart(rows, figure), 180, alternatives.describe_differences(rows))
        for name, rows in figure.frame.groupby("panel", sort=False)
    ]
    series = figure.frame["series"].nunique()
    legend_rows = 1 + math.ceil(series / 2) if series > 1 else 0
    return draw_panels(figure, panels, legend_rows)


def _density_chart(rows: pd.DataFrame, is_log: bool) -> Layers:
    series = [PRIOR, POSTERIOR]
    ticks = log_ticks(float(rows["x"].min()), float(rows["x"].max())) if is_log else None
    base = alt.Chart(rows).encode(
        x=alt.X(
            field="x",
            type="quantitative",
            title=None,
            scale=number_scale(is_log, nice=False),
            axis=number_axis(is_log, ticks),
        ),
        y=alt.Y(field="density", type="quantitative", axis=None, stack=False),
    )
    colour = alt.Color(
        field="series",
        type="nominal",
        title=None,
        legend=None,
        scale=series_scale(series, (PALETTE[1], PALETTE[0])),
    )
    area = base.mark_area(opacity=0.2).encode(color=colour)
    line = base.mark_line(strokeWidth=1.6).encode(
        color=colour,
        strokeDash=alt.StrokeDash(
            field="series",
            type="nominal",
            legend=None,
            scale=alt.Scale(domain=series, range=[[4, 3], [1, 0]]),
        ),
    )
    return alt.layer(area, line)


def _prediction_chart(rows: pd.DataFrame, figure: Figure) -> Layers:
    base = alt.Chart(rows).encode(
        x=alt.X(
            field="rank",
            type="quantitative",
            title="rows, lowest observed value first",
            axis=alt.Axis(tickCount=6),
        ),
        tooltip=[
            make_tooltip(rows, name) for name in ("row", "observed", "median", "lower", "upper")
        ],
    )
    scale = alt.Scale(zero=False)
    bars = base.mark_rule(strokeWidth=2.5, opacity=0.35, color=PALETTE[0]).encode(
        y=alt.Y(field="lower", type="quantitative", title=figure.y_title, scale=scale),
        y2=alt.Y2(field="upper"),
    )
    dots = base.mark_point(filled=True, size=22, opacity=1).encode(
        y=alt.Y(field="observed", type="quantitative"),
        color=_inside(PALETTE[0], PALETTE[4]),
        shape=_inside("circle", "cross"),
    )
    return alt.layer(bars, dots)


def _group_chart(rows: pd.DataFrame, figure: Figure) -> Layers:
    names = ("group", "count", "observed", "median", "lower", "upper", "p")
    base = alt.Chart(rows).encode(
        y=label_axis(list(rows["label"])),
        tooltip=[make_tooltip(rows, name) for name in names],
    )
    scale, axis = number_scale(False, padding=12), number_axis(False, **BELOW_LABELS)
    title = break_title(figure.x_title)
    bars = base.mark_rule(strokeWidth=7, opacity=0.35, color=PALETTE[0]).encode(
        x=alt.X(field="lower", type="quantitative", title=title, scale=scale, axis=axis),
        x2=alt.X2(field="upper"),
    )
    ticks = base.mark_tick(thickness=2, height=12, color=PALETTE[0]).encode(
        x=alt.X(field="median", type="quantitative")
    )
    dots = base.mark_point(filled=True, size=60, opacity=1).encode(
        x=alt.X(field="observed", type="quantitative"),
        color=_inside(PALETTE[0], PALETTE[4]),
        shape=_inside("circle", "cross"),
    )
    return alt.layer(bars, ticks, dots)


def _inside(within: str, outside: str) -> Any:
    return alt.condition("datum.is_inside", alt.value(within), alt.value(outside))


def _difference_chart(rows: pd.DataFrame, figure: Figure) -> Layers:
    axis = alt.Axis(tickCount=5)
    x = alt.X(
        field="x",
        type="quantitative",
        title=break_title(figure.x_title),
        axis=axis,
        scale=alt.Scale(domain=[0, 1]),
    )
    base = alt.Chart(rows).encode(x=x)
    first = alt.Chart(rows[rows["series"] == rows["series"].iloc[0]]).encode(x=x)
    band = first.mark_area(opacity=0.14, color=PALETTE[0]).encode(
        y=alt.Y(field="lower", type="quantitative", title=figure.y_title, axis=axis),
        y2=alt.Y2(field="upper"),
    )
    series = list(dict.fromkeys(rows["series"]))
    styles: dict[str, Any] = {"field": "series", "type": "nominal", "title": None}
    if len(series) == 1:
        styles["legend"] = None
    dashes = [DASHES[i % len(DASHES)] for i in range(len(series))]
    line = base.mark_line(interpolate="step-after", strokeWidth=1.5).encode(
        y=alt.Y(field="difference", type="quantitative"),
        color=alt.Color(**styles, scale=series_scale(series, PALETTE)),
        strokeDash=alt.StrokeDash(**styles, scale=alt.Scale(domain=series, range=dashes)),
    )
    return alt.layer(band, line)
