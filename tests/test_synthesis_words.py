"""What is said of all domains follows from the numbers: change them, and the sentence changes."""

# ruff: noqa: E501  # a case is a line

from typing import Any

import pytest

from pipeline.site.synthesis_page import words
from pipeline.synthesis.shares import MEAN, NEW

Entries = dict[str, dict[str, Any]]


def share(median: float, is_flagged: bool = False) -> dict[str, Any]:
    numbers = {"median": median, "lower": median - 0.1, "upper": median + 0.1}
    return {"unit": "share", "is_flagged": is_flagged, "caveats": ["doubtful"]} | numbers


def chance(median: float) -> dict[str, Any]:
    return {"unit": "probability", "median": median, "lower": None, "upper": None}


def quantity(median: float, lower: float, upper: float | None, positive: float = 1.0) -> Any:
    numbers = {"median": median, "lower": lower, "upper": upper, "p_positive": positive}
    return {"unit": "decades per year"} | numbers


def make_entries(**chances: float) -> Entries:
    """Steps of these domains, with the probability that each is mostly compute."""
    shares = {f"share_step[{name}]": share(0.1 + 0.8 * p) for name, p in chances.items()}
    return shares | {f"p_majority_step[{name}]": chance(p) for name, p in chances.items()}


@pytest.mark.parametrize(
    ("chances", "expected", "kind"),
    [
        ({"A": 0.99, "B": 0.97}, "Mostly compute", "shared"),
        ({"A": 0.01, "B": 0.04}, "Mostly algorithms", "shared"),
        ({"A": 0.99, "B": 0.01}, "It depends on the domain", "apart"),
        ({"A": 0.99, "B": 0.5}, "Both, and compute more in some domains", "open"),
        ({"A": 0.01, "B": 0.5}, "Both, and algorithms more in some domains", "open"),
        ({"A": 0.5, "B": 0.94}, "Both, and which is more cannot be told", "open"),
    ],
)
def test_answer_counts_the_domains(chances: dict[str, float], expected: str, kind: str) -> None:
    entries = make_entries(**chances)
    assert words.describe_answer(entries).startswith(f"{expected}: ")
    assert words.describe_in_short(entries).startswith(f"{expected}. ")
    assert words.state_majority(entries, "step").kind == kind


def test_answer_names_the_most_and_the_least_and_marks_caveats() -> None:
    entries = make_entries(A=0.2, B=0.9, C=0.5)
    entries["share_step[B]"]["is_flagged"] = True
    said = words.describe_answer(entries)
    assert f"made up {words.CAVEAT}82\N{NO-BREAK SPACE}% (72\N{NO-BREAK SPACE}% to 92" in said
    assert said.index("on B, the highest median") < said.index("on A, the lowest")
    assert "on C" not in said
    assert said.count(words.CAVEAT) == 1


def test_answer_has_the_year_at_the_mean_rate_and_the_ends() -> None:
    entries = make_entries(A=0.9, B=0.9)
    assert "In a year" not in words.describe_answer(entries)
    years = {"A": 0.3, "B": 0.6, MEAN: 0.45, NEW: 0.9}
    entries |= {f"share_year[{name}]": share(each) for name, each in years.items()}
    assert "makes up 45" in words.describe_in_short(entries)
    said = words.describe_answer(entries)
    assert "makes up 45" in said
    assert "between 30\N{NO-BREAK SPACE}% and 60\N{NO-BREAK SPACE}%" in said


def test_nothing_is_said_without_numbers() -> None:
    entries: Entries = {"share_step[A]": {"median": None, "reason": "failed"}}
    assert "may be quoted" in words.describe_answer(entries)
    assert words.list_statements(entries, {}, {}) == []
    assert words.describe_in_short(entries) == ""
    assert words.list_doubts(make_entries(A=0.4), {}, {}, {"A": [0.3]}, {}) == []


CASES: list[tuple[Entries, Entries, Entries, str, str]] = [
    ({"p_both[A]": chance(0.99), "p_both[B]": chance(0.97)}, {}, {}, "shared", "0.97 where it is least, on B"),
    ({"p_both[A]": chance(0.99), "p_both[B]": chance(0.6)}, {}, {}, "open", "not sure on B"),
    ({}, {"slowest": quantity(0.3, 0.1, 0.5, 0.99)}, {}, "shared", "Algorithms improve"),
    ({}, {"slowest": quantity(0.3, 0.1, 0.5, 0.8)}, {}, "open", "is 0.80;"),
    ({}, {"fastest_over_slowest": quantity(1.25, 2.0, 6.0)}, {}, "apart", "times the slowest's"),
    ({}, {"fastest_over_slowest": quantity(1.25, 1.1, 3.0)}, {}, "open", "Whether there is one"),
    ({}, {"fastest_over_slowest": quantity(1.25, 1.0, 1.3)}, {}, "shared", "The rate of progress"),
    ({}, {"fastest_over_slowest": quantity(1.25, 1.2, None)}, {}, "open", "no upper bound"),
    ({}, {"predictive": quantity(0.6, -0.3, 1.7, 0.99)}, {}, "shared", "0.01 not at all"),
    ({}, {"predictive": quantity(0.6, -0.3, 1.7, 0.88)}, {}, "open", "0.12 not at all"),
    ({}, {}, {"pooled": quantity(1, 0.5, 1.5), "predictive": quantity(1, 1.1, 2)}, "shared", "research more"),
    ({}, {}, {"pooled": quantity(1, 0.5, 1.5), "predictive": quantity(1, 0.2, 0.9)}, "shared", "research less"),
    ({}, {}, {"pooled": quantity(1, 0.5, 1.5), "predictive": quantity(1, 0.7, 3)}, "open", "Whether returns"),
]  # fmt: skip


@pytest.mark.parametrize(("entries", "pooled", "returns", "kind", "said"), CASES)
def test_statements_follow_from_the_numbers(
    entries: Entries, pooled: Entries, returns: Entries, kind: str, said: str
) -> None:
    (found,) = words.list_statements(entries, pooled, returns)
    assert found.kind == kind
    assert said in found.text


def test_majorities_name_every_domain_once() -> None:
    found = words.state_majority(make_entries(A=0.99, B=0.5, C=0.99), "step").text
    assert "more than half on 2 of 3 leaderboards, A and C;" in found
    assert "cannot be told which is more on 1 of 3 leaderboards, B." in found
    assert "less than half" not in found


@pytest.mark.parametrize(("probability", "kind"), [(0.99, "apart"), (0.7, "open")])
def test_split_that_may_be_alike_is_open(probability: float, kind: str) -> None:
    entries = make_entries(A=0.4, B=0.6) | {"p_shares_differ": chance(probability)}
    (found,) = [
        each for each in words.list_statements(entries, {}, {}) if f"{probability:.2f}" in each.text
    ]
    assert found.kind == kind


def test_doubts_are_those_of_the_numbers() -> None:
    entries = make_entries(A=0.4, B=0.6)
    entries["share_step[B]"]["is_flagged"] = True
    check = {"prior_sensitivity": {"mean": {"prior": 0.2}, "between_sd": {"prior": 0.01}}}
    models = {"A": [0.3, 0.35], "B": [0.2, 0.9]}
    rates = {"A": (quantity(1.4, 1, 2), quantity(0.9, 0.5, 1.5)), "B": (quantity(1, 0, 2),) * 2}
    read = {"Returns": share(1.0, is_flagged=True)}
    doubts = words.list_doubts(entries, read, check, models, rates)
    assert doubts[:2] == ["B: doubtful.", "Returns: doubtful."]
    assert "most on B" in doubts[2]
    assert "20\N{NO-BREAK SPACE}% to 90\N{NO-BREAK SPACE}%" in doubts[2]
    assert "A 1.4 (1.0 to 2.0) instead of 0.90 (0.50 to 1.5) decades a year" in doubts[3]
    assert "their mean moves with the prior" in doubts[4]
    assert "spread" not in doubts[4]
