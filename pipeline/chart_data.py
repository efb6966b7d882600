"""The data of a page's charts, packed: to the digits that show, by column, and each set once.

A row of a Vega-Lite dataset repeats the name of every column, and charts of a page share rows. A
packed dataset is `{column: [values]}` of the columns that its charts read; a chart that shares the
data of an earlier one names it under `usermeta.shared`. The script of the page undoes this.
"""

import re
from typing import Any

import numpy as np
import pandas as pd

SIGNIFICANT = 6  # digits: more cannot be seen, and fill the page
_NAMED = re.compile(r"datum(?:\.(\w+)|\[(?:'([^']*)'|\"([^\"]*)\")\])")

type Specs = dict[str, dict[str, Any]]


def round_numbers(frame: pd.DataFrame) -> pd.DataFrame:
    """`frame` with its fractions to the digits that charts have."""
    fractions = frame.select_dtypes("float")
    return frame.assign(**{str(name): fractions[name].map(_round) for name in fractions})


def pack(specs: Specs) -> Specs:
    """Charts by place, with packed data."""
    wanted = _columns_by_dataset(specs)
    packed: Specs = {}
    seen: set[str] = set()
    for place, spec in specs.items():
        datasets = spec.get("datasets", {})
        new = {name: rows for name, rows in datasets.items() if name not in seen}
        seen |= set(new)
        packed[place] = spec | {
            "datasets": {name: _by_column(rows, wanted[name]) for name, rows in new.items()}
        }
        shared = sorted(set(datasets) - set(new))
        if shared:
            packed[place]["usermeta"] = {"shared": shared}
    return packed


def unpack(specs: Specs) -> Specs:
    """Charts by place as Vega-Lite reads them: what the page's script makes of packed ones."""
    known = {
        name: [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]
        for spec in specs.values()
        for name, columns in spec["datasets"].items()
    }
    return {
        place: spec
        | {
            "datasets": {
                name: known[name]
                for name in (*spec["datasets"], *spec.get("usermeta", {}).get("shared", ()))
            }
        }
        for place, spec in specs.items()
    }


def _columns_by_dataset(specs: Specs) -> dict[str, set[str]]:
    """The columns that any chart with a dataset reads."""
    wanted: dict[str, set[str]] = {}
    for spec in specs.values():
        parts = {name: part for name, part in spec.items() if name != "datasets"}
        read = _read_columns(parts)
        for name in spec.get("datasets", {}):
            wanted[name] = wanted.get(name, set()) | read
    return wanted


def _read_columns(part: Any) -> set[str]:
    """What a spec reads of its rows: fields of encodings and of expressions."""
    if isinstance(part, dict):
        own = {part["field"]} if isinstance(part.get("field"), str) else set()
        return own.union(*(_read_columns(value) for value in part.values()))
    if isinstance(part, list):
        return set().union(*(_read_columns(value) for value in part))
    if isinstance(part, str):
        return {name for match in _NAMED.findall(part) for name in match if name}
    return set()


def _by_column(rows: list[dict[str, Any]], wanted: set[str]) -> dict[str, list[Any]]:
    names = [name for name in (rows[0] if rows else {}) if name in wanted]
    return {name: [_round(row[name]) for row in rows] for name in names}


def _round(value: Any) -> Any:
    """A fraction to the digits that charts have; anything else as it is."""
    if not isinstance(value, float) or not np.isfinite(value):
        return value
    return float(f"{value:.{SIGNIFICANT - 1}e}")
