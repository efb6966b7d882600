"""Any table: what is accepted is read again unchanged, what is refused is named by its place."""

import csv
import io
import re
from datetime import date
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.core.failures import Failure, SourceError
from pipeline.ingest.cards.card import LoadedCard, load_card
from pipeline.ingest.convert import ingest
from pipeline.ingest.sources.records import read_records
from pipeline.ingest.tables import FILLED_BY_INGEST, TABLES
from pipeline.ingest.validate import find_failures

SETTINGS = settings(derandomize=True, deadline=None, database=None, max_examples=120)
COLUMNS = [
    name for name in TABLES["training_runs"].to_schema().columns if name not in FILLED_BY_INGEST
]
DECLARED = {"release_date", "training_flop", "training_flop_second_source", "extra_training_flop"}
CARD = f"""\
table: training_runs
title: Any registry
question: Who trained what?
description: Rows made up for tests.
citations: [doe2020]
licence: none
retrieved: 2024-12-31
columns:
  release_date: {{precision: year}}
  training_flop: {{unit: in cells}}
  training_flop_second_source: {{unit: FLOP}}
  extra_training_flop: {{unit: FLOP}}
  {"\n  ".join(f"{name}: {{}}" for name in COLUMNS if name not in DECLARED)}
"""
Cells = dict[str, str]

names = st.text("abcÄ模 -.", min_size=1, max_size=8).filter(str.strip)
missing = st.sampled_from(["", "n/a", "N/A"])
mantissas = st.floats(1, 9, exclude_max=True)


@st.composite
def counts(draw: st.DrawFn) -> str:
    """A count in one of its spellings."""
    if draw(st.booleans()):
        return f"{draw(mantissas):.4g}" + draw(st.sampled_from(["K", "M", " B", " trillion"]))
    return draw(st.sampled_from(["{}", "{}.5", "{:e}", "{:,}", "{:,}.25"])).format(
        draw(st.integers(1_000_000, 10**12))
    )


@st.composite
def amounts(draw: st.DrawFn) -> str:
    """Training compute in one of its spellings."""
    exponent = draw(st.integers(18, 26))
    unit = draw(st.sampled_from([" FLOP", "FLOP", " FLOPs"]))
    sign = draw(st.sampled_from(["e", "E+", "×10^", " × 10^", "*10**"]))  # noqa: RUF001
    plain = f"{draw(mantissas)!r}{sign}{exponent}{unit}"
    other = f"{draw(mantissas):.3f} {draw(st.sampled_from(['EFLOP', 'moles', 'PFLOP/s-days']))}"
    return draw(st.sampled_from([plain, other]))


@st.composite
def days(draw: st.DrawFn) -> str:
    """A date in one of its spellings."""
    day = draw(st.dates(date(1950, 1, 1), date(2023, 12, 31)))
    return day.strftime(
        draw(st.sampled_from(["%Y-%m-%d", "%d %B %Y", "%b %d, %Y", "%Y-%m", "%B %Y", "%Y"]))
    )


truths = st.sampled_from(["true", "false", "True", "FALSE", "yes", "no"])
GOOD = {
    "organization": names,
    "lab": names | missing,
    "family": names | missing,
    "base_model": st.just(""),
    "release_date": days() | missing,
    "parameters": counts() | missing,
    "training_tokens": counts() | missing,
    "training_flop": amounts() | missing,
    "flop_basis": st.sampled_from(["reported", "6ND", "other", ""]),
    "compute_confidence": st.sampled_from(["confident", "likely"]),
    "is_compute_circular": truths,
    "is_open_weights": truths,
    "is_dense": truths,
    "training_flop_second_source": mantissas.map(lambda value: f"{value!r}e21") | missing,
    "extra_training_tokens": missing,
    "extra_training_flop": missing,
    "citation": st.just("doe2020"),
    "locator": names | missing,
    "is_verified": truths,
}
good_rows = st.lists(st.fixed_dictionaries(GOOD), min_size=1, max_size=4).map(
    lambda rows: [{"model": f"run {number}"} | row for number, row in enumerate(rows)]
)
anything = (
    st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=12)
    | st.text("0123456789.,eE+-×^ %kMBT/", max_size=10)  # noqa: RUF001
    | st.floats().map(repr)
    | st.integers().map(str)
    | st.sampled_from(["=A1", "1,234", "5 PFLOP/s", "03/04/2022", "nan", "none", "run 0", "true"])
)


@pytest.fixture(scope="module")
def card(tmp_path_factory: pytest.TempPathFactory) -> LoadedCard:
    """The card of a registry; each example writes its own records beside it."""
    path = tmp_path_factory.mktemp("any") / "source.yaml"
    path.write_text(CARD, encoding="utf-8")
    return load_card(path)


def write(path: Path, rows: list[Cells], delimiter: str = ",", end: str = "\n") -> list[int]:
    """Write `rows` and return the line where each begins."""
    lines, line, text = [], 1, ""
    for row in [dict(zip(COLUMNS, COLUMNS, strict=True)), *rows]:
        made = io.StringIO()
        writer = csv.writer(made, delimiter=delimiter, lineterminator=end, quoting=csv.QUOTE_ALL)
        writer.writerow([row[name] for name in COLUMNS])
        lines.append(line)
        line += len(re.findall("\r\n|\r|\n", made.getvalue()))
        text += made.getvalue()
    path.write_bytes(text.encode())
    return lines[1:]


def read(card: LoadedCard) -> tuple[pd.DataFrame | None, list[Failure]]:
    """The table of the records, or every failure."""
    try:
        records = read_records(card.records_path)
        table = ingest(card, records)
    except SourceError as error:
        return None, error.failures
    return table, find_failures(table, card, records)


def spell(table: pd.DataFrame) -> list[Cells]:
    """The rows of a canonical table as cells."""
    shown = table[COLUMNS].assign(
        release_date=table["release_date"].dt.strftime("%Y-%m-%d"),
        training_flop=table["training_flop"].map("{!r} FLOP".format, na_action="ignore"),
    )
    return [
        {name: "" if pd.isna(value) else str(value) for name, value in row.items()}
        for row in shown.to_dict("records")
    ]


@SETTINGS
@given(
    rows=good_rows,
    changed=st.none() | st.tuples(st.integers(0, 3), st.sampled_from(COLUMNS), anything),
    delimiter=st.sampled_from(",;\t"),
    end=st.sampled_from(["\n", "\r\n", "\r"]),
)
def test_any_row_is_read_again_unchanged_or_refused_at_its_place(
    card: LoadedCard,
    rows: list[Cells],
    changed: tuple[int, str, str] | None,
    delimiter: str,
    end: str,
) -> None:
    if changed:
        number, column, cell = changed
        rows[number % len(rows)][column] = cell
    lines = write(card.records_path, rows, delimiter, end)
    table, failures = read(card)
    assert changed or not failures
    for failure in failures:
        row = rows[lines.index(failure.line or 0)]
        assert failure.file == str(card.records_path)
        assert failure.value == row[failure.column].strip()
        assert failure.rule
        assert failure.remedy
    if table is not None and not failures:
        assert list(table["line"]) == lines
        write(card.records_path, spell(table))
        again, failures = read(card)
        assert failures == []
        assert again is not None
        pd.testing.assert_frame_equal(
            again.drop(columns="line"), table.drop(columns="line"), check_exact=True
        )
