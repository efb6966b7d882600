"""Rows of estimates under headings -> one forest plot on one axis.

A mark is hollow, and its row starts with a sign, where the number is to be read with a caveat.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

import altair as alt
import pandas as pd

from pipeline.site.charts.data import round_numbers
from pipeline.site.charts.drawings import Drawing, Panel
from pipeline.site.charts.series import AVERAGED, BASELINE, ONE_MODEL, PALETTE, PUBLISHED
from pipeline.site.overview.estimates import DECADE_MONTHS, NOT_CONVERGED, Row, is_flagged, say

SERIES = {
    "averaged": (AVERAGED, "■", PALETTE[1], "square"),
    "model": (ONE_MODEL, "●", PALETTE[0], "circle"),
    "baseline": (BASELINE, "✚", PALETTE[3], "cross"),
    "published": (PUBLISHED, "◆", PALETTE[2], "diamond"),
}
CAVEAT, NO_NUMBER = "▲", "✗"
HEADING, PLAIN = "!", " "  # fourth character of a row's name
LABEL_CHARACTERS = 34
LABEL_PIXELS = 180
ROW_PIXELS = 18
AXIS_PIXELS = 62
MARGIN = 0.04  # of the axis on either side
TICKS = 6
LAST_LABEL = 0.12  # of the axis
# Decades a year on the first line, the same as a doubling time on the second.
RATE_LABELS = (
    "[format(datum.value, '~g'), datum.value > 0 ? "
    f"format({DECADE_MONTHS:.6f} / datum.value, '.2~r') + ' mo' : '']"
)
SHARE_LABELS = "format(datum.value, '.0%')"


@dataclass(frozen=True)
class Axis:
    """What the axis measures: title, Vega expression of its labels, line to compare with."""

    title: str
    labels: str
    unit: str
    reference: float
    rows_of_labels: int = 1
    ends: tuple[float, ...] = ()  # values that are shown whatever the numbers


RATES = Axis(
    "decades a year, and as doubling time",
    RATE_LABELS,
    "decades per year",
    0.0,
    2,
)
SHARES = Axis("compute's share of the step in effective compute", SHARE_LABELS, "share", 0.5)


def draw_forest(rows: Sequence[Row], id_: str, title: str, caption: str, axis: Axis) -> Drawing:
    """The forest plot of `rows`, a heading a group, in their order."""
    frame = make_frame(rows, axis)
    height = len(frame) * ROW_PIXELS
    spec = _make_spec(frame, axis, height)
    kinds = dict.fromkeys(kind for kind in SERIES if kind in {row.kind for row in rows})
    legend = [(sign, colour, words) for words, sign, colour, _ in map(SERIES.__getitem__, kinds)]
    if any(is_flagged(row) for row in rows):
        legend.append((f"{CAVEAT} ○", "inherit", "read its caveat first"))
    shown = frame.loc[frame["kind"] != "", _CSV_COLUMNS].reset_index(drop=True)
    panel = Panel("", spec, height + AXIS_PIXELS, describe(rows, title, axis))
    return Drawing(id_, title, caption, (panel,), round_numbers(shown), tuple(legend))


def describe(rows: Sequence[Row], title: str, axis: Axis) -> str:
    """The alternative text: of each group the first estimate, caveat before number."""
    said = [_describe_group(list(group), axis) for _, group in groupby(rows, _by_group)]
    return f"{title}. Forest plot of {len(rows)} estimates. {' '.join(said)}"


def make_frame(rows: Sequence[Row], axis: Axis) -> pd.DataFrame:
    """A line of the plot a row: headings without numbers, estimates with their words."""
    lines = list(_lines(rows, axis))
    frame = pd.DataFrame(lines)
    frame["place"] = [
        f"{i:03d}{mark}{text}"
        for i, (mark, text) in enumerate(zip(frame["mark"], frame["text"], strict=True))
    ]
    return frame.drop(columns=["mark", "text"])


_CSV_COLUMNS = ["group", "label", "kind", "caveat", "median", "lower", "upper", "interval", "page"]


def _by_group(row: Row) -> str:
    return row.group


def _describe_group(rows: list[Row], axis: Axis) -> str:
    first = next((row for row in rows if row.has_number), rows[0])
    caveat = f"{'; '.join(first.caveats)}: " if first.caveats else ""
    return f"{first.group}, {first.label}: {caveat}{say(first, axis.unit)}."


def _lines(rows: Sequence[Row], axis: Axis) -> Iterator[dict[str, Any]]:
    for group, members in groupby(rows, _by_group):
        yield _heading(group)
        yield from (_estimate(row, axis) for row in members)


def _heading(group: str) -> dict[str, Any]:
    nothing = dict.fromkeys(("median", "lower", "upper"))
    words = dict.fromkeys(("label", "kind", "series", "caveat", "shown", "interval", "page"), "")
    return {"mark": HEADING, "text": "", "group": group, "is_sure": True} | nothing | words


def _estimate(row: Row, axis: Axis) -> dict[str, Any]:
    sign = f"{CAVEAT} " if is_flagged(row) else ""
    sign = f"{NO_NUMBER} " if not row.has_number else sign
    name = f"{row.label}: {NOT_CONVERGED}" if NOT_CONVERGED in row.caveats else row.label
    return {
        "mark": PLAIN,
        "text": _shorten(sign + name, LABEL_CHARACTERS),
        "group": row.group,
        "label": row.label,
        "kind": row.kind,
        "series": SERIES[row.kind][0],
        "caveat": "; ".join(row.caveats) or "none",
        "is_sure": not is_flagged(row),
        "shown": say(row, axis.unit),
        "interval": row.interval,
        "page": row.page,
        **{name: getattr(row, name) for name in ("median", "lower", "upper")},
    }


def _shorten(text: str, characters: int) -> str:
    return text if len(text) <= characters else text[: characters - 1].rstrip(" ,:;(") + "…"


def _make_spec(frame: pd.DataFrame, axis: Axis, height: int) -> dict[str, Any]:
    is_heading = frame["kind"] == ""
    drawn = frame[~is_heading].astype(dict.fromkeys(("median", "lower", "upper"), float))
    low, high = _reach(drawn, axis)
    base = alt.Chart(drawn).encode(y=_places(frame), color=_colours(), tooltip=_tooltips(axis))
    line = alt.Chart(pd.DataFrame({"reference": [axis.reference]})).mark_rule(
        strokeDash=[4, 4], opacity=0.5
    )
    reference = line.encode(x=alt.X(field="reference", type="quantitative"))
    has_interval = "isValid(datum.lower) || isValid(datum.upper)"
    ends = base.transform_filter(has_interval).transform_calculate(
        start=f"isValid(datum.lower) ? datum.lower : {low}",
        end=f"isValid(datum.upper) ? datum.upper : {high}",
    )
    rule = ends.mark_rule(strokeWidth=2, opacity=0.75).encode(
        x=alt.X(field="start", type="quantitative"), x2=alt.X2(field="end")
    )
    dots = base.transform_filter("isValid(datum.median)").mark_point(size=60, opacity=1)
    dots = dots.encode(
        x=_scale(axis, low, high),
        shape=_by_series(alt.Shape, 3),
        fill=alt.condition("datum.is_sure", _by_series(alt.Color, 2), alt.value("transparent")),
    )
    titles = frame.loc[is_heading, ["place", "group"]].rename(columns={"group": "heading"})
    headings = (
        alt.Chart(titles)
        .encode(y=_places(frame))
        .mark_text(
            align="left",
            limit=alt.ExprRef("width"),
            fontWeight="bold",
            fontSize=12,
        )
    )
    headings = headings.encode(
        x=alt.value(2),
        text=alt.Text(field="heading", type="nominal"),
        color=alt.value("currentColor"),
    )
    chart = alt.layer(reference, rule, dots, headings).properties(width="container", height=height)
    with alt.data_transformers.enable("default", max_rows=None):
        spec: dict[str, Any] = chart.to_dict()
    for name in ("$schema", "config"):
        spec.pop(name, None)
    return spec | {"autosize": {"type": "fit-x", "contains": "padding"}}


def _reach(frame: pd.DataFrame, axis: Axis) -> tuple[float, float]:
    """The ends of the axis: all numbers, the reference and the axis' own ends, with a margin."""
    values = frame[["median", "lower", "upper"]].stack().dropna()
    low = min([axis.reference, *axis.ends, *values])
    high = max([axis.reference, *axis.ends, *values])
    room = MARGIN * ((high - low) or 1.0)
    return low - room, high + room


def _places(frame: pd.DataFrame) -> alt.Y:
    shown = alt.Axis(
        labelExpr="slice(datum.label, 4)",
        labelLimit=LABEL_PIXELS,
        ticks=False,
        domain=False,
        grid=False,
    )
    places = list(frame["place"])
    scale = alt.Scale(domain=places, padding=0.1)
    return alt.Y(field="place", type="nominal", sort=places, title=None, axis=shown, scale=scale)


def _scale(axis: Axis, low: float, high: float) -> alt.X:
    scale = alt.Scale(domain=[low, high], nice=False, zero=False)
    last = high - LAST_LABEL * (high - low)  # a label beyond it could be cut
    shown = alt.Axis(
        labelExpr=f"datum.value > {last:.6g} ? '' : {axis.labels}",
        tickCount=TICKS,
        labelOverlap=True,
        labelFlush=False,
        orient="bottom",
        titleAnchor="end",
    )
    return alt.X(field="median", type="quantitative", title=axis.title, scale=scale, axis=shown)


def _by_series(channel: Callable[..., Any], position: int) -> Any:
    names = [made[0] for made in SERIES.values()]
    scale = alt.Scale(domain=names, range=[made[position] for made in SERIES.values()])
    return channel(field="series", type="nominal", legend=None, scale=scale)


def _colours() -> Any:
    return _by_series(alt.Color, 2)


def _tooltips(axis: Axis) -> list[alt.Tooltip]:
    names = {"group": "group", "label": "estimate of", "caveat": "caveat", "shown": axis.unit}
    return [
        alt.Tooltip(field=field, type="nominal", title=title)
        for field, title in (names | {"interval": "interval", "series": "kind"}).items()
    ]
