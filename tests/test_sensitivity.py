"""Sensitivity: what leans on the prior is named, and on which; what does not, is not."""

from typing import Any

import numpy as np
import pytest
import xarray as xr
from toy_posteriors import make_cell, make_estimand, sample

from pipeline.checks.sensitivity import (
    SENSITIVE,
    draw_prior,
    find_strongest,
    measure_sensitivity,
    width,
)


def make_sensitivity(prior_scale: float, **further: np.ndarray) -> dict[str, Any]:
    """Sensitivity of a normal mean whose prior has a scale, given 20 observations of unit error.

    `further` are log densities of other variables, by name.
    """
    observed = np.random.default_rng(3).normal(1.0, 1.0, 20)
    precision = 20 + prior_scale**-2
    mean = sample(seed=6) / np.sqrt(precision) + observed.sum() / precision
    dims = ("chain", "draw")
    cell = make_cell({"mean": mean}, xr.Dataset({"mean": make_estimand(mean, is_headline=True)}))
    log_prior = -0.5 * (mean / prior_scale) ** 2
    log_likelihood = -0.5 * (observed - mean[..., None]) ** 2
    densities = {"mean": log_prior} | further
    cell.tree["log_prior"] = xr.DataTree(
        xr.Dataset({name: (dims, density) for name, density in densities.items()})
    )
    cell.tree["log_likelihood"] = xr.DataTree(
        xr.Dataset({"outcome": ((*dims, "row"), log_likelihood)})
    )
    before = np.random.default_rng(4).normal(0.0, prior_scale, (1, 1000))
    cell.tree["prior"] = xr.DataTree(xr.Dataset({"mean": (dims, before)}))
    return measure_sensitivity(cell)


def test_data_that_say_nothing_leave_the_headline_to_the_prior() -> None:
    assert make_sensitivity(0.02)["driven_by_prior"] == ["mean"]


def test_width_is_that_of_the_posterior_over_that_of_the_prior() -> None:
    found = make_sensitivity(1.0)["prior_sensitivity"]["mean"]["width_ratio"]
    assert found == pytest.approx(1 / np.sqrt(21), rel=0.1)


def test_wide_prior_does_not_drive_the_headline() -> None:
    measured = make_sensitivity(10.0)
    assert measured["prior_sensitivity"]["mean"]["prior"] < SENSITIVE
    assert measured["prior_sensitivity"]["mean"]["likelihood"] > SENSITIVE
    assert measured["driven_by_prior"] == []


def test_narrow_prior_shows_in_the_sensitivity() -> None:
    narrow = make_sensitivity(0.1)["prior_sensitivity"]["mean"]["prior"]
    assert narrow > make_sensitivity(10.0)["prior_sensitivity"]["mean"]["prior"]
    assert narrow > SENSITIVE


def test_density_of_offsets_is_no_part_of_the_prior() -> None:
    assert make_sensitivity(1.0, offset=sample(seed=7)) == make_sensitivity(1.0)


def test_no_headline_has_no_sensitivity() -> None:
    assert measure_sensitivity(make_cell({"rate": sample()})) == {
        "prior_sensitivity": {},
        "driven_by_prior": [],
        "driven_by": {},
    }


def test_data_that_say_nothing_name_the_prior_that_speaks_instead() -> None:
    assert make_sensitivity(0.02)["driven_by"] == {"mean": ["mean"]}


def test_prior_to_which_a_headline_is_most_sensitive_is_named() -> None:
    dims = ("chain", "draw")
    mean, other = sample(seed=6), sample(seed=7)
    log_prior = {"mean": (dims, -0.5 * mean**2), "other": (dims, -0.5 * other**2)}
    tree = xr.DataTree.from_dict({"log_prior": xr.Dataset(log_prior)})
    driven = {"share": xr.DataArray(other, dims=dims), "rate": xr.DataArray(mean, dims=dims)}
    assert find_strongest(tree, driven) == {"share": ["other"], "rate": ["mean"]}


def make_shares(**parts: np.ndarray) -> xr.Dataset:
    """Estimands of one step whose share of compute is not reported."""
    named = {f"decades_{name}": values for name, values in parts.items()}
    blank = {"share_compute": np.full_like(parts["compute"], np.nan)}
    return xr.Dataset(
        {
            name: xr.DataArray(
                values[..., None],
                dims=("chain", "draw", "step"),
                coords={"step": ["a-b"]},
                attrs={"label": "L", "unit": "U"},
            )
            for name, values in (named | blank).items()
        }
    )


def test_prior_share_that_is_not_reported_is_taken_from_its_parts() -> None:
    compute, trend = np.full((4, 1000), 2.0), sample()
    absent = np.full_like(compute, np.nan)
    cell = make_cell({"rate": sample()})
    cell.tree["prior"] = xr.DataTree(make_shares(compute=compute, trend=trend, lab=absent))
    drawn = draw_prior(cell, ["share_compute[a-b]"])["share_compute[a-b]"]
    np.testing.assert_allclose(drawn.to_numpy(), compute / (compute + trend))


def test_width_of_a_ratio_does_not_depend_on_its_tails() -> None:
    draws = xr.DataArray(np.linspace(0.0, 1.0, 1001), dims="draw")
    heavy = draws.where(draws < 0.99, 1e9)
    assert width(heavy) == pytest.approx(width(draws)) == pytest.approx(0.9)
