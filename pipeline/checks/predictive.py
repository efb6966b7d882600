"""Posterior -> where the model's predictions miss: mean outcomes by date, compute, tag, benchmark.

For each group of rows: the observed mean, and the median and 90 % interval of what the posterior
predicts for that mean. A model that fits every row on average may still be too low for late models
or for large ones; this is where it shows.
"""

from typing import Any

import numpy as np
import pandas as pd
import xarray as xr

from models import INTERVAL_PROBABILITY, fitted_rows
from pipeline.checks.leave_out import round_to, thin
from pipeline.fit.cell import Cell

PREDICTIVE_DRAWS = 2000  # of each group's mean
MINIMUM_DISTINCT = 3  # values, or thirds make no sense
DIGITS = 4

Groups = dict[str, np.ndarray]  # words: mask over the fitted rows


def check_predictions(cell: Cell) -> dict[str, Any]:
    """Groups with their observed and predicted means, and by what could not be grouped, and why."""
    observed, predicted = _read_outcomes(cell.tree)
    rows = _find_rows(cell.table, predicted.shape[1])
    if predicted.shape[1] != len(rows):
        why = f"the model predicts {predicted.shape[1]} values for {len(rows)} fitted rows"
        return {"outcome": "", "groups": [], "skipped": {"all": why}}
    outcome, scale = _find_scale(cell, rows)
    found: list[dict[str, Any]] = []
    skipped: dict[str, str] = {}
    for by, (groups, why) in list_groups(rows).items():
        if why:
            skipped[by] = why
        found += [
            {"by": by, "group": words} | compare(observed / scale, predicted / scale, mask)
            for words, mask in groups.items()
        ]
    return {"outcome": outcome, "groups": found, "skipped": skipped}


def _find_rows(table: pd.DataFrame, count: int) -> pd.DataFrame:
    """The fitted rows; where the model reads fewer, those with a compute figure."""
    rows = fitted_rows(table)
    if len(rows) != count and "training_flop" in rows:
        with_compute = rows[rows["training_flop"].notna()].reset_index(drop=True)
        return with_compute if len(with_compute) == count else rows
    return rows


def compare(observed: np.ndarray, predicted: np.ndarray, mask: np.ndarray) -> dict[str, Any]:
    """Observed and predicted mean over the rows of `mask`; `predicted` has shape (draw, row)."""
    mean = float(observed[mask].mean())
    means = predicted[:, mask].mean(axis=1)
    tail = (1 - INTERVAL_PROBABILITY) / 2
    lower, median, upper = np.quantile(means, [tail, 0.5, 1 - tail])
    return {
        "count": int(mask.sum()),
        "observed": round_to(mean, DIGITS),
        "median": round_to(median, DIGITS),
        "lower": round_to(lower, DIGITS),
        "upper": round_to(upper, DIGITS),
        # draws equal to the observed count half: means of few counts tie
        "p": round_to((means > mean).mean() + 0.5 * (means == mean).mean(), DIGITS),
    }


def list_groups(rows: pd.DataFrame) -> dict[str, tuple[Groups, str]]:
    """Groups of the rows by date, compute, technique and benchmark, each with why there are none.

    `rows` are the fitted rows.
    """
    return {
        "date": _thirds(rows, "release_date", lambda value: f"{value:%Y-%m-%d}"),
        "compute": _thirds(rows, "training_flop", lambda value: f"{value:.2g} FLOP"),
        "technique": _by_tag(rows),
        "benchmark": _by_value(rows, "benchmark"),
    }


def _thirds(rows: pd.DataFrame, column: str, words: Any) -> tuple[Groups, str]:
    """Rows in thirds of the known values; equal values stay together."""
    if column not in rows:
        return {}, f"the table has no column {column}"
    known = rows[column].dropna()
    if known.nunique() < MINIMUM_DISTINCT:
        return {}, f"{column} has fewer than {MINIMUM_DISTINCT} distinct values"
    third = np.ceil(known.rank(method="average", pct=True) * 3)
    groups = {}
    for _, values in known.groupby(third):
        label = f"{words(values.min())} to {words(values.max())}"
        groups[label] = rows.index.isin(values.index)
    return groups, ""


def _by_tag(rows: pd.DataFrame) -> tuple[Groups, str]:
    if "techniques" not in rows:
        return {}, "the table has no column techniques"
    tags = rows["techniques"].fillna("").str.split()
    known = sorted({tag for present in tags for tag in present})
    groups = {tag: np.array([tag in present for present in tags]) for tag in known}
    if not groups:
        return {}, "no row carries a technique tag"
    bare = np.array([not present for present in tags])
    return groups | ({"none": bare} if bare.any() else {}), ""


def _by_value(rows: pd.DataFrame, column: str) -> tuple[Groups, str]:
    if column not in rows:
        return {}, f"the table has no column {column}"
    values = rows[column].astype(str)
    return {value: (values == value).to_numpy() for value in values.drop_duplicates()}, ""


def _read_outcomes(tree: xr.DataTree) -> tuple[np.ndarray, np.ndarray]:
    """Observed outcomes (row,) and predicted ones (draw, row); none where not one a row."""
    (name,) = tree["observed_data"].data_vars
    observed = tree["observed_data"].to_dataset()[name]
    predicted = thin(tree["posterior_predictive"].to_dataset()[[name]], PREDICTIVE_DRAWS)[name]
    rows = [dim for dim in predicted.dims if dim not in ("chain", "draw")]
    stacked = predicted.transpose("chain", "draw", *rows).to_numpy()
    draws = stacked.reshape(predicted.sizes["chain"] * predicted.sizes["draw"], -1)
    return observed.to_numpy().ravel().astype(float), draws.astype(float)


def _find_scale(cell: Cell, rows: pd.DataFrame) -> tuple[str, np.ndarray]:
    """What the outcomes are called, and what they are divided by to be alike on all benchmarks.

    Numbers of right answers are divided by the number of questions.
    """
    (name,) = cell.tree["observed_data"].data_vars
    outcome = cell.tree["observed_data"].to_dataset()[name]
    benchmarks = getattr(cell.card.options, "benchmarks", {})
    items = {key: getattr(each, "item_count", None) for key, each in benchmarks.items()}
    is_count = bool(np.issubdtype(outcome.dtype, np.integer))
    if is_count and "benchmark" in rows and all(items.get(b) for b in rows["benchmark"]):
        return "score", rows["benchmark"].map(items).to_numpy(dtype=float)
    return str(name), np.ones(len(rows))
