"""Estimates -> the answer so far: two sentences and one line a dataset, every number computed.

A sign stands before a number that has a caveat; the table gives its words. A dataset without rate
(no dates to compare) is in neither sentence.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from pipeline.site.overview.comparison import SPLIT
from pipeline.site.overview.estimates import (
    Row,
    best_of,
    headline_rate_key,
    is_flagged,
    record_key,
    say,
    to_doubling_time,
)
from pipeline.site.overview.gathering import Overview
from pipeline.site.pages.answers import INTERVAL_WORDS
from pipeline.site.pages.rendering import format_number

SHARE, CAVEAT = "share", "▲"


@dataclass(frozen=True)
class Line:
    """What is known of one dataset: compute's share of its record path, and its rate."""

    dataset: str
    title: str
    page: str
    share: Row | None
    rate: Row | None


@dataclass(frozen=True)
class Synopsis:
    """The sentences, and the lines of the table below them."""

    sentences: list[str]
    lines: list[Line]

    @property
    def has_caveats(self) -> bool:
        """Whether a sentence has the sign."""
        return any(CAVEAT in sentence for sentence in self.sentences)


def summarise(overview: Overview, rates: Sequence[Row], shares: Sequence[Row]) -> Synopsis:
    """The answer so far over all datasets that have a rate of progress."""
    lines = [
        Line(
            cell.card.dataset,
            cell.card.card.title,
            cell.name,
            find_share(cell.answer.key, shares, cell.card.dataset),
            best_of(
                rates, cell.card.dataset, headline_rate_key(rates, overview, cell.card.dataset)
            ),
        )
        for cell in overview.primaries
    ]
    lines = [line for line in lines if line.rate]
    sentences = [say_shares(lines), say_rates(lines)]
    return Synopsis([sentence for sentence in sentences if sentence], lines)


def find_share(headline: str, shares: Sequence[Row], dataset: str) -> Row | None:
    """The record path's share, which is the headline's where the two are one step."""
    if not headline.startswith(f"{SPLIT}["):
        return None
    found = best_of(shares, dataset, record_key(headline)) or best_of(shares, dataset, headline)
    return found if found and found.median is not None else None


def say_shares(lines: Sequence[Line]) -> str:
    """How much of the record path was compute: the largest and the smallest median."""
    known = _sort([(line, line.share) for line in lines if line.share])
    if not known:
        return ""
    (low_line, low), (high_line, high) = known[0], known[-1]
    said = (
        "From the first to the last record, training compute made up "
        f"{_mark(high)}{say(high, SHARE)} of progress in effective compute on {high_line.title}"
    )
    if len(known) > 1:
        said += (
            f", the highest median, and {_mark(low)}{say(low, SHARE)} on {low_line.title}, the "
            "lowest"
        )
    return f"{said}. The rest is algorithms, and what no model explains."


def say_rates(lines: Sequence[Line]) -> str:
    """How fast algorithms cut the compute needed: the fastest and the slowest median."""
    known = _sort([(line, line.rate) for line in lines if line.rate])
    if not known:
        return ""
    (slow_line, slow), (fast_line, fast) = known[0], known[-1]
    said = (
        "For a fixed result, better algorithms halved the compute needed every "
        f"{_mark(fast)}{say_doubling(fast)} on {fast_line.title}"
    )
    if len(known) > 1:
        said += (
            f", the fastest median, and every {_mark(slow)}{say_doubling(slow)} on "
            f"{slow_line.title}, the slowest"
        )
    return f"{said}. {_count([rate for _, rate in known])}."


def say_doubling(row: Row) -> str:
    """The doubling time of a rate with its interval: "10 months (7.9 to 13)"."""
    if not row.has_number:
        return row.reason
    median, fast, slow = map(to_doubling_time, (row.median, row.upper, row.lower))
    nothing = "no estimate" if row.median is None else "no finite median"
    shown = f"{format_number(median)} months" if median else nothing
    if row.lower is None and row.upper is None:
        return shown
    ends = [format_number(end) if end else "no bound" for end in (fast, slow)]
    return f"{shown} ({ends[0]} to {ends[1]})"


def _sort(pairs: Sequence[tuple[Line, Row]]) -> list[tuple[Line, Row]]:
    """Those with a median, the smallest first."""
    known = [pair for pair in pairs if pair[1].median is not None]
    return sorted(known, key=lambda pair: pair[1].median or 0.0)


def _count(rates: Sequence[Row]) -> str:
    """On how many benchmarks the interval of the rate is wholly above zero."""
    rising = sum(rate.lower is not None and rate.lower > 0 for rate in rates)
    where = "in every case" if rising == len(rates) else f"in {rising} of {len(rates)} cases"
    return f"The {INTERVAL_WORDS} excludes a standstill {where}"


def _mark(row: Row) -> str:
    """The sign of a caveat, which the table gives in words."""
    return f"{CAVEAT}\N{NO-BREAK SPACE}" if is_flagged(row) else ""
