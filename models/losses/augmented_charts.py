"""The pictures of the augmented law, as data, and its answer in a sentence."""

import numpy as np
import pandas as pd
import xarray as xr

from models import Card, Curve, Figure, Headline
from models.core.dates import DAYS_A_YEAR
from models.core.figures import make_curve, make_intervals, summarise
from models.losses.augmented_design import Sizes, find_headline, list_size_pairs, make_sizes
from models.losses.augmented_estimands import split_pairs
from models.losses.augmented_law import (
    FLOP_A_PARAMETER_AND_TOKEN,
    law_at,
    least_loss,
    rates_through,
)

POINT_COLUMNS = [
    *("benchmark", "model", "paper", "release_date", "parameters", "dataset_tokens", "flop_6nd"),
    *(
        "perplexity",
        "method",
        "techniques",
        "status",
        "is_verified",
        "citation",
        "locator",
        "shown",
    ),
]


def charts(posterior: xr.Dataset, table: pd.DataFrame, card: Card) -> list[Figure]:
    """Perplexity against 6 N D with the least that it could be, the rates, and every step."""
    sizes = make_sizes(table)
    return [
        _scatter(posterior, table, sizes, card),
        _rates_figure(posterior),
        _parts_figure(posterior, sizes, card),
    ]


def headline_key(card: Card) -> str:
    """The compute share of the headline comparison."""
    return f"share_compute[{find_headline(card).id}]"


def headline(card: Card) -> Headline:
    """The compute share of the headline comparison."""
    comparison = find_headline(card)
    return Headline(
        key=f"share_compute[{comparison.id}]",
        sentence=f"{comparison.label}: {{median}} of the step in effective compute was training "
        "compute, counted as 6 N D (90 % interval {lower} to {upper}).",
        notes=(
            "Tokens are counted once however often they were read in training.",
            "Data quality, vocabularies and what is done at test time cannot be told from the "
            "trend.",
            "Whether progress came through parameters or through tokens is not identified.",
        ),
    )


def _scatter(posterior: xr.Dataset, table: pd.DataFrame, sizes: Sizes, card: Card) -> Figure:
    benchmark = find_headline(card).benchmark
    points = table.assign(
        paper=table["lab"],
        flop_6nd=FLOP_A_PARAMETER_AND_TOKEN * table["parameters"] * table["dataset_tokens"],
        status=np.where(table["exclusion"].isna(), "fitted", "not fitted"),
        shown=table["benchmark"].where(table["exclusion"].isna(), "not fitted"),
    ).dropna(subset=["flop_6nd"])
    return Figure(
        kind="scatter",
        id="perplexity-against-compute",
        title="Perplexity against parameters times tokens",
        caption=f"Bands: the least perplexity on {benchmark} that the law gives to this much "
        "compute at its best division between parameters and tokens, 90 %; their distance along "
        "the horizontal axis is what algorithms were worth. Models that divided it otherwise lie "
        "higher.",
        frame=points[POINT_COLUMNS],
        x="flop_6nd",
        y="perplexity",
        colour="shown",
        x_title="6 x parameters x distinct tokens (FLOP)",
        y_title="perplexity",
        is_log_x=True,
        is_log_y=True,
        hover=tuple(name for name in POINT_COLUMNS if name not in ("locator", "shown")),
        curve=Curve(_curves(posterior, sizes, benchmark)),
    )


def _curves(posterior: xr.Dataset, sizes: Sizes, benchmark: str) -> pd.DataFrame:
    """Least perplexity over 6 N D at the middle of every year."""
    total = sizes.log10_parameters + sizes.log10_tokens
    reference = sizes.log10_parameters_reference + sizes.log10_tokens_reference
    grid = np.geomspace(10 ** total.min(), 10 ** total.max(), 30)
    flop = FLOP_A_PARAMETER_AND_TOKEN * 10**reference * grid
    dates = sizes.rows["release_date"].dt.year
    frames = []
    for year in range(int(dates.min()), int(dates.max()) + 1):
        middle = pd.Timestamp(year, 7, 1)
        age = (middle - sizes.date_reference) / pd.Timedelta(days=DAYS_A_YEAR)
        law = law_at(posterior, sizes, benchmark, age)
        loss = least_loss(law, xr.DataArray(flop, dims="x"))
        frames.append(make_curve(flop, xr.ufuncs.exp(loss), f"methods of {year}"))
    return pd.concat(frames, ignore_index=True)


def _rates_figure(posterior: xr.Dataset) -> Figure:
    total = posterior["rate"].expand_dims(through=["together"])
    frame = make_intervals(xr.concat([total, rates_through(posterior)], dim="through"))
    words = {"parameters": "through parameters", "tokens": "through tokens"}
    return Figure(
        kind="intervals",
        id="rates-of-progress",
        title="How fast algorithms progressed",
        caption="The sum is known; how it divides between parameters and tokens is not identified.",
        frame=frame.assign(label=frame["label"].replace(words)),
        x_title="decades of effective compute per year",
    )


def _parts_figure(posterior: xr.Dataset, sizes: Sizes, card: Card) -> Figure:
    pairs = list_size_pairs(sizes, card)
    split = split_pairs(posterior, pairs)
    labels = [pair.comparison.label for pair in pairs]
    frames = [
        summarise(split[f"decades_{part}"]).assign(comparison=labels, part=part)
        for part in ("compute", "trend")
    ]
    return Figure(
        kind="parts",
        id="parts-of-each-step",
        title="Where each step came from",
        caption="Decades of effective compute, median and 90 % interval; parts add up to the step. "
        "Compute is the change of 6 N D.",
        frame=pd.concat(frames, ignore_index=True),
        x_title="decades of effective compute",
    )
