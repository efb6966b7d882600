"""Leaderboards of known truth through the front door: read as they were made, and recovered."""

from pathlib import Path

import numpy as np
import pytest

from benchmarks.front_door import make_project, take_in
from benchmarks.known_truth import Fitter, find_truth
from benchmarks.leaderboards import HEADS, simulate


@pytest.mark.parametrize("seed", range(4))
def test_simulated_board_is_read_as_it_was_made(seed: int, tmp_path: Path) -> None:
    made = simulate(0.5, 0.5, 20, 2, np.random.default_rng(seed))
    assert tuple(made.received)[:4] in [head[:4] for head in HEADS]
    table, card = take_in(make_project(tmp_path), "board", made.received)
    assert len(table) == 40
    assert table["exclusion"].isna().all()
    known = made.truth["compute"][table["model"]].to_numpy()
    error = np.log10(table["training_flop"]) - known
    assert 0.15 < error.std() < 0.5
    assert table.groupby("benchmark")["score"].max().lt(1).all()
    assert 0 < find_truth(made, card) < 1.5


@pytest.mark.slow
def test_share_of_one_board_is_recovered(tmp_path: Path) -> None:
    made = simulate(0.5, 0.5, 60, 2, np.random.default_rng(3))
    table, card = take_in(make_project(tmp_path), "board", made.received)
    draws, divergences = Fitter().fit(table, card, seed=1)
    low, high = np.quantile(draws, [0.005, 0.995])
    assert divergences < 10
    assert low < find_truth(made, card) < high
    assert high - low < 0.6
