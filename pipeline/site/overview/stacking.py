"""Log predictive densities by unit -> stacking weights, and how much they owe to single units.

Stacking (Yao et al. 2018, doi:10.1214/17-BA1091) takes the weights whose mixture would have
predicted the left-out units best. The Bayesian bootstrap (Rubin 1981, doi:10.1214/aos/1176345338)
gives the units random masses and stacks again: 200 times, for which `arviz_stats.compare` has no
option. It also takes the densities as they are, so that a unit of -800 underflows. A test holds
that its weights, differences and standard errors are ours.
"""

import numpy as np
import pandas as pd
from scipy import optimize

LOWEST = -60.0  # log density below the best model's at which a unit stops counting further
CERTIFIED = 1e-4  # mean log density by which the weights may fall short of the best
BOOTSTRAPPED = 200  # times
BOOTSTRAP_SEED = 20261122


def stack(densities: pd.DataFrame) -> pd.Series:
    """Stacking weights: the mixture of the columns with the largest mean log density of the rows.

    `densities` are logs. The objective is concave; that no other weights do better by more than
    `CERTIFIED` is tested, and ArithmeticError raised where it does not hold.
    """
    relative, count = _relate(densities), len(densities)
    weights = _maximise(relative, np.full(count, 1 / count))
    shortfall = float((relative / (relative @ weights)[:, None]).mean(axis=0).max()) - 1
    if not shortfall < CERTIFIED:  # it bounds the gap: the objective is concave
        raise ArithmeticError(f"stacking stopped {shortfall:.2g} from the best weights")
    return pd.Series(weights, index=densities.columns)


def bootstrap_weights(densities: pd.DataFrame) -> pd.DataFrame:
    """The weights under `BOOTSTRAPPED` draws of the units' masses (uniform on the simplex)."""
    relative, rng = _relate(densities), np.random.default_rng(BOOTSTRAP_SEED)
    masses = rng.dirichlet(np.ones(len(densities)), BOOTSTRAPPED)
    return pd.DataFrame([_maximise(relative, each) for each in masses], columns=densities.columns)


def _relate(densities: pd.DataFrame) -> np.ndarray:
    """Densities relative to the best column of each row."""
    logs = densities.to_numpy(dtype=float)
    return np.asarray(np.exp(np.maximum(logs - logs.max(axis=1, keepdims=True), LOWEST)))


def _maximise(relative: np.ndarray, masses: np.ndarray) -> np.ndarray:
    """The weights of the columns with the largest mean log density, rows counted by `masses`."""
    count = relative.shape[1]
    found = optimize.minimize(
        lambda weights: -float(masses @ np.log(relative @ weights)),
        np.full(count, 1 / count),
        jac=lambda weights: -(masses @ (relative / (relative @ weights)[:, None])),
        method="SLSQP",
        bounds=[(1e-9, 1.0)] * count,
        constraints={"type": "eq", "fun": lambda weights: weights.sum() - 1},
        options={"ftol": 1e-12, "maxiter": 1000},
    )
    return np.asarray(found.x / found.x.sum())
