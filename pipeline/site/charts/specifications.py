"""The specification curve: medians in their order, and below which choices each was made with."""

import altair as alt
import pandas as pd

from pipeline.site.charts.axes import (
    COLOURS,
    ROW_PIXELS,
    make_tooltip,
    number_axis,
    row_pixels,
    wrap_label,
)
from pipeline.site.charts.drawings import Drawing, Layers, draw_panels
from pipeline.site.figures.kinds import Figure
from pipeline.site.pages.sentences import say

LABEL_PIXELS = 140  # of both charts, so that their columns stand above each other
LABEL_CHARACTERS = 22
SHOWN = (0.02, 0.95)  # quantiles of the ends of intervals between which the axis runs
CURVE_PIXELS = 220
OURS, OTHER = COLOURS["ours"], COLOURS["other"]


def draw_curve(figure: Figure) -> Drawing:
    """Medians with intervals by rank; `frame` has rank, median, lower, upper, is_ours and made."""
    frame = figure.frame
    names = ("made", "median", "lower", "upper")
    colour = alt.condition("datum.is_ours", alt.value(OURS), alt.value(OTHER))
    base = alt.Chart(frame).encode(
        x=_rank(frame, None), color=colour, tooltip=[make_tooltip(frame, name) for name in names]
    )
    axis = number_axis(False, minExtent=LABEL_PIXELS, tickSize=0)
    ends = [frame["lower"].quantile(SHOWN[0]), frame["upper"].quantile(SHOWN[1])]
    domain = [min(ends[0], frame["median"].min()), max(ends[1], frame["median"].max())]
    low = alt.Y("lower:Q", title=None, scale=alt.Scale(domain=domain), axis=axis)
    bars = base.mark_rule(opacity=0.35, strokeWidth=2, clip=True).encode(y=low, y2="upper")
    dots = base.mark_point(filled=True, size=22, opacity=1).encode(y="median:Q")
    ours = base.mark_point(filled=True, size=90, opacity=1).encode(y="median:Q")
    layers = alt.layer(bars, dots, ours.transform_filter("datum.is_ours"))
    own = frame[frame["is_ours"]].to_dict("records")
    reach = {"low": frame["median"].min(), "high": frame["median"].max()}
    words = say("alt_specifications", count=len(frame), ours=own[0] if own else None, **reach)
    return draw_panels(figure, [("", layers, CURVE_PIXELS, words)])


def draw_choices(figure: Figure) -> Drawing:
    """A dot where a specification makes a choice otherwise; `frame` has rank and label."""
    narrow = figure.frame["label"].map(lambda text: wrap_label(text, characters=LABEL_CHARACTERS))
    frame = figure.frame.assign(label=narrow)
    labels = list(dict.fromkeys(frame["label"]))
    height = len(labels) * row_pixels(labels, ROW_PIXELS)
    return draw_panels(figure, [("", _matrix(frame, labels, figure), height, figure.caption)])


def _matrix(frame: pd.DataFrame, labels: list[str], figure: Figure) -> Layers:
    text = "split(datum.label, '\\n')"
    axis = alt.Axis(labelExpr=text, labelLimit=LABEL_PIXELS, minExtent=LABEL_PIXELS, ticks=False)
    y = alt.Y("label:N", sort=labels, title=None, axis=axis)
    dots = alt.Chart(frame).mark_point(filled=True, size=16, opacity=1, color=OTHER)
    return alt.layer(dots.encode(x=_rank(frame, figure.x_title), y=y))


def _rank(frame: pd.DataFrame, title: str | None) -> alt.X:
    scale = alt.Scale(domain=[0, int(frame["last"].iloc[0]) + 1], nice=False)
    return alt.X("rank:Q", title=title, scale=scale, axis=alt.Axis(tickCount=6, grid=False))
