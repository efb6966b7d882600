"""Ingest: cells become values or failures with line and remedy; nothing is guessed or dropped."""

from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from conftest import read_dataset
from toys import BOARD_CARD, CASES, REGISTRY_CARD, RUN, SCORE, change_registry, write

from pipeline.core.failures import Failure, SourceError

EXCLUDED = """\
exclusions:
  - {rows: {model: a person}, count: 1, rule: human, reason: people have no training compute}
"""


def read_run(folder: Path, case: dict[str, Any]) -> pd.Series:
    """The first row of the toy registry, as the case changes it."""
    rows = [RUN | case.get("cells", {})]
    return read_dataset(write(folder, change_registry(case), rows)).table.iloc[0]


def find_faults(folder: Path, case: dict[str, Any]) -> list[Failure]:
    """The failures of the toy registry, whose second row has cells replaced."""
    rows = [RUN, RUN | {"model": "other"} | case.get("cells", {})]
    with pytest.raises(SourceError) as raised:
        read_dataset(write(folder, change_registry(case), rows))
    return raised.value.failures


def test_table_has_every_row_and_its_types_even_where_columns_are_empty(tmp_path: Path) -> None:
    empty = {"base_model": "", "release_date": "", "parameters": "", "training_tokens": ""}
    dataset = read_dataset(write(tmp_path, REGISTRY_CARD, [RUN, RUN | {"model": "other"} | empty]))
    assert dataset.failures == []
    assert list(dataset.table["line"]) == [2, 3]


@pytest.mark.parametrize("case", CASES["read"])
def test_cell_is_read_as_the_card_says(case: dict[str, Any], tmp_path: Path) -> None:
    made = read_run(tmp_path, case)[case["column"]]
    assert (str(made.date()) if isinstance(made, pd.Timestamp) else made) == case["value"]


@pytest.mark.parametrize("case", CASES["missing"])
def test_missing_cell_is_missing(case: dict[str, Any], tmp_path: Path) -> None:
    assert pd.isna(read_run(tmp_path, case)[next(iter(case["cells"]))])


@pytest.mark.parametrize("case", CASES["refused"])
def test_unclear_cell_is_refused_with_line_value_rule_and_remedy(
    case: dict[str, Any], tmp_path: Path
) -> None:
    told = [str(fault) for fault in find_faults(tmp_path, case)]
    assert any(case["words"] in each for each in told), told
    assert all("Remedy: " in each and each.isprintable() for each in told)


def test_every_bad_cell_is_reported_at_once(tmp_path: Path) -> None:
    cells = {"release_date": "soon", "parameters": "many", "is_verified": "perhaps"}
    faults = find_faults(tmp_path, {"cells": cells})
    assert [fault.column for fault in faults] == ["is_verified", "parameters", "release_date"]
    rows = [RUN | {"model": str(i), "parameters": "many" if i % 2 else "5"} for i in range(6)]
    with pytest.raises(SourceError) as raised:
        read_dataset(write(tmp_path, REGISTRY_CARD, rows))
    assert [failure.line for failure in raised.value.failures] == [3, 5, 7]


@pytest.fixture
def toy_runs(tmp_path: Path) -> pd.DataFrame:
    """Tuned twice from tuned from base, and one run that nobody verified."""
    rows = [
        RUN,
        RUN | {"model": "tuned", "base_model": "base"},
        RUN | {"model": "tuned twice", "base_model": "tuned", "training_flop": "2e20"},
        RUN | {"model": "recalled", "is_verified": "false"},
    ]
    return read_dataset(write(tmp_path / "registry", REGISTRY_CARD, rows)).validated


def join(
    folder: Path, runs: pd.DataFrame | None, *rows: dict[str, str], card: str = BOARD_CARD
) -> pd.DataFrame:
    """The toy leaderboard with `rows`, joined to `runs`."""
    return read_dataset(write(folder, card, [SCORE | row for row in rows]), runs).table


def test_what_is_known_of_a_run_is_joined_by_name(tmp_path: Path, toy_runs: pd.DataFrame) -> None:
    rows = [{"model": "tuned twice"}, {"model": "base"}, {"model": "tuned", "method": "majority"}]
    table = join(tmp_path, toy_runs, *rows)
    assert table["line"].tolist() == [2, 3, 4]
    assert table["training_flop"].tolist() == [2e20, 1.2e20, 1.2e20]
    assert table["base_model"].tolist() == ["base"] * 3
    assert table["is_dense"].all()
    assert table["techniques"].tolist() == ["tuning", "", "tuning vote"]
    assert table["score"].tolist() == [0.5] * 3
    assert read_dataset(tmp_path / "toys", toy_runs).failures == []
    table = join(tmp_path, toy_runs, {"model": "recalled"}, {"model": "base"})
    assert table["exclusion"].fillna("").tolist() == ["run not verified", ""]
    toy_runs.loc[toy_runs["model"] == "base", "base_model"] = "tuned twice"  # a closed chain
    assert join(tmp_path, toy_runs, {"model": "tuned"})["base_model"].isin(toy_runs["model"]).all()


def test_unknown_run_is_refused_with_the_nearest_names(
    tmp_path: Path, toy_runs: pd.DataFrame
) -> None:
    with pytest.raises(SourceError) as raised:
        join(tmp_path, toy_runs, {"model": "tuned twise"}, {"model": "bsae"})
    first, second = raised.value.failures
    assert (first.line, first.value, first.rule) == (2, "tuned twise", "not in the run registry")
    assert "did you mean 'tuned twice'" in first.remedy
    assert "'base'" in second.remedy
    with pytest.raises(ValueError, match="registry is needed"):
        join(tmp_path, None, {})


def test_nothing_is_claimed_of_what_is_no_run(tmp_path: Path, toy_runs: pd.DataFrame) -> None:
    row = join(tmp_path, toy_runs, {"model": "a person"}, card=BOARD_CARD + EXCLUDED).iloc[0]
    assert row["exclusion"] == "human"
    assert pd.isna(row["training_flop"])
    assert not row[["is_dense", "is_open_weights", "is_compute_circular"]].any()
