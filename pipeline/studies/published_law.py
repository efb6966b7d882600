"""Perplexities -> the law that Ho et al. 2024 fitted to them, and restrictions on its trends.

Their model 7 (arXiv 2403.05812, section 2) gives row i on benchmark k

    log perplexity_i = exp(a_k - r t_i - a n_i) + exp(b_k - s t_i - b d_i),

n and d the natural logs of parameters and of distinct tokens, t the date in years, each above its
least in the sample. Epochs do not enter. Effective parameters grow by r/a natural logs a year,
effective tokens by s/b, effective compute by the sum.
"""

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

type Array = np.ndarray[Any, np.dtype[np.float64]]
OTHERS = ("PTB", "WikiText-2")  # their constants are differences from WikiText-103's
# Places of the ten coefficients, in the published order: three constants, trend and exponent of
# the parameter term, then of the token term.
TRENDS, EXPONENTS, KEPT = [3, 8], [4, 9], [0, 1, 2, 4, 5, 6, 7, 9]


@dataclass(frozen=True)
class Sample:
    """Rows as the two terms read them, each (rows, 5), and their log perplexities."""

    parameter_term: Array
    token_term: Array
    log_perplexity: Array

    def residuals(self, coefficients: Array) -> Array:
        """Fitted less observed log perplexity, (rows,)."""
        first, second = self._sizes(coefficients)
        return np.asarray(first + second - self.log_perplexity)

    def jacobian(self, coefficients: Array) -> Array:
        """Derivatives of the residuals by the coefficients, (rows, 10)."""
        first, second = self._sizes(coefficients)
        return np.hstack([first[:, None] * self.parameter_term, second[:, None] * self.token_term])

    def _sizes(self, coefficients: Array) -> tuple[Array, Array]:
        logs = self.parameter_term @ coefficients[:5], self.token_term @ coefficients[5:]
        return np.exp(logs[0]), np.exp(logs[1])


def prepare(table: pd.DataFrame) -> Sample:
    """Rows with benchmark, release_date, parameters, dataset_tokens and perplexity -> the sample.

    A year has 365 days, as in the published code.
    """
    dates = table["release_date"].dt
    years = (dates.year + (dates.day_of_year - 1) / 365).to_numpy(float)
    constants = [np.ones(len(table)), *(np.asarray(table["benchmark"] == k) for k in OTHERS)]
    logs = np.log(table[["parameters", "dataset_tokens"]].to_numpy(float)).T
    terms = [np.column_stack([*constants, years.min() - years, x.min() - x]) for x in logs]
    return Sample(terms[0], terms[1], np.log(table["perplexity"].to_numpy(float)))


class Tie(NamedTuple):
    """A restriction: the two trends, or the rates of growth that they mean, are slopes w + offsets.

    Nine numbers are left free: the coefficients without the trends, in their order, and w.
    """

    slopes: tuple[float, float]
    offsets: tuple[float, float] = (0.0, 0.0)
    is_rate: bool = True

    def expand(self, free: Array) -> tuple[Array, Array]:
        """The ten coefficients, and their derivatives by the free numbers (10, 9)."""
        coefficients, derivatives = np.zeros(10), np.zeros((10, 9))
        coefficients[KEPT], derivatives[KEPT, range(8)] = free[:8], 1.0
        scale, rates = self._scale(coefficients), np.multiply(self.slopes, free[8]) + self.offsets
        coefficients[TRENDS], derivatives[TRENDS, 8] = scale * rates, scale * self.slopes
        if self.is_rate:
            derivatives[TRENDS, [3, 7]] = rates  # by the exponents
        return coefficients, derivatives

    def restrict(self, coefficients: Array) -> Array:
        """The free numbers nearest to ten coefficients: where a fit may start."""
        rates = coefficients[TRENDS] / self._scale(coefficients) - self.offsets
        slopes = np.array(self.slopes)
        return np.append(coefficients[KEPT], rates @ slopes / (slopes @ slopes))

    def _scale(self, coefficients: Array) -> Array:
        return coefficients[EXPONENTS] if self.is_rate else np.ones(2)


NEUTRAL = Tie((1.0, 1.0), is_rate=False)  # Hicks: both terms of the loss fall alike


def tie_growth(growth: float) -> Tie:
    """Effective compute grows by `growth` natural logs a year, however it is divided."""
    return Tie((1.0, -1.0), (0.0, growth))


def tie_bias(share: float) -> Tie:
    """A share of the growth of effective compute comes through parameters: the bias of progress."""
    return Tie((share, 1.0 - share))


def expand(free: Array, tie: Tie | None) -> tuple[Array, Array]:
    """The ten coefficients and their derivatives by the free numbers, restricted or not."""
    return tie.expand(free) if tie else (free, np.eye(10))


def find_growth(coefficients: Array) -> float:
    """Growth of effective compute, natural logs a year."""
    return float((coefficients[TRENDS] / coefficients[EXPONENTS]).sum())
