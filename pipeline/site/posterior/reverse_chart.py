"""How the reverse test looks: needed compute as intervals over known amounts of FLOP."""

import math
from dataclasses import replace
from typing import Any

import altair as alt
import pandas as pd

from pipeline.site.charts.drawings import Drawing, draw_panels
from pipeline.site.charts.series import PALETTE
from pipeline.site.figures.kinds import Figure
from pipeline.site.pages.numbers import format_number
from pipeline.site.posterior.reverse_tests import (
    NEEDED,
    ReverseTest,
    describe_needed,
    describe_unreachable,
    find_domain,
)
from pipeline.site.posterior.step_rows import LINE_PIXELS, centre, flop_axis, number_rows, wrap

COLOUR = PALETTE[0]
NEEDED_SIGN = ("●", COLOUR, "needed, with the 90 % interval")
RECORDED_SIGNS = {
    "early_flop": ("○", "inherit", "the first model, as trained"),
    "best_flop": ("□", "inherit", "the best model, as trained"),
}
RECORDED_SHAPES = {"early_flop": "circle", "best_flop": "square"}


def draw_reverse_test(made: ReverseTest) -> Drawing:
    """Needed compute as intervals over the known amounts, all on one logarithmic axis."""
    frame, rows = made.frame, made.frame.to_dict("records")
    labels = centre([_label(row) for row in rows])
    low, high = find_domain(frame)
    known = [
        _known_amount(row, number, math.sqrt(low * high))
        for number, row in enumerate(rows)
        if row["kind"] != NEEDED
    ]
    layers: list[Any] = [*known, *_needed_layers(frame, low, high)]
    lines = max(label.count("\n") for label in labels) + 1
    height = len(labels) * (LINE_PIXELS * lines + 10)
    description = f"On a logarithmic axis of FLOP. {'; '.join(map(_describe_row, rows))}."
    chart = alt.layer(*layers).encode(y=number_rows(labels))
    figure = Figure("intervals", frame=frame, **made.words)
    legend = (sign for name, sign in RECORDED_SIGNS.items() if frame[name].notna().any())
    drawing = draw_panels(figure, [("", chart, height, description)])
    return replace(drawing, legend=(NEEDED_SIGN, *legend))


def _needed_layers(frame: pd.DataFrame, low: float, high: float) -> list[alt.Chart]:
    """Intervals, with an arrow where they have no end, recorded compute, and medians."""
    is_needed = frame["kind"] == NEEDED
    ends = frame[["lower", "upper"]].fillna(high).where(is_needed, axis=0)
    data = frame[["median", "early_flop", "best_flop"]].assign(
        row=range(len(frame)),
        is_open=is_needed & frame["upper"].isna(),
        start=ends["lower"],
        end=ends["upper"],
    )
    needed = alt.Chart(data).transform_filter("isValid(datum.start)")
    arrows = needed.transform_filter("datum.is_open").mark_point(
        filled=True, shape="triangle", angle=90, size=110, opacity=1, aria=False
    )
    medians = needed.transform_filter("isValid(datum.median)").mark_point(
        filled=True, shape="circle", size=90, opacity=1, color=COLOUR, aria=False
    )
    x = alt.X(
        "median:Q",
        title="training compute (FLOP)",
        scale=alt.Scale(type="log", domain=[low, high], nice=False),
        axis=flop_axis(low, high),
    )
    return [
        needed.mark_rule(strokeWidth=3, color=COLOUR).encode(x=alt.X("start:Q"), x2=alt.X2("end")),
        arrows.encode(x=alt.X("end:Q"), color=alt.value(COLOUR)),
        *(_recorded(needed, name, shape) for name, shape in RECORDED_SHAPES.items()),
        medians.encode(x=x),
    ]


def _recorded(needed: alt.Chart, name: str, shape: Any) -> alt.Chart:
    """Recorded compute of the model at one end, hollow."""
    shown = needed.transform_filter(f"isValid(datum.{name})")
    mark = shown.mark_point(
        filled=False, shape=shape, size=75, strokeWidth=1.8, opacity=1, aria=False
    )
    return mark.encode(x=alt.X(f"{name}:Q"), stroke=alt.value("currentColor"))


def _known_amount(row: dict[Any, Any], number: int, middle: float) -> alt.LayerChart:
    """A dashed line through the chart, and the amount in words where the axis has room."""
    amount = float(row["median"])
    data = pd.DataFrame({"row": [number], "at": [amount], "shown": [format_number(amount)]})
    base = alt.Chart(data).encode(x=alt.X("at:Q"))
    line = base.mark_rule(strokeDash=[4, 3], opacity=0.6, aria=False)
    side: dict[str, Any] = {"align": "left", "dx": 6}
    if amount > middle:
        side = {"align": "right", "dx": -6}
    return alt.layer(
        line.encode(y=alt.value(0), y2=alt.value("height")),
        base.mark_text(**side).encode(text=alt.Text("shown:N")),
    )


def _label(row: dict[Any, Any]) -> str:
    label = wrap(row["label"])
    return f"{label}\n{describe_unreachable(row)}" if row["kind"] == NEEDED else label


def _describe_row(row: dict[Any, Any]) -> str:
    if row["kind"] != NEEDED:
        return f"{row['label']}: {format_number(row['median'])} FLOP"
    return f"{row['label']}: {describe_needed(row)} FLOP, {describe_unreachable(row)}"
