"""Shapley values of the change of a function of several parts, draw by draw."""

from collections.abc import Callable
from itertools import combinations
from math import factorial

import numpy as np

Subset = tuple[str, ...]  # in the order of the players' names


def shapley_values(
    names: list[str], worth: Callable[[Subset], np.ndarray]
) -> dict[str, np.ndarray]:
    """Each player's Shapley value of `worth(all) - worth(none)` (Shapley 1953).

    `worth` takes a subset of `names`, in their order, and is asked once for each: 2^n evaluations
    for n players. The values sum to the whole change exactly up to rounding.
    """
    count = len(names)
    known = {
        subset: worth(subset) for size in range(count + 1) for subset in combinations(names, size)
    }

    def gain(name: str) -> np.ndarray:
        others = [other for other in names if other != name]
        total = np.zeros_like(known[()], dtype=float)
        for size in range(count):
            weight = factorial(size) * factorial(count - size - 1) / factorial(count)
            for subset in combinations(others, size):
                joined = tuple(other for other in names if other in subset or other == name)
                total = total + weight * (known[joined] - known[subset])
        return total

    return {name: gain(name) for name in names}


def shapley_of_sum(
    start: np.ndarray, steps: dict[str, np.ndarray], value: Callable[[np.ndarray], np.ndarray]
) -> dict[str, np.ndarray]:
    """Each step's Shapley value of `value(start + sum of steps) - value(start)`.

    `start` and every step have the same shape; the result has it too.
    """

    def worth(subset: Subset) -> np.ndarray:
        return value(start + sum((steps[name] for name in subset), np.zeros_like(start)))

    return shapley_values(list(steps), worth)
