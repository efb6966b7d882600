"""The figures of the compute multiplier for losses: perplexity against compute, gains, parts."""

import numpy as np
import pandas as pd
import xarray as xr

from models.core.dates import years_since
from models.effective_compute.design import Design, make_design
from pipeline.fit.cell import Cell
from pipeline.site.figures.frames import make_curve
from pipeline.site.figures.kinds import Curve, Figure
from pipeline.site.figures.steps import draw_gains, draw_parts, find_headline
from pipeline.site.words import Words

HOVER = ("model", "lab", "release_date", "training_flop", "perplexity", "method")


def draw(cell: Cell, words: Words) -> list[Figure]:
    """Perplexity against compute, the gains of techniques, and the parts of every comparison."""
    return [_draw_losses(cell, words), *draw_gains(cell, words), draw_parts(cell, words)]


def _draw_losses(cell: Cell, words: Words) -> Figure:
    design = make_design(cell.table, cell.card)
    benchmark = find_headline(cell).benchmark
    points = design.rows[design.rows["benchmark"] == benchmark]
    years = points["release_date"].dt.year.astype(str)
    return Figure(
        kind="scatter",
        frame=points.assign(release_year=years),
        x="training_flop",
        y="perplexity",
        colour="release_year",
        is_log_x=True,
        is_log_y=True,
        hover=HOVER,
        curve=Curve(_curves(cell.tree["posterior"].to_dataset(), design, benchmark)),
        **words.figure("perplexity-against-compute", benchmark=benchmark),
    )


def _curves(posterior: xr.Dataset, design: Design, benchmark: str) -> pd.DataFrame:
    """Fitted perplexity over compute in the first year, the middle one and the last."""
    grid = np.linspace(design.log10_compute.min(), design.log10_compute.max(), 30)
    drawn = posterior.sel(benchmark=benchmark)
    released = design.rows["release_date"].dt.year
    first, last = int(released.min()), int(released.max())
    years = sorted({first, round((first + last) / 2), last})
    dates = pd.Series([pd.Timestamp(year, 7, 1) for year in years])
    frames = []
    for year, since in zip(years, years_since(dates, design.reference_date), strict=True):
        effective = xr.DataArray(grid, dims="x") + drawn["rate"] * since
        above = np.exp(drawn["reducible"] - drawn["steepness"] * effective)
        loss = (drawn["irreducible_loss"] + above).clip(max=700.0)  # beyond, numbers overflow
        x = 10 ** (grid + design.log10_flop_reference)
        frames.append(make_curve(x, np.exp(loss), f"models of {year}"))
    return pd.concat(frames, ignore_index=True)
