"""The synthesis on made-up results: shares, page, and words that follow from the numbers."""

import math
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from conftest import read_cases
from toy_synthesis import DOMAINS, READ, make_page, write_toys

from pipeline.core.files import read_json
from pipeline.core.layout import Layout
from pipeline.site.overview.rows import Row
from pipeline.site.synthesis_page import means
from pipeline.site.synthesis_page import page as words
from pipeline.site.synthesis_page.page import describe_answer
from pipeline.site.synthesis_page.reading import CAVEAT, tell
from pipeline.synthesis import periods
from pipeline.synthesis.shares import (
    COMPUTE,
    MEAN,
    NEW,
    POOLED,
    Found,
    divide_progress,
    exceed,
    read_overlap,
)
from pipeline.synthesis.stage import find_extremes

Run = tuple[dict[str, Any], str]


def run(folder: Path, **toy: Any) -> Run:
    """The estimands and the page of a run."""
    page = make_page(folder, **toy)
    entries = read_json(Layout(folder).attribution("synthesis"))
    return entries, page.read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """A run in which every posterior passed; treat as read-only."""
    return run(tmp_path_factory.mktemp("synthesis"))


@pytest.fixture(scope="module")
def doubtful(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """A run in which fits failed and one is not identified; compute is most everywhere."""
    failed, unidentified = ("math-compute_multiplier", POOLED), ("mmlu-compute_multiplier",)
    toy = {"shares": dict.fromkeys(DOMAINS, 0.9), "failed": failed, "unidentified": unidentified}
    return run(tmp_path_factory.mktemp("doubtful"), **toy)


def find_list(page: str, anchor: str) -> str:
    """The text of the statements under a heading; empty where there is none."""
    found = re.search(rf'<h3 id="{anchor}">.*?</h3>\s*<ul>(.*?)</ul>', page, re.DOTALL)
    return found.group(1) if found else ""


def test_shares_and_probabilities_are_those_of_the_draws(made: Run) -> None:
    together = ["Mean of our leaderboards", "A leaderboard not yet seen"]
    names = {"step": [*DOMAINS.values()], "year": [*DOMAINS.values(), *together]}
    for kind, expected in (names | {"field": ["Solvers", "Sorting"]}).items():
        found = [key for key in made[0] if key.startswith(f"share_{kind}[")]
        assert found == [f"share_{kind}[{name}]" for name in expected]
    medians = {key: entry["median"] for key, entry in made[0].items()}
    assert medians["share_step[Mathematics (MATH)]"] == pytest.approx(0.3, abs=0.02)
    assert medians["share_year[Images (ImageNet)]"] == pytest.approx(0.6, abs=0.02)
    assert medians["share_field[Solvers]"] == pytest.approx(1 / (1 + 3), abs=0.01)
    assert medians["p_majority_step[Language (perplexity)]"] == 1.0
    assert medians["p_majority_step[Mathematics (MATH)]"] == 0.0
    assert 0.2 < medians["p_majority_step[Images (ImageNet)]"] < 0.8
    assert medians["p_both[Knowledge (MMLU)]"] == 1.0
    assert medians["p_shares_differ"] > 0.999


def test_page_says_where_domains_differ_and_what_it_rests_on(made: Run) -> None:
    entries, page = made
    assert describe_answer(entries).startswith("It depends on the domain: ")
    more = "on 2 of 5 leaderboards compute brought more than half of the progress: Language"
    assert more in find_list(page, "apart")
    assert "every leaderboard" in find_list(page, "shared")
    assert "not yet seen" in find_list(page, "open")
    for found in ('id="citation"', "grace2013algorithmic", f"attributions/{COMPUTE}.json"):
        assert found in page
    assert all(entries[f"share_field[{name}]"]["is_flagged"] for name in ("Solvers", "Sorting"))


def test_what_failed_is_not_quoted_and_doubts_stand_first(doubtful: Run) -> None:
    entries, page = doubtful
    step = entries["share_step[Mathematics (MATH)]"]
    assert (step["median"], step["reason"]) == (None, "no fit of it passed its check")
    assert POOLED in entries["share_year[Mean of our leaderboards]"]["reason"]
    assert entries["share_year[Mathematics (MATH)]"]["median"] is None
    assert describe_answer(entries).startswith("Mostly compute")
    assert "all 4 leaderboards" in find_list(page, "shared")
    for anchor in ("shared", "apart", "open"):
        assert "not yet seen" not in find_list(page, anchor)
    assert entries["share_step[Knowledge (MMLU)]"]["is_flagged"]
    assert page.index("Knowledge (MMLU): not identified") < page.index('<p class="answer">')


def test_probability_that_shares_differ_counts_every_pair_of_draws() -> None:
    """By hand: 0.6 exceeds 0.1 and 0.5, 0.4 exceeds 0.1: three of four pairs."""
    assert exceed(np.array([0.4, 0.6]), np.array([0.1, 0.5])) == 0.75


def test_the_leaderboards_with_most_and_least_compute_are_compared() -> None:
    row = Row("", "", "", "", "model")
    low, middle, high = (
        Found("step", replace(row, median=each), np.full(2, each)) for each in (0.1, 0.4, 0.6)
    )
    assert find_extremes([middle, high, low]) == (high, low)
    assert find_extremes([low]) is None


def test_share_of_a_year_is_the_part_of_compute_in_the_sum_of_both_rates() -> None:
    shares, reason = divide_progress(np.array([0.6, 0.6]), np.array([0.2, 0.2]))
    assert list(shares) == pytest.approx([0.75, 0.75])
    assert reason == ""
    drawn = np.random.default_rng(2).normal(0.5, 0.1, 2000)
    shares, _ = divide_progress(drawn, drawn)
    assert np.ptp(shares) > 0.1  # paired in order, every share would be a half
    shares, reason = divide_progress(np.array([0.5, 0.5]), np.array([-0.45, 0.5]))
    assert not len(shares)
    assert reason == "the total is under 0.1 decades a year in 50.0% of the draws"


def test_rates_of_every_two_leaderboards_are_compared_the_faster_first(made: Run) -> None:
    entries, page = made
    rates = {key: each for key, each in entries.items() if key.startswith("rate_difference[")}
    assert len(rates) == math.comb(len(DOMAINS), 2)
    assert all(
        each["median"] > -0.01 and each["unit"] == "decades per year" for each in rates.values()
    )
    name = next(iter(rates)).removeprefix("rate_difference[").removesuffix("]")
    said = {label: words for label, words, _ in means.list_differences(entries)}
    assert said[name] == tell(rates[f"rate_difference[{name}]"])
    assert f'{name}</th><td class="text">{said[name]}</td><td class="number-cell">' in page
    surely = [each for each in rates.values() if each["p_positive"] > 0.95]
    assert f"{len(surely)} of {len(rates)} pairs of leaderboards" in means.say_differences(entries)
    assert means.say_differences({}) == ""


def test_periods_are_means_of_their_years_and_told_where_there_are_enough(
    made: Run,
) -> None:
    entries = {key: each["median"] for key, each in made[0].items()}
    assert entries["rate_before_2023[Knowledge (MMLU)]"] == pytest.approx(0.1, abs=0.01)
    assert entries["rate_since_2023[Knowledge (MMLU)]"] == pytest.approx(0.6, abs=0.01)
    assert entries["p_faster_since_2023[Knowledge (MMLU)]"] == 1.0
    assert entries["rate_since_2025[Science (GPQA Diamond)]"] == pytest.approx(0.9, abs=0.01)
    assert entries["rate_2023_to_2024[Science (GPQA Diamond)]"] == pytest.approx(0.9, abs=0.01)
    assert 0.2 < entries["p_faster_since_2025[Science (GPQA Diamond)]"] < 0.8
    assert entries[f"rate_since_2023[{periods.MEAN}]"] == pytest.approx(0.75, abs=0.01)
    assert entries[f"share_since_2023[{periods.MEAN}]"] == pytest.approx(0.6 / 1.35, abs=0.02)
    for absent in ("rate_since_2023[Language (perplexity)]", "rate_before_2023[Images (ImageNet)]"):
        assert absent not in entries  # one year, and none
    assert "rate_since_2025[Knowledge (MMLU)]" not in entries


def test_difference_of_periods_is_that_of_the_draws_and_still_periods_are_named(made: Run) -> None:
    entries, page = made
    change = entries["change_since_2023[Knowledge (MMLU)]"]
    assert change["median"] == pytest.approx(0.5, abs=0.01)
    assert change["upper"] - change["lower"] == pytest.approx(2 * 1.645 * 0.05, rel=0.15)
    assert "change_since_2023[Language (perplexity)]" not in entries
    assert "improved faster since 2023 than before, on 1 of 5 leaderboards" in page
    slow = dict(entries) | {"rate_before_2023[Knowledge (MMLU)]": quantity(0.1, -0.1, 0.3)}
    rows = means.list_changes(slow, READ)
    assert [row.name for row in rows if row.is_still] == ["Knowledge (MMLU)"]
    assert not any(row.is_still for row in means.list_changes(entries, READ))
    (text,) = [s.text for s in words.list_statements(slow, {}, {}) if "faster since" in s.text]
    assert "no progress was measured there" in text
    assert "no measured progress" not in page


def test_both_shares_of_a_year_stand_side_by_side_with_why_they_differ(made: Run) -> None:
    entries, page = made
    section = page[page.index('id="estimates"') : page.index('id="common"')]
    both = (f"share_year[{MEAN}]", f"share_since_2023[{periods.MEAN}]")
    for key in both:
        assert tell(entries[key]) in section
        assert tell(entries[key]) in describe_answer(entries)
    assert tell(entries[f"share_since_2023_alike[{periods.MEAN}]"]) in section
    assert means.explain_means({key: each for key, each in entries.items() if key != both[0]}) == ""


def test_errors_go_together_by_the_models_in_common_and_at_most_fully() -> None:
    rng = np.random.default_rng(5)
    drawn = rng.normal(size=(3, 4000))
    overlap = np.array([[1.0, 0.8, 0.0], [0.8, 1.0, 0.0], [0.0, 0.0, 1.0]])
    paired = periods.pair(drawn, overlap, rng)
    np.testing.assert_array_equal(np.sort(paired, axis=1), np.sort(drawn, axis=1))
    found = np.corrcoef(paired)
    assert found[0, 1] == pytest.approx(0.8 * 0.5, abs=0.06)  # Beta(2, 2) has mean one half
    assert np.abs(found[2, :2]).max() < 0.06
    widths = [
        np.ptp(np.quantile(each.mean(axis=0), [0.05, 0.95]))
        for each in (drawn, paired, np.sort(drawn, axis=1))
    ]
    assert widths == sorted(widths)
    assert widths[2] / widths[0] == pytest.approx(3**0.5, rel=0.05)


def test_leaderboards_of_unknown_overlap_count_as_of_the_same_models() -> None:
    known = pd.DataFrame([[1.0, 0.2], [0.2, 1.0]], ["A", "B"], ["A", "B"])
    np.testing.assert_array_equal(periods.find_shared(["B", "A"], known), [[1, 0.2], [0.2, 1]])
    assert (periods.find_shared(["A", "C"], known) == 1).all()


def test_the_overlap_is_that_of_the_pooled_rates(made: Run, tmp_path: Path) -> None:
    overlap = read_overlap(write_toys(tmp_path))
    same = overlap.loc["Knowledge (MMLU)", "Science (GPQA Diamond)"]
    assert (same, overlap.loc["Knowledge (MMLU)", "Mathematics (MATH)"]) == (1.0, 0.0)
    alike, since = (made[0][f"rate_since_2023{end}[{periods.MEAN}]"] for end in (periods.ALIKE, ""))
    assert alike["upper"] - alike["lower"] > since["upper"] - since["lower"]


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
    assert words.state_majority(entries, "step").kind == case["kind"]


def test_answer_names_the_most_and_the_least_and_the_year() -> None:
    entries = make_entries(A=0.2, B=0.9, C=0.5)
    entries["share_step[B]"]["is_flagged"] = True
    assert "In a year" not in words.describe_answer(entries)
    years = {"A": 0.3, "B": 0.6, MEAN: 0.45, NEW: 0.9}
    entries |= {f"share_year[{name}]": share(each) for name, each in years.items()}
    said = words.describe_answer(entries)
    assert f"made up {CAVEAT}82\N{NO-BREAK SPACE}% (72\N{NO-BREAK SPACE}% to 92" in said
    assert said.index("on B, the highest median") < said.index("on A, the lowest")
    assert "on C" not in said
    assert said.count(CAVEAT) == 1
    assert "makes up 45" in said
    assert "from 30\N{NO-BREAK SPACE}% (20" in said
    assert "to 60\N{NO-BREAK SPACE}% (50" in said


def test_nothing_is_said_without_numbers() -> None:
    entries: Entries = {"share_step[A]": {"median": None, "reason": "failed"}}
    assert "may be quoted" in words.describe_answer(entries)
    assert words.list_statements(entries, {}, {}) == []
    assert words.list_doubts(make_entries(A=0.4), {}, {}) == []


@pytest.mark.parametrize("case", CASES["statements"], ids=lambda case: case["said"])
def test_statements_follow_from_the_numbers(case: dict[str, Any]) -> None:
    entries = {name: share(median) for name, median in case.get("entries", {}).items()}
    pooled, returns, costs = (
        {name: quantity(*numbers) for name, numbers in case.get(part, {}).items()}
        for part in ("pooled", "returns", "costs")
    )
    (found,) = words.list_statements(entries, pooled, returns, costs)
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
