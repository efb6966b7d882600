"""Numbers of the result files: rounded, and quantiles of draws; limits that pages name too."""

import math
from typing import Any

import numpy as np

from models import INTERVAL_PROBABILITY

RULED_OUT = 2.0  # standard errors by which a special case must predict worse
TAILS = ((1 - INTERVAL_PROBABILITY) / 2, (1 + INTERVAL_PROBABILITY) / 2)


def round_to(value: Any, digits: int = 4) -> float | None:
    """So many significant digits; None where there is no number."""
    number = float(value)
    return float(f"{number:.{digits}g}") if math.isfinite(number) else None


def find_interval(draws: Any) -> tuple[float, float]:
    """The ends of the 90 % interval of the draws."""
    lower, upper = np.quantile(draws, TAILS)
    return float(lower), float(upper)


def find_quantiles(draws: Any) -> dict[str, float | None]:
    """Median and ends of the 90 % interval of the draws, to four significant digits."""
    quantiles = np.quantile(draws, [0.5, *TAILS])
    return dict(zip(("median", "lower", "upper"), map(round_to, quantiles), strict=True))
