"""Models of one dataset compared, against cases worked out by hand and against arviz-stats."""

from typing import Any

import numpy as np
import pytest
import xarray as xr
from arviz_stats import compare as arviz_compare
from arviz_stats.utils import ELPDData
from real_overview import make_passed

from pipeline.site.overview import comparison
from pipeline.site.overview.cells import Passed
from pipeline.site.overview.comparison import compare

KEY = "share_compute[a-b-c]"


def make(model: str, densities: Any, **check: Any) -> Passed:
    """A model with a density for each unit, one row each."""
    units = [f"m{i}" for i in range(len(densities))]
    found = {
        "unit": "base model",
        "elpd_method": "PSIS-LOO",
        "elpd_by_unit": dict(zip(units, densities, strict=True)),
        "rows_by_unit": dict.fromkeys(units, 1),
    }
    return make_passed(model, {KEY: {}}, **(found | check))


def test_differences_are_those_of_arviz() -> None:
    rng = np.random.default_rng(4)
    densities = {name: rng.normal(-1, 0.5, 60) for name in ("a", "b", "c")}
    ours = {row["model"]: row for row in compare([make(*pair) for pair in densities.items()]).rows}
    given = {
        name: ELPDData(
            elpd=each.sum(), se=1.0, p=1.0, n_samples=1, n_data_points=60, scale="log",
            warning=False, good_k=0.7, elpd_i=xr.DataArray(each, dims="unit"),
        )
        for name, each in densities.items()
    }  # fmt: skip
    theirs = arviz_compare(given, round_to="none")
    for name, row in ours.items():
        found = theirs.loc[name]
        assert row["elpd"] == pytest.approx(found["elpd"], rel=1e-5)
        assert row["difference"] == pytest.approx(found["elpd_diff"], rel=1e-4)
        assert row["difference_se"] == pytest.approx(found["dse"], rel=1e-4)


def test_only_units_that_all_models_read_with_the_same_rows_are_compared() -> None:
    first, second = make("first", [-1.0] * 20), make("second", [-2.0] * 12)
    made = compare([first, second])
    assert made.shared == 12
    rows = {row["model"]: row for row in made.rows}
    assert (rows["first"]["units"], rows["first"]["elpd"]) == (20, -12)
    assert (rows["second"]["difference"], rows["second"]["difference_se"]) == (-12, 0)
    second.check["rows_by_unit"]["m3"] = 2
    assert "m3" not in comparison.align([first, second]).index


@pytest.mark.parametrize(
    ("second", "reason"),
    [
        (make_passed("second", {KEY: {}}), "no predictive density by unit of Second"),
        (make("second", [-1.0] * 20, unit="row"), "different units are left out: base model, row"),
        (make("second", [-1.0] * 20, rows_by_unit={f"m{i}": 2 for i in range(20)}),
         "the models share no unit"),
        (make("second", [-1.0] * 20, elpd_method="8-fold by lab"),
         "units are left out in different ways: 8-fold by lab, one at a time"),
        (make("second", [-1.0] * 20, elpd_method="PSIS-LOO, 3 refitted"), ""),
    ],
)  # fmt: skip
def test_models_that_cannot_be_compared_are_listed_with_the_reason(
    second: Passed, reason: str
) -> None:
    made = compare([make("first", [-1.0] * 20), second])
    assert made.reason == reason
    assert [row["model"] for row in made.rows] == ["first", "second"]
    assert (made.rows[1]["difference"] is None) == bool(reason)
