"""Half-normal inefficiency plus normal noise: density, draws, and what a residual says of it."""

from typing import Any

import numpy as np
import xarray as xr
from scipy import stats


def log_density(value: Any, frontier: Any, inefficiency_scale: Any, noise_scale: Any) -> Any:
    """Log density of half-normal plus normal.

    PyMC's own SkewNormal is -inf a few scales below the frontier.
    """
    import pymc as pm
    from pymc.distributions.dist_math import normal_lcdf

    scale = pm.math.sqrt(inefficiency_scale**2 + noise_scale**2)
    shape = inefficiency_scale / noise_scale
    log_normal = pm.logp(pm.Normal.dist(frontier, scale), value)
    return np.log(2.0) + log_normal + normal_lcdf(0, 1, shape * (value - frontier) / scale)


def draw_rows(
    frontier: Any,
    inefficiency_scale: Any,
    noise_scale: Any,
    rng: np.random.Generator,
    size: Any = None,
) -> np.ndarray:
    """Draws for the predictive checks; shapes broadcast as NumPy's."""
    above = np.abs(rng.normal(0, inefficiency_scale, size))
    return frontier + above + rng.normal(0, noise_scale, size)


def expect_inefficiency(residual: Any, inefficiency_scale: Any, noise_scale: Any) -> xr.DataArray:
    """Expected distance above the frontier given the residual (Jondrow et al. 1982, eq. 1)."""
    variance_u, variance_v = inefficiency_scale**2, noise_scale**2
    mean = residual * variance_u / (variance_u + variance_v)
    scale = np.sqrt(variance_u * variance_v / (variance_u + variance_v))
    # pdf / cdf by logs: far below the frontier both underflow
    log_pdf, log_cdf = (
        xr.apply_ufunc(log, mean / scale) for log in (stats.norm.logpdf, stats.norm.logcdf)
    )
    return mean + scale * np.exp(log_pdf - log_cdf)
