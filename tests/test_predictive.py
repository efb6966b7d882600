"""Predictive checks: groups of rows whose outcomes the posterior does not predict stand out."""

from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from models import Card
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
    default = EfficiencyOptions(headline_target="a", reference_resource={"a": 1.0})
    card, model = Card("toys", "efficiency", options or default), cast("Any", SimpleNamespace())
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


def test_interval_of_a_mean_is_of_90_percent() -> None:
    predicted = np.linspace(0, 1, 1001)[:, None] * np.ones((1, 3))
    found = compare(np.full(3, 0.25), predicted, np.array([True, True, False]))
    assert (found["lower"], found["median"], found["upper"]) == (0.05, 0.5, 0.95)
    assert found["p"] == pytest.approx(0.75, abs=1e-3)


def test_rows_stand_in_thirds_of_whole_dates_and_under_each_of_their_tags() -> None:
    dates = [*TABLE["release_date"][:3], *[TABLE["release_date"][3]] * 6]
    counts = {
        by: [int(mask.sum()) for mask in found.values()]
        for by, (found, _) in list_groups(TABLE.assign(release_date=dates)).items()
    }
    assert sorted(counts["date"]) == [3, 6]
    assert counts["compute"] == [3, 3, 3]
    found, _ = list_groups(TABLE)["technique"]
    tagged = {tag: int(mask.sum()) for tag, mask in found.items()}
    assert tagged == {"chain": 2, "vote": 2, "none": 6}
    assert counts["benchmark"] == [6, 3]


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
