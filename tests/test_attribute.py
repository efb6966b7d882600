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


def make(values: np.ndarray, targets: list[str] | None = None, **attributes: Any) -> xr.Dataset:
    """One estimand `rate` of two chains, with a last axis of `targets` if given."""
    dims = ["chain", "draw"] + (["target"] if targets else [])
    shape = (2, -1, len(targets)) if targets else (2, -1)
    variable = xr.DataArray(
        np.reshape(values, shape),
        dims=dims,
        coords={"target": targets} if targets else None,
        attrs={"label": "Rate", "unit": "decades per year"} | attributes,
    )
    return xr.Dataset({"rate": variable})


def summarise(values: np.ndarray, **attributes: Any) -> dict[str, Any]:
    return attribute(make(values, **attributes))["rate"]


def test_interval_is_equal_tailed_and_of_90_percent() -> None:
    entry = summarise(DRAWS)
    assert (entry["lower"], entry["median"], entry["upper"]) == (50.0, 500.0, 950.0)
    assert entry["prob"] == 0.9


def test_entry_has_label_and_unit() -> None:
    entry = summarise(DRAWS)
    assert (entry["label"], entry["unit"]) == ("Rate", "decades per year")


def test_quantiles_pool_the_chains() -> None:
    assert summarise(np.repeat([0.0, 1.0], 500))["p_positive"] == 0.5


def test_numbers_have_six_significant_digits() -> None:
    entry = summarise(DRAWS * 1.23456789)
    assert entry["median"] == 617.284
    assert summarise(np.full(100, 1.23456789e24))["median"] == 1.23457e24


def test_share_of_draws_above_zero_is_given() -> None:
    assert summarise(np.linspace(-1.0, 3.0, 1000))["p_positive"] == 0.75


def test_zero_is_not_positive() -> None:
    assert summarise(np.zeros(100))["p_positive"] == 0.0


def test_quantity_positive_by_construction_has_no_share_above_zero() -> None:
    assert summarise(DRAWS, is_positive=True)["p_positive"] is None


def test_infinite_quantile_is_null_and_unbounded() -> None:
    entry = summarise(np.where(DRAWS > 900, np.inf, DRAWS))
    assert (entry["lower"], entry["median"], entry["upper"]) == (50.0, 500.0, None)
    assert entry["unbounded"] is True
    assert entry["p_finite"] == 0.9


def test_few_infinite_draws_leave_the_interval_bounded() -> None:
    entry = summarise(np.where(DRAWS > 980, np.inf, DRAWS))
    assert entry["upper"] == 950.0
    assert "unbounded" not in entry


@pytest.mark.parametrize("sign", [1, -1])
def test_quantity_infinite_in_every_draw_has_no_number(sign: int) -> None:
    entry = summarise(np.full(100, sign * np.inf))
    assert [entry[part] for part in ("median", "lower", "upper")] == [None] * 3
    assert (entry["unbounded"], entry["p_finite"]) == (True, 0.0)


@pytest.mark.parametrize("count", [1, 1000])
def test_draws_that_are_no_numbers_are_refused_without_a_reason(count: int) -> None:
    with pytest.raises(ValueError, match=r"Rate: .* are not numbers, and no reason"):
        summarise(np.where(count >= DRAWS, np.nan, DRAWS))


def test_quantity_that_is_not_reported_is_null_with_its_reason() -> None:
    values = np.stack([DRAWS, np.full(1000, np.nan)], axis=1)
    entries = attribute(make(values, ["first", "second"], reasons={"second": "too few rows"}))
    assert entries["rate[first]"]["median"] == 500.0
    assert "reason" not in entries["rate[first]"]
    silent = entries["rate[second]"]
    assert silent["reason"] == "too few rows"
    assert {silent[part] for part in ("median", "lower", "upper", "p_positive", "p_finite")} == {
        None
    }


def test_key_is_name_and_label() -> None:
    values = np.stack([DRAWS, DRAWS], axis=1)
    assert list(attribute(make(values, ["Gopher 280B", "5.76e23"]))) == [
        "rate[Gopher 280B]",
        "rate[5.76e23]",
    ]


def test_key_attribute_replaces_the_name_of_the_variable() -> None:
    values = np.stack([DRAWS, DRAWS], axis=1)
    pooled = make(DRAWS, key="rate")["rate"]
    family = make(values, ["a", "b"])["rate"]
    entries = attribute(xr.Dataset({"rate": family, "pooled_rate": pooled}))
    assert set(entries) == {"rate", "rate[a]", "rate[b]"}


def test_number_as_label_keeps_its_text() -> None:
    entries = attribute(make(DRAWS[:, None], ["1"]).assign_coords(target=["1.0e+21"]))
    assert list(entries) == ["rate[1.0e+21]"]


def test_each_draw_counts_once_whatever_the_order() -> None:
    shuffled = np.random.default_rng(1).permutation(DRAWS)
    assert summarise(shuffled) == summarise(DRAWS)


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


def test_draws_have_a_column_a_key_and_rows_chain_after_chain() -> None:
    values = np.stack([DRAWS, -DRAWS], axis=1)
    frame = draw_frame(make(values, ["a", "b"]))
    assert list(frame) == ["rate[a]", "rate[b]"]
    np.testing.assert_array_equal(frame["rate[a]"], DRAWS)
    np.testing.assert_array_equal(frame["rate[b]"], -DRAWS)


def test_draws_are_thinned_evenly_and_rows_stay_together() -> None:
    many = np.arange(7001.0 * 2)
    frame = draw_frame(make(np.stack([many, -many], axis=1), ["a", "b"]))
    assert len(frame) == KEPT_DRAWS
    assert set(np.diff(frame["rate[a]"])) == {7.0, 8.0}
    np.testing.assert_array_equal(frame["rate[a]"], -frame["rate[b]"])


def test_draws_of_what_is_not_reported_are_left_out() -> None:
    values = np.stack([DRAWS, np.full(1000, np.nan)], axis=1)
    frame = draw_frame(make(values, ["a", "b"], reasons={"b": "too few rows"}))
    assert list(frame) == ["rate[a]"]
