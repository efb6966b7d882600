"""How the split of a step looks: bars that fade, and waterfalls from part to part."""

import json
from dataclasses import replace
from typing import Any

import altair as alt
import numpy as np
import pandas as pd

from pipeline.site.charts.drawings import Drawing, draw_panels
from pipeline.site.charts.series import PALETTE
from pipeline.site.figures.kinds import Figure
from pipeline.site.posterior.splits import FADE_LEVELS, OF_ALGORITHMS, Split, describe_share
from pipeline.site.posterior.waterfalls import WHOLE, Waterfall, describe_change

COMPUTE_COLOUR, ALGORITHMS_COLOUR, UNEXPLAINED_COLOUR = PALETTE[0], PALETTE[1], "#8a8f98"
INFERENCE_COLOUR = PALETTE[2]
COLOURS = dict.fromkeys(("algorithms", *OF_ALGORITHMS), ALGORITHMS_COLOUR)
COLOURS |= {"compute": COMPUTE_COLOUR, "inference": INFERENCE_COLOUR}
LINE_PIXELS = 13  # between the lines of a label
ROW_PIXELS = 34  # a label of two lines fits into it
LABEL_LIMIT = 165
ROOM = 0.05  # of the axis beside the widest interval
SOLID = 0.8  # opacity of a fading bar where the share is sure to reach
CHARACTER_PIXELS = 6.1  # of a label, on average
SIGNS = (
    ("■", COMPUTE_COLOUR, "compute"),
    ("■", INFERENCE_COLOUR, "inference: compute at test time"),
    ("■", ALGORITHMS_COLOUR, "algorithms and their parts"),
    ("■", UNEXPLAINED_COLOUR, "unexplained"),
    ("□", "inherit", "whole step"),
    ("━", "inherit", "90 % interval of the part"),
)


def draw_split(split: Split) -> Drawing:
    """A row a part: a bar that fades as the share gets less likely, with two intervals on it."""
    frame, rows = split.frame, split.frame.to_dict("records")
    parts = [(row["level"], row["part"]) for row in rows]
    names = [part if level == "whole" else f"algorithms: {part}" for level, part in parts]
    said = [describe_share(row) for row in rows]
    low, high = min(0.0, float(frame["lower"].min())), max(1.0, float(frame["upper"].max()))
    room = ROOM * (high - low)
    domain = [low - room if low < 0 else 0.0, high + (room if high > 1 else 0.0)]
    layers: list[Any] = [draw_line(at) for at in (0.0, 1.0) if domain[0] < at < domain[1]]
    for number, part in enumerate(frame["part"]):
        if part in split.fades:
            layers += _fading(part, number, split.fades[part])
    layers += _interval_layers(domain)
    data = frame.drop(columns="level").assign(row=range(len(frame)))
    labels = [f"{name}\n{share}" for name, share in zip(names, said, strict=True)]
    chart = alt.layer(*layers, data=data).encode(y=number_rows(labels))
    listed = "; ".join(f"{name} {share}" for name, share in zip(names, said, strict=True))
    description = f"Shares of the step, median and 90 % interval: {listed}."
    figure = Figure("intervals", frame=frame, **split.words)
    return draw_panels(figure, [("", chart, len(frame) * ROW_PIXELS, description)])


def _interval_layers(domain: list[float]) -> list[alt.Chart]:
    """The 90 % interval, the 50 % interval and the median of each row."""
    x = alt.X(
        "lower:Q",
        title="share of the step in effective compute",
        scale=alt.Scale(domain=domain, nice=False, zero=False),
        axis=alt.Axis(format="~%", tickCount=6, labelOverlap=True, titleAnchor="end"),
    )
    base = alt.Chart()
    return [
        base.mark_rule(strokeWidth=1.5, clip=True).encode(x=x, x2="upper"),
        base.mark_rule(strokeWidth=5, opacity=0.85).encode(x="lower_50:Q", x2="upper_50"),
        base.mark_point(shape="diamond", filled=True, size=110, opacity=1).encode(
            x="median:Q",
            color=alt.value("#ffffff"),
            stroke=alt.value("#1b1f24"),
            strokeWidth=alt.value(1.5),
        ),
    ]


def _fading(part: str, number: int, quantiles: np.ndarray) -> list[alt.Chart]:
    """Bars from zero to either side, as opaque at a share as it is likely to be reached."""
    reached = 1 - np.asarray(FADE_LEVELS)  # probability that the share is above the quantile
    first = float(np.interp(0.0, quantiles, reached))
    sides = [(quantiles[-1], quantiles > 0, reached, first)]
    sides.append((quantiles[0], quantiles < 0, 1 - reached, 1 - first))
    made = []
    for end, inside, chance, start in sides:
        if not inside.any():
            continue
        is_right = end > 0
        stops = sorted(zip(quantiles[inside] / end, chance[inside], strict=True))
        gradient = alt.Gradient(
            gradient="linear", x1=0 if is_right else 1, x2=1 if is_right else 0, y1=0, y2=0,
            stops=[
                alt.GradientStop(offset=round(float(at), 4), color=_fade(part, float(share)))
                for at, share in [(0.0, start), *stops]
            ],
        )  # fmt: skip
        data = pd.DataFrame({"row": [number], "zero": [0.0], "end": [round(float(end), 4)]})
        bar = alt.Chart(data).mark_bar(color=gradient, height={"band": 0.62}, clip=True, aria=False)
        made.append(bar.encode(x="zero:Q", x2="end"))
    return made


def _fade(part: str, opacity: float) -> str:
    colour = _colour(part)
    red, green, blue = (int(colour[at : at + 2], 16) for at in (1, 3, 5))
    return f"rgba({red},{green},{blue},{SOLID * opacity:.3g})"


def _colour(part: str) -> str:
    return COLOURS.get(part, UNEXPLAINED_COLOUR)


def draw_waterfall(made: Waterfall, figure_id: str) -> Drawing:
    """A panel a step on one shared scale: bars from part to part, whiskers, and the whole."""
    scale, frame = made.scale, made.frame
    numbers = ["start", "end", "low", "high"]
    said = [describe_change(row, scale) for row in frame.to_dict("records")]
    shown = frame.assign(words=said)
    shown[numbers] = (scale.factor * frame[numbers]).round(4)
    low, high = min(0.0, float(shown[numbers].min().min())), float(shown[numbers].max().max())
    room = ROOM * ((max(high, 0.0) - low) or 1.0)
    domain = [round(low - room, 4), round(max(high, 0.0) + room, 4)]
    extent = round(CHARACTER_PIXELS * max(map(len, said)))
    panels = []
    for _, rows in shown.groupby("comparison", sort=False):
        chart = _waterfall_chart(rows, scale.words, domain, extent)
        lines = "; ".join(f"{row['part']}: {row['words']}" for row in rows.to_dict("records"))
        described = f"Medians with 90 % intervals in {scale.short}. {lines}."
        panels.append((str(rows["label"].iloc[0]), chart, len(rows) * ROW_PIXELS, described))
    figure = Figure("intervals", figure_id, scale.title, made.caption, made.estimates)
    present = {_colour(part) for part in set(shown["part"]) - {WHOLE}} | {"inherit"}
    legend = tuple(sign for sign in SIGNS if sign[1] in present)
    return replace(draw_panels(figure, panels), legend=legend)


def _waterfall_chart(rows: pd.DataFrame, title: str, domain: list[float], extent: int) -> Any:
    """Rows are numbers, their labels stand in the axis: a page may have forty of these charts."""
    labels = [f"{row['part']}\n{row['words']}" for row in rows.to_dict("records")]
    data = rows[["part", "median", "start", "end", "low", "high"]].assign(
        colour=["none" if part == WHOLE else _colour(part) for part in rows["part"]],
        row=range(len(rows)),
        next=pd.Series([*range(1, len(rows)), None], index=rows.index, dtype=object),
    )
    x = alt.X(
        "start:Q",
        title=title,
        scale=alt.Scale(domain=domain, nice=False, zero=False),
        axis=alt.Axis(format="~f", tickCount=5, labelOverlap=True, titleAnchor="end"),
    )
    base = alt.Chart()
    bars = base.mark_bar(height={"band": 0.6}, opacity=0.85).encode(
        x=x,
        x2="end",
        fill=alt.Fill("colour:N", scale=None, legend=None),
        stroke=alt.condition("isValid(datum.next)", alt.value("none"), alt.value("currentColor")),
    )
    joined = base.transform_filter("isValid(datum.next)").mark_rule(opacity=0.45, aria=False)
    whiskers = base.mark_rule(strokeWidth=2).encode(x="low:Q", x2="high")
    layers = [draw_line(0.0), bars, joined.encode(x="end:Q", y2="next"), whiskers]
    return alt.layer(*layers, data=data).encode(y=number_rows(labels, extent))


def number_rows(labels: list[str], extent: int = 0) -> alt.Y:
    """Rows numbered from 0, labelled in lines that are centred where all have as many."""
    lines = max(label.count("\n") for label in labels)
    axis = alt.Axis(
        labelExpr=f"split({json.dumps(labels, ensure_ascii=False)}[datum.value], '\\n')",
        labelLimit=LABEL_LIMIT,
        labelOffset=-LINE_PIXELS * lines / 2,
        minExtent=extent or alt.Undefined,
        ticks=False,
        domain=False,
    )
    scale = alt.Scale(domain=list(range(len(labels))))
    return alt.Y("row:O", title=None, axis=axis, scale=scale)


def draw_line(at: float) -> alt.Chart:
    """A dashed line across all rows."""
    chart = alt.Chart(alt.InlineData(values=[{}]))
    line = chart.mark_rule(strokeDash=[4, 4], opacity=0.5, aria=False)
    return line.encode(x=alt.datum(at), y=alt.value(0), y2=alt.value("height"))
