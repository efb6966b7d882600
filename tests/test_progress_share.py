"""Compute's share of a year's progress, from draws of two posteriors."""

import numpy as np
import pytest

from pipeline.synthesis.progress_share import COMPUTE, Pace, share_progress


def make_pace(name: str, *draws: float) -> Pace:
    return Pace(name, name.title(), np.array(draws))


def test_share_is_the_part_of_compute_in_the_sum_of_both_rates() -> None:
    entry = share_progress(make_pace(COMPUTE, 0.6, 0.6), make_pace("math-m", 0.2, 0.2))
    assert entry["median"] == entry["lower"] == entry["upper"] == 0.75


def test_uncertainty_of_both_rates_enters() -> None:
    rng = np.random.default_rng(1)
    compute = Pace(COMPUTE, "", rng.normal(0.6, 0.1, 2000))
    steady, shaky = (Pace("d-m", "", rng.normal(0.4, sd, 2000)) for sd in (1e-6, 0.1))
    narrow, wide = (share_progress(compute, each) for each in (steady, shaky))
    assert narrow["lower"] > wide["lower"]
    assert narrow["upper"] < wide["upper"]
    assert wide["median"] == pytest.approx(0.6, abs=0.02)


def test_draws_of_one_seed_are_not_paired_with_their_like() -> None:
    drawn = np.random.default_rng(2).normal(0.5, 0.1, 2000)
    entry = share_progress(Pace(COMPUTE, "", drawn), Pace("d-m", "", drawn))
    assert entry["upper"] - entry["lower"] > 0.1  # paired in order, every share would be a half


def test_share_of_next_to_nothing_is_not_reported() -> None:
    entry = share_progress(make_pace(COMPUTE, 0.5, 0.5), make_pace("d-m", -0.45, 0.5))
    assert entry["median"] is None
    assert entry["reason"] == "the total is under 0.1 decades a year in 50.0% of the draws"
