"""Classical twins of the frontier: OLS on records, a low quantile regression on all rows."""

import numpy as np
import pandas as pd
import statsmodels.formula.api as smf

from models import INTERVAL_PROBABILITY
from models.core.estimands import to_doubling_time

FRONTIER_QUANTILE = 0.1  # of the quantile regression that stands beside the frontier
MINIMUM_ROWS = 5  # of a target for a classical fit
BOOTSTRAP_COUNT = 200
BOOTSTRAP_SEED = 20200508
FORMULA = "log10_ratio ~ years"
COLUMNS = ["key", "label", "method", "estimate", "lower", "upper"]


def fit_slopes(rows: pd.DataFrame) -> pd.DataFrame:
    """Rates and doubling times of the targets with at least five rows, as rows of a baseline."""
    groups = [group for _, group in rows.groupby("target") if len(group) >= MINIMUM_ROWS]
    fits = [fit(group) for group in groups for fit in (_ols_slope, _quantile_slope)]
    return pd.concat(fits, ignore_index=True) if fits else pd.DataFrame(columns=COLUMNS)


def _ols_slope(group: pd.DataFrame) -> pd.DataFrame:
    records = group[group["log10_ratio"] <= group["log10_ratio"].cummin()]
    fit = smf.ols(FORMULA, records).fit()
    lower, upper = fit.conf_int(alpha=1 - INTERVAL_PROBABILITY).loc["years"]
    words = f"OLS on {len(records)} records"
    return _as_estimands(-fit.params["years"], -upper, -lower, group["target"].iloc[0], words)


def _quantile_slope(group: pd.DataFrame) -> pd.DataFrame:
    """With a bootstrap over rows: a kernel standard error fails with so few of them."""
    rng = np.random.default_rng(BOOTSTRAP_SEED)

    def slope(rows: pd.DataFrame) -> float:
        return -float(smf.quantreg(FORMULA, rows).fit(q=FRONTIER_QUANTILE).params["years"])

    drawn = rng.integers(0, len(group), (BOOTSTRAP_COUNT, len(group)))
    draws = [slope(group.iloc[chosen]) for chosen in drawn]
    tail = (1 - INTERVAL_PROBABILITY) / 2
    lower, upper = np.quantile(draws, [tail, 1 - tail])
    words = f"{FRONTIER_QUANTILE:.0%} quantile regression, {BOOTSTRAP_COUNT} bootstraps"
    return _as_estimands(slope(group), lower, upper, group["target"].iloc[0], words)


def _as_estimands(
    estimate: float, lower: float, upper: float, target: str, method: str
) -> pd.DataFrame:
    """A rate and the doubling time it implies, as rows of the baseline."""
    rate = pd.Series({"estimate": estimate, "lower": lower, "upper": upper})
    months = to_doubling_time(rate).rename({"lower": "upper", "upper": "lower"})
    keys = [f"rate_decades_per_year[{target}]", f"doubling_time_months[{target}]"]
    frame = pd.DataFrame([rate, months], index=keys).rename_axis("key").reset_index()
    return frame.assign(label=target, method=method)
