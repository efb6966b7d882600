"""Yearly rates of leaderboards -> rates of algorithmic progress by period, and whether they rose.

A period's rate is the mean of the yearly rates that a leaderboard's model has in it, draw by draw.
The mean over leaderboards pairs their draws at random, as if they had no model in common.
"""

import re
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np

from pipeline.site.overview.cells import Passed
from pipeline.site.overview.comparison import RATE, Entry, round_to
from pipeline.site.overview.rows import find_caveats
from pipeline.synthesis.entries import state, summarise
from pipeline.synthesis.shares import COMPUTE_RATE, divide_progress, thin

YEARLY = re.compile(rf"{RATE}\[(\d+)\]")
SINCE = "since_2023"  # of which single rates are told too
MEAN = "Mean of these leaderboards"


class Change(NamedTuple):
    """A year at which rates may have changed, and the periods on either side of it."""

    year: int
    before: str
    since: str
    first: int  # of the years before
    least: int  # years with a rate, for a period to be told


class Rate(NamedTuple):
    """Draws of the rate of a period, in decades a year, and what must be read before it."""

    draws: np.ndarray
    caveats: tuple[str, ...] = ()


# Chat models and the first of METR's faster trend; the first whole year with reasoning models,
# which came in September 2024.
CHANGES = (
    Change(2023, "before_2023", SINCE, 0, least=2),
    Change(2025, "2023_to_2024", "since_2025", 2023, least=1),
)
WORDS = {
    "before_2023": "before 2023",
    SINCE: "since 2023",
    "2023_to_2024": "2023 and 2024",
    "since_2025": "since 2025",
}


def compare_periods(cells: Mapping[str, Passed | None], compute: Passed | None) -> dict[str, Entry]:
    """Entries `rate_<period>[<domain>]` in decades a year and `p_faster_<period>[<domain>]`; with
    the mean over leaderboards since 2023, and compute's share of a year's progress at it.

    `cells` are posteriors by domain, `compute` that of the growth of training compute.
    """
    entries: dict[str, Entry] = {}
    reached: dict[str, Rate] = {}
    for change in CHANGES:
        for domain, cell in cells.items():
            rates = {} if cell is None else _read_periods(cell, change)
            if change.since != SINCE and len(rates) < 2:
                continue
            for period, rate in rates.items():
                entries[f"rate_{period}[{domain}]"] = _describe(period, domain, rate)
            if len(rates) == 2:
                label = (
                    f"Probability that algorithms improved faster {WORDS[change.since]}: {domain}"
                )
                before, since = rates[change.before], rates[change.since]
                faster, caveats = round_to((since.draws > before.draws).mean()), since.caveats
                entries[f"p_faster_{change.since}[{domain}]"] = state(label, faster, caveats)
            if SINCE in rates:
                reached[domain] = rates[SINCE]
    return entries | _pool(reached, compute)


def _read_periods(cell: Passed, change: Change) -> dict[str, Rate]:
    years = {int(year[1]): key for key in map(str, cell.draws) if (year := YEARLY.fullmatch(key))}
    spans = {
        change.before: range(change.first, change.year),
        change.since: range(change.year, 10_000),
    }
    found = {
        name: [key for year, key in years.items() if year in span] for name, span in spans.items()
    }
    return {
        name: Rate(cell.draws[keys].mean(axis=1).to_numpy(dtype=float), _warn(cell, keys))
        for name, keys in found.items()
        if len(keys) >= change.least
    }


def _warn(cell: Passed, keys: Sequence[str]) -> tuple[str, ...]:
    """What speaks against the leaderboard's rate, or the rate of one of the years."""
    return tuple(
        dict.fromkeys(each for key in (RATE, *keys) for each in find_caveats(key, cell.check))
    )


def _pool(rates: Mapping[str, Rate], compute: Passed | None) -> dict[str, Entry]:
    """The mean since 2023 of the leaderboards that reach so far, each counted once."""
    if len(rates) < 2:
        return {}
    count = min(len(each.draws) for each in rates.values())
    rng = np.random.default_rng(0)  # no two posteriors share a seed's chains by position
    drawn = [rng.permutation(thin(each.draws, count)) for each in rates.values()]
    mean = np.mean(drawn, axis=0)
    caveats = [f"{each} ({name})" for name, rate in rates.items() for each in rate.caveats]
    entries = {f"rate_{SINCE}[{MEAN}]": _describe(SINCE, MEAN, Rate(mean, tuple(caveats)))}
    if compute is not None and COMPUTE_RATE in compute.draws:
        grown = compute.draws[COMPUTE_RATE].to_numpy(dtype=float)
        shares, reason = divide_progress(grown, mean)
        if not reason:
            label = f"Compute, share of a year's progress, with algorithms as since 2023: {MEAN}"
            caveats += find_caveats(COMPUTE_RATE, compute.check)
            entries[f"share_{SINCE}[{MEAN}]"] = summarise(label, "share", shares, caveats)
    return entries


def _describe(period: str, domain: str, rate: Rate) -> Entry:
    label = f"Rate of algorithmic progress {WORDS[period]}: {domain}"
    return summarise(label, "decades per year", rate.draws, rate.caveats)
