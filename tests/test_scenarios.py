"""The file of the scenarios: what is refused, with its line, and what the real one says."""

from pathlib import Path
from typing import Any

import pytest
from conftest import read_cases
from toy_takeoff import read_real

from models.takeoff import Economy
from pipeline.core.failures import SourceError
from pipeline.takeoff.scenarios import PLAIN, ROLES, read_scenarios

KEYS = ["davidson2025quick", "besiroglu2024economic"]
CASES = read_cases("scenarios.yaml")


@pytest.mark.parametrize("case", CASES["cases"], ids=lambda case: case["now"])
def test_what_is_wrong_is_named_with_its_line(tmp_path: Path, case: dict[str, Any]) -> None:
    path = tmp_path / "takeoff.yaml"
    path.write_text(CASES["good"], encoding="utf-8")
    assert read_scenarios(path, KEYS).posteriors() == ["a-b", "a-c", "a-d"]
    assert case["was"] in CASES["good"]
    path.write_text(CASES["good"].replace(case["was"], case["now"]), encoding="utf-8")
    with pytest.raises(SourceError) as caught:
        read_scenarios(path, KEYS)
    lines = [each for each in str(caught.value).splitlines() if case["said"] in each]
    assert any(f"takeoff.yaml:{case.get('line', '')}" in each for each in lines)


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
