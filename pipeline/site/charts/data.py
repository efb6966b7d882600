"""The data of a page's charts, trimmed: the columns that any chart reads, to the digits that show.

How the page stores them is for `pipeline/site/pages/packing.py`.
"""

import math
import re
from typing import Any

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
    wanted: dict[str, set[str]] = {}  # columns by dataset
    for spec in specs.values():
        read = _read_columns({name: part for name, part in spec.items() if name != "datasets"})
        for name in spec.get("datasets", {}):
            wanted[name] = wanted.get(name, set()) | read
    return {
        place: spec
        | {
            "datasets": {
                name: [_keep(row, wanted[name]) for row in rows]
                for name, rows in spec.get("datasets", {}).items()
            }
        }
        for place, spec in specs.items()
    }


def _read_columns(part: Any) -> set[str]:
    """What a spec reads of its rows: fields of encodings and of expressions."""
    if isinstance(part, str):
        return {name for match in _NAMED.findall(part) for name in match if name}
    if isinstance(part, list):
        return set().union(*map(_read_columns, part))
    if not isinstance(part, dict):
        return set()
    own = {part["field"]} if isinstance(part.get("field"), str) else set()
    return own.union(*map(_read_columns, part.values()))


def _keep(row: dict[str, Any], wanted: set[str]) -> dict[str, Any]:
    return {name: _round(value) for name, value in row.items() if name in wanted}


def _round(value: Any) -> Any:
    """A fraction to the digits that charts have; anything else as it is."""
    if not isinstance(value, float) or not math.isfinite(value):
        return value
    return float(f"{value:.{SIGNIFICANT - 1}e}")
