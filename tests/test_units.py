"""Units: the spellings of papers give the numbers of the tables, and nothing else passes."""

import pytest

from pipeline.ingest.sources.units import factor


@pytest.mark.parametrize(
    ("unit", "column", "expected"),
    [
        ("teraflop/s-days", "resource", 8.64e16),
        ("petaflop/s-days", "training_flop", 8.64e19),
        ("PFLOP", "resource", 1e15),
        ("EFLOP", "training_flop", 1e18),
        ("FLOP", "training_flop", 1.0),
        ("mol FLOP", "training_flop", 6.02214076e23),
        ("GMAC", "multiply_adds_per_image", 1e9),
        ("percent", "score", 0.01),
        ("fraction", "score", 1.0),
    ],
)
def test_unit_converts_to_that_of_the_column(unit: str, column: str, expected: float) -> None:
    assert factor(unit, column) == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize(
    ("unit", "column"),
    [
        ("teraflop/s", "resource"),  # a rate is not an amount
        ("GMAC", "training_flop"),  # multiply-adds are not converted silently
        ("FLOP", "multiply_adds_per_image"),
        ("percent", "training_flop"),
        ("days", "training_flop"),
        ("FLOP", "score"),
    ],
)
def test_unit_of_another_kind_is_refused(unit: str, column: str) -> None:
    with pytest.raises(ValueError, match=r"[Cc]annot convert|not defined"):
        factor(unit, column)


@pytest.mark.parametrize("unit", ["flops-ish", "petaflop/s-dayz", "%%", "", "FLOP FLOP(", "1e15"])
def test_unknown_unit_is_refused(unit: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        factor(unit, "training_flop")


def test_unknown_unit_is_named_in_the_error() -> None:
    with pytest.raises(ValueError, match="flopz"):
        factor("flopz", "training_flop")


def test_column_without_a_unit_takes_none() -> None:
    with pytest.raises(ValueError, match="parameters is a plain number"):
        factor("FLOP", "parameters")
