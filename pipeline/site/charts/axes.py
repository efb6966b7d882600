"""Scales, axes, legends and tooltips, labels in lines, and the series of a chart by name."""

import math
import textwrap
from collections.abc import Iterable, Sequence
from typing import Any, Literal

import altair as alt
import pandas as pd

Measure = Literal["quantitative", "temporal", "nominal"]
TICK_COUNT = 6
HALF_LABEL_PIXELS = 16  # closer to an end of the axis a label is aligned inwards, or it is cut
# The title of an axis below may be longer than the axis: room is on the left.
BELOW_LABELS: dict[str, Any] = {"titleAnchor": "end"}
TOOLTIP_FORMATS = {"quantitative": ".4~g", "temporal": "%Y-%m-%d"}


def number_scale(is_log: bool, **rules: Any) -> alt.Scale:
    """A logarithmic scale, or a linear one that need not start at zero."""
    return alt.Scale(**({"type": "log"} if is_log else {"type": "linear", "zero": False}), **rules)


def log_ticks(low: float, high: float) -> list[float]:
    """Some six round values from `low` to `high`: 1, 2, 5 over few decades, else whole decades."""
    first, last = math.floor(math.log10(low)), math.ceil(math.log10(high))
    step = max(1, round((last - first) / TICK_COUNT))
    steps = (1.0, 2.0, 5.0) if last - first <= 3 else (1.0,)
    ticks = [number * 10.0**power for power in range(first, last + 1, step) for number in steps]
    inside = [tick for tick in ticks if low <= tick <= high]
    return inside if len(inside) > 1 else [low, high]


def decade_ticks(values: pd.Series) -> list[float]:
    """Round values from a little below the smallest to a little above the largest value."""
    positive = values[values > 0]
    if positive.empty:
        return []
    return log_ticks(float(positive.min()) / 1.5, float(positive.max()) * 1.5)


def widen(low: float, high: float, share: float, is_log: bool = False) -> list[float]:
    """The ends of an axis: a share of the range beside the lowest and the highest value."""
    if is_log:
        return [low / (high / low) ** share, high * (high / low) ** share]
    room = share * ((high - low) or 1.0)
    return [low - room, high + room]


def number_axis(is_log: bool, ticks: list[float] | None = None, **rules: Any) -> alt.Axis:
    """Large numbers as 1e23, not 100,000,000,000,000,000,000,000 and not 1e+23."""
    power = "replace(format(datum.value, '~e'), '+', '')"
    plain = "format(datum.value, ',~r')" if is_log else "format(datum.value, ',~g')"
    is_plain = "datum.value === 0 || (abs(datum.value) >= 1e-3 && abs(datum.value) < 1e6)"
    rules |= {"labelOverlap": True, "labelFlush": HALF_LABEL_PIXELS, "tickCount": TICK_COUNT}
    labels = f"{is_plain} ? {plain} : {power}"
    return alt.Axis(labelExpr=labels, values=ticks or alt.Undefined, **rules)


def make_tooltip(frame: pd.DataFrame, name: str, title: str = "") -> alt.Tooltip:
    """A column in the words that stand beside the pointer, under its name or a title."""
    kind = find_measure(frame[name])
    style = TOOLTIP_FORMATS.get(kind, alt.Undefined)
    return alt.Tooltip(field=name, type=kind, title=title or say_name(name), format=style)


def find_measure(column: pd.Series) -> Measure:
    """What a scale may do with a column: dates are temporal, booleans are names."""
    kind = column.dtype.kind
    return "temporal" if kind == "M" else "quantitative" if kind in "iuf" else "nominal"


def say_name(name: str) -> str:
    """The name of a column as a reader sees it."""
    return name.replace("_", " ")


LABEL_CHARACTERS = 26  # longer labels of an axis are broken into lines
LABEL_LINES = 3
AXIS_CHARACTERS = 46  # of a line of the title of an axis
SOURCE_LINES = 4  # of a label of listed rows
HEADING = "!"  # in the fourth place of a row's name: printed in bold
ROW_PIXELS = 17
LINE_PIXELS = 14  # of a label in lines


def label_axis(labels: list[str], is_listed: bool = False) -> alt.Y:
    """Row labels in lines; the four characters of order and weight of listed rows are cut off."""
    text = "slice(datum.label, 4)" if is_listed else "datum.label"
    heading = {"test": f"slice(datum.value, 3, 4) === '{HEADING}'", "value": "bold"}
    weight: Any = {"condition": heading, "value": "normal"} if is_listed else alt.Undefined
    bare: dict[str, Any] = {"labelLimit": 190, "ticks": False, "domain": False}
    axis = alt.Axis(labelExpr=f"split({text}, '\\n')", labelFontWeight=weight, **bare)
    return alt.Y(field="label", type="nominal", sort=labels, title=None, axis=axis)


def break_title(title: str) -> list[str]:
    """The title of an axis in lines that fit a window of 360 pixels."""
    return textwrap.wrap(title, AXIS_CHARACTERS)


def wrap_label(
    label: Any, most_lines: int = LABEL_LINES, characters: int = LABEL_CHARACTERS
) -> str:
    """The label in lines; what does not fit is cut off, with an ellipsis."""
    lines = textwrap.wrap(str(label), characters, max_lines=most_lines, placeholder=" …")
    return "\n".join(lines)


def wrap_labels(labels: pd.Series) -> pd.Series:
    """The labels in lines; different ones stay so where they differ in what is cut off alone."""
    names = labels.astype(str)
    lines = {name: wrap_label(name) for name in names.unique()}
    numbers = pd.Series(lines).groupby(pd.Series(lines)).cumcount()
    marked = {name: lines[name] + (f" ({n + 1})" if n else "") for name, n in numbers.items()}
    return names.map(marked)


def row_pixels(labels: Iterable[str], least: int) -> int:
    """The height of a row that its label fits into, whichever row it is."""
    return max([least, *(LINE_PIXELS * (label.count("\n") + 1) for label in labels)])


def list_labels(frame: pd.DataFrame, is_heading: pd.Series) -> list[str]:
    """Labels of a listed chart: the order of the row, whether it is printed in bold, the words."""
    names = frame["label"].map(lambda text: wrap_label(text, SOURCE_LINES))
    marks = is_heading.map({True: HEADING, False: " "})
    return [f"{i:03d}{mark}{name}" for i, (mark, name) in enumerate(zip(marks, names, strict=True))]


# One meaning a colour over the whole site; `PALETTE` is for names of one figure without a meaning.
COLOURS = {
    "ours": "#3b82c4",  # this posterior; compute; rows that are fitted
    "algorithms": "#d9772b",  # all parts of a step that are algorithms
    "published": "#2a9d74",  # values of others
    "baseline": "#b65fc2",  # classical estimates of the same data
    "outside": "#c9485b",  # what lies outside of its interval
    "inference": "#5f9ea8",  # compute at test time
    "other": "#8a8f98",  # priors, other specifications, rows that are not fitted, the unexplained
    "low": "#8c8f2f",  # the low end of an assumption, or another input
    "high": "#9c6b4f",  # the high end, or a third input
}
PALETTE = ("#3b82c4", "#d9772b", "#2a9d74", "#b65fc2", "#c9485b", "#8c8f2f", "#5f9ea8")
SHAPES = ("circle", "square", "diamond", "triangle-up", "cross", "triangle-down", "triangle-left")
DASHES = ([1, 0], [6, 3], [2, 2], [8, 3, 2, 3])
SIGNS = dict(zip(SHAPES, "●■◆▲✚▼◀", strict=True))
OURS, BASELINE, PUBLISHED = "this posterior", "classical baseline", "published"
KNOWN = (OURS, BASELINE, PUBLISHED)
NAMED = dict(zip(KNOWN, ("ours", "baseline", "published"), strict=True))
NAMED |= {"fitted": "ours", "excluded": "other"}  # rows
LEGEND_CHARACTERS = 19  # of the longest name: beyond, a name a row
LEGEND_LIMITS = {2: 108, 1: 240}  # pixels of a name by columns: both fit a window of 360 pixels


def series_scale(domain: Sequence[str], values: Sequence[Any]) -> alt.Scale:
    """A scale that gives each name its value, from the start again where there are more names."""
    chosen = [values[i % len(values)] for i in range(len(domain))]
    return alt.Scale(domain=list(domain), range=chosen)


def name_colours(names: Sequence[str]) -> alt.Scale:
    """Colours of names: those that have a meaning on every page, else in the palette's order."""
    return series_scale(names, [choose_colour(name, i) for i, name in enumerate(names)])


def choose_colour(name: str, position: int) -> str:
    """The colour of a name: that of its meaning, or the one of its position in the palette."""
    return COLOURS[NAMED[name]] if name in NAMED else PALETTE[position % len(PALETTE)]


def sign_series(series: Sequence[str]) -> tuple[tuple[str, str, str], ...]:
    """The legend of series in their order: the sign of the shape, the colour and the name."""
    return tuple(
        (SIGNS[SHAPES[i % len(SHAPES)]], choose_colour(name, i), name)
        for i, name in enumerate(series)
    )


def make_legend(names: pd.Series, **more: Any) -> alt.Legend:
    """A legend in as many columns as the names leave room for."""
    columns = legend_columns(names)
    return alt.Legend(columns=columns, labelLimit=LEGEND_LIMITS[columns], **more)


def legend_columns(names: pd.Series) -> int:
    """Two, or one where a name is long."""
    return 1 if names.dropna().astype(str).str.len().max() > LEGEND_CHARACTERS else 2


def count_legend_rows(names: pd.Series) -> int:
    """The rows that a legend of the names takes, without its title."""
    return math.ceil(names.nunique() / legend_columns(names))
