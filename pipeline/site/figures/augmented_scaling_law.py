"""The figures of the augmented law: perplexity against 6 N D, rates, and the parts of each step."""

import numpy as np
import pandas as pd
import xarray as xr

from models.core.dates import DAYS_A_YEAR
from models.losses.augmented_design import FLOP_A_PARAMETER_AND_TOKEN, Sizes, prepare
from models.losses.augmented_law import law_at, least_loss, rates_through
from pipeline.fit.cell import Cell
from pipeline.site.figures.kinds import Figure, make_curve, make_intervals
from pipeline.site.figures.leaderboards import draw_parts, draw_rates_by_year, find_headline
from pipeline.site.words import Words

HOVER = (
    *("benchmark", "model", "paper", "release_date", "parameters", "dataset_tokens", "flop_6nd"),
    *("perplexity", "method", "techniques", "status", "is_verified", "citation"),
)


def draw(cell: Cell, words: Words) -> list[Figure]:
    """Perplexity against 6 N D with the least that it could be, the rates, and every step."""
    posterior = cell.tree["posterior"].to_dataset()
    total = posterior["rate"].expand_dims(through=["together"])
    rates = make_intervals(xr.concat([total, rates_through(posterior)], dim="through"))
    rates["label"] = rates["label"].replace(
        {"parameters": "through parameters", "tokens": "through tokens"}
    )
    return [
        _draw_losses(posterior, cell, words),
        Figure("intervals", frame=rates, **words.figure("rates-of-progress")),
        *draw_rates_by_year(cell, words),
        draw_parts(cell, words),
    ]


def _draw_losses(posterior: xr.Dataset, cell: Cell, words: Words) -> Figure:
    benchmark, table = find_headline(cell).benchmark, cell.table
    is_fitted = table["exclusion"].isna()
    points = table.assign(
        paper=table["lab"],
        flop_6nd=FLOP_A_PARAMETER_AND_TOKEN * table["parameters"] * table["dataset_tokens"],
        status=np.where(is_fitted, "fitted", "not fitted"),
        shown=table["benchmark"].where(is_fitted, "not fitted"),
    ).dropna(subset=["flop_6nd"])
    curve, shown = _curves(posterior, prepare(table, cell.card), benchmark), [*HOVER, "locator"]
    said = words.figure("perplexity-against-compute", benchmark=benchmark)
    return Figure("scatter", frame=points[[*shown, "shown"]], hover=HOVER, curve=curve, **said)


def _curves(posterior: xr.Dataset, sizes: Sizes, benchmark: str) -> pd.DataFrame:
    """Least perplexity over 6 N D at the middle of every year."""
    total = sizes.log10_parameters + sizes.log10_tokens
    reference = sizes.log10_parameters_reference + sizes.log10_tokens_reference
    grid = np.geomspace(10 ** total.min(), 10 ** total.max(), 30)
    flop = FLOP_A_PARAMETER_AND_TOKEN * 10**reference * grid
    dates = sizes.rows["release_date"].dt.year
    frames = []
    for year in range(int(dates.min()), int(dates.max()) + 1):
        age = (pd.Timestamp(year, 7, 1) - sizes.date_reference) / pd.Timedelta(days=DAYS_A_YEAR)
        loss = least_loss(law_at(posterior, sizes, benchmark, age), xr.DataArray(flop, dims="x"))
        frames.append(make_curve(flop, xr.ufuncs.exp(loss), f"methods of {year}"))
    return pd.concat(frames, ignore_index=True)
