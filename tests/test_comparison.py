"""Stacking weights, weighted quantiles and averages, against cases worked out by hand."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from pipeline.site.overview import comparison
from pipeline.site.overview.comparison import Candidate

KEY = "share_compute[a-b-c]"
UNITS = [f"m{i}" for i in range(20)]


def make_candidate(
    model: str, log_density: list[float], draws: list[float], units: list[str] = UNITS
) -> Candidate:
    entry = {"label": "Share", "unit": "share", "median": 0.0, "lower": 0.0, "upper": 0.0}
    return Candidate(
        model=model,
        title=model.title(),
        unit="base model",
        method="PSIS-LOO",
        density=pd.Series(log_density, index=units[: len(log_density)]),
        row_counts=pd.Series(1, index=units[: len(log_density)]),
        attributions={KEY: entry},
        draws=pd.DataFrame({KEY: draws}),
    )


def make_densities(**columns: list[float]) -> pd.DataFrame:
    return pd.DataFrame(columns)


def test_model_that_is_better_everywhere_has_all_the_weight() -> None:
    weights = comparison.stack(make_densities(good=[-1.0] * 6, bad=[-3.0] * 6))
    assert weights["good"] == pytest.approx(1, abs=1e-6)


def test_equal_models_share_the_weight() -> None:
    weights = comparison.stack(make_densities(a=[-1.0, -2.0], b=[-1.0, -2.0], c=[-1.0, -2.0]))
    assert weights.tolist() == pytest.approx([1 / 3] * 3)


def test_models_that_are_right_on_different_units_are_mixed_as_worked_out_by_hand() -> None:
    # densities 1 and 0.2 on two units, 0.2 and 1 on one: maximise 2 log(.2 + .8 w) + log(1 - .8 w),
    # so 2 (1 - .8 w) = .2 + .8 w, w = 1.8 / 2.4
    one, fifth = 0.0, float(np.log(0.2))
    weights = comparison.stack(make_densities(a=[one, one, fifth], b=[fifth, fifth, one]))
    assert weights["a"] == pytest.approx(0.75, abs=1e-5)


def test_weights_do_not_change_when_a_unit_is_harder_for_all() -> None:
    densities = make_densities(a=[-1.0, -2.0, -1.5], b=[-1.2, -1.1, -2.5])
    harder = densities.sub([0.0, 500.0, 3.0], axis=0)
    assert comparison.stack(harder).tolist() == pytest.approx(
        comparison.stack(densities).tolist(), abs=1e-6
    )


def test_model_that_fails_on_one_unit_far_beyond_numbers_is_still_weighed() -> None:
    weights = comparison.stack(make_densities(a=[-1.0] * 9 + [-5000.0], b=[-2.0] * 10))
    assert weights.sum() == pytest.approx(1)
    assert 0 < weights["b"] < 1


def test_weight_that_one_unit_decides_is_uncertain() -> None:
    """One model is far better on one unit of twenty, the other a little on all of the rest."""
    once = np.array([0.0] + [-1.0] * 19)
    rest = np.array([-9.0] + [-0.8] * 19)
    weights = comparison.bootstrap_weights(pd.DataFrame({"once": once, "rest": rest}))
    sure = comparison.bootstrap_weights(pd.DataFrame({"better": rest + 1.0, "worse": rest}))
    assert weights["once"].quantile(0.95) - weights["once"].quantile(0.05) > 0.1
    np.testing.assert_allclose(sure["better"], 1.0, atol=1e-6)
    np.testing.assert_allclose(weights.sum(axis=1), 1.0)


def test_weights_of_units_that_count_alike_are_those_of_stacking() -> None:
    """The mean of the weights over masses is near the weights themselves; the draws repeat."""
    rng = np.random.default_rng(4)
    densities = pd.DataFrame(rng.normal(-1, 0.5, (400, 2)), columns=["a", "b"])
    again = comparison.bootstrap_weights(densities)
    assert abs(again["a"].mean() - comparison.stack(densities)["a"]) < 0.05
    pd.testing.assert_frame_equal(again, comparison.bootstrap_weights(densities))


def test_difference_has_the_standard_error_of_a_sum_of_paired_differences() -> None:
    one, best = pd.Series([-2.0, -4.0, -3.0]), pd.Series([-1.0, -1.0, -1.0])
    difference, error = comparison.measure_difference(one, best)
    assert difference == -6
    assert error == pytest.approx(np.sqrt(3 * (2 / 3)))  # differences -1, -3, -2


def test_equal_weights_give_the_quantiles_of_the_attribution_files() -> None:
    values = np.random.default_rng(1).normal(size=101)
    found = comparison.weighted_quantiles(values, np.ones(101), (0.05, 0.5, 0.95))
    assert found == np.quantile(values, [0.05, 0.5, 0.95], method="inverted_cdf").tolist()


def test_weighted_quantiles_as_worked_out_by_hand() -> None:
    values, weights = np.array([3.0, 1.0, 2.0]), np.array([0.2, 0.5, 0.3])
    found = comparison.weighted_quantiles(values, weights, (0.05, 0.5, 0.51, 0.8, 0.81, 1.0))
    assert found == [1, 1, 2, 2, 3, 3]


def test_value_without_weight_is_never_a_quantile() -> None:
    found = comparison.weighted_quantiles(np.array([0.0, 5.0]), np.array([0.0, 1.0]), (0.5, 1.0))
    assert found == [5, 5]


def test_only_units_that_all_models_read_are_compared() -> None:
    first = make_candidate("first", [-1.0] * 20, [0.1])
    second = make_candidate("second", [-2.0] * 12, [0.9])
    made = comparison.compare("toys", "Toys", [first, second], KEY)
    assert made.shared == 12
    by_model = {row.model: row for row in made.rows}
    assert (by_model["first"].units, by_model["first"].elpd) == (20, -12)
    assert (by_model["second"].difference, by_model["second"].difference_se) == (-12, 0)


def test_order_of_the_units_does_not_matter() -> None:
    first = make_candidate("first", [float(-i) for i in range(20)], [0.1])
    backwards = replace(first, model="second", density=first.density[::-1])
    made = comparison.compare("toys", "Toys", [first, backwards], KEY)
    assert [row.difference for row in made.rows] == [0, 0]
    assert [row.weight for row in made.rows] == [0.5, 0.5]


def test_average_of_equal_models_is_the_mixture_of_their_draws() -> None:
    # as many draws of each do not have to be there: a model's draws share its weight
    first = make_candidate("first", [-1.0] * 20, [0.0] * 10)
    second = make_candidate("second", [-1.0] * 20, [1.0] * 1000)
    (estimate,) = comparison.compare("toys", "Toys", [first, second], KEY).estimates
    assert estimate.averaged == {
        "median": 0.0, "lower": 0.0, "upper": 1.0, "p_positive": 0.5, "p_finite": 1.0,
    }  # fmt: skip


def test_average_without_upper_bound_says_so() -> None:
    candidate = make_candidate("first", [-1.0] * 20, [1.0] * 80 + [np.inf] * 20)
    averaged = comparison.average(KEY, [candidate], {"first": 1.0})
    assert (averaged["upper"], averaged["unbounded"]) == (None, True)


def test_model_that_does_not_report_the_estimand_prevents_its_average() -> None:
    first = make_candidate("first", [-1.0] * 20, [0.5])
    second = replace(make_candidate("second", [-1.0] * 20, [0.5]), draws=pd.DataFrame())
    (estimate,) = comparison.compare("toys", "Toys", [first, second], KEY).estimates
    assert estimate.averaged == {"reason": "no draws of it from Second"}


def test_model_without_weight_does_not_prevent_an_average() -> None:
    first = make_candidate("first", [-1.0] * 20, [0.5])
    second = replace(make_candidate("second", [-9.0] * 20, [0.5]), draws=pd.DataFrame())
    (estimate,) = comparison.compare("toys", "Toys", [first, second], KEY).estimates
    assert estimate.averaged["median"] == 0.5


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"density": pd.Series([-1.0] * 4, index=UNITS[:4])}, "the models share 4 units, under 5"),
        ({"density": pd.Series(dtype=float)}, "no predictive density by unit of Second"),
        ({"unit": "row"}, "different units are left out: base model, row"),
    ],
)
def test_models_that_cannot_be_weighed_are_shown_without_an_average(
    change: dict[str, Any], reason: str
) -> None:
    first = make_candidate("first", [-1.0] * 20, [0.5])
    second = replace(make_candidate("second", [-1.0] * 20, [0.5]), **change)
    made = comparison.compare("toys", "Toys", [first, second], KEY)
    assert made.reason == reason
    assert made.estimates[0].averaged == {"reason": reason}
    assert set(made.estimates[0].by_model) == {"first", "second"}


def test_models_that_share_few_units_have_differences_and_no_weights() -> None:
    worse = make_candidate("worse", [-1.0, -2.0, -3.0], [0.5])
    better = make_candidate("better", [-0.5, -1.0, -3.0], [0.5])
    made = comparison.compare("toys", "Toys", [worse, better], KEY)
    assert [row.model for row in made.rows] == ["better", "worse"]
    assert [row.difference for row in made.rows] == [0, -1.5]
    assert made.rows[1].difference_se == pytest.approx(np.sqrt(3 * np.var([-0.5, -1.0, 0.0])), 1e-5)
    assert [row.weight for row in made.rows] == [None, None]
    assert made.reason == "the models share 3 units, under 5"


def test_files_without_the_newer_keys_make_a_candidate_that_is_not_weighed(tmp_path: Path) -> None:
    made = comparison.read_candidate("a", "A", {"elpd_loo": -3.0}, {}, tmp_path / "absent.parquet")
    assert made.density.empty
    assert made.draws.empty


def test_headline_rate_every_share_and_the_reverse_tests_are_averaged() -> None:
    entry = {"label": "", "unit": ""}
    keys = ["share_trend[x]", "share_compute[x]", comparison.RATE, "share_compute[y]", "slope"]
    keys = ["reverse_test_flop[GPT-2]", "reverse_test_moles[GPT-2]", *keys]
    candidate = replace(
        make_candidate("first", [-1.0] * 20, []), attributions=dict.fromkeys(keys, entry)
    )
    expected = ["share_compute[y]", comparison.RATE, "share_compute[x]", "reverse_test_flop[GPT-2]"]
    assert comparison.list_keys([candidate], "share_compute[y]") == expected


def test_unit_of_which_a_model_reads_fewer_rows_is_not_compared() -> None:
    first, second = (make_candidate(name, [-1.0] * 20, [0.5]) for name in ("a", "b"))
    fewer = replace(second, row_counts=second.row_counts.where(second.row_counts.index != "m3", 2))
    assert "m3" not in comparison.align([first, fewer]).index
    assert len(comparison.align([first, fewer])) == 19


def test_units_left_out_singly_and_in_folds_are_not_compared() -> None:
    first, second = (make_candidate(name, [-1.0] * 20, [0.5]) for name in ("a", "b"))
    singly = replace(second, method="PSIS-LOO, 3 refitted")
    folds = replace(second, method="8-fold by lab")
    assert not comparison.compare("d", "D", [first, singly], KEY).reason
    assert "in different ways" in comparison.compare("d", "D", [first, folds], KEY).reason
