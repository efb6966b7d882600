"""Predictive checks: groups of rows whose outcomes the posterior does not predict stand out."""

from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from models import Card, Model
from models.options import EfficiencyOptions
from pipeline.checks.predictive import check_predictions, compare, list_groups
from pipeline.fit.cell import Cell

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


def make_cell(table: pd.DataFrame, observed: np.ndarray, options: Any = None) -> Cell:
    """A cell that predicts standard normal outcomes for every observed one."""
    drawn = np.random.default_rng(1).normal(size=(2, 1000, len(observed)))
    groups = {
        "observed_data": xr.Dataset({"outcome": ("row", observed)}),
        "posterior_predictive": xr.Dataset({"outcome": (("chain", "draw", "row"), drawn)}),
    }
    default = EfficiencyOptions(headline_target="a", reference_resource={"a": 1.0})
    card = Card("toys", "efficiency", options or default)
    tree = xr.DataTree.from_dict(groups)
    return Cell(cast("Model", SimpleNamespace()), table, card, tree, xr.Dataset())


def find(found: dict[str, Any], by: str) -> list[dict[str, Any]]:
    return [group for group in found["groups"] if group["by"] == by]


def test_group_that_is_predicted_too_low_stands_out() -> None:
    observed = np.where(np.arange(COUNT) >= 6, 5.0, 0.0)
    early, middle, late = find(check_predictions(make_cell(TABLE, observed)), "date")
    assert late["upper"] < late["observed"] == 5.0
    assert late["p"] == 0.0
    assert early["lower"] < early["observed"] < early["upper"]
    assert middle["count"] == 3


def test_interval_of_a_mean_is_of_90_percent() -> None:
    predicted = np.linspace(0, 1, 1001)[:, None] * np.ones((1, 3))
    found = compare(np.full(3, 0.25), predicted, np.array([True, True, False]))
    assert (found["lower"], found["median"], found["upper"]) == (0.05, 0.5, 0.95)
    assert found["p"] == pytest.approx(0.75, abs=1e-3)


def test_rows_stand_in_thirds_and_under_each_of_their_tags() -> None:
    groups = {by: found for by, (found, _) in list_groups(TABLE).items()}
    assert [int(mask.sum()) for mask in groups["compute"].values()] == [3, 3, 3]
    assert {tag: int(mask.sum()) for tag, mask in groups["technique"].items()} == {
        "chain": 2,
        "vote": 2,
        "none": 6,
    }
    assert list(groups["benchmark"]) == ["MATH", "GSM"]


def test_rows_of_one_date_stay_together() -> None:
    dates = [*TABLE["release_date"][:3], *[TABLE["release_date"][3]] * 6]
    found, _ = list_groups(TABLE.assign(release_date=dates))["date"]
    assert sorted(int(mask.sum()) for mask in found.values()) == [3, 6]


def test_what_cannot_be_grouped_is_named_with_its_reason() -> None:
    bare = TABLE[["exclusion"]].assign(release_date=pd.Timestamp(2020, 1, 1), techniques=None)
    found = check_predictions(make_cell(bare, np.zeros(COUNT)))
    assert found["groups"] == []
    assert set(found["skipped"]) == {"date", "compute", "technique", "benchmark"}
    assert found["skipped"]["technique"] == "no row carries a technique tag"


def test_unknown_values_are_in_no_third() -> None:
    table = TABLE.assign(training_flop=TABLE["training_flop"].where(TABLE["training_flop"] < 1e26))
    groups = find(check_predictions(make_cell(table, np.zeros(COUNT))), "compute")
    assert sum(group["count"] for group in groups) == 6


def test_model_that_reads_other_rows_is_skipped_with_the_counts() -> None:
    found = check_predictions(make_cell(TABLE, np.zeros(4)))
    assert found["groups"] == []
    assert found["skipped"] == {"all": "the model predicts 4 values for 9 fitted rows"}


def test_model_that_reads_only_rows_with_compute_is_checked_on_those() -> None:
    table = TABLE.assign(training_flop=TABLE["training_flop"].where(TABLE["training_flop"] < 1e26))
    found = check_predictions(make_cell(table, np.zeros(6)))
    assert sum(group["count"] for group in find(found, "date")) == 6


def test_right_answers_are_counted_as_a_share_of_the_questions() -> None:
    items = {"MATH": 10, "GSM": 100}
    benchmarks = {name: SimpleNamespace(item_count=count) for name, count in items.items()}
    correct = TABLE["benchmark"].map(items).to_numpy(dtype=int) // 2
    cell = make_cell(TABLE, correct, SimpleNamespace(benchmarks=benchmarks))
    found = check_predictions(cell)
    assert found["outcome"] == "score"
    assert {group["observed"] for group in find(found, "benchmark")} == {0.5}
