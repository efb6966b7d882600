"""Validated table + model -> posterior: one NetCDF file with everything that later stages read.

Groups: prior, prior_predictive, posterior, posterior_predictive, sample_stats, observed_data,
constant_data, log_likelihood, log_prior. Root attributes: model, dataset, seed, data_hash, sampler,
versions. The same inputs and seed give the same bytes on one machine: what changes from run to run
(dates, durations) is removed. Where the model cannot be fitted to the dataset nothing is sampled:
the file has root attributes alone, with the reason in `not_fitted`.
"""

import argparse
import hashlib
import json
import os
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pandas as pd
import pymc as pm
import xarray as xr

import models
from models import Card
from pipeline.fit.arithmetic import round_alike
from pipeline.fit.cell import add_scaling_law_argument, read_scaling_law
from pipeline.ingest.cards.card import load_card
from pipeline.stage import stage_main

VERSIONED = ("pymc", "pytensor", "nutpie", "arviz", "numpy", "pandas", "statsmodels")
PASSING_ATTRIBUTES = ("created_at", "sampling_time", "tuning_steps", "creation_library_version")
PRIOR_DRAWS = 1000


@round_alike()
def fit(
    model: models.Model, table: pd.DataFrame, card: Card, settings: dict[str, Any], seed: int
) -> xr.DataTree:
    """The posterior of `model` on the fitted rows of `table`, as a tree with the groups above.

    Each kind of draw has its own seed, derived from `seed`.
    """
    built = model.build(table, card, model.Priors())
    tree = sample(built, model.SAMPLER, settings, seed, progressbar=True)
    with built:
        quiet = {"progressbar": False}
        tree.update(pm.sample_prior_predictive(draws=PRIOR_DRAWS, random_seed=seed + 1))
        pm.sample_posterior_predictive(
            tree, random_seed=seed + 2, extend_inferencedata=True, **quiet
        )
        pm.compute_log_likelihood(tree, **quiet)
        pm.stats.compute_log_prior(tree, **quiet)
    return tree


@round_alike()
def sample(
    built: Any, sampler: dict[str, Any], settings: dict[str, Any], seed: int, progressbar: bool
) -> xr.DataTree:
    """Draws of the built model with nutpie's NUTS and the model's own adaptation.

    `settings`: draws, tune and chains.
    """
    with built:
        return pm.sample(
            draws=settings["draws"],
            tune=settings["tune"],
            chains=settings["chains"],
            cores=settings["chains"],
            random_seed=seed,
            nuts_sampler="nutpie",
            nuts=dict(sampler),
            progressbar=progressbar,
        )


def describe(tree: xr.DataTree, facts: dict[str, Any]) -> xr.DataTree:
    """The tree with `facts` as root attributes and nothing that changes from run to run.

    Groups and variables are put in the order of their names: PyMC draws some of them by walking a
    set, whose order differs between processes.
    """
    groups = {group.path: _tidy(group.to_dataset(inherit=False)) for group in tree.subtree}
    tidied = xr.DataTree.from_dict(dict(sorted(groups.items())))
    tidied.attrs = {
        name: value if isinstance(value, str | int) else json.dumps(value)
        for name, value in facts.items()
    }
    return tidied


def _tidy(group: xr.Dataset) -> xr.Dataset:
    kept = {name: v for name, v in group.attrs.items() if name not in PASSING_ATTRIBUTES}
    coordinates = sorted(group.coords, key=str)
    bare = group.reset_coords(drop=True)[sorted(group.data_vars, key=str)]
    made = bare.assign_coords({name: group.coords[name] for name in coordinates})
    made.attrs = dict(sorted(kept.items()))  # assign_attrs would keep the others
    return made


def write_tree(path: Path, tree: xr.DataTree) -> None:
    """Write the tree as NetCDF to a temporary file, then rename it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.part")
    tree.to_netcdf(temporary, engine="h5netcdf")
    os.replace(temporary, path)


def main(argv: list[str] | None = None) -> int:
    """Fit one model to one dataset."""
    parser = argparse.ArgumentParser(
        prog="python -m pipeline.fit.sample", description=__doc__.splitlines()[0] if __doc__ else ""
    )
    parser.add_argument(
        "--card", type=Path, required=True, help="data/sources/<dataset>/source.yaml"
    )
    parser.add_argument(
        "--table", type=Path, required=True, help="data/validated/<dataset>.parquet"
    )
    parser.add_argument("--model", required=True, help="a module of models/")
    add_scaling_law_argument(parser)
    parser.add_argument("--seed", type=int, required=True)
    parser.add_argument("--draws", type=int, required=True, help="kept draws a chain")
    parser.add_argument("--tune", type=int, required=True, help="warm-up draws a chain")
    parser.add_argument("--chains", type=int, required=True)
    parser.add_argument(
        "--output", type=Path, required=True, help="data/posteriors/<dataset>-<model>.nc"
    )
    options = parser.parse_args(argv)
    card = load_card(options.card).for_model(scaling_law=read_scaling_law(options.scaling_law))
    model = models.load(options.model)
    table = pd.read_parquet(options.table)
    settings = {"draws": options.draws, "tune": options.tune, "chains": options.chains}
    facts = {
        "dataset": card.dataset,
        "model": options.model,
        "seed": options.seed,
        "data_hash": hashlib.sha256(options.table.read_bytes()).hexdigest(),
        "sampler": {"nuts_sampler": "nutpie", **model.SAMPLER, **settings},
        "versions": {name: version(name) for name in VERSIONED},
    }
    not_fitted = model.unsupported_reason(table, card)
    if not_fitted:
        print(f"{card.dataset}-{options.model}: not fitted: {not_fitted}", flush=True)
        write_tree(options.output, describe(xr.DataTree(), {"not_fitted": not_fitted} | facts))
        return 0
    print(f"{card.dataset}-{options.model}: compiling, then {settings}", flush=True)
    tree = fit(model, table, card, settings, options.seed)
    write_tree(options.output, describe(tree, facts))
    return 0


if __name__ == "__main__":
    stage_main(main)
