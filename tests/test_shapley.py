"""Shapley values: hand-computed cases and the axioms that define them."""

from collections.abc import Callable
from itertools import combinations, permutations
from typing import Any

import numpy as np
import pytest

from models.core.shapley import Subset, shapley_of_sum, shapley_values

START = np.array([-1.0, 0.3, 2.0])
STEPS = {
    "compute": np.array([1.0, -0.5, 0.0]),
    "technique": np.array([0.2, 2.0, -1.0]),
    "trend": np.array([0.7, 0.1, 3.0]),
    "unexplained": np.array([-0.4, 0.0, 0.6]),
}


def logistic(x: Any) -> Any:
    return 1 / (1 + np.exp(-2 * x))


def average_over_orders(
    start: float, steps: dict[str, float], value: Callable[[float], float]
) -> dict[str, float]:
    """Shapley's own definition: a step's mean gain over all orders of the steps."""
    gains = dict.fromkeys(steps, 0.0)
    orders = list(permutations(steps))
    for order in orders:
        position = start
        for name in order:
            gains[name] += (value(position + steps[name]) - value(position)) / len(orders)
            position += steps[name]
    return gains


def test_two_steps_by_hand() -> None:
    # squares: 0 -> 1 -> 9 one way, 0 -> 4 -> 9 the other: (1 + 5) / 2 and (4 + 8) / 2
    found = shapley_of_sum(np.array(0.0), {"a": np.array(1.0), "b": np.array(2.0)}, np.square)
    assert found == {"a": pytest.approx(3.0), "b": pytest.approx(6.0)}


def test_three_steps_by_hand() -> None:
    # (a + b + c)^2 divides into a^2 + a b + a c and so on: 6, 12 and 18
    steps = {"a": np.array(1.0), "b": np.array(2.0), "c": np.array(3.0)}
    found = shapley_of_sum(np.array(0.0), steps, np.square)
    assert [float(found[name]) for name in "abc"] == pytest.approx([6.0, 12.0, 18.0])


def test_values_are_the_mean_over_all_orders() -> None:
    found = shapley_of_sum(START, STEPS, logistic)
    for draw in range(len(START)):
        steps = {name: float(step[draw]) for name, step in STEPS.items()}
        expected = average_over_orders(float(START[draw]), steps, logistic)
        assert {name: float(found[name][draw]) for name in steps} == pytest.approx(expected)


def test_values_sum_to_the_change_in_every_draw() -> None:
    change = logistic(START + sum(STEPS.values())) - logistic(START)
    total = sum(shapley_of_sum(START, STEPS, logistic).values())
    np.testing.assert_allclose(total, change, rtol=0, atol=1e-14)


def test_additive_function_gives_back_the_steps() -> None:
    found = shapley_of_sum(START, STEPS, lambda x: 3 * x + 1)
    for name, step in STEPS.items():
        np.testing.assert_allclose(found[name], 3 * step, atol=1e-12)


def test_order_of_the_names_does_not_matter() -> None:
    reverse = dict(reversed(STEPS.items()))
    forth, back = (shapley_of_sum(START, steps, logistic) for steps in (STEPS, reverse))
    for name in STEPS:
        np.testing.assert_allclose(forth[name], back[name], atol=1e-14)


def test_zero_step_gets_zero() -> None:
    found = shapley_of_sum(START, STEPS | {"lab": np.zeros(3)}, logistic)
    np.testing.assert_allclose(found["lab"], 0, atol=1e-16)


def test_equal_steps_get_equal_values() -> None:
    found = shapley_of_sum(START, STEPS | {"twin": STEPS["trend"]}, logistic)
    np.testing.assert_allclose(found["twin"], found["trend"], atol=1e-15)


def test_single_step_gets_the_whole_change() -> None:
    found = shapley_of_sum(START, {"compute": STEPS["compute"]}, logistic)
    np.testing.assert_allclose(
        found["compute"], logistic(START + STEPS["compute"]) - logistic(START)
    )


# Games in general: the worth of a subset need not be a function of a sum.


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


def make_game(names: list[str], seed: int) -> dict[Subset, float]:
    """A worth for each subset, drawn at random."""
    rng = np.random.default_rng(seed)
    subsets = [s for size in range(len(names) + 1) for s in combinations(names, size)]
    return dict(zip(subsets, rng.normal(size=len(subsets)), strict=True))


def test_glove_game_by_hand() -> None:
    # one left glove and two right ones: a pair is worth one; the left gets 4/6, each right 1/6
    def worth(subset: Subset) -> np.ndarray:
        return np.array(float("left" in subset and len(subset) > 1))

    found = shapley_values(["left", "right", "spare"], worth)
    assert found == {
        "left": pytest.approx(4 / 6),
        "right": pytest.approx(1 / 6),
        "spare": pytest.approx(1 / 6),
    }


@pytest.mark.parametrize("count", [1, 2, 4, 6])
def test_values_of_any_game_are_the_mean_over_all_orders(count: int) -> None:
    names = list("abcdef")[:count]
    game = make_game(names, seed=count)
    found = shapley_values(names, lambda subset: np.array(game[subset]))
    assert {n: float(v) for n, v in found.items()} == pytest.approx(
        average_over_joining(names, lambda subset: game[subset])
    )


def test_values_of_any_game_sum_to_the_whole_change() -> None:
    names = list("abcde")
    game = make_game(names, seed=1)
    total = sum(shapley_values(names, lambda subset: np.array(game[subset])).values())
    assert float(total) == pytest.approx(game[tuple(names)] - game[()])


def test_each_subset_is_asked_for_once_in_the_order_of_the_names() -> None:
    asked: list[Subset] = []

    def worth(subset: Subset) -> np.ndarray:
        asked.append(subset)
        return np.zeros(3)

    shapley_values(["compute", "trend", "lab"], worth)
    assert len(asked) == len(set(asked)) == 8
    assert ("compute", "lab") in asked


def test_sum_of_steps_is_a_game_like_any_other() -> None:
    def worth(subset: Subset) -> np.ndarray:
        return np.asarray(logistic(START + sum(STEPS[name] for name in subset)))

    expected = shapley_of_sum(START, STEPS, logistic)
    for name, values in shapley_values(list(STEPS), worth).items():
        np.testing.assert_allclose(values, expected[name], atol=1e-15)


def test_player_whose_arrival_changes_the_rule_gets_what_it_changes() -> None:
    # the trend lifts the ceiling as well: without an interaction it gets the lift, by hand
    def worth(subset: Subset) -> np.ndarray:
        return np.array(0.4 * ("compute" in subset) + (0.1 + 0.3) * ("trend" in subset))

    found = shapley_values(["compute", "trend"], worth)
    assert found == {"compute": pytest.approx(0.4), "trend": pytest.approx(0.4)}
