"""Score on a benchmark from effective compute: training compute times what algorithms made of it.

Equations, for row i of benchmark b, base model g, lab l and harness h::

    P_i     = chance_b + (ceiling_b - chance_b) logistic(level_b + slope_b (log10 C_i + a_i)
              + shift[h])
    a_i     = rate (t_i - t_ref) + sum of technique gains + allocation[g] + lab_effect[l]
              + deviation[g]
    score_i ~ BetaBinomial(item_count_b, mean P_i, concentration 1 / dispersion^2)

The terms of a_i are described in `models/effective_compute/multiplier.py` and, for allocation, in
`allocation.py` beside it; those of the score in `models/leaderboards/accuracy.py`. C_i is counted
in decades from a round reference in the middle of the data, t_i is the release date in years.

What identifies the parts: compute, from models of one date and lab that differ in compute;
techniques, from models evaluated with and without them; the rate, from models of like compute and
different dates; allocation, from the scaling grid alone. What it cannot distinguish: better
data, distillation and contamination from the trend; a technique from the date it arrived with.
With `trend: none` on the card there is no rate, and with one laboratory no lab effect.
"""

from dataclasses import dataclass

import pandas as pd

from models import Card
from models.leaderboards.family import *  # noqa: F403  # the functions of the contract
from models.leaderboards.family import AccuracyPriors


@dataclass(frozen=True)
class Priors(AccuracyPriors):
    """In decades of effective compute, years and logits."""


def unsupported_reason(table: pd.DataFrame, card: Card) -> str:
    """Always can: a card without a trend has no rate."""
    return ""
