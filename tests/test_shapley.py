"""Shapley values: hand-computed cases, and the mean over all orders that defines them."""

from collections.abc import Callable
from itertools import combinations, permutations

import numpy as np
import pytest

from models.core.shapley import Subset, shapley_of_sum, shapley_values


def average_over_joining(names: list[str], worth: Callable[[Subset], float]) -> dict[str, float]:
    """A player's mean gain on joining, over all orders in which the players may arrive."""
    gains = dict.fromkeys(names, 0.0)
    orders = list(permutations(names))
    for order in orders:
        for i, name in enumerate(order):
            before = tuple(each for each in names if each in order[:i])
            after = tuple(each for each in names if each in order[: i + 1])
            gains[name] += (worth(after) - worth(before)) / len(orders)
    return gains


@pytest.mark.parametrize(
    ("steps", "expected"),
    [
        # squares: 0 -> 1 -> 9 one way, 0 -> 4 -> 9 the other: (1 + 5) / 2 and (4 + 8) / 2
        ([1.0, 2.0], [3.0, 6.0]),
        # (a + b + c)^2 divides into a^2 + a b + a c and so on
        ([1.0, 2.0, 3.0], [6.0, 12.0, 18.0]),
        ([1.0, 0.0], [1.0, 0.0]),  # a zero step gets nothing
    ],
)
def test_squares_by_hand(steps: list[float], expected: list[float]) -> None:
    named = {name: np.array(step) for name, step in zip("abc", steps, strict=False)}
    found = shapley_of_sum(np.array(0.0), named, np.square)
    assert [float(value) for value in found.values()] == pytest.approx(expected)


@pytest.mark.parametrize("count", [1, 4, 6])
def test_values_of_any_game_are_the_mean_over_all_orders_and_sum_to_the_change(count: int) -> None:
    names = list("abcdef")[:count]
    rng = np.random.default_rng(count)
    subsets = [s for size in range(count + 1) for s in combinations(names, size)]
    game = dict(zip(subsets, rng.normal(size=len(subsets)), strict=True))
    asked: list[Subset] = []

    def worth(subset: Subset) -> np.ndarray:
        asked.append(subset)
        return np.array(game[subset])

    found = {name: float(value) for name, value in shapley_values(names, worth).items()}
    assert found == pytest.approx(average_over_joining(names, game.__getitem__))
    assert sum(found.values()) == pytest.approx(game[tuple(names)] - game[()])
    assert sorted(asked) == sorted(subsets)  # each once


def test_steps_of_a_sum_are_shared_draw_by_draw() -> None:
    start, steps = np.array([-1.0, 0.3]), {"compute": np.array([1.0, -0.5])}
    steps |= dict.fromkeys(("trend", "twin"), np.array([0.7, 3.0]))
    found = shapley_of_sum(start, steps, np.tanh)
    for draw in range(2):

        def worth(subset: Subset, at: int = draw) -> float:
            return float(np.tanh(start[at] + sum(steps[name][at] for name in subset)))

        at_draw = {name: float(values[draw]) for name, values in found.items()}
        assert at_draw == pytest.approx(average_over_joining(list(steps), worth))
    np.testing.assert_allclose(found["twin"], found["trend"], atol=1e-15)
