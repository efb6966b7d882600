"""Predictive density of base models under the augmented law, effects of papers integrated out."""

from collections.abc import Collection

import numpy as np
import pandas as pd
import xarray as xr
from scipy import stats

from models import Card
from models.losses.augmented_design import prepare
from models.losses.augmented_law import expect


def unit_log_likelihood(
    posterior: xr.Dataset, table: pd.DataFrame, card: Card, only: Collection[str] | None = None
) -> xr.DataArray:
    """Log density of the rows of each base model, the effects of their papers integrated out.

    Given the other rows that the posterior was fitted to, which know something of these effects; a
    paper is fitted or held out as a whole. Dims chain, draw, base_model: those of `only`, or all.
    """
    sizes = prepare(table, card)
    rows = sizes.rows
    expected = expect(posterior, sizes).transpose("chain", "draw", "row").to_numpy()
    residuals = np.log(rows["perplexity"].to_numpy()) - expected
    base = rows["base_model"].fillna(rows["model"]).astype(str)
    groups: dict[tuple[str, str], list[int]] = {}
    for position, unit in enumerate(zip(base, rows["lab"], strict=True)):
        if only is None or unit[0] in only:
            groups.setdefault(unit, []).append(position)
    found = {name: np.zeros(residuals.shape[:2]) for name, _ in groups}
    for (name, paper), positions in groups.items():
        found[name] += _group_density(posterior, paper, residuals[..., positions])
    coords = {"chain": posterior["chain"], "draw": posterior["draw"], "base_model": list(found)}
    values = np.stack(list(found.values()), axis=-1)
    return xr.DataArray(values, dims=("chain", "draw", "base_model"), coords=coords)


def _group_density(posterior: xr.Dataset, paper: str, residuals: np.ndarray) -> np.ndarray:
    """Log density of residuals that share a paper, shape (chain, draw, row), given its others.

    The rows are taken out of what is known of the paper's effect, then put back one by one.
    """
    noise, own = (posterior[name].to_numpy() ** 2 for name in ("noise_scale", "paper_scale"))
    drawn = posterior.sel(paper=paper)
    precision = drawn["paper_effect_scale"].to_numpy() ** -2.0
    weighted = drawn["paper_effect_mean"].to_numpy() * precision
    fitted_count = np.median(noise * (precision - 1 / own))
    if fitted_count > 0.5:  # else the paper was held out, and nothing is known of its effect
        precision = precision - residuals.shape[-1] / noise
        weighted = weighted - residuals.sum(axis=-1) / noise
    total = np.zeros(noise.shape)
    for residual in np.moveaxis(residuals, -1, 0):
        scale = np.sqrt(noise + 1 / precision)
        total += stats.norm.logpdf(residual, weighted / precision, scale)
        precision, weighted = precision + 1 / noise, weighted + residual / noise
    return total
