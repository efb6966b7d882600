"""Whether any amount of compute would let an early method match the best, by benchmark."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from models import fitted_rows
from pipeline.core.layout import Layout
from pipeline.site.overview.cells import Passed
from pipeline.site.overview.limits import quote
from pipeline.site.pages.answers import element
from pipeline.site.pages.sentences import say
from pipeline.site.posterior.reverse_tests import find_ends
from pipeline.studies.verdict import find_caveats

FLOP, UNREACHABLE = "reverse_test_flop", "reverse_test_p_unreachable"
LARGEST = "reverse_test_multiple_of_largest_run"
CEILING = "early_height"  # a model without it assumes that enough compute reaches any score
SURE = 0.95
COMPUTE = "training_flop"  # the column


@dataclass(frozen=True)
class Reach:
    """What an early method would need to score as `target`, the best model of known compute, did;
    `chance` is the probability that no compute suffices.
    """

    title: str
    page: str
    method: str
    target: str
    verdict: str
    chance: float
    needed: str  # FLOP, median and interval
    multiple: dict[str, Any]  # of the largest known run
    caveats: tuple[str, ...]


def list_reaches(primaries: Sequence[Passed], layout: Layout) -> list[Reach]:
    """A row for every benchmark of the leaderboards, in the order of the registry."""
    return [
        _read_reach(cell, key, pd.read_parquet(layout.table(cell.dataset)))
        for cell in primaries
        for key in cell.attributions
        if key.startswith(f"{FLOP}[")
    ]


def _read_reach(cell: Passed, key: str, table: pd.DataFrame) -> Reach:
    found, label = cell.attributions, element(key)
    counted = fitted_rows(table.assign(flop=table[COMPUTE])).dropna(subset=["flop"])
    ends = find_ends(counted, label)
    chance = float(found[f"{UNREACHABLE}[{label}]"]["median"])
    has_ceiling = any(each.startswith(f"{CEILING}[") for each in found)
    state = "open" if chance > 1 - SURE else "reachable"
    verdict = "assumed" if not has_ceiling else "unreachable" if chance > SURE else state
    needed = found[key]["median"]
    if verdict == "reachable" and ends and needed < ends["best_flop"]:
        verdict = "less"  # the early method does with less than the best model had
    return Reach(
        cell.title,
        cell.name,
        found[key]["label"].partition(": ")[2],
        say("reach_target", **ends) if ends else "",
        say(f"reach_verdict.{verdict}"),
        chance,
        quote(found[key] | {"unit": ""}),
        found[f"{LARGEST}[{label}]"],
        find_caveats(key, cell.check),
    )
