"""Cells of records.csv -> columns of a table, as the card says how to read them.

A cell that cannot be read is noted with its line, and reading goes on: all are reported at once.
"""

from collections.abc import Callable, Hashable, Sequence
from functools import partial

import pandas as pd

from pipeline.core.failures import Failure
from pipeline.ingest.cards.card import ColumnSource, LoadedCard
from pipeline.ingest.plain_files import find_invisible
from pipeline.ingest.sources import dates, numbers, units

MISSING_TEXT = {"", "n/a", "N/A"}
TRUTHS = {"true": True, "false": False, "yes": True, "no": False}


class Problems:
    """Collects every failure of a dataset's cells."""

    def __init__(self, card: LoadedCard, records: pd.DataFrame) -> None:
        self.path, self.lines = str(card.records_path), records["line"].tolist()
        self.failures: list[Failure] = []

    def add(self, row: int, column: str, value: str, rule: str, remedy: str) -> None:
        """Note a failure of the cell of `column` in the row at position `row`."""
        self.failures.append(Failure(self.path, self.lines[row], column, value, rule, remedy))


def read_column(
    name: str,
    source: ColumnSource,
    records: pd.DataFrame,
    dtype: str,
    problems: Problems,
    measured: str = "",
) -> pd.Series:
    """The column `name` of the table; of missing numbers where it is derived from others.

    `measured` is what units call its quantity, where not `name`.
    """
    column, index = source.source or name, records.index
    if source.derived:
        return pd.Series(float("nan"), index=index)
    is_constant = source.constant is not None
    cells = pd.Series(str(source.constant), index=index) if is_constant else records[column]
    if source.values is not None:
        cells = _translate(cells, source.values, column, problems)
    texts = cells.tolist()
    if dtype == "float64":
        return pd.Series(
            _read_numbers(measured or name, source, texts, records, problems, column),
            index,
            "float64",
        )
    if dtype.startswith("datetime64"):
        read_day = partial(dates.read_date, order=source.order, precision=source.precision)
        days = read_cells(texts, column, problems, read_day)
        return pd.to_datetime(pd.Series(days, index=index)).astype("datetime64[ns]")
    if dtype == "bool":
        truths = read_cells(texts, column, problems, read_truth)
        return pd.Series([bool(truth) for truth in truths], index=index)
    return cells.mask(cells.isin(MISSING_TEXT)).astype("str")


def read_truth(text: str) -> bool:
    """True or False. Raises ValueError (rule, remedy) for any other word, and for 1 and 0."""
    if text.lower() not in TRUTHS:
        remedy = "write true or false, or translate the cell under `values`"
        raise ValueError("neither true nor false", remedy)
    return TRUTHS[text.lower()]


def refuse_invisible(columns: set[str], records: pd.DataFrame, problems: Problems) -> None:
    """Note the cells of `columns` that hold what cannot be seen; columns that are ignored may."""

    def check(cell: str) -> None:
        if fault := find_invisible(cell):
            raise ValueError(*fault)

    for column in sorted(columns):
        read_cells(records[column].tolist(), column, problems, check)


def _translate(
    cells: pd.Series, values: dict[str, str | int | float | bool], column: str, problems: Problems
) -> pd.Series:
    for row in (~cells.isin(list(values))).to_numpy().nonzero()[0].tolist():
        rule, remedy = "the card gives no value for this cell", "add it under `values`"
        problems.add(row, column, cells.iloc[row], rule, remedy)
    return cells.map({cell: str(value).strip() for cell, value in values.items()}).fillna("")


def read_cells[Cell: Hashable, Value](
    cells: Sequence[Cell],
    column: str,
    problems: Problems,
    read: Callable[[Cell], Value],
    show: Callable[[Cell], str] = str,
) -> list[Value | None]:
    """Each distinct cell through `read`; a ValueError is a failure of every row, and gives None."""
    made: dict[Cell, Value | None] = {}
    faults: dict[Cell, tuple[str, str]] = {}
    for cell in dict.fromkeys(cells):
        try:
            made[cell] = read(cell)
        except ValueError as error:
            made[cell], faults[cell] = None, error.args
    for row, cell in enumerate(cells if faults else ()):
        if cell in faults:
            problems.add(row, column, show(cell), *faults[cell])
    return [made[cell] for cell in cells]


def _read_numbers(
    name: str,
    source: ColumnSource,
    texts: list[str],
    records: pd.DataFrame,
    problems: Problems,
    column: str,
) -> list[float | None]:
    if source.unit_column:
        named = _read_units(name, source.unit_column, records, problems)
    else:
        named = ["" if source.unit == units.IN_CELLS else source.unit] * len(texts)
    return read_cells(
        list(zip(texts, named, strict=True)),
        column,
        problems,
        lambda pair: numbers.read_number(pair[0], name, pair[1], source.decimal),
        lambda pair: pair[0],
    )


def _read_units(
    name: str, column: str, records: pd.DataFrame, problems: Problems
) -> list[str | None]:
    """The unit of each row, empty where none is given, None where it is a failure already."""

    def check(unit: str) -> str:
        if unit:
            numbers.read_unit(unit, name)
        return unit

    return read_cells(records[column].tolist(), column, problems, check)
