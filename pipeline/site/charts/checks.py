"""Checks as charts: densities, predictions, groups of rows and ranks, from draws to drawings."""

import math
from collections.abc import Callable, Collection
from dataclasses import replace
from functools import partial
from itertools import product
from typing import Any

import altair as alt
import numpy as np
import pandas as pd
import xarray as xr
from scipy import stats

from models.core.prior import Prior
from pipeline.site.charts import axes, drawings
from pipeline.site.charts.axes import (
    COLOURS,
    DASHES,
    PALETTE,
    break_title,
    make_tooltip,
    series_scale,
)
from pipeline.site.charts.drawings import POSTERIOR, PRIOR, Drawing, Layers, draw_panels
from pipeline.site.figures.kinds import Figure, summarise
from pipeline.site.pages.numbers import unit_words

GROUP_SIGNS = (
    ("●", COLOURS["ours"], "observed mean"),
    ("━", COLOURS["ours"], "predicted, median and interval"),
    ("✚", COLOURS["outside"], "observed mean outside of the interval"),
)
DENSITY_SIGNS = (("┅", COLOURS["other"], PRIOR), ("━", COLOURS["ours"], POSTERIOR))
# Colour and shape of an observed value inside of its interval, or outside.
INSIDE = {
    name: alt.condition("datum.is_inside", alt.value(within), alt.value(outside))
    for name, within, outside in (
        ("color", COLOURS["ours"], COLOURS["outside"]),
        ("shape", "circle", "cross"),
    )
}


def draw_densities(figure: Figure, logarithmic: Collection[str] = ()) -> Drawing:
    """A small panel a parameter: prior and posterior (columns panel, x, density, series)."""
    chart = partial(_density_chart, logarithmic=logarithmic)
    return replace(_draw(figure, chart, drawings.describe_densities), legend=DENSITY_SIGNS)


def draw_predictions(figure: Figure) -> Drawing:
    """Observed values over their predictive intervals, lowest first, a panel a variable."""
    return _draw(figure, _prediction_chart, drawings.describe_predictions)


def draw_groups(figure: Figure) -> Drawing:
    """Observed means over the intervals predicted for them: a row a group, a panel a grouping."""
    return replace(_draw(figure, _group_chart, drawings.describe_groups), legend=GROUP_SIGNS)


def draw_differences(figure: Figure) -> Drawing:
    """A cumulative distribution less the uniform one, with its band, a panel a variable."""
    series = figure.frame["series"].nunique()
    below = 1 + math.ceil(series / 2) if series > 1 else 0
    return _draw(figure, _difference_chart, drawings.describe_differences, below)


def _draw(
    figure: Figure,
    chart: Callable[[pd.DataFrame, Figure], tuple[Layers, int]],
    words: Callable[[pd.DataFrame], str],
    legend_rows: int = 0,
) -> Drawing:
    """A panel, made by `chart` with its height in pixels, for each value of column `panel`."""
    groups = figure.frame.groupby("panel", sort=False)
    panels = [(str(name), *chart(rows, figure), words(rows)) for name, rows in groups]
    return draw_panels(figure, panels, legend_rows)


def _density_chart(
    rows: pd.DataFrame, _: Figure, logarithmic: Collection[str]
) -> tuple[Layers, int]:
    is_log = rows["panel"].iloc[0] in logarithmic
    ticks = axes.log_ticks(rows["x"].min(), rows["x"].max()) if is_log else None
    scale = axes.number_scale(is_log, nice=False)
    x = alt.X("x:Q", title=None, scale=scale, axis=axes.number_axis(is_log, ticks))
    base = alt.Chart(rows).encode(x=x, y=alt.Y("density:Q", axis=None, stack=False))
    colours = series_scale([PRIOR, POSTERIOR], (COLOURS["other"], COLOURS["ours"]))
    colour = alt.Color("series:N", title=None, legend=None, scale=colours)
    dashes = series_scale([PRIOR, POSTERIOR], ([4, 3], [1, 0]))
    dash = alt.StrokeDash("series:N", legend=None, scale=dashes)
    area = base.mark_area(opacity=0.2).encode(color=colour)
    line = base.mark_line(strokeWidth=1.6).encode(color=colour, strokeDash=dash)
    return alt.layer(area, line), 110


def _prediction_chart(rows: pd.DataFrame, figure: Figure) -> tuple[Layers, int]:
    names = ("row", "observed", "median", "lower", "upper")
    title, axis = "rows, lowest observed value first", alt.Axis(tickCount=6)
    tooltip = [make_tooltip(rows, name) for name in names]
    base = alt.Chart(rows).encode(x=alt.X("rank:Q", title=title, axis=axis), tooltip=tooltip)
    low = alt.Y("lower:Q", title=figure.y_title, scale=alt.Scale(zero=False))
    bars = base.mark_rule(strokeWidth=2.5, opacity=0.35, color=COLOURS["ours"])
    dots = base.mark_point(filled=True, size=22, opacity=1)
    return alt.layer(bars.encode(y=low, y2="upper"), dots.encode(y="observed:Q", **INSIDE)), 240


def _group_chart(rows: pd.DataFrame, figure: Figure) -> tuple[Layers, int]:
    rows = rows.assign(label=axes.wrap_labels(rows["label"]))
    height = max(len(rows) * axes.row_pixels(rows["label"], 2 * axes.ROW_PIXELS), 60)
    names = ("group", "count", "observed", "median", "lower", "upper", "p")
    tooltip = [make_tooltip(rows, name) for name in names]
    base = alt.Chart(rows).encode(y=axes.label_axis(list(rows["label"])), tooltip=tooltip)
    scale = axes.number_scale(False, padding=12)
    axis = axes.number_axis(False, **axes.BELOW_LABELS)
    low = alt.X("lower:Q", title=break_title(figure.x_title), scale=scale, axis=axis)
    bars = base.mark_rule(strokeWidth=7, opacity=0.35, color=COLOURS["ours"]).encode(
        x=low, x2="upper"
    )
    ticks = base.mark_tick(thickness=2, height=12, color=COLOURS["ours"]).encode(x="median:Q")
    dots = base.mark_point(filled=True, size=60, opacity=1).encode(x="observed:Q", **INSIDE)
    return alt.layer(bars, ticks, dots), height


def _difference_chart(rows: pd.DataFrame, figure: Figure) -> tuple[Layers, int]:
    axis, scale = alt.Axis(tickCount=5), alt.Scale(domain=[0, 1])
    x = alt.X("x:Q", title=break_title(figure.x_title), axis=axis, scale=scale)
    series = list(dict.fromkeys(rows["series"]))
    first = alt.Chart(rows[rows["series"] == series[0]]).encode(x=x)
    low = alt.Y("lower:Q", title=figure.y_title, axis=axis)
    band = first.mark_area(opacity=0.14, color=COLOURS["ours"]).encode(y=low, y2="upper")
    styles: dict[str, Any] = {"title": None} | ({"legend": None} if len(series) == 1 else {})
    colour = alt.Color("series:N", scale=series_scale(series, PALETTE), **styles)
    dash = alt.StrokeDash("series:N", scale=series_scale(series, DASHES), **styles)
    line = alt.Chart(rows).mark_line(interpolate="step-after", strokeWidth=1.5)
    return alt.layer(band, line.encode(x=x, y="difference:Q", color=colour, strokeDash=dash)), 180


SHOWN_ELEMENTS = 6  # of a vector parameter
GRID_POINTS = 90  # of a density
GRID_DIGITS, DENSITY_DIGITS = 7, 4  # significant ones: more could not be seen, and fill the page
KEPT_WIDTHS = 4  # of the posterior on each side, beyond which a wide prior is cut
CURVE_POINTS = 100  # of a cumulative distribution
BAND_PROBABILITY = 0.95
PREDICTED = ["panel", "row", "rank", "observed", "median", "lower", "upper", "is_inside"]
PREDICTION_DIGITS = 6  # significant: more would only make pages larger
DIFFERENCE_DECIMALS = 5  # of a probability, in charts


def compare_densities(
    prior: xr.Dataset,
    posterior: xr.Dataset,
    priors: list[tuple[str, Prior]],
    say: Callable[[str], str],
) -> tuple[pd.DataFrame, list[str]]:
    """Densities of prior and posterior (panel, series, x, density); the panels on a log axis.

    `say` has the words for a parameter, or for an element of one.
    """
    frames: dict[str, pd.DataFrame] = {}
    logarithmic = []
    for name, made in priors:
        before, after = (
            _by_element(drawn[name]) if name in drawn else {} for drawn in (prior, posterior)
        )
        for label in [label for label in after if label in before][:SHOWN_ELEMENTS]:
            panel = say(f"{name}[{label}]" if label else name)
            unit = unit_words(made.unit)
            title = f"{panel} ({unit})" if unit else panel
            logarithmic += [title] * (made.family == "LogNormal")
            frames[title] = _density_pair(before[label], after[label], title in logarithmic)
    found = pd.concat(frames, names=["panel"]).reset_index(0) if frames else pd.DataFrame()
    return found.reset_index(drop=True), logarithmic


def _by_element(variable: xr.DataArray) -> dict[str, np.ndarray]:
    """Draws of a scalar, or of each element of a vector or matrix by its labels."""
    dims = [str(dim) for dim in variable.dims if dim not in ("chain", "draw")]
    found = variable.transpose(*dims, "chain", "draw")
    values = found.values.reshape(-1, found.sizes["chain"] * found.sizes["draw"])
    labels = product(*(found[dim].values for dim in dims))
    return {", ".join(map(str, label)): each for label, each in zip(labels, values, strict=True)}


def _density_pair(before: np.ndarray, after: np.ndarray, is_log: bool) -> pd.DataFrame:
    """Series, x and density of both, where the posterior is whole and a far wider prior is cut."""
    if is_log:
        before, after = np.log(before), np.log(after)
    low, high = np.quantile(after, [0.001, 0.999])
    width = max(high - low, 1e-12)
    prior_low, prior_high = np.quantile(before, [0.01, 0.99])
    left = min(low, max(prior_low, low - KEPT_WIDTHS * width))
    right = max(high, min(prior_high, high + KEPT_WIDTHS * width))
    grid = np.linspace(left, right, GRID_POINTS)
    x = _round(np.exp(grid) if is_log else grid, GRID_DIGITS)
    return pd.concat(
        pd.DataFrame({"series": series, "x": x, "density": _density(draws, grid)})
        for series, draws in ((PRIOR, before), (POSTERIOR, after))
    )


def _density(draws: np.ndarray, grid: np.ndarray) -> np.ndarray:
    """Kernel density on `grid`, reflected at the ends: a positive quantity keeps its edge."""
    from arviz_stats.base import array_stats  # a second to import

    points, density, _ = array_stats.kde(np.ravel(draws))
    return _round(np.interp(grid, points, density, left=0.0, right=0.0), DENSITY_DIGITS)


def _round(values: np.ndarray, digits: int) -> np.ndarray:
    """`values` to that many significant digits."""
    return np.array([float(f"{value:.{digits - 1}e}") for value in values])


def predict(predicted: xr.Dataset, observed: xr.Dataset) -> pd.DataFrame:
    """Observed values beside their predictive intervals, a row each, lowest first by panel.

    Columns panel, row, rank, observed, median, lower, upper, is_inside.
    """
    frames = []
    for name in (name for name in observed if name in predicted):
        found, values = predicted[name], observed[name].values.ravel()
        made = summarise(found.transpose("chain", "draw", *observed[name].dims))
        made = made.assign(is_inside=(values >= made["lower"]) & (values <= made["upper"]))
        numbers: dict[str, Any] = {"observed": values, **made[["median", "lower", "upper"]]}
        made = made.assign(
            panel=str(name).replace("_", " "),
            row=_row_names(observed[name]),
            rank=stats.rankdata(values, method="ordinal"),
            **{key: _round(values, PREDICTION_DIGITS) for key, values in numbers.items()},
        )
        frames.append(made.sort_values("rank", kind="stable"))
    return pd.concat(frames, ignore_index=True)[PREDICTED]


def _row_names(observed: xr.DataArray) -> list[str]:
    """The labels of the observations where the model names them, else their numbers in the fit."""
    labels = observed[observed.dims[0]].values if observed.indexes else np.arange(observed.size)
    if observed.ndim != 1 or np.issubdtype(labels.dtype, np.number):
        return [f"row {i + 1} of the fit" for i in range(observed.size)]
    return [str(label) for label in labels]


def pit_differences(predicted: xr.Dataset, observed: xr.Dataset) -> pd.DataFrame:
    """Distribution of predictive ranks (PIT) less the uniform one, with its simultaneous band.

    Ties count half, so discrete outcomes have their mid-rank.
    """
    frames = []
    for name in (name for name in observed if name in predicted):
        less, same = predicted[name] < observed[name], predicted[name] == observed[name]
        ranks = (less + 0.5 * same).mean(("chain", "draw")).values.ravel()
        panel = str(name).replace("_", " ")
        frames.append(_differences(panel, "observed", ranks, ranks.size))
    return pd.concat(frames, ignore_index=True)


def rank_differences(draws: xr.DataArray, label: str, effective_count: float) -> pd.DataFrame:
    """By chain, ranks less the uniform distribution; the band is for the effective draws."""
    chains = draws.transpose("chain", "draw").values
    ranks = (stats.rankdata(chains).reshape(chains.shape) - 0.5) / chains.size
    count = max(int(min(effective_count, chains.size) / len(chains)), 2)
    frames = [_differences(label, f"chain {i + 1}", row, count) for i, row in enumerate(ranks)]
    return pd.concat(frames, ignore_index=True)


def truth_differences(counts: dict[str, list[int]]) -> pd.DataFrame:
    """By quantity, ranks of simulated truths less the uniform distribution, at the edges of the
    equal bins that `counts` are of; the band is for the fewest truths of a quantity.
    """
    fewest = min(map(sum, counts.values()))
    frames = []
    for name, each in counts.items():
        middles = (np.arange(len(each)) + 0.5) / len(each)
        ranks = np.repeat(middles, each)
        frames.append(_differences("ranks", name, ranks, fewest, len(each)))
    return pd.concat(frames, ignore_index=True)


def _differences(
    panel: str, series: str, ranks: np.ndarray, count: int, points: int = CURVE_POINTS
) -> pd.DataFrame:
    """Distribution of `ranks` less the uniform one; the band is Kolmogorov's for `count` values."""
    grid = np.linspace(0, 1, points + 1)
    distribution = np.searchsorted(np.sort(ranks), grid, side="right") / ranks.size
    reach = float(stats.kstwo.ppf(BAND_PROBABILITY, count))
    below, above = np.maximum(-reach, -grid), np.minimum(reach, 1 - grid)
    columns = {"difference": distribution - grid, "lower": below, "upper": above}
    frame = pd.DataFrame({"panel": panel, "series": series, "x": grid} | columns)
    return frame.round(dict.fromkeys(columns, DIFFERENCE_DECIMALS))
