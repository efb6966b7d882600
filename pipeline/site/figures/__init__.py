"""The figures of a model: `draw(cell, words)` of the module named after it or its family."""

from importlib import import_module
from importlib.util import find_spec

import pandas as pd
import xarray as xr

from models import estimand_key
from pipeline.fit.cell import Cell
from pipeline.site.figures.kinds import POSTERIOR_SERIES, Figure, make_intervals, summarise
from pipeline.site.words import Words

GENERIC = "headline-estimands"


def draw_figures(cell: Cell, words: Words) -> list[Figure]:
    """The figures of the cell's page, in their order."""
    for name in reversed(cell.model.__name__.split(".")[1:]):  # the model, then its family
        if find_spec(f"{__name__}.{name}"):
            return list(import_module(f"{__name__}.{name}").draw(cell, words))
    return [draw_headlines(cell.estimands, words)]


def draw_headlines(estimands: xr.Dataset, words: Words) -> Figure:
    """The headline estimands, one interval each, or all estimands where none is marked."""
    marked = [name for name, each in estimands.items() if each.attrs.get("is_headline")]
    frames = [_frame(str(name), estimands[name], words) for name in marked or estimands]
    said = words.figures.get(GENERIC)
    title = said.title if said else "The main estimates"
    caption = said.caption if said else "Posterior medians and intervals."
    return Figure("intervals", GENERIC, title, caption, pd.concat(frames, ignore_index=True))


def _frame(name: str, draws: xr.DataArray, words: Words) -> pd.DataFrame:
    label = str(draws.attrs.get("label", estimand_key(name, draws)))
    if set(draws.dims) == {"chain", "draw"}:
        return summarise(draws).assign(label=label, series=POSTERIOR_SERIES)
    frame = make_intervals(draws)
    return frame.assign(label=[f"{label}: {words.name(each)}" for each in frame["label"]])
