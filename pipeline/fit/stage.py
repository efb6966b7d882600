"""Validated table + models -> posterior, verdict and estimands, a process a cell.

The model is compiled once, for the fit and for the refits of its check. Where a model cannot be
fitted to the dataset nothing is sampled: the posterior file has root attributes alone, with the
reason in `not_fitted`, and the verdict says so.
"""

import hashlib
import json
from importlib.metadata import version
from typing import Any

import pandas as pd
import xarray as xr
from ruamel.yaml import YAML

import models
from pipeline.checks.refit import Refitter
from pipeline.core.files import write_json
from pipeline.core.layout import Layout
from pipeline.fit.attribute import write_attributions
from pipeline.fit.cell import make_cell, read_card
from pipeline.fit.check import check
from pipeline.fit.sample import describe, fit, write_tree

VERSIONED = ("pymc", "pytensor", "nutpie", "arviz", "numpy", "pandas", "statsmodels")


def fit_dataset(layout: Layout, dataset: str, params: dict[str, Any]) -> str:
    """Fit every model of the dataset's table, one after another; a line a cell."""
    table = json.loads(layout.options(dataset).read_text(encoding="utf-8"))["table"]
    registry = YAML(typ="safe").load(layout.models.read_text(encoding="utf-8"))
    names = registry["models"][table]
    return "\n".join(fit_cell(layout, dataset, name, params) for name in names)


def fit_cell(layout: Layout, dataset: str, name: str, params: dict[str, Any]) -> str:
    """Fit one model to one dataset, check the fit and write everything; the verdict in a line."""
    cell, model = f"{dataset}-{name}", models.load(name)
    table, card = pd.read_parquet(layout.table(dataset)), read_card(layout, dataset)
    settings = choose_settings(model, params["fit"], cell)
    facts = {
        "dataset": dataset,
        "model": name,
        "seed": params["fit"]["seed"],
        "data_hash": hashlib.sha256(layout.table(dataset).read_bytes()).hexdigest(),
        "sampler": {"nuts_sampler": "nutpie", **settings},
        "versions": {each: version(each) for each in VERSIONED},
    }
    reason = model.unsupported_reason(table, card)
    if reason:
        refitter, tree, facts = None, xr.DataTree(), facts | {"not_fitted": reason}
    else:
        print(f"{cell}: compiling, then {settings}", flush=True)
        refitter = Refitter(model, table, card)
        tree = fit(refitter, settings, params["fit"]["seed"], progress=True)
    described = describe(tree, facts)
    made = make_cell(model, table, card, described)
    checked = check(made, params["check"], refitter)
    write_tree(layout.posterior(cell), described)
    write_attributions(layout, cell, made.estimands)
    write_json(layout.check(cell), checked)
    return "\n  ".join([f"{cell}: {checked['verdict']}", *checked["reasons"]])


def choose_settings(model: models.Model, stated: dict[str, Any], cell: str) -> dict[str, Any]:
    """The sampler's settings: those of params.yaml, then of the model, then of the cell."""
    lengths = {name: stated[name] for name in ("chains", "tune", "draws")}
    return lengths | model.SAMPLER | stated["cells"].get(cell, {})
