"""Whether any amount of compute would let an early method match the best, by benchmark."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from pipeline.site.overview.cells import Passed
from pipeline.site.overview.limits import quote
from pipeline.site.pages.answers import element
from pipeline.site.pages.sentences import say

FLOP, UNREACHABLE = "reverse_test_flop", "reverse_test_p_unreachable"
LARGEST = "reverse_test_multiple_of_largest_run"
CEILING = "early_height"  # a model without it assumes that enough compute reaches any score
SURE = 0.95


@dataclass(frozen=True)
class Reach:
    """What an early method would need; `chance` is the probability that no compute suffices."""

    title: str
    page: str
    method: str
    verdict: str
    chance: float
    needed: str  # FLOP, median and interval
    multiple: dict[str, Any]  # of the largest known run


def list_reaches(primaries: Sequence[Passed]) -> list[Reach]:
    """A row for every benchmark of the leaderboards, in the order of the registry."""
    return [
        _read_reach(cell, key)
        for cell in primaries
        for key in cell.attributions
        if key.startswith(f"{FLOP}[")
    ]


def _read_reach(cell: Passed, key: str) -> Reach:
    found, label = cell.attributions, element(key)
    chance = float(found[f"{UNREACHABLE}[{label}]"]["median"])
    has_ceiling = any(each.startswith(f"{CEILING}[") for each in found)
    state = "open" if chance > 1 - SURE else "reachable"
    verdict = "assumed" if not has_ceiling else "unreachable" if chance > SURE else state
    return Reach(
        cell.title,
        cell.name,
        found[key]["label"].partition(": ")[2],
        say(f"reach_verdict.{verdict}"),
        chance,
        quote(found[key] | {"unit": ""}),
        found[f"{LARGEST}[{label}]"],
    )
