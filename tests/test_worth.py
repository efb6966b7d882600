"""What a step's algorithms were worth as compute."""

import numpy as np
import pandas as pd
import pytest

from pipeline.site.pages.worth import (
    list_worths,
    say_coefficients,
    say_other_steps,
    say_worth,
)

KEY = "share_compute[math-a-b]"


def make_draws(**decades: float) -> pd.DataFrame:
    spread = np.linspace(-1, 1, 201)
    return pd.DataFrame(
        {f"decades_{part}[math-a-b]": each + 0.0 * spread for part, each in decades.items()}
    )


@pytest.mark.parametrize(
    ("decades", "start", "times"),
    [
        (
            {"technique": 1.0, "trend": 1.0, "lab": np.nan, "unexplained": np.nan},
            "Everything other than training compute was worth",
            "100 times",
        ),
        (
            {"technique": 1.0, "inference": 1.0},
            "Algorithms and compute at test time were together worth",
            "100 times",
        ),
        ({"trend": 1.0, "inference": 0.0, "unexplained": 5.0}, "Algorithms were worth", "10 times"),
    ],
)
def test_worth_is_ten_to_the_decades_of_all_but_compute_and_the_unexplained(
    decades: dict[str, float], start: str, times: str
) -> None:
    said = say_worth(make_draws(compute=3.0, **decades), KEY)
    assert said.startswith(start)
    assert times in said


def test_what_somebody_chose_is_told_by_part_or_together_where_not_known_apart() -> None:
    draws = make_draws(compute=0.0, technique=1.0, inference=0.5, trend=0.1)
    said = "techniques 10 times (10 to 10), compute at test time 3.2 times (3.2 to 3.2)"
    assert f"By parts, which multiply: {said}, and the rest the trend with the date." in say_worth(
        draws, KEY
    )
    trade = np.linspace(-1, 1, len(draws))
    draws["decades_technique[math-a-b]"] += trade
    draws["decades_inference[math-a-b]"] -= trade
    together = "techniques and compute at test time together 32 times (32 to 32), and"
    said = f"By parts, which multiply: {together}"
    assert said in say_worth(draws, KEY)
    assert "which multiply" not in say_worth(make_draws(compute=1.0, trend=1.0), KEY)


def share(label: str, median: float | None) -> dict[str, object]:
    bounds = {"median": median, "lower": 0.0, "upper": 1.0}
    return {"label": f"Compute, share of the step: compute: {label}", "unit": "share"} | bounds


def test_other_steps_are_told_with_their_shares_or_from_the_least_to_the_greatest() -> None:
    steps = {f"share_compute[{name}]": share(name, at) for name, at in (("a", 0.5), ("b", 0.25))}
    steps["share_compute[none]"] = share("none", None)
    steps["share_compute[zero]"] = share("zero", 0.0) | {"upper": 0.0}
    said = say_other_steps(steps, "share_compute[a]", {}).replace("\N{NO-BREAK SPACE}", " ")
    assert said.endswith("elsewhere: b 25 % (0 % to 100 %).")
    assert say_other_steps(steps, "rate_decades_per_year", {}) == ""
    assert say_other_steps({"share_compute[a]": share("a", 0.5)}, "share_compute[a]", {}) == ""
    many = {f"share_compute[{i}]": share(str(i), i / 10) for i in range(7)}
    said = say_other_steps(many, "share_compute[3]", {}).replace("\N{NO-BREAK SPACE}", " ")
    assert "elsewhere: 6, from 0 % (0 % to 100 %) (0) to 60 % (0 % to 100 %) (6)." in said


def test_other_step_with_a_caveat_of_its_own_has_the_sign() -> None:
    steps = {f"share_compute[{name}]": share(name, 0.5) for name in ("a", "b")}
    steps["share_compute[b]"] |= {"median": 0.25}
    held = {"covered": 8, "intervals": 10, "share": 0.8}
    fitted = {"fitted": {"estimands": {"share_compute[b]": held}}}
    check = {"study": {"structures": {"structures": fitted}}}
    assert "b ▲" in say_other_steps(steps, "share_compute[a]", check)
    assert "▲" not in say_other_steps(steps, "share_compute[b]", check)


@pytest.mark.parametrize(
    ("decades", "said"),
    [
        ({"lab": 1.0, "trend": 0.1, "technique": 0.2}, "; the larger part of it is the difference "
         "between laboratories, which names no algorithm."),
        ({"trend": 1.0, "lab": 0.0}, "; all of it is the trend with the release date"),
        ({"trend": 1.0, "technique": 0.5, "lab": 0.5}, None),
        ({"trend": -1.0, "technique": 0.5}, None),
    ],
)  # fmt: skip
def test_part_that_is_more_than_half_of_it_is_named(
    decades: dict[str, float], said: str | None
) -> None:
    told = say_worth(make_draws(compute=3.0, **decades), KEY)
    assert (said or ").") in told
    assert ("of it is" in told) is bool(said)


def test_part_that_may_be_more_than_half_is_named_with_its_probability() -> None:
    draws = make_draws(lab=1.0, trend=1.0)
    draws["decades_lab[math-a-b]"] += np.linspace(-1, 3, len(draws))
    assert "part of it, with probability 0.75, is the difference" in say_worth(draws, KEY)
    assert "cannot explain is not counted" in say_worth(make_draws(lab=1, unexplained=0.1), KEY)


def test_nothing_is_said_of_what_is_no_step() -> None:
    assert say_worth(make_draws(trend=1.0), "rate_decades_per_year") == ""
    assert say_worth(make_draws(compute=1.0), KEY) == ""
    assert say_worth(pd.DataFrame(), KEY) == ""


def test_every_other_step_is_told_by_its_label() -> None:
    found = {KEY: {"label": "in effective compute: A to B"}}
    found["share_compute[none]"] = {"label": "in effective compute: A to C"}
    told = list_worths(make_draws(compute=1.0, technique=2.0), found, "share_compute[headline]")
    assert list(told) == ["A to B"]
    assert "100 times" in told["A to B"]
    assert list_worths(make_draws(technique=2.0), {KEY: found[KEY]}, KEY) == {}


@pytest.mark.parametrize(
    ("ends", "words"),
    [
        ((0.2, 0.7), "holds neither"),
        ((0.2, 1.3), "holds 1 and not 0"),
        ((-0.2, 0.7), "holds 0 and not 1"),
        ((-0.2, 1.3), "holds both"),
    ],
)
def test_coefficients_are_told_against_the_law_and_no_cost(
    ends: tuple[float, float], words: str
) -> None:
    found = {"median": 0.5, "lower": ends[0], "upper": ends[1]}
    said = say_coefficients({"allocation_coefficient[over]": found})
    assert "over-trained" in said
    assert "under-trained" not in said
    assert said.endswith(f"the interval {words}.")
    assert say_coefficients({}) == ""


@pytest.mark.parametrize(("sign", "is_told"), [(-1.0, True), (1.0, False)])
def test_parts_that_are_known_better_together_are_to_be_quoted_together(
    sign: float, is_told: bool
) -> None:
    draws = make_draws(compute=0.0, technique=0.0, inference=1.0)
    spread = np.linspace(-1, 1, len(draws))
    draws["decades_technique[math-a-b]"] += spread
    draws["decades_inference[math-a-b]"] += sign * spread
    assert ("do not tell apart" in say_worth(draws, KEY)) is is_told
