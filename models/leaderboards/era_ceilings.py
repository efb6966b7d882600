"""The compute multiplier where early methods may stop below today's ceiling.

Equations: those of `models/leaderboards/compute_multiplier.py`, with a ceiling by era::

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
`models/leaderboards/compute_multiplier.py`.
"""

from dataclasses import dataclass
from typing import Any

import pandas as pd

from models import Card
from models.core.prior import Prior
from models.effective_compute.design import get_options, headline_key
from models.effective_compute.simulation import DIMS
from models.effective_compute.simulation import draw_accuracy as sample_prior
from models.effective_compute.simulation import simulate_accuracy as simulate
from models.leaderboards.accuracy import (
    AccuracyPriors,
    build,
    data,
    fix_share,
    regressors,
    unit_log_likelihood,
)
from models.leaderboards.accuracy_baseline import baseline
from models.leaderboards.accuracy_estimands import estimands

# What every model of accuracy leaderboards does alike is imported; the rest stands below.
__all__ = [
    "DIMS",
    "SAMPLER",
    "TABLE",
    "Priors",
    "baseline",
    "build",
    "data",
    "estimands",
    "fix_share",
    "headline_key",
    "regressors",
    "sample_prior",
    "simulate",
    "unit_log_likelihood",
    "unsupported_reason",
]

TABLE = "accuracy_leaderboard"
# Diagonal: on some hundred dimensions a low-rank mass matrix costs more warm-up than it saves.
SAMPLER: dict[str, Any] = {"adaptation": "diag", "target_accept": 0.95, "draws": 3000}


@dataclass(frozen=True)
class Priors(AccuracyPriors):
    """In decades of effective compute, years and logits."""

    early_height: Prior = Prior(
        "Beta",
        (4.0, 1.0),
        "share of the range from chance to ceiling",
        "most methods could go most of the way: median 0.84, 90 % in 0.47-0.99",
    )


def unsupported_reason(table: pd.DataFrame, card: Card) -> str:
    """Needs a trend: without dates there are no eras."""
    if get_options(card).trend == "none":
        return "the card says `trend: none`: with one date there are no eras to tell apart"
    return ""
