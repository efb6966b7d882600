"""The classical twin of the meta-analysis, and the classical test of the funnel."""

from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import statsmodels.api as sm
from statsmodels.stats.meta_analysis import combine_effects

from models import INTERVAL_PROBABILITY
from models.core.prior import Prior
from models.estimates.estimates import to_natural
from models.estimates.options import EstimateOptions

COLUMNS = ["key", "label", "method", "estimate", "lower", "upper"]
MINIMUM_ROWS = 5  # for the regression of the funnel


class Asymmetry(NamedTuple):
    """Egger's regression: the intercept, its p-value, and the rows behind it."""

    intercept: float
    p_value: float
    rows: int


def measure_errors(rows: pd.DataFrame, unstated: Prior) -> np.ndarray:
    """Standard error of each row on the working scale; where none is stated, the prior's median.

    That of a range is the standard deviation of the uniform distribution over it.
    """
    assumed = float(np.exp(unstated.parameters[0])) * rows["unstated_factor"]
    of_range = rows["half_width"] / np.sqrt(3) * rows["is_range"]
    return np.asarray(np.sqrt(rows["stated_sd"] ** 2 + assumed**2 + of_range**2), dtype=float)


def pool_classically(rows: pd.DataFrame, options: EstimateOptions, unstated: Prior) -> pd.DataFrame:
    """Pooled values of DerSimonian & Laird 1986 and of the common-effect model.

    Rows count as independent, whatever their study and domain; bounds are left out.
    """
    if len(rows) < 2:
        return pd.DataFrame(columns=COLUMNS)
    errors = measure_errors(rows, unstated)
    found = combine_effects(rows["value"].to_numpy(), errors**2, method_re="dl")
    table = found.summary_frame(alpha=1 - INTERVAL_PROBABILITY)  # its own default is 0.05
    methods = {
        "random effect": f"DerSimonian & Laird, {len(rows)} rows taken as independent",
        "fixed effect": f"common effect, {len(rows)} rows taken as independent",
    }
    return pd.DataFrame(
        [
            ["pooled", "pooled", words]
            + [
                float(to_natural(table.loc[name, column], options))
                for column in ("eff", "ci_low", "ci_upp")
            ]
            for name, words in methods.items()
        ],
        columns=COLUMNS,
    )


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
