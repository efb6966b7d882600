"""The published fit of the scaling law: Huber loss on log residuals, BFGS from many starts."""

from collections.abc import Callable

import numpy as np
import pandas as pd
import xarray as xr
from scipy import optimize, special

from models.scaling.law import Law

HUBER_DELTA = 1e-3  # of Hoffmann et al. 2022, section 3.3
BOOTSTRAP_COUNT = 200
BOOTSTRAP_SEED = 20220329
# Starts (log A, log B, log E, a, b) in the grid of Hoffmann et al. 2022.
STARTS = [np.array([s, s, e, x, x]) for s in (5.0, 10.0) for e in (0.0, 0.5) for x in (0.2, 0.5)]


def fit(rows: pd.DataFrame, starts: list[np.ndarray] = STARTS) -> np.ndarray:
    """Log A, log B, log E, a, b of the least sum of Huber losses over log residuals."""
    objective = _make_objective(rows)
    options = {"maxiter": 3000, "gtol": 1e-4}
    fits = [
        optimize.minimize(objective, start, jac=True, method="BFGS", options=options).x
        for start in starts
    ]
    return np.asarray(min(fits, key=lambda theta: objective(theta)[0]))


def bootstrap(rows: pd.DataFrame, best: np.ndarray) -> np.ndarray:
    """Fits to rows drawn with replacement, each from the fit to all: a row per fit."""
    rng = np.random.default_rng(BOOTSTRAP_SEED)
    drawn = [rng.integers(0, len(rows), len(rows)) for _ in range(BOOTSTRAP_COUNT)]
    return np.array([fit(rows.iloc[chosen], [best]) for chosen in drawn])


def make_law(fits: np.ndarray) -> Law:
    """The law of each fit, on dim draw."""
    log_a, log_b, log_e, a, b = (xr.DataArray(each, dims="draw") for each in np.atleast_2d(fits).T)
    return Law(np.exp(log_e), a, b, log_a, log_b)


def _make_objective(rows: pd.DataFrame) -> Callable[[np.ndarray], tuple[float, np.ndarray]]:
    """The sum of Huber losses and its slope."""
    log_n, log_d, log_loss = (
        np.log(rows[name].to_numpy()) for name in ("parameters", "training_tokens", "loss_nats")
    )

    def objective(theta: np.ndarray) -> tuple[float, np.ndarray]:
        log_a, log_b, log_e, a, b = theta
        terms = np.stack([log_a - a * log_n, log_b - b * log_d, np.full_like(log_n, log_e)])
        total = special.logsumexp(terms, axis=0)
        weights, residual = np.exp(terms - total), total - log_loss
        pull = np.clip(residual, -HUBER_DELTA, HUBER_DELTA)
        by_exponent = [-(weights[0] * log_n) @ pull, -(weights[1] * log_d) @ pull]
        slope = np.array([*(weights @ pull), *by_exponent])
        return float(special.huber(HUBER_DELTA, residual).sum() / HUBER_DELTA), slope / HUBER_DELTA

    return objective
