"""Tables, cards and draws for the tests of models, and a step recomputed by hand."""

from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import nutpie
import pandas as pd
import xarray as xr
from ruamel.yaml import YAML

import models
from models import Card
from models._options import Comparison, LeaderboardOptions
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
    """The table of `dataset` as the stages make it, and what models see of its card."""
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
    """The posterior of model `name`: 4 chains of `draws`, with the model's own adaptation."""
    model = models.load(name)
    compiled = nutpie.compile_pymc_model(model.build(table, card, model.Priors()))
    tree = nutpie.sample(
        compiled, draws=draws, tune=600, chains=4, seed=seed, progress_bar=False, **model.SAMPLER
    )
    return tree["posterior"].to_dataset()


def make_leaderboard() -> pd.DataFrame:
    """Eight rows: four base models of two labs, each tuned further, all but one given a vote."""
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
            # one without the vote: tags that always occur together are refused
            "techniques": "domain_tuning majority_vote" if i else "domain_tuning",
            "release_date": pd.Timestamp(2020 + i, 10, 1),
            "training_flop": 1.2 * 10.0 ** (22 + i),
            "score": 0.3 + 0.15 * i,
        }
        rows += [run | base, run | tuned]
    frame = pd.DataFrame(rows)
    return frame.assign(
        line=range(2, 2 + len(rows)), exclusion=pd.Series([None] * len(rows), dtype="str")
    )


def make_card(trend: str = "linear", **changes: Any) -> Card:
    """Its card: a step within a base model, one between labs and dates, one of nothing."""
    benchmark = {
        "label": "MATH",
        "chance": 0.02,
        "ceiling": 0.95,
        "item_count": 500,
        "reason": "test",
    }
    sides = {
        "base_3": {"model": "Base 3", "method": "direct"},
        "tuned_3": {"model": "Tuned 3", "method": "vote"},
        "base_0": {"model": "Base 0", "method": "direct"},
    }
    pairs = [("base_3", "tuned_3"), ("base_0", "tuned_3"), ("base_0", "base_0")]
    technique = {"label": "t", "definition": "test"}
    tree = {
        "benchmarks": {"MATH": benchmark},
        "trend": trend,
        "techniques": {"domain_tuning": technique, "majority_vote": technique},
        "comparisons": [
            {
                "id": f"math-{a}-{b}",
                "label": f"{a} to {b}",
                "benchmark": "MATH",
                "earlier": sides[a],
                "later": sides[b],
            }
            for a, b in pairs
        ],
        "headline_comparison": "math-base_0-tuned_3",
    }
    return Card("toy", "accuracy_leaderboard", LeaderboardOptions.model_validate(tree | changes))


def recompute_step(
    posterior: xr.Dataset, table: pd.DataFrame, comparison: Comparison
) -> dict[str, np.ndarray]:
    """Decades of each part of a step from the posterior's parameters, shape (chain, draw).

    The deviation of a base model is part error of its compute, part unexplained; how it is divided
    is drawn. The two stand here together, as `compute and unexplained`.
    """
    rows = table[table["exclusion"].isna() & (table["benchmark"] == comparison.benchmark)]
    early, late = (
        rows[(rows["model"] == side.model) & (rows["method"] == side.method)].iloc[0]
        for side in (comparison.earlier, comparison.later)
    )
    shape = (posterior.sizes["chain"], posterior.sizes["draw"])

    def difference(name: str, dim: str, column: str) -> np.ndarray:
        labels = list(posterior[dim].values)
        draws = posterior[name].transpose("chain", "draw", dim).to_numpy()
        return draws[..., labels.index(late[column])] - draws[..., labels.index(early[column])]

    known_compute = np.log10(late["training_flop"]) - np.log10(early["training_flop"])
    parts = {
        "compute and unexplained": known_compute
        + difference("deviation", "base_model", "base_model"),
        "technique": np.zeros(shape),
    }
    gains = posterior["technique_gain"]
    if "technique_on_benchmark" in posterior:
        gains = posterior["technique_on_benchmark"].sel(benchmark=comparison.benchmark)
    for row, sign in ((late, 1), (early, -1)):
        for tag in row["techniques"].split():
            parts["technique"] = parts["technique"] + sign * gains.sel(technique=tag).to_numpy()
    if "rate" in posterior:
        years = (late["release_date"] - early["release_date"]).days / 365.25
        parts["trend"] = posterior["rate"].to_numpy() * years
    if "lab_effect" in posterior:
        parts["lab"] = difference("lab_effect", "lab", "lab")
    return {name: np.broadcast_to(values, shape) for name, values in parts.items()}
