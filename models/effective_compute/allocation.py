"""Allocation: what dividing compute between parameters and tokens otherwise than optimally cost.

For a dense language model with N parameters and D tokens, under the law L = E + A N^-a + B D^-b
(Hoffmann et al. 2022, approach 3), with C_opt the least FLOP at which the law reaches L(N, D)::

    allocation = -log10(6 N D / C_opt) <= 0      decades of training compute

What such a loss is worth to a test's score is not known, and beyond the grid that the law was
fitted to (341 tokens a parameter, 1.3e22 FLOP) neither is the loss. So the cost has a coefficient
on either side of the best division::

    allocation[g] = allocation_coefficient[side of g] * -log10(6 N D / C_opt)

    under   too few tokens for its parameters      over    too many

The law is known only as a posterior. Leaderboards take its draws as a moment summary: the mean of
the allocation of every base model and the principal directions in which the draws move them
together; the side is that of the mean law. Where N or D is unknown the allocation is drawn from a
distribution with the mean of the known ones; it is never set to zero.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd

COMPONENTS = 2  # of the law's uncertainty: together over 99 % of its variance on every leaderboard
MINIMUM_KNOWN = 3  # base models with known N and D, to say how large an unknown allocation is


@dataclass(frozen=True)
class Allocation:
    """Moment summary over the base models of a design."""

    is_known: np.ndarray  # (base,)
    mean: np.ndarray  # (base,), decades; zero where unknown
    loading: np.ndarray  # (base, component), decades per standard normal; zero where unknown
    is_over: np.ndarray  # (base,), trained on more tokens than best; False where unknown
    unknown_mean: (
        np.ndarray
    )  # (side,), decades, above zero: the mean cost under, over, of the known


def log10_allocation(
    law: pd.DataFrame, parameters: np.ndarray, training_tokens: np.ndarray
) -> np.ndarray:
    """-log10(6ND / C_opt) in decades, shape (draw, model); the irreducible loss cancels.

    `law`: one row per draw, columns exponent_parameters, exponent_tokens, coefficient_parameters
    and coefficient_tokens.
    """
    best_log_n, best_log_d = _divide_best(law, parameters, training_tokens)
    spent = np.log(parameters) + np.log(training_tokens)
    return np.asarray((best_log_n + best_log_d - spent) / np.log(10))


def _divide_best(
    law: pd.DataFrame, parameters: np.ndarray, training_tokens: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Natural logs of the N and D with the same loss and the least N D: shape (draw, model).

    At the optimum of a loss the two reducible terms are in the ratio of b to a.
    """
    a, b = (law[f"exponent_{name}"].to_numpy()[:, None] for name in ("parameters", "tokens"))
    log_a, log_b = (
        np.log(law[f"coefficient_{name}"].to_numpy())[:, None] for name in ("parameters", "tokens")
    )
    log_n, log_d = np.log(parameters), np.log(training_tokens)
    log_reducible = np.logaddexp(log_a - a * log_n, log_b - b * log_d)
    best_log_n = (log_a - log_reducible + np.log((a + b) / b)) / a
    best_log_d = (log_b - log_reducible + np.log((a + b) / a)) / b
    return best_log_n, best_log_d


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
    is_over = np.zeros(len(is_known), dtype=bool)
    best_log_d = _divide_best(law, parameters[is_known], training_tokens[is_known])[1]
    is_over[is_known] = np.log(training_tokens[is_known]) > best_log_d.mean(axis=0)
    mean, loading = np.zeros(len(is_known)), np.zeros((len(is_known), COMPONENTS))
    mean[is_known] = draws.mean(axis=0)
    variance, direction = np.linalg.eigh(np.cov(draws, rowvar=False))  # the largest last
    kept = direction[:, -COMPONENTS:] * np.sqrt(np.maximum(variance[-COMPONENTS:], 0.0))
    loading[is_known] = kept * np.where(kept.sum(axis=0) < 0, -1, 1)  # their sign is arbitrary
    by_side = [-mean[is_known & side].sum() / is_known.sum() for side in (~is_over, is_over)]
    return Allocation(is_known, mean, loading, is_over, np.array(by_side))
