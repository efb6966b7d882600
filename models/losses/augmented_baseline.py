"""The classical twin of the augmented law: OLS of log perplexity, clustered by paper."""

from functools import partial
from typing import Any

import numpy as np
import pandas as pd
import statsmodels.formula.api as smf

from models import Card
from models.effective_compute.baseline import Classical
from models.losses.augmented_design import SizePair, Sizes, prepare

BASELINE_SEED = 20240309


def baseline(table: pd.DataFrame, card: Card) -> pd.DataFrame:
    """OLS of log perplexity on log10 N, log10 D, date and benchmark: rate and compute shares.

    Simpler than the model: no irreducible loss, so that all slopes are the same at every size. The
    rate is that of Ho et al. 2024, yearly slope over slope in N plus the same in D, with the yearly
    slope divided between the two terms so that both rates are equal. Percentile intervals from
    draws of the coefficients' normal distribution.
    """
    sizes = prepare(table, card)
    classical = Classical(_fit_linear(sizes), BASELINE_SEED)
    classical.add("rate_decades_per_year", _rate)
    classical.add_doubling_time(_rate)
    for pair in sizes.list_pairs():
        classical.add_share(pair.comparison.id, partial(_classical_decades, pair))
    method = "OLS of log perplexity, no irreducible loss, clustered by paper"
    return pd.DataFrame(classical.rows).assign(method=method)


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
    terms = "parameters + tokens + years"
    terms += " + C(benchmark)" if len(sizes.benchmarks) > 1 else ""
    model = smf.ols(f"log_perplexity ~ {terms}", frame)
    return model.fit(cov_type="cluster", cov_kwds={"groups": sizes.paper_index})


def _rate(coefficients: pd.DataFrame) -> pd.Series:
    return 2 * coefficients["years"] / (coefficients["parameters"] + coefficients["tokens"])


def _classical_decades(pair: SizePair, coefficients: pd.DataFrame) -> dict[str, np.ndarray]:
    rate = _rate(coefficients).to_numpy()
    early, late = pair.early, pair.late
    larger = late.log10_parameters - early.log10_parameters
    longer = late.log10_tokens - early.log10_tokens
    read = late.log10_flop - early.log10_flop
    parts = {"compute": read, "allocation": larger + longer - read}
    made = {part: np.full(len(rate), decades) for part, decades in parts.items()}
    return made | {"trend": rate * pair.years}
