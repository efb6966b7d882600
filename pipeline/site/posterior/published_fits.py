"""The published fit made again (`pipeline.studies.published_profile`) -> its figure and table."""

from dataclasses import replace
from typing import Any

import altair as alt
import pandas as pd

from pipeline.core.files import read_json
from pipeline.core.layout import Layout
from pipeline.site.charts import axes
from pipeline.site.charts.axes import DASHES, PALETTE, make_tooltip
from pipeline.site.charts.drawings import Drawing, Layers, draw_panels, number
from pipeline.site.figures.kinds import Figure
from pipeline.site.pages.numbers import format_fixed
from pipeline.site.pages.sentences import say
from pipeline.site.words import Words
from pipeline.studies.published_fits import THRESHOLD
from pipeline.studies.record import describe_inputs, is_current

FIGURE = "rate-and-bias"
SAMPLES = {"as_printed": "rows as printed", "corrected": "rows of this page, errors corrected"}
MEASURES = {"likelihood_ratio": "Likelihood ratio", "doubling_time_months": "Doubling time"}
PIXELS, ROOM = 200, 0.04
Found = dict[str, Any]


def read_published_fit(layout: Layout, dataset: str) -> Found:
    """What the study found and whether it is of the present data; empty where there is none."""
    cell = f"{dataset}-published_profile"
    found: Found | None = read_json(layout.study(cell))
    return found | {"is_current": is_current(describe_inputs(layout, cell), found)} if found else {}


def list_rows(found: Found) -> dict[str, dict[str, str]]:
    """Each pair as published and twice as found, to the digits that were printed."""
    return {
        name: {
            "published": _join(pair["published"], pair["published"], name),
            "ours": _join(pair["ours"], pair["published"], name),
            "corrected": _join(pair["corrected"], pair["published"], name),
            "difference": pair["difference"],
        }
        for name, pair in found["comparison"].items()
    }


def _join(values: list[float | str | None], printed: list[str], name: str) -> str:
    said = [
        "no end found" if value is None else format_fixed(float(value), len(text.partition(".")[2]))
        for value, text in zip(values, printed, strict=True)
    ]
    return (" to " if name in ("any_bias", "over_bias") else " and ").join(said)


def draw_published_fit(found: Found, words: Words) -> list[Drawing]:
    """Likelihood ratio and doubling time over the bias; nothing where there is no study."""
    if not found or FIGURE not in words.figures:
        return []
    rows = [
        pd.DataFrame(
            {"series": label, "share": profile["values"]}
            | {name: profile[name] for name in MEASURES}
        )
        for sample, label in SAMPLES.items()
        for profile in [found[sample]["over_bias"]]
    ]
    frame = pd.concat(rows, ignore_index=True)
    frame["is_inside"] = frame["likelihood_ratio"] <= THRESHOLD
    figure = Figure("scatter", frame=frame, **words.figure(FIGURE))
    panels = [
        (title, _chart(figure, measure), PIXELS, _describe(frame, measure))
        for measure, title in MEASURES.items()
    ]
    signs = [("━", PALETTE[0]), ("╍", PALETTE[1])]
    legend = tuple((*sign, label) for sign, label in zip(signs, SAMPLES.values(), strict=True))
    return [replace(draw_panels(figure, panels), legend=legend)]


def _chart(figure: Figure, measure: str) -> Layers:
    """A line each sample, bold inside of its interval; the threshold of the ratio."""
    frame, is_time = figure.frame, measure == "doubling_time_months"
    low, high = frame[measure].min(), frame[measure].max()
    domain = axes.widen(low, high, ROOM, is_log=True) if is_time else [0, 2 * THRESHOLD]
    scale = axes.number_scale(is_time, nice=False, domain=domain)
    ticks = axes.decade_ticks(frame[measure]) if is_time else None
    y = alt.Y(
        field=measure,
        type="quantitative",
        title="months" if is_time else "n log(error / least error)",
        scale=scale,
        axis=axes.number_axis(is_time, ticks),
    )
    x = alt.X(field="share", type="quantitative", title=axes.break_title(figure.x_title))
    names = list(SAMPLES.values())
    colour = alt.Color("series:N", legend=None, scale=axes.series_scale(names, PALETTE))
    dash = alt.StrokeDash("series:N", legend=None, scale=axes.series_scale(names, DASHES))
    told = [make_tooltip(frame, name) for name in ("series", "share", *MEASURES)]
    base = alt.Chart(frame).encode(x=x, y=y, color=colour, strokeDash=dash, tooltip=told)
    bold = base.transform_filter("datum.is_inside").mark_line(strokeWidth=3, clip=True)
    layers: list[Any] = [base.mark_line(strokeWidth=1, clip=True), bold]
    if not is_time:
        line = alt.Chart(pd.DataFrame({"threshold": [THRESHOLD]})).mark_rule(strokeDash=[2, 3])
        layers.append(line.encode(y="threshold:Q"))
    return alt.layer(*layers)


def _describe(frame: pd.DataFrame, measure: str) -> str:
    """Where each sample's ratio is least and its interval, with the measure at all three."""
    rows = []
    for series, curve in frame.groupby("series", sort=False):
        inside = curve[curve["is_inside"]]
        best = curve.loc[[curve["likelihood_ratio"].idxmin()]]
        places = [inside.iloc[[0]], best, inside.iloc[[-1]]]
        at = [
            f"{number(each[measure].iloc[0])} at {number(each['share'].iloc[0])}" for each in places
        ]
        rows.append(f"{series}: {', '.join(at)}")
    return say("alt_profile", rows="; ".join(rows))
