"""Estimates -> the answer so far: one line a dataset.

Its sentences, on the largest and the smallest, stand in reports/templates/synopsis.html.jinja. A
dataset without rate (no dates to compare) is in none of them.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from pipeline.site.overview.estimates import find_share, headline_rate_key
from pipeline.site.overview.gathering import Overview
from pipeline.site.overview.rows import Row, best_of


@dataclass(frozen=True)
class Line:
    """What is known of one dataset: compute's share of its record path, and its rate."""

    title: str
    page: str
    share: Row | None
    rate: Row

    @property
    def is_rising(self) -> bool:
        """Whether the interval of the rate is wholly above zero."""
        return self.rate.lower is not None and self.rate.lower > 0


def summarise(overview: Overview, rates: Sequence[Row], shares: Sequence[Row]) -> list[Line]:
    """The answer so far over all datasets that have a rate of progress."""
    lines = []
    for cell in overview.primaries:
        key = headline_rate_key(rates, overview.passed_of(cell.dataset))
        if rate := best_of(rates, cell.dataset, key):
            share = find_share(cell.answer.key, shares, cell.dataset)
            lines.append(Line(cell.title, cell.name, share, rate))
    return lines
