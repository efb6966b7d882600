"""The split of a 2 x 2: its gains are Shapley values, and incomplete scales are refused."""

from typing import Any

import numpy as np
import pytest
from tables_for_models import load_real

from models import as_draws
from models.core.shapley import shapley_values
from models.experiments import factorial_split
from models.experiments.factorial_split import CAUSES, expect_hours, prepare

REAL = load_real("controlled_data_algorithm")
TRUTH: dict[str, Any] = {
    "level": {"124M": -0.2, "355M": 0.5},
    "gain_mean": {"algorithm": 0.8, "data": 0.4},
    "gain_slope": {"algorithm": -1.0, "data": 0.5},
    "gain": {
        "124M": {"algorithm": 1.2, "data": 0.3},
        "355M": {"algorithm": 0.6, "data": 0.6},
    },
    "interaction": {"124M": -0.4, "355M": 0.1},
    "error": 0.0,
}
DRAWN = as_draws(TRUTH, factorial_split.DIMS)


def test_gains_are_the_shapley_values_of_the_simulated_hours() -> None:
    table = factorial_split.simulate(REAL[0], TRUTH, np.random.default_rng(1))
    for scale, runs in table.groupby("scale"):
        hours = {
            tuple(c for c in CAUSES if run[c] == "new"): run["gpu_hours"]
            for run in runs.to_dict("records")
        }
        saved = shapley_values(CAUSES, lambda new, hours=hours: -np.log10(hours[new]))
        assert saved == pytest.approx(TRUTH["gain"][scale])
        on_new, on_old = hours[("data",)] / hours[tuple(CAUSES)], hours[()] / hours[("algorithm",)]
        assert np.log10(on_new / on_old) == pytest.approx(TRUTH["interaction"][scale])


def test_expected_hours_are_those_simulated_without_error() -> None:
    table = factorial_split.simulate(REAL[0], TRUTH, np.random.default_rng(1))
    expected = expect_hours(DRAWN, prepare(REAL[0])).to_numpy().ravel()
    assert expected == pytest.approx(table["gpu_hours"].to_numpy())


def test_shares_and_their_change_per_tenfold_of_parameters() -> None:
    made = factorial_split.estimands(DRAWN, *REAL)
    assert made["algorithm_share"].sel(scale="124M").item() == pytest.approx(0.8)
    assert made["algorithm_share_at_largest"].item() == pytest.approx(0.5)
    assert made["algorithm_gain_factor"].sel(scale="355M").item() == pytest.approx(10**0.6)
    change = (0.5 - 0.8) / np.log10(3.54e8 / 1.24e8)
    assert made["algorithm_share_change"].item() == pytest.approx(change)


def test_least_squares_gives_the_published_split() -> None:
    """Shapley factors of the report: 13.69 and 2.23 at 124M, 4.06 and 3.74 at 355M."""
    found = factorial_split.baseline(*REAL).set_index("key")
    published = {"algorithm": (13.69, 4.06), "data": (2.23, 3.74)}
    for cause, factors in published.items():
        for scale, factor in zip(("124M", "355M"), factors, strict=True):
            row = found.loc[f"{cause}_gain_decades[{scale}]"]
            assert 10 ** row["estimate"] == pytest.approx(factor, rel=0.02)  # hours are rounded
            assert row["upper"] - row["lower"] == pytest.approx(2 * 1.645 * 0.05, rel=0.01)


def test_scales_that_lack_a_run_are_named_and_one_scale_has_no_change() -> None:
    table, card = REAL
    assert factorial_split.unsupported_reason(table, card) == ""
    assert "['124M']" in factorial_split.unsupported_reason(table.iloc[1:], card)
    assert "all" in factorial_split.unsupported_reason(table.iloc[:0], card)
    small = table[table["scale"] == "124M"]
    made = factorial_split.estimands(DRAWN.sel(scale=["124M"]), small, card)
    assert "algorithm_share_change" not in made
    assert not factorial_split.baseline(small, card)["key"].str.contains("change").any()
