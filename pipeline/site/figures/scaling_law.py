"""The figures of the scaling law: loss against compute with the least loss, allocation factors."""

import numpy as np
import pandas as pd
import xarray as xr

from models.scaling.scaling_law import make_law, prepare
from pipeline.fit.cell import Cell
from pipeline.site.figures.kinds import Figure, make_curve, make_intervals
from pipeline.site.words import Words

SIZES = ("parameters", "training_tokens", "training_flop", "loss_nats", "tokens_per_parameter")


def draw(cell: Cell, words: Words) -> list[Figure]:
    """Loss against compute with the optimal frontier, and the allocation factors."""
    table = cell.table
    points = table.assign(
        status=np.where(table["exclusion"].isna(), "fitted", "excluded"),
        tokens_per_parameter=table["training_tokens"] / table["parameters"],
    )
    scatter = Figure(
        kind="scatter",
        frame=points[[*SIZES, "status", "citation"]],
        x="training_flop",
        y="loss_nats",
        colour="status",
        is_log_x=True,
        hover=(*SIZES, "citation"),
        curve=_make_frontier(cell),
        **words.figure("loss-against-compute"),
    )
    factors = Figure(
        kind="intervals",
        frame=make_intervals(cell.estimands["allocation_factor"]),
        is_log_x=True,
        **words.figure("allocation-factors"),
    )
    return [scatter, factors]


def _make_frontier(cell: Cell) -> pd.DataFrame:
    law = make_law(cell.tree["posterior"].to_dataset(), prepare(cell.table))
    flop = np.geomspace(cell.table["training_flop"].min(), 1e24, 40)
    least = law.least_loss(xr.DataArray(flop, dims="x"))
    return make_curve(flop, least, "least loss at this compute")
