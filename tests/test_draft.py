"""Guesses: columns by their names, and what their cells prove of units, numbers and dates."""

from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from pipeline.new_dataset.draft import guess_columns
from pipeline.new_dataset.evidence import Guess
from pipeline.new_dataset.received import Sheet


def guess(column: str, header: str, *cells: str, table: str = "training_runs") -> Guess:
    table = "accuracy_leaderboard" if column == "score" else table
    (found,) = guess_columns(table, [column], Sheet([header], [[cell] for cell in cells]))
    return found


def find_sources(table: str, columns: list[str], **cells: str) -> list[str | None]:
    """The columns of a file of one row that fill `columns`."""
    sheet = Sheet(list(cells), [list(cells.values())])
    return [each.source for each in guess_columns(table, columns, sheet)]


@pytest.mark.parametrize(
    ("column", "header"),
    [
        ("model", "Model"),
        ("model", "System"),
        ("organization", "Organisation"),
        ("parameters", "Number of parameters"),
        ("training_flop", "Final training compute (FLOP)"),
        ("training_tokens", "Training dataset size (total)"),
        ("release_date", "Publication date"),
        ("locator", "Link"),
    ],
)
def test_columns_are_found_by_their_usual_names(column: str, header: str) -> None:
    assert guess(column, header, "2020").source == header


def test_nearest_name_wins_and_a_column_is_read_once_but_for_laboratories() -> None:
    assert find_sources("training_runs", ["model", "base_model"], System="A", Model="B") == [
        "Model",
        None,
    ]
    dates = find_sources("accuracy_leaderboard", ["eval_date", "release_date"], Date="2023-03-14")
    assert dates == [None, "Date"]
    labs = find_sources("training_runs", ["lab", "organization"], Organization="A")
    assert labs == ["Organization"] * 2


@pytest.mark.parametrize(
    ("column", "header", "cell", "is_found"),
    [
        ("parameters", "Colour", "7", False),
        ("score", "Score", "see notes", False),  # words do not fill a column of numbers
        ("citation", "Reference", "https://arxiv.org/abs/2203.15556", False),
        ("locator", "Reference", "https://arxiv.org/abs/2203.15556", True),
        ("citation", "Reference", "hoffmann2022chinchilla", True),
        ("citation", "Citations", "12", False),
        ("parameters", "trainer.train_batch_size", "128", False),
        ("score", "arena_score", "1470", False),
        ("is_dense", "Dense", "12", False),
    ],
)
def test_cells_must_fit_the_column(column: str, header: str, cell: str, is_found: bool) -> None:
    assert (guess(column, header, cell).source is not None) == is_found


def test_same_name_with_plain_cells_is_certain_and_a_unit_makes_it_a_guess() -> None:
    assert guess("parameters", "parameters", "7e9").certainty == "certain"
    assert guess("score", "score", "40", "50").certainty == "guess"


@pytest.mark.parametrize("case", YAML(typ="safe").load(Path(__file__).with_name("guesses.yaml")))
def test_reading_is_what_header_and_cells_prove(case: dict[str, Any]) -> None:
    found = guess(case["column"], case["header"], *case["cells"])
    assert found.keys == case["keys"]
    assert case.get("doubt", "") in "; ".join(found.doubts)


def test_unit_of_each_row_is_found_in_its_own_column() -> None:
    sheet = Sheet(["Compute", "Compute unit"], [["3", "PFLOP"], ["4", "FLOP"]])
    (found,) = guess_columns("efficiency", ["resource"], sheet)
    assert found.keys == {"unit_column": "Compute unit"}
