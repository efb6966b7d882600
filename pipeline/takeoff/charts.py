"""Charts of the simulation of full automation: paths, outcomes by scenario, sensitivity."""

from dataclasses import replace

import altair as alt
import pandas as pd

from pipeline.site.charts.drawings import Drawing, Layers, draw_panels
from pipeline.site.charts.intervals import draw_intervals
from pipeline.site.charts.series import PALETTE
from pipeline.site.figures.kinds import Figure
from pipeline.site.pages.rendering import format_number
from pipeline.takeoff.results import CENTRAL, HIGH, LOW, SERIES, STROKES

SIGNS = {LOW: "╍╍", CENTRAL: "━━", HIGH: "•••"}
DASHES = {LOW: [7, 4], CENTRAL: [1, 0], HIGH: [2, 2.5]}
COLOURS = {LOW: PALETTE[1], CENTRAL: PALETTE[0], HIGH: PALETTE[3]}
FIRST, TOTAL = "first order", "total"
PATH_PIXELS, LEAST_DECADES = 150, 3.0


def draw_paths(figure: Figure) -> Drawing:
    """A panel an assumption: median log10 A over the years at its ends, over the central band.

    Columns panel, series (`CENTRAL`, `LOW` or `HIGH`), years, median, lower, upper.
    """
    frame = figure.frame
    top = max(LEAST_DECADES, 1.1 * float(frame["median"].max()))
    panels = [
        (str(name), _path_chart(rows, figure, top), PATH_PIXELS, _describe_ends(rows))
        for name, rows in frame.groupby("panel", sort=False)
    ]
    drawing = draw_panels(figure, panels)
    legend = tuple((SIGNS[each], COLOURS[each], f"{STROKES[each]}: {each}") for each in SERIES)
    return replace(drawing, legend=(*legend, ("▒", PALETTE[0], "90 % of the central paths")))


def draw_indices(figure: Figure, titles: dict[str, str]) -> Drawing:
    """A panel an outcome: first-order and total index of every input, largest total first.

    Columns outcome, label, order (first or total), index, lower, upper.
    """
    made = [
        draw_intervals(replace(figure, frame=_rank(rows), x_title="share of the variance"))
        for _, rows in figure.frame.groupby("outcome", sort=False)
    ]
    names = [str(name) for name in figure.frame["outcome"].unique()]
    panels = tuple(
        replace(drawing.panels[0], title=titles[name])
        for name, drawing in zip(names, made, strict=True)
    )
    return replace(made[0], panels=panels, frame=figure.frame)


def _path_chart(rows: pd.DataFrame, figure: Figure, top: float) -> Layers:
    x = alt.X(
        field="years",
        type="quantitative",
        title=figure.x_title,
        scale=alt.Scale(nice=False),
        axis=alt.Axis(tickCount=5),
    )
    scale = alt.Scale(domain=[0, top], nice=False)
    axis = alt.Axis(tickCount=5)
    central = rows[rows["series"] == CENTRAL]
    band = alt.Chart(central).mark_area(opacity=0.16, color=PALETTE[0], clip=True)
    band = band.encode(
        x=x,
        y=alt.Y(field="lower", type="quantitative", title=figure.y_title, scale=scale, axis=axis),
        y2=alt.Y2(field="upper"),
    )
    order = [name for name in SERIES if name in set(rows["series"])]
    styles = {"field": "series", "type": "nominal", "legend": None}
    line = alt.Chart(rows).mark_line(strokeWidth=2, clip=True)
    line = line.encode(
        x=x,
        y=alt.Y(field="median", type="quantitative", scale=scale),
        color=alt.Color(
            **styles, scale=alt.Scale(domain=order, range=[COLOURS[name] for name in order])
        ),
        strokeDash=alt.StrokeDash(
            **styles, scale=alt.Scale(domain=order, range=[DASHES[name] for name in order])
        ),
    )
    return alt.layer(band, line)


def _describe_ends(rows: pd.DataFrame) -> str:
    """Median decades of every line of a panel at the last date."""
    last = rows[rows["years"] == rows["years"].max()]
    ends = ", ".join(
        f"{row['series']} {format_number(row['median'])}" for row in last.to_dict("records")
    )
    years = format_number(float(rows["years"].max()))
    return f"Median decades of A after {years} years: {ends}."


def _rank(rows: pd.DataFrame) -> pd.DataFrame:
    """Rows of one outcome for a chart of intervals, the input with the largest total first."""
    totals = rows[rows["order"] == "total"].set_index("label")["index"]
    order = list(totals.sort_values(ascending=False).index)
    ranked = rows.assign(
        median=rows["index"], series=rows["order"].map({"first": FIRST, "total": TOTAL})
    )
    return ranked.sort_values("label", key=lambda names: names.map(order.index), kind="stable")
