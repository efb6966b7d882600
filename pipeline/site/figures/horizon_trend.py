"""The figures of time horizons: against the date, against compute, and what growth consists of."""

import numpy as np
import pandas as pd
import xarray as xr

from models.core.dates import DAYS_A_YEAR
from models.horizons.design import REFERENCE_LOG10_FLOP, Design, prepare
from models.horizons.horizon_estimands import (
    find_coefficients,
    find_growth,
    find_trend,
    name_periods,
)
from pipeline.fit.cell import Cell
from pipeline.site.figures.kinds import POSTERIOR_SERIES, Figure, make_curve, summarise
from pipeline.site.words import Words

ENDS = ("lower_minutes", "upper_minutes")
HOVER = ("model", "lab", "release_date", "horizon_minutes", *ENDS, "training_flop", "weights")
GRID = 40
DATES = (0.0, 0.5, 1.0)  # of the span of rows with compute, at which the curves of compute are


def draw(cell: Cell, words: Words) -> list[Figure]:
    """Horizons against date with the trend, against compute at three dates, and the growth."""
    posterior, design = cell.tree["posterior"].to_dataset(), prepare(cell.table, cell.card)
    is_open, is_known = design.rows["is_open_weights"], design.has_figure[design.base_index]
    rows = design.rows.assign(
        weights=np.where(is_open, "open", "closed"),
        compute=np.where(is_known, "known", "not known"),
        training_flop=design.rows["training_flop"].where(is_known),
    )
    makers = (_draw_dates, _draw_compute)
    return [*(make(posterior, design, rows, words) for make in makers), _draw_growth(cell, words)]


def _draw_dates(posterior: xr.Dataset, design: Design, rows: pd.DataFrame, words: Words) -> Figure:
    """The trend for models without open weights whose compute is on its trend."""
    grid = np.linspace(design.years.min(), design.years.max(), GRID)
    terms = np.column_stack([np.ones(GRID), grid, design.count_before(grid), np.zeros(GRID)])
    compute = find_coefficients(posterior, design) @ terms.T
    trend = find_trend(posterior, xr.DataArray(grid, dims="x"), design)
    along = trend.transpose("chain", "draw", "x") + posterior["slope"] * xr.DataArray(
        compute, dims=("chain", "draw", "x")
    )
    curve = make_curve(_to_dates(grid, design), 2.0**along, "closed weights, along their compute")
    shown = rows[[*HOVER, "compute", "locator"]]
    said = words.figure("horizon-against-date")
    return Figure("scatter", frame=shown, hover=HOVER, ends=ENDS, curve=curve, **said)


def _draw_compute(
    posterior: xr.Dataset, design: Design, rows: pd.DataFrame, words: Words
) -> Figure:
    known = rows[rows["training_flop"].notna()]
    decades = np.log10(known["training_flop"]) - REFERENCE_LOG10_FLOP
    grid = np.linspace(decades.min(), decades.max(), GRID)
    at = np.quantile(design.years[known.index], DATES)
    curves = [
        make_curve(
            10.0 ** (grid + REFERENCE_LOG10_FLOP),
            2.0
            ** (
                find_trend(posterior, xr.DataArray(years), design)
                + posterior["slope"] * xr.DataArray(grid, dims="x")
            ),
            f"{day:%B %Y}",
        )
        for years, day in zip(at, _to_dates(at, design), strict=True)
    ]
    said = words.figure("horizon-against-compute", known=len(known), count=len(rows))
    shown = known[[*HOVER, "compute_confidence", "locator"]]
    curve = pd.concat(curves, ignore_index=True)
    return Figure("scatter", frame=shown, hover=HOVER, ends=ENDS, curve=curve, **said)


def _to_dates(years: np.ndarray, design: Design) -> pd.DatetimeIndex:
    return design.reference_date + pd.to_timedelta(years * DAYS_A_YEAR, unit="D").round("D")


def _draw_growth(cell: Cell, words: Words) -> Figure:
    """Growth in total, with compute and at fixed compute, before the bend and since."""
    posterior, design = cell.tree["posterior"].to_dataset(), prepare(cell.table, cell.card)
    total = find_growth(posterior, design)
    rate, slope = posterior["rate"], posterior["slope"]
    frames = []
    for period, name in enumerate(name_periods(design)[1:]):
        compute = slope * posterior["compute_growth"].isel(period=period, drop=True)
        fixed = rate - posterior["change"] if period == 0 else rate
        parts = {
            "in total": total.isel(period=period + 1, drop=True),
            "with compute": compute,
            "at fixed compute": fixed,
        }
        frames += [summarise(each).assign(label=f"{name}, {part}") for part, each in parts.items()]
    frame = pd.concat(frames, ignore_index=True).assign(series=POSTERIOR_SERIES)
    return Figure("intervals", frame=frame, **words.figure("parts-of-growth"))
