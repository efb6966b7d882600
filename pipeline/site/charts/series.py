"""Series of a chart: their colours, shapes, dashes and legends, and the names that recur."""

import math
from collections.abc import Sequence
from typing import Any

import altair as alt
import pandas as pd

PALETTE = ("#3b82c4", "#d9772b", "#2a9d74", "#b65fc2", "#c9485b", "#8c8f2f", "#5f9ea8")
SHAPES = ("circle", "square", "diamond", "triangle-up", "cross", "triangle-down", "triangle-left")
DASHES = ([1, 0], [6, 3], [2, 2], [8, 3, 2, 3])
SIGNS = dict(zip(SHAPES, "●■◆▲✚▼◀", strict=True))
OURS, BASELINE, PUBLISHED = "this posterior", "classical baseline", "published"
KNOWN = (OURS, BASELINE, PUBLISHED)
LEGEND_CHARACTERS = 19  # of the longest name: beyond, a name a row
LEGEND_LIMITS = {2: 108, 1: 240}  # pixels of a name by columns: both fit a window of 360 pixels


def series_scale(domain: Sequence[str], values: Sequence[Any]) -> alt.Scale:
    """A scale that gives each name its value, from the start again where there are more names."""
    chosen = [values[i % len(values)] for i in range(len(domain))]
    return alt.Scale(domain=list(domain), range=chosen)


def sign_series(series: Sequence[str]) -> tuple[tuple[str, str, str], ...]:
    """The legend of series in their order: the sign of the shape, the colour and the name."""
    return tuple(
        (SIGNS[SHAPES[i % len(SHAPES)]], PALETTE[i % len(PALETTE)], name)
        for i, name in enumerate(series)
    )


def make_legend(names: pd.Series, **more: Any) -> alt.Legend:
    """A legend in as many columns as the names leave room for."""
    columns = legend_columns(names)
    return alt.Legend(columns=columns, labelLimit=LEGEND_LIMITS[columns], **more)


def legend_columns(names: pd.Series) -> int:
    """Two, or one where a name is long."""
    return 1 if names.dropna().astype(str).str.len().max() > LEGEND_CHARACTERS else 2


def count_legend_rows(names: pd.Series) -> int:
    """The rows that a legend of the names takes, without its title."""
    return math.ceil(names.nunique() / legend_columns(names))
