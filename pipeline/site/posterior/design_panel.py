"""What a page says of other designs: how narrow the interval of the compute share could become.

Turns the design part of a study (`pipeline/studies/designs.py`) into rows, sentences and a figure.
"""

from math import isnan, nan
from typing import Any, NamedTuple, cast

import pandas as pd

from pipeline.site.figures.kinds import Figure
from pipeline.site.pages.answers import INTERVAL_WORDS
from pipeline.site.pages.rendering import format_fixed, format_number, say_count

NOTICEABLE = 0.9  # of the width: a design that narrows the interval by less says nothing
DAYS_A_YEAR = 365.25
DESIGNS = {
    "as_it_is": "the data as they are",
    "twice": "twice as many base models",
    "five_times": "five times as many base models",
    "uncorrelated": "as many, compute not going with the date",
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
    known = design.get("designs") or {}
    return [
        {
            "name": name,
            "label": DESIGNS.get(name, name.replace("_", " ")),
            "base_models": each["base_models"],
            "rows": each["rows"],
            "datasets": each["datasets"] - each["failed"],
            "median_width": each["median_width"],
            "width": format_fixed(each["median_width"], 3),
            "ratio": str(_read_ratio(each) or NOT_MEASURED) if name != "as_it_is" else "1",
        }
        for name, each in known.items()
    ]


def answer_design(design: dict[str, Any], years: float | None) -> list[str]:
    """Whether a project of months could settle the split or years of new models are needed.

    `years` is the span of the data, for the pace at which models came.
    """
    known = design.get("designs") or {}
    tried = {name: _read_ratio(known.get(name) or {}) for name in DESIGNS if name != "as_it_is"}
    if not all(tried.values()):
        return []
    twice, five, broken = (cast("Ratio", ratio) for ratio in tried.values())
    if not all(each.has_interval for each in (twice, five, broken)):
        chance = "No interval of these ratios was measured"
    else:
        chance = "In brackets, what chance allows: 90 % intervals"
    numbers = (
        f"On data simulated from the fit, the 90 % interval of the compute share of the headline "
        f"step is {twice} times as wide with twice as many models, {five} times with five "
        f"times as many, and {broken} times with as many models as now whose compute does "
        f"not go with their date. ({chance} over "
        f"{say_count(known['twice']['datasets'], 'simulated dataset')} a design.)"
    )
    return [_judge_design(twice, five, broken, years), numbers]


def _judge_design(twice: Ratio, five: Ratio, broken: Ratio, years: float | None) -> str:
    wait, long_wait = _wait(years, 1), _wait(years, 4)
    if not all(each.has_interval for each in (twice, five, broken)):
        return "Cannot be told: the ratios below may be the chance of a few simulated datasets."
    if not any(each.is_told for each in (twice, five, broken)):
        return _judge_nothing_told(twice, five, broken)
    if broken.is_told and broken.upper < five.lower:
        return (
            "A project rather than a wait: models whose compute does not go with their date "
            f"would narrow the interval more than five times as many of the kind at hand"
            f"{long_wait}."
        )
    if broken.is_told and broken.upper < twice.lower:
        rest = "though less than" if five.upper < broken.lower else "and perhaps as much as"
        return (
            "A project rather than a short wait: models whose compute does not go with their date "
            f"would narrow the interval more than twice as many of the kind at hand{wait}, {rest} "
            f"five times as many{long_wait}."
        )
    if twice.is_told and broken.is_told and twice.upper >= broken.lower:
        return (
            "A project or a wait: models whose compute does not go with their date and twice as "
            f"many models of the kind at hand{wait} would narrow the interval about alike."
        )
    if twice.is_told and twice.upper < broken.lower:
        return (
            "More models rather than other ones: twice as many of the kind at hand"
            f"{wait} would narrow the interval more than as many whose compute does not go with "
            "their date."
        )
    if twice.is_told:
        return (
            f"More models: twice as many of the kind at hand{wait} would narrow the interval, but "
            "whether as many as now whose compute does not go with their date would do as well "
            "cannot be told from these simulations."
        )
    if broken.is_told:
        return (
            "Perhaps a project: models whose compute does not go with their date would narrow the "
            "interval, but whether more than twice as many models of the kind at hand cannot be "
            "told from these simulations."
        )
    return (
        "A long wait: of the designs that were tried only five times as many models"
        f"{long_wait} would narrow the interval by a tenth or more."
    )


def _judge_nothing_told(*ratios: Ratio) -> str:
    if all(each.lower > NOTICEABLE for each in ratios):
        return (
            "Neither a project nor waiting: no design that was tried narrows the interval by as "
            "much as a tenth."
        )
    return (
        "Cannot be told: no design that was tried narrows the interval by a tenth or more beyond "
        "what the chance of so few simulated datasets allows."
    )


def _wait(years: float | None, times: int) -> str:
    """How long as many models again take, `times` over, at the pace of the data."""
    if not years:
        return ""
    return f" (another {format_number(years * times, 2)} years at the pace of these data)"


def span_years(table: pd.DataFrame) -> float | None:
    """Years from the first to the last release of the fitted rows; None where there are none."""
    if "release_date" not in table:
        return None
    dates = table.loc[table["exclusion"].isna(), "release_date"].dropna()
    return (dates.max() - dates.min()).days / DAYS_A_YEAR if len(dates) else None


def draw_design_figure(design: list[dict[str, Any]]) -> Figure | None:
    """The widths of the interval by design, as a figure; None where they were not measured."""
    rows = [row for row in design if row["median_width"] is not None]
    if not rows:
        return None
    frame = pd.DataFrame(rows)[["label", "median_width", "base_models", "rows", "datasets"]]
    least = say_count(int(frame["datasets"].min()), "simulated dataset")
    return Figure(
        "intervals",
        "design-curve",
        "How narrow could the interval become?",
        f"Width of the {INTERVAL_WORDS} of the compute share of the headline step (1 is the whole "
        f"step): median over at least {least} a design.",
        frame.rename(columns={"median_width": "width"}),
        x_title="width of the interval (share of the step)",
        hover=("width", "base_models", "rows", "datasets"),
    )
