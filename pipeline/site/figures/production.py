"""The figures of idea production: room below a ceiling, returns, exponents, paths, research."""

import numpy as np
import pandas as pd
import xarray as xr

from models import fitted_rows
from models.options import ResearchInputOptions
from models.production.idea_law import prepare, trace
from pipeline.fit.cell import Cell
from pipeline.site.figures.kinds import Figure, make_curve, make_intervals
from pipeline.site.words import Words

SHOWN_DRAWS = 150  # of a field, in the figure of the two exponents
EXPONENTS = ["fishing_out", "stepping_on_toes"]
HOVER = ("domain", "year", "research_input", "efficiency", "citation")


def draw(cell: Cell, words: Words) -> list[Figure]:
    """Room below the ceiling where there is one, then the figures of the law."""
    room = [_draw_room(cell, words)] if "headroom_decades" in cell.estimands else []
    returns = cell.estimands["returns_to_research"]
    above = _list(returns["domain"], (returns > 1).mean(("chain", "draw")))
    said = words.figure("returns-by-field", above=above)
    drawn = Figure("intervals", frame=make_intervals(returns), **said)
    makers = (_draw_exponents, _draw_paths, _draw_research)
    return [*room, drawn, *(make(cell, words) for make in makers)]


def _draw_room(cell: Cell, words: Words) -> Figure:
    room = cell.estimands["headroom_decades"]
    said = [
        f"within {factor:g} times today's efficiency: "
        + _list(room["domain"], (room < np.log10(factor)).mean(("chain", "draw")))
        for factor in cell.card.options_of(ResearchInputOptions).ceiling_within
    ]
    told = words.figure("room-below-the-ceiling", chances="; ".join(said))
    return Figure("intervals", frame=make_intervals(room), **told)


def _list(domains: xr.DataArray, values: xr.DataArray) -> str:
    return ", ".join(f"{d} {v:.2f}" for d, v in zip(domains.values, values.values, strict=True))


def _draw_exponents(cell: Cell, words: Words) -> Figure:
    """Every n-th draw of the two exponents."""
    stacked = cell.tree["posterior"].to_dataset()[EXPONENTS].stack(sample=("chain", "draw"))
    every = max(stacked.sizes["sample"] // SHOWN_DRAWS, 1)
    kept = stacked.isel(sample=slice(None, None, every)).drop_vars(("sample", "chain", "draw"))
    frame = kept.transpose("domain", "sample").to_dataframe().reset_index()
    first, second = (xr.DataArray(np.log(stacked[name])) for name in EXPONENTS)
    together = xr.corr(first, second, dim="sample")
    said = words.figure("exponents", correlations=_list(stacked["domain"], together))
    hover = ("domain", *EXPONENTS)
    return Figure("scatter", frame=frame[[*EXPONENTS, "domain"]], hover=hover, **said)


def _draw_paths(cell: Cell, words: Words) -> Figure:
    paths = trace(cell.tree["posterior"].to_dataset(), prepare(cell.table, cell.card))
    curves = [
        make_curve(years, xr.ufuncs.exp(path), domain) for domain, (years, path) in paths.items()
    ]
    rows, curve = fitted_rows(cell.table), pd.concat(curves, ignore_index=True)
    frame = rows.loc[rows["efficiency"].notna(), [*HOVER, "efficiency_measure"]]
    said = words.figure("efficiency-paths")
    return Figure("scatter", frame=frame, hover=HOVER, curve=curve, **said)


def _draw_research(cell: Cell, words: Words) -> Figure:
    rows = fitted_rows(cell.table).sort_values("year", kind="stable")
    first = rows.groupby("domain")["research_input"].transform("first")
    shown = rows.assign(growth=rows["research_input"] / first).sort_index()
    frame = shown.loc[shown["research_input"].notna(), [*HOVER, "growth"]]
    return Figure("scatter", frame=frame, hover=HOVER, **words.figure("research"))
