"""The figures of the growth of compute: every run, the frontier, and other definitions of it."""

import numpy as np
import pandas as pd
import xarray as xr

from models.core.dates import DAYS_A_YEAR
from models.production.compute_growth import find_frontier, find_middle, find_rate
from models.production.training_compute import REFERENCE_DATE, Design, fit_definitions, prepare
from pipeline.fit.cell import Cell
from pipeline.site.figures.kinds import POSTERIOR_SERIES, Figure, make_curve, summarise
from pipeline.site.words import Words

HOVER = ("model", "lab", "release_date", "training_flop", "compute_confidence", "citation")
OTHER_DEFINITIONS = (2, 5, 10, 30, 100)  # largest of so many runs


def draw(cell: Cell, words: Words) -> list[Figure]:
    """Compute against date with frontier and middle, and the rate under other definitions."""
    posterior, design = cell.tree["posterior"].to_dataset(), prepare(cell.table, cell.card)
    return [_draw_runs(posterior, design, words), _draw_definitions(posterior, design, words)]


def _draw_runs(posterior: xr.Dataset, design: Design, words: Words) -> Figure:
    runs, largest_of = design.runs, design.largest_of
    grid = np.linspace(runs["years"].min(), runs["years"].max(), 50)
    years = xr.DataArray(grid, dims="x")
    dates = REFERENCE_DATE + pd.to_timedelta(grid * DAYS_A_YEAR, unit="D").round("D")
    edge = find_frontier(posterior, years, largest_of)
    edge_at_release = np.interp(runs["years"], grid, edge.median(("chain", "draw")))
    curves = [
        make_curve(dates, 10.0**edge, f"frontier: largest of {largest_of}"),
        make_curve(dates, 10.0 ** find_middle(posterior, years), "middle of all runs"),
    ]
    above = f"{(runs['log10_flop'] > edge_at_release).mean():.0%}"
    said = words.figure("compute-against-date", largest_of=largest_of, above=above)
    shown, curve = runs[[*HOVER, "locator"]], pd.concat(curves, ignore_index=True)
    return Figure("scatter", frame=shown, hover=HOVER, curve=curve, **said)


def _draw_definitions(posterior: xr.Dataset, design: Design, words: Words) -> Figure:
    rates = [find_rate(posterior, design, each) for each in OTHER_DEFINITIONS]
    labels = [f"largest of {each} runs" for each in OTHER_DEFINITIONS]
    own = summarise(xr.concat(rates, dim="definition")).assign(
        label=labels, series=POSTERIOR_SERIES
    )
    classical = fit_definitions(design).drop(columns=["label", "key"])
    classical = classical.rename(columns={"estimate": "median", "method": "label"})
    frame = pd.concat([own, classical.assign(series="classical, 90 %")], ignore_index=True)
    low, high = frame["median"].min(), frame["median"].max()
    said = {"low": f"{low:.2f}", "high": f"{high:.2f}"}
    said |= {"low_factor": f"{10**low:.1f}", "high_factor": f"{10**high:.1f}"}
    return Figure("intervals", frame=frame, **words.figure("rate-by-definition", **said))
