"""Cards and tables of published estimates -> published rates as rows of the forest plot."""

from collections.abc import Iterator
from typing import Any

import pandas as pd

from models import fitted_rows
from pipeline.core.layout import Layout
from pipeline.ingest.cards.card import LoadedCard, Published
from pipeline.ingest.options import EstimateOptions
from pipeline.site.overview.comparison import RATE
from pipeline.site.overview.gathering import Overview
from pipeline.site.overview.rows import DECADE_MONTHS, Row
from pipeline.site.pages.numbers import format_quantity

DOUBLING = "doubling_time_months"
UNIT = "decades per year"
NO_INTERVAL = "no interval printed"
Identity = tuple[object, ...]


def list_published(overview: Overview) -> dict[str, list[Row]]:
    """The published rates of each dataset's card.

    A value that several cards print beside theirs stands once: with the dataset whose data come
    from its source, or with the first card where the source is nobody's.
    """
    cards = [dataset.card for dataset in overview.datasets if dataset.card]
    owners: dict[Identity, str] = {}
    for is_own in (True, False):
        for card in cards:
            for each in _list_rates(card):
                if not is_own or each.citation in card.card.citations:
                    owners.setdefault(_identify(each), card.dataset)
    return {
        card.dataset: [
            _make_row(card, each)
            for each in _list_rates(card)
            if owners[_identify(each)] == card.dataset
        ]
        for card in cards
    }


def _list_rates(card: LoadedCard) -> Iterator[Published]:
    for each in card.card.published:
        if each.estimand.partition("[")[0] in (RATE, DOUBLING):
            yield each


def _identify(each: Published) -> Identity:
    return each.citation, each.estimand.partition("[")[0], each.estimate, each.lower, each.upper


def _make_row(card: LoadedCard, each: Published) -> Row:
    """The value as a rate; of a doubling time, the ends of the interval change places."""
    family, bracket, label = each.estimand.partition("[")
    numbers = each.estimate, each.lower, each.upper
    if family == DOUBLING:
        median, upper, lower = (DECADE_MONTHS / number if number else None for number in numbers)
        numbers = median, lower, upper
    return Row(
        card.card.title,
        card.dataset,
        f"{RATE}{bracket}{label}",
        f"{label.removesuffix(']')}: {each.label}" if bracket else each.label,
        "published",
        *numbers,
        interval=each.interval or NO_INTERVAL,
        citation=each.citation,
    )


def list_other_fields(overview: Overview, layout: Layout) -> list[Row]:
    """The fitted published rates of fields that we have no posterior of, field by field."""
    rows = [
        row
        for dataset in overview.datasets
        if dataset.card is not None
        for row in _read_other_fields(dataset.card, layout)
    ]
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
        yield Row(
            str(row["domain"]),
            "",
            RATE,
            ", ".join(str(row[n]) for n in ("study", "specification") if not pd.isna(row[n])),
            "published",
            interval=interval,
            citation=str(row["citation"]),
            **shown,
        )
