"""Ingest: cells become values or failures with line and remedy; nothing is guessed or dropped."""

from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from conftest import read_dataset
from toys import BOARD_CARD, REGISTRY_CARD, RUN, SCORE, replace, write

from pipeline.failures import Failure, SourceError

VALUES = "is_verified: {values: {read: true, recalled: false}}"
CORRECTION = """\
corrections:
  - rows: {model: base}
    count: 1
    column: parameters
    printed: "1e9"
    corrected: "2e9"
    reason: a misprint of the source
"""
EXCLUDED = """\
exclusions:
  - {rows: {model: a person}, count: 1, rule: human, reason: people have no training compute}
"""


def change(**changes: str) -> str:
    """The registry's card with lines of columns replaced."""
    card = REGISTRY_CARD
    for column, text in changes.items():
        line = next(line for line in card.splitlines() if line.startswith(f"  {column}:"))
        card = replace(card, line + "\n", f"  {column}: {text}\n")
    return card


BY_ROW = change(training_flop="{unit_column: u}")
BY_CELL = change(training_flop="{unit: in cells}")
BILLIONS = change(parameters="{unit: B}")
RENAMED = change(release_date="{from: release_day}")
CORRECTED = REGISTRY_CARD + CORRECTION


def read_run(folder: Path, card: str = REGISTRY_CARD, **cells: str) -> pd.Series:
    """The first row of the toy registry with cells replaced."""
    return read_dataset(write(folder, card, [RUN | cells])).table.iloc[0]


def find_faults(folder: Path, card: str = REGISTRY_CARD, **cells: str) -> list[Failure]:
    """The failures of the toy registry, whose second row has cells replaced."""
    with pytest.raises(SourceError) as raised:
        read_dataset(write(folder, card, [RUN, RUN | {"model": "other"} | cells]))
    return raised.value.failures


def test_table_has_every_row_and_its_types_even_where_columns_are_empty(tmp_path: Path) -> None:
    empty = {"base_model": "", "release_date": "", "parameters": "", "training_tokens": ""}
    dataset = read_dataset(write(tmp_path, REGISTRY_CARD, [RUN, RUN | {"model": "other"} | empty]))
    assert dataset.failures == []
    assert list(dataset.table["line"]) == [2, 3]


@pytest.mark.parametrize(
    ("card", "cells", "column", "expected"),
    [
        (change(parameters="{decimal: comma}"), {"parameters": "1.234,5"}, "parameters", 1234.5),
        *(
            (change(parameters=f"{{unit: {unit}}}"), {"parameters": cell}, "parameters", 70e9)
            for unit in ("B", "billions")
            for cell in ("70", "70B", "0.07e3")
        ),
        (change(training_flop="{unit: EFLOP}"), {"training_flop": "120"}, "training_flop", 1.2e20),
        (BY_CELL, {"training_flop": "3 EFLOP"}, "training_flop", 3e18),
        *(
            (BY_ROW, cells, "training_flop", 2e15)
            for cells in (
                {"training_flop": "2", "u": "PFLOP"},
                {"training_flop": "2 PFLOP", "u": ""},
                {"training_flop": "2 PFLOP", "u": "petaFLOP"},
            )
        ),
        (change(training_tokens="{derived: tokens from 6ND}", citation="{constant: doe2020}")
         + "ignored: {training_tokens: derived}\n", {}, "training_tokens", 2e10),
        (change(training_flop="{derived: flop from 6ND}")
         + "ignored: {training_flop: derived}\n", {}, "training_flop", 1.2e20),
        (change(release_date="{order: excel}"), {"release_date": "44624"}, "release_date",
         pd.Timestamp("2022-03-04")),
        (change(release_date="{precision: month}"), {"release_date": "March 2022"}, "release_date",
         pd.Timestamp("2022-03-15")),
        (change(release_date="{order: dmy}"), {"release_date": "10.12.2015"}, "release_date",
         pd.Timestamp("2015-12-10")),
        (replace(REGISTRY_CARD, "is_verified: {}", VALUES), {"is_verified": "recalled"},
         "is_verified", False),
        (REGISTRY_CARD, {"model": "=1+1"}, "model", "=1+1"),
        (CORRECTED, {}, "parameters", 2e9),
        (REGISTRY_CARD + "ignored: {note: says nothing}\n", {"note": "x\u200b"}, "model", "base"),
        *(
            (f"{change(parameters=f'{{from: {name}}}')}ignored: {{parameters: of no use}}\n",
             {name: "5"}, "parameters", 5.0)
            for name in ("__class__", "count", "index", "T", "loc")
        ),
    ],
)  # fmt: skip
def test_cell_is_read_as_the_card_says(
    card: str, cells: dict[str, str], column: str, expected: Any, tmp_path: Path
) -> None:
    assert read_run(tmp_path, card, **cells)[column] == expected


@pytest.mark.parametrize(
    ("card", "cells"),
    [
        (REGISTRY_CARD, {"parameters": ""}),
        (REGISTRY_CARD, {"base_model": "n/a"}),
        (BY_ROW, {"training_flop": "n/a", "u": ""}),
    ],
)
def test_missing_cell_is_missing(card: str, cells: dict[str, str], tmp_path: Path) -> None:
    assert pd.isna(read_run(tmp_path, card, **cells)[next(iter(cells))])


@pytest.mark.parametrize(
    ("card", "cells", "words"),
    [
        (REGISTRY_CARD, {"release_date": "10/12/2015"}, "3: release_date '10/12/2015': not a date"),
        (REGISTRY_CARD, {"parameters": "about 1200"},
         "3: parameters 'about 1200': not a number. Remedy: write digits with a decimal point"),
        (REGISTRY_CARD, {"is_verified": ""}, "3: is_verified: neither true nor false"),
        (BY_ROW, {"u": "flopz"}, "3: u 'flopz': unit 'flopz' does"),
        (BY_ROW, {"u": "", "training_flop": "2"},
         "3: training_flop '2': a number without its unit"),
        (BY_ROW, {"u": "PFLOP", "training_flop": "2 EFLOP"},
         "the cell is in 'EFLOP', not in 'PFLOP'"),
        (BY_CELL, {}, "2: training_flop '1.2e20': a number without"),
        (BILLIONS, {"parameters": "70M"}, "ends in 'M', and the card says 'B'"),
        (change(parameters="{unit: in cells}"), {}, "source.yaml:15: columns.parameters.unit"),
        *((change(training_flop=f"{{unit: {unit}}}"), {}, f"unit {unit!r} does not fit training_f")
          for unit in ("flopz", "days", "FLOP FLOP(")),
        (change(parameters="{constant: many}") + "ignored: {parameters: none}\n", {}, "'many'"),
        (replace(REGISTRY_CARD, "is_verified: {}", VALUES), {"is_verified": "heard"},
         "3: is_verified 'heard': the card gives no value"),
        (RENAMED, {},
         "1: release_day: the card reads this column and the file lacks it. Remedy: did you mean "
         "'release_date'"),
        (RENAMED, {}, "1: release_date: column not mapped in the card"),
        (replace(CORRECTED, "{model: base}", "{model: other}"), {"parameters": "3e9"},
         "3: parameters '3e9': the card corrects a cell that should read '1e9'"),
        (replace(CORRECTED, "{model: base}", "{model: none}"), {}, "expects 1 rows"),
        (replace(CORRECTED, "column: parameters", "column: params"), {},
         "the card corrects 'params', which records.csv lacks. Remedy: did you mean 'parameters'"),
        *((REGISTRY_CARD, {"model": f"oth{sign}er"}, "cannot be seen")
          for sign in ("\u200b", "\u202e", "\x1b")),
    ],
)  # fmt: skip
def test_unclear_cell_is_refused_with_line_value_rule_and_remedy(
    card: str, cells: dict[str, str], words: str, tmp_path: Path
) -> None:
    told = [str(fault) for fault in find_faults(tmp_path, card, **cells)]
    assert any(words in each for each in told), told
    assert all("Remedy: " in each and each.isprintable() for each in told)


def test_every_bad_cell_is_reported_at_once(tmp_path: Path) -> None:
    faults = find_faults(tmp_path, release_date="soon", parameters="many", is_verified="perhaps")
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


def test_figures_of_a_run_are_joined_by_name(tmp_path: Path, toy_runs: pd.DataFrame) -> None:
    rows = [{"model": "tuned twice"}, {"model": "base"}, {"model": "tuned", "method": "majority"}]
    table = join(tmp_path, toy_runs, *rows)
    assert table["line"].tolist() == [2, 3, 4]
    assert table["training_flop"].tolist() == [2e20, 1.2e20, 1.2e20]
    assert table["base_model"].tolist() == ["base"] * 3
    assert table["is_dense"].all()
    assert table["techniques"].tolist() == ["tuning", "", "tuning vote"]
    assert table["score"].tolist() == [0.5] * 3
    assert read_dataset(tmp_path / "toys", toy_runs).failures == []


def test_chain_of_base_models_that_closes_on_itself_ends(
    tmp_path: Path, toy_runs: pd.DataFrame
) -> None:
    toy_runs.loc[toy_runs["model"] == "base", "base_model"] = "tuned twice"
    assert join(tmp_path, toy_runs, {"model": "tuned"})["base_model"].isin(toy_runs["model"]).all()


def test_row_of_an_excluded_run_is_excluded_with_its_reason(
    tmp_path: Path, toy_runs: pd.DataFrame
) -> None:
    table = join(tmp_path, toy_runs, {"model": "recalled"}, {"model": "base"})
    assert table.loc[0, "exclusion"] == "run not verified"
    assert table["exclusion"].isna().tolist() == [False, True]


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
