"""The synthesis on made-up results: shares, statements, page; other numbers say other things."""

import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from toy_synthesis import DOMAINS, make_page

from pipeline.core.files import read_json
from pipeline.core.layout import Layout
from pipeline.site.overview.rows import Row
from pipeline.site.synthesis_page.page import describe_answer
from pipeline.synthesis.shares import COMPUTE, POOLED, Found, divide_progress, exceed
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
    assert "2 of 4 leaderboards, Language (perplexity) and Knowledge (MMLU)" in find_list(
        page, "apart"
    )
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
    assert "all 3 leaderboards" in find_list(page, "shared")
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
