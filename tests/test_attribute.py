"""Attribute: medians and 90 % intervals over draws, with what cannot be reported said as such."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from pipeline.core.layout import Layout
from pipeline.fit.attribute import KEPT_DRAWS, attribute, draw_frame, write_attributions

DRAWS = np.arange(1.0, 1001.0)  # quantiles that can be read off: 50, 500 and 950
READ_OFF = {"lower": 50.0, "median": 500.0, "upper": 950.0, "prob": 0.9, "p_finite": 1.0}
NOTHING = {"lower": None, "median": None, "upper": None, "unbounded": True, "p_finite": 0.0}


def make(values: np.ndarray, targets: list[str] | None = None, **attributes: Any) -> xr.Dataset:
    """One estimand `rate` of two chains, with a last axis of `targets` if given."""
    dims = ["chain", "draw"] + (["target"] if targets else [])
    variable = xr.DataArray(
        np.reshape(values, (2, -1, len(targets)) if targets else (2, -1)),
        dims=dims,
        coords={"target": targets} if targets else None,
        attrs={"label": "Rate", "unit": "decades per year"} | attributes,
    )
    return xr.Dataset({"rate": variable})


def pair(second: np.ndarray) -> np.ndarray:
    return np.stack([DRAWS, second], axis=1)


@pytest.mark.parametrize(
    ("draws", "attributes", "expected"),
    [
        (DRAWS, {}, READ_OFF | {"label": "Rate", "unit": "decades per year"}),
        (np.random.default_rng(1).permutation(DRAWS), {}, READ_OFF | {"p_positive": 1.0}),
        (DRAWS, {"is_positive": True}, READ_OFF | {"p_positive": None}),  # by construction
        (np.repeat([0.0, 1.0], 500), {}, {"p_positive": 0.5}),  # a chain each
        (np.linspace(-1.0, 3.0, 1000), {}, {"p_positive": 0.75}),
        (DRAWS * 1.23456789, {}, {"median": 617.284}),
        (np.full(100, 1.23456789e24), {}, {"median": 1.23457e24}),
        (np.where(DRAWS > 980, np.inf, DRAWS), {}, READ_OFF | {"p_finite": 0.98}),
        (
            np.where(DRAWS > 900, np.inf, DRAWS),
            {},
            READ_OFF | {"upper": None, "unbounded": True, "p_finite": 0.9},
        ),
        (np.full(100, np.inf), {}, NOTHING),
        (np.full(100, -np.inf), {}, NOTHING),
    ],
)
def test_entry_holds_the_quantiles_of_all_chains_and_the_share_above_zero(
    draws: np.ndarray, attributes: dict[str, Any], expected: dict[str, Any]
) -> None:
    entry = attribute(make(draws, **attributes))["rate"]
    assert {key: entry[key] for key in expected} == expected
    assert ("unbounded" in entry) == ("unbounded" in expected)


@pytest.mark.parametrize("count", [1, 1000])
def test_draws_that_are_no_numbers_are_refused_without_a_reason(count: int) -> None:
    with pytest.raises(ValueError, match=r"Rate: .* are not numbers, and no reason"):
        attribute(make(np.where(count >= DRAWS, np.nan, DRAWS)))


def test_quantity_that_is_not_reported_is_null_with_its_reason_and_has_no_draws() -> None:
    made = make(pair(np.full(1000, np.nan)), ["a", "1.0e+21"], reasons={"1.0e+21": "too few rows"})
    pooled = make(DRAWS, key="rate")["rate"]  # takes the key of another variable
    assert set(attribute(made.assign(pooled_rate=pooled))) == {"rate", "rate[a]", "rate[1.0e+21]"}
    entries = attribute(made)
    assert entries["rate[a]"]["median"] == 500.0
    assert "reason" not in entries["rate[a]"]
    silent = entries["rate[1.0e+21]"]
    assert silent["reason"] == "too few rows"
    numbers = ("median", "lower", "upper", "p_positive", "p_finite")
    assert {silent[part] for part in numbers} == {None}
    assert list(draw_frame(made)) == ["rate[a]"]


def test_files_hold_the_same_numbers_and_the_same_bytes_each_time(tmp_path: Path) -> None:
    estimands, layout = make(np.where(DRAWS > 900, np.inf, DRAWS)), Layout(tmp_path)
    assert write_attributions(layout, "toys-toy", estimands) == 1
    path = layout.attribution("toys-toy")
    entries = json.loads(path.read_text(encoding="utf-8"))
    frame = pd.read_csv(path.with_suffix(".csv")).set_index("key")
    assert entries == attribute(estimands)
    assert frame.loc["rate", "median"] == entries["rate"]["median"]
    assert np.isnan(frame.loc["rate", "upper"])
    draws = layout.draws("toys-toy")
    pd.testing.assert_frame_equal(pd.read_parquet(draws), draw_frame(estimands))
    before = draws.read_bytes()
    write_attributions(layout, "toys-toy", estimands)
    assert draws.read_bytes() == before


def test_draws_are_thinned_evenly_chain_after_chain_and_rows_stay_together() -> None:
    many = np.arange(7001.0 * 2)
    frame = draw_frame(make(np.stack([many, -many], axis=1), ["a", "b"]))
    assert list(frame) == ["rate[a]", "rate[b]"]
    assert len(frame) == KEPT_DRAWS
    assert set(np.diff(frame["rate[a]"])) == {7.0, 8.0}
    np.testing.assert_array_equal(frame["rate[a]"], -frame["rate[b]"])
