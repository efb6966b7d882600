"""The compute multiplier where early methods may stop below today's ceiling.

Equations: those of `models/leaderboards/compute_multiplier.py`, with a ceiling by era::

    P_i = chance_b + (ceiling_b - chance_b) h_i logistic(...)
    h_i = early_height_b for models released in the first half of the base models' dates, else 1

Under it, no amount of compute brings an early method to a score above
chance + early_height (ceiling - chance): the reverse test is infinite where today's best score lies
above it. Whether the data call for it is judged by its predictive score against that of the common
ceiling.

What identifies early_height: early models large enough to flatten out. Scores of early models far
below every ceiling cannot tell a low ceiling from a shallow slope, and the height stays near its
prior; that is then a statement about the prior. The era's boundary is the median release date, on
which no method changed: it is a device. What else it cannot distinguish is listed in
`models/leaderboards/compute_multiplier.py`.
"""

from dataclasses import dataclass

import pandas as pd

from models import Card
from models.core.prior import Prior
from models.leaderboards.family import *  # noqa: F403  # the functions of the contract
from models.leaderboards.family import AccuracyPriors, get_options


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
