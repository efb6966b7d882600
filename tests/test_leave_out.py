"""Leaving out: densities of unseen base models, and fits without labs where they are unreliable."""

import math
from dataclasses import replace
from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from scipy import stats
from toy_posteriors import CHAINS, DRAWS, make_cell, sample

from models import Model
from pipeline.checks import leave_out as stage
from pipeline.checks.leave_out import hold_out, leave_folds_out, leave_out, make_folds, thin
from pipeline.checks.refit import RefitError
from pipeline.fit.cell import Cell

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


def make_board(spread: float = 1.0, labs: int = 4) -> tuple[Cell, np.ndarray]:
    """Base models with one score each, two a lab, under a normal mean; and the scores."""
    count = 2 * labs
    scores = np.random.default_rng(3).normal(0.0, spread, count)
    names = [f"model {i}" for i in range(count)]
    table = pd.DataFrame(
        {
            "lab": [f"lab {i // 2}" for i in range(count)],
            "base_model": names,
            "score": scores,
            "exclusion": pd.array([None] * count, dtype="str"),
        }
    )

    def density(
        posterior: xr.Dataset, table: pd.DataFrame, card: Any, only: Any = None
    ) -> xr.DataArray:
        scored = xr.DataArray(scores, dims="base_model", coords={"base_model": names})
        found = -0.5 * (posterior["mean"] - scored) ** 2 - 0.5 * math.log(2 * math.pi)
        asked = [name for name in names if only is None or name in only]
        return found.sel(base_model=asked).transpose("chain", "draw", "base_model")

    def data(table: pd.DataFrame, card: Any, priors: Any) -> dict[str, np.ndarray]:
        held = table.get("is_held_out", pd.Series(False, index=table.index))
        return {"scores": table["score"].where(~held, 0.0).to_numpy()}

    model = SimpleNamespace(unit_log_likelihood=density, data=data, Priors=lambda: None)
    mean = sample(seed=6) / np.sqrt(count) + scores.mean()
    cell = replace(make_cell({"mean": mean}), model=cast("Model", model), table=table)
    cell.tree.attrs["seed"] = 1
    return cell, scores


def refit_mean(table: pd.DataFrame, seed: int) -> xr.Dataset:
    """The posterior of the mean given the rows that are not held out, under a flat prior."""
    kept = table.loc[~table["is_held_out"], "score"]
    noise = np.random.default_rng(seed).normal(size=(1, 4000)) / np.sqrt(len(kept))
    return xr.Dataset({"mean": (("chain", "draw"), kept.mean() + noise)})


def predict_by_hand(scores: np.ndarray, labs: int) -> np.ndarray:
    """Log density of each score given those of the other labs, known in closed form."""
    groups = np.arange(len(scores)) // 2
    others = [scores[groups != group] for group in groups]
    return np.array(
        [
            stats.norm.logpdf(score, kept.mean(), np.sqrt(1 + 1 / len(kept)))
            for score, kept in zip(scores, others, strict=True)
        ]
    )


def test_base_model_is_the_unit_where_the_model_knows_its_density() -> None:
    cell, _ = make_board()
    found = leave_out(cell, COMPILED)
    assert found["unit"] == "base model"
    assert list(found["elpd_by_unit"]) == [f"model {i}" for i in range(8)]
    assert sum(found["elpd_by_unit"].values()) == pytest.approx(found["elpd_loo"], rel=1e-3)


def test_density_of_each_fold_is_that_given_the_other_labs() -> None:
    cell, scores = make_board()
    folds = make_folds(cell.table, "lab")
    found = leave_folds_out(cell, "lab", folds, refit_mean)
    expected = predict_by_hand(scores, 4)
    np.testing.assert_allclose(found[[f"model {i}" for i in range(8)]], expected, atol=0.05)


def test_a_few_unreliable_units_are_each_fitted_without(monkeypatch: pytest.MonkeyPatch) -> None:
    cell, _ = make_board(spread=30.0)
    smoothed, bad = stage.smooth(stage.find_units(cell)[1])
    monkeypatch.setattr(stage, "refit_of", lambda *_: refit_mean)
    found = leave_out(cell, COMPILED)
    assert found["elpd_method"] == f"PSIS-LOO, {len(bad)} refitted"
    alone = leave_folds_out(cell, "base_model", [[unit] for unit in bad], refit_mean)
    for unit in smoothed.index:
        expected = alone[unit] if unit in bad else smoothed[unit]
        assert found["elpd_by_unit"][unit] == pytest.approx(expected, rel=1e-3)


def test_many_unreliable_units_are_left_out_by_lab(monkeypatch: pytest.MonkeyPatch) -> None:
    cell, _ = make_board(spread=30.0)
    monkeypatch.setattr(stage, "MAXIMUM_SINGLE", 0)
    monkeypatch.setattr(stage, "refit_of", lambda *_: refit_mean)
    found = leave_out(cell, COMPILED)
    assert found["bad_pareto_k"] > 0
    assert (found["elpd_method"], found["elpd_note"]) == ("4-fold by lab", "")
    assert list(found["elpd_by_unit"]) == [f"model {i}" for i in range(8)]


def test_one_lab_is_left_out_by_base_model(monkeypatch: pytest.MonkeyPatch) -> None:
    cell, _ = make_board(spread=30.0)
    cell = replace(cell, table=cell.table.assign(lab="one"))
    monkeypatch.setattr(stage, "MAXIMUM_SINGLE", 0)
    monkeypatch.setattr(stage, "refit_of", lambda *_: refit_mean)
    assert leave_out(cell, COMPILED)["elpd_method"] == "8-fold by base model"


def test_model_that_leaves_nothing_out_keeps_the_smoothed_density_and_says_so() -> None:
    cell, _ = make_board(spread=30.0)
    vars(cell.model)["data"] = lambda *_: {"scores": np.zeros(8)}
    found = leave_out(cell, COMPILED)
    assert found["elpd_method"] == f"PSIS-LOO, {found['bad_pareto_k']} of 8 unreliable"
    assert "is_held_out" in found["elpd_note"]


def test_fit_that_did_not_converge_is_not_fitted_again() -> None:
    cell, _ = make_board(spread=30.0)
    found = leave_out(cell, None)
    assert found["elpd_method"].startswith("PSIS-LOO, ")
    assert "did not converge" in found["elpd_note"]


def test_failed_fold_keeps_the_smoothed_density_and_says_so(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def fail(table: pd.DataFrame, seed: int) -> xr.Dataset:
        raise RefitError("every transition diverged")

    cell, _ = make_board(spread=30.0)
    monkeypatch.setattr(stage, "refit_of", lambda *_: fail)
    found = leave_out(cell, COMPILED)
    assert found["elpd_method"].startswith("PSIS-LOO, ")
    assert "every transition diverged" in found["elpd_note"]


def test_folds_hold_whole_labs_of_about_as_many_rows() -> None:
    sizes = {"a": 9, "b": 5, "c": 4, **{f"small {i}": 1 for i in range(9)}}
    labs = [lab for lab, size in sizes.items() for _ in range(size)]
    names = [f"model {i}" for i in range(len(labs))]
    nothing = pd.array([None] * len(labs), dtype="str")
    table = pd.DataFrame({"lab": labs, "base_model": names, "exclusion": nothing})
    folds = make_folds(table, "lab")
    assert len(folds) == stage.MAXIMUM_FOLDS
    assert sorted(lab for fold in folds for lab in fold) == sorted(sizes)
    assert folds[0] == ["a"]
    assert max(sum(sizes[lab] for lab in fold) for fold in folds[3:]) <= 2
    assert make_folds(table.sample(frac=1, random_state=1), "lab") == folds


def test_rows_held_out_are_marked_and_stay() -> None:
    cell, _ = make_board()
    marked = hold_out(cell.table, "lab", ["lab 1"])
    assert list(np.flatnonzero(marked["is_held_out"])) == [2, 3]
    assert marked["exclusion"].isna().all()


def test_base_model_of_two_labs_is_in_one_fold() -> None:
    cell, _ = make_board()
    cell.table.loc[2, "base_model"] = "model 0"  # of lab 1, trained on from a model of lab 0
    marked = hold_out(cell.table, "lab", ["lab 0"])
    assert list(np.flatnonzero(marked["is_held_out"])) == [0, 1, 2]
    folds = make_folds(cell.table, "lab")
    held = [set(cell.table.index[hold_out(cell.table, "lab", f)["is_held_out"]]) for f in folds]
    assert sorted(row for rows in held for row in rows) == list(range(8))


def test_draws_are_thinned_evenly_within_chains() -> None:
    draws = xr.Dataset({"mean": (("chain", "draw"), sample())})
    kept = thin(draws, 1500)["mean"]
    assert kept.sizes == {"chain": CHAINS, "draw": math.ceil(DRAWS / 3)}
    np.testing.assert_array_equal(kept, draws["mean"][:, ::3])
