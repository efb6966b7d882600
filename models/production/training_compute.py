"""Base runs of the registry with compute, and classical fits of how it grew."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import statsmodels.formula.api as smf
from scipy import stats

from models import INTERVAL_PROBABILITY, Card, fitted_rows
from models.core.dates import years_since
from models.options import TrainingRunsOptions

REFERENCE_DATE = pd.Timestamp(2022, 1, 1)
RANKS = (3, 10)  # runs among so many largest at their release
FULL_REGISTRY = pd.Timestamp(2020, 1, 1)  # before, the registry lists hardly more runs than that


@dataclass(frozen=True)
class Design:
    """Base runs with compute that is not imputed from scores, by date.

    `everything` has those too that the card leaves out. Columns added: years since
    `REFERENCE_DATE`, log10_flop, and its error in decades; a run without a family is its own.
    """

    runs: pd.DataFrame
    everything: pd.DataFrame
    largest_of: int

    @property
    def families(self) -> list[str]:
        """The families, sorted."""
        return sorted(set(self.runs["family"]))


def prepare(table: pd.DataFrame, card: Card) -> Design:
    """The base runs with compute among the fitted rows of the registry."""
    rows, options = fitted_rows(table), card.options_of(TrainingRunsOptions)
    is_base = rows["base_model"].isna() & ~rows["is_compute_circular"]
    kept = is_base & rows["training_flop"].notna() & rows["release_date"].notna()
    runs = rows[kept].sort_values(["release_date", "line"], kind="stable", ignore_index=True)
    errors = options.compute_error_decades.model_dump(exclude={"kind"})
    runs = runs.assign(
        family=runs["family"].fillna(runs["model"]),
        years=years_since(runs["release_date"], REFERENCE_DATE),
        log10_flop=np.log10(runs["training_flop"]),
        error=runs["compute_confidence"].map(errors).astype(float),
    )
    is_left_out = runs["model"].isin(list(options.left_out))
    return Design(runs[~is_left_out].reset_index(drop=True), runs, options.largest_of)


def rank_at_release(runs: pd.DataFrame) -> np.ndarray:
    """1 for the largest run of its day and before, 2 for the next, and so on."""
    dates, flop = runs["release_date"].to_numpy(), runs["training_flop"].to_numpy()
    is_known = dates[None, :] <= dates[:, None]
    return np.asarray((is_known & (flop[None, :] > flop[:, None])).sum(axis=1) + 1)


def normal_position(largest_of: int) -> float:
    """Standard deviations above the middle at which the largest of so many has its median."""
    return float(stats.norm.ppf(0.5 ** (1.0 / largest_of)))


def fit_definitions(design: Design) -> pd.DataFrame:
    """The yearly rise in decades under other definitions of the frontier, as rows of a baseline."""
    runs, everything = design.runs, design.everything
    ranks, many = rank_at_release(runs), RANKS[-1]
    is_late = (runs["release_date"] >= FULL_REGISTRY).to_numpy()
    chosen = {"records at release": runs[ranks == 1]}
    chosen |= {f"{rank} largest at release": runs[ranks <= rank] for rank in RANKS}
    chosen[f"{many} largest since 2020"] = runs[(ranks <= many) & is_late]
    if len(everything) > len(runs):
        kept = everything[rank_at_release(everything) <= many]
        chosen[f"{many} largest, none left out"] = kept
    quantile = 0.5 ** (1.0 / design.largest_of)  # at which the largest of so many has its median
    rows = [
        *(_fit(smf.ols, each, f"OLS, {words}") for words, each in chosen.items()),
        _fit(smf.quantreg, runs, f"{100 * quantile:.0f} % quantile regression", q=quantile),
        _fit(smf.ols, runs, "OLS, middle of all"),
    ]
    return pd.DataFrame(rows).assign(key="growth_decades_per_year", label="")


def _fit(kind: Any, runs: pd.DataFrame, words: str, **options: float) -> dict[str, Any]:
    fit = kind("log10_flop ~ years", runs).fit(**options)
    lower, upper = fit.conf_int(alpha=1 - INTERVAL_PROBABILITY).loc["years"]
    method = f"{words}, {len(runs)} runs"
    return {"method": method, "estimate": fit.params["years"], "lower": lower, "upper": upper}
