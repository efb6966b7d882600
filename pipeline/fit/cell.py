"""Reading what the fit stage wrote, with what later stages need beside it."""

import argparse
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
import xarray as xr

import models
from models import Card
from pipeline.ingest.cards.card import load_card


@dataclass(frozen=True)
class Cell:
    """One dataset under one model: table, card, posterior tree and estimands.

    `not_fitted` says why there is no posterior and is empty where there is one; without one there
    are no estimands.
    """

    model: models.Model
    table: pd.DataFrame
    card: Card
    tree: xr.DataTree
    estimands: xr.Dataset
    not_fitted: str = ""


def add_cell_arguments(parser: argparse.ArgumentParser) -> None:
    """The flags by which a stage is told its cell."""
    parser.add_argument(
        "--card", type=Path, required=True, help="data/sources/<dataset>/source.yaml"
    )
    parser.add_argument(
        "--table", type=Path, required=True, help="data/validated/<dataset>.parquet"
    )
    parser.add_argument("--model", required=True, help="a module of models/")
    parser.add_argument(
        "--posterior", type=Path, required=True, help="data/posteriors/<dataset>-<model>.nc"
    )
    parser.add_argument(
        "--runs", type=Path, help="validated run registry, for models that name runs"
    )
    add_scaling_law_argument(parser)


def add_scaling_law_argument(parser: argparse.ArgumentParser) -> None:
    """The flag of the stages whose models measure allocation."""
    parser.add_argument(
        "--scaling-law",
        type=Path,
        help="draws of the fitted scaling law, data/attributions/<dataset>-scaling_law.parquet, "
        "for models that measure allocation",
    )


def read_scaling_law(path: Path | None) -> pd.DataFrame | None:
    """The draws of the fitted law, a column an estimand; None without a path."""
    return pd.read_parquet(path) if path else None


def load_cell(options: argparse.Namespace) -> Cell:
    """The cell that the parsed flags name."""
    runs = pd.read_parquet(options.runs) if options.runs else None
    card = load_card(options.card).for_model(runs, read_scaling_law(options.scaling_law))
    model = models.load(options.model)
    table = pd.read_parquet(options.table)
    with xr.open_datatree(options.posterior, engine="h5netcdf") as opened:
        tree = opened.load()
    not_fitted = str(tree.attrs.get("not_fitted", ""))
    estimands = (
        xr.Dataset() if not_fitted else model.estimands(tree["posterior"].to_dataset(), table, card)
    )
    return Cell(model, table, card, tree, estimands, not_fitted)
