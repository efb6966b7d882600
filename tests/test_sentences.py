# ruff: noqa: RUF001   numbers are printed with true minus and multiplication signs
"""Generated sentences say the numbers they are made of, the awkward ones too."""

from typing import Any

import numpy as np
import pandas as pd
import pytest
from cells import CHECK
from printed import find_numbers, is_printed

from pipeline.site.charts import drawings, intervals
from pipeline.site.charts.axes import BASELINE
from pipeline.site.figures.kinds import Figure
from pipeline.site.pages import answers
from pipeline.site.pages.badges import describe_convergence, list_badges
from pipeline.site.pages.numbers import (
    DASH,
    FILTERS,
    format_fixed,
    format_number,
    say_count,
    unit_words,
)
from pipeline.site.pages.rendering import format_phrase, format_prose
from pipeline.site.pages.warnings import say_warnings
from pipeline.site.posterior import panels, waterfalls
from pipeline.site.posterior.panels import answer_design
from pipeline.site.words import Headline
from pipeline.studies.verdict import describe_drivers, find_caveats

HEADLINE = Headline("key", "Step A: {median} of it was compute (90 % interval {lower} to {upper}).")
KEY = "share_compute[a]"
Ratio = tuple[float, float, float]


def make_found(
    median: float | None, lower: float | None, upper: float | None, unit: str = "share", **more: Any
) -> dict[str, Any]:
    """An entry of an attribution file."""
    numbers = {"median": median, "lower": lower, "upper": upper}
    return {"label": "Share", "unit": unit, "p_positive": None, "p_finite": 1.0} | numbers | more


def say(found: dict[str, Any], **more: Any) -> answers.Answer:
    """The answer of a headline with this entry."""
    return answers.answer(HEADLINE, {"key": found}, CHECK | more)


def about(mean: float, half: float = 0.03) -> Ratio:
    return mean, mean - half, mean + half


def make_design(twice: Ratio, five: Ratio, broken: Ratio) -> dict[str, Any]:
    """A study of designs with these ratios: mean and the ends of its interval."""
    ratios = {"as_it_is": (1.0, 1.0, 1.0), "twice": twice, "five_times": five}
    sizes = {"base_models": 10, "rows": 20, "datasets": 10, "failed": 1}
    found = {
        name: {"median_width": mean / 2, "ratio": mean, "ratio_lower": low, "ratio_upper": high}
        for name, (mean, low, high) in (ratios | {"uncorrelated": broken}).items()
    }
    return {"designs": {name: sizes | each for name, each in found.items()}}


@pytest.mark.parametrize(
    ("found", "sentence"),
    [
        (make_found(0.524, -0.03, 1.2), "52 % of it was compute (90 % interval −3.0 to 120 %)."),
        (make_found(0.953, 0.9512, 0.9541),
         "95.3 % of it was compute (90 % interval 95.1 to 95.4 %)."),
        (make_found(0.0, 0.0, 0.0), "0 % of it was compute (90 % interval 0 to 0 %)."),
        (make_found(14.3, 9.87, None, "months", unbounded=True),
         "14 of it was compute (90 % interval 9.9 to no upper bound)."),
        (make_found(2.5e24, 1.23e23, 9e25, "FLOP"),
         "2.5 × 10²⁴ of it was compute (90 % interval 1.2 × 10²³ to "
         "9.0 × 10²⁵)."),
    ],
)  # fmt: skip
def test_headline_says_median_and_interval(found: dict[str, Any], sentence: str) -> None:
    answer = say(found)
    assert answer.sentence.replace("\N{NO-BREAK SPACE}", " ") == f"Step A: {sentence}"
    assert answer.reason == ""
    assert answer.value in answer.sentence


@pytest.mark.parametrize(
    ("found", "more", "reason"),
    [
        (make_found(None, 9.87, None, "months", unbounded=True), {},
         "Share: no finite median, as at least half of the draws have no finite value; 95 % of the "
         "draws are above 9.9 months."),
        (make_found(None, None, None, "months", unbounded=True), {},
         "Share: no finite median, as at least half of the draws have no finite value."),
        (make_found(None, None, None, reason="the steps sum to under 0.1"), {},
         "Not reported: the steps sum to under 0.1."),
        (make_found(0.5, 0.4, 0.6), {"verdict": "fail"}, "Withheld: the fit did not converge."),
    ],
)  # fmt: skip
def test_headline_without_number_says_why(found: Any, more: Any, reason: str) -> None:
    answer = say(found, **more)
    assert answer.reason.replace("\N{NO-BREAK SPACE}", " ") == reason
    assert (answer.sentence, answer.value, answer.interval) == ("", "", "")


def test_name_in_a_headline_that_looks_like_a_place_stays() -> None:
    named = Headline("key", "{median} & {lower}: {median} (90 % interval {lower} to {upper}).")
    answer = answers.answer(named, {"key": make_found(2.0, 1.0, 3.0, "factor")}, CHECK)
    assert answer.sentence.startswith("{median} & {lower}: 2.0 (90")
    assert answers.answer(named, {}, CHECK).reason == "The attribution file has no key."


def test_numbers_and_counts_are_printed_as_people_write_them() -> None:
    assert {format_fixed(value, 2) for value in (-0.0, -0.001, -0.0049)} == {"0.00"}
    assert [format_number(value) for value in (-0.0, np.inf, np.nan)] == ["0", "∞", "not a number"]
    assert [say_count(n, "row") for n in (0, 1, 1400)] == ["0 rows", "1 row", "1,400 rows"]
    said = [answers.describe_probability(p) for p in (0.0, 1.0, 0.0049, 0.994, 0.5049)]
    assert said == ["< 0.001", "> 0.999", "0.005", "0.994", "0.50"]
    told = [answers.describe_p_not_positive({"p_positive": p}) for p in (None, 1.0, 0.0)]
    assert told == ["", "< 0.001", "1.000"]


def test_words_of_a_card_are_markdown_without_markup_of_its_own() -> None:
    made = format_prose("One *plain* `x < 1`.\n\nTwo <b>bold</b> [link](javascript:alert(1)).")
    assert made.count("<p>") == 2
    assert "<em>plain</em> <code>x &lt; 1</code>" in made
    assert "&lt;b&gt;bold&lt;/b&gt; [link](javascript" in made
    assert "<p>" not in format_phrase("# a *b*")


def test_rates_are_said_with_what_drives_them_and_the_probability_of_no_progress() -> None:
    rate = make_found(0.324, -0.61, 1.29, "decades per year", p_positive=0.71, label="Rate")
    check = CHECK | {"driven_by_prior": ["rate_decades_per_year"]}
    (said,) = answers.list_rates({"rate_decades_per_year": rate}, check, "share_compute[a]")
    assert said.replace("\N{NO-BREAK SPACE}", " ") == (
        "Rate, driven by the prior: 0.32 factors of ten per year (−0.61 to 1.3); "
        "P(rate ≤ 0) = 0.290"
    )
    driven = {"driven_by_prior": ["rate_decades_per_year[a]"], "driven_by": {}}
    assert describe_drivers("doubling_time_months[a]", driven) == "driven by the prior"
    assert describe_drivers("doubling_time_months[b]", driven) == ""


def test_studies_say_their_numbers_or_why_there_are_none() -> None:
    sizes = {"factor": 3.0, "mean_size": 0.8, "largest": 1.2, "noise": -0.051, "failed": 1}
    said = panels.describe_wrong_compute({"wrong_compute": sizes | {"shifts": [0.4, -1.2]}})
    assert find_numbers(said) == ["3", "0.80", "1.20", "1", "0.05"]
    failed = {"largest": None, "reason": "all refits failed"}
    said = panels.describe_wrong_compute({"wrong_compute": failed})
    assert said == "Wrong compute figures: not measured, all refits failed."
    noise = {"priors": {"noise": {"a": -0.04, "b": 0.012, "c": None}}}
    assert find_numbers(panels.describe_shift_noise(noise)) == ["0.04"]
    describe = (panels.describe_wrong_compute, panels.describe_shift_noise, panels.describe_density)
    assert [each({}) for each in describe] == ["", "", ""]


@pytest.mark.parametrize(
    ("share", "covered", "word", "numbers"),
    [
        (0.9, 45, "calibrated", []),
        (0.76, 38, "calibrated on average", ["20\N{NO-BREAK SPACE}%", "38", "50"]),
    ],
)
def test_badge_of_calibration_says_which_truths_are_missed(
    share: float, covered: int, word: str, numbers: list[str]
) -> None:
    found = {"share": share, "covered": covered, "intervals": 50}
    study = {"fixed_share": {"shares": {"0.2": found, "0.8": {"share": None}}}}
    badges = list_badges(CHECK | {"is_calibrated": True, "study": study})
    (badge,) = [each for each in badges if each.anchor == "calibration"]
    assert badge.word == word
    assert find_numbers(badge.text.partition(" of the time.")[2]) == numbers
    assert badge.text.endswith("Data that resemble the real ones were not tried.")


@pytest.mark.parametrize(("share", "word"), [(0.9, "calibrated in part"), (0.8, "not calibrated")])
def test_badge_of_calibration_is_of_the_answer(share: float, word: str) -> None:
    measured = {"covered": round(100 * share), "intervals": 100}
    coverage = {"estimands": {"answer": {"share": share} | measured, "other": {"share": 0.7}}}
    check = CHECK | {"is_calibrated": False, "calibration": coverage}
    (badge,) = [each for each in list_badges(check, "answer") if each.anchor == "calibration"]
    assert badge.word == word


def test_calibration_is_told_by_its_counts() -> None:
    shares = {"rate": 0.8967, "doubling": 0.92, "no headline": 0.1, "unmeasured": None}
    measured = {key: {"share": share} for key, share in shares.items()}
    like_fit = {"key": {"covered": 63, "intervals": 100, "share": 0.63}}
    check = CHECK | {
        "is_calibrated": True,
        "headlines": ["rate", "doubling", "unmeasured", "absent"],
        "calibration": {"datasets": 300, "failed": 1, "estimands": measured},
        "study": {"structures": {"structures": {"fitted": {"estimands": like_fit}}}},
    }
    text = next(each.text for each in list_badges(check, "key") if each.anchor == "calibration")
    assert text.replace("\N{NO-BREAK SPACE}", " ") == (
        "In 299 simulated data sets with known answers, the 90 % intervals held the answer 89.7 % "
        "to 92.0 % of the time, depending on the quantity. In 100 data sets that resemble the real "
        "one, the interval of the headline held the answer 63 times."
    )
    like_fit["rate_decades_per_year[2019]"] = {"covered": 70, "intervals": 100, "share": 0.7}
    like_fit["rate_decades_per_year[2020]"] = {"covered": 90, "intervals": 100, "share": 0.9}
    text = next(each.text for each in list_badges(check, "key") if each.anchor == "calibration")
    assert "the worst of them was held 70 times in 100." in text.replace("\N{NO-BREAK SPACE}", " ")


@pytest.mark.parametrize(
    ("found", "said"),
    [
        ({"is_identified": True}, []),
        ({"is_identified": False}, ["these data do not distinguish compute"]),
        (
            {"driven_by_prior": ["share_compute[a]"], "driven_by": {"share_compute[a]": ["rate"]}},
            ["the prior drives it (rate)."],
        ),
        ({"bias": -0.2688}, ["63 times in 100. Half of the estimates came out too low there by 27 "
          "percentage points or more: the true share may well be higher than the number below."]),
        ({"bias": 0.2}, ["too high there by 20 percentage points or more: the true share may "
          "well be lower"]),
        ({"bias": 0.04}, ["it held the truth 63 times in 100."]),
        ({"calibrated": 0.8}, ["Treat this interval as too narrow: in simulated data with known "
          "answers it held the answer 80 times in 100"]),
        ({"calibrated": 0.97}, ["Treat this interval as too wide"]),
        ({"calibrated": None}, ["other intervals of this fit"]),
    ],
)  # fmt: skip
def test_number_that_cannot_be_trusted_has_a_sentence_before_it(
    found: dict[str, Any], said: list[str]
) -> None:
    check = CHECK | found
    if "bias" in found:
        held = {"covered": 63, "intervals": 100, "share": 0.63, "width": 0.5} | found
        fitted = {"fitted": {"estimands": {"share_compute[a]": held}}}
        check |= {"study": {"structures": {"structures": fitted}}}
    if "calibrated" in found:
        share = found["calibrated"]
        held = {"share": share, "covered": share and round(100 * share), "intervals": 100}
        check |= {"is_calibrated": False, "calibration": {"estimands": {"share_compute[a]": held}}}
    told = [each.replace("\N{NO-BREAK SPACE}", " ") for each in say_warnings(KEY, check)]
    assert len(told) == len(said) == len(find_caveats(KEY, check))
    assert all(words in each for words, each in zip(said, told, strict=True))
    assert all(each[0].isupper() and each.endswith(".") for each in told)


def make_case(difference: float) -> dict[str, Any]:
    """A special case that predicts better by so much, with a standard error of 1."""
    return {
        "elpd_difference": difference,
        "elpd_difference_se": 1.0,
        "is_ruled_out": difference < -2,
        "estimands": {KEY: {"median": 0.3}},
    }


@pytest.mark.parametrize(
    ("difference", "median", "words", "is_off"),
    [
        (-2.5, 0.9, "ruled out by the data", False),
        (-1.0, 0.3, "inside our interval", False),
        (-1.0, 0.9, "outside, and not ruled out", True),
        (2.0, 0.3, "inside our interval", False),
        (2.1, 0.3, "inside our interval, and preferred by the data", False),
        (2.1, 0.9, "outside our interval, and preferred by the data", True),
    ],
)
def test_special_case_is_ruled_out_or_preferred_beyond_two_standard_errors(
    difference: float, median: float, words: str, is_off: bool
) -> None:
    verdict = panels.judge_case(make_case(difference), median, make_found(0.3, 0.1, 0.5))
    assert verdict.words.startswith(words)
    assert ("preferred" in verdict.words) is ("preferred" in words)
    assert verdict.is_off is is_off


def test_special_cases_that_the_data_prefer_are_named() -> None:
    cases = [("one", make_case(3.9)), ("two", make_case(1.0)), ("three", make_case(-4.0))]
    said = panels.say_special_cases(cases, KEY, {"one": "one ceiling"})
    assert said.endswith("the data prefer this simpler form to the model as it is: one ceiling.")
    unmeasured = ("four", make_case(9.0) | {"elpd_difference_se": None})
    assert "prefer" not in panels.say_special_cases([*cases[1:], unmeasured], KEY, {})


def test_quantity_without_width_has_a_dash_for_an_interval() -> None:
    assert answers.describe_interval(make_found(0.897, 0.897, 0.897, "1")) == DASH
    assert answers.describe_interval(make_found(1.0, 1.0, None, "1")) == "1.0 to no upper bound"
    assert drawings.interval(0.07, 0.07, 0.07) == "0.0700"
    row = {"median": 0.07, "lower": 0.07, "upper": 0.07}
    assert waterfalls.describe_change(row, waterfalls.SCALES["decades"]) == "+0.07"
    frame = pd.DataFrame([{"label": "constant", **row}])
    (panel,) = intervals.draw_intervals(Figure("intervals", "", "", "", frame)).panels
    assert panel.description.endswith("with intervals. constant: 0.0700.")


def test_decade_of_compute_is_a_factor_of_ten_and_pure_numbers_say_so() -> None:
    said = [unit_words(unit) for unit in ("decades per year and decade of compute", "1", "months")]
    assert said == ["factors of ten per year and factor of ten of compute", "", "months"]
    assert [FILTERS["unit"](unit) for unit in ("1", "share")] == ["no unit", "share"]


def test_convergence_is_said_in_plain_words_and_claimed_where_it_is_so_alone() -> None:
    numbers = {"max_rhat": 1.2, "min_ess_bulk": 9.0, "min_ess_tail": 8.0, "divergences": 3}
    check = CHECK | numbers | {"min_bfmi": 0.2}
    passed, failed = (describe_convergence(check | {"verdict": each}) for each in ("pass", "fail"))
    assert passed.startswith("The sampler agrees with itself: ")
    assert failed.startswith("Whether independent chains give the same distribution (largest R-hat")
    assert find_numbers(passed) == find_numbers(failed)


@pytest.mark.parametrize(
    ("unit", "numbers"), [("share", ["90 %", "190 %", "760 %"]), ("factor", ["90 %", "1.9", "7.6"])]
)
def test_range_over_specifications_is_in_the_unit_of_the_headline(
    unit: str, numbers: list[str]
) -> None:
    spread = {"specifications": 12, "failed": 2, "lowest": 1.9, "highest": 7.6}
    spread |= {"in_our_interval": 0.9, "grade": "moderate", "variance": {"rows": 0.8}}
    choices = {"rows": {"title": "runs"}}
    multiverse = {"spread": {"key": spread}, "choices": choices, "is_current": True}
    check = CHECK | {"multiverse": multiverse}
    (badge,) = [
        each
        for each in list_badges(check, "key", {"key": make_found(2.0, 1.7, 2.3, unit)})
        if each.anchor == "specifications"
    ]
    said = badge.text.replace("\N{NO-BREAK SPACE}", " ")
    assert badge.word == "robust in part"
    assert all(number in said for number in numbers)
    assert "Over 10 specifications" in said
    assert ("%" in said.partition("runs from")[2].partition(",")[0]) == (unit == "share")


@pytest.mark.parametrize(
    ("twice", "five", "broken", "start"),
    [
        (about(0.95), about(0.94), about(0.97), "No: none"),
        (about(0.88, 0.2), about(0.97, 0.2), about(0.9, 0.2), "Unknown: none"),
        (
            about(0.8),
            about(0.6),
            about(0.5),
            "It would help: as many models whose compute does not",
        ),
        (
            about(0.8),
            about(0.6),
            about(0.7),
            "It would help: five times as many models",
        ),
        (
            about(0.8),
            about(0.98),
            about(0.82),
            "It would help: twice as many models",
        ),
    ],
)
def test_answer_of_designs_follows_the_widths_as_far_as_chance_lets_it(
    twice: Ratio, five: Ratio, broken: Ratio, start: str
) -> None:
    verdict = answer_design(make_design(twice, five, broken), None)
    assert verdict.replace("of the designs tried, ", "").startswith(start)
    assert "at the pace" not in verdict


def test_designs_say_the_wait_their_rivals_and_how_many_decide() -> None:
    design = make_design(about(0.85), about(0.6), about(0.62))
    verdict = answer_design(design, 6.0)
    assert "(another 24 years" in verdict
    assert "whose compute does not rise with the date perhaps as much" in verdict
    assert "one half" not in verdict  # a study from before that was counted
    for each, decisive in zip(design["designs"].values(), (3, 5, 9, 8), strict=True):
        each["decisive"] = decisive
    verdict = answer_design(design, 6.0)
    assert verdict.startswith("Yes: ")
    assert "in 9 of 9 simulated data sets; on the data as they are it does in 3 of 9" in verdict
    assert "most, to 0.60 (0.57 to 0.63) times its width" in verdict
    design["designs"]["as_it_is"]["decisive"] = 8
    assert answer_design(design, 6.0).startswith("It would help: ")  # they decide already
    for each in design["designs"].values():
        del each["ratio_lower"], each["ratio_upper"]
    assert answer_design(design, 3.0).startswith("Unknown")
    assert answer_design({"designs": {"twice": {"ratio": None}}}, 3.0) == ""


@pytest.mark.parametrize(
    ("estimates", "words"),
    [
        ({"a": 1.0}, "The baseline agrees: its estimate lies inside our interval."),
        ({"a": 2.0, "b": 3.0}, "The baseline agrees: all of its 2 estimates lie inside our "),
        ({"a": 2.1}, "The baseline differs: its estimate lies outside our interval."),
        ({"a": 0.1, "b": -9.0}, "The baseline differs: 1 of its 2 estimates lies outside"),
        ({"other": 1.0, "withheld": 1.0}, ""),
        ({"a": np.nan}, ""),
    ],
)
def test_baseline_is_said_to_agree_or_not(estimates: dict[str, float], words: str) -> None:
    columns = {"label": "A", "method": "OLS", "lower": np.nan, "upper": np.inf}
    rows = [{"key": key, "estimate": value} | columns for key, value in estimates.items()]
    withheld = make_found(None, None, None)
    ours = {"a": make_found(1.0, 0.5, 2.0), "b": make_found(5.0, None, None), "withheld": withheld}
    frame = intervals.compare_with_literature(ours, pd.DataFrame(rows), [])
    said = intervals.describe_baseline(frame)
    assert said.startswith(words)
    assert bool(said) == bool(words)
    assert frame.loc[frame["series"] == BASELINE, "is_open"].all()


@pytest.mark.parametrize(
    ("text", "value", "is_so"),
    [("52 %", 0.524, True), ("52 %", 0.53, False), ("−3.0 %", -0.0299, True), ("0.35", 0.346, True),
     ("1,400", 1380.0, True), ("1,400", 1500.0, False), ("2.5 × 10²⁴", 2.46e24, True),
     ("2.5 × 10²⁴", 2.46e23, False), ("no upper bound", None, True), ("17", 17.6, False)],
)  # fmt: skip
def test_reader_of_printed_numbers_tells_right_from_wrong(
    text: str, value: float | None, is_so: bool
) -> None:
    assert is_printed(text, value) is is_so
