"""Drawings: a figure's charts with their heights, words and rows, for light and dark pages."""

import re
import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import altair as alt
import pandas as pd
import vl_convert
from markupsafe import Markup
from ruamel.yaml import YAML

from pipeline.site.charts.axes import LINE_PIXELS, break_title
from pipeline.site.figures.kinds import Figure
from pipeline.site.pages.numbers import INTERVAL_WORDS
from pipeline.site.pages.rendering import environment

type Layers = alt.LayerChart | alt.FacetChart
TITLE_CHARACTERS = 64
AXIS_PIXELS = 46  # below a chart, for its axis and title
LEGEND_ROW_PIXELS = 19
ADDRESSES = re.compile(r"https://[a-z.]*vega[^\"'`\s)]*|https://github\.com/[^\"'`\s)]*")
_library: list[Markup] = []
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
    made = environment(templates, chart_library).get_template(f"{template}.html.jinja")
    return made.render(specs=specs, **shared, **values)


def chart_library() -> Markup:
    """Vega, Vega-Lite and Vega-Embed in one script, without the addresses it would link to."""
    if not _library:
        script = vl_convert.javascript_bundle("window.vegaEmbed = vegaEmbed;")
        script = ADDRESSES.sub("", script).replace("</script", "<\\/script")
        share_chart_library(Markup(script))  # noqa: S704  # the library, not data
    return _library[0]


def share_chart_library(library: Markup) -> None:
    """Keep the script for all pages of this process: it takes seconds to make."""
    _library[:] = [library]


def render_svg(spec: dict[str, Any]) -> str:
    """The chart of a spec as SVG text, for pictures outside the pages."""
    return str(vl_convert.vegalite_to_svg(spec)) + "\n"


def stack_panels(drawing: Drawing, width: int = 420) -> dict[str, Any]:
    """All panels in one spec of fixed width and on white, for a picture outside a page."""
    charts = []
    datasets: dict[str, Any] = {}
    for panel in drawing.panels:
        title = {"text": textwrap.wrap(panel.title, TITLE_CHARACTERS), "anchor": "start"}
        kept = {name: part for name, part in panel.spec.items() if name != "autosize"}
        datasets |= kept.pop("datasets")
        charts.append(kept | {"title": title, "width": width})
    legend = "   ".join(f"{sign} {meaning}" for sign, _, meaning in drawing.legend)
    title = {"text": drawing.title, "subtitle": legend, "anchor": "start"}
    return {
        "title": title | {"fontSize": 15, "offset": 12},
        "vconcat": charts,
        "datasets": datasets,
        "config": CONFIG | {"background": "white"},
        "padding": 16,
    }
