"""Cells -> compute's share of progress in every domain.

Three kinds of share, each of a sum of two parts in decades:

- step: from the first to the last record of one of our leaderboards, averaged over its models;
- year: at the frontier, the growth of training compute against the rate of one leaderboard;
- field: of other fields, published rates of hardware against those of software.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
import pandas as pd

from models import INTERVAL_PROBABILITY
from pipeline.core.layout import Layout
from pipeline.site.overview.cells import Passed
from pipeline.site.overview.comparison import RATE, Entry, mix, round_to
from pipeline.site.overview.estimates import find_share, list_rates, list_shares
from pipeline.site.overview.gathering import Overview
from pipeline.site.overview.rows import BOUNDS, Row, best_of, find_caveats, read_bounds
from pipeline.synthesis.draws import NOTHING, Draws, divide_progress, even

Kind = Literal["step", "year", "field"]
OWN = "own_rates"
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
class Domain:
    """One of our leaderboards: its field in words, and the posterior that speaks for it."""

    name: str
    posterior: str

    @property
    def dataset(self) -> str:
        """The leaderboard's dataset."""
        return self.posterior.partition("-")[0]


@dataclass(frozen=True)
class Found:
    """Compute's share in one domain: its row, and its draws if it has any."""

    kind: Kind
    row: Row
    draws: Draws = NOTHING
    p_both: float | None = None  # that both parts are above zero
    models: tuple[Row, ...] = ()  # the row of every model of a step

    @property
    def label(self) -> str:
        """The domain in words."""
        return self.row.label

    @property
    def averaged(self) -> tuple[Row, ...]:
        """The row of every model that the share is averaged over."""
        return self.models if self.row.kind == "averaged" else ()


def read_domains(layout: Layout) -> list[Domain]:
    """The leaderboards that the records of our own rates name, in their order."""
    path = layout.records(OWN)
    if not path.is_file():
        return []
    records = pd.read_csv(path, dtype=str, keep_default_na=False)
    return [Domain(*each) for each in zip(records["domain"], records["posterior"], strict=True)]


def collect(overview: Overview, domains: Sequence[Domain]) -> list[Found]:
    """Compute's share in every domain, kind after kind."""
    shares, rates = list_shares(overview), list_rates(overview, {})
    compute = find_cell(overview, COMPUTE)
    years = [find_rate(overview, domain, rates) for domain in domains]
    years += [_find_whole(find_cell(overview, POOLED), name) for name in WHOLE]
    return [
        *(_find_step(overview, domain, shares) for domain in domains),
        *(_find_year(compute, *each) for each in years),
        *_find_fields(find_cell(overview, FIELDS)),
    ]


def find_cell(overview: Overview, name: str) -> Passed | None:
    """The posterior of this name, if it may be quoted."""
    return next((cell for cell in overview.passed if cell.name == name), None)


def _find_step(overview: Overview, domain: Domain, shares: Sequence[Row]) -> Found:
    cells = overview.passed_of(domain.dataset)
    row = find_share(cells[0].answer.key, shares, domain.dataset) if cells else None
    if row is None:
        reason = "no steps are split" if cells else NOT_PASSED
        return Found("step", _make_row("step", domain.name, reason=reason))
    compute = _mix(overview, row, row.key)
    algorithms = _mix(overview, row, row.key.replace("share_compute", "share_algorithms"))
    both = None
    if len(compute) and len(algorithms) == len(compute):
        both = compute.weigh((compute.values > 0) & (algorithms.values > 0))
    models = [
        replace(each, group=GROUPS["step"], label=f"{domain.name}: {each.label}")
        for each in shares
        if each.kind == "model" and (each.dataset, each.key) == (domain.dataset, row.key)
    ]
    shown = replace(row, group=GROUPS["step"], label=domain.name, page=cells[0].name)
    return Found("step", shown, compute, both, tuple(models))


def _mix(overview: Overview, row: Row, key: str) -> Draws:
    """Draws of `key` as the row has them: of the average, or of one model."""
    cells = [cell for cell in overview.passed_of(row.dataset) if key in cell.draws]
    if row.kind == "averaged":
        return Draws(*mix(key, cells, overview.weights(row.dataset))) if cells else NOTHING
    return _read(next((cell for cell in cells if cell.name == row.page), None), key)


def _read(cell: Passed | None, key: str) -> Draws:
    if cell is None or key not in cell.draws:
        return NOTHING
    return even(cell.draws[key].to_numpy(dtype=float))


def find_rate(overview: Overview, domain: Domain, rates: Sequence[Row]) -> tuple[Row, Draws]:
    """The rate of a leaderboard, averaged over its models where they are weighed."""
    row = best_of(rates, domain.dataset, RATE)
    if row is None:
        return _no_rate(domain.name, domain.posterior), NOTHING
    cells = overview.passed_of(domain.dataset)
    page = cells[0].name if row.kind == "averaged" else row.page
    return replace(row, label=domain.name, page=page), _mix(overview, row, RATE)


def _find_whole(pooled: Passed | None, name: str) -> tuple[Row, Draws]:
    """The mean rate of all leaderboards, or that of the next one."""
    if pooled is None:
        return _no_rate(name, POOLED), NOTHING
    return make_rate(pooled, WHOLE[name], "", name), _read(pooled, WHOLE[name])


def _no_rate(name: str, posterior: str) -> Row:
    reason = f"there is no rate of {posterior} that may be quoted"
    return _make_row("year", name, page=posterior, reason=reason)


def make_rate(cell: Passed, key: str, group: str, label: str) -> Row:
    """The row of a rate of one posterior."""
    caveats = find_caveats(key, cell.check) if key in (RATE, *WHOLE.values()) else ()
    bounds = read_bounds(cell.attributions[key]).values()
    row = Row(group, cell.dataset, key, label, "model", *bounds)
    return replace(row, page=cell.name, caveats=caveats)


def _find_year(compute: Passed | None, rate: Row, draws: Draws) -> Found:
    """Compute's share of a year at the rate, of which these are the draws."""
    grown = _read(compute, COMPUTE_RATE).values
    reason = rate.reason
    if not len(grown):
        reason = f"there are no draws of {COMPUTE} that may be quoted"
    elif not len(draws):
        reason = reason or "there are no draws of the rate"
    if compute is None or reason:
        return Found("year", _make_row("year", rate.label, reason=reason))
    shares, reason = divide_progress(grown, draws.thin(len(grown)))
    caveats = [f"{each} (rate of algorithms)" for each in rate.caveats]
    caveats += [f"{each} (growth of compute)" for each in find_caveats(COMPUTE_RATE, compute.check)]
    row = _make_row("year", rate.label, rate.kind, page=rate.page, caveats=tuple(caveats))
    if reason:
        return Found("year", replace(row, reason=reason))
    ends = np.quantile(shares, [0.5, TAIL, 1 - TAIL], method="inverted_cdf")
    numbers: dict[str, Any] = dict(zip(BOUNDS, map(round_to, ends), strict=True))
    return Found("year", replace(row, **numbers), even(shares))


def _find_fields(cell: Passed | None) -> list[Found]:
    """Hardware's share of the progress of hardware and software, by field: 1 / (1 + ratio)."""
    if cell is None:
        return []
    return [
        _find_field(cell, key, entry)
        for key, entry in cell.attributions.items()
        if key.startswith("ratio[") and not entry.get("reason")
    ]


def _find_field(cell: Passed, key: str, entry: Entry) -> Found:
    ends = {"median": "median", "lower": "upper", "upper": "lower"}
    row = _make_row(
        "field",
        key.partition("[")[2].removesuffix("]"),
        "published",
        page=cell.name,
        caveats=(NO_ERROR, *find_caveats(key, cell.check)),
        **{name: _to_share(entry[end]) for name, end in ends.items()},
    )
    ratios = _read(cell, key)
    return Found("field", row, replace(ratios, values=1 / (1 + ratios.values)))


def _to_share(ratio: float | None) -> float | None:
    """Hardware's share where software is `ratio` times as fast; none of it without a bound."""
    return 0.0 if ratio is None else round_to(1 / (1 + ratio))


def _make_row(kind: Kind, name: str, row_kind: Any = "model", **others: Any) -> Row:
    return Row(GROUPS[kind], "", f"share_{kind}[{name}]", name, row_kind, **others)
