"""The figures of the efficiency frontier: resource against date, and the rates by target."""

import numpy as np
import pandas as pd
import xarray as xr

from models.core.dates import DAYS_A_YEAR
from models.efficiency.efficiency_frontier import find_frontier, prepare
from models.options import EfficiencyOptions
from pipeline.fit.cell import Cell
from pipeline.site.figures.kinds import Figure, make_curve, make_intervals
from pipeline.site.words import Words

HOVER = ("model", "target", "release_date", "resource", "epochs", "citation")


def draw(cell: Cell, words: Words) -> list[Figure]:
    """Resource against date with the headline target's frontier, and the rates by target."""
    options = cell.card.options_of(EfficiencyOptions)
    rows, target = prepare(cell.table, cell.card).rows, options.headline_target
    shown, of_target = rows[[*HOVER, "reduction_factor", "locator"]], rows[rows["target"] == target]
    years = np.linspace(0, of_target["years"].max(), 40)
    posterior = cell.tree["posterior"].to_dataset()
    decades = find_frontier(posterior, target, xr.DataArray(years, dims="x"))
    since = pd.to_timedelta(years * DAYS_A_YEAR, unit="D").round("D")
    needed, dates = 10**decades * options.reference_resource[target], of_target["release_date"]
    curve = make_curve(dates.min() + since, needed, f"{target} frontier")
    said = words.figure("resource-against-date", target=target)
    rates = make_intervals(cell.estimands["rate_decades_per_year"])
    return [
        Figure("scatter", frame=shown, hover=HOVER, curve=curve, **said),
        Figure("intervals", frame=rates, **words.figure("rates-by-target")),
    ]
