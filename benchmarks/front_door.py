"""A received file through the front door, in a folder of its own: `apportion new`, *ingest*."""

import contextlib
import io
import shutil
from pathlib import Path

import pandas as pd

from models import Card
from pipeline.core.layout import Layout
from pipeline.fit.cell import read_card
from pipeline.ingest.stage import ingest_dataset
from pipeline.new_dataset.dialogue import make_dataset

MODEL = "compute_multiplier"
READ = (  # what `new`, *ingest* and *fit* read besides the dataset
    *("data/benchmarks.yaml", "data/references.bib", "data/sources/training_runs"),
    *("data/sources/datasets.yaml", "data/validated/training_runs.parquet"),
    *("data/attributions/chinchilla_runs-scaling_law.parquet", "params.yaml"),
    "models/models.yaml",
)


def make_project(root: Path) -> Layout:
    """A project in the folder `root` with the registries, and no dataset of leaderboards."""
    for name in READ:
        target = root / name
        target.parent.mkdir(parents=True, exist_ok=True)
        (shutil.copytree if Path(name).is_dir() else shutil.copy)(name, target)
    return Layout(root)


def take_in(layout: Layout, name: str, received: pd.DataFrame) -> tuple[pd.DataFrame, Card]:
    """The validated table and the card of the dataset `name`, made of a file as received."""
    path = layout.root / f"{name}.csv"
    received.to_csv(path, index=False)
    with contextlib.redirect_stdout(io.StringIO()):
        make_dataset(layout, name, "", path, None, as_json=True)
    ingest_dataset(layout, name)
    return pd.read_parquet(layout.table(name)), read_card(layout, name)
