"""Allocation: what dividing compute between parameters and tokens otherwise than optimally cost.

For a dense language model with N parameters and D tokens, under the law L = E + A N^-a + B D^-b
(Hoffmann et al. 2022, approach 3), with C_opt the least FLOP at which the law reaches L(N, D)::

    allocation = -log10(6 N D / C_opt) <= 0      decades of training compute

The law is known only as a posterior. Leaderboards take its draws as a moment summary: the mean of
the allocation of every base model and the principal directions in which the draws move them
together. Where N or D is unknown the allocation is drawn from a distribution with the mean of the
known ones; it is never set to zero.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import special

COMPONENTS = 2  # of the law's uncertainty: together over 99 % of its variance on every leaderboard
MINIMUM_KNOWN = 3  # base models with known N and D, to say how large an unknown allocation is


@dataclass(frozen=True)
class Allocation:
    """Moment summary over the base models of a design."""

    is_known: np.ndarray  # (base,)
    mean: np.ndarray  # (base,), decades; zero where unknown
    loading: np.ndarray  # (base, component), decades per standard normal; zero where unknown
    unknown_mean: float  # decades, above zero: the mean cost among the known


def log10_allocation(
    law: pd.DataFrame, parameters: np.ndarray, training_tokens: np.ndarray
) -> np.ndarray:
    """-log10(6ND / C_opt) in decades, shape (draw, model).

    `law`: one row per draw, columns exponent_parameters, exponent_tokens, coefficient_parameters
    and coefficient_tokens. The irreducible loss cancels. At the optimum of a loss the two reducible
    terms are in the ratio of b to a, which gives C_opt in closed form.
    """
    a, b = (law[f"exponent_{name}"].to_numpy()[:, None] for name in ("parameters", "tokens"))
    log_a, log_b = (
        np.log(law[f"coefficient_{name}"].to_numpy())[:, None] for name in ("parameters", "tokens")
    )
    log_n, log_d = np.log(parameters), np.log(training_tokens)
    log_reducible = np.logaddexp(log_a - a * log_n, log_b - b * log_d)
    best_log_n = (log_a - log_reducible + np.log((a + b) / b)) / a
    best_log_d = (log_b - log_reducible + np.log((a + b) / a)) / b
    return np.asarray((best_log_n + best_log_d - log_n - log_d) / np.log(10))


def summarise_allocation(
    law: pd.DataFrame, parameters: np.ndarray, training_tokens: np.ndarray
) -> Allocation:
    """The moment summary; parameters and tokens have shape (base,), NaN where unknown.

    Raises ValueError where too few are known to say anything of the others.
    """
    is_known = np.isfinite(parameters) & np.isfinite(training_tokens)
    if is_known.sum() < MINIMUM_KNOWN:
        raise ValueError(
            f"parameters and tokens are known of {is_known.sum()} dense base models, "
            f"allocation needs {MINIMUM_KNOWN}: write `allocation: none` on the card"
        )
    draws = log10_allocation(law, parameters[is_known], training_tokens[is_known])
    mean, loading = np.zeros(len(is_known)), np.zeros((len(is_known), COMPONENTS))
    mean[is_known] = draws.mean(axis=0)
    variance, direction = np.linalg.eigh(np.cov(draws, rowvar=False))  # the largest last
    kept = direction[:, -COMPONENTS:] * np.sqrt(np.maximum(variance[-COMPONENTS:], 0.0))
    loading[is_known] = kept * np.where(kept.sum(axis=0) < 0, -1, 1)  # their sign is arbitrary
    return Allocation(is_known, mean, loading, float(-mean[is_known].mean()))


def draw_unknown(offset: np.ndarray, unknown_mean: float) -> np.ndarray:
    """The allocation whose standard normal quantile is `offset`: minus an exponential variable.

    The known costs have a mean near their standard deviation, as an exponential distribution has.
    """
    return np.asarray(unknown_mean * special.log_ndtr(-offset))
