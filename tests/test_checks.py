"""What leans on the prior, what is predicted, and what other choices would have said."""

from dataclasses import replace
from functools import cache
from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from toy_posteriors import CARD, make_cell, make_estimand, sample

from pipeline.checks.predictive import check_predictions
from pipeline.checks.sensitivity import SENSITIVE, draw_prior, find_strongest, measure_sensitivity
from pipeline.checks.special_cases import compare as compare_densities
from pipeline.checks.special_cases import summarise
from pipeline.fit.cell import Cell

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


# Predictive checks: groups of rows whose outcomes the posterior does not predict stand out.

COUNT = 9
TABLE = pd.DataFrame(
    {
        "release_date": pd.date_range("2020-01-01", periods=COUNT, freq="30D"),
        "training_flop": 10.0 ** np.arange(20, 20 + COUNT)[::-1],
        "techniques": ["", "chain", "chain vote", None, "vote", "", "", "", ""],
        "benchmark": ["MATH"] * 6 + ["GSM"] * 3,
        "exclusion": pd.array([None] * COUNT, dtype="str"),
    }
)
# The compute of three rows is not known.
LACKING = TABLE.assign(training_flop=TABLE["training_flop"].where(TABLE["training_flop"] < 1e26))


def check(
    observed: np.ndarray, table: pd.DataFrame = TABLE, options: Any = None
) -> tuple[dict[str, Any], dict[str, list[dict[str, Any]]]]:
    """The check of standard normal predictions, and its groups by what they go by."""
    drawn = np.random.default_rng(1).normal(size=(2, 1000, len(observed)))
    groups = {
        "observed_data": xr.Dataset({"outcome": ("row", observed)}),
        "posterior_predictive": xr.Dataset({"outcome": (("chain", "draw", "row"), drawn)}),
    }
    card, model = replace(CARD, options=options or CARD.options), cast("Any", SimpleNamespace())
    tree = xr.DataTree.from_dict(groups)
    found = check_predictions(Cell(model, table, card, tree, xr.Dataset()))
    kinds = ("date", "compute", "technique", "benchmark")
    return found, {by: [each for each in found["groups"] if each["by"] == by] for by in kinds}


def test_group_that_is_predicted_too_low_stands_out() -> None:
    _, groups = check(np.where(np.arange(COUNT) >= 6, 5.0, 0.0))
    early, middle, late = groups["date"]
    assert late["upper"] < late["observed"] == 5.0
    assert late["p"] == 0.0
    assert early["lower"] < early["observed"] < early["upper"]
    assert middle["count"] == 3


def test_what_cannot_be_grouped_is_named_with_its_reason() -> None:
    bare = TABLE[["exclusion"]].assign(release_date=pd.Timestamp(2020, 1, 1), techniques=None)
    found, groups = check(np.zeros(COUNT), bare)
    assert found["groups"] == []
    assert set(found["skipped"]) == set(groups)
    assert found["skipped"]["technique"] == "no row carries a technique tag"


def test_rows_that_a_model_does_not_read_are_in_no_group() -> None:
    """A model may read the rows with compute alone; other counts are not understood."""
    for count in (COUNT, 6):
        _, groups = check(np.zeros(count), LACKING)
        assert sum(group["count"] for group in groups["compute"]) == 6
        assert sum(group["count"] for group in groups["date"]) == count
    found, _ = check(np.zeros(4))
    assert found["groups"] == []
    assert found["skipped"] == {"all": "the model predicts 4 values for 9 fitted rows"}


def test_right_answers_are_counted_as_a_share_of_the_questions() -> None:
    items = {"MATH": 10, "GSM": 100}
    benchmarks = {name: SimpleNamespace(item_count=count) for name, count in items.items()}
    correct = TABLE["benchmark"].map(items).to_numpy(dtype=int) // 2
    found, groups = check(correct, options=SimpleNamespace(benchmarks=benchmarks))
    assert found["outcome"] == "score"
    assert {group["observed"] for group in groups["benchmark"]} == {0.5}


# Special cases: what a choice would have said, and whether the data rule it out.


def test_differences_are_summed_over_units_with_their_standard_error() -> None:
    own = pd.Series([-1.0, -2.0, -3.0, -4.0], index=list("abcd"))
    worse = own - pd.Series([1.0, 1.2, 0.8, 1.0], index=list("abcd"))
    found = compare_densities(worse, own)
    assert found["elpd_difference"] == pytest.approx(-4.0)
    assert found["elpd_difference_se"] == pytest.approx(np.sqrt(4 * np.var([1, 1.2, 0.8, 1])), 1e-3)
    assert found["is_ruled_out"] is True
    scattered = own + pd.Series([3.0, -4.0, 3.0, -3.0], index=list("abcd"))
    assert compare_densities(scattered, own)["is_ruled_out"] is False
    kept = compare_densities(scattered, own, {"b"})
    assert (kept["units"], kept["units_left_out"]) == (3, 1)
    assert kept["elpd_difference"] == pytest.approx(3.0)


def test_shares_rates_and_coefficients_are_kept_and_what_is_not_reported_is_not() -> None:
    draws = np.linspace(0, 1, 101).reshape(1, 101)
    dims = ("chain", "draw")
    made = xr.Dataset(
        {
            "share_compute": ((*dims, "comparison"), np.stack([draws, draws * np.nan], axis=-1)),
            "rate_decades_per_year": (dims, 2 * draws),
            "score_slope": (dims, draws),
        },
        coords={"comparison": ["a", "b"]},
    )
    found = summarise(made)
    assert set(found) == {"share_compute[a]", "rate_decades_per_year"}
    assert found["share_compute[a]"] == {"median": 0.5, "lower": 0.05, "upper": 0.95}
