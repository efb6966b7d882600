"""The evidence of a leaderboard: its scores against compute and against the date, drawn as one.

Both charts show the same rows, coloured by date, with the path of the records. Three parameters
that the page's controls set are shared by all charts of the section: a laboratory and a technique
to highlight, and a year after which nothing is shown.
"""

import math
from dataclasses import replace
from typing import Any

import altair as alt
import numpy as np
import pandas as pd

from models import Card
from pipeline.site.charts import kinds
from pipeline.site.charts.axes import TICK_COUNT, decade_ticks, number_axis, number_scale
from pipeline.site.charts.columns import make_tooltip
from pipeline.site.charts.drawings import AXIS_PIXELS, Control, Drawing, draw_panels
from pipeline.site.charts.points import choose_from
from pipeline.site.charts.series import LEGEND_LIMITS, PALETTE, SHAPES, legend_columns
from pipeline.site.figures.kinds import Figure
from pipeline.site.posterior.boards import (
    JOINT,
    NO_TECHNIQUE,
    Board,
    describe_compute,
    describe_dates,
    is_board,
    make_board,
    write_caption,
)

LAB, TECHNIQUE, YEAR = "chosen_lab", "chosen_technique", "chosen_year"
BENCHMARK = "chosen_benchmark"
# Early to late; each has a contrast of 3:1 with the light and with the dark page.
DATE_COLOURS = ("#b8720f", "#b0527e", "#6a62c4", "#2b7fc0")
TECHNIQUES_ID = "technique-gains"  # of the models' figure that has a row a technique
PIXELS = 380
NAME_SHARE = 0.1  # of the width of a narrow chart, for the name of a year
NAME_ROOM = 0.08  # of the height of a chart: names of curves closer than that would touch


def draw_linked(figure: Figure, card: Card) -> Drawing:
    """A figure of a leaderboard's evidence, under the controls of the section."""
    if is_board(figure):
        return draw_board(figure, card)
    drawing = kinds.draw(figure)
    return link_techniques(drawing) if figure.id == TECHNIQUES_ID else drawing


def draw_board(figure: Figure, card: Card) -> Drawing:
    """Scores against compute, with a curve a year, and against the date, with the records."""
    board = make_board(figure, card)
    panels = [
        ("Against compute", _compute_chart(board), PIXELS, describe_compute(board)),
        ("Against the date of release", _date_chart(board), PIXELS, describe_dates(board)),
    ]
    benchmarks, series = len(board.benchmarks), len(set(board.curve["series"]))
    legend_rows = 3 + (0 if board.has_dated_curves else 2 + series // 2)
    columns = legend_columns(pd.Series(board.benchmarks, dtype=object))
    legend_rows += 1 + math.ceil(benchmarks / columns) if benchmarks > 1 else 0
    shown = replace(figure, frame=board.rows, caption=write_caption(board))
    drawing = draw_panels(shown, panels, legend_rows)
    name = _name_rows(drawing.panels[0].spec)
    first, second = drawing.panels
    second = replace(second, pixels=PIXELS + AXIS_PIXELS)  # the legend stands at the first
    return replace(
        drawing,
        panels=(first, second),
        legend=_legend(board),
        controls=_controls(board),
        rows=name,
    )


def link_techniques(drawing: Drawing) -> Drawing:
    """A forest of techniques whose row is highlighted with the chosen technique."""
    test = f"indexof(['', '{NO_TECHNIQUE}', datum.name], {TECHNIQUE}) >= 0"
    (panel,) = drawing.panels
    layers = [
        layer | {"encoding": layer["encoding"] | {"opacity": _condition(test, 1.0, 0.15)}}
        if "tooltip" in layer["encoding"]
        else layer
        for layer in panel.spec["layer"]
    ]
    params = [{"name": TECHNIQUE, "value": ""}]
    linked = replace(panel, spec=panel.spec | {"layer": layers, "params": params})
    return replace(drawing, panels=(linked,))


def _legend(board: Board) -> tuple[tuple[str, str, str], ...]:
    colour = DATE_COLOURS[0] if board.has_dates else PALETTE[0]
    signs = [("●", colour, "fitted")]
    if (board.rows["status"] != "fitted").any():
        signs.append(("○", colour, "not fitted"))
    signs.append(("╌", "currentColor", "path of the records"))
    if board.has_dated_curves:
        signs.append(("━", DATE_COLOURS[-1], "fitted curve for models of a year, 90 % band"))
    return tuple(signs)


def _controls(board: Board) -> tuple[Control, ...]:
    rows, years = board.rows, board.years
    chosen = []
    if len(set(rows[board.lab])) > 1:
        chosen.append(choose_from(rows[board.lab], LAB, board.lab))
    if len(board.benchmarks) > 1:
        chosen.append(choose_from(rows["benchmark"], BENCHMARK, "benchmark"))
    if len(set(rows["techniques"])) > 1:
        chosen.append(choose_from(rows["techniques"], TECHNIQUE, "technique", JOINT))
    if board.has_dates:
        options = tuple((str(year), str(year)) for year in years)
        chosen.append(Control(YEAR, "released up to", "release_date", "until", options))
    return tuple(chosen)


def _compute_chart(board: Board) -> alt.LayerChart:
    figure, rows = board.figure, board.rows
    reach = pd.concat([rows[figure.x], board.curve["x"]])
    if board.has_dated_curves:  # room for their names
        room = (reach.max() / reach.min()) ** NAME_SHARE
        reach = pd.concat([reach, pd.Series([reach.max() * room])])
    x = _number_axis(alt.X, figure.x, figure.x_title, reach, is_log=True)
    layers = [*_curve_layers(board, reach), _record_line(board, x, "linear")]
    if "compute_low" in rows:
        bars = alt.Chart(rows).transform_filter(f"{_until()} && isValid(datum.compute_low)")
        ends = {
            "x": _number_axis(alt.X, "compute_low", figure.x_title, reach, is_log=True),
            "x2": alt.X2(field="compute_high"),
        }
        bars = bars.mark_rule(strokeWidth=1, clip=True).encode(
            **ends,
            y=_y(board),
            color=_colour(board),
            opacity=_highlight(board, 0.3, 0.03),
        )
        layers.append(bars)
    layers.append(_points(board, x))
    return _layer(board, layers)


def _date_chart(board: Board) -> alt.LayerChart:
    x = alt.X(
        field="release_date",
        type="temporal",
        title="release date",
        scale=_date_scale(board),
        axis=alt.Axis(tickCount=TICK_COUNT, labelOverlap=True),
    )
    layers = [_record_line(board, x, "step-after"), _points(board, x, has_legend=False)]
    return _layer(board, layers)


def _layer(board: Board, layers: list[Any]) -> alt.LayerChart:
    params = [
        alt.param(name=LAB, value=""),
        alt.param(name=TECHNIQUE, value=""),
        alt.param(name=BENCHMARK, value=""),
        alt.param(name=YEAR, value=board.years[-1]),
    ]
    scales = {"color": "independent", "shape": "independent", "opacity": "independent"}
    return alt.layer(*layers).add_params(*params).resolve_scale(**scales)


def _points(board: Board, x: alt.X, has_legend: bool = True) -> alt.Chart:
    """The rows up to the chosen year; hollow where not fitted, faint where not chosen."""
    fitted = "datum.status === 'fitted'"
    encoding: dict[str, Any] = {
        "x": x,
        "y": _y(board),
        "color": _colour(board, has_legend=has_legend),
        "stroke": _colour(board, alt.Stroke),
        "fillOpacity": alt.condition(fitted, alt.value(0.9), alt.value(0.0)),
        "opacity": _highlight(board, 0.9, 0.16),
        "tooltip": [_tooltip(board, name) for name in _hover(board)],
    }
    if len(board.benchmarks) > 1:
        values = board.benchmarks
        scale = alt.Scale(domain=values, range=list(SHAPES[: len(values)]))
        ink = {"symbolFillColor": "currentColor", "symbolStrokeColor": "currentColor"}
        shown = _legend_of_benchmarks(board, **(ink if board.has_dates else {}))
        legend = shown if has_legend else None
        encoding["shape"] = alt.Shape(field="benchmark", type="nominal", scale=scale, legend=legend)
    points = alt.Chart(board.rows).transform_filter(_until())
    return points.mark_point(filled=True, size=62, strokeWidth=1.4, strokeOpacity=1).encode(
        **encoding
    )


def _record_line(board: Board, x: alt.X, interpolate: Any) -> alt.Chart:
    """The path of the records of each benchmark, in order of date."""
    is_chosen = f"({BENCHMARK} === '' || datum.benchmark === {BENCHMARK})"
    line = alt.Chart(board.rows).transform_filter(f"datum.is_record && {_until()} && {is_chosen}")
    made = line.mark_line(
        interpolate=interpolate, strokeWidth=1.1, strokeDash=[3, 3], color="currentColor"
    )
    return made.encode(
        x=x,
        y=_y(board),
        order=alt.Order(field="release_date", type="temporal"),
        detail=alt.Detail(field="benchmark", type="nominal"),
        opacity=alt.value(0.6),
    )


def _curve_layers(board: Board, reach: pd.Series) -> list[Any]:
    """Curves of years as lines of their date's colour, with bands and names; others dashed."""
    curve = board.curve
    if curve.empty:
        return []
    at = _number_axis(alt.X, "x", board.figure.x_title, reach, is_log=True)
    base = alt.Chart(curve).encode(x=at, detail=alt.Detail(field="series", type="nominal"))
    if not board.has_dated_curves:
        return _plain_curves(board, base)
    base, colour = base.transform_filter(_is_shown(board)), _colour(board)
    band = base.mark_area(opacity=0.16, clip=True).encode(
        y=_y(board, "lower"), y2=alt.Y2(field="upper"), color=colour
    )
    line = base.mark_line(strokeWidth=2, clip=True).encode(y=_y(board, "median"), color=colour)
    return [band, line, *_curve_names(board, base)]


def _curve_names(board: Board, base: alt.Chart) -> list[Any]:
    """The years beside the ends of their curves, the first on the far side of the others."""
    ends = board.curve[board.curve["is_named"]].sort_values("year")["median"]
    side = 7 if ends.iloc[0] < ends.iloc[-1] else -7
    first = int(board.curve["year"].min())
    named = base.transform_filter("datum.is_named").encode(
        y=_y(board, "median"), text=alt.Text(field="year", type="nominal")
    )
    rest = [f"datum.year !== {year}" for year in (first, *_crowded_years(board))]
    place: dict[str, Any] = {"fontSize": 12, "fontWeight": "bold", "align": "left", "dx": 3}
    return [
        named.transform_filter(f"datum.year === {first}").mark_text(**place, dy=side),
        named.transform_filter(" && ".join(rest)).mark_text(**place, dy=-side),
    ]


def _crowded_years(board: Board) -> list[int]:
    """Years between the first and the last whose curve ends where that of the last does."""
    ends = board.curve[board.curve["is_named"]].set_index("year")["median"].sort_index()
    reach = board.curve["upper"].max() - board.curve["lower"].min()
    near = (ends - ends.iloc[-1]).abs() < NAME_ROOM * reach
    return [int(year) for year in ends.index[1:-1] if near[year]]


def _plain_curves(board: Board, base: alt.Chart) -> list[Any]:
    """Curves that are not of dates, told apart by their dashes."""
    band = base.mark_area(opacity=0.12, color="currentColor", clip=True).encode(
        y=_y(board, "lower"), y2=alt.Y2(field="upper")
    )
    title = "median and 90 % band"
    dash = alt.StrokeDash(field="series", type="nominal", title=title, sort=None)
    line = base.mark_line(strokeWidth=1.6, color="currentColor", clip=True)
    return [band, line.encode(y=_y(board, "median"), strokeDash=dash)]


def _is_shown(board: Board) -> str:
    """Curves shown: of the first year and of the chosen one; at the end, of a middle one too."""
    first, middle, _ = board.shown_years
    last = board.years[-1]
    return (
        f"datum.year === {first} || (datum.year <= {YEAR} && {YEAR} < datum.until)"
        f" || ({YEAR} === {last} && datum.year === {middle})"
    )


def _until() -> str:
    return f"year(datum.release_date) <= {YEAR}"


def _highlight(board: Board, chosen: float, other: float) -> Any:
    benchmark = f"({BENCHMARK} === '' || datum.benchmark === {BENCHMARK})"
    lab = f"({LAB} === '' || datum['{board.lab}'] === {LAB})"
    parts = f"split(datum.techniques, '{JOINT}')"
    technique = f"({TECHNIQUE} === '' || indexof({parts}, {TECHNIQUE}) >= 0)"
    return alt.condition(
        f"{lab} && {benchmark} && {technique}", alt.value(chosen), alt.value(other)
    )


def _condition(test: str, chosen: float, other: float) -> dict[str, Any]:
    return {"condition": {"test": test, "value": chosen}, "value": other}


def _number_axis(
    channel: type[alt.X] | type[alt.Y], name: str, title: str, values: pd.Series, is_log: bool
) -> Any:
    """A number on an axis that reaches over all values, whatever is chosen to be shown."""
    low, high = float(values.min()), float(values.max())
    if is_log:
        room = (high / low) ** 0.04
        low, high = low / room, high * room
    else:
        room = 0.04 * (high - low or 1.0)
        low, high = low - room, high + room
    scale = number_scale(is_log, domain=[low, high], nice=False)
    axis = number_axis(is_log, decade_ticks(values) if is_log else None)
    return channel(field=name, type="quantitative", title=title, scale=scale, axis=axis)


def _y(board: Board, name: str = "") -> Any:
    figure = board.figure
    values = board.rows[figure.y]
    return _number_axis(alt.Y, name or figure.y, figure.y_title, values, figure.is_log_y)


def _date_scale(board: Board) -> alt.Scale:
    dates = board.rows["release_date"]
    room = (dates.max() - dates.min()) * 0.02
    return alt.Scale(domain=[_day(dates.min() - room), _day(dates.max() + room)])


def _legend_of_benchmarks(board: Board, **more: Any) -> alt.Legend:
    """A name a row where one is long, so that all fit a narrow window."""
    columns = legend_columns(pd.Series(board.benchmarks, dtype=object))
    return alt.Legend(columns=columns, labelLimit=LEGEND_LIMITS[columns], **more)


def _colour(board: Board, channel: Any = alt.Color, has_legend: bool = False) -> Any:
    """Colour by date, in decimal years, with stops at equal distances; by benchmark in one year."""
    first, last = board.years[0], board.years[-1] + 1
    if not board.has_dates:
        values = board.benchmarks
        scale = alt.Scale(domain=values, range=list(PALETTE[: len(values)]))
        legend = _legend_of_benchmarks(board) if has_legend else None
        return channel(field="benchmark", type="nominal", scale=scale, legend=legend)
    stops = np.linspace(first, last, len(DATE_COLOURS))
    scale = alt.Scale(domain=list(stops), range=list(DATE_COLOURS), interpolate="lab", clamp=True)
    legend = alt.Legend(format="d", tickCount=4) if has_legend else None
    return channel(
        field="decimal_year", type="quantitative", title="release date", scale=scale, legend=legend
    )


def _day(date: pd.Timestamp) -> alt.DateTime:
    return alt.DateTime(year=date.year, month=date.month, date=date.day)


def _hover(board: Board) -> list[str]:
    """What pointing at a row shows: the figure's own columns, then what the board adds."""
    figure = board.figure
    first = [
        "model",
        "benchmark",
        board.lab,
        "release_date",
        figure.x,
        "compute_interval",
        figure.y,
    ]
    rest = [*figure.hover, "techniques", "status", "citation"]
    return [name for name in dict.fromkeys([*first, *rest]) if name in board.rows]


def _tooltip(board: Board, name: str) -> alt.Tooltip:
    titles = {"compute_interval": "its 90 % interval", "citation": "source"}
    return make_tooltip(board.rows, name, titles.get(name, ""))


def _name_rows(spec: dict[str, Any]) -> str:
    """The dataset of the points: that of all layers where they have no other."""
    (layer,) = [part for part in spec["layer"] if part["mark"]["type"] == "point"]
    return str(layer.get("data", spec.get("data"))["name"])
