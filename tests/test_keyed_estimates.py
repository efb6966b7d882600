"""Rates of the published tables are those that the sources print, in decades a year."""

import csv
import math
from pathlib import Path

import pytest
from conftest import ROOT

SOURCES = ROOT / "data/sources"


def convert(printed: str, unit: str, years: str) -> float:
    """Decades a year of a printed figure."""
    value = float(printed)
    if unit == "months to double":
        return 12 * math.log10(2) / value
    if unit == "times a year":
        return math.log10(value)
    if unit == "% a year":
        return math.log10(1 + value / 100)
    if unit == "natural logs a year":
        return value / math.log(10)
    assert unit == "times in the period"
    return math.log10(value) / float(years)


def read(dataset: str) -> list[dict[str, str]]:
    path: Path = SOURCES / dataset / "records.csv"
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@pytest.mark.parametrize("row", read("progress_rates"), ids=lambda row: row["locator"][:30])
def test_decades_are_those_of_the_printed_rate(row: dict[str, str]) -> None:
    slow, fast = ("low", "high") if row["printed_unit"] != "months to double" else ("high", "low")
    for printed, made in (("", ""), (f"_{slow}", "_low"), (f"_{fast}", "_high")):
        cell = row[f"printed{printed}"]
        assert bool(cell) is bool(row[f"decades{made}"])
        if cell:
            expected = convert(cell, row["printed_unit"], row["years"])
            assert float(row[f"decades{made}"]) == pytest.approx(expected, rel=1e-4)


@pytest.mark.parametrize("row", read("software_hardware_rates"), ids=lambda row: row["domain"][:30])
@pytest.mark.parametrize("kind", ["software", "hardware"])
def test_both_rates_are_those_printed(row: dict[str, str], kind: str) -> None:
    cell = row[f"{kind}_printed"]
    assert bool(cell) is bool(row[f"{kind}_decades"])
    if cell:
        expected = convert(cell, row[f"{kind}_unit"], row["years"])
        assert float(row[f"{kind}_decades"]) == pytest.approx(expected, rel=1e-3)
