"""Drawings: charts with their heights and rows, for light and dark pages, and what they say to
readers who cannot see them, made from their numbers.
"""

import base64
import gzip
import re
import textwrap
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Literal

import altair as alt
import numpy as np
import pandas as pd
import vl_convert
from markupsafe import Markup
from ruamel.yaml import YAML

from pipeline.site.charts.axes import LINE_PIXELS, break_title
from pipeline.site.figures.kinds import Figure
from pipeline.site.pages.numbers import INTERVAL_WORDS, format_number
from pipeline.site.pages.rendering import environment
from pipeline.site.pages.sentences import say

type Layers = alt.LayerChart | alt.FacetChart
TITLE_CHARACTERS = 64
AXIS_PIXELS = 46  # below a chart, for its axis and title
LEGEND_ROW_PIXELS = 19
STILL_PIXELS = 620  # width of a picture that stands in for a chart; it is scaled to its place
PART = re.compile(r' id="([^"]*)"')
PART_OR_LINK = re.compile(r'( id="|url\(#)([^")]*)("|\))')
SPOKEN = re.compile(r' (?:aria-[a-z]+|role)="[^"]*"')  # the place of the chart says it in words
SIZE = re.compile(r'width="[0-9.]+" height="[0-9.]+" (viewBox="[^"]*")')
ADDRESSES = re.compile(r"https://[a-z.]*vega[^\"'`\s)]*|https://github\.com/[^\"'`\s)]*")
CONFIG: dict[str, Any] = YAML(typ="safe").load(Path(__file__).with_name("config.yaml"))


@dataclass(frozen=True)
class Panel:
    """One chart of a figure: `pixels` is the height to keep free, `description` its words."""

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
    names the dataset that the controls choose from. One that `is_folded` is drawn when opened.
    """

    id: str
    title: str
    caption: str
    panels: tuple[Panel, ...]
    frame: pd.DataFrame
    legend: tuple[tuple[str, str, str], ...] = ()
    controls: tuple[Control, ...] = ()
    rows: str = ""
    is_folded: bool = False


def draw_panels(
    figure: Figure, panels: Sequence[tuple[str, Layers, int, str]], legend_rows: int = 0
) -> Drawing:
    """The drawing of charts that are made: title, chart, height in pixels and words of each."""
    more_lines = max(len(break_title(figure.x_title or figure.x)) - 1, 0)
    kept_free = AXIS_PIXELS + legend_rows * LEGEND_ROW_PIXELS + more_lines * LINE_PIXELS
    made = tuple(
        Panel(name, _spec(chart, height), height + kept_free, _join(figure.title, name, words))
        for name, chart, height, words in panels
    )
    return Drawing(figure.id, figure.title, figure.caption, made, figure.frame)


def _join(title: str, panel: str, words: str) -> str:
    """Title of the figure, that of the panel if it has one, and what the panel shows."""
    lead = f"{title}{' ' if title.endswith('?') else ': '}{panel}" if panel else title
    return f"{lead}{'' if lead.endswith('?') else '.'} {words}"


def _spec(chart: Layers, height: int) -> dict[str, Any]:
    sized = chart.properties(width="container", height=height)
    with alt.data_transformers.enable("default", max_rows=None):
        spec: dict[str, Any] = sized.to_dict(validate=False)
    del spec["$schema"], spec["config"]
    return spec | {"autosize": {"type": "fit-x", "contains": "padding"}}


def name_rows(panel: Panel) -> str:
    """The dataset of a panel's points: that of all layers where they have no other."""
    (layer,) = [part for part in panel.spec["layer"] if part["mark"]["type"] == "point"]
    return str(layer.get("data", panel.spec.get("data"))["name"])


def render_page(
    templates: Path, template: str, /, drawings: Mapping[str, Any], **values: Any
) -> str:
    """A template filled with `values` and with the drawing, the drawings or None of each part."""
    specs = {
        f"{drawing.id}-{number}": panel.spec
        for part in drawings.values()
        for drawing in (part if isinstance(part, list) else filter(None, [part]))
        for number, panel in enumerate(drawing.panels)
    }
    shared = {"drawings": drawings, "chart_config": CONFIG, "interval_words": INTERVAL_WORDS}
    charts: dict[str, Callable[..., Markup]] = {"chart_library": chart_library, "still": draw_still}
    made = environment(templates, charts).get_template(f"{template}.html.jinja")
    return made.render(specs=specs, **shared, **values)


@cache
def chart_library() -> Markup:
    """Vega, Vega-Lite and Vega-Embed in one script, without the addresses it would link to.

    Compressed, in base64: less than half of what a page would weigh with it else.
    """
    script = vl_convert.javascript_bundle("window.vegaEmbed = vegaEmbed;")
    packed = gzip.compress(ADDRESSES.sub("", script).encode("utf-8"), mtime=0)
    return Markup(base64.b64encode(packed).decode("ascii"))  # noqa: S704  # the library, not data


def render_svg(spec: Mapping[str, Any], name: str = "part") -> str:
    """The SVG of a chart. Its parts are named in the order in which they stand there, after `name`:
    the renderer counts all that a process has drawn.
    """
    svg = str(vl_convert.vegalite_to_svg(dict(spec)))
    made = dict.fromkeys(PART.findall(svg))
    new = {old: f"{name}-{number}" for number, old in enumerate(made)}
    return PART_OR_LINK.sub(lambda found: f"{found[1]}{new[found[2]]}{found[3]}", svg)


def draw_still(panel: Panel, place: str) -> Markup:
    """The chart as a picture, which stands in its place before the page's script draws it."""
    svg = render_svg(panel.spec | {"width": STILL_PIXELS, "config": CONFIG}, f"still-{place}")
    scaled = SIZE.sub(r'style="width:100%;height:auto" \1', SPOKEN.sub("", svg), count=1)
    return Markup(scaled)  # noqa: S704  # the renderer escapes what is data


def stack_panels(drawing: Drawing, width: int = 420) -> dict[str, Any]:
    """All panels in one spec of fixed width and on white, for a picture outside a page."""
    charts = []
    datasets: dict[str, Any] = {}
    for panel in drawing.panels:
        lines = textwrap.wrap(panel.title, TITLE_CHARACTERS)
        kept = {name: part for name, part in panel.spec.items() if name != "autosize"}
        datasets |= kept.pop("datasets")
        charts.append(kept | {"title": {"text": lines, "anchor": "start"}, "width": width})
    legend = "   ".join(f"{sign} {meaning}" for sign, _, meaning in drawing.legend)
    title: dict[str, Any] = {"text": drawing.title, "subtitle": legend, "anchor": "start"}
    title |= {"fontSize": 15, "offset": 12}
    made = {"title": title, "vconcat": charts, "datasets": datasets}
    return made | {"config": CONFIG | {"background": "white"}, "padding": 16}


DESCRIBED_ROWS = 8  # rows whose numbers are spelled out
DESCRIBED_DIGITS = 3
PRIOR, POSTERIOR = "prior", "posterior"


def number(value: float) -> str:
    """A number to the digits that alternative text has."""
    return format_number(float(value), DESCRIBED_DIGITS)


def interval(median: float, lower: float, upper: float) -> str:
    """A median with its interval, alone where that has no width."""
    if lower == upper:
        return number(median)
    return f"{number(median)} ({number(lower)} to {number(upper)})"


def describe_reach(values: pd.Series) -> str:
    """From the smallest to the largest value, or the only one; dates as days."""
    low, high = values.min(), values.max()
    if pd.api.types.is_datetime64_any_dtype(values):
        return f"from {low:%Y-%m-%d} to {high:%Y-%m-%d}"
    return f"at {number(low)}" if low == high else f"from {number(low)} to {number(high)}"


def describe_places(figure: Figure, frame: pd.DataFrame) -> str:
    """What the axes of a scatter plot show, and how far its rows reach."""
    pairs = ((figure.y_title or figure.y, figure.y), (figure.x_title or figure.x, figure.x))
    return ", against ".join(f"{title} {describe_reach(frame[name])}" for title, name in pairs)


def describe_rows(rows: list[str]) -> str:
    """The first rows in words, and how many more there are."""
    more = f"; and {len(rows) - DESCRIBED_ROWS} more" if len(rows) > DESCRIBED_ROWS else ""
    return f"{'; '.join(rows[:DESCRIBED_ROWS])}{more}"


def describe_intervals(frame: pd.DataFrame, unit: str) -> str:
    """Estimates with their intervals (columns label, series, shown), in `unit`."""
    names = frame["label"].astype(str)
    if len(set(frame["series"])) > 1:
        same = frame["label"] == frame["series"]
        names = names.where(same, names + ", " + frame["series"].astype(str))
    rows = [f"{name}: {shown}" for name, shown in zip(names, frame["shown"], strict=True)]
    return say("alt_intervals", count=len(rows), unit=unit, rows=describe_rows(rows))


def describe_curves(frame: pd.DataFrame) -> str:
    """The median and interval of every series of a curve at its start, its middle and its end."""
    rows = []
    for series, curve in frame.groupby("series", sort=False):
        places = sorted({0, len(curve) // 2, len(curve) - 1})
        ends = curve.sort_values("x").iloc[places].to_dict("records")
        said = [
            f"{interval(at['median'], at['lower'], at['upper'])} at {_place(at['x'])}"
            for at in ends
        ]
        rows.append(f"{series}: {', '.join(said)}")
    return say("alt_curves", rows="; ".join(rows))


def _place(x: Any) -> str:
    """Where on the axis: a day, or a number."""
    return f"{x:%Y-%m-%d}" if isinstance(x, pd.Timestamp) else number(x)


def describe_densities(frame: pd.DataFrame) -> str:
    """Where the posterior lies and how much higher it peaks than the prior, off the curves."""
    curves = {str(name): rows for name, rows in frame.groupby("series")}
    posterior = curves[POSTERIOR]
    mass = posterior["density"].cumsum() / posterior["density"].sum()
    ends = [float(posterior["x"].iloc[int(np.searchsorted(mass, p))]) for p in (0.05, 0.5, 0.95)]
    ratio = posterior["density"].max() / max(float(curves[PRIOR]["density"].max()), 1e-300)
    return say("alt_densities", interval=interval(ends[1], ends[0], ends[2]), ratio=ratio)


def describe_predictions(frame: pd.DataFrame) -> str:
    """How many observed values lie outside of their intervals, on which side, the farthest one."""
    width = (frame["upper"] - frame["lower"]).replace(0, np.nan)
    beyond = (frame["observed"] - frame["median"]).abs() / width
    row: Any = None if beyond.isna().all() else frame.loc[[beyond.idxmax()]].iloc[0].to_dict()
    reach, middle = describe_reach(frame["observed"]), number(width.median())
    predicted = row and interval(row["median"], row["lower"], row["upper"])
    farthest = {"row": row, "predicted": predicted}
    return say("alt_predictions", frame=frame, reach=reach, width=middle, **farthest)


def describe_groups(frame: pd.DataFrame) -> str:
    """Observed and predicted mean of each group."""
    columns = [frame[name] for name in ("label", "observed", "median", "lower", "upper")]
    rows = [
        f"{label}: observed {number(observed)}, predicted {interval(*numbers)}"
        for label, observed, *numbers in zip(*columns, strict=True)
    ]
    outside = int((~frame["is_inside"]).sum())
    return f"{outside} of {len(rows)} groups lie outside. {describe_rows(rows)}."


def describe_differences(frame: pd.DataFrame) -> str:
    """The largest distance of each series from the uniform distribution, and whether it leaves."""
    rows = []
    for series, curve in frame.groupby("series", sort=False):
        at: Any = curve.loc[[curve["difference"].abs().idxmax()]].iloc[0]
        leaves = (curve["difference"] > curve["upper"]) | (curve["difference"] < curve["lower"])
        share = format_number(100 * float(leaves.mean()))
        inside = f"outside of the band over {share} % of the ranks" if leaves.any() else "inside"
        largest = f"{number(at['difference'])} at {number(at['x'])}"
        rows.append(f"{series}: largest difference {largest}, {inside}")
    reach = number(max(frame["upper"].max(), -frame["lower"].min()))
    return say("alt_differences", reach=reach, rows=describe_rows(rows))
