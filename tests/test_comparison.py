"""Stacking weights, weighted quantiles and averages, against cases worked out by hand and against
arviz-stats.
"""

from typing import Any

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from arviz_stats import compare as arviz_compare
from arviz_stats.utils import ELPDData
from real_overview import make_passed

from pipeline.site.overview import comparison
from pipeline.site.overview.cells import Passed
from pipeline.site.overview.comparison import compare, weighted_quantiles
from pipeline.site.overview.stacking import bootstrap_weights, stack

KEY = "share_compute[a-b-c]"
ENTRY = {"label": "Share", "unit": "share", "median": 0.0, "lower": 0.0, "upper": 0.0}


def make(model: str, densities: Any, draws: Any = (0.5,), **check: Any) -> Passed:
    """A model with a density for each unit, one row each; without draws where there are none."""
    units = [f"m{i}" for i in range(len(densities))]
    found = {
        "unit": "base model",
        "elpd_method": "PSIS-LOO",
        "elpd_by_unit": dict(zip(units, densities, strict=True)),
        "rows_by_unit": dict.fromkeys(units, 1),
    }
    columns = {KEY: list(draws)} if len(draws) else {}
    return make_passed(model, {KEY: ENTRY}, columns, **(found | check))


def test_models_that_are_right_on_different_units_are_mixed_as_worked_out_by_hand() -> None:
    # densities 1 and 0.2 on two units, 0.2 and 1 on one: maximise 2 log(.2 + .8 w) + log(1 - .8 w),
    # so 2 (1 - .8 w) = .2 + .8 w, w = 1.8 / 2.4
    one, fifth = 0.0, float(np.log(0.2))
    weights = stack(pd.DataFrame({"a": [one, one, fifth], "b": [fifth, fifth, one]}))
    assert weights["a"] == pytest.approx(0.75, abs=1e-5)


def test_model_that_fails_on_one_unit_far_beyond_numbers_is_still_weighed() -> None:
    weights = stack(pd.DataFrame({"a": [-1.0] * 9 + [-5000.0], "b": [-2.0] * 10}))
    assert weights.sum() == pytest.approx(1)
    assert 0 < weights["b"] < 1


def test_weights_and_differences_are_those_of_arviz() -> None:
    rng = np.random.default_rng(4)
    densities = {name: rng.normal(-1, 0.5, 60) for name in ("a", "b", "c")}
    ours = {row.model: row for row in compare([make(*pair) for pair in densities.items()]).rows}
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
        assert row.elpd == pytest.approx(found["elpd"], rel=1e-5)
        assert row.difference == pytest.approx(found["elpd_diff"], rel=1e-4)
        assert row.difference_se == pytest.approx(found["dse"], rel=1e-4)
        assert row.weight == pytest.approx(found["weight"], abs=2e-3)


def test_weight_that_one_unit_decides_is_uncertain() -> None:
    """One model is far better on one unit of twenty, the other a little on all of the rest."""
    once, rest = np.array([0.0] + [-1.0] * 19), np.array([-9.0] + [-0.8] * 19)
    weights = bootstrap_weights(pd.DataFrame({"once": once, "rest": rest}))
    sure = bootstrap_weights(pd.DataFrame({"better": rest + 1.0, "worse": rest}))
    assert weights["once"].quantile(0.95) - weights["once"].quantile(0.05) > 0.1
    np.testing.assert_allclose(sure["better"], 1.0, atol=1e-6)
    np.testing.assert_allclose(weights.sum(axis=1), 1.0)


def test_weighted_quantiles_are_those_of_the_attribution_files_and_as_worked_out_by_hand() -> None:
    values = np.random.default_rng(1).normal(size=101)
    found = weighted_quantiles(values, np.ones(101), (0.05, 0.5, 0.95))
    assert found == np.quantile(values, [0.05, 0.5, 0.95], method="inverted_cdf").tolist()
    values, weights = np.array([3.0, 1.0, 2.0]), np.array([0.2, 0.5, 0.3])
    found = weighted_quantiles(values, weights, (0.05, 0.5, 0.51, 0.8, 0.81, 1.0))
    assert found == [1, 1, 2, 2, 3, 3]
    assert weighted_quantiles(np.array([0.0, 5.0]), np.array([0.0, 1.0]), (0.5, 1.0)) == [5, 5]


def test_only_units_that_all_models_read_with_the_same_rows_are_compared() -> None:
    first, second = make("first", [-1.0] * 20), make("second", [-2.0] * 12)
    made = compare([first, second])
    assert made.shared == 12
    rows = {row.model: row for row in made.rows}
    assert (rows["first"].units, rows["first"].elpd) == (20, -12)
    assert (rows["second"].difference, rows["second"].difference_se) == (-12, 0)
    second.check["rows_by_unit"]["m3"] = 2
    assert "m3" not in comparison.align([first, second]).index


def test_average_of_equal_models_is_the_mixture_of_their_draws() -> None:
    # a model's draws share its weight, however many there are
    first, second = make("first", [-1.0] * 20, [0.0] * 10), make("second", [-1.0] * 20, [1.0] * 99)
    (estimate,) = compare([first, second]).estimates
    assert estimate.averaged == {
        "median": 0.0, "lower": 0.0, "upper": 1.0, "p_positive": 0.5, "p_finite": 1.0,
    }  # fmt: skip


def test_average_without_upper_bound_says_so() -> None:
    cell = make("first", [-1.0], [1.0] * 80 + [np.inf] * 20)
    averaged = comparison.average(KEY, [cell], {"first": 1.0})
    assert (averaged["upper"], averaged["unbounded"]) == (None, True)


def test_only_a_model_with_weight_prevents_an_average_by_its_silence() -> None:
    first = make("first", [-1.0] * 20)
    (estimate,) = compare([first, make("second", [-1.0] * 20, ())]).estimates
    assert estimate.averaged == {"reason": "no draws of it from Second"}
    (estimate,) = compare([first, make("second", [-9.0] * 20, ())]).estimates
    assert estimate.averaged["median"] == 0.5


@pytest.mark.parametrize(
    ("second", "reason"),
    [
        (make("second", [-1.0] * 4), "the models share 4 units, under 5"),
        (make_passed("second", {KEY: ENTRY}), "no predictive density by unit of Second"),
        (make("second", [-1.0] * 20, unit="row"), "different units are left out: base model, row"),
        (make("second", [-1.0] * 20, elpd_method="8-fold by lab"),
         "units are left out in different ways: 8-fold by lab, one at a time"),
        (make("second", [-1.0] * 20, elpd_method="PSIS-LOO, 3 refitted"), ""),
    ],
)  # fmt: skip
def test_models_that_cannot_be_weighed_are_shown_without_an_average(
    second: Passed, reason: str
) -> None:
    made = compare([make("first", [-1.0] * 20), second])
    assert made.reason == reason
    assert made.estimates[0].averaged.get("reason", "") == reason
    assert set(made.estimates[0].by_model) == {"first", "second"}


def test_models_that_share_few_units_have_differences_and_no_weights() -> None:
    made = compare([make("worse", [-1.0, -2.0, -3.0]), make("better", [-0.5, -1.0, -3.0])])
    assert [(row.model, row.difference) for row in made.rows] == [("better", 0), ("worse", -1.5)]
    assert made.rows[1].difference_se == pytest.approx(np.sqrt(3 * np.var([-0.5, -1.0, 0.0])), 1e-5)
    assert made.weights == {}


def test_headline_rate_every_share_and_the_reverse_tests_are_averaged() -> None:
    headline, rate, reverse = "share_compute[y]", comparison.RATE, "reverse_test_flop[GPT-2]"
    others = [reverse, "reverse_test_moles[GPT-2]", "share_trend[x]", "share_compute[x]", rate]
    cell = make_passed("first", dict.fromkeys([headline, *others, "slope"], ENTRY))
    assert comparison.list_keys([cell]) == [headline, rate, "share_compute[x]", reverse]
