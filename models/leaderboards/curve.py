"""The curve from the logit of effective compute to the height of a score above chance.

A generalised logistic of type I (Balakrishnan 1991, Handbook of the Logistic Distribution), moved
and stretched so that it always passes one half with the slope of the logistic there::

    power     = exp(skew)
    height(x) = logistic(stretch x + shift)^power
    height(0) = 1/2,  height'(0) = 1/4

With skew 0 it is the logistic. The chance to solve a question in several independent steps, each
with the chance of a logistic, is a logistic to the power of their number (Schaeffer et al. 2023,
section 2, of the tokens of an answer). Then scores leave the level of guessing suddenly and near
the ceiling slowly, at most as the Gumbel distribution does; with a negative skew it is the other
way about.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
from scipy import special


def place(power: Any, log: Callable[[Any], Any] = np.log) -> tuple[Any, Any]:
    """Stretch and shift of the logit at this power: arrays, or variables with PyTensor's log."""
    half = 0.5 ** (1 / power)
    return 0.5 / (power * (1 - half)), log(half / (1 - half))


def rise(logit: np.ndarray, power: np.ndarray) -> np.ndarray:
    """Height from 0 to 1 at a logit; the arguments broadcast."""
    stretch, shift = place(power)
    return np.asarray(special.expit(stretch * logit + shift) ** power)


def invert(height: np.ndarray, power: np.ndarray) -> np.ndarray:
    """The logit of a height; infinite at 0 and 1."""
    stretch, shift = place(power)
    return np.asarray((special.logit(height ** (1 / power)) - shift) / stretch)
