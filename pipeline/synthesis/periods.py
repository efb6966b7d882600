"""Yearly rates of leaderboards -> rates of algorithmic progress by period, and whether they rose.

A period's rate is the mean of the yearly rates that a leaderboard's model has in it, draw by draw.
The errors of leaderboards that score the same models go together. The mean over leaderboards pairs
their draws by the rule of `models.estimates.shared_rate`: with a correlation of likeness times the
share of base models in common, likeness drawn from its prior, which these data do not change. The
pairing is a normal copula, so that each leaderboard keeps its own draws.
"""

import re
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd

from models.estimates.shared_rate import Priors
from pipeline.site.overview.cells import Passed
from pipeline.site.overview.comparison import RATE, Entry, round_to
from pipeline.studies.structures import EARLY, LATE
from pipeline.studies.verdict import (
    describe_doubted,
    describe_missed,
    find_caveats,
    find_like_fit,
    read_study,
)
from pipeline.synthesis.entries import state, summarise
from pipeline.synthesis.shares import COMPUTE_RATE, divide_progress, thin

YEARLY = re.compile(rf"{RATE}\[(\d+)\]")
SINCE = "since_2023"  # of which single rates are told too
MEAN = "Mean of these leaderboards"
ALIKE = "_alike"
AS_ALIKE = {"": "", ALIKE: ", if errors were fully alike"}


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


def compare_periods(
    cells: Mapping[str, Passed | None], compute: Passed | None, overlap: pd.DataFrame
) -> dict[str, Entry]:
    """Entries `rate_<period>[<domain>]` and `change_<period>[<domain>]`, from the period before, in
    decades a year, and `p_faster_<period>[<domain>]`; with the mean over leaderboards since 2023,
    and compute's share of a year's progress at it.

    `cells` are posteriors by domain, `compute` that of the growth of training compute, `overlap`
    says how far each pair of domains has the same base models.
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
                for year in (change.year - 1, change.year, change.year + 1):
                    entries |= _tell_year(cell, domain, year)
                faster, caveats = round_to((since.draws > before.draws).mean()), since.caveats
                entries[f"p_faster_{change.since}[{domain}]"] = state(label, faster, caveats)
                entries[f"change_{change.since}[{domain}]"] = _compare(change, domain, rates)
            if SINCE in rates:
                reached[domain] = rates[SINCE]
    return entries | _pool(reached, compute, overlap)


def _tell_year(cell: Passed | None, domain: str, year: int) -> dict[str, Entry]:
    """The entry `rate_<year>[<domain>]`: to see whether it rose just at the change."""
    key = f"{RATE}[{year}]"
    if cell is None or key not in cell.draws:
        return {}
    label = f"Rate of algorithmic progress in {year}: {domain}"
    drawn = cell.draws[key].to_numpy(dtype=float)
    entry = summarise(label, "decades per year", drawn, find_caveats(key, cell.check))
    return {f"rate_{year}[{domain}]": entry}


def _compare(change: Change, domain: str, rates: Mapping[str, Rate]) -> Entry:
    """The rate of the later period less that of the earlier, draw by draw."""
    before, since = rates[change.before], rates[change.since]
    periods = f"{WORDS[change.since]} against {WORDS[change.before]}"
    label = f"Change of the rate of algorithmic progress, {periods}: {domain}"
    caveats = list(dict.fromkeys([*since.caveats, *before.caveats]))
    return summarise(label, "decades per year", since.draws - before.draws, caveats)


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
        name: Rate(
            cell.draws[keys].mean(axis=1).to_numpy(dtype=float),
            _warn(cell, keys, _name_half(cell, change, name)),
        )
        for name, keys in found.items()
        if len(keys) >= change.least
    }


def _name_half(cell: Passed, change: Change, period: str) -> dict[str, str]:
    """What the study of structures calls the mean rate of the years before or after the change, but
    the two at it, and its name; empty where the study asks of another year.
    """
    if read_study(cell.check, "structures").get("bend") != change.year:
        return {}
    is_early = period == change.before
    return (
        {EARLY: f"mean up to {change.year - 2}"}
        if is_early
        else {LATE: f"mean from {change.year + 1}"}
    )


def _warn(cell: Passed, keys: Sequence[str], half: dict[str, str]) -> tuple[str, ...]:
    """What speaks against the leaderboard's mean rate, the rate of a year, or that of the years in
    `half`, with which it is.
    """
    named = {RATE: "mean over all years"} | {key: key[len(RATE) + 1 : -1] for key in keys} | half
    seldom, found = list[str](), list[str]()
    for key, name in named.items():
        if missed := describe_missed(key, cell.check):
            held = find_like_fit(key, cell.check)
            seldom.append(f"{name} ({held['covered']} of {held['intervals']})")
        found += [f"{name}: {each}" for each in find_caveats(key, cell.check) if each != missed]
    if seldom:
        found.append(
            f"held the truth less often than 90 % in simulations like the fit: {', '.join(seldom)}"
        )
    return tuple(dict.fromkeys(found))


def _pool(
    rates: Mapping[str, Rate], compute: Passed | None, overlap: pd.DataFrame
) -> dict[str, Entry]:
    """The mean since 2023 of the leaderboards that reach so far, each counted once.

    `..._alike` are the same if errors were fully alike: the widest that pairing can make them.
    """
    if len(rates) < 2:
        return {}
    count = min(len(each.draws) for each in rates.values())
    drawn = np.stack([thin(each.draws, count) for each in rates.values()])
    rng = np.random.default_rng(0)  # no two posteriors share a seed's chains by position
    paired = pair(drawn, find_shared(list(rates), overlap), rng)
    alike = rng.permutation(np.sort(drawn, axis=1).mean(axis=0))
    flagged = [name for name, rate in rates.items() if rate.caveats]
    caveats = [each for each in [describe_doubted(flagged)] if each]
    entries = {}
    for suffix, mean in (("", paired.mean(axis=0)), (ALIKE, alike)):
        entries[f"rate_{SINCE}{suffix}[{MEAN}]"] = _describe(
            SINCE, MEAN + AS_ALIKE[suffix], Rate(mean, tuple(caveats))
        )
        if compute is None or COMPUTE_RATE not in compute.draws:
            continue
        grown = compute.draws[COMPUTE_RATE].to_numpy(dtype=float)
        shares, reason = divide_progress(grown, mean)
        if not reason:
            label = f"Compute, share of a year's progress, with algorithms as since 2023: {MEAN}"
            told = [*caveats, *find_caveats(COMPUTE_RATE, compute.check)]
            entry = summarise(label + AS_ALIKE[suffix], "share", shares, told)
            entries[f"share_{SINCE}{suffix}[{MEAN}]"] = entry
    return entries


def find_shared(names: Sequence[str], overlap: pd.DataFrame) -> np.ndarray:
    """How far each pair of these leaderboards has the same base models; all where one is missing.

    Shape (leaderboard, leaderboard), 0 to 1, on the diagonal 1.
    """
    if not set(names) <= set(overlap):
        return np.ones((len(names), len(names)))
    return overlap.loc[list(names), list(names)].to_numpy(dtype=float)


def pair(drawn: np.ndarray, shared: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """The draws of each leaderboard, shape (leaderboard, draw), in an order in which those of
    leaderboards with the same models go together; each keeps all of its draws.
    """
    size, count = drawn.shape
    likeness = Priors().likeness.draw(rng, count)
    own = np.eye(size)
    correlation = own + (1 - own) * shared * likeness[:, None, None]
    normal = np.einsum(
        "kde,ke->dk", np.linalg.cholesky(correlation), rng.normal(size=(count, size))
    )
    ranks = normal.argsort(axis=1, kind="stable").argsort(axis=1, kind="stable")
    return np.take_along_axis(np.sort(drawn, axis=1), ranks, axis=1)


def _describe(period: str, domain: str, rate: Rate) -> Entry:
    label = f"Rate of algorithmic progress {WORDS[period]}: {domain}"
    return summarise(label, "decades per year", rate.draws, rate.caveats)
