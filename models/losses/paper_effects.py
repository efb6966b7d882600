"""Effects that the rows of a paper share, integrated out exactly: of the likelihood, and of the
predictive density of base models.
"""

from collections.abc import Collection
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr
from scipy import stats

from models import Card
from models.losses.augmented_design import prepare
from models.losses.augmented_law import expect


def draw_rows(
    expected: Any, noise_scale: Any, paper_scale: Any, weight: Any, paper: Any, size: Any
) -> Any:
    """Rows with a new effect for each paper; there are no more papers than rows."""
    import pymc as pm

    effect = pm.Normal.dist(0, paper_scale, size=expected.shape)[paper]
    return effect + pm.Normal.dist(expected, noise_scale, size=expected.shape)


def weigh_rows(
    value: Any, expected: Any, noise_scale: Any, paper_scale: Any, weight: Any, paper: Any
) -> Any:
    """Log density of each row, its paper's effect integrated out; nothing where its weight is 0.

    The rows sum to the joint density: of a paper's, that without an effect plus
    log(scale / paper_scale) + (mean / scale)^2 / 2, which is divided equally among its rows.
    """
    import pymc as pm

    count = _sum_by_paper(weight, paper)
    residuals = _sum_by_paper(weight * (value - expected), paper)
    mean, scale = _infer_effect(count, residuals, noise_scale, paper_scale)
    shared = pm.math.log(scale / paper_scale) + (mean / scale) ** 2 / 2
    alone = pm.logp(pm.Normal.dist(expected, noise_scale), value)
    return weight * (alone + (shared / pm.math.maximum(count, 1))[paper])


def _sum_by_paper(values: Any, paper: Any) -> Any:
    """Sums by position of the paper; as long as there are rows, zero after the last paper."""
    import pytensor.tensor as pt

    return pt.inc_subtensor(pt.zeros_like(values)[paper], values)


def _infer_effect(
    count: Any, residuals: Any, noise_scale: Any, paper_scale: Any
) -> tuple[Any, Any]:
    """Mean and standard deviation of a paper's effect, given the sum of `count` residuals."""
    precision = count / noise_scale**2 + 1 / paper_scale**2
    return residuals / noise_scale**2 / precision, precision**-0.5


def build_paper_effect(
    given: dict[str, Any], expected: Any, noise_scale: Any, paper_scale: Any
) -> None:
    """What the rows say of the effect of each paper, integrated out above; call inside the model.

    Given the parameters it is normal: its mean and standard deviation are kept.
    """
    import pymc as pm

    count = len(pm.modelcontext(None).coords["paper"])
    weight, paper = given["row_weight"], given["paper_index"]
    residual = weight * (given["observed_log_perplexity"] - expected)
    rows_of, sum_of = (_sum_by_paper(each, paper)[:count] for each in (weight, residual))
    mean, scale = _infer_effect(rows_of, sum_of, noise_scale, paper_scale)
    pm.Deterministic("paper_effect_mean", mean, dims="paper")
    pm.Deterministic("paper_effect_scale", scale, dims="paper")


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
    chosen = rows if only is None else rows[base.isin(list(only))]
    found: dict[str, Any] = {}
    groups: Any = chosen.groupby([base, "lab"], sort=False)
    for (name, paper), group in groups:
        density = _group_density(posterior, paper, residuals[..., group.index])
        found[name] = found.get(name, 0.0) + density
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
