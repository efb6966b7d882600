"""What a page says of the checks of its cell; what a check file lacks reads as not measured."""

from math import isnan, nan
from typing import Any, NamedTuple

import pandas as pd

from models import fitted_rows
from models.core.dates import DAYS_A_YEAR
from pipeline.checks.numbers import RULED_OUT
from pipeline.ingest.cards.card import Published
from pipeline.site.pages import answers
from pipeline.site.pages.numbers import SIGNIFICANT_TABLE, format_number
from pipeline.site.pages.sentences import say
from pipeline.studies.verdict import LARGE_SHIFT, Check, read_study

GROUPED_BY = {
    "date": "By release date (thirds)",
    "compute": "By training compute (thirds)",
    "technique": "By technique",
    "benchmark": "By benchmark",
}
SHOWN_SHIFTS = 10
NOTICEABLE = 0.9  # of the width: a design that narrows the interval by less says nothing
DESIGNS = {
    "as_it_is": "the data as they are",
    "twice": "twice as many models of the kind at hand",
    "five_times": "five times as many models of the kind at hand",
    "small_late": "ten more small models with the latest methods",
    "big_early": "ten of the earliest methods run again at the largest compute",
    "uncorrelated": "as many models whose compute does not rise with the date",
}
WAITS = {"twice": 1, "five_times": 4}  # times the span of the data, at the pace models came
Case = tuple[str, dict[str, Any]]


class Ratio(NamedTuple):
    """Width of an interval over its width on the design as it is, with its 90 % interval.

    Studies made before the interval was measured have none: both ends are NaN, and nothing is told.
    """

    mean: float
    lower: float
    upper: float

    def __str__(self) -> str:
        interval = "" if isnan(self.lower) else f" [{self.lower:.2f}, {self.upper:.2f}]"
        return f"{self.mean:.2f}{interval}"

    @property
    def is_told(self) -> bool:
        """Whether the design narrows the interval beyond what chance could do, and noticeably."""
        return self.upper < 1 and self.mean <= NOTICEABLE


class Verdict(NamedTuple):
    """What the data say of a special case, and whether it speaks against our interval."""

    words: str
    is_off: bool


def read_ratio(design: dict[str, Any]) -> Ratio | None:
    """The ratio of a design that was tried; None where it was not measured."""
    mean = design.get("ratio")
    ends = [design.get(name) for name in ("ratio_lower", "ratio_upper")]
    return None if mean is None else Ratio(mean, *(nan if end is None else end for end in ends))


def answer_design(design: dict[str, Any], years: float | None) -> str:
    """Whether more data would resolve the split, and which; empty where no design was measured.

    `years` is the span of the data, for the pace at which models came.
    """
    known = design.get("designs") or {}
    found = {name: ratio for name, each in known.items() if (ratio := read_ratio(each))}
    tried = {name: ratio for name, ratio in found.items() if name != "as_it_is"}
    if not tried:
        return ""
    told = sorted((ratio.mean, name) for name, ratio in tried.items() if ratio.is_told)
    best = told[0][1] if told else ""
    rivals = [name for _, name in told[1:] if tried[name].lower <= tried[best].upper]
    ends = [known[name] for name in ("as_it_is", best) if best]
    decisive = [each.get("decisive") for each in ends]
    completed = [each["datasets"] - each["failed"] for each in ends]
    return say(
        "design_verdict",
        best=DESIGNS.get(best),
        ratio=tried.get(best),
        wait=years and WAITS.get(best, 0) * years,
        rivals=[DESIGNS[name] for name in rivals],
        decisive=decisive,
        completed=completed,
        settles=bool(best) and None not in decisive and _decides(decisive, completed),
        is_flat=min(ratio.lower for ratio in tried.values()) > NOTICEABLE,
    )


def _decides(decisive: list[Any], completed: list[int]) -> bool:
    """Whether most data sets are decisive on the best design, and not on the data as they are."""
    before, after = (2 * each > all_of for each, all_of in zip(decisive, completed, strict=True))
    return after and not before


def span_years(table: pd.DataFrame) -> float | None:
    """Years from the first to the last release of the fitted rows; None where there are none."""
    if "release_date" not in table:
        return None
    dates = fitted_rows(table)["release_date"].dropna()
    return (dates.max() - dates.min()).days / DAYS_A_YEAR if len(dates) else None


def read_correlations(measured: dict[str, Any]) -> dict[tuple[str, str], float | None]:
    """The correlation of each pair of regressors, either way round."""
    return {
        (pair[one], pair[other]): pair["correlation"]
        for pair in measured.get("correlations") or []
        for one, other in (("first", "second"), ("second", "first"))
    }


def list_shifts(study: dict[str, Any]) -> list[tuple[float, str, float, str, float]]:
    """The largest shifts of medians: size, prior, factor, quantity, shift; all beyond the limit."""
    found = [
        (abs(shift), prior, float(factor), key, shift)
        for prior, by_factor in ((study.get("priors") or {}).get("shifts") or {}).items()
        for factor, by_key in by_factor.items()
        if "reason" not in by_key
        for key, shift in by_key.items()
        if shift is not None
    ]
    ordered = sorted(found, key=lambda row: (-row[0], row[1:4]))
    beyond = sum(size > LARGE_SHIFT for size, *_ in ordered)
    return ordered[: max(SHOWN_SHIFTS, beyond)]


def describe_shift_noise(study: dict[str, Any]) -> str:
    """How far medians move between two fits that differ in nothing but the seed."""
    noise = (study.get("priors") or {}).get("noise") or {}
    sizes = [abs(value) for value in noise.values() if value is not None]
    return say("shift_noise", size=max(sizes)) if sizes else ""


def say_assumed_error(options: Any, check: Check) -> str:
    """The errors of compute figures that the card tells the model; empty where it tells none, or
    where the model reads none of these figures.
    """
    error = getattr(options, "compute_error_decades", None)
    is_idle = bool(read_study(check, "wrong_compute").get("reason"))
    return say("assumed_error", error=error) if error and not is_idle else ""


def describe_wrong_compute(study: dict[str, Any]) -> str:
    """How far the rate moves when compute figures are wrong, in one sentence."""
    found = study.get("wrong_compute") or {}
    return say("wrong_compute", **{"largest": None, "reason": ""} | found) if found else ""


def describe_density(check: Check) -> str:
    """How well the model predicts what was left out, in one sentence; empty if not measured."""
    return "" if check.get("elpd_loo") is None else say("density", check=check)


def compare_published(row: Published, found: dict[str, Any] | None) -> dict[str, Any]:
    """Our interval as published values are printed, and whether the estimate lies outside of it.

    Neither where the estimand is not reported; no verdict where nothing but an interval was
    published.
    """
    if found is None or found.get("reason") or found["median"] is None:
        return {"ours": "", "is_outside": None}
    ends = (
        f"no {name} bound" if found[name] is None else format_number(found[name], SIGNIFICANT_TABLE)
        for name in ("lower", "upper")
    )
    is_outside = None if row.estimate is None else answers.is_outside(row.estimate, found)
    return {"ours": " to ".join(ends), "is_outside": is_outside}


def read_cases(check: Check, key: str) -> list[Case]:
    """The special cases that were fitted and that report the headline."""
    cases = (check.get("special_cases") or {}).items()
    return [(n, case) for n, case in cases if not case["reason"] and key in case["estimands"]]


def say_special_cases(cases: list[Case], key: str, names: dict[str, str]) -> str:
    """The range of the headline over the special cases, and which of them moves it most."""
    found = sorted(
        (case["estimands"][key]["median"], names.get(name, name)) for name, case in cases
    )
    (low, least), (high, most) = found[0], found[-1]
    preferred = [names.get(name, name) for name, case in cases if is_preferred(case)]
    ends = {"low": low, "high": high, "least": least, "most": most}
    return say("special_cases", preferred=preferred, **ends)


def is_preferred(case: dict[str, Any]) -> bool:
    """Whether a special case predicts better by as much as rules one out that predicts worse;
    never where that was not measured.
    """
    better, error = case["elpd_difference"], case["elpd_difference_se"]
    return None not in (better, error) and bool(better > RULED_OUT * error)


def judge_case(case: dict[str, Any], median: float, ours: dict[str, Any]) -> Verdict:
    """What the data say of a special case with this median of the headline; `ours` is the entry."""
    is_inside, is_better = not answers.is_outside(median, ours), is_preferred(case)
    if case["is_ruled_out"]:
        return Verdict(say("special_case.out"), is_off=False)
    word = "preferred" if is_better else "inside" if is_inside else "open"
    return Verdict(say(f"special_case.{word}", is_inside=is_inside), is_off=not is_inside)
