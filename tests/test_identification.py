"""Identification: what moves together is red, what the data tell apart is green."""

from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from toy_posteriors import CHAINS, DRAWS, TABLE, sample

from models import Card, Model
from models.options import EfficiencyOptions
from pipeline.checks.identification import (
    contract,
    correlate,
    find_judged_key,
    identify,
    inflate,
)
from pipeline.checks.identified import LARGEST_INFLATION, judge_identification
from pipeline.fit.cell import Cell

ROWS = 60
RNG = np.random.default_rng(5)
DATES, COMPUTES = RNG.uniform(0, 5, (2, ROWS))
APART = pd.DataFrame({"log10 compute": COMPUTES, "release date": DATES})
TOGETHER = pd.DataFrame({"log10 compute": 1 + 2 * DATES, "release date": DATES})


def fit_share(regressors: pd.DataFrame) -> tuple[np.ndarray, np.ndarray]:
    """Posterior and prior draws of the share of compute in a rise that both regressors explain.

    The outcome is their sum with unit noise and the slopes have standard normal priors, so that
    the posterior is known in closed form.
    """
    design = regressors.to_numpy()
    outcome = design.sum(axis=1) + np.random.default_rng(1).normal(0, 1, ROWS)
    covariance = np.linalg.inv(design.T @ design + np.eye(2))
    mean = covariance @ design.T @ outcome
    rise = design.max(axis=0) - design.min(axis=0)
    rng = np.random.default_rng(2)
    after = np.abs(rng.multivariate_normal(mean, covariance, CHAINS * DRAWS)) * rise
    before = np.abs(rng.normal(0, 1, (CHAINS * DRAWS, 2))) * rise
    return after, before


def make_cell(regressors: pd.DataFrame, **attributes: Any) -> Cell:
    """A cell whose headline is the share of compute in the rise."""
    after, before = (
        xr.Dataset(
            {
                f"decades_{part}": (("chain", "draw"), draws[:, i].reshape(CHAINS, DRAWS))
                for i, part in enumerate(("compute", "trend"))
            }
        )
        for draws in fit_share(regressors)
    )

    def estimands(posterior: xr.Dataset, table: Any, card: Any) -> xr.Dataset:
        total = posterior["decades_compute"] + posterior["decades_trend"]
        share = (posterior["decades_compute"] / total).assign_attrs(is_headline=True, **attributes)
        return xr.Dataset({"share_compute": share})

    model = SimpleNamespace(
        estimands=estimands,
        regressors=lambda *_: regressors,
        headline_key=lambda _: "share_compute",
    )
    options = EfficiencyOptions(headline_target="a", reference_resource={"a": 1.0})
    tree = xr.DataTree.from_dict({"posterior": after, "prior": before})
    card = Card("toys", "efficiency", options)
    return Cell(cast("Model", model), TABLE, card, tree, estimands(after, TABLE, card))


def test_compute_and_date_that_move_together_are_not_identified() -> None:
    panel = identify(make_cell(TOGETHER), [])
    assert panel["is_identified"] is False
    assert "variance inflation of log10 compute" in panel["identification_reasons"][0]
    assert panel["identification"]["correlations"][0]["correlation"] == 1
    assert panel["identification"]["variance_inflation"]["release date"] == LARGEST_INFLATION


def test_compute_and_date_that_move_apart_are_identified_with_the_numbers() -> None:
    panel = identify(make_cell(APART), [])
    assert panel["is_identified"] is True
    assert len(panel["identification_reasons"]) == 4
    assert panel["identification"]["contraction"]["share_compute"] > 0.5


def test_share_is_prior_like_where_they_move_together_and_narrow_where_not() -> None:
    wide, narrow = (
        contract(make_cell(regressors), "share_compute")["share_compute"]
        for regressors in (TOGETHER, APART)
    )
    assert cast("float", wide) < 0.5 < 0.8 < cast("float", narrow)


KEY = "share_compute[a-b-c]"


def judge(
    inflation: float = 2.0, contraction: float | None = 0.9, driven: tuple[str, ...] = ()
) -> bool | None:
    factors = {"log10 compute": inflation, "instruction tuning": 100.0}
    return judge_identification(KEY, factors, {KEY: contraction}, list(driven))[0]


def test_rule_wants_low_inflation_a_narrower_posterior_and_data_that_speak() -> None:
    assert judge() is True
    assert judge(inflation=10.1) is False
    assert judge(contraction=0.49) is False
    assert judge(driven=(KEY,)) is False
    assert judge(driven=("rate",)) is True


def test_headline_that_is_not_reported_is_not_judged() -> None:
    assert judge(contraction=None) is None
    cell = make_cell(APART)
    cell.estimands["share_compute"][:] = np.nan
    panel = identify(cell, [])
    assert panel["is_identified"] is None
    assert "not reported" in panel["identification_reason"]
    assert panel["identification_reasons"] == []


def test_inflation_of_two_regressors_follows_from_their_correlation() -> None:
    (pair,) = correlate(APART)
    factor = 1 / (1 - pair["correlation"] ** 2)
    assert inflate(APART)["log10 compute"] == pytest.approx(factor, rel=1e-3)


def test_inflation_does_not_depend_on_units() -> None:
    assert inflate(APART * 1e12 + 1e15) == pytest.approx(inflate(APART), rel=1e-2)


def test_regressor_that_does_not_vary_is_left_out() -> None:
    constant = APART.assign(tool=1.0)
    assert (correlate(constant), inflate(constant)) == (correlate(APART), inflate(APART))


def test_doubling_time_is_judged_by_its_rate() -> None:
    cell = make_cell(APART)
    attrs = {"derived_from": "rate"}
    months = xr.DataArray(sample(), dims=("chain", "draw"), attrs=attrs).expand_dims(target=["a"])
    cell.estimands.update({"rate": months.assign_attrs(derived_from=None), "months": months})
    vars(cell.model)["headline_key"] = lambda _: "months[a]"
    assert find_judged_key(cell) == "rate[a]"
