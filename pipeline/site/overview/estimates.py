"""Cells, baselines and published values -> rows of forest plots, and the answer so far."""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import pandas as pd

from models import load
from pipeline.core.layout import Layout
from pipeline.site.overview.cells import Passed
from pipeline.site.overview.comparison import RATE, SPLIT
from pipeline.site.overview.gathering import Overview
from pipeline.site.overview.published import list_published
from pipeline.site.overview.rows import NOT_CONVERGED, Row, read_bounds, read_row
from pipeline.site.pages.numbers import SHORT_INTERVAL

RECORDS = "first_record-last_record"
SPLIT_WORDS = "Compute, share of the step in effective compute: "
Baselines = Mapping[str, pd.DataFrame]  # by the name of the cell


def read_baselines(overview: Overview, layout: Layout) -> dict[str, pd.DataFrame]:
    """The classical twin of every passing cell that reports a rate and has a validated table."""
    made = {}
    for cell in overview.passed:
        table = layout.table(cell.dataset)
        if any(is_rate(key) for key in cell.attributions) and table.is_file():
            baseline = load(cell.model).baseline
            made[cell.name] = baseline(pd.read_parquet(table), cell.card.for_model())
    return made


def list_rates(
    overview: Overview, baselines: Baselines, other_fields: Sequence[Row] = ()
) -> list[Row]:
    """Rates of algorithmic progress in decades a year: a group a dataset, then other fields."""
    published = list_published(overview)
    rows: list[Row] = []
    for dataset in overview.datasets:
        passed = overview.passed_of(dataset.name)
        entries = [pair for cell in passed for pair in cell.attributions.items()]
        found = dict.fromkeys(k for k, each in entries if is_rate(k) and not each.get("reason"))
        for key in sorted(found, key=lambda key: key != RATE):  # the shared one first
            target = key.partition("[")[2].removesuffix("]") or "all targets"
            label = target if len(found) > 1 else ""
            rows += _list_models(overview, dataset.name, key, dataset.title, label)
        if found:
            rows += [*_list_baselines(passed, baselines), *published[dataset.name]]
    return [*rows, *other_fields]


def list_years(overview: Overview) -> list[Row]:
    """The rate of every calendar year of the leaderboards, a group a dataset."""
    return [
        replace(row, group=cell.title, label=key.partition("[")[2].removesuffix("]"), caveats=())
        for cell in overview.primaries
        for key in cell.attributions
        if key.startswith(f"{RATE}[") and not is_rate(key)
        for row in [read_row(cell, key)]
        if row is not None
    ]


def list_shares(overview: Overview) -> list[Row]:
    """Compute's share of the headline comparison and of the record path, by dataset and model.

    Shares are of the step in effective compute; the record path is that of the headline's
    benchmark, and is left out where it is the headline comparison itself.
    """
    rows: list[Row] = []
    for dataset in overview.datasets:
        passed = overview.passed_of(dataset.name)
        for key in _share_keys(passed):
            labels = (c.attributions[key]["label"] for c in passed if key in c.attributions)
            label = str(next(labels)).removeprefix(SPLIT_WORDS)
            group = label if label.startswith(dataset.title) else f"{dataset.title}: {label}"
            rows += _list_models(overview, dataset.name, key, group)
    return rows


def is_rate(key: str) -> bool:
    """Whether `key` is a rate of progress, shared or of one target, and not of a single year."""
    family, _, label = key.partition("[")
    return family == RATE and not label.removesuffix("]").isdigit()


def record_key(key: str) -> str:
    """The compute share of the record path of the benchmark of the comparison `key`."""
    return f"{SPLIT}[{key.partition('[')[2].partition('-')[0]}-{RECORDS}]"


def find_rate(cell: Passed) -> Row | None:
    """The rate that goes with the headline, if it has a number: of its label, or the shared one."""
    named = f"{RATE}[{cell.answer.key.partition('[')[2]}"
    row = read_row(cell, named if named in cell.attributions else RATE)
    return row if row and row.has_number else None


def find_share(cell: Passed) -> Row | None:
    """The record path's share, which is the headline's where the two are one step."""
    headline = cell.answer.key
    if not headline.startswith(f"{SPLIT}["):
        return None
    rows = (read_row(cell, key) for key in (record_key(headline), headline))
    return next((row for row in rows if row and row.median is not None), None)


def _share_keys(passed: Sequence[Passed]) -> list[str]:
    """The headline comparison and the record path, where the dataset's models split steps."""
    headlines = [cell.answer.key for cell in passed if cell.answer.key.startswith(f"{SPLIT}[")]
    if not headlines:
        return []
    headline, records = headlines[0], record_key(headlines[0])
    having = [cell.attributions for cell in passed if records in cell.attributions]
    is_same = all(
        read_bounds(found[records]) == read_bounds(found.get(headline, {})) for found in having
    )
    return [headline] if is_same else [headline, records]


def _list_models(
    overview: Overview, dataset: str, key: str, group: str, label: str = ""
) -> Iterator[Row]:
    """The estimand of every model of the dataset that has it; without number where a fit failed."""
    for cell in (each for each in overview.cells if each.dataset == dataset):
        name = f"{label}: {cell.model_title}" if label else cell.model_title
        if isinstance(cell, Passed):
            if row := read_row(cell, key, group, name):
                yield row
        elif cell.state == "failed":
            reason = f"nothing is quoted: {'; '.join(cell.reasons)}"
            row = Row(group, dataset, key, name, "model", page=cell.name, reason=reason)
            yield replace(row, caveats=(NOT_CONVERGED,))


def _list_baselines(passed: Sequence[Passed], baselines: Baselines) -> list[Row]:
    """The classical estimates of a rate, each once though several models have the same twin."""
    rows: dict[object, Row] = {}
    for cell in passed:
        for found in baselines.get(cell.name, pd.DataFrame()).to_dict("records"):
            key, method = str(found["key"]), found["method"]
            if not is_rate(key):
                continue
            target = key.partition("[")[2].removesuffix("]")
            median, lower, upper = (
                float(found[name]) if math.isfinite(found[name]) else None
                for name in ("estimate", "lower", "upper")
            )
            row = Row(
                cell.title,
                cell.dataset,
                key,
                f"{target}: {method}" if target else method,
                "baseline",
                median,
                lower,
                upper,
                interval=SHORT_INTERVAL,
                page=cell.name,
            )
            rows.setdefault((key, method, median, lower, upper), row)
    return list(rows.values())


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
