"""Cells: every accepted spelling with the value it must give, every refused one with its reason."""

from collections.abc import Callable
from typing import Any

import pandas as pd
import pytest
from conftest import read_cases, stretch

from pipeline.ingest.cells import read_truth
from pipeline.ingest.sources.dates import read_date
from pipeline.ingest.sources.numbers import read_number
from pipeline.ingest.sources.units import USUAL, factor

CASES: dict[str, list[list[Any]]] = read_cases("cells.yaml")
READERS: dict[str, Callable[..., Any]] = {
    "numbers": read_number,
    "days": read_date,
    "truths": read_truth,
    "units": factor,
}
REFUSING = {
    "unclear_numbers": read_number,
    "unclear_days": read_date,
    "unclear_truths": read_truth,
    "wrong_units": factor,
}


def list_cases(kinds: dict[str, Any]) -> list[tuple[str, list[Any]]]:
    """Each case with its kind, `<x x 1000>` written out."""
    return [
        (kind, [stretch(x) if isinstance(x, str) else x for x in case])
        for kind in kinds
        for case in CASES[kind]
    ]


@pytest.mark.parametrize(("kind", "case"), list_cases(READERS))
def test_cell_is_read(kind: str, case: list[Any]) -> None:
    *given, expected = case
    made = READERS[kind](*given)
    expected = pd.Timestamp(expected) if kind == "days" and expected else expected
    assert made == (pytest.approx(expected, rel=1e-12) if isinstance(expected, float) else expected)


@pytest.mark.parametrize(("kind", "case"), list_cases(REFUSING))
def test_unclear_cell_is_refused_with_its_reason(kind: str, case: list[Any]) -> None:
    *given, rule = case
    with pytest.raises(ValueError, match=r".+") as raised:
        REFUSING[kind](*given)
    assert rule in raised.value.args[0]
    assert kind == "wrong_units" or raised.value.args[1]  # what to do


def test_remedy_names_the_order_that_a_date_shows() -> None:
    with pytest.raises(ValueError, match=r"order: dmy`, which this cell shows"):
        read_date("25/04/2022")


@pytest.mark.parametrize("piece", ["1", "1 ", "1,111", "a", "10^", "1e", " "])
def test_long_cells_are_refused(piece: str) -> None:
    """None of the patterns takes more than linear time; otherwise this would not end."""
    for read in (lambda text: read_number(text, "resource"), read_date):
        with pytest.raises(ValueError, match=r".+"):
            read((piece * 10_000)[:9_999] + "!")


def test_usual_units_are_those_of_their_column() -> None:
    assert all(factor(unit, name) > 0 for name in USUAL for unit in USUAL[name].split(", "))
