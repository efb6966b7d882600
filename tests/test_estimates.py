"""Rows of the forest plots: what stands beside what, with its caveats and in one unit."""

import math
from dataclasses import replace
from typing import Any

import pandas as pd
import pytest
from real_overview import RATE, read_overview, read_passing, read_references

from pipeline.site.overview import estimates
from pipeline.site.overview.rows import (
    DECADE_MONTHS,
    Row,
    find_caveats,
    say,
    to_doubling_time,
)


@pytest.fixture(scope="module")
def rates() -> list[Row]:
    return estimates.list_rates(read_overview(), {})


def test_every_rate_that_passed_is_there_with_its_numbers_and_doubts(rates: list[Row]) -> None:
    ours = {(row.page, row.key): row for row in rates if row.kind == "model" and row.has_number}
    for name, (check, found) in read_passing().items():
        for key, entry in found.items():
            if estimates.is_rate(key) and not entry.get("reason"):
                row = ours[name, key]
                numbers = (entry["median"], entry["lower"], entry["upper"])
                assert (row.median, row.lower, row.upper) == numbers
                is_doubted = check["is_identified"] is False
                assert ("not identified" in row.caveats) == is_doubted


def test_published_doubling_times_become_rates_and_the_ends_change_places(
    rates: list[Row],
) -> None:
    (row,) = [row for row in rates if row.label.startswith("Erdil & Besiroglu 2022")]
    numbers = [DECADE_MONTHS / months for months in (9, 25, 4)]
    assert [row.median, row.lower, row.upper] == pytest.approx(numbers)
    assert row.interval == "95 %"


def test_published_rows_stand_once_where_their_data_are_with_a_source(rates: list[Row]) -> None:
    (row,) = [row for row in rates if row.label.startswith("Ho et al. 2024, model 7")]
    assert row.dataset == "lm_perplexity"
    cited = {row.citation for row in rates if row.kind == "published"}
    assert cited <= set(read_references())
    assert len(cited) > 4


def test_baselines_of_models_with_the_same_twin_stand_once() -> None:
    found = {"label": "x", "method": "OLS", "estimate": 0.5, "lower": 0.4, "upper": math.inf}
    frame = pd.DataFrame([{"key": key, **found} for key in (RATE, "doubling_time_months")])
    overview = read_overview()
    cell = overview.passed_of("mmlu")[0]
    twins = [*overview.cells, replace(cell, name="mmlu-twin")]
    baselines = dict.fromkeys((cell.name, "mmlu-twin"), frame)
    rows = estimates.list_rates(replace(overview, cells=twins), baselines)
    (row,) = [row for row in rows if row.kind == "baseline"]
    assert (row.dataset, row.label, row.median, row.upper) == ("mmlu", "OLS", 0.5, None)


def test_shares_are_of_the_headline_and_of_the_record_path_unless_they_are_one() -> None:
    rows = estimates.list_shares(read_overview())
    for row in rows:
        if row.kind == "model" and row.has_number:
            assert read_passing()[row.page][1][row.key]["median"] == row.median
    keys = {(row.dataset, row.key.endswith("-first_record-last_record]")) for row in rows}
    assert keys >= {(each, is_path) for each in ("math", "mmlu") for is_path in (True, False)}
    assert [is_path for dataset, is_path in keys if dataset == "imagenet"] == [False]


def test_what_the_check_doubts_is_a_caveat() -> None:
    check: dict[str, Any] = {
        "is_identified": False,
        "is_calibrated": False,
        "driven_by_prior": [RATE],
        "driven_by": {RATE: ["rate"]},
        "prior_sensitivity": {RATE: {}},
    }
    found = find_caveats(RATE, check)
    assert [each.split(" (")[0] for each in found] == [
        "not identified",
        "driven by the prior",
        "not calibrated",
    ]
    assert find_caveats(RATE, {"is_identified": True, "prior_sensitivity": {RATE: {}}}) == ()


@pytest.mark.parametrize(
    ("bounds", "words"),
    [
        ((0.5, 0.25, 1.0), "0.50 (0.25 to 1.0)"),
        ((0.5, None, None), "0.50"),
        ((None, 0.25, 1.0), "no estimate (0.25 to 1.0)"),
        ((0.5, 0.25, None), "0.50 (0.25 to no upper bound)"),
    ],
)
def test_numbers_are_said_with_the_bounds_that_there_are(
    bounds: tuple[float | None, ...], words: str
) -> None:
    assert say(Row("g", "d", RATE, "l", "model", *bounds), "decades per year") == words


def test_a_rate_that_does_not_rise_has_no_doubling_time() -> None:
    assert [to_doubling_time(rate) for rate in (-0.1, DECADE_MONTHS)] == [None, 1]
