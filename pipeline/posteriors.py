"""Reading what the fit stage wrote, with what later stages need beside it."""

import argparse
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
import xarray as xr

import models
from models import Card
from pipeline.cards import load_card


@dataclass(frozen=True)
class Cell:
    """One dataset under one model: table, card, posterior tree and estimands."""

    model: models.Model
    table: pd.DataFrame
    card: Card
    tree: xr.DataTree
    estimands: xr.Dataset


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


def load_cell(options: argparse.Namespace) -> Cell:
    """The cell that the parsed flags name."""
    runs = pd.read_parquet(options.runs) if options.runs else None
    card = load_card(options.card).for_model(runs)
    model = models.load(options.model)
    table = pd.read_parquet(options.table)
    with xr.open_datatree(options.posterior, engine="h5netcdf") as opened:
        tree = opened.load()
    return Cell(
        model, table, card, tree, model.estimands(tree["posterior"].to_dataset(), table, card)
    )
