"""What the data cannot tell: every sentence is recomputed from the check and attribution files."""

from itertools import combinations
from typing import Any

import pytest
from real_overview import read_overview, read_passing

from pipeline.site.overview import limits
from pipeline.site.overview.limits import Limit, list_limits
from pipeline.site.pages.rendering import format_fixed

SPLIT = "share_compute["


def find(topic: str) -> list[Limit]:
    return [
        limit for made in list_limits(read_overview()) if made.title == topic
        for limit in made.limits
    ]  # fmt: skip


def test_the_cells_that_are_not_identified_are_those_whose_check_says_so() -> None:
    said = {limit.page for limit in find(limits.NOT_IDENTIFIED)}
    passing = read_passing()
    assert said == {name for name, (check, _) in passing.items() if check["is_identified"] is False}


def test_a_rate_or_headline_that_the_prior_drives_is_named_with_the_prior() -> None:
    said = find(limits.DRIVEN)
    for name, (check, found) in read_passing().items():
        here = [limit.sentence for limit in said if limit.page == name]
        is_driven = "rate_decades_per_year" in check["driven_by_prior"]
        label = found.get("rate_decades_per_year", {}).get("label", "no rate")
        (prior, *_) = check["driven_by"].get("rate_decades_per_year", [""])
        wanted = f"“{label}” is driven by the prior ({prior}"
        assert any(wanted in sentence for sentence in here) == is_driven, name


def test_models_disagree_where_each_median_is_outside_the_other_interval() -> None:
    said = [limit.sentence for limit in find(limits.DISAGREE)]
    wanted = 0
    for (first, (_, one)), (second, (_, other)) in combinations(read_passing().items(), 2):
        if first.partition("-")[0] != second.partition("-")[0]:
            continue
        entries = one.get("rate_decades_per_year"), other.get("rate_decades_per_year")
        if all(entries) and excludes(*entries) and excludes(*reversed(entries)):
            wanted += 1
    assert sum("“Rate of algorithmic progress" in sentence for sentence in said) == wanted


def excludes(one: dict[str, Any], other: dict[str, Any]) -> bool:
    return not other["lower"] <= one["median"] <= other["upper"]


def test_shares_that_are_not_reported_are_listed_with_the_reason() -> None:
    said = {limit.sentence for limit in find(limits.NOT_REPORTED)}
    unreported = [
        entry
        for _, found in read_passing().values()
        for key, entry in found.items()
        if key.startswith(SPLIT) and entry.get("reason")
    ]
    assert len(said) == len(unreported)
    for entry in unreported:
        assert any(f"“{entry['label']}”: {entry['reason']}" in sentence for sentence in said)


def test_fixed_shares_that_intervals_miss_too_often_are_listed_with_the_counts() -> None:
    said = find(limits.TOO_NARROW)
    wanted = 0
    for name, (check, _) in read_passing().items():
        shares = ((check.get("study") or {}).get("fixed_share") or {}).get("shares", {})
        for share, found in shares.items():
            words = (
                f"held a true compute share of {float(share):.0%} in {found['covered']} of "
                f"{found['intervals']} fits"
            )
            is_low = found["share"] < 0.85
            here = [limit for limit in said if limit.page == name and words in limit.sentence]
            assert len(here) == is_low, (name, share)
            way = "high" if found["median_bias"] > 0 else "low"
            size = format_fixed(100 * abs(found["median_bias"]), 1)
            assert all(f"more than {size} points too {way}" in limit.sentence for limit in here)
            wanted += is_low
    assert wanted


def test_wrong_compute_is_listed_where_it_was_studied() -> None:
    found = [each for each in find(limits.COMPUTE_ERRORS) if "closed models" in each.sentence]
    said = {limit.page: limit.sentence for limit in found}
    for name, (check, _) in read_passing().items():
        study = (check.get("study") or {}).get("wrong_compute") or {}
        assert (name in said) == (study.get("largest") is not None)
        if name in said:
            assert f"at most {format_fixed(study['largest'], 1)}" in said[name]


def test_a_slope_that_errors_flatten_is_listed_with_both_rates() -> None:
    found = [each for each in find(limits.COMPUTE_ERRORS) if "about the truth" in each.sentence]
    said = {limit.page: limit.sentence for limit in found}
    for name, (check, _) in read_passing().items():
        study = (check.get("study") or {}).get("attenuation") or {}
        ends = list((study.get("corrected") or {}).values())
        shifts = [end["shift"] for end in ends]
        is_one_way = len({shift > 0 for shift in shifts}) == 1
        is_large = all(abs(shift) >= limits.LARGE_ATTENUATION for shift in shifts)
        assert (name in said) == (is_one_way and is_large)
        if name in said:
            low, high = sorted(format_fixed(end["rate"], 2) for end in ends)
            assert f"between {low} and {high} decades" in said[name]
            assert f"not {format_fixed(study['fitted'], 2)}." in said[name]


def test_an_interval_that_holds_zero_leaves_the_sign_open() -> None:
    said = find(limits.UNSETTLED)
    for name, (_, found) in read_passing().items():
        entry = found.get("rate_decades_per_year")
        if entry:
            is_open = entry["lower"] < 0 < entry["upper"]
            here = [each for each in said if each.page == name and "Rate of" in each.sentence]
            assert bool(here) == is_open


@pytest.mark.parametrize(
    ("median", "is_apart"), [(1.5, False), (2.5, False), (3.5, True), (None, False)]
)
def test_disagreement_needs_both_medians_outside(median: float | None, is_apart: bool) -> None:
    one = {"median": 1.0, "lower": 0.0, "upper": 2.9}
    width = 0.4 if median != 2.5 else 2.0
    other = {"median": median, "lower": None, "upper": None}
    if median is not None:
        other |= {"lower": median - width, "upper": median + width}
    assert limits.disagree(one, other) == is_apart
