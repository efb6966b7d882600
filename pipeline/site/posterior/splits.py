"""The split of the headline step, as numbers and words: the shares at the top of a page."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr

from pipeline.site.pages.answers import (
    Attributions,
    Check,
    describe_drivers,
    describe_probability,
    has_passed,
)
from pipeline.site.pages.numbers import format_number, format_quantity
from pipeline.site.pages.sentences import say, say_figure

WHOLES = ("compute", "inference", "algorithms", "unexplained")
OF_ALGORITHMS = ("allocation", "technique", "trend", "lab")
# Where a bar fades: the probability that the share is larger falls by these steps.
FADE_LEVELS = (0.005, 0.025, 0.05, *(step / 10 for step in range(1, 10)), 0.95, 0.975, 0.995)
HEADLINE_FAMILY = "share_compute"


@dataclass(frozen=True)
class Split:
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
    reason = found.get("reason") or ("" if has_passed(check) else "the fit did not converge")
    if reason:
        return Split(pd.DataFrame(), {}, {}, reason=str(reason))
    draws = _list_draws(step, estimands, attributions)
    rows = [_summarise(name, each, attributions[_key(name, step)]) for name, each in draws.items()]
    frame = pd.DataFrame(rows)
    fades = {
        name: np.quantile(draws[name], FADE_LEVELS, method="inverted_cdf")
        for name in WHOLES
        if name in draws
    }
    compute, algorithms = draws["compute"], draws.get("algorithms")
    words = say_figure(
        "split",
        label=label,
        rows=[row | {"said": describe_share(row)} for row in rows if row["level"] == "whole"],
        half=_say_chance(compute > 0.5),
        more=None if algorithms is None else _say_chance(algorithms > compute),
        is_outside=frame["lower"].min() < 0 or frame["upper"].max() > 1,
        absent=[
            f"{name} ({str(each['reason']).rstrip('.')})"
            for name in ("inference", "unexplained", *OF_ALGORITHMS)
            if (each := attributions.get(_key(name, step))) and each.get("reason")
        ],
    )
    return Split(frame, fades, words, tuple(_warn(step, list(frame["part"]), check)))


def _say_chance(draws: np.ndarray) -> str:
    return describe_probability(float(draws.mean()))


def _key(name: str, step: str) -> str:
    return f"share_{name}[{step}]"


def _list_draws(
    step: str, estimands: xr.Dataset, attributions: Attributions
) -> dict[str, np.ndarray]:
    """Draws of every part that is reported and not zero by construction.

    The wholes, then what algorithms consist of, where that is more than one part.
    """
    draws = {}
    for name in (*WHOLES, *OF_ALGORITHMS):
        found = attributions.get(_key(name, step))
        if found is None or found.get("reason"):
            continue
        values = estimands[f"share_{name}"].sel(comparison=step).to_numpy().ravel()
        if name in WHOLES or np.any(values != 0):
            draws[name] = values
    if len(draws.keys() & {*OF_ALGORITHMS}) == 1:
        draws = {name: each for name, each in draws.items() if name in WHOLES}
    return draws


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
    warnings = []
    if check.get("is_identified") is False:
        warnings.append(f"▲ {say('identified', state=False, reason='', reasons=[])}")
    warnings += [
        f"▲ {name.capitalize()}: {driven}."
        for name in names
        if (driven := describe_drivers(_key(name, step), check))
    ]
    return warnings
