"""Leaving out: densities of unseen base models, and fits without labs where they are unreliable."""

import math
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from scipy import stats
from toy_posteriors import make_cell, sample

from pipeline.checks import leave_out as stage
from pipeline.checks.leave_out import hold_out, leave_folds_out, leave_out, make_folds
from pipeline.checks.refit import RefitError
from pipeline.fit.cell import Cell

NAMES = [f"model {i}" for i in range(8)]
COMPILED: Any = object()  # a compiled model; tests put refits by hand in its place


def test_prediction_of_a_well_specified_model_has_no_bad_rows() -> None:
    observed = np.random.default_rng(3).normal(0.0, 1.0, 30)
    mean = sample(seed=6) / np.sqrt(30) + observed.mean()
    log_density = -0.5 * (observed - mean[..., None]) ** 2 - 0.5 * np.log(2 * np.pi)
    cell = make_cell({"mean": mean})
    cell.tree["log_likelihood"] = xr.DataTree(
        xr.Dataset({"outcome": (("chain", "draw", "row"), log_density)})
    )
    predicted = leave_out(cell, COMPILED)
    # Leave-one-out by hand: the mean of the others has variance 1/29.
    others = (observed.sum() - observed) / 29
    variance = 1 + 1 / 29
    by_hand = -0.5 * (observed - others) ** 2 / variance - 0.5 * np.log(2 * np.pi * variance)
    assert (predicted["bad_pareto_k"], predicted["elpd_method"]) == (0, "PSIS-LOO")
    assert predicted["unit"] == "row"
    assert predicted["elpd_loo"] == pytest.approx(by_hand.sum(), abs=0.1)


def make_board(spread: float = 30.0) -> Cell:
    """Eight base models with one score each, two a lab, under a normal mean.

    Scores that are far apart make units unreliable.
    """
    scores = np.random.default_rng(3).normal(0.0, spread, 8)
    table = pd.DataFrame(
        {
            "lab": [f"lab {i // 2}" for i in range(8)],
            "base_model": NAMES,
            "score": scores,
            "exclusion": pd.array([None] * 8, dtype="str"),
        }
    )

    def density(
        posterior: xr.Dataset, table: pd.DataFrame, card: Any, only: Any = None
    ) -> xr.DataArray:
        scored = xr.DataArray(scores, dims="base_model", coords={"base_model": NAMES})
        found = -0.5 * (posterior["mean"] - scored) ** 2 - 0.5 * math.log(2 * math.pi)
        asked = [name for name in NAMES if only is None or name in only]
        return found.sel(base_model=asked).transpose("chain", "draw", "base_model")

    def data(table: pd.DataFrame, card: Any, priors: Any) -> dict[str, np.ndarray]:
        held = table.get("is_held_out", pd.Series(False, index=table.index))
        return {"scores": table["score"].where(~held, 0.0).to_numpy()}

    model: Any = SimpleNamespace(unit_log_likelihood=density, data=data, Priors=lambda: None)
    mean = sample(seed=6) / np.sqrt(8) + scores.mean()
    cell = replace(make_cell({"mean": mean}), model=model, table=table)
    cell.tree.attrs["seed"] = 1
    return cell


def refit_mean(table: pd.DataFrame, seed: int) -> xr.Dataset:
    """The posterior of the mean given the rows that are not held out, under a flat prior."""
    kept = table.loc[~table["is_held_out"], "score"]
    noise = np.random.default_rng(seed).normal(size=(1, 4000)) / np.sqrt(len(kept))
    return xr.Dataset({"mean": (("chain", "draw"), kept.mean() + noise)})


def fail(table: pd.DataFrame, seed: int) -> xr.Dataset:
    raise RefitError("every transition diverged")


@pytest.fixture
def refit(monkeypatch: pytest.MonkeyPatch) -> None:
    """Refits are those by hand."""
    monkeypatch.setattr(stage, "refit_of", lambda *_: refit_mean)


def test_density_of_each_fold_is_that_given_the_other_labs() -> None:
    cell = make_board(spread=1.0)
    found = leave_folds_out(cell, "lab", make_folds(cell.table, "lab"), refit_mean)
    for name, row in cell.table.set_index("base_model").iterrows():
        others = cell.table.loc[cell.table["lab"] != row["lab"], "score"]
        expected = stats.norm.logpdf(row["score"], others.mean(), np.sqrt(1 + 1 / 6))
        assert found[name] == pytest.approx(expected, abs=0.05)


def test_a_few_unreliable_units_are_each_fitted_without(refit: None) -> None:
    cell = make_board()
    smoothed, bad = stage.smooth(stage.find_units(cell)[1])
    found = leave_out(cell, COMPILED)
    assert found["elpd_method"] == f"PSIS-LOO, {len(bad)} refitted"
    alone = leave_folds_out(cell, "base_model", [[unit] for unit in bad], refit_mean)
    for unit in smoothed.index:
        expected = alone[unit] if unit in bad else smoothed[unit]
        assert found["elpd_by_unit"][unit] == pytest.approx(expected, rel=1e-3)


@pytest.mark.parametrize(
    ("lab", "method"), [(None, "4-fold by lab"), ("one", "8-fold by base model")]
)
def test_many_unreliable_units_are_left_out_by_lab_where_there_are_labs(
    monkeypatch: pytest.MonkeyPatch, refit: None, lab: str | None, method: str
) -> None:
    monkeypatch.setattr(stage, "MAXIMUM_SINGLE", 0)
    cell = make_board()
    cell = replace(cell, table=cell.table.assign(lab=lab)) if lab else cell
    found = leave_out(cell, COMPILED)
    assert found["bad_pareto_k"] > 0
    assert (found["elpd_method"], found["elpd_note"]) == (method, "")
    assert list(found["elpd_by_unit"]) == NAMES


@pytest.mark.parametrize(
    ("data", "refit", "compiled", "note"),
    [
        (lambda *_: {"scores": np.zeros(8)}, refit_mean, COMPILED, "is_held_out"),
        (None, fail, COMPILED, "every transition diverged"),
        (None, refit_mean, None, "did not converge"),
    ],
)
def test_smoothed_density_that_cannot_be_replaced_is_kept_and_this_said(
    monkeypatch: pytest.MonkeyPatch, data: Any, refit: Any, compiled: Any, note: str
) -> None:
    cell = make_board()
    vars(cell.model).update({"data": data} if data else {})
    monkeypatch.setattr(stage, "refit_of", lambda *_: refit)
    found = leave_out(cell, compiled)
    assert found["elpd_method"] == f"PSIS-LOO, {found['bad_pareto_k']} of 8 unreliable"
    assert note in found["elpd_note"]


def test_rows_held_out_are_marked_and_stay_and_a_base_model_of_two_labs_is_in_one_fold() -> None:
    table = make_board().table
    table.loc[2, "base_model"] = "model 0"  # of lab 1, trained on from a model of lab 0
    marked = hold_out(table, "lab", ["lab 0"])
    assert list(np.flatnonzero(marked["is_held_out"])) == [0, 1, 2]
    assert marked["exclusion"].isna().all()
    folds = [hold_out(table, "lab", fold)["is_held_out"] for fold in make_folds(table, "lab")]
    assert (sum(fold.astype(int) for fold in folds) == 1).all()
