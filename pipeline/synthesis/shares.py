"""Cells -> compute's share of progress in every domain.

Three kinds of share, each of a sum of two parts in decades:

- step: from the first to the last record of one of our leaderboards;
- year: at the frontier, the growth of training compute against the rate of one leaderboard;
- field: of other fields, published rates of hardware against those of software.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal

import numpy as np
import pandas as pd

from models import INTERVAL_PROBABILITY
from models.effective_compute.split import SMALL_TOTAL_DECADES, SMALL_TOTAL_DRAWS
from models.estimates import shared_rate
from pipeline.core.layout import Layout
from pipeline.site.overview.cells import Passed
from pipeline.site.overview.comparison import RATE, round_to
from pipeline.site.overview.estimates import find_share
from pipeline.site.overview.gathering import Overview
from pipeline.site.overview.rows import BOUNDS, Row
from pipeline.studies.domains import OWN, Domain
from pipeline.studies.verdict import find_caveats

Kind = Literal["step", "year", "field"]
POOLED = "own_rates-shared_rate"
FIELDS = "software_hardware_rates-rate_coincidence"
COMPUTE, COMPUTE_RATE = "training_runs-compute_growth", "growth_decades_per_year"
GROUPS: dict[Kind, str] = {
    "step": "From first to last record",
    "year": "A year at the frontier",
    "field": "Other fields, published",
}
MEAN, NEW = "Mean of our leaderboards", "A leaderboard not yet seen"
WHOLE = {MEAN: "mean", NEW: "predictive"}
NO_ERROR = "no study states an error; the interval shows the prior's"
NOT_PASSED = "no fit of it passed its check"
TAIL = (1 - INTERVAL_PROBABILITY) / 2


@dataclass(frozen=True)
class Found:
    """Compute's share in one domain: its row, and its draws if it has any."""

    kind: Kind
    row: Row
    draws: np.ndarray = field(default_factory=lambda: np.array([]), compare=False)
    p_both: float | None = None  # that both parts are above zero

    @property
    def label(self) -> str:
        """The domain in words."""
        return self.row.label


def read_overlap(layout: Layout) -> pd.DataFrame:
    """How far each pair of leaderboards scores the same base models, 0 to 1, by domain twice.

    As the model of the pooled rates counts it; empty where its table has not been made.
    """
    path = layout.table(OWN)
    if not path.is_file():
        return pd.DataFrame()
    design = shared_rate.prepare(pd.read_parquet(path))
    return pd.DataFrame(design.shared, design.domains, design.domains)


def collect(overview: Overview, domains: Sequence[Domain]) -> list[Found]:
    """Compute's share in every domain, kind after kind."""
    compute, pooled = find_cell(overview, COMPUTE), find_cell(overview, POOLED)
    cells = {domain: find_cell(overview, domain.posterior) for domain in domains}
    years = [(domain.name, domain.posterior, cell, RATE) for domain, cell in cells.items()]
    years += [(name, POOLED, pooled, key) for name, key in WHOLE.items()]
    return [
        *(_find_step(domain.name, cell) for domain, cell in cells.items()),
        *(_find_year(compute, *each) for each in years),
        *_find_fields(find_cell(overview, FIELDS)),
    ]


def find_cell(overview: Overview, name: str) -> Passed | None:
    """The posterior of this name, if it may be quoted."""
    return next((cell for cell in overview.passed if cell.name == name), None)


def _find_step(name: str, cell: Passed | None) -> Found:
    row = find_share(cell) if cell else None
    if row is None:
        reason = "no steps are split" if cell else NOT_PASSED
        return Found("step", _make_row("step", name, reason=reason))
    compute = _read(cell, row.key)
    algorithms = _read(cell, row.key.replace("share_compute", "share_algorithms"))
    both = None
    if len(compute) and len(algorithms) == len(compute):
        both = round_to(((compute > 0) & (algorithms > 0)).mean())
    return Found("step", replace(row, group=GROUPS["step"], label=name), compute, both)


def _read(cell: Passed | None, key: str) -> np.ndarray:
    if cell is None or key not in cell.draws:
        return np.array([])
    return cell.draws[key].to_numpy(dtype=float)


def _find_year(
    compute: Passed | None, name: str, posterior: str, cell: Passed | None, key: str
) -> Found:
    """Compute's share of a year at the rate `key` of a posterior."""
    drawn = {COMPUTE: _read(compute, COMPUTE_RATE), posterior: _read(cell, key)}
    lacking = " and ".join(each for each, draws in drawn.items() if not len(draws))
    if compute is None or cell is None or lacking:
        reason = f"there are no draws of {lacking} that may be quoted"
        return Found("year", _make_row("year", name, reason=reason))
    shares, reason = divide_progress(*drawn.values())
    caveats = [f"{each} (rate of algorithms)" for each in find_caveats(key, cell.check)]
    caveats += [f"{each} (growth of compute)" for each in find_caveats(COMPUTE_RATE, compute.check)]
    row = _make_row("year", name, page=cell.name, caveats=tuple(caveats), reason=reason)
    if reason:
        return Found("year", row)
    ends = np.quantile(shares, [0.5, TAIL, 1 - TAIL], method="inverted_cdf")
    numbers: dict[str, Any] = dict(zip(BOUNDS, map(round_to, ends), strict=True))
    return Found("year", replace(row, **numbers), shares)


def _find_fields(cell: Passed | None) -> list[Found]:
    """Hardware's share of the progress of hardware and software, by field: 1 / (1 + ratio)."""
    found: list[Found] = []
    if cell is None:
        return found
    for key, entry in cell.attributions.items():
        if not key.startswith("ratio[") or entry.get("reason"):
            continue
        # The greater the ratio, the less is hardware's share; none of it without a bound.
        ratios = (entry[end] for end in ("median", "upper", "lower"))
        ends: Any = [0.0 if ratio is None else round_to(1 / (1 + ratio)) for ratio in ratios]
        caveats = (NO_ERROR, *find_caveats(key, cell.check))
        name = key.partition("[")[2].removesuffix("]")
        row = _make_row("field", name, "published", page=cell.name, caveats=caveats)
        row = replace(row, **dict(zip(BOUNDS, ends, strict=True)))
        found.append(Found("field", row, 1 / (1 + _read(cell, key))))
    return found


def _make_row(kind: Kind, name: str, row_kind: Any = "model", **others: Any) -> Row:
    return Row(GROUPS[kind], "", f"share_{kind}[{name}]", name, row_kind, **others)


def divide_progress(grown: np.ndarray, gained: np.ndarray) -> tuple[np.ndarray, str]:
    """Draws of the share of compute, which grew, in a year's progress; or why there is none.

    In effective compute a year adds the decades by which training compute grows and those by which
    algorithms make it go further. The posteriors of the two rates rest on different data, so any
    pairing of their draws is a draw of both. Those of compute are read backwards: two chains from
    one seed shall not meet their like.
    """
    count = min(len(grown), len(gained))
    grown, gained = thin(grown, count)[::-1], thin(gained, count)
    total = grown + gained
    small = float((np.abs(total) < SMALL_TOTAL_DECADES).mean())
    if small > SMALL_TOTAL_DRAWS:
        why = f"the total is under {SMALL_TOTAL_DECADES} decades a year in {small:.1%} of the draws"
        return np.array([]), why
    return grown / total, ""


def thin(draws: np.ndarray, count: int) -> np.ndarray:
    """`count` of the draws, evenly spread."""
    return draws[(2 * np.arange(count) + 1) * len(draws) // (2 * count)]


def exceed(most: np.ndarray, least: np.ndarray) -> float:
    """Probability that the first is greater than the second, if any draws may be paired."""
    return float(np.searchsorted(np.sort(least), most, side="left").mean()) / len(least)
