"""Check and attribution files -> sentences of what the data cannot tell, each with its numbers.

Nothing here is written by hand but the frame of a sentence: which cell it speaks of, and the
numbers in it, come from the checks.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import combinations
from typing import Any

from pipeline.checks.study import LEAST_COVERAGE, OUT_OF_DATE
from pipeline.site.overview.cells import Passed
from pipeline.site.overview.comparison import RATE, SPLIT
from pipeline.site.overview.estimates import record_key
from pipeline.site.overview.gathering import Overview
from pipeline.site.pages import answers
from pipeline.site.pages.numbers import format_fixed

LARGE_ATTENUATION = 0.25  # posterior standard deviations
DISAGREE = "Models disagree"


@dataclass(frozen=True)
class Limit:
    """One thing that the data cannot tell; `link` leads to what shows it."""

    sentence: str
    link: str


@dataclass(frozen=True)
class Topic:
    """Limits of one kind under a heading."""

    title: str
    meaning: str
    limits: list[Limit] = field(default_factory=list)


def list_limits(overview: Overview) -> list[Topic]:
    """All limits by topic; topics without any are left out."""
    topics = []
    for title, (meaning, anchor, find) in TOPICS.items():
        found = [
            Limit(f"{cell.title}, {cell.model_title}{words}", f"{cell.name}.html#{anchor}")
            for cell in overview.passed
            for words in find(cell)
        ]
        if title == DISAGREE:
            found = list(_find_disagreements(overview))
        topics.append(Topic(title, meaning, found))
    return [topic for topic in topics if topic.limits]


def asked_keys(cell: Passed) -> list[str]:
    """What the overview quotes of a cell: headline, rate, and the record path's compute share."""
    headline = cell.answer.key
    keys = [headline, RATE, record_key(headline) if headline.startswith(f"{SPLIT}[") else headline]
    return [key for key in dict.fromkeys(keys) if cell.attributions.get(key)]


def _quote_label(cell: Passed, key: str) -> str:
    return f"“{cell.attributions[key]['label']}”"


def _not_identified(cell: Passed) -> Iterator[str]:
    if cell.check.get("is_identified") is not False:
        return
    reasons = " ".join(
        cell.check.get("identification_reasons")
        or [cell.check.get("identification_reason") or "the test gives no reason"]
    )
    for key in sorted(cell.attributions, key=len, reverse=True):
        if "[" in key:  # the words of the estimands that are named by key
            reasons = reasons.replace(key, _quote_label(cell, key))
    yield f": {reasons}"


def _driven(cell: Passed) -> Iterator[str]:
    keys = asked_keys(cell)
    for key in keys:
        words = answers.describe_drivers(key, cell.check)
        is_told = answers.follow(key) != key and answers.follow(key) in keys  # the other name
        if words and not is_told:
            yield f": {_quote_label(cell, key)} is {words}."


def _unsettled(cell: Passed) -> Iterator[str]:
    for key in asked_keys(cell):
        found = cell.attributions[key]
        lower, upper = found.get("lower"), found.get("upper")
        if lower is not None and upper is not None and lower < 0 < upper:
            yield f": {_quote_label(cell, key)} is {answers.describe_interval(found)}."


def _not_reported(cell: Passed) -> Iterator[str]:
    for key, found in cell.attributions.items():
        if key.startswith(f"{SPLIT}[") and found.get("reason"):
            yield f", {_quote_label(cell, key)}: {found['reason']}."


def _too_narrow(cell: Passed) -> Iterator[str]:
    """Coverage below the limit: of truths from the prior, and of fixed compute shares."""
    coverage = cell.check.get("calibration") or {}
    measured = coverage.get("estimands") or {}
    for key in asked_keys(cell):
        if _is_low(found := measured.get(key) or {}):
            yield f": {_cover(_quote_label(cell, key), found, coverage['probability'])}."
    study = _read_study(cell, "fixed_share")
    for share, found in (study.get("shares") or {}).items():
        if _is_low(found):
            what = f"a true compute share of {float(share):.0%}"
            yield f": {_cover(what, found, study['probability'])}{_bias(found)}."


def _is_low(found: dict[str, Any]) -> bool:
    share = found.get("share")
    return share is not None and share < LEAST_COVERAGE


def _read_study(cell: Passed, name: str) -> dict[str, Any]:
    return (cell.check.get("study") or {}).get(name) or {}


def _cover(what: str, found: dict[str, Any], probability: float) -> str:
    counts = f"{found['covered']} of {found['intervals']} fits"
    return f"the {probability:.0%} interval held {what} in {counts}"


def _bias(found: dict[str, Any]) -> str:
    bias = found.get("median_bias")
    if bias is None:
        return ""
    way = "too high" if bias > 0 else "too low"
    return f", half of the medians more than {format_fixed(100 * abs(bias), 1)} points {way}"


def _compute_errors(cell: Passed) -> Iterator[str]:
    """Wrong compute of closed models, and errors that flatten the slope.

    The second where both forms of the curve agree that the rate would be another.
    """
    is_stale = cell.check.get("calibration_reason") == OUT_OF_DATE
    age = f" ({OUT_OF_DATE})" if is_stale else ""
    wrong = _read_study(cell, "wrong_compute")
    if wrong.get("largest") is not None:
        yield (
            f": with half of the closed models' compute wrong by a factor of {wrong['factor']:g}, "
            f"the rate's median moves by {format_fixed(wrong['mean_size'], 1)} posterior standard "
            f"deviations on average, at most {format_fixed(wrong['largest'], 1)}{age}."
        )
    if abs(answers.measure_attenuation(cell.check)) >= LARGE_ATTENUATION:
        bent = _read_study(cell, "attenuation")
        low, high = sorted(format_fixed(end["rate"], 2) for end in bent["corrected"].values())
        yield (
            ": if compute figures scatter about the truth by as much as the card states, the "
            f"rate's median is between {low} and {high} decades a year and not "
            f"{format_fixed(bent['fitted'], 2)}{age}."
        )


def _find_disagreements(overview: Overview) -> Iterator[Limit]:
    """Pairs of passing models of a dataset whose answers exclude each other."""
    for first, second in combinations(overview.passed, 2):
        if first.dataset != second.dataset:
            continue
        for key in asked_keys(first):
            one, other = first.attributions[key], second.attributions.get(key) or {}
            if disagree(one, other):
                words = (
                    f"{_quote_label(first, key)} is {_quote(one)} under {first.model_title}, "
                    f"{_quote(other)} under {second.model_title}"
                )
                yield Limit(f"{first.title}: {words}.", f"#compared-{first.dataset}")


def disagree(one: dict[str, Any], other: dict[str, Any]) -> bool:
    """Whether the median of each lies outside the interval of the other."""
    return _is_outside(one, other) and _is_outside(other, one)


def _is_outside(one: dict[str, Any], other: dict[str, Any]) -> bool:
    median, lower, upper = one.get("median"), other.get("lower"), other.get("upper")
    if median is None or other.get("median") is None:
        return False
    return (lower is not None and median < lower) or (upper is not None and median > upper)


def _quote(found: dict[str, Any]) -> str:
    return f"{answers.describe_bound(found, 'median')} ({answers.describe_interval(found)})"


Finder = Callable[[Passed], Iterator[str]]
# Heading -> what it means, section of the posterior's page with the evidence, words of a cell.
TOPICS: dict[str, tuple[str, str, Finder]] = {
    "Not identified": (
        "The data do not tell compute and algorithms apart; the split leans on priors.",
        "identification",
        _not_identified,
    ),
    "Driven by the prior": ("Another prior would give another number.", "sensitivity", _driven),
    DISAGREE: (
        "Two models of the same data, and each one's median is outside the other's interval.",
        "",
        lambda _: iter(()),  # of pairs of cells
    ),
    "Sign not settled": ("The interval holds zero.", "estimates", _unsettled),
    "Shares that are not reported": (
        "The step is nearly nothing, or the compute of one end is not known.",
        "estimates",
        _not_reported,
    ),
    "Intervals that hold the truth too seldom": (
        "In data simulated from a known truth, the interval held it less often than it says; here "
        f"are all cases below {LEAST_COVERAGE:.0%}.",
        "calibration",
        _too_narrow,
    ),
    "Errors in compute figures": (
        "How far the rate moves where the compute of closed models is wrong, and what it would be "
        "if figures scatter about the truth.",
        "compute-errors",
        _compute_errors,
    ),
}
