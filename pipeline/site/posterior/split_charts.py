"""How the split of a step and the reverse test look: fading bars, waterfalls, an axis of FLOP.

Numbers and words are made in `pipeline/site/posterior/splits.py`, `waterfalls.py` and `reverse_tests.py`.
"""

import json
import math
import textwrap
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import altair as alt
import numpy as np
import pandas as pd
import xarray as xr

from pipeline.site.charts.drawings import Drawing, draw_panels
from pipeline.site.charts.series import PALETTE
from pipeline.site.figures.kinds import Figure
from pipeline.site.pages.answers import Attributions
from pipeline.site.pages.rendering import format_number
from pipeline.site.posterior import reverse_tests, splits, waterfalls
from pipeline.site.posterior.reverse_tests import NEEDED, ReverseTest
from pipeline.site.posterior.splits import FADE_LEVELS, Split
from pipeline.site.posterior.waterfalls import WHOLE, Kind, Waterfall

ALGORITHMS = ("algorithms", *splits.OF_ALGORITHMS)
COMPUTE_COLOUR, ALGORITHMS_COLOUR, UNEXPLAINED_COLOUR = PALETTE[0], PALETTE[1], "#8a8f98"
WATERFALLS: dict[Kind, str] = {"decades": "parts-of-each-step", "shapley": "parts-of-each-score"}
SOLID = 0.8  # opacity of a fading bar where the share is sure to reach
LINE_PIXELS = 13  # between the lines of a label
ROW_PIXELS = 34  # a label of two lines fits into it
LABEL_CHARACTERS, LABEL_LINES = 24, 3
LABEL_LIMIT = 165
CHARACTER_PIXELS = 6.1  # of a label, on average
ROOM = 0.05  # of the axis beside the widest interval
FLOP_TICKS = 5
NEEDED_COLOUR = PALETTE[0]
REVERSE_TITLE = "With how much compute would the first method reach the best result?"
NEEDED_SIGN = ("●", NEEDED_COLOUR, "needed, with the 90 % interval")
EARLY_SIGN = ("○", "inherit", "the first model, as trained")
BEST_SIGN = ("□", "inherit", "the best model, as trained")
COMPUTE_SIGN = ("■", COMPUTE_COLOUR, "compute")
ALGORITHMS_SIGN = ("■", ALGORITHMS_COLOUR, "algorithms and their parts")
UNEXPLAINED_SIGN = ("■", UNEXPLAINED_COLOUR, "unexplained")


def draw_steps(estimands: xr.Dataset, key: str) -> list[Drawing]:
    """Waterfalls of every step in effective compute and in the outcome; `key` is the headline."""
    step = key.partition("[")[2].removesuffix("]")
    made = [
        (figure_id, waterfalls.make_waterfall(estimands, kind, step))
        for kind, figure_id in WATERFALLS.items()
    ]
    return [draw_waterfall(waterfall, figure_id) for figure_id, waterfall in made if waterfall]


def draw_reverse_tests(
    attributions: Attributions,
    estimands: xr.Dataset,
    table: pd.DataFrame,
    runs: pd.DataFrame | None,
    figures: Sequence[Figure],
) -> list[Drawing]:
    """The compute that early methods would need; none where the model does not say.

    Of the model's `figures`, the first scatter plot tells how it counts compute.
    """
    scatter = next((figure for figure in figures if figure.kind == "scatter"), None)
    made = reverse_tests.make_reverse_test(attributions, estimands, table, runs, scatter)
    return [draw_reverse_test(made)] if made else []


def draw_split(split: Split) -> Drawing:
    """A row a part: a bar that fades as the share gets less likely, with two intervals on it."""
    frame = split.frame
    words = [splits.describe_share(row) for row in frame.to_dict("records")]
    names = [
        str(row["part"]) if row["level"] == "whole" else f"algorithms: {row['part']}"
        for row in frame.to_dict("records")
    ]
    labels = [f"{name}\n{share}" for name, share in zip(names, words, strict=True)]
    shown = frame.drop(columns="level").assign(row=range(len(frame)))
    domain = _share_domain(frame)
    x = alt.X(
        field="lower",
        type="quantitative",
        title="share of the step in effective compute",
        scale=alt.Scale(domain=list(domain), nice=False, zero=False),
        axis=alt.Axis(format="~%", tickCount=6, labelOverlap=True, titleAnchor="end"),
    )
    base = alt.Chart()
    layers = [_line(at) for at in (0.0, 1.0) if domain[0] < at < domain[1]]
    for number, part in enumerate(frame["part"]):
        if part in split.fades:
            layers += _fading(part, number, split.fades[part])
    layers += [
        base.mark_rule(strokeWidth=1.5, clip=True).encode(x=x, x2=alt.X2(field="upper")),
        base.mark_rule(strokeWidth=5, opacity=0.85).encode(
            x=alt.X(field="lower_50", type="quantitative"), x2=alt.X2(field="upper_50")
        ),
        base.mark_point(shape="diamond", filled=True, size=110, opacity=1).encode(
            x=alt.X(field="median", type="quantitative"),
            color=alt.value("#ffffff"),
            stroke=alt.value("#1b1f24"),
            strokeWidth=alt.value(1.5),
        ),
    ]
    height = len(frame) * ROW_PIXELS
    figure = Figure(
        "intervals", "split", "How much was compute, how much algorithms", split.caption, frame
    )
    described = "; ".join(f"{n} {w}" for n, w in zip(names, words, strict=True))
    description = f"Shares of the step, median and 90 % interval: {described}."
    chart = alt.layer(*layers, data=shown).encode(y=_rows("row", labels))
    return draw_panels(figure, [("", chart, height, description)])


def _share_domain(frame: pd.DataFrame) -> tuple[float, float]:
    low, high = min(0.0, float(frame["lower"].min())), max(1.0, float(frame["upper"].max()))
    room = ROOM * (high - low)
    return (low - room if low < 0 else 0.0), high + (room if high > 1 else 0.0)


def _fading(part: str, number: int, quantiles: np.ndarray) -> list[alt.Chart]:
    """Bars from zero to either side, as opaque at a share as it is likely to be reached."""
    colour = _colour(part)
    made = []
    reached = 1 - np.asarray(FADE_LEVELS)  # probability that the share is above the quantile
    for end, side in ((quantiles[-1], 1), (quantiles[0], -1)):
        if side * end <= 0:
            continue
        inside = side * quantiles > 0
        chance = reached if side > 0 else 1 - reached
        stops = sorted(zip(quantiles[inside] / end, chance[inside], strict=True))
        first = float(np.interp(0.0, quantiles, reached))
        start = [(0.0, first if side > 0 else 1 - first)]
        gradient = alt.Gradient(
            gradient="linear",
            x1=0 if side > 0 else 1, x2=1 if side > 0 else 0, y1=0, y2=0,
            stops=[
                alt.GradientStop(offset=round(float(at), 4), color=_fade(colour, float(share)))
                for at, share in start + stops
            ],
        )  # fmt: skip
        data = pd.DataFrame({"row": [number], "zero": [0.0], "end": [round(float(end), 4)]})
        made.append(
            alt.Chart(data)
            .mark_bar(color=gradient, height={"band": 0.62}, clip=True, aria=False)
            .encode(x=alt.X(field="zero", type="quantitative"), x2=alt.X2(field="end"))
        )
    return made


def _fade(colour: str, opacity: float) -> str:
    red, green, blue = (int(colour[at : at + 2], 16) for at in (1, 3, 5))
    return f"rgba({red},{green},{blue},{SOLID * opacity:.3g})"


def _colour(part: str) -> str:
    if part in ALGORITHMS:
        return ALGORITHMS_COLOUR
    return COMPUTE_COLOUR if part == "compute" else UNEXPLAINED_COLOUR


def draw_waterfall(made: Waterfall, figure_id: str) -> Drawing:
    """A panel a step on one shared scale: bars from part to part, whiskers, and the whole."""
    factor = made.scale.factor
    numbers = ["start", "end", "low", "high"]
    shown = made.frame.assign(
        **{name: (factor * made.frame[name]).round(4) for name in numbers},
        words=[
            waterfalls.describe_change(row, made.scale) for row in made.frame.to_dict("records")
        ],
    )
    domain = _waterfall_domain(shown)
    extent = CHARACTER_PIXELS * max(len(words) for words in shown["words"])
    panels = []
    for _, rows in shown.groupby("comparison", sort=False):
        chart = _waterfall_chart(rows, made.scale.words, domain, round(extent))
        lines = [f"{row['part']}: {row['words']}" for row in rows.to_dict("records")]
        described = f"Medians with 90 % intervals in {made.scale.short}. {'; '.join(lines)}."
        panels.append((str(rows["label"].iloc[0]), chart, len(rows) * ROW_PIXELS, described))
    figure = Figure("intervals", figure_id, made.scale.title, made.caption, made.estimates)
    signs = (
        COMPUTE_SIGN,
        ALGORITHMS_SIGN,
        UNEXPLAINED_SIGN,
        ("□", "inherit", "whole step"),
        ("━", "inherit", "90 % interval of the part"),
    )
    present = {_colour(part) for part in set(shown["part"]) - {WHOLE}}
    legend = tuple(sign for sign in signs if sign[1] in present or sign[1] == "inherit")
    return replace(draw_panels(figure, panels), legend=legend)


def _waterfall_domain(shown: pd.DataFrame) -> tuple[float, float]:
    values = shown[["start", "end", "low", "high"]].to_numpy()
    low, high = min(0.0, float(values.min())), max(0.0, float(values.max()))
    room = ROOM * ((high - low) or 1.0)
    return round(low - room, 4), round(high + room, 4)


def _waterfall_chart(
    rows: pd.DataFrame, title: str, domain: tuple[float, float], extent: int
) -> Any:
    """Rows are numbers, their labels stand in the axis: a page may have forty of these charts."""
    labels = [f"{row['part']}\n{row['words']}" for row in rows.to_dict("records")]
    colours = ["none" if part == WHOLE else _colour(part) for part in rows["part"]]
    columns = ["part", "median", "start", "end", "low", "high"]
    data = rows[columns].assign(colour=colours, row=range(len(rows)))
    data["next"] = [*range(1, len(rows)), None]
    axis = alt.Axis(format="~f", tickCount=5, labelOverlap=True, titleAnchor="end")
    scale = alt.Scale(domain=list(domain), nice=False, zero=False)
    x = alt.X(field="start", type="quantitative", title=title, scale=scale, axis=axis)
    base = alt.Chart()
    bars = base.mark_bar(height={"band": 0.6}, opacity=0.85).encode(
        x=x,
        x2=alt.X2(field="end"),
        fill=alt.Fill(field="colour", type="nominal", scale=None, legend=None),
        stroke=alt.condition("isValid(datum.next)", alt.value("none"), alt.value("currentColor")),
    )
    joined = base.transform_filter("isValid(datum.next)").mark_rule(opacity=0.45, aria=False)
    whiskers = base.mark_rule(strokeWidth=2)
    layers = [
        _line(0.0),
        bars,
        joined.encode(x=alt.X(field="end", type="quantitative"), y2=alt.Y2(field="next")),
        whiskers.encode(x=alt.X(field="low", type="quantitative"), x2=alt.X2(field="high")),
    ]
    return alt.layer(*layers, data=data).encode(y=_rows("row", labels, extent))


def draw_reverse_test(made: ReverseTest) -> Drawing:
    """Needed compute as intervals over the known amounts, all on one logarithmic axis."""
    rows = made.frame.to_dict("records")
    is_needed = made.frame["kind"] == NEEDED
    labels = _centre(
        [
            f"{_wrap(row['label'])}\n{reverse_tests.describe_unreachable(row)}"
            if row["kind"] == NEEDED
            else _wrap(row["label"])
            for row in rows
        ]
    )
    low, high = reverse_tests.find_domain(made.frame)
    data = made.frame[["median", "lower", "upper", "early_flop", "best_flop"]].assign(
        row=range(len(rows))
    )
    x = alt.X(
        field="median",
        type="quantitative",
        title="training compute (FLOP)",
        scale=alt.Scale(type="log", domain=[low, high], nice=False),
        axis=_flop_axis(low, high),
    )
    ends = data[["lower", "upper"]].fillna(high).where(is_needed, axis=0)
    data = data.assign(
        is_open=is_needed & data["upper"].isna(), start=ends["lower"], end=ends["upper"]
    )
    needed = alt.Chart(data).transform_filter("isValid(datum.start)")
    layers = [
        *(_known_amount(row, number, math.sqrt(low * high)) for number, row in enumerate(rows)
          if row["kind"] != NEEDED),
        needed.mark_rule(strokeWidth=3, color=NEEDED_COLOUR).encode(
            x=alt.X(field="start", type="quantitative"), x2=alt.X2(field="end")
        ),
        needed.transform_filter("datum.is_open")
        .mark_point(filled=True, shape="triangle", angle=90, size=110, opacity=1, aria=False)
        .encode(x=alt.X(field="end", type="quantitative"), color=alt.value(NEEDED_COLOUR)),
        _recorded(needed, "early_flop", "circle"),
        _recorded(needed, "best_flop", "square"),
        needed.transform_filter("isValid(datum.median)")
        .mark_point(
            filled=True, shape="circle", size=90, opacity=1, color=NEEDED_COLOUR, aria=False
        )
        .encode(x=x),
    ]  # fmt: skip
    lines = max(label.count("\n") for label in labels) + 1
    height = len(labels) * (LINE_PIXELS * lines + 10)
    figure = Figure("intervals", "reverse-test", REVERSE_TITLE, made.caption, made.frame)
    description = f"On a logarithmic axis of FLOP. {'; '.join(map(_describe_row, rows))}."
    chart = alt.layer(*layers).encode(y=_rows("row", labels))
    legend = tuple(
        sign
        for sign, name in ((EARLY_SIGN, "early_flop"), (BEST_SIGN, "best_flop"))
        if made.frame[name].notna().any()
    )
    drawing = draw_panels(figure, [("", chart, height, description)])
    return replace(drawing, legend=(NEEDED_SIGN, *legend))


def _recorded(needed: alt.Chart, name: str, shape: str) -> alt.Chart:
    """Recorded compute of the model at one end, hollow."""
    shown = needed.transform_filter(f"isValid(datum.{name})")
    mark = shown.mark_point(
        filled=False, shape=shape, size=75, strokeWidth=1.8, opacity=1, aria=False
    )
    return mark.encode(x=alt.X(field=name, type="quantitative"), stroke=alt.value("currentColor"))


def _known_amount(row: dict[Any, Any], number: int, middle: float) -> alt.LayerChart:
    """A dashed line through the chart, and the amount in words where the axis has room."""
    amount = float(row["median"])
    data = pd.DataFrame({"row": [number], "at": [amount], "shown": [format_number(amount)]})
    base = alt.Chart(data).encode(x=alt.X(field="at", type="quantitative"))
    is_right = amount > middle
    line = base.mark_rule(strokeDash=[4, 3], opacity=0.6, aria=False).encode(
        y=alt.value(0), y2=alt.value("height")
    )
    words = base.mark_text(align="right" if is_right else "left", dx=-6 if is_right else 6)
    return alt.layer(line, words.encode(text=alt.Text(field="shown", type="nominal")))


def _describe_row(row: dict[Any, Any]) -> str:
    if row["kind"] != NEEDED:
        return f"{row['label']}: {format_number(row['median'])} FLOP"
    text = f"{row['label']}: {reverse_tests.describe_needed(row)} FLOP"
    return f"{text}, {reverse_tests.describe_unreachable(row)}"


def _flop_axis(low: float, high: float) -> alt.Axis:
    """Whole decades, every so many that they have room: 1e20, 1e24, ..."""
    first, last = math.ceil(math.log10(low)), math.floor(math.log10(high))
    step = max(1, math.ceil((last - first) / FLOP_TICKS))
    return alt.Axis(
        values=[10.0**power for power in range(first, last + 1, step)],
        labelExpr="replace(format(datum.value, '~e'), '+', '')",
        labelOverlap=True,
        titleAnchor="end",
    )


def _rows(field: str, labels: list[str], extent: int = 0) -> alt.Y:
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
    return alt.Y(field=field, type="ordinal", title=None, axis=axis, scale=scale)


def _line(at: float) -> alt.Chart:
    """A dashed line across all rows."""
    drawn = alt.Chart(alt.InlineData(values=[{}])).mark_rule(
        strokeDash=[4, 4], opacity=0.5, aria=False
    )
    return drawn.encode(x=alt.datum(at), y=alt.value(0), y2=alt.value("height"))


def _centre(labels: list[str]) -> list[str]:
    """Labels of fewer lines than the longest, moved down by whole lines."""
    lines = [label.count("\n") for label in labels]
    return [
        "\n" * ((max(lines) - count) // 2) + label
        for label, count in zip(labels, lines, strict=True)
    ]


def _wrap(label: str) -> str:
    return "\n".join(
        textwrap.wrap(label, LABEL_CHARACTERS, max_lines=LABEL_LINES, placeholder=" …")
    )
