"""Check and attribution files -> what the data cannot tell, each with its numbers."""

from collections.abc import Callable, Iterator
from itertools import combinations
from typing import NamedTuple

from models import INTERVAL_PROBABILITY
from pipeline.site.overview.cells import Passed
from pipeline.site.overview.comparison import RATE, SPLIT, Entry
from pipeline.site.overview.estimates import record_key
from pipeline.site.overview.gathering import Overview
from pipeline.site.pages import answers
from pipeline.site.pages.sentences import say
from pipeline.site.posterior.backtests import score_forecasts
from pipeline.studies.verdict import (
    LEAST_COVERAGE,
    OUT_OF_DATE,
    describe_drivers,
    find_like_fit,
    follow,
    read_study,
)

EXPERIMENT = "algorithm_share"  # of a controlled experiment, by scale
Case = tuple[str, Entry]  # name of the sentence, and what it is filled with


class Limit(NamedTuple):
    """One thing that the data cannot tell; `link` leads to what shows it."""

    sentence: str
    link: str


def list_limits(overview: Overview) -> dict[str, list[Limit]]:
    """All limits by topic; topics without any are left out."""
    found = {
        topic: [
            Limit(say(f"limit_{name}", cell=cell, **values), f"{cell.name}.html#{anchor}")
            for cell in overview.passed
            for name, values in find(cell)
        ]
        for topic, (anchor, find) in TOPICS.items()
    }
    found["disagree"] = list(_find_disagreements(overview))
    found["datasets_disagree"] = [
        *_find_unlike_datasets(overview),
        *_find_unlike_extrapolations(overview),
    ]
    return {topic: limits for topic, limits in found.items() if limits}


def describe_experiments(overview: Overview) -> list[Limit]:
    """What each controlled experiment says of algorithms apart from data."""
    made = []
    for cell in overview.primaries:
        found = {k: e for k, e in cell.attributions.items() if answers.family(k) == EXPERIMENT}
        shares = {answers.element(key): quote(entry) for key, entry in found.items()}
        spread = answers.say_range(cell.answer.key, cell.check, cell.answer.unit, is_short=True)
        if shares:
            said = say("controlled", shares=shares, spread=spread)
            made.append(Limit(said, f"{cell.name}.html"))
    return made


def asked_keys(cell: Passed) -> list[str]:
    """What the overview quotes of a cell: headline, rate, and the record path's compute share."""
    headline = cell.answer.key
    keys = [headline, RATE, record_key(headline) if headline.startswith(f"{SPLIT}[") else headline]
    return [key for key in dict.fromkeys(keys) if cell.attributions.get(key)]


def _find_unidentified(cell: Passed) -> Iterator[Case]:
    reason = cell.check.get("identification_reason") or "the test gives no reason"
    reasons = " ".join(cell.check.get("identification_reasons") or [reason])
    if cell.check.get("is_identified") is False:
        yield "not_identified", {"reasons": reasons}


def _find_driven(cell: Passed) -> Iterator[Case]:
    keys = asked_keys(cell)
    for key in keys:
        driven = describe_drivers(key, cell.check)
        is_told = follow(key) != key and follow(key) in keys  # the other name
        if driven and not is_told:
            yield "driven", {"label": cell.attributions[key]["label"], "driven": driven}


def _find_unsettled(cell: Passed) -> Iterator[Case]:
    for found in map(cell.attributions.__getitem__, asked_keys(cell)):
        lower, upper = found.get("lower"), found.get("upper")
        if lower is not None and upper is not None and lower < 0 < upper:
            yield "unsettled", found | {"interval": answers.describe_interval(found)}


def _find_unreported(cell: Passed) -> Iterator[Case]:
    for key, found in cell.attributions.items():
        if key.startswith(f"{SPLIT}[") and found.get("reason"):
            yield "not_reported", found


def _find_narrow(cell: Passed) -> Iterator[Case]:
    """Coverage below the limit: of truths from the prior, and of fixed compute shares."""
    coverage = cell.check.get("calibration") or {}
    watched, fixed = coverage.get("estimands") or {}, read_study(cell.check, "fixed_share")
    cases: list[tuple[Entry, Entry, Entry]] = [
        ({"truth": None, "label": cell.attributions[key]["label"], "bias": None}, coverage, found)
        for key in asked_keys(cell)
        if (found := watched.get(key))
    ]
    for share, found in (fixed.get("shares") or {}).items():
        cases.append(({"truth": float(share), "bias": found.get("median_bias")}, fixed, found))
    for key in asked_keys(cell):
        if found := find_like_fit(key, cell.check):
            told = {"truth": None, "bias": None, "label": cell.attributions[key]["label"]}
            cases.append((told | {"like_fit": True}, {"probability": INTERVAL_PROBABILITY}, found))
    for values, study, found in cases:
        if found["share"] is not None and found["share"] < LEAST_COVERAGE:
            told = {"like_fit": False} | found | values | {"probability": study["probability"]}
            yield "too_narrow", told


def _find_compute_errors(cell: Passed) -> Iterator[Case]:
    """Wrong compute of models that did not publish it."""
    age = {"stale": OUT_OF_DATE * (cell.check.get("calibration_reason") == OUT_OF_DATE)}
    wrong = read_study(cell.check, "wrong_compute")
    if wrong.get("largest") is not None:
        yield "wrong_compute", wrong | age


def _find_disagreements(overview: Overview) -> Iterator[Limit]:
    """Pairs of passing models of a dataset whose answers exclude each other."""
    for first, second in combinations(overview.passed, 2):
        for key in asked_keys(first) if first.dataset == second.dataset else []:
            one, other = first.attributions[key], second.attributions.get(key) or {}
            if disagree(one, other):
                titles = {"first": first.model_title, "second": second.model_title}
                numbers = {"one": quote(one), "other": quote(other), "label": one["label"]}
                sentence = say("limit_disagree", dataset=first.title, **titles, **numbers)
                yield Limit(sentence, f"#compared-{first.dataset}")


def _find_unlike_datasets(overview: Overview) -> Iterator[Limit]:
    """The same headline from several datasets, where two of them exclude each other."""
    asked: dict[tuple[str, str], list[tuple[Passed, Entry]]] = {}
    for cell in overview.primaries:
        if found := cell.attributions.get(cell.answer.key):
            asked.setdefault((cell.model, found["label"]), []).append((cell, found))
    for (_, label), cells in asked.items():
        if any(disagree(one, other) for (_, one), (_, other) in combinations(cells, 2)):
            numbers = {cell.title: quote(found) for cell, found in cells}
            sentence = say("limit_datasets", label=label, numbers=numbers)
            yield Limit(sentence, f"{cells[0][0].name}.html#estimates")


def _find_unlike_extrapolations(overview: Overview) -> Iterator[Limit]:
    """Best tokens per parameter by each scaling law: at a budget within its grid, and beyond it."""
    asked = answers.SOUGHT[0]
    within, beyond, first = dict[str, tuple[str, Entry]](), dict[str, Entry](), ""
    for cell in overview.primaries:
        keys = [k for k in cell.attributions if answers.family(k) == answers.family(asked)]
        if asked in keys and keys[0] != asked:
            within[cell.title] = answers.element(keys[0]), cell.attributions[keys[0]]
            beyond[cell.title], first = cell.attributions[asked], first or cell.name
    if any(disagree(one, other) for one, other in combinations(beyond.values(), 2)):
        near = [entry["median"] for _, entry in within.values()]
        far = [entry["median"] for entry in beyond.values()]
        sentence = say(
            "limit_extrapolated",
            within={title: (budget, quote(entry)) for title, (budget, entry) in within.items()},
            beyond={title: quote(entry) for title, entry in beyond.items()},
            budget=answers.element(asked),
            near=max(near) / min(near),
            far=max(far) / min(far),
        )
        yield Limit(sentence, f"{first}.html#estimates")


def _find_worse_forecasts(cell: Passed) -> Iterator[Case]:
    """A backtest in which a naive forecast was better."""
    if (found := cell.check.get("backtest")) and found["is_current"]:
        scores = score_forecasts(found)
        if scores["ours"] > scores["best"]:
            yield "worse_forecasts", scores


def list_untried(overview: Overview) -> list[str]:
    """Leaderboards whose intervals were never tried on truths like the fit."""
    return [
        cell.title
        for cell in overview.primaries
        if cell.answer.key.startswith(f"{SPLIT}[")
        and not find_like_fit(cell.answer.key, cell.check)
    ]


def quote(found: Entry) -> str:
    """Median and interval of an estimand: "17 (13 to no upper bound)"."""
    return f"{answers.describe_bound(found, 'median')} ({answers.describe_interval(found)})"


def disagree(one: Entry, other: Entry) -> bool:
    """Whether the median of each lies outside the interval of the other."""
    if one.get("median") is None or other.get("median") is None:
        return False
    pairs = ((one["median"], other), (other["median"], one))
    return all(answers.is_outside(median, found) for median, found in pairs)


# Topic, in the order of the page -> section of a posterior's page with the evidence, and the cases.
TOPICS: dict[str, tuple[str, Callable[[Passed], Iterator[Case]]]] = {
    "not_identified": ("identification", _find_unidentified),
    "driven": ("sensitivity", _find_driven),
    "disagree": ("", lambda _: iter(())),  # of pairs of cells
    "datasets_disagree": ("", lambda _: iter(())),
    "unsettled": ("estimates", _find_unsettled),
    "not_reported": ("estimates", _find_unreported),
    "too_narrow": ("calibration", _find_narrow),
    "worse_forecasts": ("backtest", _find_worse_forecasts),
    "compute_errors": ("compute-errors", _find_compute_errors),
}
