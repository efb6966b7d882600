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
COMPUTE = "log10 compute"  # the regressor that has training_flop: a slip of it shows here too
# Table: its outcome, the column that says what each row measures, and a model with its regressors.
CLOUDS = {
    "accuracy_leaderboard": ("score", "benchmark", "compute_multiplier"),
    "loss_leaderboard": ("perplexity", "benchmark", "augmented_scaling_law"),
    "efficiency": ("resource", "target", "efficiency_frontier"),
    "scaling_grid": ("loss_nats", None, "scaling_law"),
}


def find_outliers(table: pd.DataFrame, card: Card) -> list[dict[str, Any]]:
    """The cells of fitted rows beyond `FAR` robust standard deviations, the farthest first: of the
    outcome given the regressors, and of training compute given the outcome and the others.
    """
    rows = fitted_rows(table)
    if card.table not in CLOUDS or len(rows) < MINIMUM_ROWS:
        return []
    outcome, measured, name = CLOUDS[card.table]
    model = load(name)
    if model.unsupported_reason(table, card):
        return []
    scaled, error = _scale(rows, card, outcome)
    regressors = model.regressors(table, card).astype(float).reset_index(drop=True)
    regressors = regressors.loc[:, regressors.max() > regressors.min()]
    # What each row measures has a level of its own.
    group = pd.factorize(rows[measured])[0] if measured else np.zeros(len(rows), dtype=int)
    found = _describe(rows, outcome, _measure_distance(scaled, regressors, group, error))
    if COMPUTE in regressors:
        others = regressors.drop(columns=COMPUTE).assign(outcome=scaled)
        away = _measure_distance(regressors[COMPUTE].to_numpy(), others, group)
        found = pd.concat([found, _describe(rows, "training_flop", away)], ignore_index=True)
    order = found["distance"].abs().sort_values(ascending=False, kind="stable").index
    made: Any = found.loc[order].to_dict("records")
    return list(made)


def _scale(rows: pd.DataFrame, card: Card, outcome: str) -> tuple[np.ndarray, np.ndarray | float]:
    """The outcome on the scale on which models are straight lines, and its sampling error."""
    if card.table != "accuracy_leaderboard":
        return np.log(rows[outcome].to_numpy()), 0.0
    design = prepare(rows, card)
    height = np.clip(measure_height(design).to_numpy(), EDGE, 1 - EDGE)
    score = np.clip(rows[outcome].to_numpy(), EDGE, 1 - EDGE)
    binomial = np.sqrt(score * (1 - score) / design.item_count)
    # At most: below the ceiling a score may span it all, whatever is guessed.
    return np.asarray(special.logit(height)), binomial / (design.ceiling * height * (1 - height))


def _describe(rows: pd.DataFrame, column: str, distance: np.ndarray) -> pd.DataFrame:
    """Line, model, column, value and distance of the cells that are far."""
    found: Any = pd.DataFrame({"line": rows["line"], "model": rows.get("model", "")})
    found = found.assign(column=column, value=rows[column], distance=distance.round(1))
    return pd.DataFrame(found[np.abs(distance) > FAR])


def _measure_distance(
    outcome: np.ndarray,
    design: pd.DataFrame,
    group: np.ndarray,
    error: np.ndarray | float = 0.0,
) -> np.ndarray:
    """Residuals, with a level a group, over their robust deviation; zero where there is none.

    `error` is what of the deviation each row is known to have by itself.
    """
    width = group.max() + 1 + design.shape[1]
    if len(outcome) <= width or len(outcome) * width > MAXIMUM_CELLS:
        return np.zeros(len(outcome))
    full = np.column_stack([design, pd.get_dummies(group)]).astype(float)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ModelWarning)  # of regressors that repeat each other
        fit = sm.RLM(outcome, full, M=sm.robust.norms.HuberT()).fit()
    is_spread = fit.scale > 1e-12 * np.abs(outcome).max()  # else what rounding left
    scale = np.sqrt(fit.scale**2 + np.square(error))
    return np.asarray(fit.resid / scale) if is_spread else np.zeros(len(outcome))
