"""Tables of published estimates -> rates of fields that no dataset here covers, for the overview.

What is published about a benchmark of ours stands beside ours, from its card. The fields left are
those of every dataset of published rates, less the fields in which that dataset holds a posterior
of this project.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from models import fitted_rows
from models.core.options import Options
from models.estimates.options import EstimateOptions
from pipeline.site.overview.gathering import Overview
from pipeline.site.pages.rendering import format_quantity

UNIT = "decades per year"
NO_INTERVAL = "no interval printed"


@dataclass(frozen=True)
class PublishedRate:
    """One published rate in decades a year: an estimate, an interval, or both."""

    domain: str
    label: str
    median: float | None
    lower: float | None
    upper: float | None
    interval: str
    citation: str


def list_published_rates(overview: Overview, validated: Path) -> list[PublishedRate]:
    """The fitted published rates of other fields, field by field.

    A dataset that was refused has none; neither has one whose table is not in `validated`.
    """
    rates = [
        rate
        for dataset in overview.datasets
        if dataset.card is not None
        for rate in _read_rates(dataset.card.options, validated / f"{dataset.name}.parquet")
    ]
    domains = [rate.domain for rate in rates]
    return sorted(rates, key=lambda rate: domains.index(rate.domain))


def _read_rates(options: Options | None, path: Path) -> Iterator[PublishedRate]:
    if not isinstance(options, EstimateOptions) or options.unit != UNIT or not path.is_file():
        return
    covered = {own.domain for own in options.own_estimates}
    rows = fitted_rows(pd.read_parquet(path))
    for row in rows[~rows["is_own"] & ~rows["domain"].isin(covered)].to_dict("records"):
        numbers = (_finite(row[name]) for name in ("estimate", "lower", "upper"))
        median, lower, upper = numbers
        if row["bound"] == "lower":
            median, lower = None, median
        elif row["bound"] == "upper":
            median, upper = None, median
        label = row["study"] if pd.isna(row["specification"]) else None
        yield PublishedRate(
            str(row["domain"]),
            str(label or f"{row['study']}, {row['specification']}"),
            median,
            lower,
            upper,
            _describe_interval(row["interval_kind"], row["interval_probability"]),
            str(row["citation"]),
        )


def _finite(number: float) -> float | None:
    return None if pd.isna(number) else float(number)


def _describe_interval(kind: str, probability: float) -> str:
    if kind == "probability":
        return format_quantity(probability, "share")
    return "range" if kind == "range" else NO_INTERVAL
