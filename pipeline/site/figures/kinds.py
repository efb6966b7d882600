"""Figures as data, and draws -> the frames that they show."""

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import pandas as pd
import xarray as xr

from models import INTERVAL_PROBABILITY

TAIL = (1 - INTERVAL_PROBABILITY) / 2
POSTERIOR_SERIES = f"posterior, {INTERVAL_PROBABILITY:.0%}"


@dataclass(frozen=True)
class Figure:
    """What to draw, not how; modules of `charts` draw each kind.

    - `scatter`: one row of `frame` per point; `x`, `y` and `colour` (of categories) name columns,
      `hover` those of the tooltip, `ends` those of a bar's lower and upper end; `curve` has columns
      x, median, lower, upper and series.
    - `intervals`: `frame` has label, median, lower, upper and series (ours, baseline, published).
    - `parts`: `frame` has comparison, part, median, lower, upper: the parts of each step side by
      side.
    """

    kind: Literal["scatter", "intervals", "parts"]
    id: str
    title: str
    caption: str
    frame: pd.DataFrame
    x: str = ""
    y: str = ""
    colour: str = ""
    x_title: str = ""
    y_title: str = ""
    is_log_x: bool = False
    is_log_y: bool = False
    hover: tuple[str, ...] = ()
    ends: tuple[str, ...] = ()
    curve: pd.DataFrame | None = None


def summarise(draws: xr.DataArray) -> pd.DataFrame:
    """Columns lower, median and upper (90 %, equal-tailed) of draws on one more dim, or none.

    Rows are in the order of that dim.
    """
    quantiles = draws.quantile([TAIL, 0.5, 1 - TAIL], dim=("chain", "draw"))
    values = quantiles.transpose(..., "quantile").to_numpy().reshape(-1, 3)
    return pd.DataFrame(values, columns=["lower", "median", "upper"])


def make_intervals(draws: xr.DataArray) -> pd.DataFrame:
    """The frame of an `intervals` figure: one row per label of the draws' own dim."""
    (dim,) = [name for name in draws.dims if name not in ("chain", "draw")]
    labels = [str(label) for label in draws[dim].to_numpy()]
    return summarise(draws).assign(label=labels, series=POSTERIOR_SERIES)


def make_curve(x: Any, draws: xr.DataArray, series: str) -> pd.DataFrame:
    """One series of a scatter's curve: `draws` on chain, draw and `x`, at the positions `x`."""
    return summarise(draws).assign(x=np.asarray(x), series=series)


def order_by(frame: pd.DataFrame, column: str, order: list[str]) -> pd.DataFrame:
    """The rows in the order of the values of a column; those of one value stay as they are."""
    return frame.sort_values(column, kind="stable", key=lambda each: each.map(order.index))
