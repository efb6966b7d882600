"""Score on a benchmark from effective compute: training compute times what algorithms made of it.

Equations, for row i of benchmark b, base model g, lab l and harness h::

    P_i     = chance_b + (top_i - chance_b) height(level_b + slope_b (log10 C_i + a_i) + shift[h])
    a_i     = g(t_i) + interaction max(t_i - t_ref, 0) (log10 C_i - log10 C_ref)
              + sum of technique gains + allocation_coefficient[side] cost[g]
              + lab_effect[l] + deviation[g]
    score_i ~ BetaBinomial(item_count_b, mean P_i, concentration 1 / dispersion^2)

The terms of a_i are described in `models/effective_compute/multiplier.py`, the trend g in
`trend.py`, allocation in `allocation.py` and errors of compute in `compute_error.py` beside it;
those of the score in `models/leaderboards/accuracy.py`. C_i is counted in decades from a round
reference in the middle of the data, t_i is the release date in years.

The model holds its rivals: a trend that is a line (drift 0), a cost of allocation that the scaling
law gives or none (coefficients 1 or 0), gains that do not depend on scale (interaction 0), a
logistic curve (skew 0), one ceiling for all (early_shortfall 0), figures of compute without bias
(errors of Berkson's kind).
`variants.py` lists them. The data weigh these choices, and the intervals hold the doubt.

What identifies the parts: compute, from models of one date and lab that differ in compute;
techniques, from models evaluated with and without them; the rate, from models of like compute and
different dates; the interaction, from models of like date and very different compute, early and
late. What it cannot distinguish: better data, distillation and contamination from the trend; a
technique from the date it arrived with; too few tokens from a low level where few models have too
few. With `trend: none` on the card there is no rate, no interaction and no early ceiling, and with
one laboratory no lab effect.
"""

from dataclasses import dataclass
from typing import Any

import pandas as pd

from models import Card
from models.effective_compute.design import headline_key
from models.effective_compute.simulation import DIMS
from models.effective_compute.simulation import simulate_accuracy as simulate
from models.effective_compute.truths import draw_accuracy as sample_prior
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
from models.leaderboards.variants import VARIANTS

__all__ = [
    "DIMS",
    "SAMPLER",
    "TABLE",
    "VARIANTS",
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
# Diagonal: on 200 dimensions adapting a low-rank mass matrix takes eight times what drawing takes.
SAMPLER: dict[str, Any] = {"adaptation": "diag", "target_accept": 0.95}


@dataclass(frozen=True)
class Priors(AccuracyPriors):
    """In decades of effective compute, years and logits."""


def unsupported_reason(table: pd.DataFrame, card: Card) -> str:
    """Always can: a card without a trend has no rate."""
    return ""
