"""Classical twins of the models that pool estimates, and the classical test of a funnel."""

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import statsmodels.api as sm
from statsmodels.stats.meta_analysis import combine_effects

from models import INTERVAL_PROBABILITY

COLUMNS = ["key", "label", "method", "estimate", "lower", "upper"]
METHODS = {"random effect": "DerSimonian & Laird", "fixed effect": "common effect"}
MINIMUM_ROWS = 5  # for the regression of the funnel


def pool(
    key: str,
    values: np.ndarray,
    errors: np.ndarray,
    what: str,
    to_natural: Callable[[float], float] = float,
) -> pd.DataFrame:
    """Pooled values of DerSimonian & Laird 1986 and of the common-effect model, a row each.

    All estimates count as independent; none is pooled of fewer than two.
    """
    if len(values) < 2:
        return pd.DataFrame(columns=COLUMNS)
    found = combine_effects(values, errors**2, method_re="dl")
    table = found.summary_frame(alpha=1 - INTERVAL_PROBABILITY)  # its own default is 0.05
    pooled = [
        [key, key, f"{words}, {len(values)} {what}"]
        + [float(to_natural(table.loc[name, end])) for end in ("eff", "ci_low", "ci_upp")]
        for name, words in METHODS.items()
    ]
    return pd.DataFrame(pooled, columns=COLUMNS)


def measure_errors(rows: pd.DataFrame, unstated_median: float) -> np.ndarray:
    """Standard error of each prepared row; `unstated_median` stands in where none is stated.

    That of a range is the standard deviation of the uniform distribution over it.
    """
    assumed = unstated_median * rows["unstated_factor"]
    of_range = rows["half_width"] / np.sqrt(3) * rows["is_range"]
    return np.asarray(np.sqrt(rows["stated_sd"] ** 2 + assumed**2 + of_range**2), dtype=float)


class Asymmetry(NamedTuple):
    """Egger's regression: the intercept, its p-value, and the rows behind it."""

    intercept: float
    p_value: float
    rows: int


def regress_funnel(rows: pd.DataFrame, errors: np.ndarray) -> Asymmetry | None:
    """Egger et al. 1997: value / error on 1 / error; an intercept off zero is asymmetry.

    None with fewer than five rows whose error is stated, or without variation of the errors.
    """
    is_stated = (rows["unstated_factor"] == 0).to_numpy() & (rows["side"] == 0).to_numpy()
    values, stated = rows["value"].to_numpy()[is_stated], errors[is_stated]
    if len(stated) < MINIMUM_ROWS or np.ptp(stated) == 0:
        return None
    fit: Any = sm.OLS(values / stated, sm.add_constant(1 / stated)).fit()
    return Asymmetry(float(fit.params[0]), float(fit.pvalues[0]), len(stated))
