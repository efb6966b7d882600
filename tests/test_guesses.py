"""Guesses: columns by their names, and what their cells prove of units, numbers and dates."""

from time import monotonic

import pytest

from pipeline.new_dataset.guesses import Guess, guess_columns, normalise
from pipeline.new_dataset.readings import TODO
from pipeline.new_dataset.received import Sheet


def guess(table: str, column: str, header: str, *cells: str) -> Guess:
    (found,) = guess_columns(table, [column], Sheet([header], [[cell] for cell in cells]))
    return found


def guess_score(header: str, *cells: str) -> Guess:
    return guess("accuracy_leaderboard", "score", header, *cells)


def guess_date(*cells: str) -> Guess:
    return guess("training_runs", "release_date", "Released", *cells)


def guess_run(column: str, header: str, *cells: str) -> Guess:
    return guess("training_runs", column, header, *cells)


@pytest.mark.parametrize(
    ("header", "words"),
    [
        ("# Params (B)", "number params"),
        ("Training compute (FLOP)", "training compute"),
        ("model_name", "model name"),
        ("Score [%]", "score"),
    ],
)
def test_names_are_compared_without_units_and_signs(header: str, words: str) -> None:
    assert normalise(header) == words


@pytest.mark.parametrize(
    ("column", "header"),
    [
        ("model", "Model"),
        ("model", "System"),
        ("organization", "Organisation"),
        ("parameters", "Number of parameters"),
        ("training_flop", "Training compute (FLOP)"),
        ("training_flop", "Final training compute"),
        ("training_tokens", "Training dataset size (total)"),
        ("release_date", "Publication date"),
        ("compute_confidence", "Confidence"),
        ("locator", "Link"),
    ],
)
def test_columns_are_found_by_their_usual_names(column: str, header: str) -> None:
    assert guess_run(column, header, "2020").source == header


def test_unlike_names_are_not_matched() -> None:
    assert guess_run("parameters", "Colour", "7").source is None


def test_same_name_with_plain_cells_is_certain_and_a_unit_makes_it_a_guess() -> None:
    assert guess_run("parameters", "parameters", "7e9").certainty == "certain"
    assert guess_score("score", "40", "50").certainty == "guess"


def test_nearest_name_wins_and_a_column_is_read_once() -> None:
    sheet = Sheet(["System", "Model"], [["A", "B"]])
    found = guess_columns("training_runs", ["model", "base_model"], sheet)
    assert [each.source for each in found] == ["Model", None]


def test_one_date_may_be_that_of_release_and_of_evaluation() -> None:
    sheet = Sheet(["Publication date"], [["2023-03-14"]])
    found = guess_columns("accuracy_leaderboard", ["eval_date", "release_date"], sheet)
    assert [each.source for each in found] == ["Publication date"] * 2


def test_words_do_not_fill_a_column_of_numbers() -> None:
    assert guess_score("Score", "see notes", "high").source is None


def test_links_are_no_citation_keys() -> None:
    sheet = Sheet(["Reference"], [["https://arxiv.org/abs/2203.15556"]])
    found = {
        each.column: each.source
        for each in guess_columns("training_runs", ["citation", "locator"], sheet)
    }
    assert found == {"citation": None, "locator": "Reference"}
    assert guess_run("citation", "Reference", "hoffmann2022chinchilla").source == "Reference"


@pytest.mark.parametrize(
    ("header", "cells", "unit"),
    [
        ("Accuracy (%)", ("0.4",), "percent"),
        ("Accuracy", ("42.5", "0.9"), "percent"),
        ("Accuracy", ("0.425",), "fraction"),
        ("Accuracy", ("425",), TODO),
        ("Accuracy", ("0.4", "-0.1"), TODO),
    ],
)
def test_unit_of_scores_is_told_by_the_header_or_by_the_cells(
    header: str, cells: tuple[str, ...], unit: str
) -> None:
    assert guess_score(header, *cells).keys.get("unit") == unit


@pytest.mark.parametrize(
    ("header", "unit"),
    [
        ("Training compute (FLOP)", "FLOP"),
        ("Training compute (petaflop/s-days)", "petaflop/s-days"),
        ("Training compute, PFLOP", "PFLOP"),
        ("Training compute in metres", TODO),
        ("Training compute (10**10**10)", TODO),
    ],
)
def test_unit_of_compute_is_read_from_the_header_or_asked_for(header: str, unit: str) -> None:
    assert guess_run("training_flop", header, "1e24").keys.get("unit") == unit


def test_unit_of_each_row_is_found_in_its_own_column() -> None:
    sheet = Sheet(["Compute", "Compute unit"], [["3", "PFLOP"], ["4", "FLOP"]])
    (found,) = guess_columns("efficiency", ["resource"], sheet)
    assert found.keys == {"unit_column": "Compute unit"}


@pytest.mark.parametrize(
    ("header", "unit"), [("Params (B)", "B"), ("Parameters, billions", "billions"), ("N", None)]
)
def test_multiple_in_the_header_is_the_unit_of_a_count(header: str, unit: str | None) -> None:
    found = guess_run("parameters", header, "7", "13")
    assert (found.keys.get("unit"), found.doubts) == (unit, [])


@pytest.mark.parametrize(
    ("name", "header", "word"),
    [("parameters", "Params (m)", "m"), ("training_flop", "Compute (B)", "B")],
)
def test_multiple_that_may_be_none_is_a_doubt(name: str, header: str, word: str) -> None:
    assert f"{word!r}" in guess_run(name, header, "7", "13").doubts[0]


@pytest.mark.parametrize(
    ("cells", "decimal"),
    [
        (("42,5", "3"), "comma"),
        (("1,234", "5,25"), "comma"),
        (("1,234", "5,678"), TODO),
        (("1.234,5", "612"), "comma"),
        (("1,234.5",), None),
        (("42.5",), None),
    ],
)
def test_decimal_comma_is_guessed_where_a_cell_proves_it(
    cells: tuple[str, ...], decimal: str | None
) -> None:
    assert guess_run("parameters", "Parameters", *cells).keys.get("decimal") == decimal


@pytest.mark.parametrize(
    ("cells", "keys"),
    [
        (("2023-03-14",), {}),
        (("14/03/2023", "01/02/2023"), {"order": "dmy"}),
        (("3/14/2023",), {"order": "mdy"}),
        (("2023/3/14",), {"order": "ymd"}),
        (("01/02/2023",), {"order": TODO}),
        (("14/03/2023", "3/14/2023"), {"order": TODO}),
        (("2023-03", "2023-03-14"), {"precision": "month"}),
        (("March 2023",), {"precision": "month"}),
        (("2023", "2023-03"), {"precision": "year"}),
        (("45000", "44000"), {"order": "excel"}),
    ],
)
def test_order_and_precision_of_dates(cells: tuple[str, ...], keys: dict[str, str]) -> None:
    assert guess_date(*cells).keys == keys


def test_order_that_no_cell_proves_is_a_doubt() -> None:
    assert "no cell tells day (dmy) from month (mdy)" in guess_date("01/02/2023").doubts[0]


def test_words_for_truth_are_translated_and_empty_ones_left_to_a_person() -> None:
    assert guess_run("is_dense", "Dense", "true", "FALSE").keys == {}
    assert guess_run("is_dense", "Dense", "Yes", "no", "").keys == {
        "values": {"": TODO, "Yes": True, "no": False}
    }
    assert guess_run("is_dense", "Dense", "perhaps").doubts


def test_classes_are_translated_whatever_their_capitals() -> None:
    found = guess_run("compute_confidence", "Confidence", "Confident", "Likely", "Wrong", "")
    assert found.keys == {
        "values": {"": "", "Confident": "confident", "Likely": "likely", "Wrong": TODO}
    }


def test_empty_column_is_a_doubt() -> None:
    assert guess_score("score", "").doubts[0] == "every cell is empty"


def test_long_cells_are_looked_at_in_no_time() -> None:
    start = monotonic()
    guess_run("parameters", "parameters", *("1" * 9_999 + end for end in "!xyz"))
    assert monotonic() - start < 0.5
