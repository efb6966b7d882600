"""What is said of all domains follows from the numbers: change them, and the sentence changes."""

from typing import Any

import pytest
from conftest import read_cases

from pipeline.site.synthesis_page import page as words
from pipeline.synthesis.shares import MEAN, NEW

Entries = dict[str, dict[str, Any]]
CASES = read_cases("statements.yaml")


def share(median: float) -> dict[str, Any]:
    """A share or a probability."""
    numbers = {"median": median, "lower": median - 0.1, "upper": median + 0.1}
    return {"unit": "share", "is_flagged": False, "caveats": ["doubtful"]} | numbers


def quantity(*numbers: float | None) -> dict[str, Any]:
    names = ("median", "lower", "upper", "p_positive")
    return {"unit": "decades per year"} | dict(zip(names, numbers, strict=False))


def make_entries(**chances: float) -> Entries:
    """Steps of these domains, with the probability that each is mostly compute."""
    shares = {f"share_step[{name}]": share(0.1 + 0.8 * p) for name, p in chances.items()}
    return shares | {f"p_majority_step[{name}]": share(p) for name, p in chances.items()}


@pytest.mark.parametrize("case", CASES["answers"], ids=lambda case: case["said"])
def test_answer_counts_the_domains(case: dict[str, Any]) -> None:
    entries = make_entries(**case["chances"])
    assert words.describe_answer(entries).startswith(f"{case['said']}: ")
    assert words.describe_in_short(entries).startswith(f"{case['said']}. ")
    assert words.state_majority(entries, "step").kind == case["kind"]


def test_answer_names_the_most_and_the_least_and_the_year() -> None:
    entries = make_entries(A=0.2, B=0.9, C=0.5)
    entries["share_step[B]"]["is_flagged"] = True
    assert "In a year" not in words.describe_answer(entries)
    years = {"A": 0.3, "B": 0.6, MEAN: 0.45, NEW: 0.9}
    entries |= {f"share_year[{name}]": share(each) for name, each in years.items()}
    assert "makes up 45" in words.describe_in_short(entries)
    said = words.describe_answer(entries)
    assert f"made up {words.CAVEAT}82\N{NO-BREAK SPACE}% (72\N{NO-BREAK SPACE}% to 92" in said
    assert said.index("on B, the highest median") < said.index("on A, the lowest")
    assert "on C" not in said
    assert said.count(words.CAVEAT) == 1
    assert "makes up 45" in said
    assert "between 30\N{NO-BREAK SPACE}% and 60\N{NO-BREAK SPACE}%" in said


def test_nothing_is_said_without_numbers() -> None:
    entries: Entries = {"share_step[A]": {"median": None, "reason": "failed"}}
    assert "may be quoted" in words.describe_answer(entries)
    assert words.list_statements(entries, {}, {}) == []
    assert words.describe_in_short(entries) == ""
    assert words.list_doubts(make_entries(A=0.4), {}, {}) == []


@pytest.mark.parametrize("case", CASES["statements"], ids=lambda case: case["said"])
def test_statements_follow_from_the_numbers(case: dict[str, Any]) -> None:
    entries = {name: share(median) for name, median in case.get("entries", {}).items()}
    pooled, returns = (
        {name: quantity(*numbers) for name, numbers in case.get(part, {}).items()}
        for part in ("pooled", "returns")
    )
    (found,) = words.list_statements(entries, pooled, returns)
    assert found.kind == case["kind"]
    assert case["said"] in found.text


def test_doubts_are_those_of_the_numbers() -> None:
    entries = make_entries(A=0.4, B=0.6)
    entries["share_step[B]"]["is_flagged"] = True
    check = {"prior_sensitivity": {"mean": {"prior": 0.2}, "between_sd": {"prior": 0.01}}}
    read = {"Returns": share(1.0) | {"is_flagged": True}}
    *caveats, leaning = words.list_doubts(entries, read, check)
    assert caveats == ["B: doubtful.", "Returns: doubtful."]
    assert "their mean moves with the prior" in leaning
    assert "spread" not in leaning
