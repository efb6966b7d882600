"""Estimates -> the answer so far: one line a dataset.

Its sentences, on the largest and the smallest, stand in reports/templates/synopsis.html.jinja. A
dataset without rate (no dates to compare) is in none of them.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from pipeline.site.overview.cells import Passed
from pipeline.site.overview.estimates import find_rate, find_share
from pipeline.site.overview.rows import Row


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


def summarise(primaries: Sequence[Passed]) -> list[Line]:
    """The answer so far of every posterior that speaks for a dataset and has a rate of progress."""
    return [
        Line(cell.title, cell.name, find_share(cell), rate)
        for cell in primaries
        if (rate := find_rate(cell))
    ]
