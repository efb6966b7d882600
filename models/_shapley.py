"""Shapley values of the change of a function of a sum, draw by draw."""

from collections.abc import Callable
from itertools import combinations
from math import factorial

import numpy as np


def shapley_of_sum(
    start: np.ndarray, steps: dict[str, np.ndarray], value: Callable[[np.ndarray], np.ndarray]
) -> dict[str, np.ndarray]:
    """Each step's Shapley value of `value(start + sum of steps) - value(start)` (Shapley 1953).

    `start` and every step have the same shape; the result has it too. The values sum to the whole
    change exactly up to rounding. Every subset of steps is evaluated once: 2^n evaluations for n
    steps.
    """
    names = list(steps)
    count = len(names)
    worth = {
        subset: value(start + sum((steps[name] for name in subset), np.zeros_like(start)))
        for size in range(count + 1)
        for subset in combinations(names, size)
    }

    def gain(name: str) -> np.ndarray:
        others = [other for other in names if other != name]
        total = np.zeros_like(start, dtype=float)
        for size in range(count):
            weight = factorial(size) * factorial(count - size - 1) / factorial(count)
            for subset in combinations(others, size):
                joined = tuple(other for other in names if other in subset or other == name)
                total = total + weight * (worth[joined] - worth[subset])
        return total

    return {name: gain(name) for name in names}
