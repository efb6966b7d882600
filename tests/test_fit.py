"""The fit stage: what its files hold, and that the same seed gives the same bytes."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pandas as pd
import pytest
import xarray as xr
from conftest import ROOT

import models
from pipeline.core.layout import Layout
from pipeline.fit.cell import load_cell
from pipeline.fit.stage import VERSIONED, fit_cell
from pipeline.ingest.stage import ingest_dataset

CELL = "software_hardware_rates-rate_coincidence"
DATASET, MODEL = CELL.split("-")
GROUPS = {
    *("prior", "prior_predictive", "posterior", "posterior_predictive", "sample_stats"),
    *("observed_data", "constant_data", "log_likelihood", "log_prior"),
}
LIMITS = {
    *("max_rhat", "min_ess", "max_divergences", "min_bfmi"),
    *("family_share", "family_max_rhat", "family_min_ess"),
}
FEW: dict[str, Any] = {
    "fit": {"seed": 1, "chains": 2, "tune": 200, "draws": 100, "cells": {}},
    "check": dict.fromkeys(LIMITS, 1.0),
}


def copy_sources(root: Path) -> Layout:
    """The smallest dataset in a project of its own."""
    for name in ("data/references.bib", "models/models.yaml", f"data/sources/{DATASET}"):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        copy = shutil.copytree if (ROOT / name).is_dir() else shutil.copy
        copy(ROOT / name, root / name)
    ingest_dataset(Layout(root), DATASET)
    return Layout(root)


@pytest.fixture(scope="module")
def fitted(tmp_path_factory: pytest.TempPathFactory) -> list[Layout]:
    """Two fits of the smallest dataset with the same seed.

    Another process walks its sets in another order, and what Numba had compiled is not there.
    """
    layouts = [copy_sources(tmp_path_factory.mktemp("fit")) for _ in range(2)]
    fit_cell(layouts[0], DATASET, MODEL, FEW)
    script = (
        "import sys, json; from pathlib import Path; from pipeline.core.layout import Layout; "
        "from pipeline.fit.stage import fit_cell; "
        "fit_cell(Layout(Path(sys.argv[1])), *sys.argv[2:4], json.loads(sys.argv[4]))"
    )
    cold = f"base_compiledir={layouts[1].root / 'cold'}"
    subprocess.run(
        [sys.executable, "-c", script, layouts[1].root, DATASET, MODEL, json.dumps(FEW)],
        env={**os.environ, "PYTHONHASHSEED": "4", "PYTENSOR_FLAGS": cold},
        cwd=ROOT,
        check=True,
        capture_output=True,
    )
    return layouts


@pytest.mark.slow
def test_same_seed_gives_the_same_bytes(fitted: list[Layout]) -> None:
    for place in (Layout.posterior, Layout.draws, Layout.attribution, Layout.check):
        first, second = (place(layout, CELL).read_bytes() for layout in fitted)
        assert first == second, place.__name__
    assert not list(fitted[0].root.rglob(".*.part"))


@pytest.mark.slow
def test_posterior_has_every_group_and_says_how_it_was_made(fitted: list[Layout]) -> None:
    cell = load_cell(fitted[0], DATASET, MODEL)
    assert set(cell.tree.children) >= GROUPS
    assert not any({"created_at", "sampling_time"} & set(node.attrs) for node in cell.tree.subtree)
    assert (cell.tree.attrs["model"], cell.tree.attrs["seed"]) == (MODEL, 1)
    assert json.loads(cell.tree.attrs["sampler"])["nuts_sampler"] == "nutpie"
    assert set(json.loads(cell.tree.attrs["versions"])) == set(VERSIONED)
    assert len(cell.tree.attrs["data_hash"]) == 64
    assert set(cell.estimands) == set(
        cell.model.estimands(cell.tree["posterior"].to_dataset(), cell.table, cell.card)
    )


def test_model_that_cannot_be_fitted_leaves_the_reason_and_empty_results(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    layout, seen = copy_sources(tmp_path), []
    law = pd.DataFrame({"exponent_parameters": [0.34, 0.35]})
    layout.scaling_law.parent.mkdir(parents=True)
    law.to_parquet(layout.scaling_law)

    def unsupported_reason(table: pd.DataFrame, card: models.Card) -> str:
        seen.append(card.scaling_law)
        return "too few eras"

    toy = SimpleNamespace(SAMPLER={}, unsupported_reason=unsupported_reason)
    monkeypatch.setattr(models, "load", lambda _: toy)
    assert "cannot be fitted: too few eras" in fit_cell(layout, DATASET, MODEL, FEW)
    with xr.open_datatree(layout.posterior(CELL), engine="h5netcdf") as tree:
        assert tree.attrs["not_fitted"] == "too few eras"
        assert not tree.children
    assert json.loads(layout.attribution(CELL).read_text(encoding="utf-8")) == {}
    assert pd.read_parquet(layout.draws(CELL)).empty
    assert json.loads(layout.check(CELL).read_text(encoding="utf-8"))["verdict"] == "fail"
    pd.testing.assert_frame_equal(seen[0], law)
