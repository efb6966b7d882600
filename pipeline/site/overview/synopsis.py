"""Estimates -> the answer so far: one line a dataset, and the largest and smallest of them.

The sentences stand in reports/templates/synopsis.html.jinja. A dataset without rate (no dates to
compare) is in none of them.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from pipeline.site.overview.estimates import find_share, headline_rate_key
from pipeline.site.overview.gathering import Overview
from pipeline.site.overview.rows import Row, best_of


@dataclass(frozen=True)
class Line:
    """What is known of one dataset: compute's share of its record path, and its rate."""

    dataset: str
    title: str
    page: str
    share: Row | None
    rate: Row

    @property
    def is_rising(self) -> bool:
        """Whether the interval of the rate is wholly above zero."""
        return self.rate.lower is not None and self.rate.lower > 0


@dataclass(frozen=True)
class Synopsis:
    """The lines of the table, and what its sentences are about."""

    lines: list[Line]

    def sort(self, name: Literal["share", "rate"]) -> list[Line]:
        """The lines with a median of `name`, the smallest first."""
        known = [line for line in self.lines if _median(line, name) is not None]
        return sorted(known, key=lambda line: _median(line, name) or 0.0)


def _median(line: Line, name: str) -> float | None:
    row: Row | None = getattr(line, name)
    return row.median if row else None


def summarise(overview: Overview, rates: Sequence[Row], shares: Sequence[Row]) -> Synopsis:
    """The answer so far over all datasets that have a rate of progress."""
    lines = []
    for cell in overview.primaries:
        key = headline_rate_key(rates, overview.passed_of(cell.dataset))
        if rate := best_of(rates, cell.dataset, key):
            share = find_share(cell.answer.key, shares, cell.dataset)
            lines.append(Line(cell.dataset, cell.title, cell.name, share, rate))
    return Synopsis(lines)
