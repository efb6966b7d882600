"""Validated table + models -> posterior, verdict and estimands, a process a cell.

The model is compiled once, for the fit and for the refits of its check. Where a model cannot be
fitted to the dataset nothing is sampled: the posterior file has root attributes alone, with the
reason in `not_fitted`, and the verdict says so.
"""

import hashlib
import multiprocessing
from concurrent.futures import ProcessPoolExecutor
from importlib.metadata import version
from typing import Any

import pandas as pd
import xarray as xr
from ruamel.yaml import YAML

import models
from models import Card
from pipeline.files import write_json
from pipeline.layout import Layout
from pipeline.stage import end_with_dvc

VERSIONED = ("pymc", "pytensor", "nutpie", "arviz", "numpy", "pandas", "statsmodels")
PROCESSES = 2  # cells at a time: compiling uses one core


def fit_dataset(layout: Layout, dataset: str, params: dict[str, Any]) -> str:
    """Fit every model of the dataset's table, two at a time; a line a cell."""
    table = YAML(typ="safe").load(layout.options(dataset).read_text(encoding="utf-8"))["table"]
    names = YAML(typ="safe").load(layout.models.read_text(encoding="utf-8"))["models"][table]
    if len(names) == 1:
        return fit_cell(layout, dataset, names[0], params)
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(PROCESSES, context, initializer=end_with_dvc) as pool:
        made = [pool.submit(fit_cell, layout, dataset, name, params) for name in names]
        return "\n".join(each.result() for each in made)


def fit_cell(layout: Layout, dataset: str, name: str, params: dict[str, Any]) -> str:
    """Fit one model to one dataset, check the fit and write everything; the verdict in a line."""
    from pipeline.fit.attribute import write_attributions
    from pipeline.fit.cell import make_cell, read_card
    from pipeline.fit.check import check
    from pipeline.fit.sample import describe, write_tree

    cell, model = f"{dataset}-{name}", models.load(name)
    table, card = pd.read_parquet(layout.table(dataset)), read_card(layout, dataset)
    settings = choose_lengths(model, params["fit"])
    facts = {
        "dataset": dataset,
        "model": name,
        "seed": params["fit"]["seed"],
        "data_hash": hashlib.sha256(layout.table(dataset).read_bytes()).hexdigest(),
        "sampler": {"nuts_sampler": "nutpie", **model.SAMPLER, **settings},
        "versions": {each: version(each) for each in VERSIONED},
    }
    refitter, tree = _sample(cell, model, table, card, settings, params["fit"]["seed"])
    described = describe(tree, facts)
    made = make_cell(model, table, card, described)
    checked = check(made, params["check"], refitter)
    write_tree(layout.posterior(cell), described)
    write_attributions(layout, cell, made.estimands)
    write_json(layout.check(cell), checked)
    return "\n  ".join([f"{cell}: {checked['verdict']}", *checked["reasons"]])


def choose_lengths(model: models.Model, fit: dict[str, Any]) -> dict[str, int]:
    """Chains, warm-up and kept draws a chain: those of params.yaml, or what the model needs."""
    names = ("chains", "tune", "draws")
    return {name: int(model.SAMPLER.get(name, fit[name])) for name in names}


def _sample(
    cell: str,
    model: models.Model,
    table: pd.DataFrame,
    card: Card,
    settings: dict[str, int],
    seed: int,
) -> tuple[Any, xr.DataTree]:
    """The compiled model and its posterior; none and the reason where it cannot be fitted."""
    from pipeline.checks.refit import Refitter
    from pipeline.fit.sample import fit

    if reason := model.unsupported_reason(table, card):
        return None, xr.DataTree().assign_attrs(not_fitted=reason)
    print(f"{cell}: compiling, then {settings}", flush=True)
    refitter = Refitter(model, table, card)
    return refitter, fit(refitter, settings, seed, progress=True)
