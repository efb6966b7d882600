"""Rates over all years and since 2023 side by side: why they differ, and by how much they rose."""

from collections.abc import Sequence
from typing import NamedTuple

from pipeline.site.overview.comparison import Entry
from pipeline.site.pages.answers import describe_probability
from pipeline.site.pages.sentences import say
from pipeline.site.synthesis_page.reading import Entries, known, read_family, tell
from pipeline.studies.domains import Domain
from pipeline.synthesis import shares
from pipeline.synthesis.periods import ALIKE, CHANGES, SINCE, WORDS
from pipeline.synthesis.periods import MEAN as SINCE_MEAN
from pipeline.synthesis.shares import MEAN

SHARE_SINCE = f"share_{SINCE}[{SINCE_MEAN}]"
SURE = 0.95


class Changed(NamedTuple):
    """Rates of a leaderboard before and since, their difference and the probability that it is
    above zero, in words; None where there is none. `is_still`: before, no progress was measured.
    """

    name: str
    periods: tuple[str, str]
    before: str | None
    since: str | None
    change: str | None
    odds: str | None
    is_still: bool


def compare_means(entries: Entries, pooled: Entries) -> list[tuple[str, str, str]]:
    """The two means over leaderboards: the years, the rate, and compute's share of a year at it.

    Nothing unless both are known; `pooled` are the estimands of the pooled rates.
    """
    found = known(entries)
    shares_of = {"over all years": f"share_year[{MEAN}]", WORDS[SINCE]: SHARE_SINCE}
    rates = [known(pooled).get("mean"), found.get(f"rate_{SINCE}[{SINCE_MEAN}]")]
    return [
        (label, tell(rate), tell(found[key]))
        for (label, key), rate in zip(shares_of.items(), rates, strict=True)
        if rate and set(shares_of.values()) <= set(found)
    ]


def explain_means(entries: Entries) -> str:
    """Why the two means differ, and how wide the later would be if errors were fully alike."""
    found = known(entries)
    since, alike = found.get(SHARE_SINCE), found.get(f"share_{SINCE}{ALIKE}[{SINCE_MEAN}]")
    reached = [name for name in read_family(entries, f"rate_{SINCE}") if name != SINCE_MEAN]
    names = [name for name in read_family(entries, "share_year") if name not in shares.WHOLE]
    if since is None or alike is None or f"share_year[{MEAN}]" not in found:
        return ""
    wider = (alike["upper"] - alike["lower"]) / (since["upper"] - since["lower"])
    return say("synthesis_means", names=names, reached=reached, alike=alike, wider=wider, tell=tell)


def list_changes(entries: Entries, domains: Sequence[Domain]) -> list[Changed]:
    """Rates before and since each year of change, on every leaderboard that has one of them."""
    found = known(entries)
    rows = []
    for change in CHANGES:
        for name in (domain.name for domain in domains):
            before, since, gained, faster = (
                found.get(f"{kind}[{name}]")
                for kind in (
                    f"rate_{change.before}",
                    f"rate_{change.since}",
                    f"change_{change.since}",
                    f"p_faster_{change.since}",
                )
            )
            if before or since:
                periods = (WORDS[change.before], WORDS[change.since])
                told = [tell(each) if each else None for each in (before, since, gained)]
                rates = (told[0], told[1], told[2])
                odds = describe_probability(faster["median"]) if faster else None
                rows.append(
                    Changed(name, periods, *rates, odds, before is not None and holds_zero(before))
                )
    return rows


def list_differences(entries: Entries) -> list[tuple[str, str, str]]:
    """Every two leaderboards, by how much the rate of the first is above that of the second, and
    the probability that it is.
    """
    return [
        (label, tell(entry), describe_probability(entry["p_positive"]))
        for label, entry in read_family(entries, "rate_difference").items()
    ]


def say_differences(entries: Entries) -> str:
    """Between which leaderboards rates over all years surely differ, and between how many not."""
    found = read_family(entries, "rate_difference")
    sure = {label: each for label, each in found.items() if each["p_positive"] > SURE}
    return say("rate_differences", found=found, sure=sure, tell=tell)


def holds_zero(entry: Entry) -> bool:
    """Whether the interval of a rate holds zero: no progress was measured."""
    return bool(entry["lower"] <= 0 <= entry["upper"])
