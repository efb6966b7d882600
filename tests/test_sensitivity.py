"""Sensitivity: what leans on the prior is named, and on which; what does not, is not."""

from functools import cache
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

DIMS = ("chain", "draw")


@cache
def measure(prior_scale: float, has_offset: bool = False) -> dict[str, Any]:
    """Sensitivity of a normal mean whose prior has a scale, given 20 observations of unit error."""
    observed = np.random.default_rng(3).normal(1.0, 1.0, 20)
    precision = 20 + prior_scale**-2
    mean = sample(seed=6) / np.sqrt(precision) + observed.sum() / precision
    cell = make_cell({"mean": mean}, xr.Dataset({"mean": make_estimand(mean, is_headline=True)}))
    log_prior = {"mean": (DIMS, -0.5 * (mean / prior_scale) ** 2)}
    log_prior |= {"offset": (DIMS, sample(seed=7))} if has_offset else {}
    log_likelihood = -0.5 * (observed - mean[..., None]) ** 2
    before = np.random.default_rng(4).normal(0.0, prior_scale, (1, 1000))
    groups: dict[str, Any] = {
        "log_prior": log_prior,
        "log_likelihood": {"outcome": ((*DIMS, "row"), log_likelihood)},
        "prior": {"mean": (DIMS, before)},
    }
    for name, variables in groups.items():
        cell.tree[name] = xr.DataTree(xr.Dataset(variables))
    return measure_sensitivity(cell)


def test_headline_is_driven_by_a_prior_that_says_more_than_the_data() -> None:
    wide, narrow = (measure(scale)["prior_sensitivity"]["mean"] for scale in (10.0, 0.1))
    assert wide["prior"] < SENSITIVE < wide["likelihood"]
    assert narrow["prior"] > SENSITIVE
    assert (measure(10.0)["driven_by_prior"], measure(10.0)["driven_by"]) == ([], {})
    blind = measure(0.02)  # data say nothing, and no sensitivity shows
    assert (blind["driven_by_prior"], blind["driven_by"]) == (["mean"], {"mean": ["mean"]})
    ratio = measure(1.0)["prior_sensitivity"]["mean"]["width_ratio"]
    assert ratio == pytest.approx(1 / np.sqrt(21), rel=0.1)  # of posterior and prior
    assert measure(1.0, has_offset=True) == measure(1.0)  # offsets have no stated prior
    none = measure_sensitivity(make_cell({"rate": sample()}))  # no headline
    assert none == {"prior_sensitivity": {}, "driven_by_prior": [], "driven_by": {}}


def test_prior_to_which_a_headline_is_most_sensitive_is_named() -> None:
    mean, other = sample(seed=6), sample(seed=7)
    log_prior = {"mean": (DIMS, -0.5 * mean**2), "other": (DIMS, -0.5 * other**2)}
    tree = xr.DataTree.from_dict({"log_prior": xr.Dataset(log_prior)})
    driven = {"share": xr.DataArray(other, dims=DIMS), "rate": xr.DataArray(mean, dims=DIMS)}
    assert find_strongest(tree, driven) == {"share": ["other"], "rate": ["mean"]}


def test_prior_share_that_is_not_reported_is_taken_from_its_parts() -> None:
    compute, trend = np.full((4, 1000), 2.0), sample()
    drawn = {"decades_compute": compute, "decades_trend": trend}
    drawn |= dict.fromkeys(("decades_lab", "share_compute"), compute * np.nan)
    variables = {name: ((*DIMS, "step"), draws[..., None]) for name, draws in drawn.items()}
    estimands = xr.Dataset(variables, {"step": ["a-b"]})
    cell = make_cell({"rate": sample()})
    cell.tree["prior"] = xr.DataTree(estimands.map(lambda each: each.assign_attrs(label="L")))
    found = draw_prior(cell, ["share_compute[a-b]"])["share_compute[a-b]"]
    np.testing.assert_allclose(found.to_numpy(), compute / (compute + trend))


def test_width_of_a_ratio_does_not_depend_on_its_tails() -> None:
    draws = xr.DataArray(np.linspace(0.0, 1.0, 1001), dims="draw")
    heavy = draws.where(draws < 0.99, 1e9)
    assert width(heavy) == pytest.approx(width(draws)) == pytest.approx(0.9)
