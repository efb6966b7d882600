"""Errors of forecasts by the date they were made at, a line a forecast."""

from dataclasses import replace

import altair as alt

from pipeline.site.charts.axes import PALETTE, SHAPES, make_tooltip, series_scale, sign_series
from pipeline.site.charts.drawings import Drawing, describe_reach, draw_panels
from pipeline.site.figures.kinds import Figure

PIXELS = 220


def draw_errors(figure: Figure) -> Drawing:
    """Lines with a point a date; `frame` has date, forecast, crps, coverage, earlier and later."""
    frame, names = figure.frame, ("forecast", "date", "crps", "coverage", "earlier", "later")
    series = list(dict.fromkeys(frame["forecast"]))
    base = alt.Chart(frame).encode(
        x=alt.X("date:T", title=figure.x_title, axis=alt.Axis(tickCount=6, format="%b %Y")),
        y=alt.Y("crps:Q", title=figure.y_title, scale=alt.Scale(zero=True)),
        color=alt.Color("forecast:N", legend=None, scale=series_scale(series, PALETTE)),
        tooltip=[make_tooltip(frame, name) for name in names],
    )
    shape = alt.Shape("forecast:N", legend=None, scale=series_scale(series, SHAPES))
    points = base.mark_point(filled=True, size=50, opacity=1).encode(shape=shape)
    chart = alt.layer(base.mark_line(strokeWidth=1.5), points)
    errors = frame.groupby("forecast", sort=False)["crps"]
    reaches = [f"{name}: {describe_reach(values)}" for name, values in errors]
    words = f"{figure.y_title}. {'; '.join(reaches)}."
    return replace(draw_panels(figure, [("", chart, PIXELS, words)]), legend=sign_series(series))
