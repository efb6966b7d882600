"""One dataset under one model, as the stages that read a fit see it."""

import json
from dataclasses import dataclass

import pandas as pd
import xarray as xr

import models
from models import Card
from models.options import OPTIONS
from pipeline.core.layout import Layout


@dataclass(frozen=True)
class Cell:
    """Table, card, posterior tree and estimands of a dataset under a model.

    `not_fitted` says why there is no posterior and is empty where there is one; without one there
    are no estimands.
    """

    model: models.Model
    table: pd.DataFrame
    card: Card
    tree: xr.DataTree
    estimands: xr.Dataset
    not_fitted: str = ""


def read_card(layout: Layout, dataset: str) -> Card:
    """What models may know of the dataset: options, run registry and draws of the scaling law."""
    known = json.loads(layout.options(dataset).read_text(encoding="utf-8"))
    runs, law = (
        pd.read_parquet(path) if path.is_file() else None
        for path in (layout.registry, layout.scaling_law)
    )
    options = OPTIONS[known["table"]].model_validate(known["options"])
    return Card(known["dataset"], known["table"], options, runs, law)


def make_cell(model: models.Model, table: pd.DataFrame, card: Card, tree: xr.DataTree) -> Cell:
    """The cell with its estimands, computed from the draws of `tree`."""
    not_fitted = str(tree.attrs.get("not_fitted", ""))
    estimands = (
        xr.Dataset() if not_fitted else model.estimands(tree["posterior"].to_dataset(), table, card)
    )
    return Cell(model, table, card, tree, estimands, not_fitted)


def load_cell(layout: Layout, dataset: str, model: str) -> Cell:
    """The cell as its stage wrote it."""
    with xr.open_datatree(layout.posterior(f"{dataset}-{model}"), engine="h5netcdf") as opened:
        tree = opened.load()
    table = pd.read_parquet(layout.table(dataset))
    return make_cell(models.load(model), table, read_card(layout, dataset), tree)
