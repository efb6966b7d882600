"""The rows behind a page's charts and downloads, each column stored once.

A figure's chart and its CSV file have most columns in common, and so have the panels of a figure.
The page therefore holds one list of columns. Charts and files name theirs by position in it; the
script of the page puts rows and CSV files together again (`reports/templates/data.js`).

A column is a list of values, or, where that is shorter, `{"of": distinct values, "at": positions}`,
or `{"parts": positions of columns}`, one after the other.
"""

import json
import math
from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd

FIGURE_DIGITS = 8  # significant: days of a date in years, and far beyond any Monte Carlo error
EXACT_INTEGERS = 2**53  # the largest that a browser counts one by one to
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")
Spec = dict[str, Any]


class PageData:
    """What the scripts of one page read; templates add a file where they print its button."""

    def __init__(self) -> None:
        self.columns: list[Any] = []
        self._positions: dict[str, int] = {}
        self._frames: dict[str, tuple[pd.DataFrame, int | None]] = {}
        self.files: dict[str, dict[str, str]] = {}

    def add_figure(self, frame: pd.DataFrame, name: str) -> str:
        """Keep the rows of the figure `name`, to eight significant digits; its name."""
        self._frames[name] = (frame, FIGURE_DIGITS)
        return name

    def add_table(self, frame: pd.DataFrame, name: str) -> str:
        """Keep the rows of the table `name` as exactly as they are; its name."""
        self._frames[name] = (frame, None)
        return name

    def add_file(self, text: str, name: str, kind: str) -> str:
        """Keep a text file of the MIME type `kind`; its name."""
        self.files[name] = {"text": text, "kind": kind}
        return name

    def pack(self, specs: dict[str, Spec]) -> dict[str, Any]:
        """`charts`, `tables` and `files` by name, and the `columns` that the first two name."""
        charts = {place: self._pack_spec(spec) for place, spec in specs.items()}
        tables = {
            name: self._pack_frame(frame, digits, self._list_panels(name, frame, specs))
            for name, (frame, digits) in self._frames.items()
        }
        return {"charts": charts, "tables": tables, "columns": self.columns, "files": self.files}

    def _pack_spec(self, spec: Spec) -> Spec:
        if "datasets" not in spec:
            return spec
        packed = {name: self._pack_rows(rows) for name, rows in spec["datasets"].items()}
        return spec | {"datasets": packed}

    def _pack_rows(self, rows: list[dict[str, Any]]) -> Any:
        """The dataset of a chart as columns; as it is where its rows are not alike."""
        if not rows or any(list(row) != list(rows[0]) for row in rows):
            return rows
        columns = {
            name: self._store([shorten(row[name], FIGURE_DIGITS) for row in rows])
            for name in rows[0]
        }
        return {"rows": len(rows), "columns": columns}

    def _pack_frame(
        self, frame: pd.DataFrame, digits: int | None, panels: Sequence[int]
    ) -> dict[str, Any]:
        columns = []
        for name in frame:
            values = [neutralise(shorten(value, digits)) for value in frame[name]]
            kind = "date" if pd.api.types.is_datetime64_any_dtype(frame[name]) else "value"
            columns.append([neutralise(str(name)), kind, self._store_parts(values, panels)])
        return {"rows": len(frame), "columns": columns}

    def _store_parts(self, values: list[Any], panels: Sequence[int]) -> int:
        """The position of a column, made of those of the panels' charts where it can be."""
        ends = np.cumsum([0, *panels])
        parts = [values[start:end] for start, end in pairwise(ends)]
        if len(parts) < 2 or not all(_key(part) in self._positions for part in parts):
            return self._store(values)
        return self._append(_key(values), {"parts": [self._store(part) for part in parts]})

    def _store(self, values: list[Any]) -> int:
        return self._append(_key(values), _encode(values))

    def _append(self, key: str, column: Any) -> int:
        if key not in self._positions:
            self._positions[key] = len(self.columns)
            self.columns.append(column)
        return self._positions[key]

    @staticmethod
    def _list_panels(name: str, frame: pd.DataFrame, specs: dict[str, Spec]) -> list[int]:
        """How many rows of a figure each of its panels shows; none if they do not add up to it."""
        counts: list[int] = []
        while (spec := specs.get(f"{name}-{len(counts)}")) is not None:
            datasets = spec.get("datasets", {}).values()
            shared = {  # by the number of rows, of columns that chart and file have in common
                len(rows): len(set(frame.columns) & set(rows[0])) for rows in datasets if rows
            }
            counts.append(max(shared, key=lambda count: (shared[count], count), default=0))
        return counts if sum(counts) == len(frame) else []


def shorten(value: Any, digits: int | None) -> Any:
    """`value` as JSON has it: numbers to `digits` significant digits, dates in ISO form.

    Missing values are None; infinite numbers are words, since JSON has none.
    """
    if value is None or value is pd.NaT or value is pd.NA:
        return None
    if isinstance(value, bool | np.bool_):
        return bool(value)
    if isinstance(value, int | np.integer) and abs(int(value)) <= EXACT_INTEGERS:
        return int(value)
    if isinstance(value, int | float | np.number):
        return _shorten_number(float(value), digits)
    if isinstance(value, pd.Timestamp):
        return value.strftime("%Y-%m-%dT%H:%M:%S")
    return value if isinstance(value, str | list | dict) else str(value)


def _shorten_number(value: float, digits: int | None) -> Any:
    if math.isnan(value):
        return None
    if math.isinf(value):
        return "inf" if value > 0 else "-inf"
    short = value if digits is None else float(f"{value:.{digits}g}")
    return int(short) if short.is_integer() and abs(short) <= EXACT_INTEGERS else short


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
