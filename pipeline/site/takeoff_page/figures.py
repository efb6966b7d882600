"""The figures of the simulation of full automation: outcomes by scenario, paths, sensitivity."""

from collections.abc import Mapping
from dataclasses import replace
from itertools import product
from typing import Any

import altair as alt
import numpy as np
import pandas as pd

from pipeline.site.charts import axes
from pipeline.site.charts.drawings import Drawing, Layers, draw_panels
from pipeline.site.charts.intervals import draw_intervals, draw_parts
from pipeline.site.figures.kinds import Figure, order_by
from pipeline.site.pages.numbers import INTERVAL_WORDS, format_number
from pipeline.site.words import Words
from pipeline.takeoff.results import ESTIMANDS
from pipeline.takeoff.sensitivity import HORIZON_YEARS, ORDERS, OUTCOMES, SHORT_YEARS
from pipeline.takeoff.variations import CENTRAL, HIGH, LOW, STROKES

NUMBERS = ["median", "lower", "upper"]
# What the ends of a range are called, and how their lines are drawn.
SERIES = {LOW: "low end, or another input", CENTRAL: "central", HIGH: "high end, or a third input"}
SIGNS = {LOW: "╍╍", CENTRAL: "━━", HIGH: "•••"}
DASHES = {LOW: [7, 4], CENTRAL: [1, 0], HIGH: [2, 2.5]}
COLOURS = {LOW: axes.COLOURS["low"], CENTRAL: axes.COLOURS["ours"], HIGH: axes.COLOURS["high"]}
ORDER_WORDS = {"first": "first order", "total": "total"}
PATH_PIXELS, LEAST_DECADES = 150, 3.0
LIMITS = {"interval": INTERVAL_WORDS, "horizon": f"{HORIZON_YEARS:g}", "short": f"{SHORT_YEARS:g}"}
Entries = dict[str, dict[str, Any]]


def draw_times(words: Words, entries: Entries, labels: Mapping[str, str]) -> Drawing | None:
    """Years to 10 and to 100 times by scenario; None where nothing may be said."""
    rows = [
        {"comparison": ESTIMANDS[key].label, "part": label, **_cut(entry)}
        for key in ("years_to_10x", "years_to_100x")
        for label, entry in _list_entries(entries, key, labels)
    ]
    said = words.figure("times", **LIMITS)
    return draw_parts(Figure("parts", frame=pd.DataFrame(rows), **said)) if rows else None


def draw_speed(words: Words, entries: Entries, labels: Mapping[str, str]) -> Drawing | None:
    """Years of progress in the first year by scenario; None where nothing may be said."""
    found = _list_entries(entries, "speed_up", labels)
    rows = [{"label": label, **{n: entry[n] for n in NUMBERS}} for label, entry in found]
    said = words.figure("speed", **LIMITS)
    return draw_intervals(Figure("intervals", frame=pd.DataFrame(rows), **said)) if rows else None


def _list_entries(
    entries: Entries, key: str, labels: Mapping[str, str]
) -> list[tuple[str, dict[str, Any]]]:
    """Label and entry of every scenario that reports `key`."""
    found = [(label, entries[f"{key}[{name}]"]) for name, label in labels.items()]
    return [(label, entry) for label, entry in found if not entry.get("reason")]


def _cut(entry: dict[str, Any]) -> dict[str, Any]:
    """The numbers of an entry for a chart: no bound beyond the horizon, nothing under days."""
    found = pd.Series(entry, NUMBERS).astype(float).fillna(np.inf)
    shown = found.clip(lower=SHORT_YEARS).where(found <= HORIZON_YEARS, np.inf)
    return {**shown, "lower": min(shown["lower"], HORIZON_YEARS)}


def draw_paths(words: Words, variations: pd.DataFrame) -> Drawing | None:
    """A panel an assumption: median log10 A over the years at its ends, over the central band.

    Columns panel, series, value, years, median, lower, upper; None without rows.
    """
    if variations.empty:
        return None
    simulated = variations[variations["reason"] == ""]
    frame = simulated[["panel", "series", "value", "years", *NUMBERS]]
    frame = frame.assign(series=frame["series"].map(SERIES))
    figure = Figure("scatter", frame=frame, **words.figure("paths"))
    top = max(LEAST_DECADES, 1.1 * float(frame["median"].max()))
    panels = [
        (str(name), _path_chart(rows, figure, top), PATH_PIXELS, _describe_ends(rows))
        for name, rows in frame.groupby("panel", sort=False)
    ]
    legend = tuple((SIGNS[end], COLOURS[end], f"{STROKES[end]}: {SERIES[end]}") for end in SERIES)
    band = ("▒", axes.COLOURS["ours"], "90 % of the central paths")
    return replace(draw_panels(figure, panels), legend=(*legend, band))


def _path_chart(rows: pd.DataFrame, figure: Figure, top: float) -> Layers:
    axis, wide = alt.Axis(tickCount=5), alt.Scale(nice=False)
    scale = alt.Scale(domain=[0, top], nice=False)
    x = alt.X(field="years", type="quantitative", title=figure.x_title, scale=wide, axis=axis)
    y = alt.Y("lower:Q", title=figure.y_title, scale=scale, axis=axis)
    central = alt.Chart(rows[rows["series"] == SERIES[CENTRAL]])
    band = central.mark_area(opacity=0.16, color=axes.COLOURS["ours"], clip=True)
    ends = [end for end in SERIES if SERIES[end] in set(rows["series"])]
    colour, dash = _by_series(alt.Color, ends, COLOURS), _by_series(alt.StrokeDash, ends, DASHES)
    line = alt.Chart(rows).mark_line(strokeWidth=2, clip=True)
    line = line.encode(x=x, y=alt.Y("median:Q", scale=scale), color=colour, strokeDash=dash)
    return alt.layer(band.encode(x=x, y=y, y2=alt.Y2(field="upper")), line)


def _by_series(channel: Any, ends: list[str], values: Mapping[str, Any]) -> Any:
    scale = alt.Scale(domain=[SERIES[end] for end in ends], range=[values[end] for end in ends])
    return channel(field="series", type="nominal", legend=None, scale=scale)


def _describe_ends(rows: pd.DataFrame) -> str:
    """Median decades of every line of a panel at the last date."""
    last = rows[rows["years"] == rows["years"].max()]
    pairs = zip(last["series"], last["median"].map(format_number), strict=True)
    ends = ", ".join(f"{series} {median}" for series, median in pairs)
    return f"Median decades of A after {format_number(rows['years'].max())} years: {ends}."


def draw_indices(words: Words, entries: Entries, labels: Mapping[str, str]) -> Drawing | None:
    """A panel an outcome: indices of every labelled input, largest total first; None without."""
    rows = [
        (outcome, name, labels[name], order, *(entry[bound] for bound in NUMBERS))
        for outcome, order, name in product(OUTCOMES, ORDERS, labels)
        if (entry := entries.get(f"sobol_{order}[{outcome}-{name}]"))
    ]
    if not rows:
        return None
    columns = ["outcome", "input", "label", "order", "index", "lower", "upper"]
    frame = pd.DataFrame(rows, columns=columns)
    said = words.figure("sensitivity", **_lead(frame), **LIMITS)
    figure = Figure("intervals", frame=frame, **said)
    made = {
        str(outcome): draw_intervals(replace(figure, frame=_rank(rows)))
        for outcome, rows in frame.groupby("outcome", sort=False)
    }
    panels = [replace(each.panels[0], title=OUTCOMES[name]) for name, each in made.items()]
    return replace(next(iter(made.values())), panels=tuple(panels), frame=frame)


def _lead(indices: pd.DataFrame) -> dict[str, str]:
    """Which inputs have the largest total indices in the first outcome that has any."""
    totals = indices[indices["order"] == "total"]
    outcome = totals["outcome"].iloc[0]
    first, second = totals[totals["outcome"] == outcome].nlargest(2, "index").to_dict("records")
    said = {"outcome": OUTCOMES[str(outcome)]}
    for name, row in (("first", first), ("second", second)):
        said[name] = row["label"][:1].lower() + row["label"][1:]
        said[f"{name}_index"] = f"{row['index']:.2f}"
    return said


def _rank(rows: pd.DataFrame) -> pd.DataFrame:
    """Rows of one outcome for a chart of intervals, the input with the largest total first."""
    totals = rows[rows["order"] == "total"].set_index("label")["index"]
    ranked = rows.assign(median=rows["index"], series=rows["order"].map(ORDER_WORDS))
    return order_by(ranked, "label", list(totals.sort_values(ascending=False).index))
