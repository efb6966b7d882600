"""The rows behind a page's charts and downloads, each column stored once.

A figure's chart and its CSV file have most columns in common. The page therefore holds one list of
columns. Charts and files name theirs by position in it; the script of the page, data.js, puts rows
and CSV files together again.

A column is a list of values, or, where that is shorter, `{"of": distinct values, "at": positions}`.
"""

import json
import math
from typing import Any

import numpy as np
import pandas as pd

FIGURE_DIGITS = 6  # significant: far beyond any Monte Carlo error
EXACT_INTEGERS = 2**53  # the largest that a browser counts one by one to
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")
Spec = dict[str, Any]


class PageData:
    """What the scripts of one page read; templates add a file where they print its button."""

    def __init__(self) -> None:
        self.columns: list[Any] = []
        self._first = ""
        self._positions: dict[str, int] = {}
        self._frames: dict[str, tuple[pd.DataFrame, int | None]] = {}
        self.files: dict[str, dict[str, str]] = {}

    def is_first(self, figure: str) -> bool:
        """Whether no other figure of the page has asked."""
        self._first = self._first or figure
        return self._first == figure

    def add_table(self, frame: pd.DataFrame, name: str, digits: int | None = None) -> str:
        """Keep the rows of the table `name`, exactly or to some significant digits; its name."""
        self._frames[name] = (frame, digits)
        return name

    def add_file(self, text: str, name: str, kind: str) -> str:
        """Keep a text file of the MIME type `kind`; its name."""
        self.files[name] = {"text": text, "kind": kind}
        return name

    def pack(self, specs: dict[str, Spec]) -> dict[str, Any]:
        """`charts`, `tables` and `files` by name, and the `columns` that the first two name."""
        charts = {}
        for place, spec in specs.items():
            packed = {name: self._pack_rows(rows) for name, rows in spec["datasets"].items()}
            charts[place] = spec | {"datasets": packed}
        tables = {name: self._pack_frame(*each) for name, each in self._frames.items()}
        return {"charts": charts, "tables": tables, "columns": self.columns, "files": self.files}

    def _pack_rows(self, rows: list[dict[str, Any]]) -> Any:
        """The dataset of a chart as columns; as it is where its rows are not alike."""
        if not rows or any(list(row) != list(rows[0]) for row in rows):
            return rows
        lists = {name: [shorten(row[name], FIGURE_DIGITS) for row in rows] for name in rows[0]}
        columns = {name: self._store(values) for name, values in lists.items()}
        return {"rows": len(rows), "columns": columns}

    def _pack_frame(self, frame: pd.DataFrame, digits: int | None) -> dict[str, Any]:
        columns = []
        for name in frame:
            values = [neutralise(shorten(value, digits)) for value in frame[name]]
            kind = "date" if pd.api.types.is_datetime64_any_dtype(frame[name]) else "value"
            columns.append([neutralise(str(name)), kind, self._store(values)])
        return {"rows": len(frame), "columns": columns}

    def _store(self, values: list[Any]) -> int:
        """The position of a column, which is stored once."""
        key = _key(values)
        if key not in self._positions:
            self._positions[key] = len(self.columns)
            self.columns.append(_encode(values))
        return self._positions[key]


def shorten(value: Any, digits: int | None) -> Any:
    """`value` as JSON has it: numbers to `digits` significant digits, dates in ISO form.

    Missing values are None; infinite numbers are words, since JSON has none.
    """
    if isinstance(value, bool | np.bool_):
        return bool(value)
    if isinstance(value, str | list | dict):
        return value
    if value is None or value is pd.NaT or value is pd.NA or value != value:
        return None
    if isinstance(value, pd.Timestamp):
        return value.strftime("%Y-%m-%dT%H:%M:%S")
    if not isinstance(value, int | float | np.number):
        return str(value)
    if math.isinf(value):
        return "inf" if value > 0 else "-inf"
    is_exact = digits is None or isinstance(value, int | np.integer)
    short: Any = value if is_exact else float(f"{value:.{digits}g}")
    return int(short) if short == int(short) and abs(short) <= EXACT_INTEGERS else float(short)


def neutralise(cell: Any) -> Any:
    """`cell` with text that a spreadsheet would run as a formula quoted by an apostrophe."""
    if isinstance(cell, str) and cell.startswith(FORMULA_STARTS) and cell != "-inf":
        return f"'{cell}"
    return cell


def neutralise_frame(frame: pd.DataFrame) -> pd.DataFrame:
    """`frame` with its text and the names of its columns neutralised; numbers and dates stay."""
    safe = frame.rename(columns=lambda name: neutralise(str(name)))
    for name, dtype in safe.dtypes.items():
        if not pd.api.types.is_numeric_dtype(dtype) and not pd.api.types.is_datetime64_dtype(dtype):
            safe[name] = safe[name].map(neutralise)
    return safe


def _encode(values: list[Any]) -> Any:
    """The shorter of the values and of the distinct ones with their positions."""
    distinct = {_key([value]): value for value in values}
    if len(distinct) == len(values):
        return values
    order = {key: position for position, key in enumerate(distinct)}
    short = {"of": [*distinct.values()], "at": [order[_key([value])] for value in values]}
    return min((values, short), key=lambda column: len(_key(column)))


def _key(values: Any) -> str:
    return json.dumps(values, ensure_ascii=False, separators=(",", ":"))
