"""Cells as the benchmarks fit them: read as the fit reads them, compiled once, sampled often."""

import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pandas as pd
import xarray as xr
from ruamel.yaml import YAML

import models
from models import Card
from pipeline.checks.refit import Refitter
from pipeline.core.layout import Layout
from pipeline.fit.cell import make_cell
from pipeline.fit.check import judge
from pipeline.fit.stage import choose_settings
from pipeline.ingest.registries import read_datasets, read_models
from pipeline.studies.calibrate import read_cell


@dataclass(frozen=True)
class Compiled:
    """A cell ready to be sampled; `seconds` is what its model took to build and compile."""

    name: str
    model: models.Model
    table: pd.DataFrame
    card: Card
    refitter: Refitter
    lengths: dict[str, int]  # chains, warm-up and draws, as in the pipeline
    seconds: float

    def sample(self, seed: int) -> xr.DataTree:
        """Draws with the settings of the pipeline."""
        return self.refitter.sample(**self.lengths, seed=seed)

    def judge(self, tree: xr.DataTree) -> dict[str, Any]:
        """The verdict on the draws, as the pipeline judges them."""
        return judge(make_cell(self.model, self.table, self.card, tree), read_params()["check"])


def read_params() -> dict[str, Any]:
    """The settings of the stages."""
    return YAML(typ="safe").load(Layout().params.read_text("utf-8"))


def compile_cells(wanted: list[str]) -> Iterator[Compiled]:
    """The cells that are wanted (all of the registries without a name) and can be fitted."""
    layout = Layout()
    datasets, names = read_datasets(layout.datasets), read_models(layout.models)
    every = [f"{d}-{m}" for table, each in names.items() for m in each for d in datasets[table]]
    for cell in wanted or every:
        dataset, _, name = cell.partition("-")
        (table, card), model = read_cell(layout, dataset), models.load(name)
        if model.unsupported_reason(table, card):
            continue
        start = time.perf_counter()
        refitter = Refitter(model, table, card)
        seconds = time.perf_counter() - start
        lengths = choose_settings(model, read_params()["fit"], cell)
        yield Compiled(cell, model, table, card, refitter, lengths, seconds)
