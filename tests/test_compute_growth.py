"""Growth of training compute: who is on the frontier, its rate, named runs, and recovery."""

from typing import Any

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from scipy import stats
from tables_for_models import base_runs_with_compute, load_real, sample

from models import Card
from models.production import compute_growth
from models.production.options import TrainingRunsOptions
from models.production.training_compute import (
    find_quantile,
    normal_position,
    prepare,
    rank_at_release,
)

TRUTH: dict[str, Any] = {
    "level": -1.2,
    "mean_rate": 0.5,
    "spread": 0.8,
    "spread_growth": 0.05,
    "family_share": 0.4,
}


@pytest.fixture
def real() -> tuple[pd.DataFrame, Card]:
    return load_real("training_runs")


def make_posterior(real: tuple[pd.DataFrame, Card], **changes: float) -> xr.Dataset:
    """One draw at known values, deviations and offsets zero."""
    runs = prepare(*real)
    names = real[1].options.named_runs  # type: ignore[attr-defined]  # options of this table
    families = sorted(set(runs["family"]))
    values = TRUTH | changes
    scalars = {name: (("chain", "draw"), [[value]]) for name, value in values.items()}
    return xr.Dataset(
        scalars
        | {
            "family_offset": (("chain", "draw", "family"), np.zeros((1, 1, len(families)))),
            "run_offset": (("chain", "draw", "run"), np.zeros((1, 1, len(names)))),
        },
        coords={"family": families, "run": names},
    )


def test_frontier_is_the_median_of_the_largest_of_so_many_runs() -> None:
    draws = np.random.default_rng(1).normal(size=(20_000, 10)).max(axis=1)
    assert np.median(draws) == pytest.approx(normal_position(10), abs=0.02)
    assert find_quantile(1) == 0.5


def test_ranks_count_earlier_and_contemporary_runs_that_are_larger() -> None:
    dates = pd.to_datetime(["2020-01-01", "2021-01-01", "2021-01-01", "2022-01-01"])
    runs = pd.DataFrame({"release_date": dates, "training_flop": [5e20, 1e20, 9e20, 7e20]})
    assert rank_at_release(runs).tolist() == [1, 3, 1, 2]


def test_runs_are_base_runs_without_those_left_out(real: tuple[pd.DataFrame, Card]) -> None:
    runs = prepare(*real)
    assert sorted(runs["model"]) == sorted(base_runs_with_compute(real[0])["model"])
    assert not runs["is_compute_circular"].any()
    assert len(prepare(*real, with_left_out=True)) == len(runs) + 2


def test_rate_is_that_of_the_middle_where_the_spread_is_constant(
    real: tuple[pd.DataFrame, Card],
) -> None:
    made = compute_growth.estimands(make_posterior(real, spread_growth=0.0), *real)
    assert made["growth_decades_per_year"].item() == pytest.approx(0.5)
    assert made["growth_factor_per_year"].item() == pytest.approx(10**0.5)
    flop = made["largest_run_flop"].sel(year="2022").item()
    years = (pd.Timestamp(2022, 7, 1) - pd.Timestamp(2022, 1, 1)).days / 365.25
    expected = 24 - 1.2 + 0.5 * years + 0.8 * normal_position(10)
    assert np.log10(flop) == pytest.approx(expected)


def test_frontier_outruns_the_middle_where_the_spread_grows(
    real: tuple[pd.DataFrame, Card],
) -> None:
    made = compute_growth.estimands(make_posterior(real), *real)
    assert made["growth_decades_per_year"].item() > 0.5


def test_named_run_has_the_error_of_its_class(real: tuple[pd.DataFrame, Card]) -> None:
    """GPT-4 by the Epoch database: 2.1e25 FLOP, a likely figure."""
    posterior = make_posterior(real)
    for offset in (0.0, 1.0):
        shifted = posterior.assign(run_offset=posterior["run_offset"] + offset)
        flop = compute_growth.estimands(shifted, *real)["run_flop"].sel(run="GPT-4").item()
        assert flop == pytest.approx(2.1e25 * 10 ** (0.3 * offset))


def test_names_that_are_not_fitted_are_refused(real: tuple[pd.DataFrame, Card]) -> None:
    table, card = real
    options = TrainingRunsOptions(named_runs=["GPT-4o", "GPT-4"])
    made = Card(card.dataset, card.table, options)
    assert (
        compute_growth.unsupported_reason(table, made) == "named_runs that are not fitted: GPT-4o"
    )
    assert "a trend takes" in compute_growth.unsupported_reason(table.head(8), card)


def test_simulated_rows_keep_the_middle_and_the_spread(real: tuple[pd.DataFrame, Card]) -> None:
    table, card = real
    rng = np.random.default_rng(3)
    truth = compute_growth.sample_prior(table, card, compute_growth.Priors(), rng) | TRUTH
    offsets = dict.fromkeys(truth["family_offset"], 0.0)
    drawn = [
        prepare(compute_growth.simulate(table, truth | {"family_offset": offsets}, rng), card)
        for _ in range(60)
    ]
    runs = drawn[0]
    decades = np.array([each["log10_flop"] for each in drawn]) - 24
    width = 0.8 * np.exp(0.05 * runs["years"])
    expected = -1.2 + 0.5 * runs["years"]
    standard = (decades - expected.to_numpy()) / np.sqrt(
        0.6 * width**2 + runs["error"] ** 2
    ).to_numpy()
    assert stats.kstest(standard.ravel(), "norm").pvalue > 0.001


@pytest.mark.slow
def test_rate_is_recovered_from_simulated_runs(real: tuple[pd.DataFrame, Card]) -> None:
    table, card = real
    rng = np.random.default_rng(5)
    truth = compute_growth.sample_prior(table, card, compute_growth.Priors(), rng) | TRUTH
    simulated = compute_growth.simulate(table, truth, rng)
    made = compute_growth.estimands(sample("compute_growth", simulated, card, 6), simulated, card)
    true = compute_growth.estimands(make_posterior(real), *real)["growth_decades_per_year"].item()
    lower, upper = np.quantile(made["growth_decades_per_year"], [0.005, 0.995])
    assert lower < true < upper
    assert upper - lower < 0.7  # the prior's: 2.1
