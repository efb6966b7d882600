"""Posterior -> where the model's predictions miss: mean outcomes by date, compute, tag, benchmark.

For each group of rows: the observed mean, and the median and 90 % interval of what the posterior
predicts for that mean. A model that fits every row on average may still be too low for late models
or for large ones; this is where it shows.
"""

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr

from models import fitted_rows
from pipeline.checks.leave_out import thin
from pipeline.checks.numbers import find_quantiles, round_to
from pipeline.fit.cell import Cell

PREDICTIVE_DRAWS = 2000  # of each group's mean
MINIMUM_DISTINCT = 3  # values, or thirds make no sense

Groups = dict[str, np.ndarray]  # words: mask over the fitted rows


def check_predictions(cell: Cell) -> dict[str, Any]:
    """Groups with their observed and predicted means, and by what could not be grouped, and why."""
    observed, predicted = _read_outcomes(cell.tree)
    rows = _find_rows(cell.table, predicted.shape[1])
    if predicted.shape[1] != len(rows):
        why = f"the model predicts {predicted.shape[1]} values for {len(rows)} fitted rows"
        return {"outcome": "", "groups": [], "skipped": {"all": why}}
    outcome, scale = _find_scale(cell, rows)
    listed = list_groups(rows)
    found = [
        {"by": by, "group": words} | compare(observed / scale, predicted / scale, mask)
        for by, (groups, _) in listed.items()
        for words, mask in groups.items()
    ]
    skipped = {by: why for by, (_, why) in listed.items() if why}
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
    # draws equal to the observed count half: means of few counts tie
    p = (means > mean).mean() + 0.5 * (means == mean).mean()
    counted = {"count": int(mask.sum()), "observed": round_to(mean)}
    return counted | find_quantiles(means) | {"p": round_to(p)}


def list_groups(rows: pd.DataFrame) -> dict[str, tuple[Groups, str]]:
    """Groups of fitted rows by date, compute, technique and benchmark, or why there are none."""
    return {
        by: group(rows[column]) if column in rows else ({}, f"the table has no column {column}")
        for by, (column, group) in KINDS.items()
    }


def _thirds(values: pd.Series, words: str) -> tuple[Groups, str]:
    """Rows in thirds of the known values, as `words` format them; equal values stay together."""
    known = values.dropna()
    if known.nunique() < MINIMUM_DISTINCT:
        return {}, f"{values.name} has fewer than {MINIMUM_DISTINCT} distinct values"
    third = np.ceil(known.rank(method="average", pct=True) * 3)
    groups = {
        f"{words.format(each.min())} to {words.format(each.max())}": values.index.isin(each.index)
        for _, each in known.groupby(third)
    }
    return groups, ""


def _by_tag(values: pd.Series) -> tuple[Groups, str]:
    tags = values.fillna("").str.split()
    known = sorted({tag for present in tags for tag in present})
    if not known:
        return {}, "no row carries a technique tag"
    groups = {tag: np.array([tag in present for present in tags]) for tag in known}
    bare = np.array([not present for present in tags])
    return groups | ({"none": bare} if bare.any() else {}), ""


def _by_value(values: pd.Series) -> tuple[Groups, str]:
    names = values.astype(str)
    return {name: (names == name).to_numpy() for name in names.drop_duplicates()}, ""


KINDS: dict[str, tuple[str, Callable[[pd.Series], tuple[Groups, str]]]] = {
    "date": ("release_date", partial(_thirds, words="{:%Y-%m-%d}")),
    "compute": ("training_flop", partial(_thirds, words="{:.2g} FLOP")),
    "technique": ("techniques", _by_tag),
    "benchmark": ("benchmark", _by_value),
}


def _read_outcomes(tree: xr.DataTree) -> tuple[np.ndarray, np.ndarray]:
    """Observed outcomes (row,) and predicted ones (draw, row); none where not one a row."""
    (name,) = tree["observed_data"].data_vars
    observed = tree["observed_data"].to_dataset()[name]
    predicted = thin(tree["posterior_predictive"].to_dataset()[[name]], PREDICTIVE_DRAWS)[name]
    draws = predicted.transpose("chain", "draw", ...).to_numpy()
    flat = draws.reshape(draws.shape[0] * draws.shape[1], -1)
    return observed.to_numpy().ravel().astype(float), flat.astype(float)


def _find_scale(cell: Cell, rows: pd.DataFrame) -> tuple[str, np.ndarray]:
    """What outcomes are called and divided by: right answers by the number of questions."""
    (name,) = cell.tree["observed_data"].data_vars
    outcome = cell.tree["observed_data"].to_dataset()[name]
    benchmarks = getattr(cell.card.options, "benchmarks", {})
    items = {key: getattr(each, "item_count", None) for key, each in benchmarks.items()}
    is_count = bool(np.issubdtype(outcome.dtype, np.integer))
    if is_count and "benchmark" in rows and all(items.get(b) for b in rows["benchmark"]):
        return "score", rows["benchmark"].map(items).to_numpy(dtype=float)
    return str(name), np.ones(len(rows))
