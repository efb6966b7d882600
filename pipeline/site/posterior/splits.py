"""The split of the headline step at the top of a page: shares, words, and bars that fade."""

import json
from collections.abc import Mapping
from typing import Any, NamedTuple

import altair as alt
import numpy as np
import pandas as pd
import xarray as xr

from pipeline.site.charts import axes
from pipeline.site.charts.drawings import Drawing, draw_panels
from pipeline.site.figures.kinds import Figure
from pipeline.site.pages import answers
from pipeline.site.pages.answers import Attributions
from pipeline.site.pages.numbers import format_number, format_quantity
from pipeline.site.pages.sentences import say, say_figure
from pipeline.studies.verdict import Check, describe_drivers

WHOLES = ("compute", "inference", "algorithms", "unexplained")
# Where a bar fades: the probability that the share is larger falls by these steps.
FADE_LEVELS = (0.005, 0.025, 0.05, *(step / 10 for step in range(1, 10)), 0.95, 0.975, 0.995)
HEADLINE_FAMILY = "share_compute"
SOLID = 0.8  # opacity of a fading bar where the share is sure to reach


class Split(NamedTuple):
    """The shares of one step: a row a part, with what fades each bar and what to read from it.

    `frame` has columns part, name (compute or one of the others), level (whole or part), median,
    lower and upper (90 %), lower_50 and upper_50; `fades` has the quantiles at `FADE_LEVELS` of
    every whole. Without a split `frame` is empty and `reason` says why.
    """

    frame: pd.DataFrame
    fades: dict[str, np.ndarray]
    words: dict[str, Any]
    warnings: tuple[str, ...] = ()  # to be read before the numbers
    reason: str = ""


def make_split(
    key: str, label: str, estimands: xr.Dataset, attributions: Attributions, check: Check
) -> Split | None:
    """The split of the step whose compute share is `key`, in words `label`; None for others."""
    family, _, rest = key.partition("[")
    if family != HEADLINE_FAMILY:
        return None
    step = rest.removesuffix("]")
    found = attributions.get(key, {"reason": f"the attribution file has no {key}"})
    reason = found.get("reason") or (
        "" if answers.has_passed(check) else "the fit did not converge"
    )
    if reason:
        return Split(pd.DataFrame(), {}, {}, reason=str(reason))
    draws = _list_draws(step, estimands, attributions)
    rows = [_summarise(name, each, attributions[_key(name, step)]) for name, each in draws.items()]
    fades = {
        name: np.quantile(each, FADE_LEVELS, method="inverted_cdf")
        for name, each in draws.items()
        if name in WHOLES
    }
    algorithms = draws.get("algorithms")
    words = say_figure(
        "split",
        label=label,
        rows=[row | {"said": describe_share(row)} for row in rows if row["level"] == "whole"],
        half=answers.describe_probability((draws["compute"] > 0.5).mean()),
        more=None
        if algorithms is None
        else answers.describe_probability((algorithms > draws["compute"]).mean()),
        is_outside=any(row["lower"] < 0 or row["upper"] > 1 for row in rows),
        absent=[
            f"{name} ({str(each['reason']).rstrip('.')})"
            for name in ("inference", "unexplained", *OF_ALGORITHMS)
            if (each := attributions.get(_key(name, step))) and each.get("reason")
        ],
        alike=[
            name
            for name in OF_ALGORITHMS
            if (each := attributions.get(_key(name, step)))
            and not each.get("reason")
            and each["lower"] == each["upper"] == 0
        ],
    )
    return Split(pd.DataFrame(rows), fades, words, tuple(_warn(step, list(draws), check)))


def _key(name: str, step: str) -> str:
    return f"share_{name}[{step}]"


def _list_draws(
    step: str, estimands: xr.Dataset, attributions: Attributions
) -> dict[str, np.ndarray]:
    """Draws of every part that is reported and not zero by construction.

    The wholes, then what algorithms consist of, where that is more than one part.
    """
    names = (*WHOLES, *OF_ALGORITHMS)
    found = {name: attributions.get(_key(name, step)) for name in names}
    draws = {
        name: estimands[f"share_{name}"].sel(comparison=step).to_numpy().ravel()
        for name, each in found.items()
        if each is not None and not each.get("reason")
    }
    draws = {name: each for name, each in draws.items() if name in WHOLES or np.any(each != 0)}
    is_alone = len(draws.keys() & {*OF_ALGORITHMS}) == 1
    return {name: each for name, each in draws.items() if name in WHOLES or not is_alone}


def _summarise(name: str, draws: np.ndarray, found: dict[str, Any]) -> dict[str, Any]:
    """A row: the published interval, and the 50 % interval of the same draws."""
    low, high = np.quantile(draws, [0.25, 0.75], method="inverted_cdf")
    return {
        "part": name,
        "level": "whole" if name in WHOLES else "part of algorithms",
        **{bound: float(found[bound]) for bound in ("median", "lower", "upper")},
        "lower_50": float(f"{low:.6g}"),
        "upper_50": float(f"{high:.6g}"),
    }


def describe_share(row: Mapping[Any, Any]) -> str:
    """A share with its interval: 36 % (24 to 51 %)."""
    median, upper = (format_quantity(row[bound], "share") for bound in ("median", "upper"))
    lower = format_number(100 * row["lower"])
    if row["lower"] == row["upper"]:
        return f"{median} in every draw"
    return f"{median} ({lower} to {upper})"


def _warn(step: str, names: list[str], check: Check) -> list[str]:
    """What a reader must know before the numbers."""
    is_blind = check.get("is_identified") is False
    driven = {name: describe_drivers(_key(name, step), check) for name in names}
    return [f"▲ {say('identified', check={'is_identified': False})}"] * is_blind + [
        f"▲ {name.capitalize()}: {words}." for name, words in driven.items() if words
    ]


def draw_split(split: Split) -> Drawing:
    """A row a part: a bar that fades as the share gets less likely, with two intervals on it."""
    frame, rows = split.frame, split.frame.to_dict("records")
    is_whole, said = frame["level"] == "whole", list(map(describe_share, rows))
    names = list(frame["part"].where(is_whole, "algorithms: " + frame["part"]))
    low, high = min(0.0, float(frame["lower"].min())), max(1.0, float(frame["upper"].max()))
    room = ROOM * (high - low)
    domain = [low - room if low < 0 else 0.0, high + (room if high > 1 else 0.0)]
    layers: list[Any] = [draw_line(at) for at in (0.0, 1.0) if domain[0] < at < domain[1]]
    for number, part in enumerate(frame["part"]):
        if part in split.fades:
            layers += _fading(part, number, split.fades[part])
    layers += _interval_layers(domain)
    data = frame.drop(columns="level").assign(row=range(len(frame)))
    labels = [f"{name}\n{share}" for name, share in zip(names, said, strict=True)]
    chart = alt.layer(*layers, data=data).encode(y=number_rows(labels))
    listed = "; ".join(labels).replace("\n", " ")
    description = f"Shares of the step, median and 90 % interval: {listed}."
    figure = Figure("intervals", frame=frame, **split.words)
    return draw_panels(figure, [("", chart, len(frame) * ROW_PIXELS, description)])


def _interval_layers(domain: list[float]) -> list[alt.Chart]:
    """The 90 % interval, the 50 % interval and the median of each row."""
    title = "share of the step in effective compute"
    scale = alt.Scale(domain=domain, nice=False, zero=False)
    axis = alt.Axis(format="~%", tickCount=6, labelOverlap=True, titleAnchor="end")
    x = alt.X("lower:Q", title=title, scale=scale, axis=axis)
    base = alt.Chart()
    ink = {"color": alt.value("#ffffff"), "stroke": alt.value("#1b1f24")}
    medians = base.mark_point(shape="diamond", filled=True, size=110, opacity=1)
    return [
        base.mark_rule(strokeWidth=1.5, clip=True).encode(x=x, x2="upper"),
        base.mark_rule(strokeWidth=5, opacity=0.85).encode(x="lower_50:Q", x2="upper_50"),
        medians.encode(x="median:Q", **ink, strokeWidth=alt.value(1.5)),
    ]


def _fading(part: str, number: int, quantiles: np.ndarray) -> list[alt.Chart]:
    """Bars from zero to either side, as opaque at a share as it is likely to be reached."""
    reached = 1 - np.asarray(FADE_LEVELS)  # probability that the share is above the quantile
    first, colour = float(np.interp(0.0, quantiles, reached)), COLOURS[part]
    ink = ",".join(str(int(colour[at : at + 2], 16)) for at in (1, 3, 5))
    made = []
    for end, inside, chance, start in (
        (quantiles[-1], quantiles > 0, reached, first),
        (quantiles[0], quantiles < 0, 1 - reached, 1 - first),
    ):
        if inside.any():
            stops = sorted(zip(quantiles[inside] / end, chance[inside], strict=True))
            colours = [
                alt.GradientStop(
                    offset=round(float(at), 4), color=f"rgba({ink},{SOLID * share:.3g})"
                )
                for at, share in [(0.0, start), *stops]
            ]
            ends = {"x1": 0, "x2": 1, "y1": 0, "y2": 0} | ({} if end > 0 else {"x1": 1, "x2": 0})
            gradient = alt.Gradient(gradient="linear", **ends, stops=colours)
            data = pd.DataFrame({"row": [number], "zero": [0.0], "end": [round(float(end), 4)]})
            bar = alt.Chart(data).mark_bar(
                color=gradient, height={"band": 0.62}, clip=True, aria=False
            )
            made.append(bar.encode(x="zero:Q", x2="end"))
    return made


OF_ALGORITHMS = ("allocation", "technique", "trend", "lab")
COLOURS = dict.fromkeys(("algorithms", *OF_ALGORITHMS), axes.COLOURS["algorithms"])
COLOURS |= {"compute": axes.COLOURS["ours"], "inference": axes.COLOURS["inference"]}
COLOURS |= {"unexplained": axes.COLOURS["other"]}
LINE_PIXELS = 13  # between the lines of a label
ROW_PIXELS = 34  # a label of two lines fits into it
LABEL_LIMIT = 185
ROOM = 0.05  # of the axis beside the widest interval


def number_rows(labels: list[str], extent: int = 0) -> alt.Y:
    """Rows numbered from 0, labelled in lines that are centred where all have as many."""
    lines = max(label.count("\n") for label in labels)
    words = f"split({json.dumps(labels, ensure_ascii=False)}[datum.value], '\\n')"
    place: dict[str, Any] = {"labelLimit": LABEL_LIMIT, "labelOffset": -LINE_PIXELS * lines / 2}
    place |= {"minExtent": extent or alt.Undefined, "ticks": False, "domain": False}
    axis = alt.Axis(labelExpr=words, **place)
    scale = alt.Scale(domain=list(range(len(labels))))
    return alt.Y("row:O", title=None, axis=axis, scale=scale)


def draw_line(at: float) -> alt.Chart:
    """A dashed line across all rows."""
    chart = alt.Chart(alt.InlineData(values=[{}]))
    line = chart.mark_rule(strokeDash=[4, 4], opacity=0.5, aria=False)
    return line.encode(x=alt.datum(at), y=alt.value(0), y2=alt.value("height"))
