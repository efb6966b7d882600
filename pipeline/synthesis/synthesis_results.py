"""Cells -> compute's share of progress in every domain: rows of one figure, and estimands.

Three kinds of share, each of a sum of two parts in decades:

- step: from the first to the last record of one of our leaderboards, averaged over its models;
- year: at the frontier, the growth of training compute against the rate of one leaderboard;
- field: of other fields, published rates of hardware against those of software.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import pandas as pd

from models import INTERVAL_PROBABILITY
from pipeline.site.overview import comparison
from pipeline.site.overview.cells import Passed
from pipeline.site.overview.comparison import RATE, Comparison, Entry
from pipeline.site.overview.estimates import find_share, list_rates, list_shares
from pipeline.site.overview.gathering import Overview
from pipeline.site.overview.rows import UNMEASURED, Row, best_of, find_caveats
from pipeline.site.overview.rows import Kind as RowKind
from pipeline.site.pages.answers import INTERVAL_WORDS
from pipeline.synthesis import progress_share
from pipeline.synthesis.progress_share import Pace
from pipeline.synthesis.synthesis_words import MEAN, NEW

Kind = Literal["step", "year", "field"]
OWN = "own_rates"
POOLED = "own_rates-shared_rate"
FIELDS = "software_hardware_rates-rate_coincidence"
GROUPS: Mapping[Kind, str] = {
    "step": "From first to last record",
    "year": "A year at the frontier",
    "field": "Other fields, published",
}
LABELS: Mapping[Kind, str] = {
    "step": "Compute, share of the step from first to last record",
    "year": "Compute, share of a year's progress at the frontier",
    "field": "Hardware, share of a year's progress of hardware and software",
}
GROUPS_OF_RATES = (
    "Averaged over models",
    "The model that is pooled",
    "Pooled in part",
    "All leaderboards",
)
WHOLE = {MEAN: "mean", NEW: "predictive"}
NO_ERROR = "no study states an error; the interval shows the prior's"
NOT_PASSED = "no fit of it passed its check"
HALF = 0.5


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
    """Compute's share in one domain: its row, and its draws with their masses if it has any."""

    kind: Kind
    row: Row
    values: np.ndarray
    masses: np.ndarray
    p_both: float | None = None  # that both parts are above zero
    models: tuple[Row, ...] = ()  # the row of every model, where several were averaged

    @property
    def p_majority(self) -> float | None:
        """Probability that the share is more than one half."""
        return weigh(self.values > HALF, self.masses) if len(self.values) else None

    @property
    def is_whole(self) -> bool:
        """Whether it speaks of all leaderboards, not of one."""
        return self.row.label in WHOLE


Draws = tuple[np.ndarray, np.ndarray]
NOTHING: Draws = (np.array([]), np.array([]))


def list_domains(records: pd.DataFrame) -> list[Domain]:
    """The leaderboards that the records of own rates name, in their order."""
    pairs = zip(records["domain"], records["posterior"], strict=True)
    return [Domain(str(name), str(posterior)) for name, posterior in pairs]


def collect(overview: Overview, domains: Sequence[Domain]) -> list[Found]:
    """Compute's share in every domain, kind after kind."""
    return [
        *list_steps(overview, domains),
        *list_years(overview, domains),
        *list_fields(overview),
    ]


def list_steps(overview: Overview, domains: Sequence[Domain]) -> list[Found]:
    """The record path of every leaderboard."""
    shares = list_shares(overview)
    return [_find_step(overview, domain, shares) for domain in domains]


def _find_step(overview: Overview, domain: Domain, shares: Sequence[Row]) -> Found:
    cells = [cell for cell in overview.passed if cell.card.dataset == domain.dataset]
    row = find_share(cells[0].answer.key, shares, domain.dataset) if cells else None
    if row is None:
        reason = "no steps are split" if cells else NOT_PASSED
        return Found("step", _make_row("step", domain.name, reason=reason), *NOTHING)
    made = next((each for each in overview.comparisons if each.dataset == domain.dataset), None)
    values, masses = _mix(row.key, row, cells, made)
    algorithms, _ = _mix(row.key.replace("share_compute", "share_algorithms"), row, cells, made)
    both = None
    if len(values) and len(algorithms) == len(values):
        both = weigh((values > 0) & (algorithms > 0), masses)
    models = [
        _change(each, group=GROUPS["step"], label=f"{domain.name}: {each.label}")
        for each in shares
        if each.kind == "model" and (each.dataset, each.key) == (domain.dataset, row.key)
    ]
    shown = _change(row, group=GROUPS["step"], label=domain.name, page=cells[0].name)
    return Found("step", shown, values, masses, both, tuple(models))


def _mix(key: str, row: Row, cells: Sequence[Passed], made: Comparison | None) -> Draws:
    """Draws and masses of `key` as the row has them: of the average, or of one model."""
    if row.kind == "averaged" and made is not None:
        weights = {each.model: each.weight or 0.0 for each in made.rows}
        having = [cell for cell in cells if key in cell.draws]
        return comparison.mix(key, having, weights) if having else NOTHING
    draws = next((cell.draws for cell in cells if cell.name == row.page), pd.DataFrame())
    return even(draws[key].to_numpy(dtype=float)) if key in draws else NOTHING


def list_years(overview: Overview, domains: Sequence[Domain]) -> list[Found]:
    """The growth of compute beside the rate of each leaderboard, and of all of them."""
    cells = {cell.name: cell for cell in overview.passed}
    rates = list_rates(overview, {}, [])
    found = [_find_rate(overview, domain, rates) for domain in domains]
    for name, key in WHOLE.items():
        cell = cells.get(POOLED)
        row = _rate(cell, key, "", name) if cell else _no_rate(name, POOLED)
        values = cell.draws.get(key) if cell else None
        found.append((row, NOTHING if values is None else even(values.to_numpy(dtype=float))))
    compute = cells.get(progress_share.COMPUTE)
    return [_find_year(compute, *each) for each in found]


def _find_rate(overview: Overview, domain: Domain, rates: Sequence[Row]) -> tuple[Row, Draws]:
    """The rate of a leaderboard, averaged over its models where they are weighed."""
    cells = [cell for cell in overview.passed if cell.card.dataset == domain.dataset]
    made = next((each for each in overview.comparisons if each.dataset == domain.dataset), None)
    row = best_of(rates, domain.dataset, RATE)
    if row is None:
        return _no_rate(domain.name, domain.posterior), NOTHING
    draws = _mix(RATE, row, cells, made)
    page = cells[0].name if row.kind == "averaged" else row.page
    return _change(row, label=domain.name, page=page), draws


def _no_rate(name: str, posterior: str) -> Row:
    reason = f"there is no rate of {posterior} that may be quoted"
    return _make_row("year", name, page=posterior, reason=reason)


def _find_year(compute: Passed | None, rate: Row, draws: Draws) -> Found:
    """Compute's share of a year at the rate, of which these are the draws."""
    key = progress_share.COMPUTE_RATE
    reason = rate.reason
    if compute is None or key not in compute.draws:
        reason = f"there are no draws of {progress_share.COMPUTE} that may be quoted"
    elif not len(draws[0]):
        reason = reason or "there are no draws of the rate"
    if compute is None or reason:
        return Found("year", _make_row("year", rate.label, reason=reason), *NOTHING)
    grown = Pace(compute.name, "", compute.draws[key].to_numpy(dtype=float))
    gained = Pace(rate.page, rate.label, thin(*draws, len(grown.draws)))
    entry = progress_share.share_progress(grown, gained)
    doubts = [f"{each} (growth of compute)" for each in find_caveats(key, compute.check)]
    row = _make_row(
        "year",
        rate.label,
        kind_of_row=rate.kind,
        reason=entry["reason"],
        page=rate.page,
        caveats=(*(f"{each} (rate of algorithms)" for each in rate.caveats), *doubts),
        **{each: entry[each] for each in ("median", "lower", "upper")},
    )
    if entry["reason"]:
        return Found("year", row, *NOTHING)
    first, second = progress_share.pair(grown, gained)
    return Found("year", row, *even(first / (first + second)))


def thin(values: np.ndarray, masses: np.ndarray, count: int) -> np.ndarray:
    """`count` of the draws, each as often as its mass asks, in their order."""
    reached = np.cumsum(masses) / masses.sum()
    places = np.searchsorted(reached, (np.arange(count) + 0.5) / count)
    return np.asarray(values[np.minimum(places, len(values) - 1)])


def list_fields(overview: Overview) -> list[Found]:
    """Hardware's share of the progress of hardware and software, by field: 1 / (1 + ratio)."""
    cell = next((cell for cell in overview.passed if cell.name == FIELDS), None)
    if cell is None:
        return []
    return [
        _find_field(cell, key, entry)
        for key, entry in cell.attributions.items()
        if key.startswith("ratio[") and not entry.get("reason")
    ]


def _find_field(cell: Passed, key: str, entry: Entry) -> Found:
    name = key.partition("[")[2].removesuffix("]")
    low, middle, high = (_to_share(entry[each]) for each in ("upper", "median", "lower"))
    caveats = (NO_ERROR, *find_caveats(key, cell.check))
    row = _make_row(
        "field",
        name,
        kind_of_row="published",
        page=cell.name,
        caveats=caveats,
        median=middle,
        lower=low,
        upper=high,
    )
    draws = cell.draws
    if key not in draws:
        return Found("field", row, *NOTHING)
    return Found("field", row, *even(1 / (1 + draws[key].to_numpy(dtype=float))))


def _to_share(ratio: float | None) -> float:
    """Hardware's share where software is `ratio` times as fast; none of it without a bound."""
    return 0.0 if ratio is None else float(f"{1 / (1 + ratio):.6g}")


def _make_row(
    kind: Kind,
    name: str,
    *,
    kind_of_row: RowKind = "model",
    **others: Any,
) -> Row:
    return Row(GROUPS[kind], "", f"share_{kind}[{name}]", name, kind_of_row, **others)


def _change(row: Row, **changes: Any) -> Row:
    return Row(**(vars(row) | changes))


def even(values: np.ndarray) -> Draws:
    """Draws that all count alike."""
    return values, np.full(len(values), 1 / max(len(values), 1))


def weigh(holds: np.ndarray, masses: np.ndarray) -> float:
    """The mass of the draws in which something holds, six significant digits."""
    return float(f"{float(masses[holds].sum() / masses.sum()):.6g}")


def compare_extremes(found: Iterable[Found]) -> tuple[Found, Found, float] | None:
    """The leaderboards with the most and the least compute, and P(more on the first than second).

    Their posteriors count as independent: any draw of one may stand beside any of the other.
    """
    steps = sorted(
        (each for each in found if each.kind == "step" and len(each.values)),
        key=lambda each: each.row.median or 0.0,
    )
    if len(steps) < 2:
        return None
    least, most = steps[0], steps[-1]
    order = np.argsort(least.values, kind="stable")
    reached = np.concatenate([[0.0], np.cumsum(least.masses[order])]) / least.masses.sum()
    below = reached[np.searchsorted(least.values[order], most.values, side="left")]
    probability = float((below * most.masses).sum() / most.masses.sum())
    return most, least, float(f"{probability:.6g}")


def make_entries(found: Sequence[Found]) -> dict[str, Entry]:
    """The estimands: shares, the probability that each is more than half, that both parts count."""
    entries: dict[str, Entry] = {}
    for each in found:
        entries[f"share_{each.kind}[{each.row.label}]"] = _describe_share(each)
    for each in found:
        if each.p_majority is not None:
            label = f"Probability that it is more than half: {LABELS[each.kind]}: {each.row.label}"
            entries[f"p_majority_{each.kind}[{each.row.label}]"] = _state(label, each.p_majority)
    for each in found:
        if each.p_both is not None:
            label = f"Probability that compute and algorithms are both above zero: {each.row.label}"
            entries[f"p_both[{each.row.label}]"] = _state(label, each.p_both)
    if extremes := compare_extremes(found):
        most, least, probability = extremes
        names = f"{most.row.label} over {least.row.label}"
        label = f"Probability that compute's share of the step is greater: {names}"
        entries["p_shares_differ"] = _state(label, probability)
    return entries


def _describe_share(each: Found) -> Entry:
    row = each.row
    words = {"label": f"{LABELS[each.kind]}: {row.label}", "unit": "share"}
    numbers = {name: getattr(row, name) for name in ("median", "lower", "upper")}
    tail = {"prob": INTERVAL_PROBABILITY, "p_positive": None, "p_finite": None}
    if not row.has_number:
        return words | numbers | tail | {"reason": row.reason}
    if len(each.values):
        tail |= {"p_positive": weigh(each.values > 0, each.masses), "p_finite": 1.0}
    return words | numbers | tail | _doubt(row.caveats)


def _state(label: str, probability: float) -> Entry:
    """A probability: it has no interval."""
    head = {"label": label, "unit": "probability", "median": probability}
    nothing = {"lower": None, "upper": None, "prob": INTERVAL_PROBABILITY}
    return head | nothing | {"p_positive": None, "p_finite": 1.0}


def mark(cell: Passed) -> dict[str, Entry]:
    """The estimands of a posterior with their caveats, as those of the synthesis have them."""
    return {
        key: entry | _doubt(find_caveats(key, cell.check))
        for key, entry in cell.attributions.items()
    }


def _doubt(caveats: tuple[str, ...]) -> dict[str, Any]:
    doubts = [each for each in caveats if not each.startswith(UNMEASURED)]
    return {"caveats": list(caveats), "is_flagged": bool(doubts)}


def tabulate_rates(overview: Overview, domains: Sequence[Domain]) -> list[Row]:
    """Rates of the leaderboards averaged over models, by the one that is pooled, and pooled."""
    cells = {cell.name: cell for cell in overview.passed}
    pooled = cells.get(POOLED)
    rates = list_rates(overview, {}, [])
    averaged = [
        _change(row, group=GROUPS_OF_RATES[0])
        for row, _ in (_find_rate(overview, domain, rates) for domain in domains)
        if row.kind == "averaged"
    ]
    alone = [
        _rate(cells[each.posterior], RATE, GROUPS_OF_RATES[1], each.name)
        for each in domains
        if each.posterior in cells and RATE in cells[each.posterior].attributions
    ]
    if pooled is None:
        return [*averaged, *alone]
    together = [
        _rate(pooled, f"rate[{each.name}]", GROUPS_OF_RATES[2], each.name)
        for each in domains
        if f"rate[{each.name}]" in pooled.attributions
    ]
    whole = [_rate(pooled, key, GROUPS_OF_RATES[3], name) for name, key in WHOLE.items()]
    return [*averaged, *alone, *together, *whole]


def list_speakers(rates: Sequence[Row]) -> dict[str, tuple[Entry, Entry]]:
    """Of every leaderboard the rate of the model that is pooled, and the average over models."""
    first, second = (
        {row.label: row for row in rates if row.group == group} for group in GROUPS_OF_RATES[:2]
    )
    return {
        name: (_as_entry(second[name]), _as_entry(row))
        for name, row in first.items()
        if name in second
    }


def _as_entry(row: Row) -> Entry:
    numbers = {name: getattr(row, name) for name in ("median", "lower", "upper")}
    return {"unit": "decades per year"} | numbers | _doubt(row.caveats)


def _rate(cell: Passed, key: str, group: str, label: str) -> Row:
    entry = cell.attributions[key]
    numbers = {name: entry[name] for name in ("median", "lower", "upper")}
    caveats = find_caveats(key, cell.check) if key in (RATE, *WHOLE.values()) else ()
    return Row(
        group,
        cell.card.dataset,
        key,
        label,
        "model",
        interval=INTERVAL_WORDS,
        page=cell.name,
        caveats=caveats,
        **numbers,
    )
