"""Frames for the charts of a page: densities, predictive intervals, ranks, ours beside others."""

import inspect
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr
from scipy import stats

from models import INTERVAL_PROBABILITY
from models.core.prior import Prior
from pipeline.ingest.cards.card import Published
from pipeline.site.charts.alternatives import POSTERIOR, PRIOR
from pipeline.site.charts.series import BASELINE, OURS, PUBLISHED
from pipeline.site.pages.answers import INTERVAL_WORDS, Attributions

TAIL = (1 - INTERVAL_PROBABILITY) / 2
QUANTILES = (TAIL, 0.5, 1 - TAIL)
SHOWN_ELEMENTS = 6  # of a vector parameter
GRID_POINTS = 90  # of a density
GRID_DIGITS, DENSITY_DIGITS = 7, 4  # significant ones: more could not be seen, and fill the page
KEPT_WIDTHS = 4  # of the posterior on each side, beyond which a wide prior is cut
CURVE_POINTS = 100  # of a cumulative distribution
BAND_PROBABILITY = 0.95
PREDICTION_DIGITS = 6  # significant: more would only make pages larger
DIFFERENCE_DECIMALS = 5  # of a probability, in charts
LOG_RATIO = 30  # positive values that span more than this get a logarithmic axis
LITERATURE_COLUMNS = [
    "key",
    "panel",
    "label",
    "series",
    "source",
    "interval",
    "median",
    "lower",
    "upper",
    "is_open",
]


def compare_densities(
    prior: xr.Dataset, posterior: xr.Dataset, priors: list[tuple[str, Prior]]
) -> tuple[pd.DataFrame, list[str]]:
    """Densities of prior and posterior (panel, series, x, density); the panels on a log axis."""
    frames, logarithmic = [], []
    for name, made in priors:
        if name not in posterior or name not in prior:
            continue
        is_log = made.family == "LogNormal"
        for panel, before, after in _elements(name, prior[name], posterior[name]):
            title = f"{panel} ({made.unit})" if made.unit not in ("", "1") else panel
            frames.append(_density_pair(title, before, after, is_log))
            logarithmic += [title] if is_log else []
    columns = ["panel", "series", "x", "density"]
    return (
        pd.concat(frames, ignore_index=True) if frames else pd.DataFrame(columns=columns)
    ), logarithmic


def _elements(
    name: str, prior: xr.DataArray, posterior: xr.DataArray
) -> Iterator[tuple[str, np.ndarray, np.ndarray]]:
    """Name, prior draws and posterior draws of a scalar, or of the first elements of a vector."""
    before, after = _by_element(prior), _by_element(posterior)
    for label in list(after)[:SHOWN_ELEMENTS]:
        if label in before:
            yield (f"{name}[{label}]" if label else name), before[label], after[label]


def _by_element(variable: xr.DataArray) -> dict[str, np.ndarray]:
    dims = [dim for dim in variable.dims if dim not in ("chain", "draw")]
    stacked = variable.stack(sample=("chain", "draw"))
    if not dims:
        return {"": stacked.values}
    flat = stacked.stack(element=dims).transpose("element", "sample")
    labels = [
        ", ".join(str(part) for part in np.atleast_1d(np.array(label, dtype=object)))
        for label in flat["element"].values
    ]
    return dict(zip(labels, flat.values, strict=True))


def _density_pair(panel: str, before: np.ndarray, after: np.ndarray, is_log: bool) -> pd.DataFrame:
    """Both densities on one grid that shows the posterior whole and cuts a far wider prior."""
    if is_log:
        before, after = np.log(before), np.log(after)
    low, high = np.quantile(after, [0.001, 0.999])
    width = max(high - low, 1e-12)
    prior_low, prior_high = np.quantile(before, [0.01, 0.99])
    left = min(low, max(prior_low, low - KEPT_WIDTHS * width))
    right = max(high, min(prior_high, high + KEPT_WIDTHS * width))
    grid = np.linspace(left, right, GRID_POINTS)
    parts = [
        pd.DataFrame(
            {
                "panel": panel,
                "series": series,
                "x": _round(np.exp(grid) if is_log else grid, GRID_DIGITS),
                "density": _round(_density(draws, grid), DENSITY_DIGITS),
            }
        )
        for series, draws in ((PRIOR, before), (POSTERIOR, after))
    ]
    return pd.concat(parts, ignore_index=True)


def _density(draws: np.ndarray, grid: np.ndarray) -> np.ndarray:
    """Kernel density on `grid`, reflected at the ends: a positive quantity keeps its edge."""
    from arviz_stats.base import array_stats  # a second to import

    points, density, _ = array_stats.kde(np.ravel(draws))
    return np.asarray(np.interp(grid, points, density, left=0.0, right=0.0))


def _round(values: np.ndarray, digits: int) -> np.ndarray:
    """`values` to that many significant digits."""
    return np.array([float(f"{value:.{digits - 1}e}") for value in values])


def predict(predicted: xr.Dataset, observed: xr.Dataset) -> pd.DataFrame:
    """Observed values beside their predictive intervals, a row each, lowest first by panel.

    Columns panel, row, rank, observed, median, lower, upper, is_inside.
    """
    frames = [
        _predict_one(name, predicted[name], observed[name])
        for name in observed.data_vars
        if name in predicted
    ]
    return pd.concat(frames, ignore_index=True)


def _predict_one(name: object, predicted: xr.DataArray, observed: xr.DataArray) -> pd.DataFrame:
    lower, median, upper = (
        predicted.quantile(list(QUANTILES), dim=("chain", "draw"))
        .transpose("quantile", *observed.dims)
        .values.reshape(3, -1)
    )
    values = observed.values.ravel()
    frame = pd.DataFrame(
        {
            "panel": str(name).replace("_", " "),
            "row": _row_names(observed),
            "rank": stats.rankdata(values, method="ordinal"),
            "observed": _round(values, PREDICTION_DIGITS),
            "median": _round(median, PREDICTION_DIGITS),
            "lower": _round(lower, PREDICTION_DIGITS),
            "upper": _round(upper, PREDICTION_DIGITS),
            "is_inside": (values >= lower) & (values <= upper),
        }
    )
    return frame.sort_values("rank", kind="stable", ignore_index=True)


def _row_names(observed: xr.DataArray) -> list[str]:
    """The labels of the observations where the model names them, else their numbers in the fit."""
    if (
        observed.ndim != 1
        or not observed.indexes
        or np.issubdtype(observed[observed.dims[0]].dtype, np.number)
    ):
        return [f"row {i + 1} of the fit" for i in range(observed.size)]
    return [str(label) for label in observed[observed.dims[0]].values]


def share_inside(predictions: pd.DataFrame) -> float:
    """The share of the observed values that lie in their predictive intervals."""
    return float(predictions["is_inside"].mean())


def pit_differences(predicted: xr.Dataset, observed: xr.Dataset) -> pd.DataFrame:
    """Distribution of predictive ranks (PIT) less the uniform one, with its simultaneous band.

    Ties count half, so discrete outcomes have their mid-rank.
    """
    frames = []
    for name in observed.data_vars:
        if name in predicted:
            less, same = predicted[name] < observed[name], predicted[name] == observed[name]
            ranks = (less + 0.5 * same).mean(("chain", "draw")).values.ravel()
            panel = str(name).replace("_", " ")
            frames.append(_differences(panel, "observed", ranks, ranks.size))
    return pd.concat(frames, ignore_index=True)


def rank_differences(draws: xr.DataArray, label: str, effective_count: float) -> pd.DataFrame:
    """By chain, the distribution of the draws' ranks among all draws less the uniform one.

    The band is that of as many independent draws as the chain has effective ones: chains that agree
    stay inside.
    """
    chains = draws.transpose("chain", "draw").values
    ranks = (stats.rankdata(chains).reshape(chains.shape) - 0.5) / chains.size
    count = max(int(min(effective_count, chains.size) / len(chains)), 2)
    frames = [_differences(label, f"chain {i + 1}", row, count) for i, row in enumerate(ranks)]
    return pd.concat(frames, ignore_index=True)


def _differences(panel: str, series: str, ranks: np.ndarray, count: int) -> pd.DataFrame:
    """Distribution of `ranks` less the uniform one; the band is Kolmogorov's for `count` values."""
    grid = np.linspace(0, 1, CURVE_POINTS + 1)
    distribution = np.searchsorted(np.sort(ranks), grid, side="right") / ranks.size
    reach = float(stats.kstwo.ppf(BAND_PROBABILITY, count))
    return pd.DataFrame(
        {
            "panel": panel,
            "series": series,
            "x": grid,
            "difference": (distribution - grid).round(DIFFERENCE_DECIMALS),
            "lower": np.maximum(-reach, -grid).round(DIFFERENCE_DECIMALS),
            "upper": np.minimum(reach, 1 - grid).round(DIFFERENCE_DECIMALS),
        }
    )


def compare_with_literature(
    attributions: Attributions,
    baseline: pd.DataFrame,
    published: Sequence[Published],
    always: Sequence[str] = (),
) -> pd.DataFrame:
    """Ours, the classical baseline and published values of estimands that have either, a row each.

    Estimands in `always` are there even where nothing stands beside them.
    Columns key, panel (the family), label, series, source, interval, median, lower, upper, is_open.
    """
    others = [*_baseline_rows(baseline), *_published_rows(published)]
    compared = {str(row["key"]) for row in others} & set(attributions) | set(always)
    ours = [_own_row(key, found) for key, found in attributions.items() if key in compared]
    frame = pd.DataFrame(
        [row for row in (*ours, *others) if row["key"] in compared], columns=LITERATURE_COLUMNS
    )
    order = {key: position for position, key in enumerate(attributions)}
    frame = frame.sort_values(
        "key", key=lambda keys: keys.map(order), kind="stable", ignore_index=True
    )
    frame["panel"] = [family(key) for key in frame["key"]]
    frame["label"] = [element(key) or OURS for key in frame["key"]]
    return frame


def describe_baseline(frame: pd.DataFrame) -> str:
    """How many of the baseline's estimates lie outside our intervals; empty without a baseline.

    `frame` as `compare_with_literature` makes it; an end that is missing is no end.
    """
    ours = frame[frame["series"] == OURS].set_index("key")
    found = frame[(frame["series"] == BASELINE) & frame["median"].notna()]
    found = found[found["key"].isin(ours.index[ours["median"].notna()])]
    if found.empty:
        return ""
    beside = ours.loc[found["key"], ["lower", "upper"]].astype(float).to_numpy()
    median = found["median"].to_numpy(dtype=float)
    outside = int(((median < beside[:, 0]) | (median > beside[:, 1])).sum())
    if not outside:
        all_of = f"all of its {len(found)} estimates lie" if len(found) > 1 else "its estimate lies"
        return f"The baseline agrees: {all_of} inside our interval."
    some = "its estimate lies"
    if len(found) > 1:
        lie = "lies" if outside == 1 else "lie"
        some = f"{outside} of its {len(found)} estimates {lie}"
    return f"The baseline differs: {some} outside our interval."


def logarithmic_panels(frame: pd.DataFrame) -> list[str]:
    """Panels whose values are all positive and span too much for a linear axis."""
    chosen = []
    for panel, rows in frame.groupby("panel", sort=False):
        values = rows[["median", "lower", "upper"]].astype(float).stack()
        values = values[np.isfinite(values)]
        if len(values) and values.min() > 0 and values.max() / values.min() > LOG_RATIO:
            chosen.append(str(panel))
    return chosen


def plain_text(docstring: str) -> str:
    """A docstring without the marks that tell a documentation tool of code."""
    return inspect.cleandoc(docstring).replace("::\n", ":\n").replace("``", "`")


def unit_words(unit: str) -> str:
    """A unit as a column prints it: nothing for a pure number."""
    return "" if unit in ("1", "dimensionless") else unit


def family(key: str) -> str:
    """`name` of the key `name[label]`."""
    return key.partition("[")[0]


def element(key: str) -> str:
    """`label` of the key `name[label]`, empty for a plain `name`."""
    return key.partition("[")[2].removesuffix("]")


def _own_row(key: str, found: dict[str, Any]) -> dict[str, Any]:
    is_open = bool(found.get("unbounded")) and found["upper"] is None
    numbers = {name: found[name] for name in ("median", "lower", "upper")}
    return {
        "key": key,
        "series": OURS,
        "source": OURS,
        "interval": INTERVAL_WORDS,
        "is_open": is_open,
    } | numbers


def _baseline_rows(baseline: pd.DataFrame) -> list[dict[str, Any]]:
    rows = baseline.rename(columns={"estimate": "median", "method": "source"})
    kept = rows[["key", "source", "median", "lower", "upper"]]
    kept = kept.assign(
        series=BASELINE,
        interval=INTERVAL_WORDS.split(" equal")[0] + " interval",
        is_open=np.isposinf(kept["upper"].astype(float)),
    )
    return [{str(name): value for name, value in row.items()} for row in kept.to_dict("records")]


def _published_rows(published: Sequence[Published]) -> list[dict[str, Any]]:
    return [
        {
            "key": row.estimand,
            "series": PUBLISHED,
            "source": row.label,
            "interval": row.interval or "no interval printed",
            "median": row.estimate,
            "lower": row.lower,
            "upper": row.upper,
            "is_open": row.lower is not None and row.upper is None,
        }
        for row in published
    ]
