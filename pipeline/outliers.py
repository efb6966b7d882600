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
from statsmodels.tools.sm_exceptions import ConvergenceWarning, SingularMatrixWarning

from models import Card, fitted_rows, load
from models._accuracy import ceilings, get_accuracy_options, make_accuracy_design

FAR = 4.0  # robust standard deviations: 1 of 16,000 rows if they were normal
MINIMUM_ROWS = 10  # fewer say nothing of their own spread
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
    if card.table not in CLOUDS or len(fitted_rows(table)) < MINIMUM_ROWS:
        return []
    outcome, measured, name = CLOUDS[card.table]
    model = load(name)
    if model.why_not(table, card):
        return []
    rows = fitted_rows(table)
    distance = _measure_distance(
        _transform(rows, card), _design(model, table, card, rows, measured)
    )
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
    design, options = make_accuracy_design(rows, card), get_accuracy_options(card)
    levels = [options.benchmarks[name].chance for name in rows["benchmark"]]
    chance = np.array([0.0 if level == "estimated" else float(level) for level in levels])
    height = (rows["score"] - chance) / (ceilings(design, options) - chance)
    return np.asarray(special.logit(np.clip(height, EDGE, 1 - EDGE)))


def _design(
    model: Any, table: pd.DataFrame, card: Card, rows: pd.DataFrame, measured: str | None
) -> np.ndarray:
    """Regressors of the model that vary, with a level for each thing that is measured."""
    frames = [model.regressors(table, card).reset_index(drop=True)]
    if measured:
        frames.append(pd.get_dummies(rows[measured], drop_first=True))
    made = pd.concat(frames, axis=1).astype(float)
    return np.asarray(sm.add_constant(made.loc[:, made.max() > made.min()]))


def _measure_distance(outcome: np.ndarray, design: np.ndarray) -> np.ndarray:
    """Residual of each row over the robust standard deviation of all; zero where there is none."""
    with warnings.catch_warnings():
        # A rough line is enough here, and so is one of several that fit alike.
        warnings.simplefilter("ignore", ConvergenceWarning)
        warnings.simplefilter("ignore", SingularMatrixWarning)
        fit = sm.RLM(outcome, design, M=sm.robust.norms.HuberT()).fit()
    if not fit.scale > np.finfo(float).eps:
        return np.zeros(len(outcome))
    return np.asarray(fit.resid / fit.scale)
