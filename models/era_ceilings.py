"""The compute multiplier where early methods may stop below today's ceiling.

Equations: those of `models/compute_multiplier.py`, with the ceiling of a row by its era::

    P_i = chance_b + (ceiling_b - chance_b) h_i logistic(...)
    h_i = early_height_b for models released in the first half of the base models' dates, else 1

Under it, no amount of compute brings an early method to a score above
chance + early_height (ceiling - chance): the reverse test is infinite where today's best score lies
there. Whether the data ask for it is said by its predictive score beside that of the common
ceiling.

What identifies early_height: early models large enough to flatten out. Scores of early models far
below every ceiling cannot tell a low ceiling from a shallow slope, and the height stays near its
prior; that is then a statement about the prior. The era's boundary is the median release date, on
which no method changed: it is a device. What else it cannot tell apart stands in
`models/compute_multiplier.py`.
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
from models._prior import Prior

TABLE = "accuracy_leaderboard"
TITLE = "Ceilings that differ by era"
SAMPLER: dict[str, Any] = {"adaptation": "low_rank", "target_accept": 0.98}
DIMS = _simulation.DIMS
FORM = _accuracy.Form(has_eras=True)


@dataclass(frozen=True)
class Priors(_accuracy.AccuracyPriors):
    """In decades of effective compute, years and logits."""

    early_height: Prior = Prior(
        "Beta",
        (4.0, 1.0),
        "share of the range from chance to ceiling",
        "most methods could go most of the way: median 0.84, 90 % in 0.47-0.99",
    )


def why_not(table: pd.DataFrame, card: Card) -> str:
    """Needs a trend: without dates there are no eras."""
    if _multiplier.get_options(card).trend == "none":
        return "the card says `trend: none`: with one date there are no eras to tell apart"
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
