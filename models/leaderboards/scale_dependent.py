"""The compute multiplier with gains that grow, or shrink, with scale.

Equations: those of `models/leaderboards/compute_multiplier.py` with one term more in a_i::

    a_i = ... + interaction (t_i - t_ref) (log10 C_i - log10 C_ref)

A year of algorithms is then worth rate + interaction (log10 C - log10 C_ref) decades at compute C,
and compute-equivalent gains are quoted at stated computes. The product changes with compute and
with the date; each part of a step gets its Shapley value of it.

What identifies the interaction: models of like date and very different compute, early and late;
where large runs are all late it cannot be distinguished from the curvature of the score and stays
near its prior. What else it cannot distinguish is listed in
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

    interaction: Prior = Prior(
        "Normal",
        (0.0, 0.1),
        "decades per year and decade of compute",
        "tenfold compute changes a rate of 0.4 by under 0.2 (95 %); Gundlach et al. 2025 find "
        "gains that grow with scale, ablations at small scale none",
    )


def unsupported_reason(table: pd.DataFrame, card: Card) -> str:
    """Needs a trend, which the interaction is with."""
    if get_options(card).trend == "none":
        return "the card says `trend: none`: with one date, no gain over time can grow with scale"
    return ""
