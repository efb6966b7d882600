"""The file of the scenarios: what is refused, with its line, and what the real one says."""

# ruff: noqa: E501  # a line of the file is a line here, so that lines can be counted

from pathlib import Path

import pytest
from toy_takeoff import read_real

from models.takeoff import Economy
from pipeline.failures import SourceError
from pipeline.takeoff.scenarios import PLAIN, ROLES, read_scenarios

KEYS = ["davidson2025quick", "besiroglu2024economic"]
GOOD = """\
defaults: {returns: ours, elasticity: unit, rate: today}
inputs:
  - {id: ours, kind: returns, label: ours, reason: it is, posterior: a-b, draws: {stepping_on_toes: s, fishing_out: f}}
  - {id: pooled, kind: pooled_returns, label: pooled, reason: it is, posterior: a-c, draws: {returns: r}, borrows: ours}
  - {id: unit, kind: elasticity, label: one, reason: it is, value: 1.0, citations: [davidson2025quick]}
  - {id: today, kind: rate, label: today, reason: it is, posterior: a-d, draws: {rate: g}}
assumptions:
  - {id: labour_share, label: share, unit: "1", central: 0.5, low: 0.3, high: 0.7, scale: linear, citations: [davidson2025quick], locator: page 1, reason: because}
  - {id: labour_jump, label: jump, unit: times, central: 1, low: 1, high: 10, scale: log, citations: [davidson2025quick], locator: page 1, reason: because}
  - {id: ceiling_decades, label: ceiling, unit: decades, central: 10, low: 6, high: 14, scale: linear, citations: [davidson2025quick], locator: page 1, reason: because}
  - {id: experiment_growth, label: growth, unit: "1", central: 0, low: -1, high: 1, scale: linear, citations: [davidson2025quick], locator: page 1, reason: because}
  - {id: delay_years, label: delay, unit: years, central: 0, low: 0, high: 1, scale: linear, citations: [davidson2025quick], locator: page 1, reason: because}
scenarios:
  - {id: central, label: central}
  - {id: other, label: other, inputs: {returns: pooled}, assumptions: {labour_share: 0.6}}
"""


def find_faults(folder: Path, text: str) -> str:
    """What is said of a file with this text; empty where nothing."""
    path = folder / "takeoff.yaml"
    path.write_text(text, encoding="utf-8")
    try:
        read_scenarios(path, KEYS)
    except SourceError as error:
        return str(error)
    return ""


@pytest.mark.parametrize(
    ("was", "becomes", "line", "said"),
    [
        ("scale: log", "scale: cubic", 9, "must be 'linear' or 'log'"),
        ("central: 0.5", "central: 0.9", 8, "low <= central <= high"),
        ("low: 1, high: 10", "low: 0, high: 10", 9, "must be positive"),
        ("low: 0.3", "low: -0.3", 8, "labour_share in (0, 1]"),
        ("high: 1, scale: linear, citations: [davidson2025quick], locator: page 1, reason: because}\n"
         "scenarios", "high: 1, scale: linear, citations: [davison2025], locator: page 1, reason: "
         "because}\nscenarios", 12, "did you mean 'davidson2025quick'"),
        ("borrows: ours", "borrows: today", 4, "nothing of this name"),
        (", borrows: ours", "", 4, "borrow the fishing_out"),
        ("fishing_out: f", "fishing: f", 3, "draws must name fishing_out, stepping_on_toes"),
        ("value: 1.0", "value: 1.0, posterior: a-e", 5, "a posterior or a value"),
        ("value: 1.0", "value: 0.0", 5, "positive"),
        ("{returns: pooled}", "{returns: unit}", 15, "nothing of this name"),
        ("{returns: pooled}", "{yields: pooled}", 15, "nothing of this name"),
        ("{labour_share: 0.6}", "{labour_share: 1.6}", 15, "labour_share in (0, 1]"),
        ("{labour_share: 0.6}", "{labour: 0.6}", 15, "did you mean 'labour_share'"),
        ("id: other", "id: central", 15, "this id is taken"),
        ("id: other", "id: no_automation", 15, "this id is taken"),
        ("{id: central, label: central}", "{id: central, label: c, inputs: {returns: pooled}}", 14,
         "the first scenario changes something"),
        ("reason: because", "reason: TODO", 8, "still to be filled in"),
        ("label: share", "label: ''", 8, "is empty"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_named_with_its_line(
    tmp_path: Path, was: str, becomes: str, line: int, said: str
) -> None:
    assert find_faults(tmp_path, GOOD) == ""
    assert was in GOOD
    faults = find_faults(tmp_path, GOOD.replace(was, becomes))
    assert any(f"takeoff.yaml:{line}:" in each for each in faults.splitlines() if said in each)


def test_what_is_missing_is_named(tmp_path: Path) -> None:
    assert "add rate" in find_faults(tmp_path, GOOD.replace(", rate: today}", "}"))
    text = "".join(each for each in GOOD.splitlines(True) if "delay_years" not in each)
    assert "add delay_years" in find_faults(tmp_path, text)


def test_assumptions_and_draws_are_all_parameters_of_a_path() -> None:
    drawn = {"stepping_on_toes", "fishing_out", "rho", "rate_decades_per_year"}
    assert {*PLAIN, *drawn} == set(Economy.__dataclass_fields__)


def test_every_assumption_and_role_of_the_project_moves_in_a_scenario() -> None:
    made = read_real()
    assert {str(each.id) for each in made.assumptions} == set(PLAIN)
    assert {name for each in made.scenarios for name in each.assumptions} == set(PLAIN)
    for role in ROLES:
        used = {each.inputs[role] for each in made.scenarios if role in each.inputs}
        assert used - {made.defaults[role]}
