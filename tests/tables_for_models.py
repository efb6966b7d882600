"""Tables, cards and draws for the tests of models: the real designs, and a step recomputed by hand."""

from functools import cache
from pathlib import Path
from typing import Any

import nutpie
import numpy as np
import pandas as pd
import xarray as xr
from ruamel.yaml import YAML

import models
from models import Card
from pipeline.cards import LoadedCard, load_card
from pipeline.ingest import ingest
from pipeline.records import read_records
from pipeline.validate import exclude_by_rule

ROOT = Path(__file__).parents[1]


def read_yaml(path: Path) -> Any:
    """The tree of a YAML file, as plain dicts and lists."""
    return YAML(typ="safe", pure=True).load(path.read_text(encoding="utf-8"))


def list_cells() -> list[tuple[str, str]]:
    """Every (dataset, model) that the two registries ask for."""
    datasets = read_yaml(ROOT / "data/sources/datasets.yaml")["datasets"]
    names = read_yaml(ROOT / "models/models.yaml")["models"]
    return [(d, m) for table, found in names.items() for m in found for d in datasets[table]]


def read_reference(name: str) -> dict[str, Any]:
    """Published numbers from tests/reference/<name>.yaml."""
    return read_yaml(ROOT / "tests/reference" / f"{name}.yaml")


@cache
def load_real(dataset: str) -> tuple[pd.DataFrame, Card]:
    """The table of `dataset` made from its records as the stages make it, and what models see of its card."""
    card = load_card(ROOT / "data/sources" / dataset / "source.yaml")
    joined = _registry() if card.card.runs == "registry" else None
    named = _registry() if card.table == "scaling_grid" else None
    return _convert(card, joined), card.for_model(named)


@cache
def _registry() -> pd.DataFrame:
    return _convert(load_card(ROOT / "data/sources/training_runs/source.yaml"), None)


def _convert(card: LoadedCard, runs: pd.DataFrame | None) -> pd.DataFrame:
    records = read_records(card.records_path)
    return exclude_by_rule(ingest(card, records, runs), card, records)


def sample(name: str, table: pd.DataFrame, card: Card, seed: int, draws: int = 400) -> xr.Dataset:
    """The posterior of model `name`: 4 chains of `draws` after 600 of tuning, with the model's own adaptation."""
    model = models.load(name)
    compiled = nutpie.compile_pymc_model(model.build(table, card, model.Priors()))
    tree = nutpie.sample(
        compiled, draws=draws, tune=600, chains=4, seed=seed, progress_bar=False, **model.SAMPLER
    )
    return tree["posterior"].to_dataset()


def make_leaderboard() -> pd.DataFrame:
    """Eight rows of `accuracy_leaderboard`: four base models of two labs, each tuned further and given a vote."""
    rows = []
    for i in range(4):
        run = {
            "benchmark": "MATH",
            "base_model": f"Base {i}",
            "lab": f"Lab {i % 2}",
            "compute_confidence": ["confident", "likely", "speculative", "likely"][i],
        }
        base = {
            "model": f"Base {i}",
            "method": "direct",
            "techniques": "",
            "release_date": pd.Timestamp(2020 + i, 4, 1),
            "training_flop": 10.0 ** (22 + i),
            "score": 0.1 + 0.15 * i,
        }
        tuned = {
            "model": f"Tuned {i}",
            "method": "vote",
            "techniques": "domain_tuning majority_vote",
            "release_date": pd.Timestamp(2020 + i, 10, 1),
            "training_flop": 1.2 * 10.0 ** (22 + i),
            "score": 0.3 + 0.15 * i,
        }
        rows += [run | base, run | tuned]
    frame = pd.DataFrame(rows)
    return frame.assign(line=range(2, 2 + len(rows)), exclusion=pd.Series([None] * len(rows), dtype="str"))
