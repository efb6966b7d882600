"""Score on a benchmark from effective compute: training compute times what algorithms made of it.

Equations, for row i of benchmark b, base model g, lab l and harness h::

    P_i     = chance_b + (ceiling_b - chance_b) logistic(level_b + slope_b (log10 C_i + a_i)
              + shift[h])
    a_i     = rate (t_i - t_ref) + sum of technique gains + allocation[g] + lab_effect[l]
              + deviation[g]
    score_i ~ BetaBinomial(item_count_b, mean P_i, concentration 1 / dispersion^2)

The terms of a_i are described in `models/_multiplier.py`, those of the score in
`models/_accuracy.py`, allocation in `models/_allocation.py`. C_i is counted in decades from a round
reference in the middle of the data, t_i is the release date in years.

What identifies the parts: compute, from models of one date and lab that differ in compute;
techniques, from models evaluated with and without them; the rate, from models of like compute and
different dates; allocation, from the scaling grid alone. What it cannot tell apart: better data,
distillation and contamination from the trend; a technique that came with its date from the date.
With `trend: none` on the card there is no rate, and with one laboratory no lab effect.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr

from models import (
    Card,
    Figure,
    Headline,
    Truth,
    _accuracy,
    _accuracy_baseline,
    _accuracy_charts,
    _accuracy_estimands,
    _multiplier,
    _simulation,
)

TABLE = "accuracy_leaderboard"
TITLE = "Compute multiplier"
SAMPLER: dict[str, Any] = {"adaptation": "low_rank", "target_accept": 0.98}
DIMS = _simulation.DIMS
FORM = _accuracy.Form()


@dataclass(frozen=True)
class Priors(_accuracy.AccuracyPriors):
    """In decades of effective compute, years and logits."""


def why_not(table: pd.DataFrame, card: Card) -> str:
    """Always can: a card without a trend has no rate."""
    return ""


def data(table: pd.DataFrame, card: Card, priors: Priors) -> dict[str, np.ndarray]:
    """The value of every pm.Data of `build`, by name."""
    return _accuracy.data(table, card, priors)


def build(table: pd.DataFrame, card: Card, priors: Priors) -> Any:
    """The PyMC model over the fitted rows; dims: row, benchmark, technique, lab, base_model."""
    return _accuracy.build(table, card, priors, FORM)


def draw_truth(table: pd.DataFrame, card: Card, priors: Priors, rng: np.random.Generator) -> Truth:
    """Every parameter drawn from its prior, in plain NumPy."""
    return _simulation.draw_accuracy(table, card, priors, rng)


def simulate(table: pd.DataFrame, truth: Truth, rng: np.random.Generator) -> pd.DataFrame:
    """The fitted rows with scores drawn from `truth`."""
    return _simulation.simulate_accuracy(table, truth, rng)


def fix_share(truth: Truth, share: float, table: pd.DataFrame, card: Card) -> Truth:
    """The truth with its algorithms moved: compute is `share` of the headline comparison."""
    return _accuracy_estimands.fix_share(truth, share, table, card)


def unit_log_likelihood(posterior: xr.Dataset, table: pd.DataFrame, card: Card) -> xr.DataArray:
    """Log density of the rows of each base model, its deviation integrated out."""
    return _accuracy.unit_log_likelihood(posterior, table, card)


def estimands(posterior: xr.Dataset, table: pd.DataFrame, card: Card) -> xr.Dataset:
    """Rates, gains, and the split of every comparison and of the record path."""
    return _accuracy_estimands.estimands(posterior, table, card)


def regressors(table: pd.DataFrame, card: Card) -> pd.DataFrame:
    """Compute, date and techniques of the fitted rows."""
    design = _accuracy.make_accuracy_design(table, card)
    return _multiplier.regressors(design, _multiplier.get_options(card))


def baseline(table: pd.DataFrame, card: Card) -> pd.DataFrame:
    """OLS of logits on compute, date and technique."""
    return _accuracy_baseline.baseline(table, card)


def charts(posterior: xr.Dataset, table: pd.DataFrame, card: Card) -> list[Figure]:
    """Scores against compute, the gains of techniques, and the parts of every comparison."""
    return _accuracy_charts.charts(posterior, table, card)


def headline(card: Card) -> Headline:
    """The compute share of the headline comparison."""
    return _accuracy_charts.headline(card)
