"""Medians with intervals, a row a label: by series, by part of a step, beside the literature."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Literal

import altair as alt
import numpy as np
import pandas as pd

from pipeline.ingest.cards.card import Published
from pipeline.site.charts import axes, drawings
from pipeline.site.charts.axes import KNOWN, OURS, ROW_PIXELS, SHAPES, sign_series
from pipeline.site.charts.drawings import Drawing, Layers, draw_panels
from pipeline.site.figures.kinds import Figure, order_by
from pipeline.site.pages.answers import Attributions, element, family
from pipeline.site.pages.numbers import INTERVAL_WORDS, SHORT_INTERVAL, format_number
from pipeline.site.pages.sentences import say

IntervalStyle = Literal["single", "grouped", "listed"]
LOG_RATIO = 30  # positive values that span more than this get a logarithmic axis
NUMBERS = ["median", "lower", "upper"]
COLUMNS = ["key", "panel", "label", "series", "source", "interval", *NUMBERS, "is_open"]
SOURCE_ROW_PIXELS = 30
PART_PIXELS = 24
TOOLTIPS = {"name": "label", "source": "source", "series": "series"}
TOOLTIPS |= {"shown": "estimate", "interval": "interval"}


def draw_intervals(figure: Figure) -> Drawing:
    """One row a label and one mark a series: the median with its interval."""
    frame = _shown_intervals(figure.frame)
    words = drawings.describe_intervals(frame.assign(label=frame["name"]), figure.x_title)
    frame["label"] = axes.wrap_labels(frame["name"])
    rows = frame.groupby("label", sort=False)["series"].nunique()
    least = axes.row_pixels(frame["label"], 2 * ROW_PIXELS)
    height = int(sum(max(count * ROW_PIXELS, least) for count in rows))
    series = _order_series(frame)
    chart = _interval_chart(frame, figure, "grouped" if len(series) > 1 else "single")
    drawing = draw_panels(figure, [("", chart, height, words)])
    return replace(drawing, legend=sign_series(series)) if len(series) > 1 else drawing


def draw_parts(figure: Figure) -> Drawing:
    """A panel a comparison: the parts of the step as dots with intervals, on one shared scale."""
    frame = _shown_intervals(figure.frame.rename(columns={"part": "label"}))
    domain = _domain(frame, figure.is_log_x)
    panels = []
    for comparison, rows in frame.groupby("comparison", sort=False):
        shown = rows.assign(label=axes.wrap_labels(rows["label"]))
        height = len(rows) * axes.row_pixels(shown["label"], PART_PIXELS)
        chart = _interval_chart(shown, figure, "single", domain)
        words = drawings.describe_intervals(rows, figure.x_title)
        panels.append((str(comparison), chart, max(height, 60), words))
    return draw_panels(figure, panels)


def compare_with_literature(
    attributions: Attributions,
    baseline: pd.DataFrame,
    published: Sequence[Published],
    always: Sequence[str] = (),
) -> pd.DataFrame:
    """Ours, the classical baseline and published values of estimands that have either, a row each.

    Estimands in `always` are there even where nothing stands beside them.
    Columns key, panel (the family), label, series, source, interval, median, lower, upper, is_open.
    """
    rows = [
        {"key": key, "series": OURS, "source": OURS, "interval": INTERVAL_WORDS}
        | {name: found[name] for name in NUMBERS}
        | {"is_open": bool(found.get("unbounded")) and found["upper"] is None}
        for key, found in attributions.items()
    ]
    others = [
        {
            "key": row["key"],
            "series": axes.BASELINE,
            "source": row["method"],
            "interval": SHORT_INTERVAL,
        }
        | {"median": row["estimate"], "lower": row["lower"], "upper": row["upper"]}
        | {"is_open": row["upper"] == np.inf}
        for row in baseline.to_dict("records")
    ]
    others += [
        {"key": row.estimand, "series": axes.PUBLISHED, "source": row.label}
        | {"interval": row.interval or "no interval printed"}
        | {"median": row.estimate, "lower": row.lower, "upper": row.upper}
        | {"is_open": row.lower is not None and row.upper is None}
        for row in published
    ]
    compared = {row["key"] for row in others} & set(attributions) | set(always)
    kept = [row for row in rows + others if row["key"] in compared]
    frame = order_by(pd.DataFrame(kept, columns=COLUMNS), "key", list(attributions))
    return frame.reset_index(drop=True).assign(
        panel=[family(key) for key in frame["key"]],
        label=[element(key) or OURS for key in frame["key"]],
    )


def describe_baseline(frame: pd.DataFrame) -> str:
    """How many of the baseline's estimates lie outside our intervals; empty without a baseline."""
    numbers = frame.dropna(subset="median")
    ours = numbers[numbers["series"] == OURS].set_index("key")[["lower", "upper"]].astype(float)
    found = numbers[numbers["series"] == axes.BASELINE].join(
        ours.add_suffix("_of_ours"), "key", "inner"
    )
    below = found["median"] < found["lower_of_ours"]
    outside = int((below | (found["median"] > found["upper_of_ours"])).sum())
    return "" if found.empty else say("baseline", outside=outside, count=len(found))


def logarithmic_panels(frame: pd.DataFrame) -> list[str]:
    """Panels whose values are all positive and span too much for a linear axis."""
    values = frame.set_index("panel")[NUMBERS].astype(float).stack()
    found = values[np.isfinite(values)].groupby("panel", sort=False).agg(["min", "max"])
    is_wide = (found["min"] > 0) & (found["max"] > LOG_RATIO * found["min"])
    return [str(panel) for panel in found.index[is_wide]]


def draw_literature(figure: Figure) -> Drawing:
    """A panel a family of estimands: ours, the baseline and published values, one row each."""
    frame, logarithmic = _shown_intervals(figure.frame), logarithmic_panels(figure.frame)
    panels = []
    for name, rows in frame.groupby("panel", sort=False):
        is_ours = rows["series"] == OURS
        named = rows.assign(label=rows["label"].where(is_ours, rows["source"]))
        unit = str(rows["unit"].iloc[0])
        listed = replace(figure, x_title=unit, is_log_x=name in logarithmic)
        listing = axes.list_labels(named, is_ours)
        height = len(rows) * axes.row_pixels(listing, SOURCE_ROW_PIXELS)
        chart = _interval_chart(rows.assign(label=listing), listed, "listed")
        labels = rows["label"].where(is_ours, rows["label"] + ", " + rows["source"])
        labels = labels.str.removeprefix(f"{OURS}, ")  # a family of one has no label of its own
        words = drawings.describe_intervals(rows.assign(label=labels), unit)
        panels.append((str(rows["title"].iloc[0]), chart, height, words))
    shown = tuple(sign for sign in sign_series(KNOWN) if sign[2] in set(frame["series"]))
    return replace(draw_panels(figure, panels), legend=shown)


def _interval_chart(
    frame: pd.DataFrame,
    figure: Figure,
    style: IntervalStyle,
    domain: tuple[float, float] | None = None,
) -> Layers:
    low, high = domain or _domain(frame, figure.is_log_x)
    encoding = _interval_encoding(frame, style)
    # On a rule a shape would add points.
    shape = {"shape": encoding.pop("shape")} if "shape" in encoding else {}
    ends = frame["upper"].where(~frame["is_open"], high)
    base = alt.Chart(frame.assign(high=ends)).encode(**encoding)
    rule = base.transform_filter("isValid(datum.lower) && isValid(datum.high)")
    dot: dict[str, Any] = {"filled": True, "size": 70}
    ticks = axes.log_ticks(low, high) if figure.is_log_x else None
    x = alt.X(
        "median:Q",
        scale=axes.number_scale(figure.is_log_x, domain=[low, high], nice=False),
        title=axes.break_title(figure.x_title) or None,
        axis=axes.number_axis(figure.is_log_x, ticks, **axes.BELOW_LABELS),
    )
    layers = [
        rule.mark_rule(strokeWidth=2.2, opacity=0.75).encode(x="lower:Q", x2="high"),
        base.mark_point(**dot, opacity=1).encode(x=x, **shape),
    ]
    if frame["is_open"].any():  # heads at the right edge for intervals without an upper bound
        heads = base.transform_filter("datum.is_open").mark_point(**dot, angle=90, opacity=1)
        layers.append(heads.encode(x="high:Q", shape=alt.value("triangle")))
    if low < 0 < high:
        zero = alt.Chart(pd.DataFrame({"zero": [0.0]}))
        layers.insert(0, zero.mark_rule(strokeDash=[4, 4], opacity=0.5).encode(x="zero:Q"))
    return alt.layer(*layers)


def _interval_encoding(frame: pd.DataFrame, style: IntervalStyle) -> dict[str, Any]:
    shown = [name for name in TOOLTIPS if name in frame and (name != "source" or style == "listed")]
    encoding: dict[str, Any] = {
        "y": axes.label_axis(list(dict.fromkeys(frame["label"])), style == "listed"),
        "tooltip": [alt.Tooltip(f"{name}:N", title=TOOLTIPS[name]) for name in shown],
        "color": alt.value(axes.COLOURS["ours"]),
    }
    if style == "single":
        return encoding
    series = _order_series(frame, KNOWN if style == "listed" else ())
    if style == "grouped":
        encoding["yOffset"] = alt.YOffset("series:N", sort=series)
    scales = {alt.Color: axes.name_colours(series), alt.Shape: axes.series_scale(series, SHAPES)}
    for channel, scale in scales.items():
        encoding[channel.__name__.lower()] = channel("series:N", legend=None, scale=scale)
    return encoding


def _order_series(frame: pd.DataFrame, kept: Sequence[str] = ()) -> list[str]:
    """The series of the rows and those to be kept: ours, baseline, published, then as they come."""
    present = list(dict.fromkeys(frame["series"]))
    known = [name for name in KNOWN if name in present or name in kept]
    return [*known, *(name for name in present if name not in known)]


def _domain(frame: pd.DataFrame, is_log: bool) -> tuple[float, float]:
    """The range of an axis of intervals; open ones need more room on the right."""
    values, is_open = frame[NUMBERS].to_numpy(dtype=float), frame["is_open"].any()
    if np.isnan(values).all():
        return (0.1, 10.0) if is_log else (0.0, 1.0)
    low, high = float(np.nanmin(values)), float(np.nanmax(values))
    if is_log:
        return low / 1.25, high * (2.0 if is_open else 1.25)
    room = (high - low) or abs(high) or 1.0
    return low - 0.06 * room, high + (0.3 if is_open else 0.06) * room


def _shown_intervals(frame: pd.DataFrame) -> pd.DataFrame:
    """`frame` with a series, a flag for intervals without upper bound, and the words for each.

    `name` keeps the label whole, for the tooltip.
    """
    made = frame.assign(name=frame["label"])
    for name, default in (("series", OURS), ("is_open", False)):
        if name not in made:
            made[name] = default
    made["is_open"] |= np.isposinf(made["upper"].astype(float))
    made[NUMBERS] = made[NUMBERS].astype(float).replace([np.inf, -np.inf], np.nan)
    return made.assign(shown=[_interval_words(dict(row)) for row in made.to_dict("records")])


def _interval_words(row: dict[Any, Any]) -> str:
    """A median with its interval, as far as there is one; alone where that has no width."""
    if pd.isna(row["median"]) and pd.isna(row["lower"]):
        return "no finite value" if row["is_open"] else "not reported"
    median, lower, upper = (
        "" if pd.isna(row[name]) else format_number(row[name], 3) for name in NUMBERS
    )
    shown = median or "no median"
    if row["lower"] == row["upper"]:
        return shown
    return f"{shown} ({lower} to {upper or 'no upper bound'})" if lower else shown
