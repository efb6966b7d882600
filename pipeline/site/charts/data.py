"""The data of a page's charts, trimmed: the columns that any chart reads, to the digits that show.

How the page stores them is for `pipeline/site/pages/packing.py`.
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


def trim(specs: Specs) -> Specs:
    """Charts by place, with no more of their data than charts of the page read."""
    wanted = _columns_by_dataset(specs)
    return {place: spec | _trim_datasets(spec, wanted) for place, spec in specs.items()}


def _trim_datasets(spec: dict[str, Any], wanted: dict[str, set[str]]) -> dict[str, Any]:
    datasets = spec.get("datasets", {})
    return {"datasets": {name: _trim_rows(rows, wanted[name]) for name, rows in datasets.items()}}


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


def _trim_rows(rows: list[dict[str, Any]], wanted: set[str]) -> list[dict[str, Any]]:
    return [{name: _round(value) for name, value in row.items() if name in wanted} for row in rows]


def _round(value: Any) -> Any:
    """A fraction to the digits that charts have; anything else as it is."""
    if not isinstance(value, float) or not np.isfinite(value):
        return value
    return float(f"{value:.{SIGNIFICANT - 1}e}")
