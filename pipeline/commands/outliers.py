"""Rows that lie far from the cloud of the others: typing errors stand out here before a fit.

The outcome of the table is regressed on what its models explain it by, with Huber's weights, so
that the outliers themselves hardly bend the line (Huber & Ronchetti 2009, section 7.8).
"""

import warnings
from typing import Any

import numpy as np
import pandas as pd
import statsmodels.api as sm
from scipy import special
from statsmodels.tools.sm_exceptions import ModelWarning

from models import Card, fitted_rows, load
from models.leaderboards.accuracy import measure_height, prepare

FAR = 4.0  # robust standard deviations: 1 of 16,000 rows if they were normal
MINIMUM_ROWS = 10  # fewer say nothing of their own spread
MAXIMUM_CELLS = 20_000_000  # of the design: a larger one is not looked at
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
    if card.table == "accuracy_leaderboard":  # the scale on which models are straight lines
        height = measure_height(prepare(rows, card))
        scaled = np.asarray(special.logit(np.clip(height, EDGE, 1 - EDGE)))
    else:
        scaled = np.log(rows[outcome].to_numpy())
    regressors = model.regressors(table, card).astype(float)
    design = regressors.loc[:, regressors.max() > regressors.min()].to_numpy()
    # What each row measures has a level of its own.
    group = pd.factorize(rows[measured])[0] if measured else np.zeros(len(rows), dtype=int)
    distance = _measure_distance(scaled, design, group)
    far = np.flatnonzero(np.abs(distance) > FAR)
    found: Any = pd.DataFrame({"line": rows["line"], "model": rows.get("model", "")})
    found = found.assign(column=outcome, value=rows[outcome], distance=distance.round(1))
    farthest = far[np.argsort(-np.abs(distance[far]), kind="stable")]
    return found.iloc[farthest].to_dict("records")


def _measure_distance(outcome: np.ndarray, design: np.ndarray, group: np.ndarray) -> np.ndarray:
    """Residuals, with a level a group, over their robust deviation; zero where there is none."""
    width = group.max() + 1 + design.shape[1]
    if len(outcome) <= width or len(outcome) * width > MAXIMUM_CELLS:
        return np.zeros(len(outcome))
    full = np.column_stack([design, pd.get_dummies(group)]).astype(float)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ModelWarning)  # of regressors that repeat each other
        fit = sm.RLM(outcome, full, M=sm.robust.norms.HuberT()).fit()
    is_spread = fit.scale > 1e-12 * np.abs(outcome).max()  # else what rounding left
    return np.asarray(fit.resid / fit.scale) if is_spread else np.zeros(len(outcome))
