"""Figures and their curves as data."""

from dataclasses import dataclass
from typing import Literal

import pandas as pd


@dataclass(frozen=True)
class Curve:
    """Posterior curve over a figure's x: columns x, median, lower, upper and series."""

    frame: pd.DataFrame


@dataclass(frozen=True)
class Figure:
    """What to draw, not how; `pipeline/site/charts/kinds.py` draws each kind.

    - `scatter`: one row of `frame` per point; `x`, `y` and `colour` name columns, `hover` those of
      the tooltip.
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
    curve: Curve | None = None
