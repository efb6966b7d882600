"""What the data cannot tell: every sentence is recomputed from the check and attribution files."""

import pytest
from real_overview import RATE, read_overview, read_passing

from pipeline.site.overview import limits
from pipeline.site.overview.limits import Limit, list_limits
from pipeline.site.pages import answers
from pipeline.site.pages.sentences import format_fixed


def find(topic: str, words: str = "") -> dict[str, list[str]]:
    """The sentences of a topic that hold `words`, by the page that shows why."""
    made: dict[str, list[str]] = {name: [] for name in read_passing()}
    found: list[Limit] = list_limits(read_overview()).get(topic, [])
    for limit in found:
        page = limit.link.partition(".html#")[0]
        if words in limit.sentence:
            made.setdefault(page, []).append(limit.sentence)
    return made


def test_cells_that_are_not_identified_and_rates_that_a_prior_drives_are_named() -> None:
    unidentified, driven = find("not_identified"), find("driven")
    for name, (check, found) in read_passing().items():
        assert bool(unidentified[name]) == (check["is_identified"] is False)
        (prior, *_) = answers.list_drivers(RATE, check) or [""]
        wanted = f"“{found.get(RATE, {}).get('label', 'no rate')}” is driven by the prior ({prior}"
        is_said = any(wanted in sentence for sentence in driven[name])
        assert is_said == (RATE in check["driven_by_prior"])


def test_shares_that_are_not_reported_and_signs_that_are_open_are_listed() -> None:
    unreported, unsettled = find("not_reported"), find("unsettled", "Rate of")
    for name, (_, found) in read_passing().items():
        splits = [found[key] for key in found if key.startswith("share_compute[")]
        reasons = [entry["reason"] for entry in splits if entry.get("reason")]
        assert len(unreported[name]) == len(reasons)
        for reason, sentence in zip(reasons, unreported[name], strict=True):
            assert reason in sentence.replace("\N{NO-BREAK SPACE}", " ")
        if RATE in found:
            assert bool(unsettled[name]) == (found[RATE]["lower"] < 0 < found[RATE]["upper"])


def test_what_studies_found_is_listed_with_its_numbers() -> None:
    narrow, wrong = find("too_narrow", "a true"), find("compute_errors", "closed models")
    for name, (check, _) in read_passing().items():
        study = check.get("study") or {}
        shares = ((study.get("fixed_share") or {}).get("shares") or {}).values()
        low = [found for found in shares if found["share"] < 0.85]
        assert len(narrow[name]) == len(low)
        for found, sentence in zip(low, narrow[name], strict=True):
            way = "high" if found["median_bias"] > 0 else "low"
            size = format_fixed(100 * abs(found["median_bias"]), 1)
            assert f"in {found['covered']} of {found['intervals']} fits" in sentence
            assert f"more than {size} points too {way}" in sentence
        largest = (study.get("wrong_compute") or {}).get("largest")
        assert bool(wrong[name]) == (largest is not None)
        assert all(f"at most {format_fixed(largest, 1)}" in sentence for sentence in wrong[name])


@pytest.mark.parametrize(
    ("median", "width", "is_apart"),
    [(1.5, 0.4, False), (2.5, 2.0, False), (3.5, 0.4, True), (None, 0.0, False)],
)
def test_disagreement_needs_both_medians_outside(
    median: float | None, width: float, is_apart: bool
) -> None:
    one = {"median": 1.0, "lower": 0.0, "upper": 2.9}
    other = {"median": median, "lower": None, "upper": None}
    if median is not None:
        other |= {"lower": median - width, "upper": median + width}
    assert limits.disagree(one, other) == is_apart
