"""A truth as a posterior of one draw: numbers, labels and tables of two labels keep their place."""

import numpy as np

from models import as_draws

DIMS = {"gain": ("technique",), "gain_on": ("benchmark", "technique"), "empty": ("lab",)}


def test_number_has_one_chain_and_one_draw() -> None:
    drawn = as_draws({"rate": 0.4}, DIMS)["rate"]
    assert drawn.dims == ("chain", "draw")
    assert drawn.item() == 0.4


def test_labels_stand_with_their_values() -> None:
    drawn = as_draws({"gain": {"vote": 0.3, "tuning": 0.5}}, DIMS)["gain"]
    assert drawn.dims == ("chain", "draw", "technique")
    assert drawn.sel(technique="tuning").item() == 0.5


def test_values_of_two_labels_are_found_by_both() -> None:
    table = {
        "MATH": {"vote": 0.3, "tuning": 0.5},
        "GSM8K": {"vote": 0.1, "tuning": 0.7},
        "MMLU": {"vote": 0.2, "tuning": 0.6},
    }
    drawn = as_draws({"gain_on": table}, DIMS)["gain_on"]
    assert drawn.dims == ("chain", "draw", "benchmark", "technique")
    for benchmark, gains in table.items():
        for technique, gain in gains.items():
            assert drawn.sel(benchmark=benchmark, technique=technique).item() == gain


def test_variables_share_their_labels_whatever_their_order() -> None:
    drawn = as_draws(
        {"gain": {"vote": 0.3, "tuning": 0.5}, "gain_on": {"MATH": {"tuning": 0.5, "vote": 0.3}}},
        DIMS,
    )
    same = drawn["gain"] - drawn["gain_on"].sel(benchmark="MATH")
    np.testing.assert_allclose(same, 0)


def test_name_without_dims_is_a_number() -> None:
    assert as_draws({"other": np.float64(2)}, {})["other"].ndim == 2
