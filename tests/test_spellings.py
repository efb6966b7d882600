"""Cells: every accepted spelling with the value it must give, every refused one with its reason."""

from collections.abc import Callable
from pathlib import Path
from time import monotonic
from typing import Any

import pandas as pd
import pytest
from conftest import read_dataset
from pipeline.ingest.sources import spellings
from test_ingest import REGISTRY_CARD, RUN, read_run, replace, write

from pipeline.failures import SourceError

MOLE = 6.02214076e23  # operations
PETAFLOP_DAY = 8.64e19  # 1e15 a second for 86,400 seconds


def refuse(read: Callable[..., object], *given: Any) -> str:
    """The rule that a reader names; it must name a remedy too."""
    with pytest.raises(ValueError, match=r".+") as raised:
        read(*given)
    rule, remedy = raised.value.args
    assert remedy
    return str(rule)


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("7", 7.0),
        ("+7", 7.0),
        ("-7", -7.0),
        ("\N{MINUS SIGN}7", -7.0),
        (".5", 0.5),
        ("0.5", 0.5),
        ("5.", 5.0),
        ("007", 7.0),
        ("1.234", 1.234),  # a point is decimal unless the card says otherwise
        ("1.2e24", 1.2e24),
        ("1.2E+24", 1.2e24),
        ("1.2e-3", 1.2e-3),
        ("1.2\N{MULTIPLICATION SIGN}10^24", 1.2e24),
        ("1.2 \N{MULTIPLICATION SIGN} 10^24", 1.2e24),
        ("1.2x10^24", 1.2e24),
        ("1.2*10**24", 1.2e24),
        ("1.2·10²⁴", 1.2e24),
        ("1.2\N{MULTIPLICATION SIGN}10⁻³", 1.2e-3),
        ("10^24", 1e24),
        ("10²⁴", 1e24),
        ("-10^3", -1e3),
        ("1,234,567", 1234567.0),  # two groups: no decimal comma
        ("1,234.5", 1234.5),
        ("12,345,678.25", 12345678.25),
        ("1 234", 1234.0),
        ("1 234 567.5", 1234567.5),
        ("1\N{NO-BREAK SPACE}234", 1234.0),
        ("1\N{NARROW NO-BREAK SPACE}234", 1234.0),
        ("1'234", 1234.0),
        ("1\N{RIGHT SINGLE QUOTATION MARK}234", 1234.0),
    ],
)
def test_number_is_read(text: str, number: float) -> None:
    assert spellings.read_number(text, "perplexity") == number


@pytest.mark.parametrize(
    ("text", "decimal", "number"),
    [
        ("1,5", "comma", 1.5),
        ("0,123", "comma", 0.123),
        ("1,234", "comma", 1.234),
        ("1.234", "comma", 1234.0),
        ("1.234,5", "comma", 1234.5),
        ("1 234,5", "comma", 1234.5),
        ("1,2e24", "comma", 1.2e24),
        ("12", "comma", 12.0),
        ("1,234", "point", 1234.0),
        ("1.234", "point", 1.234),
    ],
)
def test_number_is_read_with_the_declared_mark(text: str, decimal: str, number: float) -> None:
    assert spellings.read_number(text, "perplexity", None, decimal) == number


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("70B", 70e9),
        ("70 B", 70e9),
        ("1.4T", 1.4e12),
        ("1.3M", 1.3e6),
        ("355K", 355e3),
        ("355k", 355e3),
        ("1.4 trillion", 1.4e12),
        ("70 billion", 70e9),
        ("7 Million", 7e6),
        ("5 thousand", 5e3),
    ],
)
def test_suffix_of_a_count_is_read(text: str, count: float) -> None:
    assert spellings.read_number(text, "training_tokens") == count


@pytest.mark.parametrize(
    ("text", "column", "unit", "number"),
    [
        ("3.1 moles", "training_flop", None, 3.1 * MOLE),
        ("3.1 mol FLOP", "training_flop", None, 3.1 * MOLE),
        ("2 moles of FLOP", "training_flop", None, 2 * MOLE),
        ("2.5 PFLOP/s-days", "training_flop", None, 2.5 * PETAFLOP_DAY),
        ("2.5 PFLOP/s-day", "training_flop", None, 2.5 * PETAFLOP_DAY),
        ("2.5 petaflop/s-days", "training_flop", None, 2.5 * PETAFLOP_DAY),
        ("2.5 petaFLOPS-days", "training_flop", None, 2.5 * PETAFLOP_DAY),
        ("2.5 PF-days", "training_flop", None, 2.5 * PETAFLOP_DAY),
        ("24 PFLOP/s-hours", "training_flop", None, PETAFLOP_DAY),
        ("3 EFLOP", "training_flop", None, 3e18),
        ("3 zettaFLOPs", "training_flop", None, 3e21),
        ("3e3 FLOP", "training_flop", None, 3e3),
        ("1.2\N{MULTIPLICATION SIGN}10^24 FLOP", "training_flop", None, 1.2e24),
        ("3 EFLOP", "training_flop", "exaFLOP", 3e18),  # the card's unit in other words
        ("3", "training_flop", "EFLOP", 3e18),
        ("0.5 GMACs", "multiply_adds_per_image", None, 5e8),
        ("78.5%", "score", None, 0.785),
        ("78.5 %", "score", None, 0.785),
        ("78.5 percent", "score", None, 0.785),
        ("78.5 %", "score", "percent", 0.785),
        ("78.5", "score", "percent", 0.785),
        ("0.785", "score", None, 0.785),
    ],
)
def test_unit_of_a_cell_is_read(text: str, column: str, unit: str | None, number: float) -> None:
    assert spellings.read_number(text, column, unit) == pytest.approx(number, rel=1e-12)


@pytest.mark.parametrize(
    "text",
    ["", "n/a", "N/A", "NA", "n.a.", "null", "unknown", "?", "-", "–", "—"],  # noqa: RUF001
)
def test_mark_of_a_missing_value_is_none(text: str) -> None:
    assert spellings.read_number(text, "score") is None
    assert spellings.read_date(text) is None


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("1,234", "may be thousands or a decimal comma"),
        ("1,234e3", "may be thousands or a decimal comma"),
        ("1,5", "a decimal comma"),
        ("0,123", "a decimal comma"),
        ("1.234.567", "a decimal comma"),
        ("1,23,456", "not a number"),
        ("1,234,567e3", "not a number"),
        ("many", "not a number"),
        ("~5", "not a number"),
        ("5-7", "not a number"),
        ("5 ± 1", "not a number"),
        ("1e5 ?", "not a number"),
        ("1e", "not a number"),
        ("0x10", "not a number"),
        ("1_000", "not a number"),
        ("1.2.3", "not a number"),
        ("(5)", "not a number"),
        ("\N{ARABIC-INDIC DIGIT FIVE}", "not a number"),
        ("none", "may be zero or missing"),
        ("nan", "not a number: nan is what a program writes for one"),
        ("-inf", "not a number: -inf is what a program writes for one"),
        ("'5", "not a number: an apostrophe marks text in a spreadsheet"),
        ("=A1*2", "not a number: a formula"),
        ("=5", "not a number: a formula"),
        ("+A1", "not a number: a formula"),
        ("-SUM(A1)", "not a number: a formula"),
        ("@now", "not a number: a formula"),
        ("1e999", "too large for a number"),
        ("9" * 400, "too large for a number"),
        ("1e-999", "too small for a number"),
        ("1e" + "9" * 5000, "not a number"),
        ("5m", "'m' is no suffix of a count"),  # milli, mega or a million
        ("5b", "'b' is no suffix of a count"),
        ("1e3 B", "not a number"),
        ("5 FLOP", "unit 'FLOP' does not fit parameters: parameters is a plain number"),
        ("50%", "unit '%' does not fit parameters: parameters is a plain number"),
    ],
)
def test_unclear_count_is_refused(text: str, rule: str) -> None:
    assert refuse(spellings.read_number, text, "parameters").startswith(rule)


@pytest.mark.parametrize(
    ("text", "column", "unit", "rule"),
    [
        ("5 PFLOP/s", "training_flop", None, "is a rate, not an amount"),
        ("5 PFLOPS", "training_flop", None, "is a rate, not an amount"),
        ("5 petaflop per second", "training_flop", None, "is a rate, not an amount"),
        ("5 petaflops", "training_flop", None, "may be an amount (FLOPs) or a rate (FLOP/s)"),
        ("5 PFLOP-days", "training_flop", None, "no unit that a cell may name"),  # of what rate?
        ("70B", "training_flop", None, "'B' after a number is read in counts alone"),
        ("5 %", "training_flop", None, "Cannot convert"),
        ("5 days", "training_flop", None, "no unit that a cell may name"),
        ("5 flopz", "training_flop", None, "no unit that a cell may name"),
        ("5 FLOP", "score", None, "Cannot convert"),
        ("5 GMAC", "training_flop", None, "annot convert"),  # multiply-adds are no FLOP
        ("5 EFLOP", "training_flop", "PFLOP", "not in 'PFLOP'"),
        ("5 %", "score", "fraction", "not in 'fraction'"),
        ("5", "training_flop", "", "a number without its unit"),
    ],
)
def test_wrong_unit_of_a_cell_is_refused(
    text: str, column: str, unit: str | None, rule: str
) -> None:
    assert rule in refuse(spellings.read_number, text, column, unit)


@pytest.mark.parametrize(
    ("text", "decimal"), [("1.5", "comma"), ("1,5", "point"), ("1.23,4", "comma")]
)
def test_number_with_another_mark_than_declared_is_refused(text: str, decimal: str) -> None:
    rule = refuse(spellings.read_number, text, "score", None, decimal)
    assert rule == f"not a number with a decimal {decimal}, as the card says"


@pytest.mark.parametrize(
    ("text", "order", "precision", "day"),
    [
        ("2022-03-04", None, "day", "2022-03-04"),
        ("2022-03-04", "dmy", "day", "2022-03-04"),  # ISO dates are so whatever the order
        ("2022-03-04T00:00:00", None, "day", "2022-03-04"),
        ("2022-03-04 00:00", None, "day", "2022-03-04"),
        ("2022/3/4", "ymd", "day", "2022-03-04"),
        ("03/04/2022", "dmy", "day", "2022-04-03"),
        ("03/04/2022", "mdy", "day", "2022-03-04"),
        ("3.4.2022", "dmy", "day", "2022-04-03"),
        ("4 March 2022", None, "day", "2022-03-04"),
        ("4-Mar-2022", None, "day", "2022-03-04"),
        ("March 4, 2022", None, "day", "2022-03-04"),
        ("Sept. 4, 2022", None, "day", "2022-09-04"),
        ("2022-03-04", None, "year", "2022-03-04"),
        ("March 2022", None, "month", "2022-03-15"),
        ("Mar 2022", None, "month", "2022-03-15"),
        ("2022-03", None, "month", "2022-03-15"),
        ("2022-03", None, "year", "2022-03-15"),
        ("2022", None, "year", "2022-07-01"),
        ("44624", "excel", "day", "2022-03-04"),
        ("44624.0", "excel", "day", "2022-03-04"),
        ("2022-03-04", "excel", "day", "2022-03-04"),
    ],
)
def test_date_is_read(text: str, order: str | None, precision: str, day: str) -> None:
    assert spellings.read_date(text, order, precision) == pd.Timestamp(day)


@pytest.mark.parametrize(
    ("text", "order", "precision", "rule"),
    [
        ("03/04/2022", None, "day", "not a date: day and month in no stated order"),
        ("25/04/2022", None, "day", "not a date: day and month in no stated order"),
        ("2022/03/04", None, "day", "not a date: day and month in no stated order"),
        ("March 2022", None, "day", "not a date: a month without its day"),
        ("2022-03", None, "day", "not a date: a month without its day"),
        ("2022", None, "month", "not a date: a year without its day"),
        ("2022", "excel", "day", "not a date: a year without its day"),
        ("44624", None, "day", "not a date: digits alone"),
        ("44624.5", "excel", "day", "a time of day, which would be dropped"),
        ("2022-03-04T12:30:00", None, "day", "a time of day, which would be dropped"),
        ("03/04/22", "dmy", "day", "not a date: a year of two digits"),
        ("Mar-22", None, "month", "not a date: a year of two digits"),
        ("2022-13-04", None, "day", "not a date: the calendar has no such day"),
        ("2022-02-30", None, "day", "not a date: the calendar has no such day"),
        ("25/13/2022", "dmy", "day", "not a date: the calendar has no such day"),
        ("4 März 2022", None, "day", "not a date as YYYY-MM-DD"),
        ("4 Mai 2022", None, "day", "not a date: 'Mai' is no English month"),
        ("1022-03-04", None, "day", "not a date between 1900 and 2199"),
        ("20220304", None, "day", "not a date as YYYY-MM-DD"),
        ("2022-3-4", None, "day", "not a date as YYYY-MM-DD"),
        ("soon", "dmy", "day", "not a date as dmy or as YYYY-MM-DD"),
        ("=TODAY()", None, "day", "not a date: a formula"),
    ],
)
def test_unclear_date_is_refused(text: str, order: str | None, precision: str, rule: str) -> None:
    assert refuse(spellings.read_date, text, order, precision) == rule


def test_remedy_names_the_order_that_a_date_shows() -> None:
    with pytest.raises(ValueError, match=r"order: dmy`, which this cell shows"):
        spellings.read_date("25/04/2022")


@pytest.mark.parametrize(
    ("text", "truth"),
    [("true", True), ("TRUE", True), ("yes", True), ("False", False), ("no", False)],
)
def test_truth_is_read(text: str, truth: bool) -> None:
    assert spellings.read_truth(text) is truth


@pytest.mark.parametrize("text", ["", "1", "0", "t", "n/a", "unknown"])
def test_other_truth_is_refused(text: str) -> None:
    assert refuse(spellings.read_truth, text) == "neither true nor false"


def test_declarations_of_the_card_reach_the_cells(tmp_path: Path) -> None:
    card = replace(REGISTRY_CARD, "parameters: {}", "parameters: {decimal: comma}")
    card = replace(card, "release_date: {}", "release_date: {order: excel, precision: month}")
    run = read_run(tmp_path, card, parameters="1.234,5", release_date="44624")
    assert (run["parameters"], run["release_date"]) == (1234.5, pd.Timestamp("2022-03-04"))
    assert read_run(tmp_path, card, release_date="March 2022")["release_date"].day == 15


def test_missing_text_is_missing(tmp_path: Path) -> None:
    assert pd.isna(read_run(tmp_path, base_model="n/a")["base_model"])


def test_missing_mark_in_a_column_that_must_be_filled_fails_validation(tmp_path: Path) -> None:
    folder = write(
        tmp_path,
        replace(REGISTRY_CARD, "organization: {constant: A lab}", "organization: {}"),
        [RUN | {"organization": "n/a"}],
    )
    (failure,) = read_dataset(folder).failures
    assert (failure.line, failure.column, failure.value) == (2, "organization", "n/a")
    assert failure.rule == "not empty"


def test_formula_in_a_text_column_is_text(tmp_path: Path) -> None:
    assert read_run(tmp_path, model="=1+1")["model"] == "=1+1"


def test_every_row_with_the_same_bad_cell_is_named(tmp_path: Path) -> None:
    rows = [RUN | {"model": str(i), "parameters": "many" if i % 2 else "5"} for i in range(6)]
    with pytest.raises(SourceError) as raised:
        read_dataset(write(tmp_path, REGISTRY_CARD, rows))
    assert [failure.line for failure in raised.value.failures] == [3, 5, 7]


BY_ROW = "training_flop: {unit_column: unit}"


@pytest.mark.parametrize(
    ("text", "unit", "flop"),
    [("2", "PFLOP", 2e15), ("2 PFLOP", "", 2e15), ("2 PFLOP", "petaFLOP", 2e15)],
)
def test_unit_of_cell_and_row_agree(tmp_path: Path, text: str, unit: str, flop: float) -> None:
    card = replace(REGISTRY_CARD, "training_flop: {unit: FLOP}", BY_ROW)
    assert read_run(tmp_path, card, training_flop=text, unit=unit)["training_flop"] == flop


def test_missing_number_needs_no_unit(tmp_path: Path) -> None:
    card = replace(REGISTRY_CARD, "training_flop: {unit: FLOP}", BY_ROW)
    assert pd.isna(read_run(tmp_path, card, training_flop="n/a", unit="")["training_flop"])


@pytest.mark.parametrize(
    ("text", "unit", "column", "rule"),
    [
        ("2", "", "training_flop", "a number without its unit"),
        ("2 EFLOP", "PFLOP", "training_flop", "the cell is in 'EFLOP', not in 'PFLOP'"),
        ("2", "flopz", "unit", "unit 'flopz' does not fit training_flop"),
    ],
)
def test_unit_of_a_row_is_refused(
    tmp_path: Path, text: str, unit: str, column: str, rule: str
) -> None:
    card = replace(REGISTRY_CARD, "training_flop: {unit: FLOP}", BY_ROW)
    with pytest.raises(SourceError) as raised:
        read_run(tmp_path, card, training_flop=text, unit=unit)
    (fault,) = raised.value.failures
    assert (fault.line, fault.column) == (2, column)
    assert fault.rule.startswith(rule)


@pytest.mark.parametrize("piece", ["1", "1 ", "1,111", "a", "10^", "1e", " "])
def test_long_cells_are_refused_in_no_time(piece: str) -> None:
    start = monotonic()
    for end in "!xyz":
        text = (piece * 10_000)[:9_999] + end
        refuse(spellings.read_number, text, "resource")
        refuse(spellings.read_date, text)
    assert monotonic() - start < 0.5
