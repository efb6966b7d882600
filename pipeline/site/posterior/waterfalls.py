"""Every step as a waterfall of posterior means, which add up; words have medians and intervals."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import pandas as pd
import xarray as xr

from models import INTERVAL_PROBABILITY
from models.core.parts import PARTS
from pipeline.site.pages.answers import describe_probability
from pipeline.site.pages.numbers import format_fixed
from pipeline.site.pages.sentences import say
from pipeline.site.words import Words

Kind = Literal["decades", "shapley"]
WHOLE = "whole step"
TAIL = (1 - INTERVAL_PROBABILITY) / 2
DIGITS = 6  # significant, of the numbers that a page carries
PERCENTAGE_POINTS = 100.0


@dataclass(frozen=True)
class Scale:
    """How a unit is printed: times `factor`, to `decimals`, as `words`; `title` is the figure's."""

    title: str
    words: str
    short: str
    factor: float
    decimals: int


SCALES = {
    "decades": Scale("Where each step came from: effective compute", "decades of effective compute",
                     "decades", 1.0, 2),
    "score": Scale("The same steps in score", "change of the score (percentage points)",
                   "percentage points", PERCENTAGE_POINTS, 1),
    "nats per token": Scale("The same steps in log perplexity",
                            "change of log perplexity (nats per token)", "nats per token", 1.0, 3),
}  # fmt: skip


@dataclass(frozen=True)
class Waterfall:
    """All steps on one scale.

    `frame`: a row a part and one for the whole of every step, in the order of the page; columns
    comparison, label, part, mean, median, lower, upper, unit, start and end (of the bar), low and
    high (of its interval). `caption` says what to see.
    """

    kind: Kind
    scale: Scale
    frame: pd.DataFrame
    caption: str

    @property
    def estimates(self) -> pd.DataFrame:
        """The frame without the places of bars and lines, which follow from the means."""
        return self.frame.drop(columns=["comparison", "start", "end", "low", "high"])


def make_waterfall(
    estimands: xr.Dataset, kind: Kind, headline: str, words: Words
) -> Waterfall | None:
    """The steps in `kind`, `headline` (its id) described first; None where there is no step."""
    if f"{kind}_compute" not in estimands:
        return None
    template = estimands[f"{kind}_compute"]
    scale = SCALES[template.attrs["unit"]]
    labels = name_steps(template, words)
    drawn: dict[str, dict[str, np.ndarray]] = {}
    repeated: dict[str, str] = {}
    for step in map(str, template["comparison"].to_numpy()):
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
    caption = say(
        "waterfall",
        first=_describe(labels[first], frames[first], drawn[first], scale),
        is_perplexity=scale is SCALES["nats per token"],
        repeated=repeated,
        left_out=left_out,
    )
    return Waterfall(kind, scale, pd.concat(frames.values(), ignore_index=True), caption)


def name_steps(variable: xr.DataArray, words: Words) -> dict[str, str]:
    """The card's words for every step of an estimand; paths of records are named after ids."""
    known = variable.attrs.get("labels", {})
    steps = map(str, variable["comparison"].to_numpy())
    return {step: words.name(known.get(step, step)) for step in steps}


def describe_change(row: Mapping[Any, Any], scale: Scale) -> str:
    """A part with its sign and interval: +1.80 (1.20 to 2.40)."""
    median, lower, upper = (
        format_fixed(round(scale.factor * row[bound], scale.decimals) + 0.0, scale.decimals)
        for bound in ("median", "lower", "upper")
    )
    sign = "+" if row["median"] > 0 and median.strip("0.,") else ""
    return f"{sign}{median} ({lower} to {upper})"


def _find_parts(estimands: xr.Dataset, kind: Kind, step: str) -> dict[str, np.ndarray]:
    """Draws of the parts of a step that are reported and that it changes."""
    parts = {}
    for part in PARTS:
        variable = estimands[f"{kind}_{part}"]
        if step in variable.attrs.get("reasons", {}):
            continue
        draws = variable.sel(comparison=step).to_numpy().ravel()
        if np.any(draws != 0):
            parts[part] = draws
    return parts


def _is_same(parts: dict[str, np.ndarray], other: dict[str, np.ndarray]) -> bool:
    return parts.keys() == other.keys() and all(
        np.array_equal(draws, other[part]) for part, draws in parts.items()
    )


def _lay_out(step: str, label: str, parts: dict[str, np.ndarray], scale: Scale) -> pd.DataFrame:
    """The rows of one step, each bar beginning where the last one ended."""
    whole = np.sum(list(parts.values()), axis=0)
    rows, end = [], 0.0
    for part, draws in (*parts.items(), (WHOLE, whole)):
        start = 0.0 if part == WHOLE else end
        mean = float(draws.mean())
        end = start + mean
        lower, median, upper = np.quantile(draws, [TAIL, 0.5, 1 - TAIL], method="inverted_cdf")
        numbers = {
            "mean": mean, "median": median, "lower": lower, "upper": upper,
            "start": start, "end": end, "low": start + lower, "high": start + upper,
        }  # fmt: skip
        rows.append(
            {"comparison": step, "label": label, "part": part}
            | {name: float(f"{value:.{DIGITS}g}") for name, value in numbers.items()}
        )
    return pd.DataFrame(rows).assign(unit=scale.short)


def _describe(label: str, rows: pd.DataFrame, parts: dict[str, np.ndarray], scale: Scale) -> str:
    """The headline step: how long it is, its largest part, and the parts of unknown sign."""
    named = {row["part"]: row for row in rows.to_dict("records")}
    largest = max(parts, key=lambda part: abs(named[part]["mean"]))
    sizes = np.abs(np.stack(list(parts.values())))
    chance = (sizes.argmax(axis=0) == list(parts).index(largest)).mean()
    return say(
        "waterfall_step",
        label=label,
        whole=describe_change(named[WHOLE], scale),
        unit=scale.short,
        is_alone=len(parts) == 1,
        largest=largest,
        size=describe_change(named[largest], scale),
        chance=describe_probability(float(chance)),
        unsigned=[part for part in parts if named[part]["lower"] < 0 < named[part]["upper"]],
    )
