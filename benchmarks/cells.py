"""Cells as the benchmarks fit them: read as the fit reads them, compiled once, sampled often."""

import time
from dataclasses import dataclass
from typing import Any

import nutpie
import pandas as pd
import xarray as xr
from ruamel.yaml import YAML

import models
from models import Card
from pipeline.fit.cell import Cell
from pipeline.fit.check import judge
from pipeline.ingest.registries import read_datasets, read_models
from pipeline.layout import Layout
from pipeline.studies.calibrate import read_cell


@dataclass(frozen=True)
class Compiled:
    """A cell ready to be sampled; `seconds` is what its model took to build and compile."""

    cell: str
    model: models.Model
    table: pd.DataFrame
    card: Card
    built: Any
    compiled: Any
    seconds: float


def list_cells(layout: Layout, wanted: list[str]) -> list[str]:
    """Every cell of the registries, or those that are wanted."""
    datasets, names = read_datasets(layout.datasets), read_models(layout.models)
    cells = [f"{d}-{m}" for table, each in names.items() for m in each for d in datasets[table]]
    return [cell for cell in cells if not wanted or cell in wanted]


def compile_cell(layout: Layout, cell: str) -> Compiled | None:
    """The cell, its model compiled; None where the model cannot be fitted to the dataset."""
    dataset, _, name = cell.partition("-")
    table, card = read_cell(layout, dataset)
    model = models.load(name)
    if model.unsupported_reason(table, card):
        return None
    start = time.perf_counter()
    built = model.build(table, card, model.Priors())
    compiled = nutpie.compile_pymc_model(built)
    return Compiled(cell, model, table, card, built, compiled, time.perf_counter() - start)


def read_settings(cell: str) -> dict[str, Any]:
    """Draws, warm-up and chains of the cell."""
    return dict(_read_params()["fit"])


def _read_params() -> dict[str, Any]:
    return YAML(typ="safe").load(Layout().params.read_text("utf-8"))


def sample(made: Compiled, settings: dict[str, Any], seed: int) -> xr.DataTree:
    """Draws with the settings of the project, in this process."""
    return nutpie.sample(
        made.compiled,
        draws=settings["draws"],
        tune=settings["tune"],
        chains=settings["chains"],
        seed=seed,
        progress_bar=False,
        **made.model.SAMPLER,
    )


def judge_cell(made: Compiled, tree: xr.DataTree) -> dict[str, Any]:
    """The verdict on the draws, as the fit judges them."""
    estimands = made.model.estimands(tree["posterior"].to_dataset(), made.table, made.card)
    cell = Cell(made.model, made.table, made.card, tree, estimands)
    return judge(cell, _read_params()["check"])
