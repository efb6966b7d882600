"""The compute multiplier with gains that grow, or shrink, with scale.

Equations: those of `models/compute_multiplier.py` with one term more in a_i::

    a_i = ... + interaction (t_i - t_ref) (log10 C_i - log10 C_ref)

A year of algorithms is then worth rate + interaction (log10 C - log10 C_ref) decades at compute C,
and compute-equivalent gains are quoted at stated computes. The product changes with compute and
with the date; each part of a step gets its Shapley value of it.

What identifies the interaction: models of like date and very different compute, early and late;
where large runs are all late it cannot be told from the curvature of the score and stays near its
prior. What it cannot tell apart is what `models/compute_multiplier.py` names.
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
TITLE = "Scale-dependent multiplier"
SAMPLER: dict[str, Any] = {"adaptation": "low_rank", "target_accept": 0.98}
DIMS = _simulation.DIMS
FORM = _accuracy.Form(has_interaction=True)


@dataclass(frozen=True)
class Priors(_accuracy.AccuracyPriors):
    """In decades of effective compute, years and logits."""

    interaction: Prior = Prior(
        "Normal",
        (0.0, 0.1),
        "decades per year and decade of compute",
        "tenfold compute changes a rate of 0.4 by under 0.2 (95 %); Gundlach et al. 2025 find "
        "gains that grow with scale, ablations at small scale none",
    )


def why_not(table: pd.DataFrame, card: Card) -> str:
    """Needs a trend, which the interaction is with."""
    if _multiplier.get_options(card).trend == "none":
        return "the card says `trend: none`: with one date, no gain over time can grow with scale"
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
