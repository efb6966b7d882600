"""A compiled model -> its posterior: one tree with everything that later stages read.

Groups: prior, prior_predictive, posterior, posterior_predictive, sample_stats, observed_data,
constant_data, log_likelihood, log_prior. The same inputs and seed give the same bytes on one
machine: what changes from run to run (dates, durations) is removed.
"""

import json
import os
from pathlib import Path
from typing import Any

import xarray as xr

from pipeline.checks.leave_out import thin
from pipeline.checks.refit import Refitter, round_alike
from pipeline.fit import density

PASSING_ATTRIBUTES = ("created_at", "sampling_time", "tuning_steps", "creation_library_version")
PRIOR_DRAWS = 1000
PREDICTIVE_DRAWS = 2000  # sets of predicted outcomes: enough for the tails of their means


@round_alike()
def fit(
    refitter: Refitter, settings: dict[str, Any], seed: int, progress: bool = False
) -> xr.DataTree:
    """The posterior of the compiled model, as a tree with the groups above.

    `settings`: chains, draws and tune. Each kind of draw has its own seed, derived from `seed`.
    """
    built = refitter.built
    tree = refitter.sample(**settings, seed=seed, progress=progress)
    posterior = tree["posterior"].to_dataset()
    tree.update(density.sample_prior(built, PRIOR_DRAWS, seed + 1))
    thinned = thin(posterior, PREDICTIVE_DRAWS)
    made = {
        "posterior_predictive": density.sample_predictions(built, thinned, seed + 2),
        "log_likelihood": density.log_likelihood(built, posterior),
        "log_prior": density.log_prior(built, posterior),
    }
    for name, group in made.items():
        tree[name] = xr.DataTree(group)
    return tree


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
