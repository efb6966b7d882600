"""Cells, baselines and published values -> rows of forest plots, and the answer so far."""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

import pandas as pd

from models import fitted_rows, load
from pipeline.core.layout import Layout
from pipeline.ingest.cards.card import LoadedCard, Published
from pipeline.ingest.options import EstimateOptions
from pipeline.site.overview.cells import Passed
from pipeline.site.overview.comparison import RATE, SPLIT
from pipeline.site.overview.gathering import Overview
from pipeline.site.overview.rows import DECADE_MONTHS, NOT_CONVERGED, Row, read_bounds, read_row
from pipeline.site.pages.answers import element, family
from pipeline.site.pages.numbers import SHORT_INTERVAL, format_quantity

RECORDS = "first_record-last_record"
SPLIT_WORDS = "Compute, share of the step in effective compute: "
DOUBLING = "doubling_time_months"
UNIT = "decades per year"
NO_INTERVAL = "no interval printed"
Baselines = Mapping[str, pd.DataFrame]  # by the name of the cell


def read_baselines(overview: Overview, layout: Layout) -> dict[str, pd.DataFrame]:
    """The classical twin of every passing cell that reports a rate and has a validated table."""
    return {
        cell.name: load(cell.model).baseline(pd.read_parquet(table), cell.card.for_model())
        for cell in overview.passed
        if (table := layout.table(cell.dataset)).is_file() and any(map(is_rate, cell.attributions))
    }


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
            label = (element(key) or "all targets") if len(found) > 1 else ""
            rows += _list_models(overview, dataset.name, key, dataset.title, label)
        if found:
            rows += _list_baselines(passed, baselines)
            rows += [row for row in published if row.dataset == dataset.name]
    return [*rows, *other_fields]


def list_years(overview: Overview) -> list[Row]:
    """The rate of every calendar year of the leaderboards, a group a dataset."""
    return [
        replace(row, group=cell.title, label=element(key), caveats=())
        for cell in overview.primaries
        for key in cell.attributions
        if key.startswith(f"{RATE}[") and not is_rate(key) and (row := read_row(cell, key))
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
    return family(key) == RATE and not element(key).isdigit()


def record_key(key: str) -> str:
    """The compute share of the record path of the benchmark of the comparison `key`."""
    return f"{SPLIT}[{key.partition('[')[2].partition('-')[0]}-{RECORDS}]"


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
    is_same = all(
        read_bounds(found[records]) == read_bounds(found.get(headline, {}))
        for found in (cell.attributions for cell in passed)
        if records in found
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
            if is_rate(key):
                numbers = [float(found[name]) for name in ("estimate", "lower", "upper")]
                a, b, c = (each if math.isfinite(each) else None for each in numbers)
                label = f"{element(key)}: {method}" if element(key) else method
                row = Row(cell.title, cell.dataset, key, label, "baseline", a, b, c, SHORT_INTERVAL)
                rows.setdefault((key, method, a, b, c), replace(row, page=cell.name))
    return list(rows.values())


def list_published(overview: Overview) -> list[Row]:
    """The published rates of all cards.

    A value that several cards print beside theirs stands once: with the dataset whose data come
    from its source, or with the first card where the source is nobody's.
    """
    listed = [
        (card, each, (each.citation, family(each.estimand), each.estimate, each.lower, each.upper))
        for card in overview.cards
        for each in card.card.published
        if family(each.estimand) in (RATE, DOUBLING)
    ]
    owners: dict[tuple[object, ...], str] = {}
    own_first = sorted(listed, key=lambda row: row[1].citation not in row[0].card.citations)
    for card, _, identity in own_first:
        owners.setdefault(identity, card.dataset)
    return [
        _make_row(card, each) for card, each, identity in listed if owners[identity] == card.dataset
    ]


def _make_row(card: LoadedCard, each: Published) -> Row:
    """The value as a rate; of a doubling time, the ends of the interval change places."""
    key, label = f"{RATE}{each.estimand.removeprefix(family(each.estimand))}", each.label
    if element(key):
        label = f"{element(key)}: {label}"
    median, lower, upper = each.estimate, each.lower, each.upper
    if family(each.estimand) == DOUBLING:
        median, lower, upper = (DECADE_MONTHS / n if n else None for n in (median, upper, lower))
    row = Row(card.card.title, card.dataset, key, label, "published", median, lower, upper)
    return replace(row, interval=each.interval or NO_INTERVAL, citation=each.citation)


def list_other_fields(overview: Overview, layout: Layout) -> list[Row]:
    """The fitted published rates of fields that we have no posterior of, field by field."""
    rows = [row for card in overview.cards for row in _read_other_fields(card, layout)]
    fields = [row.group for row in rows]
    return sorted(rows, key=lambda row: fields.index(row.group))


def _read_other_fields(card: LoadedCard, layout: Layout) -> Iterator[Row]:
    options, path = card.options, layout.table(card.dataset)
    if not isinstance(options, EstimateOptions) or options.unit != UNIT or not path.is_file():
        return
    covered = [own.domain for own in options.own_estimates]
    rows = fitted_rows(pd.read_parquet(path))
    for row in rows[~rows["is_own"] & ~rows["domain"].isin(covered)].to_dict("records"):
        numbers = {"median": row["estimate"], "lower": row["lower"], "upper": row["upper"]}
        if not pd.isna(row["bound"]):
            numbers |= {"median": None, row["bound"]: row["estimate"]}
        shown: dict[str, Any] = {
            name: None if pd.isna(each) else float(each) for name, each in numbers.items()
        }
        interval = "range" if row["interval_kind"] == "range" else NO_INTERVAL
        if row["interval_kind"] == "probability":
            interval = format_quantity(row["interval_probability"], "share")
        label = ", ".join(str(row[n]) for n in ("study", "specification") if not pd.isna(row[n]))
        made = Row(str(row["domain"]), "", RATE, label, "published", **shown)
        yield replace(made, interval=interval, citation=str(row["citation"]))
