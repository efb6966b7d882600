"""Rows of estimates under headings -> a forest plot; marks with a caveat are hollow."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from operator import attrgetter
from typing import Any

import altair as alt
import pandas as pd

from pipeline.site.charts.axes import BASELINE, COLOURS, PUBLISHED, widen
from pipeline.site.charts.drawings import Drawing, draw_panels
from pipeline.site.figures.kinds import Figure
from pipeline.site.overview.rows import BOUNDS, DECADE_MONTHS, NOT_CONVERGED, Row, read_bounds, say

SERIES = {  # kind: words, sign, colour, shape
    "model": ("our posterior", "●", COLOURS["ours"], "circle"),
    "baseline": (BASELINE, "✚", COLOURS["baseline"], "cross"),
    "published": (PUBLISHED, "◆", COLOURS["published"], "diamond"),
}
CAVEAT, NO_NUMBER = "▲", "✗"
HEADING, PLAIN = "!", " "  # fourth character of a row's name
LABEL_CHARACTERS = 34
LABEL_PIXELS = 180
ROW_PIXELS = 18
MARGIN = 0.04  # of the axis on either side
TICKS = 6
LAST_LABEL = 0.12  # of the axis
# Decades a year on the first line, the same as a doubling time on the second.
RATE_LABELS = (
    "[format(datum.value, '~g'), datum.value > 0 ? "
    f"format({DECADE_MONTHS:.6f} / datum.value, '.2~r') + ' mo' : '']"
)
SHARE_LABELS = "format(datum.value, '.0%')"
CSV_COLUMNS = ["group", "label", "kind", "caveat", *BOUNDS, "interval", "page"]
TOLD = {"group": "group", "label": "estimate of", "caveat": "caveat", "shown": ""}  # the unit
TOLD |= {"interval": "interval", "series": "kind"}
by_group = attrgetter("group")


@dataclass(frozen=True)
class Axis:
    """What the axis measures: title, Vega expression of its labels, line to compare with."""

    title: str
    labels: str
    unit: str
    reference: float
    ends: tuple[float, ...] = ()  # values that are shown whatever the numbers


RATES = Axis("decades a year, and as doubling time", RATE_LABELS, "decades per year", 0.0)
SHARES = Axis("compute's share of the step in effective compute", SHARE_LABELS, "share", 0.5)


def draw_forest(rows: Sequence[Row], axis: Axis, words: dict[str, Any]) -> Drawing | None:
    """The forest plot of `rows`, a heading a group, in their order; None without any number."""
    if not any(row.has_number for row in rows):
        return None
    frame, kinds = make_frame(rows, axis), {row.kind for row in rows}
    legend = [(sign, ink, said) for kind, (said, sign, ink, _) in SERIES.items() if kind in kinds]
    if any(row.is_flagged for row in rows):
        legend.append((f"{CAVEAT} ○", "inherit", "read its caveat first"))
    estimates = frame.loc[frame["kind"] != "", CSV_COLUMNS].reset_index(drop=True)
    figure = Figure("intervals", frame=estimates, **words)
    panel = ("", _draw(frame, axis), len(frame) * ROW_PIXELS, describe(rows, axis))
    drawing = draw_panels(figure, [panel], legend_rows=1)  # room for two lines of labels
    return replace(drawing, legend=tuple(legend))


def describe(rows: Sequence[Row], axis: Axis) -> str:
    """The alternative text: of each group the first estimate, caveat before number."""
    said = []
    for group, members in groupby(rows, by_group):
        first = sorted(members, key=lambda row: not row.has_number)[0]
        caveat = f"{'; '.join(first.caveats)}: " if first.caveats else ""
        said.append(f"{group}, {first.label}: {caveat}{say(first, axis.unit)}.")
    return f"Forest plot of {len(rows)} estimates. {' '.join(said)}"


def make_frame(rows: Sequence[Row], axis: Axis) -> pd.DataFrame:
    """A line of the plot a row: headings without numbers, estimates with their words."""
    words = ("label", "kind", "series", "caveat", "shown", "interval", "page")
    lines: list[dict[str, Any]] = []
    for group, members in groupby(rows, by_group):
        heading = {"text": HEADING, "group": group, "is_sure": True}
        lines.append(heading | read_bounds({}) | dict.fromkeys(words, ""))
        lines += [_describe_row(row, axis) for row in members]
    frame = pd.DataFrame(lines)
    frame["place"] = [f"{i:03d}{text}" for i, text in enumerate(frame.pop("text"))]
    return frame


def _describe_row(row: Row, axis: Axis) -> dict[str, Any]:
    sign = f"{NO_NUMBER} " if not row.has_number else f"{CAVEAT} " if row.is_flagged else ""
    text = sign + row.label + (f": {NOT_CONVERGED}" if NOT_CONVERGED in row.caveats else "")
    if len(text) > LABEL_CHARACTERS:
        text = text[: LABEL_CHARACTERS - 1].rstrip(" ,:;(") + "…"
    return {
        **{name: getattr(row, name) for name in ("group", "label", "kind", "interval", "page")},
        "text": PLAIN + text,
        "series": SERIES[row.kind][0],
        "caveat": "; ".join(row.caveats) or "none",
        "is_sure": not row.is_flagged,
        "shown": say(row, axis.unit),
    } | read_bounds(vars(row))


def _draw(frame: pd.DataFrame, axis: Axis) -> alt.LayerChart:
    """Intervals, those without an end up to the end of the axis, medians and headings."""
    is_heading = frame["kind"] == ""
    drawn = frame[~is_heading].astype(dict.fromkeys(BOUNDS, float))
    titles = frame.loc[is_heading, ["place", "group"]].rename(columns={"group": "heading"})
    values = [axis.reference, *axis.ends, *drawn[list(BOUNDS)].stack().dropna()]
    low, high = widen(min(values), max(values), MARGIN)
    tooltip = [alt.Tooltip(f"{name}:N", title=said or axis.unit) for name, said in TOLD.items()]
    reference = alt.Chart(pd.DataFrame({"reference": [axis.reference]}))
    estimates = alt.Chart(drawn).encode(_place(frame), _by_kind(alt.Color), tooltip=tooltip)
    intervals = estimates.transform_filter("isValid(datum.lower) || isValid(datum.upper)")
    intervals = intervals.transform_calculate(
        start=f"isValid(datum.lower) ? datum.lower : {low}",
        end=f"isValid(datum.upper) ? datum.upper : {high}",
    )
    medians = estimates.transform_filter("isValid(datum.median)").mark_point(size=60, opacity=1)
    fill = alt.condition("datum.is_sure", _by_kind(alt.Color), alt.value("transparent"))
    width, ink = alt.ExprRef("width"), alt.value("currentColor")
    names = alt.Chart(titles).mark_text(align="left", limit=width, fontWeight="bold", fontSize=12)
    return alt.layer(
        reference.mark_rule(strokeDash=[4, 4], opacity=0.5).encode(x="reference:Q"),
        intervals.mark_rule(strokeWidth=2, opacity=0.75).encode(x="start:Q", x2="end"),
        medians.encode(_scale(axis, low, high), _by_kind(alt.Shape), fill=fill),
        names.encode(_place(frame), x=alt.value(2), text="heading:N", color=ink),
    )


def _place(frame: pd.DataFrame) -> alt.Y:
    bare: dict[str, Any] = {"ticks": False, "domain": False, "grid": False}
    axis = alt.Axis(labelExpr="slice(datum.label, 4)", labelLimit=LABEL_PIXELS, **bare)
    places = list(frame["place"])
    scale = alt.Scale(domain=places, padding=0.1)
    return alt.Y("place:N", sort=places, title=None, axis=axis, scale=scale)


def _scale(axis: Axis, low: float, high: float) -> alt.X:
    last = high - LAST_LABEL * (high - low)  # a label beyond it could be cut
    labels = f"datum.value > {last:.6g} ? '' : {axis.labels}"
    place: dict[str, Any] = {"labelFlush": False, "orient": "bottom", "titleAnchor": "end"}
    shown = alt.Axis(labelExpr=labels, tickCount=TICKS, labelOverlap=True, **place)
    scale = alt.Scale(domain=[low, high], nice=False, zero=False)
    return alt.X("median:Q", title=axis.title, scale=scale, axis=shown)


def _by_kind(channel: type[alt.Color] | type[alt.Shape]) -> Any:
    words, _, colours, shapes = zip(*SERIES.values(), strict=True)
    scale = alt.Scale(domain=words, range=colours if channel is alt.Color else shapes)
    return channel("series:N", legend=None, scale=scale)
