"""Vega-Lite charts from frames: how each kind of picture looks. Only the layout is computed here.

Every chart works on a light and on a dark page: text and grid take the page's colour, the marks
use tones that stand out on both, and no meaning hangs on colour alone.
"""

import math
import re
import textwrap
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import Any, Literal

import altair as alt
import numpy as np
import pandas as pd
import vl_convert
from markupsafe import Markup

from models import Figure
from pipeline import alternatives
from pipeline.alternatives import POSTERIOR, PRIOR
from pipeline.chart_data import round_numbers, trim
from pipeline.charts_axes import BELOW_LABELS, decade_ticks, log_ticks, number_axis, number_scale
from pipeline.pages import format_number, say_count

IntervalStyle = Literal["single", "grouped", "listed"]
Measure = Literal["quantitative", "temporal", "nominal"]
type Layers = alt.LayerChart | alt.FacetChart
PALETTE = ("#3b82c4", "#d9772b", "#2a9d74", "#b65fc2", "#c9485b", "#8c8f2f", "#5f9ea8")
SHAPES = ("circle", "square", "diamond", "triangle-up", "cross", "triangle-down", "triangle-left")
DASHES = ([1, 0], [6, 3], [2, 2], [8, 3, 2, 3])
DATE_RANGE = ("#d9972b", "#3b82c4")  # early, late
SIGNS = dict(zip(SHAPES, "●■◆▲✚▼◀", strict=True))
OURS, BASELINE, PUBLISHED = "this posterior", "classical baseline", "published"
KNOWN = (OURS, BASELINE, PUBLISHED)
ONE_MODEL, AVERAGED = "one model", "averaged over the models"
LABEL_CHARACTERS = 26  # longer labels of an axis are broken into lines
LABEL_LINES = 3
TITLE_CHARACTERS = 64
AXIS_CHARACTERS = 46  # of a line of the title of an axis
SOURCE_LINES = 2
SOURCE_ROW_PIXELS = 30
HEADING = "!"  # in the fourth place of a row's name: printed in bold
WIDTH_ROOM = 1.35  # of the widest bar: its number stands beside it, in a narrow window too
ROW_PIXELS = 17
LINE_PIXELS = 14  # of a label in lines
PART_PIXELS = 24
AXIS_PIXELS = 46  # below a chart, for its axis and title
LEGEND_ROW_PIXELS = 19
LEGEND_CHARACTERS = 19  # of the longest name: beyond, a name a row
LEGEND_LIMITS = {2: 108, 1: 240}  # pixels of a name by columns: both fit a window of 360 pixels

CONFIG: dict[str, Any] = {
    "background": "transparent",
    "font": "system-ui, sans-serif",
    "view": {"stroke": None},
    "axis": {
        "labelColor": "currentColor",
        "titleColor": "currentColor",
        "titleFontWeight": "normal",
        "titleFontSize": 12,
        "labelFontSize": 11,
        "gridColor": "currentColor",
        "gridOpacity": 0.12,
        "domainColor": "currentColor",
        "domainOpacity": 0.35,
        "tickColor": "currentColor",
        "tickOpacity": 0.35,
    },
    "legend": {
        "labelColor": "currentColor",
        "titleColor": "currentColor",
        "titleFontWeight": "normal",
        "orient": "bottom",
        "direction": "horizontal",
        "labelLimit": 150,
        "columns": 2,
        "layout": {"bottom": {"anchor": "start", "direction": "vertical"}},
        "symbolOpacity": 1,
        "gradientLength": 160,
    },
    "text": {"color": "currentColor"},
    "rule": {"color": "currentColor"},
}


@dataclass(frozen=True)
class Panel:
    """One chart of a figure; `title` tells panels apart, `pixels` is the height to keep free.

    `description` is its alternative text: what its numbers say.
    """

    title: str
    spec: dict[str, Any]
    pixels: int
    description: str


@dataclass(frozen=True)
class Control:
    """What a reader may choose in charts: the value of their parameter `signal`.

    `column` names what is matched of the rows: `is` a choice, `has` it among parts joined by
    `JOINT`, or is dated `until` the end of a year. `options` are values and words; the first of a
    choice is what charts start with, the last of a range.
    """

    signal: str
    label: str
    column: str
    match: Literal["is", "has", "until"]
    options: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Drawing:
    """A figure ready for the page: its charts, the words around them and the rows behind them.

    `legend` has a sign, its colour and its meaning, where the panels share one legend; `rows`
    names the dataset that the controls choose from.
    """

    id: str
    title: str
    caption: str
    panels: tuple[Panel, ...]
    frame: pd.DataFrame
    legend: tuple[tuple[str, str, str], ...] = ()
    controls: tuple[Control, ...] = ()
    rows: str = ""

    @property
    def description(self) -> str:
        """The alternative text of the first chart."""
        return self.panels[0].description if self.panels else self.title


def draw(figure: Figure) -> Drawing:
    """The chart or charts of a model's figure."""
    if figure.kind == "parts":
        return draw_parts(figure)
    if figure.kind == "intervals":
        return draw_forest(figure)
    return draw_scatter(figure)


def draw_scatter(figure: Figure) -> Drawing:
    """Points with hover, over the posterior curve if the figure has one."""
    frame = _loggable(figure.frame, figure)
    reach, layers = frame[figure.x], []
    if figure.curve is not None:
        reach = pd.concat([reach, figure.curve.frame["x"]])
        layers = _curve_layers(figure.curve.frame, figure, reach)
    layers.append(_points(frame, figure, reach))
    chart = alt.layer(*layers).resolve_scale(color="independent", shape="independent")
    words = (
        f"Scatter plot of {say_count(len(frame), 'point')}: {figure.y_title or figure.y}"
        f"{_describe_range(frame[figure.y])}, against {figure.x_title or figure.x}"
        f"{_describe_range(frame[figure.x])}."
    )
    if figure.curve is not None:
        words = f"{words} {alternatives.describe_curves(figure.curve.frame)}"
    drawing = draw_panels(figure, [("", chart, 380, words)], _legend_rows(frame, figure))
    if not _is_picked(frame, figure):
        return drawing
    control = choose_from(frame[figure.colour], pick_signal(figure), _words(figure.colour))
    spec = drawing.panels[0].spec
    rows = spec["layer"][-1].get("data", spec.get("data"))["name"]
    return replace(drawing, controls=(control,), rows=rows)


def draw_forest(figure: Figure) -> Drawing:
    """One row a label and one mark a series: the median with its interval."""
    frame = _shown_intervals(figure.frame)
    words = alternatives.describe_intervals(frame.assign(label=frame["name"]))
    frame["label"] = _wrap_all(frame["name"])
    rows = frame.groupby("label", sort=False)["series"].nunique()
    least = _row_pixels(frame["label"], 2 * ROW_PIXELS)
    height = int(sum(max(count * ROW_PIXELS, least) for count in rows))
    series = _order_series(frame)
    chart = _interval_chart(frame, figure, "grouped" if len(series) > 1 else "single")
    drawing = draw_panels(figure, [("", chart, height, words)])
    return replace(drawing, legend=_sign(series)) if len(series) > 1 else drawing


def draw_parts(figure: Figure) -> Drawing:
    """A panel a comparison: the parts of the step as dots with intervals, on one shared scale."""
    frame = _shown_intervals(figure.frame.rename(columns={"part": "label"}))
    domain = _domain(frame, figure.is_log_x)
    panels = []
    for comparison, rows in frame.groupby("comparison", sort=False):
        shown = rows.assign(label=_wrap_all(rows["label"]))
        height = len(rows) * _row_pixels(shown["label"], PART_PIXELS)
        chart = _interval_chart(shown, figure, "single", domain)
        words = alternatives.describe_intervals(rows)
        panels.append((str(comparison), chart, max(height, 60), words))
    return draw_panels(figure, panels)


def draw_literature(figure: Figure, logarithmic: Iterable[str] = ()) -> Drawing:
    """A panel a family of estimands: ours, the baseline and published values, one row each."""
    logs = set(logarithmic)
    frame = _shown_intervals(figure.frame)
    panels = []
    for name, rows in frame.groupby("panel", sort=False):
        chart = _source_chart(rows, is_log=name in logs, title=str(rows["unit"].iloc[0]))
        labels = rows["label"].where(rows["series"] == OURS, rows["label"] + ", " + rows["source"])
        labels = labels.str.removeprefix(f"{OURS}, ")  # a family of one has no label of its own
        words = alternatives.describe_intervals(rows.assign(label=labels))
        panels.append((str(rows["title"].iloc[0]), chart, len(rows) * SOURCE_ROW_PIXELS, words))
    shown = tuple(sign for sign in _sign(KNOWN) if sign[2] in set(frame["series"]))
    return replace(draw_panels(figure, panels), legend=shown)


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
        shown = rows.assign(label=_wrap_all(rows["label"]))
        height = len(rows) * _row_pixels(shown["label"], 2 * ROW_PIXELS)
        words = alternatives.describe_groups(rows)
        panels.append((str(name), _group_chart(shown, figure), max(height, 60), words))
    signs = (
        ("●", PALETTE[0], "observed mean"),
        ("━", PALETTE[0], "predicted, median and interval"),
        ("✚", PALETTE[4], "observed mean outside of the interval"),
    )
    return replace(draw_panels(figure, panels), legend=signs)


def draw_widths(figure: Figure) -> Drawing:
    """A bar a label with its width beside it (columns label, width)."""
    rows = figure.frame.assign(
        label=_wrap_all(figure.frame["label"]),
        shown=[format_number(width, 2) for width in figure.frame["width"]],
    )
    y = _label_axis(list(rows["label"]), "single")
    x = alt.X(
        field="width",
        type="quantitative",
        title=_break_title(figure.x_title),
        scale=alt.Scale(domain=[0, WIDTH_ROOM * float(rows["width"].max())], nice=False),
        axis=number_axis(False, **BELOW_LABELS),
    )
    base = alt.Chart(rows).encode(
        y=y, x=x, tooltip=[make_tooltip(rows, name) for name in figure.hover]
    )
    bars = base.mark_bar(color=PALETTE[0], opacity=0.75, height={"band": 0.55})
    text = base.mark_text(align="left", dx=5).encode(text=alt.Text(field="shown", type="nominal"))
    words = "; ".join(
        f"{label}: {shown}"
        for label, shown in zip(figure.frame["label"], rows["shown"], strict=True)
    )
    height = len(rows) * _row_pixels(rows["label"], 2 * ROW_PIXELS)
    return draw_panels(figure, [("", alt.layer(bars, text), height, f"{words}.")])


def draw_differences(figure: Figure) -> Drawing:
    """A cumulative distribution less the uniform one, with its band, a panel a variable."""
    panels = [
        (str(name), _difference_chart(rows, figure), 180, alternatives.describe_differences(rows))
        for name, rows in figure.frame.groupby("panel", sort=False)
    ]
    series = figure.frame["series"].nunique()
    legend_rows = 1 + math.ceil(series / 2) if series > 1 else 0
    return draw_panels(figure, panels, legend_rows)


def collect_specs(drawings: Iterable[Drawing]) -> dict[str, dict[str, Any]]:
    """Every chart by the id of its place in the page, its data trimmed (`chart_data.py`)."""
    return trim(
        {
            f"{drawing.id}-{number}": panel.spec
            for drawing in drawings
            for number, panel in enumerate(drawing.panels)
        }
    )


@cache
def chart_library() -> Markup:
    """Vega, Vega-Lite and Vega-Embed in one script, without the addresses it would link to."""
    script = vl_convert.javascript_bundle("window.vegaEmbed = vegaEmbed;")
    script = re.sub(r"https://[a-z.]*vega[^\"'`\s)]*|https://github\.com/[^\"'`\s)]*", "", script)
    return Markup(script.replace("</script", "<\\/script"))  # noqa: S704  # the library, not data


def render_svg(spec: dict[str, Any]) -> str:
    """The chart of a spec as SVG text, for pictures outside the pages."""
    return str(vl_convert.vegalite_to_svg(spec)) + "\n"


def stack_panels(drawing: Drawing, width: int = 420) -> dict[str, Any]:
    """All panels in one spec of fixed width and on white, for a picture outside a page."""
    charts = []
    datasets: dict[str, Any] = {}
    for panel in drawing.panels:
        title = {"text": textwrap.wrap(panel.title, TITLE_CHARACTERS), "anchor": "start"}
        datasets |= panel.spec["datasets"]
        kept = {
            name: part for name, part in panel.spec.items() if name not in ("autosize", "datasets")
        }
        charts.append(kept | {"title": title, "width": width})
    legend = "   ".join(f"{sign} {meaning}" for sign, _, meaning in drawing.legend)
    return {
        "title": {
            "text": drawing.title,
            "subtitle": legend,
            "anchor": "start",
            "fontSize": 15,
            "offset": 12,
        },
        "vconcat": charts,
        "datasets": datasets,
        "config": CONFIG | {"background": "white"},
        "padding": 16,
    }


def draw_panels(
    figure: Figure, panels: Sequence[tuple[str, Layers, int, str]], legend_rows: int = 0
) -> Drawing:
    """The drawing of charts that are made: title, chart, height in pixels and words of each."""
    more_lines = max(len(_break_title(figure.x_title or figure.x)) - 1, 0)
    kept_free = AXIS_PIXELS + legend_rows * LEGEND_ROW_PIXELS + more_lines * LINE_PIXELS
    made = tuple(
        Panel(
            title,
            _spec(chart, height),
            height + kept_free,
            alternatives.join(figure.title, title, words),
        )
        for title, chart, height, words in panels
    )
    frame = round_numbers(figure.frame)
    return Drawing(figure.id, figure.title, figure.caption, made, frame)


def _spec(chart: Layers, height: int) -> dict[str, Any]:
    sized = chart.properties(width="container", height=height)
    with alt.data_transformers.enable("default", max_rows=None):
        spec: dict[str, Any] = sized.to_dict()
    for name in ("$schema", "config"):
        del spec[name]
    return spec | {"autosize": {"type": "fit-x", "contains": "padding"}}


def pick_signal(figure: Figure) -> str:
    """The parameter that says which category of a scatter plot is highlighted."""
    return f"picked_{figure.id.replace('-', '_')}"


def choose_from(values: pd.Series, signal: str, label: str, joint: str = "") -> Control:
    """A choice of one of the values, or of the parts of values joined by `joint`, or of all."""
    parts = values.dropna().astype(str)
    counts = (parts.str.split(joint, regex=False).explode() if joint else parts).value_counts()
    options = [(name, f"{name} ({counts[name]})") for name in sorted(counts.index, key=str.lower)]
    return Control(
        signal, label, str(values.name), "has" if joint else "is", (("", "all"), *options)
    )


def _is_picked(frame: pd.DataFrame, figure: Figure) -> bool:
    """Whether a reader may choose a category to highlight."""
    return bool(figure.colour) and _kind(frame[figure.colour]) == "nominal"


def _legend_rows(frame: pd.DataFrame, figure: Figure) -> int:
    """Rows of the legends below a scatter: a title and the names for each."""
    rows = 0
    if figure.colour:
        is_nominal = _kind(frame[figure.colour]) == "nominal"
        rows += 1 + (_count_rows(frame[figure.colour]) if is_nominal else 2)
    if figure.curve is not None:
        rows += 2 + _count_rows(figure.curve.frame["series"])
    return rows


def legend_columns(names: pd.Series) -> int:
    """Two, or one where a name is long."""
    return 1 if names.dropna().astype(str).str.len().max() > LEGEND_CHARACTERS else 2


def _count_rows(names: pd.Series) -> int:
    return math.ceil(names.nunique() / legend_columns(names))


def _legend(names: pd.Series) -> alt.Legend:
    columns = legend_columns(names)
    return alt.Legend(columns=columns, labelLimit=LEGEND_LIMITS[columns])


def _points(frame: pd.DataFrame, figure: Figure, reach: pd.Series) -> Any:
    """The points, on an axis that reaches over all values of x that the chart shows."""
    encoding: dict[str, Any] = {
        "x": _position(alt.X, reach, figure.x, figure.x_title, figure.is_log_x),
        "y": _position(alt.Y, frame[figure.y], figure.y, figure.y_title, figure.is_log_y),
        "tooltip": [make_tooltip(frame, name) for name in figure.hover or (figure.x, figure.y)],
    }
    chart = alt.Chart(frame).mark_point(filled=True, size=58, opacity=0.85, strokeWidth=0.5)
    if not figure.colour:
        return chart.encode(**encoding, color=alt.value(PALETTE[0]))
    if _kind(frame[figure.colour]) != "nominal":
        return chart.encode(**encoding, color=_continuous_colour(frame, figure.colour))
    picked = alt.param(name=pick_signal(figure), value="")
    is_picked = f"{picked.name} === '' || {picked.name} === datum['{figure.colour}']"
    encoding["opacity"] = alt.condition(is_picked, alt.value(0.85), alt.value(0.12))
    return chart.encode(**encoding, **_categories(frame, figure.colour)).add_params(picked)


def _categories(frame: pd.DataFrame, name: str) -> dict[str, Any]:
    """Colour and shape of a nominal column; together they tell 49 categories apart."""
    values = sorted(frame[name].dropna().unique(), key=str)
    colours = [PALETTE[i % len(PALETTE)] for i in range(len(values))]
    shapes = [SHAPES[(i + i // len(PALETTE)) % len(SHAPES)] for i in range(len(values))]
    legend = _legend(frame[name])
    made: dict[str, Any] = {
        "field": name,
        "type": "nominal",
        "title": _words(name),
        "legend": legend,
    }
    return {
        "color": alt.Color(**made, scale=alt.Scale(domain=values, range=colours)),
        "shape": alt.Shape(**made, scale=alt.Scale(domain=values, range=shapes)),
    }


def _continuous_colour(frame: pd.DataFrame, name: str) -> alt.Color:
    scale = alt.Scale(range=list(DATE_RANGE), interpolate="hcl")
    return alt.Color(field=name, type=_kind(frame[name]), title=_words(name), scale=scale)


def _curve_layers(curve: pd.DataFrame, figure: Figure, reach: pd.Series) -> list[alt.Chart]:
    """The band and the median line of every series of a curve, on an axis that has the reach."""
    frame = _loggable(curve, Figure("scatter", "", "", "", curve, "x", "median"))
    x = _position(alt.X, reach, "x", figure.x_title, figure.is_log_x)
    scale = number_scale(figure.is_log_y, nice=not figure.is_log_y, padding=12)
    base = alt.Chart(frame).encode(x=x, detail=alt.Detail(field="series", type="nominal"))
    band = base.mark_area(opacity=0.12, color="currentColor").encode(
        y=alt.Y(field="lower", type="quantitative", scale=scale), y2=alt.Y2(field="upper")
    )
    dash = alt.StrokeDash(
        field="series",
        type="nominal",
        title="median and 90 % band",
        sort=None,
        legend=_legend(frame["series"]),
    )
    line = base.mark_line(strokeWidth=1.6, color="currentColor").encode(
        y=alt.Y(field="median", type="quantitative", scale=scale), strokeDash=dash
    )
    return [band, line]


def _source_chart(frame: pd.DataFrame, is_log: bool, title: str) -> Layers:
    """Rows in order, named after their estimand where ours and after their source where not."""
    is_ours = frame["series"] == OURS
    named = frame.assign(label=frame["label"].where(is_ours, frame["source"]))
    figure = Figure("intervals", "", "", "", frame, x_title=title, is_log_x=is_log)
    return _interval_chart(frame.assign(label=_listed(named, is_ours)), figure, "listed")


def _listed(frame: pd.DataFrame, is_heading: pd.Series) -> list[str]:
    """Labels of a listed chart: the order of the row, whether it is printed in bold, the words."""
    names = frame["label"].map(lambda text: _wrap(text, SOURCE_LINES))
    marks = is_heading.map({True: HEADING, False: " "})
    return [f"{i:03d}{mark}{name}" for i, (mark, name) in enumerate(zip(marks, names, strict=True))]


def _interval_chart(
    frame: pd.DataFrame,
    figure: Figure,
    style: IntervalStyle,
    domain: tuple[float, float] | None = None,
) -> Layers:
    low, high = domain or _domain(frame, figure.is_log_x)
    ends = frame["upper"].where(~frame["is_open"], high)
    encoding = _interval_encoding(frame, style)
    shape = (
        {"shape": encoding.pop("shape")} if "shape" in encoding else {}
    )  # on a rule it would add points
    base = alt.Chart(frame.assign(high=ends)).encode(**encoding)
    rule = base.transform_filter("isValid(datum.lower) && isValid(datum.high)")
    rule = rule.mark_rule(strokeWidth=2.2, opacity=0.75).encode(
        x=alt.X(field="lower", type="quantitative"), x2=alt.X2(field="high")
    )
    dots = base.mark_point(filled=True, size=70, opacity=1).encode(
        x=alt.X(field="median", type="quantitative", **_interval_axis(figure, low, high)), **shape
    )
    layers = [rule, dots]
    if frame["is_open"].any():
        layers.append(_arrows(base))
    if low < 0 < high:
        zero = alt.Chart(pd.DataFrame({"zero": [0.0]})).mark_rule(strokeDash=[4, 4], opacity=0.5)
        layers.insert(0, zero.encode(x=alt.X(field="zero", type="quantitative")))
    return alt.layer(*layers)


def _arrows(base: alt.Chart) -> Any:
    """Heads at the right edge for intervals without an upper bound."""
    heads = base.transform_filter("datum.is_open").mark_point(
        filled=True, size=70, angle=90, opacity=1
    )
    x = alt.X(field="high", type="quantitative")
    return heads.encode(x=x, shape=alt.value("triangle"))


def _interval_encoding(frame: pd.DataFrame, style: IntervalStyle) -> dict[str, Any]:
    shown = ("name", *(["source"] if style == "listed" else []), "series", "shown", "interval")
    titles = {"name": "label", "shown": "estimate"}
    encoding: dict[str, Any] = {
        "y": _label_axis(list(dict.fromkeys(frame["label"])), style),
        "tooltip": [
            alt.Tooltip(field=name, type="nominal", title=titles.get(name, name))
            for name in shown
            if name in frame
        ],
        "color": alt.value(PALETTE[0]),
    }
    if style == "single":
        return encoding
    series = _order_series(frame, KNOWN if style == "listed" else ())
    styles: dict[str, Any] = {"field": "series", "type": "nominal", "legend": None}
    if style == "grouped":
        encoding["yOffset"] = alt.YOffset(field="series", type="nominal", sort=series)
    encoding["color"] = alt.Color(**styles, scale=_scale(series, PALETTE))
    encoding["shape"] = alt.Shape(**styles, scale=_scale(series, SHAPES))
    return encoding


def _order_series(frame: pd.DataFrame, kept: Sequence[str] = ()) -> list[str]:
    """The series of the rows and those to be kept: ours, baseline, published, then as they come."""
    present = list(dict.fromkeys(frame["series"]))
    known = [name for name in KNOWN if name in present or name in kept]
    return [*known, *(name for name in present if name not in known)]


def _sign(series: Sequence[str]) -> tuple[tuple[str, str, str], ...]:
    """The legend of series in their order: the sign of the shape, the colour and the name."""
    return tuple(
        (SIGNS[SHAPES[i % len(SHAPES)]], PALETTE[i % len(PALETTE)], name)
        for i, name in enumerate(series)
    )


def _label_axis(labels: list[str], style: IntervalStyle) -> alt.Y:
    """Row labels in lines; the four characters of order and weight of listed rows are cut off."""
    text = "slice(datum.label, 4)" if style == "listed" else "datum.label"
    axis: dict[str, Any] = {
        "labelExpr": f"split({text}, '\\n')",
        "labelLimit": 190,
        "ticks": False,
        "domain": False,
    }
    if style == "listed":
        heading = {"test": f"slice(datum.value, 3, 4) === '{HEADING}'", "value": "bold"}
        axis["labelFontWeight"] = {"condition": heading, "value": "normal"}
    return alt.Y(field="label", type="nominal", sort=labels, title=None, axis=alt.Axis(**axis))


def _interval_axis(figure: Figure, low: float, high: float) -> dict[str, Any]:
    scale = number_scale(figure.is_log_x, domain=[low, high], nice=False)
    ticks = log_ticks(low, high) if figure.is_log_x else None
    return {
        "scale": scale,
        "title": _break_title(figure.x_title) or None,
        "axis": number_axis(figure.is_log_x, ticks, **BELOW_LABELS),
    }


def _break_title(title: str) -> list[str]:
    """The title of an axis in lines that fit a window of 360 pixels."""
    return textwrap.wrap(title, AXIS_CHARACTERS)


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
        scale=_scale(series, (PALETTE[1], PALETTE[0])),
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
        y=_label_axis(list(rows["label"]), "single"),
        tooltip=[make_tooltip(rows, name) for name in names],
    )
    scale, axis = number_scale(False, padding=12), number_axis(False, **BELOW_LABELS)
    title = _break_title(figure.x_title)
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
        title=_break_title(figure.x_title),
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
        color=alt.Color(**styles, scale=_scale(series, PALETTE)),
        strokeDash=alt.StrokeDash(**styles, scale=alt.Scale(domain=series, range=dashes)),
    )
    return alt.layer(band, line)


def _position(
    channel: type[alt.X] | type[alt.Y], values: pd.Series, name: str, title: str, is_log: bool
) -> Any:
    kind, words = _kind(values), title or _words(name)
    lines = _break_title(words) if channel is alt.X else words
    made: dict[str, Any] = {"field": name, "type": kind, "title": lines}
    if kind == "quantitative":
        made["scale"] = number_scale(is_log, nice=not is_log, padding=12)
        made["axis"] = number_axis(is_log, decade_ticks(values) if is_log else None)
    return channel(**made)


def make_tooltip(frame: pd.DataFrame, name: str, title: str = "") -> alt.Tooltip:
    """A column in the words that stand beside the pointer, under its name or a title."""
    kind = _kind(frame[name])
    made: dict[str, Any] = {"field": name, "type": kind, "title": title or _words(name)}
    formats = {"quantitative": ".4~g", "temporal": "%Y-%m-%d"}
    if kind in formats:
        made["format"] = formats[kind]
    return alt.Tooltip(**made)


def _kind(column: pd.Series) -> Measure:
    if pd.api.types.is_datetime64_any_dtype(column):
        return "temporal"
    is_number = pd.api.types.is_numeric_dtype(column) and not pd.api.types.is_bool_dtype(column)
    return "quantitative" if is_number else "nominal"


def _loggable(frame: pd.DataFrame, figure: Figure) -> pd.DataFrame:
    """The rows that the axes can show: neither missing nor, on a log axis, at or below zero."""
    kept = frame.dropna(subset=[figure.x, figure.y])
    for name, is_log in ((figure.x, figure.is_log_x), (figure.y, figure.is_log_y)):
        if is_log:
            kept = kept[kept[name] > 0]
    return kept


def _shown_intervals(frame: pd.DataFrame) -> pd.DataFrame:
    """`frame` with a series, a flag for intervals without upper bound, and the words for each.

    `name` keeps the label whole, for the tooltip.
    """
    made = frame.assign(name=frame["label"])
    for name, default in (("series", OURS), ("is_open", False)):
        if name not in made:
            made[name] = default
    made["is_open"] |= np.isposinf(made["upper"].astype(float))
    numbers = ["median", "lower", "upper"]
    made[numbers] = made[numbers].astype(float).replace([np.inf, -np.inf], np.nan)
    return made.assign(shown=[_interval_words(dict(row)) for row in made.to_dict("records")])


def _interval_words(row: dict[Any, Any]) -> str:
    if pd.isna(row["median"]) and pd.isna(row["lower"]):
        return "no finite value" if row["is_open"] else "not reported"
    median = "no median" if pd.isna(row["median"]) else format_number(row["median"], 3)
    if pd.isna(row["lower"]):
        return median
    upper = "no upper bound" if pd.isna(row["upper"]) else format_number(row["upper"], 3)
    return f"{median} ({format_number(row['lower'], 3)} to {upper})"


def _domain(frame: pd.DataFrame, is_log: bool) -> tuple[float, float]:
    """The range of an axis of intervals; open ones need more room on the right."""
    values = frame[["median", "lower", "upper"]].stack().dropna()
    if values.empty:
        return (0.1, 10.0) if is_log else (0.0, 1.0)
    low, high = float(np.min(values)), float(np.max(values))
    if is_log:
        return low / 1.25, high * (2.0 if frame["is_open"].any() else 1.25)
    room = (high - low) or abs(high) or 1.0
    return low - 0.06 * room, high + (0.3 if frame["is_open"].any() else 0.06) * room


def _describe_range(values: pd.Series) -> str:
    if values.empty or _kind(values) == "nominal":
        return ""
    return f" {alternatives.describe_reach(values)}"


def _scale(domain: Sequence[str], values: Sequence[str]) -> alt.Scale:
    chosen = [values[i % len(values)] for i in range(len(domain))]
    return alt.Scale(domain=list(domain), range=chosen)


def _wrap(label: Any, lines_shown: int = LABEL_LINES) -> str:
    lines = textwrap.wrap(str(label), LABEL_CHARACTERS, max_lines=lines_shown, placeholder=" …")
    return "\n".join(lines)


def _wrap_all(labels: pd.Series) -> pd.Series:
    """The labels in lines; different ones stay so where they differ in what is cut off alone."""
    names = labels.astype(str)
    lines = {name: _wrap(name) for name in names.unique()}
    numbers = pd.Series(lines).groupby(pd.Series(lines)).cumcount()
    marked = {name: lines[name] + (f" ({n + 1})" if n else "") for name, n in numbers.items()}
    return names.map(marked)


def _row_pixels(labels: Iterable[str], least: int) -> int:
    """The height of a row that its label fits into, whichever row it is."""
    return max([least, *(LINE_PIXELS * (label.count("\n") + 1) for label in labels)])


def _words(name: str) -> str:
    return name.replace("_", " ")
