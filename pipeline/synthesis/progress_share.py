"""Draws of two rates -> the share of a year's progress that the growth of training compute is.

In effective compute a year adds the decades by which training compute at the frontier grows and the
decades by which algorithms make it go further. The first rate is that of `compute_growth`, the
second that of every dataset with a trend; their posteriors rest on different data, so that draws of
one are independent of those of the other, and any pairing of them is a draw of both.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np

from models import INTERVAL_PROBABILITY
from models.effective_compute.split import SMALL_TOTAL_DECADES, SMALL_TOTAL_DRAWS

COMPUTE = "training_runs-compute_growth"
COMPUTE_RATE = "growth_decades_per_year"
DIGITS = 6


@dataclass(frozen=True)
class Pace:
    """Draws of a yearly rate in decades, with the posterior that they are of."""

    posterior: str
    title: str
    draws: np.ndarray


def share_progress(compute: Pace, algorithms: Pace) -> dict[str, Any]:
    """Median and 90 % interval of compute's share, or why it is not reported."""
    grown, gained = pair(compute, algorithms)
    total = grown + gained
    head = {"posterior": algorithms.posterior, "label": algorithms.title, "unit": "share"}
    nothing = dict.fromkeys(("median", "lower", "upper")) | {"prob": INTERVAL_PROBABILITY}
    small = float((np.abs(total) < SMALL_TOTAL_DECADES).mean())
    if small > SMALL_TOTAL_DRAWS:
        why = f"the total is under {SMALL_TOTAL_DECADES} decades a year in {small:.1%} of the draws"
        return head | nothing | {"reason": why}
    tail = (1 - INTERVAL_PROBABILITY) / 2
    lower, median, upper = np.quantile(grown / total, [tail, 0.5, 1 - tail], method="inverted_cdf")
    found = {"median": median, "lower": lower, "upper": upper}
    rounded = {name: float(f"{value:.{DIGITS}g}") for name, value in found.items()}
    return head | rounded | {"prob": INTERVAL_PROBABILITY, "reason": ""}


def pair(compute: Pace, algorithms: Pace) -> tuple[np.ndarray, np.ndarray]:
    """Draws of both rates, paired.

    Those of one are read backwards: two chains from one seed shall not meet their like.
    """
    count = min(len(compute.draws), len(algorithms.draws))
    return compute.draws[:count][::-1], algorithms.draws[:count]
