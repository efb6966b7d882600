"""The classical twin of the augmented law: OLS of log perplexity, clustered by paper."""

from typing import Any

import numpy as np
import pandas as pd
import statsmodels.formula.api as smf

from models import INTERVAL_PROBABILITY, Card
from models.core.rates import to_doubling_time
from models.effective_compute.split import SMALL_TOTAL_DECADES, divide
from models.losses.augmented_design import (
    Pair,
    Sizes,
    decades_of_compute,
    find_positions,
    list_size_pairs,
    make_sizes,
    years_between,
)

BASELINE_SEED = 20240309
BASELINE_DRAWS = 20_000


def baseline(table: pd.DataFrame, card: Card) -> pd.DataFrame:
    """OLS of log perplexity on log10 N, log10 D, date and benchmark: rate and compute shares.

    Simpler than the model: no irreducible loss, so that all slopes are the same at every size. The
    rate is that of Ho et al. 2024, yearly slope over slope in N plus the same in D, with the yearly
    slope divided between the two terms so that both rates are equal. Percentile intervals from
    draws of the coefficients' normal distribution.
    """
    sizes = make_sizes(table)
    fit = _fit_linear(sizes)
    rng = np.random.default_rng(BASELINE_SEED)
    draws = rng.multivariate_normal(fit.params, fit.cov_params(), BASELINE_DRAWS)
    frames = (fit.params.to_frame().T, pd.DataFrame(draws, columns=list(fit.params.index)))
    rates = [2 * each["years"] / (each["parameters"] + each["tokens"]) for each in frames]
    rows = [
        _baseline_row("rate_decades_per_year", *rates),
        _baseline_row("doubling_time_months", *(to_doubling_time(rate) for rate in rates)),
    ]
    for pair in list_size_pairs(sizes, card):
        shares = [_classical_share(pair, rate.to_numpy()) for rate in rates]
        if all(len(share) for share in shares):
            rows.append(_baseline_row(f"share_compute[{pair.comparison.id}]", *shares))
    method = "OLS of log perplexity, no irreducible loss, clustered by paper"
    return pd.DataFrame(rows).assign(method=method)


def _fit_linear(sizes: Sizes) -> Any:
    frame = pd.DataFrame(
        {
            "log_perplexity": np.log(sizes.rows["perplexity"]),
            "parameters": sizes.log10_parameters,
            "tokens": sizes.log10_tokens,
            "years": sizes.years,
            "benchmark": sizes.rows["benchmark"],
        }
    )
    groups = {"groups": find_positions(sizes.rows["lab"], sizes.papers)}
    terms = "parameters + tokens + years"
    terms += " + C(benchmark)" if len(sizes.benchmarks) > 1 else ""
    return smf.ols(f"log_perplexity ~ {terms}", frame).fit(cov_type="cluster", cov_kwds=groups)


def _classical_share(pair: Pair, rates: np.ndarray) -> np.ndarray:
    """Share of compute for each rate; empty where the total is too often near zero."""
    decades = {
        "compute": np.full(len(rates), decades_of_compute(pair)),
        "trend": rates * years_between(pair),
    }
    return divide(decades, SMALL_TOTAL_DECADES, "decades")[0].get("compute", np.array([]))


def _baseline_row(key: str, point: Any, draws: Any) -> dict[str, Any]:
    tail = (1 - INTERVAL_PROBABILITY) / 2
    lower, upper = np.quantile(draws, [tail, 1 - tail], method="inverted_cdf")
    estimate = float(np.asarray(point)[0])
    return {"key": key, "label": key, "estimate": estimate, "lower": lower, "upper": upper}
