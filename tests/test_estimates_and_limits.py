"""Rows of the forest plots, and what the data cannot tell, recomputed from the results."""

import math
from dataclasses import replace
from itertools import combinations
from typing import Any

import pandas as pd
import pytest
from real_overview import LAYOUT, RATE, read_overview, read_passing, read_references

from pipeline.site.overview import estimates, limits
from pipeline.site.overview.limits import Limit, list_limits
from pipeline.site.overview.rows import DECADE_MONTHS, Row, say, to_doubling_time
from pipeline.site.pages.numbers import format_fixed, format_number
from pipeline.studies.domains import read_domains
from pipeline.studies.verdict import find_caveats, list_drivers, read_check


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


def test_published_rows_stand_once_where_their_data_are_as_rates_with_a_source(
    rates: list[Row],
) -> None:
    """Doubling times become rates, and their ends change places."""
    (row,) = [row for row in rates if row.label.startswith("Erdil & Besiroglu 2022")]
    numbers = [DECADE_MONTHS / months for months in (9, 25, 4)]
    assert [row.median, row.lower, row.upper] == pytest.approx(numbers)
    assert row.interval == "95 %"
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
    check: dict[str, Any] = dict.fromkeys(("is_identified", "is_calibrated"), False)
    check |= {"driven_by_prior": [RATE], "driven_by": {RATE: ["rate"]}}
    found = find_caveats(RATE, check | {"prior_sensitivity": {RATE: {}}})
    doubts = ["not identified", "driven by the prior", "not calibrated"]
    assert [each.split(" (")[0] for each in found] == doubts
    assert find_caveats(RATE, {"is_identified": True, "prior_sensitivity": {RATE: {}}}) == ()


@pytest.mark.parametrize(
    ("measured", "caveat"),
    [
        ({}, "not calibrated"),
        ({RATE: {"share": 0.9, "covered": 90, "intervals": 100}}, ""),
        (
            {RATE: {"share": 0.8, "covered": 80, "intervals": 100}},
            "not calibrated: held the truth in 80 of 100 simulations",
        ),
    ],
)
def test_miscalibration_is_a_caveat_of_the_intervals_that_it_was_measured_of(
    measured: dict[str, Any], caveat: str
) -> None:
    known: dict[str, Any] = {"prior_sensitivity": {RATE: {}}}
    check = known | {"is_calibrated": False, "calibration": {"estimands": measured}}
    assert find_caveats(RATE, check) == ((caveat,) if caveat else ())
    assert find_caveats(RATE, known | {"is_calibrated": True}) == ()


@pytest.mark.parametrize(("covered", "is_missed"), [(84, True), (85, False)])
def test_interval_that_missed_such_truths_is_a_caveat(covered: int, is_missed: bool) -> None:
    held = {RATE: {"covered": covered, "intervals": 100, "share": covered / 100}}
    study = {"structures": {"structures": {"fitted": {"estimands": held}}}}
    check = {"is_identified": True, "prior_sensitivity": {RATE: {}}, "study": study}
    caveat = f"its interval held the truth in {covered} of 100 simulations like this fit"
    said = (caveat,) if is_missed else ()
    for key in (RATE, "doubling_time_months"):
        assert find_caveats(key, check) == said


def test_numbers_are_said_with_the_bounds_that_there_are() -> None:
    for bounds, words in (
        ((0.5, 0.25, 1.0), "0.50 (0.25 to 1.0)"),
        ((0.5, None, None), "0.50"),
        ((None, 0.25, 1.0), "no estimate (0.25 to 1.0)"),
        ((0.5, 0.25, None), "0.50 (0.25 to no upper bound)"),
    ):
        assert say(Row("g", "d", RATE, "l", "model", *bounds), "decades per year") == words
    assert [to_doubling_time(rate) for rate in (-0.1, DECADE_MONTHS)] == [None, 1]


# What the data cannot tell: every sentence is recomputed from the check and attribution files.


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
        (prior, *_) = list_drivers(RATE, check) or [""]
        wanted = f"“{found.get(RATE, {}).get('label', 'no rate')}” is driven by the prior ({prior}"
        is_said = any(wanted in sentence for sentence in driven[name])
        assert is_said == (RATE in check["driven_by_prior"])


def test_models_disagree_where_each_median_is_outside_the_other_interval() -> None:
    wanted = 0
    for (first, (_, one)), (second, (_, other)) in combinations(read_passing().items(), 2):
        entries = one.get(RATE), other.get(RATE)
        if first.partition("-")[0] == second.partition("-")[0] and all(entries):
            wanted += limits.disagree(*entries)
    assert sum(map(len, find("disagree", "“Rate of algorithmic progress").values())) == wanted


def test_shares_that_are_not_reported_and_signs_that_are_open_are_listed() -> None:
    unreported, unsettled = find("not_reported"), find("unsettled", "Rate of")
    for name, (_, found) in read_passing().items():
        splits = [found[key] for key in found if key.startswith("share_compute[")]
        reasons = [entry["reason"] for entry in splits if entry.get("reason")]
        assert len(unreported[name]) == len(reasons)
        for reason, sentence in zip(reasons, unreported[name], strict=True):
            told = reason.replace("decades", "factors of ten")
            assert told in sentence.replace("\N{NO-BREAK SPACE}", " ")
        if RATE in found:
            assert bool(unsettled[name]) == (found[RATE]["lower"] < 0 < found[RATE]["upper"])


def test_what_studies_found_is_listed_with_its_numbers() -> None:
    narrow, wrong = find("too_narrow", "a true"), find("compute_errors", "did not publish")
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


def test_datasets_disagree_where_their_laws_answer_the_same_question_otherwise() -> None:
    laws = [each for each in read_overview().primaries if each.model == "scaling_law"]
    entries = {cell.dataset: cell.attributions[cell.answer.key] for cell in laws}
    listed = [each.sentence for each in list_limits(read_overview())["datasets_disagree"]]
    sentence, extrapolated = listed
    for found in entries.values():
        assert limits.quote(found) in sentence
    assert limits.disagree(entries["chinchilla_runs"], entries["marin_dclm"])
    medians = []
    for cell in laws:
        budgets = [k for k in cell.attributions if k.startswith("optimal_tokens_per_parameter[")]
        assert limits.quote(cell.attributions[budgets[0]]) in extrapolated
        medians.append(cell.attributions["optimal_tokens_per_parameter[5.76e23]"]["median"])
    assert f"{format_number(max(medians) / min(medians))} beyond" in extrapolated


def test_forecasts_that_lose_to_a_naive_one_are_listed_and_others_are_not() -> None:
    listed = find("worse_forecasts")
    for name, (check, _) in read_passing().items():
        cuts = [cut["errors"] for cut in (check.get("backtest") or {}).get("cuts", [])]
        errors = pd.DataFrame([{k: e["crps"] for k, e in c.items()} for c in cuts if c])
        if len(errors):
            means = errors.mean()
            assert bool(listed[name]) == (means["model"] > means.drop("model").min())
        else:
            assert not listed[name]


def test_leaderboards_whose_intervals_met_no_truth_like_the_fit_are_named() -> None:
    untried = limits.list_untried(read_overview())
    assert "METR time horizons" in untried
    assert not {"MATH", "MMLU", "GPQA Diamond"} & set(untried)


def test_disagreement_needs_both_medians_outside() -> None:
    one = {"median": 1.0, "lower": 0.0, "upper": 2.9}
    for ends, is_apart in (
        ((1.5, 1.1, 1.9), False),
        ((2.5, 0.5, 4.5), False),
        ((3.5, 3.1, 3.9), True),
        ((None, None, None), False),
    ):
        other = dict(zip(("median", "lower", "upper"), ends, strict=True))
        assert limits.disagree(one, other) == is_apart


def test_pooled_rate_names_the_rates_with_caveats_that_go_into_it() -> None:
    pooled = read_check(LAYOUT, "own_rates-shared_rate")
    rates = read_domains(LAYOUT)
    doubted = [
        each.name for each in rates if find_caveats(RATE, read_check(LAYOUT, each.posterior))
    ]
    assert doubted
    assert f"rates with caveats of their own: {', '.join(doubted)}" in find_caveats("mean", pooled)
    assert read_check(LAYOUT, rates[0].posterior)["doubted"] == []
