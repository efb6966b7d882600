"""Rules by which a specification keeps fitted rows; the others leave the likelihood.

A rule takes the fitted rows and says which to keep, a boolean a row.
"""

from collections.abc import Callable

import pandas as pd

# Column, and whether more is better.
OUTCOMES = {"score": 1.0, "perplexity": -1.0, "horizon_minutes": 1.0}
PUBLISHED = "confident"  # a card's class for figures that follow from what was published
FEW_TOKENS, MANY_TOKENS = 1.0, 100.0  # per parameter: hardly trained, trained for cheap inference


def keep_records(rows: pd.DataFrame) -> pd.Series:
    """Rows that were better than all of earlier release on their benchmark, or as good."""
    outcome = next(rows[name] * sign for name, sign in OUTCOMES.items() if name in rows)
    ordered = outcome.loc[rows["release_date"].sort_values(kind="stable").index]
    best = ordered.groupby(rows["benchmark"].reindex(ordered.index)).cummax()
    return (outcome >= best.reindex(rows.index)).astype(bool)


def keep_best_of(rows: pd.DataFrame, columns: list[str]) -> pd.Series:
    """The best row of each group by `columns` on each benchmark."""
    outcome = next(rows[name] * sign for name, sign in OUTCOMES.items() if name in rows)
    best = outcome.groupby([rows[name].astype(str) for name in [*columns, "benchmark"]]).idxmax()
    return pd.Series(rows.index.isin(best), rows.index)


def keep_half(rows: pd.DataFrame, is_early: bool) -> pd.Series:
    """Rows up to the median release date, or after it."""
    early = rows["release_date"] <= rows["release_date"].median()
    return early if is_early else ~early


def keep_above(values: pd.Series, share: float) -> pd.Series:
    """Rows but the lowest `share` of them by `values`; ties stay."""
    return values >= values.quantile(share)


def count_tokens(rows: pd.DataFrame) -> pd.Series:
    """Training tokens per parameter."""
    return rows["training_tokens"] / rows["parameters"]


RULES: dict[str, Callable[[pd.DataFrame], pd.Series]] = {
    "records": keep_records,
    "open_weights": lambda rows: rows["is_open_weights"].fillna(False).astype(bool),
    "closed_weights": lambda rows: ~rows["is_open_weights"].fillna(True).astype(bool),
    "published_compute": lambda rows: rows["compute_confidence"] == PUBLISHED,
    "one_per_base": lambda rows: keep_best_of(rows, ["base_model"]),
    "one_per_source": lambda rows: keep_best_of(rows, ["citation", "lab"]),
    "plain": lambda rows: rows["techniques"].map(len) == 0,
    "published_sample": lambda rows: rows["is_published_sample"].astype(bool),
    "earlier_half": lambda rows: keep_half(rows, True),
    "later_half": lambda rows: keep_half(rows, False),
    "since_2023": lambda rows: rows["release_date"] >= "2023-01-01",
    "known_compute": lambda rows: rows["training_flop"].notna() & ~rows["is_compute_circular"],
    "larger_models": lambda rows: keep_above(rows["parameters"], 0.25),
    "larger_budgets": lambda rows: keep_above(rows["training_flop"], 0.5),
    "trained": lambda rows: count_tokens(rows) >= FEW_TOKENS,
    "not_overtrained": lambda rows: count_tokens(rows) <= MANY_TOKENS,
    "near_optimum": lambda rows: count_tokens(rows).between(FEW_TOKENS, MANY_TOKENS),
    "largest_scale": lambda rows: rows["parameters"] == rows["parameters"].max(),
}
