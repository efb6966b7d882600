"""Check and attribution files -> sentences of what the data cannot tell, each with its numbers.

Nothing here is written by hand but the frame of a sentence: which cell it speaks of, and the
numbers in it, come from the checks.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations
from typing import Any

from pipeline.checks.study import LEAST_COVERAGE, OUT_OF_DATE
from pipeline.site.overview.comparison import RATE, SPLIT
from pipeline.site.overview.estimates import record_key
from pipeline.site.overview.gathering import Overview, Passed
from pipeline.site.pages import answers
from pipeline.site.pages.answers import follow
from pipeline.site.pages.rendering import format_fixed

NOT_IDENTIFIED = "Not identified"
DRIVEN = "Driven by the prior"
DISAGREE = "Models disagree"
UNSETTLED = "Sign not settled"
NOT_REPORTED = "Shares that are not reported"
TOO_NARROW = "Intervals that hold the truth too seldom"
COMPUTE_ERRORS = "Errors in compute figures"
LARGE_ATTENUATION = 0.25  # posterior standard deviations
TOPICS = {
    NOT_IDENTIFIED: "The data do not tell compute and algorithms apart; the split leans on priors.",
    DRIVEN: "Another prior would give another number.",
    DISAGREE: "Two models of the same data, and each one's median is outside the other's interval.",
    UNSETTLED: "The interval holds zero.",
    NOT_REPORTED: "The step is nearly nothing, or the compute of one end is not known.",
    TOO_NARROW: "In data simulated from a known truth, the interval held it less often than it "
    f"says; here are all cases below {LEAST_COVERAGE:.0%}.",
    COMPUTE_ERRORS: "How far the rate moves where the compute of closed models is wrong, and what "
    "it would be if figures scatter about the truth.",
}


@dataclass(frozen=True)
class Limit:
    """One thing that the data cannot tell; `page` is the posterior whose page shows why."""

    topic: str
    sentence: str
    page: str
    anchor: str


@dataclass(frozen=True)
class Topic:
    """Limits of one kind under a heading."""

    title: str
    meaning: str
    limits: list[Limit]


def list_limits(overview: Overview) -> list[Topic]:
    """All limits by topic; topics without any are left out."""
    found = [limit for cell in overview.passed for limit in _of_cell(cell)]
    found += _find_disagreements(overview)
    topics = [
        Topic(title, meaning, [limit for limit in found if limit.topic == title])
        for title, meaning in TOPICS.items()
    ]
    return [topic for topic in topics if topic.limits]


def _of_cell(cell: Passed) -> Iterator[Limit]:
    yield from _not_identified(cell)
    yield from _driven(cell)
    yield from _unsettled(cell)
    yield from _not_reported(cell)
    yield from _too_narrow(cell)
    yield from _wrong_compute(cell)
    yield from _attenuation(cell)


def asked_keys(cell: Passed) -> list[str]:
    """What the overview quotes of a cell: headline, rate, and the record path's compute share."""
    headline = cell.answer.key
    keys = [headline, RATE, record_key(headline) if headline.startswith(f"{SPLIT}[") else headline]
    return [key for key in dict.fromkeys(keys) if cell.attributions.get(key)]


def _name(cell: Passed) -> str:
    return f"{cell.card.card.title}, {cell.model_title}"


def _not_identified(cell: Passed) -> Iterator[Limit]:
    if cell.check.get("is_identified") is False:
        given = cell.check.get("identification_reasons") or [
            cell.check.get("identification_reason") or "the test gives no reason"
        ]
        reasons = " ".join(_label_keys(reason, cell) for reason in given)
        yield Limit(NOT_IDENTIFIED, f"{_name(cell)}: {reasons}", cell.name, "identification")


def _label_keys(text: str, cell: Passed) -> str:
    """`text` with the words of the estimands that it names by key."""
    for key in sorted(cell.attributions, key=len, reverse=True):
        if "[" in key:
            text = text.replace(key, f"“{cell.attributions[key]['label']}”")
    return text


def _driven(cell: Passed) -> Iterator[Limit]:
    for key in asked_keys(cell):
        words = answers.describe_drivers(key, cell.check)
        is_told = follow(key) != key and follow(key) in asked_keys(cell)  # under the other name
        if not words or is_told:
            continue
        label = cell.attributions[key]["label"]
        yield Limit(DRIVEN, f"{_name(cell)}: “{label}” is {words}.", cell.name, "sensitivity")


def _unsettled(cell: Passed) -> Iterator[Limit]:
    for key in asked_keys(cell):
        found = cell.attributions[key]
        lower, upper = found.get("lower"), found.get("upper")
        if lower is None or upper is None or not lower < 0 < upper:
            continue
        words = f"“{found['label']}” is {answers.describe_interval(found)}"
        yield Limit(UNSETTLED, f"{_name(cell)}: {words}.", cell.name, "estimates")


def _not_reported(cell: Passed) -> Iterator[Limit]:
    for key, found in cell.attributions.items():
        if key.startswith(f"{SPLIT}[") and found.get("reason"):
            words = f"“{found['label']}”: {found['reason']}"
            yield Limit(NOT_REPORTED, f"{_name(cell)}, {words}.", cell.name, "estimates")


def _too_narrow(cell: Passed) -> Iterator[Limit]:
    """Coverage below the limit: of truths from the prior, and of fixed compute shares."""
    coverage = cell.check.get("calibration") or {}
    measured = coverage.get("estimands") or {}
    for key in asked_keys(cell):
        found = measured.get(key) or {}
        if found and found["share"] is not None and found["share"] < LEAST_COVERAGE:
            words = _cover(f"“{cell.attributions[key]['label']}”", found, coverage["probability"])
            yield Limit(TOO_NARROW, f"{_name(cell)}: {words}.", cell.name, "calibration")
    study = (cell.check.get("study") or {}).get("fixed_share") or {}
    for share, found in (study.get("shares") or {}).items():
        if found["share"] is not None and found["share"] < LEAST_COVERAGE:
            what = f"a true compute share of {float(share):.0%}"
            words = f"{_cover(what, found, study['probability'])}{_bias(found)}"
            yield Limit(TOO_NARROW, f"{_name(cell)}: {words}.", cell.name, "calibration")


def _cover(what: str, found: dict[str, Any], probability: float) -> str:
    return (
        f"the {probability:.0%} interval held {what} in {found['covered']} of "
        f"{found['intervals']} fits"
    )


def _bias(found: dict[str, Any]) -> str:
    bias = found.get("median_bias")
    if bias is None:
        return ""
    way = "too high" if bias > 0 else "too low"
    return f", half of the medians more than {format_fixed(100 * abs(bias), 1)} points {way}"


def _wrong_compute(cell: Passed) -> Iterator[Limit]:
    study = (cell.check.get("study") or {}).get("wrong_compute") or {}
    if study.get("largest") is None:
        return
    words = (
        f"with half of the closed models' compute wrong by a factor of {study['factor']:g}, the "
        f"rate's median moves by {format_fixed(study['mean_size'], 1)} posterior standard "
        f"deviations on average, at most {format_fixed(study['largest'], 1)}"
    )
    yield _say_errors(cell, words)


def _attenuation(cell: Passed) -> Iterator[Limit]:
    """Where both forms of the curve agree that the rate would be another."""
    if abs(answers.measure_attenuation(cell.check)) < LARGE_ATTENUATION:
        return
    study = cell.check["study"]["attenuation"]
    low, high = sorted(format_fixed(end["rate"], 2) for end in study["corrected"].values())
    words = (
        "if compute figures scatter about the truth by as much as the card states, the rate's "
        f"median is between {low} and {high} decades a year and not "
        f"{format_fixed(study['fitted'], 2)}"
    )
    yield _say_errors(cell, words)


def _say_errors(cell: Passed, words: str) -> Limit:
    is_stale = cell.check.get("calibration_reason") == OUT_OF_DATE
    age = f" ({OUT_OF_DATE})" if is_stale else ""
    return Limit(COMPUTE_ERRORS, f"{_name(cell)}: {words}{age}.", cell.name, "compute-errors")


def _find_disagreements(overview: Overview) -> Iterator[Limit]:
    """Pairs of passing models of a dataset whose answers exclude each other."""
    for first, second in combinations(overview.passed, 2):
        if first.card.dataset != second.card.dataset:
            continue
        for key in asked_keys(first):
            one, other = first.attributions[key], second.attributions.get(key) or {}
            if disagree(one, other):
                words = (
                    f"“{one['label']}” is {_quote(one)} under {first.model_title}, "
                    f"{_quote(other)} under {second.model_title}"
                )
                yield Limit(
                    DISAGREE,
                    f"{first.card.card.title}: {words}.",
                    f"#compared-{first.card.dataset}",
                    "",
                )


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
