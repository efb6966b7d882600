"""Every step as a waterfall of posterior means, which add up; words have medians and intervals."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Literal, NamedTuple

import altair as alt
import numpy as np
import pandas as pd
import xarray as xr

from models.core.parts import PARTS
from pipeline.site.charts.axes import widen
from pipeline.site.charts.drawings import Drawing, draw_panels
from pipeline.site.figures.kinds import TAIL, Figure
from pipeline.site.pages.answers import describe_probability
from pipeline.site.pages.numbers import format_fixed
from pipeline.site.pages.sentences import say
from pipeline.site.posterior import splits
from pipeline.site.words import Words

Kind = Literal["decades", "shapley"]
WHOLE = "whole step"
DIGITS = 6  # significant, of the numbers that a page carries
CHARACTER_PIXELS = 6.1  # of a label, on average
SIGNS = (
    ("■", splits.COLOURS["compute"], "compute"),
    ("■", splits.COLOURS["inference"], "inference: compute at test time"),
    ("■", splits.COLOURS["algorithms"], "algorithms and their parts"),
    ("■", splits.COLOURS["unexplained"], "unexplained"),
    ("□", "inherit", "whole step"),
    ("━", "inherit", "90 % interval of the part"),
)


class Scale(NamedTuple):
    """How a unit is printed: times `factor`, to `decimals`, as `words`; `title` is the figure's."""

    title: str
    words: str
    short: str
    factor: float
    decimals: int


SCALES = {
    "decades": Scale("Where each step came from: effective compute",
                     "factors of ten of effective compute", "factors of ten", 1.0, 2),
    "score": Scale("The same steps in score", "change of the score (percentage points)",
                   "percentage points", 100.0, 1),
    "nats per token": Scale("The same steps in log perplexity",
                            "change of log perplexity (nats per token)", "nats per token", 1.0, 3),
    "doublings": Scale("The same steps in doublings of the horizon", "doublings of the horizon",
                       "doublings", 1.0, 2),
}  # fmt: skip


class Waterfall(NamedTuple):
    """All steps on one scale.

    `frame`: a row a part and one for the whole of every step, in the order of the page; columns
    comparison, label, part, mean, median, lower, upper, unit, start and end (of the bar), low and
    high (of its interval). `caption` says what to see.
    """

    scale: Scale
    frame: pd.DataFrame
    caption: str


def make_waterfall(
    estimands: xr.Dataset, kind: Kind, headline: str, words: Words
) -> Waterfall | None:
    """The steps in `kind`, `headline` (its id) described first; None where there is no step."""
    if f"{kind}_compute" not in estimands:
        return None
    template = estimands[f"{kind}_compute"]
    scale = SCALES[template.attrs["unit"]]
    known = template.attrs.get("labels", {})
    steps = list(map(str, template["comparison"].to_numpy()))
    labels = {step: words.name(known.get(step, step)) for step in steps}
    drawn: dict[str, dict[str, np.ndarray]] = {}
    repeated: dict[str, str] = {}
    for step in steps:
        parts = _find_parts(estimands, kind, step)
        same = next((each for each, other in drawn.items() if _is_same(parts, other)), None)
        if same:
            repeated[labels[step]] = labels[same]
        elif parts:
            drawn[step] = parts
    if not drawn:
        return None
    frames = {step: _lay_out(step, labels[step], parts, scale) for step, parts in drawn.items()}
    first = headline if headline in drawn else next(iter(drawn))
    left_out: dict[str, list[str]] = {}
    for step, reason in template.attrs.get("reasons", {}).items():
        left_out.setdefault(reason.rstrip("."), []).append(labels[step])
    said = _describe(labels[first], frames[first], drawn[first], scale)
    undrawn = {"repeated": repeated, "left_out": left_out}
    caption = say("waterfall", first=said, unit=template.attrs["unit"], **undrawn)
    return Waterfall(scale, pd.concat(frames.values(), ignore_index=True), caption)


def describe_change(row: Mapping[Any, Any], scale: Scale) -> str:
    """A part with its sign and interval, if that has a width: +1.80 (1.20 to 2.40)."""
    median, lower, upper = (
        format_fixed(round(scale.factor * row[bound], scale.decimals) + 0.0, scale.decimals)
        for bound in ("median", "lower", "upper")
    )
    sign = "+" if row["median"] > 0 and median.strip("0.,") else ""
    shown = f"{sign}{median}"
    return shown if row["lower"] == row["upper"] else f"{shown} ({lower} to {upper})"


def _find_parts(estimands: xr.Dataset, kind: Kind, step: str) -> dict[str, np.ndarray]:
    """Draws of the parts of a step that are reported and that it changes."""
    found = {part: estimands[f"{kind}_{part}"] for part in PARTS}
    parts = {
        part: each.sel(comparison=step).to_numpy().ravel()
        for part, each in found.items()
        if step not in each.attrs.get("reasons", {})
    }
    return {part: draws for part, draws in parts.items() if np.any(draws != 0)}


def _is_same(parts: dict[str, np.ndarray], other: dict[str, np.ndarray]) -> bool:
    return parts.keys() == other.keys() and all(
        np.array_equal(draws, other[part]) for part, draws in parts.items()
    )


def _lay_out(step: str, label: str, parts: dict[str, np.ndarray], scale: Scale) -> pd.DataFrame:
    """The rows of one step, each bar beginning where the last one ended."""
    rows, end = [], 0.0
    for part, draws in (*parts.items(), (WHOLE, np.sum(list(parts.values()), axis=0))):
        start, mean = 0.0 if part == WHOLE else end, float(draws.mean())
        end = start + mean
        lower, median, upper = np.quantile(draws, [TAIL, 0.5, 1 - TAIL], method="inverted_cdf")
        row = {"comparison": step, "label": label, "part": part}
        numbers = {"mean": mean, "median": median, "lower": lower, "upper": upper}
        numbers |= {"start": start, "end": end, "low": start + lower, "high": start + upper}
        rows.append(row | {name: float(f"{n:.{DIGITS}g}") for name, n in numbers.items()})
    return pd.DataFrame(rows).assign(unit=scale.short)


def _describe(label: str, rows: pd.DataFrame, parts: dict[str, np.ndarray], scale: Scale) -> str:
    """The headline step: how long it is, its largest part, and the parts of unknown sign."""
    named = {row["part"]: row for row in rows.to_dict("records")}
    largest = max(parts, key=lambda part: abs(named[part]["mean"]))
    sizes = np.abs(np.stack(list(parts.values())))
    chance = (sizes.argmax(axis=0) == list(parts).index(largest)).mean()
    told = {"whole": describe_change(named[WHOLE], scale), "unit": scale.short}
    told |= {"size": describe_change(named[largest], scale), "largest": largest}
    unsigned = [part for part in parts if named[part]["lower"] < 0 < named[part]["upper"]]
    chances = {"chance": describe_probability(float(chance)), "unsigned": unsigned}
    return say("waterfall_step", label=label, count=len(parts), **told, **chances)


def draw_waterfall(made: Waterfall, figure_id: str) -> Drawing:
    """A panel a step on one shared scale: bars from part to part, whiskers, and the whole."""
    scale, frame = made.scale, made.frame
    numbers = ["start", "end", "low", "high"]
    said = [describe_change(row, scale) for row in frame.to_dict("records")]
    shown = frame.assign(words=said, **(scale.factor * frame[numbers]).round(4))
    places = shown[numbers].to_numpy(float)
    low, high = min(0.0, float(places.min())), max(0.0, float(places.max()))
    domain = [round(end, 4) for end in widen(low, high, splits.ROOM)]
    extent = round(CHARACTER_PIXELS * max(map(len, said)))
    panels = []
    for _, rows in shown.groupby("comparison", sort=False):
        chart = _waterfall_chart(rows, scale.words, domain, extent)
        described = f"Medians with 90 % intervals in {scale.short}. "
        described += "; ".join(rows["part"] + ": " + rows["words"]) + "."
        panels.append((str(rows["label"].iloc[0]), chart, len(rows) * splits.ROW_PIXELS, described))
    told = frame.drop(columns=["comparison", *numbers])  # places follow from the means
    figure = Figure("intervals", figure_id, scale.title, made.caption, told)
    present = {splits.COLOURS[part] for part in set(shown["part"]) - {WHOLE}} | {"inherit"}
    legend = tuple(sign for sign in SIGNS if sign[1] in present)
    return replace(draw_panels(figure, panels), legend=legend)


def _waterfall_chart(rows: pd.DataFrame, title: str, domain: list[float], extent: int) -> Any:
    """Rows are numbers, their labels stand in the axis: a page may have forty of these charts."""
    data = rows[["part", "median", "start", "end", "low", "high"]].assign(
        colour=rows["part"].map(splits.COLOURS).fillna("none"),
        row=range(len(rows)),
        next=pd.Series([*range(1, len(rows)), None], index=rows.index, dtype=object),
    )
    axis = alt.Axis(format="~f", tickCount=5, labelOverlap=True, titleAnchor="end")
    scale, base = alt.Scale(domain=domain, nice=False, zero=False), alt.Chart()
    has_next, none, ink = "isValid(datum.next)", alt.value("none"), alt.value("currentColor")
    drawn = base.mark_bar(height={"band": 0.6}, opacity=0.85).encode(
        x=alt.X("start:Q", title=title, scale=scale, axis=axis),
        x2="end",
        fill=alt.Fill("colour:N", scale=None, legend=None),
        stroke=alt.condition(has_next, none, ink),
    )
    joined = base.transform_filter(has_next).mark_rule(opacity=0.45, aria=False)
    whiskers = base.mark_rule(strokeWidth=2).encode(x="low:Q", x2="high")
    layers = [splits.draw_line(0.0), drawn, joined.encode(x="end:Q", y2="next"), whiskers]
    labels = list(rows["part"] + "\n" + rows["words"])
    return alt.layer(*layers, data=data).encode(y=splits.number_rows(labels, extent))
