"""The figures of the scaling law: loss against compute with the least loss, allocation factors."""

import numpy as np
import xarray as xr

from models.scaling.scaling_law import make_law, prepare
from pipeline.fit.cell import Cell
from pipeline.site.figures.kinds import Figure, make_curve, make_intervals
from pipeline.site.words import Words

SIZES = ("parameters", "training_tokens", "training_flop", "loss_nats", "tokens_per_parameter")
HOVER = (*SIZES, "citation")


def draw(cell: Cell, words: Words) -> list[Figure]:
    """Loss against compute with the optimal frontier, and the allocation factors."""
    table = cell.table
    points = table.assign(
        status=np.where(table["exclusion"].isna(), "fitted", "excluded"),
        tokens_per_parameter=table["training_tokens"] / table["parameters"],
    )[[*SIZES, "status", "citation"]]
    law = make_law(cell.tree["posterior"].to_dataset(), prepare(table))
    flop = np.geomspace(table["training_flop"].min(), 1e24, 40)
    least = law.least_loss(xr.DataArray(flop, dims="x"))
    curve = make_curve(flop, least, "least loss at this compute")
    said = words.figure("loss-against-compute")
    factors = make_intervals(cell.estimands["allocation_factor"])
    return [
        Figure("scatter", frame=points, hover=HOVER, curve=curve, **said),
        Figure("intervals", frame=factors, **words.figure("allocation-factors")),
    ]
