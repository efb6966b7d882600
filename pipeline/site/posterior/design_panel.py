"""What a page says of other designs: how narrow the interval of the compute share could become."""

from math import isnan, nan
from typing import Any, NamedTuple

import pandas as pd

from pipeline.site.pages.sentences import say

NOTICEABLE = 0.9  # of the width: a design that narrows the interval by less says nothing
DAYS_A_YEAR = 365.25
DESIGNS = {
    "as_it_is": "the data as they are",
    "twice": "twice as many base models",
    "five_times": "five times as many base models",
    "uncorrelated": "as many, compute not correlated with the date",
}
NOT_MEASURED = "not measured"


class Ratio(NamedTuple):
    """Width of an interval over its width on the design as it is, with its 90 % interval.

    Studies made before the interval was measured have none: both ends are NaN, and nothing is told.
    """

    mean: float
    lower: float
    upper: float

    def __str__(self) -> str:
        interval = f" [{self.lower:.2f}, {self.upper:.2f}]" if self.has_interval else ""
        return f"{self.mean:.2f}{interval}"

    @property
    def has_interval(self) -> bool:
        """Whether the chance of the simulation was measured."""
        return not isnan(self.lower)

    @property
    def is_told(self) -> bool:
        """Whether the design narrows the interval beyond what chance could do, and noticeably."""
        return self.upper < 1 and self.mean <= NOTICEABLE


def _read_ratio(design: dict[str, Any]) -> Ratio | None:
    mean = design.get("ratio")
    ends = [design.get(name) for name in ("ratio_lower", "ratio_upper")]
    return None if mean is None else Ratio(mean, *(nan if end is None else end for end in ends))


def list_designs(design: dict[str, Any]) -> list[dict[str, Any]]:
    """A row a design that was tried: what it is, its size, the width and its ratio."""
    return [
        {
            "label": DESIGNS.get(name, name.replace("_", " ")),
            "base_models": each["base_models"],
            "rows": each["rows"],
            "datasets": each["datasets"] - each["failed"],
            "median_width": each["median_width"],
            "ratio": str(_read_ratio(each) or NOT_MEASURED) if name != "as_it_is" else "1",
        }
        for name, each in (design.get("designs") or {}).items()
    ]


def answer_design(design: dict[str, Any], years: float | None) -> list[str]:
    """Whether more data would resolve the split, and the ratios that say so.

    `years` is the span of the data, for the pace at which models came.
    """
    known = design.get("designs") or {}
    read = [_read_ratio(known.get(name) or {}) for name in DESIGNS if name != "as_it_is"]
    tried = [ratio for ratio in read if ratio]
    if len(tried) < len(read):
        return []
    twice, five, broken = tried
    has_interval = all(each.has_interval for each in tried)
    numbers = {"twice": twice, "five": five, "broken": broken, "has_interval": has_interval}
    return [
        say("design_verdict", verdict=judge_design(twice, five, broken), years=years, **numbers),
        say("design_numbers", datasets=known["twice"]["datasets"], **numbers),
    ]


def judge_design(twice: Ratio, five: Ratio, broken: Ratio) -> str:
    """Which design would help, in a word that `sentences.yaml` spells out."""
    tried = (twice, five, broken)
    if not all(each.has_interval for each in tried):
        return "unmeasured"
    if not any(each.is_told for each in tried):
        return "none" if all(each.lower > NOTICEABLE for each in tried) else "unclear"
    if broken.is_told and broken.upper < five.lower:
        return "other models"
    if broken.is_told and broken.upper < twice.lower:
        return "other models, less" if five.upper < broken.lower else "other models, as much"
    if twice.is_told and broken.is_told and twice.upper >= broken.lower:
        return "either"
    if twice.is_told:
        return "more models" if twice.upper < broken.lower else "more models, perhaps"
    return "other models, perhaps" if broken.is_told else "five times"


def span_years(table: pd.DataFrame) -> float | None:
    """Years from the first to the last release of the fitted rows; None where there are none."""
    if "release_date" not in table:
        return None
    dates = table.loc[table["exclusion"].isna(), "release_date"].dropna()
    return (dates.max() - dates.min()).days / DAYS_A_YEAR if len(dates) else None
