# ruff: noqa: RUF001   numbers are printed with true minus and multiplication signs
"""Generated sentences say the numbers they are made of, the awkward ones too.

What generates prose from numbers, and where it is compared with them besides here: answers and
panels (test_report), claims (test_claims), comparison and the overview (test_comparison,
test_overview), alternative text (test_charts), inspection (test_inspection), check (test_check).
"""

import copy
from typing import Any

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from cells import CHECK, STUDIED
from printed import find_numbers, is_printed, read_number

from pipeline.commands import inspection_text
from pipeline.fit import check
from pipeline.site.charts import kinds, summaries
from pipeline.site.charts.series import BASELINE
from pipeline.site.figures.kinds import Figure
from pipeline.site.overview import claims, comparison
from pipeline.site.pages import answers, rendering
from pipeline.site.posterior import figures, panels
from pipeline.site.posterior.design_panel import answer_design, draw_design_figure
from pipeline.site.posterior.results import describe_density
from pipeline.site.words import Headline

HEADLINE = Headline("key", "Step A: {median} of it was compute (90 % interval {lower} to {upper}).")
NONE = None


def make_found(
    median: float | None, lower: float | None, upper: float | None, unit: str = "share", **more: Any
) -> dict[str, Any]:
    """An entry of an attribution file."""
    numbers = {"median": median, "lower": lower, "upper": upper}
    return {"label": "Share", "unit": unit, "p_positive": None, "p_finite": 1.0} | numbers | more


def say(found: dict[str, Any], **more: Any) -> answers.Answer:
    """The answer of a headline with this entry."""
    return answers.answer(HEADLINE, {"key": found}, CHECK | more)


@pytest.mark.parametrize(
    ("found", "sentence"),
    [
        (make_found(0.524, -0.03, 1.2), "52 % of it was compute (90 % interval −3.0 % to 120 %)."),
        (make_found(-0.2, -0.412, -0.1), "−20 % of it was compute (90 % interval −41 % to −10 %)."),
        (make_found(0.953, 0.9512, 0.9541),
         "95.3 % of it was compute (90 % interval 95.1 % to 95.4 %)."),
        (make_found(0.0, 0.0, 0.0), "0 % of it was compute (90 % interval 0 % to 0 %)."),
        (make_found(14.3, 9.87, None, "months", unbounded=True),
         "14 of it was compute (90 % interval 9.9 to no upper bound)."),
        (make_found(3.04, 3.01, 3.049, "factor"),
         "3.04 of it was compute (90 % interval 3.01 to 3.05)."),
        (make_found(2.5e24, 1.23e23, 9e25, "FLOP"),
         "2.5 × 10²⁴ (4.2 mol) of it was compute (90 % interval 1.2 × 10²³ (0.20 mol) to "
         "9.0 × 10²⁵ (150 mol))."),
    ],
    ids=["across-zero", "below-zero", "near-one", "constant", "unbounded", "narrow", "large"],
)  # fmt: skip
def test_headline_says_median_and_interval(found: dict[str, Any], sentence: str) -> None:
    answer = say(found)
    assert answer.sentence.replace("\N{NO-BREAK SPACE}", " ") == f"Step A: {sentence}"
    assert answer.reason == ""
    assert f"interval {answer.interval})" in answer.sentence.replace("90\N{NO-BREAK SPACE}% ", "")
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
    ids=["no-median", "nothing-finite", "not-reported", "failed"],
)  # fmt: skip
def test_headline_without_number_says_why(
    found: dict[str, Any], more: dict[str, Any], reason: str
) -> None:
    answer = say(found, **more)
    assert answer.reason.replace("\N{NO-BREAK SPACE}", " ") == reason
    assert (answer.sentence, answer.value, answer.interval) == ("", "", "")


@pytest.mark.parametrize(
    ("check", "caveats"),
    [
        ({}, ()),
        ({"is_identified": False}, ("not identified",)),
        ({"driven_by_prior": ["key"], "driven_by": {"key": ["a"]}}, ("driven by the prior (a)",)),
        ({"is_calibrated": False, "is_identified": True}, ("not calibrated",)),
    ],
)
def test_what_the_checks_found_against_a_headline_is_said_before_it(
    check: dict[str, Any], caveats: tuple[str, ...]
) -> None:
    sound = {"is_identified": True, "is_calibrated": True, "driven_by_prior": []}
    assert say(make_found(0.5, 0.4, 0.6), **(sound | check)).caveats == caveats


def test_missing_headline_is_named() -> None:
    assert answers.answer(HEADLINE, {}, CHECK).reason == "The attribution file has no key."


def test_name_in_a_headline_that_looks_like_a_place_stays() -> None:
    named = Headline("key", "{median} & {lower}: {median} (90 % interval {lower} to {upper}).")
    answer = answers.answer(named, {"key": make_found(2.0, 1.0, 3.0, "factor")}, CHECK)
    assert answer.sentence.startswith("{median} & {lower}: 2.0 (90")


@pytest.mark.parametrize("value", [-0.0, -0.001, -0.0049])
def test_nothing_is_printed_as_minus_nothing(value: float) -> None:
    assert rendering.format_fixed(value, 2) == "0.00"
    assert rendering.format_number(-0.0) == "0"


@pytest.mark.parametrize(("count", "words"), [(0, "0 rows"), (1, "1 row"), (1400, "1,400 rows")])
def test_counts_agree_with_their_nouns(count: int, words: str) -> None:
    assert rendering.say_count(count, "row") == words


@pytest.mark.parametrize(("shift", "way"), [(-0.58, "lower"), (0.9, "higher")])
def test_attenuation_says_both_ends_and_which_way(shift: float, way: str) -> None:
    line = {"rate": 0.352, "standard_error": 0.02, "shift": shift}
    parabola = {"rate": 0.31, "standard_error": 0.061, "shift": -1.234}
    found = {"fitted": 0.41, "refits": 30, "corrected": {"line": line, "parabola": parabola}}
    said = panels.describe_attenuation({"study": {"attenuation": found}})
    ends = ["0.35", "0.02", f"{abs(shift):.2f}", "0.31", "0.06", "1.23"]
    assert find_numbers(said) == ["0.41", *ends, "30"]
    assert f"deviations {way}) by a straight line" in said
    assert "1.23 posterior standard deviations lower) by a parabola" in said


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
    badges = answers.badges(CHECK | {"is_calibrated": True, "study": study})
    (badge,) = [each for each in badges if each.anchor == "calibration"]
    assert badge.word == word
    assert find_numbers(badge.text) == numbers


def test_attenuation_that_was_not_measured_says_why_and_no_number() -> None:
    found = {"reason": "the card states no error of the compute figures"}
    said = panels.describe_attenuation({"study": {"attenuation": found}})
    assert said.endswith("not measured, the card states no error of the compute figures.")
    assert panels.describe_attenuation({"study": {"coverage": {}}}) == ""


@pytest.mark.parametrize(("repetitions", "words"), [(1, "1 repetition"), (2, "2 repetitions")])
def test_wrong_compute_says_the_sizes_and_how_many(repetitions: int, words: str) -> None:
    shifts = [0.4, -1.2, 0.3][: repetitions + 1]  # one refit failed
    sizes = {"factor": 3.0, "mean_size": 0.8, "largest": 1.2, "noise": -0.051}
    found = sizes | {"shifts": shifts, "failed": 1}
    said = panels.describe_wrong_compute({"study": {"wrong_compute": found}})
    assert find_numbers(said) == ["3", "0.80", "1.20", str(repetitions), "0.05"]
    assert f"at most, in {words}; another seed" in said


def test_wrong_compute_that_failed_says_why_and_no_number() -> None:
    found = {"largest": None, "reason": "all refits failed"}
    said = panels.describe_wrong_compute({"study": {"wrong_compute": found}})
    assert said == "Wrong compute figures: not measured, all refits failed."
    assert panels.describe_wrong_compute({"study": None}) == ""


@pytest.mark.parametrize(
    ("datasets", "words"), [(1, "1 simulated dataset a"), (4, "4 simulated datasets a")]
)
def test_design_figure_says_the_least_number_of_datasets(datasets: int, words: str) -> None:
    study = copy.deepcopy(STUDIED)
    design = study["study"]["design"]["designs"]
    design["twice"] |= {"datasets": datasets + 2, "failed": 2}
    for name in set(design) - {"twice"}:
        design[name] |= {"datasets": 9, "failed": 0}
    panel = panels.make_identification(CHECK | study, {}, 3.0)
    figure = draw_design_figure(panel.design)
    assert figure is not None
    assert f"at least {words} design" in figure.caption


@pytest.mark.parametrize("years", [None, 3.0])
def test_design_says_ratios_and_the_wait(years: float | None) -> None:
    design = copy.deepcopy(STUDIED["study"]["design"])
    verdict, numbers = answer_design(design, years)
    said = ["90 %", "0.84", "0.79", "0.89", "0.68", "0.64", "0.72", "0.40", "0.38", "0.43"]
    assert find_numbers(numbers) == [*said, "90 %", "4"]
    assert find_numbers(verdict) == (["12"] if years else [])  # four times as many again


def test_shift_noise_says_the_largest() -> None:
    found = {"study": {"priors": {"noise": {"a": -0.04, "b": 0.012, "c": None}}}}
    assert find_numbers(panels.describe_shift_noise(found)) == ["0.04"]
    assert panels.describe_shift_noise({}) == ""


def test_convergence_says_each_number_and_its_limit() -> None:
    said = answers.describe_convergence(CHECK | {"divergences": 3, "min_bfmi": 0.21})
    expected = ["1.002", "1.01", "1,500", "1,300", "400", "3", "0", "0.21", "0.3"]
    assert find_numbers(said.replace("R-hat", "").replace("E-BFMI", "")) == expected


def test_density_says_unit_numbers_and_unreliable_ones() -> None:
    found = CHECK | {"elpd_loo": -3.24, "elpd_loo_se": 1.16, "bad_pareto_k": 2, "unit": "row"}
    said = describe_density(found)
    assert find_numbers(said) == ["−3.2", "1.2", "2"]
    assert "leaving out one row at a time" in said
    assert describe_density({"elpd_loo": None}) == ""


LIMITS = {"max_rhat": 1.01, "min_ess": 400, "max_divergences": 0, "min_bfmi": 0.3,
          "family_max_rhat": 1.05, "family_min_ess": 100, "family_share": 0.99}  # fmt: skip
NOBODY = pd.DataFrame(columns=["rhat", "ess_bulk", "ess_tail"])


@pytest.mark.parametrize(
    ("row", "divergences", "bfmi", "reasons"),
    [
        ((1.2, 500, 500), 0, 0.9, ["R-hat is above 1.01 or not known: q0"]),
        ((np.nan, 500, 500), 0, 0.9, ["R-hat is above 1.01 or not known: q0"]),
        ((1.0, 399, 500), 0, 0.9, ["bulk ESS is below 400 or not known: q0"]),
        ((1.0, 500, 10), 0, 0.9, ["tail ESS is below 400 or not known: q0"]),
        ((1.0, 500, 500), 1, 0.9, ["1 divergent transition"]),
        ((1.0, 500, 500), 2, 0.123, ["2 divergent transitions", "E-BFMI 0.12 is below 0.3"]),
        ((1.0, 500, 500), 0, 0.9, []),
    ],
)
def test_reasons_of_a_verdict_say_what_is_beyond_which_limit(
    row: tuple[float, ...], divergences: int, bfmi: float, reasons: list[str]
) -> None:
    tested = pd.DataFrame([row], ["q0"], NOBODY.columns, dtype=float)
    assert check._find_reasons(tested, NOBODY, divergences, bfmi, LIMITS) == reasons


def test_reasons_of_a_verdict_count_what_they_do_not_name() -> None:
    tested = pd.DataFrame([(1.2, 500.0, 500.0)] * 7, [f"q{i}" for i in range(7)], NOBODY.columns)
    (reason,) = check._find_reasons(tested, NOBODY, 0, 0.9, LIMITS)
    assert reason == "R-hat is above 1.01 or not known: q0, q1, q2, q3, q4 and 2 more"


@pytest.mark.parametrize(
    ("frame", "words"),
    [
        ({"median": [1.5], "lower": [-0.25], "upper": [2.0]}, "1: 1.50 (−0.250 to 2.00)."),
        ({"median": [1.5], "lower": [0.5], "upper": [np.inf]},
         "1: 1.50 (0.500 to no upper bound)."),
        ({"median": [np.nan], "lower": [np.nan], "upper": [np.nan]}, "1: not reported."),
        ({"median": [np.inf], "lower": [np.inf], "upper": [np.inf]}, "1: no finite value."),
        ({"median": [0.4], "lower": [np.nan], "upper": [np.nan]}, "1: 0.400."),
        ({"median": [1.0, 2.0], "lower": [0.0, 1.0], "upper": [2.0, 3.0]},
         "2: 1.00 (0 to 2.00); a: 2.00 (1.00 to 3.00)."),
    ],
    ids=["across-zero", "unbounded", "missing", "infinite", "no-interval", "two"],
)  # fmt: skip
def test_alternative_text_of_intervals_says_the_numbers(
    frame: dict[str, list[float]], words: str
) -> None:
    figure = Figure("intervals", "id", "Title", "", pd.DataFrame(frame).assign(label="a"))
    count, said = words.split(": ", maxsplit=1)
    counted = f"{count} estimate{'s' * (count != '1')} with intervals"
    assert kinds.draw(figure).description == f"Title. {counted}. a: {said}"


@pytest.mark.parametrize(("count", "words"), [(1, "1 point"), (2, "2 points")])
def test_alternative_text_of_a_scatter_says_count_and_range(count: int, words: str) -> None:
    frame = pd.DataFrame({"x": [1.0, 2.0][:count], "y": [0.25, 0.75][:count]})
    said = kinds.draw(Figure("scatter", "id", "T", "", frame, "x", "y")).description
    assert said.startswith(f"T. Scatter plot of {words}: y from 0.250 to ")
    ends = ["0.250", ["0.250", "0.750"][count - 1], "1.00", ["1.00", "2.00"][count - 1]]
    assert find_numbers(said) == [str(count), *ends]


@pytest.mark.parametrize("inside", [0, 1])
def test_caption_of_groups_says_how_many_lie_outside(inside: int) -> None:
    group = {
        "by": "date",
        "group": "all",
        "count": 4,
        "median": 0.4,
        "lower": 0.3,
        "upper": 0.5,
        "p": 0.5,
    }
    found = {"predictive_checks": {"groups": [group | {"observed": 0.4 if inside else 0.9}]}}
    (drawing,) = figures.draw_groups(found)
    assert drawing.caption.endswith(f"Outside of it: {1 - inside} of 1 group.")


def test_no_baseline_and_nothing_published_compares_nothing() -> None:
    nothing = pd.DataFrame(columns=["key", "label", "method", "estimate", "lower", "upper"])
    assert summaries.compare_with_literature({"a": make_found(1, 0, 2)}, nothing, []).empty


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
    columns = {"label": "A", "method": "OLS", "lower": np.nan, "upper": np.nan}
    baseline = pd.DataFrame(
        [{"key": key, "estimate": value} | columns for key, value in estimates.items()]
    )
    unbounded = make_found(5.0, None, None)
    withheld = make_found(None, None, None)
    ours = {"a": make_found(1.0, 0.5, 2.0), "b": unbounded, "withheld": withheld}
    said = summaries.describe_baseline(summaries.compare_with_literature(ours, baseline, []))
    assert said.startswith(words)
    assert bool(said) == bool(words)


def test_baseline_without_finite_value_is_marked_open_in_the_file_too() -> None:
    row = {"key": "a", "label": "A", "method": "OLS", "estimate": 9.0, "lower": 4.0}
    baseline = pd.DataFrame([row | {"upper": np.inf}, row | {"upper": 12.0}])
    frame = summaries.compare_with_literature({"a": make_found(1.0, 0.5, 2.0)}, baseline, [])
    assert list(frame.loc[frame["series"] == BASELINE, "is_open"]) == [True, False]


@pytest.mark.parametrize(("shared", "words"), [(1, "1 unit,"), (4, "4 units,")])
def test_models_that_share_too_few_units_say_how_many(shared: int, words: str) -> None:
    density = pd.Series(-1.0, index=[f"m{i}" for i in range(shared)])
    made = [
        comparison.Candidate(
            name, name, "row", "PSIS-LOO", density, density + 2, {}, pd.DataFrame()
        )
        for name in ("a", "b")
    ]
    said = comparison.compare("d", "D", made, "key").reason
    assert said == f"the models share {words} under {comparison.MINIMUM_UNITS}"


@pytest.mark.parametrize(
    ("probability", "words"),
    [(0.0, "< 0.001"), (1.0, "> 0.999"), (0.0049, "0.005"), (0.994, "0.994"), (0.5049, "0.50")],
)
def test_probabilities_are_said_to_the_digits_that_count(probability: float, words: str) -> None:
    assert answers.describe_probability(probability) == words


@pytest.mark.parametrize(("count", "words"), [(1, "1 model was"), (2, "2 models were")])
def test_repeats_are_counted(count: int, words: str) -> None:
    each = {"of": {"model": "A"}, "lines": [2, 3]}
    first, *_ = inspection_text._repeats([each] * count)
    assert first == f"  {words} measured more than once; each row counts in the fit:"


@pytest.mark.parametrize(("distance", "word"), [(6.5, "above"), (-6.5, "below")])
def test_outliers_say_row_value_and_side(distance: float, word: str) -> None:
    row = {"line": 7, "model": "A", "column": "score", "value": 0.25, "distance": distance}
    head, said = inspection_text._outliers([row])
    assert head == "  1 row far from the others; look for slips of the pen:"
    assert said.strip() == (
        f"line 7: A score 0.25 is 6.5 robust standard deviations {word} what the others lead to "
        "expect"
    )


def test_rates_across_zero_say_the_probability_of_no_progress() -> None:
    rate = make_found(0.324, -0.61, 1.29, "decades per year", p_positive=0.71, label="Rate")
    (said,) = answers.list_rates({"rate_decades_per_year": rate}, CHECK, "share_compute[a]")
    assert find_numbers(said.replace("≤\N{NO-BREAK SPACE}0", "")) == [
        "0.32", "−0.61", "1.3", "0.290"]  # fmt: skip


def test_test_of_a_claim_across_zero_is_said_with_its_sign() -> None:
    claim = {"id": "a", "text": "t", "source": "s", "locator": "l", "posterior": "p",
             "estimand": "e", "between": [-0.5, 0.25]}  # fmt: skip
    said = claims.word_test(claims.Claim.model_validate(claim), "share")
    assert find_numbers(said) == ["−50\N{NO-BREAK SPACE}%", "25\N{NO-BREAK SPACE}%"]


def test_caption_of_predictions_counts_the_intervals_that_hold() -> None:
    rng = np.random.default_rng(1)
    drawn = {"y": (("chain", "draw", "row"), rng.normal(0, 1, (2, 500, 4)))}
    frame = summaries.predict(xr.Dataset(drawn), xr.Dataset({"y": ("row", [0.0, 0.1, -0.2, 9.0])}))
    assert (
        rendering.format_quantity(summaries.share_inside(frame), "share") == "75\N{NO-BREAK SPACE}%"
    )


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
    assert value is None or read_number(text)[1] > 0
