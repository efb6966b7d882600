"""The design of a horizon leaderboard: horizons with their errors, dates, and what is known of the
compute of every base model.

A published interval is read as a two-piece normal on the scale of log2 minutes, with the estimate
as its mode and a standard deviation on either side (Wallis 2014). The likelihood is the normal of
the same mean and variance::

    mean     = estimate + sqrt(2 / pi) (upper_sd - lower_sd)
    variance = (1 - 2 / pi) (upper_sd - lower_sd)^2 + upper_sd lower_sd

Compute: log10 C of a base model scatters about a trend that may bend and that lies elsewhere for
open weights. The coefficients of the trend are those of weighted least squares through the figures,
with their covariance; the scatter is the card's. Given the coefficients, a base model has
the figure shrunk towards the trend where it has one (models/effective_compute/design.py says why),
and the trend's value with its scatter where it has none. So models without a figure say how
fast horizons grew, and little of why.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from models import Card, fitted_rows
from models.core.dates import years_since
from models.options import HorizonOptions

NORMAL_95 = 1.959964  # standard deviations from the middle to either end of a 95 % interval
REFERENCE_LOG10_FLOP = 25.0
HELD_OUT_ERROR = 1e4  # doublings: a row with such an error says nothing
TERMS = ["level", "years", "years_before", "open_weights"]  # of the trend of compute
PERIODS = ["before", "since"]  # the bend
GROWTH = np.array([[0.0, 1.0, 1.0, 0.0], [0.0, 1.0, 0.0, 0.0]])  # (period, term), of compute


@dataclass(frozen=True)
class Design:
    """The fitted rows as arrays; compute in decades above the reference, horizons in log2 minutes.

    The trend of compute at the base models is `terms @ (location + spread @ offset)`, with `offset`
    standard normals, and the compute of a base model `(1 - weight) trend + weight figure + scatter
    z`, with z another.
    """

    options: HorizonOptions
    rows: pd.DataFrame
    bases: list[str]
    base_index: np.ndarray  # (row,)
    reference_date: pd.Timestamp  # 1 January of the median year
    bend_years: float  # from the reference date to the bend
    log2_horizon: np.ndarray  # (row,)
    error: np.ndarray  # (row,), standard deviation of log2_horizon
    is_held_out: np.ndarray  # (row,), left out of the likelihood
    years: np.ndarray  # (row,), since the reference date
    added: np.ndarray  # (row,), decades by which the row's compute exceeds its base model's
    terms: np.ndarray  # (base, term)
    location: np.ndarray  # (term,), of the coefficients of the trend of compute
    spread: np.ndarray  # (term, term), a square root of their covariance
    figure: np.ndarray  # (base,), zero where there is none
    weight: np.ndarray  # (base,), of the figure
    scatter: np.ndarray  # (base,), decades

    @property
    def has_figure(self) -> np.ndarray:
        """Whether the compute of a base model is known: shape (base,)."""
        return np.asarray(self.weight > 0)

    def count_before(self, years: np.ndarray) -> np.ndarray:
        """Years from the bend to a date before it, below zero; zero since."""
        return np.minimum(years - self.bend_years, 0.0)


def read_figures(rows: pd.DataFrame) -> pd.Series:
    """log10 FLOP of each row; missing where it is not known or rests on benchmark scores."""
    return np.log10(rows["training_flop"].mask(rows["is_compute_circular"]))


def prepare(table: pd.DataFrame, card: Card) -> Design:
    """The design of the fitted rows."""
    options, rows = card.options_of(HorizonOptions), fitted_rows(table)
    bases = list(rows["base_model"].drop_duplicates().astype(str))
    base_index = pd.Categorical(rows["base_model"], categories=bases).codes.astype(int)
    by_base = rows["release_date"].groupby(base_index)
    first = by_base.min()
    reference_date = pd.Timestamp(int(first.dt.year.median()), 1, 1)
    bend = years_since(pd.Series([pd.Timestamp(options.bend_date)]), reference_date).iloc[0]
    log2_horizon, error = read_intervals(rows)
    figures = read_figures(rows) - REFERENCE_LOG10_FLOP
    base_figures = figures.groupby(base_index).min()
    scale = rows["compute_confidence"].map(options.compute_error_decades.model_dump())
    known_error = scale.astype(float).groupby(base_index).min().to_numpy()
    years = years_since(first, reference_date).to_numpy()
    before = np.minimum(years - bend, 0.0)
    is_open = rows["is_open_weights"].groupby(base_index).any().to_numpy(dtype=float)
    terms = np.column_stack([np.ones(len(bases)), years, before, is_open])
    return Design(
        options=options,
        rows=rows,
        bases=bases,
        base_index=base_index,
        reference_date=reference_date,
        bend_years=float(bend),
        log2_horizon=log2_horizon,
        error=error,
        is_held_out=_hold_out(rows, options),
        years=years_since(rows["release_date"], reference_date).to_numpy(),
        added=(figures - base_figures.to_numpy()[base_index]).fillna(0.0).to_numpy(),
        **_predict_compute(terms, base_figures.to_numpy(), known_error, options),
    )


def read_intervals(rows: pd.DataFrame) -> tuple[np.ndarray, np.ndarray]:
    """Mean and standard deviation of log2 minutes, by row, of the two-piece normal."""
    names = ["lower_minutes", "horizon_minutes", "upper_minutes"]
    lower, mode, upper = np.log2(rows[names].to_numpy()).T
    below, above = (mode - lower) / NORMAL_95, (upper - mode) / NORMAL_95
    share = 2 / np.pi
    variance = (1 - share) * (above - below) ** 2 + above * below
    return mode + np.sqrt(share) * (above - below), np.sqrt(variance)


def find_records(rows: pd.DataFrame) -> np.ndarray:
    """Whether no row of an earlier or the same date has a longer horizon."""
    horizon, date = rows["horizon_minutes"].to_numpy(), rows["release_date"].to_numpy()
    is_beaten = (date[None, :] <= date[:, None]) & (horizon[None, :] > horizon[:, None])
    return ~np.asarray(is_beaten.any(axis=1))


def _hold_out(rows: pd.DataFrame, options: HorizonOptions) -> np.ndarray:
    """Which rows leave the likelihood: those marked, and those that the options leave out."""
    marked = rows.get("is_held_out", pd.Series(False, index=rows.index)).to_numpy(dtype=bool)
    kept = {
        "all": np.ones(len(rows), dtype=bool),
        "since_bend": (rows["release_date"] >= pd.Timestamp(options.bend_date)).to_numpy(),
        "records": find_records(rows),
    }[options.rows]
    return np.asarray(marked | ~kept | (rows["lab"] == options.without_lab).to_numpy())


def _predict_compute(
    terms: np.ndarray, figures: np.ndarray, error: np.ndarray, options: HorizonOptions
) -> dict[str, np.ndarray]:
    """What the figures say of the trend, and of every base model given the trend."""
    known, variance = np.isfinite(figures), options.compute_scatter_decades**2
    total = variance + error**2
    root = 1 / np.sqrt(total[known])
    inverse = np.linalg.pinv(terms[known] * root[:, None])
    location, spread = inverse @ (figures[known] * root), _take_root(inverse @ inverse.T)
    is_classical = options.compute_error_decades.kind == "classical"
    weight = variance / total if is_classical else np.ones(len(figures))
    left = weight * error**2
    return {
        "terms": terms,
        "location": location,
        "spread": spread,
        "figure": np.where(known, figures, 0.0),
        "weight": np.where(known, weight, 0.0),
        "scatter": np.sqrt(np.where(known, left, variance)),
    }


def _take_root(covariance: np.ndarray) -> np.ndarray:
    """A square root of a covariance, which may be of lower rank."""
    values, vectors = np.linalg.eigh(covariance)
    return np.asarray(vectors * np.sqrt(np.maximum(values, 0.0)))
