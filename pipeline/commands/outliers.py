"""Rows that lie far from the cloud of the others: typing errors stand out here before a fit.

The outcome of the table is regressed on what its models explain it by, with Huber's weights, so
that the outliers themselves hardly bend the line (Huber & Ronchetti 2009, section 7.8).
"""

from typing import Any

import numpy as np
import pandas as pd
from scipy import special

from models import Card, fitted_rows, load
from models.leaderboards.accuracy import prepare
from models.leaderboards.accuracy_baseline import measure_height

FAR = 4.0  # robust standard deviations: 1 of 16,000 rows if they were normal
MINIMUM_ROWS = 10  # fewer say nothing of their own spread
HUBER = 1.345  # robust standard deviations from which a row weighs less: 95 % efficient if normal
NORMAL_MAD = 0.6745  # median of the absolute values of a standard normal variable
MAXIMUM_STEPS, TOLERANCE = 50, 1e-4  # a rough line is enough here
EDGE = 0.005  # of the range: keeps logits finite
# Table: its outcome, the column that says what each row measures, and a model with its regressors.
CLOUDS = {
    "accuracy_leaderboard": ("score", "benchmark", "compute_multiplier"),
    "loss_leaderboard": ("perplexity", "benchmark", "augmented_scaling_law"),
    "efficiency": ("resource", "target", "efficiency_frontier"),
    "scaling_grid": ("loss_nats", None, "scaling_law"),
}


def find_outliers(table: pd.DataFrame, card: Card) -> list[dict[str, Any]]:
    """The fitted rows beyond `FAR` robust standard deviations, the farthest first."""
    rows = fitted_rows(table)
    if card.table not in CLOUDS or len(rows) < MINIMUM_ROWS:
        return []
    outcome, measured, name = CLOUDS[card.table]
    model = load(name)
    if model.unsupported_reason(table, card):
        return []
    regressors = model.regressors(table, card).astype(float)
    design = regressors.loc[:, regressors.max() > regressors.min()].to_numpy()
    # What each row measures has a level of its own.
    group = pd.factorize(rows[measured])[0] if measured else np.zeros(len(rows), dtype=int)
    distance = _measure_distance(_transform(rows, card), design, group)
    far = np.flatnonzero(np.abs(distance) > FAR)
    return [
        {
            "line": int(rows["line"].iloc[i]),
            "model": str(rows["model"].iloc[i]) if "model" in rows else "",
            "column": outcome,
            "value": float(rows[outcome].iloc[i]),
            "distance": round(float(distance[i]), 1),
        }
        for i in far[np.argsort(-np.abs(distance[far]), kind="stable")]
    ]


def _transform(rows: pd.DataFrame, card: Card) -> np.ndarray:
    """The outcome on the scale on which the models are straight lines."""
    outcome = CLOUDS[card.table][0]
    if card.table != "accuracy_leaderboard":
        return np.asarray(np.log(rows[outcome]))
    height = measure_height(prepare(rows, card))
    return np.asarray(special.logit(np.clip(height, EDGE, 1 - EDGE)))


def _measure_distance(outcome: np.ndarray, design: np.ndarray, group: np.ndarray) -> np.ndarray:
    """Residual of each row over the robust standard deviation of all; zero where there is none."""
    distance, weights = np.zeros(len(outcome)), np.ones(len(outcome))
    for _ in range(MAXIMUM_STEPS):
        previous, residual = distance, _regress(outcome, design, group, weights)
        scale = np.median(np.abs(residual)) / NORMAL_MAD
        if not scale > np.finfo(float).eps:
            return np.zeros(len(outcome))
        distance = residual / scale
        if np.abs(distance - previous).max() < TOLERANCE:
            break
        weights = HUBER / np.maximum(np.abs(distance), HUBER)
    return distance


def _regress(
    outcome: np.ndarray, design: np.ndarray, group: np.ndarray, weights: np.ndarray
) -> np.ndarray:
    """Residuals of weighted least squares with a level a group.

    Taking the weighted mean of its group from every column gives the same as a column a group
    (Frisch & Waugh 1933), which would fill the memory where there are many.
    """
    total = np.bincount(group, weights)

    def centre(values: np.ndarray) -> np.ndarray:
        return np.asarray(values - (np.bincount(group, weights * values) / total)[group])

    outcome, root = centre(outcome), np.sqrt(weights)
    if not design.shape[1]:
        return outcome
    design = np.column_stack([centre(values) for values in design.T])
    coefficients, *_ = np.linalg.lstsq(design * root[:, None], outcome * root)
    return np.asarray(outcome - design @ coefficients)
