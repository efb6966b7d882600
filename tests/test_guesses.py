"""Guesses: columns by their names, and what their cells prove of units, numbers and dates."""

from typing import Any

import pytest

from pipeline.new_dataset.guesses import Guess, guess_columns, normalise
from pipeline.new_dataset.readings import TODO
from pipeline.new_dataset.received import Sheet


def guess(column: str, header: str, *cells: str, table: str = "training_runs") -> Guess:
    table = "accuracy_leaderboard" if column == "score" else table
    (found,) = guess_columns(table, [column], Sheet([header], [[cell] for cell in cells]))
    return found


def find_sources(table: str, columns: list[str], **cells: str) -> list[str | None]:
    """The columns of a file of one row that fill `columns`."""
    sheet = Sheet(list(cells), [list(cells.values())])
    return [each.source for each in guess_columns(table, columns, sheet)]


def test_names_are_compared_without_units_and_signs() -> None:
    headers = ["# Params (B)", "Training compute (FLOP)", "model_name", "Score [%]"]
    plain = ["number params", "training compute", "model name", "score"]
    assert list(map(normalise, headers)) == plain


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


def test_nearest_name_wins_and_a_column_is_read_once_but_for_its_dates() -> None:
    assert find_sources("training_runs", ["model", "base_model"], System="A", Model="B") == [
        "Model",
        None,
    ]
    dates = find_sources("accuracy_leaderboard", ["eval_date", "release_date"], Date="2023-03-14")
    assert dates == ["Date"] * 2


@pytest.mark.parametrize(
    ("column", "header", "cell", "is_found"),
    [
        ("parameters", "Colour", "7", False),
        ("score", "Score", "see notes", False),  # words do not fill a column of numbers
        ("citation", "Reference", "https://arxiv.org/abs/2203.15556", False),
        ("locator", "Reference", "https://arxiv.org/abs/2203.15556", True),
        ("citation", "Reference", "hoffmann2022chinchilla", True),
    ],
)
def test_cells_must_fit_the_column(column: str, header: str, cell: str, is_found: bool) -> None:
    assert (guess(column, header, cell).source is not None) == is_found


def test_same_name_with_plain_cells_is_certain_and_a_unit_makes_it_a_guess() -> None:
    assert guess("parameters", "parameters", "7e9").certainty == "certain"
    assert guess("score", "score", "40", "50").certainty == "guess"


@pytest.mark.parametrize(
    ("column", "header", "cells", "keys"),
    [
        ("score", "Accuracy (%)", ("0.4",), {"unit": "percent"}),
        ("score", "Accuracy", ("42.5", "0.9"), {"unit": "percent"}),
        ("score", "Accuracy", ("42%", "0.9 %"), {"unit": "percent"}),
        ("score", "Accuracy", ("0.425",), {"unit": "fraction"}),
        ("score", "Accuracy", ("425",), {"unit": TODO}),
        ("score", "Accuracy", ("0.4", "-0.1"), {"unit": TODO}),
        ("training_flop", "Training compute (FLOP)", ("1e24",), {"unit": "FLOP"}),
        ("training_flop", "Compute (petaflop/s-days)", ("1",), {"unit": "petaflop/s-days"}),
        ("training_flop", "Training compute, PFLOP", ("1e24",), {"unit": "PFLOP"}),
        ("training_flop", "Training compute in metres", ("1e24",), {"unit": TODO}),
        ("training_flop", "Training compute (10**10**10)", ("1e24",), {"unit": TODO}),
        ("parameters", "Params (B)", ("7", "13"), {"unit": "B"}),
        ("parameters", "Parameters, billions", ("7", "13"), {"unit": "billions"}),
        ("parameters", "Parameters", ("42,5", "3"), {"decimal": "comma"}),
        ("parameters", "Parameters", ("1,234", "5,25"), {"decimal": "comma"}),
        ("parameters", "Parameters", ("1,234", "5.25"), {"decimal": "point"}),
        ("parameters", "Parameters", ("1.234,5", "612"), {"decimal": "comma"}),
        ("parameters", "Parameters", ("1,234.5", "42.5"), {}),
        ("release_date", "Released", ("2023-03-14",), {}),
        ("release_date", "Released", ("14/03/2023", "01/02/2023"), {"order": "dmy"}),
        ("release_date", "Released", ("3/14/2023",), {"order": "mdy"}),
        ("release_date", "Released", ("2023/3/14",), {"order": "ymd"}),
        ("release_date", "Released", ("2023-03", "2023-03-14"), {"precision": "month"}),
        ("release_date", "Released", ("March 2023",), {"precision": "month"}),
        ("release_date", "Released", ("2023", "2023-03"), {"precision": "year"}),
        ("release_date", "Released", ("45000", "44000"), {"order": "excel"}),
        ("is_dense", "Dense", ("true", "FALSE"), {}),
        ("is_dense", "Dense", ("Yes", "no", ""), {"values": {"": TODO, "Yes": True, "no": False}}),
        (
            "compute_confidence",
            "Confidence",
            ("Confident", "Likely", "Wrong", ""),
            {"values": {"": "", "Confident": "confident", "Likely": "likely", "Wrong": TODO}},
        ),
    ],
)
def test_reading_is_what_header_and_cells_prove(
    column: str, header: str, cells: tuple[str, ...], keys: dict[str, Any]
) -> None:
    assert guess(column, header, *cells).keys == keys


@pytest.mark.parametrize(
    ("column", "header", "cells", "keys", "doubt"),
    [
        ("parameters", "Parameters", ("1,234", "5,678"), {"decimal": TODO}, "thousands (point)"),
        ("parameters", "Parameters", ("7e9", "ca. 3"), {}, "1 cells cannot be read"),
        ("parameters", "Params (m)", ("7",), {}, "the header says 'm'"),
        ("training_flop", "Compute (B)", ("7",), {"unit": TODO}, "the header says 'B'"),
        ("release_date", "Released", ("01/02/2023",), {"order": TODO}, "no cell tells day"),
        ("release_date", "Date", ("14/03/2023", "3/14/2023"), {"order": TODO}, "order of most"),
        ("is_dense", "Dense", ("perhaps",), {}, "none of true, false"),
        ("score", "score", ("",), {"unit": TODO}, "every cell is empty"),
    ],
)
def test_what_cells_do_not_prove_is_a_doubt(
    column: str, header: str, cells: tuple[str, ...], keys: dict[str, Any], doubt: str
) -> None:
    found = guess(column, header, *cells)
    assert found.keys == keys
    assert doubt in "; ".join(found.doubts)


def test_unit_of_each_row_is_found_in_its_own_column() -> None:
    sheet = Sheet(["Compute", "Compute unit"], [["3", "PFLOP"], ["4", "FLOP"]])
    (found,) = guess_columns("efficiency", ["resource"], sheet)
    assert found.keys == {"unit_column": "Compute unit"}
