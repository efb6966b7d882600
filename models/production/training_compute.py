"""Base runs of the registry with compute, and classical fits of how it grew."""

import numpy as np
import pandas as pd
import statsmodels.formula.api as smf
from scipy import stats

from models import INTERVAL_PROBABILITY, Card, fitted_rows
from models.core.dates import years_since
from models.production.options import TrainingRunsOptions

REFERENCE_DATE = pd.Timestamp(2022, 1, 1)
RANKS = (3, 10)  # runs among so many largest at their release
FULL_REGISTRY = pd.Timestamp(2020, 1, 1)  # before, the registry lists hardly more runs than that
KEY = "growth_decades_per_year"


def get_options(card: Card) -> TrainingRunsOptions:
    """The card's options. Raises AssertionError for the card of another table."""
    assert isinstance(card.options, TrainingRunsOptions)
    return card.options


def prepare(table: pd.DataFrame, card: Card, with_left_out: bool = False) -> pd.DataFrame:
    """Base runs with compute that is not imputed from scores, by date.

    Columns added: years since `REFERENCE_DATE`, log10_flop, and its error in decades. Runs that the
    card leaves out are there with `with_left_out` alone.
    """
    rows, options = fitted_rows(table), get_options(card)
    is_base = rows["base_model"].isna() & ~rows["is_compute_circular"]
    kept = is_base & rows["training_flop"].notna() & rows["release_date"].notna()
    if not with_left_out:
        kept &= ~rows["model"].isin(list(options.left_out))
    runs = rows[kept].sort_values(["release_date", "line"], kind="stable", ignore_index=True)
    errors = options.compute_error_decades.model_dump()
    return runs.assign(
        family=runs["family"].fillna(runs["model"]),
        years=years_since(runs["release_date"], REFERENCE_DATE),
        log10_flop=np.log10(runs["training_flop"]),
        error=runs["compute_confidence"].map(errors).astype(float),
    )


def rank_at_release(runs: pd.DataFrame) -> np.ndarray:
    """1 for the largest run of its day and before, 2 for the next, and so on."""
    dates, flop = runs["release_date"].to_numpy(), runs["training_flop"].to_numpy()
    is_known = dates[None, :] <= dates[:, None]
    return np.asarray((is_known & (flop[None, :] > flop[:, None])).sum(axis=1) + 1)


def find_quantile(largest_of: int) -> float:
    """The quantile at which the largest of so many draws has its median."""
    return float(0.5 ** (1.0 / largest_of))


def fit_definitions(table: pd.DataFrame, card: Card) -> pd.DataFrame:
    """The yearly rise in decades under other definitions of the frontier, as rows of a baseline."""
    runs = prepare(table, card)
    ranks = rank_at_release(runs)
    rows = [_ols(runs[ranks == 1], "records at release")]
    rows += [_ols(runs[ranks <= rank], f"{rank} largest at release") for rank in RANKS]
    late = (ranks <= RANKS[-1]) & (runs["release_date"] >= FULL_REGISTRY)
    rows.append(_ols(runs[late], f"{RANKS[-1]} largest since 2020"))
    everything = prepare(table, card, with_left_out=True)
    if len(everything) > len(runs):
        kept = everything[rank_at_release(everything) <= RANKS[-1]]
        rows.append(_ols(kept, f"{RANKS[-1]} largest, none left out"))
    rows.append(_quantile(runs, find_quantile(get_options(card).largest_of)))
    rows.append(_ols(runs, "middle of all"))
    return pd.DataFrame(rows).assign(key=KEY, label="")


def _ols(runs: pd.DataFrame, words: str) -> dict[str, object]:
    fit = smf.ols("log10_flop ~ years", runs).fit()
    lower, upper = fit.conf_int(alpha=1 - INTERVAL_PROBABILITY).loc["years"]
    method = f"OLS, {words}, {len(runs)} runs"
    return {"method": method, "estimate": fit.params["years"], "lower": lower, "upper": upper}


def _quantile(runs: pd.DataFrame, quantile: float) -> dict[str, object]:
    fit = smf.quantreg("log10_flop ~ years", runs).fit(q=quantile)
    lower, upper = fit.conf_int(alpha=1 - INTERVAL_PROBABILITY).loc["years"]
    method = f"{100 * quantile:.0f} % quantile regression, {len(runs)} runs"
    return {"method": method, "estimate": fit.params["years"], "lower": lower, "upper": upper}


def normal_position(largest_of: int) -> float:
    """Standard deviations above the middle at which the largest of so many has its median."""
    return float(stats.norm.ppf(find_quantile(largest_of)))
