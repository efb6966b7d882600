"""How far the headline estimands lean on the priors, and on which.

Three measures: power scaling (Kallioinen et al. 2023), the width of the posterior over that of the
prior, and, where a study was made, how far the interval moves when a prior is scaled and the model
fitted again (pipeline/studies/calibrate.py).
"""

import math
import re
from collections.abc import Iterable
from typing import Any

import arviz_stats
import pandas as pd
import xarray as xr

from models import flatten
from models.core.parts import ALGORITHMS, PARTS
from models.core.prior import list_priors
from pipeline.checks.numbers import find_interval, round_to
from pipeline.fit.cell import Cell

UNCHANGED = 0.9  # of the prior interval's width: beyond, the data said nothing
# Power-scaling index above which a quantity counts as sensitive (Kallioinen et al. 2023).
SENSITIVE = 0.05

Draws = dict[str, xr.DataArray]


def is_constant(draws: xr.DataArray) -> bool:
    """Whether all draws agree up to rounding: nothing to converge."""
    low, high = float(draws.min()), float(draws.max())
    return low == high or (math.isfinite(high - low) and high - low <= 1e-12 * max(1.0, abs(high)))


def list_headlines(cell: Cell) -> Draws:
    """Reported headline estimands that vary, by key."""
    return {
        key: draws.drop_vars(set(draws.coords) - {"chain", "draw"})
        for key, draws in flatten(cell.estimands)
        if draws.attrs.get("is_headline") and not draws.isnull().any() and not is_constant(draws)
    }


def measure_sensitivity(cell: Cell) -> dict[str, Any]:
    """Power-scaling index of each headline to prior and likelihood, and what the prior drives."""
    headline = list_headlines(cell)
    if not headline:
        return {"prior_sensitivity": {}, "driven_by_prior": [], "driven_by": {}}
    groups = {
        "posterior": xr.Dataset({f"q{i}": draws for i, draws in enumerate(headline.values())}),
        "log_prior": _stated_priors(cell),
        "log_likelihood": cell.tree["log_likelihood"].to_dataset(),
    }
    tree = xr.DataTree.from_dict(groups)
    frame = arviz_stats.psense_summary(tree, round_to=6)
    frame = frame.set_axis(list(headline), axis=0)[["prior", "likelihood"]]
    before = draw_prior(cell, headline)
    frame["width_ratio"] = [width(draws) / width(before[key]) for key, draws in headline.items()]
    indices = {
        key: {name: round_to(value) for name, value in row.items()} for key, row in frame.iterrows()
    }
    moved_by_prior_alone = (frame["prior"] > SENSITIVE) & (frame["likelihood"] < SENSITIVE)
    driven = list(frame.index[moved_by_prior_alone | (frame["width_ratio"] > UNCHANGED)])
    return {
        "prior_sensitivity": indices,
        "driven_by_prior": driven,
        "driven_by": find_strongest(tree, {key: headline[key] for key in driven}),
    }


def find_strongest(tree: xr.DataTree, driven: Draws) -> dict[str, list[str]]:
    """For each driven headline the stated prior to whose power scaling it is most sensitive.

    `tree` has the log densities of the stated priors.
    """
    log_prior = tree["log_prior"].to_dataset()
    if not driven or not log_prior:
        return {}
    posterior = xr.Dataset({f"q{i}": draws for i, draws in enumerate(driven.values())})
    indices = {}
    for name in log_prior.data_vars:
        alone = {"posterior": posterior, "log_prior": log_prior[[name]]}
        found = arviz_stats.psense(xr.DataTree.from_dict(alone), group="prior")
        indices[str(name)] = {key: float(found[f"q{i}"]) for i, key in enumerate(driven)}
    frame = pd.DataFrame(indices)  # rows: headlines, columns: priors
    return {str(key): [str(name)] for key, name in frame.idxmax(axis=1).items()}


def draw_prior(cell: Cell, keys: Iterable[str]) -> Draws:
    """Prior draws of the scalar estimands `keys`, shares from the decades of their parts.

    Under a wide prior the total of a step is often near zero and the model reports no share of it;
    its width is wanted all the same.
    """
    before = estimate_before(cell)
    return {key: _fill_share(key, before[key], before) for key in keys}


def estimate_before(cell: Cell) -> Draws:
    """Prior draws of every scalar estimand, as the model reports them."""
    prior = cell.tree["prior"].to_dataset()
    return dict(flatten(cell.model.estimands(prior, cell.table, cell.card)))


def _fill_share(key: str, draws: xr.DataArray, before: Draws) -> xr.DataArray:
    """A share that is not reported, as the sum of its parts over the sum of all parts."""
    matched = re.fullmatch(r"(shapley_)?share_(\w+)(\[.*\])", key)
    if matched is None or not bool(draws.isnull().all()):
        return draws
    kind = "shapley" if matched[1] else "decades"
    named = {part: before.get(f"{kind}_{part}{matched[3]}") for part in PARTS}
    parts = {
        part: found
        for part, found in named.items()
        if found is not None and not bool(found.isnull().any())
    }
    wanted = ALGORITHMS if matched[2] == "algorithms" else (matched[2],)
    if not set(wanted) & set(parts):
        return draws
    total = sum(parts.values(), xr.zeros_like(draws))
    chosen = [found for part, found in parts.items() if part in wanted]
    return sum(chosen, xr.zeros_like(total)) / total


def width(draws: xr.DataArray) -> float:
    """Width of the 90 % interval; robust to the heavy tails of ratios."""
    lower, upper = find_interval(draws)
    return upper - lower


def _stated_priors(cell: Cell) -> xr.Dataset:
    """Log densities of the priors that the model states; those of offsets are part of the model."""
    stated = [name for name, _ in list_priors(cell.model.Priors())]
    names = [each for name in stated for each in (name, f"{name}_offset")]
    log_prior = cell.tree["log_prior"].to_dataset()
    return log_prior[[name for name in names if name in log_prior]]
