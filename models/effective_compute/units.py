"""Predictive density of base models: what is a model's own is integrated out."""

from collections.abc import Callable, Collection

import numpy as np
import pandas as pd
import xarray as xr
from scipy import special
from scipy.stats import qmc

from models.effective_compute.design import Design
from models.effective_compute.terms import sum_effective

# Scores may tell a deviation to a hundredth of its scale, and the nodes of a Gauss-Hermite rule
# lie too far apart. Equal steps err by exp(-2 (pi width / step)^2).
NODES, REACH = 161, 7.0  # count, and scales to either side
POINTS, POINTS_SEED = 8, 20220630  # of the Sobol sequence; with it, every third node
# Rows and effective compute (chain, draw, row, node) -> log density of the same shape.
RowDensity = Callable[[np.ndarray, np.ndarray], np.ndarray]


def integrate_units(
    posterior: xr.Dataset,
    design: Design,
    row_density: RowDensity,
    only: Collection[str] | None = None,
) -> xr.DataArray:
    """Log density of the rows of each base model, what is normal and its own integrated out.

    That is its deviation, what techniques are worth to it and, of a lab with one base model, the
    lab effect: nothing else informs them, so that a density given them would say little of the next
    model. Dims chain, draw, base_model, those of `only` or all; coordinate row_count on base_model.
    Integrals are sums over equal steps, and means over a few points of a Sobol sequence.
    """
    lone = find_lone_labs(design)
    shared = posterior
    variance = posterior["deviation_scale"].to_numpy()[..., None] ** 2 + design.compute_error**2
    if lone.any():
        labs = posterior["lab_effect"].transpose("chain", "draw", "lab")
        shared = posterior.assign(lab_effect=labs * xr.DataArray(~lone, dims="lab"))
        lab_of_base = design.lab_index[np.unique(design.base_index, return_index=True)[1]]
        own = posterior["lab_scale"].to_numpy()[..., None] ** 2
        variance = variance + np.where(lone[lab_of_base], own, 0.0)
    if design.pairs:
        zero = xr.zeros_like(posterior["technique_by_base_effect"])
        shared = shared.assign(technique_by_base_effect=zero)
    effective, scale = sum_effective(shared, design), np.sqrt(variance)
    nodes = np.linspace(-REACH, REACH, NODES)
    log_weights = -(nodes**2) / 2 - np.log(np.exp(-(nodes**2) / 2).sum())
    asked = [i for i, base in enumerate(design.bases) if only is None or base in only]
    density = np.empty((*scale.shape[:-1], len(asked)))
    for place, position in enumerate(asked):
        rows = np.flatnonzero(design.base_index == position)
        moves = _move_by_techniques(posterior, design, position, rows)
        taken = slice(None, None, 3 if len(moves) > 1 else 1)
        at = effective[..., rows, None] + scale[..., position, None, None] * nodes[taken]
        weights = log_weights[taken] - special.logsumexp(log_weights[taken])
        each = [
            special.logsumexp(row_density(rows, at + move).sum(axis=-2) + weights, axis=-1)
            for move in moves
        ]
        density[..., place] = special.logsumexp(each, axis=0) - np.log(len(moves))
    counts = np.bincount(design.base_index, minlength=len(design.bases))
    coords = {
        "chain": posterior["chain"],
        "draw": posterior["draw"],
        "base_model": [design.bases[position] for position in asked],
        "row_count": ("base_model", counts[asked]),
    }
    return xr.DataArray(density, dims=("chain", "draw", "base_model"), coords=coords)


def _move_by_techniques(
    posterior: xr.Dataset, design: Design, base: int, rows: np.ndarray
) -> list[np.ndarray]:
    """Draws of what techniques are worth to a base model, as decades of its rows.

    Shape (chain, draw, row, 1); one of zero where the base model has no such pair.
    """
    own = [place for place, (each, _) in enumerate(design.pairs) if each == base]
    if not own:
        return [np.zeros((1, 1, 1, 1))]
    points = qmc.Sobol(len(own), rng=np.random.default_rng(POINTS_SEED)).random(POINTS)
    scale = posterior["technique_by_base"].to_numpy()[..., None, None]
    of_rows = special.ndtri(points) @ design.has_pair[np.ix_(rows, own)].T
    return [scale * each[:, None] for each in of_rows]


def find_lone_labs(design: Design) -> np.ndarray:
    """Labs with one base model, which has no other lab: shape (lab,); none where there is one."""
    if len(design.labs) == 1:
        return np.array([False])
    pairs = pd.DataFrame({"lab": design.lab_index, "base": design.base_index}).drop_duplicates()
    bases = pairs.groupby("lab")["base"].nunique()
    labs = pairs.groupby("base")["lab"].nunique()
    alone = pairs.groupby("lab")["base"].first().map(labs) == 1
    return np.asarray((bases == 1) & alone)
