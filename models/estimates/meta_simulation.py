"""Rows of a meta-analysis drawn from a truth, row by row in plain NumPy."""

from typing import Any

import numpy as np
import pandas as pd
from scipy import stats

from models import Truth, fitted_rows


def simulate(table: pd.DataFrame, truth: Truth, rng: np.random.Generator) -> pd.DataFrame:
    """The rows with estimates and intervals drawn from `truth`; a bound may change its side.

    Intervals keep their width on the working scale. One that the log scale cannot hold stays as it
    is: its row has no error of its own in the fit either.
    """
    simulated = fitted_rows(table).copy()
    for line, row in simulated.iterrows():
        place = truth["domain_effect"][row["domain"]] + truth["study_effect"][row["study"]]
        moved = _simulate_row(row, truth["mean"] + place, truth, rng)
        for name, value in moved.items():
            simulated.loc[line, name] = value
    return simulated


def _simulate_row(
    row: pd.Series, location: float, truth: Truth, rng: np.random.Generator
) -> dict[str, Any]:
    """The changed cells of one row."""
    factor = 1.0 if row["is_primary"] else truth["secondary_error_factor"]
    low, high, printed = (_scale(row[name], truth) for name in ("lower", "upper", "estimate"))
    middle, half = (low + high) / 2, factor * (high - low) / 2
    true = rng.normal(location, truth["residual_sd"])
    if pd.notna(row["bound"]):
        seen = rng.normal(true, factor * truth["unstated_sd"])
        return {"bound": "lower" if seen > printed else "upper"}
    if row["interval_kind"] == "range" and np.isfinite(half):
        seen, before = true + rng.uniform(-1, 1) * half, middle
    else:
        error = factor * truth["unstated_sd"]
        if row["interval_kind"] == "probability" and np.isfinite(half):
            error = half / stats.norm.ppf((1 + row["interval_probability"]) / 2)
        seen = rng.normal(true, error)
        before = middle if pd.isna(row["estimate"]) else printed
    cells = {"lower": low + seen - before, "upper": high + seen - before}
    cells = cells if np.isfinite(half) else {}
    if pd.notna(row["estimate"]):
        moved = printed + seen - before
        cells["estimate"] = moved if np.isfinite(moved) else seen
    return {name: _unscale(number, truth) for name, number in cells.items()}


def _scale(number: float, truth: Truth) -> float:
    if not truth["is_log"]:
        return float((number - truth["reference"]) / truth["spread"])
    return float(np.log(number / truth["reference"])) if number > 0 else np.nan


def _unscale(number: float, truth: Truth) -> float:
    if not truth["is_log"]:
        return float(truth["reference"] + number * truth["spread"])
    return float(truth["reference"] * np.exp(number))
