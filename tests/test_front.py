"""The front page: sentences follow from the numbers, and none is said that may not be quoted."""

from dataclasses import replace
from typing import Any

import pytest
from committed import ROOT
from real_overview import read_overview

from pipeline.core.layout import Layout
from pipeline.site.overview import front
from pipeline.site.overview.front import (
    Step,
    describe,
    describe_avoid,
    describe_flips,
    list_facts,
)
from pipeline.site.overview.rows import Row
from pipeline.site.pages.sentences import say
from pipeline.synthesis.periods import MEAN, SINCE
from pipeline.synthesis.shares import MEAN as WHOLE_MEAN

NBSP, MINUS = "\N{NO-BREAK SPACE}", "\N{MINUS SIGN}"


def make_step(title: str, share: float, spread: tuple[float, ...] = (), **more: Any) -> Step:
    found = dict(zip(("lowest", "highest"), spread, strict=True)) if spread else {}
    flagged = ("not identified",) if more.pop("is_flagged", False) else ()
    numbers = {"median": share, "lower": share - 0.1, "upper": share + 0.1}
    row = Row("", "", "", "", "model", caveats=flagged, **numbers)
    step = {
        "page": "toy",
        "label": "A to B",
        "other": "",
        "years": "2020",
        "records": None,
        "is_record_path": True,
        "grade": "weak",
    }
    spread_said = found | {"mover": "rows", "mover_share": 0.4, "is_current": True} if found else {}
    return Step(title, share=row, spread=spread_said, **step, **({"is_dated": True} | more))


STEPS = [
    make_step("Low", 0.2, (0.1, 0.4)),
    make_step("High", 0.7, (0.3, 0.9)),
    make_step("Doubtful", 0.05, (0.0, 0.6), is_flagged=True),
    make_step("Technique", 0.01, is_dated=False),
]


def entry(median: float, unit: str = "decades per year") -> dict[str, Any]:
    return {"median": median, "lower": median - 0.1, "upper": median + 0.1, "unit": unit}


def test_answer_names_the_extremes_that_may_be_quoted_and_says_when_it_was_faster() -> None:
    entries = {
        f"rate_{SINCE}[{MEAN}]": entry(1.0),
        f"rate_{SINCE}[One]": entry(1.0),
        f"share_{SINCE}[{MEAN}]": entry(0.3, "share"),
        f"share_year[{WHOLE_MEAN}]": entry(0.5, "share"),
        f"p_faster_{SINCE}[One]": entry(0.99),
        f"change_{SINCE}[One]": entry(0.6),
        "rate_before_2023[One]": entry(0.4),
        f"p_faster_{SINCE}[Two]": entry(0.7),
        f"p_faster_{SINCE}[Three]": entry(0.01),
        "share_year[One]": entry(0.5, "share"),
        "rate_2022[One]": entry(0.9),
        "rate_2023[One]": entry(0.8),
        "rate_2024[One]": entry(1.5),
    }
    split, rate, change = describe(list_facts(STEPS, entries, entry(0.5)))
    assert (
        f"(Low), training compute made up 20{NBSP}% (10{NBSP}% to 30{NBSP}%; medians of other "
        f"specifications 10{NBSP}% to 40{NBSP}%); from A to B" in split
    )
    assert f"specifications 30{NBSP}% to 90{NBSP}%). Leaving out steps with a warning" in split
    assert "Doubtful" not in split
    assert "Technique" not in split
    assert "7.2 months (6.0 to 9.0)" in rate
    assert "halved every 3.6 months (3.3 to 4.0), on average over One" in change
    said = (
        "faster than before: on One by 0.60 (0.50 to 0.70) decades a year, with probability 0.99;"
    )
    assert f"{said} it is slower than before on" in change
    turn = "on One the rate was 0.90 (0.80 to 1.0) in 2022, 0.80 (0.70 to 0.90) in 2023 and 1.5"
    assert f"the change need not have come then: {turn}" in change
    assert "on average over One and all of their years" in rate
    still = entries | {"rate_before_2023[One]": entry(0.05)}
    _, _, change = describe(list_facts(STEPS, still, entry(0.5)))
    assert "0.99 (before, no progress was measured: 0.050 (-0.050" in change.replace(MINUS, "-")
    assert "on Three; on Two either may be true" in change
    assert f"30{NBSP}% (20{NBSP}% to 40{NBSP}%) of a year's progress; with" in change
    assert f"slower years, 50{NBSP}% (40{NBSP}% to 60{NBSP}%). Neither" in change


def test_shares_from_the_first_record_to_the_last_stand_beside_those_of_the_steps() -> None:
    shares = {"Low": 0.9, "High": 0.2, "Doubtful": 0.1}
    rows = {
        name: Row("", "", "", "", "model", median=share, lower=share - 0.1, upper=share + 0.1)
        for name, share in shares.items()
    }
    rows["Doubtful"] = replace(rows["Doubtful"], caveats=("not identified",))
    steps = [replace(step, records=rows.get(step.title)) for step in STEPS]
    split, *_ = describe(list_facts(steps, {}, None))
    assert f"the least is 20{NBSP}% (10{NBSP}% to 30{NBSP}%) (High) and the most 90" in split


def test_number_with_a_caveat_has_its_sign() -> None:
    flagged = {f"rate_{SINCE}[{MEAN}]": entry(1.0) | {"is_flagged": True}}
    _, change = describe(list_facts([], flagged, entry(0.5)))
    assert f"halved every \N{BLACK UP-POINTING TRIANGLE}{NBSP}3.6 months" in change


def test_sentence_without_numbers_is_left_out() -> None:
    assert describe(list_facts(STEPS[2:], {}, None)) == []
    (split,) = describe(list_facts(STEPS[:1], {}, None))
    assert "the least and the most" not in split


def test_rate_since_reasoning_models_stands_beside_the_rate_before() -> None:
    numbers = {
        "p_faster_since_2025": 0.94,
        "rate_since_2025": 1.9,
        "rate_2023_to_2024": 1.1,
        "change_since_2025": 0.8,
    }
    entries = {f"{name}[One]": entry(number) for name, number in numbers.items()}
    said = say("front_reasoning", **list_facts([], entries, None))
    assert "1.9 (1.8 to 2.0) decades a year on One, against 1.1 (1.0 to 1.2)" in said
    assert "the difference is 0.80 (0.70 to 0.90), above zero with probability 0.94." in said
    assert say("front_reasoning", **list_facts([], {}, None)) == ""


def test_shares_with_a_caveat_are_not_to_be_printed_without_it() -> None:
    said = describe_avoid(STEPS)
    assert f" to 15{NBSP}%) for Doubtful without its caveat (not identified);" in said
    assert "Low" not in said
    assert describe_avoid([]) == ""


def test_flips_are_the_steps_whose_range_holds_one_half() -> None:
    said = describe_flips(STEPS)
    assert (
        f"High (30{NBSP}% to 90{NBSP}%, moved most by the rows: 40{NBSP}% of the variance)" in said
    )
    assert said.endswith("None that was tried does so for the steps on Low.")
    assert describe_flips(STEPS[:1]).startswith("No other specification that was tried")
    assert describe_flips(STEPS[3:]) == ""
    stale = replace(STEPS[0], spread=dict(STEPS[0].spread) | {"is_current": False})
    assert describe_flips([stale]) == ""


@pytest.mark.slow
def test_steps_of_the_landed_results_have_their_years_and_the_numbers_of_their_pages() -> None:
    overview = read_overview()
    steps = {step.page: step for step in front.list_steps(overview.primaries, Layout(ROOT))}
    assert steps["mmlu-compute_multiplier"].years == "2020\N{EN DASH}2022"
    assert steps["mmlu-compute_multiplier"].other.startswith("differences between laboratories: ")
    for cell in overview.primaries:
        if cell.name in steps:
            assert steps[cell.name].share.median == cell.attributions[cell.answer.key]["median"]
