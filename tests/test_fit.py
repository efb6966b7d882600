"""The fit stage: what the file holds, and that the same seed gives the same bytes."""

import json
import os
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pandas as pd
import pytest
import xarray as xr

import models
from pipeline.fit import sample as fit
from pipeline.ingest import convert as ingest
from pipeline.ingest import validate

ROOT = Path(__file__).parents[1]
GROUPS = {
    *("prior", "prior_predictive", "posterior", "posterior_predictive", "sample_stats"),
    *("observed_data", "constant_data", "log_likelihood", "log_prior"),
}
CHANGING = {"created_at", "sampling_time"}

# PyMC's predictive draws of a CustomDist cannot be compiled by Numba; it says so and goes on
pytestmark = [
    pytest.mark.slow,
    pytest.mark.filterwarnings("ignore:Numba will use object mode:UserWarning"),
]


@pytest.fixture(scope="module")
def posteriors(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Two posteriors of the smallest dataset, fitted with the same seed.

    Another process walks its sets in another order, and what Numba had compiled is not there.
    """
    folder = tmp_path_factory.mktemp("fit")
    card = str(ROOT / "data/sources/software_hardware_rates/source.yaml")
    table, validated = folder / "table.parquet", folder / "validated.parquet"
    ingest.main(["--card", card, "--output", str(table)])
    checks = ["--summary", str(folder / "s.json"), "--quarantine", str(folder / "q.csv")]
    validate.main(["--card", card, "--table", str(table), "--output", str(validated), *checks])
    made = [folder / "first.nc", folder / "second.nc"]
    settings = ["--seed", "1", "--chains", "2", "--tune", "200", "--draws", "100"]
    which = ["--card", card, "--table", str(validated), "--model", "rate_coincidence"]
    fit.main([*which, *settings, "--output", str(made[0])])
    subprocess.run(
        [sys.executable, "-m", "pipeline.fit.sample", *which, *settings, "--output", str(made[1])],
        env={
            **os.environ,
            "PYTHONHASHSEED": "4",
            "PYTENSOR_FLAGS": f"base_compiledir={folder / 'cold'}",
        },
        cwd=ROOT,
        check=True,
        capture_output=True,
    )
    return made


def test_same_seed_gives_the_same_bytes(posteriors: list[Path]) -> None:
    first, second = (path.read_bytes() for path in posteriors)
    assert first == second


def test_file_holds_every_group_and_nothing_that_changes(posteriors: list[Path]) -> None:
    with xr.open_datatree(posteriors[0], engine="h5netcdf") as tree:
        assert set(tree.children) >= GROUPS
        assert not any(CHANGING & set(node.attrs) for node in tree.subtree)


def test_file_says_how_it_was_made(posteriors: list[Path]) -> None:
    with xr.open_datatree(posteriors[0], engine="h5netcdf") as tree:
        assert tree.attrs["model"] == "rate_coincidence"
        assert tree.attrs["seed"] == 1
        assert json.loads(tree.attrs["sampler"])["nuts_sampler"] == "nutpie"
        assert set(json.loads(tree.attrs["versions"])) == set(fit.VERSIONED)
        assert len(tree.attrs["data_hash"]) == 64


def test_no_unfinished_file_is_left(posteriors: list[Path]) -> None:
    assert not list(posteriors[0].parent.glob(".*.part"))


def fit_unfit(
    tmp_path: Path, unsupported_reason: Any, monkeypatch: pytest.MonkeyPatch, *more: str
) -> Path:
    """The file of a model that cannot be fitted for the reason that `unsupported_reason` gives."""
    model = SimpleNamespace(SAMPLER={"adaptation": "diag"}, unsupported_reason=unsupported_reason)
    monkeypatch.setattr(models, "load", lambda _: model)
    table, output = tmp_path / "table.parquet", tmp_path / "posterior.nc"
    pd.DataFrame({"line": [2]}).to_parquet(table)
    card = f"--card={ROOT}/data/sources/imagenet_efficiency/source.yaml"
    settings = ["--seed=1", "--chains=2", "--tune=200", "--draws=100"]
    flags = [card, f"--table={table}", "--model=toy", f"--output={output}"]
    assert fit.main([*flags, *settings, *more]) == 0
    return output


def test_model_that_cannot_be_fitted_leaves_the_reason_and_no_draws(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = fit_unfit(tmp_path, lambda *_: "too few eras", monkeypatch)
    with xr.open_datatree(path, engine="h5netcdf") as tree:
        assert tree.attrs["not_fitted"] == "too few eras"
        assert (tree.attrs["dataset"], tree.attrs["model"]) == ("imagenet_efficiency", "toy")
        assert not tree.children
    before = path.read_bytes()
    assert fit_unfit(tmp_path, lambda *_: "too few eras", monkeypatch).read_bytes() == before


def test_model_is_given_the_draws_of_the_scaling_law(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    law = pd.DataFrame({"exponent_parameters": [0.34, 0.35]})
    law.to_parquet(tmp_path / "law.parquet")
    seen = []

    def unsupported_reason(table: pd.DataFrame, card: models.Card) -> str:
        seen.append(card.scaling_law)
        return "only looking"

    fit_unfit(tmp_path, unsupported_reason, monkeypatch, f"--scaling-law={tmp_path}/law.parquet")
    fit_unfit(tmp_path, unsupported_reason, monkeypatch)
    pd.testing.assert_frame_equal(seen[0], law)
    assert seen[1] is None
