"""One estimate as forest plots and tables show it, with what must be read before its number."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal

from pipeline.site.overview.cells import Passed
from pipeline.site.pages import answers
from pipeline.site.pages.numbers import INTERVAL_WORDS, format_number, format_quantity
from pipeline.studies.verdict import find_caveats

DECADE_MONTHS = 12 * math.log10(2)  # rate in decades a year x doubling time in months
NOT_CONVERGED = "not converged"
BOUNDS = ("median", "lower", "upper")
Kind = Literal["model", "baseline", "published"]


@dataclass(frozen=True)
class Row:
    """One estimate under a heading; bounds that do not exist are None, `reason` says why."""

    group: str
    dataset: str
    key: str
    label: str
    kind: Kind
    median: float | None = None
    lower: float | None = None
    upper: float | None = None
    interval: str = INTERVAL_WORDS
    caveats: tuple[str, ...] = ()
    page: str = ""
    citation: str = ""
    reason: str = ""
    range: str = ""  # over other specifications, in brief

    @property
    def has_number(self) -> bool:
        """Whether there is anything to draw."""
        return self.median is not None or self.lower is not None

    @property
    def is_flagged(self) -> bool:
        """Whether it has a caveat."""
        return bool(self.caveats)


def read_bounds(entry: Mapping[str, Any]) -> dict[str, Any]:
    """Median and interval of an attribution file's entry, as a row has them."""
    return {name: entry.get(name) for name in BOUNDS}


def read_row(cell: Passed, key: str, group: str = "", label: str = "") -> Row | None:
    """The estimand `key` of a posterior, or why it is not reported; None where it has no such."""
    entry = cell.attributions.get(key)
    if entry is None:
        return None
    row = Row(group, cell.dataset, key, label, "model", page=cell.name)
    if entry.get("reason"):
        return replace(row, reason=f"not reported: {entry['reason']}")
    spread = answers.say_range(key, cell.check, str(entry["unit"]), is_short=True)
    caveats = find_caveats(key, cell.check)
    return replace(row, **read_bounds(entry), caveats=caveats, range=spread)


def say(row: Row, unit: str) -> str:
    """The estimate in words: "0.36 (0.28 to 0.47)"; why there is none where there is none."""
    median = "no estimate" if row.median is None else format_quantity(row.median, unit)
    ends = [
        f"no {name} bound" if value is None else format_quantity(value, unit)
        for name, value in (("lower", row.lower), ("upper", row.upper))
    ]
    return _join(row, median, ends)


def say_doubling(row: Row) -> str:
    """The doubling time of a rate with its interval: "10 months (7.9 to 13)"."""
    median, *ends = map(to_doubling_time, (row.median, row.upper, row.lower))
    nothing = "no estimate" if row.median is None else "no finite median"
    shown = f"{format_number(median)} months" if median else nothing
    return _join(row, shown, [format_number(end) if end else "no bound" for end in ends])


def _join(row: Row, median: str, ends: list[str]) -> str:
    if not row.has_number:
        return row.reason
    is_alone = row.lower is None and row.upper is None
    return median if is_alone else f"{median} ({ends[0]} to {ends[1]})"


def to_doubling_time(rate: float | None) -> float | None:
    """Months in which the compute needed halves; None where it never does."""
    return DECADE_MONTHS / rate if rate is not None and rate > 0 else None
