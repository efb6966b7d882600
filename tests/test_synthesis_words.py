"""What is said of all domains follows from the numbers: change them, and the sentence changes."""

from typing import Any

import pytest

from pipeline.synthesis import synthesis_words as words

Entry = dict[str, Any]


def share(median: float, is_flagged: bool = False) -> Entry:
    numbers = {"median": median, "lower": median - 0.1, "upper": median + 0.1}
    return {"unit": "share", "is_flagged": is_flagged, "caveats": ["doubtful"]} | numbers


def chance(median: float) -> Entry:
    return {"unit": "probability", "median": median, "lower": None, "upper": None}


def quantity(median: float, lower: float, upper: float | None, positive: float = 1.0) -> Entry:
    numbers = {"median": median, "lower": lower, "upper": upper, "p_positive": positive}
    return {"unit": "decades per year"} | numbers


def make_entries(**chances: float) -> dict[str, Entry]:
    """Steps of these domains, with the probability that each is mostly compute."""
    shares = {f"share_step[{name}]": share(0.1 + 0.8 * p) for name, p in chances.items()}
    return shares | {f"p_majority_step[{name}]": chance(p) for name, p in chances.items()}


@pytest.mark.parametrize(
    ("chances", "expected"),
    [
        ({"A": 0.99, "B": 0.97}, "Mostly compute"),
        ({"A": 0.01, "B": 0.04}, "Mostly algorithms"),
        ({"A": 0.99, "B": 0.01}, "It depends on the domain"),
        ({"A": 0.99, "B": 0.5}, "Both, and compute more in some domains"),
        ({"A": 0.01, "B": 0.5}, "Both, and algorithms more in some domains"),
        ({"A": 0.5, "B": 0.94}, "Both, and which is more cannot be told"),
    ],
)
def test_answer_counts_the_domains(chances: dict[str, float], expected: str) -> None:
    assert words.describe_answer(make_entries(**chances)).startswith(f"{expected}: from the first")


def test_answer_names_the_most_and_the_least() -> None:
    said = words.describe_answer(make_entries(A=0.2, B=0.9, C=0.5))
    assert "82\N{NO-BREAK SPACE}% (72\N{NO-BREAK SPACE}% to 92" in said
    assert said.index("on B, the highest median") < said.index("on A, the lowest")
    assert "on C" not in said


def test_a_share_with_a_caveat_has_the_sign_before_it() -> None:
    entries = make_entries(A=0.2, B=0.9)
    entries["share_step[B]"]["is_flagged"] = True
    said = words.describe_answer(entries)
    assert f"made up {words.CAVEAT}82" in said
    assert said.count(words.CAVEAT) == 1


def test_answer_has_the_year_at_the_mean_rate_and_the_ends() -> None:
    entries = make_entries(A=0.9, B=0.9)
    assert "In a year" not in words.describe_answer(entries)
    years = {"A": 0.3, "B": 0.6, words.MEAN: 0.45, words.NEW: 0.9}
    entries |= {f"share_year[{name}]": share(each) for name, each in years.items()}
    said = words.describe_answer(entries)
    assert "makes up 45" in said
    assert "between 30\N{NO-BREAK SPACE}% and 60\N{NO-BREAK SPACE}%" in said


def test_nothing_is_answered_without_shares() -> None:
    entries = {"share_step[A]": {"median": None, "reason": "failed"}}
    assert "may be quoted" in words.describe_answer(entries)
    assert words.list_statements(entries, {}, {}) == []


def test_both_took_part_only_where_that_is_sure() -> None:
    entries = {"p_both[A]": chance(0.99), "p_both[B]": chance(0.97)}
    sure = words.state_both(entries)
    assert sure is not None
    assert sure.kind == "shared"
    assert "0.97 where it is least, on B" in sure.text
    unsure = words.state_both(entries | {"p_both[B]": chance(0.6)})
    assert unsure is not None
    assert unsure.kind == "open"
    assert "not sure on B" in unsure.text


@pytest.mark.parametrize(("positive", "kind"), [(0.99, "shared"), (0.8, "open")])
def test_progress_everywhere_follows_from_the_slowest(positive: float, kind: str) -> None:
    found = words.state_progress({"slowest": quantity(0.3, 0.1, 0.5, positive)})
    assert found is not None
    assert found.kind == kind
    assert f"is {positive:.2f};" in found.text


@pytest.mark.parametrize(
    ("lower", "upper", "kind"),
    [(2.0, 6.0, "apart"), (1.1, 3.0, "open"), (1.0, 1.3, "shared"), (1.2, None, "open")],
)
def test_rates_differ_beyond_a_factor(lower: float, upper: float | None, kind: str) -> None:
    factor = {"fastest_over_slowest": quantity(1.25, lower, upper) | {"unit": "factor"}}
    found = words.state_factor(factor)
    assert found is not None
    assert found.kind == kind


@pytest.mark.parametrize(("positive", "kind"), [(0.99, "shared"), (0.88, "open")])
def test_next_leaderboard_is_open_where_it_may_stand_still(positive: float, kind: str) -> None:
    found = words.state_next({"predictive": quantity(0.6, -0.3, 1.7, positive)})
    assert found is not None
    assert found.kind == kind
    assert "\N{MINUS SIGN}0.30 to 1.7" in found.text
    assert f"probability {1 - positive:.2f} not at all" in found.text


@pytest.mark.parametrize(
    ("lower", "upper", "expected"),
    [(1.1, 2.0, "Returns to research more"), (0.2, 0.9, "Returns to research less"),
     (0.7, 3.0, "Whether returns")],
)  # fmt: skip
def test_returns_are_told_from_one(lower: float, upper: float, expected: str) -> None:
    found = words.state_returns(
        {"pooled": quantity(1.0, 0.5, 1.5), "predictive": quantity(1.0, lower, upper)}
    )
    assert found is not None
    assert found.text.startswith(expected)


def test_majorities_name_every_domain_once() -> None:
    found = words.state_majority(make_entries(A=0.99, B=0.5, C=0.99), "step")
    assert found is not None
    assert found.kind == "open"
    assert "more than half on 2 of 3 leaderboards, A and C;" in found.text
    assert "cannot be told which is more on 1 of 3 leaderboards, B." in found.text
    assert "less than half" not in found.text


def test_split_that_may_be_alike_is_open() -> None:
    entries = make_entries(A=0.4, B=0.6)
    for probability, kind in ((0.99, "apart"), (0.7, "open")):
        found = words.state_difference(entries | {"p_shares_differ": chance(probability)})
        assert found is not None
        assert found.kind == kind
        assert f"probability {probability:.2f}" in found.text


def test_doubts_are_those_of_the_numbers() -> None:
    entries = make_entries(A=0.4, B=0.6)
    entries["share_step[B]"]["is_flagged"] = True
    check = {"prior_sensitivity": {"mean": {"prior": 0.2}, "between_sd": {"prior": 0.01}}}
    models = {"A": [share(0.3), share(0.35)], "B": [share(0.2), share(0.9)]}
    rates = {"A": (quantity(1.4, 1, 2), quantity(0.9, 0.5, 1.5)), "B": (quantity(1, 0, 2),) * 2}
    doubts = words.list_doubts(
        entries, {"Returns": share(1.0, is_flagged=True)}, check, models, rates
    )
    assert doubts[:2] == ["B: doubtful.", "Returns: doubtful."]
    assert "most on B" in doubts[2]
    assert "20\N{NO-BREAK SPACE}% to 90\N{NO-BREAK SPACE}%" in doubts[2]
    assert "A 1.4 (1.0 to 2.0) instead of 0.90 (0.50 to 1.5) decades a year" in doubts[3]
    assert "their mean moves with the prior" in doubts[4]
    assert "spread" not in doubts[4]


def test_no_doubt_is_made_up() -> None:
    assert words.list_doubts(make_entries(A=0.4), {}, {}, {"A": [share(0.3)]}, {}) == []


def test_short_answer_counts_and_has_the_year() -> None:
    entries = make_entries(A=0.99, B=0.5) | {f"share_year[{words.MEAN}]": share(0.45)}
    said = words.describe_in_short(entries)
    assert said.startswith("Both, and compute more in some domains. From the first")
    assert "more than half on 1 of 2 leaderboards, A;" in said
    assert "makes up 45" in said
    assert words.describe_in_short({}) == ""
