"""The law of idea production: its closed solution, its shocks, and the density of efficiencies.

In natural logarithms and years. With S the research done so far, each year's input relative to the
first year's to the power of stepping_on_toes, the law has a closed solution for x =
efficiency^fishing_out, which `solve` gives. Noise is carried along it to first order.
"""

from typing import Any

import numpy as np
import xarray as xr

from models.production.research import LOG_10, Design

GONE = 40.0  # nats: of a shock that decayed so far nothing is left
SMALLEST = 1e-12  # share of the room to a ceiling: below, the law is that without one


def solve(
    xp: Any, initial_growth: Any, fishing_out: Any, stock: Any, log_ceiling: Any = None
) -> tuple[Any, Any]:
    """Log of x = efficiency^fishing_out after the research `stock`, and the room used up.

    A shock to log efficiency shrinks as x grows and as room is used: exp(-(change of both)) of it
    is left at a later time. `xp` is NumPy or pytensor.tensor; `log_ceiling` is that of the ceiling
    over the first year's efficiency.
    """
    made = fishing_out * initial_growth * stock
    if log_ceiling is None:
        log_x = xp.log1p(made)
        return log_x, xp.zeros_like(log_x)
    # In this form neither a ceiling out of sight nor one just overhead overflows.
    reach = fishing_out * log_ceiling
    used = xp.maximum(made * xp.exp(-reach) / -xp.expm1(-reach), SMALLEST)
    log_x = xp.log1p(made * -xp.expm1(-used) / used)
    return log_x, used


def predict(design: Design, drawn: dict[str, Any], data: dict[str, Any]) -> tuple[Any, Any]:
    """Mean and standard deviation of each log efficiency given the field's earlier ones.

    `drawn` and `data` are PyMC variables by name. Efficiencies of one field are jointly normal; in
    this form every observation has a density of its own.
    """
    import pytensor.tensor as pt

    codes, fields = (each["field"].to_numpy() for each in (design.intervals, design.observed))
    work = data["duration"] * pt.exp(drawn["stepping_on_toes"][codes] * data["log_input"])
    over = pt.dot(design.until, work)
    log_start, used_start = _solve_rows(drawn, codes, over - work)
    log_x, used = _solve_rows(drawn, codes, over)
    # Growth within an interval, by itself: of totals, rounding would pass for a shock's decay.
    decay = pt.minimum(log_x - log_start + (used - used_start), GONE)
    covariance = _covariance(design, drawn["shock_scale"], data["duration"], decay)
    return _condition(
        log_x[design.last] / drawn["fishing_out"][fields],
        covariance + pt.diag(data["error"] ** 2),
        data["observed_log_efficiency"],
    )


def _solve_rows(drawn: dict[str, Any], fields: np.ndarray, stock: Any) -> tuple[Any, Any]:
    import pytensor.tensor as pt

    ceiling = drawn.get("ceiling_decades")
    log_ceiling = None if ceiling is None else ceiling[fields] * LOG_10
    return solve(
        pt, drawn["initial_growth"][fields], drawn["fishing_out"][fields], stock, log_ceiling
    )


def _covariance(design: Design, shock_scale: Any, duration: Any, decay: Any) -> Any:
    """What shocks of all years leave in the observed efficiencies, (observation, observation).

    `decay` of an interval is the logarithm by which a shock shrinks from its start to its end.
    """
    import pytensor.tensor as pt

    after = pt.dot(design.before, decay)
    passed = pt.dot(design.until, decay)  # from the field's first year to the end of the interval
    last = pt.exp(-design.before * (after[:, None] - passed[None, :]))
    first = last * pt.exp(-decay)[None, :]
    left = design.before * duration * (first**2 + first * last + last**2) / 3  # mean of squares
    variance = shock_scale**2 * left.sum(axis=1)
    fields, years = (design.observed[name].to_numpy() for name in ("field", "year"))
    is_same = np.equal.outer(fields, fields).astype(float)
    rows = np.arange(len(years))
    earlier = np.where(np.less_equal.outer(years, years), rows[:, None], rows[None, :])
    kept = pt.exp(-is_same * pt.abs(after[:, None] - after[None, :]))
    return is_same * variance[earlier] * kept


def _condition(mean: Any, covariance: Any, observed: Any) -> tuple[Any, Any]:
    """Mean and standard deviation of each observation given those before it."""
    import pytensor.tensor as pt
    from pytensor.tensor.linalg import cholesky, solve_triangular

    root = cholesky(covariance)
    scale = pt.diag(root)
    standard = solve_triangular(root, observed - mean, lower=True)
    return mean + pt.dot(root - pt.diag(scale), standard), scale


def trace(posterior: xr.Dataset, design: Design) -> dict[str, tuple[np.ndarray, xr.DataArray]]:
    """Log efficiency (natural) of the law without shocks at the years of each field, by draw."""
    made = {}
    for domain in design.domains:
        rows = design.intervals[design.intervals["domain"] == domain]
        drawn = posterior.sel(domain=domain)
        power = drawn["stepping_on_toes"] * xr.DataArray(rows["log_input"].to_numpy(), dims="x")
        work = xr.DataArray(rows["duration"].to_numpy(), dims="x") * np.exp(power)
        stock = work.cumsum("x").pad(x=(1, 0), constant_values=0.0)
        ceiling = drawn["ceiling_decades"] * LOG_10 if "ceiling_decades" in drawn else None
        log_x, _ = solve(np, drawn["initial_growth"], drawn["fishing_out"], stock, ceiling)
        years = np.append(rows["year"], rows["year"].iloc[-1] + rows["duration"].iloc[-1])
        path = (log_x / drawn["fishing_out"]).transpose("chain", "draw", "x")
        made[domain] = years, path.drop_vars("domain")
    return made
