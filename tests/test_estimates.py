"""Rows of the forest plots: what stands beside what, with its caveats and in one unit."""

import math

import pandas as pd
import pytest
from real_overview import read_overview, read_passing, read_references

from pipeline.site.overview import estimates
from pipeline.site.overview.estimates import Row
from pipeline.site.overview.literature import PublishedRate


@pytest.fixture(scope="module")
def rates() -> list[Row]:
    return estimates.list_rates(read_overview(), {}, [])


def test_every_rate_that_passed_is_there_with_its_numbers(rates: list[Row]) -> None:
    ours = {(row.page, row.key): row for row in rates if row.kind == "model"}
    for name, (_, found) in read_passing().items():
        for key, entry in found.items():
            if key.partition("[")[0] == "rate_decades_per_year" and not entry.get("reason"):
                row = ours[name, key]
                assert (row.median, row.lower, row.upper) == (
                    entry["median"],
                    entry["lower"],
                    entry["upper"],
                )


def test_published_doubling_times_become_rates_and_the_ends_change_places(
    rates: list[Row],
) -> None:
    (row,) = [row for row in rates if row.label.startswith("Erdil & Besiroglu 2022")]
    assert row.median == pytest.approx(12 * math.log10(2) / 9)
    assert row.lower == pytest.approx(12 * math.log10(2) / 25)
    assert row.upper == pytest.approx(12 * math.log10(2) / 4)
    assert row.interval == "95 %"


def test_a_value_that_several_cards_print_stands_once_where_its_data_are(rates: list[Row]) -> None:
    (row,) = [row for row in rates if row.label.startswith("Ho et al. 2024, model 7")]
    assert row.dataset == "lm_perplexity"
    assert not [r for r in rates if r.dataset == "math" and r.kind == "published"]


def test_every_published_row_has_a_source(rates: list[Row]) -> None:
    cited = {row.citation for row in rates if row.kind == "published"}
    assert cited <= set(read_references())
    assert len(cited) > 4


def test_baselines_of_models_with_the_same_twin_stand_once() -> None:
    frame = pd.DataFrame(
        {
            "key": ["rate_decades_per_year", "doubling_time_months"],
            "label": "x",
            "method": "OLS",
            "estimate": [0.5, 7.2],
            "lower": [0.4, 6.0],
            "upper": [0.6, math.inf],
        }
    )
    baselines = {f"mmlu-{model}": frame for model in ("compute_multiplier", "era_ceilings")}
    rows = estimates.list_rates(read_overview(), baselines, [])
    (row,) = [row for row in rows if row.kind == "baseline"]
    assert (row.dataset, row.label, row.median) == ("mmlu", "OLS", 0.5)


def test_published_rates_of_other_fields_come_last_with_what_is_known_of_them() -> None:
    other = PublishedRate("Go", "a study", None, 0.1, 0.4, "range", "ho2024algorithmic")
    row = estimates.list_rates(read_overview(), {}, [other])[-1]
    assert (row.group, row.label, row.kind, row.interval) == ("Go", "a study", "published", "range")
    assert (row.median, row.lower, row.upper) == (None, 0.1, 0.4)
    assert estimates.say(row, "decades per year") == "no estimate (0.10 to 0.40)"


def test_shares_are_of_the_headline_and_of_the_record_path() -> None:
    rows = estimates.list_shares(read_overview())
    passing = read_passing()
    for dataset in ("math", "mmlu", "lm_perplexity"):
        keys = {row.key for row in rows if row.dataset == dataset}
        assert len(keys) == 2
        assert sum(key.endswith("-first_record-last_record]") for key in keys) == 1
    for row in rows:
        if row.kind == "model" and row.has_number:
            assert passing[row.page][1][row.key]["median"] == row.median


def test_a_record_path_that_is_the_headline_stands_once() -> None:
    rows = estimates.list_shares(read_overview())
    assert {row.key for row in rows if row.dataset == "imagenet"} == {
        "share_compute[imagenet_top1-alexnet-vit_e]"
    }


def test_what_the_check_doubts_is_a_caveat() -> None:
    key = "rate_decades_per_year"
    check = {
        "is_identified": False,
        "is_calibrated": False,
        "driven_by_prior": [key],
        "driven_by": {key: ["rate"]},
        "prior_sensitivity": {key: {}},
    }
    assert estimates.find_caveats(key, check) == (
        "not identified",
        "driven by the prior (rate)",
        "not calibrated",
    )
    sound = {"is_identified": True, "prior_sensitivity": {key: {}}}
    assert estimates.find_caveats(key, sound) == ()


@pytest.mark.parametrize(
    ("line", "parabola", "words"),
    [
        (-0.9, -1.8, "too high if compute figures err at random"),
        (0.7, 0.6, "too low if compute figures err at random"),
        (-0.4, -1.8, ""),
        (-0.9, 0.8, ""),
    ],
)
def test_a_rate_that_errors_in_compute_move_has_a_caveat(
    line: float, parabola: float, words: str
) -> None:
    corrected = {"line": {"shift": line}, "parabola": {"shift": parabola}}
    keys = ("rate_decades_per_year", "doubling_time_months", "share_compute[step]")
    check = {
        "prior_sensitivity": {key: {} for key in keys},
        "study": {"attenuation": {"corrected": corrected}},
    }
    for key in keys[:2]:
        assert estimates.find_caveats(key, check) == ((words,) if words else ())
    assert estimates.find_caveats(keys[2], check) == ()


def test_rows_carry_the_doubts_of_their_own_check(rates: list[Row]) -> None:
    passing = read_passing()
    for row in rates:
        if row.kind == "model":
            is_doubted = passing[row.page][0]["is_identified"] is False
            assert ("not identified" in row.caveats) == is_doubted


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
    row = Row("g", "d", "rate_decades_per_year", "l", "model", *bounds)
    assert estimates.say(row, "decades per year") == words


def test_a_rate_that_does_not_rise_has_no_doubling_time() -> None:
    assert estimates.to_doubling_time(-0.1) is None
    assert estimates.to_doubling_time(estimates.DECADE_MONTHS) == 1
