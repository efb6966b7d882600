"""The evidence of a leaderboard against compute and date, under controls that its charts share."""

from dataclasses import replace
from typing import Any

import altair as alt
import numpy as np
import pandas as pd

from models import Card
from pipeline.site.charts import axes
from pipeline.site.charts.axes import PALETTE, SHAPES, count_legend_rows, make_legend
from pipeline.site.charts.drawings import AXIS_PIXELS, Control, Drawing, draw_panels, name_rows
from pipeline.site.charts.intervals import draw_intervals, draw_parts
from pipeline.site.charts.points import choose_from, draw_scatter
from pipeline.site.figures.kinds import Figure
from pipeline.site.pages.sentences import say
from pipeline.site.posterior import boards
from pipeline.site.posterior.boards import JOINT, NO_TECHNIQUE, Board
from pipeline.site.words import Words

LAB, TECHNIQUE, YEAR = "chosen_lab", "chosen_technique", "chosen_year"
BENCHMARK = "chosen_benchmark"
UNTIL = f"year(datum.release_date) <= {YEAR}"
OF_BENCHMARK = f"({BENCHMARK} === '' || datum.benchmark === {BENCHMARK})"
# Early to late; each has a contrast of 3:1 with the light and with the dark page.
DATE_COLOURS = ("#b8720f", "#b0527e", "#6a62c4", "#2b7fc0")
TECHNIQUES_ID = "technique-gains"  # of the models' figure that has a row a technique
PIXELS = 380
NAME_SHARE = 0.1  # of the width of a narrow chart, for the name of a year
NAME_ROOM = 0.08  # of the height of a chart: names of curves closer than that would touch
DRAWN_BY = {"parts": draw_parts, "intervals": draw_intervals, "scatter": draw_scatter}
TITLES = {"compute_interval": "its 90 % interval", "citation": "source"}
INK: dict[str, Any] = {"color": "currentColor", "clip": True}


def draw(figure: Figure) -> Drawing:
    """The chart or charts of a model's figure."""
    return DRAWN_BY[figure.kind](figure)


def draw_linked(figure: Figure, card: Card, words: Words) -> Drawing:
    """A figure of a leaderboard's evidence, under the controls of the section."""
    if boards.is_board(figure):
        return draw_board(boards.make_board(figure, card, words))
    drawing = draw(figure)
    return link_techniques(drawing) if figure.id == TECHNIQUES_ID else drawing


def draw_board(board: Board) -> Drawing:
    """Scores against compute, with a curve a year, and against the date, with the records."""
    figure, rows, names = board.figure, board.rows, board.benchmarks
    panels = [
        ("Against compute", _compute_chart(board), PIXELS, boards.describe_compute(board)),
        ("Against the date of release", _date_chart(board), PIXELS, boards.describe_dates(board)),
    ]
    said = {"benchmarks": len(names), "has_errors": "compute_low" in rows}
    caption = say("board_caption", caption=figure.caption, **said)
    legend_rows = 3 if board.has_dated_curves else 5 + len(set(board.curve["series"])) // 2
    legend_rows += 1 + count_legend_rows(names) if len(names) > 1 else 0
    drawing = draw_panels(replace(figure, frame=rows, caption=caption), panels, legend_rows)
    first, second = drawing.panels  # the legend stands at the first
    shown = (first, replace(second, pixels=PIXELS + AXIS_PIXELS))
    controls, named = tuple(_controls(board)), name_rows(first)
    return replace(drawing, panels=shown, legend=_legend(board), controls=controls, rows=named)


def link_techniques(drawing: Drawing) -> Drawing:
    """A forest of techniques whose row is highlighted with the chosen technique."""
    test = f"indexof(['', '{NO_TECHNIQUE}', datum.name], {TECHNIQUE}) >= 0"
    opacity = {"condition": {"test": test, "value": 1.0}, "value": 0.15}
    (panel,) = drawing.panels
    layers = [
        layer | {"encoding": layer["encoding"] | {"opacity": opacity}}
        if "tooltip" in layer["encoding"]
        else layer
        for layer in panel.spec["layer"]
    ]
    params = [{"name": TECHNIQUE, "value": ""}]
    linked = replace(panel, spec=panel.spec | {"layer": layers, "params": params})
    return replace(drawing, panels=(linked,))


def _legend(board: Board) -> tuple[tuple[str, str, str], ...]:
    colour = DATE_COLOURS[0] if len(board.years) > 1 else PALETTE[0]
    signs = [("●", colour, "fitted")]
    if (board.rows["status"] != "fitted").any():
        signs.append(("○", colour, "not fitted"))
    signs.append(("╌", "currentColor", "path of the records"))
    if board.has_dated_curves:
        signs.append(("━", DATE_COLOURS[-1], "fitted curve for models of a year, 90 % band"))
    return tuple(signs)


def _controls(board: Board) -> list[Control]:
    rows = board.rows
    chosen = [
        choose_from(rows[board.lab], LAB, board.lab),
        choose_from(rows["benchmark"], BENCHMARK, "benchmark"),
        choose_from(rows["techniques"], TECHNIQUE, "technique", JOINT),
    ]
    chosen = [control for control in chosen if len(control.options) > 2]  # "all" and one name
    if len(board.years) > 1:
        options = tuple((str(year), str(year)) for year in board.years)
        chosen.append(Control(YEAR, "released up to", "release_date", "until", options))
    return chosen


def _compute_chart(board: Board) -> alt.LayerChart:
    figure, rows = board.figure, board.rows
    reach = pd.concat([rows[figure.x], board.curve["x"]])
    if board.has_dated_curves:  # room for their names
        room = (reach.max() / reach.min()) ** NAME_SHARE
        reach = pd.concat([reach, pd.Series([reach.max() * room])])

    def place(name: str) -> Any:
        return _number_axis(alt.X, name, figure.x_title, reach, is_log=True)

    layers = [*_curve_layers(board, place("x")), _record_line(board, place(figure.x), "linear")]
    if "compute_low" in rows:
        bars = alt.Chart(rows).transform_filter(f"{UNTIL} && isValid(datum.compute_low)")
        where = {"x": place("compute_low"), "x2": "compute_high", "y": _y(board)}
        faint = {"color": _colour(board), "opacity": _highlight(board, 0.3, 0.03)}
        layers.append(bars.mark_rule(strokeWidth=1, clip=True).encode(**where, **faint))
    return _layer(board, [*layers, _points(board, place(figure.x))])


def _date_chart(board: Board) -> alt.LayerChart:
    dates = board.rows["release_date"]
    room = (dates.max() - dates.min()) * 0.02
    ends = (dates.min() - room, dates.max() + room)
    domain = [alt.DateTime(year=day.year, month=day.month, date=day.day) for day in ends]
    axis = alt.Axis(tickCount=axes.TICK_COUNT, labelOverlap=True)
    x = alt.X("release_date:T", title="release date", scale=alt.Scale(domain=domain), axis=axis)
    layers = [_record_line(board, x, "step-after"), _points(board, x, has_legend=False)]
    return _layer(board, layers)


def _layer(board: Board, layers: list[Any]) -> alt.LayerChart:
    params = [alt.param(name=name, value="") for name in (LAB, TECHNIQUE, BENCHMARK)]
    params.append(alt.param(name=YEAR, value=board.years[-1]))
    scales = dict.fromkeys(("color", "shape", "opacity"), "independent")
    return alt.layer(*layers).add_params(*params).resolve_scale(**scales)


def _points(board: Board, x: alt.X, has_legend: bool = True) -> alt.Chart:
    """The rows up to the chosen year; hollow where not fitted, faint where not chosen."""
    figure, rows, names = board.figure, board.rows, board.benchmarks
    first = ["model", "benchmark", board.lab, "release_date", figure.x, "compute_interval"]
    told = [*first, figure.y, *figure.hover, "techniques", "status", "citation"]
    shown = [name for name in dict.fromkeys(told) if name in rows]
    encoding: dict[str, Any] = {
        "x": x,
        "y": _y(board),
        "color": _colour(board, has_legend=has_legend),
        "stroke": _colour(board, alt.Stroke),
        "fillOpacity": alt.condition("datum.status === 'fitted'", alt.value(0.9), alt.value(0.0)),
        "opacity": _highlight(board, 0.9, 0.16),
        "tooltip": [axes.make_tooltip(rows, name, TITLES.get(name, "")) for name in shown],
    }
    if len(names) > 1:
        scale = alt.Scale(domain=list(names), range=SHAPES[: len(names)])
        ink = dict.fromkeys(("symbolFillColor", "symbolStrokeColor"), "currentColor")
        legend = make_legend(names, **(ink if len(board.years) > 1 else {}))
        kept = legend if has_legend else None
        encoding["shape"] = alt.Shape("benchmark:N", scale=scale, legend=kept)
    points = alt.Chart(rows).transform_filter(UNTIL)
    mark = points.mark_point(filled=True, size=62, strokeWidth=1.4, strokeOpacity=1)
    return mark.encode(**encoding)


def _record_line(board: Board, x: alt.X, interpolate: Any) -> alt.Chart:
    """The path of the records of each benchmark, in order of date."""
    line = alt.Chart(board.rows).transform_filter(f"datum.is_record && {UNTIL} && {OF_BENCHMARK}")
    thin: dict[str, Any] = {"strokeWidth": 1.1, "strokeDash": [3, 3], "color": "currentColor"}
    order, detail = alt.Order("release_date:T"), alt.Detail("benchmark:N")
    return line.mark_line(interpolate=interpolate, **thin).encode(
        x=x, y=_y(board), opacity=alt.value(0.6), order=order, detail=detail
    )


def _curve_layers(board: Board, x: alt.X) -> list[Any]:
    """Curves of years as lines of their date's colour, with bands and names; others dashed."""
    if board.curve.empty:
        return []
    base = alt.Chart(board.curve).encode(x=x, detail="series:N")
    low, middle = _y(board, "lower"), _y(board, "median")
    if not board.has_dated_curves:
        band = base.mark_area(opacity=0.12, **INK).encode(y=low, y2="upper")
        dash = alt.StrokeDash("series:N", title="median and 90 % band", sort=None)
        return [band, base.mark_line(strokeWidth=1.6, **INK).encode(y=middle, strokeDash=dash)]
    # of the first year and of the chosen one; at the end, of a middle one too
    early, between, _ = board.shown_years
    is_shown = (
        f"datum.year === {early} || (datum.year <= {YEAR} && {YEAR} < datum.until)"
        f" || ({YEAR} === {board.years[-1]} && datum.year === {between})"
    )
    base, colour = base.transform_filter(is_shown), _colour(board)
    return [
        base.mark_area(opacity=0.16, clip=True).encode(y=low, y2="upper", color=colour),
        base.mark_line(strokeWidth=2, clip=True).encode(y=middle, color=colour),
        *_curve_names(board, base),
    ]


def _curve_names(board: Board, base: alt.Chart) -> list[Any]:
    """The years beside the ends of their curves, the first on the far side of the others."""
    ends = board.curve[board.curve["is_named"]].set_index("year")["median"].sort_index()
    side = 7 if ends.iloc[0] < ends.iloc[-1] else -7
    first = int(board.curve["year"].min())
    reach = board.curve["upper"].max() - board.curve["lower"].min()
    near = (ends - ends.iloc[-1]).abs() < NAME_ROOM * reach
    crowded = [int(year) for year in ends.index[1:-1] if near[year]]
    rest = " && ".join(f"datum.year !== {year}" for year in (first, *crowded))
    named = base.transform_filter("datum.is_named").encode(y=_y(board, "median"), text="year:N")
    place: dict[str, Any] = {"fontSize": 12, "fontWeight": "bold", "align": "left", "dx": 3}
    return [
        named.transform_filter(f"datum.year === {first}").mark_text(**place, dy=side),
        named.transform_filter(rest).mark_text(**place, dy=-side),
    ]


def _highlight(board: Board, chosen: float, other: float) -> Any:
    lab = f"({LAB} === '' || datum['{board.lab}'] === {LAB})"
    parts = f"split(datum.techniques, '{JOINT}')"
    technique = f"({TECHNIQUE} === '' || indexof({parts}, {TECHNIQUE}) >= 0)"
    test = f"{lab} && {OF_BENCHMARK} && {technique}"
    return alt.condition(test, alt.value(chosen), alt.value(other))


def _number_axis(
    channel: type[alt.X] | type[alt.Y], name: str, title: str, values: pd.Series, is_log: bool
) -> Any:
    """A number on an axis that reaches over all values, whatever is chosen to be shown."""
    domain = axes.widen(float(values.min()), float(values.max()), 0.04, is_log)
    scale = axes.number_scale(is_log, domain=domain, nice=False)
    axis = axes.number_axis(is_log, axes.decade_ticks(values) if is_log else None)
    return channel(field=name, type="quantitative", title=title, scale=scale, axis=axis)


def _y(board: Board, name: str = "") -> Any:
    figure, values = board.figure, board.rows[board.figure.y]
    return _number_axis(alt.Y, name or figure.y, figure.y_title, values, figure.is_log_y)


def _colour(board: Board, channel: Any = alt.Color, has_legend: bool = False) -> Any:
    """Colour by date, in decimal years, with stops at equal distances; by benchmark in one year."""
    names, years = list(board.benchmarks), board.years
    if len(years) == 1:
        scale = alt.Scale(domain=names, range=PALETTE[: len(names)])
        legend = make_legend(board.benchmarks) if has_legend else None
        return channel("benchmark:N", scale=scale, legend=legend)
    stops = list(np.linspace(years[0], years[-1] + 1, len(DATE_COLOURS)))
    scale = alt.Scale(domain=stops, range=list(DATE_COLOURS), interpolate="lab", clamp=True)
    legend = alt.Legend(format="d", tickCount=4) if has_legend else None
    return channel("decimal_year:Q", title="release date", scale=scale, legend=legend)
